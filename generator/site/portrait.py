"""The phase portrait of a system of two benchmarks as a static inline picture: rates as arrows, nullclines, families by size."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from generator.site.escape import filled

#: Range drawn, percent: (low, high) of each benchmark. Families lie inside; the rest of 0 to 100 is empty.
X_RANGE, Y_RANGE = (20.0, 100.0), (20.0, 65.0)
_LEFT, _TOP, _WIDTH, _HEIGHT = 58.0, 10.0, 548.0, 330.0
_ARROW = 20.0  # pixels of the longest arrow
NULLCLINES = ("var(--cw-tax)", "var(--cw-bonus)")
_Point = Sequence[float]


def portrait_svg(found: Mapping[str, Any], names: tuple[str, str], *, label: str, marked: Mapping[str, str]) -> Markup:
    """The picture of `found` (see generator.forecasts.portrait). `marked`: family → name of those drawn in the accent colour."""
    parts = [_grid(names), *_arrows(found)]
    parts += [
        _path(_inside(found["nullclines"][axis]), NULLCLINES[row], 2.25, dash="7 4")
        for row, axis in enumerate(found["axes"])
    ]
    ends = []
    for family, points in sorted(found["families"].items(), key=lambda item: item[0] in marked):
        strong = family in marked
        parts.append(
            _path(
                points,
                "var(--cw-accent)" if strong else "var(--cw-muted)",
                2.0 if strong else 1.0,
                opacity=1.0 if strong else 0.55,
            )
        )
        ends.append(_end(points[-1], marked.get(family, ""), strong=strong))
    return filled(
        '<svg class="cw-portrait" viewBox="0 0 640 400" role="img" aria-label="{}">{}</svg>',
        label,
        Markup("").join([*parts, *ends]),  # names over every path
    )


def _at(point: _Point) -> tuple[float, float]:
    """Pixels of a point in percent."""
    across = (point[0] - X_RANGE[0]) / (X_RANGE[1] - X_RANGE[0])
    up = (point[1] - Y_RANGE[0]) / (Y_RANGE[1] - Y_RANGE[0])
    return round(_LEFT + _WIDTH * across, 1), round(_TOP + _HEIGHT * (1 - up), 1)


def _is_inside(point: _Point) -> bool:
    return X_RANGE[0] <= point[0] <= X_RANGE[1] and Y_RANGE[0] <= point[1] <= Y_RANGE[1]


def _inside(line: Sequence[_Point]) -> list[_Point]:
    """The part of a straight line that lies in the drawn range, as its two ends; empty when none does."""
    if len(line) < 2:
        return []
    (x, y), (dx, dy) = line[0], (line[-1][0] - line[0][0], line[-1][1] - line[0][1])
    low, high = 0.0, 1.0
    for start, step, (least, most) in ((x, dx, X_RANGE), (y, dy, Y_RANGE)):
        if step == 0:
            if not least <= start <= most:
                return []
            continue
        ends = sorted(((least - start) / step, (most - start) / step))
        low, high = max(low, ends[0]), min(high, ends[1])
    return [(x + share * dx, y + share * dy) for share in (low, high)] if low < high else []


def _grid(names: tuple[str, str]) -> Markup:
    lines = Markup("")
    for value in range(int(X_RANGE[0]), int(X_RANGE[1]) + 1, 20):
        x, y = _at((value, Y_RANGE[0]))
        lines += filled(
            '<line x1="{x}" x2="{x}" y1="{top}" y2="{y}" stroke="var(--cw-grid)"/>'
            '<text x="{x}" y="{t}" text-anchor="middle" fill="var(--cw-muted)">{v}</text>',
            x=x,
            y=y,
            top=_TOP,
            t=y + 20,
            v=value,
        )
    for value in range(int(Y_RANGE[0]), int(Y_RANGE[1]) + 1, 10):
        x, y = _at((X_RANGE[0], value))
        lines += filled(
            '<line x1="{x}" x2="{r}" y1="{y}" y2="{y}" stroke="var(--cw-grid)"/>'
            '<text x="{t}" y="{b}" text-anchor="end" fill="var(--cw-muted)">{v}</text>',
            x=x,
            y=y,
            r=_LEFT + _WIDTH,
            t=x - 6,
            b=y + 4,
            v=value,
        )
    middle, side = _LEFT + _WIDTH / 2, _TOP + _HEIGHT / 2
    return lines + filled(
        '<text x="{}" y="384" text-anchor="middle" fill="var(--cw-ink)" font-weight="600">{}, %</text>'
        '<text transform="translate(18 {}) rotate(-90)" text-anchor="middle" fill="var(--cw-ink)" font-weight="600">{}, %</text>',
        middle,
        names[0],
        side,
        names[1],
    )


def _arrows(found: Mapping[str, Any]) -> list[Markup]:
    """An arrow a grid point in the range: direction of the rate on the page, length in proportion to it."""
    per_x, per_y = _WIDTH / (X_RANGE[1] - X_RANGE[0]), _HEIGHT / (Y_RANGE[1] - Y_RANGE[0])
    cells = [
        ((x, y), (found["dx"][row][column] * per_x, -found["dy"][row][column] * per_y))
        for row, y in enumerate(found["y"])
        for column, x in enumerate(found["x"])
        if _is_inside((x, y))
    ]
    longest = max((math.hypot(*rate) for _, rate in cells), default=0.0)
    if longest == 0:
        return []
    return [_arrow(_at(point), rate[0] * _ARROW / longest, rate[1] * _ARROW / longest) for point, rate in cells]


def _arrow(start: tuple[float, float], dx: float, dy: float) -> Markup:
    """A line with a head, from `start` along (dx, dy) pixels."""
    length = math.hypot(dx, dy)
    if length < 1.0:
        return filled('<circle cx="{}" cy="{}" r="1.2" fill="var(--cw-axis)"/>', *start)
    tip = (start[0] + dx, start[1] + dy)
    ux, uy = dx / length, dy / length
    head = min(4.5, length / 2)
    wings = [(tip[0] - head * (ux + side * 0.6 * uy), tip[1] - head * (uy - side * 0.6 * ux)) for side in (1, -1)]
    numbers = [f"{value:.1f}" for point in (start, tip, wings[0], tip, wings[1]) for value in point]
    return filled(
        '<path d="M{} {}L{} {}M{} {}L{} {}L{} {}" fill="none" stroke="var(--cw-axis)" stroke-width="1.1"/>', *numbers
    )


def _path(points: Sequence[_Point], colour: str, width: float, *, dash: str = "none", opacity: float = 1.0) -> Markup:
    if len(points) < 2:
        return Markup("")
    line = "L".join("{} {}".format(*_at(point)) for point in points)
    return filled(
        '<path d="M{}" fill="none" stroke="{}" stroke-width="{}" stroke-dasharray="{}" stroke-opacity="{}" stroke-linejoin="round"/>',
        line,
        colour,
        width,
        dash,
        opacity,
    )


def _end(point: _Point, text: str, *, strong: bool) -> Markup:
    """A dot at a family's largest size, with its name when it is marked."""
    x, y = _at(point)
    colour = "var(--cw-accent)" if strong else "var(--cw-muted)"
    dot = filled('<circle cx="{}" cy="{}" r="{}" fill="{}"/>', x, y, 3.5 if strong else 2.2, colour)
    if not text:
        return dot
    return dot + filled(
        '<text x="{}" y="{}" fill="var(--cw-ink)" stroke="var(--cw-ground)" stroke-width="3" paint-order="stroke">{}</text>',
        x + 6,
        y - 5,
        text,
    )
