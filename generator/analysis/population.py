"""Population coupling r between two axes: intervals plain and clustered, permutation p, sensitivity to who is in the panel."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from generator.analysis._inputs import Source, cluster_codes, decimal_years, label, rows, why_unfit
from generator.analysis._moments import cluster_sums, correlation_of, fisher_z, pair_terms, resample_pair
from generator.analysis.coverage_table import coverage_note
from generator.analysis.resample import jackknife_interval, permutation_test, t_two_sided
from generator.analysis.result import Interval, Statistic

METHODS = ("pearson", "spearman")


def population_coupling(
    source: Source,
    x: str,
    y: str,
    *,
    cluster: str = "lab",
    method: str = "pearson",
    rng: np.random.Generator,
    resamples: int = 10_000,
    level: float = 0.95,
) -> Statistic:
    """Correlation of two axes over the models that have both (`method` pearson or spearman; unit-free).

    interval: clustered by `cluster` (lab or family) where three or more clusters are there, else plain. others:
    ``plain`` (Fisher z), ``clustered`` (cluster jackknife on z), ``clustered-bootstrap`` (expanded percentile). p:
    ``t``, ``permutation``, ``permutation-within-<cluster>``. baselines: no coupling, r of the cluster means. details:
    leave-one-cluster-out range, permutation floors, measured coverage where there are few models or clusters.
    """
    if method not in METHODS:
        raise ValueError(f"method {method!r}: allowed {', '.join(METHODS)}")
    frame = rows(source, (x, y))
    how = f"{method.capitalize()} correlation, {cluster}-clustered interval"
    reason = why_unfit(frame, (x, y))
    if reason:
        return label(Statistic.missing("r", reason, n=len(frame), method=how, axes=(x, y)), source)
    a, b = (frame[axis].to_numpy(dtype=float) for axis in (x, y))
    if method == "spearman":
        a, b = ranks(a), ranks(b)
    codes, names = cluster_codes(frame, cluster)
    r = correlation(a, b)
    plain = fisher_interval(r, len(a), level=level, rank=method == "spearman")
    resampled = resample_pair(a, b, codes, kind="r", rng=rng, resamples=resamples, level=level, unit=cluster)
    named = {"plain": plain, "clustered": resampled.jackknife, "clustered-bootstrap": resampled.bootstrap}
    tests = {
        "permutation": permutation_test(a, b, rng=rng, resamples=resamples),
        f"permutation-within-{cluster}": permutation_test(a, b, rng=rng, resamples=resamples, groups=codes),
    }
    p = {name: test.p for name, test in tests.items() if test.p is not None} | _t_p(r, len(a) - 2)
    details: dict[str, Any] = {
        "clusters": len(names),
        "unusable_resamples": resampled.unusable,
        "permutation_tests": {name: test.as_dict() for name, test in tests.items()},
        "leave_one_out": _range_without(resampled.leave_out, names),
        "coverage": _coverage_notes("rank r" if method == "spearman" else "r", len(a), len(names)),
    }
    if resampled.jackknife is None:
        details["clustered_reason"] = why_not_clustered(len(names), cluster)
    statistic = Statistic(
        name="r",
        estimate=r,
        n=len(a),
        method=how,
        interval=resampled.jackknife or plain,
        others={name: interval for name, interval in named.items() if interval is not None},
        p=p,
        baselines={"no coupling": 0.0, f"r of {cluster} means": _between_r(a, b, codes)},
        details=details,
        inputs=tuple(map(str, frame.index)),
        axes=(x, y),
    )
    return label(statistic, source)


def _t_p(r: float, df: int) -> dict[str, float]:
    """p of the t test of a correlation under the name ``t``; empty for |r| = 1, where it says nothing."""
    return {"t": t_two_sided(r * math.sqrt(df / (1 - r * r)), df)} if abs(r) < 1 - 1e-12 else {}


def why_not_clustered(clusters: int, cluster: str) -> str:
    """Why there is no clustered interval, in words."""
    if clusters < 3:
        return f"{clusters} {cluster}{'s' if clusters != 1 else ''}: a clustered interval needs at least 3"
    return f"leaving out one {cluster} leaves too few or too regular models for the statistic"


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Pearson r of two arrays (n,) that vary; clipped to [−1, 1]."""
    a, b = a - a.mean(), b - b.mean()
    return float(np.clip(a @ b / math.sqrt(float(a @ a) * float(b @ b)), -1.0, 1.0))


def ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 1, ties sharing their mean rank."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return (ends - 0.5 * (counts - 1))[inverse.reshape(-1)].astype(float)


def fisher_interval(r: float, n: int, *, given: int = 0, level: float = 0.95, rank: bool = False) -> Interval | None:
    """Interval by Fisher's z for independent models, `given` variables partialled out; None when n − given < 4 or |r| = 1.

    Ranks use the variance (1 + r²/2)/(n − 3) of Bonett and Wright (2000).
    """
    df = n - 3 - given
    if df < 1 or abs(r) >= 1 - 1e-12:
        return None
    half = _z_quantile(0.5 + level / 2) * math.sqrt((1 + r * r / 2 if rank else 1.0) / df)
    z = math.atanh(r)
    return Interval(math.tanh(z - half), math.tanh(z + half), level, "Fisher z, independent models")


