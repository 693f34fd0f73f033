"""The page of one steering run: sweep, test, controls, side effects, completions, and what it takes to run it again."""

from __future__ import annotations

import shlex
from typing import Any

from markupsafe import Markup

from generator.site import format, tables
from generator.site.escape import filled
from generator.site.groups.steering_parts import (
    FLIP_COLUMNS,
    KINDS,
    Row,
    between,
    caveat_words,
    flips_cells,
    flips_table,
    gain_words,
    method_words,
    points,
    share,
    status_chip,
)
from generator.site.page import Page, base_of
from generator.site.plots import Panel, Plots
from generator.site.published import no_value
from generator.site.tables import Cell, Column
from generator.site.view import View

SHADES = 5
DEFAULT_DTYPE = "float32"


def page(view: View, run: Row) -> Page:
    url = f"steering/runs/{run['id']}/"
    base = base_of(url)
    sentence = finding(run)
    names = ("steering-items", "steering-sweep", "steering-controls")
    body = view.render(
        "steering-run.md.j2",
        url,
        run=run,
        test=run["test"],
        sentence=sentence,
        chip=status_chip(run["status"]),
        folds=fold_table(run),
        conditions=conditions(run),
        gains=gains_table(run) if run["test"] else "",
        controls=controls_figure(run, base),
        sweep=[sweep_map(run, fold) for fold in dict.fromkeys(cell["fold"] for cell in run["sweep"])],
        limits=limit_words(run),
        effects=effects_table(run),
        reference=reference_table(run),
        completions=completions_table(run),
        examples=examples_table(run),
        caveats=[words for text in run.get("caveats") or () if (words := caveat_words(str(text)))],
        provenance=provenance(run),
        command=command(run),
        files=[view.csv(name) for name in names if view.csv(name)],
    )
    title = f"Steering {run['model']['id']}"
    return Page(f"steering/runs/{run['id']}.md", title, sentence, body, search=f"steering run, {sentence}")


def finding(run: Row) -> str:
    """What came out, in one sentence."""
    name, test = run["model"]["id"], run["test"]
    if not test:
        return f"{name} on {run['data']['suite']}: the run failed: {run['reason'] or 'no reason was stored'}"
    binary, gain = test["binary"], test["gain"]
    lead = "no effect shown" if run["status"] == "no_effect" else "a gain over matched controls"
    return (
        f"{name} on {run['data']['suite']}: {lead}. Corrected {format.count(binary['corrected']['k'])} of "
        f"{format.count(binary['corrected']['n'])}, broken {format.count(binary['broken']['k'])} of "
        f"{format.count(binary['broken']['n'])}; steered minus mean matched control {gain_words(gain)}."
    )


def fold_table(run: Row) -> Markup | str:
    """The frozen choice of each fold."""
    columns = (
        Column("Fold"), Column("Method"), Column("Block", "number", "from 0"), Column("Point"), Column("Positions"),
        Column("Strength", "number", "over the mean residual norm"), Column("Vector norm", "number"),
        Column("Realised", "number", "length of the change seen at the next block over the length asked for"),
        Column("Within limits"),
    )  # fmt: skip
    body = [
        (
            fold["name"], method_words(fold["method"]), tables.figure(fold["layer"], 0), fold["point"], fold["positions"],
            tables.figure(fold["strength"], 2), tables.figure(fold["vector_norm"]), tables.figure(fold["realised"], 3),
            "yes" if fold["within_limits"] else "no",
        )
        for fold in run["folds"]
    ]  # fmt: skip
    return tables.table(columns, body, caption="Frozen choice", sortable=False) if body else ""


def conditions(run: Row) -> Markup | str:
    """Every condition of the test items against the unsteered model."""
    test = run["test"]
    if not test:
        return ""
    rows: list[tuple[tables.Content, Row]] = [
        ("Vector, binary choice (headline)", test["binary"]),
        ("Vector, MC1", test["mc1"]),
        ("Opposite vector", test["minus"]),
        ("Prompt that asks for the truth", test["truthful_prompt"]),
        *((f"Vector, {name}", flips) for name, flips in test["extra"].items()),
        *((f"Direction: {method_words(name)}", flips) for name, flips in test["methods"].items()),
    ]
    return flips_table(rows, first="Condition", caption="Conditions on the test items")


