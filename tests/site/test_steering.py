"""Pages of the steering benchmark: every run has one, figures are those of the result files, weak results are shown as weak."""

from __future__ import annotations

import copy
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from generator.site.charts import ChartStore
from generator.site.groups import steering, steering_internals, steering_levers, steering_parts, steering_run
from generator.site.view import View
from tests.site import synthetic
from tests.site.conftest import REPOSITORY, Built
from tests.steering_files import DATA, HOSTILE, KEPT, read

BAD = re.compile(r"\b(nan|NaN|None|undefined|inf)\b")


@pytest.fixture
def view(tmp_path: Path) -> View:
    return View(synthetic.with_steering(synthetic.bundle()), REPOSITORY, ChartStore(tmp_path))


def words(html: str) -> str:
    """The text of a page without scripts and styles, spaces as one."""
    bare = re.sub(r"<(script|style)\b.*?</\1>|<[^>]*>", " ", html, flags=re.DOTALL)
    return " ".join(unescape(bare).replace("\N{NO-BREAK SPACE}", " ").split())


def result(name: str) -> dict[str, Any]:
    return read(REPOSITORY / DATA / name / "result.json")


def run_of(view: View, name: str) -> dict[str, Any]:
    return next(run for run in view.section("steering")["runs"] if run["id"] == name)


def test_every_run_and_every_study_has_a_page_and_the_tab_lists_them(built: Built) -> None:
    for url in ("steering/", "steering/internals/", "steering/levers/", "steering/live/"):
        assert f'href="{"../" * url.count("/")}{url}"' in built.page("") or built.page(url)
    for name in (*KEPT, "someone--failed"):
        page = built.page(f"steering/runs/{name}/")
        assert not BAD.search(words(page))
        assert 'href="../../../data/tables/steering-items.csv"' in page
    here = re.findall(r'<a href="[^"]*" aria-current="(\w+)">(\w+)</a>', built.page(f"steering/runs/{KEPT[0]}/"))
    assert here == [("true", "Steering")]
    assert re.findall(r'aria-current="page">(\w+)</a>', built.page("steering/levers/")) == ["Levers"]


def test_the_headline_repeats_the_counts_and_intervals_of_the_result_files(built: Built) -> None:
    table = re.search(
        r'<table data-search-exclude class="cw-table cw-steer[ "].*?</table>', built.page("steering/"), re.DOTALL
    )
    assert table is not None
    rows = {row.split(" ")[0]: row for row in map(words, re.findall(r"<tr>.*?</tr>", table.group(), re.DOTALL))}
    for name in KEPT:
        found = result(name)
        test, row = found["test"], rows[found["model"]["id"]]
        for kind in ("corrected", "broken"):
            share = test["binary"][kind]
            low, high = 100 * share["low"], 100 * share["high"]
            assert f"{share['k']} of {share['n']} {100 * share['k'] / share['n']:.1f} % [{low:.1f}, {high:.1f}]" in row
        gain = test["gain"]
        assert f"+{100 * gain['estimate']:.1f}" in row
        assert f"[{100 * gain['low']:+.1f}, {100 * gain['high']:+.1f}]".replace("-", "−") in row


def test_no_effect_and_failure_are_shown_as_such(built: Built) -> None:
    page = words(built.page("steering/"))
    assert "In 2 of 4 runs" in page
    assert "1 shows no effect, 1 failed" in page
    assert f"someone/{HOSTILE} failed: CUDA out of memory" in page
    assert "No effect is claimed: gain over matched controls" in words(built.page("steering/runs/demo-xs-1/"))
    assert "the run failed: CUDA out of memory" in words(built.page("steering/runs/someone--failed/"))


def test_hostile_text_of_a_result_stays_text(built: Built) -> None:
    for url in ("steering/", "steering/runs/someone--failed/"):
        page = built.page(url)
        assert "<img src=x" not in page
        assert HOSTILE in unescape(page)
    command = "--model 'someone/<img src=x onerror=alert(1)>*a*|`b` $(rm)'"
    assert command in unescape(built.page("steering/runs/someone--failed/"))


def test_it_is_said_plainly_that_no_released_model_was_run_and_only_as_long_as_it_is_so(view: View) -> None:
    runs = [run for run in view.section("steering")["runs"] if run["data"]["suite"] == "demo"]
    assert "No openly released model has been run yet" in steering.caveats(runs)[0]
    failed = [*runs, run_of(view, "someone--failed")]
    assert "No run of an openly released model has given figures yet" in steering.caveats(failed)[0]
    other = copy.deepcopy(runs[0])
    other["data"]["suite"] = "truthfulqa"
    assert not any("openly released" in text for text in steering.caveats([*runs, other]))


