"""The phase forecast: probabilities that follow the paths, scored beside always-negative."""

from __future__ import annotations

import numpy as np
import pytest

from generator.core import CapewatchError
from generator.forecasts import catalogue, family_set, link_of, phase_scores, residual_paths, sign_change
from generator.forecasts.engine import cross_fit, split
from generator.forecasts.phase import Paths
from tests.forecasts.panels import family_panel, with_scores

AXES = ("hellaswag", "truthfulqa")


def _still_paths(count: int = 9) -> Paths:
    """Residual paths without residuals: every drawn trajectory is the forecast itself."""
    families = family_set(family_panel(2, axes=AXES), AXES)
    reach = tuple(np.array([0.5, 1.5]) for _ in range(count))
    return Paths(link_of(families), reach, tuple(np.zeros((2, 2)) for _ in range(count)))


def _known():
    member = family_set(family_panel(2, axes=AXES), AXES).family("f00")
    known = member.given(2)
    known.scores[:] = [[30, 45], [40, 42]]
    return known, member.targets(2)


def test_a_forecast_that_turns_gives_a_sign_change_where_it_turns() -> None:
    known, wanted = _known()
    centre = np.array([[50, 40], [60, 38], [70, 41], [75, 44]], dtype=float)
    found = sign_change(_still_paths(), known, wanted, centre, (0, 1))
    chances = [cell["changed_by"] for cell in found["intervals"]]
    assert found["given_gamma"] == pytest.approx(-0.3)
    assert chances[:2] == pytest.approx([0.05, 0.05])
    assert chances[2:] == pytest.approx([0.95, 0.95])
    assert found["median_size"] == pytest.approx(10 ** wanted.log_params[2])


def test_a_forecast_that_never_turns_has_no_size_and_no_certainty() -> None:
    known, wanted = _known()
    centre = np.array([[50, 40], [60, 38], [70, 36], [75, 35]], dtype=float)
    found = sign_change(_still_paths(), known, wanted, centre, (0, 1))
    assert found["median_size"] is None
    assert found["intervals"][-1]["changed_by"] > 0


def test_chances_of_having_changed_never_fall_with_size() -> None:
    families = family_set(family_panel(8, seed=9, noise=0.2))
    parts = split(families, hold_out="family")
    model = next(model for model in catalogue(families, seed=0) if model.name == "ridge-logit")
    nested = cross_fit(model, parts, (2,))[2]
    scored = phase_scores(families, parts, nested, link_of(families))
    for card in scored["families"]:
        chances = [cell["changed_by"] for cell in card["intervals"]]
        assert chances == sorted(chances)
    assert scored["interval"]["n"] == 32
    assert sum(cell["n"] for cell in scored["interval"]["reliability"]) == 32
    assert scored["interval"]["brier"]["always_negative"] == pytest.approx(scored["interval"]["events"] / 32)


def test_absurd_scores_of_a_family_do_not_change_its_phase_forecast() -> None:
    clean = family_panel(8, seed=9, noise=0.2)
    later = list(clean.models.index[clean.models["family"] == "f02"])[2:]
    cards = []
    for panel in (clean, with_scores(clean, later, 99.0)):
        families = family_set(panel)
        parts = split(families, hold_out="family")
        model = next(model for model in catalogue(families, seed=0) if model.name == "ridge-logit")
        scored = phase_scores(families, parts, cross_fit(model, parts, (2,))[2], link_of(families))
        cards.append(next(card["intervals"] for card in scored["families"] if card["family"] == "f02"))
    assert cards[0] == cards[1]


def test_one_given_size_or_too_few_families_is_refused() -> None:
    families = family_set(family_panel(8))
    member = families.family("f00")
    with pytest.raises(CapewatchError, match="γ12 needs two"):
        sign_change(_still_paths(), member.given(1), member.targets(1), member.scores[1:], (0, 1))
    with pytest.raises(CapewatchError, match="drawing paths needs at least 4"):
        residual_paths(link_of(families), families.families, {}, 2)
