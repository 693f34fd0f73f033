"""What a lab's page adds to its h table: the path of h over its releases, swings, the oscillation test, what to "
"measure next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from generator.site import format, tables
from generator.site.page import base_of
from generator.site.plots import Line, Panel, Plots
from generator.site.published import no_value, publish_csv
from generator.site.tables import Cell, Column
from generator.site.view import View, model_link
from generator.site.wording import has_estimate

LABEL_AT = 5.0  # pp, of generator.analysis.playbook
Row = Mapping[str, Any]


def lab_details(view: View, lab: str, track: str) -> Markup:
    """HTML for the page ``labs/<lab>/``: empty where the bundle has no dated release of the lab on both axes of "
    "the track."""
    found = ((view.section("labs") or {}).get(track) or {}).get(lab)
    if not found or not found["trajectory"]:
        return Markup("")
    base = base_of(f"labs/{lab}/")
    return view.env.get_template("lab-details.html.j2").render(
        base=base,
        priority=found["priority"],
        measure=_ended(found["priority"]["measure"]),
        oscillation=oscillation_sentence(found["oscillation"]),
        figure=_figure(view, lab, track, found, base) if len(found["trajectory"]) > 1 else "",
    )  # type: ignore[return-value]  # an autoescaping template returns Markup


def _ended(text: str) -> str:
    return text if text.endswith((".", "?")) else f"{text}."


def oscillation_sentence(statistic: Row) -> str:
    """How often h turned round beside shuffled order, or why no test is given."""
    if not has_estimate(statistic):
        return format.sentence(f"Oscillation: {statistic['reason'] or 'not computed'}")
    details = statistic["details"]
    text = (
        f"Over {format.plural(statistic['n'], 'release')} h turns round {format.number(statistic['estimate'], 0)} "
        f"times of at most {format.count(details['most_possible'])}; "
        f"in shuffled order {format.number(statistic['baselines'].get('mean of shuffled orders'), 1)} times on average"
    )
    p = statistic["p"].get("shuffled order")
    if p is None:
        return f"{text}. No p is given: {details.get('p_reason') or 'not computed'}."
    verdict = "more often than chance" if p < 0.05 else "not more often than chance"
    order = (
        ""
        if details.get("order_known")
        else " Some releases share a date as far as it is known, so their order is a guess."
    )
    return f"{text} ({format.p_value(p)}): {verdict}.{order}"


def _figure(view: View, lab: str, track: str, found: Row, base: str) -> Markup:
    path = found["trajectory"]
    swings = sum(bool(step["swing"]) for step in path)
    points = [(float(step["year"]), step["h"]) for step in path]
    reach = max(10.0, 10.0 * -(-max(abs(h) for _x, h in points) // 10))
    first, last = path[0], path[-1]
    text = (
        f"From {format.pp(first['h'])} ({first['released']}) to {format.pp(last['h'])} ({last['released']}); "
        f"{format.plural(swings, 'swing')} of more than 10{format.NBSP}pp between consecutive releases."
    )
    panel = Panel(
        alt=text,
        x=(points[0][0], points[-1][0] if points[-1][0] > points[0][0] else points[0][0] + 1),
        y=(-reach, reach),
        x_ticks=[(points[0][0], str(first["released"])[:7]), (points[-1][0], str(last["released"])[:7])],
        y_ticks=[(value, format.signed(value, 0)) for value in (-reach, -reach / 2, 0.0, reach / 2, reach)],
        levels=(0.0, LABEL_AT, -LABEL_AT),
        lines=[Line(points)],
    )
    csv = publish_csv(view, f"trajectory-{lab}-{track}", path)
    return Plots(
        f"trajectory-{track}",
        "h over the releases.",
        text,
        [panel],
        table=_table(view, path, base, view.track_name(track)),
        data=csv,
        note="Dashed: the line, and ±5 pp, beyond which the papers give a label. A single release scatters by the "
        "prediction interval, so a swing alone is no event.",
    ).html(base)


def _table(view: View, path: Sequence[Row], base: str, track: str) -> Markup:
    columns = (
        Column("Model"),
        Column("Released", "day"),
        Column("SWE-bench, %", "number"),
        Column("GPQA, %", "number"),
        Column("h, pp", "number"),
        Column("Δh, pp", "number"),
        Column("γ, pp per pp", "number", "change of GPQA for each pp of SWE-bench since the release before"),
        Column("Reading"),
    )
    body = []
    for step in path:
        words = [
            word
            for word, told in (
                ("swing", step["swing"]),
                ("excursion", step["excursion"]),
                ("order unknown", not step["order_known"]),
            )
            if told
        ]
        body.append(
            (
                Cell(model_link(view, step["model"], base), view.model_name(step["model"])),
                Cell(format.day(step["released"]), step["year"]),
                tables.figure(step["x"]),
                tables.figure(step["y"]),
                tables.figure(step["h"], sign=True),
                tables.figure(step["dh"], sign=True),
                tables.figure(step["gamma"], 2, sign=True),
                ", ".join(words) or no_value(),
            )
        )
    return tables.table(columns, body, caption=f"Releases in order, {track}", sortable=False)
