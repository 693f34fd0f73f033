"""The append-only store: what a pull writes, what readers see, and what never changes."""

from __future__ import annotations

import datetime as dt
import fcntl
import os
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from generator.core import CapewatchError
from generator.schema.rows import SNAPSHOT_COLUMNS
from generator.snapshots import (
    OBSERVATIONS,
    age,
    append,
    history,
    mark_checked,
    preview,
    provenance,
    read,
    read_events,
    read_facts,
    sources,
    summary,
    verify,
)
from generator.snapshots.segments import SEGMENT_BYTES
from tests.snapshots.readings import DAY, fact, reading, row

LATER = DAY + dt.timedelta(days=30)


def bytes_of(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_a_first_pull_records_every_row_as_seen(tmp_path: Path) -> None:
    done = append(tmp_path, "board", reading(row("a", 0.5, stderr=0.03, n=198), row("b", 0.25)))
    state = read(tmp_path, "board")
    assert (done.new, done.changed, done.gone) == (2, 0, 0)
    assert list(state.columns) == list(SNAPSHOT_COLUMNS)
    assert state["value"].tolist() == [0.5, 0.25]
    assert state["stderr"].tolist()[0] == 0.03
    assert np.isnan(state["stderr"].tolist()[1])
    assert state["n"].tolist()[0] == 198
    assert set(state["event"]) == {"seen"}
    assert set(state["recorded"]) == {DAY.isoformat()}
    assert sources(tmp_path) == ["board"]


def test_the_same_pull_twice_changes_no_byte(tmp_path: Path) -> None:
    content = reading(row("a", 0.1 + 0.2), row("b", 1 / 3), facts=[fact("a", "family", "alpha")])
    append(tmp_path, "board", content)
    mark_checked(tmp_path, "board", checked=DAY, payload_day=DAY, payload_sha256="x")
    before = bytes_of(tmp_path)
    assert append(tmp_path, "board", content).pull is None
    assert not mark_checked(tmp_path, "board", checked=DAY, payload_day=DAY, payload_sha256="x")
    assert bytes_of(tmp_path) == before


def test_the_order_of_rows_in_a_payload_does_not_matter(tmp_path: Path) -> None:
    append(tmp_path, "board", reading(row("a", 0.5), row("b", 0.25)))
    assert append(tmp_path, "board", reading(row("b", 0.25), row("a", 0.5), day=LATER)).pull is None


def test_a_changed_value_and_a_vanished_row_are_events_and_nothing_is_rewritten(tmp_path: Path) -> None:
    append(tmp_path, "board", reading(row("a", 0.5), row("b", 0.25), row("c", 0.75)))
    before = (tmp_path / "board" / "observations.csv").read_bytes()
    done = append(tmp_path, "board", reading(row("a", 0.6), row("c", 0.75), row("d", 0.1), day=LATER))
    assert (done.new, done.changed, done.gone) == (1, 1, 1)
    assert (tmp_path / "board" / "observations.csv").read_bytes().startswith(before)
    state = read(tmp_path, "board").set_index("model")["value"]
    assert state.to_dict() == {"a": 0.6, "c": 0.75, "d": 0.1}
    assert read_events(tmp_path, "board")["event"].tolist() == ["seen"] * 3 + ["changed", "gone", "seen"]


def test_a_row_that_comes_back_is_seen_again(tmp_path: Path) -> None:
    append(tmp_path, "board", reading(row("a", 0.5), row("b", 0.5)))
    append(tmp_path, "board", reading(row("a", 0.5), day=LATER))
    done = append(tmp_path, "board", reading(row("a", 0.5), row("b", 0.5), day=LATER))
    assert (done.new, done.changed) == (1, 0)
    assert sorted(read(tmp_path, "board")["model"]) == ["a", "b"]


def test_a_new_address_or_place_in_the_payload_alone_is_no_event(tmp_path: Path) -> None:
    append(tmp_path, "board", reading(row("a", 0.5, locator="board.csv#1", note="old")))
    moved = reading(row("a", 0.5, locator="board.csv#7", url="https://example.org/b", note="new"), day=LATER)
    assert append(tmp_path, "board", moved).pull is None


def test_protocols_never_merge(tmp_path: Path) -> None:
    append(tmp_path, "board", reading(row("a", 0.5, tools="true"), row("a", 0.3, tools="false"), row("a", 0.4)))
    assert len(read(tmp_path, "board")) == 3


def test_a_key_that_occurs_twice_in_one_reading_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CapewatchError, match=r"^observations: 1 keys occur twice, first: a, gpqa-diamond, maker"):
        append(tmp_path, "board", reading(row("a", 0.5), row("a", 0.6)))
    assert sources(tmp_path) == []


