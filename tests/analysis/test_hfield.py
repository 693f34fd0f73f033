"""The h-field: published values, agreement with statsmodels, labs, trajectories, oscillation, effort tiers."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf

from generator.analysis.emphasis import (
    effort_table,
    find_effort_tiers,
    lab_oscillation,
    oscillation_test,
    reversals,
    trajectory,
    trend_in_time,
)
from generator.analysis.hfield import (
    coupling_slope,
    h_label,
    h_table,
    lab_table,
    leave_one_lab_out,
    line_of,
)
from generator.analysis.line import LineFit, deming_line, fit_line, huber_line, mixed_line
from tests.analysis.tables import frontier_core, frontier_panel

SWE, GPQA = "swe-bench-verified", "gpqa-diamond"


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(4)


@pytest.fixture
def xy() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    table = frontier_panel().complete((SWE, GPQA))
    return table[SWE].to_numpy(dtype=float), table[GPQA].to_numpy(dtype=float), table["lab"].to_numpy()


def test_the_frontier_line_is_the_recomputed_one() -> None:
    line = line_of(frontier_panel(), SWE, GPQA)
    assert line is not None
    assert (line.slope, line.intercept, line.n) == (
        pytest.approx(0.51308, abs=5e-6),
        pytest.approx(46.38, abs=5e-4),
        34,
    )
    later = line_of(frontier_panel("core", "extended", "post_cutoff"), SWE, GPQA)
    assert later is not None
    assert (later.slope, later.intercept) == (pytest.approx(0.52664, abs=5e-6), pytest.approx(45.721, abs=5e-4))


def test_h_of_known_models_is_the_recomputed_one() -> None:
    line = line_of(frontier_panel(), SWE, GPQA)
    table = h_table(frontier_panel("core", "extended", "post_cutoff"), SWE, GPQA, fit=line)["h"]
    expected = {
        "claude-3.5-haiku": -26.21,
        "gpt-4o": -9.81,
        "deepseek-v2.5": 11.2,
        "o1": 10.58,
        "claude-opus-4.6": 3.46,
        "claude-opus-4.7": 2.87,
        "glm-5.1": -0.3,
        "gemini-3.1-pro": 6.57,
    }
    assert table[list(expected)].to_dict() == pytest.approx(expected, abs=0.006)
    assert (np.abs(h_table(frontier_panel(), SWE, GPQA)["h"]) > 10).sum() == 8


def test_line_intervals_agree_with_statsmodels(xy: tuple[np.ndarray, ...]) -> None:
    x, y, _ = xy
    fit = fit_line(x, y)
    model = sm.OLS(y, sm.add_constant(x)).fit()
    assert (fit.intercept, fit.slope) == pytest.approx(tuple(model.params))
    assert (fit.se_intercept, fit.se_slope) == pytest.approx(tuple(model.bse))
    assert fit.r_squared == pytest.approx(model.rsquared)
    frame = model.get_prediction(sm.add_constant(np.array([50.0, 90.0]))).summary_frame()
    assert [fit.half_width(v, new=True) for v in (50, 90)] == pytest.approx(list(frame["obs_ci_upper"] - frame["mean"]))
    assert [fit.half_width(v, new=False) for v in (50, 90)] == pytest.approx(
        list(frame["mean_ci_upper"] - frame["mean"])
    )
    influence = model.get_influence()
    table = h_table(frontier_panel(), SWE, GPQA)
    assert table["leverage"].to_numpy() == pytest.approx(influence.hat_matrix_diag)
    assert table["h_left_out"].to_numpy() == pytest.approx(influence.resid_press)


def test_a_line_survives_json(xy: tuple[np.ndarray, ...]) -> None:
    fit = fit_line(xy[0], xy[1])
    assert LineFit.from_dict(fit.as_dict()) == fit
    with pytest.raises(ValueError, match="3 points"):
        fit_line(np.ones(5), np.arange(5.0))


def test_huber_line_agrees_with_statsmodels(xy: tuple[np.ndarray, ...]) -> None:
    x, y, _ = xy
    theirs = sm.RLM(y, sm.add_constant(x), M=sm.robust.norms.HuberT()).fit(tol=1e-12, maxiter=500).params
    assert huber_line(x, y) == pytest.approx((theirs[1], theirs[0]), rel=1e-6)


def test_mixed_line_agrees_with_statsmodels(xy: tuple[np.ndarray, ...]) -> None:
    x, y, labs = xy
    frame = pd.DataFrame({"x": x, "y": y, "lab": labs})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = smf.mixedlm("y ~ x", frame, groups=frame["lab"]).fit(reml=True)
    ours = mixed_line(x, y, labs)
    assert (ours.intercept, ours.slope) == pytest.approx(tuple(theirs.params[:2]), rel=1e-4)
    assert ours.between_variance == pytest.approx(float(theirs.cov_re.iloc[0, 0]), rel=1e-3)
    assert ours.within_variance == pytest.approx(theirs.scale, rel=1e-4)
    assert ours.effects["anthropic"] == pytest.approx(float(theirs.random_effects["anthropic"].iloc[0]), rel=1e-3)
    with pytest.raises(ValueError, match="no lab effect"):
        mixed_line(x, y, np.arange(len(x)).astype(str))


def test_deming_line_recovers_a_slope_that_least_squares_shrinks(rng: np.random.Generator) -> None:
    truth = rng.normal(50, 10, size=4_000)
    x, y = truth + rng.normal(0, 6, size=4_000), 3 + 0.8 * truth + rng.normal(0, 3, size=4_000)
    assert deming_line(x, y, variance_ratio=9 / 36)[0] == pytest.approx(0.8, abs=0.03)
    assert fit_line(x, y).slope < 0.65
    assert deming_line(x, x)[0] == pytest.approx(1)
    with pytest.raises(ValueError, match="no direction"):
        deming_line(np.array([0.0, 1, 0, 1]), np.array([0.0, 0, 1, 1]))


def test_slope_has_clustered_plain_and_alternative_lines(rng: np.random.Generator) -> None:
    statistic = coupling_slope(frontier_panel(), SWE, GPQA, rng=rng, resamples=400)
    assert statistic.estimate == pytest.approx(0.51308, abs=5e-6)
    assert statistic.p["t"] == pytest.approx(1.335e-6, rel=1e-3)
    assert set(statistic.others) == {"plain", "clustered", "clustered-bootstrap"}
    assert statistic.details["deming"]["stderr_from"] == ["binomial"]
    assert statistic.details["deming"]["slope"] > statistic.estimate
    assert statistic.details["mixed"]["between_variance"] > 0
    bare = coupling_slope(frontier_panel().complete((SWE, GPQA)), SWE, GPQA, rng=rng, resamples=400)
    assert bare.details["deming"] is None
    assert coupling_slope(frontier_panel("none"), SWE, GPQA, rng=rng).estimate is None


def test_labels_keep_their_ends_in_the_middle() -> None:
    assert [h_label(h) for h in (-5.1, -5, 0, 5, 5.1)] == [
        "coding-first",
        "balanced",
        "balanced",
        "balanced",
        "reasoning-rich",
    ]


def test_lab_means_slopes_and_leave_one_out_slopes_are_the_recomputed_ones() -> None:
    labs = lab_table(frontier_panel(), SWE, GPQA).set_index("lab")
    means = {"anthropic": -9.3501, "deepseek": 4.1887, "google": 1.941, "openai": 3.3848, "xai": 5.0665}
    assert labs.loc[list(means), "mean_h"].to_dict() == pytest.approx(means, abs=5e-4)
    slopes = {"google": 1.1525, "openai": 0.54553, "anthropic": 0.97344, "deepseek": 0.23228}
    assert labs.loc[list(slopes), "slope"].to_dict() == pytest.approx(slopes, abs=5e-5)
    assert labs.loc["google", "slope_high"] - labs.loc["google", "slope"] == pytest.approx(1.1043, abs=5e-4)
    assert labs.loc["google", "slope_min"] == pytest.approx(0.56954, abs=5e-6)
    assert labs.loc["deepseek", "p"] == pytest.approx(0.069639, abs=5e-6)
    assert labs["slope"].isna().sum() == 6
    assert abs(labs.loc["xai", "pooled_h"]) < abs(labs.loc["xai", "mean_h"])
    core = h_table(frontier_panel(), SWE, GPQA).loc[frontier_core()].groupby("lab")["h"].mean()
    assert core[["google", "anthropic"]].tolist() == pytest.approx([5.4687, -6.9414], abs=5e-4)


def test_leave_one_lab_out_errors_are_the_recomputed_ones_beside_their_baseline() -> None:
    table = leave_one_lab_out(frontier_panel(), SWE, GPQA).set_index("lab")
    assert table["mae"].to_dict() == pytest.approx(
        {"anthropic": 12.39, "deepseek": 10.556, "google": 7.3094, "openai": 6.5507}, abs=5e-4
    )
    assert table["mae"].mean() == pytest.approx(9.2014, abs=5e-5)
    assert table["baseline_mae"].mean() == pytest.approx(10.511, abs=5e-4)
    assert not table.loc["deepseek", "better"]


def test_tables_of_an_empty_panel_are_empty() -> None:
    empty = frontier_panel("none")
    for table in (h_table(empty, SWE, GPQA), lab_table(empty, SWE, GPQA), trajectory(empty, SWE, GPQA, "google")):
        assert table.empty
    assert line_of(empty, SWE, GPQA) is None


def test_a_trajectory_follows_release_dates_and_marks_excursions_and_swings() -> None:
    line = line_of(frontier_panel(), SWE, GPQA)
    path = trajectory(frontier_panel("core", "extended", "post_cutoff"), SWE, GPQA, "deepseek", fit=line)
    assert path["h"].tolist() == pytest.approx([11.2, 7.9707, 2.2367, -4.6531, 2.3659], abs=0.005)
    assert path["excursion"].tolist() == [True, False, False, False, False]
    assert path["order_known"].all()
    anthropic = trajectory(frontier_panel(), SWE, GPQA, "anthropic")
    assert not anthropic["order_known"].all()
    assert anthropic["swing"].any()
    trend = trend_in_time(path)
    assert trend is not None
    assert trend["low"] < trend["slope"] < trend["high"]
    assert trend_in_time(path.iloc[:2]) is None


def test_reversals_count_turns() -> None:
    assert reversals(np.array([1, 3, 2, 4])) == 2
    assert reversals(np.array([[1, 2, 3], [1, 2, 1]])).tolist() == [0, 1]


def test_eight_releases_cannot_show_oscillation_and_nine_alternating_ones_can(rng: np.random.Generator) -> None:
    eight = oscillation_test([0, 9, 1, 8, 2, 7, 3, 6], rng=rng)
    assert eight.estimate == 6
    assert eight.p == {}
    assert "perfect alternation" in eight.details["p_reason"]
    ten = oscillation_test([0, 9, 1, 8, 2, 7, 3, 6, 4, 5], rng=rng)
    assert ten.p["shuffled order"] < 0.05
    assert ten.baselines["mean of shuffled orders"] == pytest.approx(2 * 8 / 3, abs=0.1)
    steady = oscillation_test(list(range(10)), rng=rng)
    assert steady.p["shuffled order"] == 1
    assert oscillation_test([1, 2], rng=rng).estimate is None


def test_oscillation_p_does_not_reject_shuffled_series_too_often(rng: np.random.Generator) -> None:
    p = [oscillation_test(rng.normal(size=12), rng=rng, resamples=199).p["shuffled order"] for _ in range(300)]
    assert np.mean(np.array(p) <= 0.05) < 0.09


def test_a_lab_without_fixed_dates_says_so(rng: np.random.Generator) -> None:
    statistic = lab_oscillation(frontier_panel(), SWE, GPQA, "anthropic", rng=rng, resamples=200)
    assert statistic.details["order_known"] is False
    assert len(statistic.inputs) == 8
    assert lab_oscillation(frontier_panel(), SWE, GPQA, "meta", rng=rng).estimate is None


def test_effort_tiers_are_found_by_name_and_shared_scores_are_noted() -> None:
    assert find_effort_tiers(["gpt-5.4-std", "gpt-5.4-xhigh", "o1", "gpt-5", "gpt-5-high"]) == {
        "gpt-5": ["gpt-5", "gpt-5-high"],
        "gpt-5.4": ["gpt-5.4-std", "gpt-5.4-xhigh"],
    }
    row = effort_table(frontier_panel(), SWE, GPQA).iloc[0]
    assert row["dh"] == pytest.approx(7.8)
    assert row["note"] == "the same first score is reported for both tiers"
    assert effort_table(frontier_panel(), SWE, GPQA, tiers={"x": ["o1", "o3"]})["dy"].iloc[0] == pytest.approx(9.7)
