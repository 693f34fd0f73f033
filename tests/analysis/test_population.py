"""Population coupling: published values, invariances, and what happens with too little data."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.analysis.population import (
    correlation,
    fisher_interval,
    leave_one_out,
    partial_coupling,
    population_coupling,
    range_restriction,
    ranks,
)
from generator.core import CapewatchError
from tests.analysis.tables import base_panel, family_panel, frontier_panel

SWE, GPQA = "swe-bench-verified", "gpqa-diamond"
scores = st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100)), min_size=4, max_size=30)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def frame_of(pairs: list[tuple[float, float]]) -> pd.DataFrame:
    table = pd.DataFrame(pairs, columns=["a", "b"], index=[f"m{i:02d}" for i in range(len(pairs))])
    return table.assign(lab=[f"lab{i % 4}" for i in range(len(pairs))])


def test_r_of_the_papers_tables_is_the_recomputed_one(rng: np.random.Generator) -> None:
    frontier = population_coupling(frontier_panel(), SWE, GPQA, rng=rng)
    assert frontier.estimate == pytest.approx(0.72349, abs=5e-6)
    assert frontier.p["t"] == pytest.approx(1.335e-6, rel=1e-3)
    base = population_coupling(base_panel(), "hellaswag", "truthfulqa", cluster="family", rng=rng)
    assert base.estimate == pytest.approx(0.089309, abs=5e-7)
    assert base.p["t"] == pytest.approx(0.49, abs=0.005)
    all_39 = population_coupling(frontier_panel("core", "extended", "post_cutoff"), SWE, GPQA, rng=rng)
    assert all_39.estimate == pytest.approx(0.74965, abs=5e-6)


def test_pythia_r_and_its_two_p_values(rng: np.random.Generator) -> None:
    panel = base_panel()
    pythia = panel.subset([m for m in panel.models.index if m.startswith("pythia")])
    statistic = population_coupling(pythia, "hellaswag", "truthfulqa", cluster="family", rng=rng)
    assert statistic.estimate == pytest.approx(-0.98862, abs=5e-6)
    assert statistic.p["t"] == pytest.approx(3.6508e-6, rel=1e-4)
    test = statistic.details["permutation_tests"]["permutation"]
    assert test["exact"]
    assert test["distinct"] == math.factorial(8) // 2
    assert statistic.p["permutation"] >= test["floor"]
    assert "clustered" not in statistic.others
    assert statistic.details["clustered_reason"] == "1 family: a clustered interval needs at least 3"


def test_clustered_and_plain_intervals_stand_side_by_side(rng: np.random.Generator) -> None:
    statistic = population_coupling(frontier_panel(), SWE, GPQA, rng=rng, resamples=500)
    assert set(statistic.others) == {"plain", "clustered", "clustered-bootstrap"}
    assert statistic.interval == statistic.others["clustered"]
    plain, clustered = statistic.others["plain"], statistic.others["clustered"]
    assert (clustered.high or 0) - (clustered.low or 0) > (plain.high or 0) - (plain.low or 0)
    assert statistic.track == "paper-frontier"
    assert statistic.n == len(statistic.inputs) == 34


def test_pearson_and_spearman_agree_with_scipy(rng: np.random.Generator) -> None:
    table = frontier_panel().complete((SWE, GPQA))
    rank = population_coupling(table, SWE, GPQA, method="spearman", rng=rng, resamples=200)
    theirs = scipy.stats.spearmanr(table[SWE], table[GPQA])
    assert rank.estimate == pytest.approx(theirs.statistic)
    assert rank.p["t"] == pytest.approx(theirs.pvalue)
    plain = population_coupling(table, SWE, GPQA, rng=rng, resamples=200)
    their_interval = scipy.stats.pearsonr(table[SWE], table[GPQA]).confidence_interval()
    assert plain.others["plain"].low == pytest.approx(their_interval.low)
    assert plain.others["plain"].high == pytest.approx(their_interval.high)


@given(scores, st.floats(0.01, 50), st.floats(-100, 100))
@settings(max_examples=60, deadline=None)
def test_r_does_not_change_with_unit_or_origin(pairs: list[tuple[float, float]], scale: float, shift: float) -> None:
    a, b = np.array(pairs).T
    if np.ptp(a) < 1e-3 or np.ptp(b) < 1e-3:
        return
    assert correlation(a * scale + shift, b) == pytest.approx(correlation(a, b), abs=1e-6)
    assert correlation(-a, b) == pytest.approx(-correlation(a, b), abs=1e-9)


@given(scores, st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_the_order_of_models_changes_no_estimate_interval_or_p(
    pairs: list[tuple[float, float]], random: object
) -> None:
    frame = frame_of(pairs)
    order = list(frame.index)
    random.shuffle(order)  # type: ignore[attr-defined]  # hypothesis hands out a random.Random
    one, two = (
        population_coupling(table, "a", "b", rng=np.random.default_rng(1), resamples=50)
        for table in (frame, frame.loc[order])
    )
    assert one.as_dict() == two.as_dict()


@given(scores)
@settings(max_examples=60, deadline=None)
def test_any_panel_gives_finite_numbers_or_a_reason(pairs: list[tuple[float, float]]) -> None:
    statistic = population_coupling(frame_of(pairs), "a", "b", rng=np.random.default_rng(1), resamples=40)
    assert (statistic.estimate is None) == bool(statistic.reason)
    for interval in statistic.others.values():
        assert -1 <= (interval.low or 0) <= (interval.high or 0) <= 1
    assert all(0 < p <= 1 for name, p in statistic.p.items() if name != "t")


def test_too_few_constant_and_missing_models_have_reasons(rng: np.random.Generator) -> None:
    two = frame_of([(1, 2), (3, 4)])
    assert (
        population_coupling(two, "a", "b", rng=rng).reason == "2 models have scores on a and b; at least 3 are needed"
    )
    constant = frame_of([(1, 2), (1, 4), (1, 5), (1, 6)])
    assert population_coupling(constant, "a", "b", rng=rng).reason == "a is the same for all 4 models"
    holes = frame_of([(1, 2), (np.nan, 4), (3, np.nan), (4, 5), (5, 1)])
    assert population_coupling(holes, "a", "b", rng=rng).n == 3


def test_points_on_a_line_have_r_one_and_no_interval(rng: np.random.Generator) -> None:
    statistic = population_coupling(frame_of([(i, 2 * i) for i in range(6)]), "a", "b", rng=rng)
    assert statistic.estimate == pytest.approx(1.0)
    assert statistic.interval is None
    assert "t" not in statistic.p


def test_a_missed_axis_or_cluster_says_what_there_is(rng: np.random.Generator) -> None:
    with pytest.raises(CapewatchError, match="no axis 'gpqa-diamand'"):
        population_coupling(frontier_panel(), SWE, "gpqa-diamand", rng=rng)
    with pytest.raises(CapewatchError, match="no axis 'c'"):
        population_coupling(frame_of([(1, 2)] * 4), "a", "c", rng=rng)
    with pytest.raises(CapewatchError, match="cannot cluster by 'colour'"):
        population_coupling(frame_of([(1, 2), (2, 1), (3, 5)]), "a", "b", cluster="colour", rng=rng)


def test_small_panels_show_the_measured_coverage_of_their_intervals(rng: np.random.Generator) -> None:
    statistic = population_coupling(frame_of([(i, (i * 7) % 5) for i in range(8)]), "a", "b", rng=rng)
    note = statistic.details["coverage"]["plain"]
    assert 0.8 < note["coverage"] <= 1
    assert "simulated panels" in note["text"]
    whole = population_coupling(frontier_panel(), SWE, GPQA, rng=rng, resamples=50)
    assert whole.details["coverage"] == {}


def test_leaving_out_a_lab_gives_what_a_panel_without_it_gives(rng: np.random.Generator) -> None:
    panel = frontier_panel()
    table = leave_one_out(panel, SWE, GPQA).set_index("left_out")
    others = panel.subset(list(panel.models.index[panel.models["lab"] != "anthropic"]))
    kept = others.complete((SWE, GPQA))
    assert table.loc["anthropic", "r"] == pytest.approx(correlation(kept[SWE].to_numpy(), kept[GPQA].to_numpy()))
    assert table.loc["anthropic", "slope"] == pytest.approx(np.polyfit(kept[SWE], kept[GPQA], 1)[0])
    statistic = population_coupling(panel, SWE, GPQA, rng=rng, resamples=50)
    assert statistic.details["leave_one_out"]["max"] == pytest.approx(table["r"].max())


def test_range_restriction_starts_at_the_whole_panel_and_reproduces_the_papers_subset() -> None:
    table = range_restriction(frontier_panel(), SWE, GPQA, floors=[0, 40, 99])
    assert table["r"].iloc[0] == pytest.approx(0.72349, abs=5e-6)
    assert table["r"].iloc[0] == pytest.approx(table["expected"].iloc[0])
    assert table["n"].tolist() == [34, 32, 0]
    assert table["r"].iloc[1] == pytest.approx(0.69, abs=0.005)
    assert np.isnan(table["r"].iloc[2])
    automatic = range_restriction(frontier_panel(), SWE, GPQA)
    assert (automatic["n"] >= 4).all()


def test_partial_r_agrees_with_residuals_and_reports_what_it_was_given() -> None:
    panel = base_panel()
    statistic = partial_coupling(panel, "hellaswag", "truthfulqa", given=("log_params",), cluster="family")
    table = panel.complete(("hellaswag", "truthfulqa"))
    size = np.log10(table["params"].to_numpy(dtype=float))
    residuals = [
        table[axis] - np.polyval(np.polyfit(size, table[axis], 1), size) for axis in ("hellaswag", "truthfulqa")
    ]
    r = scipy.stats.pearsonr(*residuals).statistic
    assert statistic.estimate == pytest.approx(r)
    df = len(table) - 3
    assert statistic.p["t"] == pytest.approx(2 * scipy.stats.t.sf(abs(r) * math.sqrt(df / (1 - r * r)), df))
    assert statistic.baselines["r not given anything"] == pytest.approx(0.089309, abs=5e-7)


def test_partial_r_without_the_covariate_or_without_anything_left_has_a_reason() -> None:
    assert "0 models" in partial_coupling(frontier_panel(), SWE, GPQA).reason
    table = frame_of([(i, (i * 7) % 5) for i in range(9)])
    table["c"] = table["a"] * 2 + 1
    assert partial_coupling(table, "a", "b", given=("c",)).reason == "c explain an axis completely"
    table["c"] = 4.0
    unmoved = partial_coupling(table, "a", "b", given=("c",))
    assert unmoved.estimate == pytest.approx(correlation(table["a"].to_numpy(float), table["b"].to_numpy(float)))


def test_fisher_interval_needs_a_degree_of_freedom() -> None:
    assert fisher_interval(0.5, 3) is None
    assert fisher_interval(1.0, 30) is None
    assert fisher_interval(0.5, 5, given=2) is None
    wider = fisher_interval(0.5, 20, given=3)
    assert wider is not None
    assert (wider.low or 0) < (fisher_interval(0.5, 20) or wider).low


def test_ranks_share_ties() -> None:
    values = np.array([3.0, 1.0, 3.0, 2.0])
    assert ranks(values).tolist() == scipy.stats.rankdata(values).tolist()


def test_a_single_family_still_gives_a_plain_interval(rng: np.random.Generator) -> None:
    panel = family_panel([30, 40, 55, 60], [45, 43, 40, 41])
    statistic = population_coupling(panel, "hellaswag", "truthfulqa", cluster="family", rng=rng)
    assert statistic.interval == statistic.others["plain"]
