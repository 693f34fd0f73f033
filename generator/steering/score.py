"""Log-probabilities of answers, batched: right padding, one prompt pass shared by all answers, logits at answers only.

Left padding without position ids is off by nats on some architectures, so nothing is padded on the left here. Where a
model takes positions, prompts of similar length share a batch, padded on the right and masked; elsewhere only prompts
of equal length do. Answers are padded on the right, in parts of similar length.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
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
#: A beginning that all prompts share is passed once when it has at least so many tokens (few-shot examples, instructions).
SHARED_PREFIX = 8
#: Answers of one batch differ in length by at most this factor, so that little of the batch is padding.
WIDTH_RATIO = 1.5
PART_POSITIONS = 192


@dataclass(frozen=True)
class _Request:
    item: int
    answer: int
    prompt: tuple[int, ...]
    tokens: tuple[int, ...]


@dataclass(frozen=True)
class Batch:
    """P prompts (P, S) right-padded to one length, R answers (R, A) right-padded: owner[r] is the prompt of row r.

    sizes (P,) and lengths (R,) count the tokens of prompts and answers; parts: rows of similar answer length.
    """

    prompts: torch.Tensor
    sizes: torch.Tensor
    owner: torch.Tensor
    answers: torch.Tensor
    lengths: torch.Tensor
    slots: tuple[tuple[int, int], ...]
    parts: tuple[torch.Tensor, ...]

    @property
    def mask(self) -> torch.Tensor:
        """Attention mask of the prompts (P, S)."""
        return inside(self.sizes, width=self.prompts.shape[1]).long()

    @property
    def padded(self) -> bool:
        return bool((self.sizes < self.prompts.shape[1]).any())


@dataclass(frozen=True)
class Prepared:
    """Items as token batches, made once and scored many times (sweep, controls)."""

    items: tuple[ChoiceItem, ...]
    requests: tuple[_Request, ...]
    _made: dict[tuple[int, int, str, bool], list[Batch]] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def longest(self) -> int:
        """Positions that a prompt and an answer can take in a padded batch."""
        prompts, answers = (
            [len(part) for part in parts] for parts in zip(*((r.prompt, r.tokens) for r in self.requests), strict=True)
        )
        return max(prompts) + max(answers)

    @cached_property
    def common(self) -> tuple[int, ...]:
        """The tokens that all prompts begin with, the last token of each left out; empty when too few to share."""
        prompts = {request.prompt for request in self.requests}
        low, high = min(prompts, default=()), max(prompts, default=())
        count = next((i for i, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), min(len(low), len(high)))
        count = min(count, *(len(prompt) - 1 for prompt in prompts)) if len(prompts) > 1 else 0
        return low[:count] if count >= SHARED_PREFIX else ()

    def batches(self, *, rows: int, vocabulary: int, device: torch.device, mixed: bool = False) -> list[Batch]:
        """Batches of at most `rows` answers, kept for the next call with the same limits; mixed: of several prompt lengths."""
        key = (rows, vocabulary, str(device), mixed)
        if key not in self._made:
            self._made[key] = _batches(self.requests, rows=rows, vocabulary=vocabulary, device=device, mixed=mixed)
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
            prefix = (
                None if not use_cache or not prepared.common else _prefix(subject, prepared.common, edits, from_last)
            )
            mixed = use_cache and subject.takes_positions and prepared.longest <= (subject.window or prepared.longest)
            for batch in prepared.batches(
                rows=limit, vocabulary=vocabulary_of(subject), device=subject.device, mixed=mixed
            ):
                first = batch.sizes - 1 if batch.padded else batch.prompts.shape[1] - 1
                placed = [Edit(e.vector, e.layer, e.point, first if from_last else e.first) for e in edits]
                if use_cache:
                    found = _shared(subject, batch, placed, prefix=prefix, length=len(prepared.common))
                else:
                    found = _plain(subject, batch, placed)
                scores = found.cpu().numpy()
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


def copied(cache: Any) -> Any:
    """A cache over the same tensors: growing or reordering the copy leaves the original as it was."""
    other = copy.copy(cache)
    other.layers = [copy.copy(layer) for layer in cache.layers]
    return other


def _prefix(subject: Subject, tokens: tuple[int, ...], edits: Sequence[Edit], from_last: bool) -> Any:
    """The cache of the tokens that all prompts begin with; None where it cannot be copied."""
    row = torch.tensor([tokens], device=subject.device)
    last = {"logits_to_keep": 1} if subject.keeps_logits else {}
    with steering(subject.blocks, () if from_last else edits, cached=True):
        out = subject.model(input_ids=row, attention_mask=torch.ones_like(row), use_cache=True, **last)
    return out.past_key_values if reorderable(out.past_key_values) else None


def _shared(subject: Subject, batch: Batch, edits: Sequence[Edit], *, prefix: Any, length: int) -> torch.Tensor:
    """One prompt pass, its cache copied to every answer; log-probabilities (R,).

    prefix: cache of the first `length` tokens of every prompt, or None.
    """
    longer, done = batch.answers.shape[1] > 1, 0 if prefix is None else length
    given: dict[str, Any] = {"use_cache": longer or prefix is not None}
    if prefix is not None:
        given["past_key_values"] = copied(prefix)
        given["past_key_values"].reorder_cache(torch.zeros_like(batch.sizes))
    if batch.padded:
        given["position_ids"] = torch.arange(done, batch.prompts.shape[1], device=batch.prompts.device)[None, :]
        given["position_ids"] = given["position_ids"].expand(len(batch.prompts), -1)
    with steering(subject.blocks, edits, cached=True, seen=done):
        last = (
            torch.arange(done, batch.prompts.shape[1], device=batch.sizes.device)[None, :] == batch.sizes[:, None] - 1
        )
        with forward_kept(subject, last):
            out = subject.model(input_ids=batch.prompts[:, done:], attention_mask=batch.mask, **given)
        first = out.logits[0].float().log_softmax(-1)
        total = first[batch.owner, batch.answers[:, 0]].double()
        if not longer:
            return total
        if reorderable(out.past_key_values):
            return total + _continued(subject, batch, out.past_key_values)
    return _plain(subject, batch, edits)


def _continued(subject: Subject, batch: Batch, cache: Any) -> torch.Tensor:
    """Log-probabilities (R,) of all answer tokens but the first, from the cache of their prompts (P rows)."""
    total = torch.zeros(len(batch.answers), dtype=torch.float64, device=batch.answers.device)
    for part in batch.parts:
        owner, lengths = batch.owner[part], batch.lengths[part]
        width = int(lengths.max())
        if width == 1:
            continue
        rows = copied(cache)
        rows.reorder_cache(owner)
        tokens, targets = batch.answers[part, : width - 1], batch.answers[part, 1:width]
        keep = inside(lengths - 1, width=width - 1)
        mask = torch.cat([batch.mask[owner], torch.ones_like(tokens)], dim=1)
        given = {"position_ids": batch.sizes[owner][:, None] + torch.arange(width - 1, device=tokens.device)}
        with forward_kept(subject, keep):
            out = subject.model(
                input_ids=tokens,
                attention_mask=mask,
                past_key_values=rows,
                use_cache=True,
                **(given if batch.padded else {}),
            )
        total[part] = summed(out.logits, targets, keep)
    return total


def _plain(subject: Subject, batch: Batch, edits: Sequence[Edit]) -> torch.Tensor:
    """Prompt and answer in one pass without a cache, padded on the right; log-probabilities (R,)."""
    width = batch.answers.shape[1]
    places = batch.sizes[batch.owner][:, None] + torch.arange(width, device=batch.answers.device)
    tokens = torch.cat([batch.prompts[batch.owner], torch.zeros_like(batch.answers)], dim=1)
    tokens.scatter_(1, places, batch.answers)
    keep = torch.zeros_like(tokens, dtype=torch.bool)
    keep.scatter_(1, places - 1, inside(batch.lengths, width=width))
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
    log_p = -torch.nn.functional.cross_entropy(logits[0].float(), targets[keep], reduction="none").double()
    row = torch.arange(len(keep), device=keep.device)[:, None].expand_as(keep)[keep]
    return torch.zeros(len(keep), dtype=torch.float64, device=keep.device).index_add(0, row, log_p)


def inside(lengths: torch.Tensor, *, width: int) -> torch.Tensor:
    return torch.arange(width, device=lengths.device)[None, :] < lengths[:, None]


def _batches(
    requests: Sequence[_Request], *, rows: int, vocabulary: int, device: torch.device, mixed: bool
) -> list[Batch]:
    by_prompt: dict[tuple[int, ...], list[_Request]] = defaultdict(list)
    for request in requests:
        by_prompt[request.prompt].append(request)
    groups = [
        group[start : start + rows] for group in by_prompt.values() for start in range(0, len(group), rows)
    ]  # fmt: skip
    batches: list[Batch] = []
    pending: list[list[_Request]] = []
    # in mixed batches answers are cut to parts of similar length later, so only prompts are sorted
    for group in sorted(groups, key=lambda part: (len(part[0].prompt), 0 if mixed else _widest(part))):
        shortest = len(pending[0][0].prompt) if pending else 0
        longest = WIDTH_RATIO * shortest if mixed else shortest
        count = sum(len(part) for part in pending) + len(group)
        width = max(_widest(part) for part in [*pending, group])
        if pending and (len(group[0].prompt) > longest or count > rows or count * width * vocabulary > LOGIT_BUDGET):
            batches.append(_batch(pending, device))
            pending = []
        pending.append(group)
    return [*batches, _batch(pending, device)] if pending else batches


def _widest(group: Sequence[_Request]) -> int:
    return max(len(request.tokens) for request in group)


def _parts(lengths: Sequence[int]) -> list[list[int]]:
    """Indices in parts of similar length: within a part the longest is at most WIDTH_RATIO times the shortest.

    A part of few positions joins the next longer one: passing it alone would cost more than its padding.
    """
    parts: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lambda row: -lengths[row]):
        part = parts[-1] if parts else []
        enough = len(part) * lengths[part[0]] >= PART_POSITIONS if part else False
        if part and (not enough or lengths[part[0]] <= WIDTH_RATIO * lengths[index]):
            part.append(index)
        else:
            parts.append([index])
    return parts


def _batch(groups: Sequence[Sequence[_Request]], device: torch.device) -> Batch:
    members = [(index, request) for index, group in enumerate(groups) for request in group]
    width = max(len(request.tokens) for _, request in members)
    padded = [request.tokens + (0,) * (width - len(request.tokens)) for _, request in members]
    prompts = [group[0].prompt for group in groups]
    longest = max(map(len, prompts))
    return Batch(
        prompts=torch.tensor([prompt + (0,) * (longest - len(prompt)) for prompt in prompts], device=device),
        sizes=torch.tensor([len(prompt) for prompt in prompts], device=device),
        owner=torch.tensor([index for index, _ in members], device=device),
        answers=torch.tensor(padded, device=device),
        lengths=torch.tensor([len(request.tokens) for _, request in members], device=device),
        slots=tuple((request.item, request.answer) for _, request in members),
        parts=tuple(torch.tensor(part, device=device) for part in _parts([len(r.tokens) for _, r in members])),
    )


def vocabulary_of(subject: Subject) -> int:
    return int(subject.model.get_output_embeddings().weight.shape[0])


def reorderable(cache: Any) -> bool:
    layers = getattr(cache, "layers", None) or []
    return len(layers) > 0 and all(isinstance(getattr(layer, "keys", None), torch.Tensor) for layer in layers)
