"""The forecast pages: built from the stored results, silent without them, and the picture of the phase portrait."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from generator.report.forecast_tables import ERRORS, FAMILIES, forecast_tables
from generator.site.charts import ChartStore
from generator.site.forecast_blocks import _missed, card_block, chance_block, share_text
from generator.site.forecast_tables import TRAINED, kept_note, kept_within
from generator.site.groups import forecasts
from generator.site.portrait import X_RANGE, Y_RANGE, _inside, portrait_svg
from generator.site.view import View
from tests.conftest import REPOSITORY
from tests.site import synthetic


@pytest.fixture(scope="module")
def stored() -> dict[str, object]:
    paths = (REPOSITORY / "data/forecasts").glob("*.json")
    return {path.stem: json.loads(path.read_text())["result"] for path in paths}


def view_of(tmp_path, section) -> View:
    bundle = synthetic.bundle()
    bundle.sections.pop("forecasts", None)
    if section is not None:
        bundle.sections["forecasts"] = section
    return View(bundle, REPOSITORY, ChartStore(tmp_path / "charts"))


def test_a_bundle_without_forecasts_has_no_page(tmp_path):
    assert list(forecasts.pages(view_of(tmp_path, None))) == []


def test_every_part_without_a_result_shows_its_reason(tmp_path, stored):
    section = {name: {"reason": f"nothing for {name}"} for name in stored}
    (page,) = forecasts.pages(view_of(tmp_path, section))
    for name in ("phase", "ode", "training", "chances"):
        assert f"Nothing for {name}." in page.body
    assert "No comparison of forecasts: nothing for trajectories." in page.body


def test_the_page_shows_the_stored_error_gain_and_coverage(tmp_path, stored):
    page = next(iter(forecasts.pages(view_of(tmp_path, stored))))
    found = stored["trajectories"]["groupings"]["source"]
    entry = next(one for one in found["leaderboard"] if one["name"] == "stack")
    assert f"{entry['mae_pp']['from_third']['overall']:.2f} pp on average" in page.body
    assert f"{entry['skill_vs_two_point']['from_third']['gain_pp']:.2f} pp more" in page.body
    assert len(re.findall(r"<tr><th scope=\"row\"", page.body)) > len(found["leaderboard"])
    assert not re.search(r"\b(nan|inf|None|undefined)\b", re.sub(r"<[^>]*>", " ", page.body))


def test_the_comparison_links_the_tables_that_the_bundle_has_and_no_other(tmp_path, stored):
    view = view_of(tmp_path, stored)
    for page in (
        page for page in forecasts.pages(view) if page.path in ("forecasts/index.md", "forecasts/regrouped.md")
    ):
        assert "To recompute" not in page.body
    view.bundle.tables.update(forecast_tables(stored["trajectories"]))
    shown = [page for page in forecasts.pages(view) if page.path in ("forecasts/index.md", "forecasts/regrouped.md")]
    assert len(shown) == 2
    for page in shown:
        for name in (ERRORS, FAMILIES):
            assert f'data/tables/{name}.csv" download>' in page.body


def test_a_chance_is_shown_with_its_interval_and_replay_and_called_ours(tmp_path, stored):
    view = view_of(tmp_path, stored)
    block = chance_block(view, "swe-saturation-2026")
    assert "Ours, not the author" in block
    assert "250 futures" in block
    assert "replayed from earlier days" in block
    assert chance_block(view, "unheard-of") == ""
    assert chance_block(view_of(tmp_path, None), "swe-saturation-2026") == ""


def test_no_simulated_share_is_called_certain():
    assert [share_text(value) for value in (0.0, 0.5, 1.0)] == ["under 1\u00a0%", "50\u00a0%", "over 99\u00a0%"]


def test_a_family_card_shows_forecasts_beside_what_was_held_out(tmp_path, stored):
    block = card_block(view_of(tmp_path, stored), "pythia", "../../")
    assert "Larger sizes of this family." in block
    assert "Tried before" in block
    assert card_block(view_of(tmp_path, stored), "unheard-of", "../../") == ""


def test_a_line_is_cut_at_the_drawn_range_and_left_out_beyond_it():
    (left, low), (right, high) = _inside([[0.0, 0.0], [100.0, 100.0]])
    assert (left, low) == pytest.approx((X_RANGE[0], Y_RANGE[0]))
    assert (right, high) == pytest.approx((Y_RANGE[1], Y_RANGE[1]))
    assert _inside([[78.0, 100.0], [100.0, 80.0]]) == []
    assert _inside([]) == []


def test_the_portrait_escapes_names_and_draws_every_family(stored):
    found = stored["ode"]["portrait"] | {
        "families": {"<b>": [[30.0, 40.0], [60.0, 35.0]], "other": [[40.0, 45.0], [70.0, 50.0]]}
    }
    drawn = portrait_svg(found, ("A & B", "C"), label="x", marked={"<b>": "<b>"})
    assert "&lt;b&gt;" in drawn
    assert "<b>" not in drawn
    assert "A &amp; B, %" in drawn
    assert drawn.count('stroke-linejoin="round"') >= 2


def test_an_anchor_that_the_page_had_before_it_was_split_still_leads_to_its_part(tmp_path, stored):
    page = next(iter(forecasts.pages(view_of(tmp_path, stored))))
    led = dict(re.findall(r'cw-moved" id="([^"]+)">This part has moved to <a href="\.\./([^"#]+)#\1"', page.body))
    for anchor in ("phase", "phase-1", "ode", "portrait", "published"):
        assert led[anchor] == "forecasts/dynamics/"
    for anchor in ("frontier", "training"):
        assert led[anchor] == "forecasts/releases/"
    assert led["models-registry"] == "forecasts/regrouped/"
    anchors = re.findall(r'(?:\sid="|\{ #)([^"\s}]+)', page.body)
    assert len(anchors) == len(set(anchors)), "an anchor that stands twice"
    assert "chances" not in led


def test_every_forecast_of_a_last_checkpoint_has_a_name_for_readers(stored: dict[str, Any]) -> None:
    names = {entry["name"] for cut in stored["training"]["cuts"] for entry in cut["models"]}
    assert names == set(TRAINED)


def test_a_forecast_cut_at_the_end_of_the_scale_says_so_and_one_near_it_does_not():
    shown = {value: str(kept_within(value).html) for value in (100.0, 0.0, 99.97, 91.24)}
    assert shown == {
        100.0: "100.0 <small>at the ceiling</small>", 0.0: "0.0 <small>at the floor</small>", 99.97: "99.97", 91.24: "91.2",
    }  # fmt: skip


def test_the_held_out_table_of_a_family_marks_a_line_that_left_the_scale():
    assert _missed(100.0, 88.9).html == "+11.1 <small>at the ceiling</small>"
    assert _missed(90.0, 88.9).html == "+1.1"


def test_the_note_on_cut_forecasts_counts_them_and_stands_only_where_one_is():
    row = {"estimate": 91.0, "low_80": 80.0, "high_80": 99.0}
    assert kept_note([row]) == ""
    said = str(kept_note([row, row | {"high_80": 100.0}, row | {"estimate": 100.0, "high_80": 100.0}]))
    assert "(1 of 3 here)" in said
    assert "(2 of 3)" in said
