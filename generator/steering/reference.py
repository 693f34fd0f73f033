"""The settings of the published steering tool, replayed on the same test items as rows of their own.

Block at a quarter of the depth, direction from 8 true and 8 false prompts, absolute strengths, all positions. Its
published counts were outputs whose text changed in unseeded sampling; here the text is greedy, `changed` is a
diagnostic only, and corrected and broken are counted on the binary choice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import torch

from generator.steering.data import Suite
from generator.steering.directions import mean_difference, pair_states
from generator.steering.effects import best_pairs
from generator.steering.generate import generate
from generator.steering.layers import Edit
from generator.steering.score import prepare
from generator.steering.stats import flips
from generator.steering.subject import Subject
from generator.steering.sweep import binary_outcomes

STATEMENTS = 8
ABSOLUTE_STRENGTHS = (0.5, 1.5, 3.0)
PROMPTS = 14
NEW_TOKENS = 12


def replay(subject: Subject, suite: Suite, *, base: np.ndarray) -> list[dict[str, Any]]:
    """One row an absolute strength; `base` is the unsteered binary outcome of all test items (items,)."""
    layer = len(subject.blocks) // 4
    pairs = suite.folds[0].pairs[:STATEMENTS]
    states = pair_states(subject, pairs, layers=[layer])
    unit = mean_difference(states.true[layer], states.false[layer])
    prepared = prepare(subject, best_pairs(suite.test))
    prompts = [suite.generation.get(item.id, item.prompt) for item in suite.test[:PROMPTS]]
    plain = generate(subject, prompts, new_tokens=NEW_TOKENS)
    rows = []
    for strength in ABSOLUTE_STRENGTHS:
        edits = [Edit(torch.from_numpy(unit * strength).float(), layer)]
        outcome = binary_outcomes(subject, prepared, edits=edits, from_last=False)
        rows.append(
            {
                "layer": layer,
                "strength_absolute": strength,
                "strength_of_norm": strength / states.norm(layer),
                "flips": asdict(flips(base, outcome)),
                "changed": _changed(plain, generate(subject, prompts, new_tokens=NEW_TOKENS, edits=edits)),
                "changed_of": len(prompts),
            }
        )
    return rows


def _changed(before: Sequence[str], after: Sequence[str]) -> int:
    return sum(a != b for a, b in zip(before, after, strict=True))
