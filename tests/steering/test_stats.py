"""Paired statistics against hand-computed and published values, and against known truth by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.steering.stats import flips, gain_over_controls, holm, mcnemar_exact, mean_interval, wilson


def test_wilson_interval_matches_the_textbook_value() -> None:
    share = wilson(38, 40)
    assert (share.low, share.high) == (pytest.approx(0.8349, abs=2e-4), pytest.approx(0.9862, abs=2e-4))


def test_an_empty_denominator_has_no_interval() -> None:
    assert wilson(0, 0).estimate is None
    assert wilson(0, 0).low is None


@given(n=st.integers(1, 300), data=st.data())
@settings(deadline=None, max_examples=50)
def test_wilson_contains_the_estimate_and_stays_within_0_and_1(n: int, data: st.DataObject) -> None:
    share = wilson(data.draw(st.integers(0, n)), n)
    assert share.low is not None
    assert share.high is not None
    assert 0 <= share.low <= share.k / n + 1e-12
    assert share.k / n - 1e-12 <= share.high <= 1


def test_wilson_refuses_more_hits_than_trials() -> None:
    with pytest.raises(ValueError, match="k=3 is not within 0 and n=2"):
        wilson(3, 2)


@pytest.mark.parametrize(("b", "c", "p"), [(0, 0, 1.0), (6, 0, 0.03125), (5, 0, 0.0625), (10, 2, 0.03857421875)])
def test_exact_mcnemar_is_the_two_sided_binomial(b: int, c: int, p: float) -> None:
    assert mcnemar_exact(b, c) == pytest.approx(p)
    assert mcnemar_exact(c, b) == pytest.approx(p)


def test_flips_count_corrected_among_the_wrong_and_broken_among_the_right() -> None:
    base = np.asarray([1, 1, 1, 0, 0, 0, 0], dtype=bool)
    steered = np.asarray([1, 1, 0, 1, 1, 0, 0], dtype=bool)
    found = flips(base, steered)
    assert (found.corrected.k, found.corrected.n, found.broken.k, found.broken.n) == (2, 4, 1, 3)
    assert found.net == pytest.approx(1 / 7)


def test_flips_refuse_unpaired_outcomes() -> None:
    with pytest.raises(ValueError, match="two equal shapes"):
        flips(np.ones(3, dtype=bool), np.ones(4, dtype=bool))


def test_holm_matches_hand_computation_and_keeps_order() -> None:
    adjusted = holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005})
    assert adjusted == pytest.approx({"d": 0.02, "a": 0.03, "c": 0.06, "b": 0.06})


def test_gain_is_steered_minus_the_mean_control() -> None:
    steered = np.asarray([1, 1, 1, 0], dtype=bool)
    controls = np.asarray([[1, 0, 0, 0], [1, 1, 0, 0]], dtype=bool)
    found = gain_over_controls(steered, controls, rng=np.random.default_rng(0), draws=200)
    assert found.estimate == pytest.approx(0.75 - 0.375)
    assert found.rank_p == pytest.approx(1 / 3)


def test_the_bootstrap_interval_covers_a_true_gain_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    hits, trials, items, controls = 0, 120, 150, 60
    for _ in range(trials):
        ease = rng.uniform(0.1, 0.8, items)
        steered = rng.random(items) < ease + 0.15
        table = rng.random((controls, items)) < ease
        found = gain_over_controls(steered, table, rng=rng, draws=300)
        hits += found.low <= 0.15 <= found.high
    assert 0.88 <= hits / trials <= 0.995


def test_the_bootstrap_is_the_same_for_the_same_generator() -> None:
    table = np.random.default_rng(1).random((20, 30)) < 0.4
    one, two = (gain_over_controls(table[0], table, rng=np.random.default_rng(3), draws=100) for _ in range(2))
    assert one == two


def test_gain_refuses_controls_of_other_items() -> None:
    with pytest.raises(ValueError, match=r"expected controls \(controls, 4\)"):
        gain_over_controls(np.ones(4, dtype=bool), np.ones((2, 5), dtype=bool), rng=np.random.default_rng(0))


def test_the_interval_over_seeds_is_student_t() -> None:
    mean, low, high = mean_interval([1.0, 2.0, 3.0])
    assert (mean, low, high) == pytest.approx((2.0, 2 - 2.4841, 2 + 2.4841), abs=1e-3)
    with pytest.raises(ValueError, match="at least 2"):
        mean_interval([1.0])
