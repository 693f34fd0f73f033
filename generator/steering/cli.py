"""`capewatch steer …`: run, sweep, try, train-demo. Torch is imported only inside a command, so `--help` needs none."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from generator.core import CapewatchError, canonical_json, write_atomic
from generator.steering.errors import SteeringError, UsageFault, require_torch

OUT = "data/steering"
SIZES = ("xs", "s", "m")


class SteerGroup(click.Group):
    """Prints a CapewatchError as one message: exit 1 for a fault, 2 for wrong usage, never a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except CapewatchError as error:
            click.echo(f"error: {error}", err=True)
            ctx.exit(error.exit_code)
        except KeyboardInterrupt:
            click.echo("interrupted: finished stages are kept; run the same command again to go on", err=True)
            ctx.exit(1)


@click.group("steer", cls=SteerGroup)
def steer() -> None:
    """Steering benchmark: add a truth direction to a language model, count what it corrects and breaks, and compare
    with vectors of the same norm that carry no truth.

    A direction is fitted on pairs of true and false prompts. Layer and strength (a share of the residual norm) are chosen
    on validation items, within limits on side effects, then frozen and tested once. Against the unsteered model it counts
    corrected (wrong to right) and broken (right to wrong). The headline is accuracy steered minus the mean over 199 random
    and 199 label-shuffled vectors of the same norm at the same place, with a paired bootstrap over items and controls. A run
    without a gain is a result too: no_effect.

    \b
    One model or the demo ladder:   run, try
    Many models:                    sweep (here or on Ray), matrix, slurm
    Check what was measured:        validate
    The demo ladder itself:         train-demo, internals, levers, export
    \b
    Examples:
      capewatch steer run --suite demo
      capewatch steer run --model EleutherAI/pythia-70m-deduped --suite truthfulqa
      capewatch steer try --model demo:m-0 --prompt "note Belby crop"
      capewatch steer validate
    """


@steer.command("run")
@click.option(
    "--model", help="demo:SIZE-SEED, a local folder, or owner/name of the hub. Default: the whole demo ladder."
)
@click.option("--revision", help="Commit of the hub to pin.")
@click.option(
    "--suite", type=click.Choice(["demo", "truthfulqa", "truthfulqa-in-domain"]), default="demo", show_default=True
)
@click.option("--seeds", default="0,1,2", show_default=True, help="Seeds of the demo ladder when no model is named.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1, …")
@click.option("--dtype", type=click.Choice(["float32", "bfloat16", "float16"]), default="float32", show_default=True)
@click.option("--sharded", is_flag=True, help="Spread one model over all devices.")
@click.option("--data", type=click.Path(file_okay=False), help="Folder with the data files; default: the cache.")
@click.option("--offline", is_flag=True, help="Fetch no data file.")
@click.option("--out", default=OUT, show_default=True, help="Folder for the result folders.")
@click.option(
    "--judges",
    is_flag=True,
    help="Judge completions of truthfulqa by the default pair of open judges (two 7 B models), pinned.",
)
@click.option("--truth-judge", default="", help="Judge of truth for completions, owner/name@commit or a local folder.")
@click.option("--information-judge", default="", help="Judge of informativeness; both judges or none.")
@click.option("--rebuild", is_flag=True, help="Train demo checkpoints anew instead of reading them.")
@click.option("--json", "as_json", is_flag=True, help="Print the result file (one model) or the summary.")
def run_command(
    *, model: str | None, suite: str, seeds: str, out: str, rebuild: bool, as_json: bool, **options: Any
) -> None:
    """Run one model, or the demo ladder on several seeds.

    Writes a folder with result.json, items.parquet and the direction as safetensors. A run is named by a key over model
    revision, data, settings and code: a finished one is not made again, an interrupted one goes on at its last finished
    stage. The demo suite needs no network and always runs on the CPU with one thread.

    \b
    Suites:
      demo                  the synthetic world with misconceptions; models demo:SIZE-SEED, sizes xs, s, m
      truthfulqa            direction from geometry-of-truth statements, test on TruthfulQA
      truthfulqa-in-domain  direction from the other half of TruthfulQA, split by category

    \b
    Examples:
      capewatch steer run --suite demo
      capewatch steer run --model demo:s-1 --json
      capewatch steer run --model EleutherAI/pythia-1b-deduped --suite truthfulqa --dtype bfloat16
    """
    require_torch()
    from generator.steering.engine import DEFAULT_JUDGES, execute
    from generator.steering.ladder import Job, demo_jobs

    report = _reporter(quiet=as_json)
    if model is None and suite != "demo":
        raise UsageFault(f"suite {suite} needs --model", hint="e.g. --model EleutherAI/pythia-70m-deduped")
    if options.pop("judges"):
        given = (options["truth_judge"], options["information_judge"])
        if any(given) or suite == "demo":
            raise UsageFault(
                "--judges: the demo suite has its own exact judge"
                if suite == "demo"
                else "--judges: other judges are named too",
                hint="pass --judges, or --truth-judge and --information-judge, with a truthfulqa suite",
            )
        options["truth_judge"], options["information_judge"] = DEFAULT_JUDGES
    if model is not None:
        options["data"] = options["data"] or ""
        job = Job(model=model, suite=suite, out=out, **options)
        result = execute(job, report=report, rebuild=rebuild)
        _finish([(job.folder, result)], as_json=as_json, single=True)
        return
    jobs = demo_jobs(out=out, sizes=SIZES, seeds=_seeds(seeds))
    done = [(job.folder, execute(job, report=_prefixed(report, job.model), rebuild=rebuild)) for job in jobs]
    _finish(done, as_json=as_json, single=False)


