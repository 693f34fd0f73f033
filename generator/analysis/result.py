"""What every analysis returns: an estimate with interval, n, method and inputs, or a stated reason why there is none."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

Scalar = float | int | str | bool | None


@dataclass(frozen=True)
class Interval:
    """An interval on the scale of the estimate; an open end (None) means unbounded on that side."""

    low: float | None
    high: float | None
    level: float = 0.95
    method: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {"low": _clean(self.low), "high": _clean(self.high), "level": self.level, "method": self.method}


@dataclass(frozen=True)
class Statistic:
    """One number with everything a reader needs to trust it.

    name: what it is, e.g. ``r``; estimate: the value in `unit`, or None with a `reason`; n: how many units (models,
    intervals) it rests on; method: how it was computed, in words; interval: the headline interval; others: further
    intervals by name (``plain``, ``lab-clustered``); p: p-values by the name of the test; baselines: the value of
    each null or trivial competitor; details: tables and further scalars; inputs: ids of the models it was computed
    from.
    """

    name: str
    estimate: float | None
    n: int
    method: str
    unit: str = ""
    interval: Interval | None = None
    others: Mapping[str, Interval] = field(default_factory=dict)
    p: Mapping[str, float] = field(default_factory=dict)
    baselines: Mapping[str, float | None] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()
    axes: tuple[str, ...] = ()
    track: str = ""
    as_of: str = ""
    reason: str = ""

    def __post_init__(self) -> None:
        if self.estimate is not None and not math.isfinite(self.estimate):
            raise ValueError(f"{self.name}: estimate {self.estimate} is not finite; give None and a reason")
        if self.estimate is None and not self.reason:
            raise ValueError(f"{self.name}: no estimate and no reason")

    @classmethod
    def missing(cls, name: str, reason: str, *, n: int, method: str, **more: Any) -> Statistic:
        """A statistic that the data cannot carry, with the reason in words."""
        return cls(name=name, estimate=None, n=n, method=method, reason=reason, **more)

    def of(self, *, track: str, as_of: str) -> Statistic:
        """The same statistic labelled with the track and day of its panel."""
        return replace(self, track=track, as_of=as_of)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values; NaN and infinities inside `details` become None."""
        return {
            "name": self.name,
            "estimate": self.estimate,
            "unit": self.unit,
            "n": self.n,
            "method": self.method,
            "interval": self.interval.as_dict() if self.interval else None,
            "others": {name: interval.as_dict() for name, interval in self.others.items()},
            "p": {name: _clean(value) for name, value in self.p.items()},
            "baselines": {name: _clean(value) for name, value in self.baselines.items()},
            "details": _clean(self.details),
            "inputs": list(self.inputs),
            "axes": list(self.axes),
            "track": self.track,
            "as_of": self.as_of,
            "reason": self.reason,
        }


def _clean(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    if hasattr(value, "tolist"):  # numpy scalars and arrays
        return _clean(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if hasattr(value, "as_dict"):
        return value.as_dict()
    return value
