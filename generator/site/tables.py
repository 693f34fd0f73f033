"""Data tables as HTML: header, cells with sort keys, caption, and the frame that lets a wide table scroll by itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from generator.site import format
from generator.site.escape import escaped, filled

#: a table with more rows than this scrolls in a frame of its own, under a header that stays
TALL_ROWS = 24
#: of a table with more rows a page holds so many, the first ones; the files for programs have all
MOST_ROWS = 300
#: class of a table of titles, whose rows become cards below the width of a desk; each cell then says the name of its column
STACKED = "cw-table--titles"
#: the same for every other table of this many columns, on a phone alone
PHONE_STACKED, PHONE_COLUMNS = "cw-table--stack", 4
#: class of a table of many columns: less room between them
NARROW = "cw-table--narrow"
#: A label that is itself a number, such as the level of an interval.
_NUMBER = re.compile(r"\d[\d.,]*(?:[ \u00a0]%)?")
_EMPTY = filled('<span class="cw-none" role="img" aria-label="no value">{}</span>', format.MISSING)


@dataclass(frozen=True)
class Column:
    """One column: label and kind (text, number, day); `wide` columns are left out on phones, `desk` columns on tablets too;
    `key` names it in addresses and files."""

    label: str
    kind: str = "text"
    help: str = ""
    wide: bool = False
    key: str = ""
    desk: bool = False


@dataclass(frozen=True)
class Cell:
    """What a cell shows and what it is sorted by; a number without a value sorts last both ways."""

    html: Markup | str
    key: float | str | None = None


Content = Cell | Markup | str


def text(value: Any) -> Cell:
    """Plain text, sorted as text."""
    return Cell(str(value), str(value)) if value not in (None, "") else Cell(_EMPTY)


def figure(value: Any, digits: int = 1, *, sign: bool = False) -> Cell:
    """A number with fixed digits."""
    if not format.known(value):
        return Cell(_EMPTY)
    return Cell((format.signed if sign else format.number)(value, digits), float(value))


def bounds(low: Any, high: Any, digits: int = 1, *, sign: bool = False) -> Cell:
    """An interval, sorted by its lower end."""
    return Cell(format.interval(low, high, digits, sign=sign), float(low) if format.known(low) else None)


def size(value: Any) -> Cell:
    """A count in three figures, sorted by the whole number."""
    return Cell(format.size(value), float(value)) if format.known(value) else Cell(_EMPTY)


def track(name: str) -> Cell:
    """The name of a track, which a desk does not break at every word."""
    return Cell(filled('<span class="cw-track">{}</span>', name), name)


def table(
    columns: Sequence[Column],
    rows: Iterable[Sequence[Content]],
    *,
    caption: str,
    sortable: bool = True,
    classes: str = "",
    attributes: Markup | str = "",
    visible_caption: bool = False,
    tall: bool = True,
    whole: bool = False,
    held: str = "the files of the page Data hold",
) -> Markup:
    """The table in a frame that scrolls sideways alone and can be reached by keyboard; `whole`: however many rows it has; `held`:
    what holds all rows where it shows the first ones alone."""
    rows = list(rows)
    if len(rows) > MOST_ROWS and not whole:
        left = f"The first {format.count(MOST_ROWS)} of {format.count(len(rows))} rows; {held} them all."
        rows = rows[:MOST_ROWS]
    else:
        left = ""
    head = Markup("").join(_header(column) for column in columns)
    classes_of = [str(_classes(column)) for column in columns]
    plain = [column.kind == "text" for column in columns]
    if STACKED not in classes and sum(not column.wide for column in columns) >= PHONE_COLUMNS:
        classes = f"{classes} {PHONE_STACKED}".strip()
    if STACKED in classes or PHONE_STACKED in classes:
        first = columns[0].label if columns[0].kind == "number" else ""  # a number alone heads no card
        names = [first, *_card_labels(columns)[1:]]
        labels = [str(filled(' data-label="{}"', name)) if name or index else "" for index, name in enumerate(names)]
        classes_of = [kind + label for kind, label in zip(classes_of, labels, strict=True)]
    lines = [_row(classes_of, plain, row) for row in rows]
    body = Markup("\n".join(lines))  # noqa: S704 - _row escapes
    kind = Markup("") if visible_caption else Markup(' class="cw-sr"')
    return filled(
        '<div class="cw-frame{tall}" tabindex="0" role="region" aria-label="{caption}">\n'
        '<table data-search-exclude class="cw-table{classes}"{sort}{attributes}>\n<caption{kind}>{caption}</caption>\n'
        "<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>\n</div>{left}",
        caption=caption,
        tall=" cw-frame--tall" if tall and len(lines) > TALL_ROWS else "",
        classes=f" {classes}" if classes else "",
        sort=Markup(" data-cw-sort") if sortable else "",
        attributes=attributes,
        kind=kind,
        head=head,
        body=body,
        left=filled('\n<p class="cw-small">{}</p>', left) if left else "",
    )


def _card_labels(columns: Sequence[Column]) -> list[str]:
    """What a card calls each value: where two columns have one label, with that of the column before it; a number and the value
    after it are parted by a colon."""
    labels = [column.label for column in columns]
    named = [
        f"{labels[index - 1]}, {label}" if index and labels.count(label) > 1 else label
        for index, label in enumerate(labels)
    ]
    return [f"{label}:" if _NUMBER.fullmatch(label) else label for label in named]


def _header(column: Column) -> Markup:
    return filled(
        '<th scope="col"{}{}{}>{}</th>',
        _classes(column),
        filled(' title="{}"', column.help) if column.help else "",
        filled(' data-k="{}"', column.key) if column.key else "",
        column.label,
    )


def _row(classes: Sequence[str], plain: Sequence[bool], row: Sequence[Content]) -> str:
    """One row as escaped HTML; plain strings because a site has some hundred thousand cells."""
    if len(row) != len(classes):
        raise ValueError(f"a row of {len(row)} cells under {len(classes)} columns: {row!r}")
    cells = []
    for index, item in enumerate(row):
        content, key = (item.html, item.key) if isinstance(item, Cell) else (item, None)
        shown = escaped(content)
        sort = "" if key is None or (plain[index] and key == content) else f' data-v="{escaped(_key(key))}"'
        if index:
            cells.append(f"<td{classes[index]}{sort}>{shown}</td>")
        else:
            cells.append(f'<th scope="row"{classes[index]}{sort}>{shown}</th>')
    return f"<tr>{''.join(cells)}</tr>"


def _classes(column: Column) -> Markup:
    kind = {"number": "num", "day": "day"}.get(column.kind, "")
    names = [name for name in (kind, "wide" if column.wide else "", "desk" if column.desk else "") if name]
    return filled(' class="{}"', " ".join(names)) if names else Markup("")


def _key(value: float | str) -> str:
    return f"{value:.10g}" if isinstance(value, float) else str(value)
