"""Recipes for the claims on the frontier regression: fit, p, errors, subsets, prediction interval, left-out labs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from generator.analysis.claims.inputs import GPQA, SWE, ClaimInputs
from generator.analysis.claims.numerics import line, pearson
from generator.analysis.claims.recipes import LiveRequest, Recipes, Values
from generator.analysis.hfield import coupling_slope, h_table, leave_one_lab_out
from generator.analysis.line import LineFit, fit_line
from generator.analysis.population import correlation, population_coupling
from generator.analysis.resample import t_quantile
from generator.analysis.result import Statistic

CATALOGUE = Recipes()
PRINTED_LINE = (0.513, 46.4)  # slope and intercept as printed
PRINTED_HALF_WIDTH = 16.2  # of the printed band about it, pp
DUPLICATE = "glm-5.1"  # scores identical to GLM-5
TIER_ROWS = ("gpt-5.2-pro", "gpt-5.4-xhigh")  # rows that exist because of a compute tier
TIERS_OF_ONE = ("gpt-5.4-std", "gpt-5.4-xhigh")  # the two effort tiers of one model


def fit_of(rows: pd.DataFrame) -> LineFit:
    """Least-squares line of GPQA on SWE-bench (percent)."""
    return fit_line(rows["swe"].to_numpy(), rows["gpqa"].to_numpy())


def residuals(rows: pd.DataFrame, fit: LineFit | None = None) -> pd.Series:
    """h of each row against `fit` (default: the line of these rows), pp, index model id."""
    fit = fit or fit_of(rows)
    return rows["gpqa"] - (fit.intercept + fit.slope * rows["swe"])


@CATALOGUE.add("fr-fit", "least-squares-34")
@CATALOGUE.add("fr-p", "t-test-34")
def fit_34(inputs: ClaimInputs) -> Values:
    """Least squares of GPQA on SWE-bench over the 34 frozen rows; two-sided t-test of r."""
    return line(inputs.frozen["swe"].to_numpy(), inputs.frozen["gpqa"].to_numpy()).values()


@CATALOGUE.live("fr-fit", "fr-ci", "fr-refit39")
def fit_live(request: LiveRequest) -> list[Statistic]:
    """Slope and r over the live frontier models, clustered by lab."""
    panel, rng, resamples = request.panel, request.rng, request.resamples
    return [
        coupling_slope(panel, SWE, GPQA, rng=rng, resamples=resamples),
        population_coupling(panel, SWE, GPQA, rng=rng, resamples=resamples),
    ]


@CATALOGUE.live("fr-p")
def p_live(request: LiveRequest) -> list[Statistic]:
    """r over the live frontier models with t and permutation p (over all models, and within labs)."""
    return [population_coupling(request.panel, SWE, GPQA, rng=request.rng, resamples=request.resamples)]


@CATALOGUE.add("fr-ci", "standard-errors-34")
def errors_34(inputs: ClaimInputs) -> Values:
    """Standard errors and 95 % half-widths (Student t) of slope and intercept, 34 rows."""
    return _errors(inputs.frozen)


@CATALOGUE.add("fr-ci", "standard-errors-39")
def errors_39(inputs: ClaimInputs) -> Values:
    """The same over all 39 rows."""
    return _errors(inputs.frontier_rows)


def _errors(rows: pd.DataFrame) -> Values:
    fit = line(rows["swe"].to_numpy(), rows["gpqa"].to_numpy())
    t = t_quantile(0.975, len(rows) - 2)
    return {
        "slope_se": fit.se_slope,
        "intercept_se": fit.se_intercept,
        "slope_half_width": t * fit.se_slope,
        "intercept_half_width": t * fit.se_intercept,
        "n": len(rows),
    }


SUBSETS: dict[str, Callable[[pd.DataFrame], pd.Series]] = {
    "core": lambda rows: rows["subset"] == "core",
    "swe-40": lambda rows: rows["swe"] >= 40,
    "swe-60": lambda rows: rows["swe"] >= 60,
    "swe-70": lambda rows: rows["swe"] >= 70,
    "swe-75": lambda rows: rows["swe"] >= 75,
    "released-2024": lambda rows: rows["released"].str.startswith("2024"),
    "released-2025": lambda rows: rows["released"].str.startswith("2025"),
    "released-2026": lambda rows: rows["released"].str.startswith("2026"),
    "without-anthropic": lambda rows: rows["lab"] != "anthropic",
    "without-openai": lambda rows: rows["lab"] != "openai",
    "without-google": lambda rows: rows["lab"] != "google",
    "without-deepseek": lambda rows: rows["lab"] != "deepseek",
}


@CATALOGUE.add("fr-subsets", "tier-rows-left-out")
def subsets(inputs: ClaimInputs) -> Values:
    """r of the core rows, of SWE-bench ≥ 40, and without GPT-5.2 Pro and GPT-5.4 xhigh."""
    return _subset_values(inputs, TIER_ROWS)


@CATALOGUE.add("fr-subsets", "both-gpt-5.4-tiers-left-out")
def subsets_tiers(inputs: ClaimInputs) -> Values:
    """The same, with both effort tiers of GPT-5.4 as the rows left out."""
    return _subset_values(inputs, TIERS_OF_ONE)


def _subset_values(inputs: ClaimInputs, tiers: tuple[str, ...]) -> Values:
    rows = inputs.frozen
    values: dict = {}
    parts = {
        "core": rows[SUBSETS["core"](rows)],
        "swe-40": rows[SUBSETS["swe-40"](rows)],
        "no-tier": rows[~rows.index.isin(tiers)],
    }
    for name, part in parts.items():
        found = pearson(part["swe"].to_numpy(), part["gpqa"].to_numpy())
        values[f"{name}.r"], values[f"{name}.n"] = found["r"], found["n"]
    return values


@CATALOGUE.add("fr-subsets", "further-subsets")
def further_subsets(inputs: ClaimInputs) -> Values:
    """r by floor on SWE-bench, year of release and lab left out: is any below 0.5?"""
    rows = inputs.frozen
    values: dict = {}
    for name, choose in SUBSETS.items():
        part = rows[choose(rows)]
        found = pearson(part["swe"].to_numpy(), part["gpqa"].to_numpy())
        values[f"{name}.r"], values[f"{name}.n"] = found["r"], found["n"]
    below = [name for name in SUBSETS if isinstance(values[f"{name}.r"], float) and values[f"{name}.r"] < 0.5]
    smallest = min(SUBSETS, key=lambda name: values[f"{name}.r"])
    return values | {"below_half": below, "smallest": values[f"{smallest}.r"], "smallest_subset": smallest}


@CATALOGUE.live("fr-subsets")
def subsets_live(request: LiveRequest) -> list[Statistic]:
    """r among live models at or above 40, 60 and 75 on SWE-bench."""
    scores = request.panel.complete((SWE, GPQA))
    found = []
    for floor in (40, 60, 75):
        part = request.panel.subset(list(scores.index[scores[SWE] >= floor]))
        statistic = population_coupling(part, SWE, GPQA, rng=request.rng, resamples=request.resamples)
        found.append(replace(statistic, name=f"r, SWE-bench at least {floor}"))
    return found


@CATALOGUE.add("fr-pre2025", "released-before-2025")
def before_2025(inputs: ClaimInputs) -> Values:
    """The 34 rows divided at the first day of 2025 by the dates of the table."""
    return _divided(inputs.frozen, inputs.frozen["released"] < "2025")


@CATALOGUE.add("fr-pre2025", "released-before-december-2024")
def before_december(inputs: ClaimInputs) -> Values:
    """The same divided at the first day of December 2024."""
    return _divided(inputs.frozen, inputs.frozen["released"] < "2024-12")


def _divided(rows: pd.DataFrame, early: pd.Series) -> Values:
    first, second = rows[early], rows[~early]
    return {
        "early": len(first),
        "late": len(second),
        "early.swe_low": float(first["swe"].min()),
        "early.swe_high": float(first["swe"].max()),
        "late.swe_low": float(second["swe"].min()),
        "late.swe_high": float(second["swe"].max()),
        "early.r": pearson(first["swe"].to_numpy(), first["gpqa"].to_numpy())["r"],
        "late.r": pearson(second["swe"].to_numpy(), second["gpqa"].to_numpy())["r"],
        "december_2024": [str(name) for name in rows.index[rows["released"] == "2024-12"]],
    }


@CATALOGUE.add("fr-lolo", "refit-without-the-lab")
def left_out_labs(inputs: ClaimInputs) -> Values:
    """Mean over labs with three models or more of the MAE of the line fitted without the lab; baseline: mean of the others."""
    return _left_out(inputs.frozen)


@CATALOGUE.add("fr-lolo", "all-models-weighted")
def left_out_models(inputs: ClaimInputs) -> Values:
    """Every lab left out in turn, errors averaged over models."""
    rows = inputs.frozen
    errors, base = [], []
    for lab in rows["lab"].unique():
        own, others = rows[rows["lab"] == lab], rows[rows["lab"] != lab]
        errors.extend(residuals(own, fit_of(others)).abs())
        base.extend((own["gpqa"] - others["gpqa"].mean()).abs())
    return {"mean": float(np.mean(errors)), "baseline": float(np.mean(base)), "n": len(errors)}


def _left_out(rows: pd.DataFrame) -> Values:
    values: dict = {}
    maes, bases = [], []
    for lab, own in rows.groupby("lab", sort=True):
        if len(own) < 3:
            continue
        others = rows[rows["lab"] != lab]
        maes.append(float(residuals(own, fit_of(others)).abs().mean()))
        bases.append(float((own["gpqa"] - others["gpqa"].mean()).abs().mean()))
        values[f"{lab}.mae"], values[f"{lab}.baseline"] = maes[-1], bases[-1]
    return {
        "mean": float(np.mean(maes)),
        "sd": float(np.std(maes)),
        "sd_sample": float(np.std(maes, ddof=1)),
        "baseline": float(np.mean(bases)),
        "gain": float(np.mean(bases) - np.mean(maes)),
        "labs": len(maes),
        **values,
    }


@CATALOGUE.live("fr-lolo")
def left_out_live(request: LiveRequest) -> list[Statistic]:
    """Mean of the left-out labs' MAE on the live panel beside that of predicting the mean of the other labs."""
    table = leave_one_lab_out(request.panel, SWE, GPQA)
    how = "line refitted without the lab, labs with three models or more; mean of the labs' mean absolute errors"
    if table.empty:
        return [Statistic.missing("left-out MAE", "no lab has three models with both scores", n=0, method=how)]
    return [
        Statistic(
            name="left-out MAE",
            estimate=float(table["mae"].mean()),
            n=len(table),
            method=how,
            unit="pp",
            baselines={"mean of the other labs": float(table["baseline_mae"].mean())},
            details={row.lab: [row.n, row.mae, row.baseline_mae] for row in table.itertuples()},
        )
    ]


