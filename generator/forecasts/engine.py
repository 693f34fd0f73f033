"""Nested cross-validation: each group of families is predicted by models fitted, tuned, stacked and calibrated without it.

For every pair of groups one fit leaves both out. The pair fits give, inside the training fold of a held-out group, genuine
out-of-sample predictions of every other family: by these alone settings are chosen, stacks weighted and intervals sized.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from generator.core import CapewatchError
from generator.forecasts.base import Model
from generator.forecasts.families import Family, FamilySet, Predictor

HoldOut = Literal["family", "lab"]
#: How far stacking weights are drawn to equal weights, in units of the mean squared error of the best member.
STACK_PULL = 0.3


@dataclass(frozen=True)
class Split:
    """Who is held out with whom. judged: families that are predicted; group: family id → name of its group."""

    families: tuple[Family, ...]
    judged: tuple[Family, ...]
    group: Mapping[str, str]

    @property
    def groups(self) -> tuple[str, ...]:
        """Groups that hold at least one judged family, sorted."""
        return tuple(sorted({self.group[family.id] for family in self.judged}))

    def without(self, *groups: str) -> tuple[Family, ...]:
        return tuple(family for family in self.families if self.group[family.id] not in groups)

    def judged_in(self, group: str) -> tuple[Family, ...]:
        return tuple(family for family in self.judged if self.group[family.id] == group)


def split(families: FamilySet, *, hold_out: HoldOut, least_sizes: int = 3) -> Split:
    """Hold out one family, or one lab with all its families, at a time; families with `least_sizes` sizes are judged.

    Raises CapewatchError when fewer than three groups could be judged: nothing would be left to tune on.
    """
    group = {family.id: family.id if hold_out == "family" else family.lab for family in families.families}
    made = Split(families.families, families.of_sizes(least_sizes), group)
    if len(made.groups) < 3:
        raise CapewatchError(
            f"{len(made.groups)} groups with {least_sizes} sizes or more: nested validation needs at least 3",
            hint="add families, or models of further sizes",
        )
    return made


@dataclass(frozen=True)
class Nested:
    """One model's out-of-sample predictions, percent.

    outer: judged family → (m, k), fitted without its group and with the setting chosen without it; inner: group → family
    of another group → (m, k), fitted without both, with the setting chosen for that group; chosen: group → index of the setting.
    """

    name: str
    given: int
    outer: Mapping[str, np.ndarray]
    inner: Mapping[str, Mapping[str, np.ndarray]]
    chosen: Mapping[str, int]


def cross_fit(model: Model, parts: Split, givens: Sequence[int]) -> dict[int, Nested]:
    """Nested predictions of one model for each number of given sizes it can work with.

    Cost: a fit for each group and each pair of groups, once for all `givens` where the fit does not depend on them.
    """
    usable = [given for given in givens if given >= model.needs]
    batches = [[given] for given in usable] if model.by_given else [usable]
    return {given: found for batch in batches if batch for given, found in _cross_fit(model, parts, batch).items()}


def _cross_fit(model: Model, parts: Split, givens: Sequence[int]) -> dict[int, Nested]:
    groups = parts.groups
    alone: dict[tuple[int, str], dict[str, np.ndarray]] = {}
    paired: dict[tuple[int, str], dict[str, np.ndarray]] = {(given, name): {} for given in givens for name in groups}
    for position, first in enumerate(groups):
        predictors = model.fit(parts.without(first), givens[0])
        for given in givens:
            alone[given, first] = _predict(predictors, parts.judged_in(first), given)
        for second in groups[position + 1 :]:
            predictors = model.fit(parts.without(first, second), givens[0])
            for given in givens:
                paired[given, first] |= _predict(predictors, parts.judged_in(second), given)
                paired[given, second] |= _predict(predictors, parts.judged_in(first), given)
    return {
        given: _resolve(
            model.name,
            parts,
            given,
            {name: alone[given, name] for name in groups},
            {name: paired[given, name] for name in groups},
        )
        for given in givens
    }


def _resolve(
    name: str,
    parts: Split,
    given: int,
    alone: Mapping[str, Mapping[str, np.ndarray]],
    paired: Mapping[str, Mapping[str, np.ndarray]],
) -> Nested:
    """Settings chosen by each group's inner predictions, and the predictions of the chosen settings."""
    chosen = {group: _best(paired[group], parts, given) for group in alone}
    outer = {family: values[chosen[group]] for group in alone for family, values in alone[group].items()}
    inner = {group: {family: values[chosen[group]] for family, values in paired[group].items()} for group in alone}
    return Nested(name, given, outer, inner, chosen)


