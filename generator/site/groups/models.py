"""Models: one table of all, and a page each with every observation, where it came from and why it was or was not used."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from generator.core import canonical_json
from generator.site import format, tables
from generator.site.escape import filled
from generator.site.groups import model_table
from generator.site.groups.strip import strip
from generator.site.page import Group, Page, base_of
from generator.site.tables import Cell, Column
from generator.site.view import View, axis_link, lab_chip, source_link

INDEX = "models/"
BY_LAB = "models/by-lab/"
#: rows that the page itself holds, as many as the script shows at first; it loads all of them
LEAST_ERROR = 0.1  # pp, of a standard error that one decimal place shows
STATIC_ROWS = 25
#: What the setting of tools in a protocol says.
_TOOLS = {"true": "with tools", "false": "without tools"}
Row = Mapping[str, Any]


def pages(view: View) -> Iterator[Page]:
    models = sorted(view.bundle.entities["models"], key=_newest_first)
    yield _index(view, models)
    yield _by_lab(view, models)
    for model in models:
        yield _page(view, model)


def _newest_first(model: Row) -> tuple[int, str]:
    day = str(model["released_day"] or "0000-00-00")
    return (-int(day.replace("-", "")), model["id"])


def _index(view: View, models: Sequence[Row]) -> Page:
    every = model_table.columns(view)
    view.extra_files[model_table.DATA] = canonical_json(model_table.document(view, every, models))
    attributes = Markup(' data-cw-filter="models" id="all-models" data-cw-src="{}{}" data-cw-total="{}"')
    listed = tables.table(
        model_table.static_columns(every),
        [model_table.static_cells(every, model) for model in models[:STATIC_ROWS]],
        caption="All models",
        attributes=attributes.format(base_of(INDEX), model_table.DATA, len(models)),
        classes="cw-table--models",
        tall=False,
    )
    body = view.render(
        "models.md.j2",
        INDEX,
        table=listed,
        total=len(models),
        shown=min(len(models), STATIC_ROWS),
        labs=sorted({view.labs[m["lab"]]["name"] for m in models if m["lab"] in view.labs}),
        scored=model_table.scored(every),
    )
    return Page(
        "models/index.md",
        "Models",
        f"{format.plural(len(models), 'language model')} with every sourced score: sort, filter and search.",
        body,
        hide=("toc",),
    )


def _by_lab(view: View, models: Sequence[Row]) -> Page:
    """Every model as a link, for readers without scripts: the table's page holds its newest rows only."""
    labs: dict[str, list[Row]] = {}
    for model in models:
        labs.setdefault(model["lab"], []).append(model)
    base = base_of(BY_LAB)
    listed = [
        {"id": lab, "chip": lab_chip(view, lab, base), "models": labs[lab]}
        for lab in sorted(labs, key=lambda lab: (labs[lab][0]["lab_name"].casefold(), lab))
    ]
    body = view.render("models-by-lab.md.j2", BY_LAB, labs=listed, total=len(models))
    words = f"{format.plural(len(models), 'language model')} by lab, each with a link to its scores."
    return Page("models/by-lab.md", "Models by lab", words, body, hide=("toc",), search="All models in one list")


def _page(view: View, model: Row) -> Page:
    url = model["page"]
    base = base_of(url)
    body = view.render(
        "model.md.j2",
        url,
        model=model,
        lab=lab_chip(view, model["lab"], base),
        family=view.families.get(model["family"] or ""),
        h=_h(view, model),
        scores=_scores(view, model, base),
        errors=any(format.known(cell["stderr"]) for found in model["scores"].values() for cell in found.values()),
        observations=_observations(view, model, base),
        links=[source_link(item, item) for item in model["links"]],
        n=len(model["observations"]),
    ) + view.stale_note(sources=(row["source"] for row in model["observations"]))
    words = f"{model['name']} by {model['lab_name']}: {format.plural(len(model['observations']), 'sourced score')}"
    return Page(
        f"models/{model['id']}.md", model["name"], f"{words}, each with source, protocol and day.", body,
        hide=("toc",), edit=model["path"], search=_search_line(model), day=_day(view, model),
    )  # fmt: skip


def _search_line(model: Row) -> str:
    spellings = [name for names in model["aliases"].values() for name in names]
    return ", ".join(filter(None, [model["lab_name"], model["family_name"], model["released"], *spellings]))


def _day(view: View, model: Row) -> str:
    """The day of the newest record of the model; where the page shows a residual, which hangs on all models, that of all data."""
    recorded = [row["recorded"] for row in model["observations"] if row["recorded"]]
    return "" if view.h_by_model.get(model["id"]) else max(recorded, default="")


def _h(view: View, model: Row) -> list[dict[str, Any]]:
    return [
        {"track": view.track_name(track), **row, "strip": strip(row)}
        for track, row in view.h_by_model.get(model["id"], {}).items()
    ]


