"""Families as series: which models count, which are left out and why, and what a person may give."""

from __future__ import annotations

import numpy as np
import pytest

from generator.core import CapewatchError
from generator.forecasts import family_set, user_given
from tests.forecasts.panels import FIVE, family_panel, panel_of

AXES = ("hellaswag", "truthfulqa")


def _rows(*more: dict[str, object]) -> list[dict[str, object]]:
    base = [
        {
            "id": f"m-{size}",
            "lab": "a",
            "family": "m",
            "params": size * 1e9,
            "hellaswag": 30.0 + size,
            "truthfulqa": 40.0,
        }
        for size in (3, 1, 2)
    ]
    return [*base, *more]


def test_sizes_rise_whatever_the_order_of_the_rows() -> None:
    member = family_set(panel_of(_rows(), AXES), AXES).family("m")
    assert member.models == ("m-1", "m-2", "m-3")
    assert (np.diff(member.log_params) > 0).all()


def test_of_two_models_of_one_size_the_first_by_id_stays_and_the_other_is_named() -> None:
    twin = {"id": "m-1-v2", "lab": "a", "family": "m", "params": 1e9, "hellaswag": 90.0, "truthfulqa": 90.0}
    found = family_set(panel_of(_rows(twin), AXES), AXES)
    assert found.family("m").models == ("m-1", "m-2", "m-3")
    assert ("m-1-v2", "same size as another model of m") in found.dropped


def test_a_model_without_a_score_a_size_or_a_family_is_left_out_with_the_reason() -> None:
    found = family_set(
        panel_of(
            _rows(
                {"id": "blank", "lab": "a", "family": "m", "params": 9e9, "hellaswag": 50.0},
                {"id": "sizeless", "lab": "a", "family": "m", "hellaswag": 50.0, "truthfulqa": 50.0},
                {"id": "loner", "lab": "a", "params": 5e9, "hellaswag": 50.0, "truthfulqa": 50.0},
            ),
            AXES,
        ),
        AXES,
    )
    assert dict(found.dropped) == {
        "blank": "no score on truthfulqa",
        "sizeless": "number of parameters unknown",
        "loner": "no family stated",
    }


def test_regrouping_joins_models_into_another_family() -> None:
    found = family_set(family_panel(2), regroup={f"f01-{size:05.0f}m": "f00" for size in (160, 410)})
    assert len(found.family("f01")) == 4


def test_an_unknown_family_is_answered_with_those_there_are() -> None:
    with pytest.raises(CapewatchError, match="family 'zebra' has no model") as caught:
        family_set(family_panel(3)).family("zebra")
    assert "f00, f01, f02" in caught.value.hint


@pytest.mark.parametrize(
    ("params", "scores", "message"),
    [
        ([], [], "no size given"),
        ([1e9, 1e9], [[50, 40], [51, 41]], "two of the given sizes are equal"),
        ([1e9], [[50]], r"scores have shape \(1, 1\), expected \(1, 2\)"),
        ([1e9], [[50, float("nan")]], "missing score on truthfulqa"),
        ([1e9], [[50, 140]], "scores are percent, 0 to 100; found 50 to 140"),
        ([-1e9], [[50, 40]], "parameters must be positive counts"),
    ],
)
def test_what_a_person_gives_is_refused_with_a_reason(
    params: list[float], scores: list[list[float]], message: str
) -> None:
    with pytest.raises(CapewatchError, match=message):
        user_given(params, scores, AXES)


def test_given_sizes_are_sorted() -> None:
    known = user_given([2e9, 1e9], [[60, 40], [50, 45]], AXES)
    assert known.scores[:, 0].tolist() == [50, 60]


def test_the_five_axes_are_the_default() -> None:
    assert family_set(family_panel(2)).axes == FIVE
