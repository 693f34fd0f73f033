"""Critical scale Nc: where γ12 of a family changes from negative to positive, as an interval, or the reason there is none.

The papers' two recipes (vertex of a quadratic in log10 N; zero of a line through γ of models pooled over families)
are in `generator.analysis.paper_recipes`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from generator.analysis._inputs import Source, label, rows
from generator.analysis.coupling import gamma_table
from generator.analysis.coverage_table import coverage_note
from generator.analysis.resample import permutation_test, unit_counts
from generator.analysis.result import Interval, Statistic
from generator.core import counted

UNITS = {
    "params": "parameters",
    "active_params": "parameters",
    "training_flop": "FLOP",
    "training_tokens": "tokens",
    "released": "decimal year",
}
LEVEL = 0.95  # of the intervals of Nc
_NAMES = ("family", "model_from", "model_to")
_NUMBERS = (
    "n_from", "n_to", "n_mid", "dx", "gamma", "resolved", "x_from", "x_to", "y_from", "y_to", "se_x_from", "se_x_to",
    "se_y_from", "se_y_to",
)  # fmt: skip
#: Resamples fitted at a time: what they need stays in the processor's cache. A multiple of 16, so that products of a part are
#: those of the whole to the last digit.
_TOGETHER = 32
#: Usable rows of a `gamma_table` by column, (intervals,) each.
Steps: TypeAlias = dict[str, np.ndarray]
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
    """Non-decreasing least-squares fit along the last axis, (…, k) → (…, k), by the max–min formula; `weights` (k,)."""
    values = np.moveaxis(
        np.asarray(values, dtype=float), -1, 0
    )  # one row a place of the series: whole rows are worked on
    return np.moveaxis(_isotonic_rows(values, np.ones(len(values)) if weights is None else weights), 0, -1)


def _isotonic_rows(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    k = len(values)
    mass = np.concatenate([[0.0], np.cumsum(weights)])
    sums = np.zeros((k + 1, *values.shape[1:]))
    for i, weight in enumerate(weights):
        sums[i + 1] = sums[i] + values[i] * weight
    fitted = np.full_like(values, -np.inf)
    for a in range(k):  # the lowest mean of the places from a to i or further on, from the longest stretch down
        lowest = np.full(values.shape[1:], np.inf)
        for i in range(k - 1, a - 1, -1):
            np.minimum(lowest, (sums[i + 1] - sums[a]) / (mass[i + 1] - mass[a]), out=lowest)
            np.maximum(fitted[i], lowest, out=fitted[i, ...])
    return fitted


def isotonic_crossing(log_n: np.ndarray, gamma: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """log10 size where the isotonic fit of γ (…, k) on `log_n` (k,) crosses zero, linear between neighbours.

    A fit that does not cross lies on one side: +∞ where no fitted value is positive (Nc, if any, is above all sizes), −∞
    where none is negative. `weights` (k,).
    """
    fit = np.moveaxis(isotonic(gamma, weights), -1, 0)
    k, shape = len(fit), fit.shape[1:]
    fit = fit.reshape(k, -1)
    negative, positive = np.count_nonzero(fit < 0, axis=0), np.count_nonzero(fit > 0, axis=0)
    crosses = np.flatnonzero((negative > 0) & (positive > 0))
    last, first = negative[crosses] - 1, k - positive[crosses]
    low, high = fit[last, crosses], fit[first, crosses]
    found = np.where(positive > 0, -np.inf, np.inf)
    found[crosses] = log_n[last] + (log_n[first] - log_n[last]) * (-low) / (high - low)
    return found.reshape(shape)


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
    level: float = LEVEL,
) -> Statistic:
    """Nc of one family in parameters (or the unit of `order`), or a Statistic without estimate whose reason is the state.

    estimate: where the isotonic fit of γ12 on log size, weighted by ΔB1², crosses zero. interval: percentiles of that
    crossing when the scores are redrawn from normal errors with their standard errors; a redraw without a crossing counts
    as a size beyond all bounds, on the side that its sign says, so an end is open (None) where more than half of 1 − level
    lie there. details: state (STATES), crossing_share, above_share and below_share (redraws that cross, and that lie above
    or below all sizes), bracket (sizes around the turning model), first_positive_interval (the sizes of the first interval
    with γ > 0, the papers' reading),
    resolved_bracket (both intervals around the turn are resolved at 95 %), and every γ with its sizes.
    """
    table = gamma_table(
        source, x, y, families=[family], order=order, repeated="mean", item_correlation=item_correlation, chances=False
    )
    frame = rows(source, (x, y))
    models = tuple(map(str, frame.index[frame["family"] == family]))
    stream = _streams(rng)(family)
    statistic = _family_scale(
        family, models, _columns(table), axes=(x, y), unit=UNITS[order], rng=stream, resamples=resamples, level=level
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
    level: float = LEVEL,
) -> dict[str, Statistic]:
    """`critical_scale` of every family with at least one model on both axes, by family id: each as it is when asked for alone."""
    frame = rows(source, (x, y))
    table = gamma_table(source, x, y, order=order, repeated="mean", chances=False)
    options: dict[str, Any] = {"axes": (x, y), "unit": UNITS[order], "resamples": resamples, "level": level}
    streams = _streams(rng)
    steps = _columns(table)
    names, starts = np.unique(steps["family"], return_index=True)  # rows of one family stand together
    parts = {
        str(name): slice(*ends)
        for name, ends in zip(names, itertools.pairwise([*starts, len(steps["family"])]), strict=True)
    }
    found = {}
    for family, models in frame.groupby("family", sort=True).groups.items():
        own = {name: values[parts.get(str(family), slice(0))] for name, values in steps.items()}
        statistic = _family_scale(str(family), tuple(map(str, models)), own, rng=streams(str(family)), **options)
        found[str(family)] = label(statistic, source)
    return found


def _streams(rng: np.random.Generator) -> Callable[[str], np.random.Generator]:
    """A stream for each family, the same whichever other families are asked for."""
    first = int(rng.integers(2**63))
    return lambda family: np.random.default_rng([first, *family.encode()])


def _columns(table: pd.DataFrame) -> Steps:
    """The usable rows of a `gamma_table` by column: families are many and small, and a table for each costs more than its numbers."""
    usable = table[table["usable"]]
    return {name: usable[name].to_numpy(dtype=object if name in _NAMES else float) for name in (*_NAMES, *_NUMBERS)}


def _family_scale(
    family: str,
    models: tuple[str, ...],
    steps: Steps,
    *,
    axes: tuple[str, str],
    unit: str,
    rng: np.random.Generator,
    resamples: int,
    level: float,
) -> Statistic:
    """Nc of one family from its usable steps, repeated sizes merged."""
    gamma = steps["gamma"]
    how = "zero of the isotonic fit of γ12 on log10 size within the family; interval from sampling error of the scores"
    common: dict[str, Any] = {"n": len(models), "method": how, "axes": axes, "inputs": models, "unit": unit}
    if len(gamma) < 2:
        have = f"{counted(len(models), 'model')} with both scores, {counted(len(gamma), 'size step')}"
        reason = f"{family}: {have}; a change of sign needs 2"
        return Statistic.missing("Nc", reason, **common)
    state, index = crossing_state(gamma)
    details = _nc_details(steps, state, index)
    details["coverage"] = coverage_note("Nc/sampling", len(gamma) + 1, 1)
    draws = _redrawn_crossings(steps, rng=rng, resamples=resamples)
    interval = None
    if draws is not None:
        sides = {"crossing": np.isfinite(draws), "above": draws == np.inf, "below": draws == -np.inf}
        details |= {f"{side}_share": float(there.mean()) for side, there in sides.items()}
        interval = _size_interval(draws, level=level, method="normal sampling error of the scores, isotonic fit")
    crossing = float(isotonic_crossing(np.log10(steps["n_mid"]), gamma, steps["dx"] ** 2))
    if index is None or not math.isfinite(crossing):
        return Statistic.missing("Nc", _nc_reason(state, steps), details=details, **common)
    return Statistic(name="Nc", estimate=10**crossing, interval=interval, details=details, **common)


def _nc_details(steps: Steps, state: str, index: int | None) -> dict[str, Any]:
    gamma, sizes = steps["gamma"], [*steps["n_from"].tolist(), float(steps["n_to"][-1])]
    resolved = steps["resolved"].astype(bool).tolist()
    ends = list(zip(steps["n_from"].tolist(), steps["n_to"].tolist(), strict=True))
    positive = np.flatnonzero(gamma > 0)
    details: dict[str, Any] = {
        "state": state,
        "gammas": gamma.tolist(),
        "sizes": sizes,
        "resolved": resolved,
        "first_positive_interval": list(ends[positive[0]]) if len(positive) else None,
        "bracket": None,
    }
    if index is not None:
        before = int(np.flatnonzero(gamma[:index] < 0)[-1])
        details["bracket"] = [ends[before][0], ends[index][1]]
        details["resolved_bracket"] = resolved[before] and resolved[index]
    return details


def _size(count: float) -> str:
    """A number of parameters as the pages write it: ``560 M``, ``12 B``; in full below a million, as other orders have it."""
    scale, letter = next(((one, name) for one, name in ((1e9, " B"), (1e6, " M")) if count >= one), (1.0, ""))
    return f"{count / scale:.4g}{letter}"


def _nc_reason(state: str, steps: Steps) -> str:
    low, high = float(steps["n_from"][0]), float(steps["n_to"][-1])
    reasons = {
        "not bracketed: above": f"not bracketed: no γ12 is positive up to {_size(high)}; Nc, if any, lies above",
        "not bracketed: below": f"not bracketed: no γ12 is negative from {_size(low)} on; Nc, if any, lies below",
        "reversed": f"none: γ12 turns from positive to negative between {_size(low)} and {_size(high)}",
        "none": "none: γ12 is zero throughout",
    }
    return reasons.get(state, f"{state}, but the monotone fit of γ12 does not cross zero")


def _redrawn_crossings(steps: Steps, *, rng: np.random.Generator, resamples: int) -> np.ndarray | None:
    """Isotonic crossings (log10 size, ±∞ where there is none) with every score redrawn from its error; None where an error is not known."""
    columns = [
        [steps[f"{name}_{side}"].tolist() for name in ("model", "x", "y", "se_x", "se_y")] for side in ("from", "to")
    ]
    points: dict[str, tuple[float, ...]] = {}
    for ends in zip(*(zip(*side, strict=True) for side in columns), strict=True):
        for model, *numbers in ends:  # in the order of the steps, which the draws follow
            points.setdefault(model, tuple(numbers))
    x, y, sx, sy = np.array(list(points.values()), dtype=float).T
    if not (np.isfinite(sx).all() and np.isfinite(sy).all() and (sx > 0).any() and (sy > 0).any()):
        return None
    drawn_x, drawn_y = (
        score[:, None] + error[:, None] * np.ascontiguousarray(rng.standard_normal((resamples, len(score))).T)
        for score, error in ((x, sx), (y, sy))
    )
    place = {model: position for position, model in enumerate(points)}
    start, end = ([place[model] for model in side[0]] for side in columns)
    dx, dy = drawn_x[end] - drawn_x[start], drawn_y[end] - drawn_y[start]
    gamma = dy / np.where(np.abs(dx) < 1e-9, 1e-9, dx)
    return isotonic_crossing(np.log10(steps["n_mid"]), gamma.T, steps["dx"] ** 2)


def pooled_critical_scale(
    source: Source,
    table: pd.DataFrame,
    *,
    rng: np.random.Generator,
    resamples: int = 10_000,
    level: float = LEVEL,
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
    interval = _size_interval(tails, level=level, method="family bootstrap, percentile")
    estimate = 10 ** float(crossing[0])
    return label(
        Statistic(name="pooled Nc", estimate=estimate, interval=interval, p=p, details=details, **common), source
    )


def _size_interval(draws: np.ndarray, *, level: float, method: str) -> Interval:
    """Equal-tailed percentile interval of sizes from all `draws` (R,) of their log10; an end at ±∞ is open."""
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2], method="closest_observation")
    return Interval(_power(float(low)), _power(float(high)), level, method)


def _power(exponent: float) -> float | None:
    return 10**exponent if math.isfinite(exponent) and abs(exponent) < 300 else None


def _logistic_crossing(log_n: np.ndarray, positive: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Slope and zero (log10 size) of a logistic fit for each row of `counts` (R, k), by at most 30 damped Newton steps.

    A ridge of 0.05 on the slope keeps perfectly separated resamples finite.
    """
    centre = log_n.mean()
    x = log_n - centre
    a, b = np.zeros(len(counts)), np.zeros(len(counts))
    parts = [slice(start, start + _TOGETHER) for start in range(0, len(counts), _TOGETHER)]
    for _ in range(30):
        steps = [_newton_step(x, positive, counts[part], a[part], b[part]) for part in parts]
        step_a, step_b = np.concatenate(steps, axis=1)
        a, b = a + step_a, b + step_b
        if max(np.abs(step_a).max(), np.abs(step_b).max()) < 1e-7:
            break
    return b, centre - a / np.where(np.abs(b) < 1e-9, 1e-9, b)


def _newton_step(
    x: np.ndarray, positive: np.ndarray, counts: np.ndarray, a: np.ndarray, b: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The damped step from intercepts a (R,) and slopes b (R,) of one fit for each row of `counts` (R, k)."""
    share = 1.0 / (1.0 + np.exp(-np.clip(a[:, None] + b[:, None] * x, -30, 30)))
    w = counts * share * (1 - share)
    rest = counts * (positive - share)
    g0, g1 = rest.sum(axis=1) - 1e-3 * a, rest @ x - 0.05 * b
    h00, h01, h11 = w.sum(axis=1) + 1e-3, w @ x, w @ (x * x) + 0.05
    det = h00 * h11 - h01**2
    return np.clip((h11 * g0 - h01 * g1) / det, -2, 2), np.clip((h00 * g1 - h01 * g0) / det, -2, 2)
