"""The panel: one observation a cell, by stated precedence; every loser keeps its reason; as-of replays."""

from __future__ import annotations

import datetime as dt
import weakref

import numpy as np
import pytest

from generator import snapshots
from generator.core import CapewatchError
from generator.panel import PanelProvider, build_panel, gather
from generator.schema import load_registry
from tests.snapshots.readings import reading, row

TODAY = dt.date(2026, 11, 21)


def panel_of(project, track="both", as_of=TODAY):
    registry = load_registry(project.root).require_clean()
    return build_panel(gather(registry), registry, track, as_of=as_of)


def reasons(panel, axis="gpqa"):
    cells = panel.cells[panel.cells["axis"] == axis]
    return {row.value: row.reason for row in cells.itertuples() if not row.chosen}


def test_fractions_and_percents_share_one_axis_in_percent(project):
    project.model("one", "gpqa 0.834 unit=fraction")
    project.model("two", "gpqa 70.5")
    panel = panel_of(project)
    assert panel.scores["gpqa"].to_dict() == {"one": pytest.approx(83.4), "two": 70.5}
    assert panel.axes.loc["gpqa", ["chance", "ceiling", "n_items"]].tolist() == [25, 100, 198]


def test_the_preferred_evaluator_wins_and_the_loser_says_why(project):
    project.model("one", "gpqa 90", "gpqa 80 evaluator=epoch-ai url=https://example.org/e")
    panel = panel_of(project)
    assert panel.scores.at["one", "gpqa"] == 80
    assert reasons(panel) == {90: "an evaluator the track prefers has a score"}
    assert panel_of(project, "maker").scores.at["one", "gpqa"] == 90
    assert reasons(panel_of(project, "maker")) == {80: "the track does not take this evaluator"}


def test_effort_then_directness_then_newness_decide(project):
    project.model(
        "one",
        "gpqa 1 effort=high retrieved=2026-06-01",
        "gpqa 2 effort=max retrieved=2026-01-01",
        "gpqa 3 retrieved=2026-07-01",
        "gpqa 4 effort=max retrieved=2026-09-01 via=relay url=https://example.org/b",
        "gpqa 5 effort=max retrieved=2026-03-01 url=https://example.org/c",
    )
    panel = panel_of(project, "maker")
    assert panel.scores.at["one", "gpqa"] == 5
    assert reasons(panel) == {
        1: "a reasoning effort the track prefers has a score",
        2: "a newer score",
        3: "a reasoning effort the track prefers has a score",
        4: "a score read at its original is preferred to one known through a relay",
    }


def test_a_cited_score_beats_a_newer_one_from_a_page_that_cites_nothing(project):
    path = project.model(
        "one", "gpqa 84.8 retrieved=2025-02-01", "gpqa 68 published=2026-05-01 url=https://example.org/t"
    )
    path.write_text(path.read_text().replace("      published", "      uncited: true\n      published"))
    panel = panel_of(project)
    assert panel.scores.at["one", "gpqa"] == 84.8
    assert reasons(panel) == {68: "a score whose page says where it is from is preferred"}


def test_the_panel_of_cited_scores_leaves_an_uncited_cell_empty_and_every_model_in_place(project):
    effort = "effort=max published=2026-05-01 url=https://example.org/t"
    path = project.model("one", "gpqa 84.8 effort=high retrieved=2025-02-01", f"gpqa 68 {effort}", "swe 40")
    path.write_text(path.read_text().replace("      published", "      uncited: true\n      published"))
    project.model("two", "gpqa 50", "swe 30")
    panel = panel_of(project, "maker")
    assert panel.scores.at["one", "gpqa"] == 68  # the preferred effort goes before being cited
    cited = panel.cited
    assert list(cited.models.index) == ["one", "two"]
    assert cited.scores.isna().to_numpy().sum() == 1
    assert np.isnan(cited.scores.at["one", "gpqa"])
    assert not (cited.cells["uncited"] == "true").any()
    assert cited.cited is cited


def test_no_score_counts_before_its_model_was_released(project):
    project.model("one", "gpqa 80 published=2025-12-01", more="released: 2026-01-15\n")
    assert panel_of(project, as_of=dt.date(2026, 1, 14)).scores.empty
    assert panel_of(project, as_of=dt.date(2026, 1, 15)).scores.at["one", "gpqa"] == 80


def test_with_and_without_tools_are_two_axes_and_unstated_tools_are_neither(project):
    project.model("one", "hle 40 tools=false", "hle 60 tools=true", "hle 50 url=https://example.org/u")
    panel = panel_of(project)
    assert panel.scores.loc["one"].to_dict() == {"hle": 40, "hle-tools": 60}
    assert reasons(panel, "") == {50: "the source does not state the protocol that chooses the axis"}


def test_as_of_uses_only_what_was_public_by_then(project):
    project.model("one", "gpqa 80 published=2026-01-10", "gpqa 85 published=2026-03-10 url=https://example.org/n")
    project.model("two", "gpqa 60 published=2026-02")
    for day, expected in (
        ("2026-01-09", {}),
        ("2026-01-10", {"one": 80}),
        ("2026-02-27", {"one": 80}),
        ("2026-02-28", {"one": 80, "two": 60}),
        ("2026-03-10", {"one": 85, "two": 60}),
    ):
        scores = panel_of(project, as_of=dt.date.fromisoformat(day)).scores
        assert (scores["gpqa"].to_dict() if len(scores) else {}) == expected, day


