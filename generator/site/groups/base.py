"""Base models: HellaSwag against TruthfulQA, and the local coupling γ12 of each family against size."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from markupsafe import Markup

from generator.site import format, tables
from generator.site.axes import named
from generator.site.escape import filled
from generator.site.family_figures import gamma_chart
from generator.site.figures import pair_scatter
from generator.site.groups.frontier import coupling_table, couplings_of, paper_panel
from generator.site.page import Group, Page, base_of
from generator.site.scale_figures import band_table, phase_diagram, range_text, scale_figure
from generator.site.tables import Cell, Column
from generator.site.twins import gamma_table
from generator.site.view import BASE, BASE_TRACKS, PAPER_OF, View
from generator.site.wording import coupling_sentence, has_estimate, range_words

URL, TRACK = "base/", "harness-v1"


def pages(view: View) -> Iterator[Page]:
    base = base_of(URL)
    tracks = view.tracks_with(BASE, BASE_TRACKS)
    bands = view.section("bands") or []
    diagram, scales = phase_diagram(view, TRACK, bands), scale_figure(view, TRACK)
    body = view.render(
        "base.md.j2",
        URL,
        tracks=[_track(view, track, base) for track in tracks],
        couplings=coupling_table(view, list(couplings_of(view, tracks)), base),
        sentence=coupling_sentence(
            view.pair_statistic("harness-v1", "r", BASE),
            view.axis_name(BASE[0]),
            view.axis_name(BASE[1]),
            slope=view.pair_statistic("harness-v1", "slope", BASE),
        ),
        running=running_sentence(view),
        bands=band_table(bands),
        phase=diagram.html(base) if diagram else "",
        caution=cascade_caution(view),
        scales=scales.html(base) if scales else "",
        paper=paper_panel(view, TRACK, BASE, base, by="size"),
        paper_gamma=_gamma(view, PAPER_OF[TRACK], base)["gamma"],
        paper_running=running_sentence(view, PAPER_OF[TRACK]),
    ) + view.stale_note(tracks=tracks)
    yield Page(
        "base/index.md",
        "Base models",
        "HellaSwag against TruthfulQA for base models, and the local coupling γ12 of consecutive sizes in each family.",
        body,
    )


#: verdict of the test of a transition at a common size, in a sentence
TESTED = {
    "shown": "The test of a transition at a common size shows one.",
    "not shown": "Weak: the test of a transition at a common size does not show one.",
    "cannot be told": "Weak: the data cannot tell whether there is a transition at a common size.",
}


def cascade_caution(view: View) -> dict[str, Any] | None:
    """The test of the claimed transition that the bands stand for, as the Cascade page has it."""
    found = next((item for item in view.section("cascade") or () if item["id"] == "Nc1"), None)
    return found and found | {"reading": named(view, found["reading"]), "words": TESTED[found["verdict"]]}


def running_sentence(view: View, track: str = TRACK) -> str:
    """How γ12 changes with size over all families."""
    statistic = view.statistic(f"{track}/gamma-slope/{BASE[0]}~{BASE[1]}")
    if not has_estimate(statistic):
        return ""
    assert statistic is not None
    return (
        f"Over all families γ12 changes by {format.signed(statistic['estimate'], 2)} pp per pp for a tenfold size "
        f"({range_words(statistic['interval'])}; {format.plural(statistic['n'], 'interval')})."
    )


def _track(view: View, track: str, base: str) -> dict[str, Any]:
    scatter = pair_scatter(view, track, BASE, by="size")
    return {
        "id": track,
        "name": view.track_name(track),
        "text": view.track_text(track),
        "scatter": scatter.html(base) if scatter else "",
        "families": family_table(view, track, base),
        **_gamma(view, track, base),
    }


def _gamma(view: View, track: str, base: str) -> dict[str, Any]:
    rows = [row for row in view.gamma_rows(track) if format.known(row["gamma"])]
    twin = gamma_table(view, rows, base, caption="γ12 of consecutive sizes") if rows else Markup("")
    chart = gamma_chart(view, track, rows, name=track, table=twin)
    return {"gamma": chart.html(base) if chart else ""}


def family_table(view: View, track: str, base: str) -> Markup | str:
    """r within each family of three or more models, and the critical size where its data carry one."""
    rows = [row for row in view.rows(f"families-{track}") if (row["n"] or 0) >= 3]
    if not rows:
        return ""
    columns = (
        Column("Family"),
        Column("Models", "number"),
        Column("r", "number"),
        Column("95 % interval", "number"),
        Column("p", "number", "two-sided permutation"),
        Column("Least p possible", "number", "with so few models"),
        Column("Critical size Nc"),
    )
    body = []
    for row in sorted(rows, key=lambda row: -(row["n"] or 0)):
        name = view.families[row["family"]]["name"] if row["family"] in view.families else row["family"]
        body.append(
            (
                Cell(filled('<a href="{}families/{}/">{}</a>', base, row["family"], name), name),
                tables.figure(row["n"], 0),
                tables.figure(row["r"], 2, sign=True),
                tables.bounds(row["low"], row["high"], 2, sign=True)
                if format.known(row["low"])
                else Cell(filled('<span class="cw-none">{}</span>', row["reason"] or format.MISSING)),
                Cell(format.p_short(row["p_permutation"]), row["p_permutation"]),
                Cell(format.p_short(row["p_floor"]), row["p_floor"]),
                critical_size(view, track, row["family"]),
            )
        )
    return tables.table(columns, body, caption="Coupling within families of three or more sizes")


def critical_size(view: View, track: str, family: str) -> Cell:
    """Nc with its interval, or the state in words."""
    statistic = view.statistic(f"{track}/nc/{family}")
    if statistic is None:
        return Cell(format.MISSING)
    if not has_estimate(statistic):
        state = statistic["details"].get("state") or "not computed"
        return Cell(filled('<span class="cw-none">{}</span>', state), state)
    return Cell(range_text(statistic), float(statistic["estimate"]))


GROUP = Group("base", pages)
