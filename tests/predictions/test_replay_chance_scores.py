from __future__ import annotations

import math

import numpy as np
import pytest

from generator.core import CapewatchError
from generator.predictions import (
    Forecast,
    brier,
    chance,
    days_that_matter,
    log_score,
    reliability,
    replay,
    score,
    turning_points,
)
from generator.predictions.chance import wilson
from tests.predictions.builders import day, panel_of, prediction_of, provider, rng

ROWS = [
    ("a", "x", "2026-05-20", {"swe": 10.0, "gpqa": 10.0}),
    ("b", "y", "2026-05-25", {"swe": 20.0, "gpqa": 20.0}),
    ("c", "z", "2026-06-01", {"swe": 30.0, "gpqa": 30.0}),
    ("d", "x", "2026-07-01", {"swe": 90.0, "gpqa": 5.0}),
    ("e", "y", "2026-08-01", {"ifeval": 90.0}),
]


def test_a_replay_names_the_releases_that_moved_the_standing(tmp_path):
    prediction = prediction_of(tmp_path)
    panel = panel_of(ROWS)
    days = days_that_matter(panel, prediction, start=day("2026-05-01"), end=day("2026-08-15"))
    assert [d.isoformat() for d in days] == [
        "2026-05-01",
        "2026-05-20",
        "2026-05-25",
        "2026-06-01",
        "2026-07-01",
        "2026-08-15",
    ]
    steps = replay(prediction, provider(panel), days)
    assert [(s.day, s.state, s.standing, s.n) for s in turning_points(steps)] == [
        ("2026-05-01", "not yet registered", "too few data", 0),
        ("2026-05-20", "open", "too few data", 1),
        ("2026-06-01", "open", "on course to pass", 3),
        ("2026-07-01", "open", "on course to fail", 4),
    ]
    assert [(move.model, move.how) for move in steps[3].moves] == [("c", "entered")]
    assert [(move.model, move.how) for move in steps[4].moves] == [("d", "entered")]
    assert steps[5].moves == ()


def test_a_corrected_score_and_a_displaced_leader_are_named(tmp_path):
    prediction = prediction_of(
        tmp_path,
        metrics="\ns: {kind: top-k-spread, axis: swe, k: 2}\n",
        passes="{metric: s, below: 2}",
        fails="{metric: s, above: 5}",
    )
    before, after = (
        panel_of(ROWS[:3]),
        panel_of([*ROWS[:1], ("b", "y", "2026-05-25", {"swe": 25.0, "gpqa": 20.0}), ROWS[2], ROWS[3]]),
    )
    steps = replay(
        prediction,
        lambda track, at: before if at < day("2026-07-01") else after,
        [day("2026-06-15"), day("2026-07-15")],
    )
    assert [(m.model, m.how) for m in steps[1].moves] == [("d", "entered"), ("b", "left")]
    rescored = panel_of([ROWS[0], ("b", "y", "2026-05-25", {"swe": 25.0, "gpqa": 20.0}), ROWS[2]])
    steps = replay(
        prediction,
        lambda track, at: before if at < day("2026-07-01") else rescored,
        [day("2026-06-15"), day("2026-07-15")],
    )
    assert [(m.model, m.how) for m in steps[1].moves] == [("b", "rescored")]


def futures(*kinds):
    up = [(f"m{i}", "x", "2026-06-01", {"swe": 10.0 * i, "gpqa": 10.0 * i}) for i in range(1, 5)]
    down = [(f"m{i}", "x", "2026-06-01", {"swe": 10.0 * i, "gpqa": 50.0 - 10 * i}) for i in range(1, 5)]
    bent = [
        (f"m{i}", "x", "2026-06-01", {"swe": 10.0 * i, "gpqa": v})
        for i, v in zip(range(1, 6), [10, 40, 20, 50, 22], strict=True)
    ]
    made = {"pass": panel_of(up), "fail": panel_of(down), "gap": panel_of(bent), "few": panel_of(up[:2])}

    def simulate(panel, *, until, rng, draws):
        assert until == day("2026-12-31")
        return [made[kinds[i % len(kinds)]] for i in range(draws)]

    return simulate


