"""`capewatch forecasts` and the forecast of `capewatch diagnose`, on the bundled data and where there are none."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from generator.cli.main import cli
from generator.core import CapewatchError
from tests.conftest import REPOSITORY


def run(*words: str, root=REPOSITORY):
    result = CliRunner().invoke(cli, ["--root", str(root), *words], catch_exceptions=True)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_json_is_a_list_of_models_with_errors_skill_and_coverage():
    models = json.loads(run("forecasts", "--json").stdout)
    by_name = {model["name"]: model for model in models}
    errors = [model["mae_pp"]["from_third"]["overall"] for model in models if model["mae_pp"]["from_third"]]
    assert errors == sorted(errors)
    stack = by_name["stack"]
    axes = {"overall", "hellaswag", "truthfulqa", "arc-challenge", "winogrande", "mmlu"}
    for view in ("from_third", "from_second"):
        assert set(stack["mae_pp"][view]) == axes
    skill = stack["skill_vs_two_point"]["from_third"]
    assert skill["gain_low_pp"] < skill["gain_pp"] < skill["gain_high_pp"]
    assert set(stack["coverage"]["from_third"]) == {"50", "80", "95"}
    assert len(stack["families"]) == stack["n_families"] >= 24
    assert {"persistence", "two-point-line", "pooled-slope", "ode-stlsq"} <= set(by_name)


def test_the_two_groupings_of_families_differ():
    source = json.loads(run("forecasts", "--json").stdout)[0]
    registry = json.loads(run("forecasts", "--json", "--families", "registry").stdout)[0]
    assert source["grouping"] == "source"
    assert registry["n_families"] < source["n_families"]


def test_the_table_names_every_model_and_the_noise_floor():
    text = run("forecasts").stdout
    assert text.startswith("24 families held out one at a time, 57 targets from the third size on")
    for word in ("stack", "two-point-line", "noise of finite items"):
        assert f"\n{word}" in text


def test_a_part_is_printed_as_it_is_stored():
    stored = json.loads((REPOSITORY / "data/forecasts/coefficients.json").read_text())["result"]
    assert json.loads(run("forecasts", "--part", "coefficients").stdout) == stored


def test_an_unknown_part_is_refused_with_the_known_ones():
    with pytest.raises(CapewatchError, match="no part 'card'"):
        run("forecasts", "--part", "card")


def test_a_project_without_the_panel_says_so(project):
    project.model("one", "gpqa 60", "swe 40")
    with pytest.raises(CapewatchError, match=r"forecasts, cards: .*harness-v1"):
        run("forecasts", "--part", "cards", root=project.root)


def test_diagnose_with_parameters_forecasts_larger_sizes_inside_wider_intervals():
    words = ("diagnose", "--hellaswag", "70", "--truthfulqa", "36", "--params", "7e9")
    card = json.loads(run(*words, "--json").stdout)["forecast"]
    assert [round(row["params"] / 7e9) for row in card["forecast"]] == [3, 10, 30]
    for row in card["forecast"]:
        for axis in ("hellaswag", "truthfulqa"):
            cell = row[axis]
            assert cell["low_95"] <= cell["low_80"] <= cell["estimate"] <= cell["high_80"] <= cell["high_95"]
    assert "21 B: HellaSwag" in run(*words).stdout


def test_a_count_of_parameters_may_be_written_with_its_letter():
    words = ("diagnose", "--hellaswag", "70", "--truthfulqa", "36", "--params")
    assert run(*words, "7B", "--json").stdout == run(*words, "7e9", "--json").stdout
    assert "'7X' is not a count, such as 7e9 or 7B" in run(*words, "7X").output
    assert "not in the range" in run(*words, "7").output
    assert "is not a number" in run(*words, "nan").output


def test_a_score_that_looks_like_a_fraction_is_read_as_percent_and_said_so():
    words = ("diagnose", "--hellaswag", "0.7", "--truthfulqa", "36")
    assert "0.8 is 0.8 %, not 80 %" in run(*words).stderr
    assert "'nan' is not a number" in run("diagnose", "--hellaswag", "nan", "--truthfulqa", "36").output
    assert "note" not in run("diagnose", "--hellaswag", "70", "--truthfulqa", "36").stderr


def test_an_unknown_lab_is_answered_with_the_near_ones():
    with pytest.raises(CapewatchError) as caught:
        run("diagnose", "--swe", "77", "--gpqa", "83", "--lab", "antropic")
    assert (caught.value.hint, caught.value.exit_code) == ("near: anthropic", 2)


def test_a_prediction_is_scored_on_a_track_that_lacks_one_of_its_benchmarks():
    found = run("score", "ifeval-activation-2026", "--track", "epoch", "--resamples", "100")
    assert found.stderr == ""
    assert "   open, too few data  (epoch, as of" in found.stdout
    assert "the number of models with IFEval on this track is 0 (to be scored: at least 1, missed by 1)" in found.stdout


def test_on_a_day_before_its_registration_a_prediction_is_not_yet_registered():
    call = ("score", "ifeval-activation-2026", "--resamples", "100", "--as-of")
    assert (
        "   not yet registered (that was on 2026-05-13); its criteria then said: undetermined  (maker, as of 2026-05-12"
        in run(*call, "2026-05-12").stdout
    )
    assert "   open, undetermined  (maker, as of 2026-05-13" in run(*call, "2026-05-13").stdout
    assert json.loads(run(*call, "2026-05-12", "--json").stdout)[0]["state"] == "not yet registered"


def test_a_claim_is_told_in_words_with_six_digits():
    text = run("claims", "fr-fit", "--resamples", "100").stdout
    assert "  slope: printed 0.513, recomputed 0.51308 (least-squares-34): agrees, allowed ±0.00051\n" in text
    assert "  n: printed 34, recomputed 34 (least-squares-34): agrees, allowed ±0.51; not a headline number\n" in text


def test_diagnose_without_parameters_forecasts_nothing():
    reading = json.loads(run("diagnose", "--hellaswag", "70", "--truthfulqa", "36", "--json").stdout)
    assert "forecast" not in reading
