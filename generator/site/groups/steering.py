"""Steering: what a truth direction corrects and breaks in each model, beside matched controls and the published figure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from markupsafe import Markup

from generator.site import format, tables
from generator.site.claim_words import prose
from generator.site.escape import filled
from generator.site.groups import steering_internals, steering_levers, steering_live, steering_run
from generator.site.groups.board import claim_rows, verdict_chip
from generator.site.groups.steering_parts import (
    KINDS,
    STATUSES,
    Row,
    between,
    caveat_words,
    flips_cell,
    flips_cells,
    gain_cell,
    p_cell,
    points,
    run_link,
    share,
    stacked,
    status_chip,
    steering_runs,
)
from generator.site.page import Group, Page, base_of
from generator.site.published import no_value
from generator.site.tables import Cell, Column
from generator.site.view import View, link

URL = "steering/"
CLAIM = "self-align"  # the published share of outputs that steering changes
LEVEL = 0.05
_WIDTH, _HEIGHT = 150, 26


def pages(view: View) -> Iterator[Page]:
    if not view.section("steering"):
        return
    runs = steering_runs(view)
    if runs:
        yield _overview(view, runs)
        for run in runs:
            yield steering_run.page(view, run)
    yield from steering_internals.pages(view)
    yield from steering_levers.pages(view)
    yield from steering_live.pages(view)


def _overview(view: View, runs: Sequence[Row]) -> Page:
    base = base_of(URL)
    sentence = finding(runs)
    body = view.render(
        "steering.md.j2",
        URL,
        sentence=sentence,
        ranks=rank_sentence(runs),
        statuses=[(status_chip(name), words) for name, (_kind, _chip, words) in STATUSES.items()],
        by_size=size_sentence(runs),
        files=[view.csv(name) for name in ("steering-runs", "steering-items", "steering-controls") if view.csv(name)],
        headline=headline(runs, base),
        apart=apart(runs, base),
        failures=[(run_link(run, base), run["reason"]) for run in runs if run["status"] == "failed"],
        published=published(view, base),
        replayed=replayed(runs, base),
        caveats=caveats(runs),
        others=[name for name in ("internals", "levers", "live") if view.section("steering").get(name)],
    )
    return Page("steering/index.md", "Steering", sentence, body, hide=("toc",))


def tested(runs: Sequence[Row]) -> list[Row]:
    return [run for run in runs if run["test"]]


def finding(runs: Sequence[Row]) -> str:
    """How many runs gain over their matched controls, show no effect, failed."""
    counts = Counter(run["status"] for run in runs)
    gained = counts["ok"]
    text = (
        f"In {format.count(gained)} of {format.plural(len(runs), 'run')} the truth direction corrects more answers than it "
        "breaks and beats the mean of its matched controls (95 % interval above zero); "
        f"{format.count(counts['no_effect'])} {'shows' if counts['no_effect'] == 1 else 'show'} no effect"
    )
    return f"{text}, {format.count(counts['failed'])} failed." if counts["failed"] else f"{text}."


def rank_sentence(runs: Sequence[Row]) -> str:
    """The stricter reading: the vector against its controls one by one."""
    known = [run for run in tested(runs) if format.known(run["rank_holm"])]
    if not known:
        return ""
    plain = sum(run["test"]["gain"]["rank_p"] <= LEVEL for run in known)
    firm = sum(run["rank_holm"] <= LEVEL for run in known)
    text = (
        f"A stricter reading ranks the vector among its controls one by one: it is within the top {format.number(100 * LEVEL, 0)}"
        f"{format.NBSP}% in {format.count(plain)} of {format.plural(len(known), 'run')}, and in {format.count(firm)} after Holm's "
        "correction over the runs."
    )
    if firm < len(known):
        text += " Some single controls do as well as the vector: a gain over their mean does not make it the only direction that helps."
    return text


def size_sentence(runs: Sequence[Row]) -> str:
    """Runs with a gain by size of the model."""
    parts = []
    suites = list(dict.fromkeys(run["data"]["suite"] for run in runs))
    for (suite, size), group in groupby(runs, key=lambda run: (run["data"]["suite"], run["model"]["parameters"])):
        rows = list(group)
        gained = sum(run["status"] == "ok" for run in rows)
        named = f", suite {suite}" if len(suites) > 1 else ""
        parts.append(f"{size_words(size)}{named}: {format.count(gained)} of {format.count(len(rows))}")
    return f"Runs with a gain by size{'' if len(suites) > 1 else f' (suite {suites[0]})'}: {'; '.join(parts)}."


def size_words(parameters: int) -> str:
    """A failed run may not know its size."""
    return f"{format.size(parameters)} parameters" if parameters else "size unknown"


def headline(runs: Sequence[Row], base: str) -> Markup:
    """One row a run; the gain is drawn on one scale for all rows."""
    columns = (
        Column("Model"),
        Column("Outcome"),
        Column("Steered minus control, pp", "number", "accuracy, paired bootstrap over items and controls, 95 %"),
        Column("Drawn", wide=True),
        Column("Corrected", "number", "wrong before, right after; of those wrong before; Wilson 95 % interval"),
        Column("Broken", "number", "right before, wrong after; of those right before; Wilson 95 % interval"),
        Column("Net, pp", "number", "corrected minus broken over all items"),
        Column("Right before", "number", "binary choice on the test items, unsteered"),
        Column("McNemar p, Holm", "number", "exact test of corrected against broken, adjusted over the runs"),
    )
    ends = [run["test"]["gain"][end] for run in tested(runs) for end in ("low", "high")]
    reach = (min(ends, default=0.0), max(ends, default=0.0))
    reach = (min(reach[0], 0.0), max(reach[1], 0.0))
    body = [_headline_row(run, base, reach) for run in runs]
    return tables.table(columns, body, caption="Steering by model", classes=f"cw-steer {tables.STACKED}")


def _headline_row(run: Row, base: str, reach: tuple[float, float]) -> list[tables.Content]:
    test, model = run["test"], run["model"]
    size = size_words(model["parameters"])
    head: list[tables.Content] = [
        Cell(filled("{}<br><small>{}</small>", run_link(run, base), size), model["id"]),
        Cell(status_chip(run["status"]), run["status"]),
    ]
    if not test:
        return [*head, *(Cell(no_value()) for _ in range(7))]
    binary, gain = test["binary"], test["gain"]
    bounds = between(gain["low"], gain["high"], sign=True)
    return [
        *head,
        stacked(format.signed(100 * gain["estimate"], 1), bounds, gain["estimate"]),
        Cell(drawn(gain, reach)),
        flips_cell(binary["corrected"]),
        flips_cell(binary["broken"]),
        tables.figure(100 * binary["net"], sign=True),
        Cell(share(test["base"]["binary"]), test["base"]["binary"]),
        p_cell(run["mcnemar_holm"]),
    ]


def drawn(gain: Row, reach: tuple[float, float]) -> Markup:
    """The gain with its interval on a line over `reach`; a dot when zero is outside, a ring when it is inside."""
    span = max(reach[1] - reach[0], 1e-9)

    def at(value: float) -> float:
        return round(6 + (_WIDTH - 12) * (min(max(value, reach[0]), reach[1]) - reach[0]) / span, 1)

    words = f"{points(gain['estimate'])}, 95 % interval {points(gain['low'])} to {points(gain['high'])}"
    inside = gain["low"] <= 0 <= gain["high"]
    return filled(
        '<svg class="cw-gain" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img" aria-label="{words}">'
        '<line class="zero" x1="{zero}" x2="{zero}" y1="2" y2="{bottom}"/><line class="span" x1="{low}" x2="{high}" y1="13" y2="13"/>'
        '<circle{ring} cx="{dot}" cy="13" r="4.5"/></svg>',
        w=_WIDTH, h=_HEIGHT, words=words, zero=at(0), bottom=_HEIGHT - 2, low=at(gain["low"]), high=at(gain["high"]),
        ring=Markup(' class="hollow"') if inside else "", dot=at(gain["estimate"]),
    )  # fmt: skip


def apart(runs: Sequence[Row], base: str) -> Markup:
    """Steered minus control for each kind of control, and the rank among them."""
    columns = [Column("Model"), Column("Items", "number"), Column("Controls", "number")]
    for _kind, words in KINDS:
        columns += [
            Column(f"Steered minus {words}", "number"),
            Column(f"Rank p, {words}", "number", "share of controls at least as accurate"),
        ]
    columns.append(Column("Rank p, all, Holm", "number"))
    body = []
    for run in tested(runs):
        whole = run["test"]["gain"]
        cells: list[tables.Content] = [
            Cell(run_link(run, base), run["model"]["id"]), tables.figure(whole["items"], 0), tables.figure(whole["controls"], 0),
        ]  # fmt: skip
        for kind, _words in KINDS:
            gain = run["test"][kind]
            cells += [gain_cell(gain), p_cell(gain["rank_p"])]
        body.append([*cells, p_cell(run["rank_holm"])])
    return tables.table(columns, body, caption="Steered minus each kind of control", classes=tables.STACKED)


def published(view: View, base: str) -> dict[str, Any] | None:
    """The claim that prints the published shares: its numbers, verdict and reading."""
    claim = next((item for item in claim_rows(view) if item["id"] == CLAIM), None)
    if claim is None:
        return None
    columns = (
        Column("Published for"),
        Column("Outputs said to be corrected", "number"),
        Column("Recomputed: outputs that changed", "number"),
    )
    body = [
        (
            one["name"].upper(),
            Cell(share(one["value"], 0), one["value"]),
            Cell(share(one["recomputed"], 0), one["recomputed"])
            if format.known(one["recomputed"])
            else Cell(no_value()),
        )
        for one in claim["published"]
        if isinstance(one["value"], int | float)
    ]
    return {
        "title": claim["title"],
        "address": link(base, f"claims/{claim['id']}/"),
        "chip": verdict_chip(claim["verdict"]),
        "reading": prose(view, claim["reading"]),
        "table": tables.table(columns, body, caption="Published shares", sortable=False),
    }


def replayed(runs: Sequence[Row], base: str) -> Markup | str:
    """The settings of the published tool on our items, a row a run and strength."""
    columns = (
        Column("Model"),
        Column("Strength", "number", "length of the vector, absolute"),
        Column("Share of the norm", "number", "the same over the mean residual norm at the block"),
        Column("Text changed", "number", "completions that differ from the unsteered one: a diagnostic, not a success"),
        *_FLIPS,
    )
    body = []
    for run in runs:
        for row in run["reference"]:
            rate = row["changed"] / row["changed_of"] if row["changed_of"] else None
            changed = stacked(
                f"{format.count(row['changed'])} of {format.count(row['changed_of'])}", share(rate, 0), rate
            )
            cells = flips_cells(row["flips"])[2:]
            body.append(
                [Cell(run_link(run, base), run["model"]["id"]), tables.figure(row["strength_absolute"]),
                 Cell(share(row["strength_of_norm"]), row["strength_of_norm"]), changed, *cells]
            )  # fmt: skip
    return tables.table(columns, body, caption="The published tool's settings, replayed") if body else ""


_FLIPS = (
    Column("Corrected", "number", "wrong before, right after; of those wrong before; Wilson 95 % interval"),
    Column("Broken", "number", "right before, wrong after; of those right before; Wilson 95 % interval"),
    Column("Net, pp", "number"),
    Column("McNemar p", "number", "exact, two-sided, not adjusted"),
)


def caveats(runs: Sequence[Row]) -> list[str]:
    """What a reader must know before quoting a figure: what follows from the runs, then what their files say."""
    found = []
    figured = tested(runs)
    if all(run["data"]["suite"] == "demo" for run in figured):
        attempted = any(run["data"]["suite"] != "demo" for run in runs)
        found.append(
            (
                "No run of an openly released model has given figures yet. "
                if attempted
                else "No openly released model has been run yet. "
            )
            + "Every run with figures is of a small network trained here on a synthetic world, so nothing on this page says how "
            "the published models behave."
        )
    demo = [run for run in figured if run["data"]["suite"] == "demo"]
    worlds = {run["data"]["revision"] for run in demo}
    told = all(any("world" in str(caveat) for caveat in run.get("caveats") or ()) for run in demo)
    if len(worlds) > 1 or (worlds and not told):  # else the files of the runs say it, and when it was decided
        found.append(
            f"The demo runs share {'one fixed world' if len(worlds) == 1 else format.plural(len(worlds), 'world')} of facts; their "
            "seeds vary initial weights and documents, not the facts. Intervals cover items and controls, not other worlds."
        )
    stated = {caveat_words(str(caveat)) for run in runs for caveat in run.get("caveats") or ()}
    return found + sorted(stated - {""})


GROUP = Group("steering", pages)
