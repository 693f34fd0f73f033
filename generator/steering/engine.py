"""Jobs run in this process, one after another, or on Ray.

One process handles one model on one device at a time; every job is resumable by its key.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from pathlib import Path

from generator.core import CapewatchError
from generator.steering.checkpoints import default_cache, demo_bytes, demo_subject, parse_demo_id
from generator.steering.demo import demo_judge, demo_suite
from generator.steering.errors import SteeringError, UsageFault
from generator.steering.generate import ModelJudge
from generator.steering.ladder import Job, slug
from generator.steering.records import failed_result
from generator.steering.results import ResultFile, read_result
from generator.steering.run import RunConfig, run_model
from generator.steering.sources import http_fetch, truthfulqa_suite
from generator.steering.subject import Subject, load_pretrained
from generator.steering.train import THREADS, Recipe, pinned_threads

#: Open judges of TruthfulQA completions (Llama-2 7B, fine-tuned for truth and for informativeness). Only safetensors are
#: read: the first commit is the one that added them.
DEFAULT_JUDGES = (
    "allenai/truthfulqa-truth-judge-llama2-7B@8eb385d3579de589fc8e7699dac45904b7d84209",
    "allenai/truthfulqa-info-judge-llama2-7B@72601eff294cbf7e8d7188ae82397e19cb9bb9bd",
)
#: The demo's completions are a value and a full stop.
DEMO_NEW_TOKENS = 4


def execute(
    job: Job, *, config: RunConfig | None = None, report: Callable[[str], None] = lambda _: None, rebuild: bool = False
) -> ResultFile:
    """Run one job in this process; a fault becomes a result with status failed, unless figures are there, and is raised."""
    parse_demo_id(job.model)  # a misspelt rung is an error of the call, not a failed run to keep
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


def run_ray(
    jobs: Sequence[Job],
    *,
    workers: int,
    gpus: float,
    report: Callable[[str], None],
    address: str = "",
    retries: int = 2,
) -> list[dict[str, str]]:
    """The same jobs on Ray: `workers` at a time on this machine, or as many as the cluster at `address` takes.

    A job whose worker dies is started again up to `retries` times and goes on from its finished stages where the cache
    folder is shared. Every job writes its own folder under its own key, whole or not at all, so a job that ran twice
    leaves one result. Outcomes come back in the order of `jobs`; a job that no worker survives is reported as failed.
    """
    try:
        import ray
    except ImportError:
        raise SteeringError(
            "the ray engine needs ray, which is not installed", hint='pip install "capewatch[ray]"'
        ) from None
    with redirect_stdout(sys.stderr):  # Ray prints what it says of lost workers among our output
        if address:
            ray.init(address=address, log_to_driver=False, ignore_reinit_error=True)
        else:
            ray.init(num_cpus=workers, include_dashboard=False, log_to_driver=False, ignore_reinit_error=True)
        try:
            remote = ray.remote(num_cpus=1, num_gpus=gpus, max_retries=retries)(_outcome_quiet)
            waiting = {remote.remote(job): index for index, job in enumerate(jobs)}
            found: dict[int, dict[str, str]] = {}
            while waiting:
                (reference,), _ = ray.wait(list(waiting), num_returns=1)
                index = waiting.pop(reference)
                try:
                    found[index] = ray.get(reference)
                except ray.exceptions.RayError as error:
                    reason = f"no worker finished it in {retries + 1} attempts: {type(error).__name__}"
                    found[index] = _row(jobs[index], "failed", reason)
                report(f"{found[index]['model']}: {found[index]['status']}")
            return [found[index] for index in range(len(jobs))]
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
        return _row(job, "failed", error.message)
    return _row(job, result.status, result.reason)


def _row(job: Job, status: str, reason: str) -> dict[str, str]:
    return {"model": job.model, "status": status, "reason": reason, "folder": str(job.folder)}


def _outcome_quiet(job: Job) -> dict[str, str]:
    return _outcome(job, lambda _: None)
