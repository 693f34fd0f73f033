"""`capewatch build` and `capewatch serve`."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from generator.cli import log
from generator.cli.main import project_root
from generator.cli.stamp import Stamp
from generator.core import CapewatchError, counted, read_json

if TYPE_CHECKING:
    from generator.site import RenderReport

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
@click.option(
    "--versioned",
    is_flag=True,
    help="Build as one version of a published site: selector, canonical links to the latest.",
)
@click.option("--at", metavar="VERSION", help="Rebuild a published version or a git revision into build/at/COMMIT/.")
@click.option("--with-its-code", is_flag=True, help="With --at: run the code of that commit, not the present one.")
@click.option(
    "--stored-forecasts", is_flag=True, help="Leave out forecasts that are not stored yet; they take minutes."
)
@click.option("--timings", is_flag=True, help="End with a line of JSON: seconds by stage, peak memory.")
@click.pass_obj
def build(
    root: Path | None,
    as_of: dt.datetime | None,
    seed: int,
    resamples: int,
    site_url: str,
    bundle_only: bool,
    force: bool,
    versioned: bool,
    at: str | None,
    with_its_code: bool,
    stored_forecasts: bool,
    timings: bool,
) -> None:
    """Build the site from the data in this folder, without network: data, bundle, pages, site/.

    Example: capewatch build --as-of 2026-05-31
    """
    project = project_root(root)
    day = as_of.date() if as_of else None
    options: dict[str, Any] = {
        "as_of": day,
        "seed": seed,
        "resamples": resamples,
        "site_url": site_url,
        "bundle_only": bundle_only,
        "versioned": versioned,
        "stored_forecasts": stored_forecasts,
    }
    if at is not None:
        rebuild(project, at, options, with_its_code=with_its_code)
        return
    if with_its_code:
        raise click.UsageError("--with-its-code goes with --at VERSION")
    stamp = Stamp(project, {**options, "as_of": str(day)})
    if not force and stamp.is_current():
        log.event("done", changed=False)
        click.echo(f"nothing changed; the site is in {os.path.relpath(project / 'site')}")
        return
    stamp.clear()
    stages = Stages()
    summary = run_build(project, **options, tell=stages.begin, stamp=stamp, afresh=force)
    stages.end()
    stamp.write()
    click.echo(summary)
    if timings:
        click.echo(stages.report())


class Stages:
    """What a build is doing, shown while it lasts where the output is a terminal, and how long each stage took."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()
        self._seconds: dict[str, float] = {}
        self._stage, self._since = "start", time.perf_counter()

    def begin(self, stage: str) -> None:
        now = time.perf_counter()
        self._seconds[self._stage] = self._seconds.get(self._stage, 0.0) + now - self._since
        self._stage, self._since = stage, now
        if self._shown:
            click.echo(f"\r\x1b[K{stage} …" if stage else "\r\x1b[K", nl=False, err=True)

    def end(self) -> None:
        self.begin("")

    def report(self) -> str:
        """Seconds by stage; peak memory in MB of this process, and of the largest one that it started."""
        peak = {
            name: resource.getrusage(who).ru_maxrss // 1024
            for name, who in (("own", resource.RUSAGE_SELF), ("largest_child", resource.RUSAGE_CHILDREN))
        }
        return json.dumps(
            {"seconds": {name: round(value, 3) for name, value in self._seconds.items()}, "peak_mb": peak}
        )


def rebuild(project: Path, name: str, options: dict[str, Any], *, with_its_code: bool) -> None:
    """Build a published version or a git revision from history, and say by which code."""
    from generator.publish.checkout import check_out
    from generator.publish.git import Repository

    old = check_out(Repository(project), name, into=project / "build" / "at", with_code=with_its_code)
    click.echo(f"{name} is commit {old.commit}", err=True)
    if with_its_code:
        run_old_code(old.folder, options)
        click.echo(f"the old code ran in {os.path.relpath(old.folder)}, so that is where its site and its bundle are")
        return
    if old.other_code is None:
        click.echo("built by the present code; the commit holds none of its own", err=True)
    elif old.other_code:
        click.echo(
            f"built by the present code; {counted(len(old.other_code), 'file')} of {Path(old.other_code[0]).parts[0]}/ "
            "not as in that commit, so numbers may differ for that reason (--with-its-code runs the old code)",
            err=True,
        )
    click.echo(run_build(old.folder, **options))


