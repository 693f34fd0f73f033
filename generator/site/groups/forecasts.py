"""Forecasts: models judged on families they never saw, phases, ODEs, the frontier, chances of the predictions; a card a family."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from generator.site import forecast_tables as shown
from generator.site import format, tables
from generator.site.forecast_blocks import card_block, part, replay_sentence, share_cell
from generator.site.forecast_figures import calibration, printed_chart, reliability
from generator.site.page import Group, Page, base_of
from generator.site.portrait import portrait_svg
from generator.site.tables import Cell, Column
from generator.site.view import View, link

INDEX = "forecasts/"
REFERENCE = "two-point-line"
VIEW = "from_third"
#: Families drawn in the accent colour on the phase portrait.
MARKED = ("pythia", "llama-2", "opt")
GROUPING_NAMES = {
    "source": "Families as the source groups them",
    "registry": "Families as this project groups them",
}
Row = Mapping[str, Any]


def pages(view: View) -> Iterator[Page]:
    if not view.section("forecasts"):
        return
    base = base_of(INDEX)
    body = view.render(
        "forecasts.md.j2",
        INDEX,
        lead=lead(view),
        groupings=_groupings(view, base),
        trajectories=part(view, "trajectories"),
        phase=_phase(view),
        ode=_ode(view),
        frontier=_frontier(view, base),
        training=_training(view),
        chances=_chances(view, base),
        cards=_cards(view, base),
    )
    description = (
        "Forecasts of larger models, next releases and predictions, judged on families, labs and days held out."
    )
    yield Page("forecasts/index.md", "Forecasts", description, body, search=description)
    for family in _with_cards(view):
        yield _page(view, family)


def lead(view: View) -> str:
    """What the headline model reaches, in one or two sentences."""
    found = part(view, "trajectories")
    grouping = _headline(found)
    if grouping is None:
        return f"No comparison of forecasts: {_reason(found)}."
    name = found["headline"]["model"]
    entry = next(one for one in grouping["leaderboard"] if one["name"] == name)
    skill, goal = entry["skill_vs_two_point"][VIEW], grouping["goal"]
    reached = (
        "is reached"
        if all(goal[name] for name in ("mae_reached", "coverage_reached", "gain_excludes_zero", "size_reached"))
        else "is not reached"
    )
    return (
        f"Given only the two smallest sizes of a family it never saw, the {name} of five kinds of model misses the larger sizes by "
        f"{format.number(entry['mae_pp'][VIEW]['overall'], 2)} pp on average, over {format.plural(grouping['targets'][VIEW], 'model')} of "
        f"{format.plural(len(grouping['families']), 'family', 'families')} and {format.plural(len(found['axes']), 'benchmark')}. "
        f"A straight line through the two sizes misses by {format.number(skill['gain_pp'], 2)} pp more "
        f"(95{format.NBSP}% interval {format.number(skill['gain_low_pp'], 2)} to "
        f"{format.number(skill['gain_high_pp'], 2)}). The goal of {format.number(found['goal']['mae_pp'], 1)} pp {reached}."
    )


def _headline(found: Row) -> Row | None:
    if found.get("reason"):
        return None
    grouping: Row = found["groupings"][found["headline"]["grouping"]]
    return None if grouping["reason"] else grouping


def _reason(found: Row) -> str:
    return str(found.get("reason") or found["groupings"][found["headline"]["grouping"]]["reason"])


def _groupings(view: View, base: str) -> list[dict[str, Any]]:
    """The leaderboards by grouping, the headline's first."""
    found = part(view, "trajectories")
    if found.get("reason"):
        return []
    first, model, axes = found["headline"]["grouping"], found["headline"]["model"], found["axes"]
    return [
        _grouping(view, name, found["groupings"][name], axes, base, model=model, first=name == first)
        for name in sorted(found["groupings"], key=lambda name: name != first)
    ]


def _grouping(
    view: View, name: str, found: Row, axes: Sequence[str], base: str, *, model: str, first: bool
) -> dict[str, Any]:
    head = {"id": name, "name": GROUPING_NAMES[name], "reason": found["reason"], "first": first}
    if found["reason"]:
        return head
    chart = calibration(view, found, headline=model, name=name)
    labs = next(entry["leave_one_lab_out"]["n_labs"] for entry in found["leaderboard"] if "leave_one_lab_out" in entry)
    return head | {
        "n_families": len(found["families"]),
        "targets": found["targets"],
        "n_labs": labs,
        "families": ", ".join(row["family"] for row in found["families"]),
        "by_family": shown.leaderboard(
            view, found, axes, headline=model, caption=f"{GROUPING_NAMES[name]}: one family held out at a time"
        ),
        "by_lab": shown.leaderboard(
            view, found, axes, headline=model, caption=f"{GROUPING_NAMES[name]}: one lab held out at a time", lab=True
        ),
        "by_benchmark": shown.by_benchmark(view, found, axes, headline=model, reference=REFERENCE),
        "calibration": chart.html(base) if chart else "",
        "refused": [(entry["title"], entry["reason"]) for entry in found["leaderboard"] if entry["reason"]],
        "sentence": result_sentence(next(entry for entry in found["leaderboard"] if entry["name"] == model)),
    }