def test_a_number_that_is_not_finite_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CapewatchError, match=r"column value: inf is not a finite number"):
        append(tmp_path, "board", reading(row("a", float("inf"))))


def test_a_missing_column_is_refused_by_name(tmp_path: Path) -> None:
    content = reading(row("a", 0.5))
    broken = type(content)(**{**vars(content), "observations": content.observations.drop(columns=["tools"])})
    with pytest.raises(CapewatchError, match=r"^observations: columns missing: tools"):
        append(tmp_path, "board", broken)


def test_text_with_newlines_quotes_and_control_characters_reads_back_on_one_line(tmp_path: Path) -> None:
    append(tmp_path, "board", reading(row('x "y", z', 0.5, note="one\n two\x00\x1bthree\u2028four", title="α=1;β")))
    state = read(tmp_path, "board").iloc[0]
    assert (state["model"], state["note"], state["title"]) == ('x "y", z', "one two three four", "α=1;β")
    assert len((tmp_path / "board" / "observations.csv").read_text().splitlines()) == 2


@pytest.mark.parametrize("value", [0.1 + 0.2, 1e-17, 5e-324, 123456789.123456789, 1 / 3, 0.0, 100.0])
def test_a_number_reads_back_bit_for_bit(tmp_path: Path, value: float) -> None:
    append(tmp_path, "board", reading(row("a", value)))
    assert read(tmp_path, "board")["value"].iloc[0] == value


def test_words_such_as_null_and_na_stay_words(tmp_path: Path) -> None:
    append(tmp_path, "board", reading(row("None", 0.5), row("NA", 0.4), row("nan", 0.3)))
    assert sorted(read(tmp_path, "board")["model"]) == ["NA", "None", "nan"]


def test_facts_are_recorded_beside_the_scores_in_the_same_commit(tmp_path: Path) -> None:
    append(tmp_path, "board", reading(row("a", 0.5), facts=[fact("a", "parameters", "7000000000", "count")]))
    done = append(
        tmp_path, "board", reading(row("a", 0.5), facts=[fact("a", "parameters", "8000000000", "count")], day=LATER)
    )
    assert (done.new, done.changed, done.facts) == (0, 0, 1)
    assert read_facts(tmp_path, "board")["value"].tolist() == ["8000000000"]
    assert len(history(tmp_path, "board")) == 2


def test_each_manifest_line_names_the_log_it_replaces(tmp_path: Path) -> None:
    append(tmp_path, "board", reading(row("a", 0.5)))
    append(tmp_path, "board", reading(row("a", 0.6), day=LATER))
    first, second = history(tmp_path, "board")
    assert (first.pull, first.replaces) == (1, "")
    assert (second.pull, second.replaces) == (2, first.log_sha256)
    assert second.log_bytes > first.log_bytes


def test_a_row_leads_back_to_the_captured_file(tmp_path: Path) -> None:
    append(tmp_path, "board", reading(row("a", 0.5)))
    state = read(tmp_path, "board").iloc[0]
    found = provenance(tmp_path, "board", pull=int(state["pull"]), locator=state["locator"])
    assert (found["sha256"], found["url"]) == ("1" * 64, "https://example.org/board.csv")
    with pytest.raises(CapewatchError, match=r"^board: pull 1 captured no file for 'other.csv#1'"):
        provenance(tmp_path, "board", pull=1, locator="other.csv#1")
    with pytest.raises(CapewatchError, match=r"^board: no pull 9"):
        provenance(tmp_path, "board", pull=9, locator="board.csv#1")


def test_an_empty_address_is_filled_from_the_captured_file_and_a_given_one_is_kept(tmp_path: Path) -> None:
    append(tmp_path, "board", reading(row("a", 0.5), row("b", 0.5, url="https://example.org/own")))
    state = read(tmp_path, "board").set_index("model")
    assert state.loc["a", ["url", "via"]].tolist() == ["https://example.org/board.csv", "a mirror"]
    assert state.loc["b", ["url", "via"]].tolist() == ["https://example.org/own", ""]


def test_only_a_summary_is_kept_where_the_licence_does_not_allow_rows(tmp_path: Path) -> None:
    stats = [{"benchmark": "gpqa-diamond", "n": 2}]
    done = append(tmp_path, "board", reading(row("a", 0.5), row("b", 0.6), kept="summary", summary=stats))
    assert done.pull is not None
    assert (done.new, done.pull.rows) == (0, 2)
    assert read(tmp_path, "board").empty
    assert summary(tmp_path, "board").to_dict("records") == stats
    assert "0.6" not in "".join(path.read_text() for path in (tmp_path / "board").iterdir())
    again = reading(row("a", 0.5), row("b", 0.6), kept="summary", summary=stats, day=LATER)
    assert append(tmp_path, "board", again).pull is None