def test_caveats_that_a_result_states_are_shown(view: View) -> None:
    run = run_of(view, "demo-m-0") | {"caveats": ["a judge was not blinded"]}
    assert "A judge was not blinded." in steering.caveats([run])
    assert "judge was not blinded" in steering_run.page(view, run).body


def test_a_side_effect_that_a_later_version_measures_is_shown(view: View) -> None:
    run = copy.deepcopy(run_of(view, "demo-m-0"))
    assert "Mmlu" not in steering_run.effects_table(run)
    run["side_effects"] |= {"mmlu_base": 0.5, "mmlu_steered": 0.456}
    run["side_effects"]["random"]["mmlu"] = [0.49, 0.47, 0.51]
    table = words(str(steering_run.effects_table(run)))
    assert "Mmlu, % 50.0 45.6 49.0 [47.0, 51.0]" in table


def test_the_sweep_marks_the_frozen_cell_and_the_cells_outside_the_limits(view: View) -> None:
    for name in KEPT:
        run = run_of(view, name)
        html = str(steering_run.sweep_map(run, "all"))
        assert html.count("● frozen") == 1
        assert html.count("outside limits") == sum(not cell["admissible"] for cell in run["sweep"]) > 0
        frozen = next(
            cell for cell in run["sweep"]
            if (cell["layer"], cell["strength"]) == (run["folds"][0]["layer"], run["folds"][0]["strength"])
        )  # fmt: skip
        assert re.search(rf"cw-chosen[^>]*><b>{100 * frozen['accuracy']:.1f}", html)


def test_the_histograms_hold_every_control_and_the_vector(view: View) -> None:
    run = run_of(view, "demo-m-0")
    html = str(steering_run.controls_figure(run, "../../../"))
    counts = re.findall(r"199 controls", html)
    assert len(counts) == 2
    assert html.count('class="flag flag--0"') == 2
    assert sum(bar["count"] for bars in run["bins"].values() for bar in bars) == 398
    assert html.count('class="bar"') == sum(len(bars) for bars in run["bins"].values())


def test_a_ring_marks_a_gain_whose_interval_includes_zero(view: View) -> None:
    reach = (-0.1, 0.4)
    assert 'class="hollow"' in steering.drawn(run_of(view, "demo-xs-1")["test"]["gain"], reach)
    assert 'class="hollow"' not in steering.drawn(run_of(view, "demo-m-0")["test"]["gain"], reach)


def test_the_rank_among_single_controls_is_told_beside_the_gain_over_their_mean(view: View) -> None:
    runs = [run_of(view, name) | {"rank_holm": 0.3} for name in KEPT]
    assert "in 0 after Holm" in steering.rank_sentence(runs)
    assert "Some single controls do as well" in steering.rank_sentence(runs)
    firm = [run | {"rank_holm": 0.01} for run in runs]
    assert "Some single controls do as well" not in steering.rank_sentence(firm)


def test_a_degenerate_measurement_is_called_one_and_another_is_not(view: View) -> None:
    found = copy.deepcopy(steering_internals.measured(view))
    assert "degenerate" in steering_internals.raw_figure(found, "../../")
    for one in found:
        for network in one["random_weights"]:
            for layer in network["layers"]:
                layer["raw"] = 0.1
    assert "degenerate" not in steering_internals.raw_figure(found, "../../")


def test_both_nulls_are_drawn_in_every_panel_of_the_coupling(view: View) -> None:
    found = steering_internals.measured(view)
    html = str(steering_internals.coupling_figure(found, "../../"))
    assert html.count('class="band"') == len(found)
    assert html.count('class="line expected"') == sum(len(one["random_weights"]) for one in found)


def test_the_share_carried_over_is_drawn_against_size_with_one_panel_a_lever_and_its_slope_or_the_reason(
    view: View,
) -> None:
    grid = view.section("steering")["levers"][0]
    html = str(steering_levers.size_figure(grid, "../../"))
    found = grid["against_size"]
    assert html.count('role="img"') == len(found)
    assert html.count('class="line expected"') == len(found) * len(grid["seeds"])
    assert html.count("<tr>") == 1 + sum(len(lever["points"]) for lever in found.values())
    for lever in found.values():
        assert steering_levers.slope_words(lever["on_size"]).capitalize() in html
    assert str(steering_levers.slopes_table(grid)).count("leaves the size of the network as it is") >= 2
    assert "(includes zero)" in steering_levers.size_finding(grid)
    assert view.csv("steering-lever-slopes")


