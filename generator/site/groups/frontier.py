"""Frontier: SWE-bench Verified against GPQA Diamond, the residual h of every model, and how far labs stand from the line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from markupsafe import Markup

from generator.site import format, tables
from generator.site.escape import filled
from generator.site.figures import h_timeline, pair_scatter, window_of
from generator.site.frontier_figures import effort_tiers, lab_paths
from generator.site.moved import moved
from generator.site.page import Group, Page, base_of
from generator.site.tables import Cell, Column
from generator.site.twins import h_table
from generator.site.view import FRONTIER, FRONTIER_TRACKS, PAPER_OF, View, axis_link, lab_chip
from generator.site.wording import clear_sign, coupling_sentence, has_estimate

URL = "frontier/"


def pages(view: View) -> Iterator[Page]:
    base = base_of(URL)
    tracks = view.tracks_with(FRONTIER, FRONTIER_TRACKS)
    body = view.render(
        "frontier.md.j2",
        URL,
        tracks=[_track(view, track, base, whole=not index) for index, track in enumerate(tracks)],
        pair=FRONTIER,
        paper=paper_panel(view, "maker", FRONTIER, base, by="lab"),
        couplings=coupling_table(view, list(couplings_of(view, tracks)), base),
        sentence=_sentence(view, "maker"),
    ) + view.stale_note(tracks=tracks)
    others = [_page(view, track) for track in tracks[1:]]
    yield Page(
        "frontier/index.md",
        "Frontier",
        "SWE-bench Verified against GPQA Diamond for frontier models: coupling, regression with bands, residual h of each model.",
        moved(body, others, URL) + body,
    )
    yield from others


def _page(view: View, track: str) -> Page:
    """The page of a track that the first one shows in short."""
    url = f"{URL}{track}/"
    shown = _track(view, track, base_of(url), whole=True)
    body = view.render("frontier-track.md.j2", url, track=shown, sentence=_sentence(view, track))
    description = (
        f"{shown['name']}: SWE-bench Verified against GPQA Diamond, residual h of each model, labs and settings."
    )
    return Page(
        f"{URL}{track}.md",
        f"Frontier: {shown['name']}",
        description,
        body + view.stale_note(tracks=[track]),
        search=description,
    )


def _sentence(view: View, track: str) -> str:
    x, y = (view.axis_name(axis) for axis in FRONTIER)
    slope = view.pair_statistic(track, "slope", FRONTIER)
    return coupling_sentence(view.pair_statistic(track, "r", FRONTIER), x, y, slope=slope)


def _track(view: View, track: str, base: str, *, whole: bool) -> dict[str, Any]:
    """The scatter of a track with its words; with `whole`, everything else that the track has."""
    rows = view.h_rows(track)
    scatter = pair_scatter(view, track, FRONTIER, by="lab")
    shown = {
        "id": track,
        "name": view.track_name(track),
        "text": view.track_text(track),
        "scatter": scatter.html(base) if scatter else "",
        "n": len(rows),
        "outside": sum(1 for row in rows if row["outside"]),
        "cited": view.pair_statistic(track, "r-cited", FRONTIER),
    }
    return shown | (_details(view, track, rows, base) if whole else {})


def _details(view: View, track: str, rows: list[dict[str, Any]], base: str) -> dict[str, Any]:
    tiers = effort_tiers(view, track, base)
    timeline = h_timeline(view, track, rows, name=track, who=view.track_name(track)) if rows else None
    return {
        "timeline": timeline.html(base) if timeline else "",
        "tiers": tiers.html(base) if tiers else "",
        "paths": lab_paths(view, track, base),
        "table": h_table(view, rows, FRONTIER, base, caption=f"Residual h of each model, {view.track_name(track)}")
        if rows
        else "",
        "labs": lab_table(view, track, base),
    }


def paper_panel(view: View, track: str, pair: tuple[str, str], base: str, *, by: str) -> dict[str, Any] | None:
    """The papers' frozen table beside the live panel of `track`: both scatters in one window, and both couplings in words."""
    paper = PAPER_OF[track]
    if view.pair_statistic(paper, "r", pair) is None:
        return None
    window = window_of(view, [track, paper], pair)
    figures = [pair_scatter(view, one, pair, by=by, compact=True, like=window, name="beside") for one in (track, paper)]
    statistics = {one: view.pair_statistic(one, "r", pair) for one in (track, paper)}
    shared = [(view.pair_statistic(one, "slope", pair) or {}).get("estimate") for one in (track, paper)]
    return {
        "figures": filled(
            '<div class="cw-pair">\n{}\n</div>', Markup("\n").join(figure.html(base) for figure in figures if figure)
        ),
        "live": statistics[track],
        "frozen": statistics[paper],
        "slopes": shared,
        "csv": view.csv(f"panel-{paper}"),
        "name": view.track_name(paper),
    }


