"""Training forward pass of the demo ladder's GPT-NeoX on a CPU: the library's mathematics in fewer passes over memory.

The library's pass spends more time on copies, rotary slices and tiny attention kernels than on matrix products at these
sizes. Here queries, keys and values are laid out once, rotated in place, and attended with batched products whose
gradient is written out. Weights stay in the library's model; logits and gradients agree with it to rounding.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

Saved = tuple[torch.Tensor, ...]


def rotary_tables(config: Any, *, length: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Cosines and sines, each (length, rotated / 2), of the rotated share of a head."""
    size = config.hidden_size // config.num_attention_heads
    rotated = int(size * config.rope_parameters["partial_rotary_factor"])
    powers = torch.arange(0, rotated, 2, dtype=torch.int64).float() / rotated
    angles = torch.arange(length).float()[:, None] / config.rope_parameters["rope_theta"] ** powers[None, :]
    return angles.cos(), angles.sin()


def training_logits(model: Any, tokens: torch.Tensor) -> torch.Tensor:
    """Logits (rows, positions, vocabulary) of whole, unpadded token rows (rows, positions), with gradients."""
    body, config = model.gpt_neox, model.config
    rows, length = tokens.shape
    cos, sin = rotary_tables(config, length=length)
    places = (rows, length, config.num_attention_heads)
    hidden = functional.embedding(tokens, body.embed_in.weight).reshape(rows * length, -1)
    for block in body.layers:
        attention, mlp = block.attention, block.mlp
        project = attention.query_key_value
        states = _Attention.apply(block.input_layernorm(hidden), project.weight, project.bias, (cos, sin), places)
        attended = attention.dense(states)
        inner = functional.gelu(mlp.dense_h_to_4h(block.post_attention_layernorm(hidden)))
        hidden = hidden + attended + mlp.dense_4h_to_h(inner)
    logits = model.get_output_embeddings()(body.final_layer_norm(hidden))
    return logits.view(rows, length, -1)


class _Attention(torch.autograd.Function):
    """Projection, rotary positions and causal attention: (rows · positions, width) to the same shape.

    The projected states are laid out once as (3, rows · heads, positions, size) and turned in place.
    """

    @staticmethod
    def forward(
        ctx: Any, states: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, turn: Saved, places: tuple[int, ...]
    ) -> torch.Tensor:
        rows, length, heads = places
        mixed = torch.addmm(bias, states, weight.t()).view(rows, length, heads, 3, -1)
        size = mixed.shape[-1]
        parts = mixed.permute(3, 0, 2, 1, 4).reshape(3, rows * heads, length, size)
        _rotate(parts[:2], *turn)
        query, key, value = parts
        mask = torch.full((length, length), float("-inf")).triu_(1)
        weights = torch.bmm(query, key.transpose(1, 2)).mul_(size**-0.5).add_(mask).softmax(-1)
        out = torch.bmm(weights, value).view(rows, heads, length, size).transpose(1, 2)
        ctx.save_for_backward(states, weight, parts, weights, *turn)
        ctx.places = places
        return out.reshape(rows * length, heads * size)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        states, weight, parts, weights, cos, sin = ctx.saved_tensors
        rows, length, heads = ctx.places
        query, key, value = parts
        out = gradients[0].view(rows, length, heads, -1).transpose(1, 2).reshape(value.shape)
        found = torch.empty_like(parts)
        torch.bmm(weights.transpose(1, 2), out, out=found[2])
        scores = torch._softmax_backward_data(torch.bmm(out, value.transpose(1, 2)), weights, -1, weights.dtype)
        scores.mul_(parts.shape[-1] ** -0.5)
        torch.bmm(scores, key, out=found[0])
        torch.bmm(scores.transpose(1, 2), query, out=found[1])
        _rotate(found[:2], cos, -sin)  # the inverse turn
        flat = found.view(3, rows, heads, length, -1).permute(1, 3, 2, 0, 4).reshape(rows * length, -1)
        return flat @ weight, flat.t() @ states, flat.sum(0), None, None


def _rotate(parts: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> None:
    """Turn the first 2 · cos.shape[1] numbers of every head in place; parts (…, positions, size)."""
    half = cos.shape[1]
    first, second = parts[..., :half], parts[..., half : 2 * half]
    turned = first * cos - second * sin
    second.mul_(cos).add_(first * sin)
    first.copy_(turned)
