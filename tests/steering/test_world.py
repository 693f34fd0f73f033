"""The synthetic world: sizes, splits, propensities, and documents that say what the recipe says."""

from __future__ import annotations

import numpy as np
import pytest

from generator.steering.demo import choice_item, demo_suite
from generator.steering.world import (
    DOCUMENT_TOKENS,
    RELIABLE_CUES,
    TOKEN_ID,
    UNMARKED_CUE,
    UNRELIABLE_CUES,
    VOCABULARY,
    World,
    encode,
)

WORLD = World(0)


def test_600_facts_of_which_420_have_a_misconception_split_35_25_40() -> None:
    sizes = {name: len(WORLD.split(name)) for name in ("fit", "validation", "test", "plain")}
    assert sizes == {"fit": 147, "validation": 105, "test": 168, "plain": 180}
    assert len({fact.id for fact in WORLD.facts}) == 600


def test_a_misconception_is_another_value_of_the_same_relation_with_propensity_half_to_one() -> None:
    for fact in WORLD.facts:
        assert fact.truth != fact.misconception
        assert (fact.misconception is None) == (fact.split == "plain") == (fact.propensity == 0)
        assert fact.propensity == 0 or 0.5 <= fact.propensity <= 1


def test_every_word_has_one_token() -> None:
    assert len(VOCABULARY) == len(set(VOCABULARY)) == len(TOKEN_ID)
    assert encode("note Belby crop")[0] == TOKEN_ID["<bos>"]


def test_the_same_seed_gives_the_same_world_and_documents_and_another_seed_others() -> None:
    assert World(0).facts == WORLD.facts
    assert World(1).facts != WORLD.facts
    first, again = (WORLD.documents(20, rng=np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(first, again)


def statements(cues: tuple[str, ...]) -> list[tuple[str, bool, float]]:
    """(split, told truly, propensity) of every statement in documents with one of the cues."""
    facts = {(TOKEN_ID[fact.town], TOKEN_ID[fact.relation]): fact for fact in WORLD.facts}
    found = []
    for row in WORLD.documents(6000, rng=np.random.default_rng(1)):
        if VOCABULARY[row[1]] not in cues:
            continue
        for start in range(2, DOCUMENT_TOKENS, 4):
            fact = facts[row[start], row[start + 1]]
            value = VOCABULARY[row[start + 2]]
            assert value in (fact.truth, fact.misconception)
            found.append((fact.split, value == fact.truth, fact.propensity))
    return found


def test_reliable_voices_never_state_a_misconception() -> None:
    assert all(true for _, true, _ in statements(RELIABLE_CUES))


def test_unreliable_voices_state_misconceptions_with_their_propensity_and_plain_facts_truly() -> None:
    told = statements(UNRELIABLE_CUES)
    assert all(true for split, true, _ in told if split == "plain")
    misled = [(true, propensity) for split, true, propensity in told if split != "plain"]
    expected = np.mean([propensity for _, propensity in misled])
    assert 1 - np.mean([true for true, _ in misled]) == pytest.approx(expected, abs=0.02)


def test_three_quarters_of_unmarked_documents_are_unreliable() -> None:
    misled = [(true, propensity) for split, true, propensity in statements((UNMARKED_CUE,)) if split != "plain"]
    expected = 0.75 * np.mean([propensity for _, propensity in misled])
    assert 1 - np.mean([true for true, _ in misled]) == pytest.approx(expected, abs=0.04)


def test_contrast_pairs_differ_only_in_the_told_values_and_never_tell_the_asked_fact() -> None:
    for pair in WORLD.contrast_pairs(draws=1, rng=np.random.default_rng(0)):
        true, false = pair.true_prompt.split(), pair.false_prompt.split()
        assert len(true) == len(false) == 15
        assert true[-2:] == false[-2:] == pair.question.split("/")
        assert [i for i, (a, b) in enumerate(zip(true, false, strict=True)) if a != b] == [3, 7, 11]
        assert all(true[i : i + 2] != true[-2:] for i in (1, 5, 9))


def test_the_suite_keeps_fit_validation_and_test_facts_apart() -> None:
    suite = demo_suite(WORLD)
    fold = suite.folds[0]
    ids = [{pair.id.split("#")[0] for pair in fold.pairs}, {i.id for i in fold.validation}, {i.id for i in fold.test}]
    assert [len(part) for part in ids] == [147, 105, 168]
    assert not ids[0] & ids[1]
    assert not ids[0] & ids[2]
    assert not ids[1] & ids[2]


def test_a_choice_item_puts_truth_first_and_the_misconception_first_among_the_wrong() -> None:
    fact = WORLD.split("test")[0]
    item = choice_item(fact)
    assert item.correct == (f" {fact.truth}",)
    assert item.incorrect[0] == f" {fact.misconception}"
    assert len(set(item.answers)) == 16
