"""How numbers are written."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.site import format

NBSP = format.NBSP


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(0.723, 2, "0.72"), (-4.66, 1, "−4.7"), (12345, 0, "12,345"), (-0.001, 2, "0.00"), (None, 2, "—"), (math.nan, 2, "—"), (math.inf, 1, "—")],
)  # fmt: skip
def test_a_number_has_fixed_digits_a_true_minus_and_no_minus_zero(value: float | None, digits: int, text: str) -> None:
    assert format.number(value, digits) == text


@pytest.mark.parametrize(
    ("value", "text"), [(3.14, "+3.1"), (-4.66, "−4.7"), (0.0, "0.0"), (0.04, "0.0"), (-0.04, "0.0"), (None, "—")]
)
def test_a_signed_number_shows_plus_and_minus_but_zero_has_no_sign(value: float | None, text: str) -> None:
    assert format.signed(value) == text


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (0.51, 0.851, "[0.51, 0.85]"),
        (None, 0.5, f"at most{NBSP}0.50"),
        (0.5, None, f"at least{NBSP}0.50"),
        (None, None, "unbounded"),
    ],
)
def test_an_open_end_of_an_interval_is_told_in_words(low: float | None, high: float | None, text: str) -> None:
    assert format.interval(low, high) == text


def test_an_estimate_is_written_with_its_interval() -> None:
    assert format.estimate({"estimate": 0.7235, "interval": {"low": 0.51, "high": 0.85}}) == "0.72 [0.51, 0.85]"


def test_a_missing_estimate_shows_its_reason() -> None:
    assert format.estimate({"estimate": None, "reason": "2 models; 3 are needed"}) == "2 models; 3 are needed"
    assert format.estimate(None) == "not computed"


@pytest.mark.parametrize(
    ("value", "text"),
    [(410e6, f"410{NBSP}M"), (6.9e9, f"6.9{NBSP}B"), (1.04e12, f"1.04{NBSP}T"), (70e9, f"70{NBSP}B"), (999.9e6, f"1{NBSP}B"), (12, "12"), (None, "—"), (0, "—")],
)  # fmt: skip
def test_a_size_has_three_figures_and_a_letter(value: float | None, text: str) -> None:
    assert format.size(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.00001, f"<{NBSP}0.001"),
        (0.0009, f"<{NBSP}0.001"),
        (0.001, "0.001"),
        (0.0126, "0.013"),
        (1.0, "1.000"),
        (None, "—"),
    ],
)
def test_a_p_value_in_a_column_never_reads_as_zero(value: float | None, text: str) -> None:
    assert format.p_short(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.00001, f"p{NBSP}<{NBSP}0.001"),
        (0.0009, f"p{NBSP}<{NBSP}0.001"),
        (0.0126, f"p{NBSP}={NBSP}0.013"),
        (None, "—"),
    ],
)
def test_a_p_value_in_a_sentence_names_itself(value: float | None, text: str) -> None:
    assert format.p_value(value) == text


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("nearly solved", "Nearly solved."),
        ("It is.", "It is."),
        ("why?", "Why?"),
        ("r of A rose", "r of A rose."),
        ("r: A × B", "r: A × B."),
        ("a note", "A note."),
    ],
)
def test_a_note_becomes_a_sentence(text: str, sentence: str) -> None:
    assert format.sentence(text) == sentence


def test_a_negative_number_in_a_sentence_has_a_true_minus_and_a_day_its_hyphens() -> None:
    text = "h is -2.694 pp (-1 to 3) on 2026-03-31 by GPT-5.4, range 1-3"
    assert format.minus(text) == "h is −2.694 pp (−1 to 3) on 2026-03-31 by GPT-5.4, range 1-3"


def test_power_writes_an_exponent_with_raised_digits() -> None:
    assert format.power(8.4e22) == f"8.4{NBSP}×{NBSP}10²²"


@given(st.one_of(st.none(), st.floats(), st.integers(-(10**18), 10**18), st.booleans()))
def test_no_value_is_ever_written_as_nan_inf_or_none(value: float | None) -> None:
    writers = (
        format.number,
        format.signed,
        format.percent,
        format.pp,
        format.size,
        format.power,
        format.p_value,
        format.p_short,
        format.words,
    )
    for write in writers:
        assert not {"nan", "inf", "none"} & set(write(value).lower().replace("−", " ").split())
