"""Values that came with no check value, computed here a second way (scipy, statsmodels, plain loops)."""

import itertools
import math

import numpy as np
import pytest
from scipy import linalg, stats
from scipy.integrate import solve_ivp

from generator.analysis.claims.inputs import FIVE, HS, TQA


def value(results, claim, recipe, name):
    return results[claim].recomputed[recipe][name]


def test_the_permutation_p_counts_the_orders_one_by_one(results, inputs):
    x, y = inputs.ladder("pythia").scores.T
    observed = abs(np.corrcoef(x, y)[0, 1])
    a, b = x - x.mean(), y - y.mean()
    bound = observed * math.sqrt((a @ a) * (b @ b)) - 1e-9
    hits = sum(abs(float(np.dot(a, order))) >= bound for order in itertools.permutations(b))
    assert hits == 2
    assert value(results, "r-pythia-perm-p", "exact-v1", "p") == pytest.approx(2 / math.factorial(8))


def test_the_pooled_crossing_has_the_printed_bootstrap_when_the_script_is_written_out(results, inputs):
    rows = [inputs.ladder(family, variant="v2") for family in ("pythia", "llama-1", "llama-2")]
    log_n = np.concatenate([one.log_n for one in rows])
    scores = np.vstack([one.scores for one in rows])
    order = np.argsort(log_n, kind="stable")
    dx, dy = np.diff(scores[order, 0]), np.diff(scores[order, 1])
    kept = np.abs(dx) > 0.5
    t, gamma = ((log_n[order][1:] + log_n[order][:-1]) / 2)[kept], (dy[kept] / dx[kept])
    stream = np.random.RandomState(42)
    for _ in range(10_000):
        stream.choice(14, 14, replace=True)
    zeros = []
    for _ in range(2_000):  # the first fifth of the published resamples
        drawn = stream.choice(len(t), len(t), replace=True)
        slope, intercept = np.polyfit(t[drawn] - 9, gamma[drawn], 1)
        zeros.append(9 - intercept / slope)
    zeros = np.array(zeros)
    median = 10 ** np.median(zeros[(zeros > 7) & (zeros < 12)]) / 1e9
    assert median == pytest.approx(value(results, "nc-gamma-pooled", "bootstrap-script", "median"), rel=0.03)
    found = results["nc-gamma-pooled"].recomputed["bootstrap-script"]
    assert [round(found[name], 1) for name in ("median", "low", "high")] == [4.4, 1.4, 95.6]
    assert round(found["nc"], 2) == 4.73


def test_the_sign_rule_is_counted_interval_by_interval(results, inputs):
    right = total = 0
    for family in inputs.intervals["family"].unique():
        ladder = inputs.clean_ladder(family)
        for i in range(len(ladder.models) - 1):
            gamma = np.diff(ladder.scores[i : i + 2, 1])[0] / np.diff(ladder.scores[i : i + 2, 0])[0]
            if ladder.params[i + 1] <= 3e9:
                right, total = right + (gamma <= 0), total + 1
            elif ladder.params[i] >= 1e10:
                right, total = right + (gamma > 0), total + 1
    assert (right, total) == (21, 25)
    found = results["sign-12-12"].recomputed["text-rule"]
    assert (found["correct"], found["of"]) == (21, 25)


def test_nine_of_forty_four_intervals_exceed_their_sampling_error(results, inputs):
    threshold = 1.96 * math.sqrt(1.5**2 + 1.5**2)
    changes = [
        abs(d) for f in inputs.intervals["family"].unique() for d in np.diff(inputs.clean_ladder(f).scores[:, 1])
    ]
    found = results["gamma-noise"].recomputed["resolved-intervals"]
    assert (found["resolved"], found["intervals"]) == (sum(c > threshold for c in changes), len(changes)) == (9, 44)


def test_olmo_is_zero_by_the_figure_script_and_negative_by_the_table(results):
    assert value(results, "olmo-gamma", "figure-script", "gamma") == (36.0 - 36.0) / (76.4 - 62.5)
    assert value(results, "olmo-gamma", "released-table", "gamma") == pytest.approx((35.7 - 36.4) / (78.0 - 63.5))


def test_the_effective_dimension_is_that_of_the_eigenvalues(results, inputs):
    upper = inputs.intervals
    negative = list(upper.loc[upper["gamma"] < 0, "upper"])
    eigenvalues = linalg.eigvalsh(np.cov(inputs.base_rows().loc[negative, list(FIVE)].to_numpy().T))
    expected = eigenvalues.sum() ** 2 / (eigenvalues**2).sum()
    found = results["d-eff"].recomputed["sign-of-own-gamma"]
    assert found["tax.d_eff"] == pytest.approx(expected)
    assert (found["tax.models"], found["tax.families"], found["bonus.models"]) == (26, 8, 17)
    assert (round(found["tax.d_eff"], 3), round(found["bonus.d_eff"], 3)) == (1.223, 1.284)


