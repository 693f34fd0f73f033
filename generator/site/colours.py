"""Colours of labs and of phases as CSS variables, readable on light and dark ground, and a shape for each lab.

A lab keeps its colour and shape on every page. A colour from data/labs is darkened or lightened just as far as needed
for a contrast of 3:1 against the page, the WCAG 2.2 minimum for marks.
"""

from __future__ import annotations

import colorsys
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LIGHT_GROUND = "#ffffff"
DARK_GROUND = "#15181d"
MINIMUM_CONTRAST = 3.0
FALLBACK = "#6b7280"
SHAPES = ("circle", "square", "diamond", "triangle-up", "cross", "triangle-down", "triangle-right", "triangle-left")
_HEX = re.compile(r"^#[0-9a-fA-F]{6}$")
# outlines on a 12 × 12 box, for the legends written in HTML
OUTLINES = {
    "circle": "M6 1.5a4.5 4.5 0 1 1 0 9a4.5 4.5 0 1 1 0-9z",
    "square": "M2 2h8v8h-8z",
    "diamond": "M6 .8 11.2 6 6 11.2 .8 6z",
    "triangle-up": "M6 1.2 11 10.2H1z",
    "triangle-down": "M6 10.8 1 1.8h10z",
    "triangle-right": "M10.8 6 1.8 11V1z",
    "triangle-left": "M1.2 6 10.2 1v10z",
    "cross": "M4.3 1h3.4v3.3H11v3.4H7.7V11H4.3V7.7H1V4.3h3.3z",
}


@dataclass(frozen=True)
class Mark:
    """How one lab looks in a chart: a CSS colour (a variable) and a Vega symbol name."""

    colour: str
    shape: str

    @property
    def outline(self) -> str:
        return OUTLINES[self.shape]


def marks(labs: Sequence[Mapping[str, Any]]) -> dict[str, Mark]:
    """A mark for each lab; shapes go round in the order of the number of models, so the largest labs differ."""
    ordered = sorted(labs, key=lambda lab: (-int(lab.get("n_models") or 0), lab["id"]))
    return {lab["id"]: Mark(f"var({variable(lab['id'])})", SHAPES[i % len(SHAPES)]) for i, lab in enumerate(ordered)}


def variable(lab: str) -> str:
    """The CSS variable of a lab's colour."""
    return "--cw-lab-" + re.sub(r"[^a-z0-9-]", "-", lab.lower())


def stylesheet(labs: Sequence[Mapping[str, Any]]) -> str:
    """The CSS that defines every lab's colour for the light and the dark palette, and for print."""
    light, dark = [], []
    for lab in sorted(labs, key=lambda item: item["id"]):
        colour = str(lab.get("colour") or "")
        colour = colour if _HEX.match(colour) else FALLBACK
        light.append(f"{variable(lab['id'])}:{readable(colour, LIGHT_GROUND)}")
        dark.append(f"{variable(lab['id'])}:{readable(colour, DARK_GROUND)}")
    return f':root{{{";".join(light)}}}\n@media screen{{[data-md-color-scheme="slate"]{{{";".join(dark)}}}}}\n'


def readable(colour: str, ground: str, minimum: float = MINIMUM_CONTRAST) -> str:
    """The colour itself, or the nearest lightness of the same hue that has `minimum` contrast against `ground`."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*_channels(colour))
    step = -0.02 if luminance(ground) > 0.5 else 0.02
    while contrast(colour, ground) < minimum and 0 <= lightness + step <= 1:
        lightness += step
        colour = "#" + "".join(f"{round(255 * part):02x}" for part in colorsys.hls_to_rgb(hue, lightness, saturation))
    return colour


def contrast(one: str, other: str) -> float:
    """WCAG contrast ratio of two colours, 1 to 21."""
    first, second = sorted((luminance(one), luminance(other)), reverse=True)
    return (first + 0.05) / (second + 0.05)


def luminance(colour: str) -> float:
    """WCAG relative luminance, 0 to 1."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _channels(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _channels(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue
