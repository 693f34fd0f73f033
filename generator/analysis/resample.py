"""Resampling by matrix products: case and cluster bootstrap, jackknife, permutation, and the intervals made from them.

A statistic that depends on the data through sums over models (a correlation, a slope, a covariance) is resampled by
multiplying a matrix of counts (resamples × units) with the table of terms (units × terms). With clusters, the units
are the clusters and their terms are summed first, so 100,000 models in 50 labs cost what 50 models cost.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from generator.analysis.result import Interval

CHUNK_CELLS = 4_000_000  # float64 cells a block of counts may hold (32 MB); another size moves the last digits of sums
DRAWN_CELLS = 1 << 17  # cells drawn at once (1 MB): they stay in the processor's cache
EXACT_PERMUTATIONS = 50_000
MANY = 1_000  # models from which permutations are drawn by `_cheap_sums`; the draws of smaller panels are as published
TABLED = 7  # largest group whose orders are drawn from a table of all of them
SHIFTS = 16  # arrangements that one drawn order of a large group stands for
MIN_CLUSTERS = 3  # for a clustered interval
MIN_BOOTSTRAP_CLUSTERS = 5  # below, whole resamples repeat one or two clusters


def unit_counts(units: int, resamples: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """How often each unit is drawn in each resample with replacement: blocks (≤ resamples, units), float64."""
    block, step = (max(1, cells // max(units, 1)) for cells in (CHUNK_CELLS, DRAWN_CELLS))
    for start in range(0, resamples, block):
        counts = np.empty((min(block, resamples - start), units))
        for first in range(0, len(counts), step):
            part = counts[first : first + step]
            drawn = rng.integers(0, units, size=part.shape, dtype=np.int64)
            drawn += (np.arange(len(part), dtype=np.int64) * units)[:, None]
            part[:] = np.bincount(drawn.ravel(), minlength=part.size).reshape(part.shape)
        yield counts


def stratified_sums(terms: np.ndarray, codes: np.ndarray, *, resamples: int, rng: np.random.Generator) -> np.ndarray:
    """Column sums of `terms` (n, k) when the units of every stratum are resampled within it: (resamples, k)."""
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
    return sum(
        (bootstrap_sums(terms[part], resamples=resamples, rng=rng) for part in np.split(order, starts[1:])),
        start=np.zeros((resamples, terms.shape[1])),
    )


def bootstrap_sums(terms: np.ndarray, *, resamples: int, rng: np.random.Generator) -> np.ndarray:
    """Column sums of `terms` (units, k) in each of `resamples` bootstrap samples of units: (resamples, k)."""
    return np.concatenate([counts @ terms for counts in unit_counts(len(terms), resamples, rng)])


def cluster_sums(terms: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Sum of `terms` (n, k) within each cluster: (G, k)."""
    groups = int(codes.max()) + 1
    return np.stack(
        [np.bincount(codes, weights=terms[:, column], minlength=groups) for column in range(terms.shape[1])], axis=1
    )


def percentile_interval(
    draws: np.ndarray, *, level: float = 0.95, method: str = "percentile bootstrap"
) -> Interval | None:
    """Equal-tailed percentile interval of the finite draws; None when fewer than 20 are finite."""
    finite = draws[np.isfinite(draws)]
    if finite.size < 20:
        return None
    low, high = np.quantile(finite, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high), level, method)


def bca_interval(estimate: float, draws: np.ndarray, leave_out: np.ndarray, *, level: float = 0.95) -> Interval | None:
    """Bias-corrected accelerated interval (Efron 1987): `leave_out` holds the estimate without each unit in turn."""
    from scipy.special import ndtr, ndtri  # here: importing the package must not import scipy

    finite = draws[np.isfinite(draws)]
    spread = leave_out.mean() - leave_out
    if finite.size < 20 or not np.any(spread):
        return None
    below = (np.count_nonzero(finite < estimate) + 0.5 * np.count_nonzero(finite == estimate)) / finite.size
    bias = ndtri(np.clip(below, 0.5 / finite.size, 1 - 0.5 / finite.size))
    acceleration = (spread**3).sum() / (6.0 * (spread**2).sum() ** 1.5)
    tails = bias + ndtri(np.array([(1 - level) / 2, (1 + level) / 2]))
    low, high = np.quantile(finite, ndtr(bias + tails / (1 - acceleration * tails)))
    return Interval(float(low), float(high), level, "BCa bootstrap")