def _scores(view: View, model: Row, base: str) -> Markup | str:
    """The score of each axis in each track that has one."""
    tracks = [track for track in (*view.tracks, *model["scores"]) if model["scores"].get(track)]
    tracks = list(dict.fromkeys(tracks))
    axes = [axis for axis in view.axes if any(axis in model["scores"][track] for track in tracks)]
    if not axes:
        return ""
    columns = [Column("Benchmark"), *(Column(view.track_name(track), "number") for track in tracks)]
    body = []
    for axis in axes:
        cells = [_score(model["scores"][track].get(axis), view.axis_unit(axis)) for track in tracks]
        body.append([Cell(axis_link(view, axis, base), view.axis_name(axis)), *cells])
    return tables.table(columns, body, caption="Scores that the tracks use, with standard error where known")


def _score(cell: Row | None, unit: str) -> Cell:
    if cell is None:
        return tables.figure(None)
    return Cell(format.amount(cell["value"], unit) + _error(cell), float(cell["value"]))


def _error(score: Row) -> str:
    """The standard error behind a score, with the decimal places of the score unless they would hide it."""
    error = score["stderr"]
    return f" ±{format.NBSP}{format.number(error, 1 if error >= LEAST_ERROR else 2)}" if format.known(error) else ""


def _observations(view: View, model: Row, base: str) -> Markup | str:
    if not model["observations"]:
        return ""
    columns = [
        Column("Benchmark"), Column("Score", "number"), Column("Protocol"), Column("By"), Column("Source"),
        Column("Public", "day", "day the score counts from"), Column("Use"),
    ]  # fmt: skip
    body = [
        [
            Cell(_benchmark(view, row, base), row["benchmark"]),
            _value(row),
            Cell(_protocol(row["protocol"])),
            row["evaluator_name"],
            Cell(_source(row), row["title"]),
            Cell(format.day(row["public"]), row["public"]),
            Cell(_use(view, row)),
        ]
        for row in model["observations"]
    ]
    return tables.table(
        columns, body, caption="Every observation", classes=f"{tables.STACKED} cw-table--dense", tall=False
    )


def _benchmark(view: View, row: Row, base: str) -> Markup:
    """The axis, or the benchmark alone where the protocol says too little for an axis."""
    if row["axis"] in view.axes:
        return axis_link(view, row["axis"], base)
    known = view.benchmarks.get(row["benchmark"])
    if known is None:
        return filled("<span>{}</span>", row["benchmark"])
    return filled('<a href="{}benchmarks/{}/">{}</a>', base, known["id"], known["name"])


def _value(row: Row) -> Cell:
    text = format.amount(row["value"], row["unit"]) + _error(row)
    more = filled("<br><small>n = {}</small>", format.count(row["n"])) if format.known(row["n"]) else Markup("")
    return Cell(filled("{}{}", text, more), float(row["value"]))


def _protocol(protocol: Row) -> Markup:
    if not protocol:
        return Markup('<span class="cw-none">not stated</span>')
    words = {
        "shots": "{}-shot",
        "effort": "effort {}",
        "attempts": "attempts {}",
        "step": "step {}",
    }
    parts = [
        _TOOLS.get(str(value), f"tools: {value}") if name == "tools" else words.get(name, "{}").format(value)
        for name, value in protocol.items()
    ]
    return filled("{}", ", ".join(parts))


def _source(row: Row) -> Markup:
    """The source as a link, the relay if any, and what identifies the bytes it was read from."""
    small = [f"recorded {row['recorded']}"]
    if row["via"]:
        small.append("via " + _LONG_HASH.sub(r"\1", row["via"]))
    if row["pull_sha"]:
        small.append(f"sha256 {row['pull_sha'][:12]}")
    if row["note"]:
        small.append(row["note"])
    return filled(
        "{}<br><small>{}</small>", source_link(row["url"], row["title"] or row["source_name"]), " · ".join(small)
    )


def _use(view: View, row: Row) -> Markup:
    """Which tracks chose it, and why each of the others did not."""
    chosen = [
        filled('<span class="cw-chip cw-chip--ok">used: {}</span>', view.track_name(track))
        for track in row["chosen_in"]
    ]
    lost = [
        filled("<small>{}: {}</small>", view.track_name(track), reason)
        for track, reason in sorted(row["reasons"].items())
        if not row["chosen_in"]
    ]
    if not chosen and not lost:
        return Markup('<span class="cw-none">no track uses it</span>')
    return Markup("<br>").join([*chosen, *lost])


#: The first twelve digits of a hash say which one it is; the JSON of the model has them all.
_LONG_HASH = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{20,}\b")
GROUP = Group("models", pages, apart=True)
