"""Predictions: where each stands and why, what would turn it, every choice made for it, and its history; a page each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from generator.analysis.resample import MIN_BOOTSTRAP_CLUSTERS
from generator.site import format, tables
from generator.site.charts import Figure, Key
from generator.site.escape import filled
from generator.site.forecast_blocks import chance_block
from generator.site.groups.board import deadline, prediction_rows, standing_chip, state_chip
from generator.site.groups.choices import alternatives, figure_words, heading, headings, named, sensitivity, values_of
from generator.site.page import Group, Page, base_of
from generator.site.tables import Cell, Column
from generator.site.view import View, lab_chip, model_link, source_link
from generator.site.wording import has_estimate, interval_kind

INDEX = "predictions/"
STANDING_COLOURS = {
    "on course to pass": ("var(--cw-ok)", "triangle-up"),
    "on course to fail": ("var(--cw-bad)", "triangle-down"),
    "undetermined": ("var(--cw-warn)", "diamond"),
    "too few data": ("var(--cw-muted)", "circle"),
}
#: Two computations of one correlation over the same scores differ by less.
SAME = 1e-9
#: What a scheme draws.
_UNITS = {"plain": "model", "lab-clustered": "lab"}
Row = Mapping[str, Any]


def pages(view: View) -> Iterator[Page]:
    items = prediction_rows(view)
    if not items:
        return
    kinds = {kind: [item for item in items if item["file"]["kind"] == kind] for kind in ("prediction", "statement")}
    base = base_of(INDEX)
    body = view.render(
        "predictions.md.j2",
        INDEX,
        predictions=_table(view, kinds["prediction"], base, filtered=True),
        statements=_table(view, kinds["statement"], base) if kinds["statement"] else "",
        states=sorted({item["evaluation"]["state"] for item in kinds["prediction"]}),
        standings=sorted({item["evaluation"]["standing"] for item in kinds["prediction"]}),
        counts=view.section("predictions")["counts"],
    )
    yield Page(
        "predictions/index.md",
        "Predictions",
        f"{format.plural(len(items), 'prediction')}: state, standing today, deadline.",
        body,
        hide=("toc",),
    )
    for item in items:
        yield _page(view, item)


def _table(view: View, items: Sequence[Row], base: str, *, filtered: bool = False) -> Markup:
    columns = (
        Column("Prediction" if filtered else "Statement"),
        Column("State"),
        Column("Standing today"),
        Column("Closes", "day"),
        Column("Models", "number", "distinct models behind the numbers"),
        Column("Track"),
    )
    body = []
    for item in items:
        row = item["evaluation"]
        body.append(
            (
                Cell(
                    filled('<a class="cw-title" href="{}predictions/{}/">{}</a>', base, item["id"], _numbered(row)),
                    row["number"] if row["number"] is not None else row["title"],
                ),
                Cell(state_chip(row["state"]), row["state"]),
                Cell(standing_chip(row["standing"]), row["standing"]),
                Cell(deadline(row["closes"]), row["closes"]),
                tables.figure(row["n"], 0),
                view.track_name(row["track"]),
            )
        )
    attributes = Markup(' data-cw-filter="predictions"') if filtered else Markup("")
    caption = "Predictions" if filtered else "Statements"
    return tables.table(columns, body, caption=caption, attributes=attributes, classes=tables.STACKED)


def _numbered(row: Row) -> str:
    return str(row["title"]) if row["number"] is None else f"{row['number']}. {row['title']}"


def _page(view: View, item: Row) -> Page:
    row, file = item["evaluation"], item["file"]
    url = f"predictions/{item['id']}/"
    base = base_of(url)
    chart = _timeline_chart(view, item)
    body = view.render(
        "prediction.md.j2",
        url,
        item=item,
        row=row,
        file=file,
        state=state_chip(row["state"]),
        standing=standing_chip(row["standing"]),
        closes=deadline(row["closes"]),
        origin=source_link(file["origin"]["url"], file["origin"]["title"]),
        metrics=_metrics(view, item),
        beside=[*_beside(view, row), *filter(None, [_few(row)])],
        sensitivity=sensitivity(view, row),
        cited_choice=any(one.get("scores") == "cited" for one in row["alternatives"]),
        firmness=_firmness(row),
        alternatives=alternatives(view, item),
        evidence=_evidence(view, row, base),
        releases=_releases(view, row, base),
        timeline=_timeline(view, item, base),
        chart=chart.html(base) if chart else "",
        chance=chance_block(view, item["id"]),
        ledger=_ledger(item),
    ) + view.stale_note(tracks=(row["track"],))
    return Page(
        f"predictions/{item['id']}.md",
        row["title"],
        file["statement"],
        body,
        search=f"prediction, {row['state']}: {file['statement']}",
        edit=item["path"],
    )


def _metrics(view: View, item: Row) -> Markup:
    columns = (
        Column("Measured"),
        Column("Value", "number"),
        Column("95 % interval", "number"),
        Column("Interval by"),
        Column("n", "number"),
    )
    body = []
    for name, metric in item["evaluation"]["metrics"].items():
        words = str(item["words"]["metrics"].get(name, name))
        bounds = metric["interval"]
        value = Cell(f"{figure_words(metric['estimate'], metric['unit'])} {metric['unit']}".strip(), metric["estimate"])
        if not format.known(metric["estimate"]):
            value = Cell(filled('<span class="cw-none">{}</span>', named(view, metric["reason"])))
        shown = tables.bounds(bounds["low"], bounds["high"], 2) if bounds else tables.text(None)
        kind = tables.text(interval_kind(bounds) or None)
        body.append((heading(words), value, shown, kind, tables.figure(metric["n"], 0)))
    return tables.table(columns, body, caption="What is measured", sortable=False)


def _beside(view: View, row: Row) -> list[str]:
    """The interval that the couplings have of a correlation measured here over the same models, and why it differs."""
    found = []
    for metric in row["metrics"].values():
        bounds = metric["interval"]
        if metric["details"].get("kind") != "pearson" or not bounds:
            continue
        same = view.pair_statistic(row["track"], "r", tuple(metric["axes"]))
        if same is None or not has_estimate(same) or not same["interval"] or same["n"] != metric["n"]:
            continue
        if abs(same["estimate"] - metric["estimate"]) > SAME or interval_kind(same["interval"]) == interval_kind(
            bounds
        ):
            continue
        here, there = ((one["interval"]["low"], one["interval"]["high"]) for one in (metric, same))
        wider = there[1] - there[0] > here[1] - here[0]
        found.append(
            f"This r has two intervals: {format.interval(*here)} here ({interval_kind(bounds)}), in step with the shares of standings "
            f"below; {format.interval(*there)} where couplings are listed ({interval_kind(same['interval'])})."
            + (
                " A bootstrap of few labs tends to be too narrow, so the second is the cautious reading."
                if wider
                else ""
            )
        )
    return found


def _firmness(row: Row) -> Markup | str:
    """Share of resamples in each standing, a row a scheme."""
    if not row["firmness"]:
        return ""
    standings = list(STANDING_COLOURS)
    columns = (
        Column("Resampled"),
        Column("Drawn among"),
        *(Column(name, "number") for name in standings),
        Column("Resamples", "number"),
    )
    body = [
        [
            item["scheme"],
            item.get("reason") or _drawn_among(item),
            *(_share(item, name) for name in standings),
            tables.figure(item["resamples"] or None, 0),
        ]
        for item in row["firmness"]
    ]
    return tables.table(columns, body, caption="How firm the standing is", sortable=False)


def _drawn_among(item: Row) -> str:
    """``10 models``; of labs that are too few for whole resamples to differ, this too."""
    if not item.get("units"):
        return format.MISSING
    return format.plural(item["units"], _UNITS[item["scheme"]]) + (", too few" if _few_labs(item) else "")


def _few_labs(item: Row) -> bool:
    """Whether whole resamples of the labs mostly repeat one or two of them."""
    return item["scheme"] == "lab-clustered" and 0 < (item.get("units") or 0) < MIN_BOOTSTRAP_CLUSTERS


def _few(row: Row) -> str:
    """What intervals and shares from resamples of too few labs are worth; '' where no such are shown."""
    for item in filter(_few_labs, row["firmness"]):
        return (
            f"Drawn with replacement from {format.plural(item['units'], 'lab')}, whole resamples mostly repeat one or two of them: from "
            f"fewer than {MIN_BOOTSTRAP_CLUSTERS} labs, the intervals and the shares by labs on this page say less than they seem to."
        )
    return ""


def _share(item: Row, standing: str) -> Cell:
    """The share of one standing; a dash where nothing could be resampled."""
    share = None if item.get("reason") else item["shares"].get(standing, 0.0)
    return Cell(format.MISSING if share is None else format.percent(100 * share, 0), share)


def _evidence(view: View, row: Row, base: str) -> Markup | str:
    if not row["evidence"]:
        return ""
    axes = list(dict.fromkeys(axis for item in row["evidence"] for axis in item["scores"]))
    columns = (
        Column("Model"),
        Column("Lab"),
        Column("Released", "day"),
        *(Column(view.axis_name(axis), "number") for axis in axes),
    )
    body = [
        [
            Cell(model_link(view, item["model"], base, item["name"]), item["name"]),
            Cell(lab_chip(view, item["lab"], base), item["lab"]),
            Cell(format.day(item["released"]), item["released"]),
            *(_scored(item, axis) for axis in axes),
        ]
        for item in row["evidence"]
    ]
    return tables.table(columns, body, caption="The scores behind it")


def _scored(item: Row, axis: str) -> Cell:
    value, source = item["scores"].get(axis), item["sources"].get(axis)
    if not format.known(value) or value is None:
        return tables.figure(None)
    shown = source_link(source["url"], format.number(value, 1)) if source else format.number(value, 1)
    return Cell(shown, float(value))


def _releases(view: View, row: Row, base: str) -> Markup | str:
    if not row["releases"]:
        return ""
    columns = (Column("Release"), Column("Released", "day"), Column("Scored on", "day"), Column("Counts"))
    body = [
        (
            model_link(view, str(item["model"]), base),
            Cell(format.day(item["released"]), item["released"]),
            Cell(format.day(item["scored_on"]), item["scored_on"]),
            str(item["counts"]),
        )
        for item in row["releases"]
    ]
    return tables.table(columns, body, caption="Releases that could count")


def _timeline(view: View, item: Row, base: str) -> Markup | str:
    steps = item["timeline"]
    if not steps:
        return ""
    heads = headings(item)
    columns = (
        Column("Day", "day"),
        Column("Standing"),
        Column("Models", "number"),
        *(Column(heading, "number") for heading in heads.values()),
        Column("What moved it"),
    )
    body: list[list[tables.Content]] = [
        [
            Cell(step["day"], step["day"]),
            Cell(standing_chip(step["standing"]), step["standing"]),
            tables.figure(step["n"], 0),
            *values_of(item, step["values"], heads),
            Markup(", ").join(
                filled("{} {}", model_link(view, move["model"], base), move["how"]) for move in step["moves"]
            )
            or tables.text(None),
        ]
        for step in reversed(steps)
    ]
    return tables.table(columns, body, caption="Standing on each day on which a score became public")


def _timeline_chart(view: View, item: Row) -> Figure | None:
    """The deciding metric over time with its thresholds."""
    margins = item["evaluation"]["margins"]
    if not margins or not item["timeline"]:
        return None
    leading = next((margin for margin in margins if margin["side"] == "pass"), margins[0])
    metric = leading["metric"]
    label = item["words"]["metrics"].get(metric, metric)
    unit = leading["unit"]
    points = [
        {
            "day": step["day"],
            "y": step["values"][metric],
            "colour": STANDING_COLOURS[step["standing"]][0],
            "shape": STANDING_COLOURS[step["standing"]][1],
            "group": step["standing"],
            "name": step["standing"],
            "who": str(step["n"]),
            "label": "",
            "x_text": step["day"],
            "y_text": f"{figure_words(step['values'][metric], unit)} {unit}".strip(),
        }
        for step in item["timeline"]
        if format.known(step["values"].get(metric))
    ]
    if len(points) < 3:
        return None
    levels = sorted({margin["threshold"] for margin in margins if margin["metric"] == metric})
    chart = view.charts.chart(
        f"prediction-{item['id']}",
        "timeline",
        {"points": points, "levels": [{"y": level} for level in levels]},
        {"x": "Day", "y": f"Value, {unit}" if unit else "Value", "who": "Models"},
    )
    thresholds = " and ".join(f"{figure_words(level)} {unit}".strip() for level in levels)
    return Figure(
        identity=f"timeline-{item['id']}",
        title=f"{heading(label)}, day by day.",
        finding=f"Now {points[-1]['y_text']}; {'thresholds' if len(levels) > 1 else 'threshold'} at {thresholds} (dashed).",
        chart=chart,
        keys=_standing_keys(points),
    )


def _standing_keys(points: list[dict[str, Any]]) -> list[Key]:
    present = {point["group"] for point in points}
    return [Key(name, name, *look) for name, look in STANDING_COLOURS.items() if name in present]


def _ledger(item: Row) -> Markup | str:
    if not item["ledger"]:
        return ""
    columns = (Column("No.", "number"), Column("At", "day"), Column("Event"), Column("Hash"))
    body = [
        (
            tables.figure(line["sequence"], 0),
            line["at"],
            str(line["event"]),
            filled("<code>{}</code>", line["hash"][:16]),
        )
        for line in item["ledger"]
    ]
    return tables.table(columns, body, caption="Ledger", sortable=False)


GROUP = Group("predictions", pages)
