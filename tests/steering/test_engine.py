"""Ladder files, job lines, and engines that go on after a failed model."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from generator.core import CapewatchError
from generator.steering import engine
from generator.steering.engine import (
    LADDERS,
    Job,
    execute,
    job_matrix,
    ladder_jobs,
    load_ladder,
    run_local,
    run_ray,
    slug,
    slurm_array,
)
from generator.steering.results import read_result


@pytest.mark.parametrize("name", sorted(path.stem for path in LADDERS.glob("*.yaml")))
def test_every_bundled_ladder_reads_and_names_each_model_once(name: str) -> None:
    ladder = load_ladder(name)
    models = [entry.model for entry in ladder.models]
    assert ladder.name == name
    assert len(set(models)) == len(models)
    assert len({job.folder for job in ladder_jobs(ladder, out="x")}) == len(models)


def test_a_missed_ladder_name_suggests_near_ones() -> None:
    with pytest.raises(
        CapewatchError, match="'pythias' is neither a file nor one of demo, modern, opt, pythia"
    ) as caught:
        load_ladder("pythias")
    assert caught.value.hint == "did you mean pythia?"
    assert caught.value.exit_code == 2


def test_all_faults_of_a_ladder_file_are_named_at_once(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("name: x\nsuite: other\nmodels: []\nmore: 1\n")
    with pytest.raises(CapewatchError) as caught:
        load_ladder(str(path))
    for word in ("suite", "models", "more"):
        assert word in caught.value.message


def test_a_job_line_runs_exactly_that_job() -> None:
    job = Job(model="a/b c", suite="truthfulqa", out="o", revision="abc", dtype="bfloat16", device="cuda", sharded=True)
    words = shlex.split(job.command())
    assert words[:5] == ["capewatch", "steer", "run", "--model", "a/b c"]
    assert "--sharded" in words
    assert words[words.index("--revision") + 1] == "abc"


def test_the_slurm_script_is_valid_shell_and_runs_job_k_for_task_k(tmp_path: Path) -> None:
    jobs = [Job(model=f"m{k}", suite="truthfulqa", out="o") for k in range(3)]
    script = slurm_array(jobs, hours=2)
    assert "#SBATCH --array=0-2" in script
    assert "#SBATCH --time=02:00:00" in script
    (tmp_path / "capewatch").write_text('#!/bin/sh\necho "$@"\n')
    (tmp_path / "capewatch").chmod(0o755)
    done = subprocess.run(
        ["/bin/bash", "-c", script],
        env={"SLURM_ARRAY_TASK_ID": "1", "PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("steer run --model m1 ")


def test_the_matrix_has_a_name_and_a_command_a_job() -> None:
    matrix = job_matrix([Job(model="demo:xs-0", suite="demo", out="o")])
    assert matrix["include"][0]["name"] == "demo-xs-0"
    assert matrix["include"][0]["command"].startswith("capewatch steer run")


def test_result_folders_of_hub_models_carry_owner_and_suite() -> None:
    assert slug("EleutherAI/pythia-70m", "truthfulqa") == "eleutherai--pythia-70m--truthfulqa"


def test_a_failed_model_leaves_a_failed_result_with_its_reason_and_does_not_stop_the_others(tmp_path: Path) -> None:
    jobs = [
        Job(model=f"no/such-{k}", suite="truthfulqa", out=str(tmp_path), data=str(tmp_path), offline=True)
        for k in (1, 2)
    ]
    lines: list[str] = []
    outcomes = run_local(jobs, report=lines.append)
    assert [row["status"] for row in outcomes] == ["failed", "failed"]
    result = read_result(jobs[0].folder)
    assert result.status == "failed"
    assert "not in" in result.reason
    assert result.test is None
    assert len(lines) == 2


def test_a_demo_model_takes_the_demo_suite_only(tmp_path: Path) -> None:
    for job in (
        Job(model="demo:xs-0", suite="truthfulqa", out=str(tmp_path)),
        Job(model="a/b", suite="demo", out=str(tmp_path)),
    ):
        with pytest.raises(CapewatchError, match="does not fit model") as caught:
            execute(job)
        assert caught.value.exit_code == 2
    assert list(tmp_path.iterdir()) == []


def test_without_ray_the_engine_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(CapewatchError, match="needs ray, which is not installed") as caught:
        run_ray([], workers=1, gpus=0, report=lambda _: None)
    assert "capewatch[ray]" in caught.value.hint


def test_ray_gets_every_job_and_is_shut_down(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    class FakeRay:
        """Runs at once what Ray would run elsewhere."""

        @staticmethod
        def init(**options: object) -> None:
            calls.append(f"init {options['num_cpus']}")

        @staticmethod
        def remote(**_: object) -> object:
            class Remote:
                def __init__(self, work: object) -> None:
                    self.work = work

                def remote(self, job: Job) -> object:
                    return self.work(job)  # type: ignore[operator]  # a stand-in

            return Remote

        @staticmethod
        def get(value: object) -> object:
            return value

        @staticmethod
        def shutdown() -> None:
            calls.append("shutdown")

    monkeypatch.setitem(sys.modules, "ray", FakeRay)
    monkeypatch.setattr(engine, "_outcome_quiet", lambda job: {"model": job.model, "status": "ok", "reason": ""})
    jobs = [Job(model=f"m{k}", suite="truthfulqa", out="o") for k in range(3)]
    assert [row["model"] for row in run_ray(jobs, workers=2, gpus=0, report=calls.append)] == ["m0", "m1", "m2"]
    assert calls == ["init 2", "m0: ok", "m1: ok", "m2: ok", "shutdown"]
