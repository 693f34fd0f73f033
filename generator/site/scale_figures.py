"""Figures along model size: the phase diagram with its bands, and the critical size Nc of every family."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from generator.site import format, tables
from generator.site.charts import Figure, Key
from generator.site.escape import filled
from generator.site.family_figures import round_ticks
from generator.site.tables import Cell, Column
from generator.site.view import BASE, View
from generator.site.wording import has_estimate, range_words, size_interval

Row = Mapping[str, Any]
PHASE_COLOURS = {"tax": "var(--cw-tax)", "transition": "var(--cw-flat)", "bonus": "var(--cw-bonus)"}
SIZE_WORDS = "datum.value >= 1e9 ? datum.value / 1e9 + ' B' : datum.value / 1e6 + ' M'"
CLAIM, CLAIM_NUMBER = "nc-quadratic", "nc"  # where the papers' critical scale is on record
#: state of Nc → symbol, what it says in the legend
STATES = {
    "bracketed": ("circle", "bracketed: estimate with 95 % interval"),
    "several crossings": ("square", "several crossings: zero of the monotone fit, with 95 % interval"),
    "not bracketed: above": ("triangle-right", "not bracketed: Nc, if any, lies above these sizes"),
    "not bracketed: below": ("triangle-left", "not bracketed: Nc, if any, lies below these sizes"),
    "reversed": ("cross", "none: γ12 turns from positive to negative"),
}


#: families that the figure of Nc has rows for, those with an estimate first
MOST_FAMILIES = 100
ESTIMATED = ("bracketed", "several crossings")


def paper_scale(view: View) -> tuple[float, str] | None:
    """The papers' critical scale in parameters and the page of its claim, from the ledger of claims."""
    claims = (view.section("claims") or {}).get("items", ())
    claim = next((item for item in claims if item["id"] == CLAIM), None)
    number = next((one for one in (claim or {}).get("published", ()) if one["name"] == CLAIM_NUMBER), None)
    if number is None or not format.known(number["value"]):
        return None
    return 1e9 * number["value"], f"claims/{CLAIM}/"


