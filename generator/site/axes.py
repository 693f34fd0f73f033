"""Ids of axes inside the sentences of the analyses, written as their names."""

from __future__ import annotations

import re

from generator.site.view import View

SHORT = {
    "swe-bench-verified": "SWE-bench Verified",
    "gpqa-diamond": "GPQA Diamond",
    "hle": "HLE (no tools)",
    "hle-tools": "HLE (with tools)",
    "ifeval": "IFEval",
    "truthfulqa": "TruthfulQA",
    "arc-challenge": "ARC Challenge",
}


def short(view: View, axis: str) -> str:
    """A short name for the head of a narrow column."""
    return SHORT.get(axis, view.axis_name(axis))


def named(view: View, text: str) -> str:
    """`text` with every axis id that stands as a word replaced by the axis' short name, longest ids first."""
    ids = sorted(view.axes, key=len, reverse=True)
    if not ids:
        return text
    words = re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, ids))})(?![\w-])")
    spaced = re.sub(r"(?<=\d)B\b", "\u00a0B", text)
    return words.sub(lambda found: short(view, found.group(1)), spaced)


def capital(text: str) -> str:
    """A capital first letter where that is a plain one: γ12 and κ stay as they are."""
    return text[:1].upper() + text[1:] if text[:1].isascii() else text


def listed(items: list[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)
