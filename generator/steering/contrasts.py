"""Prompt pairs for the internal figures: in the synthetic world, and a small set of English ones for other models."""

from __future__ import annotations

import numpy as np

from generator.steering.data import PromptPair
from generator.steering.internals import Contrast
from generator.steering.world import UNMARKED_CUE, Fact, World

PAIRS = 384

_CAPITALS = {
    "France": "Paris",
    "Japan": "Tokyo",
    "Egypt": "Cairo",
    "Peru": "Lima",
    "Norway": "Oslo",
    "Kenya": "Nairobi",
    "Cuba": "Havana",
    "Greece": "Athens",
    "Spain": "Madrid",
    "Italy": "Rome",
    "Poland": "Warsaw",
    "Chile": "Santiago",
}


def world_contrasts(world: World, *, count: int = PAIRS) -> tuple[Contrast, Contrast]:
    """Truthfulness: three true against three false statements before a question. Retrieval: the asked fact itself among
    three true statements against another fact in its place. Same length, same last token; questions are fit facts.
    """
    rng = np.random.default_rng([world.seed, 41])
    fit = world.split("fit")
    truth, retrieval = [], []
    for number in range(count):
        chosen = rng.choice(len(fit), size=5, replace=False)
        asked, others = fit[chosen[0]], [fit[index] for index in chosen[1:]]
        truth.append(
            PromptPair(f"truth-{number}", _told(asked, others[:3], true=True), _told(asked, others[:3], true=False))
        )
        place = int(rng.integers(3))
        with_answer = [*others[:place], asked, *others[place:2]]
        without = [*others[:place], others[3], *others[place:2]]
        retrieval.append(
            PromptPair(f"retrieval-{number}", _told(asked, with_answer, true=True), _told(asked, without, true=True))
        )
    return Contrast("truthfulness", tuple(truth)), Contrast("retrieval", tuple(retrieval))


def english_contrasts() -> tuple[Contrast, Contrast]:
    """Truthfulness: right against wrong capital. Reasoning: valid against invalid order of three sizes.

    Pairs are filtered to equal token length and last token by the measurement.
    """
    names = list(_CAPITALS)
    truth = []
    for index, country in enumerate(names):
        for shift in (1, 2):
            wrong = _CAPITALS[names[(index + shift) % len(names)]]
            truth.append(
                PromptPair(
                    f"capital-{country}-{shift}",
                    f"The capital of {country} is {_CAPITALS[country]}.",
                    f"The capital of {country} is {wrong}.",
                )
            )
    people = ("Anna", "Ben", "Carl", "Dora", "Emma", "Fred")
    reasoning: list[PromptPair] = []
    for a in people:
        for b in people:
            for c in people:
                if len({a, b, c}) == 3 and len(reasoning) < 48:
                    story = f"{a} is taller than {b}. {b} is taller than {c}."
                    reasoning.append(
                        PromptPair(
                            f"order-{a}-{b}-{c}",
                            f"{story} So {a} is taller than {c}.",
                            f"{story} So {c} is taller than {a}.",
                        )
                    )
    return Contrast("truthfulness", tuple(truth)), Contrast("reasoning", tuple(reasoning))


def _told(asked: Fact, context: list[Fact], *, true: bool) -> str:
    return " ".join([UNMARKED_CUE, *(fact.statement(true=true) for fact in context), asked.town, asked.relation])
