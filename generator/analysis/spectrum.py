"""Effective dimension, coupling matrices and their eigenvectors.

d_eff is the participation ratio (Σλ)²/Σλ² of the eigenvalues of the covariance or correlation matrix of k axes: 1
when one direction carries everything, k when all carry the same. It equals tr(S)²/‖S‖², so no eigenvalue is needed to
resample it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from generator.analysis._inputs import Source, cluster_codes, label, rows, why_unfit
from generator.analysis.coverage_table import coverage_note
from generator.analysis.resample import (
    bootstrap_sums,
    cluster_sums,
    expanded_interval,
    jackknife_interval,
    stratified_sums,
)
from generator.analysis.result import Statistic

KINDS = ("covariance", "correlation")


def participation_ratio(matrix: np.ndarray) -> np.ndarray:
    """tr(S)²/‖S‖² of symmetric matrices (…, k, k) → (…): between 1 and k; NaN for a zero matrix."""
    trace = np.trace(matrix, axis1=-2, axis2=-1)
    norm = (matrix**2).sum(axis=(-2, -1))
    return np.where(norm > 0, trace**2 / np.where(norm > 0, norm, 1.0), np.nan)


def effective_dimension(
    source: Source,
    axes: Sequence[str],
    *,
    kind: str = "covariance",
    cluster: str = "family",
    rng: np.random.Generator,
    resamples: int = 10_000,
    null_resamples: int = 1_000,
    level: float = 0.95,
) -> Statistic:
    """d_eff of `axes` over the models that have all of them (unit-free, 1 … k).

    interval: cluster jackknife on the scale log((d−1)/(k−d)); others add ``plain`` (each model its own unit) and
    ``clustered-bootstrap`` and ``stratified-bootstrap`` (models, within thirds of the size range).
    baselines: mean d_eff after permuting every axis on its own (no coupling at all). p ``permutation``: share of
    permuted panels with a d_eff as low. details: eigenvalues (pp² for covariance), explained shares, loadings of the
    first axis.
    """
    axes = tuple(axes)
    if kind not in KINDS:
        raise ValueError(f"kind {kind!r}: allowed {', '.join(KINDS)}")
    frame = rows(source, axes)
    common: dict[str, Any] = {"n": len(frame), "method": f"participation ratio of the {kind} matrix", "axes": axes}
    reason = why_unfit(frame, axes, at_least=max(3, len(axes)))
    if reason or len(axes) < 2:
        return label(Statistic.missing("d_eff", reason or "d_eff needs at least 2 axes", **common), source)
    values = frame[list(axes)].to_numpy(dtype=float)
    scaled = (values - values.mean(axis=0)) / (values.std(axis=0) if kind == "correlation" else values.std())
    codes, names = cluster_codes(frame, cluster)
    matrix = matrices_of(product_terms(scaled).sum(axis=0), len(axes), kind)
    d_eff = float(participation_ratio(matrix))
    sampling: dict[str, Any] = {"kind": kind, "rng": rng, "resamples": resamples, "level": level, "unit": cluster}
    others = _dimension_intervals(scaled, codes, size_thirds(frame), **sampling)
    null = permuted_dimensions(scaled, kind=kind, rng=rng, resamples=null_resamples)
    details = {
        **_eigen_details(axes, matrix * (values.var() if kind == "covariance" else 1.0)),
        "kind": kind,
        "clusters": len(names),
        "null_low": float(np.quantile(null, 0.025)),
        "null_high": float(np.quantile(null, 0.975)),
        "coverage": coverage_note("d_eff/clustered", len(frame), len(names)),
    }
    statistic = Statistic(
        name="d_eff",
        estimate=d_eff,
        interval=others.get("clustered") or others.get("plain"),
        others=others,
        p={"permutation": float((np.count_nonzero(null <= d_eff) + 1) / (len(null) + 1))},
        baselines={"no coupling (axes permuted)": float(null.mean()), "maximum": float(len(axes))},
        details=details,
        inputs=tuple(map(str, frame.index)),
        **common,
    )
    return label(statistic, source)


def _eigen_details(axes: tuple[str, ...], matrix: np.ndarray) -> dict[str, Any]:
    values, vectors = eigen(matrix)
    return {
        "eigenvalues": values.tolist(),
        "explained": (values / values.sum()).tolist(),
        "first_axis": dict(zip(axes, vectors[:, 0].tolist(), strict=True)),
    }


def _dimension_intervals(
    scaled: np.ndarray,
    codes: np.ndarray,
    strata: np.ndarray,
    *,
    kind: str,
    rng: np.random.Generator,
    resamples: int,
    level: float,
    unit: str,
) -> dict[str, Any]:
    k = scaled.shape[1]
    forward, back = _open_scale(k)

    def dimension(sums: np.ndarray) -> np.ndarray:
        return forward(participation_ratio(matrices_of(sums, k, kind)))

    terms = product_terms(scaled)
    sums = cluster_sums(terms, codes)
    sizes, total = np.bincount(codes), terms.sum(axis=0)
    point = float(dimension(total))
    found = {
        "plain": jackknife_interval(point, dimension(total - terms), level=level, back=back, unit="model"),
        "clustered": jackknife_interval(point, dimension(total - sums), sizes=sizes, level=level, back=back, unit=unit),
    }
    if found["clustered"] is not None:
        draws = dimension(bootstrap_sums(sums, resamples=resamples, rng=rng))
        wide = expanded_interval(draws, units=len(sums), level=level, back=back, unit=unit)
        found["clustered-bootstrap"] = wide
    draws = dimension(stratified_sums(terms, strata, resamples=resamples, rng=rng))
    how = "model within thirds of the size range"
    count = len(np.unique(strata))
    options: dict[str, Any] = {"units": len(terms) / count, "df": len(terms) - count}
    found["stratified-bootstrap"] = expanded_interval(draws, level=level, back=back, unit=how, **options)
    return {name: interval for name, interval in found.items() if interval is not None}


def _open_scale(k: int) -> tuple[Callable[[np.ndarray], np.ndarray], Callable[[float], float]]:
    """From d in (1, k) to the real line and back."""

    def forward(d: np.ndarray) -> np.ndarray:
        inside = np.clip(d, 1 + 1e-9, k - 1e-9)
        return np.log((inside - 1) / (k - inside))

    def back(z: float) -> float:
        odds = math.exp(min(max(z, -700.0), 700.0))
        return (1 + k * odds) / (1 + odds)

    return forward, back


def size_thirds(frame: pd.DataFrame) -> np.ndarray:
    """Stratum of each model: third of the parameter counts (0, 1, 2), 3 where the count is unknown: (n,)."""
    if "params" not in frame.columns:
        return np.full(len(frame), 3)
    params = pd.to_numeric(frame["params"], errors="coerce").to_numpy(dtype=float)
    known = np.isfinite(params)
    strata = np.full(len(frame), 3)
    if known.any():
        strata[known] = np.searchsorted(np.quantile(params[known], [1 / 3, 2 / 3]), params[known], side="left")
    return strata


def product_terms(values: np.ndarray) -> np.ndarray:
    """(n, (k+1)²) products of (1, columns) of (n, k): their sums give every mean and covariance."""
    extended = np.column_stack([np.ones(len(values)), values])
    return (extended[:, :, None] * extended[:, None, :]).reshape(len(values), -1)


def product_sums(values: np.ndarray) -> np.ndarray:
    """Sums of the `product_terms` of (n, k), without making them: ((k+1)²,)."""
    extended = np.column_stack([np.ones(len(values)), values])
    return (extended.T @ extended).ravel()


def matrices_of(sums: np.ndarray, k: int, kind: str) -> np.ndarray:
    """Covariance or correlation matrices (…, k, k) from summed `product_terms` (…, (k+1)²); NaN with a constant axis."""
    products = np.asarray(sums, dtype=float).reshape(*np.shape(sums)[:-1], k + 1, k + 1)
    count = np.maximum(products[..., :1, :1], 1.0)
    means = products[..., :1, 1:] / count
    covariance = products[..., 1:, 1:] / count - means * np.swapaxes(means, -1, -2)
    if kind == "covariance":
        return covariance
    variance = np.diagonal(covariance, axis1=-2, axis2=-1)
    sound = variance > 1e-12
    spread = np.sqrt(np.where(sound, variance, np.nan))
    return covariance / (spread[..., :, None] * spread[..., None, :])


def permuted_dimensions(values: np.ndarray, *, kind: str, rng: np.random.Generator, resamples: int) -> np.ndarray:
    """d_eff of `resamples` panels in which every axis is permuted on its own: (resamples,)."""
    sums = np.array([product_sums(rng.permuted(values, axis=0)) for _ in range(resamples)])
    return participation_ratio(matrices_of(sums, values.shape[1], kind))


def eigen(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues (…, k) largest first and eigenvectors (…, k, k) in columns, each with its largest entry positive."""
    values, vectors = np.linalg.eigh(matrix)
    values, vectors = values[..., ::-1], vectors[..., ::-1]
    largest = np.take_along_axis(vectors, np.abs(vectors).argmax(axis=-2)[..., None, :], axis=-2)
    return values, vectors * np.where(largest < 0, -1.0, 1.0)


