"""Coupling along the levers: the share carried over against size, and slopes with intervals over seeds."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from generator.steering.lever_coupling import against_size, carried_over, fact_move


def grid_rows(*, per_doubling: float, wobble: float = 0.01, known: tuple[float, ...] = (0.5, 0.7, 0.9)) -> list[dict]:
    """Three seeds of a lever that doubles the size from level to level."""
    return [
        {
            "lever": "width", "level": 2**step, "seed": seed, "parameters": 1000 * 2**step, "fact_accuracy": facts,
            "truthfulness": facts * (0.4 + (per_doubling + wobble * (seed - 1)) * step),
        }
        for seed in (0, 1, 2) for step, facts in enumerate(known)
    ]  # fmt: skip


def test_the_slope_on_size_is_the_change_for_each_doubling_averaged_over_seeds_with_a_t_interval() -> None:
    found = against_size(grid_rows(per_doubling=0.2))["width"]["on_size"]
    assert found["slope"] == pytest.approx(0.2)
    assert found["high"] - found["slope"] == pytest.approx(4.302653 * 0.01 / math.sqrt(3), rel=1e-5)
    assert found["seeds"] == 3


def test_a_point_is_truthfulness_over_fact_accuracy_with_every_seed_beside_it() -> None:
    points = against_size(grid_rows(per_doubling=0.2))["width"]["points"]
    assert [point["carried_over"] for point in points] == pytest.approx([0.4, 0.6, 0.8])
    assert [one["carried_over"] for one in points[2]["seeds"]] == pytest.approx([0.78, 0.8, 0.82])
    assert carried_over({"fact_accuracy": 0.0, "truthfulness": 0.5}) is None


def test_the_slope_on_facts_is_left_out_where_the_lever_hardly_moves_them() -> None:
    rows = grid_rows(per_doubling=0.2, known=(0.9, 0.9, 0.91))
    found = against_size(rows)["width"]
    assert fact_move(rows) == pytest.approx(0.01)
    assert found["on_facts"]["slope"] is None
    assert "moves by 1.00 pp, under the 2 pp" in found["on_facts"]["reason"]
    assert found["on_size"]["slope"] is not None


def test_the_slope_on_size_is_left_out_where_the_size_stays() -> None:
    rows = [{**row, "parameters": 1000} for row in grid_rows(per_doubling=0.2)]
    found = against_size(rows)["width"]
    assert found["on_size"] == {
        "slope": None, "low": None, "high": None, "seeds": 0,
        "reason": "this lever leaves the size of the network as it is",
    }  # fmt: skip
    assert found["on_facts"]["slope"] > 0


def test_the_committed_levers_agree_with_the_coupling_in_their_file() -> None:
    kept = json.loads((Path(__file__).resolve().parents[2] / "data/steering/levers/small.json").read_text())
    found = against_size(kept["rows"])
    assert found.keys() == kept["levers"].keys()
    for name, lever in kept["levers"].items():
        assert (found[name]["on_facts"]["slope"] is None) == (lever["coupling"]["slope"] is None)
