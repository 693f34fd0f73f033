"""Straight lines through two axes: least squares, robust (Huber), errors in variables (Deming), and a random lab intercept.

Least squares is written out, in closed form, because the same arithmetic runs in the reader's browser; tests hold it
to statsmodels.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

from generator.analysis.resample import t_quantile


@dataclass(frozen=True)
class LineFit:
    """Least-squares line y = intercept + slope·x with what intervals need (JSON-able; x and y in their own units).

    sigma: residual standard deviation, n − 2 degrees of freedom; x_mean and sxx: mean and sum of squares of x about
    it; t95: the two-sided 95 % quantile of Student's t with n − 2 degrees of freedom; r: Pearson correlation.
    """

    slope: float
    intercept: float
    sigma: float
    n: int
    x_mean: float
    sxx: float
    r: float
    t95: float

    @property
    def df(self) -> int:
        return self.n - 2

    @property
    def r_squared(self) -> float:
        return self.r**2

    @property
    def se_slope(self) -> float:
        return self.sigma / math.sqrt(self.sxx)

    @property
    def se_intercept(self) -> float:
        return self.sigma * math.sqrt(1 / self.n + self.x_mean**2 / self.sxx)

    def at(self, x: float) -> float:
        """Fitted y at x."""
        return self.intercept + self.slope * x

    def half_width(self, x: float, *, new: bool) -> float:
        """Half-width at x of the 95 % interval of the line, or with `new` of one further model (prediction interval)."""
        spread = 1 / self.n + (x - self.x_mean) ** 2 / self.sxx
        return self.t95 * self.sigma * math.sqrt(spread + (1 if new else 0))

    def as_dict(self) -> dict[str, float | int]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, float]) -> LineFit:
        """The line back from `as_dict`, as JSON gives it."""
        names = ("slope", "intercept", "sigma", "x_mean", "sxx", "r", "t95")
        return cls(n=int(values["n"]), **{name: float(values[name]) for name in names})


def fit_line(x: np.ndarray, y: np.ndarray) -> LineFit:
    """Least-squares line through (n,) and (n,), n ≥ 3; ValueError when x is constant or n < 3."""
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    if len(x) < 3 or np.ptp(x) == 0:
        raise ValueError(f"a line needs 3 points of different x; found {len(x)}")
    x_mean, y_mean = float(x.mean()), float(y.mean())
    dx, dy = x - x_mean, y - y_mean
    sxx, sxy, syy = float(dx @ dx), float(dx @ dy), float(dy @ dy)
    slope = sxy / sxx
    residual = dy - slope * dx
    sigma = math.sqrt(float(residual @ residual) / (len(x) - 2))
    r = sxy / math.sqrt(sxx * syy) if syy > 0 else 0.0
    t95 = t_quantile(0.975, len(x) - 2)
    return LineFit(slope, y_mean - slope * x_mean, sigma, len(x), x_mean, sxx, max(-1.0, min(1.0, r)), t95)


def huber_line(x: np.ndarray, y: np.ndarray, *, tuning: float = 1.345) -> tuple[float, float]:
    """(slope, intercept) of Huber's M-estimator, scale by the median absolute residual, iterated to convergence."""
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    design = np.column_stack([np.ones_like(x), x])
    weights = np.ones_like(x)
    beta = np.zeros(2)
    for _ in range(200):
        root = np.sqrt(weights)
        new = np.linalg.lstsq(design * root[:, None], y * root, rcond=None)[0]
        residual = y - design @ new
        scale = float(np.median(np.abs(residual))) / 0.6744897501960817
        if scale <= 1e-12 or np.allclose(new, beta, rtol=1e-10, atol=1e-12):
            beta = new
            break
        beta = new
        size = np.abs(residual) / scale
        weights = np.where(size <= tuning, 1.0, tuning / np.maximum(size, tuning))
    return float(beta[1]), float(beta[0])


