"""A static picture of one claim: how far each recomputed number lies from the printed one, as a share of the printed one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from generator.site import format
from generator.site.escape import filled

REACH = 1.0  # shares shown on each side; farther numbers are drawn at the edge as arrows
_WIDTH, _ROW, _TOP = 640, 26, 8
#: Room for the names: a letter in the larger words of a phone, and at most half of the picture.
_LETTER, _MOST = 8.5, 320
_TICKS = (-1.0, -0.5, 0.0, 0.5, 1.0)
Row = Mapping[str, Any]


def deviations(numbers: Sequence[Row]) -> list[tuple[str, float, float, bool]]:
    """(name, deviation, tolerance, agrees) of every number that can be compared, both as shares of the printed value."""
    found = []
    for one in numbers:
        printed, recomputed = one["value"], one["recomputed"]
        if not isinstance(printed, int | float) or not isinstance(recomputed, int | float) or not printed:
            continue
        tolerance = (one["allowed"] or 0.0) / abs(printed)
        found.append((one["name"], (recomputed - printed) / abs(printed), tolerance, one["status"] == "agrees"))
    return found


def chart(numbers: Sequence[Row]) -> Markup:
    """Inline SVG, one row a number: the printed value is the middle line, the band its tolerance, the mark the recomputed one.

    Agreement is a filled dot, disagreement a hollow diamond, so colour alone says nothing. Empty when nothing compares.
    """
    rows = deviations(numbers)
    if not rows:
        return Markup("")
    left = min(_MOST, round(24 + _LETTER * max(len(name) for name, *_ in rows)))
    height = _TOP + _ROW * len(rows) + 24
    said = "; ".join(f"{name} {format.signed(100 * share, 1)} %" for name, share, _allowed, _agrees in rows)
    marks = Markup("").join(_row(index, *row, left=left) for index, row in enumerate(rows))
    bottom = _TOP + _ROW * len(rows)
    ticks = Markup("").join(
        filled(
            '<text x="{}" y="{}" text-anchor="middle">{} %</text>',
            _at(tick, left),
            bottom + 16,
            format.signed(100 * tick, 0),
        )
        for tick in _TICKS
    )
    return filled(
        '<svg class="cw-deviation" viewBox="0 0 {} {}" role="img" aria-label="Recomputed against printed: {}">'
        '<line class="zero" x1="{}" x2="{}" y1="{}" y2="{}"/>{}{}</svg>',
        _WIDTH,
        height,
        said,
        _at(0.0, left),
        _at(0.0, left),
        _TOP,
        bottom,
        marks,
        ticks,
    )


def _at(share: float, left: int) -> float:
    inside = min(max(share, -REACH), REACH)
    return round(left + (_WIDTH - left - 30) * (inside + REACH) / (2 * REACH), 1)


def _row(index: int, name: str, share: float, tolerance: float, agrees: bool, *, left: int) -> Markup:
    middle = _TOP + _ROW * index + _ROW / 2
    low, high = _at(-tolerance, left), _at(tolerance, left)
    band = filled('<rect class="band" x="{}" y="{}" width="{}" height="14"/>', low, middle - 7, max(high - low, 2.0))
    if agrees:
        mark = filled('<circle class="agrees" cx="{}" cy="{}" r="5"/>', _at(share, left), middle)
    else:
        x, size = _at(share, left), 6
        points = f"{x},{middle - size} {x + size},{middle} {x},{middle + size} {x - size},{middle}"
        mark = filled('<polygon class="differs" points="{}"/>', points)
    label = filled('<text x="{}" y="{}" text-anchor="end">{}</text>', left - 12, middle + 4, name)
    return band + mark + label
