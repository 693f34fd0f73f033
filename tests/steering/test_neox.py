"""The compact training pass is the library's own pass: same logits, same gradients, to rounding."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from generator.steering.neox import training_logits
from generator.steering.train import SIZES, Recipe, build_model


@pytest.mark.parametrize("size", SIZES)
def test_the_training_pass_agrees_with_the_library_in_logits_and_in_every_gradient(size: str) -> None:
    recipe = Recipe.demo(size, 0)
    model = build_model(recipe)
    noise = torch.Generator().manual_seed(1)
    with torch.no_grad():  # fresh biases are zero and fresh scales one: move them, or an error in them would not show
        for parameter in model.parameters():
            parameter.add_(0.05 * torch.randn(parameter.shape, generator=noise))
    tokens = torch.from_numpy(recipe.world().documents(6, rng=np.random.default_rng(0)))
    found = []
    for forward in (lambda t: model(input_ids=t, use_cache=False).logits, lambda t: training_logits(model, t)):
        model.zero_grad()
        logits = forward(tokens[:, :-1])
        torch.nn.functional.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten()).backward()
        found.append((logits.detach(), {name: p.grad.clone() for name, p in model.named_parameters()}))
    (library, expected), (compact, gradients) = found
    torch.testing.assert_close(compact, library, atol=1e-5, rtol=1e-5)
    for name, gradient in expected.items():
        torch.testing.assert_close(gradients[name], gradient, atol=1e-6, rtol=1e-4, msg=name)


def test_a_later_token_changes_no_earlier_logit() -> None:
    recipe = replace(Recipe.demo("xs", 0), steps=1)
    model, tokens = build_model(recipe), torch.arange(3, 23)[None]
    other = tokens.clone()
    other[0, -1] = 30
    with torch.no_grad():
        one, two = training_logits(model, tokens), training_logits(model, other)
    assert torch.equal(one[:, :-1], two[:, :-1])
    assert not torch.equal(one[:, -1], two[:, -1])
