"""`capewatch effect` and `capewatch comment`: what a change does, and the comment that says it."""

from __future__ import annotations

import datetime as dt
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from generator.cli.check import all_problems
from generator.cli.main import project_root
from generator.core import CapewatchError, ProblemsFound, WrongCall, counted, write_atomic

if TYPE_CHECKING:
    from generator.automation.report import Report
    from generator.report import Bundle

_RUN_URL = re.compile(r"^https://[A-Za-z0-9.-]+/[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+/actions/runs/\d+$")
_COMMIT = re.compile(r"^[0-9a-f]{40}$")


@click.command()
@click.option(
    "--base", required=True, metavar="FOLDER_OR_REV",
    help="What to compare with: a project folder, a bundle folder, or a revision of the project's git history.",
)  # fmt: skip
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder for report.json.")
@click.option("--seed", default=20260513, show_default=True, help="Seed of every resampling.")
@click.option("--resamples", default=2_000, show_default=True, type=click.IntRange(200, 1_000_000))
@click.option(
    "--today", type=click.DateTime(["%Y-%m-%d"]), help="Dates after this day lie in the future. Default: today."
)
@click.pass_obj
def effect(
    root: Path | None, base: str, out: Path, seed: int, resamples: int, today: dt.datetime | None
) -> None:  # fmt: skip
    """Write what this folder's data change against BASE: the problems, or the effect on models, statistics, predictions.

    Exit 0: the report says the effect. Exit 1: the report says the problems. The report is written in both cases.

    Example: capewatch effect --base main --out build/effect
    """
    from generator.automation.report import REPORT_FILE

    project = project_root(root)
    day = today.date() if today else dt.datetime.now(dt.UTC).date()
    with tempfile.TemporaryDirectory() as folder:
        report = _report(project, base, Path(folder), day=day, seed=seed, resamples=resamples)
    write_atomic(out / REPORT_FILE, report.model_dump_json(indent=1) + "\n")
    errors = report.errors
    told = f"stopped: {report.stopped}" if report.stopped else (
        ", ".join(
            counted(len(getattr(report, name)) + report.omitted.get(name, 0), word)
            for name, word in (("models", "model"), ("moves", "statistic"), ("standings", "standing"))
        )
        + " changed"
    )  # fmt: skip
    click.echo(f"{out / REPORT_FILE}: {counted(errors, 'error')}; {told}")
    if report.stopped:
        raise click.exceptions.Exit(1)


def _report(project: Path, base: str, folder: Path, *, day: dt.date, seed: int, resamples: int) -> Report:
    from generator.automation import effect as effects
    from generator.automation.base import checkout, is_bundle
    from generator.report import read_bundle
    from generator.schema import load_registry

    given = Path(base)
    if given.is_dir() and not is_bundle(given) and not (given / "data").is_dir():
        raise WrongCall(f"{base}: the folder is neither a project (data/) nor a bundle (meta.json)")
    other = given if given.is_dir() else _kept(checkout(project, base, folder), project)
    files = [] if is_bundle(other) else effects.changed_files(other, project)
    links = effects.link_problems(files)
    if links:
        return effects.stopped(links, files, "symbolic links are refused")
    problems = all_problems(project, load_registry(project), day)
    if any(problem.severity == "error" for problem in problems):
        return effects.stopped(problems, files, "the files hold errors")
    try:
        before = read_bundle(other) if is_bundle(other) else _bundle(other, seed, resamples)
    except ProblemsFound as error:
        return effects.stopped([], files, f"the base itself holds {counted(len(error.problems), 'problem')}")
    try:
        settings = int(before.meta["seed"]), int(before.meta["resamples"])
        after = _bundle(project, *settings, like=None if is_bundle(other) else other)
    except CapewatchError as error:
        found = error.problems if isinstance(error, ProblemsFound) else []
        return effects.stopped(found, files, "the report cannot be computed" if found else error.message)
    return effects.effect(before, after, problems=problems, files=files)


def _kept(base: Path, project: Path) -> Path:
    """Lets what is computed for a revision stay in the project, under keys of all it rests on: the next comparison with it is short."""
    kept = project / "build" / "cache" / "base"
    kept.mkdir(parents=True, exist_ok=True)
    (base / "build").mkdir()
    (base / "build" / "cache").symlink_to(kept.resolve(), target_is_directory=True)
    return base


def _bundle(project: Path, seed: int, resamples: int, *, like: Path | None = None) -> Bundle:
    from generator.report import Settings, make_bundle

    return make_bundle(project, Settings(seed=seed, resamples=resamples), like=like)


@click.command()
@click.argument("report", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--run-url",
    default="",
    help="Address of the run that made the report; from the forge's event, not from the report.",
)
@click.option("--commit", default="", help="Commit the report is about; from the forge's event, not from the report.")
def comment(report: Path, run_url: str, commit: str) -> None:
    """Print the comment for a REPORT (report.json, or the artifact's zip) that anyone may have written: checked, capped, escaped.

    Exit 0: the comment of the report. Exit 1: it is no report; the comment says so and repeats nothing of it.

    Example: capewatch comment build/effect/report.json --commit 0123456789abcdef0123456789abcdef01234567
    """
    from generator.automation.comment import comment as write_comment
    from generator.automation.comment import refused
    from generator.automation.report import read_report

    if run_url and not _RUN_URL.match(run_url):
        raise click.UsageError(
            "--run-url: not the address of a workflow run: https://HOST/OWNER/NAME/actions/runs/NUMBER"
        )
    if commit and not _COMMIT.match(commit):
        raise click.UsageError("--commit: not a commit: 40 hexadecimal digits")
    try:
        found = read_report(report)
    except CapewatchError as error:
        click.echo(refused(error.message, run_url=run_url, commit=commit), nl=False)
        raise click.exceptions.Exit(1) from None
    click.echo(write_comment(found, run_url=run_url, commit=commit), nl=False)
