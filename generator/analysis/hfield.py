"""The h-field: what a model's second score is above or below the population line, in pp, per model and per lab.

h = y − (intercept + slope·x). The line is ordinary least squares over the panel; robust and errors-in-variables lines
stand beside it in `coupling_slope`. Level-1 labels: above +5 pp ``reasoning-rich``, below −5 pp ``coding-first``,
else ``balanced`` (words for GPQA over SWE-bench; for other pairs read them as y-rich and x-first).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from generator.analysis._inputs import Source, cluster_codes, label, rows, score_stderr, why_unfit
from generator.analysis._moments import resample_pair
from generator.analysis.coverage_table import coverage_note
from generator.analysis.line import LineFit, deming_line, fit_line, huber_line, mixed_line
from generator.analysis.population import why_not_clustered
from generator.analysis.resample import t_quantile, t_two_sided
from generator.analysis.result import Interval, Statistic

LABEL_AT = 5.0  # pp
H_COLUMNS = (
    "model",
    "lab",
    "released",
    "x",
    "y",
    "fitted",
    "h",
    "ci_low",
    "ci_high",
    "pi_low",
    "pi_high",
    "outside",
    "leverage",
    "h_left_out",
    "h_se",
    "label",
)


def h_label(h: float, *, at: float = LABEL_AT) -> str:
    """``reasoning-rich`` above +`at` pp, ``coding-first`` below −`at` pp, else ``balanced`` (both ends included)."""
    return "reasoning-rich" if h > at else ("coding-first" if h < -at else "balanced")


def line_of(source: Source, x: str, y: str) -> LineFit | None:
    """The least-squares line of y on x over models with both scores, or None when there is none to fit."""
    return line_through(rows(source, (x, y)), x, y)


def line_through(frame: pd.DataFrame, x: str, y: str) -> LineFit | None:
    """`line_of` models whose `rows` are read already."""
    if why_unfit(frame, (x,)):
        return None
    return fit_line(frame[x].to_numpy(dtype=float), frame[y].to_numpy(dtype=float))


def h_table(source: Source, x: str, y: str, *, fit: LineFit | None = None) -> pd.DataFrame:
    """One row a model with both scores (H_COLUMNS), sorted by model id; scores and h in pp.

    `fit`: the line to measure against (default: this panel's own). ci_*: 95 % interval of the line at x; pi_*: of a
    further model; outside: y lies outside pi. leverage and h_left_out (h against the line fitted without the model)
    are those of the panel's own line, NaN with a given `fit`. h_se: sampling error of h alone, √(se_y² +
    slope²·se_x²). Empty when no line.
    """
    frame = rows(source, (x, y))
    line = fit or line_of(source, x, y)
    if line is None or frame.empty:
        return pd.DataFrame(columns=list(H_COLUMNS))
    a, b = frame[x].to_numpy(dtype=float), frame[y].to_numpy(dtype=float)
    fitted = line.intercept + line.slope * a
    spread = 1 / line.n + (a - line.x_mean) ** 2 / line.sxx
    to_line = line.t95 * line.sigma * np.sqrt(spread)
    to_new = line.t95 * line.sigma * np.sqrt(1 + spread)
    own = fit is None
    se_x, se_y = (score_stderr(source, frame, axis)[0] for axis in (x, y))
    h = b - fitted
    return pd.DataFrame(
        {
            "model": frame.index.astype(str),
            "lab": frame["lab"].to_numpy() if "lab" in frame else None,
            "released": frame["released"].to_numpy() if "released" in frame else None,
            "x": a,
            "y": b,
            "fitted": fitted,
            "h": h,
            "ci_low": fitted - to_line,
            "ci_high": fitted + to_line,
            "pi_low": fitted - to_new,
            "pi_high": fitted + to_new,
            "outside": np.abs(h) > to_new,
            "leverage": spread if own else np.nan,
            "h_left_out": h / (1 - np.minimum(spread, 1 - 1e-12)) if own else np.nan,
            "h_se": np.sqrt(se_y**2 + (line.slope * se_x) ** 2),
            "label": [h_label(value) for value in h],
        }
    ).set_index(frame.index)


def coupling_slope(
    source: Source,
    x: str,
    y: str,
    *,
    cluster: str = "lab",
    rng: np.random.Generator,
    resamples: int = 10_000,
    level: float = 0.95,
) -> Statistic:
    """Slope of y on x in pp/pp: least squares, clustered interval; Huber, Deming and random-lab-intercept lines in details.

    others: ``plain`` (Student t, independent models), ``clustered`` (cluster jackknife), ``clustered-bootstrap``.
    details.line is the `LineFit` as a dict; details.deming names the error-variance ratio and where it came from
    (None when unknown).
    """
    frame = rows(source, (x, y))
    how = f"ordinary least squares, {cluster}-clustered interval"
    common: dict[str, Any] = {"n": len(frame), "method": how, "unit": "pp/pp", "axes": (x, y)}
    reason = why_unfit(frame, (x, y))
    if reason:
        return label(Statistic.missing("coupling slope", reason, **common), source)
    a, b = (frame[axis].to_numpy(dtype=float) for axis in (x, y))
    fit = fit_line(a, b)
    codes, names = cluster_codes(frame, cluster)
    resampled = resample_pair(a, b, codes, kind="slope", rng=rng, resamples=resamples, level=level, unit=cluster)
    half = t_quantile(0.5 + level / 2, fit.df) * fit.se_slope
    plain = Interval(fit.slope - half, fit.slope + half, level, "least squares, independent models")
    named = {"plain": plain, "clustered": resampled.jackknife, "clustered-bootstrap": resampled.bootstrap}
    details: dict[str, Any] = {
        "line": fit.as_dict(),
        "clusters": len(names),
        "huber": dict(zip(("slope", "intercept"), huber_line(a, b), strict=True)),
        "deming": _deming(source, frame, x, y),
        "mixed": _mixed(a, b, np.array(names)[codes]),
        "coverage": {
            kind: note for kind in named if (note := coverage_note(f"slope/{kind}", len(a), len(names))) is not None
        },
    }
    if resampled.jackknife is None:
        details["clustered_reason"] = why_not_clustered(len(names), cluster)
    statistic = Statistic(
        name="coupling slope",
        estimate=fit.slope,
        interval=resampled.jackknife or plain,
        others={name: interval for name, interval in named.items() if interval is not None},
        p={"t": t_two_sided(fit.slope / fit.se_slope, fit.df)} if fit.sigma > 0 else {},
        baselines={"predict the mean": 0.0},
        details=details,
        inputs=tuple(map(str, frame.index)),
        **common,
    )
    return label(statistic, source)


def _deming(source: Source, frame: pd.DataFrame, x: str, y: str) -> dict[str, Any] | None:
    (se_x, from_x), (se_y, from_y) = (score_stderr(source, frame, axis) for axis in (x, y))
    known = np.isfinite(se_x) & np.isfinite(se_y) & (se_x > 0) & (se_y > 0)
    if not known.any():
        return None
    ratio = float((se_y[known] ** 2).mean() / (se_x[known] ** 2).mean())
    try:
        slope, intercept = deming_line(frame[x].to_numpy(float), frame[y].to_numpy(float), variance_ratio=ratio)
    except ValueError:
        return None
    return {"slope": slope, "intercept": intercept, "variance_ratio": ratio, "stderr_from": sorted({from_x, from_y})}


def _mixed(a: np.ndarray, b: np.ndarray, labs: np.ndarray) -> dict[str, Any] | None:
    try:
        mixed = mixed_line(a, b, labs)
    except ValueError:
        return None
    return {
        "slope": mixed.slope,
        "intercept": mixed.intercept,
        "se_slope": mixed.se_slope,
        "between_variance": mixed.between_variance,
        "within_variance": mixed.within_variance,
    }


def lab_table(source: Source, x: str, y: str, *, fit: LineFit | None = None, level: float = 0.95) -> pd.DataFrame:
    """One row a lab: how its models lie about the population line, and its own line where it has three models or more.

    Columns: lab, n, mean_h, low, high (Student t over the lab's models; n ≥ 2), pooled_h, pooled_low, pooled_high
    (random- intercept model: shrunk effect ± 1.96 of its standard error), slope, slope_low, slope_high, r, p (least
    squares within the lab, n ≥ 3), slope_min, slope_max (leaving out one model, n ≥ 4), models_outside (of the 95 %
    prediction interval).
    """
    table = h_table(source, x, y, fit=fit)
    table = table[table["lab"].notna()]
    columns = [
        "lab",
        "n",
        "mean_h",
        "low",
        "high",
        "pooled_h",
        "pooled_low",
        "pooled_high",
        "slope",
        "slope_low",
        "slope_high",
        "r",
        "p",
        "slope_min",
        "slope_max",
        "models_outside",
    ]
    if table.empty:
        return pd.DataFrame(columns=columns)
    try:
        pooled = mixed_line(table["x"].to_numpy(), table["y"].to_numpy(), table["lab"].to_numpy())
    except ValueError:
        pooled = None
    found = []
    for lab, members in table.groupby("lab", sort=True):
        row: dict[str, Any] = {"lab": lab, "n": len(members), "mean_h": float(members["h"].mean())}
        row["models_outside"] = int(members["outside"].sum())
        if len(members) >= 2:
            error = float(members["h"].std(ddof=1)) / math.sqrt(len(members))
            half = t_quantile(0.5 + level / 2, len(members) - 1) * error
            row.update(low=row["mean_h"] - half, high=row["mean_h"] + half)
        if pooled is not None:
            effect, error = pooled.effects[str(lab)], pooled.effect_stderrs[str(lab)]
            half = t_quantile(0.5 + level / 2, 1e9) * error
            row.update(pooled_h=effect, pooled_low=effect - half, pooled_high=effect + half)
        row.update(_own_line(members, level=level))
        found.append(row)
    return pd.DataFrame(found).reindex(columns=columns)


def _own_line(members: pd.DataFrame, *, level: float) -> dict[str, float]:
    a, b = members["x"].to_numpy(dtype=float), members["y"].to_numpy(dtype=float)
    if len(a) < 3 or np.ptp(a) == 0:
        return {}
    own = fit_line(a, b)
    half = t_quantile(0.5 + level / 2, own.df) * own.se_slope
    row = {"slope": own.slope, "slope_low": own.slope - half, "slope_high": own.slope + half, "r": own.r}
    if own.sigma > 0 and abs(own.r) < 1 - 1e-12:
        row["p"] = t_two_sided(own.slope / own.se_slope, own.df)
    if len(a) >= 4:
        keep = ~np.eye(len(a), dtype=bool)
        slopes = [fit_line(a[k], b[k]).slope for k in keep if np.ptp(a[k]) > 0]
        if slopes:
            row.update(slope_min=min(slopes), slope_max=max(slopes))
    return row


def leave_one_lab_out(source: Source, x: str, y: str, *, cluster: str = "lab", least: int = 3) -> pd.DataFrame:
    """Error on each lab of the line fitted without it, beside predicting the mean y of the other labs.

    Columns: lab, n, mae (pp), baseline_mae (pp), better (line beats mean). Labs with fewer than `least` models are
    not scored but stay in the training data of the others.
    """
    frame = rows(source, (x, y))
    columns = ["lab", "n", "mae", "baseline_mae", "better"]
    codes, names = cluster_codes(frame, cluster)
    a, b = (frame[axis].to_numpy(dtype=float) for axis in (x, y))
    found = []
    for code, name in enumerate(names):
        held = codes == code
        if held.sum() < least or (~held).sum() < 3 or np.ptp(a[~held]) == 0:
            continue
        line = fit_line(a[~held], b[~held])
        mae = float(np.abs(b[held] - line.intercept - line.slope * a[held]).mean())
        plain = float(np.abs(b[held] - b[~held].mean()).mean())
        found.append({"lab": name, "n": int(held.sum()), "mae": mae, "baseline_mae": plain, "better": mae < plain})
    return pd.DataFrame(found).reindex(columns=columns)
