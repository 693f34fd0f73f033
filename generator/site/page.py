"""A page before it is written, and the group of pages that one module makes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from generator.site.escape import front_matter, plain

if TYPE_CHECKING:
    from generator.site.view import View


_FRONT = re.compile(r"^(title|description): (.*)$", re.MULTILINE)
_PLACED = re.compile(r'id="([^"]+)" data-cw-chart="(?:\.\.?/)*assets/charts/([^"]+)\.json"')


@dataclass(frozen=True)
class Page:
    """One Markdown page.

    path: relative to the docs folder, ``models/gpt-5.md``; title: plain text; description: one plain sentence for search
    engines and link previews; body: Markdown with raw HTML blocks, already escaped; hide: theme parts to leave out;
    search: the line under which it is found, for a page whose tables the search index is spared; edit: the file a
    reader edits to change what the page shows; day: up to which its data reach, where that is not the day of all data.
    """

    path: str
    title: str
    description: str
    body: str
    hide: tuple[str, ...] = ()
    search: str = ""
    edit: str = ""
    day: str = ""

    @property
    def url(self) -> str:
        """Address below the site's root, as the builder will publish it: ``models/gpt-5/``, or empty for the home page."""
        stem = self.path.removesuffix(".md")
        if stem == "index":
            return ""
        return f"{stem.removesuffix('/index')}/"

    @property
    def text(self) -> str:
        """The bytes of the Markdown file."""
        values: dict[str, object] = {"title": self.title, "description": self.description}
        if self.hide:
            values["hide"] = list(self.hide)
        if self.search:
            values["search"] = {"exclude": True}
        if self.edit:
            values["edit_path"] = self.edit
        return front_matter(values) + self.body.rstrip() + "\n"


Fragment = Callable[["View", str], str]


@dataclass(frozen=True)
class Group:
    """What one page module makes.

    pages: the generated pages, index page first; fragments: by name, what fills the markers of hand-written pages
    (``<!-- capewatch:home/counts -->``), each given the view and the way up to the root; apart: the pages hold no chart and
    may be made in another process.
    """

    name: str
    pages: Callable[[View], Iterable[Page]] | None = None
    fragments: Mapping[str, Fragment] = field(default_factory=dict)
    apart: bool = False


def base_of(url: str) -> str:
    """The relative way from a page up to the site's root: ``../../`` for ``models/gpt-5/``, ``./`` for the home page."""
    return "../" * url.count("/") or "./"


def charts_in(markdown: str) -> dict[str, str]:
    """Chart -> anchor, of the charts that stand on a page."""
    return {chart: anchor for anchor, chart in _PLACED.findall(markdown)}


def words_of(markdown: str) -> tuple[str, str]:
    """Title and description that the Markdown of a page gives itself, HTML-escaped as they stand there."""
    said = {key: plain(_unquoted(value)) for key, value in _FRONT.findall(markdown[:2_000])}
    title = said.get("title") or next(iter(re.findall(r"^# (.*)$", markdown, re.MULTILINE)), "capewatch")
    return title, said.get("description", "")


def _unquoted(value: str) -> str:
    return str(json.loads(value)) if value.startswith('"') else value
