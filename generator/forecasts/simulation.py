"""Releases to come: per-lab cadence and score growth, simulated to a deadline, as panels on which any statistic can be taken.

Cadence is a Poisson process a lab with a gamma prior pooled over labs. Scores grow along a line in logits over release date
with a shrunken offset a lab; a simulated release borrows the misses, on all axes at once, and the set of reported axes of a
real recent release, so tiers, gaps in reporting and the correlation between axes carry over.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from generator.core import CapewatchError, PartialDate
from generator.forecasts.intervals import crps
from generator.forecasts.link import Link
from generator.panel.frame import Panel

#: Cadence and reporting habits are taken from releases of the last 18 months.
WINDOW_DAYS = 548
#: Prior weight of the pooled cadence, releases; pull of a lab's score offset to zero, models.
CADENCE_PRIOR = 1.0
LAB_PULL = 2.0
#: Chance that a new release resembles one of another lab: OTHERS / (own recent releases + OTHERS).
OTHERS = 2.0
#: Axes with fewer dated scores than this are not simulated.
LEAST_SCORES = 5
QUANTILES = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)

Metric = Callable[[Panel], float | None]


@dataclass(frozen=True, eq=False)
class Growth:
    """Score growth. axes: simulated ids; link over them; origin: day 0; level, slope, slope_se (a,) logits, per year;
    offset: lab → (a,) logits; misses (n, a) logits with NaN where unreported; labs, days: of the n dated models."""

    axes: tuple[str, ...]
    link: Link
    origin: dt.date
    level: np.ndarray
    slope: np.ndarray
    slope_se: np.ndarray
    offset: dict[str, np.ndarray]
    misses: np.ndarray
    labs: tuple[str, ...]
    days: np.ndarray


@dataclass(frozen=True, eq=False)
class Simulation:
    """`draws` possible futures of `panel` between `start` and `until`.

    labs, released, scores: one entry a draw, each with the new releases of that draw (ids of labs, days, percent (n, a)).
    expected: lab → mean number of releases; axes: simulated axis ids.
    """

    panel: Panel
    start: dt.date
    until: dt.date
    axes: tuple[str, ...]
    labs: tuple[tuple[str, ...], ...]
    released: tuple[tuple[dt.date, ...], ...]
    scores: tuple[np.ndarray, ...]
    expected: dict[str, float]

    def panels(self) -> Iterator[Panel]:
        """The panel of each draw: the real models and the simulated ones (`sim-<lab>-<n>`), as of `until`."""
        for draw in range(len(self.labs)):
            yield _extended(self, draw)

    def ids(self, draw: int) -> list[str]:
        """Ids of the simulated models of one draw."""
        return [f"sim-{lab}-{number}" for number, lab in enumerate(self.labs[draw], start=1)]

    def evaluate(self, metric: Metric) -> np.ndarray:
        """The metric in every draw (draws,); NaN where it gives None."""
        values = [metric(panel) for panel in self.panels()]
        return np.array([np.nan if value is None else float(value) for value in values])

    def chance(self, event: Callable[[Panel], bool | None]) -> dict[str, Any]:
        """Share of draws in which the event holds: estimate, draws, undecided (draws in which it gives None)."""
        seen = [event(panel) for panel in self.panels()]
        decided = [value for value in seen if value is not None]
        estimate = (sum(decided) + 0.5) / (len(decided) + 1) if decided else None
        return {"estimate": estimate, "draws": len(seen), "undecided": len(seen) - len(decided)}


def simulate(
    panel: Panel, *, until: dt.date, rng: np.random.Generator, draws: int = 500, start: dt.date | None = None
) -> Simulation:
    """Simulate releases from `start` (default: the panel's day, or its newest release) to `until`.

    Only axes in percent are simulated. Raises CapewatchError when `until` is before `start` or nothing is dated.
    """
    dated = _dated(panel)
    begin = start or panel.as_of or max(date.last for date in dated.values())
    if until < begin:
        raise CapewatchError(f"simulation until {until} starts on {begin}", hint="give a later day")
    growth = score_growth(panel, dated)
    rates = cadence(panel, dated, begin)
    slopes = growth.slope + growth.slope_se * rng.standard_normal((draws, len(growth.axes)))
    draw, lab, after = _new_releases(rates, (until - begin).days, draws, rng)
    scores = _scores(growth, slopes[draw], tuple(rates), lab, after, begin, rng)
    parts = np.searchsorted(draw, np.arange(draws + 1))
    spans = [slice(low, high) for low, high in itertools.pairwise(parts.tolist())]
    names, days = np.array(tuple(rates), dtype=object)[lab], [begin + dt.timedelta(days=day) for day in after.tolist()]
    return Simulation(
        panel=panel,
        start=begin,
        until=until,
        axes=growth.axes,
        labs=tuple(tuple(names[span]) for span in spans),
        released=tuple(tuple(days[span]) for span in spans),
        scores=tuple(scores[span] for span in spans),
        expected={
            name: int(count) / draws for name, count in zip(rates, np.bincount(lab, minlength=len(rates)), strict=True)
        },
    )


def cadence(panel: Panel, dated: dict[str, PartialDate], begin: dt.date) -> dict[str, tuple[float, float]]:
    """Lab → shape and rate of the gamma posterior of its releases a year, from the window before `begin`."""
    floor = begin - dt.timedelta(days=WINDOW_DAYS)
    years = WINDOW_DAYS / 365.25
    labs = panel.models["lab"].dropna()
    recent = dict.fromkeys(sorted(set(map(str, labs))), 0)
    for model, date in dated.items():
        if model in labs.index and floor < date.middle <= begin:
            recent[str(labs[model])] += 1
    active = {lab: count for lab, count in recent.items() if count}
    if not active:
        raise CapewatchError(
            f"panel {panel.name}: no release between {floor} and {begin}",
            hint="simulate from a day with releases before it",
        )
    pooled = sum(active.values()) / (len(active) * years)
    return {lab: (count + CADENCE_PRIOR, years + CADENCE_PRIOR / pooled) for lab, count in active.items()}


def score_growth(panel: Panel, dated: dict[str, PartialDate]) -> Growth:
    """Fit the growth of every percent axis with at least LEAST_SCORES dated scores; raises CapewatchError when there is none."""
    models = [model for model in dated if pd.notna(panel.models.at[model, "lab"])]
    scores = panel.scores.loc[models]
    axes = tuple(
        str(axis)
        for axis in panel.axes.index
        if panel.axes.at[axis, "unit"] == "percent" and scores[axis].notna().sum() >= LEAST_SCORES
    )
    if not axes:
        raise CapewatchError(
            f"panel {panel.name}: no percent axis with {LEAST_SCORES} dated scores: nothing to simulate"
        )
    facts = panel.axes.loc[list(axes)]
    link = Link.between(
        facts["chance"].astype(float).fillna(0.0).to_numpy(), facts["ceiling"].astype(float).fillna(100.0).to_numpy()
    )
    labs = tuple(str(panel.models.at[model, "lab"]) for model in models)
    origin = max(dated[model].middle for model in models)
    days = np.array([(dated[model].middle - origin).days for model in models], dtype=float)
    logits = link.logit(scores[list(axes)].to_numpy(dtype=float))
    level, slope, error = np.empty(len(axes)), np.empty(len(axes)), np.empty(len(axes))
    offset = {lab: np.zeros(len(axes)) for lab in sorted(set(labs))}
    misses = np.full(logits.shape, np.nan)
    for column in range(len(axes)):
        seen = np.flatnonzero(np.isfinite(logits[:, column]))
        fit = _lab_line(days[seen] / 365.25, logits[seen, column], [labs[row] for row in seen])
        level[column], slope[column], error[column], effects = fit
        for lab, effect in effects.items():
            offset[lab][column] = effect
        own = np.array([effects[labs[row]] for row in seen])
        misses[seen, column] = logits[seen, column] - level[column] - slope[column] * days[seen] / 365.25 - own
    return Growth(axes, link, origin, level, slope, error, offset, misses, labs, days)


def released_by(panel: Panel, day: dt.date) -> Panel:
    """The panel with only the models that were surely out by `day`; undated models are left out."""
    known = [model for model, date in _dated(panel).items() if date.last <= day]
    return replace(panel.subset(known), as_of=day)


def backtest(
    panel_at: Callable[[dt.date], Panel],
    metric: Metric,
    *,
    cuts: Sequence[dt.date],
    horizon_days: int,
    rng: np.random.Generator,
    draws: int = 200,
    event: Callable[[float], bool] | None = None,
    in_draws: Callable[[Simulation], np.ndarray] | None = None,
) -> dict[str, Any]:
    """Replay: simulate from each cut with what was known then and compare with what came out `horizon_days` later.

    panel_at: day → panel as of that day. event: what the metric's value must satisfy, for Brier scores beside "as it stands at
    the cut". in_draws: the metric in every draw at once (default: panel by panel). Keys: rows [{cut, until, actual, persistence,
    quantiles, inside_80, crps, chance, happened, reason}]; n; coverage_80; mae_median; mae_persistence; brier;
    brier_persistence (None where nothing could be compared).
    """
    every = in_draws or (lambda simulation: simulation.evaluate(metric))
    rows = [_replay(panel_at, metric, every, cut, horizon_days, rng, draws, event) for cut in cuts]
    whole = [row for row in rows if not row["reason"]]
    with_events = [row for row in whole if row["chance"] is not None]
    lasting = [row for row in whole if row["persistence"] is not None]
    return {
        "rows": rows,
        "n": len(whole),
        "coverage_80": _mean([row["inside_80"] for row in whole]),
        "mae_median": _mean([abs(row["quantiles"]["50"] - row["actual"]) for row in whole]),
        "mae_persistence": _mean([abs(row["persistence"] - row["actual"]) for row in lasting]),
        "brier": _mean([(row["chance"] - row["happened"]) ** 2 for row in with_events]),
        "brier_persistence": _mean(
            [(row["holds_at_cut"] - row["happened"]) ** 2 for row in with_events if row["holds_at_cut"] is not None]
        ),
    }


def _replay(
    panel_at: Callable[[dt.date], Panel],
    metric: Metric,
    in_draws: Callable[[Simulation], np.ndarray],
    cut: dt.date,
    horizon_days: int,
    rng: np.random.Generator,
    draws: int,
    event: Callable[[float], bool] | None,
) -> dict[str, Any]:
    until = cut + dt.timedelta(days=horizon_days)
    row: dict[str, Any] = {"cut": cut.isoformat(), "until": until.isoformat(), "chance": None, "reason": ""}
    known = panel_at(cut)
    actual, persistence = metric(panel_at(until)), metric(known)
    if actual is None:
        return row | {"reason": f"the metric has no value on {until}"}
    try:
        values = in_draws(simulate(known, until=until, rng=rng, draws=draws, start=cut))
    except CapewatchError as error:
        return row | {"reason": error.message}
    values = values[np.isfinite(values)]
    if len(values) < draws / 2:
        return row | {"reason": f"the metric has a value in {len(values)} of {draws} draws"}
    low, high = np.quantile(values, (0.1, 0.9))
    row |= {
        "actual": actual,
        "persistence": persistence,
        "quantiles": {f"{100 * level:.0f}": float(np.quantile(values, level)) for level in QUANTILES},
        "inside_80": bool(low <= actual <= high),
        "crps": float(crps(values[None], np.full(len(values), 1 / len(values)), np.array([actual]))[0]),
    }
    if event is not None:
        held = sum(event(float(value)) for value in values)
        row |= {
            "chance": (held + 0.5) / (len(values) + 1),
            "happened": bool(event(actual)),
            "holds_at_cut": None if persistence is None else bool(event(persistence)),
        }
    return row


def _dated(panel: Panel) -> dict[str, PartialDate]:
    released = panel.models["released"].dropna()
    dated = {str(model): PartialDate.parse(str(text)) for model, text in released.items()}
    if not dated:
        raise CapewatchError(f"panel {panel.name}: no model with a release date")
    return dated


def _lab_line(
    years: np.ndarray, logits: np.ndarray, labs: Sequence[str]
) -> tuple[float, float, float, dict[str, float]]:
    """Level, slope, standard error of the slope and shrunken lab offsets of a line in logits over years (ridge on offsets)."""
    names = sorted(set(labs))
    dummies = np.array([[lab == name for name in names] for lab in labs], dtype=float)
    design = np.hstack([np.ones((len(years), 1)), years[:, None], dummies])
    penalty = np.diag([0.0, 0.05, *([LAB_PULL] * len(names))])
    inverse = np.linalg.inv(design.T @ design + penalty)
    weights = inverse @ design.T @ logits
    residual = logits - design @ weights
    # residuals added up within labs: releases of a lab miss together
    pushed = np.array(
        [(design * residual[:, None])[dummies[:, column] > 0].sum(axis=0) for column in range(len(names))]
    )
    variance = (inverse @ pushed.T @ pushed @ inverse)[1, 1]
    return (
        float(weights[0]),
        float(weights[1]),
        float(np.sqrt(max(variance, 0.0))),
        dict(zip(names, map(float, weights[2:]), strict=True)),
    )


def _new_releases(
    rates: dict[str, tuple[float, float]], span: int, draws: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """New releases within `span` days in every draw, sorted by draw, day and lab: draw, place of the lab in `rates`, days after
    the start (n,) each."""
    shape, rate = (np.array(column) for column in zip(*rates.values(), strict=True))
    counts = rng.poisson(rng.gamma(shape, 1 / rate, size=(draws, len(rates))) * span / 365.25)
    draw, lab = (np.repeat(places.ravel(), counts.ravel()) for places in np.indices(counts.shape))
    after = rng.integers(1, max(span, 1) + 1, size=len(draw))
    order = np.lexsort((lab, after, draw))
    return draw[order], lab[order], after[order]


def _scores(
    growth: Growth,
    slopes: np.ndarray,
    names: Sequence[str],
    lab: np.ndarray,
    after: np.ndarray,
    begin: dt.date,
    rng: np.random.Generator,
) -> np.ndarray:
    """Percent (n, a) of releases of `names[lab]`, `after` days past `begin`; NaN on axes that the donor does not report."""
    elapsed = (begin - growth.origin).days
    reporting = np.isfinite(growth.misses).any(axis=1)
    recent = np.flatnonzero((elapsed - growth.days <= WINDOW_DAYS) & reporting)
    if len(recent) == 0:
        recent = np.flatnonzero(reporting)
    donor = recent[rng.integers(len(recent), size=len(lab))]
    kin, pick = rng.random(len(lab)), rng.random(len(lab))
    offset = np.zeros((len(names), len(growth.axes)))
    for place, name in enumerate(names):
        offset[place] = growth.offset.get(name, 0.0)
        own = recent[[growth.labs[row] == name for row in recent]]
        rows = np.flatnonzero((lab == place) & (kin < len(own) / (len(own) + OTHERS)))
        if len(rows):
            donor[rows] = own[(pick[rows] * len(own)).astype(int)]
    years = (elapsed + after)[:, None] / 365.25
    return growth.link.percent(growth.level + slopes * years + offset[lab] + growth.misses[donor])


def _extended(simulation: Simulation, draw: int) -> Panel:
    panel, ids = simulation.panel, simulation.ids(draw)
    if not ids:
        return replace(panel, as_of=simulation.until)
    index = pd.Index([*panel.models.index, *ids])
    models = panel.models.reindex(index)
    models.loc[ids, "lab"] = list(simulation.labs[draw])
    models.loc[ids, "name"] = ids
    models.loc[ids, "released"] = [day.isoformat() for day in simulation.released[draw]]
    table = panel.scores.reindex(index)
    table.loc[ids, list(simulation.axes)] = simulation.scores[draw]
    return replace(panel, as_of=simulation.until, models=models, scores=table, stderr=panel.stderr.reindex(index))


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if len(values) else None
