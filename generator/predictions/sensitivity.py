"""The same prediction under every track × reading × fit that its file lists, and over cited scores alone."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from generator.core import CapewatchError
from generator.panel import Panel
from generator.predictions.decide import Context
from generator.predictions.point import Panels, at_panel
from generator.predictions.result import Alternative
from generator.schema.prediction import Condition, Metric, Prediction, Reading

CHOSEN = "chosen"
_NO_NAMES: Mapping[str, str] = {}
Fit = Literal["frozen", "refit"]


def alternatives(
    prediction: Prediction, panels: Panels, *, day: dt.date, context: Context, track: str | None = None
) -> tuple[Alternative, ...]:
    """Standing and values under every choice, the deciding one first; a track that cannot be had says why.

    Where the first track holds uncited scores on an axis of the prediction, the second choice is the deciding one without them.
    track: take the place of the deciding one.
    """
    first = track or prediction.track
    readings = {CHOSEN: (prediction, "the chosen reading")}
    for ambiguity in prediction.ambiguities:
        for reading in ambiguity.readings:
            readings[reading.id] = (read_as(prediction, reading), reading.says)
    found: list[Alternative] = []
    for name in dict.fromkeys([first, *prediction.also_tracks]):
        try:
            panel = panels(name, day)
        except CapewatchError as error:
            nothing: dict[str, float | None] = dict.fromkeys(prediction.metrics)
            found.append(
                Alternative(name, CHOSEN, "the chosen reading", "", False, "too few data", nothing, 0, error.message)
            )
            continue
        for choice, (read, says) in readings.items():
            for fit in fits(read):
                one = _on_panel(read, fit, panel, name, day=day, context=context)
                decides = name == first and choice == CHOSEN and fit == fits(prediction)[0]
                found.append(replace(one, reading=choice, says=says, deciding=decides))
        if name == first and _uncited(panel, prediction):
            one = _on_panel(prediction, fits(prediction)[0], panel.cited, name, day=day, context=context)
            found.insert(1, replace(one, says="the chosen reading", scores="cited"))
    return tuple(found)


def _on_panel(
    prediction: Prediction, fit: Fit | None, panel: Panel, track: str, *, day: dt.date, context: Context
) -> Alternative:
    """One choice on one panel of a track, as if it were the chosen reading and did not decide."""
    read = on_track(with_fit(prediction, fit), track, panel, names=context.names)
    point = at_panel(read, panel, as_of=day, roster=context.roster)
    reason = next((r.why for n, r in point.results.items() if point.values[n] is None), "")
    values = {metric: point.values[metric] for metric in prediction.metrics}
    return Alternative(track, CHOSEN, "", fit or "", False, point.standing, values, int(point.used.sum()), reason)


def _uncited(panel: Panel, prediction: Prediction) -> bool:
    """Whether a score on an axis of the prediction is uncited."""
    axes = [axis for axis in prediction.axes() if axis in panel.scores]
    return bool((panel.scores[axes].notna() & panel.cited.scores[axes].isna()).any(axis=None))


def on_track(prediction: Prediction, track: str, panel: Panel, *, names: Mapping[str, str] = _NO_NAMES) -> Prediction:
    """The prediction as it is read on a track, of which `panel` is the panel; `names` maps axis ids to the names readers know.

    The deciding track is read as the file says, to the letter. On another one a benchmark on which no model has a score says
    nothing of the prediction, so that a score on each is needed before the criteria are compared.
    """
    if track == prediction.track:
        return prediction
    lacking = [axis for axis in prediction.axes() if axis not in panel.scores or not panel.scores[axis].notna().any()]
    counts = {
        f"with_{re.sub('[^a-z0-9]', '_', axis)}"[:40]: Metric(
            kind="count", axes=[axis], label=f"the number of models with {names.get(axis, axis)} on this track"
        )
        for axis in lacking
    }
    return prediction.model_copy(
        update={
            "track": track,
            "metrics": {**prediction.metrics, **counts},
            "requires": [*prediction.requires, *(Condition(metric=name, at_least=1) for name in counts)],
        }
    )


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
