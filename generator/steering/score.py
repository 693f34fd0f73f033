"""Log-probabilities of answers, batched: right padding, one prompt pass shared by all answers, logits at answers only.

Left padding without position ids is off by nats on some architectures, so nothing is padded on the left here: prompts
of equal token length share a batch, and only the answers are padded, on the right.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from generator.steering.data import ChoiceItem
from generator.steering.errors import SteeringError
from generator.steering.layers import Edit, steering
from generator.steering.subject import Subject, halving

#: Upper bound on logits held at once in the answer pass (rows × positions × vocabulary), 2 GB in float32.
LOGIT_BUDGET = 500_000_000
DEFAULT_ROWS = 512


@dataclass(frozen=True)
class _Request:
    item: int
    answer: int
    prompt: tuple[int, ...]
    tokens: tuple[int, ...]


@dataclass(frozen=True)
class Batch:
    """P prompts of one length, R answers: owner[r] is the prompt of row r; answers (R, A) right-padded."""

    prompts: torch.Tensor
    owner: torch.Tensor
    answers: torch.Tensor
    lengths: torch.Tensor
    slots: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Prepared:
    """Items as token batches, made once and scored many times (sweep, controls)."""

    items: tuple[ChoiceItem, ...]
    requests: tuple[_Request, ...]
    _made: dict[tuple[int, int, str], list[Batch]] = field(default_factory=dict, repr=False, compare=False)

    def batches(self, *, rows: int, vocabulary: int, device: torch.device) -> list[Batch]:
        """Batches of at most `rows` answers, kept for the next call with the same limits."""
        key = (rows, vocabulary, str(device))
        if key not in self._made:
            self._made[key] = _batches(self.requests, rows=rows, vocabulary=vocabulary, device=device)
        return self._made[key]


@dataclass(frozen=True)
class Metrics:
    """Per-item outcomes, each of shape (items,): binary and MC1 are True when right, MC2 is a share in 0–1."""

    binary: np.ndarray
    margin: np.ndarray
    mc1: np.ndarray
    mc2: np.ndarray


def prepare(subject: Subject, items: Sequence[ChoiceItem]) -> Prepared:
    """Tokenise prompt + answer as one text and cut it at the prompt's length, as evaluation harnesses do."""
    requests = []
    for index, item in enumerate(items):
        prompt = subject.tokenizer(item.prompt)["input_ids"]
        for number, answer in enumerate(item.answers):
            whole = subject.tokenizer(item.prompt + answer)["input_ids"]
            if len(whole) <= len(prompt):
                raise SteeringError(f"item {item.id}: answer {answer!r} adds no token to its prompt")
            cut = len(prompt)
            requests.append(_Request(index, number, tuple(whole[:cut]), tuple(whole[cut:])))
    return Prepared(items=tuple(items), requests=tuple(requests))


def score(
    subject: Subject,
    prepared: Prepared,
    *,
    edits: Sequence[Edit] = (),
    from_last: bool = False,
    rows: int = DEFAULT_ROWS,
    share_cache: bool | None = None,
) -> list[np.ndarray]:
    """Summed log-probability (nats) of every answer; one float64 array (answers,) an item.

    edits: vectors added while scoring; from_last: steer from the last prompt token on instead of at all positions;
    rows: answers a batch, halved after an out-of-memory error; share_cache: None decides by architecture.
    """
    use_cache = subject.shares_cache if share_cache is None else share_cache
    result = [np.full(len(item.answers), np.nan) for item in prepared.items]

    def run(limit: int) -> None:
        with torch.inference_mode():
            for batch in prepared.batches(rows=limit, vocabulary=vocabulary_of(subject), device=subject.device):
                length = batch.prompts.shape[1]
                placed = [Edit(e.vector, e.layer, e.point, length - 1 if from_last else e.first) for e in edits]
                scores = (_shared if use_cache else _plain)(subject, batch, placed).cpu().numpy()
                for (item, answer), value in zip(batch.slots, scores, strict=True):
                    result[item][answer] = value

    halving(run, rows=rows)
    require_finite(subject, prepared, result)
    return result


def require_finite(subject: Subject, prepared: Prepared, scores: Sequence[np.ndarray]) -> None:
    """Raise when an item's scores (one array an item, or the items several times over) are not finite."""
    count = len(prepared.items)
    bad = [prepared.items[i % count].id for i, values in enumerate(scores) if not np.isfinite(values).all()]
    if bad:
        raise SteeringError(
            f"{subject.id}: {len(set(bad))} of {count} items have NaN or infinite log-probabilities, e.g. {bad[0]}",
            hint=f"dtype is {subject.dtype}: pass --dtype float32, or a smaller strength",
        )


def metrics(prepared: Prepared, scores: Sequence[np.ndarray]) -> Metrics:
    """Binary choice (best against best incorrect), MC1 and MC2 of every item."""
    binary, margin, mc1, mc2 = [], [], [], []
    for item, values in zip(prepared.items, scores, strict=True):
        count = len(item.correct)
        margin.append(values[0] - values[count])
        binary.append(values[0] > values[count])
        mc1.append(values[0] > values[count:].max())
        weights = np.exp(values - values.max())
        mc2.append(weights[:count].sum() / weights.sum())
    return Metrics(*(np.asarray(column) for column in (binary, margin, mc1, mc2)))


