"""`capewatch alarm`, `summary` and `doctor`: what a maintainer is told."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from generator.cli.main import project_root
from generator.core import canonical_json
from generator.schema import load_registry

_DAY = click.DateTime(["%Y-%m-%d"])
_RESULTS = click.Path(path_type=Path)


def _day(given: dt.datetime | None) -> dt.date:
    return given.date() if given else dt.datetime.now(dt.UTC).date()


@click.command()
@click.option("--pull", "results", type=_RESULTS, help="Results of `capewatch pull --json` of this run.")
@click.option("--on", type=_DAY, help="Age of the sources on this day. Default: today.")
@click.option("--strict", is_flag=True, help="Exit 1 when sources were asked and none passed.")
@click.option("--json", "as_json", is_flag=True, help="The alarms as JSON instead of the issue's body.")
@click.pass_obj
def alarm(root: Path | None, results: Path | None, on: dt.datetime | None, strict: bool, as_json: bool) -> None:
    """Print the body of the one issue about stale, failed and quarantined sources; nothing when all is well.

    The same state gives the same bytes, so that the issue is edited only when something changed.

    Example: capewatch alarm --pull build/pull.json
    """
    from generator.automation.alarm import alarms, body, none_passed, read_results

    project = project_root(root)
    pulled = read_results(results)
    found = alarms(project, load_registry(project), on=_day(on), pulled=pulled)
    click.echo(canonical_json([vars(item) for item in found], indent=1) if as_json else body(found), nl=False)
    if strict and none_passed(pulled):
        raise click.exceptions.Exit(1)


@click.command()
@click.option("--pull", "results", type=_RESULTS, help="Results of `capewatch pull --json` of this run.")
@click.pass_obj
def summary(root: Path | None, results: Path | None) -> None:
    """Print a Markdown summary of a run: the pull's results, the newest bundle in build/, stale sources, predictions.

    Example: capewatch summary --pull build/pull.json
    """
    from generator.automation.alarm import read_results
    from generator.automation.summary import summary as write_summary

    project = project_root(root)
    click.echo(write_summary(pulled=read_results(results), bundle=project / "build" / "bundle"), nl=False)


@click.command()
@click.option("--on", type=_DAY, help="Age of the data on this day. Default: today.")
@click.option("--site-branch", default="gh-pages", show_default=True, help="Branch from which the site is served.")
@click.option("--json", "as_json", is_flag=True, help="Findings as JSON.")
@click.pass_obj
def doctor(root: Path | None, on: dt.datetime | None, site_branch: str, as_json: bool) -> None:
    """Look after environment, dependencies, data age, snapshots, ledger chain and site branch; say what to do.

    Exit 0: nothing failed (warnings may be shown). Exit 1: something failed.

    Example: capewatch doctor
    """
    from generator.automation.doctor import diagnose, worst

    project = project_root(root)
    found = diagnose(project, load_registry(project), on=_day(on), site_branch=site_branch)
    if as_json:
        click.echo(canonical_json([item.as_dict() for item in found], indent=1), nl=False)
    else:
        width = max(len(item.check) for item in found)
        for item in found:
            click.echo(f"{item.level:<4}  {item.check:<{width}}  {item.seen}")
            if item.advice:
                click.echo(f"      {'':<{width}}  {item.advice}")
    if worst(found) == "fail":
        raise click.exceptions.Exit(1)
