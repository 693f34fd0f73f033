"""One command in a process of its own, on the stage: ``worker.py [--die CALL:N:before|after] [--room BYTES] DAY BOARD ROOT -- COMMAND…``

``--die os.replace:2:before`` kills the process (signal 9) before its second call, ``os.replace>site:1:before`` before the first that
makes ``site``, ``git push:1:after`` after the first push.
``--room`` is the largest file that it may write, as on a full disk.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.rehearsal.stage import command, staged


def die_at(told: str) -> None:
    """From here on the named call ends this process."""
    name, number, when = told.rsplit(":", 2)
    call, _, target = name.partition(">")
    owner, attribute = (subprocess, "run") if name.startswith("git ") else (os, call.removeprefix("os."))
    real = getattr(owner, attribute)
    count = 0

    def counts(arguments: tuple[Any, ...]) -> bool:
        if owner is os:
            return not target or Path(arguments[1]).name == target
        return name.removeprefix("git ") in list(arguments[0])

    def dying(*arguments: Any, **more: Any) -> Any:
        nonlocal count
        count += counts(arguments)
        mine = counts(arguments) and count == int(number)
        if mine and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = real(*arguments, **more)
        if mine:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    wrapped: Callable[..., Any] = dying
    setattr(owner, attribute, wrapped)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("day", type=dt.date.fromisoformat)
    parser.add_argument("board")
    parser.add_argument("root", type=Path)
    parser.add_argument("--die")
    parser.add_argument("--room", type=int)
    parser.add_argument("command", nargs="*")
    told = parser.parse_args()
    if told.room:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (told.room, told.room))
    with staged(told.day, told.board):
        if told.die:
            die_at(told.die)
        done = command(told.root, *told.command)
    sys.stdout.write(done.out)
    sys.stderr.write(done.error)
    return done.code


if __name__ == "__main__":
    raise SystemExit(main())
