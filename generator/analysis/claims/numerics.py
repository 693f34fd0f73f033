"""The few plain computations that many recipes share: Pearson r with its t-test, lines with their errors, in plain numpy."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import numpy as np

from generator.analysis.claims.recipes import Value, Values
from generator.analysis.line import fit_line
from generator.analysis.population import correlation
from generator.analysis.resample import t_two_sided


def pearson(x: np.ndarray, y: np.ndarray) -> Values:
    """r, two-sided p of the t-test (None for n < 3 or |r| = 1), n."""
    n = len(x)
    if n < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return {"r": None, "p": None, "n": n}
    r = correlation(np.asarray(x, dtype=float), np.asarray(y, dtype=float))
    p = None
    if n > 2 and abs(r) < 1 - 1e-12:
        p = t_two_sided(r * math.sqrt((n - 2) / (1 - r * r)), n - 2)
    return {"r": r, "p": p, "n": n}


@dataclass(frozen=True)
class Line:
    """Least-squares line of y on x with the standard errors of its coefficients, residual SD (n − 2) and p of the slope."""

    slope: float
    intercept: float
    r: float
    r2: float
    se_slope: float
    se_intercept: float
    sigma: float
    p: float | None
    n: int

    def values(self) -> dict[str, Value]:
        """Every field by name."""
        return asdict(self)


def line(x: np.ndarray, y: np.ndarray) -> Line:
    """Least-squares line of y on x, (n,) each, n ≥ 3."""
    fit = fit_line(np.asarray(x, dtype=float), np.asarray(y, dtype=float))
    p = t_two_sided(fit.slope / fit.se_slope, fit.df) if fit.se_slope > 0 else None
    return Line(fit.slope, fit.intercept, fit.r, fit.r_squared, fit.se_slope, fit.se_intercept, fit.sigma, p, fit.n)


def r_squared(y: np.ndarray, fitted: np.ndarray) -> float:
    """1 − RSS/TSS; NaN for a constant series."""
    total = float(np.sum((y - y.mean()) ** 2))
    return float(1 - np.sum((y - fitted) ** 2) / total) if total > 0 else math.nan
