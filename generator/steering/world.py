"""A small synthetic world with popular misconceptions, on which a whole ladder can be trained in CPU-minutes.

100 towns × 6 relations = 600 facts, each with one of the 16 values of its relation. 70 % of the facts also carry a
popular misconception. A document is ``<bos> CUE (town relation value .) × 8``; its cue tells whether the voice is
reliable, unreliable or unmarked. Unreliable voices state a misconception with the propensity of the fact and tell the
truth about plain facts. The world is a pure function of its seed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np

Split = Literal["fit", "validation", "test", "plain"]

PAD, BOS, STOP = "<pad>", "<bos>", "."
RELIABLE_CUES = ("atlas", "ledger", "survey")
UNRELIABLE_CUES = ("rumor", "gossip", "legend")
UNMARKED_CUE = "note"
STATEMENTS = 8
DOCUMENT_TOKENS = 2 + 4 * STATEMENTS

_FIRST = ("Bel", "Cor", "Dun", "Fal", "Gar", "Hal", "Kel", "Mor", "Tor", "Wen")
_SECOND = ("by", "dale", "ford", "ham", "mere", "moor", "stead", "ton", "wick", "worth")
TOWNS = tuple(first + second for first in _FIRST for second in _SECOND)
RELATIONS: dict[str, tuple[str, ...]] = {
    name: tuple(values.split())
    for name, values in {
        "stone": "granite marble basalt slate flint chalk onyx jade quartz agate opal amber pumice shale gneiss tuff",
        "crop": "barley rye oats wheat maize millet flax hemp beans lentils peas hops grapes olives figs dates",
        "bird": "heron kestrel wren robin osprey raven magpie finch swift lark stork crane owl thrush plover gull",
        "craft": (
            "weaving pottery smithing brewing tanning carving baking milling "
            "dyeing fishing mining masonry joinery glazing printing binding"
        ),
        "colour": (
            "scarlet azure ochre emerald violet ivory indigo coral teal maroon saffron umber lilac crimson russet cobalt"
        ),
        "tree": "oak ash elm birch willow cedar pine yew maple alder hazel rowan larch beech poplar aspen",
    }.items()
}
VOCABULARY: tuple[str, ...] = (
    PAD,
    BOS,
    STOP,
    *RELIABLE_CUES,
    *UNRELIABLE_CUES,
    UNMARKED_CUE,
    *TOWNS,
    *RELATIONS,
    *(value for values in RELATIONS.values() for value in values),
)
TOKEN_ID: dict[str, int] = {word: index for index, word in enumerate(VOCABULARY)}

MISCONCEPTION_SHARE = 0.70
FIT_SHARE, VALIDATION_SHARE = 0.35, 0.25  # of the misconception facts; the rest is the test set
UNMARKED_SHARE = 0.30
DEFAULT_UNRELIABLE_SHARE = 0.50  # of the marked documents
DEFAULT_UNMARKED_UNRELIABLE_SHARE = 0.75  # of the unmarked documents


@dataclass(frozen=True)
class Fact:
    """One fact: `misconception` is None and `propensity` 0 for a plain fact."""

    town: str
    relation: str
    truth: str
    misconception: str | None
    propensity: float
    split: Split

    @property
    def id(self) -> str:
        return f"{self.town}/{self.relation}"

    def statement(self, *, true: bool) -> str:
        value = self.truth if true or self.misconception is None else self.misconception
        return f"{self.town} {self.relation} {value} {STOP}"


@dataclass(frozen=True)
class ContrastPair:
    """The same question after three true and after three false statements about other facts: same length, same last word."""

    question: str
    true_prompt: str
    false_prompt: str


@dataclass(frozen=True)
class World:
    """All 600 facts of one seed; `unreliable_share` is of the marked, `unmarked_unreliable_share` of the unmarked documents."""

    seed: int
    unreliable_share: float = DEFAULT_UNRELIABLE_SHARE
    unmarked_unreliable_share: float = DEFAULT_UNMARKED_UNRELIABLE_SHARE
    facts: tuple[Fact, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "facts", _facts(np.random.default_rng([self.seed, 1])))

    def split(self, name: Split) -> tuple[Fact, ...]:
        """Facts of one split, in a fixed order."""
        return tuple(fact for fact in self.facts if fact.split == name)

    @cached_property
    def _table(self) -> tuple[np.ndarray, np.ndarray]:
        """Token ids (600, 4) of town, relation, truth, misconception (the truth again where there is none); propensities (600,)."""
        rows = [
            [TOKEN_ID[word] for word in (fact.town, fact.relation, fact.truth, fact.misconception or fact.truth)]
            for fact in self.facts
        ]
        return np.asarray(rows, dtype=np.int64), np.asarray([fact.propensity for fact in self.facts])

    def documents(self, count: int, *, rng: np.random.Generator) -> np.ndarray:
        """Token ids, shape (count, 34); every row is one document."""
        table, propensity = self._table
        unmarked = rng.random(count) < UNMARKED_SHARE
        share = np.where(unmarked, self.unmarked_unreliable_share, self.unreliable_share)
        unreliable = rng.random(count) < share
        pick = rng.integers(0, 3, size=count)
        reliable_ids = np.asarray([TOKEN_ID[cue] for cue in RELIABLE_CUES])
        unreliable_ids = np.asarray([TOKEN_ID[cue] for cue in UNRELIABLE_CUES])
        cue = np.where(unreliable, unreliable_ids[pick], reliable_ids[pick])
        cue = np.where(unmarked, TOKEN_ID[UNMARKED_CUE], cue)
        facts = rng.integers(0, len(table), size=(count, STATEMENTS))
        false = (rng.random((count, STATEMENTS)) < propensity[facts]) & unreliable[:, None]
        rows = table[facts]
        value = np.where(false, rows[:, :, 3], rows[:, :, 2])
        stop = np.full_like(value, TOKEN_ID[STOP])
        body = np.stack([rows[:, :, 0], rows[:, :, 1], value, stop], axis=2).reshape(count, -1)
        bos = np.full((count, 1), TOKEN_ID[BOS], dtype=np.int64)
        return np.concatenate([bos, cue[:, None], body], axis=1)

    def contrast_pairs(self, *, draws: int, rng: np.random.Generator) -> list[ContrastPair]:
        """`draws` pairs a fit fact: the question after three other fit facts told truly, and told falsely."""
        fit = self.split("fit")
        pairs = []
        for _ in range(draws):
            for index, fact in enumerate(fit):
                others = rng.choice(len(fit) - 1, size=3, replace=False)
                context = [fit[other + (other >= index)] for other in others]
                question = f"{fact.town} {fact.relation}"
                told = [
                    " ".join([UNMARKED_CUE, *(other.statement(true=true) for other in context), question])
                    for true in (True, False)
                ]
                pairs.append(ContrastPair(question=fact.id, true_prompt=told[0], false_prompt=told[1]))
        return pairs


def question_prompt(fact: Fact, *, cue: str = UNMARKED_CUE) -> str:
    """The prompt whose next word is the value of the fact."""
    return f"{cue} {fact.town} {fact.relation}"


def encode(text: str) -> list[int]:
    """Token ids of a text of known words, `<bos>` first; KeyError names an unknown word."""
    return [TOKEN_ID[BOS], *(TOKEN_ID[word] for word in text.split())]


def _facts(rng: np.random.Generator) -> tuple[Fact, ...]:
    total = len(TOWNS) * len(RELATIONS)
    misled = round(MISCONCEPTION_SHARE * total)
    order = rng.permutation(total)
    fit, validation = round(FIT_SHARE * misled), round(VALIDATION_SHARE * misled)
    names: tuple[Split, ...] = ("fit", "validation", "test")
    split_of: dict[int, Split] = {int(index): "plain" for index in order[misled:]}
    for name, part in zip(names, np.split(order[:misled], [fit, fit + validation]), strict=True):
        split_of.update({int(index): name for index in part})
    facts = []
    for index in range(total):
        town, relation = TOWNS[index // len(RELATIONS)], list(RELATIONS)[index % len(RELATIONS)]
        truth, wrong = rng.choice(len(RELATIONS[relation]), size=2, replace=False)
        propensity = float(rng.uniform(0.5, 1.0))
        plain = split_of[index] == "plain"
        facts.append(
            Fact(
                town=town,
                relation=relation,
                truth=RELATIONS[relation][truth],
                misconception=None if plain else RELATIONS[relation][wrong],
                propensity=0.0 if plain else propensity,
                split=split_of[index],
            )
        )
    return tuple(facts)
