"""`capewatch diagnose`: locate, diagnose and rotate for scores given on the command line."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import click

from generator.cli.main import project_root
from generator.core import CapewatchError, WrongCall, canonical_json, counted, near_matches

if TYPE_CHECKING:
    from generator.panel import Panel

SWE, GPQA = "swe-bench-verified", "gpqa-diamond"
HELLASWAG, TRUTHFULQA = "hellaswag", "truthfulqa"
BASE_TRACK = "harness-v1"


class FiniteRange(click.FloatRange):
    """A number within bounds; unlike click's own range it refuses ``nan``, which no bound stops."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number = float(super().convert(value, param, ctx))
        return self.fail(f"{value!r} is not a number", param, ctx) if math.isnan(number) else number


PERCENT = FiniteRange(0, 100)
#: What is said of a forecast, percent, that was cut at the end of the scale.
_CUT = {0.0: " (at the floor)", 100.0: " (at the ceiling)"}


class AxisValue(click.ParamType[tuple[str, float]]):
    """A benchmark's axis with a score in percent, ``ifeval=91.2``."""

    name = "AXIS=PERCENT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, float]:
        axis, _, score = str(value).partition("=")
        if not axis or not score:
            self.fail(f"{value!r} is not an axis with a score; write --pair ifeval=91 gpqa-diamond=80", param, ctx)
        try:
            percent = float(score)
        except ValueError:
            self.fail(f"{score!r} is not a number", param, ctx)
        return axis, PERCENT.convert(percent, param, ctx)


class Count(click.ParamType[float]):
    """A number of parameters: ``7e9`` or ``7B``."""

    name = "COUNT"
    bounds = FiniteRange(1e5, 1e15)
    letters: ClassVar = {"K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        text = str(value).strip()
        factor = self.letters.get(text[-1:].upper(), 1.0)
        try:
            count = float(text[:-1] if factor > 1 else text) * factor
        except ValueError:
            self.fail(f"{value!r} is not a count, such as 7e9 or 7B", param, ctx)
        return self.bounds.convert(count, param, ctx)


@click.command()
@click.option("--swe", type=PERCENT, help="SWE-bench Verified, percent.")
@click.option("--gpqa", type=PERCENT, help="GPQA Diamond, percent.")
@click.option("--lab", help="Lab id: reads the releases of this lab.")
@click.option("--hellaswag", type=PERCENT, help="HellaSwag, percent.")
@click.option("--truthfulqa", type=PERCENT, help="TruthfulQA MC2, percent.")
@click.option("--params", type=Count(), help="Parameters, a count: 7e9 or 7B; adds a forecast of larger sizes.")
@click.option(
    "--pair", type=AxisValue(), nargs=2,
    help="Any two benchmarks of the track, after one --pair: ifeval=91 gpqa-diamond=80; the first is held.",
)  # fmt: skip
@click.option("--track", default="maker", show_default=True, help="Track of the frontier panel and of --pair.")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="Use only what was public by this day.")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def diagnose(
    root: Path | None,
    swe: float | None,
    gpqa: float | None,
    lab: str | None,
    hellaswag: float | None,
    truthfulqa: float | None,
    params: float | None,
    pair: tuple[tuple[str, float], tuple[str, float]] | None,
    track: str,
    as_of: dt.datetime | None,
    as_json: bool,
) -> None:
    """Locate a model, diagnose its lab, and say which axis to read next.

    Give --swe and --gpqa for a frontier model, --hellaswag and --truthfulqa (and --params) for a base model, --pair for
    any other two benchmarks, or several of these.

    Example: capewatch diagnose --swe 77.2 --gpqa 83.4 --lab anthropic
    """
    if (swe is None) != (gpqa is None):
        raise click.UsageError("give --swe and --gpqa together")
    if (hellaswag is None) != (truthfulqa is None):
        raise click.UsageError("give --hellaswag and --truthfulqa together")
    if swe is None and hellaswag is None and pair is None:
        raise click.UsageError("give --swe and --gpqa, or --hellaswag and --truthfulqa, or --pair")
    given = [
        score for score in (swe, gpqa, hellaswag, truthfulqa, *(score for _, score in pair or ())) if score is not None
    ]
    if any(0 < score <= 1 for score in given):
        click.echo("note: scores are percent; one of 1 or less is read as such: 0.8 is 0.8 %, not 80 %", err=True)
    panels = _panels(project_root(root), [track, BASE_TRACK], as_of)
    reading: dict[str, Any] = {"as_of": str(panels[track].as_of), "track": track}
    if swe is not None and gpqa is not None:
        reading["frontier"] = _frontier(panels[track], swe, gpqa, lab)
    if hellaswag is not None and truthfulqa is not None:
        reading["base"] = _base(panels[BASE_TRACK], hellaswag, truthfulqa, params)
        if params is not None:
            reading["forecast"] = _forecast(panels[BASE_TRACK], hellaswag, truthfulqa, params)
    if pair is not None:
        reading["pair"] = _pair(panels[track], pair, lab)
    click.echo(canonical_json(reading, indent=1) if as_json else _words(reading), nl=False)