@CATALOGUE.add("fr-pi", "twice-residual-sd")
def interval_published(inputs: ClaimInputs) -> Values:
    """1.96 times the residual SD of the 34 rows (divided by n), and how many of the five later rows fall within."""
    fit = fit_of(inputs.frozen)
    half = 1.96 * float(residuals(inputs.frozen, fit).std(ddof=0))
    later = residuals(inputs.frontier_rows[inputs.frontier_rows["subset"] == "post_cutoff"], fit)
    return {
        "half_width": half,
        "within": int((later.abs() <= half).sum()),
        "later": len(later),
        "largest_later": float(later.abs().max()),
    }


@CATALOGUE.add("fr-pi", "prediction-interval")
def interval_proper(inputs: ClaimInputs) -> Values:
    """Student-t prediction interval of a further model: half-widths over the five later rows and over the panel."""
    rows, fit = inputs.frozen, fit_of(inputs.frozen)
    later = inputs.frontier_rows[inputs.frontier_rows["subset"] == "post_cutoff"]
    at_later = [fit.half_width(x, new=True) for x in later["swe"]]
    at_panel = [fit.half_width(x, new=True) for x in rows["swe"]]
    within = sum(abs(h) <= half for h, half in zip(residuals(later, fit), at_later, strict=True))
    return {
        "half_width": min(at_later),
        "half_width_highest": max(at_later),
        "panel_lowest": min(at_panel),
        "panel_highest": max(at_panel),
        "residual_sd": fit.sigma,
        "within": int(within),
        "later": len(later),
    }


