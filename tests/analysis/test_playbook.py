"""The playbook: plain arithmetic, rules of confidence, and its use on a panel."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.analysis.advice import base_coefficients, frontier_coefficients, lab_priorities, rotation
from generator.analysis.hfield import h_table
from generator.analysis.isocline import isocline
from generator.analysis.playbook import (
    MEASURE,
    as_plain,
    base_phase,
    diagnose,
    locate,
    nearest_lab,
    nearest_models,
    rotate,
)
from generator.core import CapewatchError
from tests.analysis.tables import base_panel, frontier_core, frontier_panel

SWE, GPQA = "swe-bench-verified", "gpqa-diamond"


@pytest.fixture(scope="module")
def coefficients() -> dict:
    return frontier_coefficients(frontier_panel(), SWE, GPQA)


@pytest.fixture(scope="module")
def base() -> dict:
    return base_coefficients(base_panel(), rng=np.random.default_rng(1), resamples=500)


def test_locating_a_known_model_gives_its_row_of_the_table(coefficients: dict) -> None:
    row = h_table(frontier_panel(), SWE, GPQA).loc["o1"]
    found = locate(row["x"], row["y"], coefficients)
    assert (found.h, found.pi_low, found.pi_high) == pytest.approx((row["h"], row["pi_low"], row["pi_high"]))
    assert found.label == row["label"] == "reasoning-rich"
    assert not found.extrapolated
    assert not found.outside


def test_coefficients_are_json_and_survive_it(coefficients: dict, base: dict) -> None:
    again = json.loads(json.dumps(coefficients))
    assert locate(80, 90, again) == locate(80, 90, coefficients)
    assert base_phase(50, 40, json.loads(json.dumps(base)), params=1e9) == base_phase(50, 40, base, params=1e9)


@given(st.floats(0, 100), st.floats(0, 100))
@settings(max_examples=60, deadline=None)
def test_any_pair_of_scores_is_located(coefficients: dict, x: float, y: float) -> None:
    found = locate(x, y, coefficients)
    assert found.pi_low < found.fitted < found.pi_high
    assert found.margin == pytest.approx(y - float(isocline(coefficients["kappa"], x)))
    assert (found.side == "below") == (found.margin < 0)
    json.dumps(as_plain(found), allow_nan=False)


@pytest.mark.parametrize(
    ("h", "confidence", "label"),
    [
        ([6, 7, 8], "HIGH", "reasoning-rich"),
        ([4.9, 4.0, 6.4, 6.6], "HIGH", "reasoning-rich"),
        ([1, -2, 0.5], "HIGH", "balanced"),
        ([6, 1], "MEDIUM", "balanced"),
        ([9, 8, 7, -1], "MEDIUM", "reasoning-rich"),
        ([9, -8, 7], "LOW", "balanced"),
        ([9], "LOW", "reasoning-rich"),
        ([9, -9], "LOW", "balanced"),
        ([-12, -10, -13, -0.9, -2.6, -13, 3.5], "MEDIUM", "coding-first"),
    ],
)
def test_confidence_follows_the_number_and_consistency_of_core_releases(
    h: list[float], confidence: str, label: str
) -> None:
    found = diagnose("lab", [{"h": value} for value in h])
    assert (found.confidence, found.label) == (confidence, label)
    assert found.measure == MEASURE[label]


def test_extended_releases_are_counted_and_not_averaged() -> None:
    found = diagnose("lab", [{"h": -30, "core": False}, {"h": 6}, {"h": 7}, {"h": 8}])
    assert (found.releases, found.core_releases, found.mean_h, found.confidence) == (4, 3, 7, "HIGH")
    none = diagnose("lab", [{"h": 1, "core": False}])
    assert (none.confidence, none.mean_h, none.label) == ("NONE", None, "unknown")


def test_the_labs_of_the_papers_panel_are_diagnosed() -> None:
    table = lab_priorities(frontier_panel(), SWE, GPQA, core=frontier_core()).set_index("lab")
    assert table.loc["google", "confidence"] == "HIGH"
    assert table.loc["google", "mean_h"] == pytest.approx(5.4687, abs=5e-4)
    assert table.loc["xai", "confidence"] == "NONE"
    assert table.loc["anthropic", "label"] == "coding-first"
    assert len(table) == 10


def test_rotation_names_the_axis_with_most_signal_and_what_moves_with_it() -> None:
    saturation = [
        {"axis": "a", "n": 30, "signal": 1.1},
        {"axis": "b", "n": 30, "signal": 4.0},
        {"axis": "c", "n": 3, "signal": 9.0},
        {"axis": "d", "n": 30, "signal": None},
    ]
    candidates = [
        {"candidate": "a", "co_activates": True, "r": 0.9},
        {"candidate": "d", "co_activates": True, "r": 0.7},
        {"candidate": "c", "co_activates": False, "r": 0.2},
    ]
    found = rotate(saturation, candidates)
    assert (found.active, found.saturated, found.next_axis) == ("b", ("a",), "d")
    assert rotate(saturation[:1], []).why == "no axis spreads the top models beyond twice what noise gives"
    assert rotate([], []).why == "no axis has 10 models and a known noise"


def test_rotation_of_a_panel() -> None:
    spent = rotation(frontier_panel(), [SWE, GPQA, "ifeval"])
    assert spent.active is None
    assert spent.saturated == (GPQA, SWE)
    live = rotation(base_panel(), ["hellaswag", "truthfulqa", "mmlu"])
    assert live.active is not None


def test_a_base_model_has_three_readings_that_may_disagree(base: dict) -> None:
    small = base_phase(30, 46, base, params=1e8)
    assert (small["phase"], small["by_isocline"], small["by_nc"]) == ("tax", "tax", "tax")
    assert small["agree"]
    unsized = base_phase(85, 30, base)
    assert (unsized["phase"], unsized["gamma"], unsized["by_size"]) == ("bonus", None, None)
    middle = base_phase(50, 39, base, params=1e9)
    assert not middle["agree"]
    assert middle["advice"].startswith("maximum leverage")


def test_coefficients_without_data_say_what_is_missing() -> None:
    with pytest.raises(CapewatchError, match="0 models have both scores"):
        frontier_coefficients(frontier_panel("none"), SWE, GPQA)
    with pytest.raises(CapewatchError, match="usable intervals"):
        base_coefficients(base_panel().subset(["opt-13b"]), rng=np.random.default_rng(0))


def test_nearest_labs_and_models() -> None:
    assert nearest_lab(5.0, {"b": 4.0, "a": 6.0, "c": -9}) == "a"
    assert nearest_lab(5.0, {}) is None
    models = [{"id": "far", "x": 0, "y": 0}, {"id": "b", "x": 50, "y": 51}, {"id": "a", "x": 50, "y": 49}]
    assert [row["id"] for row in nearest_models(50, 50, models, count=2)] == ["a", "b"]
