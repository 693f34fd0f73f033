"""What must hold on every architecture: zero is inert, padding and cache change nothing, every row gets the vector."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
import torch

from generator.steering.data import ChoiceItem
from generator.steering.evaluate import realised_share
from generator.steering.generate import generate_ids
from generator.steering.layers import Edit, recording, steering
from generator.steering.score import prepare, score
from generator.steering.subject import Subject, make_subject
from tests.steering.architectures import BLOCKS, CATALOGUE, DEVICE, RECURRENT, VOCABULARY, WIDTH, NumberTokenizer, build

ARCHITECTURES = sorted(CATALOGUE)
PROMPTS = [[3, 4, 5, 6, 7], [8, 9], [10, 11, 12], [13, 4, 15, 16, 17, 18]]
ITEMS = [
    ChoiceItem("a", "3 4 5 6", (" 7 8 9", " 10"), (" 11 12", " 13")),
    ChoiceItem("b", "8 9", (" 20",), (" 21 22 23 24", " 25 26")),
    ChoiceItem("c", "10 11 12 13", (" 5 6",), (" 7",)),
]


@lru_cache(maxsize=2)
def subject(name: str) -> Subject:
    return make_subject(build(name), NumberTokenizer(), model_id=name, revision="random")


def edit(*, layer: int = 1, size: float = 2.0) -> Edit:
    return Edit(torch.randn(WIDTH, generator=torch.Generator().manual_seed(1)) * size, layer)


def test_at_least_36_architectures_are_covered() -> None:
    assert len(ARCHITECTURES) >= 36


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_blocks_are_found_by_structure(name: str) -> None:
    assert len(subject(name).blocks) == BLOCKS
    assert subject(name).blocks.width == WIDTH


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_strength_zero_is_unsteered_to_the_bit(name: str) -> None:
    tokens = torch.tensor([[3, 4, 5, 6], [9, 8, 7, 6]], device=DEVICE)
    with torch.inference_mode():
        plain = subject(name).model(input_ids=tokens, use_cache=False).logits
        with steering(subject(name).blocks, [edit(size=0.0)], cached=False):
            zero = subject(name).model(input_ids=tokens, use_cache=False).logits
        with steering(subject(name).blocks, [edit()], cached=False):
            moved = subject(name).model(input_ids=tokens, use_cache=False).logits
    assert torch.equal(plain, zero)
    assert not torch.equal(plain, moved)


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("layer", [0, 1])
def test_every_batch_row_gets_the_whole_vector(name: str, layer: int) -> None:
    change = edit(layer=layer)
    tokens = torch.tensor([[3, 4, 5, 6], [9, 8, 7, 6], [11, 12, 13, 14]], device=DEVICE)
    inputs = []
    for edits in ([], [change]):
        with (
            torch.inference_mode(),
            steering(subject(name).blocks, edits, cached=False),
            recording(subject(name).blocks, [layer + 1], point="before") as seen,
        ):
            subject(name).model(input_ids=tokens, use_cache=False)
        inputs.append(seen[layer + 1])
    realised = inputs[1] - inputs[0]
    assert realised.shape == (3, 4, WIDTH)
    torch.testing.assert_close(realised, change.vector.to(DEVICE).expand_as(realised), atol=2e-5, rtol=1e-4)
    assert realised_share(subject(name), change, ["3 4 5", "9 8 7"]) == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("from_last", [False, True], ids=["all positions", "from the last prompt token"])
def test_batched_and_cached_generation_equal_single_and_uncached(name: str, from_last: bool) -> None:
    def run(prompts: list[list[int]], *, use_cache: bool = True) -> list[list[int]]:
        return generate_ids(
            subject(name), prompts, new_tokens=5, edits=[edit()], from_last=from_last, use_cache=use_cache
        )

    batched = run(PROMPTS)
    assert batched == [run([prompt])[0] for prompt in PROMPTS]
    assert batched == run(PROMPTS, use_cache=False)
    assert all(0 <= token < VOCABULARY for row in batched for token in row)


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("from_last", [False, True], ids=["all positions", "from the last prompt token"])
def test_shared_prompt_scores_equal_one_answer_at_a_time(name: str, from_last: bool) -> None:
    prepared = prepare(subject(name), ITEMS)
    batched = score(subject(name), prepared, edits=[edit()], from_last=from_last)
    plain = score(subject(name), prepared, edits=[edit()], from_last=from_last, share_cache=False)
    for item, values, others in zip(ITEMS, batched, plain, strict=True):
        alone = [one_answer(name, item.prompt, answer, from_last=from_last) for answer in item.answers]
        np.testing.assert_allclose(values, alone, atol=2e-4)
        np.testing.assert_allclose(others, alone, atol=2e-4)


def one_answer(name: str, prompt: str, answer: str, *, from_last: bool) -> float:
    """The slow way: one sequence, no padding, no cache, all logits."""
    context = [int(word) for word in prompt.split()]
    whole = context + [int(word) for word in answer.split()]
    first = len(context) - 1 if from_last else 0
    change = edit()
    with (
        torch.inference_mode(),
        steering(subject(name).blocks, [Edit(change.vector, change.layer, "after", first)], cached=False),
    ):
        tokens = torch.tensor([whole], device=DEVICE)
        log_p = subject(name).model(input_ids=tokens, use_cache=False).logits[0].log_softmax(-1)
    return sum(float(log_p[place - 1, whole[place]]) for place in range(len(context), len(whole)))


def test_recurrent_models_are_the_ones_without_a_shared_cache() -> None:
    assert [name for name in ARCHITECTURES if not subject(name).shares_cache] == list(RECURRENT)
