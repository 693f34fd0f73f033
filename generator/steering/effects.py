"""Side effects of a vector: choice accuracy on unrelated items, perplexity and Kullback–Leibler divergence on plain text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from generator.steering.data import ChoiceItem
from generator.steering.errors import SteeringError
from generator.steering.layers import Edit
from generator.steering.many import AGREEMENT, text_logits, text_logits_above, text_logits_hooked
from generator.steering.passes import LOGIT_BUDGET, vocabulary_of
from generator.steering.score import Prepared, metrics, score
from generator.steering.subject import Subject, halving


@dataclass(frozen=True)
class TextEffect:
    """Perplexity of the texts under an edit, and mean KL(unsteered ‖ steered) of the next token in nats."""

    perplexity: float
    kl: float


def capability_accuracy(subject: Subject, prepared: Prepared, *, edits: Sequence[Edit], from_last: bool) -> float:
    """Share (0–1) of items whose correct answer has the highest log-probability."""
    return float(metrics(prepared, score(subject, prepared, edits=edits, from_last=from_last)).mc1.mean())


def text_effects(
    subject: Subject, texts: Sequence[str], variants: Sequence[Sequence[Edit]], *, rows: int = 32
) -> tuple[float, list[TextEffect]]:
    """Unsteered perplexity, and the effect of every variant on it; edits act at all positions of the texts."""
    encoded = sorted((subject.tokenizer(text)["input_ids"] for text in texts), key=len)
    encoded = [ids for ids in encoded if len(ids) > 1]
    if not encoded:
        raise SteeringError("side effects: no text of at least two tokens")
    vocabulary = vocabulary_of(subject)

    def run(limit: int) -> tuple[float, list[TextEffect]]:
        totals = torch.zeros(len(variants) + 1, dtype=torch.float64)
        divergence = torch.zeros(len(variants), dtype=torch.float64)
        count, start = 0, 0
        while start < len(encoded):
            fitting = max(1, LOGIT_BUDGET // (2 * vocabulary * len(encoded[min(start + limit, len(encoded)) - 1])))
            part = encoded[start : start + min(limit, fitting)]
            start += len(part)
            tokens, inside = _padded(part, subject)
            base, outputs = _unsteered(subject, tokens, variants)
            targets = tokens[:, 1:].unsqueeze(2)
            totals[0] += _masked(base.gather(2, targets).squeeze(2), inside)
            for index, edits in enumerate(variants):
                other = _steered(subject, tokens, edits, outputs)
                totals[index + 1] += _masked(other.gather(2, targets).squeeze(2), inside)
                divergence[index] += _masked((base.exp() * (base - other)).sum(-1), inside)
            count += int(inside.sum())
        perplexity = (-totals / count).exp().tolist()
        kl = (divergence / count).tolist()
        return perplexity[0], [TextEffect(p, k) for p, k in zip(perplexity[1:], kl, strict=True)]

    with torch.inference_mode():
        return halving(run, rows=rows)


def best_pairs(items: Sequence[ChoiceItem]) -> list[ChoiceItem]:
    """The items reduced to best correct against best incorrect answer."""
    return [item.best_pair() for item in items]


def _padded(part: Sequence[Sequence[int]], subject: Subject) -> tuple[torch.Tensor, torch.Tensor]:
    width = max(len(ids) for ids in part)
    tokens = torch.full((len(part), width), subject.pad_id)
    inside = torch.zeros((len(part), width - 1), dtype=torch.bool)
    for row, ids in enumerate(part):
        tokens[row, : len(ids)] = torch.tensor(ids)
        inside[row, : len(ids) - 1] = True
    return tokens.to(subject.device), inside.to(subject.device)


def _unsteered(
    subject: Subject, tokens: torch.Tensor, variants: Sequence[Sequence[Edit]]
) -> tuple[torch.Tensor, dict[int, Any]]:
    """Log-probabilities of the next token, and the outputs of the blocks above which alone the variants are computed.

    No output where the shared way does not give what the ordinary hook gives on these rows.
    """
    single = [edits[0] for edits in variants if len(edits) == 1 and edits[0].point == "after" and edits[0].first == 0]
    logits, outputs = text_logits(subject, tokens, sorted({edit.layer for edit in single}))
    if single:
        ordinary = text_logits_hooked(subject, tokens, single[:1])
        shared = text_logits_above(subject, tokens, single[0], outputs[single[0].layer])
        nats, share = AGREEMENT[subject.dtype]
        if not torch.allclose(ordinary, shared, atol=nats, rtol=share):
            outputs = {}
    return logits[:, :-1].float().log_softmax(-1), outputs


def _steered(subject: Subject, tokens: torch.Tensor, edits: Sequence[Edit], outputs: dict[int, Any]) -> torch.Tensor:
    if len(edits) == 1 and edits[0].layer in outputs and edits[0].point == "after" and edits[0].first == 0:
        logits = text_logits_above(subject, tokens, edits[0], outputs[edits[0].layer])
    else:
        logits = text_logits_hooked(subject, tokens, edits)
    return logits[:, :-1].float().log_softmax(-1)


def _masked(values: torch.Tensor, inside: torch.Tensor) -> torch.Tensor:
    return torch.where(inside, values.double(), torch.zeros_like(values, dtype=torch.float64)).sum().cpu()
