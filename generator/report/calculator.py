"""What the reader's calculator evaluates beside the headline pairs: lines of every pair of axes, and two forecasts.

Each function returns plain JSON. The forecasts are those of generator.forecasts, written out as coefficients that
`playbook.expect_release` and `forecasts.evaluate` (and their twins in the browser) turn into numbers.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from generator.analysis.advice import line_coefficients
from generator.core import CapewatchError, PartialDate
from generator.forecasts import (
    FIVE_AXES,
    Family,
    export_coefficients,
    family_set,
    frontier_models,
    next_release,
    releases,
)
from generator.forecasts.frontier import Releases
from generator.panel import Panel
from generator.report.memo import Keep, computed_anew

#: Fewer models with both scores carry no line worth reading.
PAIR_LEAST = 5
#: Axes of the forecast of larger sizes: the pair alone, and all five where the reader has them.
SIZE_AXES = (("hellaswag", "truthfulqa"), FIVE_AXES)
#: Larger sizes that are forecast, as multiples of the given one.
LARGER = (3.0, 10.0, 30.0)
#: Days ahead of the next release, and first scores above the given one (pp).
AHEAD_DAYS, STEPS = 90, (0.0, 4.0, 8.0)
#: The frontier model that `next_release` takes where the first score is known.
RELEASE_MODEL = "swe-date-lab"
ORIGIN = dt.date(2020, 1, 1)
_DIGITS = 12


def calculator_section(
    panels: Mapping[str, Panel],
    *,
    frontier: Sequence[str],
    base: str,
    axes: tuple[str, str],
    keep: Keep = computed_anew,
) -> dict[str, Any]:
    """pairs: track -> axes and lines; release: track -> coefficients; sizes: coefficients, the fewest axes first.

    `frontier`: tracks whose next release is forecast on `axes`; `base`: the track of the base models. A forecast that
    cannot be made has a reason instead. `keep` is asked for each track apart.
    """

    def kept(part: str, track: str, compute: Callable[[Panel], Any]) -> Any:
        return keep(f"calculator/{part}/{track}", [panels[track]], lambda: compute(panels[track]))

    return {
        "least": PAIR_LEAST,
        "pairs": {track: kept("pairs", track, pair_lines) for track in (*frontier, base)},
        "release": {
            track: kept("release", track, lambda panel: _or_reason(release_coefficients, panel, axes))
            for track in frontier
        },
        "sizes": kept(
            "sizes", base, lambda panel: [_or_reason(size_coefficients, panel, names) for names in SIZE_AXES]
        ),
        "larger": list(LARGER),
        "ahead_days": AHEAD_DAYS,
        "steps": list(STEPS),
    }


def pair_lines(panel: Panel) -> list[dict[str, Any]]:
    """What `playbook.locate` needs, for every ordered pair of percent axes that PAIR_LEAST models or more have scores on."""
    axes = [str(axis) for axis in panel.scores.columns if panel.axes.at[axis, "unit"] == "percent"]
    table = panel.scores.sort_index()
    scores = {axis: table[axis].to_numpy(dtype=float) for axis in axes}
    found = []
    for x, y in itertools.permutations(axes, 2):
        both = np.isfinite(scores[x]) & np.isfinite(scores[y])
        if both.sum() >= PAIR_LEAST and np.ptp(scores[x][both]) > 0:
            found.append(_rounded(line_coefficients(scores[x][both], scores[y][both], x, y)))
    return found


def pair_models(panel: Panel, x: str, y: str) -> list[dict[str, Any]]:
    """Models with both scores in release order, undated ones first: the rows that `playbook.read_pair` takes."""
    frame = panel.complete([x, y])
    rows = [
        {
            "id": str(model),
            "lab": str(row["lab"]) if isinstance(row["lab"], str) else "",
            "released": str(row["released"]) if isinstance(row["released"], str) else "",
            "x": float(row[x]),
            "y": float(row[y]),
            "dated": isinstance(row["released"], str),
        }
        for model, row in frame.iterrows()
    ]
    return sorted(rows, key=lambda row: release_order(row["released"], row["id"]))


def release_order(released: str | None, identity: str) -> tuple[str, str]:
    """Sort key of a model: the middle of the days it can have come out on, then its id; without a date first."""
    return (PartialDate.parse(released).middle.isoformat() if released else "", identity)


def size_coefficients(panel: Panel, axes: Sequence[str]) -> dict[str, Any]:
    """`export_coefficients` for one given size, with the mean error (pp) of leaving the given scores as they are."""
    judged = require_families(panel, axes)
    found = export_coefficients(panel, axes=axes, given=(1,))
    unchanged = np.concatenate([np.abs(family.scores[1:] - family.scores[0]) for family in judged])
    kept = {name: found[name] for name in ("axes", "floor", "ceiling", "edge", "scales", "reach_offset", "levels")}
    longest = max(float(family.log_params[-1] - family.log_params[0]) for family in judged)
    return {**kept, "given": found["given"], "unchanged_pp": float(unchanged.mean()), "reach": longest}


def require_families(panel: Panel, axes: Sequence[str]) -> tuple[Family, ...]:
    """The families of three sizes or more. Raises CapewatchError unless one can be left out and another one is there."""
    long = family_set(panel, axes).of_sizes(3)
    if len(long) < 2:
        raise CapewatchError(
            f"{len(long)} families have three sizes or more with a score on every axis; two are needed"
        )
    return long


def release_coefficients(panel: Panel, axes: tuple[str, str]) -> dict[str, Any]:
    """`next_release` (first score, date, the lab's own offset) as the coefficients of `playbook.expect_release`.

    The model is linear in score and day with a level for each lab, so its values one step away from the middle of the
    releases are its coefficients.
    """
    data = releases(panel, *axes)
    model = next(one for one in frontier_models() if one.name == RELEASE_MODEL)
    labs = sorted(set(data.labs))
    x_at, day_at = float(data.x.mean()), float(data.day.mean())

    def at(lab: str, x: float, day: float) -> Releases:
        none = (dt.date.min,)
        return Releases(("",), (lab,), none, none, np.array([day]), np.array([x]), np.zeros(1))

    points = [
        at("", x_at, day_at),
        at("", x_at + 1, day_at),
        at("", x_at, day_at + 30),
        *(at(lab, x_at, day_at) for lab in labs),
    ]
    level, right, later, *own = (float(model.predict(data, point)[0]) for point in points)
    middle = next_release(
        panel, "", swe=x_at, day=ORIGIN + dt.timedelta(days=round(day_at)), x=axes[0], y=axes[1], model=RELEASE_MODEL
    )
    bounds = middle.interval
    if middle.estimate is None or bounds is None or bounds.low is None or bounds.high is None or panel.as_of is None:
        raise CapewatchError(
            f"panel {panel.name}: no forecast of the next release", hint="it needs a day and an interval"
        )
    return {
        "level": level,
        "x_at": x_at,
        "day_at": day_at,
        "per_point": right - level,
        "per_day": (later - level) / 30,
        "offsets": {lab: value - level for lab, value in zip(labs, own, strict=True)},
        "low": bounds.low - middle.estimate,
        "high": bounds.high - middle.estimate,
        "n": len(data),
        "mean_of_others": float(data.y.mean()),
        "day": (panel.as_of - ORIGIN).days + AHEAD_DAYS,
        "method": middle.method,
    }


def _rounded(found: dict[str, Any]) -> dict[str, Any]:
    """Twelve significant digits: more than a page shows, and the file that a reader loads stays small."""
    line = {name: float(f"{value:.{_DIGITS}g}") if name != "n" else value for name, value in found["line"].items()}
    return {**found, "line": line}


def _or_reason(function: Any, panel: Panel, axes: Any) -> dict[str, Any]:
    try:
        return dict(function(panel, axes))
    except CapewatchError as error:
        return {"reason": error.message, "axes": list(axes)}
