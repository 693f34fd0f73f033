"""One whole run: choice before test, matched controls, resumable stages, nothing half-written taken for a result."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from generator.core import CapewatchError
from generator.steering import evaluate, run
from generator.steering.data import Fold, Suite, require_disjoint
from generator.steering.directions import load_direction
from generator.steering.effects import capability_accuracy
from generator.steering.results import ResultFile, finished, json_schema, read_result
from generator.steering.run import RunConfig, run_model
from generator.steering.score import prepare
from generator.steering.summary import summarise
from generator.steering.sweep import Cell, edit_for, freeze
from tests.steering.small import small_items, small_subject, small_suite

CONFIG = RunConfig(
    depths=2, strengths=(0.1, 0.4), controls=9, side_effect_controls=3, bootstrap_draws=100, new_tokens=3, examples=2
)


def go(tmp_path: Path, *, config: RunConfig = CONFIG) -> ResultFile:
    return run_model(
        small_subject(),
        small_suite(),
        config=config,
        folder=tmp_path / "run",
        scratch=tmp_path / "scratch",
        clock=lambda: 0.0,
    )


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ResultFile]:
    root = tmp_path_factory.mktemp("run")
    return root, go(root)


def test_a_run_writes_a_result_that_reads_back_the_same(done: tuple[Path, ResultFile]) -> None:
    assert read_result(done[0] / "run") == done[1]
    assert done[1].status in ("ok", "no_effect")


def test_the_result_fits_the_published_json_schema(done: tuple[Path, ResultFile]) -> None:
    import jsonschema

    jsonschema.validate(json.loads((done[0] / "run" / "result.json").read_text()), json_schema())


def test_every_test_item_is_in_the_item_table_once_with_its_fold(done: tuple[Path, ResultFile]) -> None:
    table = pq.read_table(done[0] / "run" / "items.parquet").to_pylist()
    suite = small_suite()
    assert [row["id"] for row in table] == [item.id for item in suite.test]
    assert {row["fold"] for row in table} == {"one", "two"}
    test = done[1].test
    assert test is not None
    assert np.mean([row["steered_right"] for row in table]) == pytest.approx(test.steered["binary"])
    assert np.mean([row["random_right"] for row in table]) == pytest.approx(test.gain_random.control_mean)


def test_the_headline_pools_both_kinds_of_control(done: tuple[Path, ResultFile]) -> None:
    test = done[1].test
    assert test is not None
    assert test.gain.controls == 18
    pooled = np.mean(test.controls_random + test.controls_shuffled)
    assert test.gain.estimate == pytest.approx(test.steered["binary"] - pooled)


def test_the_same_run_gives_the_same_bytes(done: tuple[Path, ResultFile], tmp_path: Path) -> None:
    go(tmp_path)
    for path in sorted((done[0] / "run").iterdir()):
        assert (tmp_path / "run" / path.name).read_bytes() == path.read_bytes(), path.name


def test_no_stage_is_left_behind(done: tuple[Path, ResultFile]) -> None:
    assert list((done[0] / "scratch").rglob("*.json")) == []


def test_a_finished_run_is_not_made_again(done: tuple[Path, ResultFile], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "_run_fold", lambda *a, **k: pytest.fail("ran again"))
    assert go(done[0]) == done[1]


def test_another_configuration_is_another_run(done: tuple[Path, ResultFile]) -> None:
    assert finished(done[0] / "run", key=done[1].key) is not None
    assert finished(done[0] / "run", key="other") is None


def test_an_interrupted_run_leaves_no_result_and_goes_on_where_it_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, done: tuple[Path, ResultFile]
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(run, "_side_effects", interrupt)
        with pytest.raises(KeyboardInterrupt):
            go(tmp_path)
    assert not (tmp_path / "run" / "result.json").exists()
    stages = {path.stem for path in (tmp_path / "scratch").rglob("*.json")}
    assert {"sweep-one", "controls-one-random", "controls-two-shuffled"} <= stages
    with monkeypatch.context() as patch:
        patch.setattr(run, "sweep", lambda *a, **k: pytest.fail("swept again"))
        resumed = go(tmp_path)
    assert resumed.model_dump() == done[1].model_dump()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / "items.parquet").unlink(), "named in result.json, but not there"),
        (lambda folder: (folder / "direction-one.safetensors").write_bytes(b"x"), "its bytes are not those named"),
        (lambda folder: (folder / "result.json").write_text("{"), "not JSON"),
        (lambda folder: (folder / "result.json").write_text("{}"), "Field required"),
    ],
)
def test_a_damaged_result_is_named_and_not_counted(
    tmp_path: Path, done: tuple[Path, ResultFile], damage: object, message: str
) -> None:
    result = done[1]
    shutil.copytree(done[0] / "run", tmp_path / "run")
    damage(tmp_path / "run")  # type: ignore[operator]  # a parameter of the test
    with pytest.raises(CapewatchError, match=message):
        read_result(tmp_path / "run")
    assert finished(tmp_path / "run", key=result.key) is None


def test_a_result_without_figures_must_be_a_failed_one(tmp_path: Path, done: tuple[Path, ResultFile]) -> None:
    shutil.copytree(done[0] / "run", tmp_path / "run")
    path = tmp_path / "run" / "result.json"
    data = json.loads(path.read_text())
    path.write_text(json.dumps({**data, "test": None}))
    with pytest.raises(CapewatchError, match="test figures are absent"):
        read_result(tmp_path / "run")


def cell(
    accuracy: float, *, strength: float = 0.1, layer: int = 0, admissible: bool = True, ratio: float = 1.0
) -> Cell:
    return Cell(layer, strength, accuracy, 0.0, 1.0, ratio, admissible)


def test_the_best_cell_within_the_limits_is_frozen() -> None:
    chosen = freeze([cell(0.9, admissible=False), cell(0.6), cell(0.7, layer=1)], validation=())
    assert (chosen.layer, chosen.within_limits) == (1, True)


def test_ties_go_to_the_weaker_vector() -> None:
    assert freeze([cell(0.7, strength=0.4), cell(0.7, strength=0.1)], validation=()).strength == 0.1


def test_a_choice_outside_the_limits_is_marked() -> None:
    chosen = freeze([cell(0.9, admissible=False, ratio=2.0), cell(0.5, admissible=False, ratio=1.1)], validation=())
    assert not chosen.within_limits
    assert chosen.strength == 0.1


def test_validation_and_test_items_must_be_disjoint() -> None:
    items = small_items("a", 3)
    with pytest.raises(CapewatchError, match=r"2 items are in both the validation and the test set, e\.g\. a1"):
        require_disjoint(items[1:], items, what="x")
    with pytest.raises(CapewatchError, match="in both the validation and the test set"):
        Suite("s", "1", (Fold("f", (), items, items),), {}, (), ())


def test_a_test_item_belongs_to_one_fold() -> None:
    items = small_items("a", 3)
    with pytest.raises(CapewatchError, match="item a0 is in the test set of two folds"):
        Suite("s", "1", (Fold("f", (), (), items), Fold("g", (), (), items)), {}, (), ())


@pytest.mark.parametrize("change", [{"strengths": ()}, {"strengths": (0.0,)}, {"controls": 0}, {"method": "x"}])
def test_a_configuration_that_cannot_be_run_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(CapewatchError):
        RunConfig(**change)  # type: ignore[arg-type]  # the wrong values are the point


def test_realised_share_is_one_at_every_layer() -> None:
    import torch

    from generator.steering.layers import Edit

    for layer in range(3):
        share = evaluate.realised_share(small_subject(), Edit(torch.ones(32), layer), ["3 4 5", "6 7 8"])
        assert share == pytest.approx(1.0, abs=1e-4)


def test_multiple_choice_is_measured_under_the_vector_and_under_random_ones(done: tuple[Path, ResultFile]) -> None:
    effects = done[1].side_effects
    assert effects is not None
    assert effects.multiple_choice is not None
    found = effects.multiple_choice
    assert (found.name, found.n) == ("quiz", 9)
    middle, low, high = found.random
    assert low <= middle <= high
    prepared = prepare(small_subject(), small_suite().multiple_choice)
    assert found.base == capability_accuracy(small_subject(), prepared, edits=(), from_last=True)
    vector = load_direction(done[0] / "run" / "direction-one.safetensors", subject=small_subject())
    edit = edit_for(vector, done[1].folds[0].strength)
    assert found.steered == capability_accuracy(small_subject(), prepared, edits=[edit], from_last=True)


def test_a_suite_without_multiple_choice_has_no_such_record_and_keeps_its_digest(tmp_path: Path) -> None:
    suite = replace(small_suite(), multiple_choice=())
    result = run_model(small_subject(), suite, config=CONFIG, folder=tmp_path / "run", scratch=tmp_path / "scratch")
    assert result.side_effects is not None
    assert result.side_effects.multiple_choice is None
    assert suite.digest != small_suite().digest


def test_results_and_their_summary_state_the_caveats(done: tuple[Path, ResultFile]) -> None:
    assert done[1].caveats[-1] == "A made-up suite."
    assert "gain_random and gain_shuffled" in done[1].caveats[0]
    assert summarise([done[1]])["caveats"] == done[1].caveats


def test_a_result_written_before_there_were_caveats_still_reads(done: tuple[Path, ResultFile]) -> None:
    old = done[1].model_dump(mode="json")
    del old["caveats"]
    del old["side_effects"]["multiple_choice"]
    again = ResultFile.model_validate(old)
    assert again.caveats == []
    assert again.test == done[1].test