def _panels(project: Path, tracks: list[str], as_of: dt.datetime | None) -> dict[str, Panel]:
    from generator.panel import build_panel, gather
    from generator.schema import load_registry

    registry = load_registry(project).require_clean()
    day = as_of.date() if as_of else None
    observations = gather(registry, as_of=day)
    return {track: build_panel(observations, registry, track, as_of=day or observations.newest_day) for track in tracks}


def _frontier(panel: Panel, swe: float, gpqa: float, lab: str | None) -> dict[str, Any]:
    from generator.analysis.advice import frontier_coefficients, lab_priorities, rotation
    from generator.analysis.playbook import locate, nearest_models
    from generator.report.deep import ROTATION_AXES, recent

    coefficients = frontier_coefficients(panel, SWE, GPQA)
    both = panel.complete([SWE, GPQA])
    rows = [{"id": model, "x": float(row[SWE]), "y": float(row[GPQA])} for model, row in both.iterrows()]
    now = recent(panel)
    reading: dict[str, Any] = {
        "n": coefficients["n"],
        "slope": coefficients["line"]["slope"],
        "intercept": coefficients["line"]["intercept"],
        "located": asdict(locate(swe, gpqa, coefficients)),
        "nearest": [dict(row) for row in nearest_models(swe, gpqa, rows)],
        "rotation": asdict(rotation(now, [axis for axis in ROTATION_AXES if axis in now.scores.columns])),
    }
    if lab is not None:
        labs = lab_priorities(panel, SWE, GPQA)
        if lab not in set(labs["lab"]):
            near = near_matches(lab, labs["lab"])
            raise WrongCall(
                f"no lab {lab!r} with a dated model on both axes of {panel.track}",
                hint=f"near: {', '.join(near)}" if near else f"labs: {', '.join(sorted(labs['lab']))}",
            )
        row = labs[labs["lab"] == lab].iloc[0]
        reading["lab"] = {name: (value.item() if hasattr(value, "item") else value) for name, value in row.items()}
        reading["next_release"] = _expected(panel, swe, lab)
    return reading


def _base(panel: Panel, hellaswag: float, truthfulqa: float, params: float | None) -> dict[str, Any]:
    import numpy as np

    from generator.analysis.advice import base_coefficients
    from generator.analysis.playbook import base_phase

    coefficients = base_coefficients(panel, HELLASWAG, TRUTHFULQA, rng=np.random.default_rng(0))
    return base_phase(hellaswag, truthfulqa, coefficients, params=params)


def _pair(panel: Panel, pair: tuple[tuple[str, float], tuple[str, float]], lab: str | None) -> dict[str, Any]:
    """The playbook's reading of any two benchmarks of the track."""
    from generator.analysis.advice import frontier_coefficients
    from generator.analysis.playbook import read_pair
    from generator.report.calculator import pair_models

    (x, x_value), (y, y_value) = pair
    if x == y:
        raise WrongCall(f"--pair {x} and {y}: one benchmark twice", hint="give two different axes")
    panel.complete([x, y])  # an unknown axis is refused here, with near names
    coefficients = frontier_coefficients(panel, x, y)
    reading = read_pair(x_value, y_value, coefficients, pair_models(panel, x, y), lab=lab)
    return {"x": x, "y": y, "n": coefficients["n"], **reading}


def _expected(panel: Panel, swe: float, lab: str) -> dict[str, Any]:
    """GPQA Diamond of the lab's next release, or the reason why it cannot be forecast."""
    from generator.analysis.playbook import expect_release
    from generator.report.calculator import AHEAD_DAYS, STEPS, release_coefficients

    try:
        found = release_coefficients(panel, (SWE, GPQA))
    except CapewatchError as error:
        return {"rows": [], "reason": error.message}
    asked = sorted({min(100.0, swe + step) for step in STEPS})
    rows = [{"x": x, **expect_release(x, found["day"], found, lab=lab)} for x in asked]
    return {"ahead_days": AHEAD_DAYS, "rows": rows, "reason": "", "n": found["n"]}


def _forecast(panel: Panel, hellaswag: float, truthfulqa: float, params: float) -> dict[str, Any]:
    """Both benchmarks at larger sizes of the same recipe, or the reason why they cannot be forecast."""
    import numpy as np

    from generator.forecasts import Targets, evaluate, user_given
    from generator.report.calculator import LARGER, SIZE_AXES, size_coefficients

    try:
        found = size_coefficients(panel, SIZE_AXES[0])
    except CapewatchError as error:
        return {"forecast": [], "reason": error.message}
    sizes = np.log10([params * factor for factor in LARGER])
    known = user_given([params], [[hellaswag, truthfulqa]], SIZE_AXES[0])
    result = evaluate(found, known, Targets(sizes, np.full(len(sizes), np.nan)))
    names = dict(zip((f"{level:g}" for level in found["levels"]), result["quantiles"], strict=True))
    ends = {"low_95": "0.025", "low_80": "0.1", "high_80": "0.9", "high_95": "0.975"}
    rows = [
        {"params": params * factor}
        | {
            axis: {"estimate": float(result["estimate"][row, column])}
            | {end: float(names[level][row, column]) for end, level in ends.items()}
            for column, axis in enumerate(found["axes"])
        }
        for row, factor in enumerate(LARGER)
    ]
    given = found["given"]["1"]
    note = (
        f"one size given: the slope is borrowed from {counted(given['families'], 'family', 'families')}; mean error on families held out "
        f"{given['mae_pp']:.1f} pp, {found['unchanged_pp']:.1f} pp for scores left as they are"
    )
    return {"forecast": rows, "reason": "", "note": note}


