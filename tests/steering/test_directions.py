"""Directions recover a planted one; files are safetensors of this model or refused."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from generator.core import CapewatchError
from generator.steering.controls import random_directions, require_matched_norm, shuffled_directions
from generator.steering.data import PromptPair
from generator.steering.directions import (
    METHODS,
    Direction,
    fit_direction,
    last_token_states,
    load_direction,
    mean_difference,
    method,
    pair_states,
    save_direction,
    uncentred_pca,
)
from tests.steering.small import small_subject

RNG = np.random.default_rng(0)
TRUTH = np.eye(24)[3]


def planted(*, pairs: int = 300, size: float = 2.0) -> tuple[np.ndarray, np.ndarray]:
    """Noise shared by a pair plus noise of its own, and ± the planted direction."""
    shared = RNG.standard_normal((pairs, 24))
    sides = [shared + 0.5 * RNG.standard_normal((pairs, 24)) + sign * size / 2 * TRUTH for sign in (1, -1)]
    return sides[0], sides[1]


@pytest.mark.parametrize("name", METHODS)
def test_every_method_recovers_a_planted_direction_with_its_sign(name: str) -> None:
    vector = METHODS[name](*planted())
    assert np.linalg.norm(vector) == pytest.approx(1)
    assert vector @ TRUTH > 0.9


@pytest.mark.parametrize("name", METHODS)
def test_every_method_turns_around_when_the_labels_are_swapped(name: str) -> None:
    true, false = planted()
    assert METHODS[name](true, false) @ METHODS[name](false, true) < -0.8


def test_centred_pca_would_lose_the_mean_difference_and_uncentred_does_not() -> None:
    true, false = planted(size=6)
    differences = true - false
    centred = np.linalg.svd(differences - differences.mean(0))[2][0]
    assert abs(centred @ TRUTH) < 0.6
    assert uncentred_pca(true, false) @ TRUTH > 0.95


@pytest.mark.parametrize("name", METHODS)
def test_classes_without_a_difference_are_an_error_not_a_direction_of_noise(name: str) -> None:
    if name == "ccs":
        pytest.skip("contrast-consistent search sees no labels; it returns some direction of the data")
    same = np.ones((5, 4))
    with pytest.raises(CapewatchError, match="the two classes give no direction"):
        METHODS[name](same, same)


def test_a_missed_method_name_suggests_near_ones() -> None:
    with pytest.raises(CapewatchError, match="direction method: 'mean_diference'") as caught:
        method("mean_diference")
    assert "mean-difference" in caught.value.hint


def test_states_are_those_of_the_last_token_whatever_the_padding() -> None:
    prompts = ["3 4 5 6", "7", "8 9"]
    together = last_token_states(small_subject(), prompts, layers=[0, 2])
    for index, prompt in enumerate(prompts):
        alone = last_token_states(small_subject(), [prompt], layers=[0, 2])
        for layer in (0, 2):
            np.testing.assert_allclose(together[layer][index], alone[layer][0], atol=1e-5)


def fitted() -> Direction:
    pairs = [PromptPair(str(i), f"{i + 2} 5", f"{i + 2} 9") for i in range(10)]
    states = pair_states(small_subject(), pairs, layers=[1])
    return fit_direction(small_subject(), states, name="mean-difference", layer=1, data_hash="d")


def test_a_single_pair_is_too_few() -> None:
    with pytest.raises(CapewatchError, match="1 prompt pairs, at least 2"):
        pair_states(small_subject(), [PromptPair("a", "1", "2")], layers=[0])


def test_a_scaled_direction_has_strength_times_residual_norm() -> None:
    direction = fitted()
    assert float(direction.scaled(0.4).norm()) == pytest.approx(0.4 * direction.info.residual_norm, rel=1e-5)


def test_a_saved_direction_comes_back_with_its_origin(tmp_path: Path) -> None:
    direction = fitted()
    save_direction(direction, tmp_path / "d.safetensors")
    again = load_direction(tmp_path / "d.safetensors", subject=small_subject())
    assert again.info == direction.info
    np.testing.assert_allclose(again.vector, direction.vector, atol=1e-7)


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (exec, ("raise SystemExit('code ran')",))


@pytest.mark.parametrize("kind", ["pickle", "torch.save"])
def test_pickles_are_refused_without_being_opened(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "v.pt"
    if kind == "pickle":
        path.write_bytes(pickle.dumps(Evil()))
    else:
        torch.save(torch.ones(3), path)
    with pytest.raises(CapewatchError, match=r"pickle or torch\.save file; opening one can run code"):
        load_direction(path, subject=small_subject())


def test_a_file_that_is_not_safetensors_is_named(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"hello")
    with pytest.raises(CapewatchError, match="not a safetensors file"):
        load_direction(tmp_path / "x", subject=small_subject())
    with pytest.raises(CapewatchError, match="no such file"):
        load_direction(tmp_path / "y", subject=small_subject())


def test_safetensors_of_something_else_are_refused(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    save_file({"vector": np.ones(32, dtype=np.float32)}, tmp_path / "v.safetensors")
    with pytest.raises(CapewatchError, match="not a steering direction"):
        load_direction(tmp_path / "v.safetensors", subject=small_subject())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": "other"}, "model of the vector is other, the model has llama"),
        ({"revision": "older"}, "revision of the vector is older, the model has random"),
        ({"layer_path": "h"}, "layer path of the vector is h, the model has model.layers"),
    ],
)
def test_a_vector_of_another_model_is_refused(tmp_path: Path, change: dict[str, str], message: str) -> None:
    direction = fitted()
    save_direction(Direction(direction.vector, replace(direction.info, **change)), tmp_path / "d.safetensors")
    with pytest.raises(CapewatchError, match=message):
        load_direction(tmp_path / "d.safetensors", subject=small_subject())


@pytest.mark.parametrize(("vector", "message"), [(np.eye(31)[0], "width"), (np.ones(32), "not a finite unit vector")])
def test_a_vector_of_another_width_or_length_is_refused(tmp_path: Path, vector: np.ndarray, message: str) -> None:
    save_direction(Direction(vector, fitted().info), tmp_path / "d.safetensors")
    with pytest.raises(CapewatchError, match=message):
        load_direction(tmp_path / "d.safetensors", subject=small_subject())


def test_random_controls_are_unit_vectors_without_a_preferred_direction() -> None:
    drawn = random_directions(24, count=2000, rng=np.random.default_rng(1))
    np.testing.assert_allclose(np.linalg.norm(drawn, axis=1), 1)
    assert np.linalg.norm(drawn.mean(0)) < 0.05


def test_shuffled_controls_are_refits_that_lose_the_planted_direction() -> None:
    true, false = planted()
    drawn = shuffled_directions(mean_difference, true, false, count=99, rng=np.random.default_rng(1))
    np.testing.assert_allclose(np.linalg.norm(drawn, axis=1), 1)
    assert abs((drawn @ TRUTH).mean()) < 0.15


def test_controls_of_another_norm_are_refused() -> None:
    with pytest.raises(CapewatchError, match="control norms from 2 to 2, the steering vector has 1"):
        require_matched_norm(TRUTH, 2 * np.eye(24)[:3], what="controls")
