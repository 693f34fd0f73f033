"""Critical scale: brackets, states without one, isotonic crossing, and the papers' two recipes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression

from generator.analysis.coupling import gamma_table
from generator.analysis.critical_scale import (
    critical_scale,
    critical_scales,
    crossing_state,
    isotonic,
    isotonic_crossing,
    pooled_critical_scale,
)
from generator.analysis.paper_recipes import pooled_intervals, pooled_zero_crossing, quadratic_fit, quadratic_vertex
from tests.analysis.tables import base_panel, bootstrap_rows, family_panel

HS, TQA = "hellaswag", "truthfulqa"


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(8)


@pytest.mark.parametrize(
    ("gamma", "state"),
    [
        ([-1, -1, 1], "bracketed"),
        ([-1, 0, 1, 1], "bracketed"),
        ([-1, 1, -1], "several crossings"),
        ([1, -1, 1], "several crossings"),
        ([-1, -1], "not bracketed: above"),
        ([1, 1, 0], "not bracketed: below"),
        ([1, -1], "reversed"),
        ([0, 0], "none"),
        ([1], "none"),
    ],
)
def test_states_of_a_series_of_couplings(gamma: list[float], state: str) -> None:
    assert crossing_state(np.array(gamma, dtype=float))[0] == state


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=9))
@settings(max_examples=60, deadline=None)
def test_isotonic_fit_agrees_with_scikit_learn(values: list[float]) -> None:
    weights = np.arange(1.0, len(values) + 1)
    theirs = IsotonicRegression().fit_transform(np.arange(len(values)), values, sample_weight=weights)
    assert isotonic(np.array(values), weights) == pytest.approx(theirs, abs=1e-9)


def test_a_noiseless_family_crosses_where_its_coupling_does() -> None:
    assert float(isotonic_crossing(np.array([8.0, 9.0, 10.0]), np.array([-1.0, -0.5, 0.5]))) == pytest.approx(9.5)


def test_a_coupling_without_a_crossing_lies_beyond_the_sizes_on_the_side_of_its_sign() -> None:
    sizes = np.array([8.0, 9.0])
    gamma = np.array([[-1.0, -0.5], [-1.0, 0.0], [0.5, 1.0], [0.0, 1.0], [1.0, -2.0], [2.0, -1.0]])
    above, below = math.inf, -math.inf
    assert isotonic_crossing(sizes, gamma).tolist() == [above, above, below, below, above, below]


def test_redraws_without_a_crossing_leave_an_end_of_the_interval_open(rng: np.random.Generator) -> None:
    found = critical_scales(base_panel(), HS, TQA, rng=rng, resamples=2_000)
    seen = set()
    for statistic in found.values():
        if "crossing_share" not in statistic.details:
            continue
        below, above = (statistic.details[f"{side}_share"] for side in ("below", "above"))
        assert below + above + statistic.details["crossing_share"] == pytest.approx(1)
        if statistic.interval is None:
            assert statistic.estimate is None
            continue
        assert (statistic.interval.low is None) == (below > 0.025)
        assert (statistic.interval.high is None) == (above > 0.025)
        inner = [end for end in (statistic.interval.low, statistic.interval.high) if end is not None]
        assert all(min(statistic.details["sizes"]) < end < max(statistic.details["sizes"]) for end in inner)
        seen |= {(statistic.interval.low is None, statistic.interval.high is None)}
    assert {(True, False), (False, True)} <= seen


def test_first_positive_intervals_are_those_recomputed_from_the_released_table(rng: np.random.Generator) -> None:
    found = critical_scales(base_panel(), HS, TQA, rng=rng, resamples=200)
    expected = {
        "bloom": [7.1, 176],
        "cerebras-gpt": [6.7, 13],
        "falcon": [7, 40],
        "gpt-neo": [1.3, 2.7],
        "llama-1": [7, 13],
        "llama-2": [13, 70],
        "opt": [13, 30],
        "phi": [1.3, 2.7],
        "pythia": None,
        "qwen2.5": [0.5, 1.5],
    }
    for family, interval in expected.items():
        first = found[family].details["first_positive_interval"]
        assert (None if first is None else [size / 1e9 for size in first]) == pytest.approx(interval), family


def test_a_family_has_the_same_interval_alone_as_among_all() -> None:
    found = critical_scales(base_panel(), HS, TQA, rng=np.random.default_rng(3), resamples=200)
    alone = critical_scale(base_panel(), "opt", HS, TQA, rng=np.random.default_rng(3), resamples=200)
    assert alone.interval is not None
    assert alone.as_dict() == found["opt"].as_dict()


def test_pythia_is_not_bracketed_and_says_why(rng: np.random.Generator) -> None:
    statistic = critical_scale(base_panel(), "pythia", HS, TQA, rng=rng, resamples=500)
    assert statistic.estimate is None
    assert statistic.reason == "not bracketed: no γ12 is positive up to 12 B; Nc, if any, lies above"
    assert statistic.details["crossing_share"] < 0.6


def test_a_bracketed_family_has_a_bracket_around_its_turn_and_says_whether_it_is_resolved(
    rng: np.random.Generator,
) -> None:
    opt = critical_scale(base_panel(), "opt", HS, TQA, rng=rng, resamples=500)
    assert opt.details["bracket"] == pytest.approx([6.7e9, 30e9])
    assert not opt.details["resolved_bracket"]
    assert opt.estimate is not None
    assert opt.interval is not None
    assert (opt.interval.low or 0) < opt.estimate
    assert opt.interval.high is None
    assert opt.details["above_share"] > 0.025
    clear = family_panel([30, 50, 60, 75], [60, 40, 30, 50])
    assert critical_scale(clear, "f", HS, TQA, rng=rng, resamples=500).details["resolved_bracket"]


def test_without_scores_errors_there_is_no_interval(rng: np.random.Generator) -> None:
    table = family_panel([30, 50, 60, 75], [60, 40, 30, 50]).complete((HS, TQA))
    statistic = critical_scale(table, "f", HS, TQA, rng=rng)
    assert statistic.estimate is not None
    assert statistic.interval is None


@pytest.mark.parametrize(("x", "y"), [([30], [40]), ([30, 40], [40, 41]), ([30, 30, 30], [1, 2, 3])])
def test_short_families_have_a_reason(rng: np.random.Generator, x: list[float], y: list[float]) -> None:
    reason = critical_scale(family_panel(x, y), "f", HS, TQA, rng=rng).reason
    assert "a change of sign needs 2" in reason
    assert ("1 model with" in reason) == (len(x) == 1)
    assert "1 size steps" not in reason


def test_pooled_scale_rises_in_the_papers_table_but_not_within_families(rng: np.random.Generator) -> None:
    table = gamma_table(base_panel(), HS, TQA)
    statistic = pooled_critical_scale(base_panel(), table, rng=rng, resamples=1_000)
    assert statistic.estimate == pytest.approx(5.76e9, rel=0.01)
    assert statistic.interval is not None
    assert (statistic.interval.low or 0) < 3.5e9 < (statistic.interval.high or 0)
    assert 0 < statistic.p["order within family"] <= 1
    assert "too few" in pooled_critical_scale(base_panel(), table.iloc[:5], rng=rng).reason


def test_the_quadratic_vertex_is_reproduced_with_the_seed_of_the_script() -> None:
    log_n, _, tqa = bootstrap_rows()
    legacy = np.random.RandomState(42)
    indices = np.stack([legacy.choice(14, 14) for _ in range(10_000)])
    statistic = quadratic_vertex(log_n, tqa, indices=indices)
    assert statistic.estimate == pytest.approx(3.4939e9, rel=1e-4)
    assert statistic.interval is not None
    assert statistic.interval.low == pytest.approx(2.9165e9, rel=1e-4)
    assert statistic.interval.high == pytest.approx(13.404e9, rel=1e-4)
    assert statistic.details["point"] == pytest.approx(3.43e9, rel=1e-3)
    pooled = pooled_zero_crossing(
        log_n, bootstrap_rows()[1], tqa, indices=np.stack([legacy.choice(12, 12) for _ in range(10_000)])
    )
    assert pooled.details["slope"] == pytest.approx(0.743, abs=5e-4)
    assert pooled.details["intercept"] == pytest.approx(-7.185, abs=5e-4)
    assert pooled.details["point"] == pytest.approx(4.73e9, rel=1e-3)
    assert pooled.estimate == pytest.approx(4.4e9, rel=0.01)
    assert pooled.interval is not None
    assert pooled.interval.low == pytest.approx(1.4e9, rel=0.03)
    assert pooled.interval.high == pytest.approx(95.6e9, rel=0.01)


def test_our_own_resamples_give_the_same_vertex_within_monte_carlo_error(rng: np.random.Generator) -> None:
    log_n, hs, tqa = bootstrap_rows()
    assert quadratic_vertex(log_n, tqa, rng=rng).estimate == pytest.approx(3.4939e9, rel=0.01)
    by_model = pooled_zero_crossing(log_n, hs, tqa, rng=rng, unit="models")
    assert by_model.interval is not None
    assert (by_model.interval.high or 0) < 30e9


def test_vectorised_resamples_equal_a_plain_loop(rng: np.random.Generator) -> None:
    log_n, hs, tqa = bootstrap_rows()
    indices = rng.integers(0, 14, size=(300, 14))
    plain = []
    for index in indices:
        a, b, _ = quadratic_fit(log_n[index], tqa[index])
        if a > 0 and 7 < -b / (2 * a) < 12:
            plain.append(-b / (2 * a))
    vectorised = quadratic_vertex(log_n, tqa, indices=indices)
    assert vectorised.estimate == pytest.approx(10 ** np.median(plain), rel=1e-6)
    log_n = log_n + 1e-9 * np.arange(14)  # models of one size: the order of the table decides
    by_model = pooled_zero_crossing(log_n, hs, tqa, indices=indices, unit="models")
    zeros = []
    for index in indices:
        middle, gamma = pooled_intervals(log_n[index], hs[index], tqa[index])
        if len(gamma) >= 2 and np.ptp(middle) > 0:
            slope, intercept = np.polyfit(middle, gamma, 1)
            zeros.append(-intercept / slope)
    inside = [zero for zero in zeros if 7 < zero < 12]
    assert by_model.details["kept_share"] == pytest.approx(len(inside) / 300)
    assert by_model.estimate == pytest.approx(10 ** np.median(inside), rel=1e-6)


def test_a_parabola_that_opens_downward_has_no_vertex(rng: np.random.Generator) -> None:
    log_n = np.linspace(8, 11, 9)
    statistic = quadratic_vertex(log_n, -((log_n - 9.5) ** 2), rng=rng, resamples=500)
    assert statistic.estimate is None
    assert statistic.details["point"] is None
    assert "parabola needs" in quadratic_vertex(np.ones(9), log_n, rng=rng).reason
    with pytest.raises(ValueError, match="rng or indices"):
        quadratic_vertex(log_n, log_n**2)
