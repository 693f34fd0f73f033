"""Log-probabilities a part of the vocabulary at a time: what the whole logits give, and only where that is so."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from generator.core import CapewatchError
from generator.steering import projection
from generator.steering.layers import Edit
from generator.steering.projection import log_probabilities, projects_in_parts
from generator.steering.score import prepare, score
from generator.steering.subject import Subject, make_subject
from tests.steering.architectures import CATALOGUE, NumberTokenizer, build
from tests.steering.small import small_items

SCALED_OR_CAPPED = {"cohere", "cohere2", "gemma2"}
#: Bigger than any vocabulary of the tests: the whole logits are taken.
WHOLE = 10_000


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projection, "PART", 16)


def subject_of(name: str) -> Subject:
    return make_subject(build(name), NumberTokenizer(), model_id=name, revision="random")


@pytest.mark.parametrize("bias", [True, False])
def test_parts_give_the_log_softmax_of_the_whole(bias: bool) -> None:
    torch.manual_seed(0)
    linear = torch.nn.Linear(8, 41, bias=bias)  # two parts of 16 and one of 9
    states, target = torch.randn(5, 8) * 20, torch.tensor([40, 0, 15, 16, 31, 3, 40])
    source = torch.tensor([0, 1, 1, 2, 4, 4, 3])
    with torch.inference_mode():
        found = log_probabilities(linear, states, source, target)
        expected = linear(states).double().log_softmax(-1)[source, target]
    np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=1e-5, atol=1e-5)


def test_only_models_that_neither_scale_nor_cap_their_logits_are_projected_in_parts() -> None:
    found = {name for name in CATALOGUE if not projects_in_parts(subject_of(name))}
    assert found == SCALED_OR_CAPPED
    scaled = subject_of("granite")  # divides by a number that its configuration gives: 1 in the catalogue
    scaled.model.config.logits_scaling = 8.0
    assert not projects_in_parts(scaled)


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_every_architecture_scores_in_parts_as_with_whole_logits(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    subject = subject_of(name)
    edits = [Edit(torch.randn(subject.blocks.width, generator=torch.Generator().manual_seed(1)), 1)]
    parts = score(subject, prepare(subject, small_items("x", 9)), edits=edits)
    monkeypatch.setattr(projection, "PART", WHOLE)
    whole = score(subject, prepare(subject, small_items("x", 9)), edits=edits)
    np.testing.assert_allclose(np.concatenate(parts), np.concatenate(whole), atol=1e-5)


def test_states_that_are_not_numbers_are_named_in_parts_too() -> None:
    subject = subject_of("llama")
    subject.model.lm_head.weight.data[20] = torch.nan
    with pytest.raises(CapewatchError, match="NaN or infinite log-probabilities"):
        score(subject, prepare(subject, small_items("x", 3)))
