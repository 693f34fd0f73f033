"""A prediction on many simulated futures at once: the real models as one block of arrays, the new ones of each draw beside it.

The result is that of `at_panel` on every panel of the simulation; building those panels would take nearly all the time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from generator.forecasts.simulation import Simulation
from generator.panel import Panel
from generator.predictions.kernels import Result
from generator.predictions.point import at_panel, compute
from generator.predictions.releases import Counting, Known, count_releases
from generator.predictions.sample import Sample, Table
from generator.predictions.standing import STANDINGS, Standing, standing_codes
from generator.schema.prediction import Prediction

#: Draws evaluated together: the new models of all of them are columns of one table.
TOGETHER = 25


def standings(prediction: Prediction, futures: Simulation | Iterable[Panel], *, as_of: dt.date) -> list[Standing]:
    """The standing in every future, in order."""
    if not isinstance(futures, Simulation):
        return [at_panel(prediction, future, as_of=as_of).standing for future in futures]
    base = Table.of(futures.panel, prediction.axes())
    draws = range(len(futures.labs))
    if prediction.event is None:
        parts = [draws[start : start + TOGETHER] for start in range(0, len(draws), TOGETHER)]
        counted: list[Counting | None] = [None] * len(parts)
    else:  # which releases count, and so which rows the metrics look at, differs from draw to draw
        parts = [draws[number : number + 1] for number in draws]
        known = Known.of(futures.panel, prediction.event)
        counted = [count_releases(prediction.event, _with_new(known, futures, draw), as_of=as_of) for draw in draws]
    codes = [
        _codes(prediction, compute(prediction.metrics, _sample(base, futures, part), counting))
        for part, counting in zip(parts, counted, strict=True)
    ]
    return [STANDINGS[code] for code in np.concatenate(codes)]


def _codes(prediction: Prediction, results: dict[str, Result]) -> np.ndarray:
    return standing_codes(
        prediction, {name: np.where(np.isfinite(one.values), one.values, np.nan) for name, one in results.items()}
    )


def _sample(base: Table, futures: Simulation, draws: Sequence[int]) -> Sample:
    """The real models and the new ones of these draws, (draws, models); a draw has no score for the models of another."""
    sizes = [len(futures.labs[draw]) for draw in draws]
    ends = np.cumsum(sizes)
    ids = [name for draw in draws for name in futures.ids(draw)]
    table = replace(
        base,
        models=(*base.models, *ids),
        labs=np.concatenate([base.labs, np.array([lab for draw in draws for lab in futures.labs[draw]], dtype=object)]),
        released=np.concatenate(
            [
                base.released,
                np.array([day.isoformat() for draw in draws for day in futures.released[draw]], dtype=object),
            ]
        ),
    )
    columns = {axis: place for place, axis in enumerate(futures.axes)}
    scores = {}
    for axis, values in base.scores.items():
        new = np.full((len(draws), len(ids)), np.nan)
        if axis in columns:
            for row, (draw, size, end) in enumerate(zip(draws, sizes, ends, strict=True)):
                new[row, end - size : end] = futures.scores[draw][:, columns[axis]]
        scores[axis] = np.hstack([np.broadcast_to(values, (len(draws), len(values))), new])
    return Sample(table, np.ones((1, len(table.models))), scores)


def _with_new(known: Known, futures: Simulation, draw: int) -> Known:
    """The releases of the event's lab with those of one draw."""
    columns = [futures.axes.index(axis) if axis in futures.axes else -1 for axis in known.axes]
    released, scores = dict(known.released), dict(known.scores)
    new = zip(futures.ids(draw), futures.labs[draw], futures.released[draw], futures.scores[draw], strict=True)
    for name, lab, day, row in new:
        if lab == known.lab:
            released[name] = day.isoformat()
            scores[name] = tuple(float(row[column]) if column >= 0 else float("nan") for column in columns)
    return replace(known, released=released, scores=scores)
