"""Controlled levers: the same world, one thing varied at a time (width, depth, curation, steps), several seeds.

Fact accuracy: share of test facts whose true value has the highest probability under a reliable cue, among the 16
values. Truthfulness: share of the same facts whose true value beats the misconception without a cue. Their coupling
along a lever is the slope of truthfulness on fact accuracy within seeds.
"""

from __future__ import annotations

import math
import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from generator.core import canonical_json, read_json, write_atomic
from generator.steering.demo import choice_item
from generator.steering.effects import text_effects
from generator.steering.errors import SteeringError, UsageFault
from generator.steering.lever_coupling import MIN_MOVE, fact_move
from generator.steering.score import metrics, prepare, score
from generator.steering.stats import mean_interval
from generator.steering.subject import Subject, device_name, make_subject
from generator.steering.train import Recipe, demo_tokenizer, train
from generator.steering.world import RELIABLE_CUES, UNMARKED_CUE, UNRELIABLE_CUES, VOCABULARY


@dataclass(frozen=True)
class Lever:
    """One varied thing: its levels in rising order, and what each changes in the centre recipe."""

    name: str
    levels: tuple[float, ...]
    change: Callable[[Recipe, float], Recipe]


@dataclass(frozen=True)
class Grid:
    """A centre and the levers around it."""

    name: str
    centre: Recipe
    levers: tuple[Lever, ...]


def _width(recipe: Recipe, level: float) -> Recipe:
    return replace(recipe, width=int(level))


def _depth(recipe: Recipe, level: float) -> Recipe:
    return replace(recipe, blocks=int(level))


def _curation(recipe: Recipe, level: float) -> Recipe:
    """`level` is the share of unreliable documents among the unmarked; the marked share keeps its ratio of 2 to 3."""
    return replace(recipe, unmarked_unreliable_share=level, unreliable_share=level * 2 / 3)


def _steps(recipe: Recipe, level: float) -> Recipe:
    return replace(recipe, steps=int(level))


GRIDS: dict[str, Grid] = {
    "small": Grid(
        name="small",
        centre=Recipe(width=64, blocks=4, heads=4, seed=0),
        levers=(
            Lever("width", (32, 64, 96), _width),
            Lever("depth", (2, 4, 6), _depth),
            Lever("unreliable documents", (0.25, 0.5, 0.75), _curation),
            Lever("steps", (300, 900, 1500), _steps),
        ),
    ),
    # up to 128 M parameters: for a GPU
    "large": Grid(
        name="large",
        centre=Recipe(width=384, blocks=8, heads=6, seed=0, peak_rate=1e-3),
        levers=(
            Lever("width", (96, 384, 768, 1152), _width),
            Lever("depth", (2, 8, 16), _depth),
            Lever("unreliable documents", (0.25, 0.75), _curation),
        ),
    ),
}


#: What is varied, at which level, and what is trained.
Run = tuple[str, float, Recipe]


def grid_recipes(grid: Grid, *, seeds: Sequence[int]) -> list[Run]:
    """(lever, level, recipe) of every run; the centre appears under every lever and is trained once."""
    return [
        (lever.name, level, lever.change(replace(grid.centre, seed=seed), level))
        for seed in seeds
        for lever in grid.levers
        for level in lever.levels
    ]