def lab_table(view: View, track: str, base: str) -> Markup | str:
    """Mean residual and slope of each lab with their intervals."""
    rows = view.rows(f"labs-{track}")
    if not rows:
        return ""
    columns = (
        Column("Lab"),
        Column("Models", "number"),
        Column("Mean h, pp", "number"),
        Column("95 % interval", "number"),
        Column("Pooled h, pp", "number", "shrunk towards zero by how few models the lab has"),
        Column("95 % interval", "number"),
        Column("Slope, pp per pp", "number"),
        Column("95 % interval", "number"),
        Column("Outside", "number", "models outside the prediction interval"),
    )
    body = [
        (
            Cell(lab_chip(view, row["lab"], base), row["lab"]),
            tables.figure(row["n"], 0),
            tables.figure(row["mean_h"], sign=True),
            _bounds(row, "low", "high", 1),
            tables.figure(row["pooled_h"], sign=True),
            _bounds(row, "pooled_low", "pooled_high", 1),
            tables.figure(row["slope"], 2),
            _bounds(row, "slope_low", "slope_high", 2),
            tables.figure(row["models_outside"], 0),
        )
        for row in sorted(rows, key=lambda row: -(row["n"] or 0))
    ]
    return tables.table(columns, body, caption=f"Labs about the line, {view.track_name(track)}")


def _bounds(row: dict[str, Any], low: str, high: str, digits: int) -> Cell:
    if not format.known(row[low]) and not format.known(row[high]):
        return Cell(filled('<span class="cw-none" role="img" aria-label="no value">{}</span>', format.MISSING))
    return tables.bounds(row[low], row[high], digits, sign=digits == 1)


def couplings_of(view: View, tracks: list[str]) -> Iterator[tuple[str, tuple[str, str]]]:
    for identity in sorted(view.bundle.statistics):
        track, kind, *rest = identity.split("/")
        if kind == "r" and track in tracks and len(rest) == 1:
            x, _, y = rest[0].partition("~")
            yield track, (x, y)


def coupling_table(view: View, pairs: list[tuple[str, tuple[str, str]]], base: str) -> Markup:
    """r and slope of each pair with clustered and plain interval, n, and the permutation test within clusters."""
    columns = (
        Column("First benchmark"),
        Column("Second benchmark"),
        Column("Track"),
        Column("n", "number"),
        Column("r", "number"),
        Column("95 %, clustered", "number", "labs or families left out one at a time (jackknife)"),
        Column("95 %, plain", "number", "as if every model were independent (Fisher)"),
        Column("Slope", "number", "pp per pp"),
        Column("p within", "number", "permutation of scores inside each lab or family"),
    )
    body: list[tuple[tables.Content, ...]] = []
    for track, pair in pairs:
        statistic = view.pair_statistic(track, "r", pair) or {}
        slope = view.pair_statistic(track, "slope", pair) or {}
        head = (
            Cell(axis_link(view, pair[0], base), pair[0]),
            Cell(axis_link(view, pair[1], base), pair[1]),
            tables.track(view.track_name(track)),
            tables.figure(statistic.get("n"), 0),
        )
        if not has_estimate(statistic):
            reason = Cell(filled('<span class="cw-none">{}</span>', statistic.get("reason") or "not computed"))
            body.append((*head, reason, "", "", "", ""))
            continue
        others = statistic["others"]
        within = next((value for name, value in statistic["p"].items() if name.startswith("permutation-within")), None)
        body.append(
            (
                *head,
                tables.figure(statistic["estimate"], 2, sign=True),
                _interval(others.get("clustered")),
                _interval(others.get("plain")),
                tables.figure(slope.get("estimate"), 2, sign=True),
                Cell(format.p_short(within), within),
            )
        )
    return tables.table(columns, body, caption="Couplings", classes=tables.NARROW) + _apart(view, pairs, base)


def _apart(view: View, pairs: Iterable[tuple[str, tuple[str, str]]], base: str) -> Markup:
    """A note on each pair of whose two intervals, of r and of the slope, one alone excludes zero; empty without such a pair."""
    said = []
    for track, pair in pairs:
        found = {
            words: view.pair_statistic(track, kind, pair) or {} for words, kind in (("r", "r"), ("the slope", "slope"))
        }
        clear = [words for words, one in found.items() if one.get("interval") and clear_sign(one)]
        if len(clear) != 1 or not all(one.get("interval") for one in found.values()):
            continue
        other = next(words for words in found if words not in clear)
        ends = {words: format.interval(one["interval"]["low"], one["interval"]["high"]) for words, one in found.items()}
        said.append(
            f"{' × '.join(view.axis_name(axis) for axis in pair)} ({view.track_name(track)}, "
            f"{format.plural(found['r']['n'], 'model')}): the interval of {clear[0]}, {ends[clear[0]]}, excludes zero, that of "
            f"{other}, {ends[other]}, does not."
        )
    if not said:
        return Markup("")
    return filled(
        '\n<p class="cw-small" data-cw-apart>{} The two are made on different scales; where they differ, the data are too few to say '
        'whether there is a coupling. <a href="{}method/#population-coupling-r">Why they can differ</a>.</p>',
        " ".join(said),
        base,
    )


def _interval(bounds: dict[str, Any] | None) -> Cell:
    if not bounds:
        return Cell(filled('<span class="cw-none" role="img" aria-label="no interval">{}</span>', format.MISSING))
    return tables.bounds(bounds["low"], bounds["high"], 2, sign=True)


GROUP = Group("frontier", pages)
