"""The one test of a frozen vector: base, steered, matched controls and the truthful prompt on the same items."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from generator.steering.controls import CONTROL_COUNT, random_directions, require_matched_norm, shuffled_directions
from generator.steering.data import ChoiceItem, Fold, Suite
from generator.steering.directions import METHODS, Activations, Direction, fit_direction, method
from generator.steering.effects import best_pairs
from generator.steering.errors import SteeringError
from generator.steering.layers import Edit, recording, steering
from generator.steering.many import binary_many
from generator.steering.score import Metrics, Prepared, metrics, prepare, score
from generator.steering.subject import Subject
from generator.steering.sweep import Frozen, binary_outcomes, edit_for

#: Largest relative deviation of the realised from the intended change before a run is refused, by dtype.
DELTA_TOLERANCE = {"float32": 1e-3, "float16": 0.05, "bfloat16": 0.25}


#: `stage(name, make)`: the stored JSON value of a finished stage, or `make()` stored.
Stage = Callable[[str, Callable[[], Any]], Any]


@dataclass(frozen=True)
class FoldOutcome:
    """Outcomes on one fold's test items; boolean tables are (controls, items), vectors (items,)."""

    base: Metrics
    steered: Metrics
    random: np.ndarray
    shuffled: np.ndarray
    minus: np.ndarray
    truthful: np.ndarray
    extra: dict[str, tuple[np.ndarray, np.ndarray]]
    methods: dict[str, np.ndarray]
    realised: float


