"""Markdown to site: strict mkdocs builds into a new folder, trimmed, then exchanged with the old site in one step.

Pages whose Markdown and surroundings are those of the site before are kept (see generator.site.kept); the others are built by
as many processes as there are cores. `mkdocs build --strict -f build/mkdocs.yml` alone gives the same pages.
"""

from __future__ import annotations

import gc
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from generator.core import read_json
from generator.report.beside import give_back
from generator.site.jobs import finish_jobs, start_jobs
from generator.site.kept import KeptPages
from generator.site.policy import TRUSTED, add_policy
from generator.site.sitemap import date_sitemap

if TYPE_CHECKING:
    from generator.report.bundle import Bundle
    from generator.site.rendering import RenderReport

_LANGUAGES = "assets/javascripts/lunr"
#: Fewer pages than this are not worth another process, which is forked from the first one.
PAGES_A_PROCESS = 20
_SEARCH = Path("search") / "search_index.json"


def build_site(
    bundle: Bundle,
    *,
    root: Path,
    site_url: str,
    versioned: bool = False,
    site: Path | None = None,
    tell: Callable[[str], None] = lambda _stage: None,
    bundle_folder: Path | None = None,
    ready: subprocess.Popen[str] | None = None,
    rendered: Callable[[RenderReport], object] = lambda _report: None,
) -> RenderReport:
    """Render the bundle and build it into `site` (default `root`/site). The old site stays until the new one is complete.

    versioned: as one of the versions below `site_url`, with a selector, and canonical links to the latest. `tell` is
    called with the name of each stage as it begins. `bundle_folder`: where the bundle is written beside its rendering, if
    anywhere. `ready`: as for `run_mkdocs`. `rendered` is called with what was rendered while the pages are built. The bundle is
    not held here any longer by then: where nobody else does either, its memory is free for the pages.
    """
    from generator.site.rendering import render  # most of the site's code, which a standing rendering needs not

    tell("pages")
    written = (
        partial(bundle.write, bundle_folder, record=root / "build" / "cache" / "tables.json") if bundle_folder else None
    )
    report = render(
        bundle, root=root, out=root / "build", site_url=site_url, versioned=versioned, written=written or (lambda: None)
    )
    as_of = bundle.as_of
    del bundle, written
    gc.collect()  # the pages' view of the bundle holds itself
    give_back()
    tell("mkdocs")
    run_mkdocs(
        root / "build",
        site or root / "site",
        as_of=as_of,
        ready=ready,
        meanwhile=lambda: rendered(report),
    )
    return report


def run_mkdocs(
    out: Path,
    site: Path,
    *,
    as_of: str,
    processes: int | None = None,
    ready: subprocess.Popen[str] | None = None,
    meanwhile: Callable[[], object] = lambda: None,
) -> int:
    """Build `out`/docs strictly with `out`/mkdocs.yml into `site`; equal inputs give equal bytes. Returns how many pages were
    built; the others are those of the site before. Raises CapewatchError with every fault that mkdocs names.

    ready: a `pages_process` that was started before, to be used; meanwhile: what is done while they are built.
    """
    out, site = out.resolve(), site.resolve()
    fresh, jobs = out / "site", out / "jobs"
    for folder in (fresh, jobs):
        shutil.rmtree(folder, ignore_errors=True)
    kept = KeptPages(out, site, as_of=as_of)
    missing = kept.missing
    most = (os.cpu_count() or 1) if hasattr(os, "fork") else 1
    count = processes or min(most, 1 + len(missing) // PAGES_A_PROCESS)
    parts = [missing[number::count] for number in range(count)]
    paths, process = start_jobs(out, jobs, parts, as_of=as_of, ready=ready)
    kept.put_into(jobs / "0")
    meanwhile()
    told = finish_jobs(paths, process)
    (policy,) = {answer["policy"] for answer in told}
    kept.renew_policy(jobs / "0", policy)
    os.replace(jobs / "0", fresh)
    for number, answer in enumerate(told):
        for page in answer["pages"].values() if number else ():
            _move(jobs / str(number) / page["dest"], fresh / page["dest"])
    for answer in told:
        kept.add(answer["pages"])
    kept.check_anchors()
    join_search(fresh / _SEARCH, [kept.records[path]["entries"] for path in told[0]["order"]], out / "search.json")
    dated = read_json(out / "days.json")
    date_sitemap(fresh, dated["days"], site_url=dated["site_url"])
    trim(fresh)
    add_policy(fresh, policy, besides={TRUSTED, *(record["dest"] for record in kept.records.values())})
    shutil.rmtree(jobs)
    kept.save(fresh)
    exchange(fresh, site)
    return len(missing)


def _move(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    os.replace(source, target)


def join_search(index: Path, pages: Sequence[Sequence[Mapping[str, str]]], listed: Path) -> None:
    """Put the entries of all pages into the theme's index, and after them those that the theme was told to leave out: names and a
    line each, not their tables."""
    document = read_json(index)
    document["docs"] = [entry for entries in pages for entry in entries] + read_json(listed)
    index.write_text(json.dumps(document, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")


def trim(site: Path) -> None:
    """Delete what the theme ships and no page uses: source maps and the search's other languages."""
    for path in site.rglob("*.map"):
        path.unlink()
    shutil.rmtree(site / _LANGUAGES, ignore_errors=True)


def exchange(fresh: Path, site: Path) -> None:
    """Put the folder `fresh` where `site` is; a reader never meets a half-written site."""
    old = site.with_name(f".{site.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if site.exists():
        os.replace(site, old)
    os.replace(fresh, site)
    shutil.rmtree(old, ignore_errors=True)