def test_a_lever_moves_a_measure_only_when_its_interval_excludes_zero(view: View) -> None:
    grid = view.section("steering")["levers"][0]
    for lever in grid["levers"].values():
        for move in lever["move"].values():
            assert move["moves"] == (not move["low"] <= 0 <= move["high"])
    sentence = steering_levers.lever_sentence(grid["levers"]["depth"])
    assert sentence.startswith("It moves neither")
    assert "No coupling is given" in sentence
    assert steering_levers.lever_sentence(grid["levers"]["width"]).startswith("It moves both")
    assert "depth does not move it" in steering_levers.finding([grid])


def test_the_published_shares_stand_beside_with_what_they_count(view: View) -> None:
    claim = {
        "id": "self-align", "title": "Steering changes outputs", "verdict": "reproduced", "reading": "They count texts.",
        "published": [{"name": "410m", "value": 0.6, "recomputed": 0.6, "printed": "0.6", "headline": True}],
    }  # fmt: skip
    view.bundle.sections["claims"] = {"items": [claim]}
    page = next(iter(steering.pages(view)))
    text = words(page.body)
    assert "410M 60 % 60 %" in text
    assert "text changed , sampled without a seed" in text


def test_without_results_there_is_no_steering_tab(tmp_path: Path) -> None:
    bare = View(synthetic.bundle(), REPOSITORY, ChartStore(tmp_path))
    assert list(steering.pages(bare)) == []


def test_the_weights_of_the_live_model_are_files_of_the_site(built: Built) -> None:
    assert (built.site / "steering/live/model.bin").read_bytes() == (REPOSITORY / DATA / "live/model.bin").read_bytes()
    assert read(REPOSITORY / DATA / "live/model.json")["sha256"] in built.page("steering/live/")


def test_the_fixed_world_is_said_once_and_by_the_files_where_they_say_it(view: View) -> None:
    told = [
        run | {"caveats": ["Seeds do not vary the world."]}
        for run in view.section("steering")["runs"]
        if run["data"]["suite"] == "demo"
    ]
    assert "Seeds do not vary the world." in steering.caveats(told)
    assert not any("one fixed world of facts" in text for text in steering.caveats(told))
    untold = [told[0] | {"caveats": []}, *told[1:]]
    assert any("one fixed world of facts" in text for text in steering.caveats(untold))


def test_one_suite_is_named_once_before_the_sizes(view: View) -> None:
    runs = [run for run in view.section("steering")["runs"] if run["data"]["suite"] == "demo"]
    assert steering.size_sentence(runs).startswith("Runs with a gain by size (suite demo): ")
    assert steering.size_sentence(runs).count("demo") == 1


def test_every_way_to_fit_a_direction_has_words() -> None:
    directions = pytest.importorskip("generator.steering.directions")
    assert set(steering_parts.METHODS) == set(directions.METHODS)
    assert steering_parts.method_words("mean-of-tomorrow") == "mean of tomorrow"


def test_sizes_too_near_to_be_read_beside_each_other_leave_the_axis():
    ticks = [(0.0, "a"), (1.0, "b"), (5.0, "c"), (9.5, "d"), (10.0, "e")]
    assert [words for _x, words in steering_levers._apart(ticks, (0.0, 10.0))] == ["a", "c", "e"]
    assert steering_levers._apart(ticks[:1], (0.0, 10.0)) == ticks[:1]


def test_every_grid_of_levers_says_what_moves_truthfulness_and_where_it_was_trained(view: View):
    small, large = view.section("steering")["levers"]
    assert (small["grid"], large["grid"]) == ("small", "large")
    said = steering_levers.finding([small, large])
    assert said.startswith(f"In the synthetic world, networks of up to {steering_levers._largest(small)} parameters: ")
    assert f"Networks of up to {steering_levers._largest(large)} parameters: " in said
    networks = {(row["seed"], row["parameters"], row["perplexity"]): row["device"] for row in large["rows"]}
    on_cpu = sorted({(row["lever"], row["level"]) for row in large["rows"] if row["device"] == "cpu"})
    assert all(f"{lever} {level}" in steering_levers.devices(large) for lever, level in on_cpu)
    alone = {"rows": [row for row in large["rows"] if row["device"] == "cpu"]}
    assert re.fullmatch(r"CPU \(\d+\)", steering_levers.devices(alone))
    assert sum(int(count) for count in re.findall(r"\((\d+)", steering_levers.devices(large))) == len(networks)
    assert steering_levers.devices(small) == ""
