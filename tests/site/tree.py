"""A built site as a tree of pages: text, links, anchors, loads; what a reader or a crawler must never meet."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

BAD = re.compile(r"(?<![\w-])(NaN|nan|undefined|Infinity|inf|None(?! (?:is|of|are|has)\b))(?![\w-])|\[object|\{\{|\{%")
_SILENT = ("script", "style", "pre")  # BibTeX may write {{
_LOADS = {"img": "src", "script": "src", "iframe": "src", "source": "src", "link": "href"}


class Page(HTMLParser):
    """Text outside scripts and code, links, loads, ids and meta elements of one HTML page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.local: list[str] = []
        self.text: list[str] = []
        self.meta: dict[str, str] = {}
        self.canonical = ""
        self._silent = 0
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if values.get("id"):
            self.ids.add(values["id"])
        if tag == "a" and values.get("href"):
            self.links.append(values["href"])
        if tag == "link" and values.get("rel") == "canonical":
            self.canonical = values["href"]
        elif tag in _LOADS and values.get(_LOADS[tag]):
            self.loads.append(values[_LOADS[tag]])
        # addresses that scripts read
        self.local += [
            values[name]
            for name in values
            if name in ("data-cw-chart", "data-cw-src", "data-cw-diagnose", "data-cw-pairs")
        ]
        if tag == "meta" and (name := values.get("property") or values.get("name")):
            self.meta[name] = values.get("content", "")
        if tag in _SILENT:
            self._silent += 1

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent -= 1

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.text.append(data)


def pages_of(site: Path) -> dict[str, Page]:
    """Every HTML page by its path below the site."""
    return {path.relative_to(site).as_posix(): Page(path) for path in sorted(site.rglob("*.html"))}


def broken(site: Path, pages: Mapping[str, Page]) -> Iterator[tuple[str, str]]:
    """Page and address of every link, load and anchor inside the site that leads nowhere."""
    for path, page in pages.items():
        if path == "404.html":  # its addresses start at the root of the host
            continue
        for link in (*page.links, *page.loads, *page.local):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (site / path).parent / unquote(parts.path) if parts.path else site / path
            target = Path(os.path.normpath(target))
            if target.is_dir():
                target /= "index.html"
            if not target.is_file() or not target.is_relative_to(site):
                yield path, link
            elif parts.fragment and target.suffix == ".html":
                name = target.relative_to(site).as_posix()
                if unquote(parts.fragment) not in pages[name].ids and not parts.fragment.startswith(("__", ":~:")):
                    yield path, link


def bad_texts(pages: Mapping[str, Page]) -> dict[str, str]:
    """Page -> the first broken number or template mark in its text."""
    return {
        path: match.group(0)
        for path, page in pages.items()
        for text in page.text
        if (match := BAD.search(text)) is not None
    }


def foreign(pages: Mapping[str, Page], own: str) -> set[tuple[str, str]]:
    """Page and address of everything loaded from a host that is neither the site's nor `own`."""
    return {
        (path, load) for path, page in pages.items() for load in page.loads if urlsplit(load).netloc not in ("", own)
    }
