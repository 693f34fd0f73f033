"""A panel as arrays, and resamples of it: models drawn with replacement, labs drawn with replacement, scores with noise.

A resample is a row of weights over models (how often each was drawn), so that every metric is a weighted array expression
over (resamples, models) and one call serves the estimate, the bootstrap and simulated futures alike.

What is drawn are the models that the metrics can use, or the labs of those. A model without the scores in question tells
nothing of them: drawing it as well would make the number of usable models random, which the panel's was not, so that the
interval would be too wide, the wider the more such models the panel lists, and would change with a model that no metric looks at.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from generator.analysis.resample import MIN_CLUSTERS, unit_counts
from generator.core import PartialDate, counted
from generator.panel import Panel, sampling_stderr

SCHEMES = ("plain", "lab-clustered", "score-noise")


@dataclass(frozen=True)
class Table:
    """The scores of a panel as arrays.

    models: ids (N,); labs: lab ids ('' unknown) (N,); released: release date as written ('' unknown) (N,);
    scores, stderr: axis -> (N,), NaN = none or unknown; ceiling: axis -> highest possible score;
    units: axis -> unit of a difference (pp for percent), for the axes that the panel has.
    """

    models: tuple[str, ...]
    labs: np.ndarray
    released: np.ndarray
    scores: Mapping[str, np.ndarray]
    stderr: Mapping[str, np.ndarray]
    ceiling: Mapping[str, float]
    units: Mapping[str, str]

    @classmethod
    def of(cls, panel: Panel, axes: Iterable[str]) -> Table:
        """Read these axes of a panel; models without any of them stay, with no score.

        An axis that the panel does not have is one on which no model has a score. A missing standard error on a percent
        axis is the binomial one of its item count.
        """
        scores, errors, ceilings, units = {}, {}, {}, {}
        for axis in sorted(set(axes)):
            if axis not in panel.scores.columns:
                scores[axis] = errors[axis] = np.full(len(panel.models), np.nan)
                ceilings[axis] = np.inf
                continue
            values = panel.scores[axis].to_numpy(dtype=float)
            unit = str(panel.axes.at[axis, "unit"])
            items = float(panel.axes.at[axis, "n_items"])
            stated = panel.stderr[axis].to_numpy(dtype=float)
            if unit == "percent" and np.isfinite(items):
                stated = np.where(np.isfinite(stated), stated, sampling_stderr(values, items))
            scores[axis], errors[axis] = values, np.where(np.isfinite(values), stated, np.nan)
            ceilings[axis] = 100.0 if unit == "percent" else np.inf
            units[axis] = "pp" if unit == "percent" else unit
        return cls(
            models=tuple(map(str, panel.models.index)),
            labs=_texts(panel.models["lab"]),
            released=_texts(panel.models["released"]),
            scores=scores,
            stderr=errors,
            ceiling=ceilings,
            units=units,
        )

    def released_after(self, day: str) -> np.ndarray:
        """(N,) whether the whole span of the release date lies after `day` (ISO)."""
        bound = dt.date.fromisoformat(day)
        return np.array([bool(text) and PartialDate.parse(text).first > bound for text in self.released], dtype=bool)

    def released_by(self, day: str) -> np.ndarray:
        """(N,) whether the whole span of the release date lies up to `day` (ISO)."""
        bound = dt.date.fromisoformat(day)
        return np.array([bool(text) and PartialDate.parse(text).last <= bound for text in self.released], dtype=bool)


@dataclass(frozen=True)
class Sample:
    """B resamples of a table: weights (B or 1, N) and scores (B or 1, N; all axes alike) by axis, NaN = none.

    units: how many models or labs were drawn among, None where none was drawn.
    """

    table: Table
    weights: np.ndarray
    scores: Mapping[str, np.ndarray]
    units: int | None = None

    @property
    def size(self) -> int:
        """B."""
        return max([len(self.weights), *(len(values) for values in self.scores.values())])


def as_is(table: Table) -> Sample:
    """The table itself: every model once."""
    return Sample(
        table, np.ones((1, len(table.models))), {axis: values[None, :] for axis, values in table.scores.items()}
    )


def resampled(
    table: Table, scheme: str, *, among: np.ndarray, resamples: int, rng: np.random.Generator
) -> Sample | str:
    """`resamples` resamples by one of SCHEMES, or why there are none.

    among (N,): the models that are drawn; the others have weight 0. `plain` draws as many of them as there are, one by one;
    `lab-clustered` as many of their labs as there are, each with all its models among them (a model without a lab stands
    alone); both need three units. `score-noise` draws no model: it redraws every score within its standard error.
    """
    base = as_is(table)
    if scheme == "score-noise":
        if not table.models:
            return "no model is on the panel"
        noisy = {axis: _noisy(table, axis, resamples, rng) for axis in table.scores}
        return Sample(table, base.weights, noisy)
    if scheme not in SCHEMES:
        raise ValueError(f"unknown scheme {scheme!r}")
    places = np.flatnonzero(among)
    ids = np.array([f"\0{name}" for name in table.models], dtype=object)
    alone = (scheme == "plain") | (table.labs == "")
    unique, codes = np.unique(np.where(alone, ids, table.labs)[places].astype(str), return_inverse=True)
    if len(unique) < MIN_CLUSTERS:
        unit = "lab" if scheme == "lab-clustered" else "model"
        have = counted(len(unique), f"{unit} has", f"{unit}s have")
        return f"{have} the scores that the numbers need; at least {MIN_CLUSTERS} are needed to draw {unit}s"
    weights = np.zeros((resamples, len(table.models)))
    weights[:, places] = _counts(len(unique), resamples, rng)[:, codes.reshape(-1)]
    return Sample(table, weights, base.scores, len(unique))


def _counts(units: int, resamples: int, rng: np.random.Generator) -> np.ndarray:
    return np.concatenate(list(unit_counts(units, resamples, rng)))


def _noisy(table: Table, axis: str, resamples: int, rng: np.random.Generator) -> np.ndarray:
    values, errors = table.scores[axis], table.stderr[axis]
    known = np.flatnonzero(np.isfinite(errors))
    drawn = np.tile(values, (resamples, 1))
    drawn[:, known] += errors[known] * rng.standard_normal((resamples, known.size))
    return np.clip(drawn, 0.0, table.ceiling[axis]) if np.isfinite(table.ceiling[axis]) else drawn


def _texts(column: pd.Series) -> np.ndarray:
    return np.array([value if isinstance(value, str) else "" for value in column], dtype=object)