def controls_figure(run: Row, base: str) -> Markup | str:
    """Accuracy under each kind of control as a histogram, with the vector and the unsteered model in it."""
    bins, test = run["bins"], run["test"]
    if not test or not any(bins.values()):
        return ""
    steered, before = test["steered"]["binary"], test["base"]["binary"]
    ends = [bar[end] for bars in bins.values() for bar in bars for end in ("low", "high")] + [steered, before]
    reach = (max(min(ends) - 0.02, 0.0), min(max(ends) + 0.02, 1.0))
    top = max(bar["count"] for bars in bins.values() for bar in bars)
    panels = [
        Panel(
            alt=_panel_words(test, kind, len(test[f"controls_{kind}"])),
            x=reach, y=(0, top), x_ticks=[(tick / 10, share(tick / 10, 0)) for tick in range(11) if reach[0] <= tick / 10 <= reach[1]],
            y_ticks=[(0, "0"), (top, str(top))], bars=[(bar["low"], bar["high"], bar["count"]) for bar in bars],
            flags=[(steered, "vector"), (before, "unsteered")], name=f"{_kind_words(kind)} directions, {len(test[f'controls_{kind}'])}",
        )
        for kind, bars in bins.items() if bars
    ]  # fmt: skip
    columns = (Column("Kind"), Column("Accuracy from", "number"), Column("to", "number"), Column("Controls", "number"))
    twin = tables.table(
        columns,
        [
            (_kind_words(kind), share(bar["low"], 0), share(bar["high"], 0), tables.figure(bar["count"], 0))
            for kind, bars in bins.items()
            for bar in bars
        ],
        caption="Controls by accuracy",
        sortable=False,
    )
    gain = test["gain"]
    said = (
        f"The vector answers {share(steered)} right; the controls {share(gain['control_mean'])} on average, 95 % of them "
        f"{between(gain['control_low'], gain['control_high'])}; rank of the vector among them {format.p_value(gain['rank_p'])}."
    )
    return Plots(
        "controls", "Accuracy under matched controls.", said, panels, table=twin, data="data/tables/steering-controls.csv",
        note="Bars: number of controls. Every control has the length and the place of the vector.",
    ).html(base)  # fmt: skip


def _kind_words(kind: str) -> str:
    return {"random": "Random", "shuffled": "Label-shuffled"}.get(kind, kind)


def _panel_words(test: Row, kind: str, count: int) -> str:
    gain = test[f"gain_{kind}"]
    return (
        f"{_kind_words(kind)}: {count} controls, mean accuracy {share(gain['control_mean'])}; the vector "
        f"{share(test['steered']['binary'])}, unsteered {share(test['base']['binary'])}."
    )


def gains_table(run: Row) -> Markup:
    columns = (
        Column("Compared with"), Column("Controls", "number"), Column("Their mean", "number"),
        Column("95 % of them", "number"), Column("Steered minus control, pp", "number"), Column("95 % interval", "number"),
        Column("Rank p", "number"),
    )  # fmt: skip
    body = []
    for kind, words in KINDS:
        gain = run["test"][kind]
        body.append(
            (
                words, tables.figure(gain["controls"], 0), share(gain["control_mean"]),
                between(gain["control_low"], gain["control_high"]), tables.figure(100 * gain["estimate"], sign=True),
                between(gain["low"], gain["high"], sign=True), format.p_short(gain["rank_p"]),
            )
        )  # fmt: skip
    return tables.table(columns, body, caption="Steered minus matched control", sortable=False)


