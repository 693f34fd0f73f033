"""Models of the step from the last given size to a larger one: ridge, Gaussian process, extra trees.

All see the same description of an episode and predict, for all benchmarks at once, the increment or its rate per decade of
parameters, in percent or in logits between floor and ceiling. With more than two sizes given, the first and last are used.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from generator.forecasts.base import Model, Setting, clipped, episodes
from generator.forecasts.families import Family, Given, Predictor, Targets
from generator.forecasts.link import Link

Space = Literal["percent", "logit"]

#: Fixed scales that make features of order one, so that no scale is learnt from data that might be held out.
SCORE_SCALE = {"logit": 1.2, "percent": 18.0}
STEP_SCALE = {"logit": 0.5, "percent": 8.0}
SIZE_SCALE = 0.8
REACH_SCALE = 0.55

#: Features (n, f), increments (n, k) and reach (n,) in decades of training episodes.
Table = tuple[np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True, eq=False)
class Frame:
    """Episodes as numbers in the space a model works in. Tables of a family are kept: they depend on that family alone."""

    link: Link
    space: Space
    _kept: dict[tuple[Family, int, bool], Table] = field(default_factory=dict, repr=False)

    def enter(self, percent: np.ndarray) -> np.ndarray:
        return self.link.logit(percent) if self.space == "logit" else percent

    def leave(self, value: np.ndarray) -> np.ndarray:
        return clipped(self.link.percent(value) if self.space == "logit" else value)

    def describe(self, known: Given, wanted: Targets) -> np.ndarray:
        """Features (m, f): last given scores and size, with two given also the first and the step; then target size and reach."""
        scores = self.enter(known.scores)
        parts = [scores[-1] / SCORE_SCALE[self.space], known.log_params[-1:] / SIZE_SCALE]
        if len(scores) > 1:
            parts += [
                scores[0] / SCORE_SCALE[self.space],
                (scores[-1] - scores[0]) / STEP_SCALE[self.space],
                known.log_params[:1] / SIZE_SCALE,
            ]
        shared = np.tile(np.concatenate(parts), (len(wanted.log_params), 1))
        reach = (wanted.log_params - known.log_params[-1])[:, None]
        return np.hstack([shared, wanted.log_params[:, None] / SIZE_SCALE, reach / REACH_SCALE])

    def table(self, train: Sequence[Family], given: int, *, every: bool = False) -> Table:
        """The training table of these families, stacked in their order."""
        tables = [table for family in train if len(table := self._of(family, given, every=every))]
        features, steps, reach = zip(*tables, strict=True)
        return np.vstack(features), np.vstack(steps), np.concatenate(reach)

    def places(self, train: Sequence[Family], given: int) -> dict[Family, slice]:
        """Which rows of `table` are whose."""
        ends = list(itertools.accumulate(len(episodes(len(family), given)) for family in train))
        return {family: slice(first, last) for family, first, last in zip(train, [0, *ends], ends, strict=False)}

    def _of(self, family: Family, given: int, *, every: bool) -> Table | tuple[()]:
        key = (family, given, every)
        if key not in self._kept:
            picks = episodes(len(family), given, every=every)
            if not picks:
                return ()
            values = self.enter(family.scores)
            rows = [
                self.describe(
                    family.given_at(known), Targets(family.log_params[row : row + 1], family.log_tokens[row : row + 1])
                )
                for known, row in picks
            ]
            steps = np.array([values[row] - values[known[-1]] for known, row in picks])
            reach = np.array([family.log_params[row] - family.log_params[known[-1]] for known, row in picks])
            self._kept[key] = (np.vstack(rows), steps, reach)
        return self._kept[key]


def increment_models(link: Link, *, seed: int, trees: int = 30) -> tuple[Model, ...]:
    """Ridge in percent and in logits, Gaussian process, extra trees. `seed` feeds the trees alone."""
    penalties = tuple(
        {"penalty": penalty, "rate": rate} for rate in (False, True) for penalty in (0.3, 1.0, 3.0, 10.0, 30.0)
    )
    kernels = tuple(
        {"every": every, "length": length, "linear": linear, "noise": noise}
        for every in (False, True)
        for length, linear in ((0.5, 0.3), (1.0, 0.0), (1.0, 0.3))
        for noise in (0.1, 0.3)
    )
    return (
        RidgeIncrements(Frame(link, "percent"), penalties, "ridge-percent", "Ridge on increments in percent"),
        RidgeIncrements(Frame(link, "logit"), penalties, "ridge-logit", "Ridge on increments in logits"),
        GaussianIncrements(Frame(link, "logit"), kernels),
        TreeIncrements(Frame(link, "percent"), seed, trees),
    )


@dataclass(frozen=True, eq=False)
class RidgeFit:
    """level + ((features − centre) / spread) · slopes, times reach when `rate`: an increment (m, k)."""

    centre: np.ndarray
    spread: np.ndarray
    level: np.ndarray
    slopes: np.ndarray
    rate: bool

    def increment(self, features: np.ndarray, reach: np.ndarray) -> np.ndarray:
        step = self.level + (features - self.centre) / self.spread @ self.slopes
        return step * reach[:, None] if self.rate else step


@dataclass(frozen=True, eq=False)
class RidgeIncrements:
    """Ridge on the increment, or (setting `rate`) on the increment per decade with weights reach²; `penalty` per mean weight."""

    frame: Frame
    settings: tuple[Setting, ...]
    name: str
    title: str
    kind: Literal["regression"] = "regression"
    needs: int = 1
    by_given: bool = True

    def fit(self, train: Sequence[Family], given: int) -> tuple[Predictor, ...]:
        table = self.frame.table(train, given)
        fits = {
            rate: ridge_fits(
                table, penalties=[one["penalty"] for one in self.settings if one["rate"] == rate], rate=rate
            )
            for rate in {one["rate"] for one in self.settings}
        }
        return tuple(self._predictor(fits[one["rate"]][one["penalty"]]) for one in self.settings)

    def _predictor(self, fit: RidgeFit) -> Predictor:
        def predict(known: Given, wanted: Targets) -> np.ndarray:
            step = fit.increment(self.frame.describe(known, wanted), wanted.log_params - known.log_params[-1])
            return self.frame.leave(self.frame.enter(known.scores[-1]) + step)

        return predict


def ridge_fits(table: Table, *, penalties: Sequence[float], rate: bool) -> dict[float, RidgeFit]:
    """Weighted ridge with a free level on a training table, by penalty; what the penalty does not touch is computed once."""
    features, steps, reach = table
    scale = reach[:, None] if rate else np.ones((len(reach), 1))
    weight = scale**2
    centre = (features * weight).sum(axis=0) / weight.sum()
    spread = np.sqrt(((features - centre) ** 2 * weight).sum(axis=0) / weight.sum()) + 1e-9
    design = (features - centre) / spread
    aim = steps / scale
    level = (aim * weight).sum(axis=0) / weight.sum()
    gram, moment = design.T @ (design * weight), design.T @ ((aim - level) * weight)
    ridge = weight.mean() * np.eye(design.shape[1])
    return {
        penalty: RidgeFit(centre, spread, level, np.linalg.solve(gram + penalty * ridge, moment), rate)
        for penalty in penalties
    }


@dataclass(frozen=True, eq=False)
class GaussianIncrements:
    """Gaussian process on the logit increment per decade: squared exponential plus linear kernel, one for all benchmarks.

    Settings: every (train on every pair of sizes), length (kernel length in units of √features), linear (weight of the
    linear part), noise (variance at one decade of reach).
    """

    frame: Frame
    settings: tuple[Setting, ...]
    name: str = "gp-increments"
    title: str = "Gaussian process on logit increments"
    kind: Literal["regression"] = "regression"
    needs: int = 1
    by_given: bool = True

    def fit(self, train: Sequence[Family], given: int) -> tuple[Predictor, ...]:
        tables = {
            every: self.frame.table(train, given, every=every)
            for every in sorted({bool(setting["every"]) for setting in self.settings})
        }
        apart = {every: squared_distances(table[0], table[0]) for every, table in tables.items()}
        return tuple(
            self._predictor(tables[bool(setting["every"])], apart[bool(setting["every"])], setting)
            for setting in self.settings
        )

    def _predictor(self, table: Table, apart: np.ndarray, setting: Setting) -> Predictor:
        from scipy.linalg import cho_factor, cho_solve

        features, steps, reach = table
        rates = steps / reach[:, None]
        level, spread = rates.mean(axis=0), rates.std(axis=0) + 1e-9
        width = features.shape[1]
        covariance = np.exp(-apart / (2 * setting["length"] ** 2 * width))
        covariance += setting["linear"] * (features @ features.T) / width
        covariance[np.diag_indices_from(covariance)] += setting["noise"] / np.maximum(reach, 0.1)
        weights = cho_solve(cho_factor(covariance, check_finite=False), (rates - level) / spread, check_finite=False)

        def predict(known: Given, wanted: Targets) -> np.ndarray:
            rows = self.frame.describe(known, wanted)
            near = np.exp(-squared_distances(rows, features) / (2 * setting["length"] ** 2 * width))
            near += setting["linear"] * (rows @ features.T) / width
            onward = (wanted.log_params - known.log_params[-1])[:, None]
            return self.frame.leave(self.frame.enter(known.scores[-1]) + (near @ weights * spread + level) * onward)

        return predict


@dataclass(frozen=True, eq=False)
class TreeIncrements:
    """Mean of extremely randomised trees on the increment in percent, untuned; all rows in every tree, as in ExtraTreesRegressor."""

    frame: Frame
    seed: int
    trees: int
    settings: tuple[Setting, ...] = ({},)
    name: str = "extra-trees"
    title: str = "Extremely randomised trees on increments"
    kind: Literal["regression"] = "regression"
    needs: int = 1
    by_given: bool = True

    def fit(self, train: Sequence[Family], given: int) -> tuple[Predictor, ...]:
        from sklearn.tree import ExtraTreeRegressor

        features, steps, _ = self.frame.table(train, given)
        rows, aims = np.ascontiguousarray(features, dtype=np.float32), np.ascontiguousarray(steps)
        grown = [
            ExtraTreeRegressor(max_features=1.0, random_state=self.seed + number)
            .fit(rows, aims, check_input=False)
            .tree_
            for number in range(self.trees)
        ]

        def predict(known: Given, wanted: Targets) -> np.ndarray:
            rows = self.frame.describe(known, wanted).astype(np.float32)
            step = np.mean([tree.predict(rows)[:, :, 0] for tree in grown], axis=0)
            return clipped(known.scores[-1] + step)

        return (predict,)


def squared_distances(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Squared Euclidean distances (n, m)."""
    squares = (left**2).sum(axis=1)[:, None] + (right**2).sum(axis=1)[None, :] - 2 * left @ right.T
    return np.maximum(squares, 0.0)
