"""The published forecasts run as printed."""

from __future__ import annotations

import numpy as np
import pytest

from generator.core import CapewatchError
from generator.forecasts import cross_prediction, family_set, printed_equation
from tests.forecasts.panels import FIVE, base_148, family_panel, panel_of
from tests.payloads import payload_root

#: Pythia as published (percent): hellaswag, truthfulqa, arc-challenge, winogrande, mmlu.
PYTHIA = {
    0.07: (27.3, 47.1, 21.6, 51.9, 25.7),
    0.16: (30.2, 43.7, 24.1, 52.1, 24.9),
    0.41: (40.9, 41.0, 26.2, 53.3, 27.3),
    1.0: (47.6, 38.9, 29.1, 53.6, 25.7),
    1.4: (52.0, 38.7, 32.7, 57.3, 25.6),
    2.8: (60.7, 35.6, 36.3, 60.2, 26.8),
    6.9: (67.1, 35.2, 41.3, 64.1, 26.5),
    12.0: (70.3, 33.0, 41.4, 66.5, 25.6),
}


def _pythia(extra: list[dict[str, object]] | None = None):
    rows = [
        {"id": f"pythia-{size:05.2f}b", "lab": "e", "family": "pythia", "params": size * 1e9}
        | dict(zip(FIVE, scores, strict=True))
        for size, scores in PYTHIA.items()
    ]
    return family_set(panel_of([*rows, *(extra or [])], FIVE))


def test_the_printed_equation_leaves_the_range() -> None:
    found = printed_equation(_pythia())
    assert found["above_100"] == "pythia-01.40b"
    assert found["largest"] == pytest.approx(150, abs=5)
    assert found["rate_mean"] == pytest.approx(0.55, abs=0.03)
    assert found["observed_rate_mean"] == pytest.approx(0.19, abs=0.02)
    assert found["outcome"].startswith("past 100 % from pythia-01.40b on")


def test_on_the_recorded_models_it_leaves_the_range_too() -> None:
    root = payload_root()
    if root is None or not (root / "obsscaling").is_dir():
        pytest.skip("no recorded payloads (CAPEWATCH_PAYLOADS)")
    assert printed_equation(family_set(base_148(root)))["largest"] > 140


def test_a_quadratic_cross_prediction_is_judged_beside_persistence_and_the_ode() -> None:
    exact = [
        {"id": f"{family}-{size}", "lab": family, "family": family, "params": size * 1e9}
        | dict.fromkeys(FIVE, 40 + 5 * np.log10(size) + 3 * np.log10(size) ** 2)
        for family in ("llama-1", "llama-2")
        for size in (7, 13, 70)
    ]
    families = family_set(panel_of(exact, FIVE))
    found = cross_prediction(families, train=("llama-1",), held_out="llama-2")
    assert found.estimate == pytest.approx(0.0, abs=1e-6)
    assert found.baselines["persistence"] > 5
    assert found.baselines["ode"] is None
    assert found.details["ode_note"].startswith("refused: 6 coefficients an equation")


def test_a_polynomial_with_more_coefficients_than_sizes_gives_a_reason() -> None:
    found = cross_prediction(family_set(family_panel(3, sizes=(1e9, 2e9))), train=("f00",), held_out="f01")
    assert found.estimate is None
    assert found.reason == "2 sizes for 3 coefficients"


def test_an_axis_that_is_not_there_and_a_single_size_are_refused() -> None:
    with pytest.raises(CapewatchError, match="needs truthfulqa"):
        printed_equation(family_set(family_panel(2, axes=("hellaswag", "mmlu")), ("hellaswag", "mmlu")), "f00")
    with pytest.raises(CapewatchError, match="has one size"):
        printed_equation(family_set(family_panel(2, sizes=(1e9,))), "f00")
