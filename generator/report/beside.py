"""Independent parts of a report at once: some in a forked process, on systems that can fork."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import multiprocessing
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from multiprocessing.connection import Connection
from typing import Any, TypeVar

T = TypeVar("T")


@contextlib.contextmanager
def settled() -> Iterator[None]:
    """Within it the garbage collector leaves alone what is there at its start: it would write to every page of it, and so make a
    copy of it in every forked process. Before, what nobody holds goes, and at its end memory that is free goes back to the system:
    other processes work next."""
    gc.collect()
    give_back()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        give_back()


def give_back() -> None:
    """Memory that is free to the system, where the libraries can: the C library would keep what lies between small pieces that
    are still held, and Arrow, which holds the texts of pandas, all it ever had."""
    if arrow := sys.modules.get("pyarrow"):
        arrow.default_memory_pool().release_unused()
    with contextlib.suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def beside(task: Callable[[], T]) -> Callable[[], T]:
    """Start `task` in a process of its own and return a call that waits for its result, or raises what it raised.

    With one core, or where processes cannot be forked, the task runs when the result is asked for. The result is the
    same either way: a task has no effect but its result.
    """
    (result,) = in_turn(task)
    return result


def in_turn(*tasks: Callable[[], Any]) -> list[Callable[[], Any]]:
    """The same for several tasks, which one process does one after another; a call for each result. After a task that fails
    the rest is not done, and asking for it raises what that task raised."""
    if (os.cpu_count() or 1) < 2 or "fork" not in multiprocessing.get_all_start_methods():
        return list(tasks)
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(tasks, there, here), daemon=True)
    with warnings.catch_warnings():
        # Threads of numerical libraries are idle here; the child uses none of them.
        warnings.simplefilter("ignore", DeprecationWarning)
        process.start()
    there.close()
    answers: dict[int, Any] = {}
    failed: list[BaseException] = []

    def result(index: int) -> Any:
        """Of each task once: a large result is not held here beside whoever asked for it."""
        while index not in answers and not failed:
            try:
                succeeded, number, value = here.recv()
            except EOFError:
                raise RuntimeError(
                    f"a part of the report stopped without a result, exit code {process.exitcode}"
                ) from None
            if succeeded:
                answers[number] = value
            else:
                failed.append(value)
            if failed or number == len(tasks) - 1:
                process.join()
        if index not in answers:
            raise failed[0]
        return answers.pop(index)

    return [partial(result, index) for index in range(len(tasks))]


def _run(tasks: Sequence[Callable[[], Any]], there: Connection, here: Connection) -> None:
    here.close()  # else a child whose parent was killed would wait for ever for itself to read
    try:
        for number, task in enumerate(tasks):
            there.send((True, number, task()))
            give_back()
    except BrokenPipeError:
        return  # the parent is gone
    except BaseException as error:
        there.send((False, None, error))
    finally:
        there.close()
