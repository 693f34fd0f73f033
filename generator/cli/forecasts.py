"""`capewatch forecasts`: the forecasting models, judged on families that they never saw."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from generator.cli.main import project_root
from generator.core import CapewatchError, canonical_json, counted

if TYPE_CHECKING:
    from generator.report.forecast_inputs import Inputs

VIEWS = {"from_third": "third size on", "from_second": "second size on"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="A list of models; with --part, that part as it is stored.")
@click.option("--write", is_flag=True, help="Make data/forecasts current: compute what its inputs have outdated.")
@click.option("--part", "parts", multiple=True, help="Only this part (trajectories, phase, ode, cards, …); repeatable.")
@click.option("--families", "grouping", type=click.Choice(["source", "registry"]), default="source", show_default=True,
              help="Families as the source of the scores tells them apart, or as this project does.")  # fmt: skip
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="Day of the data. Default: the newest.")
@click.option("--seed", default=20260513, show_default=True)
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes.")
@click.pass_obj
def forecasts(
    root: Path | None,
    as_json: bool,
    write: bool,
    parts: tuple[str, ...],
    grouping: str,
    as_of: dt.datetime | None,
    seed: int,
    workers: int,
) -> None:
    """Forecasting models with their error on families held out, skill against the two-point line, and coverage.

    Stored results are used while their inputs are unchanged; the whole comparison takes some two minutes of one core.

    Example: capewatch forecasts --write
    """
    inputs = _inputs(project_root(root), as_of, seed, workers)
    if write:
        from generator.report.forecasting import write_parts

        write_parts(inputs, parts, tell=click.echo)
        return
    if parts:
        results = {name: _result(inputs, name) for name in parts}
        click.echo(canonical_json(results if len(parts) > 1 else results[parts[0]], indent=1), nl=False)
        return
    result = _result(inputs, "trajectories")
    found = _grouping(result, grouping)
    models = leaderboard(result, grouping, inputs)
    click.echo(canonical_json(models, indent=1) if as_json else _words(found, models, result), nl=False)


def _inputs(project: Path, as_of: dt.datetime | None, seed: int, workers: int) -> Inputs:
    from generator.report.forecast_inputs import Inputs
    from generator.report.tracker import provider_of
    from generator.schema import load_registry

    registry = load_registry(project).require_clean()
    provider = provider_of(project, registry)
    day = as_of.date() if as_of else provider.observations.newest_day
    return Inputs(project, registry, provider, day, seed, workers)


def _result(inputs: Inputs, name: str) -> dict[str, Any]:
    from generator.report.forecasting import part_result

    result, computed = part_result(inputs, name, before=lambda: _wait(name))
    if result.get("reason"):
        raise CapewatchError(f"forecasts, {name}: {result['reason']}")
    if computed:
        click.echo("done", err=True)
    return result


def _wait(name: str) -> None:
    click.echo(f"computing {name}: nothing is stored for these data …", err=True)


def _grouping(result: dict[str, Any], grouping: str) -> dict[str, Any]:
    found: dict[str, Any] = result["groupings"][grouping]
    if found["reason"]:
        other = next((name for name, one in result["groupings"].items() if not one["reason"]), None)
        raise CapewatchError(
            f"no comparison with {grouping} families: {found['reason']}",
            hint=f"pass --families {other}" if other else "",
        )
    return found


def leaderboard(result: dict[str, Any], grouping: str, inputs: Inputs) -> list[dict[str, Any]]:
    """The models of one grouping, best first, each with its families, targets, noise floor, track and day."""
    found = _grouping(result, grouping)
    shared = {
        "grouping": grouping,
        "families": [row["family"] for row in found["families"]],
        "n_families": len(found["families"]),
        "targets": found["targets"],
        "noise_floor_pp": found["noise_floor_pp"],
        "track": "harness-v1",
        "as_of": inputs.as_of.isoformat(),
    }
    return [entry | shared for entry in found["leaderboard"]]


def _words(found: dict[str, Any], models: Sequence[dict[str, Any]], result: dict[str, Any]) -> str:
    axes = result["axes"]
    judged = [model for model in models if model["mae_pp"]["from_third"]]
    width = max(len(model["name"]) for model in models)
    lines = [
        f"{counted(len(found['families']), 'family', 'families')} held out one at a time, "
        f"{counted(found['targets']['from_third'], 'target')} from the third size on, "
        f"{found['targets']['from_second']} from the second; mean absolute error in pp",
        f"{'model'.ljust(width)}  third  {'  '.join(_short(axis) for axis in axes)}  second  gain over two-point line, 95 %   80 % covers",
    ]
    lines += [_line(model, axes, width) for model in judged]
    floor = found["noise_floor_pp"]["from_third"]
    lines.append(
        f"{'noise of finite items'.ljust(width)}  {_figure(floor['overall'])}  "
        + "  ".join(_figure(floor[axis]).rjust(len(_short(axis))) for axis in axes)
    )
    lines += [f"{model['name'].ljust(width)}  refused: {model['reason']}" for model in models if model["reason"]]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _line(model: dict[str, Any], axes: Sequence[str], width: int) -> str:
    error, second = model["mae_pp"]["from_third"], model["mae_pp"]["from_second"]
    skill = model["skill_vs_two_point"]["from_third"]
    gain = (
        f"{skill['gain_pp']:+.2f} [{skill['gain_low_pp']:+.2f}, {skill['gain_high_pp']:+.2f}]"
        if skill["gain_pp"] is not None
        else skill["reason"]
    )
    cells = "  ".join(_figure(error[axis]).rjust(len(_short(axis))) for axis in axes)
    after = _figure(second["overall"]) if second else "    –"
    covered = model["coverage"]["from_third"]["80"]
    return f"{model['name'].ljust(width)}  {_figure(error['overall'])}  {cells}  {after.rjust(6)}  {gain.ljust(31)}  {100 * covered:.0f} %"


def _figure(value: float | None) -> str:
    return "    –" if value is None else f"{value:5.2f}"


def _short(axis: str) -> str:
    return axis.ljust(5)
