"""How fact accuracy and truthfulness go together along each lever, and against the size of the network.

Two figures a lever, both from the measured networks and with a t interval over seeds: the slope of truthfulness on fact
accuracy, fitted within each seed over the levels; and the slope of the share carried over, truthfulness over fact
accuracy, for each doubling of the parameters. A figure that a lever cannot give (it hardly moves fact accuracy, or leaves
the size as it is) is left out with the reason.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from generator.steering.stats import mean_interval

#: A slope on fact accuracy is given only when the lever moves it by at least this much between its ends.
MIN_MOVE = 0.02
#: A slope on size is given only when the largest network has at least this many times the parameters of the smallest.
MIN_RATIO = 1.2
Row = dict[str, Any]


def carried_over(row: Row) -> float | None:
    """Truthfulness over fact accuracy of one network; None without a fact known."""
    return row["truthfulness"] / row["fact_accuracy"] if row["fact_accuracy"] > 0 else None


def against_size(rows: Sequence[Row]) -> dict[str, Row]:
    """For each lever of a grid's rows: `points` (level, parameters, carried_over with interval), `on_facts`, `on_size`."""
    found = {}
    for name in dict.fromkeys(row["lever"] for row in rows):
        mine = [row for row in rows if row["lever"] == name]
        found[name] = {
            "points": [_point([row for row in mine if row["level"] == level]) for level in _levels(mine)],
            "on_facts": _slopes(
                mine, lambda row: row["fact_accuracy"], lambda row: row["truthfulness"], _facts_reason(mine)
            ),
            "on_size": _slopes(mine, lambda row: math.log2(row["parameters"]), carried_over, _size_reason(mine)),
        }
    return found


def _levels(rows: Sequence[Row]) -> list[float]:
    return sorted({row["level"] for row in rows})


def _point(rows: Sequence[Row]) -> Row:
    values = [value for row in rows if (value := carried_over(row)) is not None]
    mean, low, high = mean_interval(values) if len(values) > 1 else (None, None, None)
    sizes = [row["parameters"] for row in rows]
    return {
        "level": rows[0]["level"], "parameters": sum(sizes) / len(sizes), "carried_over": mean, "low": low, "high": high,
        "seeds": [{"seed": row["seed"], "carried_over": carried_over(row)} for row in rows],
    }  # fmt: skip


def _facts_reason(rows: Sequence[Row]) -> str:
    move = fact_move(rows)
    if move >= MIN_MOVE:
        return ""
    return f"fact accuracy moves by {100 * move:.2f} pp, under the {100 * MIN_MOVE:.0f} pp from which a slope on it is fitted"


def fact_move(rows: Sequence[Row]) -> float:
    """Mean over seeds of how far fact accuracy moves between the lever's ends, whichever way; in 0–1."""
    first, last = _levels(rows)[0], _levels(rows)[-1]
    ends = {(row["seed"], row["level"]): row["fact_accuracy"] for row in rows}
    return float(np.mean([abs(ends[seed, last] - ends[seed, first]) for seed in sorted({row["seed"] for row in rows})]))


def _size_reason(rows: Sequence[Row]) -> str:
    sizes = [row["parameters"] for row in rows]
    return "" if max(sizes) >= MIN_RATIO * min(sizes) else "this lever leaves the size of the network as it is"


def _slopes(rows: Sequence[Row], x: Callable[[Row], float], y: Callable[[Row], float | None], reason: str) -> Row:
    """Least-squares slope of every seed over the levels, their mean and its t interval."""
    empty = {"slope": None, "low": None, "high": None, "seeds": 0}
    if reason:
        return {**empty, "reason": reason}
    slopes = []
    for seed in sorted({row["seed"] for row in rows}):
        pairs = [(x(row), value) for row in rows if row["seed"] == seed and (value := y(row)) is not None]
        across = np.asarray([pair[0] for pair in pairs])
        if len(pairs) > 1 and float(np.ptp(across)) > 0:
            slopes.append(float(np.polyfit(across, [pair[1] for pair in pairs], 1)[0]))
    if len(slopes) < 2:
        return {**empty, "reason": "fewer than two seeds give a slope"}
    slope, low, high = mean_interval(slopes)
    return {"slope": slope, "low": low, "high": high, "seeds": len(slopes), "reason": ""}