def test_the_chance_to_pass_is_the_share_of_futures_that_pass(tmp_path):
    found = chance(
        prediction_of(tmp_path),
        provider(panel_of(ROWS)),
        futures("pass", "pass", "fail", "gap", "few"),
        as_of=day("2026-09-01"),
        rng=rng(),
        draws=100,
    )
    assert found.passes == 0.4
    assert found.outcomes == {"passed": 0.4, "failed": 0.2, "undetermined": 0.4, "annulled": 0.0}
    assert found.standings == {
        "on course to pass": 0.4,
        "on course to fail": 0.2,
        "undetermined": 0.2,
        "too few data": 0.2,
    }
    assert found.interval.low == pytest.approx(0.3094, abs=1e-4)
    assert found.interval.high == pytest.approx(0.4980, abs=1e-4)


@pytest.mark.parametrize(
    ("blocks", "at", "decided", "reason"),
    [
        ({}, "2027-01-20", "failed", ""),
        ({}, "2027-01-05", "", "the window is over; the deciding data are awaited"),
        ({"kind": "statement", "closes": None}, "2026-09-01", "", "a statement without a deadline"),
    ],
)
def test_nothing_is_simulated_when_there_is_nothing_left_to_happen(tmp_path, blocks, at, decided, reason):
    found = chance(
        prediction_of(tmp_path, **blocks), provider(panel_of(ROWS)), futures("pass"), as_of=day(at), rng=rng(), draws=10
    )
    assert (found.passes, found.draws, found.decided, found.reason) == (None, 0, decided, reason)


def test_a_simulation_that_gives_another_number_of_futures_is_refused(tmp_path):
    def short(panel, *, until, rng, draws):
        return [panel] * (draws - 1)

    with pytest.raises(CapewatchError, match="gave 9 futures; 10 were asked for"):
        chance(prediction_of(tmp_path), provider(panel_of(ROWS)), short, as_of=day("2026-09-01"), rng=rng(), draws=10)


def test_the_wilson_interval_stays_within_zero_and_one():
    assert wilson(0, 10).low == 0.0
    assert wilson(10, 10).high == pytest.approx(1.0)
    assert wilson(0, 10).high == pytest.approx(0.2775, abs=1e-4)


def test_brier_and_log_score_of_single_forecasts():
    assert brier(0.7, passed=True) == pytest.approx(0.09)
    assert brier(0.7, passed=False) == pytest.approx(0.49)
    assert log_score(0.5, passed=True) == pytest.approx(math.log(2))
    assert log_score(0.0, passed=True) == math.inf
    assert log_score(0.0, passed=False) == 0.0


def test_only_passed_and_failed_predictions_are_scored():
    found = score(
        [
            Forecast("a", 0.8, "passed"),
            Forecast("b", 0.4, "failed"),
            Forecast("c", 0.9, "undetermined"),
            Forecast("d", 0.9, "open"),
        ]
    )
    assert (found.n, found.unscored) == (2, 2)
    assert found.brier == pytest.approx((0.04 + 0.16) / 2)
    assert found.log == pytest.approx((-math.log(0.8) - math.log(0.6)) / 2)
    assert score([Forecast("a", 0.0, "passed")]).log is None
    assert score([Forecast("c", 0.9, "annulled")]).brier is None


def test_a_probability_outside_zero_and_one_is_refused():
    with pytest.raises(ValueError, match="outside 0 to 1"):
        Forecast("a", 1.2, "passed")


def test_reliability_bins_compare_what_was_stated_with_what_happened():
    draw = np.random.default_rng(0)
    stated = draw.uniform(0, 1, 4000)
    found = reliability(
        [Forecast(str(i), float(p), "passed" if draw.uniform() < p else "failed") for i, p in enumerate(stated)]
    )
    assert sum(b.n for b in found) == 4000
    assert all(abs(b.stated - b.passed) < 0.05 for b in found)
    assert reliability([Forecast("a", 1.0, "passed")])[-1].n == 1
    assert reliability([])[0].stated is None
