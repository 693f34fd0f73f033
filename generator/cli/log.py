"""Structured events of a command, one JSON object a line on standard error, when `--log json` was given.

An event has `at` (UTC), `command`, `event` (started, source, step, done, failed) and fields of its own. Without `--log json`
nothing is written, so commands call `event` freely.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
import sys
from typing import Any

import click

KEY = "generator.cli.log"


def set_format(ctx: click.Context, form: str) -> None:
    """Remember the format for this call of the program."""
    ctx.meta[KEY] = form


def is_on() -> bool:
    """Whether events are written: not in text mode, and not outside a command."""
    ctx = click.get_current_context(silent=True)
    return ctx is not None and ctx.meta.get(KEY) == "json"


def event(name: str, /, **fields: Any) -> None:
    """Write one event; does nothing in text mode or outside a command."""
    ctx = click.get_current_context(silent=True)
    if ctx is None or not is_on():
        return
    words = []
    while ctx.parent is not None:  # the words after the program: `publish dev`
        words.append(ctx.info_name or "")
        ctx = ctx.parent
    write(" ".join(reversed(words)), name, **fields)


def write(command: str, name: str, /, **fields: Any) -> None:
    """Write one event whatever the format. Values that are no JSON are written as text."""
    at = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    record = {"at": at, "command": command, "event": name, **fields}
    sys.stderr.write(json.dumps(record, ensure_ascii=True, default=str) + "\n")
    sys.stderr.flush()


def wants_json(words: list[str]) -> bool:
    """Whether the words of a call ask for JSON, for errors that are raised before or after click knows its context."""
    return "--log=json" in words or any(one == "--log" and two == "json" for one, two in itertools.pairwise(words))
