"""Forecast cards: what a family leads to at larger sizes, with intervals and a stated reason where thin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from generator.core import CapewatchError
from generator.forecasts.base import Model
from generator.forecasts.engine import convex_weights
from generator.forecasts.families import FIVE_AXES, Family, FamilySet, Given, Predictor, Targets, family_set
from generator.forecasts.intervals import LEVELS, Calibration, calibrate
from generator.forecasts.suite import STACK_MEMBERS, catalogue, link_of
from generator.panel.frame import Panel

#: Sizes a card shows beyond the largest given one, parameters.
CARD_SIZES = (4.1e8, 1e9, 1.4e9, 2.8e9, 6.9e9, 1.2e10, 3e10, 7e10)
FEW_GIVEN = "one size given: the slope is borrowed from other families"


@dataclass(frozen=True, eq=False)
class Fitted:
    """The stack fitted on families for use: predictors, weights and calibration for one number of given sizes."""

    families: FamilySet
    given: int
    members: tuple[str, ...]
    weights: np.ndarray
    predictors: tuple[Predictor, ...]
    calibration: Calibration
    reach: float

    def forecast(self, known: Given, wanted: Targets) -> dict[str, np.ndarray]:
        """`estimate` (m, k) percent and `low_L`, `high_L` (m, k) for L in 50, 80, 95."""
        centre = np.tensordot(
            self.weights, np.array([predictor(known, wanted) for predictor in self.predictors]), axes=1
        )
        reach = wanted.log_params - known.log_params[-1]
        limits = {"estimate": centre}
        for level in LEVELS:
            low, high = self.calibration.interval(centre, reach, level)
            limits[f"low_{100 * level:.0f}"], limits[f"high_{100 * level:.0f}"] = low, high
        return limits


def fit_stack(families: FamilySet, *, given: int, seed: int, exclude: Sequence[str] = ()) -> Fitted:
    """Fit the stack on every family but those in `exclude`; weights, settings and intervals by leave-one-family-out among them.

    given: 1 or 2 (with more sizes known, 2 is the one to take). Raises CapewatchError with fewer than four families of
    `given` + 1 sizes.
    """
    rest = tuple(family for family in families.families if family.id not in exclude)
    judged = tuple(family for family in rest if len(family) >= 3)
    if len(judged) < 4:
        raise CapewatchError(
            f"{len(judged)} other families with three sizes, at least 4 are needed to fit and size intervals",
            hint="add families to the panel",
        )
    models = [model for model in catalogue(families, seed=seed) if model.name in STACK_MEMBERS]
    tables = [_left_out(model, rest, judged, given) for model in models]
    truth = np.concatenate([family.scores[given:] for family in judged])
    settings = [int(np.argmin([np.abs(one - truth).mean() for one in table])) for table in tables]
    chosen = np.array([table[setting] for table, setting in zip(tables, settings, strict=True)])
    weights = convex_weights(chosen, truth)
    mixed = np.tensordot(weights, chosen, axes=1)
    bounds = np.cumsum([len(family) - given for family in judged])[:-1]
    predicted = {family.id: part for family, part in zip(judged, np.split(mixed, bounds), strict=True)}
    return Fitted(
        families=families,
        given=given,
        members=tuple(model.name for model in models),
        weights=weights,
        predictors=tuple(model.fit(rest, given)[setting] for model, setting in zip(models, settings, strict=True)),
        calibration=calibrate(link_of(families), judged, predicted, given),
        reach=max(float(family.log_params[-1] - family.log_params[given - 1]) for family in judged),
    )


def family_card(
    panel: Panel, family: str, *, rng: np.random.Generator, axes: Sequence[str] = FIVE_AXES, known: int | None = None
) -> dict[str, Any]:
    """Forecast card of a family of the panel, by models that never saw the family.

    known: how many of its smallest sizes are given (default: all; sizes beyond are shown beside their forecast).
    """
    families = family_set(panel, axes)
    member = families.family(family)
    count = len(member) if known is None else known
    if not 1 <= count <= len(member):
        raise CapewatchError(f"family {family!r} has {len(member)} sizes, cannot give {count}")
    fitted = fit_stack(families, given=min(count, 2), seed=int(rng.integers(2**31)), exclude=(family,))
    return _card(fitted, member.given(count), member, title=family, later=count)


def _card(
    fitted: Fitted,
    known: Given,
    member: Family,
    *,
    title: str,
    later: int,
) -> dict[str, Any]:
    own = list(member.log_params[later:])
    sizes = sorted({round(float(size), 6) for size in [*own, *np.log10(CARD_SIZES)]})
    ahead = np.array([size for size in sizes if size > known.log_params[-1] + 1e-6])
    notes = [FEW_GIVEN] if len(known.log_params) == 1 else []
    if len(ahead) == 0:
        return _empty(fitted, known, title, "no size larger than those given was asked for")
    if ahead[-1] - known.log_params[-1] > fitted.reach:
        notes.append(
            f"beyond {fitted.reach:.1f} decades ahead no family was there to learn from: widths are extrapolated"
        )
    if (known.scores >= 99).any():
        notes.append("a given score is at the ceiling: its trend cannot be seen")
    result = fitted.forecast(known, Targets(ahead, np.full(len(ahead), np.nan)))
    seen = {round(float(size), 6): row for row, size in enumerate(member.log_params)}
    rows = []
    for row, size in enumerate(ahead):
        observed = member.scores[seen[float(size)]] if float(size) in seen else None
        rows.append({"params": float(10**size)} | _cells(fitted.families.axes, result, row, observed))
    return _empty(fitted, known, title, "") | {"forecast": rows, "notes": notes}


def _empty(fitted: Fitted, known: Given, title: str, reason: str) -> dict[str, Any]:
    axes = fitted.families.axes
    return {
        "title": title,
        "axes": list(axes),
        "given": [
            {"params": float(10**size)} | dict(zip(axes, map(float, scores), strict=True))
            for size, scores in zip(known.log_params, known.scores, strict=True)
        ],
        "model": dict(zip(fitted.members, map(float, fitted.weights), strict=True)),
        "calibrated_on": fitted.calibration.families,
        "forecast": [],
        "notes": [],
        "reason": reason,
    }


def _cells(
    axes: Sequence[str], result: Mapping[str, np.ndarray], row: int, observed: np.ndarray | None
) -> dict[str, dict[str, float]]:
    cells = {
        axis: {key: float(table[row, column]) for key, table in result.items()} for column, axis in enumerate(axes)
    }
    if observed is not None:
        for column, axis in enumerate(axes):
            cells[axis]["observed"] = float(observed[column])
    return cells


def _left_out(model: Model, rest: Sequence[Family], judged: Sequence[Family], given: int) -> np.ndarray:
    """Leave-one-family-out predictions (settings, n, k) of the judged families, in their order."""
    parts = []
    for family in judged:
        predictors = model.fit([other for other in rest if other is not family], given)
        parts.append(np.array([predictor(family.given(given), family.targets(given)) for predictor in predictors]))
    return np.concatenate(parts, axis=1)
