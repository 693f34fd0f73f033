"""Steering, levers: the same world with one thing varied at a time, and whether it moves facts and truthfulness."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from markupsafe import Markup

from generator.site import format, tables
from generator.site.escape import filled
from generator.site.groups.steering_parts import Row, between, share, stacked
from generator.site.page import Page, base_of
from generator.site.plots import Line, Panel, Plots
from generator.site.published import no_value
from generator.site.tables import Cell, Column
from generator.site.view import View

URL = "steering/levers/"
CARRIED = "Truthfulness over fact accuracy"
ROOM = 0.14  # share of the axis that the words of a size take
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
                "devices": devices(grid),
                "seeds": grid["seeds"],
                "summary": summary(grid),
                "size": size_figure(grid, base),
                "slopes": slopes_table(grid),
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
        files=[view.csv(name) for name in ("steering-levers", "steering-lever-slopes") if view.csv(name)],
    )
    yield Page("steering/levers.md", "Steering: levers", sentence, body)


def finding(grids: Sequence[Row]) -> str:
    """Which levers move truthfulness, and which way, grid by grid."""
    if len(grids) == 1:
        return f"In the synthetic world, {_moves(grids[0])}."
    return " ".join(
        f"{'In the synthetic world, networks' if place == 0 else 'Networks'} of up to {_largest(grid)} parameters: {_moves(grid)}."
        for place, grid in enumerate(grids)
    )


def _largest(grid: Row) -> str:
    return format.size(max(row["parameters"] for row in grid["rows"]))


def devices(grid: Row) -> str:
    """Where the networks were trained, as far as the rows say, and which were not trained where most were:
    ``NVIDIA H200 (15, matrix products in TF32), CPU (6: depth 2, width 96)``."""
    networks = {_network(row): row for row in grid["rows"] if row.get("device")}
    counts = Counter(row["device"] for row in networks.values()).most_common()
    return ", ".join(_device(grid, name, count, listed=place > 0) for place, (name, count) in enumerate(counts))


def _device(grid: Row, name: str, count: int, *, listed: bool) -> str:
    words, said = ("CPU", str(count)) if name == "cpu" else (name, f"{count}, matrix products in TF32")
    levels = sorted({(row["lever"], row["level"]) for row in grid["rows"] if row.get("device") == name})
    if listed:
        said += ": " + ", ".join(f"{lever} {format.words(level)}" for lever, level in levels)
    return f"{words} ({said})"


def _network(row: Row) -> tuple[Any, ...]:
    """What tells one network from another: the centre stands under every lever."""
    return row["seed"], row["parameters"], row["perplexity"]


def _moves(grid: Row) -> str:
    moved: dict[str, list[str]] = {"up": [], "down": [], "not": []}
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
    return "; ".join(parts)


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
        tail = f"No coupling is given: {_no_coupling(coupling)}."
    return (
        f"{verdicts[facts['moves'], truth['moves']]}. From {format.words(low)} to {format.words(high)}: fact accuracy "
        f"{_move_words(facts)}, truthfulness {_move_words(truth)} ({format.plural(truth['seeds'], 'seed')}, 95 % t interval). {tail}"
    )


def _no_coupling(coupling: Row) -> str:
    """Why there is none: from the move of fact accuracy (a fraction) where the row has it, else the stored reason."""
    move = coupling.get("fact_move")
    if not format.known(move):
        return str(coupling["reason"])
    return f"between the ends of the lever fact accuracy moves by {format.number(100 * move, 2)} pp only, too little for a slope on it"


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
    bounds = between(move["low"], move["high"], sign=True)
    zero = "" if move["moves"] else Markup("<br>includes zero")
    return filled("{}<br><small>{}{}</small>", format.signed(100 * move["mean"]), bounds, zero)


def slope_words(found: Row) -> str:
    """``−0.12 [−0.21, −0.03]``, or why there is none."""
    if not format.known(found["slope"]):
        return str(found["reason"])
    return f"{format.signed(found['slope'], 2)} {format.interval(found['low'], found['high'], sign=True)}"


def size_finding(grid: Row) -> str:
    """What the share carried over does with size along the levers that change it, and along the others."""
    sized, same = [], []
    for name, lever in grid["against_size"].items():
        found, ends = lever["on_size"], (lever["points"][0], lever["points"][-1])
        if format.known(found["slope"]):
            clear = found["low"] > 0 or found["high"] < 0
            sized.append(f"{name} {slope_words(found)}{'' if clear else ' (includes zero)'}")
        else:
            words = " to ".join(format.number(end["carried_over"]) for end in ends)
            levels = " to ".join(format.words(end["level"]) for end in ends)
            same.append(f"{name} from {levels}: {words}")
    parts = [f"Change for each doubling of the parameters: {'; '.join(sized)}."] if sized else []
    parts += [f"At one size: {'; '.join(same)}."] if same else []
    return " ".join(parts)


def _size_panel(name: str, lever: Row, across: tuple[float, float], top: float) -> Panel:
    """Against parameters; against its levels, evenly spaced, where a lever leaves the size as it is."""
    sized = format.known(lever["on_size"]["slope"])
    points = [
        (math.log2(row["parameters"]) if sized else float(place), row)
        for place, row in enumerate(lever["points"]) if format.known(row["carried_over"])
    ]  # fmt: skip
    seeds = sorted({one["seed"] for _x, row in points for one in row["seeds"]})
    single = [
        Line([(x, one["carried_over"]) for x, row in points for one in row["seeds"] if one["seed"] == seed], "expected")
        for seed in seeds
    ]
    ticks = [(x, format.size(row["parameters"]) if sized else format.words(row["level"])) for x, row in points]
    told = "; ".join(
        f"{format.number(row['carried_over'])} at {format.words(row['level'])} ({format.size(row['parameters'])})"
        for _x, row in points
    )
    note = (
        f"{slope_words(lever['on_size'])} a doubling of the parameters"
        if sized
        else lever["on_size"]["reason"].capitalize()
    )
    sizes = dict.fromkeys(format.size(row["parameters"]) for _x, row in points)
    what = name.capitalize() if sized else f"{name.capitalize()}, at {' to '.join(sizes)} parameters"
    return Panel(
        alt=f"{name.capitalize()}: {told}. {note}.",
        x=across if sized else (-0.3, len(lever["points"]) - 0.7),
        y=(0, top),
        x_ticks=_apart(ticks, across) if sized else ticks,
        y_ticks=[(0, "0"), (0.5, "0.5"), (1, "1")],
        lines=[*single, Line([(x, row["carried_over"]) for x, row in points])],
        band=[(x, max(row["low"], 0), row["high"]) for x, row in points],
        levels=(1,),
        name=what,
        note=f"{note}.",
    )


def _apart(ticks: Sequence[tuple[float, str]], across: tuple[float, float]) -> list[tuple[float, str]]:
    """The ends, and of the others those whose words have room beside the ones before and the last."""
    room = ROOM * (across[1] - across[0])
    kept = list(ticks[:1])
    for tick in ticks[1:-1]:
        if tick[0] - kept[-1][0] >= room and ticks[-1][0] - tick[0] >= room:
            kept.append(tick)
    return [*kept, *ticks[1:][-1:]]


def size_figure(grid: Row, base: str) -> Markup:
    """The share carried over, one panel a lever: against the parameters on a common axis where the lever changes them."""
    found = grid["against_size"]
    rows = [row for lever in found.values() for row in lever["points"]]
    sizes = [math.log2(row["parameters"]) for row in rows]
    known = [value for row in rows for value in (row["high"], row["carried_over"]) if format.known(value)]
    across, top = (min(sizes) - 0.3, max(sizes) + 0.3), max([1.1, *known])
    columns = (
        Column("Lever"), Column("Level", "number"), Column("Parameters", "number"), Column(CARRIED, "number"),
        Column("95 % interval", "number"),
    )  # fmt: skip
    body = [
        [
            name.capitalize(), Cell(format.words(row["level"]), row["level"]),
            Cell(format.size(row["parameters"]), row["parameters"]), tables.figure(row["carried_over"], 2),
            format.interval(row["low"], row["high"]),
        ]
        for name, lever in found.items() for row in lever["points"]
    ]  # fmt: skip
    return Plots(
        f"{grid['grid']}-size", f"{CARRIED}, against parameters.", size_finding(grid),
        [_size_panel(name, lever, across, top) for name, lever in found.items()], data="data/tables/steering-levers.csv",
        table=tables.table(columns, body, caption=f"{CARRIED}, by lever and size"),
        note=f"Dots: mean over {format.plural(len(grid['seeds']), 'seed')}; dashed: each seed; band: 95 % t interval over seeds; "
        "line at 1: as truthful without a cue as accurate under a reliable one. Across: parameters on a log scale; the levels of a "
        "lever that leaves the size as it is.",
    ).html(base)  # fmt: skip


def slopes_table(grid: Row) -> Markup:
    """The two slopes of every lever with their intervals over seeds."""
    columns = (
        Column("Lever"), Column("Truthfulness on fact accuracy, pp per pp"),
        Column(f"{CARRIED}, for each doubling of the parameters"),
    )  # fmt: skip
    body = [
        [name.capitalize(), *map(_slope_cell, (lever["on_facts"], lever["on_size"]))]
        for name, lever in grid["against_size"].items()
    ]
    return tables.table(
        columns,
        body,
        caption="Slope of each lever, 95 % t interval over seeds",
        sortable=False,
        classes=tables.PHONE_STACKED,
    )


def _slope_cell(found: Row) -> Cell:
    if not format.known(found["slope"]):
        return Cell(no_value(found["reason"]))
    return stacked(
        format.signed(found["slope"], 2), format.interval(found["low"], found["high"], sign=True), found["slope"]
    )
