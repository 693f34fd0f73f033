"""Defects that have been made before, planted one at a time: each must be caught by a run's own checks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from generator.core import CapewatchError
from generator.steering import evaluate, layers, run
from generator.steering.data import ChoiceItem
from generator.steering.sweep import Frozen
from tests.steering.test_run import go

Plant = Callable[[pytest.MonkeyPatch], None]


def row_zero_only(patch: pytest.MonkeyPatch) -> None:
    """`output[0] += v` on a tensor output."""

    def add(self: layers._Adder, hidden: torch.Tensor) -> torch.Tensor:
        moved = hidden.clone()
        moved[0] += self.edit.vector
        return moved

    patch.setattr(layers._Adder, "__call__", add)


def last_position_only(patch: pytest.MonkeyPatch) -> None:
    def add(self: layers._Adder, hidden: torch.Tensor) -> torch.Tensor:
        moved = hidden.clone()
        moved[:, -1] += self.edit.vector
        return moved

    patch.setattr(layers._Adder, "__call__", add)


def strength_ignored(patch: pytest.MonkeyPatch) -> None:
    """The hook adds a unit vector whatever the strength."""

    def add(self: layers._Adder, hidden: torch.Tensor) -> torch.Tensor:
        return hidden + self.edit.vector / (self.edit.vector.norm() + 1e-9)

    patch.setattr(layers._Adder, "__call__", add)


def hook_without_effect(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(layers._Adder, "__call__", lambda self, hidden: hidden)


def zero_is_not_inert(patch: pytest.MonkeyPatch) -> None:
    """The hook rescales what it touches."""
    patch.setattr(layers._Adder, "__call__", lambda self, hidden: (hidden + self.edit.vector) * 1.0001)


def unmatched_random_norm(patch: pytest.MonkeyPatch) -> None:
    """Random controls are plain normal draws."""
    patch.setattr(evaluate, "random_directions", lambda width, *, count, rng: rng.standard_normal((count, width)))


def unmatched_shuffled_norm(patch: pytest.MonkeyPatch) -> None:
    """Shuffled controls keep their own, smaller, length."""

    def shuffled(
        fit: object, true: np.ndarray, false: np.ndarray, *, count: int, rng: np.random.Generator
    ) -> np.ndarray:
        signs = rng.choice([-1.0, 1.0], (count, len(true)))
        return signs @ (true - false) / len(true)

    patch.setattr(evaluate, "shuffled_directions", shuffled)


def tuned_on_test(patch: pytest.MonkeyPatch) -> None:
    """Layer and strength are chosen on the test items."""
    honest = run.freeze

    def freeze(cells: object, *, validation: tuple[ChoiceItem, ...]) -> Frozen:
        from tests.steering.small import small_suite

        suite = small_suite()
        fold = next(fold for fold in suite.folds if fold.validation == validation)
        return honest(cells, validation=fold.test)  # type: ignore[arg-type]  # as the run passes it

    patch.setattr(run, "freeze", freeze)


DEFECTS: dict[str, tuple[Plant, str]] = {
    "row 0 steering": (row_zero_only, "differs from the vector by"),
    "last position only": (last_position_only, "differs from the vector by"),
    "strength ignored": (strength_ignored, "differs from the vector by|at strength 0 differ"),
    "hook without effect": (hook_without_effect, "differs from the vector by"),
    "strength 0 not inert": (zero_is_not_inert, "at strength 0 differ|differs from the vector by"),
    "unmatched norm of random controls": (unmatched_random_norm, "control norms from"),
    "unmatched norm of shuffled controls": (unmatched_shuffled_norm, "control norms from"),
    "tuned on test": (tuned_on_test, "in both the validation and the test set"),
}


def test_without_a_defect_the_run_passes(tmp_path: Path) -> None:
    assert go(tmp_path).test is not None


@pytest.mark.parametrize("name", DEFECTS)
def test_a_planted_defect_stops_the_run_before_a_result_is_written(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant, message = DEFECTS[name]
    plant(monkeypatch)
    with pytest.raises(CapewatchError, match=message):
        go(tmp_path)
    assert not (tmp_path / "run" / "result.json").exists()