def run_old_code(folder: Path, options: dict[str, Any]) -> None:
    """Run `capewatch build` of the code in `folder`, with the libraries installed here. Raises CapewatchError when it fails."""
    given = [f"--seed={options['seed']}", f"--resamples={options['resamples']}", f"--site-url={options['site_url']}"]
    given += [f"--as-of={options['as_of']}"] if options["as_of"] else []
    given += [
        f"--{name.replace('_', '-')}" for name in ("bundle_only", "versioned", "stored_forecasts") if options[name]
    ]
    command = [sys.executable, "-m", "generator", "--root", str(folder), "build", *given]
    code = subprocess.run(command, cwd=folder, env={**os.environ, "PYTHONPATH": str(folder)}, check=False).returncode
    if code != 0:
        raise CapewatchError(
            f"the code of that commit stopped with exit code {code}",
            hint="it may need older libraries (constraints.txt of that commit), or the present code without --with-its-code",
        )


def run_build(
    project: Path,
    *,
    as_of: dt.date | None,
    seed: int,
    resamples: int,
    site_url: str,
    bundle_only: bool = False,
    versioned: bool = False,
    stored_forecasts: bool = False,
    tell: Callable[[str], None] = lambda _stage: None,
    stamp: Stamp | None = None,
    afresh: bool = False,
) -> str:
    """Run every stage; returns what was made, in one line. Raises ProblemsFound when the data hold errors.

    stamp: names the inputs, so that a rendering is remembered, and stands when only hand-written pages are new; not with `afresh`.
    """
    log.event("started", seed=seed, resamples=resamples, site_url=site_url)
    from generator.site.jobs import waiting_process
    from generator.site.standing import Standing

    standing = Standing(project, project / "build", stamp.of_rendering) if stamp and not bundle_only else None
    with contextlib.ExitStack() as stack:
        pages = None if bundle_only else stack.enter_context(waiting_process())
        if standing and pages and not afresh:
            tell("pages")
            count = standing.renewed()
            if count is not None:
                return _built_again(project, pages, count, tell=tell)
            tell("start")
        drawn = (lambda: None) if bundle_only else _drawn_ahead(project)
        from generator.report import Settings, make_bundle

        settings = Settings(as_of=as_of, seed=seed, resamples=resamples, stored_forecasts_only=stored_forecasts)
        bundle = make_bundle(project, settings, tell=tell)
        tell("bundle")
        made = _made(bundle.meta)
        if log.is_on():  # the digest takes a while
            log.event("step", name="bundle", as_of=bundle.as_of, digest=bundle.digest, **bundle.meta["counts"])
        folder = project / "build" / "bundle"
        if bundle_only:
            bundle.write(folder)
            return f"bundle of {made}: {os.path.relpath(folder)}"
        from generator.site import build_site

        def remember(report: RenderReport) -> None:
            if standing and stamp and stamp.holds():
                standing.save(report.fragments)

        drawn()
        handed = [bundle]
        del bundle  # so that nobody holds it while the pages are built
        report = build_site(
            handed.pop(), root=project, site_url=site_url, versioned=versioned, tell=tell, bundle_folder=folder,
            ready=pages, rendered=remember,
        )  # fmt: skip
    return _done(project, made, report.pages)


def _built_again(project: Path, ready: subprocess.Popen[str], pages: int, *, tell: Callable[[str], None]) -> str:
    """Build the site from a bundle and Markdown that lie in build/."""
    from generator.site.building import run_mkdocs

    folder = project / "build" / "bundle"
    meta = read_json(folder / "meta.json")
    if log.is_on():
        from generator.report import read_bundle

        digest = read_bundle(folder).digest
        log.event("step", name="bundle", as_of=meta["as_of"], digest=digest, **meta["counts"])
    tell("mkdocs")
    run_mkdocs(project / "build", project / "site", as_of=meta["as_of"], ready=ready)
    return _done(project, _made(meta), pages)


def _made(meta: Mapping[str, Any]) -> str:
    counts = meta["counts"]
    return (
        f"{counted(counts['models'], 'model')}, {counted(counts['observations'], 'observation')} as of {meta['as_of']}"
    )


def _done(project: Path, made: str, pages: int) -> str:
    log.event("done", changed=True, pages=pages)
    return f"site of {made}, {counted(pages, 'page')}: {os.path.relpath(project / 'site' / 'index.html')}"


def _drawn_ahead(project: Path) -> Callable[[], None]:
    """Has what charts need of every build made while the report is computed; returns a call that waits for it."""
    from generator.site.charts import ChartStore, drawing

    return drawing.start(ChartStore(project / "build" / "cache" / "charts").missing())


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
