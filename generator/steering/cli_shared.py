"""What the commands of `capewatch steer` share: places, rungs, progress lines, lists of seeds."""

from __future__ import annotations

import sys
from collections.abc import Callable

import click

from generator.steering.errors import UsageFault

OUT = "data/steering"
SIZES = ("xs", "s", "m")


def reporter(*, quiet: bool) -> Callable[[str], None]:
    """Progress lines on the error stream, only when somebody is watching."""
    shown = not quiet and sys.stderr.isatty()

    def report(text: str) -> None:
        if shown:
            click.echo(f"\r\033[K{text}", err=True, nl=False)

    return report


def prefixed(report: Callable[[str], None], name: str) -> Callable[[str], None]:
    return lambda text: report(f"{name}: {text}")


def every_hundred(report: Callable[[str], None]) -> Callable[[int], None]:
    def progress(step: int) -> None:
        if step % 100 == 0:
            report(f"training, step {step}")

    return progress


def seed_list(text: str) -> list[int]:
    try:
        seeds = [int(word) for word in text.split(",")]
    except ValueError:
        raise UsageFault(f"--seeds: {text!r} is not a list of whole numbers", hint="e.g. --seeds 0,1,2") from None
    if min(seeds) < 0:
        raise UsageFault(f"--seeds: {min(seeds)} is negative")
    return seeds
