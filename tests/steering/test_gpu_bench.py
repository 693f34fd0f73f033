"""Measurements on a GPU: the made-up suite, the line through two shares, and runs carried over from another machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench import __main__ as command
from bench import gpu
from bench.frame import row
from generator.steering.subject import Subject
from tests.steering.small import small_subject


def test_the_suite_has_its_share_of_the_items_and_no_question_twice() -> None:
    suite = gpu.suite_of(0.1)
    assert len(suite.test) == 82
    assert (len(suite.capability), len(suite.texts), len(suite.multiple_choice)) == (100, 20, 100)
    assert len(suite.folds[0].pairs) == 185
    assert [len(fold.validation) for fold in suite.folds] == [8, 8]
    assert suite.digest == gpu.suite_of(0.1).digest


def test_a_full_run_lies_on_the_line_through_two_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    """10 s and 1,000 s for each whole of the items; generation of one batch a fold, two in a full run."""

    def staged(_subject: Subject, suite: object) -> dict[str, float]:
        return {"sweep": 10 + 1000 * float(str(suite)), "generation": 6.0}

    monkeypatch.setattr(gpu, "build", lambda *_a, **_k: small_subject())
    monkeypatch.setattr(gpu, "suite_of", lambda share: share)
    monkeypatch.setattr(gpu, "_staged", staged)
    (found,) = gpu.rung("1b", share=0.04, device="cpu", dtype="float32")
    assert found["value"] == pytest.approx((1010 + 12) / 60, rel=1e-3)
    small_subject.cache_clear()  # its memory was given back


def test_the_ladder_is_summed_when_every_rung_is_there_and_not_before() -> None:
    rungs = [row(f"ladder, {shape} parameters: a full run", [2.0], unit="min") for shape in gpu.RUNGS]
    assert gpu.after(rungs[1:]) == []
    (total,) = gpu.after(rungs)
    assert (total["value"], total["goal"], total["unit"]) == (16.0, gpu.ESTIMATE_MINUTES, "min")


def test_stages_are_told_apart_by_what_a_run_reports() -> None:
    stages = gpu.Stages(
        small_subject().device, [("fold one: fitting", 1.0), ("side effects", 4.0), ("fold two: fitting", 5.0)]
    )
    stages.marks.append(("end", 7.0))
    assert (stages.named("fitting"), stages.named("side effects"), stages.named("generation")) == (5.0, 1.0, 0)


def test_a_run_from_another_machine_is_taken_in_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "HERE", tmp_path)
    monkeypatch.setattr(command, "RESULTS", tmp_path / "results.json")
    monkeypatch.setattr(command, "commit", lambda: "abc1234")
    host = {"cores": 16, "machine": "x86_64", "accelerator": "A card", "python": "3.12.3"}
    one = {
        "group": "gpu",
        "date": "2026-11-26",
        "commit": "",
        "full": False,
        "machine": host,
        "rows": [row("x", [1.0])],
    }
    (tmp_path / "run.json").write_text(json.dumps({"runs": [one]}))
    for _ in range(2):
        command.take_in(tmp_path / "run.json")
    (kept,) = json.loads((tmp_path / "results.json").read_text())["runs"]
    assert kept["commit"] == "abc1234"
    assert "16 cores, x86_64, A card, Python 3.12.3" in (tmp_path / "README.md").read_text()


@pytest.mark.skipif(not gpu.missing(), reason="a CUDA device is visible")
def test_without_a_gpu_the_group_is_left_out_with_the_reason(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("sys.argv", ["bench", "gpu", "--write", str(tmp_path / "run.json")])
    command.main()
    assert "gpu: left out: no CUDA device is visible" in capsys.readouterr().out
    assert not (tmp_path / "run.json").exists()
