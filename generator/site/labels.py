"""Room for the names of points: which names can stand left or right of their point without covering another one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

PLOT = (540.0, 330.0)  # px of a drawing at the width where names are shown
PHONE = (230.0, 330.0)  # px of the same drawing on a phone
LETTER, LINE, GAP = 6.1, 12.0, 8.0
Box = tuple[float, float, float, float]
Window = Mapping[str, float]


def places(
    points: Sequence[Mapping[str, Any]], window: Window, *, plot: tuple[float, float] = PLOT
) -> list[str | None]:
    """``right``, ``left`` or None (no room) for each point of the window; outliers in `label` come first.

    window: x_low, x_high, y_low, y_high in the unit of the points; plot: px of the drawing, across and up. A name with no
    room is shown when its point is pointed at, so nothing is lost.
    """
    at = [_pixel(point, window, plot) for point in points]
    taken: list[Box] = [(x - 4, y - 4, x + 4, y + 4) for x, y in (place for place in at if place)]
    found: list[str | None] = [None] * len(points)
    order = sorted(range(len(points)), key=lambda i: (not points[i].get("label"), points[i]["name"]))
    for index in order:
        place = at[index]
        if place is None:
            continue
        width = LETTER * len(str(points[index]["name"]))
        for side in ("right", "left"):
            left = place[0] + GAP - 2 if side == "right" else place[0] - GAP + 2 - width
            box = (left, place[1] - LINE / 2, left + width, place[1] + LINE / 2)
            if box[0] >= -30 and box[2] <= plot[0] + 8 and not any(_overlap(box, other) for other in taken):
                found[index] = side
                taken.append(box)
                break
    return found


def corner(points: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """The window of the crowded corner: models from the median of the first score up, ends at whole fives."""
    ordered = sorted(point["x"] for point in points)
    middle = ordered[len(ordered) // 2]
    inside = [point for point in points if point["x"] >= middle]
    return {
        "x_low": _down(min(point["x"] for point in inside)),
        "x_high": _up(max(point["x"] for point in inside)),
        "y_low": _down(min(point["y"] for point in inside)),
        "y_high": _up(max(point["y"] for point in inside)),
    }


def _down(value: float) -> float:
    return 5.0 * (value // 5)


def _up(value: float) -> float:
    return min(100.0, -5.0 * (-value // 5))


def _pixel(point: Mapping[str, Any], window: Window, plot: tuple[float, float]) -> tuple[float, float] | None:
    across = (point["x"] - window["x_low"]) / ((window["x_high"] - window["x_low"]) or 1.0)
    up = (point["y"] - window["y_low"]) / ((window["y_high"] - window["y_low"]) or 1.0)
    if not (0 <= across <= 1 and 0 <= up <= 1):
        return None
    return across * plot[0], (1 - up) * plot[1]


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
