"""`capewatch steer train-demo | internals | levers | export`: the demo ladder itself and what is measured inside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from generator.core import canonical_json
from generator.steering.cli_shared import OUT, SIZES, every_hundred, prefixed, reporter, seed_list
from generator.steering.errors import require_torch


@click.command("train-demo")
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
    report = reporter(quiet=as_json)
    made: list[dict[str, Any]] = []
    for seed in seed_list(seeds):
        for size in [word.strip() for word in sizes.split(",")]:
            data = demo_bytes(
                size,
                seed,
                cache=folder,
                rebuild=True,
                progress=every_hundred(prefixed(report, f"demo:{size}-{seed}")),
            )
            made.append({"model": f"demo:{size}-{seed}", "bytes": len(data), "sha256": sha256_bytes(data)})
    if as_json:
        click.echo(canonical_json(made, indent=1), nl=False)
    else:
        for row in made:
            click.echo(f"{row['model']}  {row['bytes']} bytes  sha256 {row['sha256'][:16]}")


@click.command("internals")
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
    report = reporter(quiet=as_json)
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


@click.command("levers")
@click.option("--grid", type=click.Choice(["small", "large"]), default="small", show_default=True)
@click.option("--seeds", default="0,1,2", show_default=True)
@click.option("--device", default="cpu", show_default=True)
@click.option("--workers", type=click.IntRange(min=1), default=1, show_default=True, help="Networks trained at once.")
@click.option("--out", default=OUT, show_default=True)
@click.option("--json", "as_json", is_flag=True)
def levers_command(*, grid: str, seeds: str, device: str, workers: int, out: str, as_json: bool) -> None:
    """Train the world with width, depth, curation or steps varied one at a time (small grid: about 25 CPU-minutes).

    \b
    Examples:
      capewatch steer levers
      capewatch steer levers --grid large --device cuda --workers 6
    """
    require_torch()
    from generator.steering.study import measure_levers

    found = measure_levers(
        grid, seeds=seed_list(seeds), device=device, workers=workers, out=out, report=reporter(quiet=as_json)
    )
    if as_json:
        click.echo(canonical_json(found, indent=1), nl=False)
        return
    for name, lever in found["levers"].items():
        for measure, move in lever["move"].items():
            click.echo(
                f"{name}: {measure} {move['mean']:+.3f} [{move['low']:+.3f}, {move['high']:+.3f}] from end to end"
            )


@click.command("export")
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
