"""The data that comes with the project: complete, consistent, and named by its schemas."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import re
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
import yaml

from generator import snapshots
from generator.panel.build import build_panel
from generator.panel.identity import Identity, fold
from generator.panel.observations import Observations, gather
from generator.schema import Registry, axis_ids, check_registry, load_registry

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "data"
PANELS = sorted(path.parent for path in (DATA / "panels").glob("*/panel.yaml"))
WRITTEN = sorted(path for path in DATA.rglob("*.yaml") if "snapshots" not in path.parts and "panels" not in path.parts)
TODAY = dt.date(2026, 11, 21)


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_registry(ROOT)


@pytest.fixture(scope="module")
def observations(registry: Registry) -> Observations:
    return gather(registry)


def panel_rows(name: str, file: str = "table.csv") -> list[dict[str, str]]:
    with (DATA / "panels" / name / file).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_bundled_data_holds_no_problem(registry: Registry) -> None:
    assert [problem.text() for problem in check_registry(registry, today=TODAY)] == []


def test_there_are_the_148_base_models_and_more_than_a_hundred_others(registry: Registry) -> None:
    kinds = Counter(entry.value.kind for entry in registry.models.values())
    assert kinds["base"] >= 148
    assert kinds["chat"] >= 110


def test_the_small_folders_are_complete(registry: Registry) -> None:
    assert len(registry.benchmarks) >= 30
    assert len(registry.families) >= 47
    assert set(registry.tracks) == {"maker", "epoch", "harness-v1"}


def test_every_written_file_names_its_schema_in_its_first_line() -> None:
    pattern = re.compile(r"^# yaml-language-server: \$schema=(?P<path>\S+\.schema\.json)$")
    assert len(WRITTEN) > 600
    for path in WRITTEN:
        first = path.read_text(encoding="utf-8").split("\n", 1)[0]
        match = pattern.match(first)
        assert match, f"{path.relative_to(ROOT)}: first line is {first!r}"
        assert (path.parent / match["path"]).resolve().parent == DATA / "schema", path
        assert (path.parent / match["path"]).is_file(), path


def test_every_model_is_named_by_a_source_or_has_an_observation(registry: Registry) -> None:
    bare = [name for name, entry in registry.models.items() if not entry.value.aliases and not entry.value.observations]
    assert bare == []


def test_no_two_models_share_a_folded_name(registry: Registry) -> None:
    folded = Counter(fold(name) for name in registry.models)
    assert [name for name, count in folded.items() if count > 1] == []


def test_every_lab_and_family_has_a_model(registry: Registry) -> None:
    models = [entry.value for entry in registry.models.values()]
    assert set(registry.families) == {model.family for model in models if model.family}
    assert set(registry.labs) == {model.lab for model in models}


def test_the_models_of_a_family_are_base_models_of_different_size(registry: Registry) -> None:
    sizes = Counter((e.value.family, e.value.params) for e in registry.models.values() if e.value.family)
    assert [key for key, count in sizes.items() if count > 1] == []
    assert {entry.value.kind for entry in registry.models.values() if entry.value.family} == {"base"}


def test_colours_of_labs_differ(registry: Registry) -> None:
    colours = [entry.value.colour for entry in registry.labs.values() if entry.value.colour]
    assert len(colours) == len(set(colours)) >= 14


def test_every_spelling_of_the_base_table_is_listed_by_one_base_model(registry: Registry) -> None:
    frame = snapshots.read(DATA / "snapshots", "obsscaling")
    spellings = sorted(set(frame.loc[frame["harness"] == "open-llm-leaderboard-v1", "model"]))
    assert len(spellings) == 148
    identity = Identity(registry)
    matches = {spelling: identity.resolve("obsscaling", spelling) for spelling in spellings}
    assert {match.rule for match in matches.values() if match} == {"listed"}
    found = [match.model for match in matches.values() if match]
    assert len(set(found)) == 148
    assert {registry.models[name].value.kind for name in found} == {"base"}


def test_every_benchmark_and_evaluator_that_occurs_has_an_entry(registry: Registry, observations: Observations) -> None:
    store = DATA / "snapshots"
    frames = [snapshots.read(store, source) for source in snapshots.sources(store)]
    used = {name for frame in frames for name in frame["benchmark"]}
    used |= {o.benchmark for entry in registry.models.values() for o in entry.value.observations}
    assert used - set(registry.benchmarks) == set()
    assert set(observations.table["evaluator"]) - {"maker", *registry.evaluators} == set()


def test_only_perplexities_are_refused(observations: Observations) -> None:
    assert set(observations.refused["benchmark"]) <= {"lambada"}


def test_a_score_with_and_without_tools_never_shares_an_axis(registry: Registry, observations: Observations) -> None:
    assert {"hle", "hle-tools"} <= set(axis_ids(registry.benchmarks.values()))
    exam = observations.table[observations.table["benchmark"] == "hle"]
    assert set(exam.loc[exam["axis"] == "hle", "tools"]) == {"false"}
    assert set(exam.loc[exam["axis"] == "hle-tools", "tools"]) == {"true"}


def test_every_correction_still_finds_the_value_it_expects(registry: Registry, observations: Observations) -> None:
    assert registry.corrections
    assert observations.unused_corrections == ()


def test_known_slips_of_the_published_table_do_not_reach_the_live_panel(
    registry: Registry, observations: Observations
) -> None:
    scores = build_panel(observations, registry, "maker", as_of=TODAY).scores
    assert scores.loc["deepseek-v3", "gpqa-diamond"] == pytest.approx(59.1)
    assert pd.isna(scores.loc["llama-4-maverick", "swe-bench-verified"])


def test_pointers_lead_to_the_release_they_meant(registry: Registry) -> None:
    identity = Identity(registry)
    expected = {
        ("epoch", "gpt-5.4-2026-03-05"): "gpt-5.4",
        ("epoch", "deepseek-reasoner"): "deepseek-v3.2",
        ("models-dev", "deepseek/deepseek-reasoner"): "deepseek-v3.2-exp",
        ("models-dev", "mistral/mistral-medium-latest"): "mistral-medium-2604",
        ("epoch", "deepseek-v4-pro-0813"): "deepseek-v4-pro-0813",
        ("epoch", "deepseek-v4-pro"): "deepseek-v4-pro",
        ("epoch", "qwen3.8-max-0902"): "qwen3.8-max-0902",
    }
    found = {key: identity.resolve(*key) for key in expected}
    assert {key: match.model if match else None for key, match in found.items()} == expected


@pytest.mark.parametrize("folder", PANELS, ids=lambda folder: folder.name)
def test_a_published_table_is_unchanged(folder: Path) -> None:
    panel = yaml.safe_load((folder / "panel.yaml").read_text(encoding="utf-8"))
    assert panel["id"] == folder.name
    assert {file["path"] for file in panel["files"]} == {path.name for path in folder.glob("*.csv")}
    for file in panel["files"]:
        content = (folder / file["path"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == file["sha256"], file["path"]
        assert len(panel_rows(folder.name, file["path"])) == file["rows"]


def test_the_published_tables_are_all_there() -> None:
    assert [folder.name for folder in PANELS] == ["paper-base", "paper-frontier", "paper-internal", "paper-loss"]


def test_the_published_frontier_table_has_34_rows_and_5_after_the_cut_off() -> None:
    subsets = Counter(row["subset"] for row in panel_rows("paper-frontier"))
    assert subsets["core"] + subsets["extended"] == 34
    assert subsets["post_cutoff"] == 5
    assert sum(subsets.values()) == 39


def test_the_published_base_table_has_63_rows_and_ten_of_the_dashboard() -> None:
    assert Counter(row["in_63"] for row in panel_rows("paper-base")) == {"true": 63, "false": 10}


@pytest.mark.parametrize("name", ["paper-base", "paper-frontier"])
def test_a_variant_names_a_row_and_a_column_of_its_table(name: str) -> None:
    table = {row["row"]: row for row in panel_rows(name)}
    for variant in panel_rows(name, "variants.csv"):
        row = table[variant["row"]]
        assert row["name"] == variant["name"]
        assert variant["column"] in row
        assert 0 <= float(variant["value"]) <= 100


def test_every_scored_cell_of_the_published_frontier_table_is_an_observation(registry: Registry) -> None:
    published = Counter(
        (axis, float(row[axis]))
        for row in panel_rows("paper-frontier")
        for axis in ("swe-bench-verified", "gpqa-diamond", "ifeval")
        if row[axis]
    )
    written = Counter(
        (o.benchmark, o.value)
        for entry in registry.models.values()
        for o in entry.value.observations
        if o.source.url == "https://arxiv.org/abs/2605.18840"
    )
    assert written == published
