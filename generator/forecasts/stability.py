"""How firm a found system is: which terms come back over resamples of families, its fixed point and eigenvalues, its portrait."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from generator.core import CapewatchError
from generator.forecasts.dynamics import (
    Derivatives,
    Library,
    System,
    derivatives,
    discover,
    gate,
    ridge,
    stlsq,
    weighted,
)
from generator.forecasts.families import Family, FamilySet

#: A sign of the largest real part that holds in this share of resamples is stated; otherwise it is undetermined.
FIRM = 0.975


@dataclass(frozen=True, eq=False)
class Firmness:
    """A linear system with its resamples. Fractions per decade of parameters.

    terms: p names; system: fit to all families; inclusion (k, p): share of resamples in which STLSQ keeps the term;
    low, high (k, p): 95 % of the ridge coefficients; eigenvalues (k,): complex, largest real part first, with 95 % of their real
    parts; fixed_point (k,) percent with 95 % limits, None when the system has none; verdict: stable, repelling or undetermined.
    """

    axes: tuple[str, ...]
    terms: tuple[str, ...]
    system: System
    inclusion: np.ndarray
    low: np.ndarray
    high: np.ndarray
    eigenvalues: np.ndarray
    eigen_low: np.ndarray
    eigen_high: np.ndarray
    fixed_point: np.ndarray | None
    fixed_low: np.ndarray
    fixed_high: np.ndarray
    verdict: str
    resamples: int
    derivatives: int
    families: int

    def as_dict(self) -> dict[str, Any]:
        """Plain values for a page: one entry a term, an eigenvalue and an axis."""
        return {
            "axes": list(self.axes),
            "method": f"{self.system.method}, pooled over {self.families} families, {self.derivatives} derivatives",
            "resamples": self.resamples,
            "terms": [
                {
                    "equation": axis,
                    "term": term,
                    "coefficient": float(self.system.coefficients[row, column]),
                    "low": float(self.low[row, column]),
                    "high": float(self.high[row, column]),
                    "inclusion": float(self.inclusion[row, column]),
                }
                for row, axis in enumerate(self.axes)
                for column, term in enumerate(self.terms)
            ],
            "eigenvalues": [
                {
                    "real": float(value.real),
                    "imaginary": float(value.imag),
                    "real_low": float(self.eigen_low[row]),
                    "real_high": float(self.eigen_high[row]),
                }
                for row, value in enumerate(self.eigenvalues)
            ],
            "fixed_point": None
            if self.fixed_point is None
            else [
                {
                    "axis": axis,
                    "percent": float(self.fixed_point[row]),
                    "low": float(self.fixed_low[row]),
                    "high": float(self.fixed_high[row]),
                    "inside": bool(0 <= self.fixed_point[row] <= 100),
                }
                for row, axis in enumerate(self.axes)
            ],
            "verdict": self.verdict,
        }


def firmness(
    families: FamilySet,
    *,
    rng: np.random.Generator,
    resamples: int = 400,
    penalty: float = 0.01,
    threshold: float = 0.1,
) -> Firmness:
    """Linear ridge system of all families, resampled by family.

    Raises CapewatchError at the degree-of-freedom gate or with fewer than four families of two sizes.
    """
    used = families.of_sizes(2)
    if len(used) < 4:
        raise CapewatchError(f"{len(used)} families with two sizes; resampling families needs at least 4")
    data = derivatives(used)
    library = Library(len(families.axes))
    system = discover(data, library, method="ridge", penalty=penalty)
    dense, sparse = _resampled(data, library, rng=rng, resamples=resamples, penalty=penalty, threshold=threshold)
    eigen = np.array([_spectrum(coefficients) for coefficients in dense])
    points = np.array([_rest(coefficients) for coefficients in dense])
    point = _rest(system.coefficients)
    fixed_low, fixed_high = np.nanquantile(points, (0.025, 0.975), axis=0)
    low, high = np.quantile(dense, (0.025, 0.975), axis=0)
    return Firmness(
        axes=families.axes,
        terms=library.terms(families.axes),
        system=system,
        inclusion=(sparse != 0).mean(axis=0),
        low=low,
        high=high,
        eigenvalues=_spectrum(system.coefficients),
        eigen_low=np.quantile(eigen.real, 0.025, axis=0),
        eigen_high=np.quantile(eigen.real, 0.975, axis=0),
        fixed_point=None if np.isnan(point).any() else point,
        fixed_low=fixed_low,
        fixed_high=fixed_high,
        verdict=_verdict(eigen.real.max(axis=1)),
        resamples=resamples,
        derivatives=len(data),
        families=len(used),
    )


def quadratic_fixed_points(system: System, *, starts: int = 7) -> list[dict[str, Any]]:
    """Fixed points of a quadratic system inside the unit cube, found by Newton's method from points along its diagonal.

    Each has `state` (k,) fractions, `eigenvalues` of the Jacobian there and `kind`: stable, repelling or saddle.
    """
    found: list[dict[str, Any]] = []
    for level in np.linspace(0.05, 0.95, starts):
        state = _newton(system, np.full(system.library.k, level))
        if state is None or (state < 0).any() or (state > 1).any():
            continue
        if any(np.allclose(state, other["state"], atol=1e-4) for other in found):
            continue
        values = np.linalg.eigvals(system.library.jacobian(system.coefficients, state))
        kind = "stable" if (values.real < 0).all() else "repelling" if (values.real > 0).all() else "saddle"
        found.append({"state": state, "eigenvalues": values, "kind": kind})
    return found


def portrait(families: FamilySet, axes: tuple[str, str], *, grid: int = 17, penalty: float = 0.01) -> dict[str, Any]:
    """Phase portrait of a two-benchmark linear system: rates on a grid, nullclines, and the families on it. Percent.

    Keys: axes; x, y (grid,) percent; dx, dy (grid, grid) pp a decade, row by y; nullclines: by axis, points (x, y) in range;
    families: id → points (x, y) by size; fixed_point, eigenvalues.
    """
    columns = [families.axes.index(axis) for axis in axes]
    used = [_narrow(family, columns) for family in families.of_sizes(2)]
    data = derivatives(used)
    library = Library(2)
    system = discover(data, library, method="ridge", penalty=penalty)
    ticks = np.linspace(0.0, 1.0, grid)
    across, up = np.meshgrid(ticks, ticks)
    rates = system.rate(np.stack([across.ravel(), up.ravel()], axis=1)).reshape(grid, grid, 2)
    point = _rest(system.coefficients)
    return {
        "axes": list(axes),
        "x": (100 * ticks).tolist(),
        "y": (100 * ticks).tolist(),
        "dx": (100 * rates[..., 0]).tolist(),
        "dy": (100 * rates[..., 1]).tolist(),
        "nullclines": {axis: _nullcline(system.coefficients[row]) for row, axis in enumerate(axes)},
        "families": {family.id: family.scores.tolist() for family in used},
        "fixed_point": None if np.isnan(point).any() else point.tolist(),
        "eigenvalues": [[float(value.real), float(value.imag)] for value in _spectrum(system.coefficients)],
    }


def _resampled(
    data: Derivatives, library: Library, *, rng: np.random.Generator, resamples: int, penalty: float, threshold: float
) -> tuple[np.ndarray, np.ndarray]:
    """Ridge and STLSQ coefficients (resamples, k, p) over bootstrap samples of families."""
    dense, sparse = [], []
    for part in data.resamples(rng, resamples):
        gate(library, len(part))
        design, aim = weighted(part, library)
        dense.append(ridge(design, aim, penalty))
        sparse.append(stlsq(design, aim, threshold, 0.05))
    return np.array(dense), np.array(sparse)


def _spectrum(coefficients: np.ndarray) -> np.ndarray:
    """Eigenvalues of the linear part, largest real part first."""
    values = np.linalg.eigvals(coefficients[:, 1 : 1 + len(coefficients)]).astype(complex)
    return values[np.lexsort((-values.imag, -values.real))]


def _rest(coefficients: np.ndarray) -> np.ndarray:
    """Fixed point of a linear system, percent (k,); NaN when its matrix is close to singular."""
    linear = coefficients[:, 1 : 1 + len(coefficients)]
    if np.linalg.cond(linear) > 1e8:
        return np.full(len(coefficients), np.nan)
    return 100 * np.linalg.solve(linear, -coefficients[:, 0])


def _verdict(largest: np.ndarray) -> str:
    if (largest < 0).mean() >= FIRM:
        return "stable"
    if (largest > 0).mean() >= FIRM:
        return "repelling"
    return "undetermined"


def _newton(system: System, state: np.ndarray) -> np.ndarray | None:
    for _ in range(50):
        jacobian = system.library.jacobian(system.coefficients, state)
        if np.linalg.cond(jacobian) > 1e10:
            return None
        step = np.linalg.solve(jacobian, system.rate(state[None])[0])
        state = state - np.clip(step, -0.2, 0.2)
        if np.abs(step).max() < 1e-10:
            return state
    return None


def _nullcline(row: np.ndarray) -> list[list[float]]:
    """Points (x, y) percent of the straight line c + a·x + b·y = 0 inside the unit square."""
    constant, first, second = row
    points = []
    for edge in (0.0, 1.0):
        if second != 0:
            points.append((edge, -(constant + first * edge) / second))
        if first != 0:
            points.append((-(constant + second * edge) / first, edge))
    inside = sorted(
        {(round(x, 9), round(y, 9)) for x, y in points if -1e-9 <= x <= 1 + 1e-9 and -1e-9 <= y <= 1 + 1e-9}
    )
    return [[100 * x, 100 * y] for x, y in inside]


def _narrow(family: Family, columns: Sequence[int]) -> Family:
    return Family(
        family.id, family.lab, family.models, family.log_params, family.log_tokens, family.scores[:, list(columns)]
    )
