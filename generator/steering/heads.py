"""Outputs of single attention heads, read at the input of the attention output projection, found by structure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from generator.steering.errors import SteeringError
from generator.steering.subject import Subject, halving

#: Names that architectures give the projection behind the heads.
_PROJECTIONS = ("o_proj", "out_proj", "dense", "c_proj", "wo")


def output_projection(block: nn.Module) -> nn.Module:
    """The module that mixes the heads: a known name inside a submodule whose name speaks of attention."""
    for path, module in block.named_modules():
        parent, _, name = path.rpartition(".")
        if name in _PROJECTIONS and ("attn" in parent or "attention" in parent) and hasattr(module, "weight"):
            return module
    raise SteeringError(
        f"no attention output projection found in {type(block).__name__}",
        hint=f"looked for {', '.join(_PROJECTIONS)} inside an attention module; blocks without attention have no heads",
    )


def head_states(subject: Subject, prompts: Sequence[str], *, rows: int = 128) -> np.ndarray:
    """Head outputs at the last token, shape (prompts, blocks × heads, head width), blocks in order.

    Prompts must be of one token length (as matched contrasts are), or are run one length at a time.
    """
    config = subject.model.config.get_text_config(decoder=True)
    heads = int(config.num_attention_heads)
    projections = [output_projection(block) for block in subject.blocks.modules]
    encoded = [subject.tokenizer(prompt)["input_ids"] for prompt in prompts]
    by_length: dict[int, list[int]] = {}
    for index, ids in enumerate(encoded):
        by_length.setdefault(len(ids), []).append(index)

    def run(limit: int) -> np.ndarray:
        found: np.ndarray | None = None
        for members in by_length.values():
            for start in range(0, len(members), limit):
                part = members[start : start + limit]
                tokens = torch.tensor([encoded[index] for index in part], device=subject.device)
                states = _run(subject, projections, tokens, heads)
                if found is None:
                    found = np.empty((len(encoded), *states.shape[1:]))
                found[part] = states
        if found is None:
            raise SteeringError("head coupling: no prompts")
        return found

    return halving(run, rows=rows)


def _run(subject: Subject, projections: Sequence[nn.Module], tokens: torch.Tensor, heads: int) -> np.ndarray:
    seen: dict[int, torch.Tensor] = {}

    def keep(index: int) -> Any:
        def hook(_module: nn.Module, args: tuple[torch.Tensor, ...]) -> None:
            seen[index] = args[0].detach()

        return hook

    handles = [module.register_forward_pre_hook(keep(index)) for index, module in enumerate(projections)]
    try:
        with torch.inference_mode():
            subject.model(input_ids=tokens, use_cache=False)
    finally:
        for handle in handles:
            handle.remove()
    blocks = []
    for index in range(len(projections)):
        last = seen[index].reshape(len(tokens), tokens.shape[1], -1)[:, -1]
        if last.shape[1] % heads:
            raise SteeringError(f"head outputs of width {last.shape[1]} do not divide into {heads} heads")
        blocks.append(last.reshape(len(tokens), heads, -1).float().cpu().double().numpy())
    return np.concatenate(blocks, axis=1)
