"""Resampling: what a p-value may say, and that intervals agree with scipy where both compute the same thing."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats

from generator.analysis import resample
from generator.analysis._moments import correlation_of, fisher_z, pair_terms
from generator.analysis.resample import (
    PermutationTest,
    all_orders,
    bca_interval,
    bootstrap_sums,
    cluster_sums,
    expanded_interval,
    jackknife_df,
    jackknife_interval,
    percentile_interval,
    permutation_test,
    stratified_sums,
    t_quantile,
    t_two_sided,
    unit_counts,
)
from generator.analysis.result import Interval


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def test_every_resample_draws_as_many_units_as_there_are(rng: np.random.Generator) -> None:
    blocks = list(unit_counts(7, 1_000, rng))
    counts = np.concatenate(blocks)
    assert counts.shape == (1_000, 7)
    assert (counts.sum(axis=1) == 7).all()


def test_large_panels_are_resampled_in_blocks_of_bounded_size(rng: np.random.Generator) -> None:
    blocks = list(unit_counts(3_000_000, 3, rng))
    assert [len(block) for block in blocks] == [1, 1, 1]


def test_bootstrap_sums_have_the_mean_and_spread_of_sums_of_draws(rng: np.random.Generator) -> None:
    terms = rng.normal(size=(30, 2))
    sums = bootstrap_sums(terms, resamples=20_000, rng=rng)
    assert sums.mean(axis=0) == pytest.approx(terms.sum(axis=0), abs=0.2)
    assert sums.std(axis=0) == pytest.approx(math.sqrt(30) * terms.std(axis=0), rel=0.03)


def test_a_stratum_of_one_model_is_drawn_every_time(rng: np.random.Generator) -> None:
    terms = np.array([[1.0], [10.0], [100.0]])
    sums = stratified_sums(terms, np.array([0, 1, 1]), resamples=500, rng=rng)
    assert set(sums[:, 0]) == {21.0, 111.0, 201.0}


def test_percentile_interval_agrees_with_scipy(rng: np.random.Generator) -> None:
    data = rng.exponential(size=40)
    ours = percentile_interval(bootstrap_sums(data[:, None], resamples=40_000, rng=rng)[:, 0] / 40)
    theirs = scipy.stats.bootstrap(
        (data,), np.mean, n_resamples=40_000, method="percentile", rng=rng
    ).confidence_interval
    assert ours is not None
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.01)


def test_bca_interval_agrees_with_scipy(rng: np.random.Generator) -> None:
    data = rng.exponential(size=40)
    draws = bootstrap_sums(data[:, None], resamples=40_000, rng=rng)[:, 0] / 40
    ours = bca_interval(float(data.mean()), draws, (data.sum() - data) / 39)
    theirs = scipy.stats.bootstrap((data,), np.mean, n_resamples=40_000, method="BCa", rng=rng).confidence_interval
    assert ours is not None
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.015)


def test_jackknife_of_a_mean_is_the_students_t_interval(rng: np.random.Generator) -> None:
    data = rng.normal(size=12)
    ours = jackknife_interval(float(data.mean()), (data.sum() - data) / 11)
    half = scipy.stats.t.ppf(0.975, 11) * data.std(ddof=1) / math.sqrt(12)
    assert ours is not None
    assert (ours.low, ours.high) == pytest.approx((data.mean() - half, data.mean() + half))


def test_equal_clusters_have_g_minus_one_degrees_of_freedom_and_unequal_ones_fewer() -> None:
    assert jackknife_df(8, np.full(8, 5)) == pytest.approx(7)
    assert jackknife_df(8, np.array([33, 1, 1, 1, 1, 1, 1, 1])) < 4


@pytest.mark.parametrize("leave_out", [np.array([1.0, 2.0]), np.array([1.0, np.nan, 2.0]), np.full(5, 1.5)])
def test_a_jackknife_that_says_nothing_gives_no_interval(leave_out: np.ndarray) -> None:
    assert jackknife_interval(1.5, leave_out) is None


def test_expanded_percentile_is_wider_than_percentile_and_back_transforms(rng: np.random.Generator) -> None:
    draws = rng.normal(size=20_000)
    plain, wide = percentile_interval(draws), expanded_interval(draws, units=8, back=math.tanh)
    assert plain is not None
    assert isinstance(wide, Interval)
    reach = math.sqrt(8 / 7) * scipy.stats.t.ppf(0.975, 7)
    assert wide.high == pytest.approx(math.tanh(reach), abs=0.01)
    assert math.atanh(wide.low or 0) < (plain.low or 0)


def test_fewer_than_five_clusters_give_no_cluster_bootstrap(rng: np.random.Generator) -> None:
    assert expanded_interval(rng.normal(size=1_000), units=4) is None
    assert expanded_interval(np.full(1_000, np.nan), units=40) is None
    assert percentile_interval(np.full(1_000, np.nan)) is None


def test_t_functions_agree_with_scipy() -> None:
    assert t_quantile(0.975, 6.7) == pytest.approx(scipy.stats.t.ppf(0.975, 6.7))
    assert t_two_sided(2.5, 9) == pytest.approx(2 * scipy.stats.t.sf(2.5, 9))


def test_small_samples_are_enumerated_and_agree_with_scipy(rng: np.random.Generator) -> None:
    x, y = rng.normal(size=7), rng.normal(size=7)
    ours = permutation_test(x, y, rng=rng)
    theirs = scipy.stats.permutation_test(
        (y,),
        lambda values: abs(np.corrcoef(x, values)[0, 1]),
        permutation_type="pairings",
        n_resamples=np.inf,
        alternative="greater",
    )
    assert ours.exact
    assert ours.p == pytest.approx(theirs.pvalue)


def test_drawn_permutations_agree_with_scipy(rng: np.random.Generator) -> None:
    x = rng.normal(size=25)
    y = 0.4 * x + rng.normal(size=25)
    ours = permutation_test(x, y, rng=rng, resamples=20_000)
    theirs = scipy.stats.permutation_test(
        (y,),
        lambda v, axis: -np.abs(((x - x.mean()) * v).sum(axis=axis)),
        permutation_type="pairings",
        n_resamples=20_000,
        alternative="less",
        vectorized=True,
        rng=rng,
    )
    assert not ours.exact
    assert ours.p == pytest.approx(theirs.pvalue, abs=0.01)


@pytest.mark.parametrize("size", [1_200, 5, 30], ids=["all together", "small groups", "middling groups"])
def test_the_cheap_draws_of_many_models_spread_as_those_of_few_do(rng: np.random.Generator, size: int) -> None:
    """Under permutation the sum has mean 0 and, a group, variance Σa²Σb²/(n − 1)."""
    groups = np.arange(1_200) // size
    members = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    a = 3 * np.sin(np.arange(1_200) / 40) + rng.normal(size=1_200)  # neighbours alike, as models of one family are
    b = rng.normal(size=1_200)
    means = [np.array([values[groups == group].mean() for group in groups]) for values in (a, b)]
    a, b = (values - mean for values, mean in zip((a, b), means, strict=True))
    (sums,) = resample._cheap_sums(a, b, members, resamples=20_000, rng=rng)
    spread = math.sqrt(sum((a[one] ** 2).sum() * (b[one] ** 2).sum() / (len(one) - 1) for one in members))
    assert sums.shape == (20_000,)
    assert abs(sums.mean()) < 0.04 * spread
    assert sums.std() == pytest.approx(spread, rel=0.03)
    assert np.mean(np.abs(sums) > 1.96 * spread) == pytest.approx(0.05, abs=0.01)


def test_a_table_of_many_models_is_tested_as_the_same_models_one_by_one(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = rng.normal(size=1_100)
    y = 0.045 * x + rng.normal(size=1_100)
    for groups in (None, np.arange(1_100) // 5):
        cheap = permutation_test(x, y, rng=rng, resamples=20_000, groups=groups)
        monkeypatch.setattr(resample, "MANY", 2_000)
        dear = permutation_test(x, y, rng=rng, resamples=2_000, groups=groups)
        monkeypatch.undo()
        assert cheap.resamples == 20_000
        assert cheap.p == pytest.approx(dear.p, abs=0.04)


def test_p_never_falls_below_one_over_the_distinct_arrangements(rng: np.random.Generator) -> None:
    line = np.arange(8.0)
    test = permutation_test(line, line, rng=rng)
    assert test.p == pytest.approx(2 / math.factorial(8))
    assert test.floor == pytest.approx(1 / math.factorial(8))


def test_ties_lower_the_number_of_distinct_arrangements(rng: np.random.Generator) -> None:
    x = np.arange(8.0)
    test = permutation_test(x, np.array([0, 0, 0, 0, 1, 1, 1, 1.0]), rng=rng)
    assert test.distinct == 70
    assert test.p is not None
    assert test.p >= 1 / 70


def test_three_models_carry_no_p(rng: np.random.Generator) -> None:
    test = permutation_test(np.arange(3.0), np.arange(3.0), rng=rng)
    assert test.p is None
    assert "6 distinct" in test.reason


def test_four_models_in_a_line_have_the_p_that_enumeration_gives(rng: np.random.Generator) -> None:
    test = permutation_test(np.arange(4.0), np.arange(4.0), rng=rng)
    assert test.p == pytest.approx(2 / 24)


def test_within_group_permutation_keeps_groups_apart(rng: np.random.Generator) -> None:
    groups = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    x = np.array([0, 1, 2, 3, 100, 101, 102, 103.0])
    between_only = np.array([3, 1, 2, 0, 103, 101, 102, 100.0])
    within = permutation_test(x, between_only, rng=rng, groups=groups)
    overall = permutation_test(x, between_only, rng=rng)
    assert within.exact
    assert within.distinct == 576
    assert overall.p is not None
    assert within.p is not None
    assert overall.p < 0.05 < within.p


def test_one_model_a_group_leaves_nothing_to_permute(rng: np.random.Generator) -> None:
    test = permutation_test(np.arange(9.0), np.arange(9.0), rng=rng, groups=np.arange(9))
    assert test == PermutationTest(None, 1.0, 1, True, 1, "only 1 distinct arrangements: p could not fall below 1/1")


@pytest.mark.parametrize("groups", [None, np.repeat(np.arange(3), 4)])
def test_permutation_p_is_uniform_under_the_null(rng: np.random.Generator, groups: np.ndarray | None) -> None:
    p = []
    for _ in range(500):
        test = permutation_test(rng.normal(size=12), rng.normal(size=12), rng=rng, resamples=199, groups=groups)
        p.append(test.p)
    assert scipy.stats.kstest(p, "uniform").pvalue > 1e-3
    assert np.mean(np.array(p) <= 0.05) == pytest.approx(0.05, abs=0.03)


def test_orders_start_with_the_identity_and_are_refused_beyond_eight() -> None:
    assert all_orders(3).tolist()[0] == [0, 1, 2]
    assert len(all_orders(8)) == 40_320
    with pytest.raises(ValueError, match="at most 8"):
        all_orders(9)


def test_cluster_sums_add_up_to_the_whole(rng: np.random.Generator) -> None:
    terms = pair_terms(rng.normal(size=50), rng.normal(size=50))
    codes = rng.integers(0, 5, size=50)
    assert cluster_sums(terms, codes).sum(axis=0) == pytest.approx(terms.sum(axis=0))


def test_correlation_from_sums_is_pearson_and_undefined_for_a_constant(rng: np.random.Generator) -> None:
    x, y = rng.normal(size=20), rng.normal(size=20)
    assert correlation_of(pair_terms(x, y).sum(axis=0)) == pytest.approx(scipy.stats.pearsonr(x, y).statistic)
    assert np.isnan(correlation_of(pair_terms(x, np.ones(20)).sum(axis=0)))
    assert np.isnan(fisher_z(np.array(1.0)))


def test_how_many_are_drawn_at_once_changes_no_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = np.random.default_rng(2).normal(size=(2, 40))
    groups = np.arange(40) // 10

    def drawn() -> tuple[list[float], float | None, float | None]:
        rng = np.random.default_rng(3)
        counts = np.concatenate(list(resample.unit_counts(7, 100, rng))).ravel().tolist()
        tests = [permutation_test(x, y, rng=rng, resamples=500, groups=codes) for codes in (None, groups)]
        return counts, tests[0].p, tests[1].p

    whole = drawn()
    monkeypatch.setattr(resample, "DRAWN_CELLS", 1)
    assert drawn() == whole
