"""The small schema every data set is brought to, and how its items are hashed and split."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from generator.core import canonical_json, sha256_bytes
from generator.steering.errors import SteeringError


@dataclass(frozen=True)
class ChoiceItem:
    """A question scored by the log-probability of its answers.

    prompt: the text before the answer; correct and incorrect: answers exactly as appended (with their leading space);
    the first entry of each is the best correct and the best incorrect answer; category: unit of grouped splits.
    """

    id: str
    prompt: str
    correct: tuple[str, ...]
    incorrect: tuple[str, ...]
    category: str = ""

    def __post_init__(self) -> None:
        if not self.correct or not self.incorrect:
            raise SteeringError(f"item {self.id}: needs at least one correct and one incorrect answer")

    @property
    def answers(self) -> tuple[str, ...]:
        """Correct answers first."""
        return self.correct + self.incorrect

    def best_pair(self) -> ChoiceItem:
        """The same question with the best correct and the best incorrect answer alone."""
        return ChoiceItem(self.id, self.prompt, self.correct[:1], self.incorrect[:1], self.category)

    def with_prompt(self, prompt: str) -> ChoiceItem:
        return ChoiceItem(self.id, prompt, self.correct, self.incorrect, self.category)


@dataclass(frozen=True)
class PromptPair:
    """Two prompts that differ in truth: the direction points from `false` to `true`."""

    id: str
    true: str
    false: str


@dataclass(frozen=True)
class Fold:
    """Fit, choose, test: `validation` and `test` share no item; `pairs` fit the direction."""

    name: str
    pairs: tuple[PromptPair, ...]
    validation: tuple[ChoiceItem, ...]
    test: tuple[ChoiceItem, ...]


@dataclass(frozen=True)
class Suite:
    """Everything one run needs, whatever the data behind it.

    folds: every test item is in one fold only; truthful: item id → the prompt that asks for the truth; capability:
    side-effect items (choice accuracy); texts: side-effect texts (perplexity, KL); extra: further named test sets
    scored with the frozen vector, e.g. the same questions under a reliable cue; multiple_choice: further side-effect
    items in the style of MMLU; caveats: what a reader of the results must know about choices made for this suite.
    """

    name: str
    revision: str
    folds: tuple[Fold, ...]
    truthful: dict[str, str]
    capability: tuple[ChoiceItem, ...]
    texts: tuple[str, ...]
    extra: dict[str, tuple[ChoiceItem, ...]] = field(default_factory=dict)
    generation: dict[str, str] = field(default_factory=dict)
    pairs_note: str = ""
    multiple_choice: tuple[ChoiceItem, ...] = ()
    caveats: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for fold in self.folds:
            require_disjoint(fold.validation, fold.test, what=f"{self.name}/{fold.name}")
            repeated = sorted(seen & {item.id for item in fold.test})
            if repeated:
                raise SteeringError(f"{self.name}: item {repeated[0]} is in the test set of two folds")
            seen |= {item.id for item in fold.test}

    @property
    def test(self) -> tuple[ChoiceItem, ...]:
        """All test items, fold by fold."""
        return tuple(item for fold in self.folds for item in fold.test)

    @property
    def digest(self) -> str:
        """Hash over every text of the suite and its splits."""
        return sha256_bytes(
            canonical_json(
                {
                    "name": self.name,
                    "revision": self.revision,
                    "folds": [
                        {
                            "name": fold.name,
                            "pairs": [[pair.true, pair.false] for pair in fold.pairs],
                            "validation": items_hash(fold.validation),
                            "test": items_hash(fold.test),
                        }
                        for fold in self.folds
                    ],
                    "truthful": self.truthful,
                    "capability": items_hash(self.capability),
                    "texts": list(self.texts),
                    "extra": {name: items_hash(items) for name, items in self.extra.items()},
                    "generation": self.generation,
                    # only where there are such items, so that suites without them keep their digest
                    **({"multiple_choice": items_hash(self.multiple_choice)} if self.multiple_choice else {}),
                }
            )
        )


def items_hash(items: Iterable[ChoiceItem]) -> str:
    """sha256 over ids, prompts and answers, in order."""
    return sha256_bytes(canonical_json([[item.id, item.prompt, item.correct, item.incorrect] for item in items]))


def require_disjoint(chosen_on: Sequence[ChoiceItem], tested_on: Sequence[ChoiceItem], *, what: str) -> None:
    """Raise when an item that layer or strength was chosen on is also tested."""
    shared = sorted({item.id for item in chosen_on} & {item.id for item in tested_on})
    if shared:
        raise SteeringError(
            f"{what}: {len(shared)} items are in both the validation and the test set, e.g. {shared[0]}",
            hint="layer and strength must be chosen on items that are not tested",
        )
