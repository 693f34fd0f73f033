"""What each parser makes of a small payload in the real shape: units, protocol, evaluator, and every rejection explained."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from generator.core import CapewatchError
from generator.sources import CATALOGUE, source
from generator.sources.rows import FATAL_REASONS
from tests.sources.payloads import FOLDERS, capture, captures, only, parsed, rows, zipped


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_parser_is_deterministic_and_keeps_keys_unique(folder: str) -> None:
    first, second = parsed(folder), parsed(folder)
    assert first.observations.equals(second.observations)
    assert first.rejections == second.rejections
    assert not first.observations.duplicated(list(first.observations.columns[:12])).any()
    assert not first.rejected.keys() & set(FATAL_REASONS)


@pytest.mark.parametrize("row", CATALOGUE, ids=lambda row: row.id)
def test_a_parser_takes_nothing_and_gives_nothing(row: object) -> None:
    result = row.adapter.parse([])  # type: ignore[attr-defined]  # a catalogue row
    assert (len(result.observations), len(result.facts), result.rejections) == (0, 0, [])


def test_epoch_reads_the_best_score_as_a_fraction_with_its_run() -> None:
    row = only(parsed("epoch"), model="alpha-1-2026-01-10", benchmark="gpqa-diamond")
    assert (row["value"], row["unit"], row["stderr"], row["n"]) == (0.72, "fraction", 0.0319, 198)
    assert (row["effort"], row["evaluator"], row["published"]) == ("high", "epoch-ai", "2026-01-12")
    assert row["url"] == "https://logs.example.org/a"


@pytest.mark.parametrize("stderr", ["1e308", "-1", "inf", "x"])
def test_an_absurd_standard_error_rejects_the_run_and_nothing_else(stderr: str) -> None:
    files = captures("epoch")
    at = next(i for i, item in enumerate(files) if item.name == "swe_bench_verified.csv")
    files[at] = capture(files[at].name, files[at].data.replace(b"0.02228", stderr.encode()))
    result = source("epoch").adapter.parse(files)
    assert sum(count for reason, count in result.rejected.items() if reason.startswith("stderr")) == 1
    assert only(result, benchmark="swe-bench-verified", model="alpha-1-2026-01-10")["value"] == 0.5


def test_epoch_takes_a_thinking_budget_as_effort_and_drops_unknown() -> None:
    result = parsed("epoch")
    assert only(result, model="beta-2", benchmark="gpqa-diamond")["effort"] == "16K"
    assert only(result, model="gamma", benchmark="gpqa-diamond")["effort"] == ""


def test_a_run_before_the_release_counts_as_public_from_the_release() -> None:
    result = parsed("epoch")
    assert only(result, model="delta-pre-release")["published"] == "2026-03-05"
    assert only(result, model="epsilon", effort="max")["published"] == "2026-09-03"


def test_of_two_epoch_runs_of_one_setting_the_newest_counts_and_the_older_is_explained() -> None:
    result = parsed("epoch")
    row = only(result, benchmark="swe-bench-verified", model="alpha-1-2026-01-10")
    assert (row["value"], row["n"], row["subset"]) == (0.6012396694214877, 484, "484 of 500")
    assert [(r.locator, r.reason) for r in result.rejections if r.reason == "superseded"] == [
        ("swe_bench_verified.csv#1", "superseded")
    ]


def test_later_epoch_runs_name_their_relay() -> None:
    result = parsed("epoch")
    assert only(result, model="epsilon", effort="max")["via"].startswith("turbobeest/modelspec")
    rounded = only(result, model="zeta-5-5")
    assert (rounded["note"], rounded["published"]) == ("rounded by the relay", "")
    watched = rows(result, model="epsilon", effort="best")
    assert set(watched["unit"]) == {"percent"}
    assert sorted(watched["value"]) == [80.6, 95.0, 99.7]


def test_collected_epoch_runs_need_a_day_and_keep_their_relay() -> None:
    result = parsed("epoch")
    row = only(result, benchmark="swe-bench-verified", model="epsilon", effort="high")
    assert (row["value"], row["unit"], row["stderr"], row["published"]) == (79.34, "percent", 1.84, "2026-06-01")
    assert row["via"] == "someone/notes models/epsilon.md"
    assert result.rejected["no-run-day"] == 1


def test_epoch_reads_a_zip_by_the_last_part_of_a_name_wherever_its_folder_is() -> None:
    files = {item.name: item.data for item in captures("epoch")}
    flat = source("epoch").adapter.parse([zipped(files)])
    nested = source("epoch").adapter.parse([zipped({f"hub/data/{name}": data for name, data in files.items()})])
    loose = parsed("epoch")
    for result in (flat, nested):
        assert result.observations.drop(columns="locator").equals(loose.observations.drop(columns="locator"))


def test_epoch_without_its_main_table_is_no_known_payload() -> None:
    files = [item for item in captures("epoch") if "gpqa" not in item.name]
    assert source("epoch").adapter.parse(files).rejected["unknown-shape"] == 1


def test_boards_in_the_epoch_hub_have_the_unit_of_the_table_whatever_the_header_says() -> None:
    result = parsed("epoch-external")
    assert only(result, benchmark="swe-bench-bash-only")[["value", "unit"]].tolist() == [0.744, "fraction"]
    assert only(result, benchmark="aider-polyglot")[["value", "unit"]].tolist() == [41.8, "percent"]
    hle = rows(result, benchmark="hle")
    assert set(hle["evaluator"]) == {"scale-ai"}
    assert set(hle["tools"]) == {"false"}


def test_boards_in_the_epoch_hub_are_keyed_by_model_shots_and_source_and_fall_back_to_the_name() -> None:
    found = rows(parsed("epoch-external"), benchmark="hellaswag").set_index(["model", "shots", "evaluator"])["value"]
    assert found.to_dict() == {
        ("base-7b", "10", "base-a-report"): 0.772,
        ("base-7b", "0", "other-a-report"): 0.761,
        ("Tiny 1B", "", "base-a-report"): 0.61,
    }


def test_models_dev_tells_the_maker_from_a_board_by_the_address() -> None:
    result = parsed("models-dev")
    assert only(result, benchmark="swe-bench-verified")["evaluator"] == "maker"
    assert only(result, benchmark="swe-bench-pro")[["evaluator", "subset"]].tolist() == ["scale-ai", "public"]
    assert only(result, benchmark="terminal-bench-2")[["evaluator", "scaffold", "subset"]].tolist() == [
        "maker", "Terminus 2", "2.1",
    ]  # fmt: skip


def test_models_dev_reads_tools_effort_unit_and_version_from_the_row() -> None:
    result = parsed("models-dev")
    hle = rows(result, benchmark="hle").set_index("tools")["value"]
    assert hle.to_dict() == {"false": 40.5, "true": 50.5}
    elo = only(result, benchmark="gdpval-aa")
    assert (elo["unit"], elo["effort"], elo["subset"], elo["value"]) == ("elo", "max", "v2", 1500)
    assert only(result, benchmark="aime-2026")["value"] == 99


def test_models_dev_rejects_an_unknown_benchmark_and_an_unknown_metric() -> None:
    assert parsed("models-dev").rejected == {"unknown-benchmark": 1, "unknown-metric": 1}


def test_models_dev_gives_the_same_rows_from_toml() -> None:
    row = only(parsed("models-dev-toml"), benchmark="terminal-bench-2")
    assert (row["model"], row["value"], row["subset"], row["published"]) == ("mistral/gamma", 41.5, "2.1", "2026-02-01")


def test_facts_are_in_plain_units() -> None:
    facts = parsed("models-dev").facts.set_index(["model", "field"])["value"]
    assert facts["zhipuai/beta-2", "parameters"] == "7000000000"
    assert facts["zhipuai/beta-2", "release_date"] == "2026-03"
    base = parsed("obsscaling").facts.set_index(["model", "field"])["value"]
    assert base["acme/base-7b", "parameters"] == "7000000000"
    assert base["acme/base-70m", "training_tokens"] == "300000000000"
    assert base["acme/base-7b", "training_flop"] == "8.4e+22"


def test_hub_leaderboards_say_diamond_tools_and_effort_only_where_the_row_does() -> None:
    result = parsed("hf-leaderboards")
    alpha = only(result, model="Acme/Alpha-1", benchmark="gpqa-diamond")
    assert (alpha["subset"], alpha["effort"], alpha["evaluator"], alpha["value"]) == ("", "high", "maker", 91.5)
    assert only(result, model="Zeta/Beta")["subset"] == "not stated"
    assert only(result, benchmark="hle")["tools"] == "true"


def test_obsscaling_columns_stand_for_the_settings_of_the_leaderboard() -> None:
    result = parsed("obsscaling")
    wino = only(result, model="acme/base-7b", benchmark="winogrande")
    assert (wino["shots"], wino["harness"], wino["value"], wino["unit"]) == (
        "5", "open-llm-leaderboard-v1", 0.740, "fraction",
    )  # fmt: skip
    assert only(result, model="acme/base-7b", benchmark="truthfulqa")["metric"] == "mc2"
    assert only(result, model="acme/base-7b", benchmark="gpqa-oll2")["value"] == 0.267
    assert result.rejected == {"blank-score": 1, "rescaled-score": 2}


def test_pythia_files_give_tasks_by_step_and_shots_and_a_mean_over_all_subjects() -> None:
    result = parsed("pythia-evals")
    assert only(result, model="pythia-70m", step="0", benchmark="lambada", metric="ppl")["unit"] == "perplexity"
    assert only(result, model="pythia-70m", step="143000", benchmark="piqa", metric="acc")["shots"] == "5"
    assert only(result, model="opt-125m", benchmark="mmlu")[["value", "step"]].tolist() == [0.25, ""]
    assert result.rejected == {"left-out-task": 3}


def test_pythia_mmlu_needs_all_57_subjects() -> None:
    item = captures("pythia-evals")[0]
    content = json.loads(item.data)
    del content["results"]["hendrycksTest-subject_07"]
    result = source("pythia-evals").adapter.parse([capture(item.name, json.dumps(content).encode())])
    assert result.rejected["incomplete-mean"] == 1
    assert rows(result, benchmark="mmlu").empty


def test_open_llm_leaderboard_v2_reads_raw_fractions_and_tells_precisions_apart() -> None:
    result = parsed("open-llm-leaderboard-v2")
    assert len(result.observations) == 18
    assert set(result.observations["unit"]) == {"fraction"}
    bbh = rows(result, benchmark="bbh-oll2", model="acme/base-7b").set_index("harness")["value"]
    assert bbh.to_dict() == {
        "open-llm-leaderboard-v2 bfloat16": 0.36,
        "open-llm-leaderboard-v2 float16": 0.37,
    }
    assert only(parsed("open-llm-leaderboard-v2-csv"), benchmark="gpqa-oll2")["value"] == 0.26


def test_a_missing_page_of_the_rows_api_is_a_truncated_payload() -> None:
    result = source("open-llm-leaderboard-v2").adapter.parse(captures("open-llm-leaderboard-v2")[:1])
    assert result.rejected["truncated"] == 1


def test_open_llm_leaderboard_v1_gives_mc1_and_mc2_and_the_mean_of_mmlu() -> None:
    result = parsed("open-llm-leaderboard-v1")
    truthful = rows(result, model="acme/base-7b", benchmark="truthfulqa").set_index("metric")["value"]
    assert truthful.to_dict() == {"mc1": 0.252, "mc2": 0.39}
    assert only(result, model="acme/base-7b", benchmark="mmlu")["value"] == pytest.approx(0.438)
    assert set(rows(result, model="acme/base-7b")["published"]) == {"2023-11-03"}
    dump = rows(result, model="zeta/chat-70b")
    assert set(dump["unit"]) == {"percent"}
    assert "parameters" not in set(result.facts["field"])


def test_livebench_is_a_mean_of_category_means_and_a_model_without_all_tasks_has_no_overall() -> None:
    result = parsed("livebench")
    assert only(result, model="alpha-1-high", subset="2026-01-08")["value"] == 80.0
    assert only(result, model="alpha-1-high", subset="2026-01-08 Reasoning")["value"] == 80.0
    assert rows(result, model="beta-2")["subset"].tolist() == ["2026-01-08 Coding"]
    assert result.rejected == {"incomplete-mean": 1}


def test_livebench_refuses_a_table_whose_tasks_the_categories_do_not_have() -> None:
    first, second = captures("livebench")
    result = source("livebench").adapter.parse([first, capture(second.name, b"model,spatial\nalpha,90\n")])
    assert result.rejected == {"unknown-columns": 1}


def test_arc_prize_takes_displayed_rows_of_known_data_sets() -> None:
    result = parsed("arc-prize")
    row = only(result, benchmark="arc-agi-2")
    assert (row["model"], row["effort"], row["value"], row["unit"]) == ("Alpha 1", "max", 0.5, "fraction")
    assert only(result, benchmark="arc-agi-1")["value"] == 0.8
    assert result.rejected == {"not-displayed": 1, "unknown-benchmark": 1}


def test_swebench_rows_are_agent_and_models_and_only_true_counts_as_checked() -> None:
    result = parsed("swebench")
    bash = only(result, benchmark="swe-bench-bash-only")
    assert (bash["model"], bash["effort"], bash["evaluator"], bash["harness"]) == (
        "alpha-1", "medium", "swe-bench", "mini-swe-agent 1.16.0",
    )  # fmt: skip
    agent = only(result, benchmark="swe-bench-verified")
    assert (agent["model"], agent["scaffold"], agent["attempts"]) == ("alpha-1 + beta-2", "Agent + Alpha 1", "2+")
    assert (agent["evaluator"], agent["url"], agent["unit"]) == ("submitter", "https://example.org/a", "percent")
    assert result.rejected == {"no-model": 1}


def test_aider_reads_the_headline_rate_and_dates_stay_text() -> None:
    row = only(parsed("aider"), model="Alpha 1 (01-10)")
    assert (row["value"], row["unit"], row["n"], row["published"]) == (35.6, "percent", 225, "2026-01-25")
    assert (row["scaffold"], row["effort"]) == ("aider whole", "high")


def test_artificial_analysis_has_fractions_and_indices() -> None:
    result = parsed("artificial-analysis")
    assert only(result, benchmark="gpqa-diamond")["unit"] == "fraction"
    assert only(result, benchmark="aa-intelligence-index")["unit"] == "index"
    assert result.rejected == {"blank-score": 1, "unknown-benchmark": 1}


def test_zeroeval_has_self_reported_fractions() -> None:
    result = parsed("zeroeval")
    assert only(result, benchmark="gpqa-diamond")[["value", "unit", "evaluator"]].tolist() == [
        0.905,
        "fraction",
        "maker",
    ]
    assert result.rejected == {"blank-score": 1, "unknown-benchmark": 1, "unknown-entry": 1}


def test_llmstats_takes_gpqa_only_as_diamond_and_refuses_placeholder_sources() -> None:
    result = parsed("llmstats-legacy")
    assert only(result, benchmark="gpqa-diamond")[["value", "attempts", "unit"]].tolist() == [0.7, "1", "fraction"]
    assert only(result, benchmark="mmlu")["shots"] == "5"
    assert Counter(r.reason for r in result.rejections) == {"unknown-benchmark": 2, "no-source": 1}


def test_hub_model_facts_come_from_the_api_and_the_config() -> None:
    facts = parsed("hf-models").facts.set_index(["model", "field"])["value"]
    assert facts["acme/base-7b", "parameters"] == "6738415616"
    assert facts["acme/base-7b", "layers"] == "32"
    assert facts["zeta/vision", "hidden_size"] == "2048"


@pytest.mark.parametrize("name", ["artificial-analysis", "zeroeval"])
def test_a_source_that_needs_a_key_says_so_before_it_asks(name: str) -> None:
    with pytest.raises(CapewatchError, match="no key") as failure:
        source(name).adapter.fetch(None, {})  # type: ignore[arg-type]  # it must not get as far as the client
    assert failure.value.hint.startswith("set ")
