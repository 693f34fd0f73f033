"""Predictions that close with the next releases of a lab. The frozen line here is gpqa = 40 + 0.5·swe, so h is easy to see."""

from __future__ import annotations

import pandas as pd
import pytest

from generator.predictions.decide import Context, decide
from generator.predictions.releases import counting_releases
from generator.schema.prediction import Event
from tests.predictions.builders import day, panel_of, prediction_of, provider

EVENT = "\nlab: deep\nreleases: 2\nafter: 2026-05-31\nscored_on: [swe, gpqa]\n"
H = "{{kind: h, x: swe, y: gpqa, release: {i}, fit: frozen, line: {{slope: 0.5, intercept: 40}}}}"
BLOCKS = {
    "event": EVENT,
    "metrics": f"a: {H.format(i=1)}\nb: {H.format(i=2)}\n",
    "passes": "\nall:\n  - {metric: a, below: 0}\n  - {metric: b, below: 0}\n",
    "fails": "\nany:\n  - {metric: a, above: 5}\n  - {metric: b, above: 5}\n",
    "closes": "2027-05-31T23:59:59Z",
}


def release(model: str, released: str, h: float | None, lab: str = "deep"):
    return (model, lab, released, {} if h is None else {"swe": 80.0, "gpqa": 80.0 + h})


LOW, LOW2, HIGH, MID = (
    release("v1", "2026-06-10", -2),
    release("v2", "2026-08-10", -1),
    release("v2", "2026-08-10", 6),
    release("v2", "2026-08-10", 2),
)
BLANK = ("v2", "deep", "2026-08-10", {"hle": 40.0})


@pytest.mark.parametrize(
    ("rows", "at", "state"),
    [
        ([], "2026-06-30", "open"),
        ([LOW], "2026-09-30", "open"),  # one of two
        ([LOW, BLANK], "2026-09-30", "awaiting data"),  # both are out, one has no scores
        ([LOW, LOW2], "2026-08-23", "awaiting data"),  # scored on 10 August, settled fourteen days later
        ([LOW, LOW2], "2026-08-24", "passed"),
        ([LOW, HIGH], "2026-08-24", "failed"),
        ([LOW, MID], "2026-08-24", "undetermined"),
        ([release("v1", "2026-06-10", 6)], "2026-06-23", "open"),
        (
            [release("v1", "2026-06-10", 6)],
            "2026-06-24",
            "failed",
        ),  # one release above +5 decides, whatever the other does
        ([release("v1", "2026-06-10", 2)], "2026-09-30", "open"),  # cannot pass any more, but can still fail
        ([LOW, BLANK], "2027-05-31", "awaiting data"),
        ([LOW, BLANK], "2027-06-14", "undetermined"),  # the scores never came: too few data
        ([LOW], "2027-06-14", "undetermined"),
        ([release("old", "2026-05-31", 6), LOW], "2026-09-30", "open"),  # released on the last day that does not count
        ([release("w", "2026-06-10", 6, lab="wide"), LOW], "2026-09-30", "open"),  # another lab
    ],
)
def test_the_state_follows_the_releases(tmp_path, rows, at, state):
    prediction = prediction_of(tmp_path, **BLOCKS)
    assert decide(prediction, provider(panel_of(rows)), as_of=day(at), context=Context()).state == state


def test_if_scores_never_appear_the_file_rules_what_too_few_data_mean(tmp_path):
    prediction = prediction_of(tmp_path, **BLOCKS, if_too_few="annulled")
    assert decide(prediction, provider(panel_of([LOW])), as_of=day("2027-06-14"), context=Context()).state == "annulled"


def test_the_deciding_snapshot_must_have_been_recorded(tmp_path):
    prediction = prediction_of(tmp_path, **BLOCKS)
    panels = provider(panel_of([LOW, LOW2]))
    waiting = decide(prediction, panels, as_of=day("2026-09-30"), context=Context(recorded=[day("2026-08-20")]))
    assert waiting.state == "awaiting data"
    decided = decide(
        prediction, panels, as_of=day("2026-09-30"), context=Context(recorded=[day("2026-08-20"), day("2026-09-01")])
    )
    assert (decided.state, decided.decided_on) == ("passed", day("2026-09-01"))


def test_an_outcome_once_reached_is_not_moved_by_later_releases_or_scores(tmp_path):
    prediction = prediction_of(tmp_path, **BLOCKS)
    later = [LOW, LOW2, release("v3", "2026-10-01", 30), ("v0", "deep", "2026-06-01", {"swe": 80.0, "gpqa": 99.0})]
    public = {("v0", "swe"): "2026-11-01", ("v0", "gpqa"): "2026-11-01"}  # an earlier release whose scores come late
    panels = provider(panel_of(later, public=public))
    decision = decide(prediction, panels, as_of=day("2026-12-01"), context=Context())
    assert (decision.state, decision.decided_on) == ("passed", day("2026-08-24"))


def event(**more):
    return Event(**{"lab": "deep", "releases": 2, "after": "2026-05-31", "scored_on": ["swe", "gpqa"], **more})


def counted(rows, *, roster=None, at="2026-12-01", public=None, **more):
    return [
        r.model
        for r in counting_releases(event(**more), panel_of(rows, public=public), as_of=day(at), roster=roster).counted
    ]


def test_releases_count_in_the_order_in_which_they_had_their_scores():
    rows = [LOW, LOW2, release("v3", "2026-10-01", 0)]
    assert counted(rows) == ["v1", "v2"]
    assert counted(rows, public={("v1", "gpqa"): "2026-11-01"}) == ["v2", "v3"]


def test_when_every_release_counts_one_without_scores_takes_its_place():
    rows = [LOW, BLANK, release("v3", "2026-10-01", 0)]
    assert counted(rows) == ["v1", "v3"]
    assert counted(rows, counts="released") == ["v1", "v2"]


def test_models_of_one_day_count_once_by_the_one_that_leads_unless_each_counts():
    rows = [
        ("flash", "deep", "2026-06-10", {"swe": 70.0, "gpqa": 70.0}),
        ("pro", "deep", "2026-06-10", {"swe": 80.0, "gpqa": 75.0}),
        LOW2,
    ]
    assert counted(rows) == ["pro", "v2"]
    assert counted(rows, tiers="each") == ["flash", "pro"]


def test_a_release_known_to_the_month_counts_when_the_whole_month_lies_after():
    rows = [
        ("m", "deep", "2026-06", {"swe": 1.0, "gpqa": 1.0}),
        ("y", "deep", "2026", {"swe": 1.0, "gpqa": 1.0}),
        ("n", "deep", "", {"swe": 1.0, "gpqa": 1.0}),
    ]
    assert counted(rows) == ["m"]
    assert counted(rows, after="2026-06-05") == []


def test_a_release_without_any_score_is_seen_through_the_roster(tmp_path):
    roster = pd.DataFrame({"lab": ["deep", "deep"], "released": ["2026-07-31", "2026-08-13"]}, index=["flash", "pro"])
    prediction = prediction_of(tmp_path, **BLOCKS)
    panels = provider(panel_of([release("w", "2026-06-10", 0, lab="wide")]))
    assert decide(prediction, panels, as_of=day("2026-09-30"), context=Context()).state == "open"
    assert decide(prediction, panels, as_of=day("2026-09-30"), context=Context(roster=roster)).state == "awaiting data"
    assert decide(prediction, panels, as_of=day("2026-08-10"), context=Context(roster=roster)).state == "open"
