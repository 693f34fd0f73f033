"""Log-probabilities of answers, batched: right padding, one prompt pass shared by all answers, logits at answers only.

Left padding without position ids is off by nats on some architectures, so nothing is padded on the left here. A model that
takes masks and positions gets a prompt and all its answers as one row (generator.steering.tree). For another one the
cache of the prompt is copied to its answers, prompts of equal length in a batch, answers padded on the right in parts of
similar length; a model without such a cache gets prompt and answer as one sequence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import torch

from generator.steering.data import ChoiceItem
from generator.steering.errors import SteeringError
from generator.steering.layers import Edit, steering
from generator.steering.passes import (
    LOGIT_BUDGET,
    Request,
    by_prompt,
    copied,
    forward_kept,
    inside,
    reorderable,
    vocabulary_of,
)
from generator.steering.subject import Subject, halving
from generator.steering.tree import TreeBatch, scores_in_trees, tree_batches, tree_scores

DEFAULT_ROWS = 512
#: A beginning that all prompts share is passed once when it has at least so many tokens (few-shot examples, instructions).
SHARED_PREFIX = 8
#: Answers of one batch differ in length by at most this factor, so that little of the batch is padding.
WIDTH_RATIO = 1.5
PART_POSITIONS = 192
#: Rows of logits whose losses are taken at once: what that needs beside the logits stays in a processor's cache.
LOSS_ROWS = 32


@dataclass(frozen=True)
class Batch:
    """P prompts (P, S) of one length, R answers (R, A) right-padded: owner[r] is the prompt of row r.

    lengths (R,) counts the tokens of answers; parts: rows of similar answer length.
    """

    prompts: torch.Tensor
    owner: torch.Tensor
    answers: torch.Tensor
    lengths: torch.Tensor
    slots: tuple[tuple[int, int], ...]
    parts: tuple[torch.Tensor, ...]


@dataclass(frozen=True)
class Prepared:
    """Items as token batches, made once and scored many times (sweep, controls)."""

    items: tuple[ChoiceItem, ...]
    requests: tuple[Request, ...]
    _made: dict[tuple[int, int, str], list[Batch]] = field(default_factory=dict, repr=False, compare=False)
    _trees: dict[tuple[int, int, str], list[TreeBatch]] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def common(self) -> tuple[int, ...]:
        """The tokens that all prompts begin with, the last token of each left out; empty when too few to share."""
        prompts = {request.prompt for request in self.requests}
        low, high = min(prompts, default=()), max(prompts, default=())
        count = next((i for i, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), min(len(low), len(high)))
        count = min(count, *(len(prompt) - 1 for prompt in prompts)) if len(prompts) > 1 else 0
        return low[:count] if count >= SHARED_PREFIX else ()

    def batches(self, *, rows: int, vocabulary: int, device: torch.device) -> list[Batch]:
        """Batches of at most `rows` answers, kept for the next call with the same limits."""
        key = (rows, vocabulary, str(device))
        if key not in self._made:
            self._made[key] = _batches(self.requests, rows=rows, vocabulary=vocabulary, device=device)
        return self._made[key]

    def trees(self, *, rows: int, vocabulary: int, device: torch.device) -> list[TreeBatch]:
        """The same as `batches`, a prompt and its answers in one row."""
        key = (rows, vocabulary, str(device))
        if key not in self._trees:
            self._trees[key] = tree_batches(self.requests, rows=rows, vocabulary=vocabulary, device=device)
        return self._trees[key]


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
            requests.append(Request(index, number, tuple(whole[:cut]), tuple(whole[cut:])))
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
    rows: answers a batch, halved after an out-of-memory error; share_cache: None decides by architecture, True copies
    the prompt's cache, False passes every answer with its prompt.
    """
    use_cache = subject.shares_cache if share_cache is None else share_cache
    trees = share_cache is None and scores_in_trees(subject, prepared.requests)
    result = [np.full(len(item.answers), np.nan) for item in prepared.items]

    def keep(slots: Sequence[tuple[int, int]], found: torch.Tensor) -> None:
        for (item, answer), value in zip(slots, found.cpu().numpy(), strict=True):
            result[item][answer] = value

    def run(limit: int) -> None:
        shape: dict[str, Any] = {"rows": limit, "vocabulary": vocabulary_of(subject), "device": subject.device}
        with torch.inference_mode():
            common = prepared.common if use_cache else ()
            prefix = _prefix(subject, common, edits, from_last) if common else None
            known: dict[str, Any] = {"prefix": prefix, "length": 0 if prefix is None else len(common)}
            for tree in prepared.trees(**shape) if trees else ():
                placed = [_placed(edit, tree.sizes - 1, from_last) for edit in edits]
                keep(tree.slots, tree_scores(subject, tree, placed, **known))
            for batch in () if trees else prepared.batches(**shape):
                placed = [_placed(edit, batch.prompts.shape[1] - 1, from_last) for edit in edits]
                one = _shared(subject, batch, placed, **known) if use_cache else _plain(subject, batch, placed)
                keep(batch.slots, one)

    halving(run, rows=rows)
    require_finite(subject, prepared, result)
    return result


def _placed(edit: Edit, last: int | torch.Tensor, from_last: bool) -> Edit:
    return Edit(edit.vector, edit.layer, edit.point, last if from_last else edit.first)


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
    longer = batch.answers.shape[1] > 1
    given: dict[str, Any] = {"use_cache": longer or prefix is not None}
    if prefix is not None:
        given["past_key_values"] = copied(prefix)
        given["past_key_values"].reorder_cache(torch.zeros_like(batch.prompts[:, 0]))
    last = torch.zeros_like(batch.prompts[:, length:], dtype=torch.bool)
    last[:, -1] = True
    with steering(subject.blocks, edits, cached=True, seen=length):
        with forward_kept(subject, last):
            out = subject.model(
                input_ids=batch.prompts[:, length:], attention_mask=torch.ones_like(batch.prompts), **given
            )
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
        mask = torch.ones((len(part), batch.prompts.shape[1] + width - 1), dtype=torch.long, device=tokens.device)
        with forward_kept(subject, keep):
            out = subject.model(input_ids=tokens, attention_mask=mask, past_key_values=rows, use_cache=True)
        total[part] = summed(out.logits, targets, keep)
    return total


def _plain(subject: Subject, batch: Batch, edits: Sequence[Edit]) -> torch.Tensor:
    """Prompt and answer in one pass without a cache, padded on the right; log-probabilities (R,)."""
    tokens = torch.cat([batch.prompts[batch.owner], batch.answers], dim=1)
    first, width = batch.prompts.shape[1], batch.answers.shape[1]
    keep = torch.zeros_like(tokens, dtype=torch.bool)
    keep[:, first - 1 : first + width - 1] = inside(batch.lengths, width=width)
    targets = torch.cat([tokens[:, 1:], tokens[:, :1]], dim=1)
    with steering(subject.blocks, edits, cached=False), forward_kept(subject, keep):
        out = subject.model(input_ids=tokens, attention_mask=torch.ones_like(tokens), use_cache=False)
    return summed(out.logits, targets, keep)


def summed(logits: torch.Tensor, targets: torch.Tensor, keep: torch.Tensor) -> torch.Tensor:
    """Sum of log p(target) over each row's kept positions; logits (1, kept, V), targets and keep (R, A)."""
    losses = [
        torch.nn.functional.cross_entropy(part.float(), target, reduction="none")
        for part, target in zip(logits[0].split(LOSS_ROWS), targets[keep].split(LOSS_ROWS), strict=True)
    ]
    log_p = -torch.cat(losses).double()
    row = torch.arange(len(keep), device=keep.device)[:, None].expand_as(keep)[keep]
    return torch.zeros(len(keep), dtype=torch.float64, device=keep.device).index_add(0, row, log_p)


def _batches(requests: Sequence[Request], *, rows: int, vocabulary: int, device: torch.device) -> list[Batch]:
    batches: list[Batch] = []
    pending: list[list[Request]] = []
    for group in sorted(by_prompt(requests, rows=rows), key=lambda part: (len(part[0].prompt), _widest(part))):
        count = sum(len(part) for part in pending) + len(group)
        width = max(_widest(part) for part in [*pending, group])
        other = bool(pending) and len(group[0].prompt) != len(pending[0][0].prompt)
        if pending and (other or count > rows or count * width * vocabulary > LOGIT_BUDGET):
            batches.append(_batch(pending, device))
            pending = []
        pending.append(group)
    return [*batches, _batch(pending, device)] if pending else batches


def _widest(group: Sequence[Request]) -> int:
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


def _batch(groups: Sequence[Sequence[Request]], device: torch.device) -> Batch:
    members = [(index, request) for index, group in enumerate(groups) for request in group]
    width = max(len(request.tokens) for _, request in members)
    padded = [request.tokens + (0,) * (width - len(request.tokens)) for _, request in members]
    lengths = [len(request.tokens) for _, request in members]
    return Batch(
        prompts=torch.tensor([group[0].prompt for group in groups], device=device),
        owner=torch.tensor([index for index, _ in members], device=device),
        answers=torch.tensor(padded, device=device),
        lengths=torch.tensor(lengths, device=device),
        slots=tuple((request.item, request.answer) for _, request in members),
        parts=tuple(torch.tensor(part, device=device) for part in _parts(lengths)),
    )