def dimension_by_group(
    source: Source, axes: Sequence[str], groups: pd.Series, *, rng: np.random.Generator, **options: Any
) -> dict[str, Statistic]:
    """`effective_dimension` within each group of models, e.g. per phase; `groups` maps model id → group name."""
    frame = rows(source, axes)
    assigned = groups.reindex(frame.index)
    found = {}
    for name in sorted(assigned.dropna().unique()):
        statistic = effective_dimension(frame[assigned == name], axes, rng=rng, **options)
        found[str(name)] = label(statistic, source)
    return found


def dimension_along_size(
    source: Source, axes: Sequence[str], *, window: int = 20, kind: str = "covariance", step: int = 1
) -> pd.DataFrame:
    """d_eff in a window of `window` models sliding along the parameter count: n_low, n_high, n_mid (parameters), d_eff."""
    frame = rows(source, axes)
    params = pd.to_numeric(frame["params"], errors="coerce")
    frame = frame[params.notna()].assign(_n=params[params.notna()]).sort_values("_n", kind="stable")
    values, sizes = frame[list(axes)].to_numpy(dtype=float), frame["_n"].to_numpy(dtype=float)
    found = []
    for start in range(0, len(frame) - window + 1, step):
        part, own = values[start : start + window], sizes[start : start + window]
        matrix = matrices_of(product_terms(part - part.mean(axis=0)).sum(axis=0), len(axes), kind)
        d_eff = float(participation_ratio(matrix))
        if math.isfinite(d_eff):
            found.append({"n_low": own[0], "n_high": own[-1], "n_mid": float(np.median(own)), "d_eff": d_eff})
    return pd.DataFrame(found).reindex(columns=["n_low", "n_high", "n_mid", "d_eff"])
