"""`capewatch steer …`: run, sweep, try, train-demo. Torch is imported only inside a command, so `--help` needs none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from generator.core import CapewatchError, canonical_json, write_atomic
from generator.steering.cli_demo import export_command, internals_command, levers_command, train_demo_command
from generator.steering.cli_many import matrix_command, slurm_command, sweep_command, validate_command
from generator.steering.cli_shared import OUT, SIZES, prefixed, reporter, seed_list
from generator.steering.errors import UsageFault, require_torch


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

    report = reporter(quiet=as_json)
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
    jobs = demo_jobs(out=out, sizes=SIZES, seeds=seed_list(seeds))
    done = [(job.folder, execute(job, report=prefixed(report, job.model), rebuild=rebuild)) for job in jobs]
    _finish(done, as_json=as_json, single=False)


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


for command in (sweep_command, matrix_command, slurm_command, validate_command):
    steer.add_command(command)
for command in (train_demo_command, internals_command, levers_command, export_command):
    steer.add_command(command)
