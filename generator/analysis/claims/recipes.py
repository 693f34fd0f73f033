"""How recipes are registered: a function from the inputs to named values, under the claim and recipe id it serves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from generator.analysis.claims.inputs import FIVE, HS, TQA, ClaimInputs, Ladder
from generator.analysis.coupling import gamma_table
from generator.analysis.result import Statistic
from generator.panel.frame import Panel

Value = float | int | bool | str | None | list
Values = Mapping[str, Value]
RecipeFunction = Callable[[ClaimInputs], Values]


@dataclass(frozen=True)
class LivePanel:
    """A live panel with the tables that several questions read, made once."""

    panel: Panel

    @cached_property
    def gammas(self) -> pd.DataFrame:
        """Usable rows of the `gamma_table` of HellaSwag and TruthfulQA, without the probabilities of the phases."""
        table = gamma_table(self.panel, HS, TQA, chances=False)
        return table[table["usable"]]

    @cached_property
    def ladders(self) -> dict[str, Ladder]:
        """Ladders of the five benchmarks of each family of two different sizes or more; of repeated sizes the first by id."""
        rows = self.panel.complete(FIVE)
        rows = rows[rows["params"].notna() & rows["family"].notna()]
        rows = rows[~rows.duplicated(["family", "params"])].sort_values("params", kind="stable")
        params, scores = rows["params"].to_numpy(dtype=float), rows[list(FIVE)].to_numpy(dtype=float)
        return {
            str(family): Ladder(str(family), tuple(rows.index[places]), params[places], scores[places])
            for family, places in rows.groupby("family", sort=True).indices.items()
            if len(places) >= 2
        }


@dataclass(frozen=True)
class LiveRequest:
    """What a live question is asked of: one live panel, randomness, and the number of resamples.

    stream: by name, what a statistic of the report draws from; a question that gives that statistic draws the same numbers.
    """

    live: LivePanel
    rng: np.random.Generator
    resamples: int
    stream: Callable[[str], np.random.Generator]

    @property
    def panel(self) -> Panel:
        return self.live.panel

    @property
    def gammas(self) -> pd.DataFrame:
        return self.live.gammas

    @property
    def ladders(self) -> dict[str, Ladder]:
        return self.live.ladders


LiveFunction = Callable[[LiveRequest], list[Statistic]]


@dataclass
class Recipes:
    """The recipes and live questions of one module."""

    recipes: dict[tuple[str, str], RecipeFunction] = field(default_factory=dict)
    questions: dict[str, LiveFunction] = field(default_factory=dict)

    def add(self, claim: str, recipe: str) -> Callable[[RecipeFunction], RecipeFunction]:
        """Decorator: this function is recipe `recipe` of `claim`."""

        def register(function: RecipeFunction) -> RecipeFunction:
            if (claim, recipe) in self.recipes:
                raise ValueError(f"{claim}/{recipe} is registered twice")
            self.recipes[claim, recipe] = function
            return function

        return register

    def live(self, *claims: str) -> Callable[[LiveFunction], LiveFunction]:
        """Decorator: this function asks these claims of a live panel."""

        def register(function: LiveFunction) -> LiveFunction:
            for claim in claims:
                if claim in self.questions:
                    raise ValueError(f"{claim} has two live questions")
                self.questions[claim] = function
            return function

        return register


def plain(values: Values) -> dict[str, Value]:
    """Values as JSON takes them: numpy scalars unpacked, NaN and infinities None, in the order they were named."""
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: object) -> Value:
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not np.isfinite(value):
        return None
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"a recipe returned {type(value).__name__}; allowed: numbers, text, truth values, lists, None")


def prefixed(prefix: str, values: Values) -> Iterator[tuple[str, Value]]:
    """(prefix.name, value) of each value."""
    return ((f"{prefix}.{name}", value) for name, value in values.items())
