"""Local coupling: Fieller sets, phases, intervals of a family and what is odd about them."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.analysis.coupling import (
    GAMMA_COLUMNS,
    family_coupling,
    fieller,
    gamma_phase,
    gamma_table,
    paired_difference,
    phase_probabilities,
    running_coupling,
    size_orders,
)
from tests.analysis.tables import base_panel, family_panel, make_panel

HS, TQA = "hellaswag", "truthfulqa"


@pytest.fixture
def table() -> pd.DataFrame:
    return gamma_table(base_panel(), HS, TQA)


def test_pythia_has_seven_couplings_none_positive(table: pd.DataFrame) -> None:
    gammas = table.loc[table["family"] == "pythia", "gamma"]
    assert gammas.round(2).tolist() == [-0.68, -0.33, -0.26, 0.0, -0.42, -0.79, -0.3]


def test_the_table_has_its_documented_columns_and_no_missing_text(table: pd.DataFrame) -> None:
    assert list(table.columns) == list(GAMMA_COLUMNS)
    assert table["usable"].dtype == bool
    assert not table[["family", "model_from", "model_to", "shape", "phase", "note"]].isna().any().any()


def test_models_of_one_size_are_reported_and_not_used(table: pd.DataFrame) -> None:
    gemma = table[table["family"] == "gemma"].iloc[0]
    assert gemma["gamma"] == pytest.approx(-5.4286, abs=1e-4)
    assert gemma["note"] == "same size"
    assert not gemma["usable"]
    merged = gamma_table(base_panel(), HS, TQA, families=["llama-3"], repeated="mean")
    assert len(merged) == 1
    assert merged["model_from"].iloc[0] == "llama-3-8b + llama3-8b"
    assert merged["usable"].all()


def test_a_change_is_resolved_beyond_1_96_standard_errors_of_the_difference() -> None:
    for dy, resolved in ((4.1, False), (4.3, True), (-4.3, True)):
        assert fieller(30.0, dy, 0.01, math.sqrt(2) * 1.5).resolved is resolved


def test_fieller_is_the_normal_interval_when_the_denominator_is_exact() -> None:
    ratio = fieller(2.0, 3.0, 0.0, 0.5)
    assert ratio.shape == "interval"
    assert (ratio.low, ratio.high) == pytest.approx((1.5 - 1.96 * 0.25, 1.5 + 1.96 * 0.25), abs=1e-4)


def test_a_denominator_within_its_noise_gives_an_unbounded_set() -> None:
    everything = fieller(0.1, 0.2, 1.0, 1.0)
    assert everything.shape == "all"
    assert everything.interval().low is None
    rays = fieller(0.5, 9.0, 1.0, 1.0)
    assert rays.shape == "outside"
    assert not rays.resolved


def test_fieller_covers_the_true_ratio_95_times_in_100() -> None:
    rng = np.random.default_rng(0)
    hits = 0
    for dx, dy in rng.normal((2.0, -1.0), (0.8, 0.9), size=(2_000, 2)):
        ratio = fieller(dx, dy, 0.8, 0.9)
        inside = ratio.low is not None and ratio.high is not None and ratio.low <= -0.5 <= ratio.high
        hits += {"interval": inside, "outside": not inside, "all": True}[ratio.shape]
    assert hits / 2_000 == pytest.approx(0.95, abs=0.015)


@given(st.floats(0.5, 30), st.floats(-20, 20), st.floats(0.05, 3), st.floats(0.05, 3))
@settings(max_examples=60, deadline=None)
def test_mirroring_the_second_benchmark_mirrors_coupling_interval_and_phase(
    dx: float, dy: float, sx: float, sy: float
) -> None:
    one, two = fieller(dx, dy, sx, sy), fieller(dx, -dy, sx, sy)
    assert one.shape == two.shape
    assert one.resolved == two.resolved
    if one.low is not None and one.high is not None and two.low is not None:
        assert -one.high == pytest.approx(two.low)
    tax, middle, bonus = phase_probabilities(dx, dy, sx, sy)
    mirrored = phase_probabilities(dx, -dy, sx, sy)
    assert (tax, middle, bonus) == pytest.approx(mirrored[::-1], abs=2e-3)
    assert tax + middle + bonus == pytest.approx(1)


def test_phase_bands_include_their_ends_in_the_transition() -> None:
    assert [gamma_phase(g) for g in (-0.11, -0.1, 0.1, 0.11)] == ["tax", "transition", "transition", "bonus"]
    assert phase_probabilities(10.0, -5.0, 0.0, 0.0) == (1.0, 0.0, 0.0)


def test_phase_probability_agrees_with_simulation() -> None:
    rng = np.random.default_rng(2)
    dx, dy = rng.normal(1.0, 0.9, 200_000), rng.normal(-0.3, 0.7, 200_000)
    expected = [np.mean(dy / dx < -0.1), np.mean(np.abs(dy / dx) <= 0.1), np.mean(dy / dx > 0.1)]
    assert phase_probabilities(1.0, -0.3, 0.9, 0.7) == pytest.approx(expected, abs=0.005)


def test_stated_errors_win_over_binomial_ones_and_unknown_ones_are_said() -> None:
    panel = family_panel([30, 40], [45, 43])
    errors = pd.DataFrame({HS: [0.1, 0.1], TQA: [1.5, np.nan]}, index=panel.scores.index)
    stated = gamma_table(make_panel(panel.scores, panel.models, stderr=errors), HS, TQA).iloc[0]
    assert stated["se_y_from"] == 1.5
    assert stated["se_y_to"] == pytest.approx(100 * math.sqrt(0.43 * 0.57 / 817))
    bare = gamma_table(panel.complete((HS, TQA)), HS, TQA).iloc[0]
    assert bare["note"] == "sampling error unknown"
    assert not bare["resolved"]
    assert gamma_table(panel.complete((HS, TQA)), HS, TQA, n_items={HS: 10042, TQA: 817}).iloc[0]["note"] == ""


def test_items_in_common_lower_the_error_of_a_difference() -> None:
    panel = family_panel([30, 40], [45, 43])
    apart = gamma_table(panel, HS, TQA).iloc[0]
    paired = gamma_table(panel, HS, TQA, item_correlation=0.5).iloc[0]
    assert paired["se_dy"] == pytest.approx(apart["se_dy"] * math.sqrt(0.5), rel=0.01)
    first, second = np.array([1, 0, 1, 1, np.nan]), np.array([1, 1, 1, 0, 1])
    assert paired_difference(first, second) == pytest.approx((0.0, 100 * math.sqrt(2 / 3) / 2))
    with pytest.raises(ValueError, match="1 items"):
        paired_difference(np.array([1.0]), np.array([0.0]))


def test_odd_intervals_are_named_not_crashed_on() -> None:
    falling = gamma_table(family_panel([40, 35, 35], [40, 42, 44]), HS, TQA)
    assert falling["note"].tolist() == ["B1 falls", "no change in B1: γ does not exist"]
    assert falling["usable"].tolist() == [True, False]
    assert np.isnan(falling["gamma"].iloc[1])
    assert gamma_table(family_panel([40], [40]), HS, TQA).empty
    unknown = family_panel([40, 50, 60], [40, 41, 42], sizes=[np.nan, 1e9, 2e9])
    assert len(gamma_table(unknown, HS, TQA)) == 1
    with pytest.raises(ValueError, match="allowed params"):
        gamma_table(unknown, HS, TQA, order="colour")


def test_the_order_of_models_does_not_change_the_table(table: pd.DataFrame) -> None:
    panel = base_panel()
    turned = panel.complete((HS, TQA)).iloc[::-1]
    again = gamma_table(turned, HS, TQA, n_items={HS: 10042, TQA: 817})
    pd.testing.assert_frame_equal(again, table)


def test_a_series_in_another_order_is_compared_with_that_by_size() -> None:
    panel = family_panel([30, 40, 50], [45, 43, 44])
    models = panel.models.assign(released=["2024-03", "2024-01", "2024-02"], training_flop=[1.0, 2.0, 3.0])
    orders = size_orders(make_panel(panel.scores, models), HS, TQA, "f").set_index("order")
    assert orders.loc["params", "signs"] == "−+"
    assert bool(orders.loc["training_flop", "same"])
    assert not orders.loc["released", "same"]


def test_family_r_matches_the_recomputed_values_of_the_released_table() -> None:
    found = family_coupling(base_panel(), HS, TQA, rng=np.random.default_rng(0)).set_index("family")
    expected = {
        "bloom": -0.85936,
        "cerebras-gpt": -0.98248,
        "falcon": 0.59182,
        "gpt-neo": -0.94995,
        "llama-1": 0.99958,
        "llama-2": 0.84437,
        "llama-3": 0.89907,
        "opt": -0.9704,
        "phi": 0.85635,
        "pythia": -0.98862,
        "qwen2.5": 0.97451,
    }
    assert found["r"].dropna().to_dict() == pytest.approx(expected, abs=6e-6)
    assert found.loc["yi", "reason"] == "1 model: r needs at least 3"
    assert np.isnan(found.loc["falcon", "p_permutation"])
    assert (found["p_permutation"].dropna() >= found.loc[found["p_permutation"].notna(), "p_floor"]).all()


def test_running_coupling_of_all_released_intervals(table: pd.DataFrame) -> None:
    usable = table[(table["dx"].abs() > 0.5) | ~table["usable"]]
    statistic = running_coupling(base_panel(), usable)
    assert statistic.details["r_squared"] < 0.25
    used = usable[usable["usable"]]
    slope, intercept = np.polyfit(np.log10(used["n_mid"]), used["gamma"], 1)
    assert statistic.estimate == pytest.approx(slope)
    assert statistic.details["intercept"] == pytest.approx(intercept)
    assert statistic.interval == statistic.others["clustered"]
    assert "at least 4" in running_coupling(base_panel(), table.iloc[:2]).reason
