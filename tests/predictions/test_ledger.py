"""Sealing and events."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

import pytest

from generator.core import CapewatchError
from generator.predictions import (
    append_event,
    read_ledger,
    read_seals,
    recorded_state,
    seal,
    waive,
)
from generator.predictions import ledger as ledger_module
from tests.predictions.builders import prediction_text, write_prediction
from tests.predictions.registries import (
    AT,
    BODY,
    LATER,
    OUTCOME,
    PAPER,
    codes,
    edit,
    files,
    registry,
)


def test_comments_layout_order_and_notes_are_not_sealed(tmp_path):
    root = registry(tmp_path)
    edit(root, "title: A title\n", "# a comment\ntitle:   A title\n")
    edit(root, "track: maker\n", "")
    edit(root, "schema_version: 1\n", "track: maker\nschema_version: 1\nnotes: A note of ours.\n")
    assert codes(root) == set()


def test_an_ambiguity_can_be_appended_with_its_day_and_sealed_and_no_sealed_one_altered(tmp_path):
    root = registry(tmp_path)
    edit(
        root,
        "  chosen: This.\n",
        "  chosen: This.\n  - id: when\n    question: When?\n    chosen: Then.\n".replace("\n  -", "\n  -"),
    )
    assert codes(root) == {"undated-addition"}
    edit(root, "    chosen: Then.\n", "    chosen: Then.\n    added: 2026-11-20\n")
    assert codes(root) == {"undated-addition"}  # before the seal
    edit(root, "2026-11-20", "2026-11-23")
    assert codes(root) == set()
    assert seal(root, "one", at="2026-11-23T10:00:00Z").sequence == 3
    edit(root, "Then.", "Never.")
    assert codes(root) == {"sealed-field-changed"}
    edit(root, "Never.", "Then.")
    edit(root, "chosen: This.", "chosen: That.")
    assert codes(root) == {"sealed-field-changed"}


def test_a_sealed_ambiguity_cannot_be_removed(tmp_path):
    root = registry(tmp_path)
    path = root / "predictions/one/prediction.yaml"
    path.write_text(prediction_text("one", origin=PAPER))
    assert codes(root) == {"sealed-field-changed"}


def test_a_declared_change_needs_a_waiver_with_its_reason(tmp_path):
    root = registry(tmp_path)
    edit(root, "statement: A statement.", "statement: A corrected statement.")
    with pytest.raises(CapewatchError, match="statement was changed after sealing"):
        seal(root, "one", at="2026-11-23T10:00:00Z")
    with pytest.raises(CapewatchError, match="states its reason"):
        waive(root, "one", at="2026-11-23T10:00:00Z", reason=" ")
    line = waive(root, "one", at="2026-11-23T10:00:00Z", reason="a slip of the pen")
    assert (line.body["changed"], line.body["reason"]) == (["statement"], "a slip of the pen")
    assert codes(root) == set()
    with pytest.raises(CapewatchError, match="nothing to waive"):
        waive(root, "one", at="2026-11-24T10:00:00Z", reason="again")


def test_sealing_refuses_what_is_sealed_closed_faulty_or_unknown(tmp_path):
    root = registry(tmp_path)
    with pytest.raises(CapewatchError, match="already sealed"):
        seal(root, "one", at="2026-11-23T10:00:00Z")
    with pytest.raises(CapewatchError, match="unknown prediction"):
        seal(root, "three", at=LATER)
    write_prediction(root, "late")
    with pytest.raises(CapewatchError, match="after its window closed"):
        seal(root, "late", at="2026-12-31T23:59:59Z")
    write_prediction(root, "broken", fails="{metric: r, below: 0.9}")
    with pytest.raises(CapewatchError, match="unknown prediction 'broken'"):
        seal(root, "broken", at=LATER)
    with pytest.raises(CapewatchError, match="no zone"):
        seal(root, "late", at="2026-11-23T10:00:00")


@pytest.mark.parametrize(
    ("events", "refused", "words"),
    [
        ([], "evaluated", "starts with 'sealed'"),
        (["sealed"], "reopened", "cannot follow 'sealed'"),
        (["sealed", "resolved"], "resolved", "cannot follow 'resolved'"),
        (["sealed", "resolved"], "evaluated", "cannot follow 'resolved'"),
        (["sealed", "annulled"], "resolved", "cannot follow 'annulled'"),
        (["sealed"], "celebrated", "unknown event"),
    ],
)
def test_events_follow_each_other_only_in_ways_that_make_sense(tmp_path, events, refused, words):
    bodies = {"resolved": OUTCOME, "evaluated": BODY, "annulled": {"reason": "x"}, "reopened": {"reason": "x"}}
    write_prediction(tmp_path)
    for event in events:
        if event == "sealed":
            seal(tmp_path, "one", at=AT)
        else:
            append_event(tmp_path, "one", event, bodies[event], at=AT)
    with pytest.raises(CapewatchError, match=words):
        append_event(tmp_path, "one", refused, bodies.get(refused, {}), at=LATER)
    assert codes(tmp_path) == set()


def test_an_event_lacking_what_it_must_say_is_refused(tmp_path):
    root = registry(tmp_path)
    with pytest.raises(CapewatchError, match="'resolved' lacks panel_sha256, code_version, evidence"):
        append_event(root, "one", "resolved", {"outcome": "passed", "values": {}}, at="2027-01-20T00:00:00Z")


def test_a_ledger_runs_forward_in_time(tmp_path):
    root = registry(tmp_path)
    with pytest.raises(CapewatchError, match="before the last one"):
        append_event(root, "one", "evaluated", BODY, at=AT)


def test_the_recorded_state_is_that_of_its_time(tmp_path):
    root = registry(tmp_path)
    append_event(root, "one", "resolved", OUTCOME, at="2027-01-20T00:00:00Z")
    append_event(root, "one", "reopened", {"reason": "a wrong score"}, at="2027-02-01T00:00:00Z")
    append_event(root, "one", "annulled", {"reason": "no data"}, at="2027-03-01T00:00:00Z")
    ledger = read_ledger(root, "one")
    found = [
        recorded_state(ledger, until=f"{at}T23:59:59Z")
        for at in ("2027-01-19", "2027-01-20", "2027-02-10", "2027-03-01")
    ]
    assert found == [None, "passed", None, "annulled"]
    assert codes(root) == set()


def test_nothing_is_appended_to_a_registry_that_does_not_verify(tmp_path):
    root = registry(tmp_path)
    target = root / "predictions/one/ledger.jsonl"
    target.write_bytes(target.read_bytes().replace(b"open", b"shut"))
    before = {path: path.read_bytes() for path in files(root)}
    with pytest.raises(CapewatchError, match="do not verify"):
        append_event(root, "one", "evaluated", BODY, at="2026-12-01T00:00:00Z")
    assert {path: path.read_bytes() for path in files(root)} == before


def test_a_run_killed_between_the_two_writes_is_seen_and_completed_by_the_next(tmp_path, monkeypatch):
    root = registry(tmp_path)
    real = ledger_module.write_atomic

    def killed(path, content):
        if path.name == "SEALS.jsonl":
            raise KeyboardInterrupt
        real(path, content)

    monkeypatch.setattr(ledger_module, "write_atomic", killed)
    with pytest.raises(KeyboardInterrupt):
        append_event(root, "one", "evaluated", BODY, at="2026-12-01T00:00:00Z")
    assert codes(root) == {"unanchored-event"}
    monkeypatch.setattr(ledger_module, "write_atomic", real)
    append_event(root, "one", "evaluated", BODY, at="2026-12-02T00:00:00Z")
    assert codes(root) == set()
    assert len(read_ledger(root, "one").lines) == 4


def _append(root: str, identity: str, times: int) -> None:
    for _ in range(times):
        append_event(Path(root), identity, "evaluated", BODY, at="2026-12-01T00:00:00Z")


def test_two_writers_at_once_lose_no_event_and_break_no_chain(tmp_path):
    root = registry(tmp_path)
    context = multiprocessing.get_context("fork" if os.name == "posix" else "spawn")
    writers = [context.Process(target=_append, args=(str(root), name, 10)) for name in ("one", "two")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert codes(root) == set()
    assert len(read_seals(root).lines) == 24
    assert [path.name for path in (root / "predictions").iterdir() if path.name.startswith(".")] == []
