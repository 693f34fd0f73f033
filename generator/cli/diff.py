"""`capewatch diff`: what changed between two bundles."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click

from generator.cli.build import DEFAULT_RESAMPLES, DEFAULT_SEED
from generator.cli.main import project_root

if TYPE_CHECKING:
    from generator.publish.lookup import Build
    from generator.report.changes import Changes


@click.command()
@click.argument("old")
@click.argument("new")
@click.option("--json", "form", flag_value="json", help="Every difference as JSON.")
@click.option("--markdown", "form", flag_value="markdown", help="Tables, as for a comment; foreign text is escaped.")
@click.option(
    "--limit", type=click.IntRange(1), help="Rows a Markdown table shows before it says how many more there are."
)
@click.option("--seed", default=DEFAULT_SEED, show_default=True, help="Seed of a bundle that has to be computed.")
@click.option("--resamples", default=DEFAULT_RESAMPLES, show_default=True, type=click.IntRange(200, 1_000_000))
@click.option("--branch", default="gh-pages", show_default=True, help="Branch that holds the published versions.")
@click.pass_obj
def diff(
    root: Path | None,
    old: str,
    new: str,
    form: str | None,
    limit: int | None,
    seed: int,
    resamples: int,
    branch: str,
) -> None:
    """What changed from OLD to NEW: models, scores, statistics and the scores that moved them, verdicts, standings.

    Each is a bundle folder (build/bundle), a published version (2026.11, latest, dev), a day (2026-05-31: the present data
    as they were public by then), a git revision, or `now`.

    Example: capewatch diff 2026-05-31 now
    """
    from generator.core import canonical_json
    from generator.publish.lookup import find
    from generator.report.changes import changes_markdown, compare

    project = project_root(root)
    build = builder(seed=seed, resamples=resamples)
    sides = [find(name, project=project, build=build, branch=branch) for name in (old, new)]
    for side in sides:
        if side.note:
            click.echo(side.note, err=True)
    changes = compare(sides[0].bundle, sides[1].bundle, labels=(sides[0].label, sides[1].label))
    if form == "json":
        click.echo(canonical_json(changes.as_dict(), indent=1), nl=False)
    elif form == "markdown":
        click.echo(changes_markdown(changes, limit=limit), nl=False)
    else:
        click.echo("".join(f"{line}\n" for line in _lines(changes)), nl=False)


def builder(*, seed: int, resamples: int, stored_forecasts_only: bool = True) -> Build:
    """A function that computes the bundle of a project folder; forecasts that are not stored take minutes and are left out."""

    def build(folder: Path, day: dt.date | None):  # type: ignore[no-untyped-def]
        from generator.report import Settings, make_bundle

        click.echo(f"computing the report as of {day or 'the newest day of the data'} …", err=True)
        return make_bundle(
            folder, Settings(as_of=day, seed=seed, resamples=resamples, stored_forecasts_only=stored_forecasts_only)
        )

    return build


def _lines(changes: Changes) -> list[str]:
    lines = [f"{changes.old.label} → {changes.new.label}: {changes.summary}"]
    lines += [f"  {_plain(item.text)}" for item in changes.headlines]
    lines += [f"  not compared: {_plain(item.part)}: {_plain(item.reason)}" for item in changes.not_compared]
    return lines


def _plain(text: str) -> str:
    """Text of a bundle without what a terminal could act on."""
    return "".join(character for character in text if character.isprintable())
