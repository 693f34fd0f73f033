"""Readings are filled by looking values up, and by nothing else."""

import pytest

from generator.analysis.claims.text import fill, names, shown
from generator.core import CapewatchError

VALUES = names({"v1": {"r": -0.98862, "p": None}, "v2": {"r": -0.976, "path": [11.2, -4.65]}}, {"r": "-0.989"})


def test_a_placeholder_names_recipe_and_value_or_the_bare_value_when_only_one_recipe_has_it():
    assert fill("{v1/r:.3f} and {v2/r:.3f}; {path:.1f}", VALUES, where="here") == "−0.989 and −0.976; 11.2, −4.7"
    with pytest.raises(CapewatchError, match=r"^here: the reading names 'r', which no recipe yields"):
        fill("{r}", VALUES, where="here")


def test_an_element_of_a_list_is_named_by_its_position():
    assert fill("{v2/path/1:+.1f}", VALUES, where="here") == "−4.7"
    with pytest.raises(CapewatchError, match="'v2/path/7'"):
        fill("{v2/path/7}", VALUES, where="here")


def test_a_printed_number_is_shown_as_it_was_printed():
    assert fill("{published/r}", VALUES, where="here") == "−0.989"


def test_nothing_is_shown_as_no_value_and_never_as_nan():
    assert fill("{v1/p:.2e}", VALUES, where="here") == "no value"


def test_truth_text_and_empty_lists_read_as_words():
    assert [shown(True, ""), shown(False, ""), shown("opt", ".2f"), shown([], "")] == ["yes", "no", "opt", "none"]


def test_a_missed_name_suggests_near_ones():
    with pytest.raises(CapewatchError) as caught:
        fill("{v1/rr}", VALUES, where="data/claims/x.yaml")
    assert "v1/r" in caught.value.hint


def test_a_yes_or_no_chooses_between_words_and_nothing_else_does():
    values = names({"v1": {"falls": False, "r": 0.5}}, {})
    assert fill("it {falls:falls|does not fall}", values, where="here") == "it does not fall"
    with pytest.raises(CapewatchError, match=r"^here: the words 'is|is not' need a yes or no, and 'r' is 0.5"):
        fill("it {r:is|is not}", values, where="here")
