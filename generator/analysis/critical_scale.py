"""Critical scale Nc: where γ12 of a family changes from negative to positive, as an interval, or the reason there is none.

The papers' two recipes (vertex of a quadratic in log10 N; zero of a line through γ of models pooled over families)
are in `generator.analysis.paper_recipes`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from generator.analysis._inputs import Source, label, rows
from generator.analysis.coupling import gamma_table
from generator.analysis.coverage_table import coverage_note
from generator.analysis.resample import percentile_interval, permutation_test, unit_counts
from generator.analysis.result import Interval, Statistic
from generator.core import counted

UNITS = {
    "params": "parameters",
    "active_params": "parameters",
    "training_flop": "FLOP",
    "training_tokens": "tokens",
    "released": "decimal year",
}
STATES = ("bracketed", "several crossings", "not bracketed: above", "not bracketed: below", "reversed", "none")


def crossing_state(gamma: np.ndarray) -> tuple[str, int | None]:
    """State of a series of couplings in size order, and the index of the first positive one after a negative one.

    ``bracketed``: negative, then positive for good; ``several crossings``: it turns negative again; ``not bracketed:
    above``/``below``: all negative / all positive, so Nc, if there is one, lies above or below the sizes measured;
    ``reversed``: positive, then negative for good; ``none``: all zero, or fewer than two couplings. Zeros take no
    side.
    """
    signs = np.sign(gamma)
    sided = np.flatnonzero(signs)
    if len(gamma) < 2 or not sided.size:
        return "none", None
    changes = [(int(i), int(j)) for i, j in itertools.pairwise(sided) if signs[i] != signs[j]]
    upward = [pair for pair in changes if signs[pair[1]] > 0]
    if not changes:
        return ("not bracketed: below" if signs[sided[0]] > 0 else "not bracketed: above"), None
    if not upward:
        return "reversed", None
    return ("bracketed" if len(changes) == 1 else "several crossings"), upward[0][1]


def isotonic(values: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Non-decreasing least-squares fit along the last axis, (…, k) → (…, k), by the max–min formula."""
    values = np.asarray(values, dtype=float)
    weights = np.ones_like(values) if weights is None else np.broadcast_to(weights, values.shape).astype(float)
    k = values.shape[-1]
    zero = np.zeros((*values.shape[:-1], 1))
    sums = np.concatenate([zero, np.cumsum(values * weights, axis=-1)], axis=-1)
    mass = np.concatenate([zero, np.cumsum(weights, axis=-1)], axis=-1)
    fitted = np.empty_like(values)
    for i in range(k):
        best = np.full(values.shape[:-1], -np.inf)
        for a in range(i + 1):
            means = (sums[..., i + 1 :] - sums[..., a : a + 1]) / (mass[..., i + 1 :] - mass[..., a : a + 1])
            best = np.maximum(best, means.min(axis=-1))
        fitted[..., i] = best
    return fitted


