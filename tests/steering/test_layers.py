"""Finding blocks and adding vectors: tensor and tuple blocks, positions, and errors that name what is wrong."""

from __future__ import annotations

import pytest
import torch
import transformers
from torch import nn

from generator.core import CapewatchError
from generator.steering.layers import Edit, candidate_layers, find_blocks, recording, steering


class Block(nn.Module):
    def __init__(self, *, wrap: bool) -> None:
        super().__init__()
        self.linear, self.wrap = nn.Linear(4, 4), wrap

    def forward(self, hidden_states: torch.Tensor) -> object:
        out = hidden_states + self.linear(hidden_states)
        return (out, "extra") if self.wrap else out


class Config:
    num_hidden_layers, hidden_size = 2, 4


class Model(nn.Module):
    def __init__(self, *, wrap: bool, keyword: bool = False, config: object = None) -> None:
        super().__init__()
        self.config = config or Config()
        self.layers = nn.ModuleList([Block(wrap=wrap) for _ in range(2)])
        self.experts = nn.ModuleList([nn.Linear(4, 4) for _ in range(3)])
        self.wrap, self.keyword = wrap, keyword

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        for layer in self.layers:
            out = layer(hidden_states=hidden) if self.keyword else layer(hidden)
            hidden = out[0] if self.wrap else out
        return hidden


VECTOR = torch.tensor([1.0, 2.0, 3.0, 4.0])


@pytest.mark.parametrize("wrap", [False, True], ids=["tensor", "tuple"])
@pytest.mark.parametrize("keyword", [False, True], ids=["positional", "keyword"])
@pytest.mark.parametrize("point", ["before", "after"])
def test_the_vector_arrives_whatever_a_block_takes_and_returns(wrap: bool, keyword: bool, point: str) -> None:
    model = Model(wrap=wrap, keyword=keyword)
    blocks = find_blocks(model)
    hidden = torch.randn(3, 5, 4)
    layer = 1 if point == "before" else 0
    seen = []
    for edits in ([], [Edit(VECTOR, layer, point)]):
        with steering(blocks, edits, cached=False), recording(blocks, [1], point="before") as states:
            model(hidden)
        seen.append(states[1])
    torch.testing.assert_close(seen[1] - seen[0], VECTOR.expand(3, 5, 4))


@pytest.mark.parametrize("first", [0, 2, 4, 9])
def test_positions_before_the_first_steered_one_are_untouched(first: int) -> None:
    model = Model(wrap=False)
    blocks, hidden = find_blocks(model), torch.randn(2, 5, 4)
    plain = model.layers[0](hidden)
    with steering(blocks, [Edit(VECTOR, 0, "after", first)], cached=False):
        moved = model.layers[0](hidden)
    assert torch.equal(plain[:, :first], moved[:, :first])
    torch.testing.assert_close(moved[:, first:], plain[:, first:] + VECTOR)


def test_a_cached_pass_counts_positions_over_its_calls() -> None:
    model = Model(wrap=False)
    blocks = find_blocks(model)
    with steering(blocks, [Edit(VECTOR, 0, "after", 3)], cached=True):
        parts = [model.layers[0](torch.zeros(1, length, 4)) for length in (2, 2, 1)]
    plain = model.layers[0](torch.zeros(1, 1, 4))[0, 0]
    moved = [not torch.equal(row, plain) for part in parts for row in part[0]]
    assert moved == [False, False, False, True, True]


def test_hooks_are_gone_after_the_context_even_when_it_fails() -> None:
    model = Model(wrap=False)
    hidden = torch.randn(1, 2, 4)
    plain = model(hidden)
    with pytest.raises(ZeroDivisionError), steering(find_blocks(model), [Edit(VECTOR, 0)], cached=False):
        _ = 1 / 0
    assert torch.equal(model(hidden), plain)


def test_the_input_of_the_block_is_not_changed_in_place() -> None:
    model = Model(wrap=False)
    hidden = torch.randn(1, 2, 4)
    before = hidden.clone()
    with steering(find_blocks(model), [Edit(VECTOR, 0, "before")], cached=False):
        model(hidden)
    assert torch.equal(hidden, before)


def test_a_vector_of_another_width_names_both_widths() -> None:
    model = Model(wrap=False)
    with (
        pytest.raises(CapewatchError, match=r"shape \(5,\), the model's residual stream takes \(4,\)"),
        steering(find_blocks(model), [Edit(torch.ones(5), 0)], cached=False),
    ):
        pass


def test_a_layer_out_of_range_names_the_blocks_there_are() -> None:
    model = Model(wrap=False)
    with (
        pytest.raises(CapewatchError, match="steering layer: 2, the model has blocks 0 to 1"),
        steering(find_blocks(model), [Edit(VECTOR, 2)], cached=False),
    ):
        pass


def test_a_model_without_fitting_blocks_lists_what_was_found() -> None:
    class Deep:
        num_hidden_layers, hidden_size = 7, 4

    with pytest.raises(CapewatchError, match=r"no ModuleList of 7 entries; found layers \(2\), experts \(3\)"):
        find_blocks(Model(wrap=False, config=Deep()))
    with pytest.raises(CapewatchError, match="has no num_hidden_layers or hidden_size"):
        find_blocks(Model(wrap=False, config=object()))


def test_experts_of_the_same_number_as_layers_are_not_taken_for_blocks() -> None:
    config = transformers.MixtralConfig(
        vocab_size=20, hidden_size=16, intermediate_size=16, num_hidden_layers=4, num_attention_heads=2,
        num_key_value_heads=2, num_local_experts=4, num_experts_per_tok=2,
    )  # fmt: skip
    assert find_blocks(transformers.MixtralForCausalLM(config)).path == "model.layers"


@pytest.mark.parametrize(
    ("count", "layers"),
    [(2, [0, 1]), (8, list(range(8))), (24, [2, 5, 8, 11, 14, 17, 20, 23]), (32, [3, 7, 11, 15, 19, 23, 27, 31])],
)
def test_about_eight_depths_are_spread_over_the_blocks(count: int, layers: list[int]) -> None:
    assert candidate_layers(count) == layers
