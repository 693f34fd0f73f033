"""What the ways of scoring share: requests by prompt, caches that are copied, logits at the wanted positions alone."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from generator.steering.subject import Subject

#: Upper bound on logits held at once in the answer pass (rows × positions × vocabulary), 2 GB in float32.
LOGIT_BUDGET = 500_000_000


@dataclass(frozen=True)
class Request:
    """One answer of one item as tokens: the prompt, and what follows it."""

    item: int
    answer: int
    prompt: tuple[int, ...]
    tokens: tuple[int, ...]


def by_prompt(requests: Sequence[Request], *, rows: int) -> list[list[Request]]:
    """Requests of one prompt together, at most `rows` in a group."""
    groups: dict[tuple[int, ...], list[Request]] = defaultdict(list)
    for request in requests:
        groups[request.prompt].append(request)
    return [group[start : start + rows] for group in groups.values() for start in range(0, len(group), rows)]


def copied(cache: Any) -> Any:
    """A cache over the same tensors: growing or reordering the copy leaves the original as it was."""
    other = copy.copy(cache)
    other.layers = [copy.copy(layer) for layer in cache.layers]
    return other


def reorderable(cache: Any) -> bool:
    layers = getattr(cache, "layers", None) or []
    return len(layers) > 0 and all(isinstance(getattr(layer, "keys", None), torch.Tensor) for layer in layers)


@contextmanager
def forward_kept(subject: Subject, keep: torch.Tensor) -> Iterator[None]:
    """Hand the output projection the kept positions (R, A) alone: logits come out as (1, kept, vocabulary).

    Scaling and soft-capping that a model applies to its logits act on each number alone, so they still apply.
    """

    def select(_module: torch.nn.Module, args: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        return (args[0][keep].unsqueeze(0), *args[1:])

    handle = subject.model.get_output_embeddings().register_forward_pre_hook(select)
    try:
        yield
    finally:
        handle.remove()


def inside(lengths: torch.Tensor, *, width: int) -> torch.Tensor:
    return torch.arange(width, device=lengths.device)[None, :] < lengths[:, None]


def vocabulary_of(subject: Subject) -> int:
    return int(subject.model.get_output_embeddings().weight.shape[0])
