"""The panel of a track: which observation fills each cell, and why the others do not.

Precedence within a cell, first difference decides: evaluator (order of the track), reasoning effort (order of the track; no
stated effort ranks after the listed ones), a cited score before one from a page that does not say where it is from, read
directly before known through a relay, newest public day, source id, address.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TypeVar

import numpy as np
import pandas as pd

from generator.core import PartialDate, WrongCall, near_matches
from generator.panel.frame import AXIS_COLUMNS, MODEL_COLUMNS, Panel
from generator.panel.observations import Observations
from generator.schema import Benchmark, Model, Registry, Track

T = TypeVar("T", pd.DataFrame, pd.Series)
_RANKS = ("evaluator_rank", "effort_rank", "uncited", "relayed", "age_rank", "source", "url", "value")
_REFUSED_BY = ("axis", "evaluator", "harness")
#: What the ranks are made of, beside those columns that are ranks themselves.
_RANKED = ("model", "axis", "evaluator", "effort", "uncited", "via", "public", "source", "url", "value")
_RANK_WORDS = (
    "an evaluator the track prefers has a score",
    "a reasoning effort the track prefers has a score",
    "a score whose page says where it is from is preferred",
    "a score read at its original is preferred to one known through a relay",
    "a newer score",
    "same protocol and day: the first source by name is kept",
    "same protocol and day: the first address by name is kept",
    "the same source says two values: the lower is kept",
)


@dataclass(frozen=True, eq=False)
class TrackRows:
    """The observations of a track's models in order of precedence, which no day changes: any day's panel is a cut of them.

    table: all observations; taken: the rows of `table` that are of the track's models, their index labels; reason: why each
    of them is refused, '' for the accepted (same index); ranked: the accepted ones, best of a cell first, with what ranks them.
    """

    registry: Registry
    track: Track
    models: dict[str, Model]
    table: pd.DataFrame
    taken: pd.Index
    reason: pd.Series
    ranked: pd.DataFrame
    #: by number of rows that are known: a later day knows all that an earlier one does
    _made: dict[int, Panel] = field(default_factory=dict, init=False, repr=False)
    #: the cells last asked for
    _told: dict[dt.date, pd.DataFrame] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def of(cls, observations: Observations, registry: Registry, track_id: str) -> TrackRows:
        """Raises CapewatchError for an unknown track."""
        track = track_of(registry, track_id)
        models = {name: entry.value for name, entry in registry.models.items() if entry.value.kind == track.kind}
        table = observations.table
        taken = table.index[(table["model"].isin(list(models)) & (table["step"] == "")).to_numpy()]
        reason = _refusals(_cut(table[list(_REFUSED_BY)], taken), track)
        accepted = _cut(table[list(_RANKED)], taken[reason == ""])
        return cls(
            registry, track, models, table, taken, pd.Series(reason, index=taken, dtype="str"), _rank(accepted, track)
        )

    def panel(self, as_of: dt.date) -> Panel:
        """The panel as it could be known at the end of `as_of`; days between which nothing became public share its tables."""
        rows = int(np.searchsorted(self._public_days, as_of.isoformat(), side="right"))
        if rows not in self._made:
            self._made[rows] = self._panel(as_of)
        return replace(self._made[rows], as_of=as_of)

    @cached_property
    def _public_days(self) -> np.ndarray:
        """The day on which each taken row became public, in order."""
        return np.sort(_cut(self.table["public"], self.taken).to_numpy(dtype="U10"))

    def _panel(self, as_of: dt.date) -> Panel:
        ranked = self._ranked_by(as_of)
        winners = self.table.loc[ranked.index[_first_of_cells(ranked)], ["model", "axis", "value", "stderr"]]
        axes = list(self.track.axes) or sorted(winners["axis"].unique())
        scores, stderr = wide(winners, axes)
        return Panel(
            name=self.track.id,
            track=self.track.id,
            as_of=as_of,
            models=self._facts.loc[scores.index],
            scores=scores,
            stderr=stderr,
            axes=self._known_axes.loc[axes],
            observed=partial(self._cells, as_of),
        )

    def _cells(self, as_of: dt.date) -> pd.DataFrame:
        """Every observation of the track's models known by `as_of`, with why it fills its cell or does not."""
        if as_of not in self._told:
            known = self.taken[(_cut(self.table["public"], self.taken) <= as_of.isoformat()).to_numpy()]
            ranked = self._ranked_by(as_of)
            chosen = _first_of_cells(ranked)
            reason, won = self.reason.loc[known], pd.Series(False, index=known)
            reason.loc[ranked.index[~chosen]] = _why_lost(ranked, chosen)
            won.loc[ranked.index[chosen]] = True
            rows = _cut(self.table, known).assign(reason=reason, chosen=won)
            rows.index = pd.RangeIndex(len(rows))
            self._told.clear()
            self._told[as_of] = rows
        return self._told[as_of]

    def _ranked_by(self, as_of: dt.date) -> pd.DataFrame:
        return self.ranked[(self.ranked["public"] <= as_of.isoformat()).to_numpy()]

    @cached_property
    def _facts(self) -> pd.DataFrame:
        return model_frame(list(self.models.values()))

    @cached_property
    def _known_axes(self) -> pd.DataFrame:
        """Every axis that an observation of the track has or the track names."""
        return axis_frame(self.registry, sorted({*self.track.axes, *self.ranked["axis"].unique()}))


def _cut(table: T, rows: pd.Index) -> T:
    """These rows, by label; a bulk table of which nothing goes is not copied."""
    return table if len(rows) == len(table) else table.loc[rows]


