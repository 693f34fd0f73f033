"""Claims: every number the papers print, beside what their released data give; contradictions and objections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from markupsafe import Markup

from generator.site import format, tables
from generator.site.claim_words import (
    beside_printed,
    decimals,
    measured,
    number_name,
    parted,
    printed,
    prose,
    statistic_name,
    unit_of,
    value,
    verdict_words,
)
from generator.site.escape import filled
from generator.site.groups import deviation
from generator.site.groups.board import SENTENCES, VERDICTS, claim_rows, sentence_chip, verdict_chip
from generator.site.groups.choices import named
from generator.site.page import Group, Page, base_of
from generator.site.tables import Cell, Column
from generator.site.view import FRONTIER, View
from generator.site.wording import interval_kind, size_interval

INDEX = "claims/"
_SIZES = "parameters"
_FRACTION = "fraction"
#: Units of which one is written without an s.
_COUNTED = ("models", "reversals")
DECIMALS = 2  # of an interval of today's data, and of a value that they leave two figures or more
LEAST_ROUNDED = 0.1
_SMALL = Decimal("0.00001")  # below, a power of ten is shorter than the zeros
_SIDES = ("above", "below")  # how a recomputed number may stand to a printed bound
Row = Mapping[str, Any]


def pages(view: View) -> Iterator[Page]:
    items = claim_rows(view)
    if not items:
        return
    section = view.section("claims")
    judged = Counter(item["sentence"]["judged"] for item in items if item["sentence"])
    body = view.render(
        "claims.md.j2", INDEX, table=_table(items, base_of(INDEX)), total=len(items),
        counts=[(verdict_chip(name), section["counts"].get(name, 0)) for name in VERDICTS],
        sentences=[(sentence_chip(name), judged[name]) for name in SENTENCES], judged=judged.total(),
        verdicts=list(VERDICTS), judgements=list(SENTENCES),
    )  # fmt: skip
    yield Page(
        "claims/index.md",
        "Claims",
        f"{format.plural(len(items), 'published claim')} recomputed from the released data.",
        body,
        hide=("toc",),
    )
    titles = {item["id"]: item["title"] for item in items}
    for item in items:
        yield _page(view, item, titles)
    yield _beside(view, "contradictions", "Contradictions", section["contradictions"], titles)
    yield _beside(view, "objections", "Objections answered", section["objections"], titles)


def _beside(view: View, name: str, title: str, rows: Sequence[Row], titles: Mapping[str, str]) -> Page:
    """The page of the contradictions, or of the referee's objections."""
    body = view.render(
        f"{name}.md.j2",
        f"{name}/",
        **{name: rows},
        titles=titles,
        verdict_chip=verdict_chip,
        recomputed=partial(_recomputed, view),
        number_name=partial(number_name, view),
        prose=partial(prose, view),
    )
    description = f"{title}: {format.plural(len(rows), 'entry', 'entries')} filled from the recomputed claims."
    return Page(f"{name}.md", title, description, body, edit=f"data/{name}.yaml")


def _recomputed(view: View, side: Row) -> str:
    """The recomputed number of a side of a contradiction, which names it ``claim/recipe/number``."""
    claim, _, rest = str(side["computed"] or "").partition("/")
    item = next((one for one in claim_rows(view) if one["id"] == claim), None)
    if item is None:
        return measured(view, side["value"], None)
    return _said(view, item, rest.partition("/")[2], side["value"])


def _said(view: View, item: Row, name: str, found: Any) -> str:
    """A recipe's value; that of a printed number as it stands beside it."""
    beside = next((one for one in item["published"] if one["name"] == name and one["recomputed"] == found), None)
    if beside is not None:
        return beside_printed(view, item, beside)
    return measured(view, found, unit_of(item, name, found), places=decimals(item, name, found))


def _table(items: Sequence[Row], base: str) -> Markup:
    columns = (
        Column("Claim"),
        Column("Theme"),
        Column("Printed", "number"),
        Column("Recomputed", "number"),
        Column("Numbers", help="verdict on the printed numbers"),
        Column("Sentence", help="whether what it says beyond its numbers follows"),
    )
    body = []
    for item in sorted(items, key=lambda one: (one["theme"], one["title"])):
        first = next((one for one in item["published"] if one["headline"]), None)
        body.append(
            (
                Cell(
                    filled('<a class="cw-title" href="{}claims/{}/">{}</a>', base, item["id"], item["title"]),
                    item["title"],
                ),
                item["theme"],
                _printed(first) if first else format.MISSING,
                beside_printed(None, item, first) if first else format.MISSING,
                Cell(verdict_chip(item["verdict"]), item["verdict"]),
                Cell(sentence_chip(item["sentence"]["judged"]), item["sentence"]["judged"])
                if item["sentence"]
                else tables.text(None),
            )
        )
    return tables.table(
        columns,
        body,
        caption="Published claims",
        attributes=Markup(' data-cw-filter="claims"'),
        tall=False,
        classes=tables.STACKED,
    )


