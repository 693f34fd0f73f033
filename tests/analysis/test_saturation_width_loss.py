"""Saturation and rotation, width normalisation, loss blindness, and robustness to the benchmark pair."""

from __future__ import annotations

import datetime as dt
import itertools

import numpy as np
import pandas as pd
import pytest
import scipy.optimize

from generator.analysis.loss import kink_power, kinked_loss, power_law, power_law_exponent
from generator.analysis.pairs import family_matrices, family_r, pair_table, variant_agreement
from generator.analysis.saturation import (
    RANGE_OF_NORMALS,
    co_activating,
    discriminating_axis,
    release_span,
    released_by,
    saturation_history,
    saturation_table,
    spread_ratio,
    top_models,
)
from generator.analysis.width import width_partial, width_regression, width_table, width_test
from tests.analysis.tables import LOSS, PYTHIA_SIZES, base_panel, family_panel, frontier_panel, make_panel

HS, TQA, SWE, GPQA = "hellaswag", "truthfulqa", "swe-bench-verified", "gpqa-diamond"


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(9)


def test_the_top_five_by_swe_spread_nine_points_on_gpqa_and_one_on_swe() -> None:
    statistic = spread_ratio(frontier_panel(), SWE, GPQA)
    assert statistic.details["range"] == pytest.approx(0.9)
    assert statistic.details["reference_range"] == pytest.approx(9.1)
    assert statistic.details["order_by"] == SWE
    assert statistic.inputs[0] == "claude-opus-4.5"
    other = spread_ratio(frontier_panel(), SWE, GPQA, order_by=GPQA)
    assert other.inputs[0] == "gemini-3.1-pro"
    assert "5 are needed" in spread_ratio(frontier_panel(), GPQA, "ifeval").reason


def test_ties_at_the_top_are_broken_by_id() -> None:
    panel = family_panel([50, 50, 40], [1, 2, 3])
    assert list(top_models(panel, HS, k=2).index) == ["m0", "m1"]


def test_mean_ranges_of_normals_agree_with_simulation(rng: np.random.Generator) -> None:
    for k in (2, 5, 10):
        assert np.ptp(rng.normal(size=(100_000, k)), axis=1).mean() == pytest.approx(RANGE_OF_NORMALS[k], rel=0.01)


def test_an_axis_within_its_noise_does_not_discriminate() -> None:
    table = saturation_table(frontier_panel(), [SWE, GPQA, "ifeval"]).set_index("axis")
    assert not table.loc[SWE, "discriminates"]
    assert table.loc[SWE, "headroom"] == pytest.approx(19.1)
    assert table.loc["ifeval", "k"] == 4
    wide = saturation_table(base_panel(), ["mmlu"]).iloc[0]
    assert wide["discriminates"]


def test_unknown_noise_leaves_the_question_open() -> None:
    bare = frontier_panel().complete((SWE, GPQA))
    row = saturation_table(bare, [SWE]).iloc[0]
    assert row["discriminates"] is None
    assert np.isnan(row["signal"])
    assert discriminating_axis(bare, [SWE]).reason == "no axis has 10 models and a known number of items"


def test_the_discriminating_axis_is_the_one_with_most_signal_among_well_filled_ones() -> None:
    statistic = discriminating_axis(base_panel(), [HS, TQA, "mmlu"])
    signals = {row["axis"]: row["signal"] for row in statistic.details["table"]}
    assert statistic.details["axis"] == max(signals, key=lambda axis: signals[axis])
    assert statistic.estimate == max(signals.values())


def test_co_activation_needs_r_above_one_half() -> None:
    table = co_activating(frontier_panel(), SWE, [GPQA, "ifeval"]).set_index("candidate")
    assert bool(table.loc[GPQA, "co_activates"])
    assert not table.loc["ifeval", "co_activates"]
    assert table.loc["ifeval", "n"] == 4
    panel = frontier_panel().subset(["o1", "o3"])
    assert "at least 3" in co_activating(panel, SWE, [GPQA])["reason"].iloc[0]


def test_history_follows_the_as_of_dates() -> None:
    panel = frontier_panel()
    days = [dt.date(2025, 6, 30), dt.date(2026, 4, 1)]
    panels = {day: released_by(panel, day) for day in days}
    history = saturation_history(panels, [GPQA])
    assert history["as_of"].tolist() == ["2025-06-30", "2026-04-01"]
    assert history["n"].is_monotonic_increasing
    assert history["n"].iloc[0] < history["n"].iloc[1]
    assert saturation_history({}, [GPQA]).empty
    span = release_span(panel, GPQA)
    assert span is not None
    assert 2024 < span[0] < span[1] < 2027


