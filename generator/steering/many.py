"""Many vectors at one place, as matched controls and sweeps need them: only what lies above the edit is computed again.

A vector added after block L from the last prompt token on changes nothing at the earlier prompt positions and nothing in
blocks 0 to L. So the prompts are passed once, the output of block L is kept, and for every chunk of vectors blocks 0 to L
hand out that output plus the vector while the blocks above run as they always do. The first vector is also scored by the
ordinary hook; where the two disagree (an architecture whose blocks share more than the residual stream) the ordinary
way is taken for all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from generator.steering.layers import Blocks, Edit, raw_output, steering
from generator.steering.passes import LOGIT_BUDGET, copied, forward_kept, inside, reorderable, vocabulary_of
from generator.steering.score import DEFAULT_ROWS, Batch, Prepared, require_finite, score, summed
from generator.steering.subject import Subject, halving

#: Fewer vectors than this are scored one by one: the shared passes would not pay.
WORTH_SHARING = 4
#: Rows × cached positions of a chunk may reach this even when `rows` is smaller (short prompts).
SHORT_POSITIONS = 16_384
#: Largest deviation (nats, and share of the score) from the ordinary way, by dtype.
AGREEMENT = {"float32": (1e-3, 1e-4), "bfloat16": (0.1, 0.02), "float16": (0.05, 0.01)}


def score_many(
    subject: Subject, prepared: Prepared, edits: Sequence[Edit], *, from_last: bool, rows: int = DEFAULT_ROWS
) -> list[list[np.ndarray]]:
    """`score` under every edit on its own: one list of (answers,) arrays an edit, in the order of the edits.

    Edits at one layer after their block, from the last token on, share the passes below it; any others are looped over.
    """
    if len(edits) >= WORTH_SHARING and from_last and _one_place(edits) and subject.shares_cache:
        first = score(subject, prepared, edits=edits[:1], from_last=True, rows=rows)
        found = _shared_scores(subject, prepared, edits, rows=rows)
        if found is not None and _agree(first, found[0], dtype=subject.dtype):
            require_finite(subject, prepared, [values for one in found for values in one])
            return found
    return [score(subject, prepared, edits=[edit], from_last=from_last, rows=rows) for edit in edits]


def binary_many(subject: Subject, prepared: Prepared, edits: Sequence[Edit], *, from_last: bool) -> np.ndarray:
    """Best correct above best incorrect answer, boolean (edits, items)."""
    best = [len(item.correct) for item in prepared.items]
    scores = score_many(subject, prepared, edits, from_last=from_last)
    return np.asarray([[values[0] > values[k] for values, k in zip(one, best, strict=True)] for one in scores])


def _one_place(edits: Sequence[Edit]) -> bool:
    return all(edit.point == "after" and edit.layer == edits[0].layer for edit in edits)


def _agree(ordinary: Sequence[np.ndarray], shared: Sequence[np.ndarray], *, dtype: str) -> bool:
    nats, share = AGREEMENT[dtype]
    return np.allclose(np.concatenate(ordinary), np.concatenate(shared), atol=nats, rtol=share)


def _shared_scores(
    subject: Subject, prepared: Prepared, edits: Sequence[Edit], *, rows: int
) -> list[list[np.ndarray]] | None:
    """None where a prompt of one token or an unknown kind of cache leaves nothing to share."""
    result = [[np.full(len(item.answers), np.nan) for item in prepared.items] for _ in edits]
    vectors = torch.stack([edit.vector for edit in edits])

    def run(limit: int) -> bool:
        with torch.inference_mode():
            for batch in prepared.batches(rows=limit, vocabulary=vocabulary_of(subject), device=subject.device):
                if batch.prompts.shape[1] < 2:
                    return False
                shared = _SharedBatch.make(subject, batch, layer=edits[0].layer)
                if shared is None:
                    return False
                size = shared.chunk(limit)
                for start in range(0, len(edits), size):
                    scores = shared.scores(vectors[start : start + size]).cpu().numpy()
                    for offset, values in enumerate(scores):
                        for (item, answer), value in zip(batch.slots, values, strict=True):
                            result[start + offset][item][answer] = value
        return True

    return result if halving(run, rows=rows) else None


class _SharedBatch:
    """What all vectors share on one batch: caches before and after the last prompt token, outputs of block `layer`."""

    def __init__(self, subject: Subject, batch: Batch, layer: int) -> None:
        self.subject, self.batch, self.layer = subject, batch, layer
        self.longer = batch.answers.shape[1] > 1
        self.before: Any = None
        self.after: Any = None
        self.outputs: list[Any] = []

    @classmethod
    def make(cls, subject: Subject, batch: Batch, *, layer: int) -> _SharedBatch | None:
        """Pass prompts and answers once, unsteered."""
        self = cls(subject, batch, layer)
        prefix = batch.prompts[:, :-1]
        last = {"logits_to_keep": 1} if subject.keeps_logits else {}
        out = subject.model(input_ids=prefix, attention_mask=torch.ones_like(prefix), use_cache=True, **last)
        self.before = out.past_key_values
        if not reorderable(self.before) or len(self.before.layers) != len(subject.blocks):
            return None
        with raw_output(subject.blocks, layer) as seen:
            self.after = copied(self.before)
            self._last_token(batch.prompts[:, -1:], self.after)
            self.outputs.append(seen[0])
            if self.longer:
                cache = copied(self.after)
                cache.reorder_cache(batch.owner)
                with forward_kept(subject, self._kept(1)):
                    self._answers(batch.answers[:, :-1], cache)
                self.outputs.append(seen[0])
        return self

    def chunk(self, rows: int) -> int:
        """Vectors a chunk: bounded by rows, by cached positions for short prompts, and by the logits held at once."""
        prompts, length = self.batch.prompts.shape
        answers, width = self.batch.answers.shape
        count = answers if self.longer else prompts
        positions = prompts + (answers * (width - 1) if self.longer else 0)
        fitting = max(rows, SHORT_POSITIONS // (length + width)) // count
        return max(1, min(fitting, LOGIT_BUDGET // (positions * vocabulary_of(self.subject))))

    def scores(self, vectors: torch.Tensor) -> torch.Tensor:
        """Summed log-probabilities (vectors, answers of the batch)."""
        batch, count, device = self.batch, len(vectors), self.subject.device
        prompts = len(batch.prompts)
        everyone = torch.arange(prompts, device=device).repeat(count)
        cache = copied(self.before)
        cache.reorder_cache(everyone)
        with _held_below(self.subject.blocks, self.layer, self.outputs[0], vectors):
            logits = self._last_token(batch.prompts[:, -1:].repeat(count, 1), cache)
        first = logits[:, -1].float().log_softmax(-1)
        owner = (torch.arange(count, device=device)[:, None] * prompts + batch.owner[None, :]).flatten()
        total = first[owner, batch.answers[:, 0].repeat(count)].double()
        if self.longer:
            # the held blocks did not add to their part of the cache: it is that of the unsteered pass
            cache.layers[: self.layer + 1] = copied(self.after).layers[: self.layer + 1]
            for held in cache.layers[: self.layer + 1]:
                held.reorder_cache(everyone)
            cache.reorder_cache(owner)
            tokens, keep = batch.answers.repeat(count, 1), self._kept(count)
            with (
                _held_below(self.subject.blocks, self.layer, self.outputs[1], vectors),
                forward_kept(self.subject, keep),
            ):
                total = total + summed(self._answers(tokens[:, :-1], cache), tokens[:, 1:], keep)
        return total.view(count, -1)

    def _kept(self, count: int) -> torch.Tensor:
        return inside(self.batch.lengths - 1, width=self.batch.answers.shape[1] - 1).repeat(count, 1)

    def _last_token(self, tokens: torch.Tensor, cache: Any) -> torch.Tensor:
        mask = torch.ones((len(tokens), self.batch.prompts.shape[1]), dtype=torch.long, device=tokens.device)
        out = self.subject.model(input_ids=tokens, attention_mask=mask, past_key_values=cache, use_cache=True)
        return out.logits

    def _answers(self, tokens: torch.Tensor, cache: Any) -> torch.Tensor:
        length = self.batch.prompts.shape[1] + tokens.shape[1]
        mask = torch.ones((len(tokens), length), dtype=torch.long, device=tokens.device)
        out = self.subject.model(input_ids=tokens, attention_mask=mask, past_key_values=cache, use_cache=True)
        return out.logits


@contextmanager
def _held_below(blocks: Blocks, layer: int, output: Any, vectors: torch.Tensor) -> Iterator[None]:
    """Blocks 0 to `layer` do not run: block `layer` hands out its known output plus each vector, vector by vector.

    output: what the block returned for (rows, positions, width); handed out as (vectors · rows, positions, width).
    """
    known = output[0] if isinstance(output, tuple) else output
    placed = vectors.to(device=known.device, dtype=known.dtype)
    moved = (known[None] + placed[:, None, None, :]).flatten(0, 1)
    rest = (None,) * (len(output) - 1) if isinstance(output, tuple) else None

    def hand_out(*_args: Any, **_kwargs: Any) -> Any:
        return moved if rest is None else (moved, *rest)

    changed = blocks.modules[: layer + 1]
    own = [module.__dict__.get("forward") for module in changed]
    try:
        for module in changed:
            module.__dict__["forward"] = hand_out
        yield
    finally:
        for module, before in zip(changed, own, strict=True):
            if before is None:
                del module.__dict__["forward"]
            else:
                module.__dict__["forward"] = before


def text_logits(subject: Subject, tokens: torch.Tensor, layers: Sequence[int]) -> tuple[torch.Tensor, dict[int, Any]]:
    """Logits of unsteered token rows (rows, positions, vocabulary), and what the named blocks returned."""
    from contextlib import ExitStack

    with ExitStack() as stack:
        seen = {layer: stack.enter_context(raw_output(subject.blocks, layer)) for layer in layers}
        logits = subject.model(input_ids=tokens, use_cache=False).logits
    return logits, {layer: kept[0] for layer, kept in seen.items()}


def text_logits_above(subject: Subject, tokens: torch.Tensor, edit: Edit, output: Any) -> torch.Tensor:
    """Logits under an edit after its block at all positions, given what that block returned unsteered."""
    with _held_below(subject.blocks, edit.layer, output, edit.vector[None]):
        logits: torch.Tensor = subject.model(input_ids=tokens, use_cache=False).logits
    return logits


def text_logits_hooked(subject: Subject, tokens: torch.Tensor, edits: Sequence[Edit]) -> torch.Tensor:
    """Logits under any edits, by the ordinary hook."""
    with steering(subject.blocks, edits, cached=False):
        logits: torch.Tensor = subject.model(input_ids=tokens, use_cache=False).logits
    return logits
