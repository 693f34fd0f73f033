"""Isoclines: published calibrations, who lies below, and how well the side predicts the sign of γ12."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from generator.analysis.coupling import gamma_table
from generator.analysis.isocline import (
    PAPER_KAPPA,
    calibrate,
    calibrations,
    frontier_isocline,
    isocline,
    isocline_table,
    sign_prediction,
    wilson,
)
from generator.analysis.line import fit_line
from tests.analysis.tables import base_panel, family_panel, frontier_panel

HS, TQA, SWE, GPQA = "hellaswag", "truthfulqa", "swe-bench-verified", "gpqa-diamond"


@pytest.mark.parametrize(
    ("hs", "tqa", "kappa"),
    [(62.5, 36.0, 0.20736), (76.4, 36.0, 0.16963), (69.45, 36.0, 0.18661), (69.45, 31.1, 0.13927)],
)
def test_calibrations_of_the_papers_boundary_model(hs: float, tqa: float, kappa: float) -> None:
    assert calibrate(hs, tqa).value == pytest.approx(kappa, abs=5e-6)


def test_the_released_olmo_rows_bracket_the_published_value_and_their_noise_is_wider_than_its_claimed_error() -> None:
    table = calibrations(base_panel(), HS, TQA, ["olmo-1b", "olmo-7b"])
    assert table["kappa"].min() < PAPER_KAPPA < table["kappa"].max()
    mean = (calibrate(63.5, 36.4).value * 63.5 + calibrate(78.0, 35.7).value * 78.0) / (63.5 + 78.0)
    assert mean == pytest.approx(0.18369, abs=5e-4)
    assert ((table["high"] - table["low"]) / table["kappa"] > 0.2).all()


def test_calibration_error_agrees_with_simulation() -> None:
    rng = np.random.default_rng(0)
    draws = (rng.normal(36, 1.5, 100_000) / 100) ** 2 / (rng.normal(70, 0.5, 100_000) / 100)
    kappa = calibrate(70, 36, se_x=0.5, se_y=1.5)
    assert kappa.stderr == pytest.approx(draws.std(), rel=0.02)
    assert calibrate(70, 36).stderr is None
    with pytest.raises(ValueError, match="positive scores"):
        calibrate(0, 36)


def test_the_isocline_is_the_square_root_on_fractions() -> None:
    assert float(isocline(0.187, 76.4)) == pytest.approx(37.8, abs=0.05)
    assert isocline(0.5, np.array([0.0, 50.0])).tolist() == pytest.approx([0, 50])


def test_only_claude_3_5_haiku_lies_below_the_swe_isocline() -> None:
    statistic = frontier_isocline(frontier_panel(), SWE, GPQA)
    assert [row["model"] for row in statistic.details["below"]] == ["claude-3.5-haiku"]
    assert statistic.details["below"][0]["critical"] == pytest.approx(45.64, abs=0.01)
    given = frontier_isocline(frontier_panel(), GPQA, "ifeval", kappa=0.97)
    below = {row["model"]: row["critical"] for row in given.details["below"]}
    assert below["minimax-m2.5"] == pytest.approx(90.9, abs=0.02)
    assert below["claude-opus-4.6"] == pytest.approx(94.11, abs=0.01)
    assert "no derivation" in given.details["note"]
    assert frontier_isocline(frontier_panel("none"), SWE, GPQA).estimate is None


def test_the_ifeval_line_is_the_recomputed_one() -> None:
    table = frontier_panel().complete((GPQA, "ifeval")).astype({"ifeval": float})
    # the published fit used 85.0 for MiniMax M2.5, the value of the papers' second list
    table.loc["minimax-m2.5", GPQA] = 85.0
    line = fit_line(table[GPQA].to_numpy(), table["ifeval"].to_numpy())
    assert (line.slope, line.intercept) == (pytest.approx(0.96755, abs=5e-6), pytest.approx(6.8077, abs=5e-5))


def test_a_side_is_known_only_beyond_the_sampling_error() -> None:
    table = isocline_table(frontier_panel(), GPQA, "ifeval", 0.97).set_index("model")
    assert not table.loc["claude-opus-4.6", "side_known"]
    assert table["margin"].is_monotonic_increasing


def test_sign_predictions_of_the_papers_families() -> None:
    table = gamma_table(base_panel(), HS, TQA)
    statistic = sign_prediction(base_panel(), table, PAPER_KAPPA)
    families = statistic.details["families"]
    assert (families["opt"], families["bloom"], families["cerebras-gpt"]) == ([6, 7], [4, 5], [5, 6])
    confusion = statistic.details["confusion"]
    assert sum(sum(row.values()) for row in confusion.values()) == statistic.n == 43
    assert statistic.estimate == pytest.approx(
        (confusion["negative"]["negative"] + confusion["positive"]["positive"]) / 43
    )
    assert statistic.baselines["always negative"] == pytest.approx(26 / 43)
    assert statistic.baselines["always negative"] + statistic.baselines["always positive"] == pytest.approx(1)


def test_the_other_orientation_is_right_where_this_one_is_wrong() -> None:
    table = gamma_table(base_panel(), HS, TQA)
    one, two = (
        sign_prediction(base_panel(), table, PAPER_KAPPA, orientation=o) for o in ("above-is-tax", "above-is-bonus")
    )
    assert (one.estimate or 0) + (two.estimate or 0) == pytest.approx(1)
    ended = sign_prediction(base_panel(), table, PAPER_KAPPA, at="end", zero="positive")
    assert ended.baselines["always negative"] == pytest.approx(25 / 43)
    with pytest.raises(ValueError, match="orientation 'sideways'"):
        sign_prediction(base_panel(), table, PAPER_KAPPA, orientation="sideways")


def test_no_intervals_give_a_reason() -> None:
    panel = family_panel([40], [40])
    assert sign_prediction(panel, gamma_table(panel, HS, TQA), PAPER_KAPPA).reason == "no usable intervals"


def test_wilson_agrees_with_scipy() -> None:
    ours = wilson(38, 40)
    theirs = scipy.stats.binomtest(38, 40).proportion_ci(method="wilson")
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high))
    assert wilson(0, 5).low == 0
