"""Studies beside the benchmark runs, each written under data/steering: internals, levers, the live export."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from generator.core import canonical_json, write_atomic
from generator.steering.checkpoints import default_cache, parse_demo_id
from generator.steering.contrasts import english_contrasts, world_contrasts
from generator.steering.directions import load_direction
from generator.steering.engine import open_subject
from generator.steering.errors import SteeringError, UsageFault
from generator.steering.export import export_live
from generator.steering.internals import with_nulls
from generator.steering.ladder import Job, slug
from generator.steering.levers import GRIDS, run_grid
from generator.steering.results import read_result
from generator.steering.train import THREADS, Recipe, pinned_threads


def measure_internals(
    model: str, *, networks: int, seed: int, device: str, dtype: str, out: str, report: Callable[[str], None]
) -> dict[str, Any]:
    """Internal figures of one model with nulls, written to `internals/<model>.json`."""
    rung = parse_demo_id(model)
    job = Job(model=model, suite="demo", out=out, device="cpu" if rung else device, dtype=dtype)
    with pinned_threads(THREADS):
        subject = open_subject(job, report=report)
        contrasts = english_contrasts() if rung is None else world_contrasts(Recipe.demo(*rung).world())
        report(f"{model}: measuring")
        found = with_nulls(subject, contrasts, seed=seed, networks=networks)
    name = slug(model, "internals").removesuffix("--internals")
    write_atomic(Path(out) / "internals" / f"{name}.json", canonical_json(found, indent=1))
    return found


def measure_levers(
    grid: str, *, seeds: Sequence[int], device: str, workers: int, out: str, report: Callable[[str], None]
) -> dict[str, Any]:
    """A grid of levers, written to `levers/<grid>.json`."""
    found = run_grid(
        GRIDS[grid],
        seeds=seeds,
        scratch=default_cache() / "levers" / device,
        device=device,
        workers=workers,
        report=report,
    )
    write_atomic(Path(out) / "levers" / f"{grid}.json", canonical_json(found, indent=1))
    return found


def export_demo(model: str, *, out: str) -> dict[str, int]:
    """The live demonstration of a demo rung that has a stored result."""
    rung = parse_demo_id(model)
    if rung is None:
        raise UsageFault(f"export: {model} is not a rung of the demo ladder", hint="e.g. --model demo:m-0")
    folder = Path(out) / slug(model, "demo")
    if not (folder / "result.json").is_file():
        raise SteeringError(
            f"export: no stored result of {model}", hint=f"run `capewatch steer run --model {model}` first"
        )
    result = read_result(folder)
    if not result.folds:
        raise SteeringError(f"export: the stored result of {model} failed: {result.reason}")
    with pinned_threads(THREADS):
        subject = open_subject(Job(model=model, suite="demo", out=out))
        fold = result.folds[0]
        direction = load_direction(folder / fold.file, subject=subject)
        return export_live(subject, Recipe.demo(*rung), direction, strength=fold.strength, folder=Path(out) / "live")
