"""Panels on demand: any live track at any day, and the papers' frozen tables, each made once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

from generator import snapshots
from generator.core import CapewatchError
from generator.panel.build import TrackRows, track_of
from generator.panel.frame import Panel
from generator.panel.observations import Observations, Stored, gather
from generator.schema import Registry


class PanelProvider:
    """`provider(track, day)` is the panel of `track` as it could be known at the end of `day`; a frozen one ignores the day.

    Snapshots are read again for a day only when some source has changed or dropped a row since: otherwise the newest
    state, cut at the day, is the same.
    """

    def __init__(
        self,
        registry: Registry,
        *,
        frozen: Mapping[str, Panel] | None = None,
        stored: Callable[[], Stored] | None = None,
    ) -> None:
        """`stored`: as for `gather`, of the newest state."""
        self._registry = registry
        self._frozen = dict(frozen or {})
        self._newest = gather(registry, stored=stored)
        self._rewritten = _rewritten(registry)
        self._made: dict[tuple[str, dt.date], Panel] = {}
        self._gathered: dict[dt.date, Observations] = {}
        self._ranked: dict[str, TrackRows] = {}

    @property
    def observations(self) -> Observations:
        """All observations in their newest state."""
        return self._newest

    @property
    def rewritten(self) -> bool:
        """Whether a source has changed or dropped a row: then the newest state, cut at a day, may not be what was known on it."""
        return self._rewritten

    def __call__(self, track: str, day: dt.date) -> Panel:
        if track in self._frozen:
            return self._frozen[track]
        track_of(self._registry, track, frozen=self._frozen)
        key = (track, day)
        if key not in self._made:
            self._made[key] = self._rows(track, self.at(day)).panel(day)
        return self._made[key]

    def _rows(self, track: str, observations: Observations) -> TrackRows:
        """Ranked once for the newest state, which serves nearly every day; an older state is asked for one day only."""
        if observations is not self._newest:
            return TrackRows.of(observations, self._registry, track)
        if track not in self._ranked:
            self._ranked[track] = TrackRows.of(observations, self._registry, track)
        return self._ranked[track]

    def at(self, day: dt.date) -> Observations:
        """The observations as they could be known on `day`."""
        if not self._rewritten or day >= self._newest.newest_day:
            return self._newest
        if day not in self._gathered:
            self._gathered[day] = gather(self._registry, as_of=day)
        return self._gathered[day]


def newest_recorded(registry: Registry) -> dt.date:
    """The newest day on which anything was recorded, without reading a log: the default as-of. Raises CapewatchError without data."""
    folder = registry.root / "data" / "snapshots"
    days = {pull.recorded for source in snapshots.sources(folder) for pull in snapshots.history(folder, source)}
    days |= {one.source.retrieved for entry in registry.models.values() for one in entry.value.observations}
    if not days:
        raise CapewatchError("data/ holds no observation", hint="run `capewatch pull`, or add a model file")
    return dt.date.fromisoformat(max(days))


def _rewritten(registry: Registry) -> bool:
    folder = registry.root / "data" / "snapshots"
    pulls = (pull for source in snapshots.sources(folder) for pull in snapshots.history(folder, source))
    return any(pull.changed or pull.gone for pull in pulls)
