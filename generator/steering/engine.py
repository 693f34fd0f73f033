"""Many models: a ladder file, and the same jobs run here, on Ray, as a SLURM array or as a job matrix.

One process handles one model on one device at a time; every job is resumable by its key.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from generator.core import CapewatchError, near_matches
from generator.steering.checkpoints import default_cache, demo_bytes, demo_subject, parse_demo_id
from generator.steering.demo import demo_judge, demo_suite
from generator.steering.errors import SteeringError, UsageFault
from generator.steering.generate import ModelJudge
from generator.steering.records import failed_result
from generator.steering.results import ResultFile, read_result
from generator.steering.run import RunConfig, run_model
from generator.steering.sources import http_fetch, truthfulqa_suite
from generator.steering.subject import Subject, load_pretrained
from generator.steering.train import THREADS, Recipe, pinned_threads

LADDERS = Path(__file__).parent / "ladders"
SUITES = ("demo", "truthfulqa", "truthfulqa-in-domain")
#: The demo's completions are a value and a full stop.
DEMO_NEW_TOKENS = 4


class LadderEntry(BaseModel):
    """One rung; `sharded` spreads a model larger than one device over all of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    model: str = Field(min_length=1)
    revision: str | None = None
    dtype: Literal["float32", "bfloat16", "float16"] | None = None
    sharded: bool = False