def build_panel(observations: Observations, registry: Registry, track_id: str, *, as_of: dt.date) -> Panel:
    """The panel of one track as it could be known at the end of `as_of`. Raises CapewatchError for an unknown track."""
    return TrackRows.of(observations, registry, track_id).panel(as_of)


def track_of(registry: Registry, track_id: str, *, frozen: Iterable[str] = ()) -> Track:
    """The track of this id; WrongCall names those there are, and the `frozen` ones that stand beside them."""
    if track_id not in registry.tracks:
        known = [*sorted(registry.tracks), *frozen]
        near = near_matches(track_id, known)
        hint = f"near: {', '.join(near)}" if near else f"tracks: {', '.join(known)}"
        raise WrongCall(f"unknown track {track_id!r}", hint=hint)
    return registry.tracks[track_id]


def _refusals(rows: pd.DataFrame, track: Track) -> np.ndarray:
    axis_known = rows["axis"] != ""
    wanted = rows["axis"].isin(track.axes) if track.axes else axis_known
    evaluator = rows["evaluator"].isin(track.evaluators)
    harness = rows["harness"].eq(track.harness) if track.harness else pd.Series(True, index=rows.index)
    return np.select(
        [~axis_known, ~wanted, ~evaluator, ~harness],
        ["the source does not state the protocol that chooses the axis", "the axis is not part of the track",
         "the track does not take this evaluator", "the track does not take this harness"],
        default="",
    )  # fmt: skip


def _rank(rows: pd.DataFrame, track: Track) -> pd.DataFrame:
    evaluators = {name: rank for rank, name in enumerate(track.evaluators)}
    efforts = {name.lower(): rank for rank, name in enumerate(track.effort_order)}
    ranked = rows[list(_RANKED)].assign(
        evaluator_rank=rows["evaluator"].map(evaluators).astype(float),
        effort_rank=rows["effort"].str.lower().map(efforts).fillna(len(efforts)).astype(float),
        relayed=(rows["via"] != "").astype(float),
        age_rank=-pd.to_datetime(rows["public"]).astype("int64").astype(float),
    )
    return ranked.sort_values(["model", "axis", *_RANKS], kind="stable")[["model", "axis", *_RANKS, "public"]]


def _first_of_cells(ranked: pd.DataFrame) -> np.ndarray:
    """(n,) the first row of each model and axis; rows of one cell stand together."""
    model, axis = ranked["model"].array, ranked["axis"].array
    other = np.asarray(model[1:] != model[:-1], dtype=bool) | np.asarray(axis[1:] != axis[:-1], dtype=bool)
    return np.concatenate([np.ones(min(len(ranked), 1), dtype=bool), other])


def _why_lost(ranked: pd.DataFrame, chosen: np.ndarray) -> np.ndarray:
    """The first difference of each row that is not chosen from the row that is, which is the last chosen one above it."""
    losers = np.flatnonzero(~chosen)
    winners = np.maximum.accumulate(np.where(chosen, np.arange(len(ranked)), 0))[losers]
    reason = np.full(len(losers), "said twice", dtype=object)
    alike = np.arange(len(losers))
    for name, words in zip(_RANKS, _RANK_WORDS, strict=True):
        column = ranked[name].array
        differs = np.asarray(column.take(winners[alike]) != column.take(losers[alike]), dtype=bool)
        reason[alike[differs]] = words
        alike = alike[~differs]
    return reason


def wide(winners: pd.DataFrame, axes: list[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`value` and `stderr` of filled cells (columns model, axis, value, stderr) as models × axes, models sorted, NaN elsewhere."""
    present = sorted(winners["model"].unique())
    places = pd.Index(present).get_indexer(winners["model"]), pd.Index(axes).get_indexer(winners["axis"])

    def table(column: str) -> pd.DataFrame:
        values = np.full((len(present), len(axes)), np.nan)
        values[places] = winners[column].to_numpy(dtype=float)
        return pd.DataFrame(values, index=present, columns=axes)

    return table("value"), table("stderr")


def model_frame(models: list[Model]) -> pd.DataFrame:
    """Index model id, columns MODEL_COLUMNS; unknown counts are NaN, unknown text is None."""
    frame = pd.DataFrame(
        [{name: getattr(model, name) for name in MODEL_COLUMNS} for model in models],
        index=pd.Index([model.id for model in models], dtype=object),
        columns=list(MODEL_COLUMNS),
    )
    numeric = ["params", "active_params", "training_tokens", "training_flop", "d_model", "n_layers"]
    frame[numeric] = frame[numeric].astype(float)
    for name in ("name", "lab", "family", "released"):
        column = frame[name].astype(object)
        frame[name] = column.where(column.notna(), None)
    return frame


def axis_frame(registry: Registry, axes: list[str]) -> pd.DataFrame:
    """Index axis id, columns AXIS_COLUMNS, from the benchmark files."""
    known: dict[str, tuple[str, Benchmark]] = {}
    for entry in registry.benchmarks.values():
        benchmark = entry.value
        known[benchmark.id] = (benchmark.name, benchmark)
        known.update({rule.id: (rule.name, benchmark) for rule in benchmark.axes})
    rows = []
    for axis in axes:
        name, benchmark = known[axis]
        ceiling = benchmark.range[1] if benchmark.range else np.nan
        chance = np.nan if benchmark.chance is None else benchmark.chance
        rows.append((name, benchmark.unit, chance, ceiling, benchmark.n_items or np.nan))
    frame = pd.DataFrame(rows, index=pd.Index(axes, dtype=object), columns=list(AXIS_COLUMNS))
    return frame.astype({"chance": float, "ceiling": float, "n_items": float})


def released_day(text: str | None) -> dt.date | None:
    """The middle of the span a release date covers, for plotting and ordering."""
    return PartialDate.parse(text).middle if text else None
