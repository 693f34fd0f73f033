"""The cascade of transitions and the papers' physics quantities under plain names."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from generator.analysis.cascade import cascade, discriminating_along, gamma_power, internal_drop, saturation_shift
from generator.analysis.coupling import gamma_table
from generator.analysis.quantities import (
    distance_exponent,
    exponential_constant,
    fixed_point,
    kink_profile,
    model_chain,
    sensitivity,
    turning_number,
)
from tests.analysis.tables import LOSS, PYTHIA_SIZES, base_panel, frontier_panel, make_panel

HS, TQA = "hellaswag", "truthfulqa"


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(10)


def internal(rows: list[tuple[str, float, float, str]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["family", "params", "coupling", "method"])
    return table.assign(model=[f"{row[0]}-{row[1]:.0f}" for row in rows])


def test_all_four_transitions_have_claim_test_power_and_verdict(rng: np.random.Generator) -> None:
    found = cascade(base_panel(), frontier_panel(), rng=rng, resamples=300)
    assert [transition.id for transition in found] == ["Nc1", "Nc2", "Nc3", "Nc4"]
    for transition in found:
        assert transition.verdict in ("shown", "not shown", "cannot be told")
        assert transition.reading
        json.dumps(transition.as_dict(), allow_nan=False)
    assert found[1].verdict == found[3].verdict == "cannot be told"


def test_numbers_of_two_scripts_are_not_compared() -> None:
    table = internal(
        [
            ("opt", 13e9, 0.876, "heads"),
            ("opt", 30e9, 0.356, "units"),
            ("olmo-2", 13e9, 0.165, "units"),
            ("olmo-2", 32e9, 0.222, "units"),
        ]
    )
    transition = internal_drop(table)
    assert transition.test.n == 1
    assert transition.test.estimate == pytest.approx(0.057)
    assert transition.verdict == "cannot be told"
    assert transition.test.p == {}


def test_five_families_that_all_fall_show_the_drop_and_mixed_ones_do_not() -> None:
    falling = internal([(f"f{i}", size, value, "m") for i in range(5) for size, value in ((13e9, 0.9), (70e9, 0.2))])
    assert internal_drop(falling).verdict == "shown"
    mixed = internal(
        [(f"f{i}", size, value * (-1) ** i, "m") for i in range(5) for size, value in ((13e9, 0.9), (70e9, 0.2))]
    )
    assert internal_drop(mixed).verdict == "not shown"
    assert internal_drop(None).test.estimate is None


def test_a_saturated_axis_with_a_live_successor_is_a_shift() -> None:
    index = [f"m{i:02d}" for i in range(12)]
    scores = pd.DataFrame(
        {"swe-bench-verified": np.linspace(80, 81, 12), "ifeval": np.linspace(30, 90, 12)}, index=index
    )
    panel = make_panel(scores, pd.DataFrame(index=index))
    shift = saturation_shift(panel)
    assert shift.verdict == "shown"
    still = scores.assign(**{"swe-bench-verified": np.linspace(20, 90, 12)})
    assert saturation_shift(make_panel(still, panel.models)).verdict == "not shown"
    quiet = scores.assign(ifeval=np.linspace(80, 81, 12))
    assert saturation_shift(make_panel(quiet, panel.models)).verdict == "not shown"
    assert saturation_shift(frontier_panel()).verdict == "cannot be told"


def test_power_grows_with_the_coupling_looked_for() -> None:
    table = gamma_table(base_panel(), HS, TQA)
    small, large = gamma_power(table, gamma=0.1), gamma_power(table, gamma=2.0)
    assert small is not None
    assert large is not None
    assert 0.05 < small < 0.3 < large < 1
    assert gamma_power(table.iloc[:0]) is None


def test_the_axis_that_discriminates_is_named_per_size() -> None:
    table = discriminating_along(base_panel(), [HS, TQA, "mmlu"], bins=3)
    assert table.groupby("low")["best"].sum().eq(1).all()
    assert (table["signal"] > 0).all()
    assert discriminating_along(frontier_panel(), ["gpqa-diamond"], along="released", bins=2)["best"].all()
    assert discriminating_along(base_panel(), [], bins=3).empty
    with pytest.raises(ValueError, match="allowed params, released"):
        discriminating_along(base_panel(), [HS], along="colour")


def test_sensitivity_is_unbounded_where_zero_is_within_the_noise() -> None:
    table = sensitivity(gamma_table(base_panel(), HS, TQA))
    assert (table["sensitivity"] * table["gamma"].abs()).to_numpy() == pytest.approx(1)
    assert table["high"].isna().equals(~table["bounded"])
    assert table["bounded"].sum() == gamma_table(base_panel(), HS, TQA)["resolved"].sum()


def test_the_opt_growth_law_runs_away_from_its_fixed_point_on_one_degree_of_freedom() -> None:
    statistic = fixed_point([125e6, 1.3e9, 6.7e9, 13e9], [0.514, 0.645, 0.741, 0.876])
    assert statistic.estimate == pytest.approx(0.53, abs=0.005)
    assert statistic.details["slope"] == pytest.approx(1.49, abs=0.005)
    assert statistic.details["intercept"] == pytest.approx(-0.79, abs=0.005)
    assert statistic.details["df"] == 1
    assert statistic.details["attracting"] is False
    assert statistic.interval is None


def test_a_relaxing_series_has_an_attracting_fixed_point_with_an_interval(rng: np.random.Generator) -> None:
    log_n = np.linspace(8, 11, 12)
    series = 0.7 - 0.5 * np.exp(-1.2 * (log_n - 8)) + rng.normal(0, 0.002, 12)
    statistic = fixed_point(10**log_n, series)
    assert statistic.details["attracting"]
    assert statistic.interval is not None
    assert (statistic.interval.low or 0) < 0.7 < (statistic.interval.high or 0)
    assert "4 are needed" in fixed_point([1, 2, 3], [1, 2, 3]).reason
    assert "does not move" in fixed_point([1, 2, 3, 4], [1, 1, 1, 1]).reason


def test_the_exponential_constant_is_recovered_and_has_its_rival_beside_it() -> None:
    sizes = 10 ** np.linspace(8, 11, 9)
    statistic = exponential_constant(sizes, 3 * np.exp(-20 / np.log10(sizes)))
    assert statistic.estimate == pytest.approx(20)
    assert statistic.details["prefactor"] == pytest.approx(3)
    assert statistic.baselines["R² of a power law"] < 1
    assert exponential_constant([1e8, 1e9], [0.0, 1.0]).estimate is None


def test_a_kink_is_found_where_it_is_and_not_where_there_is_none(rng: np.random.Generator) -> None:
    log_n = np.linspace(8, 11, 13)
    bent = np.where(log_n > 9.5, 3 * (log_n - 9.5), 0) + rng.normal(0, 0.05, 13)
    statistic = kink_profile(10**log_n, bent, rng=rng)
    assert np.log10(statistic.estimate or 1) == pytest.approx(9.5, abs=0.26)
    assert statistic.p["largest F"] < 0.01
    pythia = base_panel().family("pythia", (HS, TQA))
    assert kink_profile(pythia["params"], pythia[TQA], rng=rng).p["largest F"] > 0.1
    assert kink_profile(PYTHIA_SIZES[:4], LOSS[:4], rng=rng).estimate is None
    assert kink_profile(PYTHIA_SIZES, np.log10(PYTHIA_SIZES), rng=rng).reason == "the points lie on a line"


def test_kink_p_is_uniform_under_a_straight_line(rng: np.random.Generator) -> None:
    p = [kink_profile(PYTHIA_SIZES, rng.normal(size=8), rng=rng, resamples=199).p["largest F"] for _ in range(300)]
    assert np.mean(np.array(p) <= 0.1) == pytest.approx(0.1, abs=0.06)


def test_a_square_turns_by_three_quarters() -> None:
    statistic = turning_number([0, 1, 1, 0, 0], [0, 0, 1, 1, 0])
    assert statistic.estimate == pytest.approx(0.75)
    assert turning_number([0, 1, 1, 0, 0], [0, 0, -1, -1, 0]).estimate == pytest.approx(-0.75)
    assert turning_number([0, 1], [0, 1]).estimate is None


def test_the_distance_exponent_is_recovered_and_compared_with_the_claim() -> None:
    sizes = np.array([0.1e9, 1e9, 2e9, 3e9, 3.4e9, 3.49e9, 9e9])
    field = 5 * (3.5e9 - np.minimum(sizes, 3.4999e9)) ** 1.5
    statistic = distance_exponent(sizes, field, 3.5e9)
    assert statistic.estimate == pytest.approx(1.5)
    assert statistic.n == 6
    assert statistic.details["claimed_inside"]
    assert "4 are needed" in distance_exponent(sizes[:3], field[:3], 3.5e9).reason


def test_the_chain_of_models_says_n_and_degrees_of_freedom_beside_the_mean() -> None:
    names = [f"pythia-{size}" for size in ("70m", "160m", "410m", "1b", "1.4b", "2.8b", "6.9b", "12b")]
    table = model_chain(base_panel(), HS, TQA, loss=pd.Series(LOSS, index=names)).set_index("level")
    assert list(table.index) == ["L0", "L1", "L2", "L3", "L4"]
    assert (table["n"] - table["parameters"] == table["df"]).all()
    assert table.loc["L0", "error"] < 0.02
    assert table.loc["L2", "error"] > 0.95 * table.loc["L2", "baseline"]
    assert "L0" not in model_chain(base_panel(), HS, TQA)["level"].tolist()


def test_an_offset_a_family_leaves_out_each_model_as_a_column_a_family_would() -> None:
    frame = base_panel().complete((HS, TQA)).dropna(subset=["params"])
    frame = frame[frame.groupby("family")["family"].transform("size") >= 2]
    columns = pd.get_dummies(frame["family"].astype(str)).to_numpy(dtype=float)
    design = np.column_stack([columns, np.log10(frame["params"].to_numpy(dtype=float)), frame[HS].to_numpy()])
    y = frame[TQA].to_numpy(dtype=float)
    errors = []
    for row in range(len(y)):
        others = np.arange(len(y)) != row
        beta, *_ = np.linalg.lstsq(design[others], y[others], rcond=None)
        errors.append(abs(design[row] @ beta - y[row]) / y[row])
    row = model_chain(base_panel(), HS, TQA).set_index("level").loc["L4"]
    assert row["error"] == pytest.approx(np.mean(errors), rel=1e-9)
    assert row["parameters"] == design.shape[1]
