"""Steering, internals: coupling per layer and head, bottleneck and dimension, each beside its two nulls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from markupsafe import Markup

from generator.site import format, tables
from generator.site.escape import filled
from generator.site.groups.steering_parts import Row, block_ticks
from generator.site.page import Page, base_of
from generator.site.plots import Line, Panel, Plots
from generator.site.tables import Cell, Column
from generator.site.view import View

URL = "steering/internals/"
LEVEL = 0.05
DEGENERATE = 0.9  # a cosine above it in every random network says nothing of what was learned


def measured(view: View) -> list[Row]:
    """The measured networks of the bundle, small ones first."""
    found = (view.section("steering") or {}).get("internals", ())
    return sorted(
        found, key=lambda one: (len(one["trained"]["layers"]), one["trained"]["heads"]["heads"], one["model"])
    )


def pages(view: View) -> Iterator[Page]:
    found = measured(view)
    if not found:
        return
    base = base_of(URL)
    sentence = finding(found)
    body = view.render(
        "steering-internals.md.j2",
        URL,
        sentence=sentence,
        contrasts=found[0]["trained"]["contrasts"],
        pairs=sorted({count for one in found for count in one["trained"]["pairs"]}),
        files=[view.csv(name) for name in ("steering-layers", "steering-networks") if view.csv(name)],
        coupling=coupling_figure(found, base),
        raw=raw_figure(found, base),
        dimension=dimension_figure(found, base),
        heads=heads_table(found),
        heads_sentence=heads_sentence(found),
        bottleneck=bottleneck_table(found),
        bottleneck_sentence=bottleneck_sentence(found),
    )
    yield Page("steering/internals.md", "Steering: internals", sentence, body, hide=("toc",))


def _layers(networks: Sequence[Row]) -> list[Row]:
    return [layer for network in networks for layer in network["layers"]]


def _trained(found: Sequence[Row]) -> list[Row]:
    return [one["trained"] for one in found]


def _random(found: Sequence[Row]) -> list[Row]:
    return [network for one in found for network in one["random_weights"]]


def _beyond(rows: Sequence[Row]) -> str:
    """``3 of 36``: couplings beyond their own permutation null."""
    return f"{format.count(sum(row['p'] <= LEVEL for row in rows))} of {format.count(len(rows))}"


def _reach(values: Sequence[float], digits: int = 2) -> str:
    return f"{format.number(min(values), digits)} to {format.number(max(values), digits)}"


def finding(found: Sequence[Row]) -> str:
    """How many layers couple beyond the null, trained and random."""
    trained, random = _layers(_trained(found)), _layers(_random(found))
    return (
        f"In {format.plural(len(found), 'trained network')} the coupling of {' and '.join(found[0]['trained']['contrasts'])} is beyond "
        f"its permutation null (p ≤ {LEVEL:g}) in {_beyond(trained)} layers; with random weights in {_beyond(random)}. By chance "
        f"about {format.number(100 * LEVEL, 0)}{format.NBSP}% would be."
    )


def _panel(
    one: Row, key: str, reach: tuple[float, float], ticks: Sequence[float], *, digits: int, alt: str, null: bool
) -> Panel:
    layers = one["trained"]["layers"]
    places = [layer["layer"] for layer in layers]
    edge = (min(places) - 0.3, max(places) + 0.3)
    return Panel(
        alt=alt,
        x=edge,
        y=reach,
        x_ticks=block_ticks(places),
        y_ticks=[(tick, format.number(tick, digits)) for tick in ticks],
        lines=[
            *(
                Line([(row["layer"], row[key]) for row in network["layers"]], kind="expected")
                for network in one["random_weights"]
            ),
            Line([(row["layer"], row[key]) for row in layers]),
        ],
        band=[(row["layer"], row["null_low"], row["null_high"]) for row in layers] if null else (),
        levels=(0,) if null else (),
        name=one["model"],
    )


def coupling_figure(found: Sequence[Row], base: str) -> Markup:
    panels = [
        _panel(
            one, "cosine", (-1, 1), (-1, 0, 1), digits=0, null=True,
            alt=f"{one['model']}: coupling {_reach([row['cosine'] for row in one['trained']['layers']])} over the layers, beyond the "
            f"permutation null in {_beyond(one['trained']['layers'])}; random weights "
            f"{_reach([row['cosine'] for row in _layers(one['random_weights'])])}.",
        )
        for one in found
    ]  # fmt: skip
    columns = (
        Column("Model"), Column("Block", "number"), Column("Coupling", "number"), Column("Permutation null, 95 %", "number"),
        Column("p", "number"), Column("Random weights", "number"), Column("Not centred", "number"), Column("d_rep", "number"),
    )  # fmt: skip
    body = [
        (
            one["model"], tables.figure(row["layer"], 0), tables.figure(row["cosine"], 2),
            format.interval(row["null_low"], row["null_high"]), format.p_short(row["p"]),
            _reach([network["layers"][index]["cosine"] for network in one["random_weights"]]),
            tables.figure(row["raw"], 5), tables.figure(row["d_rep"]),
        )
        for one in found
        for index, row in enumerate(one["trained"]["layers"])
    ]  # fmt: skip
    trained = _layers(_trained(found))
    said = f"Beyond the permutation null in {_beyond(trained)} layers; smallest p {format.p_short(min(row['p'] for row in trained))}."
    return Plots(
        "coupling-figure", "Coupling by layer.", said, panels, data="data/tables/steering-layers.csv",
        table=tables.table(columns, body, caption="Coupling by layer"),
        note="Line with dots: trained. Band: 95 % of the same with labels permuted within pairs. Dashed: the same network with random "
        "weights. Across: block, from 0.",
    ).html(base)  # fmt: skip


def raw_figure(found: Sequence[Row], base: str) -> Markup:
    """The published kind of measurement: cosine of two mean states that were not centred."""
    trained = [row["raw"] for row in _layers(_trained(found))]
    random = [row["raw"] for row in _layers(_random(found))]
    low = min(0.0, *trained, *random)
    said = f"Trained {_reach(trained, 4)}; random weights {_reach(random, 4)}."
    if min(random) > DEGENERATE:
        said += " It is near one in networks that have learned nothing, so its height shows nothing: a degenerate measurement."
    panels = [
        _panel(
            one, "raw", (low, 1.02), (0, 0.5, 1), digits=1, null=False,
            alt=f"{one['model']}: {_reach([row['raw'] for row in one['trained']['layers']], 4)}; random weights "
            f"{_reach([row['raw'] for row in _layers(one['random_weights'])], 4)}.",
        )
        for one in found
    ]  # fmt: skip
    return Plots(
        "raw-figure", "The same without centring.", said, panels, data="data/tables/steering-layers.csv",
        note="Cosine of the two mean states. Dashed: random weights; where only one line is seen they coincide.",
    ).html(base)  # fmt: skip


def dimension_figure(found: Sequence[Row], base: str) -> Markup:
    trained = [row["d_rep"] for row in _layers(_trained(found))]
    random = [row["d_rep"] for row in _layers(_random(found))]
    top = max(*trained, *random)
    said = f"Trained {_reach(trained, 1)} dimensions; random weights {_reach(random, 1)}."
    panels = [
        _panel(
            one, "d_rep", (0, top * 1.08), (0, round(top / 2), round(top)), digits=0, null=False,
            alt=f"{one['model']}: {_reach([row['d_rep'] for row in one['trained']['layers']], 1)} dimensions; random weights "
            f"{_reach([row['d_rep'] for row in _layers(one['random_weights'])], 1)}.",
        )
        for one in found
    ]  # fmt: skip
    return Plots(
        "dimension-figure", "Dimension of the states, d_rep.", said, panels, data="data/tables/steering-layers.csv",
        note="Participation ratio of the last-token states of both contrasts. Dashed: random weights. A permutation of labels within pairs "
        "leaves it as it is, so it has this null only.",
    ).html(base)  # fmt: skip


def heads_sentence(found: Sequence[Row]) -> str:
    counts = [network["heads"] for network in _trained(found)]
    null = [network["heads"] for network in _random(found)]

    def total(rows: Sequence[Row], key: str) -> int:
        return sum(row[key] for row in rows)

    return (
        f"Of {format.count(total(counts, 'heads'))} heads in the trained networks {format.count(total(counts, 'competing'))} compete and "
        f"{format.count(total(counts, 'cooperating'))} cooperate; of {format.count(total(null, 'heads'))} heads with random weights "
        f"{format.count(total(null, 'competing'))} and {format.count(total(null, 'cooperating'))}."
    )


def heads_table(found: Sequence[Row]) -> Markup:
    columns = (
        Column("Model"), Column("Heads", "number"), Column("Competing", "number"), Column("Cooperating", "number"),
        Column("Mean coupling", "number"), Column("Random weights: competing", "number", "one count a random network"),
        Column("Random weights: cooperating", "number"), Column("Random weights: mean coupling", "number"),
    )  # fmt: skip
    body = []
    for one in found:
        own, null = one["trained"]["heads"], [network["heads"] for network in one["random_weights"]]
        body.append(
            (
                Cell(filled('<span class="cw-run">{}</span>', one["model"]), one["model"]),
                tables.figure(own["heads"], 0), tables.figure(own["competing"], 0), tables.figure(own["cooperating"], 0),
                tables.figure(own["net"], 2), ", ".join(format.count(row["competing"]) for row in null),
                ", ".join(format.count(row["cooperating"]) for row in null), _reach([row["net"] for row in null]),
            )
        )  # fmt: skip
    return tables.table(columns, body, caption="Competing heads")


def bottleneck_sentence(found: Sequence[Row]) -> str:
    rows = [network["bottleneck"] for network in _trained(found)]
    return (
        f"Beyond its permutation null the coupling is in {_beyond([row['hidden'] for row in rows])} trained networks before the "
        f"projection and in {_beyond([row['projected'] for row in rows])} after it."
    )


def bottleneck_table(found: Sequence[Row]) -> Markup:
    columns = (
        Column("Model"), Column("Before", "number"), Column("Null before, 95 %", "number"), Column("p before", "number"),
        Column("After", "number"), Column("Null after, 95 %", "number"), Column("p after", "number"),
        Column(f"Gains: {', '.join(found[0]['trained']['contrasts'])}", "number"),
        Column("Random weights: before", "number"), Column("Random weights: after", "number"),
        Column("Random weights: gains", "number"),
    )  # fmt: skip
    body = []
    for one in found:
        own = one["trained"]["bottleneck"]
        null = [network["bottleneck"] for network in one["random_weights"]]
        cells: list[Any] = [one["model"]]
        for stage in ("hidden", "projected"):
            row = own[stage]
            cells += [
                tables.figure(row["cosine"], 2),
                format.interval(row["null_low"], row["null_high"]),
                format.p_short(row["p"]),
            ]
        gains = [row[key] for row in null for key in ("gain_first", "gain_second")]
        body.append(
            [
                *cells, f"{format.number(own['gain_first'])}, {format.number(own['gain_second'])}",
                _reach([row["hidden"]["cosine"] for row in null]), _reach([row["projected"]["cosine"] for row in null]), _reach(gains),
            ]
        )  # fmt: skip
    return tables.table(columns, body, caption="Before and after the output projection", classes=tables.STACKED)
