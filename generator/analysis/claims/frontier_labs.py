"""Recipes for the claims on h per model and lab: table, lab means, lab slopes, bands, DeepSeek's path."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd

from generator.analysis.claims.frontier_line import PRINTED_LINE, fit_of, residuals
from generator.analysis.claims.inputs import GPQA, SWE, ClaimInputs
from generator.analysis.claims.numerics import line
from generator.analysis.claims.recipes import LiveRequest, Recipes, Value, Values
from generator.analysis.emphasis import lab_oscillation, trajectory
from generator.analysis.hfield import h_table, lab_table
from generator.analysis.resample import t_quantile
from generator.analysis.result import Interval, Statistic
from generator.core import counted

CATALOGUE = Recipes()
OLD_LINE = (0.79, 24.9)  # the line of the dashboard and of the quick-start script
BANDS = (10.0, 5.0, 3.0, 2.0)  # pp: section 2.3, playbook, scripts, dashboard


def _h(inputs: ClaimInputs) -> pd.Series:
    """h of all 39 rows against the line of the 34, pp."""
    return residuals(inputs.frontier_rows, fit_of(inputs.frozen))


@CATALOGUE.add("fr-h-all", "unrounded-line")
def h_unrounded(inputs: ClaimInputs) -> Values:
    """h of all 39 rows against the unrounded line of the 34 rows."""
    return _named(_h(inputs))


@CATALOGUE.add("fr-h-all", "printed-line")
def h_printed(inputs: ClaimInputs) -> Values:
    """h against the line as printed, 0.513·SWE + 46.4, and the largest difference from the unrounded one."""
    return _h_against(inputs, PRINTED_LINE)


@CATALOGUE.add("fr-h-all", "old-line")
def h_old(inputs: ClaimInputs) -> Values:
    """h against 0.79·SWE + 24.9, which the dashboard uses."""
    return _h_against(inputs, OLD_LINE)


def _h_against(inputs: ClaimInputs, fit: tuple[float, float]) -> Values:
    rows = inputs.frontier_rows
    h = rows["gpqa"] - (fit[0] * rows["swe"] + fit[1])
    largest = float((h - _h(inputs)).abs().max())
    return {**_named(h), "largest_difference": largest}


def _named(h: pd.Series) -> dict[str, Value]:
    """h by model id."""
    return {str(model): float(value) for model, value in h.items()}


@CATALOGUE.live("fr-h-all", "fr-phase")
def h_live(request: LiveRequest) -> list[Statistic]:
    """How many live models lie more than 10, 5, 3 and 2 pp from the live line, and the models furthest from it."""
    table = h_table(request.panel, SWE, GPQA)
    how = "models whose h against the live line exceeds the band"
    if table.empty:
        return [Statistic.missing("models outside 5 pp", "no line: fewer than three models", n=0, method=how)]
    h = table.set_index("model")["h"]
    counts = {f"outside {band:g} pp": int((h.abs() > band).sum()) for band in BANDS}
    furthest = {str(model): float(h[model]) for model in h.abs().sort_values(ascending=False).index[:8]}
    return [
        Statistic(
            name="models outside 5 pp",
            estimate=float(counts["outside 5 pp"]),
            n=len(h),
            method=how,
            details=counts | {"furthest": furthest},
        )
    ]


@CATALOGUE.add("fr-lab-h", "core-means")
def lab_means(inputs: ClaimInputs) -> Values:
    """Mean h over the core models of a lab (`lab`), over all frozen models where it has no core model; both, and counts."""
    rows = inputs.frozen.assign(h=_h(inputs))
    values: dict = {}
    for lab, own in rows.groupby("lab", sort=True):
        core = own[own["subset"] == "core"]["h"]
        whole = float(own["h"].mean())
        values[str(lab)] = float(core.mean()) if len(core) else whole
        values[f"{lab}.core"] = float(core.mean()) if len(core) else None
        values[f"{lab}.all"] = whole
        values[f"{lab}.n"], values[f"{lab}.n_core"] = len(own), len(core)
    behind = [values[f"{lab}.n_core"] or values[f"{lab}.n"] for lab in rows["lab"].unique()]
    return values | {"labs": len(behind), "labs_of_one_model": behind.count(1)}


@CATALOGUE.add("fr-lab-h", "with-later-models")
def lab_means_all(inputs: ClaimInputs) -> Values:
    """Mean h over all 39 rows, later models included."""
    rows = inputs.frontier_rows.assign(h=_h(inputs))
    return {str(lab): float(value) for lab, value in rows.groupby("lab", sort=True)["h"].mean().items()}


@CATALOGUE.live("fr-lab-h")
def lab_means_live(request: LiveRequest) -> list[Statistic]:
    """Mean h of each live lab, with Student-t interval and the partially pooled mean beside it."""
    table = lab_table(request.panel, SWE, GPQA)
    how = "mean h of the lab's models against the live line; Student t over its models"
    found = []
    for row in table.itertuples():
        interval = None if pd.isna(row.low) else Interval(float(row.low), float(row.high), 0.95, "Student t")
        details = {} if pd.isna(row.pooled_h) else {"pooled_h": float(row.pooled_h)}
        found.append(
            Statistic(
                name=f"mean h {row.lab}",
                estimate=float(row.mean_h),
                n=int(row.n),
                method=how,
                unit="pp",
                interval=interval,
                details=details,
            )
        )
    return found or [Statistic.missing("mean h", "no line: fewer than three models", n=0, method=how)]


@CATALOGUE.add("fr-lab-slopes", "least-squares-per-lab")
def lab_slopes(inputs: ClaimInputs) -> Values:
    """Least squares within each lab of four frozen models or more; slopes without each model in turn."""
    rows = inputs.frozen
    values: dict = {}
    rs = []
    for lab, own in rows.groupby("lab", sort=True):
        if len(own) < 4:
            continue
        x, y = own["swe"].to_numpy(), own["gpqa"].to_numpy()
        fit = line(x, y)
        left_out = [line(np.delete(x, i), np.delete(y, i)).slope for i in range(len(x))]
        half = t_quantile(0.975, len(x) - 2) * fit.se_slope
        values |= {f"{lab}.n": fit.n, f"{lab}.slope": fit.slope, f"{lab}.r": fit.r, f"{lab}.p": fit.p}
        values |= {f"{lab}.half_width": half, f"{lab}.left_out": left_out}
        rs.append(fit.r)
    values["ratio"] = values["google.slope"] / values["deepseek.slope"]
    values["smallest_r"] = min(rs)
    overlap = values["deepseek.slope"] + values["deepseek.half_width"] - values["google.slope"]
    values["intervals_overlap"] = bool(overlap + values["google.half_width"] > 0)
    return values


@CATALOGUE.add("fr-lab-slopes", "with-later-models")
def lab_slopes_later(inputs: ClaimInputs) -> Values:
    """The same slopes with the five later rows."""
    rows = inputs.frontier_rows
    values: dict = {}
    for lab, own in rows.groupby("lab", sort=True):
        if len(own) >= 4:
            values[f"{lab}.slope"] = line(own["swe"].to_numpy(), own["gpqa"].to_numpy()).slope
    return values


@CATALOGUE.live("fr-lab-slopes")
def lab_slopes_live(request: LiveRequest) -> list[Statistic]:
    """Least-squares slope of each live lab of four models or more."""
    table = lab_table(request.panel, SWE, GPQA)
    table = table[table["n"] >= 4] if len(table) else table
    how = "least-squares slope within the lab, Student t"
    found = [
        Statistic(
            name=f"slope {row.lab}",
            estimate=float(row.slope),
            n=int(row.n),
            method=how,
            unit="pp/pp",
            interval=Interval(float(row.slope_low), float(row.slope_high), 0.95, "Student t"),
            p={} if pd.isna(row.p) else {"t": float(row.p)},
            details={"r": float(row.r)},
        )
        for row in table.itertuples()
        if not pd.isna(row.slope)
    ]
    return found or [
        Statistic.missing("slope within the lab", "no lab has four models with both scores", n=0, method=how)
    ]


@CATALOGUE.add("fr-phase", "counts-outside-bands")
def bands(inputs: ClaimInputs) -> Values:
    """How many of the 34 rows lie outside each of the four printed bands."""
    h = _h(inputs)[inputs.frozen.index].abs()
    values: dict = {f"outside_{band:g}": int((h > band).sum()) for band in BANDS}
    return values | {"bands_in_use": len(BANDS), "models": len(h)}


@CATALOGUE.add("fr-deepseek", "release-order")
def deepseek(inputs: ClaimInputs) -> Values:
    """h of DeepSeek's models in release order against the line of the 34 rows; the fifth is the later V4 Pro."""
    rows = inputs.frontier_rows[inputs.frontier_rows["lab"] == "deepseek"].sort_values("released", kind="stable")
    h = _h(inputs)[rows.index]
    frozen = h[rows["subset"] != "post_cutoff"]
    return {
        "first": float(frozen.iloc[0]),
        "last": float(frozen.iloc[-1]),
        "swing": float(frozen.iloc[0] - frozen.iloc[-1]),
        "path": h.tolist(),
        "models": list(map(str, h.index)),
        "monotone": bool((np.diff(frozen) < 0).all()),
        "frozen": len(frozen),
        "orders": math.factorial(len(frozen)),
        "monotone_with_later": bool((np.diff(h) < 0).all()),
        "later": float(h.iloc[-1]),
    }


@CATALOGUE.live("fr-deepseek")
def deepseek_live(request: LiveRequest) -> list[Statistic]:
    """h of the live DeepSeek models in release order, and the test of up-and-down movement against shuffled order."""
    path = trajectory(request.panel, SWE, GPQA, "deepseek")
    test = lab_oscillation(request.panel, SWE, GPQA, "deepseek", rng=request.rng, resamples=request.resamples)
    how = "h of the newest DeepSeek model minus that of the oldest"
    if len(path) < 2:
        reason = f"{counted(len(path), 'dated DeepSeek model')} with both scores"
        return [Statistic.missing("change of h", reason, n=len(path), method=how), test]
    h = path["h"].to_numpy(dtype=float)
    details = {"path": dict(zip(path["model"], h.tolist(), strict=True))}
    change = Statistic(
        name="change of h", estimate=float(h[-1] - h[0]), n=len(h), method=how, unit="pp", details=details
    )
    return [change, replace(test, name="reversals of h")]
