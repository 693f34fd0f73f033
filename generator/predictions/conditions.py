"""Conditions as data: three-valued truth over one or many sets of metric values, margins, and what can be met at all.

Truth is coded FALSE = 0, UNKNOWN = 1, TRUE = 2, so that `all` is the minimum and `any` the maximum of its parts
(Kleene's strong logic). A metric without a value makes its comparison UNKNOWN.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from generator.schema.prediction import Condition

FALSE, UNKNOWN, TRUE = 0, 1, 2
_DECIMALS = 9  # 65.6 − 63.6 is 1.999999999999993 in binary: a threshold must not hang on that
_MAX_BOXES = 4096

Values = Mapping[str, np.ndarray]


def truth(condition: Condition, values: Values, *, assume: frozenset[str] = frozenset()) -> np.ndarray:
    """Truth codes (B,) of a condition for metric values (B,) each; NaN = no value.

    Comparisons of the metrics in `assume` are taken as TRUE.
    """
    if condition.all is not None:
        return np.minimum.reduce([truth(part, values, assume=assume) for part in condition.all])
    if condition.any is not None:
        return np.maximum.reduce([truth(part, values, assume=assume) for part in condition.any])
    if condition.metric is None:
        raise ValueError("a condition is a comparison of a metric, all, or any")
    if condition.metric in assume:
        return np.full(len(next(iter(values.values()))), TRUE, dtype=np.int8)
    value = np.round(np.asarray(values[condition.metric], dtype=float), _DECIMALS)
    met = _COMPARE[condition.comparison[0]](value, round(condition.comparison[1], _DECIMALS))
    return np.where(np.isnan(value), UNKNOWN, np.where(met, TRUE, FALSE)).astype(np.int8)


_COMPARE = {"below": np.less, "above": np.greater, "at_most": np.less_equal, "at_least": np.greater_equal}


def single_truth(
    condition: Condition, values: Mapping[str, float | None], *, assume: frozenset[str] = frozenset()
) -> int:
    """Truth code for one value a metric; None = no value."""
    arrays = {name: np.array([np.nan if value is None else value]) for name, value in values.items()}
    return int(truth(condition, arrays, assume=assume)[0])


@dataclass(frozen=True)
class Margin:
    """How far a metric is on the right side of one comparison.

    margin: signed distance to the threshold in the metric's unit, positive when the comparison holds (zero at a strict
    threshold does not hold); None without a value. side: pass | fail | requires.
    """

    side: str
    metric: str
    comparison: str
    threshold: float
    value: float | None
    margin: float | None
    met: bool | None
    unit: str


def margins(
    conditions: Mapping[str, Sequence[Condition]], values: Mapping[str, float | None], units: Mapping[str, str]
) -> tuple[Margin, ...]:
    """The margin of every comparison, by side, in the order they are written."""
    found = []
    for side, parts in conditions.items():
        for leaf in (leaf for part in parts for leaf in part.leaves()):
            assert leaf.metric is not None
            comparison, threshold = leaf.comparison
            value = values[leaf.metric]
            sign = -1.0 if comparison in ("below", "at_most") else 1.0
            margin = None if value is None else round(sign * (value - threshold), _DECIMALS)
            code = single_truth(leaf, values)
            met = None if code == UNKNOWN else code == TRUE
            found.append(Margin(side, leaf.metric, comparison, threshold, value, margin, met, units[leaf.metric]))
    return tuple(found)


@dataclass(frozen=True)
class Bounds:
    """An interval of one metric; an end belongs to it unless marked open."""

    low: float = -math.inf
    high: float = math.inf
    low_open: bool = False
    high_open: bool = False

    def meet(self, other: Bounds) -> Bounds:
        low = max(self.low, other.low)
        high = min(self.high, other.high)
        return Bounds(
            low,
            high,
            any(b.low_open for b in (self, other) if b.low == low),
            any(b.high_open for b in (self, other) if b.high == high),
        )

    @property
    def empty(self) -> bool:
        return self.low > self.high or (self.low == self.high and (self.low_open or self.high_open))


Box = Mapping[str, Bounds]


def boxes(condition: Condition, domains: Mapping[str, Bounds]) -> list[Box]:
    """The condition as a union of boxes (one interval a metric), empty ones left out.

    domains: what each metric can be at all. Raises ValueError when the condition multiplies out to too many boxes.
    """
    found = [box for box in _multiplied(condition, domains) if not any(bounds.empty for bounds in box.values())]
    if len(found) > _MAX_BOXES:
        raise ValueError("the condition multiplies out to too many alternatives")
    return found


def overlap(first: Condition, second: Condition, domains: Mapping[str, Bounds]) -> Box | None:
    """Values at which both conditions hold, as a box, or None when there are none."""
    for one, other in itertools.product(boxes(first, domains), boxes(second, domains)):
        both = {name: one.get(name, domains[name]).meet(other.get(name, domains[name])) for name in {*one, *other}}
        if not any(bounds.empty for bounds in both.values()):
            return both
    return None


def _multiplied(condition: Condition, domains: Mapping[str, Bounds]) -> Iterator[Box]:
    if condition.any is not None:
        for part in condition.any:
            yield from _multiplied(part, domains)
    elif condition.all is not None:
        options = [list(_multiplied(part, domains)) for part in condition.all]
        if math.prod(len(option) for option in options) > _MAX_BOXES:
            raise ValueError("the condition multiplies out to too many alternatives")
        for choice in itertools.product(*options):
            merged: dict[str, Bounds] = {}
            for box in choice:
                for name, bounds in box.items():
                    merged[name] = merged.get(name, domains[name]).meet(bounds)
            yield merged
    elif condition.metric is not None:
        comparison, threshold = condition.comparison
        strict = comparison in ("below", "above")
        below = Bounds(high=threshold, high_open=strict)
        bounds = below if comparison in ("below", "at_most") else Bounds(low=threshold, low_open=strict)
        yield {condition.metric: domains[condition.metric].meet(bounds)}
