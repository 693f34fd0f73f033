"""Forecasts, second page: when γ12 changes sign, the found system of equations, and the published ones recomputed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from generator.site import forecast_tables as shown
from generator.site import format
from generator.site.forecast_blocks import GROUPING_NAMES, part
from generator.site.forecast_figures import printed_chart, reliability
from generator.site.page import Page, base_of
from generator.site.portrait import portrait_svg
from generator.site.view import View

PATH, URL = "forecasts/dynamics.md", "forecasts/dynamics/"
#: Families drawn in the accent colour on the phase portrait.
MARKED = ("pythia", "llama-2", "opt")
_LEFT = re.compile(r"left the range variable (\d) at (-?\d+) % after (\d+\.\d+) decades")
Row = Mapping[str, Any]


def page(view: View) -> Page | None:
    """The page, or None where neither part has a result."""
    base = base_of(URL)
    phase, ode = _phase(view, base), _ode(view, base)
    if phase["reason"] and ode["reason"]:
        return None
    body = view.render("forecasts-dynamics.md.j2", URL, phase=phase, ode=ode)
    description = (
        "When γ12 changes sign, the system of equations that the scores give, and the published ones recomputed."
    )
    return Page(PATH, "Signs and equations", description, body, search=description)


def _phase(view: View, base: str) -> dict[str, Any]:
    found = part(view, "phase")
    if found.get("reason"):
        return {"reason": found["reason"]}
    parts = [
        {"name": GROUPING_NAMES[name], "reason": one["reason"]}
        | (
            {}
            if one["reason"]
            else {"chart": reliability(view, one, name=name).html(base), "table": shown.brier_table(one)}
        )
        for name, one in sorted(found.items(), key=lambda item: item[0] != "source")
    ]
    return {"reason": "", "parts": parts}


def _ode(view: View, base: str) -> dict[str, Any]:
    found = part(view, "ode")
    if found.get("reason"):
        return {"reason": found["reason"]}
    firm, names = found["firmness"], tuple(view.axis_name(axis) for axis in found["portrait"]["axes"])
    drawn = portrait_svg(
        found["portrait"],
        (names[0], names[1]),
        marked={one: view.family_name(one) for one in MARKED},
        label=f"Phase portrait of {names[0]} and {names[1]}: arrows show the change per tenfold size, "
        "dashed lines where one of the two stands still.",
    )
    return {
        "reason": "",
        "verdict": firm["verdict"],
        "method": firm["method"],
        "resamples": firm["resamples"],
        "largest": firm["eigenvalues"][0],
        "point": _fixed_point(view, firm),
        "quadratic": _quadratic(view, found["quadratic"]),
        "terms": shown.terms_table(view, firm),
        "portrait": drawn,
        "portrait_names": names,
        "nullclines": _outside(view, found["portrait"]),
        "published": [
            _published(view, track, one, base, firm["axes"])
            for track, one in sorted(found["published"].items(), reverse=True)
        ],
    }


def _fixed_point(view: View, firm: Row) -> str:
    """Where the linear system would rest, and whether the data say so."""
    if firm["fixed_point"] is None:
        return "The system has no fixed point."
    wide = [row for row in firm["fixed_point"] if row["low"] < 0 or row["high"] > 100]
    at = ", ".join(f"{view.axis_name(row['axis'])} {format.percent(row['percent'], 0)}" for row in firm["fixed_point"])
    if wide:
        return (
            f"Its fixed point ({at}) is not located: on {len(wide)} of {len(firm['fixed_point'])} benchmarks "
            f"the 95{format.NBSP}% interval leaves 0 to 100{format.NBSP}%."
        )
    return f"Its fixed point lies at {at}."


def _quadratic(view: View, found: Row) -> str:
    if found["reason"]:
        return f"A quadratic system with all pairs of benchmarks is refused: {found['reason']}."
    if not found["points"]:
        return "The quadratic system has no fixed point between 0 and 100 %."
    points = "; ".join(
        f"{one['kind']} at "
        + ", ".join(f"{view.axis_name(axis)} {format.percent(value, 0)}" for axis, value in one["percent"].items())
        for one in found["points"]
    )
    return (
        f"The quadratic system has {format.plural(len(found['points']), 'fixed point')} between 0 and 100 %: {points}."
    )


def _outside(view: View, found: Row) -> str:
    """Which nullclines do not cross the square from 0 to 100 %."""
    absent = [view.axis_name(axis) for axis in found["axes"] if len(found["nullclines"][axis]) < 2]
    return f"No state between 0 and 100 % leaves {' or '.join(absent)} unchanged." if absent else ""


def _published(view: View, track: str, found: Row, base: str, axes: Sequence[str]) -> dict[str, Any]:
    printed, cross = found["printed"], found["cross"]
    return {
        "name": view.track_name(track),
        "chart": printed_chart(view, printed, name=track).html(base) if not printed["reason"] else "",
        "printed_reason": printed["reason"],
        "cross_reason": cross["reason"],
        "cross": "" if cross["reason"] else _cross(view, cross, axes),
    }


def note_words(view: View, note: str, axes: Sequence[str]) -> str:
    """The stored note of an integration (generator.forecasts.integrate) with its axis by name and its distance in words."""
    found = _LEFT.fullmatch(note)
    if found is None:
        return note
    axis = view.axis_name(axes[int(found[1])])
    score = format.percent(float(found[2]), 0)
    return f"it leaves the range: {axis} is at {score} after {_steps(float(found[3]))} in size"


def _steps(decades: float) -> str:
    """``a 1.9-fold step`` for 0.27 decades."""
    return f"a {format.number(10**decades, 0 if decades >= 1 else 1)}-fold step"


def _cross(view: View, found: Row, axes: Sequence[str]) -> str:
    base = found["baselines"]
    ode = (
        f"the ODE of Pythia, integrated, misses by {format.percent(base['ode'])}"
        if format.known(base["ode"])
        else "the ODE of Pythia cannot be integrated"
    )
    note = note_words(view, found["details"]["ode_note"], axes)
    return (
        f"A quadratic in log N fitted on Pythia misses TruthfulQA of Llama-2 by {format.percent(found['estimate'])} of the score "
        f"on average ({format.plural(found['n'], 'size')}); {ode}{f' ({note})' if note else ''}; "
        f"the smallest model's score, unchanged, misses by {format.percent(base['persistence'])}."
    )