def expanded_interval(
    draws: np.ndarray,
    *,
    units: float,
    df: float | None = None,
    level: float = 0.95,
    back: Callable[[float], float] = float,
    unit: str = "case",
) -> Interval | None:
    """Percentile interval whose tails are widened for few units, carried through `back` (Hesterberg 2015).

    The bootstrap distribution is too narrow by √((G−1)/G), G = `units` (of one stratum, where strata are kept), and too
    light-tailed by normal instead of t(`df`, default G−1); the tail probability Φ(−√(G/(G−1))·t) repairs both. None
    with fewer than five units, or when fewer than half of the draws, or fewer than 20, are finite.
    """
    from scipy.special import ndtr  # here: importing the package must not import scipy

    finite = draws[np.isfinite(draws)]
    if units < MIN_BOOTSTRAP_CLUSTERS or finite.size < max(20, draws.size // 2):
        return None
    reach = math.sqrt(units / (units - 1)) * t_quantile(0.5 + level / 2, df or units - 1)
    low, high = np.quantile(finite, ndtr(np.array([-reach, reach])))
    return Interval(back(low), back(high), level, f"{unit} bootstrap, expanded percentile")


def jackknife_interval(
    estimate: float,
    leave_out: np.ndarray,
    *,
    sizes: np.ndarray | None = None,
    level: float = 0.95,
    back: Callable[[float], float] = float,
    unit: str = "cluster",
) -> Interval | None:
    """Delete-one-unit jackknife around `estimate` with Student t; `back` carries the ends to the scale of the estimate.

    `leave_out` (G,) holds the estimate without each unit, `sizes` (G,) how many models each unit has. None with fewer
    than three units or a non-finite value. Source of the form: CV3 of MacKinnon, Nielsen and Webb (2023); see
    `jackknife_df`.
    """
    stderr = jackknife_stderr(estimate, leave_out)
    if stderr is None:
        return None
    df = jackknife_df(len(leave_out), sizes)
    half = t_quantile(0.5 + level / 2, df) * stderr
    return Interval(back(estimate - half), back(estimate + half), level, f"{unit} jackknife, t({df:.3g})")


def jackknife_df(groups: int, sizes: np.ndarray | None = None) -> float:
    """Degrees of freedom: (G + G_eff)/2 − 1 with G_eff = n²/Σn_g².

    Unequal clusters carry less than G − 1, and G_eff − 1 over-covers; the mean of the two held 94–97 % in simulation.
    """
    if sizes is None:
        return groups - 1.0
    effective = float(sizes.sum()) ** 2 / float((np.asarray(sizes, dtype=float) ** 2).sum())
    return max(0.5 * (groups + effective) - 1.0, 1.0)


def jackknife_stderr(estimate: float, leave_out: np.ndarray) -> float | None:
    """√((G−1)/G · Σ(θ₋g − θ)²), or None with fewer than three units, a non-finite value or no spread."""
    groups = len(leave_out)
    if groups < MIN_CLUSTERS or not (np.isfinite(leave_out).all() and math.isfinite(estimate)):
        return None
    stderr = math.sqrt((groups - 1) / groups * float(((leave_out - estimate) ** 2).sum()))
    return stderr if stderr > 0 else None


@lru_cache(maxsize=1024)
def t_quantile(probability: float, df: float) -> float:
    """Quantile of Student's t with `df` degrees of freedom."""
    from scipy.special import stdtrit  # here: importing the package must not import scipy

    return float(stdtrit(df, probability))


def t_two_sided(t: float, df: float) -> float:
    """Two-sided p-value of a t statistic."""
    from scipy.special import stdtr  # here: importing the package must not import scipy

    return float(2.0 * stdtr(df, -abs(t)))


@dataclass(frozen=True)
class PermutationTest:
    """p-value of a two-sided permutation test and what it can carry.

    floor: the smallest p this test could have given; distinct: number of different arrangements (capped at 10¹²);
    exact: all arrangements were enumerated; resamples: how many were looked at. p is None with a `reason`.
    """

    p: float | None
    floor: float
    distinct: int
    exact: bool
    resamples: int
    reason: str = ""

    def as_dict(self) -> dict[str, float | int | bool | str | None]:
        return {
            "p": self.p,
            "floor": self.floor,
            "distinct": self.distinct,
            "exact": self.exact,
            "resamples": self.resamples,
            "reason": self.reason,
        }


def permutation_test(
    x: np.ndarray, y: np.ndarray, *, rng: np.random.Generator, resamples: int = 10_000, groups: np.ndarray | None = None
) -> PermutationTest:
    """Two-sided permutation test of |Σ(x−x̄)(y−ȳ)|, which orders arrangements as |r| does.

    `y` is permuted over all models, or within `groups` (codes, (n,)). All arrangements are enumerated where there are
    at most 50,000; otherwise `resamples` are drawn (from MANY models on as `_cheap_sums` says) and p = (hits+1)/(resamples+1).
    With fewer than 20 distinct arrangements no p is given: it could not fall below 0.05.
    """
    codes = np.zeros(len(y), dtype=int) if groups is None else groups
    members = [np.flatnonzero(codes == code) for code in np.unique(codes)]
    distinct = _distinct(y, members)
    if distinct < 20:
        reason = f"only {distinct} distinct arrangements: p could not fall below 1/{distinct}"
        return PermutationTest(None, 1.0 / distinct, distinct, True, distinct, reason)
    scale = max(float(np.abs(x).max()), 1e-300) * max(float(np.abs(y).max()), 1e-300)
    a, b = x - x.mean(), y - y.mean()
    observed = abs(float(a @ b)) - 1e-12 * scale * len(x)
    total = math.prod(math.factorial(len(block)) for block in members) if max(map(len, members)) <= 8 else math.inf
    if total <= EXACT_PERMUTATIONS:
        sums = _all_sums(a, b, members)
        return PermutationTest(float(np.mean(np.abs(sums) >= observed)), 1.0 / distinct, distinct, True, len(sums))
    draw = _drawn_sums if len(a) < MANY else _cheap_sums
    drawn = draw(a, b, members, resamples=resamples, rng=rng)
    hits = sum(np.count_nonzero(np.abs(sums) >= observed) for sums in drawn)
    floor = max(1.0 / (resamples + 1), 1.0 / distinct)
    return PermutationTest(float((hits + 1) / (resamples + 1)), floor, distinct, False, resamples)


def all_orders(n: int) -> np.ndarray:
    """Every order of n things, n ≤ 8: (n!, n) of indices, the identity first."""
    if n > 8:
        raise ValueError(f"{n} things have {math.factorial(n)} orders; at most 8 things are enumerated")
    return _all_orders(n)


@lru_cache(maxsize=9)
def _all_orders(n: int) -> np.ndarray:
    orders = np.array(list(itertools.permutations(range(n))), dtype=np.int64).reshape(math.factorial(n), n)
    orders.flags.writeable = False
    return orders


def _distinct(y: np.ndarray, members: list[np.ndarray], cap: int = 10**12) -> int:
    """Number of different arrangements of y within the groups (equal values are interchangeable), at most `cap`."""
    total = 1
    for block in members:
        if len(block) > 40 and len(np.unique(y[block])) > 20:
            return cap
        count = math.factorial(len(block))
        for ties in np.unique(y[block], return_counts=True)[1]:
            count //= math.factorial(int(ties))
        total *= count
        if total >= cap:
            return cap
    return total


def _all_sums(a: np.ndarray, b: np.ndarray, members: list[np.ndarray]) -> np.ndarray:
    sums = np.zeros(1)
    for block in members:
        block_sums = b[block][all_orders(len(block))] @ a[block]
        sums = (sums[:, None] + block_sums[None, :]).ravel()
    return sums


def _drawn_sums(
    a: np.ndarray, b: np.ndarray, members: list[np.ndarray], *, resamples: int, rng: np.random.Generator
) -> Iterator[np.ndarray]:
    step = max(1, CHUNK_CELLS // len(a))
    for start in range(0, resamples, step):
        size = min(step, resamples - start)
        sums = np.zeros(size)
        for block in members:
            if len(block) == 1:
                sums += a[block[0]] * b[block[0]]
                continue
            rows = max(
                16, DRAWN_CELLS // len(block) // 16 * 16
            )  # a multiple of 16 leaves the last digits of products alone
            for first in range(0, size, rows):
                part = sums[first : first + rows]
                shuffled = np.broadcast_to(b[block], (len(part), len(block))).copy()
                part += rng.permuted(shuffled, axis=1, out=shuffled) @ a[block]
        yield sums


def _cheap_sums(
    a: np.ndarray, b: np.ndarray, members: list[np.ndarray], *, resamples: int, rng: np.random.Generator
) -> Iterator[np.ndarray]:
    """As `_drawn_sums`, without a shuffle of every model for every arrangement.

    The sums of a small group come from a table of all its orders. One drawn order of a group of MANY or more serves for
    SHIFTS arrangements, each uniform over all: as it is, and turned round by steps of 1/SHIFTS of the group. Because the group
    is mixed first, the sums of such a set correlate by no more than about 1/√n.
    """
    sums = np.zeros(resamples)
    for block in members:
        if len(block) <= TABLED:
            table = b[block][all_orders(len(block))] @ a[block]
            sums += table[rng.integers(0, len(table), size=resamples)]
        elif len(block) < MANY:
            alone = [np.arange(len(block))]
            sums += np.concatenate(list(_drawn_sums(a[block], b[block], alone, resamples=resamples, rng=rng)))
        else:
            sums += _shifted_sums(a[block], b[block], resamples=resamples, rng=rng)
    yield sums


def _shifted_sums(a: np.ndarray, b: np.ndarray, *, resamples: int, rng: np.random.Generator) -> np.ndarray:
    mixed = a[rng.permutation(len(a))]
    turned = np.stack([np.roll(mixed, shift * len(a) // SHIFTS) for shift in range(SHIFTS)], axis=1)
    orders, rows = -(-resamples // SHIFTS), max(16, DRAWN_CELLS // len(a))
    found = []
    for first in range(0, orders, rows):
        shuffled = np.broadcast_to(b, (min(rows, orders - first), len(b))).copy()
        found.append((rng.permuted(shuffled, axis=1, out=shuffled) @ turned).ravel())
    return np.concatenate(found)[:resamples]
