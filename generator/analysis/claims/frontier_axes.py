"""Recipes for the claims on further frontier axes: coupling matrix, saturation, isoclines."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from generator.analysis.claims.frontier_line import fit_of
from generator.analysis.claims.inputs import GPQA, HLE, IFEVAL, SWE, ClaimInputs
from generator.analysis.claims.numerics import line, pearson
from generator.analysis.claims.recipes import LiveRequest, Recipes, Values
from generator.analysis.isocline import frontier_isocline, isocline
from generator.analysis.population import population_coupling
from generator.analysis.result import Statistic
from generator.analysis.saturation import spread_ratio

CATALOGUE = Recipes()
PRINTED_MATRIX = {(SWE, GPQA): 0.848, (GPQA, HLE): 0.715, (SWE, HLE): -0.251}  # the printed correlations under test
SCRIPT_VALUES = "20-model scripts, paper3A"  # start of `where` of the values that the 20-model scripts hold
KAPPA_SWE, KAPPA_GPQA = 0.513, 0.97


def _script_rows(inputs: ClaimInputs) -> pd.DataFrame:
    """The frozen rows with the values of the 20-model scripts (Qwen SWE-bench, MiniMax GPQA)."""
    rows = inputs.frozen.copy()
    changes = inputs.frontier.variants
    changes = changes[changes["where"].str.startswith(SCRIPT_VALUES)]
    short = {SWE: "swe", GPQA: "gpqa"}
    for model, column, value in zip(changes["model"], changes["column"], changes["value"], strict=True):
        rows.loc[model, short[column]] = value
    return rows


@CATALOGUE.add("fr-matrix", "script-values")
def matrix(inputs: ClaimInputs) -> Values:
    """What the released rows allow: GPQA with IFEval on four models, with the script's values.

    The member list behind n = 21 and every HLE score were not released, so the other three cells are empty.
    """
    rows = _script_rows(inputs).dropna(subset=["ifeval"])
    found = pearson(rows["gpqa"].to_numpy(), rows["ifeval"].to_numpy())
    return {
        "swe-gpqa.r": None,
        "gpqa-hle.r": None,
        "swe-hle.r": None,
        "gpqa-ifeval.r": found["r"],
        "gpqa-ifeval.n": found["n"],
        "gpqa-ifeval.p": found["p"],
        "hle_scores_released": int(inputs.frontier.table[HLE].notna().sum()),
    }


@CATALOGUE.add("fr-matrix", "released-rows")
def matrix_released(inputs: ClaimInputs) -> Values:
    """SWE-bench with GPQA over the core rows and over all 34, GPQA with IFEval with the table's own values."""
    rows, core = inputs.frozen, _script_rows(inputs)
    core = core[core["subset"] == "core"]
    four = rows.dropna(subset=["ifeval"])
    return {
        "core.r": pearson(core["swe"].to_numpy(), core["gpqa"].to_numpy())["r"],
        "core.n": len(core),
        "all.r": pearson(rows["swe"].to_numpy(), rows["gpqa"].to_numpy())["r"],
        "gpqa-ifeval-table.r": pearson(four["gpqa"].to_numpy(), four["ifeval"].to_numpy())["r"],
    }


@CATALOGUE.add("fr-matrix", "validity")
def matrix_validity(inputs: ClaimInputs) -> Values:  # noqa: ARG001 - the printed correlations alone are tested
    """Smallest eigenvalue of the printed SWE-bench, GPQA, HLE correlations: negative means no data can have them all."""
    axes = (SWE, GPQA, HLE)
    assembled = np.eye(3)
    for (first, second), r in PRINTED_MATRIX.items():
        i, j = axes.index(first), axes.index(second)
        assembled[i, j] = assembled[j, i] = r
    return {"smallest_eigenvalue": float(np.linalg.eigvalsh(assembled)[0])}


@CATALOGUE.live("fr-matrix")
def matrix_live(request: LiveRequest) -> list[Statistic]:
    """The same four pairs on the live panel, where it has both axes."""
    found = []
    for x, y in ((SWE, GPQA), (GPQA, HLE), (SWE, HLE), (GPQA, IFEVAL)):
        missing = [axis for axis in (x, y) if axis not in request.panel.scores.columns]
        name = f"r {x}~{y}"
        if missing:
            reason = f"the track has no axis {', '.join(missing)}"
            found.append(Statistic.missing(name, reason, n=0, method="Pearson correlation", axes=(x, y)))
            continue
        statistic = population_coupling(request.panel, x, y, rng=request.rng, resamples=request.resamples)
        found.append(replace(statistic, name=name))
    return found


