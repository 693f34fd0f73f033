"""The table of all models: the columns, the rows that stand on the page, and the file from which the script takes the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from generator.site import format, tables
from generator.site.axes import short
from generator.site.escape import filled
from generator.site.page import base_of
from generator.site.tables import Cell
from generator.site.view import BASE, FRONTIER, View, lab_chip

DATA = "assets/data/models.json"
INDEX = "models/"
#: Scores shown at once; every other axis of these tracks can be chosen.
SHOWN = {("maker", FRONTIER[0]), ("maker", FRONTIER[1]), ("harness-v1", BASE[0]), ("harness-v1", BASE[1])}
TRACKS = ("maker", "epoch", "harness-v1")
SHORT_TRACKS = {"epoch": "Epoch"}
Row = Mapping[str, Any]


@dataclass(frozen=True)
class ModelColumn:
    """A column: key in addresses and files; kind (model, lab, text, day, size, number); raw(model) for the file and
    cell(model) for the page; `off`: shown only when chosen; `wide`: left out on phones; `desk`: on tablets too."""

    key: str
    label: str
    kind: str
    raw: Callable[[Row], Any]
    cell: Callable[[Row], Cell]
    help: str = ""
    unit: str = ""
    digits: int = 1
    sign: bool = False
    wide: bool = False
    off: bool = False
    desk: bool = False


def columns(view: View) -> list[ModelColumn]:
    """Every column in order."""
    base = base_of(INDEX)

    def h(model: Row) -> float | None:
        row = view.h_by_model.get(model["id"], {}).get("maker")
        return row["h"] if row else None

    return [
        ModelColumn(
            "model", "Model", "model", lambda m: [m["id"], m["name"]],
            lambda m: Cell(filled('<a href="{}{}">{}</a>', base, m["page"], m["name"]), m["name"]),
        ),
        ModelColumn("lab", "Lab", "lab", lambda m: m["lab"], lambda m: Cell(lab_chip(view, m["lab"], base), m["lab_name"])),
        _words("family", "Family", lambda m: m["family_name"], off=True),
        _words("kind", "Kind", lambda m: m["kind"], wide=True, desk=True),
        _words("weights", "Weights", lambda m: "open" if m["open_weights"] else "closed", off=True),
        ModelColumn(
            "released", "Released", "day", lambda m: [m["released"], m["released_day"]] if m["released"] else None,
            lambda m: Cell(format.day(m["released"]), m["released_day"]),
        ),
        _size("params", "Parameters"),
        _size("active_params", "Active parameters", off=True),
        _size("training_tokens", "Training tokens", off=True),
        *(_score(view, track, axis) for track in TRACKS if track in view.tracks for axis in view.tracks[track]["axes"]),
        _figure("h", "h, pp", h, help="residual of the frontier regression, maker-reported scores", unit="pp", sign=True),
        _figure(
            "observations", "Scores", lambda m: float(len(m["observations"])), help="observations recorded", unit="count", digits=0
        ),
    ]  # fmt: skip


def static_columns(every: Sequence[ModelColumn]) -> list[tables.Column]:
    """The columns that the page itself carries."""
    kinds = {"size": "number", "number": "number", "day": "day"}
    return [
        tables.Column(column.label, kinds.get(column.kind, "text"), column.help, column.wide, column.key, column.desk)
        for column in every
        if not column.off
    ]


def static_cells(every: Sequence[ModelColumn], model: Row) -> list[Cell]:
    """One row of the page's own table."""
    return [column.cell(model) for column in every if not column.off]


def scored(every: Sequence[ModelColumn]) -> list[tuple[str, str]]:
    """Key and name of every column of scores."""
    return [
        (column.key, column.label.removesuffix("%").rstrip(f", {format.NBSP}")) for column in every if ":" in column.key
    ]


def document(view: View, every: Sequence[ModelColumn], models: Sequence[Row]) -> dict[str, Any]:
    """The file of the script: columns, labs as they are shown, and a row of raw values a model."""
    base = base_of(INDEX)
    return {
        "columns": [_described(column) for column in every],
        "labs": {
            lab: {"name": view.labs[lab]["name"], "html": str(lab_chip(view, lab, base))}
            for lab in sorted({model["lab"] for model in models} & set(view.labs))
        },
        "rows": [[column.raw(model) for column in every] for model in models],
    }


def _described(column: ModelColumn) -> dict[str, Any]:
    said = {"key": column.key, "label": column.label, "kind": column.kind, "help": column.help, "unit": column.unit}
    more = {"digits": column.digits, "sign": column.sign} if column.kind == "number" else {}
    flags = {name: True for name in ("wide", "desk", "off") if getattr(column, name)}
    return {**said, **more, **flags}


def _words(
    key: str, label: str, of: Callable[[Row], str | None], *, wide: bool = False, off: bool = False, desk: bool = False
) -> ModelColumn:
    return ModelColumn(
        key, label, "text", lambda m: of(m) or None, lambda m: tables.text(of(m)), wide=wide, off=off, desk=desk
    )


def _size(key: str, label: str, *, off: bool = False) -> ModelColumn:
    return ModelColumn(key, label, "size", lambda m: m[key], lambda m: tables.size(m[key]), unit="count", off=off)


def _figure(
    key: str,
    label: str,
    of: Callable[[Row], float | None],
    *,
    help: str,
    unit: str,
    digits: int = 1,
    sign: bool = False,
) -> ModelColumn:
    return ModelColumn(
        key, label, "number", of, lambda m: tables.figure(of(m), digits, sign=sign), help, unit, digits, sign
    )


def _score(view: View, track: str, axis: Row) -> ModelColumn:
    def value(model: Row) -> float | None:
        found = view.score(model, track, axis["id"])
        return None if found is None else round(found, 2)

    shown = (track, axis["id"]) in SHOWN
    name = short(view, axis["id"])
    name = f"{name} ({SHORT_TRACKS[track]})" if track in SHORT_TRACKS else name
    unit = view.axis_unit(axis["id"])
    gap = format.NBSP if " " in name else " "  # the unit takes no third line
    return ModelColumn(
        f"{track}:{axis['id']}", f"{name},{gap}{format.UNIT_WORDS.get(unit, unit)}", "number", value,
        lambda m: tables.figure(value(m)), view.track_name(track), unit, wide=shown, off=not shown, desk=shown and track == "harness-v1",
    )  # fmt: skip
