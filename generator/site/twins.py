"""Tables that stand beside the figures: residuals, γ12 of consecutive sizes, the chips that read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from generator.site import format, tables
from generator.site.escape import filled
from generator.site.tables import Cell, Column
from generator.site.view import View, lab_chip, model_link

Row = Mapping[str, Any]


def h_table(
    view: View, rows: Sequence[Row], pair: tuple[str, str], base: str, *, caption: str, with_lab: bool = True
) -> Markup:
    """The h table: scores, expected score with its prediction interval, h, and whether it is inside."""
    columns: list[Column] = [
        Column("Model"), Column("Lab"), Column("Released", "day"), Column(f"{view.axis_name(pair[0])}, %", "number"),
        Column(f"{view.axis_name(pair[1])}, %", "number"), Column("Expected, %", "number", "from the regression line"),
        Column("95 % prediction, %", "number", "interval for a single model"), Column("h, pp", "number", "observed minus expected"),
        Column("Reading"),
    ]  # fmt: skip
    ordered = sorted(rows, key=lambda row: -row["h"])
    body: list[list[tables.Content]] = [
        [
            Cell(model_link(view, row["model"], base, row["name"]), row["name"]),
            Cell(lab_chip(view, row["lab"], base) if row["lab"] in view.labs else row["lab"], row["lab"]),
            Cell(format.day(row["released"]), row["released"]),
            tables.figure(row["x"]),
            tables.figure(row["y"]),
            tables.figure(row["fitted"]),
            tables.bounds(row["pi_low"], row["pi_high"]),
            tables.figure(row["h"], sign=True),
            reading(row),
        ]
        for row in ordered
    ]
    if not with_lab:
        columns, body = columns[:1] + columns[2:], [cells[:1] + cells[2:] for cells in body]
    return tables.table(columns, body, caption=caption, classes=tables.NARROW)


def gamma_table(view: View, rows: Sequence[Row], base: str, *, caption: str, with_family: bool = True) -> Markup:
    """The γ12 table: sizes, changes, γ12 with its interval and what it says."""
    columns = [
        Column("Family"), Column("From"), Column("To"), Column("ΔB1, pp", "number"), Column("ΔB2, pp", "number"),
        Column("γ12", "number"), Column("95 % interval", "number"), Column("Phase"),
    ]  # fmt: skip
    body = []
    for row in rows:
        family = view.families.get(row["family"])
        name = family["name"] if family else row["family"]
        linked = filled('<a href="{}families/{}/">{}</a>', base, row["family"], name) if family else name
        cells: list[tables.Content] = [
            Cell(linked, name),
            *(Cell(model_link(view, row[end], base), view.size_of(row[end])) for end in ("model_from", "model_to")),
            tables.figure(row["dx"], sign=True),
            tables.figure(row["dy"], sign=True),
            tables.figure(row["gamma"], 2, sign=True),
            Cell(gamma_interval(row), row["gamma_low"]),
            phase_chip(row),
        ]
        body.append(cells if with_family else cells[1:])
    return tables.table(columns if with_family else columns[1:], body, caption=caption)


def outside(row: Row) -> bool:
    """True when the model lies outside the prediction interval of a single model."""
    return bool(row["outside"])


def reading(row: Row) -> Cell:
    """Where the model stands to the trend, in words; a side is named only outside the prediction interval."""
    if not outside(row):
        return Cell(Markup('<span class="cw-chip">within</span>'), "within")
    side, kind = ("above", "up") if row["h"] > 0 else ("below", "down")
    return Cell(filled('<span class="cw-chip cw-chip--{}">{}</span>', kind, side), side)


def gamma_interval(row: Row) -> str:
    """The 95 % set of γ12: an interval, or the word for a set that no interval describes."""
    return (
        format.interval(row["gamma_low"], row["gamma_high"], 2, sign=True)
        if row["shape"] == "interval"
        else "unbounded"
    )


def phase_chip(row: Row) -> Cell:
    """The phase of an interval, only where its 95 % interval excludes zero."""
    phase = phase_of(row)
    text = phase or "not resolved"
    return Cell(filled('<span class="cw-chip cw-chip--{}">{}</span>', phase or "none", text), text)


def phase_of(row: Row) -> str:
    return str(row.get("phase") or "") if row.get("resolved") else ""
