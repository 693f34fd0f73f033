"""One prediction on one panel: the value of every metric, the counting releases, the standing. No intervals, no states."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from generator.panel import Panel
from generator.predictions.kernels import KERNELS, Request, Result
from generator.predictions.releases import Counting, counting_releases
from generator.predictions.sample import Sample, Table, as_is
from generator.predictions.standing import Standing, standing_of
from generator.schema.prediction import Metric, Prediction, Subset

#: panels(track, day) gives the panel of a track as it could be known at the end of a day. A frozen track ignores the day.
Panels = Callable[[str, dt.date], Panel]


@dataclass(frozen=True)
class Point:
    """A prediction on one panel: values by metric (None = none), the full results, and the counting releases."""

    panel: Panel
    table: Table
    counting: Counting | None
    results: Mapping[str, Result]
    values: Mapping[str, float | None]
    standing: Standing

    @property
    def used(self) -> np.ndarray:
        """(N,) models behind any metric."""
        return np.logical_or.reduce([result.used for result in self.results.values()])

    @property
    def drawn(self) -> np.ndarray:
        """(N,) models whose weight can move any metric: those that a bootstrap draws, for all metrics at once."""
        return np.logical_or.reduce([result.weighed for result in self.results.values()])


def at_panel(prediction: Prediction, panel: Panel, *, as_of: dt.date, roster: pd.DataFrame | None = None) -> Point:
    """Values and standing on one panel, without intervals."""
    counting = counting_releases(prediction.event, panel, as_of=as_of, roster=roster) if prediction.event else None
    table = Table.of(panel, prediction.axes())
    results = compute(prediction.metrics, as_is(table), counting)
    values = {name: finite(result.values[0]) for name, result in results.items()}
    return Point(panel, table, counting, results, values, standing_of(prediction, values))


def compute(metrics: Mapping[str, Metric], sample: Sample, counting: Counting | None) -> dict[str, Result]:
    """Every metric on every resample."""
    releases = counting.positions(sample.table.models) if counting else ()
    return {
        name: KERNELS[metric.kind](Request(metric, sample, admitted(sample.table, metric.subset), releases))
        for name, metric in metrics.items()
    }


def admitted(table: Table, subset: Subset | None) -> np.ndarray:
    """(N,) the models a subset leaves in."""
    keep = np.ones(len(table.models), dtype=bool)
    if subset is None:
        return keep
    if subset.released_after:
        keep &= table.released_after(subset.released_after)
    if subset.released_by:
        keep &= table.released_by(subset.released_by)
    if subset.labs:
        keep &= np.isin(table.labs.astype(str), subset.labs)
    if subset.exclude:
        keep &= ~np.isin(np.array(table.models, dtype=str), subset.exclude)
    return keep


def finite(value: float) -> float | None:
    """The number, or None for NaN and infinities."""
    return float(value) if np.isfinite(value) else None
