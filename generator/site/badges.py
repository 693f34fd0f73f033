"""Badges as static SVG, from the same label, message and colour as the endpoints: predictions, claims and each claim, the h of a model."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from generator.core import canonical_json
from generator.report.bundle import Bundle
from generator.site import format
from generator.site.escape import plain

FOLDER, ENDPOINTS = "badges", "api/v1/badges"
#: Names of badge colours -> fills on which white text has a contrast of 4.5 to 1 or more.
FILLS = {
    "brightgreen": "#1a6b3c",
    "green": "#2f7d32",
    "orange": "#9a5200",
    "red": "#a3262a",
    "blue": "#1f5fa8",
    "blueviolet": "#6b4fa0",
    "lightgrey": "#57606b",
}
_LABEL_FILL = "#343b44"
_NARROW, _WIDE = frozenset("fijlrt.,:;'|!I[]() "), frozenset("mwMW@%")
#: Tracks whose residual a badge of a model shows, the first that has one.
H_TRACKS = ("maker", "epoch")


VERDICT_COLOURS = {"reproduced": "green", "reproduced with another recipe": "orange", "not reproduced": "red"}


def badge_svg(label: str, message: str, colour: str) -> str:
    """A flat badge, 20 px high. Texts are set to the width that the box was made for, whatever font is at hand."""
    label, message = plain(label), plain(message)
    first, second = _width(label), _width(message)
    left, right = first + 12, second + 12
    words = f"{label}: {message}"
    texts = "".join(
        f'<text x="{x}" y="14" textLength="{width}" lengthAdjust="spacingAndGlyphs">{escape(text)}</text>'
        for x, width, text in ((6, first, label), (left + 6, second, message))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" aria-label={quoteattr(words)}>'
        f"<title>{escape(words)}</title>"
        f'<clipPath id="r"><rect width="{left + right}" height="20" rx="3"/></clipPath>'
        f'<g clip-path="url(#r)"><rect width="{left}" height="20" fill="{_LABEL_FILL}"/>'
        f'<rect x="{left}" width="{right}" height="20" fill="{FILLS[colour]}"/></g>'
        f'<g fill="#fff" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11">{texts}</g></svg>\n'
    )


def badges(bundle: Bundle) -> Iterator[tuple[str, str, str]]:
    """Path, text and description of every badge; endpoints of predictions are there already and only get their drawing."""
    for name, badge, text in _all(bundle):
        colour = badge["color"] if badge["color"] in FILLS else "lightgrey"
        yield f"{FOLDER}/{name}.svg", badge_svg(badge["label"], badge["message"], colour), f"{text}, SVG"
        if f"{ENDPOINTS}/{name}.json" not in bundle.sections.get("outputs", {}):
            yield f"{ENDPOINTS}/{name}.json", canonical_json(badge), f"{text}, endpoint"


def _all(bundle: Bundle) -> Iterator[tuple[str, Mapping[str, Any], str]]:
    for path, text in sorted(bundle.sections.get("outputs", {}).items()):
        if path.startswith(f"{ENDPOINTS}/"):
            name = path.removeprefix(f"{ENDPOINTS}/").removesuffix(".json")
            yield name, json.loads(text), f"badge of {name}"
    counts = bundle.sections.get("claims", {}).get("counts")
    if counts:
        same = sum(number for verdict, number in counts.items() if verdict.startswith("reproduced"))
        yield "claims", _badge("claims", f"{same} of {sum(counts.values())} reproduced", "blue"), "badge of the claims"
    for claim in bundle.sections.get("claims", {}).get("items", ()):
        badge = _badge("claim", claim["verdict"], VERDICT_COLOURS.get(claim["verdict"], "lightgrey"))
        yield f"claims/{claim['id']}", badge, f"badge of the claim {claim['title']}"
    seen: set[str] = set()
    for track in H_TRACKS:
        table = bundle.tables.get(f"hfield-{track}")
        for row in table.rows if table else ():
            if row["model"] not in seen:
                seen.add(row["model"])
                colour = "orange" if row["outside"] else "lightgrey"
                badge = _badge(f"h, {track}", f"{format.signed(row['h'])} pp", colour)
                yield f"models/{row['model']}", badge, f"badge of the h of {row['model']}"


def _badge(label: str, message: str, colour: str) -> dict[str, Any]:
    return {"schemaVersion": 1, "label": label, "message": message, "color": colour}


def _width(text: str) -> int:
    """Width in px at 11 px, near enough for a box around it."""
    units = sum(3.6 if one in _NARROW else 10.2 if one in _WIDE else 7.5 if one.isupper() else 6.6 for one in text)
    return max(round(units), 1)
