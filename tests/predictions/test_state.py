"""Standing and state, by hand-made panels: every row of the tables is one way a prediction can stand."""

from __future__ import annotations

import pytest

from generator.predictions.decide import Context, decide
from generator.predictions.point import at_panel
from generator.predictions.standing import outcome_of, standing_of
from tests.predictions.builders import day, panel_of, prediction_of, provider

PUBLISHED = {
    1: {
        "metrics": "s: {kind: top-k-spread, axis: swe, k: 5}\ng: {kind: top-k-spread, axis: gpqa, k: 5, order_by: swe}\n",
        "passes": "\nall:\n  - {metric: s, below: 2}\n  - {metric: g, above: 5}\n",
        "fails": "{metric: s, above: 5}",
    },
    2: {
        "metrics": "r: {kind: pearson, x: gpqa, y: ifeval}\nn: {kind: count, axes: [gpqa, ifeval]}\n",
        "passes": "\nall:\n  - {metric: r, above: 0.6}\n  - {metric: n, at_least: 8}\n",
        "fails": "\nany:\n  - {metric: r, below: 0.3}\n  - {metric: n, below: 5}\n",
    },
    5: {
        "requires": "\n- {metric: n, at_least: 30}\n",
        "passes": "{metric: r, above: 0.5}",
        "fails": "{metric: r, below: 0.3}",
    },
    7: {
        "metrics": "r: {kind: pearson, x: swe, y: hle}\nn: {kind: count, axes: [swe, hle]}\n",
        "requires": "\n- {metric: n, at_least: 10}\n",
        "passes": "{metric: r, below: 0}",
        "fails": "{metric: r, above: 0.3}",
    },
    4: {
        "metrics": "a: {kind: h, x: swe, y: gpqa, release: 1, fit: refit}\nb: {kind: h, x: swe, y: gpqa, release: 2, fit: refit}\n",
        "passes": "\nall:\n  - {metric: a, above: 3}\n  - {metric: b, above: 3}\n",
        "fails": "\nany:\n  - {metric: a, below: 0}\n  - {metric: b, below: 0}\n",
    },
}
PASS, FAIL, GAP, FEW = "on course to pass", "on course to fail", "undetermined", "too few data"


@pytest.mark.parametrize(
    ("number", "values", "standing"),
    [
        (1, {"s": 1.3, "g": 9.1}, PASS),
        (1, {"s": 1.3, "g": 5.0}, GAP),  # saturated, but so is GPQA: neither
        (1, {"s": 2.0, "g": 9.1}, GAP),  # strictly below 2
        (1, {"s": 5.0, "g": 9.1}, GAP),  # strictly above 5
        (1, {"s": 5.1, "g": 9.1}, FAIL),
        (1, {"s": None, "g": None}, FEW),
        (1, {"s": 1.0, "g": None}, FEW),
        (1, {"s": 3.0, "g": None}, GAP),  # whatever g is, the spread alone rules out both
        (1, {"s": 6.0, "g": None}, FAIL),
        (2, {"r": 0.7, "n": 8}, PASS),
        (2, {"r": 0.7, "n": 7}, FEW),  # missed only by the number of models
        (2, {"r": 0.7, "n": 4}, FAIL),  # fewer than five fails as published
        (2, {"r": 0.6, "n": 9}, GAP),
        (2, {"r": 0.3, "n": 9}, GAP),
        (2, {"r": 0.29, "n": 9}, FAIL),
        (2, {"r": None, "n": 0}, FAIL),
        (5, {"r": 0.9, "n": 29}, FEW),
        (5, {"r": 0.1, "n": 29}, FEW),
        (5, {"r": 0.51, "n": 30}, PASS),
        (5, {"r": 0.4, "n": 30}, GAP),
        (5, {"r": 0.29, "n": 30}, FAIL),
        (7, {"r": -0.01, "n": 10}, PASS),
        (7, {"r": 0.0, "n": 10}, GAP),
        (7, {"r": 0.3, "n": 10}, GAP),
        (7, {"r": 0.31, "n": 10}, FAIL),
        (7, {"r": -0.9, "n": 9}, FEW),
        (4, {"a": 3.1, "b": 3.1}, PASS),
        (4, {"a": 3.1, "b": 3.0}, GAP),
        (4, {"a": 3.1, "b": None}, FEW),
        (4, {"a": -0.1, "b": None}, FAIL),
        (4, {"a": 1.0, "b": None}, FEW),  # cannot pass any more, can still fail
    ],
)
def test_each_published_criterion_has_the_standing_its_words_give(tmp_path, number, values, standing):
    assert standing_of(prediction_of(tmp_path, **PUBLISHED[number]), values) == standing


@pytest.mark.parametrize(
    ("standing", "if_too_few", "state"),
    [
        (PASS, "annulled", "passed"), (FAIL, "annulled", "failed"), (GAP, "annulled", "undetermined"),
        (FEW, "annulled", "annulled"), (FEW, "failed", "failed"), (FEW, "undetermined", "undetermined"),
    ],
)  # fmt: skip
def test_a_standing_becomes_the_state_that_the_file_rules(tmp_path, standing, if_too_few, state):
    assert outcome_of(prediction_of(tmp_path, if_too_few=if_too_few), standing) == state


