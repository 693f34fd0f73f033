"""A part computed beside the rest gives what it gives alone, and its errors are raised where its result is asked for."""

from __future__ import annotations

import gc
import os
import select
import signal
import time

import pytest

from generator.core import CapewatchError, Problem, ProblemsFound
from generator.report.beside import beside, in_turn, settled


def test_the_result_comes_back_from_the_other_process():
    found = beside(lambda: {"sum": sum(range(10)), "pid": os.getpid()})
    assert found()["sum"] == 45


def test_several_parts_are_made_by_one_process_in_their_order_and_may_be_asked_for_in_any():
    large = 1 << 20  # more than a pipe holds
    first, second, third = in_turn(
        lambda: (os.getpid(), time.monotonic()), lambda: b"x" * large, lambda: (os.getpid(), time.monotonic())
    )
    late, early = third(), first()
    assert len(second()) == large
    assert early[0] == late[0]
    assert (early[0] != os.getpid()) == ((os.cpu_count() or 1) > 1)
    if early[0] != os.getpid():
        assert early[1] < late[1]


def test_after_a_part_that_fails_what_came_before_is_there_and_the_rest_is_not():
    def fail():
        raise CapewatchError("no such panel")

    first, second, third = in_turn(lambda: 1, fail, lambda: 3)
    for waiting in (third, second) if (os.cpu_count() or 1) > 1 else (second,):
        with pytest.raises(CapewatchError, match="no such panel"):
            waiting()
    assert first() == 1


def test_an_error_is_raised_with_its_message_when_the_result_is_asked_for():
    def fail():
        raise CapewatchError("no such panel", hint="look again")

    waiting = beside(fail)
    with pytest.raises(CapewatchError, match="no such panel") as caught:
        waiting()
    assert caught.value.hint in ("look again", "")


def test_faults_of_files_come_back_whole():
    problems = [Problem("b.yaml", 2, "rule", "subject", "found", "allowed", "hint"), Problem("a.yaml", 1, "rule", "s")]

    def fail():
        raise ProblemsFound(problems)

    with pytest.raises(ProblemsFound) as caught:
        beside(fail)()
    assert caught.value.problems == sorted(problems)
    assert str(caught.value) == str(ProblemsFound(problems))


@pytest.mark.parametrize("cores", [1, None])
def test_one_core_runs_the_part_when_asked(monkeypatch, cores):
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    asked = []
    waiting = beside(lambda: asked.append(1) or "done")
    assert asked == []
    assert waiting() == "done"


def test_a_process_that_dies_is_named():
    waiting = beside(lambda: os._exit(7))
    with pytest.raises(RuntimeError, match="stopped without a result"):
        waiting()


def test_the_other_process_ends_when_its_parent_is_killed_however_large_its_result():
    """The parent is killed while the child computes; the child's result is larger than a pipe holds."""
    told, tell = os.pipe()
    parent = os.fork()
    if parent == 0:
        os.close(told)

        def task():
            os.write(tell, b"%d\n" % os.getpid())
            time.sleep(0.2)
            return "x" * 10_000_000

        beside(task)
        time.sleep(60)
        os._exit(0)
    os.close(tell)
    child = int(os.read(told, 20))
    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)
    ready, _, _ = select.select([told], [], [], 20)
    assert ready, f"process {child} still holds its pipe"
    assert os.read(told, 1) == b"", "it ended, and nothing holds the other end any more"
    os.close(told)


def test_what_the_collector_leaves_alone_it_takes_up_again_after_an_error() -> None:
    def fail() -> None:
        with settled():
            assert gc.get_freeze_count() > 0
            raise CapewatchError("a part failed")

    with pytest.raises(CapewatchError):
        fail()
    assert gc.get_freeze_count() == 0
