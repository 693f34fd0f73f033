"""Isoclines B2c = √(κ·B1) on fractions: calibration, which side a model is on, and how well the side predicts the sign of γ12.

Two readings of the side exist and both are offered: ``above-is-tax`` (a model above the curve is predicted to have γ
< 0 next, the papers' base-model reading) and ``above-is-bonus`` (below the curve is the earlier phase, their frontier
reading).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from generator.analysis._inputs import Source, label, rows, score_stderr
from generator.analysis.hfield import line_of
from generator.analysis.resample import jackknife_interval, t_quantile
from generator.analysis.result import Interval, Statistic

ORIENTATIONS = ("above-is-tax", "above-is-bonus")
PAPER_KAPPA = 0.187  # arXiv 2605.18838: a/b calibrated on OLMo
PAPER_FRONTIER_KAPPA = {
    ("swe-bench-verified", "gpqa-diamond"): 0.513,
    ("gpqa-diamond", "ifeval"): 0.97,
}  # arXiv 2605.18840


@dataclass(frozen=True)
class Kappa:
    """κ = B2²/B1 of one boundary model, on fractions, with its standard error from the scores' (None unknown)."""

    value: float
    stderr: float | None
    model: str


def calibrate(
    x_percent: float, y_percent: float, *, se_x: float = math.nan, se_y: float = math.nan, model: str = ""
) -> Kappa:
    """κ = y²/x for scores in percent; se by first-order propagation: κ·√((2·se_y/y)² + (se_x/x)²). ValueError for a score ≤ 0."""
    if x_percent <= 0 or y_percent <= 0:
        raise ValueError(f"κ needs positive scores; found {x_percent} and {y_percent}")
    x, y = x_percent / 100, y_percent / 100
    value = y * y / x
    relative = math.hypot(2 * se_y / y_percent, se_x / x_percent)
    return Kappa(value, value * relative if math.isfinite(relative) else None, model)


def calibrations(source: Source, x: str, y: str, models: Sequence[str]) -> pd.DataFrame:
    """κ of each named boundary model that has both scores: columns model, x, y (percent), kappa, low, high (95 %)."""
    frame = rows(source, (x, y))
    se_x, se_y = (score_stderr(source, frame, axis)[0] for axis in (x, y))
    found = []
    for position, (model, row) in enumerate(frame.iterrows()):
        if model not in models:
            continue
        kappa = calibrate(row[x], row[y], se_x=se_x[position], se_y=se_y[position], model=str(model))
        half = math.nan if kappa.stderr is None else t_quantile(0.975, 1e9) * kappa.stderr
        low, high = kappa.value - half, kappa.value + half
        found.append({"model": model, "x": row[x], "y": row[y], "kappa": kappa.value, "low": low, "high": high})
    return pd.DataFrame(found).reindex(columns=["model", "x", "y", "kappa", "low", "high"])


def isocline(kappa: float, x_percent: np.ndarray | float) -> np.ndarray:
    """Critical second score in percent at first score(s) in percent: 100·√(κ·x/100)."""
    return 100.0 * np.sqrt(kappa * np.maximum(np.asarray(x_percent, dtype=float), 0.0) / 100.0)


def isocline_table(source: Source, x: str, y: str, kappa: float) -> pd.DataFrame:
    """Every model with both scores against the isocline: model, lab, x, y, critical (percent), margin (pp, y − critical), below.

    side_known: the margin is beyond 1.96 of the sampling error of the score y (NaN error: unknown, False). Sorted by
    margin.
    """
    frame = rows(source, (x, y))
    critical = isocline(kappa, frame[x].to_numpy(dtype=float))
    margin = frame[y].to_numpy(dtype=float) - critical
    error = score_stderr(source, frame, y)[0]
    table = pd.DataFrame(
        {
            "model": frame.index.astype(str),
            "lab": frame["lab"].to_numpy() if "lab" in frame else None,
            "x": frame[x].to_numpy(dtype=float),
            "y": frame[y].to_numpy(dtype=float),
            "critical": critical,
            "margin": margin,
            "below": margin < 0,
            "side_known": np.abs(margin) > 1.96 * np.where(np.isfinite(error), error, np.inf),
        }
    )
    return table.sort_values(["margin", "model"], kind="stable").reset_index(drop=True)


def frontier_isocline(source: Source, x: str, y: str, *, kappa: float | None = None) -> Statistic:
    """κ used at the frontier (argument, or the slope of the population line, as the papers take it) and the models below the curve.

    details: below (model, y, critical, margin), models, kappa_from, boundary_kappa (κ of each model: the range the
    data would allow as boundary). The slope of a line has no derivation as κ of a square root; the statistic says so.
    """
    table_rows = rows(source, (x, y))
    how = "√(κ·B1) with κ given" if kappa is not None else "√(κ·B1) with κ taken as the slope of the population line"
    common: dict[str, Any] = {"n": len(table_rows), "method": how, "axes": (x, y), "unit": "dimensionless"}
    if kappa is None:
        line = line_of(source, x, y)
        if line is None or line.slope <= 0:
            reason = "no rising population line to take κ from"
            return label(Statistic.missing("isocline κ", reason, **common), source)
        kappa = line.slope
    table = isocline_table(source, x, y, kappa)
    below = table[table["below"]]
    own = (table["y"] / 100) ** 2 / (table["x"] / 100)
    details = {
        "below": below[["model", "lab", "x", "y", "critical", "margin"]].to_dict("records"),
        "boundary_kappa": {"min": float(own.min()), "max": float(own.max())} if len(table) else None,
        "note": "κ as the slope of a line has no derivation; it is used because the papers use it",
    }
    return label(
        Statistic(name="isocline κ", estimate=kappa, details=details, inputs=tuple(table["model"]), **common), source
    )


