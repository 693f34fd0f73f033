"""The calculator's coefficients are the forecasts and lines they stand for."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from generator.analysis.playbook import expect_release, locate, read_pair
from generator.core import CapewatchError, canonical_json
from generator.forecasts import next_release
from generator.report.calculator import (
    ORIGIN,
    PAIR_LEAST,
    calculator_section,
    pair_lines,
    pair_models,
    release_coefficients,
    size_coefficients,
)
from tests.forecasts.panels import FIVE, family_panel, frontier_panel, with_scores

AXES = ("swe-bench-verified", "gpqa-diamond")


def test_the_release_coefficients_give_the_forecast_of_the_next_release_on_random_points() -> None:
    panel = frontier_panel()
    coefficients = release_coefficients(panel, AXES)
    rng = np.random.default_rng(5)
    for _ in range(60):
        lab = str(rng.choice(["a", "b", "c", "d", "nobody"]))
        x, day = float(rng.uniform(0, 100)), int(rng.integers(1_600, 3_000))
        found = expect_release(x, day, coefficients, lab=lab)
        asked = next_release(panel, lab, swe=x, day=ORIGIN + dt.timedelta(days=day))
        assert found["estimate"] == pytest.approx(asked.estimate, abs=1e-9)
        assert (found["low"], found["high"]) == pytest.approx((asked.interval.low, asked.interval.high), abs=1e-9)


def test_a_line_is_given_for_every_ordered_pair_that_enough_models_share() -> None:
    panel = family_panel(2, sizes=(1e9, 2e9, 4e9))
    assert {(row["x"], row["y"]) for row in pair_lines(panel)} == {(x, y) for x in FIVE for y in FIVE if x != y}
    few = with_scores(panel, panel.models.index[: 6 - PAIR_LEAST + 1], np.nan)
    assert pair_lines(few) == []


def test_only_a_pair_that_the_papers_give_an_isocline_for_has_one() -> None:
    kappas = {(row["x"], row["y"]): row["kappa"] for row in pair_lines(family_panel(3))}
    assert {pair for pair, kappa in kappas.items() if kappa is not None} == {("hellaswag", "truthfulqa")}


def test_a_pair_is_read_against_the_dated_models_of_the_lab_in_release_order() -> None:
    panel = frontier_panel()
    (coefficients,) = (row for row in pair_lines(panel) if (row["x"], row["y"]) == AXES)
    models = pair_models(panel, *AXES)
    found = read_pair(70, 60, coefficients, models, lab="a")
    assert [step["id"] for step in found["history"]] == ["a-1", "a-2", "a-3", "a-4", "a-5"]
    assert found["lab"]["mean_h"] == pytest.approx(np.mean([step["h"] for step in found["history"]]))
    assert found["stands"] == "below"
    assert found["located"]["h"] == locate(70, 60, coefficients).h
    assert read_pair(70, 60, coefficients, models, lab="nobody")["lab"] is None


def test_leaving_scores_as_they_are_is_told_beside_the_error_of_the_forecast() -> None:
    panel = family_panel(8, seed=2)
    found = size_coefficients(panel, FIVE)
    assert found["given"]["1"]["mae_pp"] < found["unchanged_pp"]
    canonical_json(found)


def test_a_forecast_that_cannot_be_made_says_why() -> None:
    panels = {"maker": frontier_panel(), "harness-v1": family_panel(2)}
    found = calculator_section(panels, frontier=("maker",), base="harness-v1", axes=AXES)
    assert [("families" in part["reason"]) for part in found["sizes"]] == [True, True]
    with pytest.raises(CapewatchError):
        release_coefficients(family_panel(2), AXES)