@CATALOGUE.live("fr-pi")
def interval_live(request: LiveRequest) -> list[Statistic]:
    """Share of live models within the papers' printed band around their printed line, and the live residual SD."""
    slope, intercept = PRINTED_LINE
    how = f"share of live models within ±{PRINTED_HALF_WIDTH} pp of {intercept} + {slope}·SWE"
    name = "share of models within the printed band"
    rows = request.panel.complete((SWE, GPQA))
    if len(rows) < 3:
        return [Statistic.missing(name, f"{len(rows)} models with both scores", n=len(rows), method=how)]
    h = rows[GPQA] - (intercept + slope * rows[SWE])
    own = h_table(request.panel, SWE, GPQA)
    details = {"sd_about_own_line": float(own["h"].std(ddof=0)), "mean_h": float(h.mean())}
    share = float((h.abs() <= PRINTED_HALF_WIDTH).mean())
    return [Statistic(name=name, estimate=share, n=len(rows), method=how, unit="fraction", details=details)]


@CATALOGUE.add("fr-refit39", "least-squares-39")
def fit_39(inputs: ClaimInputs) -> Values:
    """Least squares over all 39 rows, with the left-out-lab error."""
    rows = inputs.frontier_rows
    return {**line(rows["swe"].to_numpy(), rows["gpqa"].to_numpy()).values(), "left_out_mae": _left_out(rows)["mean"]}


@CATALOGUE.add("fr-refit39", "without-duplicate")
def fit_38(inputs: ClaimInputs) -> Values:
    """Without GLM-5.1, whose scores repeat GLM-5."""
    rows = inputs.frontier_rows.drop(index=DUPLICATE)
    return line(rows["swe"].to_numpy(), rows["gpqa"].to_numpy()).values()


@CATALOGUE.add("fr-refit39", "points-on-the-line")
def fit_expected(inputs: ClaimInputs) -> Values:
    """r after adding five points that lie exactly on the old line at the same SWE-bench scores."""
    rows, fit = inputs.frozen, fit_of(inputs.frozen)
    later = inputs.frontier_rows[inputs.frontier_rows["subset"] == "post_cutoff"]["swe"].to_numpy()
    x = np.concatenate([rows["swe"].to_numpy(), later])
    y = np.concatenate([rows["gpqa"].to_numpy(), fit.intercept + fit.slope * later])
    r = correlation(x, y)
    return {"r": r, "rise": r - fit.r}
