"""`capewatch score`, `resolve` and `seal`: the predictions and their ledgers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

import generator
from generator.cli.main import project_root
from generator.core import ProblemsFound, WrongCall, canonical_json, counted

if TYPE_CHECKING:
    from generator.predictions import Evaluation

_DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.argument("ids", nargs=-1)
@click.option("--as-of", type=_DAY, help="Use only what was public by this day. Default: the newest day in the data.")
@click.option("--track", help="Score on this track (maker, epoch, …) instead of the deciding one.")
@click.option("--seed", default=20260513, show_default=True)
@click.option("--resamples", default=1000, show_default=True, type=click.IntRange(100, 100_000))
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def score(
    root: Path | None,
    ids: tuple[str, ...],
    as_of: dt.datetime | None,
    track: str | None,
    seed: int,
    resamples: int,
    as_json: bool,
) -> None:
    """Status of the predictions (all, or the named IDS): state, standing today, metrics with intervals.

    Example: capewatch score --as-of 2026-05-31
    """
    project = project_root(root)
    evaluations = _evaluations(
        project, ids, as_of.date() if as_of else None, track=track, seed=seed, resamples=resamples
    )
    if as_json:
        click.echo(canonical_json([evaluation.as_dict() for evaluation in evaluations], indent=1), nl=False)
        return
    click.echo("".join(f"{line}\n" for evaluation in evaluations for line in _lines(evaluation)), nl=False)


def _evaluations(
    project: Path, ids: Sequence[str], day: dt.date | None, *, track: str | None, seed: int, resamples: int
) -> list[Evaluation]:
    from generator.predictions import evaluate_all, load_predictions, read_ledger
    from generator.predictions.resolve import with_ledger
    from generator.report.tracker import context_of, provider_of
    from generator.schema import load_registry

    registry = load_registry(project).require_clean()
    book = load_predictions(project)
    if book.problems:
        raise ProblemsFound(book.problems)
    chosen = [book.get(identity) for identity in ids] or book.ordered()
    provider = provider_of(project, registry)
    as_of = day or provider.observations.newest_day
    context = context_of(project, registry)
    found = evaluate_all(chosen, provider, as_of=as_of, seed=seed, context=context, resamples=resamples, track=track)
    # a ledger records the outcome on the deciding track, and no other
    decides = {prediction.id: track in (None, prediction.track) for prediction in chosen}
    return [with_ledger(one, read_ledger(project, one.id)) if decides[one.id] else one for one in found]


def _lines(evaluation: Evaluation) -> list[str]:
    number = f"{evaluation.number}. " if evaluation.number is not None else ""
    state = evaluation.shown_state
    standing = f", {evaluation.standing}" if state in ("open", "awaiting data") else ""
    if state == "not yet registered":
        standing = f" (that was on {evaluation.registered_at[:10]}); its criteria then said: {evaluation.standing}"
    lines = [
        f"{number}{evaluation.title}",
        f"   {state}{standing}  ({evaluation.track}, as of {evaluation.as_of}, n {evaluation.n})",
    ]
    lines += [f"   {sentence}" for sentence in evaluation.because]
    if evaluation.sensitivity:
        lines.append(f"   {evaluation.sensitivity}")
    return lines


@click.command()
@click.option("--as-of", type=_DAY, help="Default: the newest day in the data.")
@click.option("--write", is_flag=True, help="Append what is due. Without it nothing is written.")
@click.pass_obj
def resolve(root: Path | None, as_of: dt.datetime | None, write: bool) -> None:
    """Append outcomes to the ledgers once a window closed and the deciding snapshot exists. Shows only, unless --write.

    Example: capewatch resolve --as-of 2027-01-15
    """
    from generator.predictions.resolve import apply, due

    project = project_root(root)
    evaluations = _evaluations(project, (), as_of.date() if as_of else None, track=None, seed=20260513, resamples=1000)
    resolutions = due(project, evaluations, code_version=generator.__version__)
    if not resolutions:
        click.echo("nothing is due")
        return
    for item in resolutions:
        click.echo(f"{item.id}: {item.event} {item.outcome}")
    if write:
        apply(project, resolutions, at=_now())
        click.echo(f"appended {counted(len(resolutions), 'event')}")
    else:
        click.echo("nothing written; pass --write to append")


@click.command()
@click.argument("identity")
@click.option("--waive", "reason", help="Declare a change of a sealed file, with its reason.")
@click.pass_obj
def seal(root: Path | None, identity: str, reason: str | None) -> None:
    """Seal a prediction: its criteria can then only change by a declared waiver.

    Example: capewatch seal swe-saturation-2026
    """
    from generator.predictions import seal as seal_prediction
    from generator.predictions import waive

    project = project_root(root)
    at = _now()
    line = (
        seal_prediction(project, identity, at=at) if reason is None else waive(project, identity, at=at, reason=reason)
    )
    click.echo(f"{identity}: {line.event} at {line.at}, sha256 {line.body['sha256']}")


def _now() -> str:
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def new_prediction_file(
    root: Path | None, *, identity: str, title: str, author: str, closes: str, track: str, x: str, y: str
) -> Path:
    """Write predictions/<id>/prediction.yaml unless it exists; returns its path."""
    from generator.core import write_atomic
    from generator.predictions import check_predictions, new_prediction
    from generator.schema import load_registry

    project = project_root(root)
    today = dt.datetime.now(dt.UTC).date()
    text = new_prediction(identity, title=title, author=author, today=today, closes=closes, track=track, x=x, y=y)
    path = project / "predictions" / identity / "prediction.yaml"
    if path.exists():
        raise WrongCall(f"{path.relative_to(project)} exists already", hint="choose another id")
    write_atomic(path, text)
    shown = path.relative_to(project).as_posix()
    problems = [
        problem
        for problem in check_predictions(project, load_registry(project), today, history=False)
        if problem.path == shown and problem.severity == "error"
    ]
    if problems:
        path.unlink()
        path.parent.rmdir()
        raise WrongCall(str(ProblemsFound(problems)))
    return path
