"""The papers' own recipes for Nc, vectorised, under their own names: they are not estimates this project stands behind.

Quadratic vertex: the minimum of a parabola of TruthfulQA in log10 N over models of several families, resampled as if
the models were independent. Pooled zero crossing: γ between neighbours in size whatever their family, and the zero of
its line.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from generator.analysis.resample import bootstrap_sums
from generator.analysis.result import Interval, Statistic

VERTEX_RANGE = (7.0, 12.0)  # log10 parameters: vertices outside are dropped by the papers' script


def quadratic_fit(log_n: np.ndarray, y: np.ndarray) -> tuple[float, float, float]:
    """Coefficients (a, b, c) of the least-squares parabola a·t² + b·t + c of y (pp) in t = log10 N."""
    a, b, c = np.polyfit(np.asarray(log_n, dtype=float), np.asarray(y, dtype=float), 2)
    return float(a), float(b), float(c)


def quadratic_vertex(
    log_n: np.ndarray,
    y: np.ndarray,
    *,
    rng: np.random.Generator | None = None,
    resamples: int = 10_000,
    indices: np.ndarray | None = None,
    level: float = 0.95,
) -> Statistic:
    """Size at the minimum of the quadratic of y in log10 N: median and percentiles over case resamples, in parameters.

    As the papers do, only upward parabolas with a vertex between 10⁷ and 10¹² are kept; details.kept_share says how
    many, details.point is the vertex of the full sample (None when the parabola opens downward). `indices` (R, n)
    fixes the resamples; otherwise they are drawn from `rng`.
    """
    log_n, y = np.asarray(log_n, dtype=float), np.asarray(y, dtype=float)
    how = "the papers' quadratic vertex: minimum of the parabola in log10 N, cases resampled, 7 < log10 N < 12"
    common: dict[str, Any] = {"n": len(y), "method": how, "unit": "parameters"}
    if len(y) < 4 or len(np.unique(log_n)) < 3:
        return Statistic.missing("Nc, quadratic vertex", "a parabola needs 3 different sizes and 4 models", **common)
    centre, spread = log_n.mean(), log_n.std()
    t = (log_n - centre) / spread
    terms = np.column_stack([np.ones_like(t), t, t**2, t**3, t**4, y, t * y, t * t * y])
    sums = _resampled_sums(terms, rng=rng, resamples=resamples, indices=indices)
    curvature, linear = _parabola(sums)
    with np.errstate(divide="ignore", invalid="ignore"):
        vertices = centre - spread * linear / (2 * curvature)
    kept = (curvature > 0) & (vertices > VERTEX_RANGE[0]) & (vertices < VERTEX_RANGE[1])
    a, b, _ = quadratic_fit(log_n, y)
    point = -b / (2 * a) if a > 0 else math.nan
    details = {
        "point": 10**point if math.isfinite(point) and abs(point) < 300 else None,
        "coefficients": [a, b],
        "kept_share": float(kept.mean()),
        "resamples": len(sums),
    }
    if kept.sum() < 20:
        reason = f"{int(kept.sum())} of {len(sums)} resamples give an upward parabola with its vertex in range"
        return Statistic.missing("Nc, quadratic vertex", reason, details=details, **common)
    ends = np.percentile(vertices[kept], [50 * (1 - level), 50, 50 * (1 + level)])
    low, median, high = (float(10**end) for end in ends)
    interval = Interval(low, high, level, "percentiles of the kept resamples")
    return Statistic(name="Nc, quadratic vertex", estimate=median, interval=interval, details=details, **common)


def pooled_intervals(
    log_n: np.ndarray, x: np.ndarray, y: np.ndarray, *, min_dx: float = 0.5
) -> tuple[np.ndarray, np.ndarray]:
    """Midpoints (log10) and γ of all neighbours in size, across families, where |ΔB1| > `min_dx` pp: two arrays (k,)."""
    order = np.argsort(log_n, kind="stable")
    t, dx, dy = log_n[order], np.diff(x[order]), np.diff(y[order])
    kept = np.abs(dx) > min_dx
    return ((t[1:] + t[:-1]) / 2)[kept], dy[kept] / dx[kept]


def pooled_zero_crossing(
    log_n: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    *,
    rng: np.random.Generator | None = None,
    resamples: int = 10_000,
    indices: np.ndarray | None = None,
    unit: str = "intervals",
    min_dx: float = 0.5,
    level: float = 0.95,
) -> Statistic:
    """The papers' zero of γ against log10 N, with γ between neighbours in size whatever their family.

    `unit`: what is resampled, ``intervals`` (as the papers do: the intervals themselves, although neighbours share a
    model) or ``models`` (sorted and differenced again in each resample). Zeros between 10⁷ and 10¹² are kept whatever
    the sign of the slope. details: slope, intercept and zero (`point`) of the full fit, kept_share. `indices` (R,
    units) fixes the resamples.
    """
    log_n, x, y = (np.asarray(values, dtype=float) for values in (log_n, x, y))
    if unit not in ("intervals", "models"):
        raise ValueError(f"unit {unit!r}: allowed intervals, models")
    how = f"the papers' zero crossing: γ of all neighbours in size across families, line in log10 N, {unit} resampled"
    common: dict[str, Any] = {"n": len(y), "method": how, "unit": "parameters"}
    middle, gamma = pooled_intervals(log_n, x, y, min_dx=min_dx)
    if len(gamma) < 3 or np.ptp(middle) == 0:
        return Statistic.missing("Nc, pooled zero crossing", f"{len(gamma)} intervals; 3 are needed", **common)
    slope, intercept = (float(value) for value in np.polyfit(middle, gamma, 1))
    if unit == "intervals":
        zeros = _interval_zeros(middle, gamma, rng=rng, resamples=resamples, indices=indices)
    else:
        zeros = _model_zeros(log_n, x, y, rng=rng, resamples=resamples, indices=indices, min_dx=min_dx)
    kept = zeros[(zeros > VERTEX_RANGE[0]) & (zeros < VERTEX_RANGE[1])]
    details = {
        "slope": slope,
        "intercept": intercept,
        "point": 10 ** (-intercept / slope) if slope and abs(intercept / slope) < 300 else None,
        "intervals": len(gamma),
        "kept_share": kept.size / zeros.size,
        "resamples": zeros.size,
    }
    if kept.size < 20:
        return Statistic.missing(
            "Nc, pooled zero crossing", "too few resamples cross zero in range", details=details, **common
        )
    low, median, high = (float(10**end) for end in np.percentile(kept, [50 * (1 - level), 50, 50 * (1 + level)]))
    interval = Interval(low, high, level, "percentiles of the kept resamples")
    return Statistic(name="Nc, pooled zero crossing", estimate=median, interval=interval, details=details, **common)


def _interval_zeros(
    middle: np.ndarray,
    gamma: np.ndarray,
    *,
    rng: np.random.Generator | None,
    resamples: int,
    indices: np.ndarray | None,
) -> np.ndarray:
    """log10 zero of the line of γ in each resample of intervals, (R,); NaN where the sizes drawn are all the same."""
    t = middle - middle.mean()
    terms = np.column_stack([np.ones_like(t), t, gamma, t * t, t * gamma])
    n, st, sg, stt, stg = _resampled_sums(terms, rng=rng, resamples=resamples, indices=indices).T
    variance, covariance = stt - st * st / n, stg - st * sg / n
    sound = (variance > 1e-9) & (np.abs(covariance) > 1e-12)
    slope = np.where(sound, covariance / np.where(sound, variance, 1.0), 1.0)
    return np.where(sound, middle.mean() + st / n - sg / n / slope, np.nan)


def _model_zeros(
    log_n: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    *,
    rng: np.random.Generator | None,
    resamples: int,
    indices: np.ndarray | None,
    min_dx: float,
) -> np.ndarray:
    """log10 zero of the line of γ in each resample of models, sorted by size and differenced again: (R,), NaN if none."""
    order = np.argsort(log_n, kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    taken = order[np.sort(rank[_drawn(len(log_n), rng=rng, resamples=resamples, indices=indices)], axis=1)]
    t, dx, dy = log_n[taken], np.diff(x[taken], axis=1), np.diff(y[taken], axis=1)
    weight = (np.abs(dx) > min_dx).astype(float)
    gamma = np.where(weight > 0, dy / np.where(weight > 0, dx, 1.0), 0.0)
    middle = (t[:, 1:] + t[:, :-1]) / 2 - log_n.mean()
    count = np.maximum(weight.sum(axis=1), 1.0)
    mean_t, mean_g = (weight * middle).sum(axis=1) / count, (weight * gamma).sum(axis=1) / count
    off = weight * (middle - mean_t[:, None])
    variance, covariance = (off * middle).sum(axis=1), (off * gamma).sum(axis=1)
    sound = (variance > 1e-9) & (np.abs(covariance) > 1e-12)
    slope = np.where(sound, covariance / np.where(sound, variance, 1.0), 1.0)
    return np.where(sound, log_n.mean() + mean_t - mean_g / slope, np.nan)


def _drawn(n: int, *, rng: np.random.Generator | None, resamples: int, indices: np.ndarray | None) -> np.ndarray:
    if indices is not None:
        return np.asarray(indices)
    if rng is None:
        raise ValueError("give rng or indices")
    return rng.integers(0, n, size=(resamples, n))


def _resampled_sums(
    terms: np.ndarray, *, rng: np.random.Generator | None, resamples: int, indices: np.ndarray | None
) -> np.ndarray:
    if indices is None:
        if rng is None:
            raise ValueError("give rng or indices")
        return bootstrap_sums(terms, resamples=resamples, rng=rng)
    n = len(terms)
    flat = np.asarray(indices) + (np.arange(len(indices)) * n)[:, None]
    return np.bincount(flat.ravel(), minlength=len(indices) * n).reshape(len(indices), n) @ terms


def _parabola(sums: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Quadratic and linear coefficients from sums (R, 8) of 1, t, t², t³, t⁴, y, ty, t²y; NaN where they are not determined."""
    n, s1, s2, s3, s4, y0, y1, y2 = sums.T
    n = np.maximum(n, 1.0)
    c11, c12, c22 = s2 - s1 * s1 / n, s3 - s1 * s2 / n, s4 - s2 * s2 / n
    d1, d2 = y1 - s1 * y0 / n, y2 - s2 * y0 / n
    det = c11 * c22 - c12**2
    sound = det > 1e-9
    det = np.where(sound, det, 1.0)
    quadratic = np.where(sound, (c11 * d2 - c12 * d1) / det, np.nan)
    linear = np.where(sound, (c22 * d1 - c12 * d2) / det, np.nan)
    return quadratic, linear
