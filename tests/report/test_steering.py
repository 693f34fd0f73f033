"""The steering benchmark in the bundle: checked before use, every fault told, figures equal to those of the result files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from generator.core import ProblemsFound
from generator.report.bundle import read_bundle
from generator.report.make import data_digest
from generator.report.steering import BIN, Steering, histogram, read_steering
from generator.report.steering_tables import steering_tables
from generator.schema import Registry
from tests.report.test_bundle import bundle
from tests.steering_files import KEPT, REPOSITORY, read, steering_project, write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return steering_project(tmp_path)


def faults(root: Path) -> list[str]:
    with pytest.raises(ProblemsFound) as raised:
        read_steering(root)
    return [problem.text() for problem in raised.value.problems]


def test_a_project_without_results_has_no_section_and_no_table(tmp_path: Path) -> None:
    steering = read_steering(tmp_path)
    assert (steering.section, steering.files, steering_tables(steering)) == (None, {}, {})


def test_the_data_digest_names_the_steering_results_too(tmp_path: Path) -> None:
    folder = steering_project(tmp_path)
    registry = Registry(root=tmp_path)
    before = data_digest(registry, {}, read_steering(tmp_path))
    assert before == data_digest(registry, {}, read_steering(tmp_path))
    assert before != data_digest(registry, {}, Steering())
    grid = read(folder / "levers" / "small.json")
    grid["rows"][0]["truthfulness"] += 0.01
    write(folder / "levers" / "small.json", grid)
    assert data_digest(registry, {}, read_steering(tmp_path)) != before


def test_the_committed_results_are_sound_and_holm_is_that_of_the_summary() -> None:
    section = read_steering(REPOSITORY).section
    assert section is not None
    summary = {row["key"]: row for row in read(REPOSITORY / "data/steering/demo-summary.json")["rows"]}
    demo = [run for run in section["runs"] if run["data"]["suite"] == "demo"]
    assert {run["key"] for run in demo} == set(summary)
    for run in demo:
        row = summary[run["key"]]
        for kind in ("mcnemar_holm", "rank_holm"):
            assert run[kind] == pytest.approx(row[kind]) if "n" in row else run[kind] is None


def test_the_tables_repeat_the_counts_of_the_result_files_and_the_items_add_up_to_them(tmp_path: Path) -> None:
    folder = steering_project(tmp_path)
    tables = steering_tables(read_steering(tmp_path))
    runs, items = tables["steering-runs"].frame.set_index("run"), tables["steering-items"].frame
    for name in KEPT:
        binary = read(folder / name / "result.json")["test"]["binary"]
        mine = items[items["run"] == name]
        assert (
            runs.at[name, "corrected"]
            == binary["corrected"]["k"]
            == (~mine["base_right"] & mine["steered_right"]).sum()
        )
        assert runs.at[name, "broken"] == binary["broken"]["k"] == (mine["base_right"] & ~mine["steered_right"]).sum()
        sweep = tables["steering-sweep"].frame.query("run == @name")
        assert sweep["chosen"].sum() == 1
    assert runs.loc["someone--failed", "status"] == "failed"
    assert runs.loc["someone--failed", ["n", "gain", "rank_holm"]].isna().all()
    for table in tables.values():
        table.parquet("2026-01-01")


def test_a_failed_run_stays_out_of_the_family_that_holm_adjusts_over(tmp_path: Path) -> None:
    steering_project(tmp_path)
    section = read_steering(tmp_path).section
    assert section is not None
    found = {run["id"]: run for run in section["runs"]}
    assert found["someone--failed"]["mcnemar_holm"] is None
    smallest = min(found[name]["test"]["binary"]["mcnemar_p"] for name in KEPT)
    assert found["demo-s-0"]["mcnemar_holm"] == pytest.approx(len(KEPT) * smallest)


def test_every_fault_of_every_file_is_told_with_the_file_and_what_is_allowed(folder: Path, tmp_path: Path) -> None:
    result = read(folder / "demo-m-0" / "result.json")
    result["test"]["binary"]["net"] = 7
    result["surprise"] = 1
    write(folder / "demo-m-0" / "result.json", result)
    (folder / "demo-s-0" / "items.parquet").write_bytes(b"other bytes")
    (folder / "internals" / "demo-s-0.json").write_text('{\n"model": oops')
    levers = read(folder / "levers" / "small.json")
    del levers["levers"]["width"]["move"]
    write(folder / "levers" / "small.json", levers)
    (folder / "live" / "model.bin").write_bytes(b"\0" * 8)
    text = "\n".join(faults(tmp_path))
    assert (
        "data/steering/demo-m-0/result.json:0: error: steering-file: $.test.binary.net; found 7 is greater than the maximum of 1"
        in text
    )
    assert "'surprise' was unexpected" in text
    assert "data/steering/demo-s-0/items.parquet:0: error: steering-file: per-item file; found sha256" in text
    assert "data/steering/internals/demo-s-0.json:2: error: steering-file: JSON" in text
    assert (
        "data/steering/levers/small.json:0: error: steering-file: $.levers.width; found 'move' is a required property"
        in text
    )
    assert "data/steering/live/model.bin:0: error: steering-file: sha256" in text


def test_a_number_that_is_none_is_refused(folder: Path, tmp_path: Path) -> None:
    path = folder / "demo-m-0" / "result.json"
    text = path.read_text()
    path.write_text(text.replace('"net": 0.2976190476190476', '"net": NaN', 1))
    assert path.read_text() != text
    assert ["the number NaN" in fault for fault in faults(tmp_path)] == [True]


def test_figures_and_status_must_agree(folder: Path, tmp_path: Path) -> None:
    result = read(folder / "demo-m-0" / "result.json")
    write(folder / "demo-m-0" / "result.json", result | {"status": "failed"})
    assert ["figures unless failed" in fault for fault in faults(tmp_path)] == [True]


def test_results_without_the_schema_they_are_checked_by_are_refused(folder: Path, tmp_path: Path) -> None:
    (folder / "result.schema.json").unlink()
    assert ["data/steering/result.schema.json:0" in fault for fault in faults(tmp_path)] == [True]


def test_per_item_files_must_hold_every_item(folder: Path, tmp_path: Path) -> None:
    shutil.copy(folder / "demo-s-0" / "items.parquet", folder / "demo-m-0" / "items.parquet")
    assert len(faults(tmp_path)) == 1
    (folder / "demo-m-0" / "items.parquet").unlink()
    assert "found no file" in faults(tmp_path)[0]


def test_the_bins_of_a_histogram_count_every_value_once() -> None:
    values = [0.1, 0.12, 0.1199, 0.5, 0.02 * 7]
    bins = histogram(values)
    assert sum(bar["count"] for bar in bins) == len(values)
    for bar in bins:
        assert bar["count"] == sum(bar["low"] - 1e-9 <= value < bar["high"] - 1e-9 for value in values)
        assert bar["high"] - bar["low"] == pytest.approx(BIN)
    assert histogram([]) == []


def test_the_bundle_passes_files_on_byte_for_byte(tmp_path: Path) -> None:
    made = bundle(steering={"runs": []})
    made.files["steering/live/model.bin"] = bytes(range(256))
    made.write(tmp_path)
    assert read_bundle(tmp_path).files == made.files
    made.files.clear()
    made.write(tmp_path)
    assert not (tmp_path / "files/steering/live/model.bin").exists()


def test_the_live_header_says_which_cue_is_reliable(folder: Path, tmp_path: Path) -> None:
    header = json.loads(read_steering(tmp_path).files["model.json"])
    assert set(header["cues"]) == {"unmarked", "reliable", "unreliable"}
    assert all(word in header["vocabulary"] for words in header["cues"].values() for word in words)