def deming_line(x: np.ndarray, y: np.ndarray, *, variance_ratio: float = 1.0) -> tuple[float, float]:
    """(slope, intercept) with errors in both variables; `variance_ratio`: error variance of y over that of x.

    ValueError when x and y do not vary together at all (the direction is then undetermined).
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    dx, dy = x - x.mean(), y - y.mean()
    sxx, sxy, syy = float(dx @ dx), float(dx @ dy), float(dy @ dy)
    if abs(sxy) < 1e-12 * max(sxx, syy, 1e-300):
        raise ValueError("x and y do not vary together: the errors-in-variables line has no direction")
    lean = syy - variance_ratio * sxx
    slope = (lean + math.sqrt(lean**2 + 4 * variance_ratio * sxy**2)) / (2 * sxy)
    return slope, float(y.mean()) - slope * float(x.mean())


@dataclass(frozen=True)
class MixedLine:
    """Line with a random intercept a lab, by restricted maximum likelihood: variances in pp², lab effects shrunk (pp)."""

    slope: float
    intercept: float
    se_slope: float
    between_variance: float
    within_variance: float
    effects: dict[str, float]
    effect_stderrs: dict[str, float]


def mixed_line(x: np.ndarray, y: np.ndarray, labs: np.ndarray) -> MixedLine:
    """Partial pooling: y = a + b·x + u_lab + e with u, e normal, variances by REML over a one-dimensional profile.

    x, y (n,) in pp; labs (n,) names. The predicted effect of a lab is its mean residual pulled to zero by n·τ²/(n·τ²
    + σ²); its standard error holds the variances fixed. ValueError with fewer than 2 labs or when every lab has one
    model.
    """
    names, codes = np.unique(np.asarray(labs).astype(str), return_inverse=True)
    codes = codes.reshape(-1)
    sizes = np.bincount(codes)
    if len(names) < 2 or sizes.max() < 2 or len(x) < 4:
        raise ValueError(f"{len(names)} labs of at most {sizes.max()} models: no lab effect can be told from noise")
    design = np.column_stack([np.ones(len(x)), x - x.mean()])
    ratio = _best_ratio(design, y, codes, sizes)
    beta, covariance, within, _ = _given_ratio(design, y, codes, sizes, ratio)
    residual = np.bincount(codes, weights=y - design @ beta, minlength=len(names)) / sizes
    shrink = sizes * ratio / (1 + sizes * ratio)
    rest = np.sqrt(np.maximum(ratio * within * (1 - shrink), 0.0))
    return MixedLine(
        slope=float(beta[1]),
        intercept=float(beta[0] - beta[1] * x.mean()),
        se_slope=math.sqrt(covariance[1, 1]),
        between_variance=ratio * within,
        within_variance=within,
        effects={str(name): float(value) for name, value in zip(names, shrink * residual, strict=True)},
        effect_stderrs={str(name): float(value) for name, value in zip(names, rest, strict=True)},
    )


def _best_ratio(design: np.ndarray, y: np.ndarray, codes: np.ndarray, sizes: np.ndarray) -> float:
    """The between/within variance ratio with the highest restricted likelihood: grid, then golden section."""
    grid = np.concatenate([[0.0], np.geomspace(1e-4, 1e4, 81)])
    values = [_given_ratio(design, y, codes, sizes, ratio)[3] for ratio in grid]
    best = int(np.argmax(values))
    if best == 0:
        return 0.0
    low, high = math.log(grid[max(best - 1, 1)]), math.log(grid[min(best + 1, len(grid) - 1)])
    golden = (math.sqrt(5) - 1) / 2
    for _ in range(60):
        a, b = high - golden * (high - low), low + golden * (high - low)
        at_a, at_b = (_given_ratio(design, y, codes, sizes, math.exp(point))[3] for point in (a, b))
        low, high = (low, b) if at_a > at_b else (a, high)
    return math.exp((low + high) / 2)


def _given_ratio(
    design: np.ndarray, y: np.ndarray, codes: np.ndarray, sizes: np.ndarray, ratio: float
) -> tuple[np.ndarray, np.ndarray, float, float]:
    """Generalised least squares at a variance ratio: coefficients, covariance, within variance, restricted log-likelihood."""
    factor = ratio / (1 + sizes * ratio)
    sums_x = np.stack([np.bincount(codes, weights=column) for column in design.T], axis=1)
    sums_y = np.bincount(codes, weights=y)
    information = design.T @ design - (sums_x * factor[:, None]).T @ sums_x
    score = design.T @ y - (sums_x * factor[:, None]).T @ sums_y
    beta = np.linalg.solve(information, score)
    residual = y - design @ beta
    by_lab = np.bincount(codes, weights=residual)
    squares = float(residual @ residual - (factor * by_lab**2).sum())
    df = len(y) - design.shape[1]
    within = max(squares / df, 1e-300)
    log_det = float(np.log1p(sizes * ratio).sum())
    likelihood = -0.5 * (df * math.log(within) + log_det + np.linalg.slogdet(information)[1])
    return beta, np.linalg.inv(information) * within, within, float(likelihood)
