"""Pairwise coupling matrices with n per cell, repaired to valid correlation matrices, and the stability of their eigenvectors."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from generator.analysis._inputs import MIN_MODELS, Source, cluster_codes, is_constant, label, rows, why_unfit
from generator.analysis.population import correlation, fisher_interval
from generator.analysis.resample import bootstrap_sums, cluster_sums
from generator.analysis.result import Statistic
from generator.analysis.spectrum import eigen, matrices_of, product_sums, product_terms
from generator.panel.frame import Panel


@dataclass(frozen=True)
class CouplingMatrix:
    """r of every pair of axes on the models that have both: r, n, low, high (Fisher 95 %, independent models), all axes × axes.

    r is NaN where a pair has fewer than 3 models or a constant axis. valid: r as assembled has no negative eigenvalue
    (None with empty cells); repaired: the nearest correlation matrix to r (equal to it when valid; empty cells start
    at 0, see `filled`). cells: the same five as arrays, by name.
    """

    axes: tuple[str, ...]
    cells: Mapping[str, np.ndarray]
    smallest_eigenvalue: float | None
    valid: bool | None
    distance: float
    filled: tuple[tuple[str, str], ...]

    @property
    def r(self) -> pd.DataFrame:
        return self._table("r")

    @property
    def n(self) -> pd.DataFrame:
        return self._table("n")

    @property
    def low(self) -> pd.DataFrame:
        return self._table("low")

    @property
    def high(self) -> pd.DataFrame:
        return self._table("high")

    @property
    def repaired(self) -> pd.DataFrame:
        return self._table("repaired")

    def _table(self, name: str) -> pd.DataFrame:
        return pd.DataFrame(self.cells[name], index=list(self.axes), columns=list(self.axes))

    def as_dict(self) -> dict[str, Any]:
        return {
            "axes": list(self.axes),
            **{name: values.tolist() for name, values in self.cells.items()},
            "smallest_eigenvalue": self.smallest_eigenvalue,
            "valid": self.valid,
            "distance": self.distance,
            "filled": [list(pair) for pair in self.filled],
        }


def coupling_matrix(source: Source, axes: Sequence[str]) -> CouplingMatrix:
    """Pairwise correlations of `axes`, each on all models that have both scores."""
    axes = tuple(axes)
    return matrix_of(axes, _scores(source, axes))


def matrix_of(axes: Sequence[str], values: np.ndarray) -> CouplingMatrix:
    """`coupling_matrix` of scores (models, axes), NaN where there is none."""
    k = len(axes)
    r, low, high = np.full((3, k, k), np.nan)
    known = np.isfinite(values).T
    n = known.astype(int) @ known.T.astype(int)
    for table in (r, low, high):
        np.fill_diagonal(table, 1.0)
    columns = np.ascontiguousarray(values.T)
    for i, j in itertools.combinations(range(k), 2):
        both = known[i] & known[j]
        a, b = columns[i][both], columns[j][both]
        if len(a) < MIN_MODELS or is_constant(a) or is_constant(b):
            continue
        r[i, j] = r[j, i] = value = correlation(a, b)
        interval = fisher_interval(value, len(a))
        if interval is not None:
            low[i, j] = low[j, i] = interval.low
            high[i, j] = high[j, i] = interval.high
    return _assembled(tuple(axes), r, n, low, high)


def _scores(source: Source, axes: Sequence[str]) -> np.ndarray:
    """Scores (models, axes), NaN where there is none, models sorted by id."""
    table = source.scores if isinstance(source, Panel) else source
    for axis in axes:
        if axis not in table.columns:
            rows(source, (axis,))  # raises, naming what there is
    return table[list(axes)].sort_index(kind="stable").to_numpy(dtype=float)


def assemble(axes: Sequence[str], r: np.ndarray, n: np.ndarray | None = None) -> CouplingMatrix:
    """A `CouplingMatrix` from given correlations (k, k), NaN for empty cells: to test a published matrix."""
    r = np.array(r, dtype=float)
    counts = np.zeros(r.shape, dtype=int) if n is None else np.asarray(n, dtype=int)
    empty = np.full(r.shape, np.nan)
    return _assembled(tuple(axes), r, counts, empty.copy(), empty.copy())


def _assembled(
    axes: tuple[str, ...], r: np.ndarray, n: np.ndarray, low: np.ndarray, high: np.ndarray
) -> CouplingMatrix:
    holes = np.isnan(r)
    filled = np.where(holes, 0.0, r)
    smallest = None if holes.any() else float(np.linalg.eigvalsh(filled)[0])
    valid = None if smallest is None else smallest >= -1e-10
    repaired = filled if valid else nearest_correlation(filled)
    empty = tuple((axes[i], axes[j]) for i, j in zip(*np.nonzero(np.triu(holes, 1)), strict=True))
    distance = float(np.linalg.norm(repaired - filled))
    cells = {"r": r, "n": n, "low": low, "high": high, "repaired": repaired}
    return CouplingMatrix(axes, cells, smallest, valid, distance, empty)


def nearest_correlation(matrix: np.ndarray, *, rounds: int = 2_000, tolerance: float = 1e-12) -> np.ndarray:
    """Nearest correlation matrix in the Frobenius norm, (k, k) symmetric in: Higham's alternating projections (2002)."""
    current = (matrix + matrix.T) / 2
    correction = np.zeros_like(current)
    for _ in range(rounds):
        start = current - correction
        values, vectors = np.linalg.eigh(start)
        positive = (vectors * np.maximum(values, 0.0)) @ vectors.T
        correction = positive - start
        new = positive.copy()
        np.fill_diagonal(new, 1.0)
        moved = float(np.linalg.norm(new - current))
        current = new
        if moved < tolerance:
            break
    values, vectors = np.linalg.eigh(current)
    exact = (vectors * np.maximum(values, 0.0)) @ vectors.T
    spread = np.sqrt(np.diag(exact))
    return exact / np.outer(spread, spread)


