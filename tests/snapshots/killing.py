"""Run as a program: append in forked children, kill -9 them, and check what is left. Prints one JSON object.

``killing.py ROOT steps`` kills an append before and after each of its calls that reach the disk;
``killing.py ROOT random N`` kills N endless writers at random moments.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from generator.snapshots import append, history, read, read_facts, sources, verify
from tests.snapshots.readings import fact, reading, row

ROWS = 300
CALLS = ("fsync", "replace", "chmod")


def write(root: Path, step: int) -> None:
    """The pull number `step`: every value of it names the step."""
    rows = [row(f"model-{i}", step / 100_000, note="x" * 60) for i in range(ROWS)]
    append(root, "board", reading(*rows, day=dt.date(2026, 1, 1), facts=[fact("model-0", "name", str(step))]))


def check(root: Path) -> tuple[int, bool]:
    """(pulls committed, whether something unfinished lies behind them); AssertionError when a state is not whole."""
    if not sources(root):
        return 0, any(root.glob("board/*"))
    step = len(history(root, "board"))
    problems = verify(root)
    assert [problem for problem in problems if problem.severity == "error"] == [], problems
    state = read(root, "board")
    assert (len(state), set(state["value"])) == (ROWS, {step / 100_000})
    assert read_facts(root, "board")["value"].tolist() == [str(step)]
    return step, bool(problems) or any(root.glob("board/.manifest*"))


def forked(work: Callable[[], None], delay: float | None = None) -> int:
    """Run `work` in a child, kill it after `delay` seconds; the signal that ended it, 0 for none."""
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    if delay is not None:
        time.sleep(delay)
        os.kill(child, signal.SIGKILL)
    return os.WTERMSIG(os.waitpid(child, 0)[1])


def dying_at(call: int, *, after: bool) -> None:
    """From here on, the `call`-th call to the disk is the last thing this process does."""
    count = 0

    def wrap(real: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **more: Any) -> Any:
            nonlocal count
            count += 1
            if count == call and not after:
                os.kill(os.getpid(), signal.SIGKILL)
            result = real(*args, **more)
            if count == call and after:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return wrapped

    for name in CALLS:
        setattr(os, name, wrap(getattr(os, name)))


def kill_at_every_step(root: Path) -> dict[str, int]:
    write(root, 1)
    kills = torn = call = 0
    finished = False
    while not finished:
        call += 1
        for after in (False, True):
            step, _ = check(root)

            def work(call: int = call, step: int = step, after: bool = after) -> None:
                dying_at(call, after=after)
                write(root, step + 1)

            killed = forked(work) == signal.SIGKILL
            finished = not killed
            now, unfinished = check(root)
            assert now in (step, step + 1)
            kills += killed
            torn += unfinished
    write(root, check(root)[0] + 1)
    assert not check(root)[1]
    return {"kills": kills, "torn": torn, "committed": check(root)[0]}


def kill_at_random(root: Path, count: int) -> dict[str, int]:
    rng = random.Random(20261121)
    torn = 0
    slow_fsync = os.fsync
    started = time.perf_counter()
    write(root, 1)
    write(root, committed := 2)
    pace = (time.perf_counter() - started) / 2

    def endless() -> None:
        def dawdle(handle: int) -> None:
            time.sleep(0.01)
            slow_fsync(handle)

        os.fsync = dawdle  # wider windows between the writes
        step = check(root)[0]
        while True:
            step += 1
            write(root, step)

    for _ in range(count):
        assert forked(endless, rng.uniform(0.2, 4) * pace) == signal.SIGKILL
        now, unfinished = check(root)
        assert now >= committed
        committed = now
        torn += unfinished
    write(root, committed + 1)
    assert not check(root)[1]
    return {"kills": count, "torn": torn, "committed": committed}


if __name__ == "__main__":
    place = Path(sys.argv[1])
    print(json.dumps(kill_at_every_step(place) if sys.argv[2] == "steps" else kill_at_random(place, int(sys.argv[3]))))
