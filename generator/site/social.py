"""Pictures for link previews: one a main page, with its name and the number that it is about, drawn from a small SVG."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from generator.core import sha256_bytes
from generator.site import format
from generator.site.charts.drawing import Drawers
from generator.site.escape import plain
from generator.site.page import words_of
from generator.site.view import BASE, FRONTIER, View

FOLDER = "assets/social"
SIZE = (1200, 630)
_FONT = "Liberation Sans"  # carried by vl-convert, so that the bytes do not depend on the machine's fonts
_INK, _MUTED, _GROUND, _ACCENT = "#1b2026", "#57606b", "#ffffff", "#1f5fa8"


@dataclass(frozen=True)
class Card:
    """What a picture says: the page's title, a headline (a number with its unit, or empty), and one sentence."""

    title: str
    headline: str
    sentence: str


def name_of(path: str) -> str:
    """File name of the picture of the page at `path` below the docs folder."""
    stem = path.removesuffix(".md").removesuffix("/index")
    return f"{stem.replace('/', '-')}.png"


def pictures(view: View, pages: Mapping[str, str], cache: Path, drawers: Drawers) -> dict[str, Path]:
    """Path below the docs folder → where the PNG lies once `drawers` have finished, for every page in `pages` (path → Markdown
    with front matter). Nothing is drawn twice."""
    found = {}
    for path, markdown in sorted(pages.items()):
        svg = card_svg(card(view, path, markdown), view.as_of)
        kept = cache / f"{sha256_bytes(svg)[:32]}.png"
        if not kept.is_file():
            drawers.ask(kept, "picture", svg)
        found[f"{FOLDER}/{name_of(path)}"] = kept
    for old in set(cache.glob("*.png")) - set(found.values()):
        old.unlink()
    return found


def card(view: View, path: str, markdown: str) -> Card:
    """The card of one page: title and sentence are the page's own, the headline a number of the bundle."""
    title, description = words_of(markdown)
    headline = HEADLINES.get(path, lambda _view: "")(view)
    return Card("capewatch" if path == "index.md" else plain(_text(title)), headline, _text(description))


def card_svg(shown: Card, as_of: str) -> str:
    """The picture as SVG, 1200 × 630."""
    wide = textwrap.wrap(shown.sentence, 56)[:3]
    top = 350 if shown.headline else 290
    lines = "".join(_line(text, y=top + 52 * index, size=36, fill=_MUTED) for index, text in enumerate(wide))
    headline = _line(shown.headline, y=272, size=64 if len(shown.headline) < 30 else 48, fill=_ACCENT, bold=True)
    parts = (
        f'<rect width="{SIZE[0]}" height="{SIZE[1]}" fill="{_GROUND}"/><rect width="{SIZE[0]}" height="14" fill="{_ACCENT}"/>',
        _line(shown.title, y=160, size=76 if len(shown.title) < 24 else 56, fill=_INK, bold=True),
        headline if shown.headline else "",
        lines,
        _line(f"capewatch · data as of {as_of}", y=575, size=30, fill=_INK),
    )
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="{SIZE[0]}" height="{SIZE[1]}">{"".join(parts)}</svg>'


def _line(text: str, *, y: int, size: int, fill: str, bold: bool = False) -> str:
    weight = ' font-weight="700"' if bold else ""
    return f'<text x="70" y="{y}" font-family="{_FONT}" font-size="{size}"{weight} fill="{fill}">{escape(text)}</text>'


def _text(markup: str) -> str:
    """Front matter is HTML-escaped; a picture is not HTML."""
    return html.unescape(markup)


def _r(track: str, pair: tuple[str, str]) -> Callable[[View], str]:
    def headline(view: View) -> str:
        found = view.pair_statistic(track, "r", pair)
        return f"r = {format.estimate(found)}" if found and format.known(found.get("estimate")) else ""

    return headline


def _count(kind: str, singular: str) -> Callable[[View], str]:
    return lambda view: format.plural(view.meta["counts"][kind], singular)


def _predictions(view: View) -> str:
    counts = (view.section("predictions") or {}).get("counts", {})
    return ", ".join(f"{number} {state}" for state, number in sorted(counts.items()) if number)


def _claims(view: View) -> str:
    counts = (view.section("claims") or {}).get("counts", {})
    same = sum(number for verdict, number in counts.items() if verdict.startswith("reproduced"))
    return f"{same} of {sum(counts.values())} claims reproduced" if counts else ""


HEADLINES: Mapping[str, Callable[[View], str]] = {
    "index.md": _claims,
    "frontier/index.md": _r("maker", FRONTIER),
    "base/index.md": _r("harness-v1", BASE),
    "predictions/index.md": _predictions,
    "claims/index.md": _claims,
    "models/index.md": _count("models", "model"),
    "labs/index.md": _count("labs", "lab"),
    "families/index.md": lambda view: f"{format.count(view.meta['counts']['families'])} families",
    "benchmarks/index.md": _count("benchmarks", "benchmark"),
    "data/index.md": lambda view: f"{format.count(view.meta['counts']['observations'])} sourced observations",
}
