"""Levers: one thing varied at a time, planted couplings found, and no slope where there is nothing to put one on."""

from __future__ import annotations

import json
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from generator.core import CapewatchError
from generator.steering import levers
from generator.steering.levers import GRIDS, Grid, Lever, coupling, grid_recipes, measure_recipe, run_grid, summarise
from generator.steering.train import Recipe


def rows(*, slope: float, move: float = 0.4, noise: float = 0.01, seeds: int = 3) -> list[dict[str, Any]]:
    rng = np.random.default_rng(0)
    return [
        {
            "lever": "width",
            "level": float(level),
            "seed": seed,
            "fact_accuracy": 0.5 + move * level / 3 + noise * rng.standard_normal(),
            "truthfulness": 0.4 + 0.1 * seed + slope * move * level / 3 + noise * rng.standard_normal(),
        }
        for seed in range(seeds)
        for level in range(4)
    ]


@pytest.mark.parametrize("grid", GRIDS)
def test_every_lever_changes_its_own_fields_and_keeps_the_centre_among_its_levels(grid: str) -> None:
    allowed = {
        "width": {"width"},
        "depth": {"blocks"},
        "unreliable documents": {"unmarked_unreliable_share", "unreliable_share"},
        "steps": {"steps"},
    }
    centre = GRIDS[grid].centre
    for lever in GRIDS[grid].levers:
        recipes = [lever.change(centre, level) for level in lever.levels]
        assert centre in recipes
        for recipe in recipes:
            changed = {f.name for f in fields(Recipe) if getattr(recipe, f.name) != getattr(centre, f.name)}
            assert changed <= allowed[lever.name]


def test_the_large_grid_reaches_a_hundred_million_parameters_and_every_width_divides_into_heads() -> None:
    sizes = []
    for _, _, recipe in grid_recipes(GRIDS["large"], seeds=[0]):
        assert recipe.width % recipe.heads == 0
        assert int(recipe.width // recipe.heads * 0.25) % 2 == 0
        sizes.append(12 * recipe.width**2 * recipe.blocks)
    assert 80e6 < max(sizes) < 160e6


@pytest.mark.parametrize("slope", [0.8, -0.8])
def test_a_planted_coupling_is_found_with_its_sign(slope: float) -> None:
    found = coupling(rows(slope=slope))
    assert found["slope"] == pytest.approx(slope, abs=0.1)
    assert found["p"] < 0.01


def test_differences_between_seeds_do_not_count_as_coupling() -> None:
    found = coupling(rows(slope=0.0, noise=0.02))
    assert abs(found["slope"]) < 0.3
    assert found["p"] > 0.05


def test_a_lever_that_does_not_move_fact_accuracy_gets_a_reason_and_no_slope() -> None:
    found = coupling(rows(slope=1.0, move=0.005, noise=0.0))
    assert found["slope"] is None
    assert "a slope on it would be noise" in found["reason"]


def test_the_move_is_paired_within_seeds() -> None:
    found = summarise(rows(slope=0.5, noise=0.0))["levers"]["width"]["move"]["truthfulness"]
    assert found["mean"] == pytest.approx(0.2)
    assert found["moves"]
    assert found["seeds"] == 3


def tiny_grid() -> Grid:
    centre = Recipe(width=32, blocks=1, heads=4, seed=0, steps=4, warm_up=2)
    return Grid("tiny", centre, (Lever("steps", (2, 4), levers._steps), Lever("depth", (1, 2), levers._depth)))


def test_an_interrupted_grid_goes_on_and_the_centre_is_trained_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained: list[Recipe] = []

    def measured(recipe: Recipe, *, device: str) -> dict[str, float]:
        if len(trained) == 4:
            trained.append(recipe)
            raise KeyboardInterrupt
        trained.append(recipe)
        return {"fact_accuracy": 0.1 * len(trained), "truthfulness": 0.5, "parameters": 1, "perplexity": 2.0}

    monkeypatch.setattr(levers, "measure_recipe", measured)
    with pytest.raises(KeyboardInterrupt):
        run_grid(tiny_grid(), seeds=(0, 1, 2), scratch=tmp_path)
    found = run_grid(tiny_grid(), seeds=(0, 1, 2), scratch=tmp_path)
    assert len(trained) == 3 * 3 + 1
    assert len(set(trained)) == 9
    assert len(found["rows"]) == 12


def test_several_workers_measure_what_one_does(tmp_path: Path) -> None:
    reports: list[str] = []
    one = run_grid(tiny_grid(), seeds=(0, 1, 2), scratch=tmp_path / "one")
    two = run_grid(tiny_grid(), seeds=(0, 1, 2), scratch=tmp_path / "two", workers=2, report=reports.append)
    assert two == one
    assert len(reports) == 9
    assert all(report.endswith("done") for report in reports)


def test_a_worker_that_fails_takes_no_other_with_it(tmp_path: Path) -> None:
    good = tiny_grid()
    broken = replace(
        good, levers=(*good.levers, Lever("width", (32, 33), lambda recipe, level: replace(recipe, width=int(level))))
    )
    with pytest.raises(CapewatchError, match=r"3 of 12 networks were not measured, e\.g\. width 33"):
        run_grid(broken, seeds=(0, 1, 2), scratch=tmp_path, workers=2)
    assert len(list(tmp_path.iterdir())) == 9


def test_fewer_than_three_seeds_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CapewatchError, match="2 seeds, intervals over seeds need at least 3"):
        run_grid(tiny_grid(), seeds=(0, 1), scratch=tmp_path)


def test_a_recipe_is_measured_on_facts_truth_and_perplexity() -> None:
    found = measure_recipe(tiny_grid().centre)
    measures = {"fact_accuracy", "truthfulness", "truthfulness_unreliable_cue", "perplexity"}
    assert set(found) == {"device", "parameters", *measures}
    assert found["device"] == "cpu"
    assert 0 <= found["fact_accuracy"] <= 0.3
    assert 50 < found["perplexity"] < 400


def test_committed_levers_are_summarised_from_their_rows() -> None:
    path = Path(__file__).resolve().parents[2] / "data" / "steering" / "levers" / "small.json"
    kept = json.loads(path.read_text())
    assert kept["levers"] == json.loads(json.dumps(summarise(kept["rows"])["levers"]))
    assert kept["centre"] == asdict(GRIDS["small"].centre)
    assert len(kept["seeds"]) >= 3
    expected = [
        (lever, level, recipe.seed) for lever, level, recipe in grid_recipes(GRIDS["small"], seeds=kept["seeds"])
    ]
    assert [(row["lever"], row["level"], row["seed"]) for row in kept["rows"]] == expected
