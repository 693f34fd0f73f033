"""`capewatch pull`: the only command that needs a network."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from generator.cli import log
from generator.cli.main import project_root
from generator.core import CapewatchError, ProblemsFound, canonical_json, counted, write_atomic

if TYPE_CHECKING:
    from generator.sources.pull import PullResult

_COLUMNS = ("source", "rows", "new", "changed", "gone", "seconds", "status")


@click.command()
@click.argument("sources", nargs=-1)
@click.option("--from", "mirror", help="Pull from a mirror folder (or a file:// address) instead of the network.")
@click.option("--dry-run", is_flag=True, help="Show what would change; write nothing.")
@click.option(
    "--accept", multiple=True, metavar="SOURCE", help="Take a source although a gate stopped it: you looked at it."
)
@click.option("--verify", is_flag=True, help="Do not pull: check every hash of the stored snapshots.")
@click.option("--check-age", is_flag=True, help="Do not pull: fail when a stored source is older than it may be.")
@click.option("--json", "as_json", is_flag=True, help="Results as JSON.")
@click.option("--workers", default=4, show_default=True, type=click.IntRange(1, 16), help="Sources pulled at once.")
@click.pass_obj
def pull(
    root: Path | None,
    sources: tuple[str, ...],
    mirror: str | None,
    dry_run: bool,
    accept: tuple[str, ...],
    verify: bool,
    check_age: bool,
    as_json: bool,
    workers: int,
) -> None:
    """Refresh data/snapshots from the public leaderboards (all, or the named SOURCES).

    Exit 0: every source passed. Exit 3: some did not; their last good snapshots are kept. Exit 1: none passed.

    Example: capewatch pull epoch models-dev --dry-run
    """
    project = project_root(root)
    if verify:
        _verify(project)
    if check_age:
        _check_age(project)
    if verify or check_age:
        return
    results = _run(project, sources, mirror=mirror, dry_run=dry_run, accept=accept, workers=workers, quiet=as_json)
    if not dry_run:
        write_unmatched(project)
    click.echo(
        canonical_json([_plain(result) for result in results], indent=1) if as_json else _summary(results, dry_run),
        nl=False,
    )
    from generator.sources.pull import exit_code

    code = exit_code(results, named=bool(sources))
    log.event("done", exit_code=code, passed=sum(result.status in ("ok", "unchanged") for result in results))
    if code:
        raise click.exceptions.Exit(code)


def _run(
    project: Path,
    names: Sequence[str],
    *,
    mirror: str | None,
    dry_run: bool,
    accept: Sequence[str],
    workers: int,
    quiet: bool,
) -> list[PullResult]:
    from generator.sources.catalogue import source
    from generator.sources.mirror import mirror_folder
    from generator.sources.pull import Request, chosen, environment_keys
    from generator.sources.pull import pull as pull_sources
    from generator.sources.terms import read_terms
    from generator.sources.web import web_clients

    terms = read_terms(project)
    wanted = chosen(names, terms)
    now = dt.datetime.now(dt.UTC)
    request = Request(
        root=project,
        now=now,
        terms=terms,
        client=None if mirror else web_clients(now.strftime("%Y-%m-%dT%H:%M:%SZ"), now.date()),
        mirror=mirror_folder(mirror) if mirror else None,
        accept=[source(name).id for name in accept],
        dry_run=dry_run,
        keys=environment_keys(),
    )
    shown = sys.stderr.isatty() and not quiet

    log.event("started", sources=[row.id for row in wanted], mirror=mirror, dry_run=dry_run)

    def progress(result: PullResult, done: int, total: int) -> None:
        log.event("source", **_plain(result))
        if shown:
            click.echo(f"[{done}/{total}] {result.source}: {result.status} {result.message}".rstrip(), err=True)

    return pull_sources(request, wanted, workers=workers, progress=progress)


def _plain(result: PullResult) -> dict[str, object]:
    return {name: getattr(result, name) for name in _COLUMNS} | {
        "message": result.message,
        "rejected": dict(result.rejected),
    }


def _summary(results: Sequence[PullResult], dry_run: bool) -> str:
    rows = [[str(getattr(result, name)) for name in _COLUMNS] + [result.message] for result in results]
    table = [[*_COLUMNS, ""], *rows]
    widths = [max(len(row[index]) for row in table) for index in range(len(_COLUMNS))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=True)).rstrip() for row in table
    ]
    for result in results:
        lines.extend(
            f"{result.source}: {counted(count, 'row')} rejected: {reason}"
            for reason, count in sorted(result.rejected.items())
        )
        if dry_run and result.events is not None and len(result.events):
            lines.extend(_event(result.source, row) for row in result.events.head(20).to_dict(orient="records"))
            if len(result.events) > 20:
                lines.append(f"{result.source}: and {counted(len(result.events) - 20, 'further change')}")
    return "".join(f"{line}\n" for line in lines)


def _event(source: str, row: dict[str, object]) -> str:
    return f"{source}: {row['event']} {row['model']} {row['benchmark']} {row['value']} {row['unit']}"


def write_unmatched(project: Path) -> None:
    """data/snapshots/unmatched.csv: every spelling that names no model, with near matches for people to read."""
    from generator.panel import gather
    from generator.report.bundle import defused
    from generator.schema import load_registry

    unmatched = gather(load_registry(project)).spellings
    text = unmatched.map(defused).to_csv(index=False, lineterminator="\n")
    path = project / "data" / "snapshots" / "unmatched.csv"
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        write_atomic(path, text)


def _verify(project: Path) -> None:
    from generator import snapshots

    folder = project / "data" / "snapshots"
    problems = snapshots.verify(folder)
    if any(problem.severity == "error" for problem in problems):
        raise ProblemsFound(problems)
    for problem in problems:  # what a killed pull left behind: no reader sees it, and the next pull removes it
        click.echo(problem.text(), err=True)
    click.echo(f"{len(snapshots.sources(folder))} snapshots: every hash holds")


def _check_age(project: Path) -> None:
    from generator import snapshots
    from generator.schema import load_registry

    registry = load_registry(project)
    folder = project / "data" / "snapshots"
    today = dt.datetime.now(dt.UTC).date()
    stale = []
    for name in snapshots.sources(folder):
        age = snapshots.age(folder, name, on=today)
        entry = registry.sources.get(name)
        if entry is not None and age is not None and age > entry.value.max_age_days:
            stale.append(f"{name}: {counted(age, 'day')} old, at most {entry.value.max_age_days}")
    if stale:
        shown = "\n  ".join(stale)
        raise CapewatchError(
            f"stale sources:\n  {shown}", hint=f"run: capewatch pull {' '.join(line.split(':')[0] for line in stale)}"
        )
    click.echo(f"no source is older than it may be on {today.isoformat()}")
