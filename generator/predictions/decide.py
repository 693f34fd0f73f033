"""The state of a prediction on a day, and the day whose panel it rests on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from generator.core import PartialDate
from generator.panel import Panel
from generator.predictions.instants import Instant, days_after
from generator.predictions.point import Panels, at_panel
from generator.predictions.releases import Counting, counting_releases
from generator.predictions.sample import Table
from generator.predictions.standing import State, outcome_of, standing_of
from generator.schema import Registry
from generator.schema.prediction import Metric, Prediction


@dataclass(frozen=True)
class Context:
    """What deciding needs beside panels.

    recorded: days on which data were recorded here (none given: every day counts as recorded); the deciding snapshot is the
    first of them that lies late enough after the close. roster: all models known (index id; columns lab, released), to see
    releases without scores. retired: axis -> day its benchmark was retired. names: axis -> the name readers know.
    """

    recorded: Sequence[dt.date] = ()
    roster: pd.DataFrame | None = None
    retired: Mapping[str, dt.date] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Decision:
    """state, the panel day it rests on, the day it was decided (None: not yet) and a remark about retired benchmarks."""

    state: State
    data_day: dt.date
    decided_on: dt.date | None = None
    retired: str = ""


def decide(
    prediction: Prediction,
    panels: Panels,
    *,
    as_of: dt.date,
    context: Context,
) -> Decision:
    """The state at the end of `as_of` and the day whose panel it rests on."""
    if not Instant.parse(prediction.registered_at).passed_by(as_of):
        return Decision("not yet registered", as_of)
    if prediction.closes is None:
        return Decision("open", as_of)
    closes = Instant.parse(prediction.closes)
    closed = closes.passed_by(as_of)
    data_day = min(as_of, closes.day) if closed else as_of
    if prediction.event:
        early = _event_outcome(prediction, panels, until=data_day, as_of=as_of, context=context)
        if early is not None:
            return early
    panel = panels(prediction.track, data_day)
    if not closed:
        waiting = (
            prediction.event
            and len(counting_releases(prediction.event, panel, as_of=data_day, roster=context.roster).seen)
            >= prediction.event.releases
        )
        return Decision("awaiting data" if waiting else "open", data_day)
    decided_on = _snapshot(
        days_after(closes.day, prediction.deciding_snapshot.days_after), as_of=as_of, recorded=context.recorded
    )
    if decided_on is None:
        return Decision("awaiting data", data_day)
    ruled = _retirement(prediction, panel, closes.day, context.retired)
    if ruled is not None:
        return Decision(ruled[0], data_day, decided_on, ruled[1])
    point = at_panel(prediction, panel, as_of=data_day, roster=context.roster)
    standing = point.standing if prediction.event is None else "too few data"
    return Decision(outcome_of(prediction, standing), data_day, decided_on)


def _event_outcome(
    prediction: Prediction,
    panels: Panels,
    *,
    until: dt.date,
    as_of: dt.date,
    context: Context,
) -> Decision | None:
    """The outcome as soon as the settled releases decide it, whatever the others will show; None when they do not."""
    assert prediction.event is not None
    settle = prediction.deciding_snapshot.days_after
    newest = counting_releases(prediction.event, panels(prediction.track, until), as_of=until, roster=context.roster)
    days = sorted({release.scored_on for release in newest.counted if release.scored_on and release.scored_on <= until})
    for scored_on in days:
        settled = days_after(scored_on, settle)
        decided_on = _snapshot(settled, as_of=as_of, recorded=context.recorded)
        if decided_on is None:
            return None
        point = at_panel(prediction, panels(prediction.track, settled), as_of=settled, roster=context.roster)
        final = {
            name: value if _is_settled(prediction.metrics[name], point.counting, scored_on) else None
            for name, value in point.values.items()
        }
        standing = standing_of(prediction, final)
        if standing != "too few data":
            return Decision(outcome_of(prediction, standing), settled, decided_on)
    return None


def _is_settled(metric: Metric, counting: Counting | None, scored_on: dt.date) -> bool:
    """Metrics of a release are settled once it was scored by `scored_on`; others move until the event is complete."""
    assert counting is not None
    if metric.release is None:
        return all(release.scored_on and release.scored_on <= scored_on for release in counting.counted)
    if metric.release > len(counting.counted):
        return False
    day = counting.counted[metric.release - 1].scored_on
    return day is not None and day <= scored_on


def _snapshot(earliest: dt.date, *, as_of: dt.date, recorded: Sequence[dt.date]) -> dt.date | None:
    """The first recorded day from `earliest` on, if it has come by `as_of`."""
    if not recorded:
        return earliest if earliest <= as_of else None
    return min((day for day in recorded if earliest <= day <= as_of), default=None)


def _retirement(
    prediction: Prediction, panel: Panel, closing: dt.date, retired: Mapping[str, dt.date]
) -> tuple[State, str] | None:
    """What the retirement clause rules at the close; None when nothing was retired or the track still publishes."""
    gone = sorted(axis for axis in prediction.axes() if axis in retired and retired[axis] <= closing)
    if not gone:
        return None
    named = " and ".join(f"{axis} (retired {retired[axis].isoformat()})" for axis in gone)
    if prediction.if_retired != "decide-while-published":
        return prediction.if_retired, f"{named}: the file rules {prediction.if_retired}"
    table = Table.of(panel, gone)
    opened = Instant.parse(prediction.opens).day.isoformat()
    window = table.released_after(opened) & table.released_by(closing.isoformat())
    if all(bool((window & np.isfinite(table.scores[axis])).any()) for axis in gone):
        return None
    return "annulled", f"{named}: no model released in the window has a score on the deciding track"


def retired_axes(registry: Registry) -> dict[str, dt.date]:
    """axis -> day its benchmark was retired, as the benchmark files say (the last day of a coarser date)."""
    found = {}
    for entry in registry.benchmarks.values():
        status = entry.value.status
        if status.state == "retired" and status.on:
            for axis in [rule.id for rule in entry.value.axes] or [entry.value.id]:
                found[axis] = PartialDate.parse(status.on).last
    return found


def roster_of(registry: Registry, kind: str = "chat") -> pd.DataFrame:
    """Every model file of one kind: index id, columns lab and released (text or None). For Context.roster."""
    models = [entry.value for entry in registry.models.values() if entry.value.kind == kind]
    rows = {"lab": [model.lab for model in models], "released": [model.released for model in models]}
    return pd.DataFrame(rows, index=pd.Index([model.id for model in models], name="model", dtype=object), dtype=object)
