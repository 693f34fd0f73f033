"""`capewatch steer sweep | matrix | slurm | validate`: many models, and what was measured on them."""

from __future__ import annotations

from pathlib import Path

import click

from generator.core import canonical_json, counted
from generator.steering.cli_shared import OUT, reporter
from generator.steering.errors import SteeringError, require_torch


@click.command("sweep")
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
    report = reporter(quiet=as_json)
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


@click.command("matrix")
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


@click.command("slurm")
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


@click.command("validate")
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
        raise SteeringError(f"{folder}: {counted(len(wrong), 'problem')}")
