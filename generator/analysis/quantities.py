"""The papers' physics quantities under plain names, each with the number of points and degrees of freedom it rests on.

Sensitivity 1/|γ| (their susceptibility), fixed point of a growth law, exponential constant (their Arrhenius
constant), broken-line profile (kink profile), turning number (winding number), power of the distance to Nc (design
rule), chain of models (L0 to L4).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from generator.analysis._inputs import Source, rows
from generator.analysis.coupling import fieller
from generator.analysis.line import fit_line
from generator.analysis.loss import power_law
from generator.analysis.resample import cluster_sums, t_quantile
from generator.analysis.result import Interval, Statistic

Values: TypeAlias = Sequence[float] | np.ndarray


def sensitivity(table: pd.DataFrame) -> pd.DataFrame:
    """1/|γ12| of each usable row of a `gamma_table`: family, n_mid, gamma, sensitivity, low, high, bounded.

    low and high map Fieller's interval of γ; where that interval contains 0 the sensitivity is unbounded above (high
    NaN, bounded False): a peak of 1/|γ| is then noise around zero, not a critical point.
    """
    used = table[table["usable"] & (table["gamma"] != 0)]
    found = []
    for row in used.itertuples():
        known = row.shape == "interval"
        largest = max(abs(row.gamma_low), abs(row.gamma_high)) if known else math.nan
        bounded = bool(known and row.resolved)
        smallest = min(abs(row.gamma_low), abs(row.gamma_high)) if bounded else math.nan
        found.append(
            {
                "family": row.family,
                "n_mid": row.n_mid,
                "gamma": row.gamma,
                "sensitivity": 1 / abs(row.gamma),
                "low": 1 / largest if known else 0.0,
                "high": 1 / smallest if bounded else math.nan,
                "bounded": bounded,
            }
        )
    return pd.DataFrame(found).reindex(columns=["family", "n_mid", "gamma", "sensitivity", "low", "high", "bounded"])


def fixed_point(sizes: Values, values: Values, *, level: float = 0.95) -> Statistic:
    """Zero of a straight growth law dg/dlog10N = a·g + b through the finite differences of a series (n ≥ 4 for an interval).

    estimate: g* = −b/a. interval: Fieller, with n − 3 degrees of freedom where there are any. details: slope a,
    intercept b, df, and attracting (a < 0: the series moves toward g*; otherwise away from it).
    """
    order = np.argsort(np.asarray(sizes, dtype=float))
    log_n, g = np.log10(np.asarray(sizes, dtype=float)[order]), np.asarray(values, dtype=float)[order]
    how = "least squares of finite differences on interval midpoints"
    if len(g) < 4 or (np.diff(log_n) <= 0).any():
        return Statistic.missing(
            "fixed point", f"{len(g)} points of different size; 4 are needed", n=len(g), method=how
        )
    middle, growth = (g[1:] + g[:-1]) / 2, np.diff(g) / np.diff(log_n)
    if np.ptp(middle) == 0:
        return Statistic.missing("fixed point", "the series does not move", n=len(g), method=how)
    fit = fit_line(middle, growth)
    details: dict[str, Any] = {
        "slope": fit.slope,
        "intercept": fit.intercept,
        "df": fit.df,
        "attracting": fit.slope < 0,
    }
    if abs(fit.slope) < 1e-12:
        return Statistic.missing(
            "fixed point", "growth does not depend on the value", n=len(g), method=how, details=details
        )
    interval = None
    if fit.df >= 1 and fit.sigma > 0:
        widen = t_quantile(0.5 + level / 2, fit.df) / t_quantile(0.5 + level / 2, 1e9)
        covariance = fit.x_mean * fit.sigma**2 / fit.sxx * widen**2
        ratio = fieller(fit.slope, -fit.intercept, fit.se_slope * widen, fit.se_intercept * widen, cov=covariance)
        interval = (
            Interval(ratio.low, ratio.high, level, f"Fieller, t({fit.df})") if ratio.shape == "interval" else None
        )
        details["interval_shape"] = ratio.shape
    return Statistic(
        name="fixed point",
        estimate=-fit.intercept / fit.slope,
        n=len(g),
        method=how,
        interval=interval,
        details=details,
    )


def exponential_constant(sizes: Values, values: Values, *, level: float = 0.95) -> Statistic:
    """E in |value| = A·exp(−E/log10 N): least squares of ln|value| on 1/log10 N (log10 N in the place of a temperature).

    The papers name an Arrhenius constant and release no formula; this is the usual form. baselines: R² of a power law
    in N, which uses as many parameters. Zero values are left out.
    """
    n = np.asarray(sizes, dtype=float)
    size = np.abs(np.asarray(values, dtype=float))
    kept = (size > 0) & (n > 1)
    how = "least squares of ln|value| on 1/log10 N"
    if kept.sum() < 3 or len(np.unique(n[kept])) < 3:
        reason = f"{int(kept.sum())} non-zero values of different size; 3 are needed"
        return Statistic.missing("exponential constant", reason, n=int(kept.sum()), method=how)
    log_n, target = np.log10(n[kept]), np.log(size[kept])
    fit, power = fit_line(1 / log_n, target), fit_line(log_n, target)
    half = t_quantile(0.5 + level / 2, fit.df) * fit.se_slope
    return Statistic(
        name="exponential constant",
        estimate=-fit.slope,
        n=fit.n,
        method=how,
        interval=Interval(-fit.slope - half, -fit.slope + half, level, f"least squares, t({fit.df})"),
        baselines={"R² of a power law": power.r_squared},
        details={"r_squared": fit.r_squared, "df": fit.df, "prefactor": math.exp(fit.intercept)},
    )


def kink_profile(sizes: Values, values: Values, *, rng: np.random.Generator, resamples: int = 2_000) -> Statistic:
    """Is a broken line in log10 N better than a straight one, and where would it break? estimate: the break (parameters) of best fit.

    details.profile: F of the hinge at each inner point; p ``largest F``: share of straight-line series with normal
    noise whose largest F is as high, which pays for having looked everywhere. n ≥ 6.
    """
    order = np.argsort(np.asarray(sizes, dtype=float))
    t, y = np.log10(np.asarray(sizes, dtype=float)[order]), np.asarray(values, dtype=float)[order]
    how = "largest F of a hinge in log10 N over inner sizes"
    breaks = np.unique(t)[1:-1]
    if len(t) < 6 or len(breaks) < 2:
        return Statistic.missing("kink", f"{len(t)} sizes; 6 are needed", n=len(t), method=how, unit="parameters")
    straight = fit_line(t, y)
    if straight.sigma <= 1e-12:
        return Statistic.missing("kink", "the points lie on a line", n=len(t), method=how, unit="parameters")
    observed = _hinge_f(t, y[None], breaks)[0]
    null = _hinge_f(t, rng.standard_normal((resamples, len(t))), breaks).max(axis=1)
    best = int(observed.argmax())
    return Statistic(
        name="kink",
        estimate=float(10 ** breaks[best]),
        n=len(t),
        method=how,
        unit="parameters",
        p={"largest F": float((np.count_nonzero(null >= observed[best]) + 1) / (resamples + 1))},
        baselines={"R² of a straight line": straight.r_squared},
        details={
            "profile": [[float(10**at), float(f)] for at, f in zip(breaks, observed, strict=True)],
            "df": len(t) - 3,
        },
    )


def _hinge_f(t: np.ndarray, series: np.ndarray, breaks: np.ndarray) -> np.ndarray:
    """F (1, n − 3) of a hinge at each break for each series (R, n): (R, breaks)."""
    base, _ = np.linalg.qr(np.column_stack([np.ones_like(t), t]))
    hinges = np.maximum(t[None] - breaks[:, None], 0.0)
    hinges = hinges - (hinges @ base) @ base.T
    rest = series - (series @ base) @ base.T
    explained = (rest @ hinges.T) ** 2 / np.maximum((hinges**2).sum(axis=1), 1e-300)
    remaining = np.maximum((rest**2).sum(axis=1, keepdims=True) - explained, 1e-300)
    return explained / (remaining / (len(t) - 3))


def turning_number(x: Values, y: Values) -> Statistic:
    """Net turning of the path (x, y) in revolutions: sum of the changes of direction of its steps over 2π (anticlockwise positive).

    A path that is not closed has no winding number; this is the quantity that can be computed for it. Steps of no
    length are left out.
    """
    path = np.column_stack([np.asarray(x, dtype=float), np.asarray(y, dtype=float)])
    steps = np.diff(path, axis=0)
    steps = steps[np.hypot(*steps.T) > 1e-12]
    how = "sum of the turns between consecutive steps"
    if len(steps) < 2:
        return Statistic.missing("turning number", f"{len(steps)} steps; 2 are needed", n=len(path), method=how)
    heading = np.arctan2(steps[:, 1], steps[:, 0])
    turns = (np.diff(heading) + math.pi) % (2 * math.pi) - math.pi
    details = {"total_turning": float(np.abs(turns).sum() / (2 * math.pi)), "df": len(turns)}
    return Statistic(
        name="turning number",
        estimate=float(turns.sum() / (2 * math.pi)),
        n=len(path),
        method=how,
        unit="revolutions",
        details=details,
    )


def distance_exponent(
    sizes: Values, fields: Values, nc: float, *, claimed: float = 1.5, level: float = 0.95
) -> Statistic:
    """Exponent p in field ∝ (Nc − N)^p over models below Nc, from least squares in logarithms (the papers' design rule: 1.5).

    `fields` in pp (e.g. the margin to the isocline), positive ones only; `nc` in parameters. details: df, claimed,
    claimed_inside (whether the interval holds it), and decades of Nc − N covered: below half a decade an exponent is
    not identified.
    """
    n, field = np.asarray(sizes, dtype=float), np.asarray(fields, dtype=float)
    kept = (n < nc) & (field > 0)
    distance = np.log10(nc - n[kept])
    how = "least squares of log field on log (Nc − N)"
    common: dict[str, Any] = {"n": int(kept.sum()), "method": how, "unit": "exponent"}
    if kept.sum() < 4 or np.ptp(distance) < 1e-9:
        reason = f"{int(kept.sum())} models below Nc with a positive field; 4 are needed"
        return Statistic.missing("distance exponent", reason, **common)
    fit = fit_line(distance, np.log10(field[kept]))
    half = t_quantile(0.5 + level / 2, fit.df) * fit.se_slope
    details = {
        "df": fit.df,
        "claimed": claimed,
        "claimed_inside": abs(fit.slope - claimed) <= half,
        "decades": float(np.ptp(distance)),
        "r_squared": fit.r_squared,
    }
    interval = Interval(fit.slope - half, fit.slope + half, level, f"least squares, t({fit.df})")
    return Statistic(name="distance exponent", estimate=fit.slope, interval=interval, details=details, **common)


def model_chain(source: Source, x: str, y: str, *, loss: pd.Series | None = None) -> pd.DataFrame:
    """The chain of ever richer models of the second score, with leave-one-out relative error each, beside the mean.

    Rows: L0 loss from size (power law; needs `loss`, model id → nats), L1 y from loss, L2 y from log N, L3 y from log
    N and x, L4 the same with an offset a family (the data field). Columns: level, model, n, parameters, df, error,
    baseline (shares of the value). Levels without data, and scores of 0, are left out.
    """
    frame = rows(source, (x, y))
    size = pd.to_numeric(frame["params"], errors="coerce")
    kept = size.notna() & (frame[y] > 0)
    frame = frame[kept].assign(_t=np.log10(size[kept]))
    found = []
    if loss is not None:
        shared = frame.assign(_loss=loss.reindex(frame.index)).dropna(subset=["_loss"])
        if len(shared) >= 5:
            found.append(_power_row(10 ** shared["_t"].to_numpy(dtype=float), shared["_loss"].to_numpy(dtype=float)))
            found.append(_linear_row("L1", f"{y} from loss", shared[["_loss"]], shared[y]))
    found.append(_linear_row("L2", f"{y} from log N", frame[["_t"]], frame[y]))
    found.append(_linear_row("L3", f"{y} from log N and {x}", frame[["_t", x]], frame[y]))
    offsets = frame[frame.groupby("family")["family"].transform("size") >= 2]
    families = offsets["family"].astype(str).to_numpy()
    found.append(_linear_row("L4", f"{y} from log N, {x} and family", offsets[["_t", x]], offsets[y], levels=families))
    table = pd.DataFrame([row for row in found if row])
    return table.reindex(columns=["level", "model", "n", "parameters", "df", "error", "baseline"])


def _linear_row(
    level: str, name: str, predictors: pd.DataFrame, target: pd.Series, *, levels: np.ndarray | None = None
) -> dict[str, Any]:
    """Leave-one-out error of least squares with one level for all models, or one for each name in `levels` (n,).

    A column a name would cost the cube of the families; taking each family's mean from its models gives the same residuals
    and leverages (Frisch, Waugh and Lovell).
    """
    y, columns = target.to_numpy(dtype=float), predictors.to_numpy(dtype=float)
    names = np.zeros(len(y)) if levels is None else levels
    _, codes, sizes = np.unique(names, return_inverse=True, return_counts=True)
    parameters = len(sizes) + columns.shape[1]
    df = len(y) - parameters
    if df < 2:
        return {}
    design, rest = (values - (cluster_sums(values, codes) / sizes[:, None])[codes] for values in (columns, y[:, None]))
    inverse = np.linalg.pinv(design)
    leverage = np.minimum(1 / sizes[codes] + np.einsum("ij,ji->i", design, inverse), 1 - 1e-9)
    left_out = (rest - design @ (inverse @ rest))[:, 0] / (1 - leverage)
    return {
        "level": level,
        "model": name,
        "n": len(y),
        "parameters": parameters,
        "df": df,
        "error": float(np.mean(np.abs(left_out) / np.abs(y))),
        "baseline": _mean_error(y),
    }


def _power_row(size: np.ndarray, loss: np.ndarray) -> dict[str, Any]:
    keep = ~np.eye(len(size), dtype=bool)
    errors = [abs(float(power_law(size[k], loss[k]).at(size[i])) - loss[i]) / loss[i] for i, k in enumerate(keep)]
    return {
        "level": "L0",
        "model": "loss from size",
        "n": len(size),
        "parameters": 3,
        "df": len(size) - 3,
        "error": float(np.mean(errors)),
        "baseline": _mean_error(loss),
    }


def _mean_error(y: np.ndarray) -> float:
    others = (y.sum() - y) / (len(y) - 1)
    return float(np.mean(np.abs(y - others) / np.abs(y)))
