"""Blocks that other pages may show too: the chance of one prediction, the forecast card of one family."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from generator.site import format, tables
from generator.site.escape import filled
from generator.site.forecast_figures import card_chart
from generator.site.forecast_tables import ENDS, cut_mark, kept_note, kept_within
from generator.site.tables import Cell, Column
from generator.site.view import View

GROUPING_NAMES = {
    "source": "Families as the source groups them",
    "registry": "Families as this project groups them",
}
Row = Mapping[str, Any]


def part(view: View, name: str) -> Row:
    """A part of the section, with a reason where there is none."""
    found: Row = (view.section("forecasts") or {}).get(name) or {"reason": "the bundle holds no forecasts"}
    return found


def share_cell(value: Any) -> Cell:
    return Cell(share_text(value), float(value)) if format.known(value) else tables.figure(None)


def share_text(value: float) -> str:
    """A simulated share in whole percent; what no draw, or every draw, gave is not called certain."""
    if value < 0.005:
        return f"under 1{format.NBSP}%"
    return f"over 99{format.NBSP}%" if value > 0.995 else format.percent(100 * value, 0)


def replay_sentence(found: Row, horizon: int) -> str:
    """How such chances did from earlier days."""
    if not found["n"]:
        return "No earlier day could be replayed, so nothing is known of how good these chances are."
    better = found["brier"] < min(found["brier_standing"], found["brier_mean"])
    verdict = "better than both" if better else "no better than the better of the two"
    return (
        f"Replayed from earlier days, {horizon} days ahead: {format.plural(found['n'], 'case')}, "
        f"of which {format.count(found['passed'])} held. Brier score {format.number(found['brier'], 3)}, {verdict}: "
        f"{format.number(found['brier_standing'], 3)} for the standing of the day itself, "
        f"{format.number(found['brier_mean'], 3)} for the mean. So few cases prove little."
    )


def chance_block(view: View, identity: str) -> Markup:
    """Our chance for one prediction with its outcomes and replay, for the prediction's page; empty when none was simulated."""
    found = part(view, "chances")
    if found.get("reason") or identity not in found["items"]:
        return Markup("")
    one = found["items"][identity]
    return Markup(  # noqa: S704 - the template escapes
        view.env.get_template("chance.html.j2").render(
            chance=one["chance"],
            share=share_text,
            draws=found["draws"],
            since=found["simulated_from"],
            horizon=found["horizon_days"],
            reason=one["replay"]["reason"],
            replay=_replay_table(one["replay"]["rows"]) if one["replay"]["rows"] else "",
            pooled=replay_sentence(found["replay"], found["horizon_days"]),
        )
    )


def _replay_table(rows: Sequence[Row]) -> Markup:
    columns = (
        Column("From", "day"),
        Column("To", "day"),
        Column("Chance said", "number"),
        Column("Held on the first day"),
        Column("Held on the last day"),
    )
    body: list[Sequence[tables.Content]] = []
    for row in rows:
        if row["chance"] is None:
            none = Cell(filled('<span class="cw-none">{}</span>', row["reason"]))
            body.append(
                (
                    Cell(row["cut"], row["cut"]),
                    Cell(row["until"], row["until"]),
                    none,
                    tables.text(None),
                    tables.text(None),
                )
            )
            continue
        at_cut = "too few data" if row["holds_at_cut"] is None else format.words(row["holds_at_cut"])
        body.append(
            (
                Cell(row["cut"], row["cut"]),
                Cell(row["until"], row["until"]),
                share_cell(row["chance"]),
                at_cut,
                format.words(row["happened"]),
            )
        )
    return tables.table(columns, body, caption="The same criteria replayed from earlier days", sortable=False)


def card_block(view: View, family: str, base: str) -> Markup:
    """The card of one family, chart and table, and how the held-out sizes came out; empty for a family without one."""
    found = part(view, "cards")
    if found.get("reason") or family not in found:
        return Markup("")
    card = found[family]
    chart = card_chart(view, family, card)
    return Markup(  # noqa: S704 - the template escapes
        view.env.get_template("forecast-card.html.j2").render(
            card=card,
            chart=chart.html(base) if chart else "",
            table=_card_table(view, card) if card["forecast"] else "",
            held=_held_out(view, family),
        )
    )


def _card_table(view: View, card: Row) -> Markup:
    columns = [Column("Parameters", "number")]
    columns += [Column(f"{view.axis_name(axis)}, %", "number", "with the 80 % interval") for axis in card["axes"]]
    body: list[list[tables.Content]] = [
        [tables.size(row["params"]), *(_with_interval(row[axis]) for axis in card["axes"])] for row in card["forecast"]
    ]
    note = kept_note([row[axis] for row in card["forecast"] for axis in card["axes"]])
    return tables.table(columns, body, caption="Forecast of larger sizes, with 80 % intervals", sortable=False) + note


def _with_interval(row: Row) -> Markup:
    return Markup('{} <small class="cw-bounds">{}</small>').format(
        kept_within(row["estimate"]).html, format.interval(row["low_80"], row["high_80"], 1)
    )


def _held_out(view: View, family: str) -> Markup | str:
    """What the headline model said of the family's larger sizes from its two smallest, beside what they score."""
    found = part(view, "trajectories")
    grouping = None if found.get("reason") else found["groupings"]["registry"]
    rows = (
        [] if not grouping or grouping["reason"] else [row for row in grouping["held_out"] if row["family"] == family]
    )
    if not rows:
        return ""
    columns = (
        Column("Model"),
        Column("Benchmark"),
        Column("Forecast, %", "number"),
        Column("80 % interval", "number"),
        Column("Score, %", "number"),
        Column("Miss, pp", "number"),
        Column("Two-point line, pp", "number", "its miss"),
        Column("Inside"),
    )
    body = [
        (
            view.model_name(row["model"]),
            view.axis_name(row["axis"]),
            kept_within(row["forecast"]),
            tables.bounds(row["low_80"], row["high_80"]),
            tables.figure(row["observed"]),
            tables.figure(row["forecast"] - row["observed"], sign=True),
            _missed(row["two_point"], row["observed"]),
            "yes" if row["low_80"] <= row["observed"] <= row["high_80"] else "no",
        )
        for row in rows
    ]
    said = tables.table(
        columns, body, caption="Larger sizes forecast from the two smallest, by models that never saw the family"
    )
    beyond = any(row["two_point"] in ENDS for row in rows)
    line = f"The two-point line is kept within 0 and 100{format.NBSP}%; a miss says where it left that range."
    return (
        said
        + kept_note([row | {"estimate": row["forecast"]} for row in rows])
        + (filled('<p class="cw-small">{}</p>', line) if beyond else "")
    )


def _missed(percent: float, score: float) -> Cell:
    """A forecast minus the score, pp; a forecast that was cut at the end of the scale says so."""
    return Cell(cut_mark(format.signed(percent - score), percent), percent - score)
