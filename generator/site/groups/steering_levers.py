"""Steering, levers: the same world with one thing varied at a time, and whether it moves facts and truthfulness."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from markupsafe import Markup

from generator.site import format, tables
from generator.site.groups.steering_parts import Row, between, share
from generator.site.page import Page, base_of
from generator.site.plots import Line, Panel, Plots
from generator.site.tables import Cell, Column
from generator.site.view import View

URL = "steering/levers/"
MEASURES = (("fact_accuracy", "Fact accuracy"), ("truthfulness", "Truthfulness"))


def pages(view: View) -> Iterator[Page]:
    grids = (view.section("steering") or {}).get("levers", ())
    if not grids:
        return
    base = base_of(URL)
    sentence = finding(grids)
    body = view.render(
        "steering-levers.md.j2",
        URL,
        sentence=sentence,
        grids=[
            {
                "name": grid["grid"],
                "centre": centre_words(grid["centre"]),
                "seeds": grid["seeds"],
                "summary": summary(grid),
                "levers": [
                    {
                        "name": name,
                        "sentence": lever_sentence(lever),
                        "figure": lever_figure(grid, name, lever, base),
                    }
                    for name, lever in grid["levers"].items()
                ],
            }
            for grid in grids
        ],
        files=[view.csv(name) for name in ("steering-levers",) if view.csv(name)],
    )
    yield Page("steering/levers.md", "Steering: levers", sentence, body)


def finding(grids: Sequence[Row]) -> str:
    """Which levers move truthfulness, and which way."""
    moved: dict[str, list[str]] = {"up": [], "down": [], "not": []}
    for grid in grids:
        for name, lever in grid["levers"].items():
            move = lever["move"]["truthfulness"]
            moved["not" if not move["moves"] else "up" if move["mean"] > 0 else "down"].append(name)
    parts = []
    if moved["up"]:
        parts.append(f"more {_joined(moved['up'])} raises truthfulness")
    if moved["down"]:
        parts.append(
            f"more {_joined(moved['down'])} lowers it"
            if parts
            else f"more {_joined(moved['down'])} lowers truthfulness"
        )
    if moved["not"]:
        verb = "does" if len(moved["not"]) == 1 else "do"
        parts.append(f"{_joined(moved['not'])} {verb} not move it beyond the spread of seeds")
    text = "; ".join(parts)
    return f"In the synthetic world, {text}."


def _joined(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def centre_words(centre: Row) -> str:
    """The recipe around which one thing is varied."""
    names = ("width", "blocks", "heads", "steps", "unmarked_unreliable_share", "unreliable_share")
    return ", ".join(f"{name.replace('_', ' ')} {format.words(centre[name])}" for name in names if name in centre)


def _move_words(move: Row) -> str:
    bounds = between(move["low"], move["high"], sign=True)
    return f"{format.pp(100 * move['mean'])} {bounds}"


def lever_sentence(lever: Row) -> str:
    """Whether the lever moves facts and truthfulness, and how the two move together along it."""
    low, high = lever["levels"][0]["level"], lever["levels"][-1]["level"]
    facts, truth = lever["move"]["fact_accuracy"], lever["move"]["truthfulness"]
    verdicts = {
        (True, True): "It moves both",
        (True, False): "It moves fact accuracy; truthfulness stays within the spread of seeds",
        (False, True): "It moves truthfulness; fact accuracy stays within the spread of seeds",
        (False, False): "It moves neither beyond the spread of seeds",
    }
    coupling = lever["coupling"]
    if format.known(coupling["slope"]):
        tail = (
            f"Along it truthfulness changes by {format.signed(coupling['slope'], 2)} pp for each point of fact accuracy (within seeds "
            f"r = {format.number(coupling['r'])}, permutation {format.p_value(coupling['p'])})."
        )
    else:
        tail = f"No coupling is given: {coupling['reason']}."
    return (
        f"{verdicts[facts['moves'], truth['moves']]}. From {format.words(low)} to {format.words(high)}: fact accuracy "
        f"{_move_words(facts)}, truthfulness {_move_words(truth)} ({format.plural(truth['seeds'], 'seed')}, 95 % t interval). {tail}"
    )


def _sizes(grid: Row, name: str, level: float) -> str:
    """Parameters of the networks at one level."""
    sizes = sorted({row["parameters"] for row in grid["rows"] if row["lever"] == name and row["level"] == level})
    return " to ".join(dict.fromkeys(format.size(size) for size in (sizes[0], sizes[-1]))) if sizes else format.MISSING


def lever_figure(grid: Row, name: str, lever: Row, base: str) -> Markup:
    levels = lever["levels"]
    panels = []
    for measure, words in MEASURES:
        ends = " to ".join(
            f"{share(row[measure][0])} at {format.words(row['level'])}" for row in (levels[0], levels[-1])
        )
        panels.append(
            Panel(
                alt=f"{words}: {ends}.",
                x=(levels[0]["level"], levels[-1]["level"])
                if len(levels) > 1
                else (levels[0]["level"] - 1, levels[0]["level"] + 1),
                y=(0, 1),
                x_ticks=[(row["level"], format.words(row["level"])) for row in levels],
                y_ticks=[(0, "0"), (0.5, "50"), (1, "100")],
                lines=[Line([(row["level"], row[measure][0]) for row in levels])],
                band=[(row["level"], row[measure][1], row[measure][2]) for row in levels],
                name=f"{words}, %",
            )
        )
    columns = (
        Column("Level", "number"), Column("Parameters", "number"), Column("Fact accuracy, %", "number"), Column("95 % interval", "number"),
        Column("Truthfulness, %", "number"), Column("95 % interval", "number"),
    )  # fmt: skip
    body = []
    for row in levels:
        cells: list[Any] = [Cell(format.words(row["level"]), row["level"]), _sizes(grid, name, row["level"])]
        for measure, _words in MEASURES:
            mean, low, high = row[measure]
            cells += [tables.figure(100 * mean), between(low, high)]
        body.append(cells)
    sizes = list(dict.fromkeys(_sizes(grid, name, row["level"]) for row in levels))
    size_words = (
        f" Networks of {sizes[0]} to {sizes[-1]} parameters."
        if len(sizes) > 1
        else f" Networks of {sizes[0]} parameters."
    )
    return Plots(
        f"{grid['grid']}-{name.replace(' ', '-')}", f"{name.capitalize()}.",
        "; ".join(panel.alt.rstrip(".") for panel in panels) + ".", panels, data="data/tables/steering-levers.csv",
        table=tables.table(columns, body, caption=f"{name.capitalize()}: level by level", sortable=False),
        note=f"Band: 95 % t interval over {format.plural(len(grid['seeds']), 'seed')}, cut at 0 and 100.{size_words}",
    ).html(base)  # fmt: skip


def summary(grid: Row) -> Markup:
    columns = (
        Column("Lever"), Column("From, to"), Column("Parameters", wide=True),
        Column("Fact accuracy moves by, pp", "number"), Column("Truthfulness moves by, pp", "number"),
        Column("Coupling, pp per pp", "number"), Column("r", "number"), Column("Permutation p", "number"),
    )  # fmt: skip
    body = []
    for name, lever in grid["levers"].items():
        low, high = lever["levels"][0]["level"], lever["levels"][-1]["level"]
        sizes = list(dict.fromkeys((_sizes(grid, name, low), _sizes(grid, name, high))))
        moves = [Cell(_moved(lever["move"][measure]), lever["move"][measure]["mean"]) for measure, _words in MEASURES]
        coupling = lever["coupling"]
        body.append(
            [
                name.capitalize(), f"{format.words(low)} to {format.words(high)}", " to ".join(sizes), *moves,
                tables.figure(coupling["slope"], 2, sign=True), tables.figure(coupling["r"], 2), format.p_short(coupling["p"]),
            ]
        )  # fmt: skip
    return tables.table(columns, body, caption="What each lever moves", sortable=False)


def _moved(move: Row) -> Markup:
    text = Markup("{}<br><small>{}</small>").format(
        format.signed(100 * move["mean"]), between(move["low"], move["high"], sign=True)
    )
    return text if move["moves"] else text + Markup("<br><small>includes zero</small>")