def test_models_known_to_the_year_count_from_its_last_day() -> None:
    assert "gpt-5.1" not in released_by(frontier_panel(), dt.date(2025, 12, 30)).models.index
    assert "gpt-5.1" in released_by(frontier_panel(), dt.date(2025, 12, 31)).models.index


def test_width_ratios_are_the_recomputed_ones() -> None:
    table = width_table(base_panel(), HS, TQA).set_index("family")
    expected = {"pythia": 0.9626, "opt": 0.95471, "bloom": 0.97742, "cerebras-gpt": 0.98589}
    assert table.loc[list(expected), "r_ratio"].to_dict() == pytest.approx(expected, abs=5e-5)
    assert table.loc["opt", "r"] == pytest.approx(-0.9704, abs=6e-6)


def test_permuting_truthfulness_or_noise_gives_the_same_ratio_correlation(rng: np.random.Generator) -> None:
    statistic = width_test(base_panel(), HS, TQA, "pythia", rng=rng)
    assert statistic.estimate == pytest.approx(0.9626, abs=5e-5)
    assert statistic.p["permuted y"] > 0.1
    for null in ("permuted y", "uniform noise", "constant y"):
        assert (statistic.baselines[null] or 0) > 0.9
    assert statistic.baselines["raw r"] == pytest.approx(-0.98862, abs=5e-6)
    assert "3 of different width" in width_test(base_panel(), HS, TQA, "yi", rng=rng).reason


def test_a_true_coupling_beyond_the_shared_divisor_is_seen(rng: np.random.Generator) -> None:
    panel = family_panel([20, 30, 40, 50, 60, 70, 80, 90], [10, 20, 30, 40, 50, 60, 70, 80])
    models = panel.models.assign(d_model=[900, 1000, 800, 1100, 950, 1050, 850, 1000])
    statistic = width_test(make_panel(panel.scores, models), HS, TQA, "f", rng=rng, resamples=2_000)
    assert statistic.p["permuted y"] < 0.01


def test_coupling_without_a_shared_divisor(rng: np.random.Generator) -> None:
    partial = width_partial(base_panel(), HS, TQA)
    assert partial.details["given"] == ["log_d_model", "log_params"]
    assert partial.n == 62
    one = width_regression(base_panel(), HS, TQA, "pythia")
    pythia = base_panel().family("pythia", (HS, TQA))
    design = np.column_stack([np.ones(8), pythia[HS], np.log10(pythia["d_model"].astype(float))])
    beta, *_ = np.linalg.lstsq(design, pythia[TQA].to_numpy(), rcond=None)
    assert one.estimate == pytest.approx(beta[1])
    assert one.details["width"]["slope"] == pytest.approx(beta[2])
    assert one.details["df"] == 5
    assert one.details["variance_inflation"] > 10
    pooled = width_regression(base_panel(), HS, TQA)
    assert pooled.interval is not None
    assert "degrees of freedom" in width_regression(base_panel(), HS, TQA, "falcon").reason
    assert "degrees of freedom" in width_regression(base_panel(), HS, TQA, "nobody").reason


def test_the_loss_law_is_the_recomputed_one_and_agrees_with_scipy() -> None:
    fit = power_law(PYTHIA_SIZES, LOSS)
    assert (fit.floor, fit.scale) == (pytest.approx(1.5332, abs=5e-5), pytest.approx(153.59, abs=0.01))
    assert (fit.alpha, fit.se_alpha) == (pytest.approx(0.23775, abs=5e-6), pytest.approx(0.014978, abs=5e-6))
    assert (fit.r_squared, fit.cv) == (pytest.approx(0.99942, abs=5e-6), pytest.approx(0.0084446, abs=5e-5))
    theirs, covariance = scipy.optimize.curve_fit(
        lambda n, e, a, b: e + a * n**-b, PYTHIA_SIZES, LOSS, p0=(1.5, 150, 0.24)
    )
    assert (fit.floor, fit.scale, fit.alpha) == pytest.approx(tuple(theirs), rel=1e-4)
    assert fit.se_alpha == pytest.approx(float(np.sqrt(covariance[2, 2])), rel=1e-3)
    statistic = power_law_exponent(PYTHIA_SIZES, LOSS)
    assert statistic.interval is not None
    assert (statistic.interval.low or 0) < 0.238 < (statistic.interval.high or 0)
    assert "a power law with a floor needs 4" in power_law_exponent(PYTHIA_SIZES[:3], LOSS[:3]).reason