def stack(members: Sequence[Nested], parts: Split, name: str) -> tuple[Nested, dict[str, np.ndarray]]:
    """Convex combination of members, weights fitted inside each training fold; also returns the weights by group."""
    truth = {family.id: family.scores[members[0].given :] for family in parts.judged}
    outer: dict[str, np.ndarray] = {}
    inner: dict[str, dict[str, np.ndarray]] = {}
    weights: dict[str, np.ndarray] = {}
    for group in parts.groups:
        others = sorted(members[0].inner[group])
        table = [np.concatenate([member.inner[group][family] for family in others]) for member in members]
        weights[group] = convex_weights(np.array(table), np.concatenate([truth[family] for family in others]))
        for family in parts.judged_in(group):
            outer[family.id] = _mix(weights[group], [member.outer[family.id] for member in members])
        inner[group] = {
            family: _mix(weights[group], [member.inner[group][family] for member in members]) for family in others
        }
    mixed = Nested(name, members[0].given, outer, inner, dict.fromkeys(parts.groups, 0))
    return mixed, weights


def pick(members: Sequence[Nested], parts: Split, name: str) -> tuple[Nested, dict[str, str]]:
    """For each group the member with the least inner error: the choice of model itself made inside the training fold.

    Also returns group → the member chosen.
    """
    truth = {family.id: family.scores[members[0].given :] for family in parts.judged}
    outer: dict[str, np.ndarray] = {}
    inner: dict[str, Mapping[str, np.ndarray]] = {}
    chosen: dict[str, int] = {}
    for group in parts.groups:
        losses = [
            np.concatenate(
                [np.abs(values - truth[family]) for family, values in sorted(member.inner[group].items())]
            ).mean()
            for member in members
        ]
        chosen[group] = int(np.argmin(losses))
        member = members[chosen[group]]
        outer |= {family.id: member.outer[family.id] for family in parts.judged_in(group)}
        inner[group] = member.inner[group]
    names = {group: members[index].name for group, index in chosen.items()}
    return Nested(name, members[0].given, outer, inner, chosen), names


def _predict(predictors: Sequence[Predictor], judged: Sequence[Family], given: int) -> dict[str, np.ndarray]:
    """Family → (settings, m, k)."""
    return {
        family.id: np.array([predictor(family.given(given), family.targets(given)) for predictor in predictors])
        for family in judged
    }


def _best(predicted: Mapping[str, np.ndarray], parts: Split, given: int) -> int:
    truth = {family.id: family.scores[given:] for family in parts.judged}
    errors = np.concatenate(
        [np.abs(values - truth[family]).mean(axis=2) for family, values in sorted(predicted.items())], axis=1
    )
    return int(np.argmin(errors.mean(axis=1)))


def convex_weights(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Weights (members,) ≥ 0 that sum to one, least squares of (members, n, k) on (n, k), drawn towards equal weights."""
    from scipy.optimize import nnls

    members = len(predicted)
    misses = (predicted - truth).reshape(members, -1)
    pull = STACK_PULL * np.mean(misses**2, axis=1).min() * misses.shape[1]
    gram = misses @ misses.T + pull * np.eye(members)
    # min wᵀGw with w ≥ 0, Σw = 1: one row of large weight holds the sum, the rest is a square root of G.
    root = np.linalg.cholesky(gram).T
    heavy = 1e3 * np.sqrt(np.trace(gram) / members)
    values, _ = nnls(np.vstack([root, np.full((1, members), heavy)]), np.append(np.zeros(members), heavy))
    return values / values.sum()


def _mix(weights: np.ndarray, tables: Sequence[np.ndarray]) -> np.ndarray:
    return np.tensordot(weights, np.array(tables), axes=1)