def test_the_constant_null_is_the_correlation_with_the_reciprocal_width(results, inputs):
    ladder = inputs.ladder("pythia")
    w = inputs.base_rows().loc[list(ladder.models), "d_model"].to_numpy() / 512
    expected = stats.pearsonr(ladder.scores[:, 0] / w, 40 / w).statistic
    assert value(results, "width-null", "nulls", "pythia.constant") == pytest.approx(expected)


def test_the_permutation_null_of_the_width_ratio_is_as_high_as_the_observed_one(results):
    found = results["width-null"].recomputed["nulls"]
    for family, mean in (
        ("pythia", 0.961),
        ("opt", 0.960),
        ("bloom", 0.981),
        ("cerebras-gpt", 0.982),
        ("gpt-neo", 0.978),
    ):
        assert found[f"{family}.permuted"] == pytest.approx(mean, abs=0.002)
        assert found[f"{family}.permuted.low"] < found[f"{family}.observed"] < found[f"{family}.permuted.high"]


def test_the_isocline_counts_are_made_model_by_model(results, inputs):
    own = sum(
        (row.y_to / 100 > math.sqrt(0.187 * row.x_to / 100)) == (row.gamma > 0) for row in inputs.intervals.itertuples()
    )
    assert value(results, "isocline-41-44", "own-row", "correct") == own == 22
    signs = results["isocline-signs"].recomputed["start-above-means-negative"]
    assert [signs[f"{f}.correct"] for f in ("opt", "bloom", "cerebras-gpt")] == [6, 4, 5]
    assert [signs[f"{f}.of"] for f in ("opt", "bloom", "cerebras-gpt")] == [7, 5, 6]


def test_frontier_errors_agree_with_statsmodels(results, inputs):
    import statsmodels.api as sm

    rows = inputs.frozen
    fit = sm.OLS(rows["gpqa"].to_numpy(), sm.add_constant(rows["swe"].to_numpy())).fit()
    found = results["fr-ci"].recomputed["standard-errors-34"]
    assert [found["intercept_se"], found["slope_se"]] == pytest.approx(list(fit.bse))
    intercept, slope = np.diff(fit.conf_int(), axis=1).ravel() / 2
    assert [found["intercept_half_width"], found["slope_half_width"]] == pytest.approx([intercept, slope])
    later = inputs.frontier_rows[inputs.frontier_rows["subset"] == "post_cutoff"]
    frame = fit.get_prediction(sm.add_constant(later["swe"].to_numpy())).summary_frame()
    half = (frame["obs_ci_upper"] - frame["obs_ci_lower"]).to_numpy() / 2
    interval = results["fr-pi"].recomputed["prediction-interval"]
    assert (interval["half_width"], interval["half_width_highest"]) == pytest.approx((half.min(), half.max()))


def test_frontier_subsets_agree_with_scipy(results, inputs):
    rows = inputs.frozen
    core = rows[rows["subset"] == "core"]
    without = rows.drop(index=["gpt-5.4-std", "gpt-5.4-xhigh"])
    found = results["fr-subsets"].recomputed["both-gpt-5.4-tiers-left-out"]
    assert found["core.r"] == pytest.approx(stats.pearsonr(core["swe"], core["gpqa"]).statistic)
    assert found["no-tier.r"] == pytest.approx(stats.pearsonr(without["swe"], without["gpqa"]).statistic)
    assert (round(found["core.r"], 2), round(found["swe-40.r"], 2), round(found["no-tier.r"], 2)) == (0.65, 0.69, 0.72)


def test_the_interval_of_the_paper_is_the_normal_multiple_of_the_population_sd(results, inputs):
    rows = inputs.frozen
    fit = stats.linregress(rows["swe"], rows["gpqa"])
    residual = rows["gpqa"] - fit.intercept - fit.slope * rows["swe"]
    assert value(results, "fr-pi", "twice-residual-sd", "half_width") == pytest.approx(1.96 * np.std(residual))
    bands = results["fr-phase"].recomputed["counts-outside-bands"]
    assert [bands[f"outside_{band}"] for band in (10, 5, 3, 2)] == [
        int((abs(residual) > band).sum()) for band in (10, 5, 3, 2)
    ]


