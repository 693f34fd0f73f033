"""What happens inside: coupling of two contrasts per layer and per head, the output bottleneck, dimension of the states.

A *contrast* is a set of prompt pairs that differ in one property and agree in length and last token, e.g. true against
false context (truthfulness), or answer present against absent in the context (retrieval, a simple form of reasoning).
Its direction is the mean difference at the last token. The coupling of two contrasts is the cosine of their directions:
class means are subtracted, so a common offset of all states cannot raise it. The raw cosine of the two mean states is
given beside it, because that is what has been published; it is near one on almost any network.

Every figure stands beside two nulls: labels permuted within pairs, and the same network with random weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch

from generator.steering.data import PromptPair
from generator.steering.directions import last_token_states
from generator.steering.errors import SteeringError
from generator.steering.heads import head_states
from generator.steering.stats import holm
from generator.steering.subject import Subject

PERMUTATIONS = 499


@dataclass(frozen=True)
class Contrast:
    """Named prompt pairs; `true` has the property, `false` lacks it."""

    name: str
    pairs: tuple[PromptPair, ...]


@dataclass(frozen=True)
class Coupling:
    """Cosine of two contrast directions with its permutation null; raw is the cosine of the two mean states."""

    cosine: float
    null_low: float
    null_high: float
    p: float
    raw: float


@dataclass(frozen=True)
class Bottleneck:
    """The same coupling after the output projection, centred over the vocabulary (softmax ignores a common offset).

    gain: length of a contrast direction after the projection over that of random directions of the same length.
    """

    hidden: Coupling
    projected: Coupling
    gain_first: float
    gain_second: float


@dataclass(frozen=True)
class HeadCount:
    """Heads whose own coupling is beyond their permutation null after Holm's correction over all heads.

    competing: cosine below, cooperating: above; `net` is the mean cosine over heads.
    """

    heads: int
    competing: int
    cooperating: int
    net: float


def matched(contrast: Contrast, subject: Subject) -> Contrast:
    """Only pairs whose prompts agree in token length and last token; an error when fewer than 8 are left."""
    kept = []
    for pair in contrast.pairs:
        a, b = (subject.tokenizer(text)["input_ids"] for text in (pair.true, pair.false))
        if len(a) == len(b) and a[-1] == b[-1]:
            kept.append(pair)
    if len(kept) < 8:
        raise SteeringError(
            f"{contrast.name}: {len(kept)} of {len(contrast.pairs)} pairs agree in length and last token, at least 8 are needed"
        )
    return Contrast(contrast.name, tuple(kept))


def coupling(first: np.ndarray, second: np.ndarray, *, raw: float, rng: np.random.Generator) -> Coupling:
    """Cosine of the mean rows of two difference tables (pairs, width), against sign flips of the rows of both."""
    found = _cosine(first.mean(0), second.mean(0))
    null = _null_cosines(first[:, None, :], second[:, None, :], rng=rng)[:, 0]
    low, high = np.quantile(null, [0.025, 0.975])
    return Coupling(
        cosine=found,
        null_low=float(low),
        null_high=float(high),
        p=float((1 + (np.abs(null) >= abs(found)).sum()) / (1 + len(null))),
        raw=raw,
    )


def effective_dimension(states: np.ndarray) -> float:
    """Participation ratio (Σλ)² / Σλ² of the covariance of states (prompts, width): d_rep, from 1 to width."""
    centred = states - states.mean(0)
    spectrum = np.linalg.svd(centred, compute_uv=False) ** 2
    total = float((spectrum**2).sum())
    return float(spectrum.sum() ** 2 / total) if total > 0 else 1.0


def measure(subject: Subject, first: Contrast, second: Contrast, *, seed: int) -> dict[str, Any]:
    """All internal figures of one network as plain JSON values."""
    first, second = matched(first, subject), matched(second, subject)
    rng = np.random.default_rng([seed, 40])
    layers = list(range(len(subject.blocks)))
    states = {
        (contrast.name, side): last_token_states(
            subject, [getattr(pair, side) for pair in contrast.pairs], layers=layers
        )
        for contrast in (first, second)
        for side in ("true", "false")
    }
    per_layer = []
    for layer in layers:
        a_true, a_false = states[first.name, "true"][layer], states[first.name, "false"][layer]
        b_true, b_false = states[second.name, "true"][layer], states[second.name, "false"][layer]
        raw = _cosine(np.concatenate([a_true, a_false]).mean(0), np.concatenate([b_true, b_false]).mean(0))
        everything = np.concatenate([a_true, a_false, b_true, b_false])
        per_layer.append(
            {
                "layer": layer,
                **asdict(coupling(a_true - a_false, b_true - b_false, raw=raw, rng=rng)),
                "d_rep": effective_dimension(everything),
            }
        )
    last = layers[-1]
    differences = [
        states[contrast.name, "true"][last] - states[contrast.name, "false"][last] for contrast in (first, second)
    ]
    return {
        "contrasts": [first.name, second.name],
        "pairs": [len(first.pairs), len(second.pairs)],
        "layers": per_layer,
        "heads": asdict(count_heads(subject, first, second, rng=rng)),
        "bottleneck": asdict(bottleneck(subject, *differences, raw=per_layer[-1]["raw"], rng=rng)),
    }


def count_heads(subject: Subject, first: Contrast, second: Contrast, *, rng: np.random.Generator) -> HeadCount:
    """Coupling of the two contrasts in the output of every attention head at the last token.

    A head competes when its cosine is negative and beyond its own permutation null, two-sided at 5 % after Holm's
    correction over all heads of the network.
    """
    tables = []
    for contrast in (first, second):
        true, false = (
            head_states(subject, [getattr(pair, side) for pair in contrast.pairs]) for side in ("true", "false")
        )
        tables.append(true - false)  # (pairs, heads, head width)
    found = np.asarray([_cosine(a, b) for a, b in zip(tables[0].mean(0), tables[1].mean(0), strict=True)])
    # Holm over h heads needs p-values down to 0.05 / h
    count = max(PERMUTATIONS, 40 * len(found) - 1)
    null = _null_cosines(tables[0], tables[1], rng=rng, count=count)
    p = (1 + (np.abs(null) >= np.abs(found)).sum(0)) / (1 + count)
    adjusted = holm({f"{head:06d}": float(value) for head, value in enumerate(p)})
    beyond = np.asarray([adjusted[f"{head:06d}"] <= 0.05 for head in range(len(found))])
    return HeadCount(
        heads=len(found),
        competing=int((beyond & (found < 0)).sum()),
        cooperating=int((beyond & (found > 0)).sum()),
        net=float(found.mean()),
    )


def bottleneck(
    subject: Subject, first: np.ndarray, second: np.ndarray, *, raw: float, rng: np.random.Generator
) -> Bottleneck:
    """Coupling before and after the output projection; difference tables (pairs, width) of the last block."""
    weight = subject.model.get_output_embeddings().weight.detach().float().cpu().double().numpy()
    centred = weight - weight.mean(0)
    gram = centred.T @ centred  # (width, width): inner products after the centred projection
    values, vectors = np.linalg.eigh(gram)
    root = vectors * np.sqrt(np.clip(values, 0, None))  # x @ root has the projected inner products
    random_gain = float(np.sqrt(np.trace(gram) / len(gram)))

    def gain(table: np.ndarray) -> float:
        direction = table.mean(0)
        return float(np.linalg.norm(direction @ root) / (np.linalg.norm(direction) * random_gain + 1e-300))

    return Bottleneck(
        hidden=coupling(first, second, raw=raw, rng=rng),
        projected=coupling(first @ root, second @ root, raw=raw, rng=rng),
        gain_first=gain(first),
        gain_second=gain(second),
    )


def _null_cosines(
    first: np.ndarray, second: np.ndarray, *, rng: np.random.Generator, count: int = PERMUTATIONS
) -> np.ndarray:
    """Cosines of mean differences (pairs, units, width) after labels were swapped within pairs; (count, units)."""
    means = []
    for table in (first, second):
        signs = rng.choice([-1.0, 1.0], size=(count, len(table)))
        flat = signs @ table.reshape(len(table), -1) / len(table)
        means.append(flat.reshape(count, *table.shape[1:]))
    product = (means[0] * means[1]).sum(-1)
    norms = np.linalg.norm(means[0], axis=-1) * np.linalg.norm(means[1], axis=-1)
    return np.divide(product, norms, out=np.zeros_like(product), where=norms > 0)


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
    norm = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b / norm) if norm > 0 else 0.0


def randomised(subject: Subject, *, seed: int) -> Subject:
    """The same architecture with freshly initialised weights: the null of a network that has learned nothing."""
    from dataclasses import replace

    from generator.steering.layers import find_blocks

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = type(subject.model)(subject.model.config).to(subject.device).eval()
    return replace(subject, model=model, blocks=find_blocks(model), revision=f"random-{seed}")


def with_nulls(subject: Subject, contrasts: Sequence[Contrast], *, seed: int, networks: int = 3) -> dict[str, Any]:
    """Figures of the trained network beside those of `networks` random ones."""
    first, second = contrasts
    return {
        "model": subject.id,
        "revision": subject.revision,
        "trained": measure(subject, first, second, seed=seed),
        "random_weights": [
            measure(randomised(subject, seed=number), first, second, seed=seed) for number in range(networks)
        ],
    }
