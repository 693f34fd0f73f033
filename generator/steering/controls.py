"""What a truth direction must beat: other vectors of exactly the same norm at the same place."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from generator.steering.errors import SteeringError

CONTROL_COUNT = 199
NORM_TOLERANCE = 1e-6


def random_directions(width: int, *, count: int = CONTROL_COUNT, rng: np.random.Generator) -> np.ndarray:
    """Unit vectors uniform on the sphere, shape (count, width)."""
    draws = rng.standard_normal((count, width))
    return draws / np.linalg.norm(draws, axis=1, keepdims=True)


def shuffled_directions(
    fit: Callable[[np.ndarray, np.ndarray], np.ndarray],
    true: np.ndarray,
    false: np.ndarray,
    *,
    count: int = CONTROL_COUNT,
    rng: np.random.Generator,
) -> np.ndarray:
    """The same fit after a fair coin swapped the labels within every pair; unit vectors (count, width).

    true and false have shape (pairs, width). Swapping within pairs keeps the questions balanced.
    """
    result = np.empty((count, true.shape[1]))
    for index in range(count):
        swap = rng.random(len(true)) < 0.5
        result[index] = fit(np.where(swap[:, None], false, true), np.where(swap[:, None], true, false))
    return result


def require_matched_norm(steered: np.ndarray, controls: np.ndarray, *, what: str) -> None:
    """Raise unless every control (count, width) has the norm of the steering vector (width,)."""
    norm = float(np.linalg.norm(steered))
    norms = np.linalg.norm(controls, axis=1)
    worst = float(np.abs(norms - norm).max()) if len(norms) else 0.0
    if worst > NORM_TOLERANCE * max(norm, 1.0):
        raise SteeringError(
            f"{what}: control norms from {norms.min():.4g} to {norms.max():.4g}, the steering vector has {norm:.4g}",
            hint="a control of another norm says nothing about the direction",
        )