def sign_prediction(
    source: Source,
    table: pd.DataFrame,
    kappa: float,
    *,
    orientation: str = "above-is-tax",
    at: str = "start",
    zero: str = "negative",
    level: float = 0.95,
) -> Statistic:
    """Share of intervals whose sign of γ12 the isocline predicts, over the usable rows of a `gamma_table`.

    `at`: the model the side is read from (start or end of the interval); `zero`: what γ = 0 counts as (negative or
    positive). interval: Wilson (``plain``), and by family jackknife (``clustered``, the headline where 3 families or
    more are there). baselines: always negative, always positive. details.confusion: {predicted: {actual: count}};
    resolved: the same share over intervals whose sign is resolved at 95 %; families: right and total per family.
    """
    if orientation not in ORIENTATIONS or at not in ("start", "end") or zero not in ("negative", "positive"):
        raise ValueError(
            f"orientation {orientation!r}, at {at!r}, zero {zero!r}: see the docstring for what is allowed"
        )
    used = table[table["usable"]]
    how = f"isocline κ = {kappa:.4g}, {orientation}, side read at the {at} of the interval, γ = 0 counts as {zero}"
    if used.empty:
        return label(Statistic.missing("isocline accuracy", "no usable intervals", n=0, method=how), source)
    side = "from" if at == "start" else "to"
    above = used[f"y_{side}"].to_numpy() > isocline(kappa, used[f"x_{side}"].to_numpy())
    predicted = ~above if orientation == "above-is-tax" else above
    gamma = used["gamma"].to_numpy()
    actual = gamma >= 0 if zero == "positive" else gamma > 0
    right = predicted == actual
    by_family = _hits_by_family(used["family"].astype(str).to_numpy(), right)
    others = _accuracy_intervals(by_family, level=level)
    resolved = used["resolved"].to_numpy(dtype=bool)
    details = {
        "confusion": _confusion(predicted, actual),
        "right": int(right.sum()),
        "resolved": {"right": int(right[resolved].sum()), "total": int(resolved.sum())},
        "families": by_family,
    }
    statistic = Statistic(
        name="isocline accuracy",
        estimate=float(right.mean()),
        n=len(right),
        method=how,
        unit="share of intervals",
        interval=others.get("clustered", others["plain"]),
        others=others,
        baselines={"always negative": float((~actual).mean()), "always positive": float(actual.mean())},
        details=details,
        inputs=tuple(sorted({*used["model_from"], *used["model_to"]})),
    )
    return label(statistic, source)


def _hits_by_family(families: np.ndarray, right: np.ndarray) -> dict[str, list[int]]:
    """Right and total intervals per family, by family id."""
    names, codes, totals = np.unique(families, return_inverse=True, return_counts=True)
    hits = np.bincount(codes, weights=right, minlength=len(names))
    return {str(name): [int(hit), int(total)] for name, hit, total in zip(names, hits, totals, strict=True)}


def _accuracy_intervals(by_family: dict[str, list[int]], *, level: float) -> dict[str, Interval]:
    hits, total = np.array(list(by_family.values()), dtype=float).T
    intervals = {"plain": wilson(int(hits.sum()), int(total.sum()), level=level)}
    if len(by_family) >= 3:
        without = (hits.sum() - hits) / (total.sum() - total)
        share = float(hits.sum() / total.sum())
        clustered = jackknife_interval(share, without, sizes=total, level=level, back=_share, unit="family")
        if clustered is not None:
            intervals["clustered"] = clustered
    return intervals


def wilson(successes: int, trials: int, *, level: float = 0.95) -> Interval:
    """Wilson score interval of a share of independent trials (trials ≥ 1)."""
    z = t_quantile(0.5 + level / 2, 1e9)
    share, weight = successes / trials, z * z / trials
    centre = (share + weight / 2) / (1 + weight)
    half = z / (1 + weight) * math.sqrt(share * (1 - share) / trials + weight / (4 * trials))
    low = 0.0 if successes == 0 else max(centre - half, 0.0)
    high = 1.0 if successes == trials else min(centre + half, 1.0)
    return Interval(low, high, level, "Wilson, independent trials")


def _share(value: float) -> float:
    return min(max(value, 0.0), 1.0)


def _confusion(predicted: np.ndarray, actual: np.ndarray) -> dict[str, dict[str, int]]:
    names = {False: "negative", True: "positive"}
    return {
        names[said]: {names[was]: int(np.count_nonzero((predicted == said) & (actual == was))) for was in (False, True)}
        for said in (False, True)
    }
