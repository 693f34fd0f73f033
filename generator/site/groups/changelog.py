"""Changelog: CHANGELOG.md of the project as a page; changes of data and verdicts have pages of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator

from generator.site.page import Group, Page
from generator.site.view import View

SOURCE = "CHANGELOG.md"
_TITLE = re.compile(r"\A# [^\n]*\n")


def pages(view: View) -> Iterator[Page]:
    """The page, or nothing where the project has no such file."""
    path = view.root / SOURCE
    if not path.is_file():
        return
    text = _TITLE.sub("", path.read_text(encoding="utf-8")).strip()
    yield Page(
        "changelog.md",
        "Changelog",
        "What changed in the code of capewatch, version by version.",
        f"# Changelog\n\n{text}",
    )


GROUP = Group("changelog", pages)
