"""A prompt and all its answers in one row: every answer sees the prompt and itself, none sees another.

No prompt is copied and little is padded: one pass scores all answers of many items. The mask and the positions are given,
so only models that take both can be scored so. Which do is measured: a small tree is compared with the same sequences
passed one by one, once a model; where the two disagree (distances taken from places in the row, masks of their own) the
other ways of scoring are taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import torch

from generator.steering.layers import Edit, steering
from generator.steering.passes import LOGIT_BUDGET, Request, by_prompt, copied, forward_kept, vocabulary_of
from generator.steering.projection import log_probabilities, projects_in_parts, states_kept
from generator.steering.subject import Subject

#: A batch is cut where its longest row would be longer than this many times its shortest, once it has so many positions.
SPREAD, ENOUGH_POSITIONS = 1.1, 384
#: Attention is computed over whole rows: so many answer positions a row at most, or as many as the prompt has.
ANSWER_POSITIONS = 512
#: On a CPU logits of so many numbers are reduced at once, so that they stay in the processor's cache.
REDUCED_AT_ONCE = 400_000
#: Rows × positions² of a batch's mask.
MASK_BUDGET = 64_000_000
#: Largest difference between tree and sequences as a share of the spread of the logits, by dtype.
AGREEMENT = {"float32": 1e-3, "float16": 0.03, "bfloat16": 0.1}
_MEASURED: WeakKeyDictionary[torch.nn.Module, bool] = WeakKeyDictionary()


@dataclass(frozen=True)
class TreeBatch:
    """P rows of at most L tokens: a prompt, then its answers one after another, each without its last token.

    sizes (P,): tokens of the prompts; branch (P, L): 0 in the prompt, the number of the answer in an answer, -1 in the
    padding; place (P, L): positions; keep (P, L): where logits are needed. For each of T answer tokens: source, which of
    the kept positions predicts it; target, the token; answer, its answer's place in slots.
    """

    tokens: torch.Tensor
    sizes: torch.Tensor
    branch: torch.Tensor
    place: torch.Tensor
    keep: torch.Tensor
    source: torch.Tensor
    target: torch.Tensor
    answer: torch.Tensor
    slots: tuple[tuple[int, int], ...]

    def mask(self, *, seen: int, dtype: torch.dtype) -> torch.Tensor:
        """Additive mask (P, 1, L − seen, L): what comes after the first `seen` prompt tokens, which a cache holds."""
        own, all_of = self.branch[:, seen:, None], self.branch[:, None, :]
        earlier = torch.ones(self.branch.shape[1], self.branch.shape[1], dtype=torch.bool, device=own.device).tril()
        allowed = earlier[seen:] & ((all_of == 0) | (all_of == own))
        return torch.zeros(allowed.shape, dtype=dtype, device=own.device).masked_fill_(
            ~allowed, torch.finfo(dtype).min
        )[:, None]


def tree_batches(requests: Sequence[Request], *, rows: int, vocabulary: int, device: torch.device) -> list[TreeBatch]:
    """Rows of similar length together, at most `rows` answers a batch."""
    groups = [part for group in by_prompt(requests, rows=rows) for part in _short_enough(group)]
    batches: list[TreeBatch] = []
    pending: list[list[Request]] = []
    positions = kept = answers = 0
    for group in sorted(groups, key=_row_length):
        length, wanted = _row_length(group), 1 + sum(len(request.tokens) - 1 for request in group)
        full = (
            answers + len(group) > rows
            or (kept + wanted) * vocabulary > LOGIT_BUDGET
            or (len(pending) + 1) * length**2 > MASK_BUDGET
            or (positions >= ENOUGH_POSITIONS and length > SPREAD * _row_length(pending[0]))
        )
        if pending and full:
            batches.append(_batch(pending, device))
            pending, positions, kept, answers = [], 0, 0, 0
        pending.append(group)
        positions, kept, answers = positions + length, kept + wanted, answers + len(group)
    return [*batches, _batch(pending, device)] if pending else batches


def tree_scores(
    subject: Subject, batch: TreeBatch, edits: Sequence[Edit], *, prefix: Any = None, length: int = 0
) -> torch.Tensor:
    """Log-probability of every answer (answers,), float64. prefix: cache of the first `length` tokens of all prompts."""
    given: dict[str, Any] = {"use_cache": False}
    if prefix is not None:
        given = {"use_cache": True, "past_key_values": copied(prefix)}
        given["past_key_values"].reorder_cache(torch.zeros_like(batch.sizes))
    given |= {
        "input_ids": batch.tokens[:, length:],
        "attention_mask": batch.mask(seen=length, dtype=subject.model.dtype),
        "position_ids": batch.place[:, length:],
    }
    keep = batch.keep[:, length:]
    with steering(subject.blocks, edits, cached=prefix is not None, seen=length):
        if projects_in_parts(subject):
            with states_kept(subject, keep) as states:
                subject.model(**given)
            log_p = log_probabilities(subject.model.get_output_embeddings(), states[0], batch.source, batch.target)
        else:
            with forward_kept(subject, keep):
                log_p = _picked(subject.model(**given).logits[0], batch)
    return log_p.new_zeros(len(batch.slots)).index_add(0, batch.answer, log_p)


def _picked(logits: torch.Tensor, batch: TreeBatch) -> torch.Tensor:
    """Log p (T,) of the answer tokens from the logits (kept, V)."""
    rows = max(1, REDUCED_AT_ONCE // logits.shape[1]) if logits.device.type == "cpu" else len(logits)
    norm = torch.cat([part.float().logsumexp(-1) for part in logits.split(rows)])
    return logits[batch.source, batch.target].double() - norm[batch.source].double()


def scores_in_trees(subject: Subject, requests: Sequence[Request]) -> bool:
    """The model gives in a tree what it gives in sequences, and its window holds the longest row."""
    if not subject.takes_positions:
        return False
    if subject.model not in _MEASURED:
        _MEASURED[subject.model] = _agrees(subject)
    longest = max(
        (_row_length(part) for group in by_prompt(requests, rows=len(requests)) for part in _short_enough(group)),
        default=0,
    )
    return _MEASURED[subject.model] and longest <= (subject.longest_row or longest)


def _agrees(subject: Subject) -> bool:
    """Compare a small tree with its sequences; a model that takes no mask of this kind says so by an error."""
    last = vocabulary_of(subject) - 1
    known = [min(3 + 2 * step, last - step) for step in range(9)]
    prompts = [tuple(known[:4]), tuple(known[4:6])]
    requests = [
        Request(item, number, prompt, tuple(answer))
        for item, prompt in enumerate(prompts)
        for number, answer in enumerate((known[3:6], known[6:9], known[1:3]))
    ]
    batch = _batch(by_prompt(requests, rows=len(requests)), subject.device)
    with torch.inference_mode():
        try:
            found = tree_scores(subject, batch, ())
        except torch.OutOfMemoryError:
            raise
        except (RuntimeError, ValueError, TypeError, IndexError):
            return False
        alone, spread = [], []
        for request in requests:
            row = torch.tensor([request.prompt + request.tokens], device=subject.device)
            logits = subject.model(input_ids=row, use_cache=False).logits[0].float()
            first = len(request.prompt)
            log_p = logits.log_softmax(-1)[torch.arange(first - 1, row.shape[1] - 1), row[0, first:]]
            alone.append(float(log_p.double().sum()))
            spread.append(float(logits.std()))
    expected = torch.tensor(alone, dtype=torch.float64)
    return bool((found.cpu() - expected).abs().max() <= AGREEMENT[subject.dtype] * max(spread))


def _row_length(group: Sequence[Request]) -> int:
    return len(group[0].prompt) + sum(len(request.tokens) - 1 for request in group)


def _short_enough(group: Sequence[Request]) -> list[list[Request]]:
    """The answers of one prompt in rows of at most ANSWER_POSITIONS answer positions, or of as many as the prompt has."""
    limit = max(ANSWER_POSITIONS, len(group[0].prompt))
    rows: list[list[Request]] = [[]]
    count = 0
    for request in group:
        if rows[-1] and count + len(request.tokens) - 1 > limit:
            rows.append([])
            count = 0
        rows[-1].append(request)
        count += len(request.tokens) - 1
    return rows


def _batch(groups: Sequence[Sequence[Request]], device: torch.device) -> TreeBatch:
    width = max(map(_row_length, groups))
    rows = [_row(group, width) for group in groups]
    tokens, branch, place, keep = (torch.tensor(column, device=device) for column in zip(*rows, strict=True))
    source: list[int] = []
    kept = 0
    for group in groups:
        root, kept = kept, kept + 1
        for request in group:
            inner = len(request.tokens) - 1
            source += [root, *range(kept, kept + inner)]
            kept += inner
    requests = [request for group in groups for request in group]
    return TreeBatch(
        tokens=tokens,
        sizes=torch.tensor([len(group[0].prompt) for group in groups], device=device),
        branch=branch,
        place=place,
        keep=keep.bool(),
        source=torch.tensor(source, device=device),
        target=torch.tensor([token for request in requests for token in request.tokens], device=device),
        answer=torch.tensor([i for i, request in enumerate(requests) for _ in request.tokens], device=device),
        slots=tuple((request.item, request.answer) for request in requests),
    )


def _row(group: Sequence[Request], width: int) -> tuple[list[int], list[int], list[int], list[int]]:
    """Tokens, branches, places and wanted logits of one row, padded to `width`."""
    tokens, size = list(group[0].prompt), len(group[0].prompt)
    branch, place, keep = [0] * size, list(range(size)), [0] * (size - 1) + [1]
    for number, request in enumerate(group, start=1):
        inner = request.tokens[:-1]
        tokens += inner
        branch += [number] * len(inner)
        place += range(size, size + len(inner))
        keep += [1] * len(inner)
    rest = width - len(tokens)
    return tokens + [0] * rest, branch + [-1] * rest, place + [0] * rest, keep + [0] * rest