def run_grid(
    grid: Grid,
    *,
    seeds: Sequence[int],
    scratch: Path,
    device: str = "cpu",
    workers: int = 1,
    report: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Train and measure every recipe; finished recipes are kept in `scratch`, so an interrupted grid goes on.

    workers: processes that train at the same time; several fill a GPU better than one, since small networks wait for launches.
    """
    if len(seeds) < 3:
        raise UsageFault(f"levers: {len(seeds)} seeds, intervals over seeds need at least 3")
    runs = grid_recipes(grid, seeds=seeds)
    waiting: dict[Path, Run] = {}
    for run in runs:
        if not _kept(scratch, run[2]).is_file():
            waiting.setdefault(_kept(scratch, run[2]), run)
    if workers > 1:
        _measure_together(waiting, device=device, workers=workers, report=report)
    else:
        for path, (lever, level, recipe) in waiting.items():
            report(f"{lever} {level:g}, seed {recipe.seed}")
            _measure_into(path, recipe, device)
    rows = [
        {"lever": lever, "level": level, "seed": recipe.seed, **read_json(_kept(scratch, recipe))}
        for lever, level, recipe in runs
    ]
    return {"grid": grid.name, "seeds": list(seeds), "centre": asdict(grid.centre), "rows": rows, **summarise(rows)}


def _kept(scratch: Path, recipe: Recipe) -> Path:
    return scratch / f"{recipe.key[:24]}.json"


def _measure_into(path: Path, recipe: Recipe, device: str) -> None:
    write_atomic(path, canonical_json(measure_recipe(recipe, device=device)))


def _attempt(path: Path, recipe: Recipe, device: str) -> str:
    """What went wrong, or nothing; not every exception of the libraries can travel between processes."""
    try:
        _measure_into(path, recipe, device)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def _measure_together(waiting: dict[Path, Run], *, device: str, workers: int, report: Callable[[str], None]) -> None:
    """The longest first; all that can be measured is, before the faults are named."""
    longest_first = sorted(waiting.items(), key=lambda one: -one[1][2].steps * one[1][2].width ** 2 * one[1][2].blocks)
    faults = []
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        started = {
            pool.submit(_attempt, path, recipe, device): f"{lever} {level:g}, seed {recipe.seed}"
            for path, (lever, level, recipe) in longest_first
        }
        for done in as_completed(started):
            fault = done.result()
            report(f"{started[done]}: {fault or 'done'}")
            faults += [f"{started[done]}: {fault}"] if fault else []
    if faults:
        raise SteeringError(
            f"levers: {len(faults)} of {len(started)} networks were not measured, e.g. {faults[0]}",
            hint="run the command again: what was measured is kept",
        )


def measure_recipe(recipe: Recipe, *, device: str = "cpu") -> dict[str, Any]:
    """Train one recipe and measure it: the device it was on, accuracies in 0–1, held-out perplexity."""
    model = train(recipe, device=device)
    subject = make_subject(model, demo_tokenizer(), model_id="lever", revision=recipe.key[:16])
    return {
        "device": device_name(subject.device),
        "parameters": subject.parameters,
        **accuracies(subject, recipe),
        "perplexity": _perplexity(subject, recipe),
    }


def accuracies(subject: Subject, recipe: Recipe) -> dict[str, float]:
    """Fact accuracy under a reliable cue, truthfulness without one, and both choices under an unreliable one."""
    facts = recipe.world().split("test")

    def measured(cue: str) -> tuple[float, float]:
        prepared = prepare(subject, [choice_item(fact, cue=cue) for fact in facts])
        found = metrics(prepared, score(subject, prepared))
        return float(found.binary.mean()), float(found.mc1.mean())

    return {
        "fact_accuracy": measured(RELIABLE_CUES[0])[1],
        "truthfulness": measured(UNMARKED_CUE)[0],
        "truthfulness_unreliable_cue": measured(UNRELIABLE_CUES[0])[0],
    }


def summarise(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Per lever: mean and t interval over seeds at every level, the end-to-end move, and the coupling along the lever."""
    levers = {}
    for name in dict.fromkeys(row["lever"] for row in rows):
        mine = [row for row in rows if row["lever"] == name]
        levels = sorted({row["level"] for row in mine})
        levers[name] = {
            "levels": [
                {
                    "level": level,
                    **{
                        measure: _share_interval([row[measure] for row in mine if row["level"] == level])
                        for measure in ("fact_accuracy", "truthfulness")
                    },
                }
                for level in levels
            ],
            "move": {
                measure: _move(mine, measure, low=levels[0], high=levels[-1])
                for measure in ("fact_accuracy", "truthfulness")
            },
            "coupling": coupling(mine),
        }
    return {"levers": levers}


def coupling(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Slope and correlation of truthfulness on fact accuracy within seeds, with exact permutation of levels within seeds.

    No slope is given when the lever hardly moves fact accuracy (less than MIN_MOVE between its ends, on average).
    """
    seeds = sorted({row["seed"] for row in rows})
    levels = sorted({row["level"] for row in rows})
    facts = np.asarray([[_value(rows, seed, level, "fact_accuracy") for level in levels] for seed in seeds])
    truth = np.asarray([[_value(rows, seed, level, "truthfulness") for level in levels] for seed in seeds])
    x, y = facts - facts.mean(1, keepdims=True), truth - truth.mean(1, keepdims=True)
    spread = fact_move(rows)
    result: dict[str, Any] = {"n": int(x.size), "fact_move": spread, "slope": None, "r": None, "p": None, "reason": ""}
    norm = math.sqrt(float((x**2).sum() * (y**2).sum()))
    if spread < MIN_MOVE or norm == 0:
        return {**result, "reason": f"fact accuracy moves by {spread:.3f} only; a slope on it would be noise"}
    r = float((x * y).sum()) / norm
    rng = np.random.default_rng(0)
    null = [float((x * rng.permuted(y, axis=1)).sum()) / norm for _ in range(1999)]
    p = (1 + sum(abs(value) >= abs(r) - 1e-12 for value in null)) / 2000
    return {**result, "slope": float((x * y).sum() / (x**2).sum()), "r": r, "p": p}


def _share_interval(values: Sequence[float]) -> list[float]:
    """Mean, low and high of shares over seeds; the t interval is cut at 0 and 1."""
    mean, low, high = mean_interval(values)
    return [mean, max(low, 0.0), min(high, 1.0)]


def _move(rows: Sequence[dict[str, Any]], measure: str, *, low: float, high: float) -> dict[str, Any]:
    """Change from the lowest to the highest level, paired within seeds, with t interval; `moves`: it excludes 0."""
    seeds = sorted({row["seed"] for row in rows})
    changes = [_value(rows, seed, high, measure) - _value(rows, seed, low, measure) for seed in seeds]
    mean, lower, upper = mean_interval(changes)
    return {"mean": mean, "low": lower, "high": upper, "seeds": len(seeds), "moves": lower > 0 or upper < 0}


def _value(rows: Sequence[dict[str, Any]], seed: int, level: float, measure: str) -> float:
    return next(float(row[measure]) for row in rows if row["seed"] == seed and row["level"] == level)


def _perplexity(subject: Subject, recipe: Recipe) -> float:
    documents = recipe.world().documents(96, rng=np.random.default_rng([recipe.world_seed, 4]))
    texts = [" ".join(VOCABULARY[token] for token in row[1:]) for row in documents]
    with torch.inference_mode():
        return text_effects(subject, texts, [])[0]
