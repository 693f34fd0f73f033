"""The parsers on recorded payloads of the public leaderboards, with their counts. Skipped where there are none."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from generator.sources import Parsed, source
from generator.sources.mirror import capture_mirror
from tests.payloads import payload_root
from tests.sources.payloads import DAY, INSTANT, capture, rows

ROOT = payload_root()
pytestmark = pytest.mark.skipif(ROOT is None, reason="no recorded payloads: set CAPEWATCH_PAYLOADS")


@pytest.fixture(scope="module")
def root() -> Path:
    assert ROOT is not None
    return ROOT


def parse(root: Path, name: str) -> Parsed:
    return source(name).adapter.parse(capture_mirror(source(name), root, fetched_at=INSTANT, today=DAY))


def test_epoch_has_157_gpqa_runs_in_april_and_77_later_ones(root: Path) -> None:
    result = parse(root, "epoch")
    gpqa = rows(result, benchmark="gpqa-diamond")
    april = gpqa[gpqa["locator"].str.contains("/gpqa_diamond.csv#")]
    assert len(april) == 157
    assert len(gpqa[gpqa["locator"].str.startswith("gpqa_diamond_post")]) == 77
    assert april["value"].between(0.13, 0.96).all()
    later = rows(result, benchmark="swe-bench-verified", unit="percent")
    assert len(later[later["effort"] != "best"]) == 5
    counts = result.observations[result.observations["unit"] != "percent"].groupby("benchmark").size()
    assert counts["swe-bench-verified"] == 23  # 25 runs, two of them older runs of the same setting
    assert (counts["otis-mock-aime"], counts["math-level-5"], counts["chess-puzzles"]) == (130, 108, 31)
    assert result.rejected == {"blank-score": 243, "duplicate": 9, "no-run-day": 2, "superseded": 2}


def test_epoch_best_score_differs_from_the_mean_in_five_runs_and_the_best_is_taken(root: Path) -> None:
    table = pd.read_csv(root / "epoch_ai/csv_2026-04-19/gpqa_diamond.csv")
    best = table["Best score (across scorers)"]
    assert int((best != table["mean_score"]).sum()) == 5
    april = parse(root, "epoch").observations
    april = april[april["locator"].str.contains("/gpqa_diamond.csv#")]
    assert sorted(april["value"]) == sorted(best)


def test_the_zip_and_the_unzipped_hub_are_read_alike(root: Path) -> None:
    data = (root / "epoch_ai/benchmark_data_2026-04-11.zip").read_bytes()
    result = source("epoch").adapter.parse([capture("benchmark_data.zip", data)])
    gpqa = rows(result, benchmark="gpqa-diamond")
    assert len(gpqa) == 155
    later = rows(parse(root, "epoch"), benchmark="gpqa-diamond").set_index(["model", "effort"])["value"]
    for row in gpqa.to_dict("records"):
        assert later[row["model"], row["effort"]] == row["value"]


def test_epoch_relays_41_boards_each_in_its_unit(root: Path) -> None:
    result = parse(root, "epoch-external")
    assert result.observations["benchmark"].nunique() == 41
    units = result.observations.groupby("benchmark")["unit"].unique().map(list)
    assert units["swe-bench-bash-only"] == ["fraction"]
    assert units["gdpval"] == ["fraction"]
    assert units["livebench"] == ["percent"]
    assert units["metr-time-horizon"] == ["minutes"]
    assert "out-of-range" not in result.rejected


def test_models_dev_has_231_models_and_288_rows_and_all_are_understood(root: Path) -> None:
    captures = capture_mirror(source("models-dev"), root, fetched_at=INSTANT, today=DAY)
    result = source("models-dev").adapter.parse(captures)
    assert (len(captures), len(result.observations), result.rejected) == (231, 288, {})
    assert result.facts[result.facts["field"] == "release_date"].shape[0] == 231
    assert set(rows(result, benchmark="swe-bench-verified")["evaluator"]) == {"maker", "swe-bench"}


def test_models_dev_json_in_the_shape_of_the_api_is_understood(root: Path) -> None:
    data = (root / "models_dev/models_3rows_transcribed.json").read_bytes()
    result = source("models-dev").adapter.parse([capture("models.json", data)])
    assert (len(result.observations), result.rejected) == (15, {})
    glm = result.facts.set_index(["model", "field"])["value"]["zhipuai/glm-5.2", "parameters"]
    assert glm == "753329940480"


def test_obsscaling_has_148_base_models_72_with_v2_scores_and_27_instruct_models(root: Path) -> None:
    result = parse(root, "obsscaling")
    base = rows(result, harness="open-llm-leaderboard-v1")
    assert base["model"].nunique() == 148
    assert base["model"].str.contains("pythia-.*-deduped").sum() == 8 * 6
    assert rows(result, harness="open-llm-leaderboard-v2")["model"].nunique() == 72
    instruct = result.observations[result.observations["locator"].str.startswith("instruct")]
    assert instruct["model"].nunique() == 27
    llama = rows(result, model="meta-llama/Llama-2-7b-hf", benchmark="hellaswag").iloc[0]
    assert llama["value"] == 0.7774347739494125


def test_pythia_has_10080_values_equal_to_the_long_table(root: Path) -> None:
    result = parse(root, "pythia-evals")
    pythia = result.observations[result.observations["step"] != ""]
    assert len(pythia) == 10_080
    assert len(result.observations) == 10_080 + 13 * 15
    table = pd.read_csv(root / "pythia_evals/pythia_v1_long.csv")
    ids = {
        "hendrycksTest_mean": "mmlu",
        "lambada_openai": "lambada",
        "arc_challenge": "arc-challenge",
        "arc_easy": "arc-easy",
    }
    table["benchmark"] = table["task"].map(ids).fillna(table["task"])
    table["key_shots"] = table["shots"].map({"zero-shot": "0", "five-shot": "5"})
    theirs = table.set_index(["model", "key_shots", "step", "benchmark", "metric"])["value"].sort_index()
    ours = pythia.assign(step=pythia["step"].astype(int))
    ours = ours.set_index(["model", "shots", "step", "benchmark", "metric"])["value"].sort_index()
    assert ours.index.equals(theirs.index.set_names(ours.index.names))
    np.testing.assert_allclose(ours.to_numpy(), theirs.to_numpy(), rtol=1e-12)


def test_open_llm_leaderboard_v2_has_3827_rows_and_no_name_swallows_another(root: Path) -> None:
    result = parse(root, "open-llm-leaderboard-v2")
    assert len(result.observations) == 3827 * 6
    gpqa = rows(result, benchmark="gpqa-oll2")
    assert len(gpqa) == 3827
    assert int(gpqa["model"].duplicated().sum()) == 74
    assert gpqa["value"].between(0.2, 0.5).mean() > 0.99


def test_open_llm_leaderboard_v1_dumps_are_percent_without_their_parameters(root: Path) -> None:
    result = parse(root, "open-llm-leaderboard-v1")
    assert set(result.observations["unit"]) == {"percent"}
    assert result.observations["value"].median() > 30
    assert result.facts.empty
    shape = (root / "open_llm_leaderboard_v1_schema/results_shape_example.json").read_bytes()
    example = source("open-llm-leaderboard-v1").adapter.parse([capture("m/results_2023-09-01T00-00-00.json", shape)])
    assert set(example.observations["benchmark"]) == {"arc-challenge", "gsm8k", "hellaswag", "truthfulqa", "winogrande"}


def test_swebench_has_31_models_on_the_bash_only_board(root: Path) -> None:
    result = parse(root, "swebench")
    assert len(rows(result, benchmark="swe-bench-bash-only")) == 31
    assert set(result.rejected) == {"no-model", "superseded"}
    total = len(result.observations) + sum(result.rejected.values())
    assert total == 31 + 23 + 162 + 84 + 22


def test_livebench_newest_release_has_126_whole_models_and_one_ragged_row(root: Path) -> None:
    result = parse(root, "livebench")
    assert len(rows(result, subset="2026-01-08")) == 126
    assert result.rejected == {"ragged-row": 1}


def test_aider_has_167_rows_in_percent(root: Path) -> None:
    result = parse(root, "aider")
    assert (len(result.observations), result.rejected) == (167, {})
    assert rows(result, benchmark="aider-polyglot")["value"].max() > 80


def test_llmstats_has_126_models_and_one_score_in_the_wrong_unit_is_left_out(root: Path) -> None:
    result = parse(root, "llmstats-legacy")
    assert result.facts[result.facts["field"] == "name"].shape[0] == 126
    assert result.rejected["out-of-range"] == 1
    assert result.observations["value"].between(0, 1).all()


@pytest.mark.parametrize(
    ("name", "path", "as_name", "count"),
    [
        ("hf-leaderboards", "hf_api/dataset_leaderboard_gpqa_2rows.json", "gpqa.json", 2),
        ("arc-prize", "arcprize_api/v2_shape_example.json", "v2.json", 3),
        ("zeroeval", "zeroeval_api/models_full_3rows_2026-05-05.json", "models.json", 9),
        ("artificial-analysis", "artificialanalysis_schema/response_shape_example.json", "models.json", 15),
        ("open-llm-leaderboard-v2", "hf_api/rows_api_shape_example.json", "rows-00000.json", 0),
    ],
)
def test_examples_of_the_live_shapes_are_understood(root: Path, name: str, path: str, as_name: str, count: int) -> None:
    result = source(name).adapter.parse([capture(as_name, (root / path).read_bytes())])
    assert len(result.observations) == count


def test_a_float_table_read_by_the_parser_equals_the_one_pandas_reads(root: Path) -> None:
    data = (root / "obsscaling/base_llm_benchmark_eval.csv").read_bytes()
    table = pd.read_csv(io.BytesIO(data)).set_index("Model")["HellaSwag"]
    ours = rows(parse(root, "obsscaling"), benchmark="hellaswag", harness="open-llm-leaderboard-v1").set_index("model")[
        "value"
    ]
    assert ours.to_dict() == table.to_dict()
