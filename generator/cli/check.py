"""`capewatch check` and `capewatch schema`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import click

from generator.cli.main import project_root
from generator.core import Problem, canonical_json, counted
from generator.schema import Registry, check_registry, load_registry
from generator.schema.claim import check_claims


@click.command()
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "github"]), default="text", help="How problems are shown."
)
@click.option(
    "--today", type=click.DateTime(["%Y-%m-%d"]), help="Dates after this day lie in the future. Default: today."
)
@click.pass_obj
def check(root: Path | None, form: str, today: dt.datetime | None) -> None:
    """Validate everything people wrote: models, benchmarks, predictions, ledgers. All problems at once.

    Exit 0: no error (warnings may be shown). Exit 1: errors. Exit 2: wrong usage.

    Example: capewatch check --format github
    """
    project = project_root(root)
    day = today.date() if today else dt.datetime.now(dt.UTC).date()
    registry = load_registry(project)
    problems = all_problems(project, registry, day)
    errors = sum(problem.severity == "error" for problem in problems)
    click.echo(_shown(problems, form, registry), nl=False)
    if errors:
        raise click.exceptions.Exit(1)


def all_problems(project: Path, registry: Registry, today: dt.date) -> list[Problem]:
    """Every problem of what people wrote, warnings included."""
    return [
        *check_registry(registry, today=today),
        *_predictions(project, registry, today),
        *check_claims(project),
        *_changes(project),
    ]


def _changes(project: Path) -> list[Problem]:
    if not (project / "data" / "changes").is_dir():
        return []
    from generator.report.history import check_changes  # here: a project without such files does not need it

    return check_changes(project)


def _predictions(project: Path, registry: Registry, today: dt.date) -> list[Problem]:
    if not (project / "predictions").is_dir():
        return []
    from generator.predictions import check_predictions  # here: it needs numpy, a project without predictions does not

    return check_predictions(project, registry, today)


def _shown(problems: Sequence[Problem], form: str, registry: Registry) -> str:
    errors = sum(problem.severity == "error" for problem in problems)
    if form == "json":
        return canonical_json(
            {"errors": errors, "warnings": len(problems) - errors, "problems": [p.as_dict() for p in problems]},
            indent=1,
        )
    if form == "github":
        return "".join(f"{problem.github()}\n" for problem in problems)
    lines = [problem.text() for problem in problems]
    observations = sum(len(entry.value.observations) for entry in registry.models.values())
    lines.append(
        f"{counted(len(registry.models), 'model')}, {counted(observations, 'written observation')}, "
        f"{counted(len(registry.benchmarks), 'benchmark')}: "
        f"{counted(errors, 'error')}, {counted(len(problems) - errors, 'warning')}"
    )
    return "".join(f"{line}\n" for line in lines)


@click.command()
@click.pass_obj
def schema(root: Path | None) -> None:
    """Write the JSON Schemas of data/ (data/schema/), which editors use for completion.

    Example: capewatch schema
    """
    from generator.schema.jsonschema import write_schemas

    changed = write_schemas(project_root(root))
    click.echo("\n".join(f"wrote {path.name}" for path in changed) if changed else "schemas are current")
