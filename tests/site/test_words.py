"""Words for readers: the kind of an interval, units beside numbers, names in the place of ids, one way to write powers of ten."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from generator.analysis.resample import expanded_interval, jackknife_interval
from generator.predictions.words import Dependence
from generator.site import escape, forecast_tables, format, tables
from generator.site.charts import ChartStore
from generator.site.figures import h_timeline
from generator.site.frontier_figures import _apart
from generator.site.groups import (
    base,
    changes,
    choices,
    claims,
    forecast_dynamics,
    frontier,
    home,
    labs,
    model_table,
    predictions,
    speed,
    steering_levers,
)
from generator.site.groups.steering_parts import caveat_words
from generator.site.view import View
from generator.site.wording import coupling_sentence, interval_kind
from tests.conftest import REPOSITORY
from tests.site import synthetic_sections
from tests.site.conftest import Built

NBSP = format.NBSP


def bounds(low: float, high: float, method: str) -> dict[str, Any]:
    return {"low": low, "high": high, "level": 0.95, "method": method}


def test_an_interval_says_how_it_was_made_in_words():
    import numpy as np

    jackknife = jackknife_interval(0.5, np.array([0.4, 0.5, 0.7]), unit="lab")
    bootstrap = expanded_interval(np.linspace(0, 1, 100), units=9, unit="family")
    assert jackknife is not None
    assert bootstrap is not None
    assert interval_kind({"method": jackknife.method}) == "jackknife: labs left out one at a time"
    assert interval_kind({"method": bootstrap.method}) == (
        "bootstrap: families drawn with replacement, widened for few families"
    )
    assert interval_kind(bounds(0, 1, "a method of tomorrow")) == "a method of tomorrow"
    assert interval_kind(None) == ""
    statistic = {"estimate": 0.85, "n": 42, "interval": bounds(0.44, 0.97, "lab jackknife, t(5.9)")}
    assert coupling_sentence(statistic, "A", "B").endswith("0.44 to 0.97 (jackknife: labs left out one at a time).")


@pytest.mark.parametrize(("n", "shown"), [(8, 1), (9, 0)])
def test_a_prediction_shows_the_other_interval_of_the_same_correlation_and_why_it_differs(
    view: View, n: int, shown: int
):
    same = view.pair_statistic("maker", "r", ("swe-bench-verified", "gpqa-diamond"))
    assert same is not None
    same |= {"n": 8, "interval": bounds(0.44, 0.97, "lab jackknife, t(5.9)")}
    metric = {
        "estimate": same["estimate"] + 1e-13, "n": n, "axes": ["swe-bench-verified", "gpqa-diamond"], "details": {"kind": "pearson"},
        "interval": bounds(0.66, 0.96, "lab-clustered resampling, percentile"),
    }  # fmt: skip
    found = predictions._beside(view, {"track": "maker", "metrics": {"r": metric}})
    assert len(found) == shown
    for text in found:
        assert "[0.66, 0.96] here (bootstrap: labs drawn with replacement)" in text
        assert "[0.44, 0.97] where couplings are listed (jackknife: labs left out one at a time)" in text
        assert "the second is the cautious reading" in text


def test_frontier_home_and_claims_say_with_one_sentence_how_many_scores_behind_r_are_uncited(view: View):
    pair = "swe-bench-verified~gpqa-diamond"
    whole = view.bundle.statistics[f"maker/r/{pair}"]
    counts = {"scores": 24, "uncited": 9, "uncited_models": 7, "through": ["Table 4"]}
    item = {"live": [{"track": track, "statistics": [whole], "reason": ""} for track in ("maker", "epoch")]}
    pages = [page for page in claims.pages(view) if page.path.startswith("claims/")]
    assert "uncited" not in home.couplings(view, "") + "".join(page.body for page in pages)
    assert claims._uncited(view, item) == []
    view.bundle.statistics[f"maker/r-cited/{pair}"] = whole | {"estimate": 0.71, "n": 5, "details": counts}
    assert len(claims._uncited(view, item)) == 1
    view.section("claims")["items"][0]["live"] = item["live"]
    share = re.compile(
        r"9 of the 24 scores behind [^,]*, of 7 models, are <a href=\"[^\"]*method/#which-score-is-used\">uncited</a>"
    )
    bodies = [next(frontier.pages(view)).body, home.couplings(view, "")]
    bodies += [page.body for page in claims.pages(view) if "uncited" in page.body]
    assert len(bodies) == 3
    for body in bodies:
        assert len(share.findall(body)) == 1
        assert re.search(r"Over the 5 models with both scores cited r is 0.71", body.replace(NBSP, " "))
    assert f"on the track “{view.track_name('maker')}”" in bodies[2]


def test_a_choice_without_uncited_scores_is_named_and_marked_in_the_table(view: View):
    (item,) = view.section("predictions")["items"]
    table = str(choices.alternatives(view, item))
    assert "the chosen reading (the one that decides)" in table
    assert "the chosen reading, cited scores only" in table
    assert "all 2 choices of track, reading, fit and scores" in choices.sensitivity(view, item["evaluation"]).lead


def test_a_scheme_that_draws_nothing_says_why_and_shows_no_share(view: View):
    (item,) = view.section("predictions")["items"]
    plain, clustered = re.findall(r"<tr>.*?</tr>", str(predictions._firmness(item["evaluation"])), re.S)[1:]
    assert "6 models" in plain
    assert "90 %" in plain.replace(NBSP, " ")
    assert "2 labs have the scores" in clustered
    assert "%" not in clustered


@pytest.mark.parametrize(("units", "few"), [(3, True), (4, True), (5, False)])
def test_labs_too_few_to_be_resampled_whole_are_called_so_in_the_row_and_below_it(units: int, few: bool):
    drawn = {"scheme": "lab-clustered", "units": units, "resamples": 10, "shares": {}}
    row = {"firmness": [drawn | {"scheme": "plain"}, drawn]}
    plain, clustered = re.findall(r"<tr>.*?</tr>", str(predictions._firmness(row)), re.S)[1:]
    assert "too few," not in plain
    assert (f"{units} labs, too few" in clustered) == few
    assert bool(predictions._few(row)) == few


def test_choices_of_a_prediction_are_told_by_the_names_of_tracks_and_what_readings_say(view: View):
    def choice(track: str, reading: str, says: str, standing: str, *, deciding: bool = False) -> dict[str, Any]:
        return {
            "track": track, "reading": reading, "says": says, "fit": "", "deciding": deciding, "standing": standing, "values": {},
            "n": 3, "reason": "",
        }  # fmt: skip

    rows = [
        choice("maker", "chosen", "the chosen reading", "on course to pass", deciding=True),
        choice("epoch", "new-models-only", "only new models", "too few data"),
    ]
    found = choices.sensitivity(view, {"alternatives": rows})
    assert found.lead == "No choice contradicts the standing (on course to pass), but 1 of 1 others cannot tell"
    assert found.others == (("too few data", (f"“{view.track_name('epoch')}”, only new models",)),)
    rows[1]["standing"] = "on course to pass"
    assert choices.sensitivity(view, {"alternatives": rows}).others == ()
    rows[1] |= {"standing": "undetermined", "says": "models of this year; of any lab"}
    assert choices.sensitivity(view, {"alternatives": rows}) == (
        Dependence(
            f"The standing depends on the choice: on course to pass under “{view.track_name('maker')}”",
            (("undetermined", (f"“{view.track_name('epoch')}”, models of this year; of any lab",)),),
        )
    )


def test_metrics_of_a_prediction_are_told_by_their_words_and_units_and_reasons_name_benchmarks(view: View):
    def metric(unit: str, kind: str) -> dict[str, Any]:
        return {"unit": unit, "details": {"kind": kind}}

    item = {
        "evaluation": {"metrics": {"n": metric("models", "count"), "swe_spread": metric("pp", "top-k-spread"), "r": metric("", "pearson")}},
        "words": {"metrics": {"swe_spread": "the SWE-bench Verified spread among the top 5", "r": "h of counting release 1"}},
        "file": {"metrics": {"n": {}, "swe_spread": {"label": "the SWE-bench spread of the top five"}, "r": {}}},
    }  # fmt: skip
    assert choices.headings(item) == {
        "swe_spread": "SWE-bench spread of the top five, pp",
        "r": "h of counting release 1",
    }
    reason = "0 models have scores on swe-bench-verified and gpqa-diamond; 5 are needed"
    assert choices.named(view, reason) == "0 models have scores on SWE-bench Verified and GPQA Diamond; 5 are needed"


def test_a_lever_tells_its_move_in_percentage_points(view: View):
    grid = json.loads((REPOSITORY / "data/steering/levers/small.json").read_text())
    for lever in grid["levers"].values():
        text = steering_levers.lever_sentence(lever)
        if lever["coupling"]["slope"] is None:
            assert f"moves by {100 * lever['coupling']['fact_move']:.2f} pp only" in text
        assert not re.search(r"moves by 0\.\d+ only", text)


def test_the_note_of_an_integration_names_the_axis_and_has_a_true_minus(view: View):
    axes = ["swe-bench-verified", "gpqa-diamond"]
    published = json.loads((REPOSITORY / "data/forecasts/ode.json").read_text())["result"]["published"]
    for one in published.values():
        note = forecast_dynamics.note_words(view, one["cross"]["details"]["ode_note"], axes)
        assert "variable" not in note
        assert "SWE-bench Verified is at" in note
    note = forecast_dynamics.note_words(view, "left the range variable 1 at -277 % after 1.00 decades", axes)
    assert note == f"it leaves the range: GPQA Diamond is at −277{NBSP}% after a 10-fold step in size"
    assert forecast_dynamics.note_words(view, "one size only", axes) == "one size only"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("gives 1.33e-06.", f"gives 1.33{NBSP}×{NBSP}10⁻⁶."),
        ("gives 4.96e−05, 7.0e+26 B", f"gives 4.96{NBSP}×{NBSP}10⁻⁵, 7.0{NBSP}×{NBSP}10²⁶ B"),
        ("below 1e-6", f"below 1{NBSP}×{NBSP}10⁻⁶"),
        ("file 3fe2e4 and v1e5 stay", "file 3fe2e4 and v1e5 stay"),
    ],
)
def test_powers_of_ten_are_written_one_way(text: str, shown: str):
    assert format.scientific(text) == shown


def test_no_line_ends_between_a_number_and_its_unit(built: Built):
    assert format.joined_units("95 % of 3 pp and 4 ppm, x % y") == f"95{NBSP}% of 3{NBSP}pp and 4 ppm, x % y"
    assert format.joined_sizes("from 7 B to 500 M, 3 Big") == f"from 7{NBSP}B to 500{NBSP}M, 3 Big"
    written = {path.relative_to(REPOSITORY / "site_src/docs") for path in (REPOSITORY / "site_src/docs").rglob("*.md")}
    for path in built.docs.rglob("*.md"):
        if path.relative_to(built.docs) not in written:
            assert not re.search(r"\d (?:%|pp\b)", path.read_text()), path


def test_notes_of_measurements_have_true_minus_signs_and_joined_units():
    cell = speed._note({"note": "overhead -0.6%; a-1 build --force; 2^0.9 of 3 %"})
    assert f"overhead −0.6{NBSP}%; a-1 build --force; 2<sup>0.9</sup> of 3{NBSP}%" in str(cell.html)


def test_a_caveat_for_readers_names_no_field_of_a_file():
    stored = {
        one
        for path in (REPOSITORY / "data/steering").glob("*/result.json")
        for one in json.loads(path.read_text())["caveats"]
    }
    assert stored
    for text in map(caveat_words, stored):
        assert text.endswith(".")
        assert "gain_" not in text
    assert caveat_words("gain_random holds one kind.") == ""


def test_a_group_that_was_not_measured_is_named_with_the_command_that_measures_it(tmp_path: Path, view: View):
    lone = View(view.bundle, tmp_path, ChartStore(tmp_path))
    growth = speed.group_table("growth")
    assert growth(lone, "") == speed.NOTHING
    (tmp_path / speed.RESULTS).parent.mkdir(parents=True)
    (tmp_path / speed.RESULTS).write_text(json.dumps({"runs": [{"group": "panel"}]}))
    text = growth(lone, "")
    assert "“Growth with the number of models”" in text
    assert "<code>python -m bench growth</code>" in text
    import bench.__main__ as command

    assert set(speed.TITLES) == set(command.GROUPS)


def test_the_index_for_programs_lists_badges_last(built: Built):
    paths = [one["path"] for one in json.loads((built.site / "api/v1/index.json").read_text())["resources"]]
    badge = ["/badges/" in path for path in paths]
    assert any(badge)
    assert badge == sorted(badge)
    assert paths == sorted(paths, key=lambda path: ("/badges/" in path, path))


def test_the_words_of_two_settings_of_one_model_never_meet_on_a_desk_nor_on_a_phone():
    def point(row: str, order: int, x: float, label: str) -> dict[str, Any]:
        return {"row": row, "order": order, "x": x, "low": x, "high": x, "label": label, "narrow": label}

    points = [
        point("a", 0, 0.0, "minimal"), point("a", 1, 3.0, "low"), point("a", 2, 9.0, "high"), point("b", 0, 0.0, "none"),
        point("b", 1, 0.5, "low"), point("b", 2, 30.0, "max"),
    ]  # fmt: skip
    assert [one["label"] for one in _apart(points)] == ["minimal", "low", "high", "", "low", "max"]
    assert [one["narrow"] for one in points] == ["", "low", "high", "", "low", "max"]


def test_h_by_release_stands_over_the_prediction_interval_of_each_release(view: View):
    rows = view.h_rows("maker")
    figure = h_timeline(view, "maker", rows, name="maker", who="Makers")
    assert figure is not None
    drawn = json.loads(view.charts.files["assets/charts/h-maker.json"])["datasets"]
    assert len(drawn["band"]) == len(drawn["points"]) > 0
    assert {(one["low"], one["high"]) for one in drawn["band"]} <= {
        (row["pi_low"] - row["fitted"], row["pi_high"] - row["fitted"]) for row in rows
    }
    assert f"Band: 95{NBSP}% prediction interval" in figure.note
    bare = [{name: value for name, value in row.items() if name != "pi_low"} for row in rows]
    assert "Band" not in h_timeline(view, "maker", bare, name="bare", who="Makers").note


def test_the_chart_of_a_prediction_shows_the_metric_that_passes_and_not_the_one_that_only_admits(view: View):
    item = synthetic_sections.prediction()
    (passing,) = item["evaluation"]["margins"]
    item["evaluation"]["margins"] = [
        passing | {"metric": "n", "side": "requires", "threshold": 30, "unit": "models"},
        passing,
    ]
    for step in item["timeline"]:
        step["values"]["n"] = 40
    chart = predictions._timeline_chart(view, item)
    assert chart is not None
    assert chart.title == "The correlation, day by day."
    assert chart.finding == "Now 0.5; threshold at 0.6 (dashed)."


def test_today_s_data_say_how_an_interval_was_made_once_where_all_were_made_alike(view: View):
    def row(name: str, method: str) -> dict[str, Any]:
        interval = bounds(0.1, 0.9, method)
        return {
            "name": name,
            "axes": [],
            "estimate": 0.5,
            "unit": "",
            "n": 9,
            "interval": interval,
            "reason": "",
            "details": {},
        }

    def shown(*methods: str) -> str:
        rows = [row(f"r{index}", method) for index, method in enumerate(methods)]
        return str(claims._live(view, {"live": [{"track": "maker", "reason": "", "statistics": rows}]}))

    alike = shown("lab jackknife, t(5.9)", "lab jackknife, t(4.7)")
    assert alike.count("jackknife: labs left out one at a time") == 1
    assert '<th scope="col">Interval by</th>' not in alike
    unlike = shown("lab jackknife, t(5.9)", "Fisher z, independent models")
    assert '<th scope="col">Interval by</th>' in unlike
    assert "Fisher: models taken as independent" in unlike
    assert '<th scope="col">Interval by</th>' in shown("lab jackknife, t(5.9)")


def test_a_table_of_models_leaves_out_a_column_that_says_nothing(view: View):
    sized = str(labs.model_table(view, ["zed-7b"], "../"))
    assert ">Family<" in sized
    assert ">Parameters<" in sized
    assert ">Family<" not in str(labs.model_table(view, ["zed-7b"], "../", with_family=False))
    view.models["zed-7b"] |= {"params": None}
    assert ">Parameters<" not in str(labs.model_table(view, ["zed-7b"], "../"))


def test_rows_of_one_name_are_told_apart_by_what_their_own_note_says():
    rows = [
        {"name": "generation", "note": "64 prompts, cached, small; goal 12×"},
        {"name": "generation", "note": "64 prompts, cached, large; goal 12×"},
        {"name": "forward pass", "note": "64 prompts"},
    ]
    assert speed.row_names({"rows": rows}) == ["generation, small", "generation, large", "forward pass"]


def test_a_stored_headline_names_tracks_as_the_site_does_and_leaves_other_words(view: View):
    track = next(iter(view.tracks))
    name = view.track_name(track)
    text = f"{track}s: r of A and B, track {track}: 1; 22 in {track}, A model ({track})"
    assert changes.told(view, text) == f"{track}s: r of A and B, track “{name}”: 1; 22 in “{name}”, A model (“{name}”)"


def test_a_label_that_is_a_number_is_parted_from_the_value_of_a_card_by_a_colon():
    columns = [tables.Column(name) for name in ("Model", "50 %", "95 % interval", "SWE-bench, %")]
    shown = str(tables.table(columns, [("a", "50.9", "1", "2")], caption="x"))
    assert re.findall(r'data-label="([^"]*)"', shown) == ["50 %:", "95 % interval", "SWE-bench, %"]
    assert '<th scope="col">50 %</th>' in shown


def test_the_card_of_a_lab_without_h_says_so_once():
    none, interval, n = labs._mean_cells(None)
    assert "none" in none.html
    assert (interval.html, n.html) == ("", "")
    one = [cell.html for cell in labs._mean_cells({"mean_h": -3.4, "low": None, "high": None, "n": 1})]
    assert (one[0], one[2]) == ("−3.4", "1")
    assert "no value" in one[1]


def test_the_reference_of_a_gain_has_no_interval_of_its_own():
    def gain(low: float, value: float, high: float) -> str:
        skill = {"gain_pp": value, "gain_low_pp": low, "gain_high_pp": high, "reason": ""}
        return str(forecast_tables.gain_cell(skill).html)

    assert gain(0.0, 0.0, 0.0) == "0"
    assert "[−1.00, +1.00]" in gain(-1.0, 0.0, 1.0)
    statistic = {"estimate": 0.0, "interval": {"low": 0.0, "high": 0.0}, "reason": ""}
    assert forecast_tables._gained(statistic).html == "0"


def test_notes_of_measurements_part_thousands_and_write_seo_as_a_name():
    cell = speed._note({"note": "seo 100; 2645 MB at 20,000 models; index 1,358; commit 2026-11 and 1234 files"})
    assert "SEO 100; 2,645 MB at 20,000 models; index 1,358; commit 2026-11 and 1234 files" in str(cell.html)


def test_no_line_ends_within_a_versioned_name_or_a_date():
    assert escape.whole("GPT-5.5 <b> on 2026-11-21") == (
        '<span class="cw-name">GPT-5.5</span> &lt;b&gt; on <span class="cw-name">2026-11-21</span>'
    )
    for name in ("Qwen3-235B-A22B", "DeepSeek-V4-Pro", "swe-bench", "paper-2026-05-x"):
        assert escape.whole(name) == name


def test_the_unit_in_a_header_of_several_words_never_stands_alone_on_a_line(view: View):
    labels = [column.label for column in model_table.columns(view) if ":" in column.key]
    assert labels
    for label in labels:
        name, _, unit = label.rpartition(",")
        assert unit[0] == (format.NBSP if " " in name else " ")


@pytest.mark.parametrize("verdict", ["shown", "not shown", "cannot be told"])
def test_the_firmness_of_the_bands_is_a_sentence_for_every_verdict_of_the_cascade(view: View, verdict: str):
    section = [{"id": "Nc1", "verdict": verdict, "reading": "so it is"}]
    found = base.cascade_caution(replace(view, bundle=replace(view.bundle, sections={"cascade": section})))
    assert found is not None
    assert found["words"].endswith(".")
    assert ("Weak" in found["words"]) == (verdict != "shown")
