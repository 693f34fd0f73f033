"""Log-probabilities straight from the states before the output projection, a part of the vocabulary at a time.

The logits of a whole vocabulary are by far the largest thing in scoring: 1,000 positions of a vocabulary of 50,000 fill 200 MB that
is written, read three times and thrown away. A part of it stays in the processor's cache until it is reduced.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakKeyDictionary

import torch

from generator.steering.passes import vocabulary_of
from generator.steering.subject import Subject

#: Tokens of the vocabulary projected at once.
PART = 2_048
_MEASURED: WeakKeyDictionary[torch.nn.Module, bool] = WeakKeyDictionary()


def projects_in_parts(subject: Subject) -> bool:
    """Logits are what a linear projection gives, nothing scaled or capped after it, and a part of them is worth while: on a CPU,
    with a vocabulary of several parts. The first is measured, once a model."""
    if subject.device.type != "cpu" or vocabulary_of(subject) < 2 * PART:
        return False
    if subject.model not in _MEASURED:
        _MEASURED[subject.model] = _is_plain(subject)
    return _MEASURED[subject.model]


@contextmanager
def states_kept(subject: Subject, keep: torch.Tensor) -> Iterator[list[torch.Tensor]]:
    """The states (kept, width) that stand before the output projection at the kept positions (R, A) of the pass within; the
    projection itself is given no position."""
    found: list[torch.Tensor] = []

    def take(_module: torch.nn.Module, args: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        found.append(args[0][keep])
        return (args[0][:, :0], *args[1:])

    handle = subject.model.get_output_embeddings().register_forward_pre_hook(take)
    try:
        yield found
    finally:
        handle.remove()


def log_probabilities(
    projection: torch.nn.Linear, states: torch.Tensor, source: torch.Tensor, target: torch.Tensor
) -> torch.Tensor:
    """Log p of token target[t] by the state source[t] of `states` (K, width); float64 (T,). Not finite where logits are not."""
    order = target.argsort()
    starts = range(0, len(projection.weight), PART)
    ends = torch.searchsorted(target[order], torch.tensor([start + PART for start in starts])).tolist()
    peak = torch.full((len(states), 1), -torch.inf)
    total = torch.zeros(len(states))
    chosen = torch.empty(len(target))
    done = 0
    for start, end in zip(starts, ends, strict=True):
        bias = None if projection.bias is None else projection.bias[start : start + PART]
        part = torch.nn.functional.linear(states, projection.weight[start : start + PART], bias).float()
        mine = order[done:end]
        chosen[mine], done = part[source[mine], target[mine] - start], end
        higher = torch.maximum(peak, part.amax(-1, keepdim=True))
        total = total * (peak - higher).exp()[:, 0] + part.sub_(higher).exp_().sum(-1)
        peak = higher
    return chosen.double() - (peak[:, 0].double() + total.double().log())[source]


def _is_plain(subject: Subject) -> bool:
    """The logits of a pass are those that its output projection gave, to the bit."""
    projection = subject.model.get_output_embeddings()
    if not isinstance(projection, torch.nn.Linear):
        return False
    given: list[torch.Tensor] = []
    handle = projection.register_forward_hook(lambda _module, _args, out: given.append(out))
    try:
        row = torch.arange(3, 7, device=subject.device)[None]
        with torch.inference_mode():
            logits = subject.model(input_ids=row, use_cache=False).logits
    finally:
        handle.remove()
    return len(given) == 1 and given[0].dtype == logits.dtype and torch.equal(given[0], logits)
