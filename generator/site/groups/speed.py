"""Fragments of Speed and Scale: the measurements that bench/results.json keeps, the newest of each group and the history."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from generator.core import read_json
from generator.site import format, tables
from generator.site.escape import filled
from generator.site.page import Fragment, Group
from generator.site.tables import Cell, Column, Content
from generator.site.view import View

RESULTS = "bench/results.json"
#: group of measurements → heading, in the order of the page
TITLES = {
    "build": "The main job",
    "growth": "Growth with the number of models",
    "panel": "Panels from bulk snapshots",
    "analysis": "Analyses",
    "forecasts": "Forecasts",
    "steering": "Steering",
    "gpu": "Steering on a GPU",
    "pages": "Pages in a browser",
}
NOTHING = Markup('<p class="cw-note">This project holds no measurements. <code>make bench</code> makes them.</p>')
MISSING = Markup(
    '<p class="cw-note">“{}” is not among the measurements kept here. <code>python -m bench {}</code> measures it.</p>'
)
_NEGATIVE, _PERCENT = re.compile(r"(?<![\w.-])-(?=\d)"), re.compile(r"(?<=\d)%")
_THOUSANDS = re.compile(r"(?<![\w.,-])\d{4,}(?= (?:MB|kB|GB|s)\b)")
_CATEGORY = re.compile(r"\bseo(?= \d)")  # as notes were made at first
_POWER = re.compile(r"\^(\d+(?:\.\d+)?)")
Row = Mapping[str, Any]


def runs(view: View) -> list[Row]:
    """Every run that was kept, oldest first."""
    path = view.root / RESULTS
    return list(read_json(path)["runs"]) if path.is_file() else []


def newest(found: Sequence[Row], group: str) -> Row | None:
    return next((run for run in reversed(found) if run["group"] == group), None)


def group_table(group: str) -> Fragment:
    """The fragment that shows the newest run of one group, or that there is none."""

    def shown(view: View, _base: str) -> Markup:
        kept = runs(view)
        run = newest(kept, group)
        if run:
            return _table(group, run)
        return MISSING.format(TITLES[group], group) if kept else NOTHING

    return shown


def row_names(run: Row) -> list[str]:
    """The name of each row of a run; rows of one name have what only their own note says added, such as the model."""
    rows = run["rows"]
    parts = [re.split(r"[,;] ", str(row.get("note", ""))) for row in rows]
    found = []
    for at, row in enumerate(rows):
        others = {part for i, other in enumerate(rows) if i != at and other["name"] == row["name"] for part in parts[i]}
        own = [part for part in parts[at] if part not in others] if others else []
        found.append(", ".join([str(row["name"]), *own]))
    return found


def history(view: View, _base: str) -> Markup:
    """Every figure of every run, newest run first."""
    columns = (
        Column("Day", "day"),
        Column("Commit"),
        Column("Group"),
        Column("What"),
        Column("Figure", "number"),
        Column("Load", "number", wide=True),
    )
    body: list[Sequence[Content]] = [
        (
            Cell(run["date"], run["date"]), filled("<code>{}</code>", run["commit"]), TITLES.get(run["group"], str(run["group"])),
            name, _figure(row), tables.figure(run["machine"].get("load")),
        )
        for run in reversed(runs(view))
        for name, row in zip(row_names(run), run["rows"], strict=True)
    ]  # fmt: skip
    return tables.table(columns, body, caption="Every measurement", held=f"{RESULTS} holds") if body else NOTHING


def _table(group: str, run: Row) -> Markup:
    compared = any(row.get("reference") is not None for row in run["rows"])
    aimed = any(row.get("goal") is not None for row in run["rows"])
    columns = [Column("What"), Column("Figure", "number")]
    if aimed:
        columns.append(Column("Goal"))
    if compared:
        columns += [
            Column("Reference", "number", wide=True), Column("Ratio", "number", "the reference's figure over ours"),
        ]  # fmt: skip
    body: list[Sequence[Content]] = []
    for name, row in zip(row_names(run), run["rows"], strict=True):
        cells: list[Content] = [name, _with_spread(row)]
        if aimed:
            cells.append(_goal(row))
        if compared:
            cells += [_amount(row.get("reference"), row), tables.figure(row.get("ratio"))]
        body.append([*cells, _note(row)])
    listed = tables.table(
        [*columns, Column("Note", wide=True)], body, caption=TITLES[group], sortable=False, tall=False,
        classes=f"cw-table--first {tables.PHONE_STACKED if aimed else ''}".strip(),
    )  # fmt: skip
    return filled('<p class="cw-note">{}</p>\n{}', _about(run), listed)


def _about(run: Row) -> str:
    host = run["machine"]
    processor = host.get("processor") or host["machine"]
    card = f", {host['accelerator']}" if host.get("accelerator") else ""
    text = f"{run['date']}, commit {run['commit']}, {host['cores']} cores, {processor}{card}, Python {host['python']}"
    speed = host.get("additions")
    text += (
        f"; ten million additions in plain Python take it {format.number(speed, 2)}{format.NBSP}s." if speed else "."
    )
    load = host.get("load")
    if load is not None and load > 0.5 * host["cores"]:
        text += f" The machine was busy with other work (load {format.number(load, 1)} on {host['cores']} cores): times are upper limits."
    return text


def _figure(row: Row) -> Cell:
    return _amount(row.get("value"), row)


def _amount(value: float | None, row: Row) -> Cell:
    if value is None:
        return tables.figure(None)
    digits = 0 if abs(value) >= 100 else 3 if abs(value) < 0.1 else 2 if abs(value) < 10 else 1
    return Cell(f"{format.number(value, digits)}{format.NBSP}{row.get('unit', 's')}".rstrip(), float(value))


def _with_spread(row: Row) -> Cell:
    """The figure, with the lowest and the highest of several runs below it."""
    figure = _figure(row)
    if row.get("runs", 1) < 2:
        return figure
    ends = f"{_amount(row['low'], row).html} to {_amount(row['high'], row).html}, {row['runs']} runs"
    return Cell(filled("{}<br><small>{}</small>", figure.html, ends), figure.key)


def _note(row: Row) -> Cell:
    """The note with raised exponents, true minus signs, parted thousands and joined units; a dash where there is none."""
    if not row.get("note"):
        return tables.text(None)
    note = _THOUSANDS.sub(lambda found: format.count(int(found.group())), _CATEGORY.sub("SEO", str(row["note"])))
    note = format.joined_units(_PERCENT.sub(format.NBSP + "%", _NEGATIVE.sub(format.MINUS, note)))
    raised = _POWER.sub(r"<sup>\1</sup>", str(escape(note)))
    return Cell(filled('<span class="cw-long">{}</span>', Markup(raised)))  # noqa: S704 - escaped above


def _goal(row: Row) -> Markup | str:
    goal, value = row.get("goal"), row.get("value")
    if goal is None or value is None:
        return format.MISSING
    least = row.get("at_least")
    met = value >= goal if least else value <= goal
    words = f"{'at least' if least else 'at most'} {_amount(goal, row).html}".replace(" ", format.NBSP)
    chip = '<span class="cw-chip cw-chip--{}">{}</span> {}'
    return Markup(chip).format("ok" if met else "bad", "met" if met else "missed", words)  # noqa: S704


GROUP = Group(
    "speed", fragments={"speed/history": history} | {f"speed/{group}": group_table(group) for group in TITLES}
)
