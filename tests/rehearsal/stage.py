"""The stage of the rehearsal: a clock, a local server in place of every leaderboard, and the real commands.

The same stage is used inside the test and in a process of its own (worker.py), where a job can be killed or meet a full disk.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import importlib
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from click.testing import CliRunner

from generator.cli.main import cli
from generator.core import CapewatchError
from generator.sources.capture import Capture
from generator.sources.client import Validators
from generator.sources.web import Limits, Pacer, WebClient

#: The commands that read a clock.
CLOCKS = ("generator.cli.pull", "generator.cli.score")
GIT = {
    "GIT_AUTHOR_NAME": "rehearsal", "GIT_AUTHOR_EMAIL": "rehearsal@localhost", "GIT_COMMITTER_NAME": "rehearsal",
    "GIT_COMMITTER_EMAIL": "rehearsal@localhost", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull,
}  # fmt: skip


@dataclass(frozen=True)
class Done:
    """How a command ended: exit code, what it printed, and its error in words."""

    code: int
    out: str
    error: str = ""


def command(root: Path, *arguments: str) -> Done:
    """Run a command of capewatch on the project at `root`; a fault that is not one of ours is raised."""
    result = CliRunner().invoke(cli, ["--root", str(root), *arguments])
    error = result.exception
    if isinstance(error, CapewatchError):
        return Done(error.exit_code, result.output, str(error))
    if error is not None and not isinstance(error, SystemExit | OSError):
        raise error
    return Done(1 if isinstance(error, OSError) else result.exit_code, result.output, str(error or ""))


class Relay:
    """The HTTP client of the product, asking the local server for what it asks the web for."""

    def __init__(self, base: str, now: dt.datetime, known: Validators) -> None:
        self.base = base
        self.client = WebClient(
            instant=now.strftime("%Y-%m-%dT%H:%M:%SZ"), day=now.date(), validators={self.local(url): item for url, item in known.items()},
            limits=Limits(read=2.0, deadline=6.0, attempts=2, backoff=0.01), pacer=Pacer(0.0), allow_private=("127.0.0.1",),
            sleep=lambda _seconds: None,
        )  # fmt: skip

    def local(self, url: str) -> str:
        return f"{self.base}{url.split('://', 1)[1]}"

    def get(
        self, url: str, *, name: str, accept: Sequence[str], headers: Mapping[str, str] | None = None, conditional: bool = True
    ) -> Capture:  # fmt: skip
        found = self.client.get(self.local(url), name=name, accept=accept, headers=headers, conditional=conditional)
        return dataclasses.replace(found, url=url)


@contextlib.contextmanager
def staged(day: dt.date, board: str) -> Iterator[None]:
    """Within it the commands live at six in the morning of `day`, and every leaderboard is at `board`."""
    now = dt.datetime.combine(day, dt.time(6), tzinfo=dt.UTC)

    class Clock(dt.datetime):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:  # type: ignore[override]
            return now.astimezone(tz)

    class Dates:
        datetime = Clock

        def __getattr__(self, name: str) -> Any:
            return getattr(dt, name)

    with contextlib.ExitStack() as stack:
        for name in CLOCKS:
            stack.enter_context(mock.patch.object(importlib.import_module(name), "dt", Dates()))
        clients = mock.patch("generator.sources.web.web_clients", return_value=lambda known: Relay(board, now, known))
        stack.enter_context(clients)
        stack.enter_context(mock.patch.dict(os.environ, GIT))
        yield


def git(folder: Path, *arguments: str, check: bool = True) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments], capture_output=True, text=True, env=os.environ | GIT, check=check
    )
    return done.stdout.strip()