def eigenvector_cones(
    source: Source,
    axes: Sequence[str],
    *,
    kind: str = "correlation",
    cluster: str = "family",
    rng: np.random.Generator,
    resamples: int = 2_000,
) -> pd.DataFrame:
    """Eigenvectors of the panel's matrix with the cone that holds 95 % of their bootstrap copies (clusters resampled).

    One row an eigenvector, largest first: rank, eigenvalue, explained, cone (degrees), settled (cone < 45°: the
    direction is told from its neighbours), and one column an axis with the loading. Empty when the models carry no
    matrix.
    """
    axes = tuple(axes)
    frame = rows(source, axes)
    columns = ["rank", "eigenvalue", "explained", "cone", "settled", *axes]
    if why_unfit(frame, axes, at_least=max(3, len(axes))):
        return pd.DataFrame(columns=columns)
    values = frame[list(axes)].to_numpy(dtype=float)
    scaled = (values - values.mean(axis=0)) / (values.std(axis=0) if kind == "correlation" else values.std())
    codes, _ = cluster_codes(frame, cluster)
    terms = cluster_sums(product_terms(scaled), codes)
    eigenvalues, vectors = eigen(matrices_of(terms.sum(axis=0), len(axes), kind))
    drawn = matrices_of(bootstrap_sums(terms, resamples=resamples, rng=rng), len(axes), kind)
    drawn = drawn[np.isfinite(drawn).all(axis=(1, 2))]
    angles = np.degrees(np.arccos(np.clip(np.abs((eigen(drawn)[1] * vectors).sum(axis=1)), 0.0, 1.0)))
    cones = np.quantile(angles, 0.95, axis=0) if len(drawn) >= 20 else np.full(len(axes), np.nan)
    table = pd.DataFrame(vectors.T, columns=list(axes))
    table.insert(0, "settled", cones < 45)
    table.insert(0, "cone", cones)
    table.insert(0, "explained", eigenvalues / eigenvalues.sum())
    table.insert(0, "eigenvalue", eigenvalues)
    table.insert(0, "rank", np.arange(1, len(axes) + 1))
    return table[columns]


def axis_rotation(
    source: Source,
    axes: Sequence[str],
    groups: pd.Series,
    first: str,
    second: str,
    *,
    kind: str = "covariance",
    rng: np.random.Generator,
    resamples: int = 5_000,
) -> Statistic:
    """Angle in degrees (0 … 90) between the principal axes of two groups of models, beside what relabelling gives.

    `groups` maps model id → group name (a phase). p ``relabelled``: share of random divisions into groups of these
    sizes with an angle as large; baselines hold their mean. Every group needs more models than axes.
    """
    axes = tuple(axes)
    frame = rows(source, axes)
    assigned = groups.reindex(frame.index)
    parts = [frame.loc[assigned == name, list(axes)].to_numpy(dtype=float) for name in (first, second)]
    sizes = [len(part) for part in parts]
    how = f"angle between first eigenvectors of the {kind} matrices, {first} against {second}"
    common: dict[str, Any] = {"n": sum(sizes), "method": how, "unit": "degrees", "axes": axes}
    if min(sizes) <= len(axes):
        reason = f"{sizes[0]} and {sizes[1]} models; each group needs more than {len(axes)}"
        return label(Statistic.missing("principal-axis rotation", reason, **common), source)
    pooled = np.concatenate(parts)
    observed = float(
        _angles(np.array([[product_sums(part - part.mean(axis=0)) for part in parts]]), len(axes), kind)[0]
    )
    relabelled = []
    for _ in range(resamples):
        mixed = pooled[rng.permutation(len(pooled))]
        relabelled.append([product_sums(part - part.mean(axis=0)) for part in (mixed[: sizes[0]], mixed[sizes[0] :])])
    null = _angles(np.array(relabelled), len(axes), kind)
    null = null[np.isfinite(null)]
    if not math.isfinite(observed) or not null.size:
        return label(
            Statistic.missing("principal-axis rotation", "an axis is constant within a group", **common), source
        )
    statistic = Statistic(
        name="principal-axis rotation",
        estimate=observed,
        p={"relabelled": float((np.count_nonzero(null >= observed - 1e-9) + 1) / (null.size + 1))},
        baselines={"mean angle after relabelling": float(null.mean())},
        details={"sizes": sizes, "null_high": float(np.quantile(null, 0.95))},
        inputs=tuple(map(str, frame.index[assigned.isin([first, second])])),
        **common,
    )
    return label(statistic, source)


def _angles(sums: np.ndarray, k: int, kind: str) -> np.ndarray:
    """Degrees between first eigenvectors of two matrices from summed `product_terms` (R, 2, (k+1)²); NaN with a constant axis: (R,)."""
    matrices = matrices_of(sums, k, kind)
    found = np.full(len(sums), np.nan)
    sound = np.isfinite(matrices).all(axis=(1, 2, 3))
    first, second = np.moveaxis(eigen(matrices[sound])[1][..., 0], 1, 0)
    cosines = [min(abs(float(a @ b)), 1.0) for a, b in zip(first, second, strict=True)]
    found[sound] = [math.degrees(math.acos(cosine)) for cosine in cosines]
    return found
