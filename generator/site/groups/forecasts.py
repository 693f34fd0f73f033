"""Forecasts: models judged on families they never saw, phases, ODEs, the frontier, chances of the predictions; a card a family."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from generator.core import CapewatchError
from generator.site import forecast_tables as shown
from generator.site import format, tables
from generator.site.escape import filled, whole
from generator.site.forecast_blocks import GROUPING_NAMES, card_block, part, replay_sentence, share_cell
from generator.site.forecast_figures import calibration
from generator.site.groups import forecast_dynamics, forecast_releases
from generator.site.moved import moved
from generator.site.page import Group, Page, base_of
from generator.site.tables import Cell, Column
from generator.site.view import View, link

INDEX, REGROUPED = "forecasts/", "forecasts/regrouped/"
REFERENCE = "two-point-line"
VIEW = "from_third"
Row = Mapping[str, Any]


def pages(view: View) -> Iterator[Page]:
    if not view.section("forecasts"):
        return
    further = [found for make in (_regrouped, forecast_dynamics.page, forecast_releases.page) if (found := make(view))]
    base = base_of(INDEX)
    body = view.render(
        "forecasts.md.j2",
        INDEX,
        lead=lead(view),
        groupings=_groupings(view, base)[:1],
        files=_files(view),
        trajectories=part(view, "trajectories"),
        further={page.path.removeprefix(INDEX).removesuffix(".md"): page for page in further},
        reasons={name: part(view, name).get("reason", "") for name in ("phase", "ode", "frontier", "training")},
        chances=_chances(view, base),
        cards=_cards(view, base),
    )
    description = (
        "Forecasts of larger models, next releases and predictions, judged on families, labs and days held out."
    )
    yield Page("forecasts/index.md", "Forecasts", description, moved(body, further, INDEX) + body, search=description)
    yield from further
    taken = {page.path for page in further}
    for family in _with_cards(view):
        page = _page(view, family)
        if page.path in taken:
            raise CapewatchError(f"the family {family!r} has the name of a page of forecasts", hint="rename the family")
        yield page


def _regrouped(view: View) -> Page | None:
    """The same comparison under the other grouping of families."""
    others = _groupings(view, base_of(REGROUPED))[1:]
    if not others:
        return None
    description = "The comparison of forecasts with families grouped in the other way."
    body = view.render("forecasts-regrouped.md.j2", REGROUPED, groupings=others, files=_files(view))
    return Page("forecasts/regrouped.md", others[0]["name"], description, body, search=description)


def _files(view: View) -> list[tuple[str, str]]:
    """Address and words of the tables behind the comparison, those that the bundle has."""
    listed = (
        ("forecasts-held-out", "every held-out forecast with the error of each model"),
        ("forecasts-families", "the family of each model, by the source and by the registry"),
    )
    return [(path, words) for name, words in listed if (path := view.csv(name))]


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
        f"{format.number(skill['gain_high_pp'], 2)}). This project's goal of {format.number(found['goal']['mae_pp'], 1)} pp {reached}."
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
        "families": Markup(", ").join(whole(view.family_name(row["family"])) for row in found["families"]),
        "by_family": shown.leaderboard(
            found, headline=model, caption=f"{GROUPING_NAMES[name]}: one family held out at a time"
        ),
        "by_lab": shown.leaderboard(
            found, headline=model, caption=f"{GROUPING_NAMES[name]}: one lab held out at a time", lab=True
        ),
        "errors": shown.errors(view, found, axes, caption=f"{GROUPING_NAMES[name]}: error of every model by benchmark"),
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
    )
    noted_column = (
        [Column("Note")]
        if any(one["chance"]["decided"] or one["chance"]["reason"] for one in found["items"].values())
        else []
    )
    body = []
    for identity, one in found["items"].items():
        chance = one["chance"]
        title = items[identity]["evaluation"]["title"] if identity in items else identity
        body.append(
            (
                Cell(
                    filled('<a class="cw-title" href="{}">{}</a>', link(base, f"predictions/{identity}/"), title),
                    title,
                ),
                share_cell(chance["passes"]),
                share_cell(chance["outcomes"].get("failed")),
                share_cell(chance["outcomes"].get("undetermined")),
                Cell(chance["until"], chance["until"]),
                *([chance["decided"] or chance["reason"]] if noted_column else []),
            )
        )
    return {
        "reason": "",
        "table": tables.table(
            (*columns, *noted_column), body, caption="Chance of each prediction to pass", classes=tables.STACKED
        ),
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
                filled('<a href="{}">{}</a>', link(base, f"forecasts/{family}/"), view.families[family]["name"]),
                view.families[family]["name"],
            ),
            tables.figure(float(len(found[family]["given"])), 0),
            tables.size(found[family]["given"][-1]["params"]),
            _reach(found[family]),
        )
        for family in families
    ]
    return tables.table(columns, body, caption="Forecast cards")


def _reach(card: Mapping[str, Any]) -> Cell:
    """The largest size that is forecast, or why none is."""
    if card["forecast"]:
        return tables.size(card["forecast"][-1]["params"])
    return Cell(filled('<span class="cw-none">{}</span>', card["reason"])) if card["reason"] else tables.text(None)


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
