"""Ladder files, job lines, and engines that go on after a failed model."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import types
from pathlib import Path

import pytest

from generator.core import CapewatchError
from generator.steering import engine
from generator.steering.engine import execute, run_local, run_ray
from generator.steering.ladder import LADDERS, Job, job_matrix, ladder_jobs, load_ladder, slug, slurm_array
from generator.steering.results import read_result
from generator.steering.validate import problems


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


def test_a_misspelt_rung_leaves_no_result(tmp_path: Path) -> None:
    with pytest.raises(CapewatchError, match="is not a rung of the demo ladder"):
        execute(Job(model="demo:xl-0", suite="demo", out=str(tmp_path)))
    assert list(tmp_path.iterdir()) == []


def test_without_ray_the_engine_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(CapewatchError, match="needs ray, which is not installed") as caught:
        run_ray([], workers=1, gpus=0, report=lambda _: None)
    assert "capewatch[ray]" in caught.value.hint


class FakeRay:
    """Runs at once what Ray would run elsewhere; a worker of a model named `dies` is lost."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.exceptions = types.SimpleNamespace(RayError=LostWorker)

    def init(self, **options: object) -> None:
        self.calls.append(f"init {options.get('address') or options['num_cpus']}")

    def remote(self, **options: object) -> object:
        self.calls.append(f"retries {options['max_retries']}")
        return lambda work: types.SimpleNamespace(remote=lambda job: (work, job))

    def wait(self, references: list[object], *, num_returns: int) -> tuple[list[object], list[object]]:
        return references[-num_returns:], references[:-num_returns]  # the last one finishes first

    def get(self, reference: tuple[object, Job]) -> object:
        work, job = reference
        if job.model == "dies":
            raise LostWorker
        return work(job)  # type: ignore[operator]  # a stand-in

    def shutdown(self) -> None:
        self.calls.append("shutdown")


class LostWorker(Exception):
    pass


def test_ray_gets_every_job_and_is_shut_down(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeRay()
    monkeypatch.setitem(sys.modules, "ray", fake)  # type: ignore[arg-type]  # a stand-in
    monkeypatch.setattr(engine, "_outcome_quiet", lambda job: {"model": job.model, "status": "ok", "reason": ""})
    jobs = [Job(model=name, suite="truthfulqa", out="o") for name in ("m0", "dies", "m2")]
    rows = run_ray(jobs, workers=2, gpus=0, report=fake.calls.append)
    assert [(row["model"], row["status"]) for row in rows] == [("m0", "ok"), ("dies", "failed"), ("m2", "ok")]
    assert rows[1]["reason"] == "no worker finished it in 3 attempts: LostWorker"
    assert fake.calls == ["init 2", "retries 2", "m2: ok", "dies: failed", "m0: ok", "shutdown"]


def test_an_existing_cluster_is_joined_by_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeRay()
    monkeypatch.setitem(sys.modules, "ray", fake)  # type: ignore[arg-type]  # a stand-in
    assert run_ray([], workers=2, gpus=0, report=print, address="ray://head:10001") == []
    assert fake.calls[0] == "init ray://head:10001"


KILLED_ONCE = """
import os, signal, sys
from generator.steering import engine, run
from generator.steering.ladder import Job

marker = sys.argv[2] + "/killed"
honest = run._side_effects

def die_once(*words):
    if not os.path.exists(marker):
        open(marker, "w").close()
        os.kill(os.getpid(), signal.SIGKILL)
    return honest(*words)

def work(job):
    run._side_effects = die_once
    return engine._outcome(job, lambda _: None)

engine._outcome_quiet = work
jobs = [Job(model=f"demo:xs-{seed}", suite="demo", out=sys.argv[1], device="cpu") for seed in (0, 1, 0)]
for row in engine.run_ray(jobs, workers=2, gpus=0, report=lambda _: None):
    print(row["model"], row["status"])
"""


@pytest.mark.slow
def test_a_killed_worker_is_replaced_and_a_job_that_runs_twice_leaves_one_result(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="the ray extra is not installed")
    done = subprocess.run(
        [sys.executable, "-c", KILLED_ONCE, str(tmp_path / "out"), str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=900,
        check=True,
        env={**os.environ, "CAPEWATCH_CACHE": str(tmp_path / "cache"), "OMP_NUM_THREADS": "1"},
    )
    assert (tmp_path / "killed").exists()
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["demo:xs-0", "demo:xs-1", "demo:xs-0"]
    assert {line.split()[1] for line in lines} == {"no_effect"}
    results, wrong = problems(tmp_path / "out")
    assert wrong == []
    assert sorted(result.model.id for result in results) == ["demo:xs-0", "demo:xs-1"]
