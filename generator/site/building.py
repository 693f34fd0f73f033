"""Markdown to site: a strict mkdocs build into a new folder, trimmed, then exchanged with the old site in one step."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from generator.core import CapewatchError, read_json
from generator.report.bundle import Bundle
from generator.site.policy import add_policy
from generator.site.rendering import RenderReport, render

_LANGUAGES = "assets/javascripts/lunr"


def build_site(
    bundle: Bundle, *, root: Path, site_url: str, versioned: bool = False, site: Path | None = None
) -> RenderReport:
    """Render the bundle and build it into `site` (default `root`/site). The old site stays until the new one is complete.

    versioned: as one of the versions below `site_url`, with a selector, and canonical links to the latest.
    """
    report = render(bundle, root=root, out=root / "build", site_url=site_url, versioned=versioned)
    run_mkdocs(root / "build", site or root / "site", as_of=bundle.as_of)
    return report


def run_mkdocs(out: Path, site: Path, *, as_of: str) -> None:
    """Build `out`/docs strictly with `out`/mkdocs.yml into `site`; equal inputs give equal bytes."""
    fresh = out / "site"
    midnight = dt.datetime.fromisoformat(as_of).replace(tzinfo=dt.UTC)
    environment = os.environ | {
        "SOURCE_DATE_EPOCH": str(int(midnight.timestamp())), "NO_MKDOCS_2_WARNING": "1", "PYTHONWARNINGS": "ignore",
    }  # fmt: skip
    command = [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
        "--strict",
        "--config-file",
        str(out / "mkdocs.yml"),
        "--site-dir",
        str(fresh),
    ]
    result = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if result.returncode != 0:
        told = [line for line in result.stderr.splitlines() if line.startswith(("WARNING", "ERROR")) or "Error" in line]
        raise CapewatchError("the pages do not build strictly:\n" + "\n".join(told or result.stderr.splitlines()[-5:]))
    add_to_search(fresh / "search" / "search_index.json", out / "search.json")
    trim(fresh)
    add_policy(fresh)
    exchange(fresh, site)


def add_to_search(index: Path, entries: Path) -> None:
    """Add the pages that the theme's search was told to leave out: their names and a line each, not their tables."""
    document = read_json(index)
    document["docs"].extend(read_json(entries))
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
