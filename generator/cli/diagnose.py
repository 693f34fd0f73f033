"""`capewatch diagnose`: locate, diagnose and rotate for scores given on the command line."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from generator.cli.main import project_root
from generator.core import CapewatchError, canonical_json, near_matches

if TYPE_CHECKING:
    from generator.panel import Panel

SWE, GPQA = "swe-bench-verified", "gpqa-diamond"
HELLASWAG, TRUTHFULQA = "hellaswag", "truthfulqa"
BASE_TRACK = "harness-v1"
PERCENT = click.FloatRange(0, 100)
#: Larger sizes a forecast is printed for, as multiples of the given one.
LARGER = (3.0, 10.0, 30.0)


@click.command()
@click.option("--swe", type=PERCENT, help="SWE-bench Verified, percent.")
@click.option("--gpqa", type=PERCENT, help="GPQA Diamond, percent.")
@click.option("--lab", help="Lab id: reads the releases of this lab.")
@click.option("--hellaswag", type=PERCENT, help="HellaSwag, percent.")
@click.option("--truthfulqa", type=PERCENT, help="TruthfulQA MC2, percent.")
@click.option(
    "--params", type=click.FloatRange(1e5, 1e15), help="Parameters, a count: 7e9; adds a forecast of larger sizes."
)
@click.option("--track", default="maker", show_default=True, help="Track of the frontier panel.")
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
    track: str,
    as_of: dt.datetime | None,
    as_json: bool,
) -> None:
    """Locate a model, diagnose its lab, and say which axis to read next.

    Give --swe and --gpqa for a frontier model, --hellaswag and --truthfulqa (and --params) for a base model, or both.

    Example: capewatch diagnose --swe 77.2 --gpqa 83.4 --lab anthropic
    """
    if (swe is None) != (gpqa is None):
        raise click.UsageError("give --swe and --gpqa together")
    if (hellaswag is None) != (truthfulqa is None):
        raise click.UsageError("give --hellaswag and --truthfulqa together")
    if swe is None and hellaswag is None:
        raise click.UsageError("give --swe and --gpqa, or --hellaswag and --truthfulqa")
    panels = _panels(project_root(root), [track, BASE_TRACK], as_of)
    reading: dict[str, Any] = {"as_of": str(panels[track].as_of), "track": track}
    if swe is not None and gpqa is not None:
        reading["frontier"] = _frontier(panels[track], swe, gpqa, lab)
    if hellaswag is not None and truthfulqa is not None:
        reading["base"] = _base(panels[BASE_TRACK], hellaswag, truthfulqa, params)
        if params is not None:
            reading["forecast"] = _forecast(panels[BASE_TRACK], hellaswag, truthfulqa, params)
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
            near = near_matches(lab, labs["lab"]) or sorted(labs["lab"])
            raise CapewatchError(
                f"no lab {lab!r} with a dated model on both axes of {panel.track}", hint=f"labs: {', '.join(near)}"
            )
        row = labs[labs["lab"] == lab].iloc[0]
        reading["lab"] = {name: (value.item() if hasattr(value, "item") else value) for name, value in row.items()}
    return reading


def _base(panel: Panel, hellaswag: float, truthfulqa: float, params: float | None) -> dict[str, Any]:
    import numpy as np

    from generator.analysis.advice import base_coefficients
    from generator.analysis.playbook import base_phase

    coefficients = base_coefficients(panel, HELLASWAG, TRUTHFULQA, rng=np.random.default_rng(0))
    return base_phase(hellaswag, truthfulqa, coefficients, params=params)


def _forecast(panel: Panel, hellaswag: float, truthfulqa: float, params: float) -> dict[str, Any]:
    """Both benchmarks at larger sizes of the same recipe, or the reason why they cannot be forecast."""
    import numpy as np

    from generator.forecasts import user_card

    try:
        return user_card(
            panel,
            [params],
            {HELLASWAG: [hellaswag], TRUTHFULQA: [truthfulqa]},
            rng=np.random.default_rng(0),
            targets=[params * factor for factor in LARGER],
        )
    except CapewatchError as error:
        return {"forecast": [], "notes": [], "reason": error.message}


def _forecast_words(card: dict[str, Any]) -> list[str]:
    if card["reason"]:
        return [f"  no forecast of larger sizes: {card['reason']}"]
    lines = [f"  larger sizes of this recipe, with 80 % intervals ({'; '.join(card['notes'])}):"]
    for row in card["forecast"]:
        cells = (
            f"{name} {cell['estimate']:.1f} % [{cell['low_80']:.1f}, {cell['high_80']:.1f}]"
            for name, cell in (("HellaSwag", row[HELLASWAG]), ("TruthfulQA", row[TRUTHFULQA]))
        )
        lines.append(f"    {row['params'] / 1e9:.3g} B: {', '.join(cells)}")
    return lines


def _words(reading: dict[str, Any]) -> str:
    lines = []
    if "frontier" in reading:
        found = reading["frontier"]
        at = found["located"]
        lines += [
            f"frontier ({reading['track']}, {found['n']} models, as of {reading['as_of']})",
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
    return "".join(f"{line}\n" for line in lines)
