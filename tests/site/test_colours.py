"""Lab colours are readable in both palettes and stay with the lab."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from generator.site import colours

HEX = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@given(HEX, st.sampled_from([colours.LIGHT_GROUND, colours.DARK_GROUND]))
def test_every_colour_is_made_readable_against_both_grounds(colour: str, ground: str) -> None:
    assert colours.contrast(colours.readable(colour, ground), ground) >= colours.MINIMUM_CONTRAST


def test_a_readable_colour_is_left_alone() -> None:
    assert colours.readable("#0072b2", colours.LIGHT_GROUND) == "#0072b2"


def test_contrast_of_black_and_white_is_21() -> None:
    assert round(colours.contrast("#000000", "#ffffff"), 6) == 21


def test_labs_with_the_most_models_have_different_shapes() -> None:
    labs = [{"id": f"lab-{index}", "n_models": 20 - index} for index in range(8)]
    assert len({mark.shape for mark in colours.marks(labs).values()}) == 8


def test_the_stylesheet_gives_each_lab_a_colour_for_each_palette_and_none_that_is_no_colour() -> None:
    css = colours.stylesheet([{"id": "a.b", "colour": "#000000"}, {"id": "c", "colour": "red;}body{display:none"}])
    assert css.count("--cw-lab-a-b:#") == 2
    assert "display" not in css
    assert re.search(r"slate.*--cw-lab-a-b:#(?!000000)", css)


def test_every_symbol_has_an_outline_for_the_legend() -> None:
    assert set(colours.SHAPES) == set(colours.OUTLINES)
