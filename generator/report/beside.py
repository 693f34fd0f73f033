"""Two independent parts of a report at once: one in a forked process, on systems that can fork."""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import warnings
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import Any, TypeVar

T = TypeVar("T")


@contextlib.contextmanager
def settled() -> Iterator[None]:
    """Within it the garbage collector leaves alone what is there at its start: it would write to every page of it, and so make a
    copy of it in every forked process."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def beside(task: Callable[[], T]) -> Callable[[], T]:
    """Start `task` in a process of its own and return a call that waits for its result, or raises what it raised.

    With one core, or where processes cannot be forked, the task runs when the result is asked for. The result is the
    same either way: a task has no effect but its result.
    """
    if (os.cpu_count() or 1) < 2 or "fork" not in multiprocessing.get_all_start_methods():
        return task
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(task, there, here), daemon=True)
    with warnings.catch_warnings():
        # Threads of numerical libraries are idle here; the child uses none of them.
        warnings.simplefilter("ignore", DeprecationWarning)
        process.start()
    there.close()

    def result() -> T:
        try:
            succeeded, value = here.recv()
        except EOFError:
            raise RuntimeError(f"a part of the report stopped without a result, exit code {process.exitcode}") from None
        process.join()
        if not succeeded:
            raise value
        found: T = value
        return found

    return result


def _run(task: Callable[[], Any], there: Connection, here: Connection) -> None:
    here.close()  # else a child whose parent was killed would wait for ever for itself to read
    try:
        there.send((True, task()))
    except BrokenPipeError:
        return  # the parent is gone
    except BaseException as error:
        there.send((False, error))
    finally:
        there.close()
