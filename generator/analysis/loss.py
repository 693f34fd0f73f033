"""Loss blindness: the power law of loss in size, and how large a kink that fit would have noticed.

L = E + A·N^−α. For a given α the fit is linear in E and A, so only α is searched. A kink is a change of the exponent
of the reducible loss at one size; its power is that of the F test of one further coefficient, by simulation from the
fitted law.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from generator.analysis.resample import t_quantile
from generator.analysis.result import Interval, Statistic

ALPHAS = (0.005, 3.0)


@dataclass(frozen=True)
class PowerLaw:
    """L = floor + scale·N^−alpha; sigma: residual SD with n − 3 degrees of freedom; r_squared; cv of N^alpha·(L − floor)."""

    floor: float
    scale: float
    alpha: float
    se_alpha: float
    sigma: float
    r_squared: float
    cv: float
    n: int

    def at(self, size: np.ndarray | float) -> np.ndarray:
        return self.floor + self.scale * np.asarray(size, dtype=float) ** -self.alpha


def power_law(size: np.ndarray, loss: np.ndarray) -> PowerLaw:
    """Least-squares power law through sizes (n,) in parameters and losses (n,) in nats; n ≥ 4.

    The standard error of alpha is that of the linearised fit. ValueError with fewer than 4 points or 3 different
    sizes, or when the loss does not change.
    """
    size, loss = np.asarray(size, dtype=float), np.asarray(loss, dtype=float)
    if len(size) < 4 or len(np.unique(size)) < 3:
        raise ValueError(f"{len(size)} points; a power law with a floor needs 4, of 3 different sizes")
    if np.ptp(loss) <= 1e-12 * np.abs(loss).max():
        raise ValueError("the loss does not change with size")
    log_n = np.log(size)
    alpha, floor, scale, squares = (float(value[0]) for value in _fits(log_n, loss[None]))
    shape = np.exp(-alpha * log_n)
    jacobian = np.column_stack([np.ones_like(size), shape, -scale * log_n * shape])
    sigma = math.sqrt(squares / max(len(size) - 3, 1))
    covariance = np.linalg.pinv(jacobian.T @ jacobian) * sigma**2
    total = float(((loss - loss.mean()) ** 2).sum())
    collapsed = np.exp(alpha * log_n) * (loss - floor)
    return PowerLaw(
        floor=floor,
        scale=scale,
        alpha=alpha,
        se_alpha=math.sqrt(max(float(covariance[2, 2]), 0.0)),
        sigma=sigma,
        r_squared=1 - squares / total if total > 0 else 1.0,
        cv=float(collapsed.std() / abs(collapsed.mean())) if collapsed.mean() else math.inf,
        n=len(size),
    )


def power_law_exponent(size: np.ndarray, loss: np.ndarray, *, level: float = 0.95) -> Statistic:
    """α with its interval (Student t, n − 3 degrees of freedom, linearised); baselines: R² of a straight line in log N."""
    how = "least squares of E + A·N^−α"
    try:
        fit = power_law(size, loss)
    except ValueError as error:
        return Statistic.missing("loss exponent", str(error), n=len(size), method=how)
    half = t_quantile(0.5 + level / 2, max(fit.n - 3, 1)) * fit.se_alpha
    line_r = float(np.corrcoef(np.log(size), loss)[0, 1])
    details = {name: getattr(fit, name) for name in ("floor", "scale", "se_alpha", "sigma", "r_squared", "cv")}
    return Statistic(
        name="loss exponent",
        estimate=fit.alpha,
        n=fit.n,
        method=how,
        interval=Interval(fit.alpha - half, fit.alpha + half, level, "linearised least squares, Student t"),
        baselines={"R² of a line in log N": line_r**2},
        details={**details, "df": fit.n - 3},
    )


def kinked_loss(fit: PowerLaw, size: np.ndarray, *, at: float, change: float) -> np.ndarray:
    """Loss with the exponent of the reducible part changed by the share `change` above size `at` (continuous there)."""
    size = np.asarray(size, dtype=float)
    exponent = np.where(size > at, fit.alpha * (1 + change), fit.alpha)
    return fit.floor + fit.scale * at**-fit.alpha * (size / at) ** -exponent


def kink_power(
    size: np.ndarray,
    loss: np.ndarray,
    *,
    at: float,
    rng: np.random.Generator,
    changes: tuple[float, ...] = (-0.9, -0.75, -0.5, -0.25, 0.25, 0.5, 1.0, 2.0),
    simulations: int = 2_000,
    noise: float | None = None,
    alpha_level: float = 0.05,
) -> Statistic:
    """How often the power-law fit would notice a kink at size `at`: share of simulated series whose F test rejects at 5 %.

    estimate: the smallest |change of exponent| (share) among `changes` noticed in 80 % of the simulations (missing:
    none is). Noise is normal with the residual SD of the fit, or `noise` nats. details.power: one row a change with
    power; details.size: rejections without a kink, which shows what the test itself is worth at this n; observed_f
    and observed_p of the series.
    """
    size = np.asarray(size, dtype=float)
    how = f"simulated F test of a change of exponent at {at:.3g} parameters"
    above = np.count_nonzero(size > at)
    if len(size) < 6 or above < 2 or len(size) - above < 2:
        reason = f"{len(size)} sizes, {above} above the kink; 6 with 2 on each side are needed"
        return Statistic.missing("smallest visible kink", reason, n=len(size), method=how)
    fit = power_law(size, loss)
    spread = fit.sigma if noise is None else noise
    critical = _f_quantile(1 - alpha_level, 1, len(size) - 4)

    def rejections(change: float) -> float:
        truth = kinked_loss(fit, size, at=at, change=change)
        draws = truth + spread * rng.standard_normal((simulations, len(size)))
        return float(np.mean(_kink_f(size, draws, at) > critical))

    power = [{"change": change, "power": rejections(change)} for change in changes]
    noticed = [abs(row["change"]) for row in power if row["power"] >= 0.8]
    observed = float(_kink_f(size, np.asarray(loss, dtype=float)[None], at)[0])
    details: dict[str, Any] = {
        "power": power,
        "size": rejections(0.0),
        "noise": spread,
        "observed_f": observed,
        "observed_p": _f_survival(observed, 1, len(size) - 4),
        "df": len(size) - 4,
    }
    common: dict[str, Any] = {"n": len(size), "method": how, "unit": "share of the exponent", "details": details}
    if not noticed:
        return Statistic.missing("smallest visible kink", "no kink tried is noticed in 80 % of simulations", **common)
    return Statistic(name="smallest visible kink", estimate=min(noticed), **common)


def _kink_f(size: np.ndarray, losses: np.ndarray, at: float) -> np.ndarray:
    """F statistic of one further coefficient for each series (R, n): a hinge in log N of the reducible loss beyond `at`.

    The power law is fitted to each series and linearised there, so numerator and denominator have 1 and n − 4 degrees
    of freedom.
    """
    log_n = np.log(size)
    alpha, floor, scale, _ = (values[:, None] for values in _fits(log_n, losses))
    shape = np.exp(-alpha * log_n)
    hinge = shape * np.maximum(log_n - math.log(at), 0.0)
    base, _ = np.linalg.qr(np.stack([np.ones_like(shape), shape, shape * log_n], axis=-1))
    residual = losses - floor - scale * shape

    def left_over(values: np.ndarray) -> np.ndarray:
        return values - (base @ (np.swapaxes(base, -1, -2) @ values[..., None]))[..., 0]

    left, rest = left_over(hinge), left_over(residual)
    explained = (left * rest).sum(axis=1) ** 2 / np.maximum((left**2).sum(axis=1), 1e-300)
    remaining = np.maximum((rest**2).sum(axis=1) - explained, 1e-300)
    return explained / (remaining / (len(size) - 4))


def _fits(log_n: np.ndarray, losses: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """alpha, floor, scale and residual sum of squares of the power law of each series (R, n): grid, then golden section."""
    t = log_n - log_n[0]
    target = losses - losses.mean(axis=1, keepdims=True)
    grid = np.geomspace(*ALPHAS, 60)
    shapes = np.exp(-grid[:, None] * t)
    off = shapes - shapes.mean(axis=1, keepdims=True)
    best = ((target @ off.T) ** 2 / (off**2).sum(axis=1)).argmax(axis=1)
    low, high = np.log(grid[np.maximum(best - 1, 0)]), np.log(grid[np.minimum(best + 1, len(grid) - 1)])

    def squares(log_alpha: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        shape = np.exp(-np.exp(log_alpha)[:, None] * t)
        middle = shape.mean(axis=1)
        spread = shape - middle[:, None]
        scale = (spread * target).sum(axis=1) / (spread**2).sum(axis=1)
        return ((target - scale[:, None] * spread) ** 2).sum(axis=1), scale, middle

    golden = (math.sqrt(5) - 1) / 2
    for _ in range(45):
        a, b = high - golden * (high - low), low + golden * (high - low)
        nearer = squares(a)[0] < squares(b)[0]
        low, high = np.where(nearer, low, a), np.where(nearer, b, high)
    alpha = np.exp((low + high) / 2)
    rest, scale, middle = squares(np.log(alpha))
    floor = losses.mean(axis=1) - scale * middle
    return alpha, floor, scale * np.exp(alpha * log_n[0]), rest


def _f_quantile(probability: float, df1: int, df2: int) -> float:
    from scipy.special import fdtri  # here: importing the package must not import scipy

    return float(fdtri(df1, df2, probability))


def _f_survival(value: float, df1: int, df2: int) -> float:
    from scipy.special import fdtrc  # here: importing the package must not import scipy

    return float(fdtrc(df1, df2, value))
