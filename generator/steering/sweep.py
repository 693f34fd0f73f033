"""Choose layer and strength on validation items under side-effect limits, freeze the choice, and only then allow a test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from generator.steering.data import ChoiceItem, Fold, items_hash, require_disjoint
from generator.steering.directions import Activations, Direction, fit_direction
from generator.steering.effects import best_pairs, capability_accuracy, text_effects
from generator.steering.errors import SteeringError
from generator.steering.layers import Edit
from generator.steering.many import score_many
from generator.steering.score import Metrics, Prepared, metrics, prepare, score
from generator.steering.subject import Subject

STRENGTHS = (0.05, 0.1, 0.2, 0.4, 0.8)


@dataclass(frozen=True)
class Limits:
    """What the vector may cost: accuracy drop on capability items (0–1), relative rise of perplexity."""

    capability_drop: float = 0.01
    perplexity_rise: float = 0.05


@dataclass(frozen=True)
class Cell:
    """One candidate on validation: accuracies in 0–1, perplexity ratio steered / unsteered."""

    layer: int
    strength: float
    accuracy: float
    margin: float
    capability: float
    perplexity_ratio: float
    admissible: bool


@dataclass(frozen=True)
class Frozen:
    """The choice made on validation; `validation` are the items it was made on, so that a test on them can be refused."""

    layer: int
    strength: float
    within_limits: bool
    validation: tuple[ChoiceItem, ...]

    @property
    def validation_hash(self) -> str:
        return items_hash(self.validation)

    def require_unseen(self, test: Sequence[ChoiceItem]) -> None:
        """Raise when a test item took part in the choice."""
        require_disjoint(self.validation, test, what="frozen choice")


def edit_for(direction: Direction, strength: float) -> Edit:
    """The direction scaled to strength × residual norm of its layer."""
    return Edit(direction.scaled(strength), direction.info.layer, direction.info.point)


def sweep(
    subject: Subject,
    fold: Fold,
    states: Activations,
    *,
    method: str,
    strengths: Sequence[float],
    limits: Limits,
    capability: Prepared,
    texts: Sequence[str],
    from_last: bool,
    data_hash: str,
    seed: int,
) -> list[Cell]:
    """Validation figures of every layer in `states` × strength."""
    validation = prepare(subject, best_pairs(fold.validation))
    base_capability = capability_accuracy(subject, capability, edits=(), from_last=from_last)
    candidates: list[tuple[int, float, Edit]] = []
    for layer in sorted(states.true):
        direction = fit_direction(subject, states, name=method, layer=layer, data_hash=data_hash, seed=seed)
        candidates.extend((layer, strength, edit_for(direction, strength)) for strength in strengths)
    base_perplexity, effects = text_effects(subject, texts, [[edit] for _, _, edit in candidates])
    cells = []
    for (layer, strength, _), effect, held, figures in zip(
        candidates,
        effects,
        _by_layer(subject, capability, candidates, from_last=from_last),
        _by_layer(subject, validation, candidates, from_last=from_last),
        strict=True,
    ):
        ratio = effect.perplexity / base_perplexity
        cells.append(
            Cell(
                layer=layer,
                strength=strength,
                accuracy=float(figures.binary.mean()),
                margin=float(figures.margin.mean()),
                capability=float(held.mc1.mean()),
                perplexity_ratio=ratio,
                admissible=float(held.mc1.mean()) >= base_capability - limits.capability_drop - 1e-12
                and ratio <= 1 + limits.perplexity_rise + 1e-12,
            )
        )
    return cells


def _by_layer(
    subject: Subject, prepared: Prepared, candidates: Sequence[tuple[int, float, Edit]], *, from_last: bool
) -> list[Metrics]:
    """Outcomes of every candidate, in their order; candidates of one layer are scored together."""
    found: list[Metrics] = []
    for _, group in groupby(candidates, key=lambda candidate: candidate[0]):
        edits = [edit for _, _, edit in group]
        found += [metrics(prepared, scores) for scores in score_many(subject, prepared, edits, from_last=from_last)]
    return found


def freeze(cells: Sequence[Cell], *, validation: Sequence[ChoiceItem]) -> Frozen:
    """The admissible cell with the best validation accuracy; ties go to the weaker, then the earlier vector.

    When no cell keeps the limits, the one with the smallest perplexity ratio is frozen and marked.
    """
    if not cells:
        raise SteeringError("sweep: no candidate layer and strength")
    admissible = [cell for cell in cells if cell.admissible]
    if admissible:
        best = min(admissible, key=lambda cell: (-cell.accuracy, cell.strength, cell.layer))
    else:
        best = min(cells, key=lambda cell: (cell.perplexity_ratio, cell.strength, cell.layer))
    return Frozen(
        layer=best.layer, strength=best.strength, within_limits=bool(admissible), validation=tuple(validation)
    )


def binary_outcomes(subject: Subject, prepared: Prepared, *, edits: Sequence[Edit], from_last: bool) -> np.ndarray:
    """Right or wrong on best correct against best incorrect answer, boolean (items,)."""
    return metrics(prepared, score(subject, prepared, edits=edits, from_last=from_last)).binary