def isotonic_crossing(log_n: np.ndarray, gamma: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """log10 size where the isotonic fit of γ (…, k) on `log_n` (k,) crosses zero, linear between neighbours; NaN if never."""
    fit = isotonic(gamma, weights)
    negative = (fit < 0).sum(axis=-1)
    positive = (fit > 0).sum(axis=-1)
    k = fit.shape[-1]
    crosses = (negative > 0) & (positive > 0)
    last, first = np.clip(negative - 1, 0, k - 1), np.clip(k - positive, 0, k - 1)
    low = np.take_along_axis(fit, last[..., None], axis=-1)[..., 0]
    high = np.take_along_axis(fit, first[..., None], axis=-1)[..., 0]
    width = np.where(crosses, high - low, 1.0)
    return np.where(crosses, log_n[last] + (log_n[first] - log_n[last]) * (-low) / width, np.nan)


def critical_scale(
    source: Source,
    family: str,
    x: str,
    y: str,
    *,
    rng: np.random.Generator,
    resamples: int = 10_000,
    order: str = "params",
    item_correlation: float = 0.0,
    level: float = 0.95,
) -> Statistic:
    """Nc of one family in parameters (or the unit of `order`), or a Statistic without estimate whose reason is the state.

    estimate: where the isotonic fit of γ12 on log size, weighted by ΔB1², crosses zero. interval: percentiles of that
    crossing when the scores are redrawn from normal errors with their standard errors, over the draws in which there
    is a crossing; details.crossing_share says how many those are. details: state (STATES), bracket (sizes around the
    turning model), first_positive_interval (the sizes of the first interval with γ > 0, the papers' reading),
    resolved_bracket (both intervals around the turn are resolved at 95 %), and every γ with its sizes.
    """
    table = gamma_table(
        source, x, y, families=[family], order=order, repeated="mean", item_correlation=item_correlation
    )
    frame = rows(source, (x, y))
    models = tuple(map(str, frame.index[frame["family"] == family]))
    statistic = _family_scale(
        family, models, table, axes=(x, y), unit=UNITS[order], rng=rng, resamples=resamples, level=level
    )
    return label(statistic, source)


def critical_scales(
    source: Source,
    x: str,
    y: str,
    *,
    rng: np.random.Generator,
    resamples: int = 10_000,
    order: str = "params",
    level: float = 0.95,
) -> dict[str, Statistic]:
    """`critical_scale` of every family with at least one model on both axes, by family id."""
    frame = rows(source, (x, y))
    table = gamma_table(source, x, y, order=order, repeated="mean")
    options: dict[str, Any] = {"axes": (x, y), "unit": UNITS[order], "rng": rng, "resamples": resamples, "level": level}
    steps = dict(list(table.groupby("family")))
    found = {}
    for family, members in frame[frame["family"].notna()].groupby("family", sort=True):
        models = tuple(map(str, members.index))
        found[str(family)] = label(
            _family_scale(str(family), models, steps.get(family, table.iloc[:0]), **options), source
        )
    return found


def _family_scale(
    family: str,
    models: tuple[str, ...],
    table: pd.DataFrame,
    *,
    axes: tuple[str, str],
    unit: str,
    rng: np.random.Generator,
    resamples: int,
    level: float,
) -> Statistic:
    """Nc of one family from its rows of a `gamma_table` with repeated sizes merged."""
    table = table[table["usable"]].reset_index(drop=True)
    how = "zero of the isotonic fit of γ12 on log10 size within the family; interval from sampling error of the scores"
    common: dict[str, Any] = {"n": len(models), "method": how, "axes": axes, "inputs": models, "unit": unit}
    if len(table) < 2:
        have = f"{counted(len(models), 'model')} with both scores, {counted(len(table), 'size step')}"
        reason = f"{family}: {have}; a change of sign needs 2"
        return Statistic.missing("Nc", reason, **common)
    gamma = table["gamma"].to_numpy(dtype=float)
    state, index = crossing_state(gamma)
    details = _nc_details(table, state, index)
    details["coverage"] = coverage_note("Nc/sampling", len(table) + 1, 1)
    draws = _redrawn_crossings(table, rng=rng, resamples=resamples)
    interval = None
    if draws is not None:
        details["crossing_share"] = float(np.isfinite(draws).mean())
        found = percentile_interval(10 ** draws[np.isfinite(draws)], level=level)
        if found is not None and details["crossing_share"] >= 0.5:
            interval = Interval(found.low, found.high, level, "normal sampling error of the scores, isotonic fit")
    log_n = np.log10(table["n_mid"].to_numpy(dtype=float))
    crossing = float(isotonic_crossing(log_n, gamma, table["dx"].to_numpy(dtype=float) ** 2))
    if index is None or not math.isfinite(crossing):
        return Statistic.missing("Nc", _nc_reason(state, table), details=details, **common)
    return Statistic(name="Nc", estimate=10**crossing, interval=interval, details=details, **common)


def _nc_details(table: pd.DataFrame, state: str, index: int | None) -> dict[str, Any]:
    positive = table[table["gamma"] > 0]
    details: dict[str, Any] = {
        "state": state,
        "gammas": table["gamma"].tolist(),
        "sizes": [*table["n_from"].tolist(), float(table["n_to"].iloc[-1])],
        "resolved": table["resolved"].astype(bool).tolist(),
        "first_positive_interval": None,
        "bracket": None,
    }
    if len(positive):
        first = positive.iloc[0]
        details["first_positive_interval"] = [float(first["n_from"]), float(first["n_to"])]
    if index is not None:
        before = int(np.flatnonzero(table["gamma"].to_numpy()[:index] < 0)[-1])
        details["bracket"] = [float(table["n_from"].iloc[before]), float(table["n_to"].iloc[index])]
        details["resolved_bracket"] = bool(table["resolved"].iloc[before] and table["resolved"].iloc[index])
    return details


def _size(count: float) -> str:
    """A number of parameters as the pages write it: ``560 M``, ``12 B``; in full below a million, as other orders have it."""
    scale, letter = next(((one, name) for one, name in ((1e9, " B"), (1e6, " M")) if count >= one), (1.0, ""))
    return f"{count / scale:.4g}{letter}"


def _nc_reason(state: str, table: pd.DataFrame) -> str:
    low, high = float(table["n_from"].iloc[0]), float(table["n_to"].iloc[-1])
    reasons = {
        "not bracketed: above": f"not bracketed: no γ12 is positive up to {_size(high)}; Nc, if any, lies above",
        "not bracketed: below": f"not bracketed: no γ12 is negative from {_size(low)} on; Nc, if any, lies below",
        "reversed": f"none: γ12 turns from positive to negative between {_size(low)} and {_size(high)}",
        "none": "none: γ12 is zero throughout",
    }
    return reasons.get(state, f"{state}, but the monotone fit of γ12 does not cross zero")


def _redrawn_crossings(table: pd.DataFrame, *, rng: np.random.Generator, resamples: int) -> np.ndarray | None:
    """Isotonic crossings (log10 size) with every score redrawn from its error; None where an error is not known."""
    points: dict[str, tuple[float, float, float, float]] = {}
    ends = []
    for first, last, *numbers in _ends(table):
        points.setdefault(first, tuple(numbers[:4]))
        points.setdefault(last, tuple(numbers[4:]))
        ends.append((first, last))
    place = {model: position for position, model in enumerate(points)}
    x, y, sx, sy = np.array(list(points.values()), dtype=float).T
    if not (np.isfinite(sx).all() and np.isfinite(sy).all() and (sx > 0).any() and (sy > 0).any()):
        return None
    drawn_x = x + sx * rng.standard_normal((resamples, len(x)))
    drawn_y = y + sy * rng.standard_normal((resamples, len(y)))
    start, end = (np.array([place[pair[side]] for pair in ends]) for side in (0, 1))
    dx, dy = drawn_x[:, end] - drawn_x[:, start], drawn_y[:, end] - drawn_y[:, start]
    gamma = dy / np.where(np.abs(dx) < 1e-9, 1e-9, dx)
    log_n = np.log10(table["n_mid"].to_numpy(dtype=float))
    return isotonic_crossing(log_n, gamma, table["dx"].to_numpy(dtype=float) ** 2)


def _ends(table: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    """Of each interval: both models, then x, y and their standard errors of the first and of the second; read by column."""
    numbers = [f"{name}_{side}" for side in ("from", "to") for name in ("x", "y", "se_x", "se_y")]
    return zip(*(table[name].tolist() for name in ("model_from", "model_to", *numbers)), strict=True)


def pooled_critical_scale(
    source: Source,
    table: pd.DataFrame,
    *,
    rng: np.random.Generator,
    resamples: int = 10_000,
    level: float = 0.95,
) -> Statistic:
    """Size where γ12 is as often positive as negative, by logistic regression over the usable rows of a `gamma_table`.

    Families are resampled as a whole. details: slope (log-odds per decade), families, negative and positive counts,
    rising_share: share of resamples in which the odds of γ > 0 rise with size (without that there is no such scale).
    p ``order within family``: permutation of the signs within each family; large when the rise is one between
    families of different size, not within any.
    """
    used = table[table["usable"] & (table["gamma"] != 0)]
    how = "logistic regression of the sign of γ12 on log10 size over all families; families resampled"
    common: dict[str, Any] = {"n": len(used), "method": how, "unit": "parameters"}
    positive = (used["gamma"] > 0).to_numpy(dtype=float)
    families, codes = np.unique(used["family"].astype(str).to_numpy(), return_inverse=True)
    if len(used) < 8 or not 0 < positive.sum() < len(used) or len(families) < 3:
        reason = f"{len(used)} signed intervals ({int(positive.sum())} positive) in {len(families)} families: too few"
        return label(Statistic.missing("pooled Nc", reason, **common), source)
    log_n = np.log10(used["n_mid"].to_numpy(dtype=float))
    slope, crossing = _logistic_crossing(log_n, positive, np.ones((1, len(used))))
    counts = np.concatenate(list(unit_counts(len(families), resamples, rng)))[:, codes]
    slopes, crossings = _logistic_crossing(log_n, positive, counts)
    rising = slopes > 0
    details = {
        "slope": float(slope[0]),
        "families": len(families),
        "negative": int(len(used) - positive.sum()),
        "positive": int(positive.sum()),
        "rising_share": float(rising.mean()),
        "coverage": coverage_note("pooled Nc/family-bootstrap", len(used), len(families)),
    }
    within = permutation_test(log_n, positive, rng=rng, resamples=resamples, groups=codes)
    p = {} if within.p is None else {"order within family": within.p}
    inside = abs(crossing[0] - log_n.mean()) < 3 * max(np.ptp(log_n), 0.5)
    if slope[0] <= 0 or not inside:
        reason = (
            "the odds of a positive γ12 do not rise with size" if slope[0] <= 0 else "the crossing lies far outside"
        )
        return label(Statistic.missing("pooled Nc", reason, p=p, details=details, **common), source)
    tails = np.where(rising, crossings, np.where(crossings > log_n.mean(), -np.inf, np.inf))
    low, high = np.quantile(tails, [(1 - level) / 2, (1 + level) / 2], method="closest_observation")
    interval = Interval(_power(float(low)), _power(float(high)), level, "family bootstrap, percentile")
    estimate = 10 ** float(crossing[0])
    return label(
        Statistic(name="pooled Nc", estimate=estimate, interval=interval, p=p, details=details, **common), source
    )


def _power(exponent: float) -> float | None:
    return 10**exponent if math.isfinite(exponent) and abs(exponent) < 300 else None


def _logistic_crossing(log_n: np.ndarray, positive: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Slope and zero (log10 size) of a logistic fit for each row of `counts` (R, k), by at most 30 damped Newton steps.

    A ridge of 0.05 on the slope keeps perfectly separated resamples finite.
    """
    centre = log_n.mean()
    x = log_n - centre
    a, b = np.zeros(len(counts)), np.zeros(len(counts))
    for _ in range(30):
        share = 1.0 / (1.0 + np.exp(-np.clip(a[:, None] + b[:, None] * x, -30, 30)))
        w = counts * share * (1 - share)
        rest = counts * (positive - share)
        g0, g1 = rest.sum(axis=1) - 1e-3 * a, rest @ x - 0.05 * b
        h00, h01, h11 = w.sum(axis=1) + 1e-3, w @ x, w @ (x * x) + 0.05
        det = h00 * h11 - h01**2
        step_a = np.clip((h11 * g0 - h01 * g1) / det, -2, 2)
        step_b = np.clip((h00 * g1 - h01 * g0) / det, -2, 2)
        a, b = a + step_a, b + step_b
        if max(np.abs(step_a).max(), np.abs(step_b).max()) < 1e-7:
            break
    return b, centre - a / np.where(np.abs(b) < 1e-9, 1e-9, b)
