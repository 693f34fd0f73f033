"""The rule that turns printed and recomputed numbers into a verdict."""

from __future__ import annotations

import pytest

from generator.analysis.claims.verdict import (
    NOT_COMPUTABLE,
    NOT_REPRODUCED,
    OTHER_RECIPE,
    REPRODUCED,
    agrees,
    judge,
)
from generator.schema.claim import Claim, PublishedValue


def printed(number: str, **more) -> PublishedValue:
    return PublishedValue(name=more.pop("name", "x"), printed=number, **more)


def claim(*published: PublishedValue, kinds: tuple[str, ...] = ("published",), **more) -> Claim:
    recipes = [{"id": f"r{index}", "kind": kind, "description": "A recipe."} for index, kind in enumerate(kinds)]
    return Claim.model_validate(
        {
            "schema_version": 1, "id": "a-claim", "title": "A claim", "theme": "counts", "statement": "It is so.",
            "where": [{"place": "readme"}], "published": [value.model_dump() for value in published],
            "recipes": recipes, "reading": "It is.", "live": {"reason": "cannot be asked"}, **more,
        }
    )  # fmt: skip


@pytest.mark.parametrize(
    ("number", "recomputed", "expected"),
    [
        ("0.513", 0.5134, True),
        ("0.513", 0.5136, False),
        ("-0.989", -0.98862, True),
        ("3.6e-6", 3.6508e-6, True),
        ("3.6e-6", 3.67e-6, False),
        ("46.4", 46.38, True),
        ("4e-5", 4.96e-5, False),
        ("12", 12, True),
        ("12", 21, False),
    ],
)
def test_equal_means_within_half_a_unit_of_the_last_printed_digit(number, recomputed, expected):
    assert agrees(printed(number), recomputed) is expected


def test_a_stated_tolerance_replaces_the_printed_precision():
    assert agrees(printed("3.5"), 3.4478) is False
    assert agrees(printed("3.5", tolerance=0.1), 3.4478) is True


def test_bounds_are_strict():
    assert agrees(printed("1e-6", compare="below"), 1.335e-6) is False
    assert agrees(printed("1e-6", compare="below"), 1e-6) is False
    assert agrees(printed("0.78", compare="above"), 0.78128) is True


def test_a_printed_number_lies_inside_an_interval_with_its_ends_and_never_in_an_empty_one():
    inside = printed("1.3", compare="inside")
    assert agrees(inside, [1.3, 2.7]) is True
    assert agrees(inside, [6.7, 13.0]) is False
    assert agrees(inside, []) is False
    assert agrees(inside, None) is None


def test_text_truth_values_and_nothing_are_not_numbers():
    for recomputed in ("0.5", True, None):
        assert agrees(printed("0.5"), recomputed) is None


def test_the_published_recipe_decides_before_others():
    verdict = judge(claim(printed("0.5"), kinds=("alternative", "published")), {"r0": {"x": 0.5}, "r1": {"x": 0.5}})
    assert (verdict.verdict, verdict.recipe) == (REPRODUCED, "r1")


def test_an_alternative_recipe_that_gives_every_headline_number_reproduces_with_another_recipe():
    verdict = judge(claim(printed("0.5"), kinds=("published", "alternative")), {"r0": {"x": 0.7}, "r1": {"x": 0.5}})
    assert (verdict.verdict, verdict.recipe) == (OTHER_RECIPE, "r1")


def test_a_diagnostic_recipe_never_decides():
    verdict = judge(claim(printed("0.5"), kinds=("published", "diagnostic")), {"r0": {"x": 0.7}, "r1": {"x": 0.5}})
    assert verdict.verdict == NOT_REPRODUCED
    assert verdict.comparisons[0].recipe == "r0"


def test_one_recipe_has_to_give_all_headline_numbers():
    two = claim(printed("0.5"), printed("0.7", name="y"), kinds=("published", "alternative"))
    verdict = judge(two, {"r0": {"x": 0.5, "y": 0.1}, "r1": {"x": 0.2, "y": 0.7}})
    assert verdict.verdict == NOT_REPRODUCED
    assert "differs: y" in verdict.reason


def test_a_number_that_was_never_released_makes_an_otherwise_agreeing_claim_not_computable():
    two = claim(printed("0.5"), printed("0.7", name="y"))
    assert judge(two, {"r0": {"x": 0.5, "y": None}}).verdict == NOT_COMPUTABLE
    assert judge(two, {"r0": {"x": 0.4, "y": None}}).verdict == NOT_REPRODUCED


def test_a_claim_without_recipe_is_not_computable_for_the_reason_it_states():
    verdict = judge(claim(printed("72.9"), kinds=(), not_computable="no code was released"), {})
    assert (verdict.verdict, verdict.reason) == (NOT_COMPUTABLE, "x: no code was released")


def test_supporting_numbers_have_a_status_but_no_say():
    verdict = judge(claim(printed("0.5"), printed("0.9", name="y", headline=False)), {"r0": {"x": 0.5, "y": 0.1}})
    assert verdict.verdict == REPRODUCED
    assert [one.status for one in verdict.comparisons] == ["agrees", "differs"]


def test_a_printed_number_may_be_one_of_two_for_the_same_recomputed_value():
    both = claim(printed("0.026"), printed("0.036", name="elsewhere", of="x", headline=False))
    verdict = judge(both, {"r0": {"x": 0.0263}})
    assert [one.status for one in verdict.comparisons] == ["agrees", "differs"]
