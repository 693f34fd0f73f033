"""A number line with the residual of one model and the prediction interval around the trend: a small static picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from generator.site import format
from generator.site.escape import filled

REACH = 30.0  # pp shown on each side of the trend
_WIDTH, _HEIGHT = 320, 44


def strip(row: Mapping[str, Any]) -> Markup:
    """Inline SVG of h (a dot, cut at ±REACH) over the band that the prediction interval of a single model leaves."""

    def at(value: float) -> float:
        return round(_WIDTH * (min(max(value, -REACH), REACH) + REACH) / (2 * REACH), 1)

    low, high = row["pi_low"] - row["fitted"], row["pi_high"] - row["fitted"]
    label = f"h {format.pp(row['h'])}; 95 % of single models lie between {format.pp(low)} and {format.pp(high)}"
    marks = Markup("").join(
        filled('<text x="{}" y="41" text-anchor="{}">{}</text>', at(value), anchor, format.signed(value, 0))
        for value, anchor in ((-REACH, "start"), (0.0, "middle"), (REACH, "end"))
    )
    return filled(
        '<svg class="cw-strip" viewBox="0 0 {width} {height}" role="img" aria-label="{label}">'
        '<rect x="{left}" y="6" width="{span}" height="18" class="band"/><line x1="0" x2="{width}" y1="15" y2="15" class="axis"/>'
        '<line x1="{zero}" x2="{zero}" y1="3" y2="27" class="zero"/><circle cx="{dot}" cy="15" r="6"/>{marks}</svg>',
        width=_WIDTH, height=_HEIGHT, label=label, left=at(low), span=round(at(high) - at(low), 1), zero=at(0.0), dot=at(row["h"]),
        marks=marks,
    )  # fmt: skip