def result_sentence(entry: Row) -> str:
    """Error, gain and coverage of one model in one sentence, and its error with labs held out."""
    skill, labs = entry["skill_vs_two_point"][VIEW], entry["leave_one_lab_out"]["mae_pp"][VIEW]
    return (
        f"{entry['title']}: error {format.number(entry['mae_pp'][VIEW]['overall'], 2)} pp, gain over the two-point line "
        f"{format.signed(skill['gain_pp'], 2)} pp {format.interval(skill['gain_low_pp'], skill['gain_high_pp'], 2, sign=True)}, "
        f"80{format.NBSP}% intervals that cover {format.percent(100 * entry['coverage'][VIEW]['80'], 0)}; "
        f"with whole labs held out the error is {format.number(labs['overall'], 2)} pp."
    )


def _phase(view: View) -> dict[str, Any]:
    found = part(view, "phase")
    base = base_of(INDEX)
    if found.get("reason"):
        return {"reason": found["reason"]}
    parts = [
        {"name": GROUPING_NAMES[name], "reason": one["reason"]}
        | (
            {}
            if one["reason"]
            else {"chart": reliability(view, one, name=name).html(base), "table": shown.brier_table(one)}
        )
        for name, one in sorted(found.items(), key=lambda item: item[0] != "source")
    ]
    return {"reason": "", "parts": parts}


def _ode(view: View) -> dict[str, Any]:
    found = part(view, "ode")
    if found.get("reason"):
        return {"reason": found["reason"]}
    firm, names = found["firmness"], tuple(view.axis_name(axis) for axis in found["portrait"]["axes"])
    drawn = portrait_svg(
        found["portrait"],
        (names[0], names[1]),
        marked=MARKED,
        label=f"Phase portrait of {names[0]} and {names[1]}: arrows show the change per tenfold size, "
        "dashed lines where one of the two stands still.",
    )
    return {
        "reason": "",
        "verdict": firm["verdict"],
        "method": firm["method"],
        "resamples": firm["resamples"],
        "largest": firm["eigenvalues"][0],
        "point": _fixed_point(view, firm),
        "quadratic": _quadratic(view, found["quadratic"]),
        "terms": shown.terms_table(view, firm),
        "portrait": drawn,
        "portrait_names": names,
        "nullclines": _outside(view, found["portrait"]),
        "published": [_published(view, track, one) for track, one in sorted(found["published"].items(), reverse=True)],
    }


def _fixed_point(view: View, firm: Row) -> str:
    """Where the linear system would rest, and whether the data say so."""
    if firm["fixed_point"] is None:
        return "The system has no fixed point."
    wide = [row for row in firm["fixed_point"] if row["low"] < 0 or row["high"] > 100]
    at = ", ".join(f"{view.axis_name(row['axis'])} {format.percent(row['percent'], 0)}" for row in firm["fixed_point"])
    if wide:
        return (
            f"Its fixed point ({at}) is not located: on {len(wide)} of {len(firm['fixed_point'])} benchmarks "
            f"the 95{format.NBSP}% interval leaves 0 to 100{format.NBSP}%."
        )
    return f"Its fixed point lies at {at}."


def _quadratic(view: View, found: Row) -> str:
    if found["reason"]:
        return f"A quadratic system with all pairs of benchmarks is refused: {found['reason']}."
    if not found["points"]:
        return "The quadratic system has no fixed point between 0 and 100 %."
    points = "; ".join(
        f"{one['kind']} at "
        + ", ".join(f"{view.axis_name(axis)} {format.percent(value, 0)}" for axis, value in one["percent"].items())
        for one in found["points"]
    )
    return (
        f"The quadratic system has {format.plural(len(found['points']), 'fixed point')} between 0 and 100 %: {points}."
    )


def _outside(view: View, found: Row) -> str:
    """Which nullclines do not cross the square from 0 to 100 %."""
    absent = [view.axis_name(axis) for axis in found["axes"] if len(found["nullclines"][axis]) < 2]
    return f"No state between 0 and 100 % leaves {' or '.join(absent)} unchanged." if absent else ""


def _published(view: View, track: str, found: Row) -> dict[str, Any]:
    printed, cross = found["printed"], found["cross"]
    return {
        "name": view.track_name(track),
        "chart": printed_chart(view, printed, name=track).html(base_of(INDEX)) if not printed["reason"] else "",
        "printed_reason": printed["reason"],
        "cross_reason": cross["reason"],
        "cross": "" if cross["reason"] else _cross(cross),
    }


