"""A Markdown extension that takes finished HTML as it is.

The pages hold large tables and drawings. Python-Markdown would parse each tag of them only to keep it unchanged; between
the two marks it is kept without being read. A page builds the same without this extension, only slower.
"""

from __future__ import annotations

import re
from typing import Any

from markdown.core import Markdown
from markdown.extensions import Extension
from markdown.preprocessors import Preprocessor

OPEN, CLOSE = "<!-- html -->", "<!-- /html -->"
_BLOCK = re.compile(rf"^{re.escape(OPEN)}\n(.*?)\n{re.escape(CLOSE)}$", re.DOTALL | re.MULTILINE)


def marked(html: str) -> str:
    """HTML that stands on lines of its own, between the two marks."""
    inner = html.replace(OPEN, "").replace(CLOSE, "").strip("\n")
    return f"{OPEN}\n{inner}\n{CLOSE}"


class _Keep(Preprocessor):
    def run(self, lines: list[str]) -> list[str]:
        text = _BLOCK.sub(lambda found: f"\n\n{self.md.htmlStash.store(found.group(1))}\n\n", "\n".join(lines))
        return text.split("\n")


class RawHtml(Extension):
    """Registers the preprocessor after whitespace is normalised (30) and before HTML blocks are parsed (20)."""

    def extendMarkdown(self, md: Markdown) -> None:
        md.preprocessors.register(_Keep(md), "capewatch-html", 25)


def makeExtension(**options: Any) -> RawHtml:
    return RawHtml(**options)