def test_a_correction_applies_only_to_the_value_it_expects(project):
    project.model("one", "gpqa 80")
    text = "schema_version: 1\ncorrections:\n  - {{source: data-models, model: one, benchmark: gpqa, expects: {expects}, {value}reason: slip, url: https://example.org, declared: 2026-05-02}}\n"
    project.write("data/corrections.yaml", text.format(expects=80, value="value: 81, "))
    panel = panel_of(project)
    assert panel.scores.at["one", "gpqa"] == 81
    assert panel.cells["note"].tolist() == ["corrected from 80: slip"]
    project.write("data/corrections.yaml", text.format(expects=79, value="value: 81, "))
    assert panel_of(project).scores.at["one", "gpqa"] == 80
    registry = load_registry(project.root)
    assert list(gather(registry).unused_corrections) == registry.corrections
    project.write("data/corrections.yaml", text.format(expects=80, value=""))
    assert panel_of(project).scores.empty


def test_the_same_panel_whatever_the_order_of_files(project):
    project.model("one", "gpqa 80", "swe 70")
    project.model("two", "swe 60", "gpqa 70", lab="zeta")
    first = panel_of(project)
    (project.root / "data/models/acme/one.yaml").rename(project.root / "data/models/acme/zz.tmp")
    (project.root / "data/models/acme/zz.tmp").rename(project.root / "data/models/acme/one.yaml")
    assert panel_of(project).digest == first.digest
    project.model("two", "swe 60.5", "gpqa 70", lab="zeta")
    assert panel_of(project).digest != first.digest


def test_an_unknown_track_or_axis_suggests_the_near_one(project):
    project.model("one", "gpqa 80")
    with pytest.raises(CapewatchError, match=r"unknown track 'makers'\n  hint: near: maker"):
        panel_of(project, "makers")
    with pytest.raises(CapewatchError, match=r"no axis 'gpqaa'\n  hint: near: gpqa"):
        panel_of(project).complete(["gpqaa"])


def test_a_panel_lists_models_with_a_score_and_leaves_empty_cells_empty(project):
    project.model("one", "gpqa 80")
    project.model("two", "swe 70")
    project.model("three")
    panel = panel_of(project)
    assert list(panel.models.index) == ["one", "two"]
    assert np.isnan(panel.scores.at["one", "swe"])
    assert panel.complete(["gpqa", "swe"]).empty
    assert list(panel.subset(["two"]).scores.index) == ["two"]


def test_a_caller_cannot_change_what_the_next_one_gets(project):
    project.model("one", "gpqa 80", "swe 70")
    panel = panel_of(project)
    first = panel.complete(["gpqa", "swe"])
    first["gpqa"] = 0.0
    first.loc["one", "swe"] = 1.0
    assert panel.complete(["gpqa", "swe"]).loc["one", ["gpqa", "swe"]].tolist() == [80, 70]


def test_a_replay_over_many_days_holds_the_observations_of_one(project):
    project.model("one", "gpqa 80")
    provider = PanelProvider(load_registry(project.root).require_clean())
    first, second = (provider("both", dt.date(year, 1, 1)) for year in (2020, 2030))
    held = weakref.ref(first.cells)
    assert second.cells["model"].tolist() == ["one"]
    assert held() is None
    assert first.cells.empty


def test_days_between_which_nothing_became_public_have_one_panel_but_for_the_day(project):
    project.model("one", "gpqa 80")
    project.model("two", "gpqa 70", "swe 60")
    provider = PanelProvider(load_registry(project.root).require_clean())
    newest = provider.observations.newest_day
    days = [newest + dt.timedelta(days=ahead) for ahead in (0, 1, 30)]
    first, *later = (provider("both", day) for day in days)
    assert [panel.as_of for panel in (first, *later)] == days
    assert all(panel.digest == first.digest and panel.cells is first.cells for panel in later)
    assert provider("both", dt.date(2000, 1, 1)).scores.empty


def test_spellings_that_match_nothing_and_rows_that_are_refused_are_those_of_the_day(project):
    project.model("one", more="released: 2026-04-01\n")
    store = project.root / "data" / "snapshots"
    march = {"benchmark": "gpqa", "published": "2026-03-15"}
    first = [
        row("Nobody", 0.5, **march),
        row("Nobody", 0.6, benchmark="gpqa", effort="high"),
        row("Somebody", 0.4, benchmark="gpqa"),
    ]
    refused = [
        row("one", 0.5, benchmark="no-such", published="2026-03-15"),
        row("one", 0.5, benchmark="no-such", effort="high"),
    ]
    snapshots.append(store, "board", reading(*first, *refused, day=dt.date(2026, 5, 1)))
    known = gather(load_registry(project.root))
    for day, spellings, rows in (
        ("2026-03-14", {}, 0),
        ("2026-03-15", {"Nobody": 1}, 0),
        ("2026-04-01", {"Nobody": 1}, 1),  # what was published before the release counts from the release
        ("2026-05-01", {"Nobody": 2, "Somebody": 1}, 2),
    ):
        cut = known.cut(dt.date.fromisoformat(day))
        assert (cut.spellings.set_index("spelling")["rows"].to_dict(), len(cut.refused)) == (spellings, rows), day
    assert list(known.spellings) == ["source", "spelling", "rows", "near", "reason"]
