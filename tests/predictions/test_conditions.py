from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.predictions.conditions import FALSE, TRUE, UNKNOWN, Bounds, boxes, margins, overlap, single_truth, truth
from generator.schema.prediction import Condition

FREE = Bounds()


def leaf(metric="a", **comparison):
    return Condition(metric=metric, **comparison)


@pytest.mark.parametrize(
    ("comparison", "below", "at", "above"),
    [
        ({"below": 2}, TRUE, FALSE, FALSE),
        ({"at_most": 2}, TRUE, TRUE, FALSE),
        ({"above": 2}, FALSE, FALSE, TRUE),
        ({"at_least": 2}, FALSE, TRUE, TRUE),
    ],
)
def test_a_comparison_is_strict_or_not_as_its_word_says(comparison, below, at, above):
    found = [single_truth(leaf(**comparison), {"a": value}) for value in (1.9, 2.0, 2.1, None)]
    assert found == [below, at, above, UNKNOWN]


def test_a_threshold_does_not_hang_on_binary_fractions():
    spread = 65.6 - 63.6
    assert spread < 2.0  # 1.999999999999993
    assert single_truth(leaf(below=2), {"a": spread}) == FALSE
    assert single_truth(leaf(at_least=2), {"a": spread}) == TRUE
    assert single_truth(leaf(above=2), {"a": 65.9 - 63.9}) == FALSE  # 2.000000000000007


@pytest.mark.parametrize("first", [FALSE, UNKNOWN, TRUE])
@pytest.mark.parametrize("second", [FALSE, UNKNOWN, TRUE])
def test_all_and_any_follow_the_three_valued_tables(first, second):
    value = {FALSE: 0.0, UNKNOWN: None, TRUE: 9.0}
    parts = [leaf("a", above=5), leaf("b", above=5)]
    values = {"a": value[first], "b": value[second]}
    table_all = {(TRUE, TRUE): TRUE, (TRUE, UNKNOWN): UNKNOWN, (UNKNOWN, TRUE): UNKNOWN, (UNKNOWN, UNKNOWN): UNKNOWN}
    table_any = {
        (FALSE, FALSE): FALSE,
        (FALSE, UNKNOWN): UNKNOWN,
        (UNKNOWN, FALSE): UNKNOWN,
        (UNKNOWN, UNKNOWN): UNKNOWN,
    }
    assert single_truth(Condition(all=parts), values) == table_all.get((first, second), FALSE)
    assert single_truth(Condition(any=parts), values) == table_any.get((first, second), TRUE)


def test_many_values_are_judged_at_once_and_each_by_itself():
    condition = Condition(all=[leaf("a", below=2), Condition(any=[leaf("b", above=5), leaf("b", at_most=1)])])
    values = {"a": np.array([1, 1, 3, np.nan, np.nan]), "b": np.array([6, 3, 6, 3, 6.0])}
    assert truth(condition, values).tolist() == [TRUE, FALSE, FALSE, FALSE, UNKNOWN]


def test_an_assumed_metric_always_holds():
    condition = Condition(all=[leaf("a", above=5), leaf("n", at_least=8)])
    assert single_truth(condition, {"a": 6.0, "n": 3.0}) == FALSE
    assert single_truth(condition, {"a": 6.0, "n": 3.0}, assume=frozenset({"n"})) == TRUE


def test_margins_are_signed_distances_in_the_unit_of_the_metric():
    sides = {"pass": [Condition(all=[leaf("a", below=2), leaf("b", above=5)])], "fail": [leaf("a", above=5)]}
    found = margins(sides, {"a": 3.5, "b": None}, {"a": "pp", "b": "pp"})
    assert [(m.side, m.metric, m.margin, m.met, m.unit) for m in found] == [
        ("pass", "a", -1.5, False, "pp"), ("pass", "b", None, None, "pp"), ("fail", "a", -1.5, False, "pp"),
    ]  # fmt: skip
    assert margins({"pass": [leaf("a", below=2)]}, {"a": 2.0}, {"a": ""})[0].met is False  # zero distance, strict


@pytest.mark.parametrize(
    ("first", "second", "meet"),
    [
        (leaf(below=2), leaf(above=5), False),
        (leaf(below=2), leaf(at_least=2), False),
        (leaf(at_most=2), leaf(at_least=2), True),
        (leaf(below=5), leaf(above=2), True),
        (leaf("a", below=2), leaf("b", above=5), True),  # different metrics can both be anything
        (
            Condition(all=[leaf("a", below=2), leaf("b", above=5)]),
            Condition(any=[leaf("a", above=3), leaf("b", below=1)]),
            False,
        ),
        (
            Condition(all=[leaf("a", below=2), leaf("b", above=5)]),
            Condition(any=[leaf("a", above=3), leaf("b", below=6)]),
            True,
        ),
    ],
)
def test_two_conditions_overlap_only_if_some_values_meet_both(first, second, meet):
    assert (overlap(first, second, {"a": FREE, "b": FREE}) is not None) == meet


def test_a_condition_outside_what_a_metric_can_be_has_no_path():
    assert boxes(leaf(above=1), {"a": Bounds(-1, 1)}) == []
    assert boxes(leaf(at_least=1), {"a": Bounds(-1, 1)})
    assert boxes(leaf(below=0), {"a": Bounds(low=0)}) == []
    assert boxes(Condition(all=[leaf(above=3), leaf(below=3)]), {"a": FREE}) == []


def test_a_condition_that_multiplies_out_endlessly_is_refused():
    either = Condition(any=[leaf("a", below=1), leaf("b", below=1)])
    with pytest.raises(ValueError, match="too many"):
        boxes(Condition(all=[either] * 14), {"a": FREE, "b": FREE})


LEAVES = st.builds(
    lambda metric, word, threshold: Condition(metric=metric, **{word: threshold}),
    st.sampled_from("ab"), st.sampled_from(["below", "above", "at_most", "at_least"]), st.integers(-3, 3),
)  # fmt: skip
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.builds(
        lambda key, parts: Condition(**{key: parts}),
        st.sampled_from(["all", "any"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=6,
)


@settings(deadline=None, max_examples=150)
@given(CONDITIONS, CONDITIONS)
def test_overlap_agrees_with_trying_every_value(first, second):
    grid = [half / 2 for half in range(-8, 9)]
    tried = any(
        single_truth(first, {"a": a, "b": b}) == TRUE and single_truth(second, {"a": a, "b": b}) == TRUE
        for a, b in itertools.product(grid, grid)
    )
    assert (overlap(first, second, {"a": FREE, "b": FREE}) is not None) == tried
