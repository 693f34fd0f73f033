"""One process of the site build: an ordinary strict mkdocs build of which only the named pages are rendered.

`python -m generator.site.pages_job` loads mkdocs and waits for a line with the paths of jobs (a list as JSON) on standard input; at an
empty one it ends. The first job is done here, each further one by a process that is forked as soon as mkdocs knows all files. A job,
JOB.json, names config and epoch (the second that stands for the day of the build), which all jobs share, site_dir, pages (paths below
the docs folder, null: all) and statics (copy files that are no pages). What was learned of each page is written beside it, as
JOB.out.json. Pages that are left out are still known, so that links to them and the navigation are what they are in a whole build.
"""

from __future__ import annotations

import gc
import importlib
import json
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import BuildError
from mkdocs.plugins import BasePlugin, event_priority
from mkdocs.structure.files import File, Files
from mkdocs.structure.nav import Navigation
from mkdocs.utils import get_relative_url

from generator.core import CapewatchError, canonical_json, read_json
from generator.site.compiled import keep_theme
from generator.site.kept import lay
from generator.site.policy import TRUSTED, Policy
from generator.site.repeated import make_once, repeats, use_one_converter

#: Folders of the site into which mkdocs itself writes nothing; pages get a policy and stay files of their own.
LINKED = ("api/", "assets/", "data/")


#: What mkdocs.yml asks for, loaded while there is nothing to do yet.
BEFOREHAND = (
    "generator.site.cards", "generator.site.raw", "markdown.extensions.admonition", "markdown.extensions.attr_list",
    "markdown.extensions.tables", "material.plugins.search.plugin", "pymdownx.superfences",
)  # fmt: skip


class _Left(File):
    """A file that another process builds, or that is kept as it is."""

    def is_modified(self) -> bool:
        return False


class _Linked(File):
    """A file that no other takes the place of: a second name of it lies in the site, where the disk can do that."""

    def copy_file(self, dirty: bool = False) -> None:  # noqa: ARG002 - mkdocs names it; the folder of a job is new
        assert self.abs_src_path is not None
        target = Path(self.abs_dest_path)
        target.parent.mkdir(parents=True, exist_ok=True)
        lay(Path(self.abs_src_path), target)


class _Selected(BasePlugin):
    """Renders the wanted pages only, and remembers their search entries, anchors and links to anchors. `job` is the one that this
    process does."""

    def __init__(self, jobs: Sequence[Path]) -> None:
        super().__init__()
        self.job, self._further = jobs[0], jobs[1:]
        self._others: list[int] = []
        self._built: dict[str, tuple[Any, list[dict[str, str]]]] = {}
        self._seen = 0
        self._policy: Policy | None = None
        self._bases: set[str] = set()
        self.order: list[str] = []

    def on_files(self, files: Files, *, config: MkDocsConfig, **_: Any) -> Files:
        self.order = [file.src_uri for file in files.documentation_pages()]
        self._bases = {get_relative_url(".", file.url) for file in files.documentation_pages()}
        self._divide(files, config)
        told = read_json(self.job)
        pages = None if told["pages"] is None else set(told["pages"])
        for file in files:
            wanted = (pages is None or file.src_uri in pages) if file.is_documentation_page() else told["statics"]
            if not wanted:
                file.__class__ = _Left
            elif file.src_dir == config.docs_dir and file.src_uri.startswith(LINKED) and file.src_uri[-5:] != ".html":
                file.__class__ = _Linked
        return files

    def _divide(self, files: Files, config: MkDocsConfig) -> None:
        """A process for each further job, which goes on from here as this one does, into a folder of its own."""
        for job in self._further:
            if process := os.fork():
                self._others.append(process)
                continue
            self.job, self._others = job, []
            config.site_dir = read_json(job)["site_dir"]
            for file in files:
                file.dest_dir = config.site_dir
            return

    def others_done(self) -> bool:
        """Waits for the processes of the further jobs; False when one of them failed, which said why."""
        codes = [os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) for process in self._others]
        return not any(codes)

    def on_env(self, env: Any, **_: Any) -> Any:
        env.auto_reload = False  # templates do not change during a build: no look at the disk for each of their uses
        make_once(env)
        return env

    @event_priority(-100)  # after the search plugin has added the page's entries
    def on_page_context(self, context: Any, *, page: Any, config: MkDocsConfig, nav: Navigation, **_: Any) -> Any:
        entries = getattr(config.plugins["material/search"], "search_index").entries  # noqa: B009 - mkdocs types plugins as bare
        self._built[page.file.src_uri] = (page, entries[self._seen :])
        self._seen = len(entries)
        return repeats(context, page=page, nav=nav)

    def on_post_template(self, output: str, *, template_name: str, **_: Any) -> str:
        if template_name != TRUSTED:
            return output
        self._policy = Policy(output, self._bases)
        return self._policy.put_into(output, name=TRUSTED)

    def on_post_page(self, output: str, *, page: Any, **_: Any) -> str:
        page.markdown = page.content = None  # written; a large site is not held in memory
        try:
            return self.policy.put_into(output, name=page.file.dest_uri)
        except CapewatchError as error:
            raise BuildError(str(error)) from error

    @property
    def policy(self) -> Policy:
        if self._policy is None:
            raise BuildError(f"{TRUSTED} is missing: the theme's own scripts cannot be told from others")
        return self._policy

    def report(self) -> dict[str, Any]:
        """What the parent joins: the order of all pages, and of each built one what a whole build would know."""
        return {
            "order": self.order,
            "policy": self.policy.text,
            "pages": {
                path: {
                    "dest": page.file.dest_uri,
                    "entries": entries,
                    "anchors": sorted(page.present_anchor_ids or ()),
                    "links": {
                        file.src_uri: sorted(anchors) for file, anchors in sorted(
                            (page.links_to_anchors or {}).items(), key=lambda item: item[0].src_uri)
                    },
                }
                for path, (page, entries) in self._built.items()
            },
        }  # fmt: skip


def _not_the_dirty_notice(record: logging.LogRecord) -> bool:
    """A build of some pages is what mkdocs calls dirty; its advice against that would count as a fault of the site."""
    return "'dirty' build" not in record.getMessage()


def run(jobs: Sequence[Path]) -> None:
    """Do the jobs. Exits with 1 when one that another process did failed."""
    told = read_json(jobs[0])
    os.environ["SOURCE_DATE_EPOCH"] = str(told["epoch"])
    logging.getLogger("mkdocs.commands.build").addFilter(_not_the_dirty_notice)
    logging.getLogger("mkdocs").addHandler(_stream())
    gc.set_threshold(100_000, 20, 50)  # millions of short-lived nodes: the default collects far too often
    config = load_config(told["config"], site_dir=told["site_dir"], strict=True)
    use_one_converter()
    keep_theme(config.theme, Path(told["config"]).parent)
    selected = _Selected(jobs)
    config.plugins["capewatch-pages"] = selected
    try:
        build(config, dirty=True)
        selected.job.with_suffix(".out.json").write_text(canonical_json(selected.report()), encoding="utf-8")
    finally:
        done = selected.others_done()
    if not done:
        sys.exit(1)


def _stream() -> logging.Handler:
    handler = logging.StreamHandler()
    handler.setLevel(logging.WARNING)
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    return handler


if __name__ == "__main__":
    for module in BEFOREHAND:
        importlib.import_module(module)
    told = sys.stdin.readline().strip()  # one line, not to the end: forked processes of the parent keep that open
    if told:
        run([Path(job) for job in json.loads(told)])
