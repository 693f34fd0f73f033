"""The demo suite: the synthetic world brought to the benchmark's schema, offline and small."""

from __future__ import annotations

import numpy as np

from generator.core import canonical_json, sha256_bytes
from generator.steering.data import ChoiceItem, Fold, PromptPair, Suite
from generator.steering.generate import ExactJudge
from generator.steering.world import (
    RELATIONS,
    RELIABLE_CUES,
    UNMARKED_CUE,
    UNRELIABLE_CUES,
    VOCABULARY,
    Fact,
    World,
    question_prompt,
)

PAIR_DRAWS = 4
TEXTS = 96
FIXED_WORLD = (
    "All rungs and seeds learn one fixed world: a seed changes the initial weights and the documents, not the facts; this was "
    "decided after first results had been seen. Intervals over items do not cover other worlds."
)


def demo_suite(world: World) -> Suite:
    """One fold: the direction is fitted on fit facts, layer and strength chosen on validation facts, test facts tested.

    The truthful prompt is the reliable cue; side effects are measured on plain facts (choice among the 16 values of
    the relation) and on fresh documents.
    """
    pairs = tuple(
        PromptPair(id=f"{pair.question}#{index}", true=pair.true_prompt, false=pair.false_prompt)
        for index, pair in enumerate(world.contrast_pairs(draws=PAIR_DRAWS, rng=np.random.default_rng([world.seed, 3])))
    )
    test = world.split("test")
    documents = world.documents(TEXTS, rng=np.random.default_rng([world.seed, 4]))
    return Suite(
        name="demo",
        revision=world_digest(world),
        folds=(
            Fold(
                name="all",
                pairs=pairs,
                validation=tuple(choice_item(fact) for fact in world.split("validation")),
                test=tuple(choice_item(fact) for fact in test),
            ),
        ),
        truthful={fact.id: question_prompt(fact, cue=RELIABLE_CUES[0]) for fact in test},
        capability=tuple(choice_item(fact) for fact in world.split("plain")),
        # the tokenizer puts <bos> in front itself
        texts=tuple(" ".join(VOCABULARY[token] for token in row[1:]) for row in documents),
        extra={
            "reliable cue": tuple(choice_item(fact, cue=RELIABLE_CUES[0]) for fact in test),
            "unreliable cue": tuple(choice_item(fact, cue=UNRELIABLE_CUES[0]) for fact in test),
        },
        generation={fact.id: question_prompt(fact) for fact in test},
        caveats=(FIXED_WORLD,),
        pairs_note="the question after three true and after three false statements about other fit facts",
    )


def choice_item(fact: Fact, *, cue: str = UNMARKED_CUE) -> ChoiceItem:
    """Truth against the misconception first, then the other values of the relation in their order."""
    others = [value for value in RELATIONS[fact.relation] if value not in (fact.truth, fact.misconception)]
    wrong = [fact.misconception, *others] if fact.misconception is not None else others
    return ChoiceItem(
        id=fact.id,
        prompt=question_prompt(fact, cue=cue),
        correct=(f" {fact.truth}",),
        incorrect=tuple(f" {value}" for value in wrong),
        category=fact.relation,
    )


def demo_judge(world: World) -> ExactJudge:
    """Exact judge for every question of the world, under any cue."""
    cues = (UNMARKED_CUE, *RELIABLE_CUES, *UNRELIABLE_CUES)
    return ExactJudge(
        answers={
            question_prompt(fact, cue=cue): (fact.truth, frozenset(RELATIONS[fact.relation]))
            for fact in world.facts
            for cue in cues
        }
    )


def world_digest(world: World) -> str:
    """Hash of the facts, their splits and the shares of unreliable documents."""
    facts = [[fact.id, fact.truth, fact.misconception, round(fact.propensity, 12), fact.split] for fact in world.facts]
    return sha256_bytes(canonical_json([facts, world.unreliable_share, world.unmarked_unreliable_share]))[:16]