def leave_one_out(source: Source, x: str, y: str, *, cluster: str = "lab") -> pd.DataFrame:
    """r and least-squares slope without each cluster in turn: columns left_out, n (models kept), r, slope (pp per pp)."""
    frame = rows(source, (x, y))
    columns = ["left_out", "n", "r", "slope"]
    if why_unfit(frame, (x, y)):
        return pd.DataFrame(columns=columns)
    a, b = (frame[axis].to_numpy(dtype=float) for axis in (x, y))
    codes, names = cluster_codes(frame, cluster)
    terms = cluster_sums(pair_terms((a - a.mean()) / a.std(), (b - b.mean()) / b.std()), codes)
    kept = terms.sum(axis=0) - terms
    r = correlation_of(kept)
    count = np.maximum(kept[:, 0], 1.0)
    var_x = kept[:, 3] / count - (kept[:, 1] / count) ** 2
    var_y = kept[:, 5] / count - (kept[:, 2] / count) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = r * np.sqrt(np.maximum(var_y, 0) / var_x) * b.std() / a.std()
    table = pd.DataFrame({"left_out": names, "n": kept[:, 0].round().astype(int), "r": r, "slope": slope})
    table.loc[table["n"] < 3, ["r", "slope"]] = np.nan
    return table[columns]


def range_restriction(
    source: Source, x: str, y: str, *, floors: Sequence[float] | None = None, level: float = 0.95
) -> pd.DataFrame:
    """r among models whose x is at or above each floor.

    Columns: floor (unit of x), n, r, low, high (Fisher, independent models), expected: what r of the whole panel
    becomes by the narrower range of x alone (Thorndike's case 2). Floors default to up to 40 observed values that
    leave ≥ 4 models.
    """
    frame = rows(source, (x, y))
    columns = ["floor", "n", "r", "low", "high", "expected"]
    if why_unfit(frame, (x, y), at_least=4):
        return pd.DataFrame(columns=columns)
    a, b = (frame[axis].to_numpy(dtype=float) for axis in (x, y))
    whole, spread = correlation(a, b), a.std()
    if floors is None:
        values = np.unique(np.sort(a)[:-3])
        floors = values[np.unique(np.linspace(0, len(values) - 1, 40).round().astype(int))].tolist()
    table = []
    for floor in floors:
        keep = a >= floor
        n = int(keep.sum())
        row: dict[str, Any] = {"floor": float(floor), "n": int(keep.sum())}
        if n >= 4 and np.ptp(a[keep]) > 0 and np.ptp(b[keep]) > 0:
            r = correlation(a[keep], b[keep])
            narrow = float(a[keep].std() / spread)
            row["r"] = r
            row["expected"] = whole * narrow / math.sqrt(1 - whole**2 + (whole * narrow) ** 2)
            interval = fisher_interval(r, n, level=level)
            if interval is not None:
                row.update(low=interval.low, high=interval.high)
        table.append(row)
    return pd.DataFrame(table).reindex(columns=columns)


def partial_coupling(
    source: Source,
    x: str,
    y: str,
    *,
    given: Sequence[str] = ("log_params", "released"),
    cluster: str = "lab",
    level: float = 0.95,
) -> Statistic:
    """r of x and y at fixed size and date: correlation of what a linear fit on `given` leaves of each.

    `given`: ``log_params`` (log10 of the parameter count), ``log_flop``, ``log_d_model``, ``released`` (decimal year)
    or any numeric column or axis. Models without a value on one of them are left out. interval: clustered jackknife
    on Fisher z.
    """
    given = tuple(given)
    axes = (x, y, *(name for name in given if name not in DERIVED and not _is_model_column(source, name)))
    frame = rows(source, axes)
    covariates = np.column_stack([covariate(frame, name) for name in given]) if given else np.empty((len(frame), 0))
    usable = np.isfinite(covariates).all(axis=1)
    frame, covariates = frame[usable], covariates[usable]
    how = f"partial Pearson correlation given {', '.join(given)}"
    common: dict[str, Any] = {"n": len(frame), "method": how, "axes": (x, y)}
    reason = why_unfit(frame, (x, y), at_least=len(given) + 4)
    if reason:
        return label(Statistic.missing("partial r", reason, **common), source)
    a, b = (frame[axis].to_numpy(dtype=float) for axis in (x, y))
    codes, names = cluster_codes(frame, cluster)
    table = _standardised(np.column_stack([a, b, covariates]))
    r, without = _partial_and_leave_out(table, codes)
    if not math.isfinite(r):
        return label(Statistic.missing("partial r", f"{', '.join(given)} explain an axis completely", **common), source)
    used = table.shape[1] - 2
    plain = fisher_interval(r, len(frame), given=used, level=level)
    sizes = np.bincount(codes)
    z = math.atanh(r) if abs(r) < 1 - 1e-12 else math.nan
    clustered = jackknife_interval(z, fisher_z(without), sizes=sizes, level=level, back=math.tanh, unit=cluster)
    others = {name: interval for name, interval in (("plain", plain), ("clustered", clustered)) if interval is not None}
    details = {
        "given": list(given),
        "clusters": len(names),
        "coverage": _coverage_notes("partial r", len(frame), len(names)),
    }
    statistic = Statistic(
        name="partial r",
        estimate=r,
        interval=clustered or plain,
        others=others,
        p=_t_p(r, len(frame) - 2 - used),
        baselines={"r not given anything": correlation(a, b)},
        details=details,
        inputs=tuple(map(str, frame.index)),
        **common,
    )
    return label(statistic, source)


