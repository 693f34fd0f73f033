"""`capewatch claims`: recompute the published claims."""

from __future__ import annotations

import datetime as dt
import textwrap
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from generator.cli.main import project_root
from generator.core import canonical_json

if TYPE_CHECKING:
    from generator.analysis.claims import ClaimResult


_NEEDS = {"above": "has to be above", "below": "has to be below", "inside": "the recomputed range has to hold"}


@click.command()
@click.argument("ids", nargs=-1)
@click.option(
    "--as-of", type=click.DateTime(["%Y-%m-%d"]), help="Day of the live panels. Default: the newest in the data."
)
@click.option("--seed", default=20260513, show_default=True)
@click.option("--resamples", default=10_000, show_default=True, type=click.IntRange(100, 1_000_000))
@click.option("--json", "as_json", is_flag=True, help="A list; each claim with every value at full precision.")
@click.pass_obj
def claims(
    root: Path | None, ids: tuple[str, ...], as_of: dt.datetime | None, seed: int, resamples: int, as_json: bool
) -> None:
    """Recompute the published claims (all, or the named IDS) and give each its verdict.

    Example: capewatch claims fr-fit nc-quadratic
    """
    results = _results(project_root(root), ids, as_of, seed, resamples)
    if as_json:
        click.echo(canonical_json([result.as_dict() for result in results], indent=1), nl=False)
    elif ids:
        click.echo("\n".join(_whole(result) for result in results))
    else:
        click.echo(_overview(results), nl=False)


def _results(
    project: Path, ids: tuple[str, ...], as_of: dt.datetime | None, seed: int, resamples: int
) -> list[ClaimResult]:
    from generator.analysis.claims import evaluate_claims
    from generator.report.statistics import generator_for
    from generator.report.tracker import provider_of
    from generator.schema import load_registry

    registry = load_registry(project).require_clean()
    provider = provider_of(project, registry)
    day = as_of.date() if as_of else provider.observations.newest_day
    live = {track: provider(track, day) for track in registry.tracks}
    return evaluate_claims(
        project,
        live_panels=live,
        rng=generator_for(seed, "claims"),
        streams=partial(generator_for, seed),
        resamples=resamples,
        only=ids or None,
    )


def _overview(results: list[ClaimResult]) -> str:
    from generator.analysis.claims import verdict_counts

    width = max(len(result.id) for result in results)
    lines = [f"{result.id.ljust(width)}  {result.verdict}: {result.claim.title}" for result in results]
    lines.append(", ".join(f"{count} {verdict}" for verdict, count in verdict_counts(results).items()))
    return "".join(f"{line}\n" for line in lines)


def _whole(result: ClaimResult) -> str:
    plain = result.as_dict()
    lines = [f"{result.id}: {plain['title']}", f"  verdict: {result.verdict}", f"  {plain['verdict_reason']}"]
    if plain["sentence"]:
        lines.append("  sentence, judged by people: {judged}; {reason}".format(**plain["sentence"]))
    lines += [f"  {_printed(row)}" for row in plain["published"]]
    for recipe in plain["recipe"]:
        lines.append(f"  recipe {recipe['id']} ({recipe['kind']}): {recipe['description']}")
        lines += [f"    {name} = {_number(value)}" for name, value in plain["recomputed"].get(recipe["id"], {}).items()]
    for answer in plain["live"]:
        lines += [f"  live, {answer['track']}: {answer['reason']}"] if answer["reason"] else []
        for statistic in answer["statistics"]:
            lines.append(f"  live, {answer['track']}: {_statistic(statistic)}")
    lines.append(textwrap.fill(plain["reading"], 110, initial_indent="  ", subsequent_indent="  "))
    return "\n".join(lines) + "\n"


def _printed(row: dict[str, Any]) -> str:
    """A published number beside the recomputed one, in words."""
    unit = f" {row['unit']}" if row["unit"] else ""
    words = f"{row['name']}: {'implied' if row['implied'] else 'printed'} {row['printed']}{unit}"
    if row["recomputed"] is not None:
        words += f", recomputed {_number(row['recomputed'])} ({row['recipe']})"
    words += f": {row['status']}"
    if row["allowed"] is not None:
        words += f", allowed ±{_number(row['allowed'])}"
    elif row["compare"] != "equal":
        words += f", {_NEEDS[row['compare']]} {_number(row['value'])}"
    if not row["headline"]:
        words += "; not a headline number"
    return words + (f"; {row['note']}" if row["note"] else "")


def _number(value: Any) -> str:
    """Six significant digits; --json has them all."""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _statistic(statistic: dict) -> str:
    if statistic["estimate"] is None:
        return f"{statistic['name']}: {statistic['reason']}"
    interval = statistic["interval"]
    ends = f" [{_end(interval['low'])}, {_end(interval['high'])}]" if interval else ""
    return f"{statistic['name']} = {statistic['estimate']:.4g}{ends}, n {statistic['n']} ({statistic['method']})"


def _end(value: float | None) -> str:
    return "unbounded" if value is None else f"{value:.4g}"