def _shared(subject: Subject, batch: Batch, edits: Sequence[Edit]) -> torch.Tensor:
    """One prompt pass, its cache copied to every answer; log-probabilities (R,)."""
    longer = batch.answers.shape[1] > 1
    model, last = subject.model, ({"logits_to_keep": 1} if subject.keeps_logits else {})
    with steering(subject.blocks, edits, cached=True):
        out = model(input_ids=batch.prompts, attention_mask=torch.ones_like(batch.prompts), use_cache=longer, **last)
        first = out.logits[:, -1].float().log_softmax(-1)
        total = first[batch.owner, batch.answers[:, 0]].double()
        if not longer:
            return total
        cache = out.past_key_values
        if reorderable(cache):
            cache.reorder_cache(batch.owner)
            return total + _continued(subject, batch, cache)
    return _plain(subject, batch, edits)


def _continued(subject: Subject, batch: Batch, cache: Any) -> torch.Tensor:
    """Log-probabilities (R,) of all answer tokens but the first, from the cache of their prompts."""
    tokens, targets = batch.answers[:, :-1], batch.answers[:, 1:]
    keep = inside(batch.lengths - 1, width=tokens.shape[1])
    mask = torch.ones((len(tokens), batch.prompts.shape[1] + tokens.shape[1]), dtype=torch.long, device=tokens.device)
    with forward_kept(subject, keep):
        out = subject.model(input_ids=tokens, attention_mask=mask, past_key_values=cache, use_cache=True)
    return summed(out.logits, targets, keep)


def _plain(subject: Subject, batch: Batch, edits: Sequence[Edit]) -> torch.Tensor:
    """Prompt and answer in one pass without a cache; log-probabilities (R,)."""
    length, width = batch.prompts.shape[1], batch.answers.shape[1]
    tokens = torch.cat([batch.prompts[batch.owner], batch.answers], dim=1)
    keep = torch.zeros_like(tokens, dtype=torch.bool)
    keep[:, length - 1 : -1] = inside(batch.lengths, width=width)
    targets = torch.cat([tokens[:, 1:], tokens[:, :1]], dim=1)
    with steering(subject.blocks, edits, cached=False), forward_kept(subject, keep):
        out = subject.model(input_ids=tokens, attention_mask=torch.ones_like(tokens), use_cache=False)
    return summed(out.logits, targets, keep)


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


def summed(logits: torch.Tensor, targets: torch.Tensor, keep: torch.Tensor) -> torch.Tensor:
    """Sum of log p(target) over each row's kept positions; logits (1, kept, V), targets and keep (R, A)."""
    flat = logits[0]
    chosen = flat.gather(1, targets[keep].unsqueeze(1)).squeeze(1).double()
    log_p = chosen - flat.float().logsumexp(-1).double()
    row = torch.arange(len(keep), device=keep.device)[:, None].expand_as(keep)[keep]
    return torch.zeros(len(keep), dtype=torch.float64, device=keep.device).index_add(0, row, log_p)


def inside(lengths: torch.Tensor, *, width: int) -> torch.Tensor:
    return torch.arange(width, device=lengths.device)[None, :] < lengths[:, None]


def _batches(requests: Sequence[_Request], *, rows: int, vocabulary: int, device: torch.device) -> list[Batch]:
    by_prompt: dict[tuple[int, ...], list[_Request]] = defaultdict(list)
    for request in requests:
        by_prompt[request.prompt].append(request)
    by_length: dict[int, list[list[_Request]]] = defaultdict(list)
    for prompt, group in by_prompt.items():
        by_length[len(prompt)].extend(group[start : start + rows] for start in range(0, len(group), rows))
    batches = []
    for length in sorted(by_length):
        pending: list[list[_Request]] = []
        for group in sorted(by_length[length], key=lambda part: max(len(request.tokens) for request in part)):
            widest = max(len(request.tokens) for request in group)
            count = sum(len(part) for part in pending) + len(group)
            if pending and (count > rows or count * widest * vocabulary > LOGIT_BUDGET):
                batches.append(_batch(pending, device))
                pending = []
            pending.append(group)
        batches.append(_batch(pending, device))
    return batches


def _batch(groups: Sequence[Sequence[_Request]], device: torch.device) -> Batch:
    members = [(index, request) for index, group in enumerate(groups) for request in group]
    width = max(len(request.tokens) for _, request in members)
    padded = [request.tokens + (0,) * (width - len(request.tokens)) for _, request in members]
    return Batch(
        prompts=torch.tensor([group[0].prompt for group in groups], device=device),
        owner=torch.tensor([index for index, _ in members], device=device),
        answers=torch.tensor(padded, device=device),
        lengths=torch.tensor([len(request.tokens) for _, request in members], device=device),
        slots=tuple((request.item, request.answer) for _, request in members),
    )


def vocabulary_of(subject: Subject) -> int:
    return int(subject.model.get_output_embeddings().weight.shape[0])


def reorderable(cache: Any) -> bool:
    layers = getattr(cache, "layers", None) or []
    return len(layers) > 0 and all(isinstance(getattr(layer, "keys", None), torch.Tensor) for layer in layers)
