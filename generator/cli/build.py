"""`capewatch build` and `capewatch serve`."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import click

from generator.cli.main import project_root
from generator.cli.stamp import Stamp

DEFAULT_SEED = 20260513
DEFAULT_RESAMPLES = 10_000
DEFAULT_SITE_URL = "http://127.0.0.1:8000/"


@click.command()
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Use only what was public by this day. Default: the newest day in the data.",
)
@click.option("--seed", default=DEFAULT_SEED, show_default=True, help="Seed of every resampling.")
@click.option("--resamples", default=DEFAULT_RESAMPLES, show_default=True, type=click.IntRange(200, 1_000_000))
@click.option(
    "--site-url", envvar="SITE_URL", default=DEFAULT_SITE_URL, show_default=True, help="Address the site will have."
)
@click.option("--bundle-only", is_flag=True, help="Stop after build/bundle/.")
@click.option("--force", is_flag=True, help="Build even when nothing changed.")
@click.pass_obj
def build(
    root: Path | None,
    as_of: dt.datetime | None,
    seed: int,
    resamples: int,
    site_url: str,
    bundle_only: bool,
    force: bool,
) -> None:
    """Build the site from the data in this folder, without network: data, bundle, pages, site/.

    Example: capewatch build --as-of 2026-05-31
    """
    project = project_root(root)
    day = as_of.date() if as_of else None
    options = {
        "as_of": str(day),
        "seed": seed,
        "resamples": resamples,
        "site_url": site_url,
        "bundle_only": bundle_only,
    }
    stamp = Stamp(project, options)
    if not force and stamp.is_current():
        click.echo(f"nothing changed; the site is in {os.path.relpath(project / 'site')}")
        return
    stamp.clear()
    summary = run_build(project, as_of=day, seed=seed, resamples=resamples, site_url=site_url, bundle_only=bundle_only)
    stamp.write()
    click.echo(summary)


def run_build(
    project: Path, *, as_of: dt.date | None, seed: int, resamples: int, site_url: str, bundle_only: bool = False
) -> str:
    """Run every stage; returns what was made, in one line. Raises ProblemsFound when the data hold errors."""
    from generator.report import Settings, make_bundle

    bundle = make_bundle(project, Settings(as_of=as_of, seed=seed, resamples=resamples))
    bundle.write(project / "build" / "bundle")
    counts = bundle.meta["counts"]
    made = f"{counts['models']} models, {counts['observations']} observations as of {bundle.as_of}"
    if bundle_only:
        return f"bundle of {made}: {os.path.relpath(project / 'build' / 'bundle')}"
    from generator.site import build_site

    report = build_site(bundle, root=project, site_url=site_url)
    return f"site of {made}, {report.pages} pages: {os.path.relpath(project / 'site' / 'index.html')}"


@click.command()
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--host", default="127.0.0.1", show_default=True)
@click.pass_obj
def serve(root: Path | None, port: int, host: str) -> None:
    """Build, serve the site on this machine, and build again when a file changes. Stop with Ctrl-C.

    Example: capewatch serve --port 8001
    """
    from generator.cli.serving import serve_forever

    serve_forever(project_root(root), host=host, port=port)
