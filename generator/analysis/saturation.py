"""Saturation and rotation: which axis still tells the top models apart, and which candidate could take over.

Spread of a top k is compared with two floors: the distance to the ceiling, and the sampling noise √(p(1−p)/n) of one
score. A range of k equal models already spans d2(k)·noise by chance, so an axis is said to discriminate only beyond
that.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from generator.analysis._inputs import Source, decimal_years, label, rows, score_stderr, why_unfit
from generator.analysis.population import correlation, fisher_interval
from generator.analysis.result import Statistic
from generator.core import PartialDate, counted
from generator.panel.frame import Panel

ACTIVE_R = 0.5
RANGE_OF_NORMALS = {2: 1.128, 3: 1.693, 4: 2.059, 5: 2.326, 6: 2.534, 7: 2.704, 8: 2.847, 9: 2.970, 10: 3.078}
# mean range of k standard normals (d2 of control charts)


def top_models(source: Source, order_by: str, *, axes: Sequence[str] = (), k: int = 5) -> pd.DataFrame:
    """The k models highest on `order_by` among those with every axis of `axes`: best first, ties by model id."""
    return _highest(rows(source, (order_by, *axes)), order_by, k)


def _highest(frame: pd.DataFrame, order_by: str, k: int) -> pd.DataFrame:
    """The k rows highest on `order_by`, best first, ties by id."""
    values, ids = frame[order_by].tolist(), [str(identity) for identity in frame.index]
    return frame.iloc[sorted(range(len(ids)), key=lambda row: (-values[row], ids[row]))[:k]]


def _scored(source: Source, axis: str) -> pd.DataFrame:
    """`rows` of one axis; of a panel the score and its standard error alone, which is all that a table of saturation reads."""
    if not isinstance(source, Panel):
        return rows(source, (axis,))
    scores = source.axis(axis)
    return pd.DataFrame({axis: scores, f"{axis}_se": source.stderr[axis].reindex(scores.index)})


def spread_ratio(source: Source, axis: str, reference: str, *, k: int = 5, order_by: str | None = None) -> Statistic:
    """Range of `axis` over range of `reference` among the k models highest on `order_by` (default: `axis`); both in pp.

    details: the two ranges, the two standard deviations and their ratio, the models, k, and order_by.
    """
    order_by = order_by or axis
    top = top_models(source, order_by, axes=(axis, reference), k=k)
    how = f"range of {axis} over range of {reference} in the top {k} by {order_by}"
    common: dict[str, Any] = {"n": len(top), "method": how, "unit": "ratio", "axes": (axis, reference)}
    if len(top) < k:
        reason = f"{counted(len(top), 'model has', 'models have')} both scores; {k} are needed"
        return label(Statistic.missing("spread ratio", reason, **common), source)
    a, b = (top[name].to_numpy(dtype=float) for name in (axis, reference))
    if np.ptp(b) == 0:
        return label(Statistic.missing("spread ratio", f"{reference} does not vary in the top {k}", **common), source)
    details = {
        "range": float(np.ptp(a)),
        "reference_range": float(np.ptp(b)),
        "sd": float(a.std(ddof=1)),
        "reference_sd": float(b.std(ddof=1)),
        "sd_ratio": float(a.std(ddof=1) / b.std(ddof=1)),
        "k": k,
        "order_by": order_by,
    }
    return label(
        Statistic(
            name="spread ratio",
            estimate=float(np.ptp(a) / np.ptp(b)),
            details=details,
            inputs=tuple(top.index),
            **common,
        ),
        source,
    )


def saturation_table(source: Source, axes: Sequence[str], *, k: int = 5, order_by: str | None = None) -> pd.DataFrame:
    """How much each axis still tells the top k apart; the top is by the axis itself, or by `order_by`.

    Columns: axis, n (models with a score), k, top_mean, range, sd (pp), headroom (ceiling − best), noise (mean
    standard error of one top score, pp; NaN unknown), noise_range (range that k equal models would show), signal
    (range over noise_range), discriminates (signal > 2; None where noise is unknown), saturated (best within two
    noise of the ceiling).
    """
    found = []
    for axis in axes:
        frame = _scored(source, axis)
        top = top_models(source, order_by, axes=(axis,), k=k) if order_by else _highest(frame, axis, k)
        row: dict[str, Any] = {"axis": axis, "n": len(frame), "k": len(top)}
        if len(top) >= 3:
            row.update(_top_row(source, top, axis))
        found.append(row)
    columns = [
        "axis",
        "n",
        "k",
        "top_mean",
        "range",
        "sd",
        "headroom",
        "noise",
        "noise_range",
        "signal",
        "discriminates",
        "saturated",
    ]
    return pd.DataFrame(found).reindex(columns=columns)


def _top_row(source: Source, top: pd.DataFrame, axis: str) -> dict[str, Any]:
    values = top[axis].to_numpy(dtype=float)
    error = score_stderr(source, top, axis)[0]
    ceiling = float(source.axes.loc[axis, "ceiling"]) if isinstance(source, Panel) else 100.0
    headroom = ceiling - float(values.max()) if math.isfinite(ceiling) else math.nan
    noise = float(error.mean()) if np.isfinite(error).all() else math.nan
    expected = RANGE_OF_NORMALS.get(len(values), 0.5 * len(values) ** 0.5 + 1.5) * noise
    known = math.isfinite(noise) and expected > 0
    signal = float(np.ptp(values)) / expected if known else math.nan
    return {
        "top_mean": float(values.mean()),
        "range": float(np.ptp(values)),
        "sd": float(values.std(ddof=1)),
        "headroom": headroom,
        "noise": noise,
        "noise_range": expected,
        "signal": signal,
        "discriminates": signal > 2 if known else None,
        "saturated": headroom <= 2 * noise if known and math.isfinite(headroom) else None,
    }


def discriminating_axis(source: Source, axes: Sequence[str], *, k: int = 5, least: int = 10) -> Statistic:
    """The axis on which the range of the top k is largest in units of its noise, among axes with at least `least` models.

    estimate: that signal; details.axis names the axis, details.table holds every axis.
    """
    table = saturation_table(source, axes, k=k)
    able = table[(table["n"] >= least) & table["signal"].notna()]
    how = f"largest range of the top {k} over the range that noise alone gives"
    common: dict[str, Any] = {"n": int(table["n"].max()) if len(table) else 0, "method": how, "axes": tuple(axes)}
    records = table.astype(object).where(table.notna(), None).to_dict("records")
    if able.empty:
        reason = f"no axis has {least} models and a known number of items"
        return label(Statistic.missing("discriminating axis", reason, details={"table": records}, **common), source)
    best = able.sort_values(["signal", "axis"], ascending=[False, True]).iloc[0]
    details = {"axis": best["axis"], "table": records}
    return label(
        Statistic(name="discriminating axis", estimate=float(best["signal"]), details=details, **common), source
    )


def co_activating(
    source: Source, active: str, candidates: Sequence[str], *, threshold: float = ACTIVE_R
) -> pd.DataFrame:
    """Which candidate axes move with the active one: candidate, n, r, low, high (Fisher), co_activates, reason.

    co_activates: r > `threshold`, the papers' rule; sure: the whole interval is above it.
    """
    found = []
    for candidate in candidates:
        frame = rows(source, (active, candidate))
        row: dict[str, Any] = {"candidate": candidate, "n": len(frame), "reason": why_unfit(frame, (active, candidate))}
        if not row["reason"]:
            r = correlation(frame[active].to_numpy(dtype=float), frame[candidate].to_numpy(dtype=float))
            interval = fisher_interval(r, len(frame))
            row.update(r=r, co_activates=r > threshold, sure=interval is not None and (interval.low or -1) > threshold)
            if interval is not None:
                row.update(low=interval.low, high=interval.high)
        found.append(row)
    return pd.DataFrame(found).reindex(columns=["candidate", "n", "r", "low", "high", "co_activates", "sure", "reason"])


def saturation_history(
    panels: Mapping[dt.date, Source], axes: Sequence[str], *, k: int = 5, order_by: str | None = None
) -> pd.DataFrame:
    """`saturation_table` of the panel at each as-of date, dates ascending: columns as_of (ISO text) and those of the table."""
    parts = [
        saturation_table(panel, [axis for axis in axes if _has(panel, axis)], k=k, order_by=order_by).assign(
            as_of=day.isoformat()
        )
        for day, panel in sorted(panels.items())
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def released_by(source: Panel, day: dt.date) -> Panel:
    """The panel with only the models released by `day` (a date known to the month counts from its last day)."""
    keep = []
    for model, text in source.models["released"].items():
        try:
            last = PartialDate.parse(text).last
        except ValueError:
            continue
        if last <= day:
            keep.append(str(model))
    return source.subset(keep)


def release_span(source: Source, axis: str) -> tuple[float, float] | None:
    """First and last release (decimal years) of models with a score on `axis`, or None."""
    years = decimal_years(rows(source, (axis,))["released"])
    years = years[np.isfinite(years)]
    return (float(years.min()), float(years.max())) if years.size else None


def _has(source: Source, axis: str) -> bool:
    return axis in (source.scores.columns if isinstance(source, Panel) else source.columns)
