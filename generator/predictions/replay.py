"""The standing over time, with the releases that moved it."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from generator.panel import Panel
from generator.predictions.decide import Context, decide
from generator.predictions.point import Panels, Point, at_panel
from generator.predictions.standing import Standing, State
from generator.schema.prediction import Prediction

_NO_CONTEXT = Context()


@dataclass(frozen=True)
class Move:
    """A model that entered or left what the metrics rest on, or whose score there changed."""

    model: str
    how: Literal["entered", "left", "rescored"]


@dataclass(frozen=True)
class Step:
    """One day of a replay; `moves` lists what changed since the step before, when any value changed."""

    day: str
    state: State
    standing: Standing
    values: Mapping[str, float | None]
    n: int
    moves: tuple[Move, ...] = ()


def replay(
    prediction: Prediction, panels: Panels, days: Iterable[dt.date], *, context: Context = _NO_CONTEXT
) -> tuple[Step, ...]:
    """State and standing at the end of each of `days` (sorted), each from what was public by then."""
    steps: list[Step] = []
    before: Point | None = None
    for day in sorted(set(days)):
        decision = decide(prediction, panels, as_of=day, context=context)
        panel = panels(prediction.track, decision.data_day)
        point = at_panel(prediction, panel, as_of=decision.data_day, roster=context.roster)
        moved = before is not None and point.values != before.values
        moves = _moves(before, point) if before is not None and moved else ()
        steps.append(Step(day.isoformat(), decision.state, point.standing, point.values, int(point.used.sum()), moves))
        before = point
    return tuple(steps)


def turning_points(steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps at which standing or state differ from the step before, with the first step."""
    kept = list(steps[:1])
    for last, step in itertools.pairwise(steps):
        if (step.state, step.standing) != (last.state, last.standing):
            kept.append(step)
    return tuple(kept)


def days_that_matter(panel: Panel, prediction: Prediction, *, start: dt.date, end: dt.date) -> tuple[dt.date, ...]:
    """The days within [start, end] on which a score on the prediction's axes became public on this track, with both ends.

    Reads the public day of every observation the track takes, so that a replay over these days misses no change.
    """
    cells = panel.cells
    days = {start, end}
    if {"public", "axis", "evaluator", "chosen"} <= set(cells.columns):
        taken = set(cells.loc[cells["chosen"].astype(bool), "evaluator"])
        rows = cells[cells["axis"].isin(list(prediction.axes())) & cells["evaluator"].isin(list(taken))]
        public = {dt.date.fromisoformat(str(day)) for day in rows["public"].unique() if day}
        days |= {day for day in public if start <= day <= end}
    return tuple(sorted(days))


def _moves(before: Point, after: Point) -> tuple[Move, ...]:
    old, new = _used_scores(before), _used_scores(after)
    moves = [Move(model, "entered") for model in new.keys() - old.keys()]
    moves += [Move(model, "left") for model in old.keys() - new.keys()]
    moves += [Move(model, "rescored") for model in old.keys() & new.keys() if old[model] != new[model]]
    return tuple(sorted(moves, key=lambda move: (move.how, move.model)))


def _used_scores(point: Point) -> dict[str, tuple[float | None, ...]]:
    """Scores on the table's axes of each model the metrics rest on."""
    rows = {}
    for position in np.flatnonzero(point.used):
        values = (float(scores[position]) for scores in point.table.scores.values())
        rows[point.table.models[position]] = tuple(value if np.isfinite(value) else None for value in values)
    return rows
