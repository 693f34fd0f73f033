"""The panel: one table of models × axes of one track at one instant, with where each cell came from."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

import numpy as np
import pandas as pd

from generator.core import CapewatchError, near_matches

MODEL_COLUMNS = (
    "name",
    "lab",
    "family",
    "released",
    "params",
    "active_params",
    "training_tokens",
    "training_flop",
    "d_model",
    "n_layers",
    "open_weights",
)
AXIS_COLUMNS = ("name", "unit", "chance", "ceiling", "n_items")
CELL_COLUMNS = ("model", "axis", "value", "stderr", "source", "url", "published", "recorded", "chosen", "reason")


def no_cells() -> pd.DataFrame:
    """The cells of a panel that keeps none."""
    return pd.DataFrame(columns=list(CELL_COLUMNS))


@dataclass(frozen=True)
class Panel:
    """Models × axes, frozen.

    models: index model id; columns MODEL_COLUMNS (`lab` and `family` are ids; `released` is text as precise as known;
        params and active_params are counts, training_tokens a count, training_flop FLOP; unknown is NaN or None).
    scores: index model id, columns axis id; percent (0-100) for bounded axes, the axis's own unit otherwise; NaN = no score.
    stderr: same shape and unit; NaN = unknown.
    axes: index axis id; columns AXIS_COLUMNS, `chance` and `ceiling` in the unit of the scores, n_items a count or NaN.
    observed: makes `cells`, one row an observation considered (CELL_COLUMNS and more), anew when they are asked for: a replay
        holds a panel a day, and they would be most of it. `chosen` marks the one that fills the cell, `reason` says why a
        loser lost.
    track: the rule that chose the cells; as_of: the last day whose facts were used (None: a frozen panel).
    """

    name: str
    track: str
    as_of: dt.date | None
    models: pd.DataFrame
    scores: pd.DataFrame
    stderr: pd.DataFrame
    axes: pd.DataFrame
    observed: Callable[[], pd.DataFrame] = no_cells

    _complete: dict[tuple[str, ...], pd.DataFrame] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not (self.scores.index.equals(self.models.index) and self.stderr.index.equals(self.models.index)):
            raise ValueError(f"panel {self.name}: models, scores and stderr do not list the same models")
        if not (self.scores.columns.equals(self.axes.index) and self.stderr.columns.equals(self.axes.index)):
            raise ValueError(f"panel {self.name}: axes, scores and stderr do not list the same axes")

    @property
    def cells(self) -> pd.DataFrame:
        """The observations considered; see `observed`."""
        return self.observed()

    def axis(self, axis: str) -> pd.Series:
        """Scores of one axis without the empty cells; index model id."""
        self._require((axis,))
        return self.scores[axis].dropna()

    def complete(self, axes: Sequence[str]) -> pd.DataFrame:
        """Models that have a score on every one of `axes`.

        Columns: the axes, `<axis>_se` for each (NaN where unknown), then MODEL_COLUMNS. Index model id, sorted by id.
        """
        key = tuple(axes)
        if key not in self._complete:
            self._require(axes)
            scores, index = self.scores[list(axes)], self.scores.index
            present = np.flatnonzero(scores.notna().to_numpy().all(axis=1))
            if not index.is_monotonic_increasing:
                present = present[index[present].argsort()]
            errors = self.stderr[list(axes)].iloc[present].add_suffix("_se")
            self._complete[key] = pd.concat([scores.iloc[present], errors, self.models.iloc[present]], axis=1)
        return self._complete[key].copy(deep=False)  # pandas copies on write: the kept table never changes

    def family(self, family: str, axes: Sequence[str]) -> pd.DataFrame:
        """`complete(axes)` of one family, sorted by size (params, then id); models of unknown size are left out."""
        rows = self.complete(axes)
        rows = rows[(rows["family"] == family) & rows["params"].notna()]
        return rows.sort_values("params", kind="stable")

    def subset(self, models: Sequence[str], *, name: str | None = None) -> Panel:
        """The same panel with only these models (panel order is kept)."""
        keep = self.models.index[self.models.index.isin(list(models))]
        return Panel(
            name=name or self.name,
            track=self.track,
            as_of=self.as_of,
            models=self.models.loc[keep],
            scores=self.scores.loc[keep],
            stderr=self.stderr.loc[keep],
            axes=self.axes,
            observed=partial(_some_cells, self.observed, keep),
        )

    @cached_property
    def unnamed(self) -> Panel:
        """The same panel without the names that pages show: what is computed from it cannot depend on how a model is called."""
        return replace(self, models=self.models.drop(columns="name", errors="ignore"))

    @cached_property
    def cited(self) -> Panel:
        """The same panel without the scores whose page does not say where they are from: their cells are empty, and no other
        observation takes the place. The panel itself where it holds none; models stay."""
        cells = self.cells
        if "uncited" not in cells.columns:
            return self
        out = cells["chosen"].astype(bool) & (cells["uncited"] == "true")
        if not out.any():
            return self
        gone = pd.crosstab(cells.loc[out, "model"], cells.loc[out, "axis"]) > 0
        gone = gone.reindex(index=self.scores.index, columns=self.scores.columns, fill_value=False)
        return replace(
            self,
            scores=self.scores.mask(gone),
            stderr=self.stderr.mask(gone),
            observed=partial(_cited_cells, self.observed),
        )

    def of_all(self, axes: Sequence[str], *, cells: bool = False) -> Panel:
        """These axes alone, and the models that have a score on every one of them: all that `complete(axes)` is made of.

        cells: with the observations behind them; without it the panel has none.
        """
        self._require(axes)
        models = self.scores.index[self.scores[list(axes)].notna().all(axis=1)]
        return replace(
            self,
            models=self.models.loc[models],
            scores=self.scores.loc[models, list(axes)],
            stderr=self.stderr.loc[models, list(axes)],
            axes=self.axes.loc[list(axes)],
            observed=partial(_some_cells, self.observed, models, list(axes)) if cells else no_cells,
        )

    @property
    def digest(self) -> str:
        """sha256 over models, axes and scores: two panels with this digest give the same statistics."""
        hasher = hashlib.sha256()
        for frame in (self.models, self.axes, self.scores, self.stderr):
            hasher.update(frame.sort_index().to_csv(float_format="%.10g").encode())
        return hasher.hexdigest()

    @cached_property
    def public_days(self) -> dict[tuple[str, str], dt.date]:
        """(model, axis) -> earliest public day among the observations by the evaluators that fill the cell; empty where no days
        are kept."""
        names, cells = ("model", "axis", "evaluator", "public", "chosen"), self.cells
        if not set(names) <= set(cells.columns):
            return {}
        rows = [row for row in zip(*(cells[name].tolist() for name in names), strict=True) if row[3]]
        taken = {(model, axis, evaluator) for model, axis, evaluator, _, chosen in rows if chosen}
        days: dict[tuple[str, str], str] = {}
        for model, axis, evaluator, public, _ in rows:
            if (model, axis, evaluator) in taken:
                days[model, axis] = min(public, days.get((model, axis), public))
        return {key: dt.date.fromisoformat(day) for key, day in days.items()}

    def _require(self, axes: Sequence[str]) -> None:
        for axis in axes:
            if axis not in self.scores.columns:
                near = near_matches(axis, map(str, self.scores.columns))
                raise CapewatchError(
                    f"panel {self.name}: no axis {axis!r}",
                    hint=f"near: {', '.join(near)}" if near else f"axes: {', '.join(map(str, self.scores.columns))}",
                )


def _some_cells(
    observed: Callable[[], pd.DataFrame], models: pd.Index, axes: Sequence[str] | None = None
) -> pd.DataFrame:
    """The cells of these models, and of these axes alone where they are named."""
    cells = observed()
    wanted = cells["model"].isin(models)
    return cells[wanted if axes is None else wanted & cells["axis"].isin(list(axes))]


def _cited_cells(observed: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    """The cells without the uncited scores that filled one."""
    cells = observed()
    return cells[~(cells["chosen"].astype(bool) & (cells["uncited"] == "true"))]


def sampling_stderr(percent: pd.Series | np.ndarray, n_items: float) -> np.ndarray:
    """Binomial standard error in pp of a score in percent over `n_items` right-or-wrong items: √(p(1−p)/n)."""
    share = np.clip(np.asarray(percent, dtype=float) / 100.0, 0.0, 1.0)
    return 100.0 * np.sqrt(share * (1.0 - share) / n_items)