LINE_UP = [(f"m{i}", f"lab{i}", "2026-06-01", {"swe": 10.0 * i, "gpqa": 10.0 * i}) for i in range(1, 6)]
FLAT = [(f"m{i}", f"lab{i}", "2026-06-01", {"swe": 10.0 * i, "gpqa": 50.0 + (i % 2)}) for i in range(1, 6)]
CROSSED = [
    (f"m{i}", f"lab{i}", "2026-06-01", {"swe": 10.0 * i, "gpqa": v})
    for i, v in enumerate([10, 40, 20, 50, 22], start=1)
]  # r ≈ 0.39


@pytest.mark.parametrize(
    ("rows", "at", "recorded", "state"),
    [
        (LINE_UP, "2026-06-30", [], "open"),
        (LINE_UP, "2026-12-30", [], "open"),
        (LINE_UP, "2026-12-31", [], "awaiting data"),  # closed, and the deciding snapshot lies 14 days ahead
        (LINE_UP, "2027-01-13", [], "awaiting data"),
        (LINE_UP, "2027-01-14", [], "passed"),
        (LINE_UP, "2027-02-01", ["2026-11-21"], "awaiting data"),  # nothing was recorded since the close
        (LINE_UP, "2027-02-01", ["2026-11-21", "2027-01-13"], "awaiting data"),
        (LINE_UP, "2027-02-01", ["2026-11-21", "2027-01-20"], "passed"),
        (LINE_UP, "2027-01-19", ["2026-11-21", "2027-01-20"], "awaiting data"),
        (FLAT, "2027-02-01", [], "failed"),
        (CROSSED, "2027-02-01", [], "undetermined"),
        ([], "2027-02-01", [], "undetermined"),  # too few data, and the file says undetermined
    ],
)
def test_a_window_is_decided_only_when_it_closed_and_the_deciding_snapshot_exists(tmp_path, rows, at, recorded, state):
    context = Context(recorded=[day(text) for text in recorded])
    assert decide(prediction_of(tmp_path), provider(panel_of(rows)), as_of=day(at), context=context).state == state


def test_what_became_public_after_the_close_does_not_count(tmp_path):
    late = [
        *FLAT,
        *((f"late{i}", "x", "2027-01-05", {"swe": 100.0 + 90 * i, "gpqa": 100.0 + 90 * i}) for i in range(1, 3)),
    ]
    prediction = prediction_of(tmp_path)
    panels = provider(panel_of(late))
    decision = decide(prediction, panels, as_of=day("2027-02-01"), context=Context())
    assert (decision.state, decision.data_day) == ("failed", day("2026-12-31"))
    assert at_panel(prediction, panels("maker", day("2027-02-01")), as_of=day("2027-02-01")).standing == PASS


def test_a_deadline_in_a_western_zone_closes_a_utc_day_later_but_counts_its_own_day(tmp_path):
    prediction = prediction_of(tmp_path, closes="2026-12-31T23:59:59-05:00")
    panels = provider(panel_of(LINE_UP))
    assert decide(prediction, panels, as_of=day("2026-12-31"), context=Context()).state == "open"
    closed = decide(prediction, panels, as_of=day("2027-01-01"), context=Context())
    assert (closed.state, closed.data_day) == ("awaiting data", day("2026-12-31"))


def test_a_leap_day_deadline_is_decided_fourteen_days_later(tmp_path):
    prediction = prediction_of(tmp_path, closes="2028-02-29T23:59:59Z")
    panels = provider(panel_of(LINE_UP))
    states = {
        at: decide(prediction, panels, as_of=day(at), context=Context()).state
        for at in ("2028-02-28", "2028-02-29", "2028-03-13", "2028-03-14")
    }
    assert list(states.values()) == ["open", "awaiting data", "awaiting data", "passed"]


@pytest.mark.parametrize(
    ("rule", "released", "state"),
    [
        ("decide-while-published", "2026-06-01", "passed"),  # the track still gained models with a score
        ("decide-while-published", "2026-05-01", "annulled"),  # nothing released in the window has one
        ("annulled", "2026-06-01", "annulled"),
        ("undetermined", "2026-06-01", "undetermined"),
    ],
)
def test_a_retired_benchmark_is_ruled_by_the_retirement_clause(tmp_path, rule, released, state):
    prediction = prediction_of(tmp_path, if_retired=rule)
    rows = [(name, lab, released, scores) for name, lab, _, scores in LINE_UP]
    context = Context(retired={"swe": day("2026-02-28")})
    decision = decide(prediction, provider(panel_of(rows)), as_of=day("2027-02-01"), context=context)
    assert decision.state == state
    if state != "passed":
        assert "swe (retired 2026-02-28)" in decision.retired


def test_a_benchmark_retired_after_the_close_changes_nothing(tmp_path):
    context = Context(retired={"swe": day("2027-01-05")})
    prediction = prediction_of(tmp_path, if_retired="annulled")
    assert decide(prediction, provider(panel_of(LINE_UP)), as_of=day("2027-02-01"), context=context).state == "passed"


def test_a_statement_without_a_deadline_stays_open(tmp_path):
    prediction = prediction_of(tmp_path, kind="statement", closes=None)
    assert decide(prediction, provider(panel_of(LINE_UP)), as_of=day("2040-01-01"), context=Context()).state == "open"