def phase_diagram(view: View, track: str, bands: Sequence[Row]) -> Figure | None:
    """TruthfulQA against size with the bands that the pooled interval of Nc makes."""
    rows = [
        row | {"size": size}
        for row in view.rows(f"panel-{track}")
        if format.known(row.get(BASE[1])) and format.known(size := row.get("params"))
    ]
    if not rows or not bands:
        return None
    low, high = min(row["size"] for row in rows) / 1.2, max(row["size"] for row in rows) * 1.2
    points = [_point(view, row) for row in rows]
    paper = paper_scale(view)
    shades = [
        {"x": band["low"] or low, "x2": band["high"] or high, "label": band["phase"], "colour": PHASE_COLOURS[band["phase"]]}
        for band in bands
    ]  # fmt: skip
    values = [point["y"] for point in points]
    reach = {"low": 5.0 * (min(values) // 5) - 5, "high": -5.0 * (-max(values) // 5)}
    marks = [{"x": paper[0], "y": reach["low"], "label": f"papers: {format.size(paper[0])}"}] if paper else []
    threads = [{"series": row["family"], "x": row["size"], "y": row[BASE[1]]} for row in rows if row.get("family")]
    chart = view.charts.chart(
        f"phase-{track}", "phase", {"bands": shades, "points": points, "threads": threads, "marks": marks},
        {"x": "Parameters", "y": f"{view.axis_name(BASE[1])}, %", "who": "Family", "ticks": round_ticks([low, high]), **reach},
    )  # fmt: skip
    middle = next(band for band in bands if band["phase"] == "transition")
    finding = (
        f"Over all families the sign of γ12 has even odds of being positive somewhere between {format.size(middle['low'])} and "
        f"{format.size(middle['high'])} (95 % interval of the pooled Nc): that is the transition band."
    )
    if paper:
        inside = middle["low"] <= paper[0] <= middle["high"]
        finding += f" The papers' {format.size(paper[0])} lies {'inside' if inside else 'outside'} it."
    return Figure(
        identity=f"phase-{track}",
        title=f"{view.axis_name(BASE[1])} against size, with phases.",
        finding=finding,
        chart=chart,
        note=f"{view.track_name(track)}. Band edges are computed from these data; the dashed line is the papers' printed value, "
        "for reference. Thin lines join the sizes of a family.",
        csv=view.csv(f"panel-{track}"),
        table=_panel_table(view, rows),
    )


def _point(view: View, row: Row) -> dict[str, Any]:
    family = view.families.get(row.get("family") or "")
    return {
        "x": row["size"], "y": row[BASE[1]], "name": row["name"], "who": family["name"] if family else "none",
        "group": row.get("family") or "", "colour": "var(--cw-series-7)", "shape": "circle", "label": "",
        "x_text": format.size(row["size"]),
        "y_text": format.percent(row[BASE[1]]),
    }  # fmt: skip


def _panel_table(view: View, rows: Sequence[Row]) -> Markup:
    columns = (
        Column("Model"), Column("Parameters", "number"), *(Column(f"{view.axis_name(axis)}, %", "number") for axis in BASE),
    )  # fmt: skip
    body = [
        (row["name"], tables.size(row["size"]), *(tables.figure(row.get(axis)) for axis in BASE))
        for row in sorted(rows, key=lambda row: (row["size"], row["name"]))
    ]
    return tables.table(columns, body, caption="Scores by size")


def band_table(bands: Sequence[Row]) -> Markup | str:
    """What each band advises and what lies in it."""
    if not bands:
        return ""
    columns = (
        Column("Phase"), Column("Parameters"), Column("The playbook advises"), Column("Models", "number"),
        Column("γ12 intervals", "number"), Column("clearly negative", "number", "95 % set below zero"),
        Column("clearly positive", "number", "95 % set above zero"),
    )  # fmt: skip
    body = [
        (
            Cell(filled('<span class="cw-chip cw-chip--{0}">{0}</span>', band["phase"])),
            Cell(_sizes(band), band["low"] or 0.0),
            Cell(filled('<span class="cw-long">{}</span>', format.sentence(band["advice"]))),
            tables.figure(band["models"], 0),
            tables.figure(band["intervals"], 0),
            tables.figure(band["negative"], 0),
            tables.figure(band["positive"], 0),
        )
        for band in bands
    ]
    return tables.table(columns, body, caption="Bands of size and their advice", sortable=False)


def _sizes(band: Row) -> str:
    if band["low"] is None:
        return f"below {format.size(band['high'])}"
    return (
        f"above {format.size(band['low'])}"
        if band["high"] is None
        else f"{format.size(band['low'])} to {format.size(band['high'])}"
    )


def scale_figure(view: View, track: str) -> Figure | None:
    """Nc of every family: an interval, or a mark that says on which side of its sizes Nc must lie, or that there is none."""
    statistics = {
        name.split("/")[2]: statistic
        for name, statistic in view.bundle.statistics.items()
        if name.startswith(f"{track}/nc/")
    }
    states = {family: _state(statistic) for family, statistic in statistics.items()}
    sizes: dict[str, list[float]] = defaultdict(list)
    for row in view.gamma_rows(track):
        sizes[row["family"]] += [row[end] for end in ("n_from", "n_to") if format.known(row[end])]
    points = [
        _scale_point(view, family, statistic, states[family], sizes[family])
        for family, statistic in statistics.items()
        if states[family] in STATES and sizes[family]
    ]
    if not points:
        return None
    kinds = list(STATES)
    points.sort(key=lambda point: (kinds.index(point["group"]), point["x"], point["row"]))
    left = len(points) - MOST_FAMILIES
    points = points[:MOST_FAMILIES]
    paper = paper_scale(view)
    chart = view.charts.chart(
        f"nc-{track}", "rows", {"points": points, "marks": [{"x": paper[0]}] if paper else []},
        {"x": "Parameters", "y": "Nc", "who": "State", "rows": [point["row"] for point in points], "height": 60 + 20 * len(points),
         "type": "log", "words": SIZE_WORDS, "ticks": round_ticks([value for point in points for value in (point["low"], point["high"])])},
    )  # fmt: skip
    found = Counter(states.values())
    firm = sum(bool(statistic["details"].get("resolved_bracket")) for statistic in statistics.values())
    rest = len(statistics) - sum(found[state] for state in STATES)
    return Figure(
        identity=f"nc-{track}",
        title="Critical size Nc of each family.",
        finding=f"Of {format.plural(len(statistics), 'family', 'families')} {found['bracketed']} bracket a change of γ12 from negative "
        f"to positive, {firm} of them between two γ12 that each exclude zero; {found['several crossings']} cross more than once; "
        f"{found['not bracketed: above']} are negative at all their sizes, {found['not bracketed: below']} positive; "
        f"{found['reversed']} change the other way; {rest} have too few sizes.",
        chart=chart,
        keys=[
            Key(state, words, _colour(state), shape)
            for state, (shape, words) in STATES.items()
            if any(point["group"] == state for point in points)
        ],
        note="Bars: 95 % interval from the sampling error of the scores; a redraw in which γ12 does not change sign counts as beyond "
        "the family's sizes, and a bar that ends at the smallest or largest of them is open there. Without an estimate, the sizes "
        "that the family has."
        + (f" Dashed: the papers' {format.size(paper[0])}." if paper else "")
        + (f" {format.plural(left, 'further family', 'further families')} in the file alone." if left > 0 else ""),
        csv=view.csv(f"families-{track}"),
        table=_scale_table(view, statistics, states),
    )


def _state(statistic: Row) -> str:
    return str(statistic["details"].get("state") or ("bracketed" if has_estimate(statistic) else "too few sizes"))


def _colour(state: str) -> str:
    return "var(--cw-accent)" if state in ESTIMATED else "var(--cw-muted)"


def _scale_point(view: View, family: str, statistic: Row, state: str, sizes: Sequence[float]) -> dict[str, Any]:
    low, high, at = min(sizes), max(sizes), (min(sizes) * max(sizes)) ** 0.5
    placed = has_estimate(statistic)
    if placed:
        at = statistic["estimate"]
        bounds = statistic["interval"] or {}
        open_ends = (low, high) if bounds else (at, at)
        low, high = (bounds.get(end) or open_end for end, open_end in zip(("low", "high"), open_ends, strict=True))
    elif state.endswith("above"):
        at = high
    elif state.endswith("below"):
        at = low
    words = range_text(statistic) if placed else state
    return {
        "x": at, "low": low, "high": high, "row": view.family_name(family), "name": view.family_name(family), "who": state,
        "group": state, "colour": _colour(state), "shape": STATES[state][0], "label": "", "order": 0,
        "x_text": format.size(at), "y_text": words,
    }  # fmt: skip


def range_text(statistic: Row) -> str:
    """``12.2 B [664 M, > 66 B]``: the end is open, beyond the family's sizes."""
    bounds = statistic["interval"]
    if not bounds:
        return f"{format.size(statistic['estimate'])}, {range_words(None)}"
    return f"{format.size(statistic['estimate'])} {size_interval(bounds, statistic['details'].get('sizes') or ())}"


def _share(statistic: Row, side: str) -> float | None:
    """Percent of the redrawn scores whose zero is found (``crossing``) or lies ``above`` or ``below`` the family's sizes."""
    share = statistic["details"].get(f"{side}_share")
    return 100.0 * share if format.known(share) else None


def _scale_table(view: View, statistics: Mapping[str, Row], states: Mapping[str, str]) -> Markup:
    columns = (
        Column("Family"),
        Column("Sizes", "number"),
        Column("State"),
        Column("Nc, or why there is none"),
        Column(f"Redraws crossing,{format.NBSP}%", "number", "share of the redrawn scores with a change of sign"),
        Column(f"below,{format.NBSP}%", "number", "share without a negative γ12: Nc below the family's sizes"),
        Column(f"above,{format.NBSP}%", "number", "share without a positive γ12: Nc above the family's sizes"),
    )
    order = list(STATES)
    ranked = sorted(
        statistics, key=lambda one: (order.index(states[one]) if states[one] in STATES else len(order), one)
    )
    body: list[tuple[tables.Content, ...]] = [
        (
            view.family_name(family),
            tables.figure(statistic["n"], 0),
            states[family],
            Cell(filled('<span class="cw-bounds">{}</span>', range_text(statistic)), statistic["estimate"])
            if has_estimate(statistic)
            else Cell(filled('<span class="cw-none cw-long">{}</span>', statistic["reason"])),
            *(tables.figure(_share(statistic, side), 0) for side in ("crossing", "below", "above")),
        )
        for family in ranked
        for statistic in (statistics[family],)
    ]
    return tables.table(columns, body, caption="Nc of every family", classes=tables.NARROW)
