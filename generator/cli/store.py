"""`capewatch store`: commit and push what the jobs appended."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from generator.cli import log
from generator.cli.main import project_root


@click.command()
@click.option("--push", is_flag=True, help="Push the commit, without force.")
@click.option("--remote", default="origin", show_default=True)
@click.option("--branch", default="main", show_default=True)
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="Day named in the commit. Default: today.")
@click.pass_obj
def store(root: Path | None, push: bool, remote: str, branch: str, day: dt.datetime | None) -> None:
    """Commit data/snapshots and data/changes when a job appended something; refuse what does not continue the committed.

    Exit 0: stored, or nothing new. Exit 3: another run stored first, this run's rows are read again by the next pull.
    Exit 1: refused.

    Example: capewatch store --push
    """
    from generator.automation.store import store as store_data

    project = project_root(root)
    shown = (day.date() if day else dt.datetime.now(dt.UTC).date()).isoformat()
    done = store_data(project, day=shown, push=push, remote=remote, branch=branch)
    log.event("done", outcome=done.outcome, commit=done.commit, sources=done.sources)
    click.echo(f"{done.outcome}: {done.commit[:12]}" + (f" ({', '.join(done.sources)})" if done.sources else ""))
    if done.outcome == "another run was first":
        raise click.exceptions.Exit(3)