def sweep_map(run: Row, fold: str) -> Markup:
    """Depth × strength on validation as a shaded table; the frozen cell and the cells outside the limits say so in words."""
    cells = {(cell["layer"], cell["strength"]): cell for cell in run["sweep"] if cell["fold"] == fold}
    layers, strengths = sorted({key[0] for key in cells}), sorted({key[1] for key in cells})
    chosen = {(item["layer"], item["strength"]) for item in run["folds"] if item["name"] == fold}
    known = [cell["accuracy"] for cell in cells.values()]
    low, high = min(known), max(known)
    head = Markup("").join(filled('<th scope="col">{}</th>', format.number(strength)) for strength in strengths)
    rows = Markup("\n").join(
        filled(
            '<tr><th scope="row">Block {}</th>{}</tr>',
            layer,
            Markup("").join(
                _cell(cells.get((layer, strength)), low, high, chosen=(layer, strength) in chosen)
                for strength in strengths
            ),
        )
        for layer in layers
    )
    caption = f"Validation accuracy by block and strength{'' if fold == 'all' else f', fold {fold}'}"
    return filled(
        '<div class="cw-frame" tabindex="0" role="region" aria-label="{caption}">\n'
        '<table data-search-exclude class="cw-table cw-heat cw-sweep">\n'
        '<caption class="cw-sr">{caption}</caption>\n<thead><tr><td></td>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>\n</div>',
        caption=caption,
        head=head,
        rows=rows,
    )


def _cell(cell: Row | None, low: float, high: float, *, chosen: bool) -> Markup:
    if cell is None:
        return filled('<td class="cw-heat__none">{}</td>', format.MISSING)
    place = (cell["accuracy"] - low) / (high - low) if high > low else 0.0
    classes = [f"cw-rp{min(int(place * SHADES) + 1, SHADES)}"]
    marks = []
    if chosen:
        classes.append("cw-chosen")
        marks.append("● frozen")
    if not cell["admissible"]:
        classes.append("cw-outside")
        marks.append("outside limits")
    return filled(
        '<td class="{}"><b>{}</b>{}</td>',
        " ".join(classes),
        format.number(100 * cell["accuracy"], 1),
        Markup("").join(filled("<small>{}</small>", mark) for mark in marks),
    )


def limit_words(run: Row) -> str:
    """The limits on side effects that a cell must keep, from the run's settings."""
    limits = run["config"].get("limits") or {}
    words = []
    if format.known(limits.get("capability_drop")):
        words.append(f"accuracy on the capability set at most {points(limits['capability_drop']).lstrip('+')} lower")
    if format.known(limits.get("perplexity_rise")):
        words.append(f"perplexity at most {share(limits['perplexity_rise'], 0)} higher")
    return " and ".join(words)


def effects_table(run: Row) -> Markup | str:
    """Side effects under the vector and under random directions of the same length."""
    effects = run["side_effects"]
    if not effects:
        return ""
    columns = (
        Column("Measure"), Column("Unsteered", "number"), Column("Vector", "number"),
        Column("Random directions, median", "number"), Column("95 % of them", "number"),
    )  # fmt: skip
    named = [
        (
            "capability",
            "Accuracy on the capability set, %",
            effects["capability_base"],
            effects["capability_steered"],
            100,
            1,
        ),
        ("perplexity", "Perplexity on plain text", effects["perplexity_base"], effects["perplexity_steered"], 1, 3),
        ("kl", "Divergence from the unsteered model, nats per token", None, effects["kl"], 1, 4),
    ]
    # measures that a later version of the benchmark adds as NAME_base and NAME_steered, such as another accuracy
    known = {name for name, *_rest in named}
    for key in sorted(effects):
        name = key.removesuffix("_steered")
        if key.endswith("_steered") and name not in known and format.known(effects[key]):
            named.append(
                (name, f"{name.replace('_', ' ').capitalize()}, %", effects.get(f"{name}_base"), effects[key], 100, 1)
            )
    body = []
    for name, words, before, after, scale, digits in named:
        spread = [value * scale for value in effects["random"].get(name) or ()]
        body.append(
            (
                words,
                tables.figure(before * scale, digits) if format.known(before) else Cell(no_value()),
                tables.figure(after * scale, digits),
                tables.figure(spread[0], digits) if spread else Cell(no_value()),
                format.interval(spread[1], spread[2], digits) if len(spread) == 3 else Cell(no_value()),
            )
        )
    return tables.table(columns, body, caption="Side effects", sortable=False)


