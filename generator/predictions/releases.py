"""Which releases of a lab count for a prediction that closes with an event, and since when each has its scores."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from generator.core import PartialDate
from generator.panel import Panel
from generator.schema.prediction import Event


@dataclass(frozen=True)
class Release:
    """model: the id that stands for the release; released: as written; scored_on: day both scores were public, None = not yet."""

    model: str
    released: str
    scored_on: dt.date | None


@dataclass(frozen=True)
class Counting:
    """counted: at most the number the event asks for, in order; seen: every release after the start, scored or not."""

    counted: tuple[Release, ...]
    seen: tuple[Release, ...]

    def positions(self, models: Sequence[str]) -> tuple[int | None, ...]:
        """Row of each counted release among `models`; None for one without scores."""
        rows = {model: row for row, model in enumerate(models)}
        return tuple(rows.get(release.model) if release.scored_on else None for release in self.counted)


@dataclass(frozen=True)
class Known:
    """What is known of the releases of one lab. axes: those the event wants scores on; released: model id -> date as written;
    scores: model id -> score on each axis, NaN = none; public: (model, axis) -> earliest public day of the score."""

    lab: str
    axes: tuple[str, ...]
    released: Mapping[str, str]
    scores: Mapping[str, tuple[float, ...]]
    public: Mapping[tuple[str, str], dt.date]

    @classmethod
    def of(cls, panel: Panel, event: Event, *, roster: pd.DataFrame | None = None) -> Known:
        """The releases of the event's lab on a panel; `roster` as for `counting_releases`."""
        labs, texts = panel.models["lab"].tolist(), panel.models["released"].tolist()
        own = [(row, str(model)) for row, model in enumerate(panel.models.index) if labs[row] == event.lab]
        released = {model: texts[row] for row, model in own}
        if roster is not None:
            more = zip(roster.index, roster["lab"].tolist(), roster["released"].tolist(), strict=True)
            scored = set(panel.models.index)
            released |= {model: text for model, lab, text in more if lab == event.lab and model not in scored}
        axes = tuple(event.scored_on)
        scores = {}
        if set(axes) <= set(panel.scores.columns):
            columns = [panel.scores[axis].to_numpy(dtype=float) for axis in axes]
            scores = {model: tuple(column[row] for column in columns) for row, model in own}
        dated = {str(model): text for model, text in released.items() if isinstance(text, str)}
        public = {
            (model, axis): day for (model, axis), day in panel.public_days.items() if model in dated and axis in axes
        }
        return cls(event.lab, axes, dated, scores, public)


def counting_releases(event: Event, panel: Panel, *, as_of: dt.date, roster: pd.DataFrame | None = None) -> Counting:
    """The releases that count by the end of `as_of`.

    roster: models known by id with columns lab and released (the panel's own when None), so that a release without any score
    is seen. A release date known only to the month counts when the whole month lies after `event.after`. With
    ``counts: scored`` the order is that of the days on which the scores became public, so that a score that comes late for an
    earlier release never changes which releases have counted.
    """
    return count_releases(event, Known.of(panel, event, roster=roster), as_of=as_of)


def count_releases(event: Event, known: Known, *, as_of: dt.date) -> Counting:
    """`counting_releases` of what is known of the lab."""
    after = dt.date.fromisoformat(event.after)
    spans = {model: PartialDate.parse(text) for model, text in known.released.items()}
    out = [model for model, span in spans.items() if after < span.first <= as_of]
    rows = [Release(model, spans[model].text, _scored_on(known, model, spans[model].first)) for model in out]
    groups = _tiers(rows, known) if event.tiers == "best-of-day" else rows
    by_release = sorted(groups, key=lambda release: (PartialDate.parse(release.released).first, release.model))
    if event.counts == "released":
        return Counting(tuple(by_release[: event.releases]), tuple(by_release))
    scored = [(release.scored_on, place, release) for place, release in enumerate(by_release) if release.scored_on]
    return Counting(tuple(release for _, _, release in sorted(scored)[: event.releases]), tuple(by_release))


def _tiers(rows: list[Release], known: Known) -> list[Release]:
    """One release a day: among its scored models the one that leads on the first axis, else the first by id."""
    days: dict[str, list[Release]] = {}
    for release in rows:
        days.setdefault(release.released, []).append(release)

    def rank(release: Release) -> tuple[bool, float, str]:
        if release.scored_on is None:
            return True, 0.0, release.model
        return False, -known.scores[release.model][0], release.model

    return [min(group, key=rank) for group in days.values()]


def _scored_on(known: Known, model: str, first: dt.date) -> dt.date | None:
    """The day from which the model has a score on every axis: the latest of `first` (its release) and each earliest public day."""
    scores = known.scores.get(model)
    if scores is None or not all(map(math.isfinite, scores)):
        return None
    return max([first, *(known.public.get((model, axis), first) for axis in known.axes)])
