"""A Markdown extension that gives a table of a written page the form of the site's own tables; a wide one is cards on a phone.

A page builds without this extension too; its wide tables then scroll sideways.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element

from markdown.core import Markdown
from markdown.extensions import Extension
from markdown.treeprocessors import Treeprocessor

from generator.site.tables import PHONE_COLUMNS, PHONE_STACKED

HEADINGS = {f"h{level}" for level in range(1, 7)}


class _Cards(Treeprocessor):
    def run(self, root: Element) -> None:
        heading = ""
        for parent, place, item in list(_walk(root)):
            if item.tag in HEADINGS:
                heading = _text(item)
            if item.tag == "table" and not item.get("class"):
                labels = [_text(cell) for cell in item.iterfind("thead/tr/th")]
                parent[place] = _framed(item, labels, name=heading)


def _walk(parent: Element) -> Iterator[tuple[Element, int, Element]]:
    for place, item in enumerate(parent):
        yield parent, place, item
        yield from _walk(item)


def _text(item: Element) -> str:
    return "".join(item.itertext()).strip()


def _framed(table: Element, labels: list[str], *, name: str) -> Element:
    """The table in a frame that can be reached by keyboard; on a card every cell but the first of a row says its column."""
    stacked = len(labels) >= PHONE_COLUMNS
    table.set("class", f"cw-table {PHONE_STACKED}" if stacked else "cw-table")
    for row in table.iterfind("tbody/tr"):
        for place, (cell, label) in enumerate(zip(row, labels, strict=True)):
            if place and stacked:
                cell.set("data-label", label)
            elif not place:
                cell.tag = "th"
                cell.set("scope", "row")
    frame = Element("div", {"class": "cw-frame", "tabindex": "0", "role": "region", "aria-label": name or labels[0]})
    frame.append(table)
    frame.tail, table.tail = table.tail, None
    return frame


class Cards(Extension):
    """Registers the treeprocessor after inline Markdown is read (20)."""

    def extendMarkdown(self, md: Markdown) -> None:
        md.treeprocessors.register(_Cards(md), "capewatch-cards", 12)


def makeExtension(**options: Any) -> Cards:
    return Cards(**options)
