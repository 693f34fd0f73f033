"""Correlation and slope from six sums (1, x, y, x², xy, y²), vectorised over resamples."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from generator.analysis.resample import (
    bootstrap_sums,
    cluster_sums,
    expanded_interval,
    jackknife_interval,
)
from generator.analysis.result import Interval

_PERFECT = 1.0 - 1e-12


@dataclass(frozen=True)
class Resampled:
    """Cluster-resampled statistic: leave-one-cluster-out values (G,), bootstrap draws (R,), and the two intervals."""

    leave_out: np.ndarray
    draws: np.ndarray
    jackknife: Interval | None
    bootstrap: Interval | None
    unusable: int


def pair_terms(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(n, 6) terms of x and y as given; standardise first so that the sums of squares lose no digits."""
    return np.column_stack([np.ones_like(x), x, y, x * x, x * y, y * y])


def correlation_of(sums: np.ndarray) -> np.ndarray:
    """Pearson r from sums (…, 6); NaN where a variance is zero, ±1 never exceeded."""
    _, _, _, sxx, sxy, syy = _central(sums)
    with np.errstate(divide="ignore", invalid="ignore"):
        r = sxy / np.sqrt(sxx * syy)
    return np.where((sxx > 1e-12) & (syy > 1e-12), np.clip(r, -1.0, 1.0), np.nan)


def slope_of(sums: np.ndarray) -> np.ndarray:
    """Least-squares slope of y on x from sums (…, 6); NaN where x is constant."""
    _, _, _, sxx, sxy, _ = _central(sums)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(sxx > 1e-12, sxy / sxx, np.nan)


def fisher_z(r: np.ndarray) -> np.ndarray:
    """atanh(r); NaN at ±1."""
    inside = np.abs(r) < _PERFECT
    return np.where(inside, np.arctanh(np.where(inside, r, 0.0)), np.nan)


def resample_pair(
    x: np.ndarray,
    y: np.ndarray,
    codes: np.ndarray,
    *,
    kind: str,
    rng: np.random.Generator,
    resamples: int,
    level: float = 0.95,
    unit: str = "cluster",
) -> Resampled:
    """Jackknife and expanded percentile bootstrap over clusters of ``r`` (on the Fisher scale) or of the ``slope`` of y on x."""
    mean_x, sd_x, mean_y, sd_y = x.mean(), x.std(), y.mean(), y.std()
    terms = cluster_sums(pair_terms((x - mean_x) / sd_x, (y - mean_y) / sd_y), codes)
    sizes, total = np.bincount(codes), terms.sum(axis=0)
    to_unit = (lambda s: fisher_z(correlation_of(s))) if kind == "r" else slope_of
    scale = 1.0 if kind == "r" else sd_y / sd_x
    back = math.tanh if kind == "r" else lambda slope: float(slope * scale)
    point, without = float(to_unit(total)), to_unit(total - terms)
    draws = to_unit(bootstrap_sums(terms, resamples=resamples, rng=rng))
    jackknife = jackknife_interval(point, without, sizes=sizes, level=level, back=back, unit=unit)
    bootstrap = None
    if jackknife is not None:
        bootstrap = expanded_interval(draws, units=len(terms), level=level, back=back, unit=unit)
    natural = np.tanh if kind == "r" else (lambda value: value * scale)
    unusable = int(np.count_nonzero(~np.isfinite(draws)))
    return Resampled(natural(without), natural(draws), jackknife, bootstrap, unusable)


def _central(sums: np.ndarray) -> tuple[np.ndarray, ...]:
    n, sx, sy, xx, xy, yy = np.moveaxis(np.asarray(sums, dtype=float), -1, 0)
    n = np.where(n > 0, n, 1.0)
    mx, my = sx / n, sy / n
    return n, mx, my, np.maximum(xx / n - mx * mx, 0.0), xy / n - mx * my, np.maximum(yy / n - my * my, 0.0)