def test_preview_tells_the_events_and_writes_nothing(tmp_path: Path) -> None:
    append(tmp_path, "board", reading(row("a", 0.5)))
    before = bytes_of(tmp_path)
    planned = preview(tmp_path, "board", reading(row("a", 0.6), row("b", 0.1), day=LATER))
    assert planned.events[["model", "event"]].to_numpy().tolist() == [["a", "changed"], ["b", "seen"]]
    assert bytes_of(tmp_path) == before


def test_age_counts_from_the_day_the_payload_shows(tmp_path: Path) -> None:
    assert age(tmp_path, "board", on=DAY) is None
    append(tmp_path, "board", reading(row("a", 0.5), payload_day=DAY - dt.timedelta(days=100)))
    assert age(tmp_path, "board", on=DAY) == 100
    mark_checked(tmp_path, "board", checked=LATER, payload_day=LATER, payload_sha256="x")
    assert age(tmp_path, "board", on=LATER + dt.timedelta(days=3)) == 3


def test_a_missed_name_suggests_what_is_there(tmp_path: Path) -> None:
    append(tmp_path, "epoch", reading(row("a", 0.5)))
    with pytest.raises(CapewatchError, match=r"^no snapshot of 'epcoh' .*there is: epoch") as failure:
        read(tmp_path, "epcoh")
    assert failure.value.hint == "did you mean epoch?"


def test_two_pulls_of_one_source_at_once_are_refused(tmp_path: Path) -> None:
    append(tmp_path, "board", reading(row("a", 0.5)))
    handle = os.open(tmp_path / "board", os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        with pytest.raises(CapewatchError, match="another pull of this source is running"):
            append(tmp_path, "board", reading(row("a", 0.6)))
    finally:
        os.close(handle)


def test_bytes_behind_the_committed_length_are_not_read_and_the_next_pull_removes_them(tmp_path: Path) -> None:
    append(tmp_path, "board", reading(row("a", 0.5)))
    log = tmp_path / "board" / "observations.csv"
    good = log.read_bytes()
    log.write_bytes(good + b"half a row,gpqa")
    (tmp_path / "board" / ".manifest.jsonl.abc").write_bytes(b"litter")
    assert read(tmp_path, "board")["model"].tolist() == ["a"]
    assert [problem.severity for problem in verify(tmp_path)] == ["warning"]
    append(tmp_path, "board", reading(row("a", 0.5)))
    assert log.read_bytes() == good
    assert not list((tmp_path / "board").glob(".manifest*"))


def test_a_log_longer_than_a_mebibyte_is_split_between_rows_and_reads_as_one(tmp_path: Path) -> None:
    rows = [row(f"model-{i}", i / 1e5, note="x" * 150) for i in range(9000)]
    append(tmp_path, "board", reading(*rows[:100]))
    append(tmp_path, "board", reading(*rows, day=LATER))
    folder = tmp_path / "board"
    files = sorted(folder.glob("observations-*.csv"))
    assert files
    assert all(path.stat().st_size <= SEGMENT_BYTES for path in folder.glob("observations*.csv"))
    assert len(read(tmp_path, "board")) == 9000
    assert verify(tmp_path) == []
    files[-1].write_bytes(files[-1].read_bytes() + b"torn")
    append(tmp_path, "board", reading(*rows, day=LATER))
    assert verify(tmp_path) == []


@pytest.mark.slow
def test_a_million_rows_are_appended_within_a_minute_of_computing_and_read_within_twenty_seconds(
    tmp_path: Path,
) -> None:
    count = 1_000_000
    index = np.arange(count)
    frame = pd.DataFrame({name: np.full(count, "", dtype=object) for name in OBSERVATIONS.content})
    frame["model"] = pd.Series(index // 40).map("org/model-{}".format)
    frame["benchmark"] = pd.Series(index % 40).map("bench-{}".format)
    frame = frame.assign(value=(index % 997) / 997, unit="fraction", stderr=np.nan, n=np.nan)
    content = reading(row("a", 0.5))
    started = time.process_time()
    append(tmp_path, "board", type(content)(**{**vars(content), "observations": frame}))
    appended = time.process_time() - started
    started = time.process_time()
    assert len(read(tmp_path, "board", as_of=DAY)) == count
    assert appended < 60
    assert time.process_time() - started < 20
