"""Forecast cards and the calculator's coefficients: honest about what they know, and equal to each other where they should be."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from generator.core import CapewatchError, canonical_json
from generator.forecasts import Targets, cards, evaluate, export_coefficients, family_card, family_set
from generator.forecasts.coefficients import left_out_steps
from generator.forecasts.increments import Frame, ridge_fits
from generator.forecasts.suite import link_of
from tests.forecasts.panels import family_panel, with_scores

PANEL = family_panel(10, seed=21)


def _rng() -> np.random.Generator:
    return np.random.default_rng(5)


def test_a_family_card_shows_larger_sizes_with_nested_intervals_beside_what_was_observed() -> None:
    card = family_card(PANEL, "f03", rng=_rng(), known=3)
    assert [round(row["params"] / 1e9, 2) for row in card["forecast"]][:3] == [1.4, 2.8, 6.9]
    for row in card["forecast"]:
        cell = row["mmlu"]
        assert (
            cell["low_95"] <= cell["low_80"] <= cell["low_50"] <= cell["high_50"] <= cell["high_80"] <= cell["high_95"]
        )
    assert "observed" in card["forecast"][1]["hellaswag"]
    assert "observed" not in card["forecast"][0]["hellaswag"]
    canonical_json(card)


def test_later_scores_of_the_family_do_not_enter_its_own_card() -> None:
    later = list(PANEL.models.index[PANEL.models["family"] == "f03"])[2:]
    cards = [family_card(panel, "f03", rng=_rng(), known=2) for panel in (PANEL, with_scores(PANEL, later, 3.0))]
    estimates = [[row["mmlu"]["estimate"] for row in card["forecast"]] for card in cards]
    assert estimates[0] == estimates[1]


def test_intervals_widen_with_distance() -> None:
    rows = family_card(PANEL, "f03", rng=_rng(), known=2)["forecast"]
    widths = [row["truthfulqa"]["high_80"] - row["truthfulqa"]["low_80"] for row in rows]
    assert widths[-1] > widths[0]


def test_one_given_size_says_so_and_is_less_certain_than_two() -> None:
    one, two = (family_card(PANEL, "f03", rng=_rng(), known=known) for known in (1, 2))
    assert one["notes"][0] == "one size given: the slope is borrowed from other families"
    assert not any("one size" in note for note in two["notes"])

    def width(card: dict) -> float:
        (cell,) = [row["hellaswag"] for row in card["forecast"] if row["params"] == pytest.approx(1e9, rel=1e-4)]
        return cell["high_80"] - cell["low_80"]

    assert width(one) > width(two)


def test_a_score_at_the_ceiling_and_a_far_target_are_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards, "CARD_SIZES", (1e13,))
    first = list(PANEL.models.index[PANEL.models["family"] == "f03"])[:2]
    full = replace(PANEL, scores=PANEL.scores.copy())
    full.scores.loc[first, "hellaswag"] = [99.5, 100.0]
    card = family_card(full, "f03", rng=_rng(), known=2)
    assert any("at the ceiling" in note for note in card["notes"])
    assert any("decades ahead no family was there" in note for note in card["notes"])
    far = card["forecast"][-1]["hellaswag"]
    assert 0 <= far["low_80"] <= far["high_80"] <= 100


def test_no_larger_size_gives_a_reason_and_no_forecast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards, "CARD_SIZES", (5e8,))
    card = family_card(PANEL, "f03", rng=_rng())
    assert card["forecast"] == []
    assert card["reason"] == "no size larger than those given was asked for"


def test_a_card_for_more_sizes_than_there_are_and_on_too_few_families_is_refused() -> None:
    with pytest.raises(CapewatchError, match="has 6 sizes, cannot give 7"):
        family_card(PANEL, "f03", rng=_rng(), known=7)
    with pytest.raises(CapewatchError, match="3 other families with three sizes"):
        family_card(family_panel(4), "f00", rng=_rng())


def test_coefficients_survive_json_and_forecast_as_a_script_would() -> None:
    families = family_set(PANEL)
    known = json.loads(canonical_json(export_coefficients(PANEL)))
    member = families.family("f04")
    for given in (1, 2):
        found = evaluate(known, member.given(given), member.targets(given))
        assert found["estimate"] == pytest.approx(member.scores[given:], abs=8)
        assert (np.diff(found["quantiles"], axis=0) >= 0).all()
        median = found["quantiles"][known["levels"].index(0.5)]
        assert np.abs(median - found["estimate"]).max() < 6


def test_the_calculator_needs_nothing_but_the_exported_numbers() -> None:
    """The arithmetic written out by hand, from the JSON alone."""
    import math

    exported = json.loads(canonical_json(export_coefficients(PANEL)))
    member = family_set(PANEL).family("f02")
    part, scale = exported["given"]["1"], exported["scales"]
    logits = []
    for score, floor, ceiling in zip(member.scores[0], exported["floor"], exported["ceiling"], strict=True):
        share = min(max((score - floor) / (ceiling - floor), exported["edge"]), 1 - exported["edge"])
        logits.append(math.log(share / (1 - share)))
    here, there = member.log_params[0], member.log_params[3]
    features = [z / scale["score"] for z in logits] + [
        here / scale["size"],
        there / scale["size"],
        (there - here) / scale["reach"],
    ]
    step = list(part["level"])
    for feature, centre, spread, row in zip(features, part["centre"], part["spread"], part["slopes"], strict=True):
        for axis, slope in enumerate(row):
            step[axis] += (feature - centre) / spread * slope
    by_hand = [
        floor + (ceiling - floor) / (1 + math.exp(-(z + gain * (there - here))))
        for z, gain, floor, ceiling in zip(logits, step, exported["floor"], exported["ceiling"], strict=True)
    ]
    found = evaluate(exported, member.given(1), Targets(np.array([there]), np.array([np.nan])))["estimate"][0]
    assert found == pytest.approx(by_hand, abs=1e-9)


@pytest.mark.parametrize("given", [1, 2])
def test_what_is_left_out_by_sums_is_what_a_fit_without_the_family_gives(given: int) -> None:
    families = family_set(PANEL)
    frame = Frame(link_of(families), "logit")
    features, steps, reach = frame.table(families.families, given)
    features[:, 2] = 8.2  # carries nothing, but for one family that is left out once
    groups = list(frame.places(families.families, given).values())
    features[groups[3], 2] = 9.1
    found = left_out_steps((features, steps, reach), groups, penalties=(0.3, 30.0))
    for rows in groups:
        rest = tuple(np.delete(part, rows, axis=0) for part in (features, steps, reach))
        for penalty, fit in ridge_fits(rest, penalties=(0.3, 30.0), rate=True).items():
            assert found[penalty][rows] == pytest.approx(fit.increment(features[rows], reach[rows]), abs=1e-7)
