"""A small subject and suite for tests that need a model but not a good one."""

from __future__ import annotations

from functools import lru_cache

from generator.steering.data import ChoiceItem, Fold, PromptPair, Suite
from generator.steering.subject import Subject, make_subject
from tests.steering.architectures import NumberTokenizer, build


@lru_cache(maxsize=2)
def small_subject(name: str = "llama") -> Subject:
    """A random model of three blocks and width 32 over forty number words."""
    return make_subject(build(name), NumberTokenizer(), model_id=name, revision="random")


def small_items(prefix: str, count: int, *, start: int = 0) -> tuple[ChoiceItem, ...]:
    return tuple(
        ChoiceItem(
            f"{prefix}{index}",
            f"{2 + (start + index) % 30} {3 + (start + 7 * index) % 30}",
            (f" {4 + index % 20}", " 9 9"),
            (f" {25 + index % 10}", " 30"),
        )
        for index in range(count)
    )


def small_suite() -> Suite:
    """Two folds over number words."""
    pairs = tuple(PromptPair(f"p{i}", f"{2 + i} 5 6", f"{2 + i} 8 6") for i in range(12))
    one, two = small_items("a", 14), small_items("b", 12, start=5)
    return Suite(
        name="small",
        revision="1",
        folds=(
            Fold("one", pairs, small_items("v", 10, start=3), one),
            Fold("two", pairs, small_items("w", 10, start=4), two),
        ),
        truthful={item.id: "7 " + item.prompt for item in one + two},
        capability=small_items("c", 10, start=9),
        texts=tuple(f"{i} {i + 1} {i + 2} {i + 3} 4" for i in range(2, 10)),
        generation={item.id: item.prompt for item in one + two},
        extra={"again": one + two},
        multiple_choice=small_items("quiz-", 9, start=11),
        caveats=("A made-up suite.",),
    )
