"""Training forward pass of the demo ladder's GPT-NeoX: the library's mathematics in fewer passes over memory.

The library's pass spends more time on copies, rotary slices and tiny attention kernels than on matrix products at these
sizes. Here both layer norms of a block share one normalisation (attention and MLP read the same residual stream), their
scales and shifts go into the weights that follow, queries, keys and values are laid out once with the rotated numbers
beside each other, and the first block's projections and MLP, which see nothing but the token, are computed once a word of
the vocabulary. Weights stay in the library's model; logits and gradients agree with it to rounding.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

Folded = tuple[torch.Tensor, torch.Tensor]


def rotary_turns(config: Any, *, length: int, device: torch.device | None = None) -> torch.Tensor:
    """The turn of every rotated pair of numbers of a head as a complex number, (length, rotated / 2)."""
    size = config.hidden_size // config.num_attention_heads
    rotated = int(size * config.rope_parameters["partial_rotary_factor"])
    powers = torch.arange(0, rotated, 2, dtype=torch.int64, device=device).float() / rotated
    angles = (
        torch.arange(length, device=device).float()[:, None] / config.rope_parameters["rope_theta"] ** powers[None, :]
    )
    return torch.polar(torch.ones_like(angles), angles)


def training_logits(model: Any, tokens: torch.Tensor) -> torch.Tensor:
    """Logits (rows, positions, vocabulary) of whole, unpadded token rows (rows, positions), with gradients."""
    body, config = model.gpt_neox, model.config
    rows, length = tokens.shape
    turns, order = rotary_turns(config, length=length, device=tokens.device), _layout(config).to(tokens.device)
    places = (rows, length, config.num_attention_heads)
    flat, width = tokens.reshape(-1), config.hidden_size
    hidden = body.embed_in.weight
    for number, block in enumerate(body.layers):
        seen = functional.layer_norm(hidden, (width,), eps=config.layer_norm_eps)
        projected = functional.linear(seen, *_projection(block, order))
        inner = functional.gelu(
            functional.linear(seen, *_folded(block.post_attention_layernorm, block.mlp.dense_h_to_4h))
        )
        dense, down = block.attention.dense, block.mlp.dense_4h_to_h
        hidden = torch.addmm(hidden + (dense.bias + down.bias), inner, down.weight.t())
        if number == 0:  # so far one row a word: now one row a position
            hidden, projected = functional.embedding(flat, hidden), functional.embedding(flat, projected)
        hidden = torch.addmm(hidden, _Attention.apply(projected, turns, places), dense.weight.t())
    last = body.final_layer_norm
    logits = functional.linear(
        functional.layer_norm(hidden, (width,), last.weight, last.bias, last.eps), model.get_output_embeddings().weight
    )
    return logits.view(rows, length, -1)


def _folded(norm: Any, linear: Any) -> Folded:
    """Weight and bias that give linear(norm(x)) from the normalised x without scale and shift."""
    return linear.weight * norm.weight, linear.bias + linear.weight @ norm.bias


def _projection(block: Any, order: torch.Tensor) -> Folded:
    """Folded weight and bias of queries, keys and values in the given order; queries divided by the root of their size."""
    weight, bias = _folded(block.input_layernorm, block.attention.query_key_value)
    scale = torch.ones(len(order), device=order.device)
    scale[: len(order) // 3] = (len(order) // 3 // block.attention.config.num_attention_heads) ** -0.5
    return weight[order] * scale[:, None], bias[order] * scale


def _layout(config: Any) -> torch.Tensor:
    """Rows of the library's projection (heads × (query, key, value) × size) as query, key, value × heads × size.

    The two numbers that turn together stand side by side; the order within a head changes no product of query and key.
    """
    heads = config.num_attention_heads
    size = config.hidden_size // heads
    half = int(size * config.rope_parameters["partial_rotary_factor"]) // 2
    own = torch.arange(size)
    own[: 2 * half] = torch.arange(2 * half).view(2, half).t().flatten()
    index = torch.arange(3 * heads * size).view(heads, 3, size).transpose(0, 1).clone()
    index[:2] = index[:2][:, :, own]
    return index.flatten()


class _Attention(torch.autograd.Function):
    """Rotary positions and causal attention: projected states (rows · positions, 3 · width) to (rows · positions, width)."""

    @staticmethod
    def forward(ctx: Any, projected: torch.Tensor, turns: torch.Tensor, places: tuple[int, int, int]) -> torch.Tensor:
        rows, length, heads = places
        size = projected.shape[1] // 3 // heads
        parts = projected.view(rows, length, 3, heads, size).permute(2, 0, 3, 1, 4).reshape(3, -1, length, size)
        _turn(parts[:2], turns)
        query, key, value = parts
        mask = torch.full((length, length), float("-inf"), device=projected.device).triu_(1)
        weights = torch.bmm(query, key.transpose(1, 2)).add_(mask).softmax(-1)
        ctx.save_for_backward(parts, weights, turns)
        ctx.places = places
        out = torch.bmm(weights, value).view(rows, heads, length, size).transpose(1, 2)
        return out.reshape(rows * length, heads * size)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        parts, weights, turns = ctx.saved_tensors
        rows, length, heads = ctx.places
        query, key, value = parts
        out = gradients[0].view(rows, length, heads, -1).transpose(1, 2).reshape(value.shape)
        found = torch.empty_like(parts)
        torch.bmm(weights.transpose(1, 2), out, out=found[2])
        scores = torch._softmax_backward_data(torch.bmm(out, value.transpose(1, 2)), weights, -1, weights.dtype)
        torch.bmm(scores, key, out=found[0])
        torch.bmm(scores.transpose(1, 2), query, out=found[1])
        _turn(found[:2], turns.conj())  # back again
        flat = found.view(3, rows, heads, length, -1).permute(1, 3, 0, 2, 4).reshape(rows * length, -1)
        return flat, None, None


def _turn(parts: torch.Tensor, turns: torch.Tensor) -> None:
    """Turn the first pairs of numbers of every head in place; parts (…, positions, size), turns (positions, pairs)."""
    pairs = parts[..., : 2 * turns.shape[1]].unflatten(-1, (-1, 2))
    torch.view_as_complex(pairs).mul_(turns)