def reference_table(run: Row) -> Markup | str:
    columns = (
        Column("Strength", "number", "absolute length"), Column("Over the norm", "number"), Column("Block", "number"),
        Column("Text changed", "number"), *FLIP_COLUMNS[2:],
    )  # fmt: skip
    body = [
        [
            tables.figure(row["strength_absolute"]), share(row["strength_of_norm"]), tables.figure(row["layer"], 0),
            f"{format.count(row['changed'])} of {format.count(row['changed_of'])}", *flips_cells(row["flips"])[2:],
        ]
        for row in run["reference"]
    ]  # fmt: skip
    return tables.table(columns, body, caption="The published tool's settings", sortable=False) if body else ""


COUNTS = (
    ("truthful", "Truthful"),
    ("truthful_informative", "Truthful and informative"),
    ("refusals", "Refusals"),
    ("repetitive", "Repetitive"),
    ("changed", "Text changed (a diagnostic)"),
)


def completions_table(run: Row) -> Markup | str:
    """What the judge counted in greedy completions."""
    found = run["generation"]
    if not found:
        return ""
    names = list(dict.fromkeys(name for key, _words in COUNTS for name in found.get(key) or ()))
    order = [name for name in ("unsteered", "steered", "random control") if name in names]
    order += [name for name in names if name not in order]
    columns = (Column("Counted"), *(Column(name.capitalize(), "number") for name in order))
    body: list[list[tables.Content]] = [
        [words, *(tables.figure(found[key].get(name), 0) for name in order)] for key, words in COUNTS if found.get(key)
    ]
    return tables.table(columns, body, caption="Completions", sortable=False)


def examples_table(run: Row) -> Markup | str:
    """Drawn completions as they are; they are foreign text."""
    examples = (run["generation"] or {}).get("examples") or []
    if not examples:
        return ""
    names = ["prompt", *(name for name in ("unsteered", "steered", "random control") if name in examples[0])]
    columns = tuple(Column(name.capitalize()) for name in names)
    body: list[list[tables.Content]] = [
        [filled('<span class="cw-said">{}</span>', row.get(name, "")) for name in names] for row in examples
    ]
    return tables.table(columns, body, caption="Completions drawn by seed", sortable=False)


def command(run: Row) -> str:
    """How to run it again; a finished run of the same key is returned as it is stored."""
    model, suite = run["model"], run["data"]["suite"]
    words = ["capewatch", "steer", "run", "--model", model["id"], "--suite", suite]
    if suite != "demo" and model["revision"]:
        words += ["--revision", model["revision"]]
    if model["dtype"] not in ("", DEFAULT_DTYPE):
        words += ["--dtype", model["dtype"]]
    return shlex.join(words)


def provenance(run: Row) -> list[tuple[str, str]]:
    """Name and value of everything a second run must share."""
    model, data, made, config = run["model"], run["data"], run["environment"], run["config"]
    test, validation, pairs = (format.count(data[name]) for name in ("n", "n_validation", "n_pairs"))
    rows: list[tuple[str, Any]] = [
        ("Key", run["key"]),
        ("Model revision", model["revision"]),
        ("Weights", f"{format.size(model['parameters'])} parameters, {model['blocks']} blocks, width {model['width']}, {model['dtype']}"),
        ("Blocks found at", model["layer_path"]),
        ("Padding", model["padding"]),
        ("Suite and revision", f"{data['suite']} {data['revision']}"),
        ("Data digest", data["digest"]),
        ("Test items, hash", data["test_hash"]),
        ("Items", f"{test} test, {validation} validation, {pairs} pairs"),
        ("Pairs", data["pairs"]),
        ("Seeds", f"run {made['seed']}, settings {config.get('seed', made['seed'])}"),
        ("Code", made["code"]),
        ("Versions", f"Python {made['python']}, torch {made['torch']}, transformers {made['transformers']}"),
        ("Device", f"{made['device']}, {format.plural(made['threads'], 'thread')}"),
        ("Direction files, sha256", ", ".join(fold["sha256"] for fold in run["folds"])),
        ("Per-item file, sha256", run["items_sha256"]),
        ("Cost", "; ".join(f"{format.words(value)} {name}" for name, value in run["cost"].items())),
        ("Result file", run["path"]),
    ]  # fmt: skip
    return [(name, str(value)) for name, value in rows if value not in ("", None)]
