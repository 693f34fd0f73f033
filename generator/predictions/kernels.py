"""How each metric of the catalogue is computed, for many resamples at once. One function a kind, listed in KERNELS.

Resampling weighs models; it never changes how many models there are, so counts and minimum numbers use the models
themselves. In rank metrics a model drawn twice still counts once. Ties in rank are broken by panel order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from generator.core import counted
from generator.predictions.sample import Sample
from generator.schema.prediction import Line, Metric


@dataclass(frozen=True)
class Result:
    """values: (B,) one a resample, NaN = none; used: (N,) models behind the first resample; why: reason for a missing first;
    drawn: (N,) models whose weight can move the value, those that a bootstrap draws (None: the same as used).
    """

    values: np.ndarray
    used: np.ndarray
    why: str = ""
    drawn: np.ndarray | None = None

    @property
    def weighed(self) -> np.ndarray:
        """(N,) `drawn`, or `used`."""
        return self.used if self.drawn is None else self.drawn


@dataclass(frozen=True)
class Request:
    """A metric, the resamples, the models its subset admits (N,), and the counting releases, first to last.

    releases: position of each in the table, None for one that is out but has no row there.
    """

    metric: Metric
    sample: Sample
    admitted: np.ndarray
    releases: tuple[int | None, ...] = ()

    def axis(self, axis: str | None) -> np.ndarray:
        """(B or 1, N) scores on `axis` of the admitted models, NaN for the others."""
        assert axis is not None, f"{self.metric.kind} without an axis passed the checks"
        return np.where(self.admitted[None, :], self.sample.scores[axis], np.nan)

    def have(self, axes: Sequence[str | None]) -> np.ndarray:
        """(B or 1, N) which admitted models have a score on every one of `axes`."""
        return np.logical_and.reduce([np.isfinite(self.axis(axis)) for axis in axes])

    @property
    def weights(self) -> np.ndarray:
        return self.sample.weights


Kernel = Callable[[Request], Result]


def _top_k_spread(request: Request) -> Result:
    metric = request.metric
    leaders = _Leaders(request, metric.order_by or metric.axis, (metric.axis, *(metric.needs or ())))
    return Result(leaders.spread(metric.axis), leaders.used, leaders.why, leaders.candidates)


def _spread_ratio(request: Request) -> Result:
    metric = request.metric
    leaders = _Leaders(request, metric.order_by or metric.axis, (metric.axis, metric.over))
    top, bottom = leaders.spread(metric.axis), leaders.spread(metric.over)
    values = np.divide(top, bottom, out=np.full(len(top), np.nan), where=bottom > 0)
    why = leaders.why or f"the leaders do not differ on {metric.over}"
    return Result(values, leaders.used, why, leaders.candidates)


def _pearson(request: Request) -> Result:
    metric = request.metric
    have = request.have((metric.x, metric.y, *(metric.needs or ())))
    values = _correlation(request.weights * have, request.axis(metric.x), request.axis(metric.y))
    return _gated(request, values, have, need=metric.min_n or 3)


def _spearman(request: Request) -> Result:
    metric = request.metric
    have = request.have((metric.x, metric.y, *(metric.needs or ())))
    weights = request.weights * have
    ranks = [_midranks(np.where(have, request.axis(axis), np.nan), weights) for axis in (metric.x, metric.y)]
    return _gated(request, _correlation(weights, *ranks), have, need=metric.min_n or 3)


def _count(request: Request) -> Result:
    """The models themselves are counted: no draw moves it."""
    have = request.have(request.metric.axes or ())
    values = np.broadcast_to(have.sum(axis=1).astype(float), (request.sample.size,))
    return Result(values, have[0], drawn=np.zeros_like(have[0]))


def _mean(request: Request) -> Result:
    have = request.have((request.metric.axis,))
    weights = request.weights * have
    values = _ratio((weights * np.where(have, request.axis(request.metric.axis), 0.0)).sum(axis=1), weights.sum(axis=1))
    return _gated(request, values, have, need=request.metric.min_n or 1)


def _share(request: Request) -> Result:
    metric = request.metric
    assert metric.threshold is not None
    have = request.have((metric.axis,))
    weights = request.weights * have
    hits = weights * (have & (np.where(have, request.axis(metric.axis), -np.inf) >= metric.threshold))
    return _gated(request, _ratio(hits.sum(axis=1), weights.sum(axis=1)), have, need=metric.min_n or 1)


def _extreme(request: Request, reduce: Callable[..., np.ndarray], empty: float) -> Result:
    have = request.have((request.metric.axis,))
    drawn = have & (request.weights > 0)
    values = reduce(np.where(drawn, request.axis(request.metric.axis), empty), axis=1, initial=empty)
    return _gated(request, np.where(drawn.any(axis=1), values, np.nan), have, need=request.metric.min_n or 1)


def _max(request: Request) -> Result:
    return _extreme(request, np.max, -np.inf)


def _min(request: Request) -> Result:
    return _extreme(request, np.min, np.inf)


def _h(request: Request) -> Result:
    """The release itself is fixed; with a refit the line moves with the resample."""
    metric = request.metric
    assert metric.release is not None
    used = np.zeros(len(request.admitted), dtype=bool)
    drawn = _fitted(request)
    position = request.releases[metric.release - 1] if metric.release <= len(request.releases) else None
    if position is None:
        why = f"counting release {metric.release} is not there yet, or has no scores ({len(request.releases)} so far)"
        return Result(np.full(request.sample.size, np.nan), used, why, drawn)
    used[position] = True
    residual = _residuals(request)[:, position]
    values = np.broadcast_to(residual, (request.sample.size,))
    why = f"{request.sample.table.models[position]} lacks a score on {metric.x} or {metric.y}"
    return Result(values, used, why, drawn)


def _line_coverage(request: Request) -> Result:
    metric = request.metric
    assert metric.half_width is not None
    have = request.have((metric.x, metric.y))
    distance = np.where(have, np.abs(_residuals(request)), 0.0)
    weights = request.weights * have
    values = _ratio((weights * (distance <= metric.half_width)).sum(axis=1), weights.sum(axis=1))
    no_line = np.isnan(distance).any(axis=1)  # a refit on too few models: no line, so nothing lies near it
    found = _gated(request, np.where(no_line, np.nan, values), have, need=metric.min_n or 1)
    return replace(found, drawn=found.used | _fitted(request))


def _slot_in_gain(request: Request) -> Result:
    metric = request.metric
    assert metric.lab_offsets is not None
    offsets = np.array([metric.lab_offsets.get(lab, np.nan) for lab in request.sample.table.labs], dtype=float)
    have = request.have((metric.x, metric.y)) & np.isfinite(offsets)
    residual = np.where(have, _residuals(request), 0.0)
    gain = np.abs(residual) - np.abs(residual - np.where(np.isfinite(offsets), offsets, 0.0))
    weights = request.weights * have
    return _gated(request, _ratio((weights * gain).sum(axis=1), weights.sum(axis=1)), have, need=metric.min_n or 1)


KERNELS: Mapping[str, Kernel] = {
    "top-k-spread": _top_k_spread,
    "spread-ratio": _spread_ratio,
    "pearson": _pearson,
    "spearman": _spearman,
    "count": _count,
    "mean": _mean,
    "max": _max,
    "min": _min,
    "share": _share,
    "h": _h,
    "line-coverage": _line_coverage,
    "slot-in-gain": _slot_in_gain,
}


class _Leaders:
    """The k models that lead on an axis in each resample, among those with scores on all axes needed."""

    def __init__(self, request: Request, order_by: str | None, needs: Sequence[str | None]) -> None:
        self._request = request
        k = request.metric.k
        assert k is not None
        have = request.have((order_by, *needs))
        drawn = have & (request.weights > 0)
        key = np.where(drawn, -request.axis(order_by), np.inf)
        self._positions = np.argsort(key, axis=1, kind="stable")[:, :k]
        self._enough = drawn.sum(axis=1) >= k
        self.candidates = have[0]
        self.used = np.zeros(len(request.admitted), dtype=bool)
        self.why = ""
        if self._enough[0]:
            self.used[self._positions[0]] = True
        else:
            self.used |= drawn[0]
            named = " and ".join(dict.fromkeys(str(axis) for axis in (order_by, *needs)))
            self.why = f"{counted(int(drawn[0].sum()), 'model has', 'models have')} scores on {named}; {k} are needed"

    def spread(self, axis: str | None) -> np.ndarray:
        """(B,) highest minus lowest score of the leaders."""
        values = self._request.axis(axis)
        rows = max(len(values), len(self._positions))
        positions = np.broadcast_to(self._positions, (rows, self._positions.shape[1]))
        picked = np.take_along_axis(np.broadcast_to(values, (rows, values.shape[1])), positions, axis=1)
        enough = np.broadcast_to(self._enough, (rows,))
        picked = np.where(enough[:, None], picked, 0.0)
        if not picked.shape[1]:
            return np.full(self._request.sample.size, np.nan)
        spread = np.where(enough, picked.max(axis=1) - picked.min(axis=1), np.nan)
        return np.broadcast_to(spread, (self._request.sample.size,))


def _gated(request: Request, values: np.ndarray, have: np.ndarray, *, need: int) -> Result:
    """The values where at least `need` models have scores, with the reason when the first has none."""
    numbers = have.sum(axis=1)
    values = np.broadcast_to(np.where(numbers >= need, values, np.nan), (request.sample.size,))
    count = int(numbers[0])
    short = f"{counted(count, 'model has', 'models have')} the scores; at least {need} are needed"
    return Result(values, have[0], short if count < need else f"the {count} models do not differ")


def _residuals(request: Request) -> np.ndarray:
    """(B, N) score on y minus the line at x: the frozen line, or least squares over all models of the panel."""
    metric, sample = request.metric, request.sample
    assert metric.x is not None
    assert metric.y is not None
    x, y = sample.scores[metric.x], sample.scores[metric.y]
    if metric.fit != "refit":
        assert metric.line is not None
        return np.asarray(y - line_at(metric.line, x))
    have = np.isfinite(x) & np.isfinite(y)
    weights = sample.weights * have
    clean_x, clean_y = np.where(have, x, 0.0), np.where(have, y, 0.0)
    total = weights.sum(axis=1)
    mean_x, mean_y = _ratio((weights * clean_x).sum(axis=1), total), _ratio((weights * clean_y).sum(axis=1), total)
    dx, dy = clean_x - mean_x[:, None], clean_y - mean_y[:, None]
    sxx, sxy = (weights * dx * dx).sum(axis=1), (weights * dx * dy).sum(axis=1)
    slope = _ratio(sxy, np.where((sxx > 1e-9) & (have.sum(axis=1) >= 3), sxx, 0.0))
    return np.asarray(y - (mean_y[:, None] + slope[:, None] * (x - mean_x[:, None])))


def _fitted(request: Request) -> np.ndarray:
    """(N,) models that the line rests on: none for a frozen one, all of the panel with both scores for a refit."""
    metric, sample = request.metric, request.sample
    if metric.fit != "refit":
        return np.zeros(len(request.admitted), dtype=bool)
    return np.asarray(np.isfinite(sample.scores[str(metric.x)][0]) & np.isfinite(sample.scores[str(metric.y)][0]))


def moved_by_draws(metric: Metric) -> bool:
    """Whether drawing models anew can move the metric at all: not a count, nor h of one release from a frozen line."""
    return metric.kind != "count" and not (metric.kind == "h" and metric.fit == "frozen")


def line_at(line: Line, x: np.ndarray) -> np.ndarray:
    """The line's value in percent at x in percent."""
    return line.intercept + line.slope * x


