from __future__ import annotations

import pytest

from generator.core import CapewatchError
from generator.predictions import (
    apply,
    due,
    evaluate,
    load_predictions,
    read_ledger,
    record_evaluation,
    recorded_state,
    seal,
    verify,
    with_ledger,
)
from tests.predictions.builders import day, panel_of, provider, rng, write_prediction

UP = [(f"m{i}", "x", "2026-06-01", {"swe": 10.0 * i, "gpqa": 10.0 * i}) for i in range(1, 6)]
DOWN = [(f"m{i}", "x", "2026-06-01", {"swe": 10.0 * i, "gpqa": 60.0 - 10 * i}) for i in range(1, 6)]


@pytest.fixture
def root(tmp_path):
    write_prediction(tmp_path, if_too_few="annulled")
    seal(tmp_path, "one", at="2026-11-21T12:00:00Z")
    return tmp_path


def at(root, when, rows=UP):
    return evaluate(
        load_predictions(root).get("one"), provider(panel_of(rows)), as_of=day(when), rng=rng(), resamples=50
    )


@pytest.mark.parametrize("when", ["2026-09-30", "2026-12-31", "2027-01-13"])
def test_nothing_is_due_before_the_window_closed_and_the_deciding_snapshot_exists(root, when):
    assert due(root, [at(root, when)], code_version="1") == []


def test_planning_writes_nothing_and_applying_appends_outcome_values_panel_code_and_evidence(root):
    plan = due(root, [at(root, "2027-01-14")], code_version="0.1.0")
    assert [(r.id, r.event, r.outcome) for r in plan] == [("one", "resolved", "passed")]
    assert len(read_ledger(root, "one").lines) == 1
    line = apply(root, plan, at="2027-01-14T06:00:00Z")[0]
    assert line.body["values"]["r"] == pytest.approx(1.0)
    assert (line.body["code_version"], line.body["data_day"], line.body["deciding_day"]) == (
        "0.1.0",
        "2026-12-31",
        "2027-01-14",
    )
    assert len(line.body["panel_sha256"]) == 64
    assert line.body["evidence"][0] == {
        "model": "m1", "released": "2026-06-01", "scores": {"swe": 10.0, "gpqa": 10.0},
        "sources": {axis: {"title": "card", "url": "https://example.org/m1", "public": "2026-06-01", "evaluator": "maker"} for axis in ("gpqa", "swe")},
    }  # fmt: skip
    assert verify(root) == []


def test_a_resolution_is_appended_once(root):
    apply(root, due(root, [at(root, "2027-01-14")], code_version="1"), at="2027-01-14T06:00:00Z")
    assert due(root, [at(root, "2027-01-20")], code_version="1") == []


def test_too_few_data_annul_where_the_file_says_so(root):
    plan = due(root, [at(root, "2027-01-14", rows=UP[:2])], code_version="1")
    assert [(r.event, r.body["reason"]) for r in plan] == [("annulled", "too few data at the close")]
    apply(root, plan, at="2027-01-14T06:00:00Z")
    assert recorded_state(read_ledger(root, "one")) == "annulled"


def test_a_recorded_outcome_outlives_a_later_change_of_the_data(root):
    apply(root, due(root, [at(root, "2027-01-14")], code_version="1"), at="2027-01-14T06:00:00Z")
    ledger = read_ledger(root, "one")
    later = with_ledger(at(root, "2027-03-01", rows=DOWN), ledger)
    assert (later.shown_state, later.state) == ("passed", "failed")
    assert (later.as_dict()["state"], later.as_dict()["computed_state"]) == ("passed", "failed")
    assert with_ledger(at(root, "2027-01-13", rows=DOWN), ledger).shown_state == "awaiting data"


def test_what_was_never_sealed_is_not_resolved(tmp_path):
    write_prediction(tmp_path)
    with pytest.raises(CapewatchError, match="never sealed"):
        due(tmp_path, [at(tmp_path, "2027-01-14")], code_version="1")


def test_nothing_is_resolved_on_a_ledger_that_does_not_verify(root):
    path = root / "predictions/one/ledger.jsonl"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(CapewatchError, match="does not verify"):
        due(root, [at(root, "2027-01-14")], code_version="1")


def test_an_evaluation_is_recorded_when_the_standing_changed_and_only_then(root):
    assert (
        record_evaluation(root, at(root, "2026-09-30"), at="2026-11-22T00:00:00Z").body["standing"]
        == "on course to pass"
    )
    assert record_evaluation(root, at(root, "2026-10-30"), at="2026-11-23T00:00:00Z") is None
    assert (
        record_evaluation(root, at(root, "2026-10-30", rows=DOWN), at="2026-11-24T00:00:00Z").body["standing"]
        == "on course to fail"
    )
    apply(root, due(root, [at(root, "2027-01-14")], code_version="1"), at="2027-01-14T06:00:00Z")
    assert record_evaluation(root, at(root, "2027-02-01", rows=DOWN), at="2027-02-01T00:00:00Z") is None
