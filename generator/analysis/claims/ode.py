"""Numerics of the published trajectory models: midpoint derivatives in log10 N, linear systems, their exact solution.

Scores are fractions here. A linear system x' = c + A·x is solved by the matrix exponential, so an error is the model's and not
an integrator's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from generator.analysis.claims.inputs import Ladder


@dataclass(frozen=True)
class Derivatives:
    """Midpoint scores (n, k), derivatives per decade (n, k) and lengths Δlog10 N (n,) of consecutive models."""

    at: np.ndarray
    slope: np.ndarray
    length: np.ndarray

    def where(self, kept: np.ndarray) -> Derivatives:
        """Those of a mask (n,)."""
        return Derivatives(self.at[kept], self.slope[kept], self.length[kept])


def join(parts: Sequence[Derivatives]) -> Derivatives:
    """All parts in one, in their order."""
    at, slope, length = (np.concatenate([getattr(part, name) for part in parts]) for name in ("at", "slope", "length"))
    return Derivatives(at, slope, length)


def derivatives(ladder: Ladder) -> Derivatives:
    """Midpoint derivatives of the fractions of one family."""
    x, length = ladder.scores / 100, np.diff(ladder.log_n)
    return Derivatives((x[1:] + x[:-1]) / 2, np.diff(x, axis=0) / length[:, None], length)


def linear_system(parts: list[Derivatives], *, weights: str = "none") -> np.ndarray:
    """Coefficients (k+1, k) of x' = c + A·x by least squares, first row c; minimum norm where it is not determined.

    `weights`: none; length (Δlog10 N as least-squares weights); increments (rows multiplied by Δlog10 N, which fits the
    increments themselves).
    """
    whole = join(parts)
    length = whole.length
    row = {"none": np.ones_like(length), "length": np.sqrt(length), "increments": length}[weights][:, None]
    design = np.column_stack([np.ones(len(length)), whole.at])
    return np.linalg.lstsq(design * row, whole.slope * row, rcond=None)[0]


def solve_linear(coefficients: np.ndarray, start: np.ndarray, log_n: np.ndarray) -> np.ndarray:
    """Solution of the linear system at `log_n` (n,), from `start` (k,) at the first: (n, k) fractions."""
    from scipy.linalg import expm  # here: importing the package must not import scipy

    k = len(start)
    generator = np.zeros((k + 1, k + 1))
    generator[:k, :k], generator[:k, k] = coefficients[1:].T, coefficients[0]
    state, path = np.append(start, 1.0), [np.asarray(start, dtype=float)]
    for length in np.diff(log_n):
        state = expm(generator * length) @ state
        path.append(state[:k])
    return np.array(path)


def solve(rate: Callable[[np.ndarray], np.ndarray], start: np.ndarray, log_n: np.ndarray) -> np.ndarray:
    """Solution of x' = rate(x) by RK45 with tight tolerances, (n, k); rows after a failed step are NaN."""
    from scipy.integrate import solve_ivp  # here: importing the package must not import scipy

    found = solve_ivp(
        lambda _t, x: rate(x), (log_n[0], log_n[-1]), start, t_eval=log_n, method="RK45", rtol=1e-8, atol=1e-10
    )
    path = np.full((len(log_n), len(start)), np.nan)
    path[: found.y.shape[1]] = found.y.T
    return path


def relative_error(path: np.ndarray, scores: np.ndarray) -> float:
    """mean |path − scores| over mean score, all models and benchmarks pooled."""
    return float(np.abs(path - scores).mean() / scores.mean())


def mape(path: np.ndarray, scores: np.ndarray) -> float:
    """Mean |relative error| in percent over the models after the first."""
    return float(100 * np.mean(np.abs(path[1:] - scores[1:]) / scores[1:]))


def mae_pp(path: np.ndarray, scores: np.ndarray) -> float:
    """Mean absolute error in pp over the models after the first."""
    return float(100 * np.abs(path[1:] - scores[1:]).mean())