def _page(view: View, item: Row, titles: Mapping[str, str]) -> Page:
    body = view.render(
        "claim.md.j2", f"claims/{item['id']}/", item=item, verdict=verdict_chip(item["verdict"]), numbers=_numbers(view, item),
        chart=deviation.chart([one | {"name": number_name(view, one["name"])} for one in item["published"]]),
        recipes=_recipes(view, item), live=_live(view, item), uncited=_uncited(view, item), titles=titles,
        reason=verdict_words(view, item), prose=partial(prose, view),
        judged=sentence_chip(item["sentence"]["judged"]) if item["sentence"] else "",
    )  # fmt: skip
    return Page(
        f"claims/{item['id']}.md", item["title"], item["statement"], body, search=f"claim, {item['verdict']}: {item['statement']}",
        edit=f"data/claims/{item['id']}.yaml",
    )  # fmt: skip


def _numbers(view: View, item: Row) -> Markup:
    columns = (
        Column("Number"),
        Column("Printed", "number"),
        Column("Recomputed", "number"),
        Column("May differ by", "number", "largest difference that still counts as equal"),
        Column("By recipe"),
        Column("Comparison"),
    )
    kinds = {"agrees": "ok", "differs": "bad", "not computable": "none"}
    body = [
        (
            _named(view, one),
            _printed(one),
            beside_printed(view, item, one),
            tables.text(_allowed(one)),
            tables.text(one["recipe"]),
            Cell(
                filled('<span class="cw-chip cw-chip--{}">{}</span>', kinds.get(one["status"], "none"), one["status"]),
                one["status"],
            ),
        )
        for one in item["published"]
    ]
    return tables.table(columns, body, caption="Printed and recomputed", sortable=False)


def _allowed(one: Row) -> str | None:
    """How far a number may differ, in figures like those printed; none for a bound, which holds strictly."""
    if one["allowed"] is None:
        return None
    percent = one["unit"] == "fraction"
    found = Decimal(f"{one['allowed'] * (100 if percent else 1):.2g}").normalize()
    text = f"{found:f}" if found >= _SMALL else format.words(one["allowed"])
    unit = "%" if percent else one["unit"]
    return f"{text}{format.NBSP}{unit}" if unit else text


def _named(view: View, one: Row) -> Markup:
    """What a printed number is, whether it decides, and what its claim says of it."""
    decides = Markup(" <small>decides</small>") if one["headline"] else ""
    note = filled(" <small>({})</small>", one["note"]) if one["note"] else ""
    return filled("{}{}{}", number_name(view, one["name"]), decides, note)


def _printed(one: Row) -> Markup:
    """A printed number; one that no paper prints says that the argument implies it."""
    text = f"{one['compare']} {printed(one)}" if one["compare"] in _SIDES else printed(one)
    return filled("{}{}", text, Markup(" <small>implied</small>") if one["implied"] else "")


def _recipes(view: View, item: Row) -> Markup:
    columns = (Column("Recipe"), Column("Kind"), Column("What it does, and what it gives"))
    body = []
    for one in item["recipe"]:
        decided = Markup(" <small>gives the verdict</small>") if one["id"] == item["verdict_recipe"] else ""
        given = _given(view, item, item["recomputed"].get(one["id"], {}))
        body.append(
            (
                one["id"],
                filled("{}{}", one["kind"], decided),
                filled('<span class="cw-long">{}</span>{}', one["description"], given),
            )
        )
    return tables.table(columns, body, caption="Recipes", sortable=False, classes=tables.PHONE_STACKED)


def _given(view: View, item: Row, values: Row) -> Markup | str:
    """What a recipe gives, as a list: the numbers of one model, family or lab (``google``, ``google.slope``) are one entry."""
    entries: dict[str, list[Markup]] = {}
    for name, found in values.items():
        of = parted(name)[0] or name
        said = _said(view, item, name, found)
        short = number_name(view, name)
        if of in entries:
            short = short.removeprefix(f"{number_name(view, of)}: ")
        entries.setdefault(of, []).append(filled("{}{}={}{}", short, format.NBSP, format.NBSP, said))
    listed = Markup("").join(filled("<li>{}</li>", Markup("; ").join(one)) for one in entries.values())
    return filled('<ul class="cw-values">{}</ul>', listed) if listed else ""


