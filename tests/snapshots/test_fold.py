"""Bitemporal replay: what counts at a day, by the day it was public or by the day it was recorded."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.snapshots import OBSERVATIONS, append, read
from generator.snapshots.fold import difference, fold
from generator.snapshots.table import as_text
from tests.snapshots.readings import DAY, reading, row

RECORDED = dt.date(2026, 11, 21)


def values(root: Path, as_of: dt.date, **more: Any) -> dict[str, float]:
    return read(root, "board", as_of=as_of, **more).set_index("model")["value"].to_dict()


def test_a_score_counts_from_the_day_it_was_public_even_if_recorded_later(tmp_path: Path) -> None:
    append(tmp_path, "board", reading(row("a", 0.5, published="2026-03-01"), day=RECORDED))
    assert values(tmp_path, dt.date(2026, 2, 28)) == {}
    assert values(tmp_path, dt.date(2026, 3, 1)) == {"a": 0.5}


def test_on_the_recorded_basis_it_counts_only_from_the_day_it_was_recorded(tmp_path: Path) -> None:
    append(tmp_path, "board", reading(row("a", 0.5, published="2026-03-01"), day=RECORDED))
    assert values(tmp_path, dt.date(2026, 11, 20), basis="recorded") == {}
    assert values(tmp_path, RECORDED, basis="recorded") == {"a": 0.5}


def test_a_score_without_a_public_day_counts_from_the_recorded_day(tmp_path: Path) -> None:
    append(tmp_path, "board", reading(row("a", 0.5), day=RECORDED))
    assert values(tmp_path, RECORDED - dt.timedelta(days=1)) == {}
    assert values(tmp_path, RECORDED) == {"a": 0.5}


def test_a_month_counts_from_its_last_day_but_never_later_than_the_recorded_day(tmp_path: Path) -> None:
    append(
        tmp_path, "board", reading(row("a", 0.5, published="2026-02"), row("b", 0.1, published="2026"), day=RECORDED)
    )
    assert values(tmp_path, dt.date(2026, 2, 27)) == {}
    assert values(tmp_path, dt.date(2026, 2, 28)) == {"a": 0.5}
    assert values(tmp_path, RECORDED) == {"a": 0.5, "b": 0.1}


def test_a_silent_correction_is_not_known_before_it_was_recorded(tmp_path: Path) -> None:
    append(tmp_path, "board", reading(row("a", 0.5, published="2026-03-01"), day=DAY))
    append(tmp_path, "board", reading(row("a", 0.6, published="2026-03-01"), day=RECORDED))
    assert values(tmp_path, dt.date(2026, 6, 1)) == {"a": 0.5}
    assert values(tmp_path, RECORDED) == {"a": 0.6}


def test_a_new_run_with_its_own_public_day_counts_from_that_day(tmp_path: Path) -> None:
    append(tmp_path, "board", reading(row("a", 0.5, published="2026-03-01"), day=DAY))
    append(tmp_path, "board", reading(row("a", 0.6, published="2026-06-01"), day=RECORDED))
    assert values(tmp_path, dt.date(2026, 5, 31)) == {"a": 0.5}
    assert values(tmp_path, dt.date(2026, 6, 1)) == {"a": 0.6}


def test_a_withdrawn_score_stays_until_the_day_its_absence_was_recorded(tmp_path: Path) -> None:
    append(tmp_path, "board", reading(row("a", 0.5, published="2026-03-01"), row("b", 0.1), day=DAY))
    append(tmp_path, "board", reading(row("b", 0.1), day=RECORDED))
    assert values(tmp_path, RECORDED - dt.timedelta(days=1))["a"] == 0.5
    assert values(tmp_path, RECORDED) == {"b": 0.1}


def test_an_unreadable_public_day_counts_as_unknown(tmp_path: Path) -> None:
    append(tmp_path, "board", reading(row("a", 0.5, published="soon"), day=DAY))
    assert values(tmp_path, DAY - dt.timedelta(days=1)) == {}
    assert values(tmp_path, DAY) == {"a": 0.5}


STATES = st.lists(st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 4)), min_size=1, max_size=4)


@settings(deadline=None, max_examples=25)
@given(STATES)
def test_folding_the_log_gives_the_last_reading_and_each_earlier_one_at_its_day(states: list[dict[str, int]]) -> None:
    log = None
    for pull, state in enumerate(states, start=1):
        rows = as_text(OBSERVATIONS, reading(*(row(name, value / 10) for name, value in state.items())).observations)
        current = fold(OBSERVATIONS, log) if log is not None else _nothing()
        events = difference(OBSERVATIONS, current, rows).assign(recorded=f"2026-01-{pull:02d}", pull=str(pull))
        log = events if log is None else _join(log, events)
    assert log is not None
    for pull, state in enumerate(states, start=1):
        found = fold(OBSERVATIONS, log, as_of=dt.date(2026, 1, pull), basis="recorded")
        assert {r.model: float(r.value) for r in found.itertuples()} == {k: v / 10 for k, v in state.items()}


def _nothing() -> Any:
    return as_text(OBSERVATIONS, reading().observations)


def _join(log: Any, events: Any) -> Any:
    return pd.concat([log, events], ignore_index=True)
