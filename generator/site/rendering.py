"""Bundle to Markdown: assembles build/docs from the hand-written pages and the generated ones.

Only files whose bytes changed are written and files of an older build are removed, so that a rebuild touches little.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from generator.core import CapewatchError, canonical_json, write_if_changed
from generator.report.beside import in_turn, settled
from generator.report.bundle import Bundle
from generator.report.tables import OWN
from generator.site import colours, format, published
from generator.site.catalogue import GROUPS, NAVIGATION, navigation
from generator.site.charts import BUNDLE_PATH, ChartStore
from generator.site.charts.drawing import Drawers
from generator.site.compiled import Compiled
from generator.site.docs import Docs
from generator.site.embeds import catalogue, embed_pages
from generator.site.escape import search_text, shown
from generator.site.handwritten import hand_written, marks, put_in
from generator.site.outputs import CHARTS, outputs
from generator.site.page import Fragment, Group, Page, base_of
from generator.site.raw import marked
from generator.site.social import FOLDER as SOCIAL
from generator.site.social import name_of, pictures
from generator.site.standing import Fragments
from generator.site.view import View

#: The alias of the newest cut version, to which canonical links lead.
LATEST = "latest"
COMMON_STYLES = "assets/stylesheets/capewatch.css"
LAB_STYLES = "assets/stylesheets/labs.css"
_RESERVED = re.compile(r"(^|/)(index|readme)$", re.IGNORECASE)
# hand-written pages and the page that each generated folder lists
_NOT_IN_NAV = (
    "/models/*",
    "/labs/*",
    "/families/*",
    "/benchmarks/*",
    "/predictions/*",
    "/claims/*",
    "/forecasts/*",
    "/frontier/*",
    "/steering/runs/*",
    "/changes/*",
)


@dataclass(frozen=True)
class RenderReport:
    """What a rendering made: pages, files in the docs folder, how many of them changed, how many stale ones went; of each
    hand-written file the name and the text of the fragments in it."""

    pages: int
    files: int
    changed: int
    removed: int
    fragments: Fragments = field(default_factory=dict, repr=False, compare=False)


def render(
    bundle: Bundle,
    *,
    root: Path,
    out: Path,
    site_url: str,
    versioned: bool = False,
    written: Callable[[], object] = lambda: None,
) -> RenderReport:
    """Write `out`/docs and `out`/mkdocs.yml from the bundle and the project folder `root`.

    versioned: the site becomes one of several versions below `site_url`; every address in it is that of the latest.
    written: what is to be done before the bundle's files are read from build/bundle: it is done in another process.

    Raises CapewatchError when two pages have one address, a name is reserved, or a hand-written page asks for a fragment
    that no group makes.
    """
    if versioned:
        site_url = f"{site_url.rstrip('/')}/{LATEST}/"
    with settled(), Drawers() as drawers:
        view = View(bundle, root, ChartStore(out / "cache" / "charts", drawers), compiled=Compiled(out, "pages"))
        docs = Docs(out / "docs", frozenset(path for _tab, entries in NAVIGATION for _title, path in entries))
        others = [group for group in GROUPS if group.apart]
        # one process for all of it: more would share two cores, and each would hold a copy of the data
        *made, wrote, programs = in_turn(
            *(partial(_made_apart, view, group, docs.folder) for group in others),
            written,
            partial(_programs, bundle, root, docs.folder, site_url),
        )
        apart = dict(zip((group.name for group in others), made, strict=True))
        view.charts.ask_for_script()  # from here on there are threads, and no process is forked
        fragments: dict[str, list[tuple[str, str]]] = {}
        for path, content in _files(view, apart, docs, fragments):
            docs.add(path, content, waits=isinstance(content, str) and view.charts.has_places(content))
        main = {
            path: docs.texts[path] for _tab, entries in NAVIGATION for _title, path in entries if path in docs.texts
        }
        drawn = pictures(view, main, out / "cache" / "social", drawers)
        places = _places(docs)
        for path, html in embed_pages(view, places):
            docs.put(path, html, waits=view.charts.has_places(html))
        wrote()
        for path, content in chain(view.downloads(), bundle.files.items()):
            docs.add(path, content)
        docs.join(programs())
        drawers.finish()
    docs.finish(lambda text: shown(view.charts.filled(text)))
    for path, kept in drawn.items():
        docs.put(path, kept.read_bytes())
    docs.put(BUNDLE_PATH, view.charts.bundle())
    charts = catalogue(view, places, f"{site_url.rstrip('/')}/")
    docs.put(CHARTS, canonical_json(charts, indent=1))
    write_if_changed(out / "search.json", canonical_json(view.search_entries))
    write_if_changed(out / "days.json", canonical_json({"site_url": site_url, "days": view.days}))
    removed = docs.remove_others()
    described = configuration(root, out, site_url, docs.paths, about=about(view, main), versioned=versioned)
    write_if_changed(out / "mkdocs.yml", described)
    view.charts.tidy()
    told = {name: [(mark, view.charts.filled(text)) for mark, text in placed] for name, placed in fragments.items()}
    return RenderReport(sum(path.endswith(".md") for path in docs.paths), len(docs.paths), docs.changed, removed, told)


@dataclass(frozen=True)
class Part:
    """A group's pages, written: what was put into the docs folder, the further files they need, and what is told of them."""

    docs: Docs
    extra_files: dict[str, str]
    search_entries: list[dict[str, str]]
    days: dict[str, str]


#: The pages of a group that is made in another process, when asked for.
Apart = Mapping[str, Callable[[], Part]]