def _cross(found: Row) -> str:
    base = found["baselines"]
    ode = (
        f"the ODE of Pythia, integrated, misses by {format.percent(base['ode'])}"
        if format.known(base["ode"])
        else "the ODE of Pythia cannot be integrated"
    )
    note = found["details"]["ode_note"]
    return (
        f"A quadratic in log N fitted on Pythia misses TruthfulQA of Llama-2 by {format.percent(found['estimate'])} of the score "
        f"on average ({format.plural(found['n'], 'size')}); {ode}{f' ({note})' if note else ''}; "
        f"the smallest model's score, unchanged, misses by {format.percent(base['persistence'])}."
    )


def _frontier(view: View, base: str) -> list[dict[str, Any]]:
    found = part(view, "frontier")
    if found.get("reason"):
        return []
    schemes = (("forward", "Each release from those before it"), ("leave-one-lab-out", "One lab held out at a time"))
    return [
        {"name": view.track_name(track), "reason": one["reason"]}
        | (
            {}
            if one["reason"]
            else {
                "tables": [
                    (title, shown.frontier_table(one["judged"][scheme], caption=f"{title}, {view.track_name(track)}"))
                    for scheme, title in schemes
                ],
                "next": shown.next_table(view, one["next"], base),
                "day": one["next"][0]["day"] if one["next"] else "",
            }
        )
        for track, one in sorted(found.items(), reverse=True)
    ]


def _training(view: View) -> dict[str, Any]:
    found = part(view, "training")
    if found.get("reason"):
        return {"reason": found["reason"]}
    first = found["cuts"][0]
    return {
        "reason": "",
        "table": shown.training_table(found["cuts"]),
        "runs": first["runs"],
        "sizes": first["groups"],
        "axes": len(found["axes"]),
        "last": found["last_step"],
    }


def _chances(view: View, base: str) -> dict[str, Any]:
    found = part(view, "chances")
    if found.get("reason"):
        return {"reason": found["reason"]}
    items = {item["id"]: item for item in (view.section("predictions") or {}).get("items", ())}
    columns = (
        Column("Prediction"),
        Column("Chance to pass", "number"),
        Column("Fails", "number"),
        Column("Undetermined", "number"),
        Column("Closes", "day"),
        Column("Note"),
    )
    body = []
    for identity, one in found["items"].items():
        chance = one["chance"]
        title = items[identity]["evaluation"]["title"] if identity in items else identity
        body.append(
            (
                Cell(
                    Markup('<a class="cw-title" href="{}">{}</a>').format(
                        link(base, f"predictions/{identity}/"), title
                    ),
                    title,
                ),
                share_cell(chance["passes"]),
                share_cell(chance["outcomes"].get("failed")),
                share_cell(chance["outcomes"].get("undetermined")),
                Cell(chance["until"], chance["until"]),
                chance["decided"] or chance["reason"],
            )
        )
    return {
        "reason": "",
        "table": tables.table(columns, body, caption="Chance of each prediction to pass", classes=tables.STACKED),
        "replay": replay_sentence(found["replay"], found["horizon_days"]),
        "draws": found["draws"],
        "from": found["simulated_from"],
    }


def _with_cards(view: View) -> list[str]:
    found = part(view, "cards")
    return [] if found.get("reason") else [family for family in found if family in view.families]


def _cards(view: View, base: str) -> Markup | str:
    """The list of family cards."""
    found = part(view, "cards")
    families = _with_cards(view)
    if not families:
        return ""
    columns = (
        Column("Family"),
        Column("Sizes", "number"),
        Column("Largest", "number"),
        Column("Forecast up to", "number"),
    )
    body = [
        (
            Cell(
                Markup('<a href="{}">{}</a>').format(link(base, f"forecasts/{family}/"), view.families[family]["name"]),
                view.families[family]["name"],
            ),
            tables.figure(float(len(found[family]["given"])), 0),
            tables.size(found[family]["given"][-1]["params"]),
            tables.size(found[family]["forecast"][-1]["params"] if found[family]["forecast"] else None),
        )
        for family in families
    ]
    return tables.table(columns, body, caption="Forecast cards")


def _page(view: View, family: str) -> Page:
    url = f"forecasts/{family}/"
    base = base_of(url)
    name = view.families[family]["name"]
    body = view.render("forecast-family.md.j2", url, name=name, family=family, block=card_block(view, family, base))
    description = (
        f"{name}: forecast of larger sizes on five benchmarks, with intervals, and how earlier forecasts came out."
    )
    return Page(f"forecasts/{family}.md", f"{name}: forecast", description, body, search=description)


GROUP = Group("forecasts", pages)
