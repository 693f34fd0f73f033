"""`validate` finds every fault of a folder of results at once, and none in the committed one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from generator.steering.errors import UsageFault
from generator.steering.validate import problems

COMMITTED = Path(__file__).resolve().parents[2] / "data" / "steering"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("demo-xs-0", "demo-s-1"):
        shutil.copytree(COMMITTED / name, tmp_path / name)
    return tmp_path


def change(path: Path, edit: Callable[[dict[str, object]], object]) -> None:
    data = json.loads(path.read_text())
    edit(data)
    path.write_text(json.dumps(data))


def test_the_committed_results_have_no_problem() -> None:
    results, wrong = problems(COMMITTED)
    assert wrong == []
    assert len(results) == 9


def test_all_faults_of_all_files_are_named_at_once(folder: Path) -> None:
    def two_faults(data: dict[str, object]) -> None:
        data["status"] = "great"
        del data["reason"]

    change(folder / "demo-xs-0" / "result.json", two_faults)
    (folder / "demo-s-1" / "direction-all.safetensors").write_bytes(b"x")
    (folder / "half").mkdir()
    (folder / "half" / "items.parquet").write_bytes(b"")
    text = "\n".join(problems(folder)[1])
    for part in (
        "demo-xs-0/result.json: status: Input should be",
        "demo-xs-0/result.json: reason: Field required",
        "demo-s-1/direction-all.safetensors: its bytes are not those named",
        "half: files of a run, but no result.json",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / "demo-s-1" / "items.parquet").unlink(), "items.parquet: named in result.json, but not there"),
        (lambda f: (f / "demo-s-1" / "items.parquet").write_bytes(b"no"), "items.parquet: not a Parquet file"),
        (lambda f: (f / "demo-s-1" / "result.json").write_text("{"), "not JSON"),
        (lambda f: change(f / "demo-s-1" / "result.json", lambda d: d.update(test=None)), "test figures are absent"),
        (lambda f: shutil.copytree(f / "demo-s-1", f / "again"), "in 2 result files"),
        (lambda f: (f / "result.schema.json").write_text("{}"), "not the schema of this version"),
        (lambda f: (f / "demo-summary.json").write_text('{"rows": []}'), "the row of demo:s-1 is not what"),
    ],
)
def test_each_fault_is_named(folder: Path, damage: Callable[[Path], object], message: str) -> None:
    assert problems(folder)[1] == []
    damage(folder)
    assert message in "\n".join(problems(folder)[1])


def test_an_item_table_that_does_not_give_the_stated_figures_is_named(folder: Path) -> None:
    path = folder / "demo-s-1" / "items.parquet"
    table = pq.read_table(path)
    pq.write_table(table.slice(0, 100), path)
    text = "\n".join(problems(folder)[1])
    assert "items.parquet: 100 rows, result.json counts 168 test items" in text
    assert "column steered_right has mean" in text


def test_a_folder_without_results_is_a_problem(tmp_path: Path) -> None:
    assert problems(tmp_path)[1] == [f"{tmp_path}: no result.json in any folder below it"]
    with pytest.raises(UsageFault, match="no such folder"):
        problems(tmp_path / "x")
