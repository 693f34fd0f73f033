"""Paired statistics of a steered run: Wilson intervals, exact McNemar, Holm, bootstrap over items × controls."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Share:
    """k of n with its Wilson interval (fractions 0–1); an empty denominator has no estimate and no interval."""

    k: int
    n: int
    low: float | None
    high: float | None

    @property
    def estimate(self) -> float | None:
        return self.k / self.n if self.n else None


@dataclass(frozen=True)
class Flips:
    """What steering changed: corrected = wrong → right of those wrong before, broken = right → wrong of those right before.

    net is (corrected − broken) / n in 0–1; mcnemar_p is the exact two-sided p-value of corrected against broken.
    """

    n: int
    base_right: int
    steered_right: int
    corrected: Share
    broken: Share
    net: float
    mcnemar_p: float


@dataclass(frozen=True)
class Gain:
    """Steered minus mean matched control in accuracy (0–1).

    low and high: percentile bootstrap over items × controls; rank_p: share of controls at least as accurate as the
    steered run, (1 + hits) / (1 + controls).
    """

    estimate: float
    low: float
    high: float
    rank_p: float
    control_mean: float
    control_low: float
    control_high: float
    controls: int
    items: int


def wilson(k: int, n: int, *, level: float = 0.95) -> Share:
    """Wilson score interval of a share."""
    if not 0 <= k <= n:
        raise ValueError(f"wilson: k={k} is not within 0 and n={n}")
    if n == 0:
        return Share(k=0, n=0, low=None, high=None)
    from scipy.stats import norm  # here: reading results must not import scipy

    z = float(norm.ppf(0.5 + level / 2))
    p = k / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return Share(k=k, n=n, low=max(0.0, centre - half), high=min(1.0, centre + half))


def mcnemar_exact(corrected: int, broken: int) -> float:
    """Exact two-sided p-value that corrected and broken flips are equally likely; 1 without any flip."""
    total = corrected + broken
    from scipy.stats import binomtest  # here: reading results must not import scipy

    return float(binomtest(corrected, total, 0.5).pvalue) if total else 1.0


def flips(base: np.ndarray, steered: np.ndarray) -> Flips:
    """Corrected and broken items; `base` and `steered` are boolean (items,), right or wrong."""
    if base.shape != steered.shape or base.ndim != 1 or not len(base):
        raise ValueError(f"flips: expected two equal shapes (items,), got {base.shape} and {steered.shape}")
    base, steered = base.astype(bool), steered.astype(bool)
    corrected, broken = int((~base & steered).sum()), int((base & ~steered).sum())
    return Flips(
        n=len(base),
        base_right=int(base.sum()),
        steered_right=int(steered.sum()),
        corrected=wilson(corrected, int((~base).sum())),
        broken=wilson(broken, int(base.sum())),
        net=(corrected - broken) / len(base),
        mcnemar_p=mcnemar_exact(corrected, broken),
    )


def gain_over_controls(
    steered: np.ndarray, controls: np.ndarray, *, rng: np.random.Generator, draws: int = 2000, level: float = 0.95
) -> Gain:
    """Headline: accuracy of the steered run minus the mean over matched controls.

    steered: (items,) right or wrong; controls: (controls, items). Items and controls are resampled together, items
    paired between the steered run and every control.
    """
    if controls.ndim != 2 or controls.shape[1:] != steered.shape or not controls.size:
        raise ValueError(f"gain: expected controls (controls, {steered.shape[0]}), got {controls.shape}")
    right, table = steered.astype(float), controls.astype(float)
    count, items = table.shape
    per_control = table.mean(1)
    sampled = np.empty(draws)
    for draw in range(draws):
        item = np.bincount(rng.integers(0, items, items), minlength=items) / items
        control = np.bincount(rng.integers(0, count, count), minlength=count) / count
        sampled[draw] = right @ item - control @ (table @ item)
    tail = (1 - level) / 2
    low, high = np.quantile(sampled, [tail, 1 - tail])
    spread = np.quantile(per_control, [tail, 1 - tail])
    return Gain(
        estimate=float(right.mean() - per_control.mean()),
        low=float(low),
        high=float(high),
        rank_p=float((1 + (per_control >= right.mean()).sum()) / (1 + count)),
        control_mean=float(per_control.mean()),
        control_low=float(spread[0]),
        control_high=float(spread[1]),
        controls=count,
        items=items,
    )


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Holm's step-down adjusted p-values, by name."""
    ordered = sorted(p_values, key=lambda name: (p_values[name], name))
    adjusted: dict[str, float] = {}
    running = 0.0
    for rank, name in enumerate(ordered):
        running = max(running, min(1.0, (len(ordered) - rank) * p_values[name]))
        adjusted[name] = running
    return adjusted


def mean_interval(values: Sequence[float], *, level: float = 0.95) -> tuple[float, float, float]:
    """Mean with its t interval over independent repeats (seeds); at least two values."""
    from scipy.special import stdtrit  # the quantile alone: scipy.stats takes a second to import

    data = np.asarray(values, dtype=float)
    if len(data) < 2:
        raise ValueError(f"mean interval: {len(data)} values, at least 2 are needed")
    half = float(stdtrit(len(data) - 1, 0.5 + level / 2) * data.std(ddof=1) / math.sqrt(len(data)))
    mean = float(data.mean())
    return mean, mean - half, mean + half