def _correlation(weights: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Weighted Pearson r of each row (B,); NaN where a variance is zero."""
    live = weights > 0
    x, y = np.where(live, x, 0.0), np.where(live, y, 0.0)
    total = weights.sum(axis=1)
    dx = x - _ratio((weights * x).sum(axis=1), total)[:, None]
    dy = y - _ratio((weights * y).sum(axis=1), total)[:, None]
    sxx, syy = (weights * dx * dx).sum(axis=1), (weights * dy * dy).sum(axis=1)
    flat = (sxx <= 1e-9) | (syy <= 1e-9)
    r = (weights * dx * dy).sum(axis=1) / np.sqrt(np.where(flat, 1.0, sxx * syy))
    return np.where(flat | ~np.isfinite(r), np.nan, np.clip(r, -1.0, 1.0))


def _midranks(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(B, N) rank of each model among the drawn ones, ties at their mean rank; drawn twice means two ranks."""
    rows = max(len(values), len(weights))
    weights = np.broadcast_to(weights, (rows, weights.shape[1]))
    ranks = np.full((rows, values.shape[1]), np.nan)
    for row in range(rows):
        score = values[row if len(values) > 1 else 0]
        live = np.flatnonzero(np.isfinite(score))
        if not live.size:
            continue
        _, group = np.unique(score[live], return_inverse=True)
        size = np.bincount(group, weights=weights[row, live])
        ranks[row, live] = (np.cumsum(size) - (size - 1) / 2)[group]
    return ranks


def _ratio(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    return np.divide(top, bottom, out=np.full(np.shape(bottom), np.nan), where=bottom != 0)
