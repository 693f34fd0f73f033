"""Forecasting by a found system: fit dB/dlog10 N on other families, integrate from the last given size of this one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from generator.forecasts.base import Model, Setting, clipped
from generator.forecasts.dynamics import (
    Derivatives,
    Differences,
    Library,
    Method,
    System,
    discover,
    fractions,
    with_field,
)
from generator.forecasts.families import Family, Given, Predictor, Targets
from generator.forecasts.integrate import advance
from generator.forecasts.link import Link

#: Logits are held inside ±this when integrated; 4.6 is the edge of the link.
LOGIT_BOUND = 5.0


def ode_models(link: Link, *, axes: int, seed: int) -> tuple[Model, ...]:
    """Every ODE of the leaderboard: dense and sparse, linear and quadratic, with and without a family field."""

    penalties = tuple({"penalty": penalty} for penalty in (0.01, 0.1, 1.0))
    thresholds = tuple({"threshold": threshold, "penalty": 0.05} for threshold in (0.05, 0.1, 0.2))
    sparse = ({"threshold": 0.1, "penalty": 0.05},)
    line, bent = Library(axes, 1), Library(axes, 2)
    return (
        FractionOde("ode-linear", "Linear ODE, ridge", line, "ridge", penalties),
        FractionOde("ode-quadratic", "Quadratic ODE, ridge", bent, "ridge", penalties),
        FractionOde("ode-stlsq", "Linear sparse ODE, STLSQ", line, "stlsq", thresholds),
        FractionOde("ode-sr3", "Linear sparse ODE, SR3", line, "sr3", sparse),
        FractionOde("ode-ensemble", "Linear sparse ODE, ensemble over families", line, "ensemble", sparse, seed=seed),
        FractionOde("ode-constrained", "Linear ODE at rest at the ceiling", line, "constrained", penalties),
        FieldOde(
            link,
            Differences(link.logit),
            tuple(
                {"penalty": penalty, "share": share, "tokens": tokens}
                for penalty in (0.3, 3.0)
                for share in (0.0, 0.4)
                for tokens in (False, True)
            ),
        ),
    )


@dataclass(frozen=True, eq=False)
class FractionOde:
    """A system found in scores as fractions 0-1, integrated from the last given size and held inside 0-1."""

    name: str
    title: str
    library: Library
    method: Method
    settings: tuple[Setting, ...]
    seed: int = 0
    differences: Differences = field(default_factory=lambda: Differences(fractions), repr=False)
    kind: Literal["ode"] = "ode"
    needs: int = 1
    by_given: bool = False

    def fit(self, train: Sequence[Family], given: int) -> tuple[Predictor, ...]:
        del given
        data = self.differences.of(train)
        return tuple(
            _follow(discover(data, self.library, method=self.method, rng=np.random.default_rng(self.seed), **setting))
            for setting in self.settings
        )


def _follow(system: System) -> Predictor:
    def predict(known: Given, wanted: Targets) -> np.ndarray:
        span = wanted.log_params - known.log_params[-1]
        return clipped(100.0 * advance(system, known.scores[-1] / 100.0, span, low=0.0, high=1.0))

    return predict


@dataclass(frozen=True, eq=False)
class FieldOde:
    """Linear ODE in logits with a field h of the family: part of it read off training tokens, part off the given step.

    penalty: ridge strength; share: how much of the misfit of the given step is taken as the family's own field; tokens:
    whether log10 training tokens per parameter enter the field.
    """

    link: Link
    differences: Differences
    settings: tuple[Setting, ...]
    name: str = "ode-field"
    title: str = "Linear ODE in logits with family field h(D)"
    kind: Literal["ode"] = "ode"
    needs: int = 1
    by_given: bool = False

    def fit(self, train: Sequence[Family], given: int) -> tuple[Predictor, ...]:
        del given
        several = [family for family in train if len(family) > 1]
        data = self.differences.of(several)
        return tuple(self._predictor(several, data, setting) for setting in self.settings)

    def _predictor(self, train: Sequence[Family], data: Derivatives, setting: Setting) -> Predictor:
        tokens = np.concatenate([_tokens_per_parameter(family) for family in train])
        typical = float(np.nanmedian(tokens)) if np.isfinite(tokens).any() else 0.0
        extra = (np.nan_to_num(tokens, nan=typical) - typical)[:, None] * float(setting["tokens"])
        design = np.hstack([np.ones((len(data), 1)), data.states, extra])
        weight = data.reach[:, None]
        penalty = setting["penalty"] * np.eye(design.shape[1]) * data.reach.mean()
        penalty[0, 0] = 0.0
        slopes = np.linalg.solve(
            design.T @ (design * weight) + penalty + 1e-9 * np.eye(design.shape[1]), design.T @ (data.rates * weight)
        )
        width = data.states.shape[1]
        system = System(Library(width), slopes[: 1 + width].T, "ridge")

        def predict(known: Given, wanted: Targets) -> np.ndarray:
            states = self.link.logit(known.scores)
            last = known.log_tokens[-1] - known.log_params[-1]
            drift = slopes[-1] * (float(np.nan_to_num(last, nan=typical)) - typical) * float(setting["tokens"])
            moved = with_field(system, drift)
            if len(states) > 1:
                measured = (states[-1] - states[-2]) / (known.log_params[-1] - known.log_params[-2])
                expected = moved.rate((states[-1:] + states[-2:-1]) / 2)[0]
                moved = with_field(moved, setting["share"] * (measured - expected))
            span = wanted.log_params - known.log_params[-1]
            return clipped(self.link.percent(advance(moved, states[-1], span, low=-LOGIT_BOUND, high=LOGIT_BOUND)))

        return predict


def _tokens_per_parameter(family: Family) -> np.ndarray:
    """log10 tokens per parameter at the larger size of each step (n − 1,); NaN where unknown."""
    return family.log_tokens[1:] - family.log_params[1:]