@dataclass(frozen=True)
class FoldTest:
    """What is fixed while one fold is tested: model, data, the frozen choice and its direction."""

    subject: Subject
    suite: Suite
    fold: Fold
    frozen: Frozen
    direction: Direction
    states: Activations
    from_last: bool
    seed: int

    @property
    def edit(self) -> Edit:
        return edit_for(self.direction, self.frozen.strength)

    @property
    def length(self) -> float:
        """Norm of the steering vector, and so of every control."""
        return self.frozen.strength * self.direction.info.residual_norm

    def right(self, items: Sequence[ChoiceItem], edits: Sequence[Edit]) -> np.ndarray:
        """Binary outcome of each item, boolean (items,)."""
        prepared = prepare(self.subject, best_pairs(items))
        return binary_outcomes(self.subject, prepared, edits=edits, from_last=self.from_last)

    def truthful_prompt(self) -> np.ndarray:
        """Unsteered, with the prompt that asks for the truth."""
        asked = [item.with_prompt(self.suite.truthful[item.id]) for item in self.fold.test]
        return self.right(asked, ())

    def extra(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Unsteered and steered outcome on the further test sets, for this fold's items."""
        tested = {item.id for item in self.fold.test}
        found = {}
        for name, items in self.suite.extra.items():
            mine = [item for item in items if item.id in tested]
            found[name] = (self.right(mine, ()), self.right(mine, [self.edit]))
        return found

    def other_methods(self) -> dict[str, np.ndarray]:
        """The other fitting methods at the frozen layer and strength."""
        found = {}
        for name in METHODS:
            if name != self.direction.info.method:
                other = fit_direction(
                    self.subject,
                    self.states,
                    name=name,
                    layer=self.frozen.layer,
                    data_hash=self.direction.info.data_hash,
                    seed=self.seed,
                )
                found[name] = self.right(self.fold.test, [edit_for(other, self.frozen.strength)])
        return found

    def controls(self, kind: str, directions: np.ndarray, stage: Stage) -> np.ndarray:
        """Outcomes under unit directions (controls, width) at the norm of the vector, boolean (controls, items)."""
        edit, vectors = self.edit, directions * self.length
        require_matched_norm(edit.vector.numpy(), vectors, what=f"{self.fold.name}: {kind} controls")
        prepared = prepare(self.subject, best_pairs(self.fold.test))

        def make() -> list[str]:
            edits = [Edit(torch.from_numpy(vector).float(), edit.layer, edit.point) for vector in vectors]
            right = binary_many(self.subject, prepared, edits, from_last=self.from_last)
            return ["".join("01"[int(value)] for value in row) for row in right]

        return np.asarray([[digit == "1" for digit in row] for row in stage(f"controls-{self.fold.name}-{kind}", make)])


def evaluate_fold(
    test: FoldTest, *, rng: np.random.Generator, stage: Stage, controls: int = CONTROL_COUNT
) -> FoldOutcome:
    """Score a fold's test items once. `stage(name, make)` returns a stored stage of an interrupted run, or makes it."""
    subject, fold, frozen = test.subject, test.fold, test.frozen
    frozen.require_unseen(fold.test)
    realised = realised_share(subject, test.edit, [item.prompt for item in fold.test[:16]])
    full = prepare(subject, fold.test)
    base = score(subject, full)
    _require_inert_zero(subject, full, edit_for(test.direction, 0.0), base, from_last=test.from_last)
    steered = score(subject, full, edits=[test.edit], from_last=test.from_last)
    random = random_directions(subject.blocks.width, count=controls, rng=rng)
    true, false = test.states.true[frozen.layer], test.states.false[frozen.layer]
    shuffled = shuffled_directions(method(test.direction.info.method), true, false, count=controls, rng=rng)
    return FoldOutcome(
        base=metrics(full, base),
        steered=metrics(full, steered),
        random=test.controls("random", random, stage),
        shuffled=test.controls("shuffled", shuffled, stage),
        minus=test.right(fold.test, [Edit(-test.edit.vector, test.edit.layer, test.edit.point)]),
        truthful=test.truthful_prompt(),
        extra=test.extra(),
        methods=test.other_methods(),
        realised=realised,
    )


def realised_share(subject: Subject, edit: Edit, prompts: Sequence[str]) -> float:
    """Norm of the change that arrives at the next block's input over the intended norm, averaged over rows.

    Every row of the batch is checked on its own; a row without the change, or a dtype that swallows it, is an error.
    """
    if edit.point == "before":
        reader, point = edit.layer, "before"
    elif edit.layer + 1 < len(subject.blocks):
        reader, point = edit.layer + 1, "before"
    else:
        reader, point = edit.layer, "after"
    encoded = [subject.tokenizer(prompt)["input_ids"] for prompt in prompts]
    shortest = min(len(ids) for ids in encoded)
    tokens = torch.tensor([ids[:shortest] for ids in encoded], device=subject.device)
    with torch.inference_mode():
        plain = _residual(subject, tokens, (), reader=reader, point=point)
        moved = _residual(subject, tokens, [edit], reader=reader, point=point)
    intended = edit.vector.to(plain.device).float()
    norm = float(intended.norm())
    if norm == 0:
        raise SteeringError("steering vector: norm 0, nothing to steer with")
    change = moved - plain
    worst = float(((change - intended).norm(dim=-1) / norm).max())
    tolerance = DELTA_TOLERANCE.get(subject.dtype, 0.25)
    if worst > tolerance:
        raise SteeringError(
            f"{subject.id}: the change at block {reader} differs from the vector by {worst:.1%} of its norm in some batch row"
            f" (allowed {tolerance:.1%} in {subject.dtype})",
            hint="a larger strength or --dtype float32 keeps small vectors from being rounded away",
        )
    return float((change.norm(dim=-1) / norm).mean())


def _residual(
    subject: Subject, tokens: torch.Tensor, edits: Sequence[Edit], *, reader: int, point: Any
) -> torch.Tensor:
    keep = {"logits_to_keep": 1} if subject.keeps_logits else {}
    # the recorder is registered inside, so that at the last block it sees the edited output
    with steering(subject.blocks, edits, cached=False), recording(subject.blocks, [reader], point=point) as seen:
        subject.model(input_ids=tokens, use_cache=False, **keep)
    return seen[reader].float()


def _require_inert_zero(
    subject: Subject, prepared: Prepared, zero: Edit, base: Sequence[np.ndarray], *, from_last: bool
) -> None:
    scores = score(subject, prepared, edits=[zero], from_last=from_last)
    if not all(np.array_equal(a, b) for a, b in zip(base, scores, strict=True)):
        raise SteeringError(
            f"{subject.id}: scores at strength 0 differ from the unsteered scores",
            hint="the hook changes more than it adds",
        )