def _forecast_words(card: dict[str, Any]) -> list[str]:
    if card["reason"]:
        return [f"  no forecast of larger sizes: {card['reason']}"]
    lines = [f"  larger sizes of this recipe, with 80 % intervals ({card['note']}):"]
    for row in card["forecast"]:
        cells = (
            f"{name} {cell['estimate']:.1f} % [{cell['low_80']:.1f}, {cell['high_80']:.1f}]"
            for name, cell in (("HellaSwag", row[HELLASWAG]), ("TruthfulQA", row[TRUTHFULQA]))
        )
        lines.append(f"    {row['params'] / 1e9:.3g} B: {', '.join(cells)}")
    return lines


def _release_words(found: dict[str, Any] | None) -> list[str]:
    if not found or found["reason"]:
        return [f"  no forecast of the next release: {found['reason']}"] if found else []
    cells = (
        f"SWE {row['x']:.1f} → {row['estimate']:.1f} %{_CUT.get(row['estimate'], '')} [{row['low']:.1f}, {row['high']:.1f}]"
        for row in found["rows"]
    )
    return [
        f"  GPQA of its next release in {counted(found['ahead_days'], 'day')}, with 80 % intervals: {'; '.join(cells)}"
    ]


def _pair_words(found: dict[str, Any], reading: dict[str, Any]) -> list[str]:
    at = found["located"]
    lines = [
        f"{found['x']} against {found['y']} ({reading['track']}, {counted(found['n'], 'model')}, as of {reading['as_of']})",
        f"  h = {at['h']:+.1f} pp, {found['stands']} the line; {found['y']} expected here {at['fitted']:.1f} %; "
        f"95 % of models lie within {at['pi_low']:.1f} to "
        f"{at['pi_high']:.1f} %" + (" (this one does not)" if at["outside"] else ""),
        "  isocline: none published for this pair"
        if at["isocline"] is None
        else f"  isocline: {at['side']} by {abs(at['margin']):.1f} pp",
        "  nearest models: " + ", ".join(f"{row['id']} ({row['x']:.1f}, {row['y']:.1f})" for row in found["nearest"]),
    ]
    if found["lab"]:
        lines.append(
            f"  the lab: mean h {found['lab']['mean_h']:+.1f} pp over {counted(found['lab']['releases'], 'dated release')}, "
            f"{found['lab']['above']} of them above the line"
        )
    return lines


def _words(reading: dict[str, Any]) -> str:
    lines = []
    if "frontier" in reading:
        found = reading["frontier"]
        at = found["located"]
        lines += [
            f"frontier ({reading['track']}, {counted(found['n'], 'model')}, as of {reading['as_of']})",
            f"  population line: GPQA = {found['slope']:.3f} · SWE + {found['intercept']:.1f}; here {at['fitted']:.1f} %",
            f"  h = {at['h']:+.1f} pp: {at['label']}; 95 % of models lie within {at['pi_low']:.1f} to {at['pi_high']:.1f} %"
            + (" (this one does not)" if at["outside"] else ""),
            f"  isocline: {at['side']} by {abs(at['margin']):.1f} pp"
            + ("; SWE outside the fitted range" if at["extrapolated"] else ""),
            "  nearest models: "
            + ", ".join(f"{row['id']} ({row['x']:.1f}, {row['y']:.1f})" for row in found["nearest"]),
        ]
        if "lab" in found:
            lab = found["lab"]
            lines.append(
                f"  {lab['lab']}: {lab['label']}, confidence {lab['confidence']} ({lab['why']}); next: {lab['measure']}"
            )
        lines.append(
            f"  rotate: {found['rotation']['why']}"
            + (f"; next axis {found['rotation']['next_axis']}" if found["rotation"]["next_axis"] else "")
        )
        lines += _release_words(found.get("next_release"))
    if "base" in reading:
        base = reading["base"]
        size = (
            "" if base["gamma"] is None else f"; running coupling at this size {base['gamma']:+.2f} ({base['by_size']})"
        )
        lines += [
            f"base ({BASE_TRACK}, as of {reading['as_of']})",
            f"  phase: {base['phase']}: {base['advice']}",
            f"  isocline at {base['isocline']:.1f} %: {base['by_isocline']} side by {abs(base['margin']):.1f} pp{size}"
            + ("" if base["agree"] else "; the readings disagree"),
        ]
    if "forecast" in reading:
        lines += _forecast_words(reading["forecast"])
    if "pair" in reading:
        lines += _pair_words(reading["pair"], reading)
    return "".join(f"{line}\n" for line in lines)
