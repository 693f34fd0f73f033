"""The parts of the forecasts section as plain JSON. Which comparison is shown stands here; how it is made, in generator.forecasts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import numpy as np

from generator.core import CapewatchError
from generator.forecasts import (
    FIVE_AXES,
    FamilySet,
    Library,
    SuiteResult,
    Track,
    cross_prediction,
    derivatives,
    discover,
    export_coefficients,
    family_card,
    family_set,
    final_scores,
    firmness,
    judge_frontier,
    link_of,
    next_release,
    phase_scores,
    portrait,
    printed_equation,
    quadratic_fixed_points,
    releases,
    training_runs,
)
from generator.forecasts.engine import Nested
from generator.forecasts.suite import REFERENCE, STACK
from generator.panel import Panel
from generator.report.calculator import require_families
from generator.report.forecast_inputs import BASE, EPOCH, FAMILY_SOURCE, GROUPINGS, MAKER, PAPER, PUBLISHED_BASE, Inputs

#: The model that is shown as the forecast: named before the comparison, so that no choice is made on held-out families.
HEADLINE = STACK
#: What the comparison is meant to reach, from the third size on, families held out.
GOAL = {"mae_pp": 3.4, "families": 24, "targets": 57, "coverage_low": 0.76, "coverage_high": 0.84}
PHASE_AXES = ("hellaswag", "truthfulqa")
#: Early training steps from which the last checkpoint is forecast.
CUTS = (13_000, 33_000, 63_000)
NEXT_DAYS = 90
#: SWE-bench Verified scores asked for, pp above the lab's latest release.
NEXT_STEPS = (0.0, 4.0, 8.0)
_SHARED = ("families", "n_families", "targets", "noise_floor_pp", "track", "as_of")


def trajectories(inputs: Inputs) -> dict[str, Any]:
    """The leaderboard by grouping, with its families, the goal, and what was forecast for each held-out family."""
    return {
        "axes": list(FIVE_AXES),
        "headline": {"grouping": "source", "model": HEADLINE, "source": FAMILY_SOURCE},
        "goal": GOAL,
        "groupings": {name: _or_reason(_judged, inputs.suites[name]) for name in GROUPINGS},
    }


def _or_reason(function: Callable[[SuiteResult], dict[str, Any]], found: SuiteResult | str) -> dict[str, Any]:
    return {"reason": found} if isinstance(found, str) else function(found)


def _judged(result: SuiteResult) -> dict[str, Any]:
    entries = result.as_dict()
    first = entries[0]
    track = result.tracks["family", 2]
    return {
        "reason": "",
        "leaderboard": [{name: value for name, value in entry.items() if name not in _SHARED} for entry in entries],
        "families": [
            {"family": family.id, "lab": family.lab, "models": list(family.models)}
            for family in sorted(track.parts.judged, key=lambda family: family.id)
        ],
        "targets": first["targets"],
        "noise_floor_pp": first["noise_floor_pp"],
        "goal": _goal(next(entry for entry in entries if entry["name"] == HEADLINE)),
        "held_out": _held_out(track, result.families.axes),
        "forecasts": {name: _in_order(track, nested) for name, nested in sorted(track.nested.items())},
        "members": _members(track),
    }


def _in_order(track: Track, nested: Nested) -> list[float]:
    """The forecasts of one model, percent, in the order of `_held_out`."""
    families = sorted(family.id for family in track.parts.judged)
    return [float(value) for family in families for value in nested.outer[family].ravel()]


def _members(track: Track) -> list[dict[str, Any]]:
    """Every model of the comparison with its family, by id. role: given, forecast, or training (of a family that is not judged)."""
    judged = {family.id for family in track.parts.judged}
    rows = [
        {
            "model": model,
            "family": family.id,
            "lab": family.lab,
            "params": float(10**size),
            "role": "training" if family.id not in judged else "given" if place < track.given else "forecast",
        }
        for family in track.parts.families
        for place, (model, size) in enumerate(zip(family.models, family.log_params, strict=True))
    ]
    return sorted(rows, key=lambda row: str(row["model"]))


def _goal(entry: dict[str, Any]) -> dict[str, Any]:
    """Whether the headline model reaches each part of the goal."""
    view = "from_third"
    error, inside = entry["mae_pp"][view]["overall"], entry["coverage"][view]["80"]
    return {
        "mae_pp": error,
        "mae_reached": bool(error <= GOAL["mae_pp"]),
        "coverage_80": inside,
        "coverage_reached": bool(GOAL["coverage_low"] <= inside <= GOAL["coverage_high"]),
        "gain_excludes_zero": bool(entry["skill_vs_two_point"][view].get("excludes_zero", False)),
        "size_reached": bool(entry["n_families"] >= GOAL["families"] and entry["targets"][view] >= GOAL["targets"]),
    }


def _held_out(track: Track, axes: tuple[str, ...]) -> list[dict[str, Any]]:
    """Every held-out target of the headline model: observed, forecast from two sizes, 80 % interval, two-point line; percent."""
    nested = track.nested[HEADLINE]
    rows = []
    for family in sorted(track.parts.judged, key=lambda family: family.id):
        start = nested.given
        centre = nested.outer[family.id]
        line = track.nested[REFERENCE].outer[family.id]
        reach = family.log_params[start:] - family.log_params[start - 1]
        low, high = track.calibrated[HEADLINE][track.parts.group[family.id]].interval(centre, reach, 0.8)
        rows += [
            {
                "family": family.id,
                "model": model,
                "params": float(10 ** family.log_params[start + row]),
                "axis": axis,
                "observed": float(family.scores[start + row, column]),
                "forecast": float(centre[row, column]),
                "low_80": float(low[row, column]),
                "high_80": float(high[row, column]),
                "two_point": float(line[row, column]),
            }
            for row, model in enumerate(family.models[start:])
            for column, axis in enumerate(axes)
        ]
    return rows


def phase(inputs: Inputs) -> dict[str, Any]:
    """When γ12 changes sign, forecast by the headline model on held-out families, by grouping."""

    def scored(result: SuiteResult) -> dict[str, Any]:
        track = result.tracks["family", 2]
        families = result.families
        found = phase_scores(families, track.parts, track.nested[HEADLINE], link_of(families), PHASE_AXES)
        return {"reason": "", **found}

    return {name: _or_reason(scored, inputs.suites[name]) for name in GROUPINGS}


def ode(inputs: Inputs) -> dict[str, Any]:
    """The found linear system, its firmness and portrait, quadratic fixed points, and the published equations run as printed."""
    grouping = "source" if inputs.regroup else "registry"
    families = family_set(inputs.panel(BASE), FIVE_AXES, regroup=inputs.families_of(grouping))
    return {
        "grouping": grouping,
        "firmness": firmness(families, rng=inputs.rng("firmness")).as_dict(),
        "portrait": portrait(families, PHASE_AXES),
        "quadratic": _quadratic(families),
        "published": {track: _published(inputs, track) for track in (PAPER, BASE)},
    }


def _quadratic(families: FamilySet) -> dict[str, Any]:
    """Fixed points inside 0 to 100 % of the quadratic system, or why it is refused."""
    library = Library(len(families.axes), degree=2)
    data = derivatives(families.of_sizes(2))
    size = {"coefficients": library.size * library.k, "derivatives": len(data), "reason": "", "points": []}
    try:
        system = discover(data, library, method="ridge", penalty=0.01)
    except CapewatchError as error:
        return size | {"reason": error.message}
    points = [
        {
            "kind": point["kind"],
            "percent": dict(zip(families.axes, (100 * point["state"]).tolist(), strict=True)),
            "largest_real": float(point["eigenvalues"].real.max()),
        }
        for point in quadratic_fixed_points(system)
    ]
    return size | {"points": points}


def _published(inputs: Inputs, track: str) -> dict[str, Any]:
    """The printed equation and the cross-prediction on one panel, each with a reason where it cannot run."""
    found: dict[str, Any] = {}
    for name, function in (
        ("printed", printed_equation),
        ("cross", lambda families: cross_prediction(families, train=("pythia",), held_out="llama-2").as_dict()),
    ):
        try:
            found[name] = {"reason": "", **function(family_set(inputs.panel(track), FIVE_AXES))}
        except CapewatchError as error:
            found[name] = {"reason": error.message}
    return found


def cards(inputs: Inputs) -> dict[str, Any]:
    """Family -> forecast card from all its sizes, for every family of the registry with two sizes or more."""
    panel = inputs.panel(BASE)
    families = family_set(panel, FIVE_AXES).of_sizes(2)
    if not families:
        raise CapewatchError("no family with two sizes that have a score on every benchmark")
    return {family.id: family_card(panel, family.id, rng=inputs.rng(f"card/{family.id}")) for family in families}


def coefficients(inputs: Inputs) -> dict[str, Any]:
    """Coefficients of the ridge on logit increments for a calculator, with the digest of the panel as it is published."""
    panel = inputs.panel(BASE)
    require_families(panel, FIVE_AXES)
    return export_coefficients(panel) | {"panel": inputs.digest(PUBLISHED_BASE)}


def frontier(inputs: Inputs) -> dict[str, Any]:
    """GPQA Diamond of the next release: models judged, and a forecast for each lab, by track."""
    found: dict[str, Any] = {}
    for track in (MAKER, EPOCH):
        try:
            panel = inputs.panel(track)
            judged = judge_frontier(panel, rng=inputs.rng(f"frontier/{track}"))
            found[track] = {"reason": "", "judged": judged, "next": _next(panel, inputs.as_of)}
        except CapewatchError as error:
            found[track] = {"reason": error.message}
    return found


def _next(panel: Panel, as_of: dt.date) -> list[dict[str, Any]]:
    """Labs with two dated releases or more: GPQA Diamond NEXT_DAYS ahead at SWE scores from the latest one's upward."""
    data = releases(panel)
    day = as_of + dt.timedelta(days=NEXT_DAYS)
    rows = []
    for lab in sorted(set(data.labs)):
        own = [row for row, one in enumerate(data.labs) if one == lab]
        if len(own) < 2:
            continue
        last = max(own, key=lambda row: data.day[row])
        asked = sorted({min(100.0, float(data.x[last]) + step) for step in NEXT_STEPS})
        rows += [
            {"lab": lab, "latest": data.ids[last], "releases": len(own), "swe": swe, "day": day.isoformat()}
            | _limits(next_release(panel, lab, swe=swe, day=day).as_dict())
            for swe in asked
        ]
    return rows


def _limits(statistic: dict[str, Any]) -> dict[str, Any]:
    return {
        "estimate": statistic["estimate"],
        "low_80": statistic["interval"]["low"],
        "high_80": statistic["interval"]["high"],
        "method": statistic["method"],
    }


def training(inputs: Inputs) -> dict[str, Any]:
    """Last checkpoints of the Pythia runs forecast from early ones, by the last step given."""
    rows = inputs.checkpoints
    if rows.empty:
        raise CapewatchError("no scores of training checkpoints are stored")
    axes, runs = training_runs(rows, inputs.params)
    floors = inputs.chance_levels
    judged = [
        final_scores(axes, runs, given_until=cut, chance=floors, rng=inputs.rng(f"training/{cut}")) for cut in CUTS
    ]
    return {
        "axes": list(axes),
        "last_step": float(np.max([run.steps[-1] for run in runs])),
        "cuts": [{name: value for name, value in cut.items() if name != "predictions"} for cut in judged],
    }
