"""Anchors that a page had before parts of it went to pages of their own: each still leads to its part."""

from __future__ import annotations

import re
from collections.abc import Sequence

from markupsafe import Markup

from generator.site.page import Page, base_of
from generator.site.raw import marked

_ANCHOR = re.compile(r'(?:\sid="|\{ #)([A-Za-z][\w.-]*)')


def moved(body: str, parts: Sequence[Page], url: str) -> str:
    """For every anchor of `parts` that `body`, the Markdown of the page at `url`, has not: a line that says where it is now,
    shown only to who asks for that anchor."""
    taken = set(_ANCHOR.findall(body))
    lines = []
    for page in parts:
        for anchor in dict.fromkeys(_ANCHOR.findall(page.body)):
            if anchor in taken:
                continue
            taken.add(anchor)
            lines.append(
                Markup(
                    '<p class="cw-note cw-moved" id="{}">This part has moved to <a href="{}{}#{}">{}</a>.</p>'
                ).format(anchor, base_of(url), page.url, anchor, page.title)
            )
    block = Markup("<div data-search-exclude>\n{}\n</div>").format(Markup("\n").join(lines))
    return f"{marked(block)}\n\n" if lines else ""
