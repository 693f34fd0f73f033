"""Statistics that moved, and which models moved them.

A statistic carries the models it was computed from, its track and its axes; the cells of that track's panel are in the
bundle. Movers are therefore the exact difference of the two sets of cells. For a Pearson correlation and a
least-squares slope the effect of each mover is recomputed as well: only where the recomputation gives the bundle's own
estimate on both sides, otherwise no effect is stated.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from generator.report.bundle import Bundle
from generator.report.changes.observations import Cell, Row, cells, model_names
from generator.report.changes.records import Mover, Reading, StatisticChange
from generator.report.changes.values import SAME, difference, finite, same

#: Sections whose statistics are listed with the claim or prediction they belong to, or that hold none.
NOT_WALKED = ("predictions", "outputs", "changes")
_SHAPE = {"estimate", "interval", "n", "method", "inputs", "track", "axes"}
_RECOMPUTED: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "r": lambda x, y: float(np.corrcoef(x, y)[0, 1]),
    "coupling slope": lambda x, y: float(np.polyfit(x, y, 1)[0]),
}
BY_CELLS = "difference of the scores behind it"
BY_RECOMPUTING = "difference of the scores behind it; effect of each model recomputed"
NO_INPUTS = "not known: this statistic lists no models and axes"
SAME_SCORES = "no score behind it differs"
Pair = Mapping[str, tuple[float, float]]


def statistics_of(bundle: Bundle) -> dict[str, Mapping[str, Any]]:
    """Every statistic of the bundle by id; one inside a section has the path as id, e.g. ``matrices/dimension/covariance``."""
    found: dict[str, Mapping[str, Any]] = dict(bundle.statistics)
    for name in sorted(bundle.sections):
        if name not in NOT_WALKED:
            found.update(_walk(bundle.sections[name], name))
    return found


def _walk(value: Any, path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(value, Mapping):
        if set(value) >= _SHAPE:
            yield path, value
            return
        for key, item in value.items():
            yield from _walk(item, f"{path}/{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            named = isinstance(item, Mapping) and (item.get("id") or item.get("model") or item.get("lab"))
            yield from _walk(item, f"{path}/{named or index}")


class Movers:
    """Which models' scores behind a statistic differ, given the cells of both bundles."""

    def __init__(self, old: Bundle, new: Bundle) -> None:
        self._old, self._new = cells(old), cells(new)
        self._names = model_names(old, new)

    def of(self, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> tuple[tuple[Mover, ...], str]:
        """Movers (largest effect first, then by id) and how they were found."""
        shown = new or old
        assert shown is not None
        axes = sorted({str(axis) for side in (old, new) if side for axis in side.get("axes") or ()})
        before, after = self._inputs(old, axes, self._old), self._inputs(new, axes, self._new)
        if not axes or not (before or after):
            return (), NO_INPUTS
        found = [
            mover
            for model in sorted({*before, *after})
            if (mover := self._mover(model, before.get(model), after.get(model), axes)) is not None
        ]
        if not found:
            return (), SAME_SCORES
        effects = _effects(old, new, before, after, [mover.model for mover in found])
        if effects:
            found = [mover.model_copy(update={"effect": effects.get(mover.model)}) for mover in found]
        found.sort(key=lambda mover: (-abs(mover.effect or 0.0), mover.model))
        return tuple(found), BY_RECOMPUTING if effects else BY_CELLS

    def _inputs(
        self, statistic: Mapping[str, Any] | None, axes: list[str], known: Mapping[Cell, Row]
    ) -> dict[str, dict[str, float]]:
        """Model -> axis -> score of the cells the statistic rests on."""
        if not statistic:
            return {}
        track = str(statistic.get("track") or "")
        return {
            str(model): {
                axis: float(row["value"]) for axis in axes if (row := known.get((track, str(model), axis))) is not None
            }
            for model in statistic.get("inputs") or ()
        }

    def _mover(
        self, model: str, old: dict[str, float] | None, new: dict[str, float] | None, axes: list[str]
    ) -> Mover | None:
        before, after = old or {}, new or {}
        if old is not None and new is not None and all(same(before.get(axis), after.get(axis)) for axis in axes):
            return None
        return Mover(
            model=model,
            name=self._names.get(model, model),
            how="entered" if old is None else "left" if new is None else "changed",
            scores={
                axis: (before.get(axis), after.get(axis))
                for axis in axes
                if not same(before.get(axis), after.get(axis))
            },
        )


def _effects(
    old: Mapping[str, Any] | None,
    new: Mapping[str, Any] | None,
    before: Mapping[str, Mapping[str, float]],
    after: Mapping[str, Mapping[str, float]],
    movers: list[str],
) -> dict[str, float]:
    """Model -> the estimate now minus the estimate with that model as it was; empty where it cannot be recomputed."""
    if not old or not new or len(new.get("axes") or ()) != 2 or old.get("axes") != new.get("axes"):
        return {}
    function = _RECOMPUTED.get(str(new.get("name")))
    if function is None or finite(old.get("estimate")) is None or finite(new.get("estimate")) is None:
        return {}
    x, y = (str(axis) for axis in new["axes"])
    past, present = (
        {model: (row[x], row[y]) for model, row in side.items() if x in row and y in row} for side in (before, after)
    )
    if not (_agrees(function, past, old["estimate"]) and _agrees(function, present, new["estimate"])):
        return {}
    result = {}
    for model in movers:
        without = {name: pair for name, pair in present.items() if name != model}
        if model in past:
            without[model] = past[model]
        value = _apply(function, without)
        if value is not None:
            result[model] = float(new["estimate"]) - value
    return result


def _apply(function: Callable[[np.ndarray, np.ndarray], float], pairs: Pair) -> float | None:
    points = np.array([pairs[model] for model in sorted(pairs)], dtype=float).reshape(-1, 2)
    if len(points) < 3 or np.ptp(points[:, 0]) == 0 or np.ptp(points[:, 1]) == 0:
        return None
    return finite(function(points[:, 0], points[:, 1]))


def _agrees(function: Callable[[np.ndarray, np.ndarray], float], pairs: Pair, estimate: float) -> bool:
    value = _apply(function, pairs)
    return value is not None and math.isclose(value, estimate, rel_tol=1e3 * SAME, abs_tol=1e3 * SAME)


def reading(statistic: Mapping[str, Any]) -> Reading:
    interval = statistic.get("interval") or {}
    return Reading(
        estimate=finite(statistic.get("estimate")),
        low=finite(interval.get("low")),
        high=finite(interval.get("high")),
        level=finite(interval.get("level")),
        n=int(statistic.get("n") or 0),
        reason=str(statistic.get("reason") or ""),
    )


def statistic_changes(
    old: Bundle, new: Bundle, movers: Movers, *, skip: tuple[str, ...] = ()
) -> tuple[StatisticChange, ...]:
    """Every statistic that reads differently; named ones before those of sections, largest move first.

    skip: prefixes of ids that are not compared, because one side has no such part.
    """
    before, after = statistics_of(old), statistics_of(new)
    found = []
    for key in sorted({*before, *after}):
        past, present = before.get(key), after.get(key)
        if key.startswith(skip) or (past and present and _equal(reading(past), reading(present))):
            continue
        found.append(_change(key, past, present, movers))
    sections = {*old.sections, *new.sections}
    return tuple(
        sorted(
            found,
            key=lambda item: (
                item.id.split("/")[0] in sections, not item.flip, -(item.size or 0.0), -abs(item.move or 0.0), item.id
            ),
        )
    )  # fmt: skip


def _equal(old: Reading, new: Reading) -> bool:
    pairs = zip(old.model_dump().values(), new.model_dump().values(), strict=True)
    return all(same(past, present) for past, present in pairs)


def _change(key: str, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None, movers: Movers) -> StatisticChange:
    shown = new or old
    assert shown is not None
    past, present = reading(old) if old else None, reading(new) if new else None
    move = difference(past.estimate if past else None, present.estimate if present else None)
    moved, attribution = movers.of(old, new)
    return StatisticChange(
        id=key,
        name=str(shown["name"]),
        track=str(shown.get("track") or ""),
        axes=tuple(str(axis) for axis in shown.get("axes") or ()),
        unit=str(shown.get("unit") or ""),
        how="added" if old is None else "removed" if new is None else "changed",
        old=past,
        new=present,
        move=move,
        size=_size(past, move),
        flip=_flip(past, present, has_zero=0.0 in dict(shown.get("baselines") or {}).values()),
        movers=moved,
        attribution=attribution,
    )


def _size(old: Reading | None, move: float | None) -> float | None:
    """The move in half widths of the old interval."""
    if old is None or move is None or old.low is None or old.high is None or old.high <= old.low:
        return None
    return abs(move) / ((old.high - old.low) / 2)


def _flip(old: Reading | None, new: Reading | None, *, has_zero: bool) -> str:
    """What turned. `has_zero`: zero is the baseline, so that an interval with or without it says something."""
    if old is None or new is None:
        return ""
    if (old.estimate is None) != (new.estimate is None):
        return "an estimate appears" if old.estimate is None else "no estimate any more"
    if old.estimate is None or new.estimate is None:
        return ""
    if old.estimate * new.estimate < 0:
        return "the sign turns"
    resolved = [_excludes_zero(side) for side in (old, new)]
    if has_zero and None not in resolved and resolved[0] != resolved[1]:
        return "the interval now excludes zero" if resolved[1] else "the interval now includes zero"
    return ""


def _excludes_zero(side: Reading) -> bool | None:
    if side.low is None or side.high is None:
        return None
    return side.low > 0 or side.high < 0