@steer.command("sweep")
@click.argument("ladder", default="demo")
@click.option("--engine", type=click.Choice(["local", "ray"]), default="local", show_default=True)
@click.option(
    "--workers", type=click.IntRange(min=1), default=1, show_default=True, help="Ray workers on this machine."
)
@click.option("--gpus-per-job", type=click.FloatRange(min=0), default=0.0, show_default=True)
@click.option(
    "--address", default="", help="Ray cluster to join, e.g. auto or ray://head:10001; default: start one here."
)
@click.option("--device", default="auto", show_default=True)
@click.option("--data", type=click.Path(file_okay=False), help="Folder with the data files; default: the cache.")
@click.option("--offline", is_flag=True, help="Fetch no data file.")
@click.option("--out", default=OUT, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print the outcomes as JSON.")
def sweep_command(
    *,
    ladder: str,
    engine: str,
    workers: int,
    gpus_per_job: float,
    address: str,
    device: str,
    data: str | None,
    offline: bool,
    out: str,
    as_json: bool,
) -> None:
    """Run every model of a LADDER file, or of a bundled ladder: demo, pythia, opt, modern.

    A failed model does not stop the others and leaves a result that says why. With --engine ray, a job whose worker
    dies is started again; every job writes its own folder, so results of several machines merge by copying.

    \b
    Examples:
      capewatch steer sweep demo
      capewatch steer sweep my-ladder.yaml --engine ray --workers 2
      capewatch steer sweep pythia --engine ray --address auto --gpus-per-job 1 --device cuda
    """
    require_torch()
    from generator.steering import engine as engines
    from generator.steering.ladder import ladder_jobs, load_ladder

    jobs = ladder_jobs(load_ladder(ladder), out=out, device=device, data=data or "", offline=offline)
    report = _reporter(quiet=as_json)
    if engine == "ray":
        outcomes = engines.run_ray(jobs, workers=workers, gpus=gpus_per_job, report=report, address=address)
    else:
        outcomes = engines.run_local(jobs, report=report)
    if as_json:
        click.echo(canonical_json(outcomes, indent=1), nl=False)
    else:
        for row in outcomes:
            click.echo(f"{row['model']}: {row['status']}{': ' + row['reason'] if row['reason'] else ''}")
    failed = [row["model"] for row in outcomes if row["status"] == "failed"]
    if failed:
        raise SteeringError(f"{len(failed)} of {len(outcomes)} models failed: {', '.join(failed)}")


@steer.command("matrix")
@click.argument("ladder", default="pythia")
@click.option("--device", default="auto", show_default=True, help="Device that every job asks for.")
@click.option("--data", type=click.Path(file_okay=False), help="Folder with the data files on the runner.")
@click.option("--out", default=OUT, show_default=True, help="Folder for the result folders.")
def matrix_command(*, ladder: str, device: str, data: str | None, out: str) -> None:
    """Print the models of a LADDER as the job matrix of a workflow: one line of JSON, {"include": [...]}. Runs nothing.

    An entry has name (of its result folder), model, suite and the command that runs exactly this job.

    \b
    Examples:
      capewatch steer matrix pythia
      capewatch steer matrix my-ladder.yaml --device cuda
    """
    from generator.steering.ladder import job_matrix, ladder_jobs, load_ladder

    jobs = ladder_jobs(load_ladder(ladder), out=out, device=device, data=data or "")
    click.echo(canonical_json(job_matrix(jobs)).rstrip("\n"))


@steer.command("slurm")
@click.argument("ladder", default="pythia")
@click.option("--hours", type=click.IntRange(1, 720), default=4, show_default=True, help="Time limit of a job.")
@click.option("--device", default="cuda", show_default=True)
@click.option("--data", type=click.Path(file_okay=False), help="Folder with the data files on the cluster.")
@click.option("--out", default=OUT, show_default=True, help="Folder for the result folders.")
def slurm_command(*, ladder: str, hours: int, device: str, data: str | None, out: str) -> None:
    """Print the models of a LADDER as a SLURM array, one GPU a task. Runs nothing; submit it again to finish what stopped.

    \b
    Examples:
      capewatch steer slurm pythia > ladder.sbatch
      capewatch steer slurm my-ladder.yaml --hours 8
    """
    from generator.steering.ladder import ladder_jobs, load_ladder, slurm_array

    jobs = ladder_jobs(load_ladder(ladder), out=out, device=device, data=data or "")
    click.echo(slurm_array(jobs, hours=hours), nl=False)


@steer.command("validate")
@click.argument("folder", default=OUT, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print results and problems as JSON.")
def validate_command(*, folder: Path, as_json: bool) -> None:
    """Check every result under FOLDER: schema, named files and hashes, item tables, summary. Prints all problems at once.

    Exit code 0 when all is well, 1 when something is wrong. Needs no torch.

    \b
    Examples:
      capewatch steer validate
      capewatch steer validate downloaded/steering --json
    """
    from generator.steering.validate import problems

    results, wrong = problems(folder)
    if as_json:
        shown = {"results": [result.model.id for result in results], "problems": wrong}
        click.echo(canonical_json(shown, indent=1), nl=False)
    else:
        for line in wrong:
            click.echo(line)
        click.echo(f"results read: {len(results)}, problems: {len(wrong)}")
    if wrong:
        raise SteeringError(f"{folder}: {len(wrong)} problems")


@steer.command("try")
@click.option("--model", required=True, help="demo:SIZE-SEED, a local folder, or owner/name of the hub.")
@click.option("--prompt", required=True)
@click.option(
    "--direction", type=click.Path(dir_okay=False), help="A saved direction; default: the one of the stored result."
)
@click.option("--strength", type=float, help="Share of the residual norm; default: the frozen one.")
@click.option("--tokens", type=click.IntRange(1, 500), default=12, show_default=True)
@click.option("--device", default="auto", show_default=True)
@click.option("--dtype", type=click.Choice(["float32", "bfloat16", "float16"]), default="float32", show_default=True)
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the random control.")
@click.option("--out", default=OUT, show_default=True, help="Folder with the result folders.")
@click.option("--json", "as_json", is_flag=True)
def try_command(**options: Any) -> None:
    """Print the plain, the steered and a random-control completion of one prompt side by side (greedy).

    \b
    Example:
      capewatch steer try --model demo:m-0 --prompt "note Belby crop"
    """
    require_torch()
    from generator.steering.trial import side_by_side

    as_json = options.pop("as_json")
    shown = side_by_side(**options)
    if as_json:
        click.echo(canonical_json(shown, indent=1), nl=False)
        return
    for name in ("plain", "steered", "control"):
        click.echo(f"{name:>8}  {shown[name]}")


@steer.command("train-demo")
@click.option("--sizes", default=",".join(SIZES), show_default=True)
@click.option("--seeds", default="0", show_default=True)
@click.option("--out", type=click.Path(file_okay=False), help="Folder for the checkpoints; default: the cache.")
@click.option("--json", "as_json", is_flag=True)
def train_demo_command(*, sizes: str, seeds: str, out: str | None, as_json: bool) -> None:
    """Train the demo ladder on CPU (about 4 CPU-minutes a seed, one thread) and keep the checkpoints.

    \b
    Examples:
      capewatch steer train-demo
      capewatch steer train-demo --sizes xs --seeds 0,1,2
    """
    require_torch()
    from generator.core import sha256_bytes
    from generator.steering.checkpoints import default_cache, demo_bytes

    folder = Path(out) if out else default_cache()
    report = _reporter(quiet=as_json)
    made: list[dict[str, Any]] = []
    for seed in _seeds(seeds):
        for size in [word.strip() for word in sizes.split(",")]:
            data = demo_bytes(
                size,
                seed,
                cache=folder,
                rebuild=True,
                progress=_every_hundred(_prefixed(report, f"demo:{size}-{seed}")),
            )
            made.append({"model": f"demo:{size}-{seed}", "bytes": len(data), "sha256": sha256_bytes(data)})
    if as_json:
        click.echo(canonical_json(made, indent=1), nl=False)
    else:
        for row in made:
            click.echo(f"{row['model']}  {row['bytes']} bytes  sha256 {row['sha256'][:16]}")


@steer.command("internals")
@click.option("--model", "models", multiple=True, help="Repeatable; default: the demo ladder of all three seeds.")
@click.option(
    "--networks", type=click.IntRange(min=1), default=3, show_default=True, help="Random networks of the null."
)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--device", default="auto", show_default=True)
@click.option("--dtype", type=click.Choice(["float32", "bfloat16", "float16"]), default="float32", show_default=True)
@click.option("--out", default=OUT, show_default=True)
@click.option("--json", "as_json", is_flag=True)
def internals_command(
    *, models: tuple[str, ...], networks: int, seed: int, device: str, dtype: str, out: str, as_json: bool
) -> None:
    """Coupling per layer and head, output bottleneck and dimension of the states, with permutation and random-weight nulls.

    \b
    Examples:
      capewatch steer internals
      capewatch steer internals --model EleutherAI/pythia-70m-deduped
    """
    require_torch()
    from generator.steering.study import measure_internals

    names = models or tuple(f"demo:{size}-{number}" for number in (0, 1, 2) for size in SIZES)
    report = _reporter(quiet=as_json)
    measured = [
        measure_internals(name, networks=networks, seed=seed, device=device, dtype=dtype, out=out, report=report)
        for name in names
    ]
    if as_json:
        click.echo(canonical_json(measured, indent=1), nl=False)
        return
    for one in measured:
        layers, heads = one["trained"]["layers"], one["trained"]["heads"]
        beyond = sum(row["p"] <= 0.05 for row in layers)
        click.echo(
            f"{one['model']}: {beyond} of {len(layers)} layers coupled beyond the permutation null; "
            f"{heads['competing']} competing and {heads['cooperating']} cooperating of {heads['heads']} heads"
        )


@steer.command("levers")
@click.option("--grid", type=click.Choice(["small", "large"]), default="small", show_default=True)
@click.option("--seeds", default="0,1,2", show_default=True)
@click.option("--device", default="cpu", show_default=True)
@click.option("--out", default=OUT, show_default=True)
@click.option("--json", "as_json", is_flag=True)
def levers_command(*, grid: str, seeds: str, device: str, out: str, as_json: bool) -> None:
    """Train the world with width, depth, curation or steps varied one at a time (small grid: about 25 CPU-minutes).

    \b
    Examples:
      capewatch steer levers
      capewatch steer levers --grid large --device cuda
    """
    require_torch()
    from generator.steering.study import measure_levers

    found = measure_levers(grid, seeds=_seeds(seeds), device=device, out=out, report=_reporter(quiet=as_json))
    if as_json:
        click.echo(canonical_json(found, indent=1), nl=False)
        return
    for name, lever in found["levers"].items():
        for measure, move in lever["move"].items():
            click.echo(
                f"{name}: {measure} {move['mean']:+.3f} [{move['low']:+.3f}, {move['high']:+.3f}] from end to end"
            )


@steer.command("export")
@click.option("--model", default="demo:m-0", show_default=True)
@click.option("--out", default=OUT, show_default=True, help="Folder with the result folders; files go to its live/.")
def export_command(*, model: str, out: str) -> None:
    """Write weights, vocabulary, vectors and reference logits for the live demonstration in a browser.

    \b
    Example:
      capewatch steer export --model demo:m-0
    """
    require_torch()
    from generator.steering.study import export_demo

    for name, size in export_demo(model, out=out).items():
        click.echo(f"{name}  {size} bytes")


def _finish(done: list[tuple[Path, Any]], *, as_json: bool, single: bool) -> None:
    from generator.steering.results import json_schema
    from generator.steering.summary import summarise, text_table

    if as_json and single:
        click.echo(canonical_json(done[0][1].model_dump(mode="json"), indent=1), nl=False)
        return
    summary = summarise([result for _, result in done])
    if not single:
        out = done[0][0].parent
        write_atomic(out / "demo-summary.json", canonical_json(summary, indent=1))
        write_atomic(out / "result.schema.json", canonical_json(json_schema(), indent=1))
    click.echo(canonical_json(summary, indent=1) if as_json else text_table(summary) + "\n", nl=False)
    if not as_json:
        for folder, _ in done:
            click.echo(f"written: {folder / 'result.json'}")


def _reporter(*, quiet: bool) -> Callable[[str], None]:
    """Progress lines on the error stream, only when somebody is watching."""
    shown = not quiet and sys.stderr.isatty()

    def report(text: str) -> None:
        if shown:
            click.echo(f"\r\033[K{text}", err=True, nl=False)

    return report


def _prefixed(report: Callable[[str], None], name: str) -> Callable[[str], None]:
    return lambda text: report(f"{name}: {text}")


def _every_hundred(report: Callable[[str], None]) -> Callable[[int], None]:
    def progress(step: int) -> None:
        if step % 100 == 0:
            report(f"training, step {step}")

    return progress


def _seeds(text: str) -> list[int]:
    try:
        seeds = [int(word) for word in text.split(",")]
    except ValueError:
        raise UsageFault(f"--seeds: {text!r} is not a list of whole numbers", hint="e.g. --seeds 0,1,2") from None
    if min(seeds) < 0:
        raise UsageFault(f"--seeds: {min(seeds)} is negative")
    return seeds
