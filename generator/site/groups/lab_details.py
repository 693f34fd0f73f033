"""What a lab's page adds to its h table: its releases in order, the trend, the oscillation test, what to measure next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from generator.analysis.emphasis import EXCURSION, SWING
from generator.site import format, tables
from generator.site.escape import filled
from generator.site.page import base_of
from generator.site.published import no_value, publish_csv
from generator.site.tables import Cell, Column
from generator.site.view import View, link, model_link
from generator.site.wording import has_estimate

#: What the words and the γ of a table of releases mean.
READ_RELEASES = (
    f"Excursion: h lies more than {EXCURSION:g}{format.NBSP}pp from the line; swing: it moves by more than {SWING:g}{format.NBSP}pp; the "
    "order is unknown where two releases have one date as far as it is known. γ over a small change of SWE-bench is mostly noise."
)
Row = Mapping[str, Any]


def lab_details(view: View, lab: str, track: str) -> Markup:
    """HTML for the page ``labs/<lab>/``: empty where the bundle has no dated release of the lab on both axes of the track."""
    found = ((view.section("labs") or {}).get(track) or {}).get(lab)
    if not found or not found["trajectory"]:
        return Markup("")
    base = base_of(f"labs/{lab}/")
    return view.env.get_template("lab-details.html.j2").render(
        base=base,
        priority=found["priority"],
        measure=_ended(found["priority"]["measure"]),
        oscillation=oscillation_sentence(found["oscillation"]),
        trend=trend_sentence(found["trend"]),
        next=next_measurement(view, found["next"], base),
        csv=link(base, publish_csv(view, f"trajectory-{lab}-{track}", found["trajectory"])),
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
        reason = str(details.get("p_reason") or "no shuffled orders").replace(": ", " ", 1)
        return f"{text}. No p is given: with {reason}."
    verdict = "more often than chance" if p < 0.05 else "not more often than chance"
    order = (
        ""
        if details.get("order_known")
        else " Some releases share a date as far as it is known, so their order is a guess."
    )
    return f"{text} ({format.p_value(p)}): {verdict}.{order}"


def release_table(view: View, lab: str, track: str, base: str) -> Markup | None:
    """Every release of the lab in order with the step from the one before; None where the bundle has no path."""
    path = (((view.section("labs") or {}).get(track) or {}).get(lab) or {}).get("trajectory")
    return _table(view, path, base, view.track_name(track)) if path else None


def trend_sentence(trend: Row | None) -> str:
    """How h moves with time, with its interval."""
    if trend is None:
        return "A slope of h over time needs three dated releases."
    clear = trend["low"] > 0 or trend["high"] < 0
    return (
        f"h moves by {format.pp(trend['slope'])} a year {format.interval(trend['low'], trend['high'], 1, sign=True)}: "
        f"{'a trend' if clear else 'no clear trend'}."
    )


def next_measurement(view: View, found: Row, base: str) -> Markup:
    """Which single score would tell most of the lab, and by how much the interval of its mean h would narrow."""
    n, now, then = found["n"], found["half_width"], found["half_width_next"]
    if now is None and then is None:
        words = "The lab has no model with both scores: the first would place it."
    elif now is None:
        words = (
            "One model has both scores, so the mean has no interval; a second would give one of about "
            f"±{format.number(then, 1)}{format.NBSP}pp."
        )
    else:
        words = (
            f"{format.plural(n, 'model')} have both scores and the mean h is known to ±{format.number(now, 1)}{format.NBSP}pp; "
            f"one more with an unchanged scatter would give about ±{format.number(then, 1)}{format.NBSP}pp."
        )
    candidates = [
        filled("{} for {}", view.axis_name(one["missing"]), model_link(view, one["model"], base))
        for one in found["candidates"]
    ]
    if not candidates:
        return filled("{} No model of the lab lacks just one of the two.", words)
    return filled("{} One score is all that is missing: {}.", words, Markup("; ").join(candidates))


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
    return tables.table(columns, body, caption=f"Releases in order, {track}", sortable=False) + filled(
        '\n<p class="cw-small">{}</p>', READ_RELEASES
    )