def _made_apart(view: View, group: Group, folder: Path) -> Part:
    """Write the pages of a group, which hold no chart."""
    view = replace(view, extra_files={}, search_entries=[], days={})
    docs = Docs(folder, frozenset(path for _tab, entries in NAVIGATION for _title, path in entries))
    for path, text in _texts(view, group):
        docs.add(path, text)
    return Part(docs, view.extra_files, view.search_entries, view.days)


def _programs(bundle: Bundle, root: Path, folder: Path, site_url: str) -> Docs:
    """Write the files for programs."""
    docs = Docs(folder)
    for path, text in outputs(bundle, root=root, site_url=site_url):
        docs.put(path, text)
    return docs


def _files(
    view: View, apart: Apart, docs: Docs, told: dict[str, list[tuple[str, str]]]
) -> Iterator[tuple[str, bytes | str]]:
    """Every page and what it needs, but what is drawn beside or written apart. Charts come last: making the pages fills the store."""
    yield from _hand_written(view, told)
    yield from _generated(view, apart, docs)
    yield LAB_STYLES, colours.stylesheet(view.bundle.entities["labs"])
    yield from ((path, shown(text)) for path, text in view.charts.files.items())


def _places(docs: Docs) -> dict[str, tuple[str, str]]:
    """Chart → address and anchor of the page that shows it; the home page only where no other does."""
    found: dict[str, tuple[str, str]] = {}
    for path in sorted(docs.charts, key=lambda path: (path != "index.md", path)):
        url = Page(path, "", "", "").url
        found |= {chart: (url, anchor) for chart, anchor in docs.charts[path].items()}
    return found


def _hand_written(view: View, told: dict[str, list[tuple[str, str]]]) -> Iterator[tuple[str, bytes | str]]:
    """The hand-written files with their fragments, which are noted in `told` too; one without a tag stands within its sentence."""
    known: dict[str, Fragment] = {}
    for group in GROUPS:
        known.update(group.fragments)
    for name, path in hand_written(view.root):
        told[name] = []
        if path.suffix != ".md":
            yield name, path.read_bytes()
            continue
        text, base = path.read_text(encoding="utf-8"), base_of(Page(name, "", "", "").url)
        for mark in marks(text):
            if mark not in known:
                raise CapewatchError(f"{path}: no fragment {mark!r}", hint=f"there are: {', '.join(sorted(known))}")
            fragment = format.joined_units(str(known[mark](view, base)))
            told[name].append((mark, marked(fragment) if "<" in fragment else fragment))
        yield name, put_in(text, [fragment for _mark, fragment in told[name]])


def _generated(view: View, apart: Apart, docs: Docs) -> Iterator[tuple[str, str]]:
    """The pages of all groups, and the further files that they need; those of `apart` are in `docs` already when they are asked for."""
    entries: dict[str, list[dict[str, str]]] = {}
    for group in GROUPS:
        if group.name not in apart:
            view.search_entries = entries[group.name] = []
            yield from _texts(view, group)
    view.charts.rest()
    for name, call in apart.items():
        part = call()
        docs.join(part.docs)
        view.extra_files |= part.extra_files
        view.days |= part.days
        entries[name] = part.search_entries
    view.search_entries = [entry for group in GROUPS for entry in entries[group.name]]
    for path, text in view.extra_files.items():
        yield path, text if path.startswith(published.FOLDER) else shown(text)


def _texts(view: View, group: Group) -> Iterator[tuple[str, str]]:
    """Path and Markdown of each page of a group, with its day and its entry of the search index put into the view."""
    for index, page in enumerate(group.pages(view) if group.pages else ()):
        if index and _RESERVED.search(page.path.removesuffix(".md")):
            raise CapewatchError(f"{page.path}: the id is reserved for an index page", hint="choose another id")
        if page.day:
            view.days[page.url] = page.day
        if page.search:
            view.search_entries.append(
                {"location": page.url, "title": search_text(page.title), "text": search_text(page.search)}
            )
        yield page.path, shown(format.joined_units(page.text))


def about(view: View, pages: Mapping[str, str]) -> dict[str, Any]:
    """Day, version, digest and licence of the data, the picture of each main page by its address, and the labs that have a feed."""
    return {
        "as_of": view.as_of,
        "version": str(view.meta["version"]),
        "digest": str(view.meta["data_digest"]),
        "licence": OWN,
        "pictures": dict(sorted((Page(path, "", "", "").url, f"{SOCIAL}/{name_of(path)}") for path in pages)),
        "feeds": sorted(
            {model["lab"] for model in view.bundle.entities["models"] if model["observations"]} & set(view.labs)
        ),
    }


def configuration(
    root: Path, out: Path, site_url: str, paths: set[str], *, about: Mapping[str, Any], versioned: bool = False
) -> str:
    """The generated mkdocs.yml (JSON is YAML): the plain one with docs folder, navigation and styles of this build.

    about: what the head of every page says of the data, `View` and pictures included.
    """
    upward = os.path.relpath(root, out)
    return canonical_json(
        {
            "INHERIT": f"{upward}/mkdocs.yml",
            "docs_dir": "docs",
            "site_dir": "site",
            "site_url": site_url,
            "theme": {"custom_dir": f"{upward}/site_src/overrides"},
            "extra_css": [COMMON_STYLES, LAB_STYLES],
            "markdown_extensions": {"generator.site.raw": {}, "generator.site.cards": {}},
            "extra": {"capewatch": dict(about)}
            | ({"version": {"provider": "mike", "default": LATEST}} if versioned else {}),
            "nav": navigation(paths),
            "not_in_nav": "\n".join(_NOT_IN_NAV),
        },
        indent=1,
    )