DERIVED = {"log_params": "params", "log_flop": "training_flop", "log_d_model": "d_model", "released": "released"}


def covariate(frame: pd.DataFrame, name: str) -> np.ndarray:
    """One covariate per model: log10 of a count for the log names, decimal year for ``released``; NaN = unknown."""
    if name == "released":
        return decimal_years(frame["released"])
    if name in DERIVED:
        values = pd.to_numeric(frame[DERIVED[name]], errors="coerce").to_numpy(dtype=float)
        positive = np.isfinite(values) & (values > 0)
        return np.where(positive, np.log10(np.where(positive, values, 1.0)), np.nan)
    return frame[name].to_numpy(dtype=float)


def _standardised(table: np.ndarray) -> np.ndarray:
    """Columns with mean 0 and variance 1; a constant column takes nothing away and is dropped: (n, k) → (n, ≤ k)."""
    spread = table.std(axis=0)
    varies = spread > 1e-9 * np.maximum(np.abs(table).max(axis=0), 1e-300)
    return ((table - table.mean(axis=0)) / np.where(varies, spread, 1.0))[:, varies]


def _is_model_column(source: Source, name: str) -> bool:
    frame = source if isinstance(source, pd.DataFrame) else source.models
    return name in frame.columns


def _partial_and_leave_out(table: np.ndarray, codes: np.ndarray) -> tuple[float, np.ndarray]:
    """Partial r of the first two columns given the others, and the same without each cluster: float, (G,)."""
    extended = np.column_stack([np.ones(len(table)), table])
    width = extended.shape[1]
    products = (extended[:, :, None] * extended[:, None, :]).reshape(len(table), width * width)
    sums = cluster_sums(products, codes).reshape(-1, width, width)
    total = sums.sum(axis=0)
    values = [_partial_from_products(block) for block in (total, *(total - sums))]
    return values[0], np.array(values[1:])


def _partial_from_products(products: np.ndarray) -> float:
    """Partial r from X'X of columns (1, x, y, covariates…); NaN when the covariates leave nothing."""
    rest = [0, *range(3, len(products))]
    if products[0, 0] < len(products) + 1:
        return math.nan
    solved = np.linalg.lstsq(products[np.ix_(rest, rest)], products[np.ix_(rest, [1, 2])], rcond=1e-10)[0]
    left = products[1:3, 1:3] - products[np.ix_([1, 2], rest)] @ solved
    if left[0, 0] <= 1e-10 * products[0, 0] or left[1, 1] <= 1e-10 * products[0, 0]:
        return math.nan
    return float(np.clip(left[0, 1] / math.sqrt(left[0, 0] * left[1, 1]), -1.0, 1.0))


def _range_without(values: np.ndarray, names: Sequence[str]) -> dict[str, Any] | None:
    finite = np.flatnonzero(np.isfinite(values))
    if len(names) < 2 or not finite.size:
        return None
    low, high = finite[np.argmin(values[finite])], finite[np.argmax(values[finite])]
    return {
        "min": float(values[low]),
        "min_without": names[low],
        "max": float(values[high]),
        "max_without": names[high],
    }


def _between_r(a: np.ndarray, b: np.ndarray, codes: np.ndarray) -> float | None:
    sizes = np.bincount(codes)
    mean_a, mean_b = (np.bincount(codes, weights=values) / sizes for values in (a, b))
    if len(sizes) < 3 or np.ptp(mean_a) == 0 or np.ptp(mean_b) == 0:
        return None
    return correlation(mean_a, mean_b)


def _coverage_notes(statistic: str, n: int, clusters: int) -> dict[str, Any]:
    kinds = ("plain", "clustered", "clustered-bootstrap")
    notes = {kind: coverage_note(f"{statistic}/{kind}", n, clusters) for kind in kinds}
    return {kind: note for kind, note in notes.items() if note is not None}


def _z_quantile(probability: float) -> float:
    from scipy.special import ndtri  # here: importing the package must not import scipy

    return float(ndtri(probability))
