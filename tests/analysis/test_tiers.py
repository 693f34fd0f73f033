"""One model at several effort settings: which observations are tiers, in which order, and the change of h between them."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest

from generator.analysis.advice import next_measurement, scale_bands
from generator.analysis.hfield import line_of
from generator.analysis.tiers import effort_panel, effort_rank, tier_table
from generator.panel import Panel
from tests.analysis.tables import make_panel

SWE, GPQA = "swe-bench-verified", "gpqa-diamond"


def observation(model: str, axis: str, value: float, effort: str = "", **more: object) -> dict[str, object]:
    return {"model": model, "axis": axis, "value": value, "stderr": 2.0, "effort": effort, "evaluator": "maker", "public": "2026-01-01",
            "chosen": False} | more  # fmt: skip


@pytest.fixture
def panel() -> Panel:
    """Four models on the line y = 40 + x / 2; the model d has GPQA at four settings and SWE at one of them."""
    scores = pd.DataFrame({SWE: [20.0, 40.0, 60.0, 70.0], GPQA: [50.0, 60.0, 70.0, 75.0]}, index=list("abcd"))
    models = pd.DataFrame(
        {"lab": ["one", "one", "two", "two"], "released": ["2024", "2025", "2024-06", None]}, index=scores.index
    )
    cells = [
        observation("d", SWE, 70.0, "max", chosen=True),
        observation("d", GPQA, 75.0, "max", chosen=True),
        observation("d", GPQA, 65.0, "Low"),
        observation("d", GPQA, 64.0, "Low", public="2025-01-01"),
        observation("d", GPQA, 71.0, "high"),
        observation("d", GPQA, 99.0, "best"),
        observation("d", GPQA, 12.0, "none", evaluator="another"),
        observation("a", GPQA, 50.0, "high", chosen=True),
        observation("a", SWE, 20.0, chosen=True),
    ]
    return replace(make_panel(scores, models), observed=partial(pd.DataFrame, cells))


def test_settings_are_ordered_by_name_and_budgets_by_number_and_best_is_no_setting() -> None:
    named = sorted(("max", "low", "xhigh", "none", "Medium"), key=lambda name: effort_rank(name) or (9, 9.0))
    assert named == ["none", "low", "Medium", "xhigh", "max"]
    assert sorted(("32K", "4k", "16K"), key=lambda name: effort_rank(name) or (9, 9.0)) == ["4k", "16K", "32K"]
    assert effort_rank("best") is None
    assert effort_rank("") is None


def test_a_tier_is_the_newest_score_of_the_evaluator_that_the_panel_uses(panel: Panel) -> None:
    tiers, groups = effort_panel(panel, SWE, GPQA)
    assert groups == {"d": ["d@low", "d@high", "d@max"]}
    assert tiers.scores[GPQA].tolist() == [65.0, 71.0, 75.0]
    assert tiers.models["x_shared"].tolist() == [True, True, False]


def test_the_change_of_h_is_taken_from_the_first_setting_against_the_line_of_the_panel(panel: Panel) -> None:
    table = tier_table(panel, SWE, GPQA).set_index("effort")
    line = line_of(panel, SWE, GPQA)
    assert line is not None
    assert table.loc["max", "h"] == pytest.approx(75.0 - line.at(70.0))
    assert table.loc["max", "dh"] == pytest.approx(table.loc["max", "h"] - table.loc["Low", "h"]) == pytest.approx(10.0)
    assert table.loc["high", "reference"] == "Low"
    assert math.isnan(table.loc["Low", "dh"])
    # one x for all settings: its error is in both and cancels
    assert table.loc["high", "se_dh"] == pytest.approx(math.hypot(2.0, 2.0))


def test_a_panel_without_settings_has_no_tiers(panel: Panel) -> None:
    assert tier_table(replace(panel, observed=lambda: panel.cells[panel.cells["chosen"]]), SWE, GPQA).empty


def test_the_next_measurement_names_the_models_that_lack_one_score_and_what_a_further_one_is_worth() -> None:
    rng = np.random.default_rng(3)
    x = np.linspace(20, 80, 9)
    scores = pd.DataFrame({SWE: x, GPQA: 40 + x / 2 + rng.normal(0, 3, 9)}, index=[f"m{i}" for i in range(9)])
    scores.loc["new", [SWE, GPQA]] = [85.0, np.nan]
    models = pd.DataFrame({"lab": "one", "released": "2025"}, index=scores.index)
    models.loc["new", "released"] = "2026-05"
    found = next_measurement(make_panel(scores, models), SWE, GPQA, "one")
    assert found["n"] == 9
    assert found["half_width_next"] < found["half_width"]
    assert found["candidates"] == [{"model": "new", "released": "2026-05", "missing": GPQA}]


def test_the_bands_meet_at_the_ends_of_the_pooled_interval_and_share_out_every_model() -> None:
    sizes = [1e8, 1e9, 5e9, 2e10, np.nan]
    scores = pd.DataFrame({SWE: [1.0] * 5, GPQA: [1.0] * 5}, index=list("abcde"))
    panel = make_panel(scores, pd.DataFrame({"params": sizes}, index=scores.index))
    gamma = pd.DataFrame({"n_mid": [3e8, 2e9, 9e9], "gamma": [-1.0, -0.5, 2.0], "resolved": [True, False, True]})
    bands = scale_bands(panel, gamma, {"pooled_nc": {"estimate": 3e9, "low": 1e9, "high": 8e9}})
    assert [(band["low"], band["high"]) for band in bands] == [(None, 1e9), (1e9, 8e9), (8e9, None)]
    assert [band["models"] for band in bands] == [1, 2, 1]
    assert [(band["negative"], band["positive"]) for band in bands] == [(1, 0), (0, 0), (0, 1)]
    assert scale_bands(panel, gamma, {"pooled_nc": None}) == []
