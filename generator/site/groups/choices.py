"""What a prediction's page says of its metrics and of every other choice: track, reading and line, with what each leads to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from generator.predictions.result import Alternative
from generator.predictions.words import Dependence, dependence
from generator.site import format, tables
from generator.site.escape import filled
from generator.site.groups.board import standing_chip
from generator.site.tables import Cell, Column
from generator.site.view import View

#: What may be the id of a benchmark in a sentence.
_WORD = re.compile(r"[\w-]+(?:\.[\w-]+)*")
Row = Mapping[str, Any]


def figure_words(value: Any, unit: str = "") -> str:
    """A value of a metric as text, in percentage points with the decimal places of an interval; a dash where it has none."""
    if unit == "pp":
        return format.number(value, 2)
    return format.words(float(value)) if format.known(value) else format.MISSING


def sensitivity(view: View, row: Row) -> Dependence:
    """Whether the standing depends on the choice, and each other standing with the choices that lead to it, in words."""
    choices = [Alternative(**item) for item in row["alternatives"]]
    return dependence(choices, tracks={one.track: view.track_name(one.track) for one in choices})


def headings(item: Row) -> dict[str, str]:
    """What each metric is called at the head of a column, with its unit; a number of models stands in a column of its own."""
    found = {}
    for name, metric in item["evaluation"]["metrics"].items():
        if metric["details"].get("kind") != "count":
            said = item["file"].get("metrics", {}).get(name, {}).get("label") or item["words"]["metrics"].get(
                name, name
            )
            unit = f", {metric['unit']}" if metric["unit"] else ""
            found[name] = heading(str(said).removeprefix("the ")) + unit
    return found


def values_of(item: Row, values: Row, names: Iterable[str]) -> list[Cell]:
    """A cell a metric of those named, each in the unit that its heading has."""
    metrics = item["evaluation"]["metrics"]
    return [Cell(figure_words(values.get(name), metrics[name]["unit"]), values.get(name)) for name in names]


def heading(words: str) -> str:
    """The words with a capital first letter, unless a symbol stands first (h, r)."""
    return format.sentence(words).removesuffix(".")


def named(view: View, reason: str) -> str:
    """A reason with benchmarks by name."""
    return _WORD.sub(lambda found: view.axis_name(found.group()), reason)


def alternatives(view: View, item: Row) -> Markup | str:
    row, heads = item["evaluation"], headings(item)
    if not row["alternatives"]:
        return ""
    columns = (
        Column("Track"),
        Column("Reading"),
        Column("Standing"),
        *(Column(heading, "number") for heading in heads.values()),
        Column("n", "number"),
    )
    body: list[Sequence[tables.Content]] = [
        (
            tables.track(view.track_name(one["track"])),
            filled('<span class="cw-long">{}</span>', _read(one)),
            _stands(view, one),
            *values_of(item, one["values"], heads),
            tables.figure(one["n"], 0),
        )
        for one in row["alternatives"]
    ]
    return tables.table(columns, body, caption="The standing under every other choice")


def _read(one: Row) -> str:
    """What the reading says, which line h is measured from, where there are two, and whether uncited scores are left out."""
    fit = f", the {'frozen' if one['fit'] == 'frozen' else 'refitted'} line" if one["fit"] else ""
    cited = ", cited scores only" if one.get("scores") == "cited" else ""
    return f"{one['says']}{fit}{cited}{' (the one that decides)' if one['deciding'] else ''}"


def _stands(view: View, one: Row) -> Cell:
    """The standing, and why no number tells it where none does."""
    chip = standing_chip(one["standing"])
    if one["reason"]:
        chip = filled("{} <small>{}</small>", chip, named(view, one["reason"]))
    return Cell(chip, one["standing"])