@CATALOGUE.add("fr-saturation", "top-five-of-34")
def saturation(inputs: ClaimInputs) -> Values:
    """Range of SWE-bench and GPQA among the five frozen rows highest on SWE-bench."""
    return _spread(inputs.frozen)


@CATALOGUE.add("fr-saturation", "top-five-of-core")
def saturation_core(inputs: ClaimInputs) -> Values:
    """The same among the core rows."""
    return _spread(inputs.frozen[inputs.frozen["subset"] == "core"])


def _spread(rows: pd.DataFrame) -> Values:
    top = rows.sort_values("swe", ascending=False, kind="stable").head(5)
    swe, gpqa = float(np.ptp(top["swe"])), float(np.ptp(top["gpqa"]))
    return {
        "swe": swe,
        "gpqa": gpqa,
        "hle": None,
        "swe_over_gpqa": swe / gpqa,
        "gpqa_over_hle": None,
        "sd_ratio": float(top["swe"].std(ddof=0) / top["gpqa"].std(ddof=0)),
        "models": list(map(str, top.index)),
    }


@CATALOGUE.live("fr-saturation")
def saturation_live(request: LiveRequest) -> list[Statistic]:
    """Range of SWE-bench over range of GPQA, and of GPQA over HLE, among the live top five on SWE-bench."""
    found = []
    for axis, reference in ((SWE, GPQA), (GPQA, HLE)):
        name = f"spread {axis} over {reference}"
        if reference not in request.panel.scores.columns:
            reason = f"the track has no axis {reference}"
            found.append(Statistic.missing(name, reason, n=0, method="range among the five highest"))
            continue
        statistic = spread_ratio(request.panel, axis, reference, k=5, order_by=SWE)
        found.append(replace(statistic, name=name))
    return found


@CATALOGUE.add("fr-isocline", "square-roots")
def isoclines(inputs: ClaimInputs) -> Values:
    """Models below √(0.513·SWE) and below √(0.97·GPQA) on fractions, with the script's values; at: within 0.05 pp."""
    rows = _script_rows(inputs)
    below_first = rows.index[rows["gpqa"] < isocline(KAPPA_SWE, rows["swe"].to_numpy())]
    four = rows.dropna(subset=["ifeval"])
    critical = pd.Series(isocline(KAPPA_GPQA, four["gpqa"].to_numpy()), index=four.index)
    margin = four["ifeval"] - critical
    fit = line(four["gpqa"].to_numpy(), four["ifeval"].to_numpy())
    values: dict = {
        "kappa_swe": fit_of(inputs.frozen).slope,
        "kappa_gpqa": fit.slope,
        "ifeval_intercept": fit.intercept,
        "ifeval_n": fit.n,
        "below_swe": len(below_first),
        "below_swe.models": list(map(str, below_first)),
        "below_gpqa": int((margin < -0.05).sum()),
        "at_gpqa": int((margin.abs() <= 0.05).sum()),
    }
    for model in four.index:
        values[f"{model}.ifeval"], values[f"{model}.critical"] = (
            float(four.loc[model, "ifeval"]),
            float(critical[model]),
        )
    return values


@CATALOGUE.live("fr-isocline")
def isocline_live(request: LiveRequest) -> list[Statistic]:
    """Live models below the two printed isoclines."""
    found = []
    for x, y, kappa in ((SWE, GPQA, KAPPA_SWE), (GPQA, IFEVAL, KAPPA_GPQA)):
        name = f"models below the isocline of {y}"
        if y not in request.panel.scores.columns:
            found.append(
                Statistic.missing(name, f"the track has no axis {y}", n=0, method="isocline with κ as printed")
            )
            continue
        statistic = frontier_isocline(request.panel, x, y, kappa=kappa)
        if not statistic.n:
            found.append(Statistic.missing(name, "no model has both scores", n=0, method=statistic.method))
            continue
        below = statistic.details["below"]
        details = {"below": below, "kappa": kappa}
        found.append(replace(statistic, name=name, estimate=float(len(below)), unit="models", details=details))
    return found
