"""Known-truth simulation: the 95 % intervals hold the truth about 95 times in 100."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from generator.analysis import coverage
from generator.analysis.coupling import gamma_table
from generator.analysis.critical_scale import pooled_critical_scale
from generator.analysis.line import fit_line
from generator.analysis.loss import power_law_exponent

HEADLINE = ("plain", "clustered")


def check(rows: list[dict], *, panels: int) -> None:
    for row in rows:
        if row["interval"].split("/")[1] in HEADLINE and row["panels"] >= panels // 2:
            slack = 3 * math.sqrt(0.95 * 0.05 / row["panels"])
            assert 0.93 - slack <= row["coverage"] <= 0.97 + slack, row


def test_headline_intervals_hold_the_truth_in_a_short_run() -> None:
    rows = coverage.measure(80, rng=np.random.default_rng(1), designs=((34, 10),), resamples=60)
    assert {row["interval"] for row in rows} >= {
        f"{name}/{kind}" for name in ("r", "slope", "d_eff") for kind in HEADLINE
    }
    check(rows, panels=80)


@pytest.mark.slow
@pytest.mark.parametrize("design", [(20, 8), (20, 20), (34, 10), (60, 15), (148, 45)])
def test_headline_intervals_hold_the_truth_in_500_panels(design: tuple[int, int]) -> None:
    check(coverage.measure(500, rng=np.random.default_rng(2), designs=(design,)), panels=500)


def test_cluster_sizes_add_up_and_fall() -> None:
    for n, groups in coverage.DESIGNS:
        sizes = coverage.cluster_sizes(n, groups)
        assert sizes.sum() == n
        assert (np.diff(sizes) <= 0).all()
        assert sizes.min() >= 1


def test_simulated_panels_have_the_correlation_they_claim() -> None:
    rng = np.random.default_rng(3)
    covariance = np.array([[1, 0.7], [0.7, 1]])
    frames = [coverage.simulated(34, 10, covariance, 0.3, rng) for _ in range(500)]
    products = [[(frame["a0"] * frame["a1"]).mean(), (frame["a0"] ** 2).mean()] for frame in frames]
    assert np.mean(products, axis=0) == pytest.approx([0.7, 1.0], abs=0.05)


def test_the_script_writes_the_table_it_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coverage, "OUTPUT", tmp_path / "coverage.json")
    monkeypatch.setattr(coverage, "DESIGNS", ((8, 4),))
    monkeypatch.setattr(coverage, "NC_SIZES", (8,))
    monkeypatch.setattr(coverage, "NC_FAMILIES", (10,))
    rows = coverage.main(8)
    assert json.loads((tmp_path / "coverage.json").read_text())["rows"] == rows


def test_prediction_intervals_hold_a_further_model_95_times_in_100() -> None:
    rng = np.random.default_rng(4)
    hits = []
    for _ in range(1_500):
        x = rng.uniform(20, 80, 21)
        y = 40 + 0.5 * x + rng.normal(0, 8, 21)
        line = fit_line(x[:20], y[:20])
        hits.append(abs(y[20] - line.at(x[20])) <= line.half_width(x[20], new=True))
    assert np.mean(hits) == pytest.approx(0.95, abs=0.02)


def test_the_interval_of_the_loss_exponent_holds_the_truth() -> None:
    rng = np.random.default_rng(5)
    sizes = np.geomspace(7e7, 1.2e10, 20)
    truth = 1.5 + 150 * sizes**-0.24
    hits = []
    for _ in range(600):
        interval = power_law_exponent(sizes, truth + rng.normal(0, 0.015, 20)).interval
        hits.append(interval is not None and (interval.low or 0) <= 0.24 <= (interval.high or 0))
    assert np.mean(hits) == pytest.approx(0.95, abs=0.027)


@pytest.mark.slow
def test_the_family_bootstrap_of_the_pooled_scale_holds_the_truth() -> None:
    rows = coverage.measure_scales(400, rng=np.random.default_rng(6), resamples=300)
    for row in rows:
        if row["interval"].startswith("pooled") and row["clusters"] >= 20:
            assert 0.92 <= row["coverage"] <= 0.98, row


def test_a_simulated_family_crosses_where_it_says() -> None:
    frame = coverage.family_with_crossing(12, 9.5, np.random.default_rng(7))
    exact = frame.assign(truthfulqa_se=1e-9, hellaswag_se=1e-9)
    table = gamma_table(exact, "hellaswag", "truthfulqa")
    assert table["usable"].all()
    slope, intercept = np.polyfit(np.log10(table["n_mid"]), table["gamma"], 1)
    assert -intercept / slope == pytest.approx(9.5, abs=1)


def test_odds_of_a_positive_coupling_are_even_at_the_simulated_scale() -> None:
    frame = coverage.families_with_flips(600, 9.5, np.random.default_rng(8))
    table = gamma_table(frame, "hellaswag", "truthfulqa")
    near = table[np.log10(table["n_mid"]).between(9.3, 9.7)]
    assert (near["gamma"] > 0).mean() == pytest.approx(0.5, abs=0.08)
    statistic = pooled_critical_scale(frame, table, rng=np.random.default_rng(9), resamples=100)
    assert math.log10(statistic.estimate or 1) == pytest.approx(9.5, abs=0.15)