def _live(view: View, item: Row) -> Markup | str:
    """The claim's question answered from today's data; a column that says the same in every row is a sentence below instead."""
    if not any(answer["statistics"] for answer in item["live"]):
        reasons = dict.fromkeys(format.sentence(named(view, answer["reason"])) for answer in item["live"])
        return filled('<p class="cw-none">No figure. {}</p>', " ".join(reasons)) if reasons else ""
    rows = [row for answer in item["live"] for row in _answers(view, answer)]
    columns = (
        Column("Statistic"),
        Column("Track"),
        Column("Value"),
        Column("95 % interval", "number"),
        Column("Interval by"),
        Column("n", "number"),
    )
    said = {}
    for index, words in ((1, "Track: {}."), (4, "95 % intervals by {}.")):
        known = {str(row[index].key) for row in rows if isinstance(row[index], Cell) and row[index].key is not None}
        if not known or (len(known) == 1 and len(rows) > 1):
            said[index] = " ".join(words.format(one) for one in known)
    kept = [index for index in range(len(columns)) if index not in said]
    shown = tables.table(
        [columns[index] for index in kept],
        [[row[index] for index in kept] for row in rows],
        caption="The same question of today's data",
        sortable=False,
    )
    note = " ".join(filter(None, said.values()))
    return filled('{}\n<p class="cw-small">{}</p>', shown, note) if note else shown


def _uncited(view: View, item: Row) -> list[tuple[str, Row]]:
    """For each track of today's data that holds uncited scores: what r is of there, and r over the cited ones."""
    tracks = [answer["track"] for answer in item["live"] if answer["statistics"]]
    pair = " and ".join(map(view.axis_name, FRONTIER))
    found = [(track, view.pair_statistic(track, "r-cited", FRONTIER)) for track in tracks]
    return [(f"r of {pair} on the track “{view.track_name(track)}”", one) for track, one in found if one]


def _answers(view: View, answer: Row) -> Iterator[tuple[Any, ...]]:
    """The rows of one track: its statistics, or why it has none."""
    track = tables.track(view.track_name(answer["track"]))
    if not answer["statistics"]:
        reason = Cell(filled('<span class="cw-none">{}</span>', named(view, answer["reason"])))
        yield "no figure", track, reason, "", tables.text(None), ""
    for one in answer["statistics"]:
        name = format.sentence(statistic_name(view, one["name"], axes=one["axes"])).removesuffix(".")
        shown = _estimate(one) if format.known(one["estimate"]) else format.joined_sizes(named(view, one["reason"]))
        bounds = _bounds(one["interval"], unit=one["unit"], sizes=one["details"].get("sizes") or ())
        kind = tables.text(interval_kind(one["interval"]) if bounds.key is not None else None)
        yield name, track, shown, bounds, kind, tables.figure(one["n"], 0)


def _estimate(one: Row) -> str:
    if one["unit"] == _SIZES:
        return f"{format.size(one['estimate'])} {_SIZES}"
    found = one["estimate"]
    rounded = isinstance(found, float) and abs(found) >= LEAST_ROUNDED and not found.is_integer()
    unit = one["unit"].removesuffix("s") if found == 1 and one["unit"] in _COUNTED else one["unit"]
    return measured(None, found, unit, places=_places(unit) if rounded else None)


def _places(unit: str) -> int:
    """Decimal places of a value and its interval; a share is written in percent, with one place."""
    return 1 if unit == _FRACTION else DECIMALS


def _bounds(bounds: Row | None, *, unit: str, sizes: Sequence[float] = ()) -> Cell:
    if not bounds:
        return tables.text(None)
    low, high = bounds["low"], bounds["high"]
    if unit == _SIZES:
        return Cell(size_interval(bounds, sizes), low or 0.0)
    if not (format.known(low) or format.known(high)):
        return tables.text(None)
    if max(abs(low or 0), abs(high or 0)) >= 1e4:
        return Cell(f"[{value(None, low)}, {value(None, high)}]", low)
    if unit == _FRACTION:
        low, high = (100 * end if format.known(end) else end for end in (low, high))
    return tables.bounds(low, high, _places(unit))


GROUP = Group("claims", pages)
