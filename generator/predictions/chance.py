"""Chance to pass by the deadline, from simulated futures of the panel. Ours, never the author's."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from generator.analysis.result import Interval
from generator.core import CapewatchError
from generator.forecasts.simulation import Simulation
from generator.panel import Panel
from generator.predictions.decide import Context, decide
from generator.predictions.futures import standings
from generator.predictions.instants import Instant
from generator.predictions.point import Panels
from generator.predictions.standing import FINAL, STANDINGS, outcome_of
from generator.schema.prediction import Prediction

#: simulate(panel, until=day, rng=rng, draws=n) gives n panels as they might be at the end of `until`, or a simulation of them.
Simulate = Callable[..., Iterable[Panel] | Simulation]
_NO_CONTEXT = Context()


@dataclass(frozen=True)
class Chance:
    """passes: share of simulated futures in which the prediction passes, None when nothing is left to simulate.

    outcomes: share of each final state; standings: share of each standing at the close; interval: Wilson interval of
    `passes` for the finite number of draws alone (it says nothing about the simulation being right); decided: the outcome
    when there already is one.
    """

    id: str
    as_of: str
    until: str
    draws: int
    passes: float | None
    interval: Interval | None
    outcomes: Mapping[str, float]
    standings: Mapping[str, float]
    decided: str = ""
    reason: str = ""


def chance(
    prediction: Prediction,
    panels: Panels,
    simulate: Simulate,
    *,
    as_of: dt.date,
    rng: np.random.Generator,
    draws: int = 1000,
    context: Context = _NO_CONTEXT,
) -> Chance:
    """Simulate the deciding panel from what was public at `as_of` to the closing day and count the outcomes.

    A prediction that is decided, or a statement without a deadline, is not simulated and says so. Raises CapewatchError
    when the simulation yields another number of futures than asked for.
    """
    if prediction.closes is None:
        return _nothing(prediction, as_of, reason="a statement without a deadline")
    until = Instant.parse(prediction.closes).day
    decision = decide(prediction, panels, as_of=as_of, context=context)
    if decision.state in FINAL:
        return _nothing(prediction, as_of, until=until, decided=decision.state)
    if until <= as_of:
        return _nothing(prediction, as_of, until=until, reason="the window is over; the deciding data are awaited")
    now = panels(prediction.track, as_of)
    found = standings(prediction, simulate(now, until=until, rng=rng, draws=draws), as_of=until)
    if len(found) != draws:
        raise CapewatchError(f"{prediction.id}: the simulation gave {len(found)} futures; {draws} were asked for")
    outcomes = [outcome_of(prediction, standing) for standing in found]
    passes = outcomes.count("passed") / draws
    return Chance(
        id=prediction.id,
        as_of=as_of.isoformat(),
        until=until.isoformat(),
        draws=draws,
        passes=passes,
        interval=wilson(outcomes.count("passed"), draws),
        outcomes={state: outcomes.count(state) / draws for state in sorted(FINAL)},
        standings={standing: found.count(standing) / draws for standing in STANDINGS},
    )


def wilson(hits: int, n: int, *, z: float = 1.959963984540054) -> Interval:
    """Wilson score interval of a share (95 % by default)."""
    share, adjusted = hits / n, 1 + z * z / n
    centre = (share + z * z / (2 * n)) / adjusted
    half = z / adjusted * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return Interval(max(0.0, centre - half), min(1.0, centre + half), 0.95, "Wilson, number of draws")


def _nothing(
    prediction: Prediction, as_of: dt.date, *, until: dt.date | None = None, decided: str = "", reason: str = ""
) -> Chance:
    day = until.isoformat() if until else ""
    return Chance(prediction.id, as_of.isoformat(), day, 0, None, None, {}, {}, decided, reason)