def test_the_spreads_are_ranges_of_the_five_highest(results, inputs):
    top = inputs.frozen.nlargest(5, "swe")
    found = results["fr-saturation"].recomputed["top-five-of-34"]
    assert found["swe"] == pytest.approx(top["swe"].max() - top["swe"].min()) == pytest.approx(0.9)
    assert found["gpqa"] == pytest.approx(top["gpqa"].max() - top["gpqa"].min()) == pytest.approx(9.1)
    assert found["hle"] is None


def test_the_correlation_with_ifeval_is_that_of_four_models(results):
    gpqa, ifeval = [91.3, 87.6, 88.4, 85.0], [94.0, 94.0, 92.6, 87.5]
    expected = stats.pearsonr(gpqa, ifeval).statistic
    assert value(results, "fr-matrix", "script-values", "gpqa-ifeval.r") == pytest.approx(expected)
    assert value(results, "fr-matrix", "script-values", "swe-hle.r") is None


def test_the_pythia_system_is_integrated_alike_by_runge_kutta(results, inputs):
    pythia, llama = inputs.ladder("pythia", FIVE), inputs.ladder("llama-2", FIVE)
    x, t = pythia.scores / 100, pythia.log_n
    rates = np.diff(x, axis=0) / np.diff(t)[:, None]
    design = np.column_stack([np.ones(7), (x[1:] + x[:-1]) / 2])
    coefficients = np.linalg.lstsq(design, rates, rcond=None)[0]
    found = solve_ivp(
        lambda _t, state: np.concatenate([[1.0], state]) @ coefficients,
        (llama.log_n[0], llama.log_n[-1]), llama.scores[0] / 100, t_eval=llama.log_n, rtol=1e-10, atol=1e-12,
    )  # fmt: skip
    true = llama.scores[1:] / 100
    expected = 100 * np.mean(np.abs(found.y.T[1:] - true) / true)
    assert value(results, "ode-true-llama2", "pythia-ode-from-7b", "mape") == pytest.approx(expected, rel=1e-5)
    assert round(expected, 1) == 32.7


def test_leaving_out_a_family_uses_no_model_of_that_family(results, inputs):
    """Pythia left out, written out with statsmodels' weighted least squares and Runge–Kutta."""
    import statsmodels.api as sm

    at, rates, lengths = [], [], []
    for family in sorted(inputs.clean.dropna(subset=list(FIVE))["family"].unique()):
        ladder = inputs.clean_ladder(family, FIVE)
        if family == "pythia" or len(ladder.models) < 2:
            continue
        x, length = ladder.scores / 100, np.diff(ladder.log_n)
        at.append((x[1:] + x[:-1]) / 2)
        rates.append(np.diff(x, axis=0) / length[:, None])
        lengths.append(length)
    design, weights = sm.add_constant(np.vstack(at)), np.concatenate(lengths)
    coefficients = np.column_stack(
        [sm.WLS(column, design, weights=weights).fit().params for column in np.vstack(rates).T]
    )
    pythia = inputs.ladder("pythia", FIVE)
    found = solve_ivp(
        lambda _t, state: np.concatenate([[1.0], state]) @ coefficients,
        (pythia.log_n[0], pythia.log_n[-1]), pythia.scores[0] / 100, t_eval=pythia.log_n, rtol=1e-10, atol=1e-12,
    )  # fmt: skip
    expected = np.abs(found.y.T[1:] * 100 - pythia.scores[1:]).mean()
    assert value(results, "ode-lofo", "weights-dlogn", "pythia.mae") == pytest.approx(expected, rel=1e-5)
    assert value(results, "ode-lofo", "weights-dlogn", "families") == 10


def test_the_fixed_point_of_opt_is_that_of_three_differences(results):
    coupling, log_n = np.array([0.514, 0.645, 0.741, 0.876]), np.log10([0.125e9, 1.3e9, 6.7e9, 13e9])
    fit = stats.linregress((coupling[1:] + coupling[:-1]) / 2, np.diff(coupling) / np.diff(log_n))
    found = results["opt-fixed-point"].recomputed["three-differences"]
    assert [found["slope"], found["intercept"], found["p"]] == pytest.approx([fit.slope, fit.intercept, fit.pvalue])
    assert found["attracting"] is False


def test_the_wilson_interval_agrees_with_statsmodels(results):
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint(38, 40, method="wilson")
    found = results["heads-38-40"].recomputed["wilson"]
    assert (found["low"], found["high"]) == pytest.approx((low, high))


def test_the_pythia_arrays_differ_between_the_papers_files(inputs):
    scores = {variant: inputs.ladder("pythia", (HS, TQA), variant=variant).scores for variant in ("v1", "v2", "v3")}
    assert not np.allclose(scores["v1"], scores["v2"])
    assert not np.allclose(scores["v1"], scores["v3"])
