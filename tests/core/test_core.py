"""Atomic files, stable JSON, dates as precise as known, near matches, problems that read like help."""

from __future__ import annotations

import datetime as dt
import json
import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.core import (
    CapewatchError,
    PartialDate,
    Problem,
    canonical_json,
    names_below,
    near_matches,
    parse_day,
    read_json,
    write_atomic,
    write_if_changed,
)


@pytest.mark.parametrize(
    ("text", "first", "last", "precision"),
    [
        ("2026", "2026-01-01", "2026-12-31", "year"),
        ("2024-02", "2024-02-01", "2024-02-29", "month"),
        ("2026-03-14", "2026-03-14", "2026-03-14", "day"),
    ],
)
def test_a_partial_date_covers_its_span(text, first, last, precision):
    date = PartialDate.parse(text)
    assert (date.first.isoformat(), date.last.isoformat(), date.precision) == (first, last, precision)
    assert date.first <= date.middle <= date.last


@pytest.mark.parametrize("text", ["2026-13", "2026-02-30", "26-01-01", "2026-1-1", "", "yesterday", "2026-00"])
def test_what_is_no_date_is_an_error_that_names_it(text):
    with pytest.raises(ValueError, match="is not a"):
        PartialDate.parse(text)


def test_a_day_must_be_whole():
    assert parse_day("2026-03-14") == dt.date(2026, 3, 14)
    with pytest.raises(ValueError, match="not a whole day"):
        parse_day("2026-03")


def test_an_atomic_write_keeps_the_old_bytes_when_it_fails(tmp_path, monkeypatch):
    path = tmp_path / "a" / "file.json"
    write_atomic(path, "old")

    def fail(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="No space"):
        write_atomic(path, "new")
    assert path.read_text() == "old"
    assert [item.name for item in path.parent.iterdir()] == ["file.json"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_an_unchanged_file_is_not_written_again(tmp_path):
    path = tmp_path / "file"
    assert write_if_changed(path, "x")
    before = path.stat().st_mtime_ns
    assert not write_if_changed(path, "x")
    assert path.stat().st_mtime_ns == before
    assert write_if_changed(path, "y")


@pytest.mark.parametrize("value", [float("nan"), {"a": [1.0, float("inf")]}, [(-float("inf"),)]])
def test_json_refuses_what_is_not_finite(value):
    with pytest.raises(ValueError, match="cannot be written"):
        canonical_json(value)


@given(st.dictionaries(st.text(), st.integers() | st.text() | st.none(), max_size=6))
def test_canonical_json_does_not_depend_on_the_order_of_keys(value):
    assert canonical_json(value) == canonical_json(dict(reversed(list(value.items()))))


def test_reading_json_names_the_file(tmp_path):
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(CapewatchError, match=r"bad\.json: not JSON"):
        read_json(tmp_path / "bad.json")
    with pytest.raises(CapewatchError, match="no such file"):
        read_json(tmp_path / "none.json")


def test_near_matches_ignore_case_and_separators():
    assert near_matches("GPQA_Diamond", ["gpqa-diamond", "hle", "swe"]) == ["gpqa-diamond"]
    assert near_matches("zzz", ["gpqa-diamond", "hle"]) == []


def test_a_problem_shows_only_what_it_knows():
    assert Problem("f.yaml", 3, "code", "subject").text() == "f.yaml:3: error: code: subject"
    full = Problem("f.yaml", 3, "code", "subject", "x", "y", "do z", "warning")
    assert full.text() == "f.yaml:3: warning: code: subject; found x; allowed y\n    hint: do z"
    assert full.github() == "::warning file=f.yaml,line=3,title=code::subject; found x; allowed y; do z"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.dictionaries(st.integers(), inner),
    )
)
def test_indented_json_is_what_the_standard_library_writes(value):
    theirs = json.dumps(value, sort_keys=True, ensure_ascii=False, indent=1, separators=(",", ": "))
    assert canonical_json(value, indent=1) == theirs + "\n"


def test_files_below_a_folder_are_named_from_there_and_linked_folders_are_not_entered(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / ".hidden").write_text("x")
    (tmp_path / "c.txt").write_text("x")
    (tmp_path / "link.txt").symlink_to("c.txt")
    (tmp_path / "broken").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "again").symlink_to(tmp_path / "a")
    assert sorted(names_below(tmp_path)) == ["a/b/.hidden", "c.txt", "link.txt"]
    assert list(names_below(tmp_path / "none")) == []
    assert list(names_below(tmp_path / "c.txt")) == []