class Ladder(BaseModel):
    """A ladder file: the suite and the models to run it on, smallest first."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    suite: Literal["demo", "truthfulqa", "truthfulqa-in-domain"]
    dtype: Literal["float32", "bfloat16", "float16"] = "bfloat16"
    models: tuple[LadderEntry, ...] = Field(min_length=1)


@dataclass(frozen=True)
class Job:
    """One model on one suite; `out` is the folder under which its result folder is made.

    truth_judge and information_judge: models that judge the completions, `owner/name@commit`; both or none.
    """

    model: str
    suite: str
    out: str
    revision: str | None = None
    dtype: str = "float32"
    device: str = "auto"
    sharded: bool = False
    data: str = ""
    offline: bool = False
    truth_judge: str = ""
    information_judge: str = ""

    @property
    def folder(self) -> Path:
        return Path(self.out) / slug(self.model, self.suite)

    def command(self) -> str:
        """The command line that runs exactly this job."""
        words = ["capewatch", "steer", "run", "--model", self.model, "--suite", self.suite, "--out", self.out]
        words += ["--dtype", self.dtype, "--device", self.device]
        words += ["--revision", self.revision] if self.revision else []
        words += ["--sharded"] if self.sharded else []
        words += ["--data", self.data] if self.data else []
        words += ["--truth-judge", self.truth_judge] if self.truth_judge else []
        words += ["--information-judge", self.information_judge] if self.information_judge else []
        return shlex.join(words)


def slug(model: str, suite: str) -> str:
    """Folder name of a result: `demo-m-0`, `eleutherai--pythia-70m--truthfulqa`."""
    if model.startswith("demo:"):
        return model.replace(":", "-")
    name = Path(model).name if Path(model).is_dir() else model
    return f"{name.lower().replace('/', '--')}--{suite}"


def load_ladder(name: str) -> Ladder:
    """A ladder file by path, or a bundled one by name."""
    path = Path(name) if name.endswith((".yaml", ".yml")) else LADDERS / f"{name}.yaml"
    if not path.is_file():
        known = sorted(entry.stem for entry in LADDERS.glob("*.yaml"))
        close = near_matches(name, known)
        raise UsageFault(
            f"ladder: {name!r} is neither a file nor one of {', '.join(known)}",
            hint=f"did you mean {close[0]}?" if close else "pass the path of a ladder file",
        )
    try:
        return Ladder.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        raise SteeringError(f"{path}: not YAML: {error}") from None
    except ValidationError as error:
        lines = [f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in error.errors()]
        raise SteeringError(f"{path}: " + "; ".join(lines)) from None


def ladder_jobs(ladder: Ladder, *, out: str, device: str = "auto", data: str = "", offline: bool = False) -> list[Job]:
    """One job a rung, in the order of the file."""
    return [
        Job(
            model=entry.model,
            suite=ladder.suite,
            out=out,
            revision=entry.revision,
            dtype=entry.dtype or ladder.dtype,
            device=device,
            sharded=entry.sharded,
            data=data,
            offline=offline,
        )
        for entry in ladder.models
    ]


def demo_jobs(*, out: str, sizes: Sequence[str], seeds: Sequence[int]) -> list[Job]:
    """The demo ladder on several seeds."""
    return [Job(model=f"demo:{size}-{seed}", suite="demo", out=out, device="cpu") for seed in seeds for size in sizes]


def slurm_array(jobs: Sequence[Job], *, hours: int = 4) -> str:
    """A batch script whose array task k runs job k."""
    commands = "\n".join(f"  {shlex.quote(job.command())}" for job in jobs)
    return (
        "#!/bin/bash\n"
        "#SBATCH --job-name=capewatch-steer\n"
        f"#SBATCH --array=0-{len(jobs) - 1}\n"
        "#SBATCH --gres=gpu:1\n"
        f"#SBATCH --time={hours:02d}:00:00\n"
        "set -euo pipefail\n"
        f"jobs=(\n{commands}\n)\n"
        'bash -c "${jobs[$SLURM_ARRAY_TASK_ID]}"\n'
    )


def job_matrix(jobs: Sequence[Job]) -> dict[str, Any]:
    """The jobs as the `matrix` of a workflow: `include` with name and command."""
    return {"include": [{"name": slug(job.model, job.suite), "command": job.command()} for job in jobs]}


def execute(
    job: Job, *, config: RunConfig | None = None, report: Callable[[str], None] = lambda _: None, rebuild: bool = False
) -> ResultFile:
    """Run one job in this process; a fault becomes a result with status failed, unless figures are there, and is raised."""
    config = config or RunConfig(new_tokens=DEMO_NEW_TOKENS if job.suite == "demo" else 50)
    try:
        return _execute(job, config=config, report=report, rebuild=rebuild)
    except CapewatchError as error:
        if not isinstance(error, UsageFault) and not _has_figures(job.folder):
            failed_result(
                model_id=job.model,
                suite=job.suite,
                reason=error.message,
                config=config.as_dict(),
                seed=config.seed,
                folder=job.folder,
            )
        raise


def run_local(jobs: Sequence[Job], *, report: Callable[[str], None] = lambda _: None) -> list[dict[str, str]]:
    """Jobs one after another; a failed job does not stop the others."""
    return [_outcome(job, report) for job in jobs]


def run_ray(jobs: Sequence[Job], *, workers: int, gpus: float, report: Callable[[str], None]) -> list[dict[str, str]]:
    """The same jobs on Ray: `workers` at a time on this machine, or as many as a connected cluster takes."""
    try:
        import ray
    except ImportError:
        raise SteeringError(
            "the ray engine needs ray, which is not installed", hint='pip install "capewatch[ray]"'
        ) from None
    ray.init(num_cpus=workers, include_dashboard=False, log_to_driver=False, ignore_reinit_error=True)
    try:
        remote = ray.remote(num_cpus=1, num_gpus=gpus, max_calls=1)(_outcome_quiet)
        pending = [remote.remote(job) for job in jobs]
        outcomes = []
        for reference in pending:
            outcomes.append(ray.get(reference))
            report(f"{outcomes[-1]['model']}: {outcomes[-1]['status']}")
        return outcomes
    finally:
        ray.shutdown()


def open_subject(job: Job, *, report: Callable[[str], None] = lambda _: None, rebuild: bool = False) -> Subject:
    """The model of a job; a demo rung without a checkpoint is trained first."""
    rung = parse_demo_id(job.model)
    if rung is None:
        return load_pretrained(
            job.model, revision=job.revision, device=job.device, dtype=job.dtype, sharded=job.sharded
        )
    report(f"opening {job.model}")

    def step(done: int) -> None:
        if done % 100 == 0:
            report(f"training {job.model}: step {done}")

    return demo_subject(demo_bytes(*rung, cache=default_cache(), rebuild=rebuild, progress=step), *rung)


def _execute(job: Job, *, config: RunConfig, report: Callable[[str], None], rebuild: bool) -> ResultFile:
    rung = parse_demo_id(job.model)
    if (rung is None) != (job.suite != "demo"):
        raise UsageFault(
            f"suite {job.suite} does not fit model {job.model}",
            hint="the demo suite speaks the vocabulary of the demo ladder only; other models take --suite truthfulqa",
        )
    scratch = default_cache() / "unfinished" / slug(job.model, job.suite)
    if rung is not None:
        with pinned_threads(THREADS):
            subject = open_subject(job, report=report, rebuild=rebuild)
            world = Recipe.demo(*rung).world()
            return run_model(
                subject,
                demo_suite(world),
                config=config,
                folder=job.folder,
                scratch=scratch,
                judge=demo_judge(world),
                report=report,
            )
    suite = truthfulqa_suite(
        folder=Path(job.data) if job.data else default_cache() / "data",
        fetch=None if job.offline else http_fetch,
        direction="transfer" if job.suite == "truthfulqa" else "in-domain",
        seed=config.seed,
    )
    judge = _judge(job)
    subject = open_subject(job, report=report)
    return run_model(subject, suite, config=config, folder=job.folder, scratch=scratch, judge=judge, report=report)


def _has_figures(folder: Path) -> bool:
    """An earlier result with figures is there; a later failure, such as a lost network, must not replace it."""
    try:
        return read_result(folder).status != "failed"
    except CapewatchError:
        return False


def _judge(job: Job) -> ModelJudge | None:
    """The two judges of a job; both must be pinned to a commit unless they are local folders."""
    names = (job.truth_judge, job.information_judge)
    if not any(names):
        return None
    subjects = []
    for name in names:
        model, _, revision = name.partition("@")
        if not model or (not revision and not Path(model).is_dir()):
            raise UsageFault(
                f"judges: {name!r} is not pinned",
                hint="pass --truth-judge and --information-judge as owner/name@commit",
            )
        subjects.append(load_pretrained(model, revision=revision or None, device=job.device, dtype=job.dtype))
    return ModelJudge(truth=subjects[0], information=subjects[1])


def _outcome(job: Job, report: Callable[[str], None]) -> dict[str, str]:
    try:
        result = execute(job, report=lambda text: report(f"{job.model}: {text}"))
    except CapewatchError as error:
        report(f"{job.model}: failed: {error.message}")
        return {"model": job.model, "status": "failed", "reason": error.message, "folder": str(job.folder)}
    return {"model": job.model, "status": result.status, "reason": result.reason, "folder": str(job.folder)}


def _outcome_quiet(job: Job) -> dict[str, str]:
    return _outcome(job, lambda _: None)
