"""Correlation matrices as tables whose cells are shaded by r: the same element is the heat map and its table twin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from generator.site import format
from generator.site.axes import short
from generator.site.escape import filled
from generator.site.view import View

STEPS = 5


def heat_map(view: View, matrix: Mapping[str, Any], *, caption: str, cells: str = "r", small: bool = False) -> Markup:
    """Axes × axes; `cells` is r or repaired. With r each cell has the interval and the number of models, unless "
    "`small`."""
    axes = matrix["axes"]
    head = Markup("").join(filled('<th scope="col"><span>{}</span></th>', short(view, axis)) for axis in axes)
    rows = Markup("\n").join(
        filled(
            '<tr><th scope="row">{}</th>{}</tr>',
            short(view, axis),
            Markup("").join(_cell(matrix, i, j, cells=cells, small=small) for j in range(len(axes))),
        )
        for i, axis in enumerate(axes)
    )
    return filled(
        '<div class="cw-frame" tabindex="0" role="region" aria-label="{caption}">\n'
        '<table data-search-exclude class="cw-table cw-heat{kind}">\n'
        "<caption{hidden}>{caption}</caption>\n<thead><tr><td></td>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>\n</div>",
        caption=caption,
        kind=" cw-heat--small" if small else "",
        hidden=Markup("") if small else Markup(' class="cw-sr"'),
        head=head,
        rows=rows,
    )


def _cell(matrix: Mapping[str, Any], i: int, j: int, *, cells: str, small: bool) -> Markup:
    value, n = matrix[cells][i][j], matrix["n"][i][j]
    shown = format.number(n, 0)
    if i == j:
        return (
            filled(
                '<td class="cw-heat__self">{}</td>', shown if small or cells == "repaired" else f"n{format.NBSP}{shown}"
            )
            if cells == "r"
            else Markup('<td class="cw-heat__self">1</td>')
        )
    if not format.known(value):
        return filled('<td class="cw-heat__none">{}<small>n{}{}</small></td>', format.MISSING, format.NBSP, shown)
    shade = min(int(abs(value) * STEPS) + 1, STEPS)
    kind = f"cw-r{'p' if value >= 0 else 'm'}{shade}"
    if small or cells == "repaired":
        return filled('<td class="{}">{}</td>', kind, format.number(value))
    low, high = matrix["low"][i][j], matrix["high"][i][j]
    bounds = filled("<small>{}</small>", format.interval(low, high)) if format.known(low) else Markup("")
    return filled(
        '<td class="{}"><b>{}</b>{}<small>n{}{}</small></td>', kind, format.number(value), bounds, format.NBSP, shown
    )
