"""The same prediction under every track × reading × fit that its file lists."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from generator.core import CapewatchError
from generator.predictions.decide import Context
from generator.predictions.point import Panels, at_panel
from generator.predictions.result import Alternative
from generator.schema.prediction import Metric, Prediction, Reading

CHOSEN = "chosen"
Fit = Literal["frozen", "refit"]


def alternatives(prediction: Prediction, panels: Panels, *, day: dt.date, context: Context) -> tuple[Alternative, ...]:
    """Standing and values under every choice, the deciding one first; a track that cannot be had says why."""
    readings = {CHOSEN: (prediction, "the chosen reading")}
    for ambiguity in prediction.ambiguities:
        for reading in ambiguity.readings:
            readings[reading.id] = (read_as(prediction, reading), reading.says)
    found = []
    for track in dict.fromkeys([prediction.track, *prediction.also_tracks]):
        try:
            panel = panels(track, day)
        except CapewatchError as error:
            nothing: dict[str, float | None] = dict.fromkeys(prediction.metrics)
            found.append(
                Alternative(track, CHOSEN, "the chosen reading", "", False, "too few data", nothing, 0, error.message)
            )
            continue
        for name, (read, says) in readings.items():
            for fit in fits(read):
                deciding = track == prediction.track and name == CHOSEN and fit == fits(prediction)[0]
                point = at_panel(with_fit(read, fit), panel, as_of=day, roster=context.roster)
                reason = next((r.why for n, r in point.results.items() if point.values[n] is None), "")
                count = int(point.used.sum())
                found.append(
                    Alternative(track, name, says, fit or "", deciding, point.standing, point.values, count, reason)
                )
    return tuple(found)


def read_as(prediction: Prediction, reading: Reading) -> Prediction:
    """The prediction with what the reading replaces."""
    changes: dict[str, object] = {"metrics": {**prediction.metrics, **reading.metrics}}
    for name in ("passes", "fails", "requires", "event"):
        if getattr(reading, name) is not None:
            changes[name] = getattr(reading, name)
    return prediction.model_copy(update=changes)


def fits(prediction: Prediction) -> tuple[Fit | None, ...]:
    """The fits to try, the written one first; (None,) when no metric uses a line that could be refitted."""
    lined = [metric for metric in prediction.metrics.values() if metric.fit]
    if not lined:
        return (None,)
    if all(metric.line is not None for metric in lined):
        return ("frozen", "refit") if lined[0].fit == "frozen" else ("refit", "frozen")
    return (lined[0].fit,)


def with_fit(prediction: Prediction, fit: Fit | None) -> Prediction:
    """The prediction with every line frozen, or every line refitted."""
    if fit is None:
        return prediction

    def changed(metric: Metric) -> Metric:
        return metric.model_copy(update={"fit": fit}) if metric.fit else metric

    return prediction.model_copy(
        update={"metrics": {name: changed(metric) for name, metric in prediction.metrics.items()}}
    )
