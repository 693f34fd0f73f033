"""What a forecasting model is: a name, a few candidate settings, and a fit on training families alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np

from generator.forecasts.families import Family, Predictor

Kind = Literal["baseline", "regression", "trajectory", "ode", "stack"]
Setting = Mapping[str, Any]


class Model(Protocol):
    """A forecasting model with every tunable choice listed in `settings`.

    needs: the least number of sizes a family must give; by_given: whether a fit depends on how many are given. `fit`
    returns one predictor a setting, in the order of `settings`, and sees nothing but the training families.
    """

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def kind(self) -> Kind: ...
    @property
    def needs(self) -> int: ...
    @property
    def settings(self) -> tuple[Setting, ...]: ...
    @property
    def by_given(self) -> bool: ...
    def fit(self, train: Sequence[Family], given: int) -> tuple[Predictor, ...]: ...


@dataclass(frozen=True)
class Recipe:
    """A `Model` made of a function `build(train, setting)`, the same whatever the number of given sizes."""

    name: str
    title: str
    kind: Kind
    build: Callable[[Sequence[Family], Setting], Predictor]
    needs: int = 1
    settings: tuple[Setting, ...] = field(default=({},))
    by_given: bool = False

    def fit(self, train: Sequence[Family], given: int) -> tuple[Predictor, ...]:
        del given
        return tuple(self.build(train, setting) for setting in self.settings)


def episodes(sizes: int, given: int, *, every: bool = False) -> tuple[tuple[tuple[int, ...], int], ...]:
    """Training examples in a family of `sizes` models: (rows that are given, larger row that is wanted).

    given: 1 or 2. `every` False: the first sizes are given, as in the protocol; True: any earlier size or pair of sizes.
    """
    if given == 1:
        firsts: list[tuple[int, ...]] = [(row,) for row in range(sizes - 1 if every else min(1, sizes))]
    elif every:
        firsts = [(low, high) for high in range(1, sizes - 1) for low in range(high)]
    else:
        firsts = [(0, 1)] if sizes > 2 else []
    return tuple((rows, row) for rows in firsts for row in range(rows[-1] + 1, sizes))


def clipped(percent: np.ndarray) -> np.ndarray:
    """Percent scores kept in 0 to 100; anything that is not a number counts as out of range and becomes 0."""
    return np.clip(np.nan_to_num(percent, nan=0.0, posinf=100.0, neginf=0.0), 0.0, 100.0)
