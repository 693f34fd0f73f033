"""Internal figures against planted couplings and against the nulls that show a degenerate measurement as one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from generator.core import CapewatchError
from generator.steering.checkpoints import demo_subject
from generator.steering.contrasts import english_contrasts, world_contrasts
from generator.steering.data import PromptPair
from generator.steering.heads import head_states, output_projection
from generator.steering.internals import (
    Contrast,
    coupling,
    effective_dimension,
    matched,
    measure,
    randomised,
    with_nulls,
)
from generator.steering.layers import find_blocks
from generator.steering.world import World
from tests.steering.architectures import CATALOGUE, DEVICE, RECURRENT, build
from tests.steering.small import small_subject

RNG = np.random.default_rng(0)
SHARED, OWN = np.eye(40)[0], np.eye(40)[1]


def differences(direction: np.ndarray, *, size: float = 1.0, pairs: int = 200) -> np.ndarray:
    return RNG.standard_normal((pairs, 40)) + size * direction


@pytest.mark.parametrize(("second", "sign"), [(SHARED, 1), (-SHARED, -1)])
def test_a_planted_coupling_is_found_with_its_sign(second: np.ndarray, sign: int) -> None:
    found = coupling(differences(SHARED), differences(second), raw=0.0, rng=np.random.default_rng(1))
    assert sign * found.cosine > 0.5
    assert found.p <= 0.01


def test_unrelated_contrasts_are_not_coupled() -> None:
    found = coupling(differences(SHARED), differences(OWN), raw=0.0, rng=np.random.default_rng(1))
    assert found.null_low < found.cosine < found.null_high


def test_p_values_are_uniform_when_there_is_no_contrast() -> None:
    p = [coupling(differences(SHARED, size=0), differences(OWN, size=0), raw=0, rng=RNG).p for _ in range(60)]
    assert 0.3 < np.mean(p) < 0.7
    assert np.mean(np.asarray(p) <= 0.05) < 0.2


@pytest.mark.parametrize(("rank", "width"), [(1, 10), (4, 10), (10, 10)])
def test_the_effective_dimension_counts_equal_directions(rank: int, width: int) -> None:
    states = np.zeros((4000, width))
    states[:, :rank] = RNG.standard_normal((4000, rank))
    assert effective_dimension(states + 7.0) == pytest.approx(rank, rel=0.02)


def test_pairs_must_agree_in_length_and_last_token() -> None:
    pairs = tuple(PromptPair(str(i), f"{i + 2} 5", f"{i + 3} 5") for i in range(8))
    odd = (PromptPair("long", "2 3 5", "4 5"), PromptPair("end", "2 5", "2 6"))
    assert matched(Contrast("x", pairs + odd), small_subject()).pairs == pairs
    with pytest.raises(CapewatchError, match="x: 7 of 9 pairs agree"):
        matched(Contrast("x", pairs[:7] + odd), small_subject())


@pytest.mark.parametrize("name", sorted(set(CATALOGUE) - set(RECURRENT)))
def test_the_head_projection_is_found_and_its_input_divides_into_heads(name: str) -> None:
    subject = small_subject(name)
    states = head_states(subject, ["3 4 5", "6 7 8"])
    assert states.shape[:2] == (2, 3 * 4)
    assert np.isfinite(states).all()


def test_heads_are_read_where_they_enter_the_projection() -> None:
    """Zeroing one head's columns of the projection removes exactly what was read for it."""
    subject = small_subject("llama")
    tokens = torch.tensor([[3, 4, 5]], device=DEVICE)
    projection = output_projection(subject.blocks.modules[0])
    states = head_states(subject, ["3 4 5"])[0]
    outputs = []
    handle = projection.register_forward_hook(lambda module, args, output: outputs.append(output[0, -1].double()))
    with torch.inference_mode():
        subject.model(input_ids=tokens)
    handle.remove()
    rebuilt = projection.weight.double() @ torch.from_numpy(states[:4].reshape(-1)).to(DEVICE)
    torch.testing.assert_close(outputs[0], rebuilt.detach(), atol=1e-5, rtol=1e-4)


def test_a_model_without_attention_has_no_heads() -> None:
    with pytest.raises(CapewatchError, match="no attention output projection found in MambaBlock"):
        output_projection(find_blocks(build("mamba")).modules[0])


def test_the_random_null_has_other_weights_and_the_same_shape() -> None:
    other = randomised(small_subject(), seed=1)
    assert other.parameters == small_subject().parameters
    assert other.revision == "random-1"
    one, two = (next(iter(s.model.parameters())) for s in (other, small_subject()))
    assert not torch.equal(one, two)


def test_raw_cosines_are_near_one_even_on_random_weights_while_centred_ones_are_not(committed: Path) -> None:
    subject = demo_subject((committed / "xs-0.safetensors").read_bytes(), "xs", 0)
    found = with_nulls(subject, world_contrasts(World(0), count=64), seed=0, networks=1)
    for network in (found["trained"], *found["random_weights"]):
        for layer in network["layers"]:
            assert layer["raw"] > 0.98
            assert abs(layer["cosine"]) < 0.9


def test_the_same_seed_gives_the_same_figures(committed: Path) -> None:
    subject = demo_subject((committed / "xs-0.safetensors").read_bytes(), "xs", 0)
    contrasts = world_contrasts(World(0), count=32)
    assert measure(subject, *contrasts, seed=0) == measure(subject, *contrasts, seed=0)


def test_world_contrasts_match_in_length_and_last_word_and_differ_in_what_they_say() -> None:
    truth, retrieval = world_contrasts(World(0), count=40)
    for pair in (*truth.pairs, *retrieval.pairs):
        assert len(pair.true.split()) == len(pair.false.split())
        assert pair.true.split()[-2:] == pair.false.split()[-2:]
    for pair in retrieval.pairs:
        question = " ".join(pair.true.split()[-2:])
        assert (pair.true.count(question), pair.false.count(question)) == (2, 1)


def test_english_contrasts_are_balanced_and_distinct() -> None:
    for contrast in english_contrasts():
        assert len({pair.id for pair in contrast.pairs}) == len(contrast.pairs) >= 24
        assert all(pair.true != pair.false for pair in contrast.pairs)
