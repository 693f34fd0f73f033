"""How analyses read their input: complete rows of a panel or frame, cluster codes, dates as decimal years."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import pandas as pd

from generator.analysis.result import Statistic
from generator.core import CapewatchError, PartialDate, counted, near_matches
from generator.panel.frame import Panel, sampling_stderr

Source: TypeAlias = Panel | pd.DataFrame
MIN_MODELS = 3


def rows(source: Source, axes: Sequence[str]) -> pd.DataFrame:
    """Models with a finite score on every one of `axes`, sorted by model id.

    A Panel gives its `complete(axes)`; a frame (index model id) is taken with whatever further columns it has, its
    incomplete rows dropped. Raises CapewatchError for an axis the source does not have.
    """
    axes = list(dict.fromkeys(axes))
    if isinstance(source, Panel):
        return source.complete(axes).rename_axis(index=None)
    for axis in axes:
        if axis not in source.columns:
            near = near_matches(axis, map(str, source.columns))
            hint = f"near: {', '.join(near)}" if near else f"columns: {', '.join(map(str, source.columns))}"
            raise CapewatchError(f"table of {len(source)} models: no axis {axis!r}", hint=hint)
    finite = np.isfinite(source[axes].to_numpy(dtype=float)).all(axis=1)
    return source.loc[finite].sort_index(kind="stable").rename_axis(index=None)


def label(statistic: Statistic, source: Source) -> Statistic:
    """The statistic with the track and day of the panel it came from (a bare frame has neither)."""
    if isinstance(source, Panel):
        return statistic.of(track=source.track, as_of=source.as_of.isoformat() if source.as_of else "")
    return statistic


def why_unfit(frame: pd.DataFrame, axes: Sequence[str], *, at_least: int = MIN_MODELS) -> str:
    """The reason why these rows carry no statistic over `axes`, or an empty string."""
    if len(frame) < at_least:
        have = counted(len(frame), "model has", "models have")
        return f"{have} scores on {' and '.join(axes)}; at least {at_least} are needed"
    for axis in axes:
        if is_constant(frame[axis].to_numpy(dtype=float)):
            return f"{axis} is the same for all {len(frame)} models"
    return ""


def is_constant(values: np.ndarray) -> bool:
    """Whether these numbers (n ≥ 1) are one number but for rounding."""
    low, high = float(values.min()), float(values.max())
    return high - low <= 1e-12 * max(1.0, abs(low), abs(high))


def cluster_codes(frame: pd.DataFrame, cluster: str) -> tuple[np.ndarray, list[str]]:
    """Cluster number of each row (0 … G−1) and the names of the G clusters, sorted; a row without one stands alone."""
    if cluster not in frame.columns:
        allowed = [name for name in ("lab", "family") if name in frame.columns]
        raise CapewatchError(
            f"cannot cluster by {cluster!r}: the table has no such column",
            hint=f"allowed here: {', '.join(allowed) or 'none; add a lab or family column'}",
        )
    known = frame[cluster].notna().to_numpy()
    names = np.where(known, frame[cluster].astype(str).to_numpy(), "alone: " + frame.index.astype(str).to_numpy())
    unique, codes = np.unique(names.astype(str), return_inverse=True)
    return codes.reshape(-1), [str(name) for name in unique]


def decimal_years(released: pd.Series) -> np.ndarray:
    """Release dates as decimal years (the middle of the span for a date known to the month or year); NaN = unknown."""
    return np.array([_decimal_year(text) for text in released], dtype=float)


def _decimal_year(text: object) -> float:
    if not isinstance(text, str) or not text.strip():
        return math.nan
    try:
        day = PartialDate.parse(text).middle
    except ValueError:
        return math.nan
    start, end = dt.date(day.year, 1, 1), dt.date(day.year + 1, 1, 1)
    return day.year + (day - start).days / (end - start).days


def score_stderr(
    source: Source, frame: pd.DataFrame, axis: str, n_items: float | None = None
) -> tuple[np.ndarray, str]:
    """Standard error of each score in pp (NaN where unknown) and where it came from: stated, binomial, mixed, unknown.

    The published standard error of a cell is used where there is one. Otherwise the binomial √(p(1−p)/n) with
    `n_items` (argument, or the axis's own count) is used: for an axis scored by a share between 0 and 1 per item,
    such as TruthfulQA MC2, that is an upper bound, so a sign called resolved is resolved.
    """
    column = f"{axis}_se"
    stated = frame[column].to_numpy(dtype=float) if column in frame.columns else np.full(len(frame), np.nan)
    if n_items is None and isinstance(source, Panel):
        n_items = float(source.axes["n_items"].astype(float).get(axis, math.nan))
    known = np.isfinite(stated)
    if n_items is None or not math.isfinite(n_items):
        return stated, "stated" if known.all() and len(frame) else ("mixed" if known.any() else "unknown")
    binomial = sampling_stderr(frame[axis].to_numpy(dtype=float), n_items)
    origin = "stated" if known.all() else ("binomial" if not known.any() else "mixed")
    return np.where(known, stated, binomial), origin
