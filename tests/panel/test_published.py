"""The papers' tables are read as frozen, or not at all."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from generator.core import CapewatchError
from generator.panel.published import LAYOUTS, read_published, slug


@pytest.fixture
def copy(tmp_path, repository):
    shutil.copytree(repository / "data/panels", tmp_path / "data/panels")
    return tmp_path


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_published_table_reads_with_unique_models(repository, name):
    published = read_published(repository, name)
    assert published.table.index.is_unique
    assert published.panel.name == published.panel.track == name
    assert published.panel.as_of is None
    assert published.meta["id"] == name
    assert len(published.digest) == 64


def test_the_base_panel_has_the_63_rows_and_the_table_the_dashboard_rows_too(repository):
    base = read_published(repository, "paper-base")
    assert (len(base.panel.models), len(base.table)) == (63, 73)
    rows = base.panel.family("pythia", ("hellaswag", "truthfulqa"))
    assert np.corrcoef(rows["hellaswag"], rows["truthfulqa"])[0, 1] == pytest.approx(-0.98862, abs=5e-6)
    assert {"llama-3-8b", "llama3-8b"} <= set(base.panel.models.index)  # duplicates stay


def test_the_frontier_panel_has_the_34_frozen_rows_and_the_table_the_later_five(repository):
    frontier = read_published(repository, "paper-frontier")
    assert (len(frontier.panel.models), len(frontier.table)) == (34, 39)
    rows = frontier.panel.complete(("swe-bench-verified", "gpqa-diamond"))
    slope, intercept = np.polyfit(rows["swe-bench-verified"], rows["gpqa-diamond"], 1)
    assert (slope, intercept) == pytest.approx((0.51308, 46.38), abs=5e-3)
    assert frontier.panel.scores["hle"].isna().all()
    assert set(frontier.extras) == {"alternatives"}


def test_variants_name_the_model_and_the_file_that_holds_the_other_value(repository):
    variants = read_published(repository, "paper-base").variants
    pythia = variants[(variants["model"] == "pythia-70m") & (variants["where"] == "cape_null_model.py")]
    assert dict(zip(pythia["column"], pythia["value"], strict=True)) == {"hellaswag": 26.6, "truthfulqa": 47.9}


def test_names_that_occur_twice_are_told_apart_by_their_row(repository):
    index = read_published(repository, "paper-internal").table.index
    assert sum(name.startswith("qwen3-8b-row-") for name in index) == 2


def test_empty_text_is_none_and_empty_numbers_are_nan(repository):
    frontier = read_published(repository, "paper-frontier").table
    assert frontier.loc["claude-3.5-sonnet", "note"] is None
    assert np.isnan(frontier.loc["claude-3.5-sonnet", "ifeval"])


@pytest.mark.parametrize(
    ("name", "expected"),
    [("GPT-5.2 Pro", "gpt-5.2-pro"), ("Gemma-4-E4B (base)", "gemma-4-e4b-base"), ("meta-llama/Llama-2-7b-hf", "meta-llama-llama-2-7b-hf")],
)  # fmt: skip
def test_a_published_name_becomes_an_id(name, expected):
    assert slug(name) == expected


def test_a_changed_byte_is_refused_with_both_hashes(copy):
    path = copy / "data/panels/paper-base/table.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("37.15", "37.16", 1), encoding="utf-8")
    with pytest.raises(
        CapewatchError, match=r"^paper-base: table\.csv is not the file that was frozen: sha256 [0-9a-f]{64}"
    ):
        read_published(copy, "paper-base")


def test_a_wrong_number_of_rows_is_refused(copy):
    path = copy / "data/panels/paper-loss/panel.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("rows: 14", "rows: 15"), encoding="utf-8")
    with pytest.raises(CapewatchError, match=r"^paper-loss: table\.csv has 14 rows, panel\.yaml says 15"):
        read_published(copy, "paper-loss")


@pytest.mark.parametrize("missing", ["panel.yaml", "table.csv"])
def test_a_missing_file_is_named(copy, missing):
    (copy / "data/panels/paper-loss" / missing).unlink()
    with pytest.raises(CapewatchError, match=f"^paper-loss: {missing} is missing"):
        read_published(copy, "paper-loss")


def test_a_manifest_that_lists_no_files_is_refused(copy):
    path = copy / "data/panels/paper-loss/panel.yaml"
    path.write_text("schema_version: 1\nid: paper-loss\n", encoding="utf-8")
    with pytest.raises(CapewatchError, match=r"panel\.yaml cannot be used"):
        read_published(copy, "paper-loss")


def test_an_unknown_table_suggests_near_ones(repository):
    with pytest.raises(CapewatchError, match=r"^no published table 'paper-bse'") as caught:
        read_published(repository, "paper-bse")
    assert "paper-base" in caught.value.hint


def test_item_counts_come_from_the_benchmark_files(repository, copy):
    axes = read_published(repository, "paper-base").panel.axes
    assert axes.loc["truthfulqa", "n_items"] == 817
    assert np.isnan(read_published(copy, "paper-base").panel.axes.loc["truthfulqa", "n_items"])