def test_eight_losses_would_not_show_a_kink_that_changes_the_exponent_by_half(rng: np.random.Generator) -> None:
    statistic = kink_power(PYTHIA_SIZES, LOSS, at=3.5e9, rng=rng, simulations=1_000)
    power = {row["change"]: row["power"] for row in statistic.details["power"]}
    assert power[0.5] < 0.8
    assert power[-0.5] < 0.8
    assert power[2.0] > 0.8
    assert statistic.details["size"] == pytest.approx(0.05, abs=0.04)
    assert statistic.details["observed_p"] > 0.05
    assert "2 on each side" in kink_power(PYTHIA_SIZES, LOSS, at=1e12, rng=rng).reason
    blind = kink_power(PYTHIA_SIZES, LOSS, at=3.5e9, rng=rng, simulations=200, noise=0.5)
    assert blind.estimate is None


def test_a_kinked_loss_is_continuous_and_unchanged_below_the_kink() -> None:
    fit = power_law(PYTHIA_SIZES, LOSS)
    kinked = kinked_loss(fit, PYTHIA_SIZES, at=3.5e9, change=1.0)
    below = PYTHIA_SIZES < 3.5e9
    assert kinked[below] == pytest.approx(fit.at(PYTHIA_SIZES[below]))
    assert (kinked[~below] < fit.at(PYTHIA_SIZES[~below])).all()
    assert kinked_loss(fit, np.array([3.5e9]), at=3.5e9, change=2.0) == pytest.approx(fit.at(3.5e9))


def test_every_pair_of_a_reasoning_and_a_truthfulness_axis_is_tried(rng: np.random.Generator) -> None:
    table = pair_table(base_panel(), [HS, "arc-challenge", "piqa"], [TQA, "mmlu"], rng=rng, resamples=100)
    assert set(zip(table["x"], table["y"], strict=True)) == set(itertools.product([HS, "arc-challenge"], [TQA, "mmlu"]))
    row = table[(table["x"] == HS) & (table["y"] == TQA)].iloc[0]
    assert row["r"] == pytest.approx(0.089309, abs=5e-7)
    assert row["intervals"] == 43
    assert row["families_falling"] == sum(r < 0 for r in family_r(base_panel(), HS, TQA).values() if r is not None)


def test_family_matrices_hold_the_family_correlations() -> None:
    matrices = family_matrices(base_panel(), [HS, TQA, "mmlu"])
    assert set(matrices) == {"bloom", "cerebras-gpt", "llama-3", "opt", "pythia", "qwen2.5"}
    assert matrices["pythia"].r.loc[HS, TQA] == pytest.approx(-0.98862, abs=5e-6)
    assert matrices["pythia"].r.loc[TQA, "mmlu"] == pytest.approx(-0.34851, abs=5e-6)


def test_two_scorings_of_one_benchmark_are_compared_interval_by_interval() -> None:
    panel = base_panel()
    scores = panel.scores.assign(**{"truthfulqa-mc1": panel.scores[TQA] - 15})
    same = variant_agreement(make_panel(scores, panel.models), HS, TQA, "truthfulqa-mc1")
    assert same.estimate == 1
    assert 0.4 < (same.baselines["independent signs"] or 0) < 1
    opposite = scores.assign(**{"truthfulqa-mc1": 100 - panel.scores[TQA]})
    turned = variant_agreement(make_panel(opposite, panel.models), HS, TQA, "truthfulqa-mc1")
    assert turned.estimate == 0
    assert turned.details["both_resolved_agree"] == 0
    empty = scores.assign(**{"truthfulqa-mc1": np.nan})
    assert variant_agreement(make_panel(empty, panel.models), HS, TQA, "truthfulqa-mc1").estimate is None
    single = family_panel([40, 50, 60], [1, 2, 4])
    lone = single.models.assign(family=["a", "b", "c"])
    with_mc1 = single.scores.assign(**{"truthfulqa-mc1": [1.0, 2.0, 5.0]})
    assert (
        variant_agreement(make_panel(with_mc1, lone), HS, TQA, "truthfulqa-mc1").reason
        == "no interval has both couplings"
    )


def test_a_bare_frame_serves_as_well_as_a_panel(rng: np.random.Generator) -> None:
    frame = base_panel().complete((HS, TQA, "mmlu"))
    assert isinstance(frame, pd.DataFrame)
    assert variant_agreement(frame, HS, TQA, "mmlu").details["compared"] > 20
    assert len(pair_table(frame, [HS], [TQA], rng=rng, resamples=50)) == 1
