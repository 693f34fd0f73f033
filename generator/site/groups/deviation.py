"""A static picture of one claim: how far each recomputed number lies from the printed one, as a share of the printed one."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

from markupsafe import Markup

from generator.site import format
from generator.site.escape import filled

REACH = 1.0  # shares shown on each side; farther numbers are drawn at the edge as arrows
MOST = 100.0  # shares above which no figure is said
_WIDTH, _ROW, _TOP, _RIGHT = 640, 26, 8, 40
#: Room for the names: letters on a line, the width of one and the height of a line in the larger words of a phone.
_LETTERS, _LETTER, _LINE = 20, 10.5, 20
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
    names = [textwrap.wrap(name, _LETTERS, break_long_words=False) for name, *_ in rows]
    left = round(24 + _LETTER * max(len(line) for lines in names for line in lines))
    said = "; ".join(f"{name} {_share(share)}" for name, share, _allowed, _agrees in rows)
    heights = [max(_ROW, 6 + _LINE * len(lines)) for lines in names]
    *tops, bottom = accumulate(heights, initial=_TOP)
    height = bottom + 24
    marks = Markup("").join(
        _label(lines, top + high / 2, left) + _mark(top + high / 2, *row[1:], left=left)
        for lines, top, high, row in zip(names, tops, heights, rows, strict=True)
    )
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


def _share(share: float) -> str:
    """A share in percent; one of more than a hundred times the printed value as such, not as a row of digits."""
    if abs(share) > MOST:
        return f"more than {format.count(round(100 * MOST))} % {'above' if share > 0 else 'below'}"
    return f"{format.signed(100 * share, 1)} %"


def _at(share: float, left: int) -> float:
    inside = min(max(share, -REACH), REACH)
    return round(left + (_WIDTH - left - _RIGHT) * (inside + REACH) / (2 * REACH), 1)


def _mark(middle: float, share: float, tolerance: float, agrees: bool, *, left: int) -> Markup:
    low, high = _at(-tolerance, left), _at(tolerance, left)
    band = filled('<rect class="band" x="{}" y="{}" width="{}" height="14"/>', low, middle - 7, max(high - low, 2.0))
    if agrees:
        return band + filled('<circle class="agrees" cx="{}" cy="{}" r="5"/>', _at(share, left), middle)
    x, size = _at(share, left), 6
    points = f"{x},{middle - size} {x + size},{middle} {x},{middle + size} {x - size},{middle}"
    return band + filled('<polygon class="differs" points="{}"/>', points)


def _label(lines: Sequence[str], middle: float, left: int) -> Markup:
    """The name, its lines about the middle of the row whatever the size of the words."""
    first = 0.35 - 0.55 * (len(lines) - 1)
    spans = Markup("").join(
        filled('<tspan x="{}" dy="{}em">{}</tspan>', left - 12, round(1.1 if index else first, 2), line)
        for index, line in enumerate(lines)
    )
    return filled('<text y="{}" text-anchor="end">{}</text>', middle, spans)
