"""Families of models as short series over log10 parameters: what every trajectory forecast is trained and judged on."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from generator.core import CapewatchError
from generator.panel.frame import Panel

#: The five benchmarks of the Open LLM Leaderboard v1 that the trajectory forecasts are about.
FIVE_AXES = ("hellaswag", "truthfulqa", "arc-challenge", "winogrande", "mmlu")


@dataclass(frozen=True, eq=False)
class Given:
    """Sizes of one family that a forecast may look at.

    log_params (g,) log10 parameters, rising; log_tokens (g,) log10 training tokens, NaN where unknown; scores (g, k) percent.
    """

    log_params: np.ndarray
    log_tokens: np.ndarray
    scores: np.ndarray


@dataclass(frozen=True, eq=False)
class Targets:
    """Sizes to be predicted; carries no scores. log_params (m,), log_tokens (m,) NaN where unknown."""

    log_params: np.ndarray
    log_tokens: np.ndarray


#: A fitted model: (what is given, what is wanted) → percent (m, k).
Predictor = Callable[[Given, Targets], np.ndarray]


@dataclass(frozen=True, eq=False)
class Family:
    """One family, one model a size, smallest first.

    models: n ids; log_params (n,) log10 parameters, strictly rising; log_tokens (n,) log10 training tokens or NaN; scores (n, k) percent.
    """

    id: str
    lab: str
    models: tuple[str, ...]
    log_params: np.ndarray
    log_tokens: np.ndarray
    scores: np.ndarray

    def __len__(self) -> int:
        return len(self.models)

    def given(self, count: int) -> Given:
        """The `count` smallest sizes."""
        return self.given_at(range(count))

    def given_at(self, rows: Sequence[int] | range) -> Given:
        picked = list(rows)
        return Given(self.log_params[picked], self.log_tokens[picked], self.scores[picked])

    def targets(self, start: int) -> Targets:
        """Every size from row `start` on."""
        return Targets(self.log_params[start:], self.log_tokens[start:])


@dataclass(frozen=True, eq=False)
class FamilySet:
    """The families of a panel on some axes, and what was left out with the reason.

    chance, ceiling (k,): percent, chance 0 where the panel states none; n_items (k,): NaN where unknown.
    dropped: (model id or family id, reason).
    """

    axes: tuple[str, ...]
    families: tuple[Family, ...]
    chance: np.ndarray
    ceiling: np.ndarray
    n_items: np.ndarray
    dropped: tuple[tuple[str, str], ...]

    def of_sizes(self, least: int) -> tuple[Family, ...]:
        """Families with at least `least` distinct sizes."""
        return tuple(family for family in self.families if len(family) >= least)

    def family(self, family: str) -> Family:
        for candidate in self.families:
            if candidate.id == family:
                return candidate
        reasons = [reason for subject, reason in self.dropped if subject == family]
        raise CapewatchError(
            f"family {family!r} has no model with parameters and scores on {', '.join(self.axes)}",
            hint=reasons[0] if reasons else f"families: {', '.join(item.id for item in self.families)}",
        )


def family_set(panel: Panel, axes: Sequence[str] = FIVE_AXES, *, regroup: Mapping[str, str] | None = None) -> FamilySet:
    """Every family of `panel` that has at least one model with parameters and a score on all `axes`.

    regroup: model id → family id to use in place of the panel's, e.g. the wider series of a source's own family column.
    Models of one family and the same number of parameters are one size: the first by model id is kept, the others are
    listed in `dropped`. Models without parameters or without one of the scores are listed too.
    """
    rows = panel.complete(axes)
    if regroup:
        rows["family"] = [regroup.get(str(model), family) for model, family in rows["family"].items()]
    dropped = _incomplete(panel, axes, rows)
    ordered = rows[(rows["params"] > 0) & rows["family"].notna()].sort_values("params", kind="stable")
    repeated = ordered.duplicated(["family", "params"])
    dropped += [
        (str(model), f"same size as another model of {family}") for model, family in ordered["family"][repeated].items()
    ]
    facts = panel.axes.loc[list(axes)]
    return FamilySet(
        axes=tuple(axes),
        families=tuple(_families(ordered[~repeated], axes)),
        chance=facts["chance"].astype(float).fillna(0.0).to_numpy(),
        ceiling=facts["ceiling"].astype(float).fillna(100.0).to_numpy(),
        n_items=facts["n_items"].astype(float).to_numpy(),
        dropped=tuple(sorted(dropped)),
    )


def user_given(params: Sequence[float], scores: Sequence[Sequence[float]], axes: Sequence[str]) -> Given:
    """A person's own numbers as `Given`: params (g,) counts, scores (g, k) percent; training tokens are taken as unknown.

    Raises CapewatchError for no size, sizes that repeat, a missing or impossible score.
    """
    sizes = np.asarray(params, dtype=float)
    table = np.asarray(scores, dtype=float)
    if sizes.ndim != 1 or len(sizes) == 0:
        raise CapewatchError("no size given", hint="give the parameters and scores of at least one model")
    if table.shape != (len(sizes), len(axes)):
        raise CapewatchError(
            f"scores have shape {table.shape}, expected ({len(sizes)}, {len(axes)}): one row a size, one column for each of "
            + ", ".join(axes)
        )
    if not (np.isfinite(sizes) & (sizes > 0)).all():
        raise CapewatchError(f"parameters must be positive counts, found {sizes.tolist()}")
    if len(np.unique(sizes)) < len(sizes):
        raise CapewatchError(
            f"two of the given sizes are equal: {sizes.tolist()}", hint="a trajectory over size needs distinct sizes"
        )
    missing = [axes[column] for column in range(len(axes)) if not np.isfinite(table[:, column]).all()]
    if missing:
        raise CapewatchError(
            f"missing score on {', '.join(missing)}",
            hint="leave the benchmark out of the axes, or give it for every size",
        )
    if (table < 0).any() or (table > 100).any():
        raise CapewatchError(f"scores are percent, 0 to 100; found {table.min():g} to {table.max():g}")
    order = np.argsort(sizes, kind="stable")
    return Given(np.log10(sizes[order]), np.full(len(sizes), np.nan), table[order])


def _families(rows: pd.DataFrame, axes: Sequence[str]) -> Iterator[Family]:
    """The families of rows in order of size, by id: families are many, so their numbers are cut from those of all."""
    models, labs = rows.index.astype(str).tolist(), rows["lab"].tolist()
    tokens = rows["training_tokens"].to_numpy(dtype=float)
    log_params = np.log10(rows["params"].to_numpy(dtype=float))
    log_tokens = np.log10(np.where(tokens > 0, tokens, np.nan))
    scores = rows[list(axes)].to_numpy(dtype=float)
    for family, places in rows.groupby("family", sort=True).indices.items():
        known = (str(labs[place]) for place in places if not pd.isna(labs[place]))
        yield Family(
            id=str(family),
            lab=next(known, str(family)),
            models=tuple(models[place] for place in places),
            log_params=log_params[places],
            log_tokens=log_tokens[places],
            scores=scores[places],
        )


def _incomplete(panel: Panel, axes: Sequence[str], rows: pd.DataFrame) -> list[tuple[str, str]]:
    absent = panel.models.index.difference(rows.index)
    holes = panel.scores.loc[absent, list(axes)].isna().to_numpy()
    dropped = [
        (str(model), f"no score on {', '.join(itertools.compress(axes, row))}")
        for model, row in zip(absent, holes.tolist(), strict=True)
    ]
    sizeless = rows.index[~(rows["params"] > 0)]
    dropped += [(str(model), "number of parameters unknown") for model in sizeless]
    nameless = rows.index[rows["family"].isna() & (rows["params"] > 0)]
    return dropped + [(str(model), "no family stated") for model in nameless]
