"""When does the local coupling γ12 = ΔB2/ΔB1 of a family change sign: probabilities from its first sizes, scored out of sample.

Trajectories are drawn by putting the residual paths of other families, as missed by the same model out of sample, around
the forecast; a path keeps its own correlation between the two benchmarks and along size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from generator.core import CapewatchError
from generator.forecasts.engine import Nested, Split
from generator.forecasts.families import Family, FamilySet, Given, Targets
from generator.forecasts.intervals import REACH_OFFSET
from generator.forecasts.link import Link

#: Upper edges of the bins of the reliability diagram.
BINS = (0.1, 0.25, 0.5, 0.75, 0.9, 1.0)


@dataclass(frozen=True, eq=False)
class Paths:
    """Scaled residual paths of families. reach: one array a family, rising decades; scaled: (m, k) logits per √reach."""

    link: Link
    reach: tuple[np.ndarray, ...]
    scaled: tuple[np.ndarray, ...]

    def draw(self, centre: np.ndarray, reach: np.ndarray) -> np.ndarray:
        """Trajectories (paths, m, k) percent around `centre` (m, k) percent at `reach` (m,) decades: one a family, none random."""
        logits = self.link.logit(centre)
        drawn = []
        for known, values in zip(self.reach, self.scaled, strict=True):
            shift = np.stack([np.interp(reach, known, column) for column in values.T], axis=1)
            drawn.append(logits + shift * np.sqrt(reach + REACH_OFFSET)[:, None])
        return self.link.percent(np.array(drawn))


def residual_paths(link: Link, judged: Sequence[Family], predicted: Mapping[str, np.ndarray], given: int) -> Paths:
    """Residual paths of `predicted` (family → (m, k) percent, out of sample); families without a prediction are passed over."""
    reach, scaled = [], []
    for family in judged:
        if family.id in predicted:
            ahead = family.log_params[given:] - family.log_params[given - 1]
            misses = link.logit(family.scores[given:]) - link.logit(predicted[family.id])
            reach.append(ahead)
            scaled.append(misses / np.sqrt(ahead + REACH_OFFSET)[:, None])
    if len(reach) < 4:
        raise CapewatchError(f"{len(reach)} families with forecasts; drawing paths needs at least 4")
    return Paths(link, tuple(reach), tuple(scaled))


def sign_change(
    paths: Paths, known: Given, wanted: Targets, centre: np.ndarray, columns: tuple[int, int]
) -> dict[str, Any]:
    """Chance that γ12 has another sign than over the given step, by interval and by size.

    columns: indices of B1 and B2. Keys: given_gamma; intervals: [{from, to (parameters), positive, changed_by}] where
    `positive` is P(γ12 > 0 in that interval) and `changed_by` P(some interval up to here has the other sign); median_size:
    parameters at which half the paths have changed, None when fewer than half do by the largest size.
    """
    first, second = columns
    if len(known.log_params) < 2:
        raise CapewatchError("one size given: γ12 needs two", hint="give a second size of the family")
    step = known.scores[-1] - known.scores[-2]
    start = np.sign(step[first] * step[second])
    drawn = paths.draw(centre, wanted.log_params - known.log_params[-1])
    whole = np.concatenate([np.repeat(known.scores[None, -1:], len(drawn), axis=0), drawn], axis=1)
    moves = np.diff(whole, axis=1)
    positive = moves[:, :, first] * moves[:, :, second] > 0
    other = positive if start <= 0 else ~positive
    by_now = np.maximum.accumulate(other, axis=1)
    edges = np.concatenate([known.log_params[-1:], wanted.log_params])
    chance = _shrunk(by_now.sum(axis=0), len(drawn))
    past = np.flatnonzero(chance >= 0.5)
    return {
        "given_gamma": float(step[second] / step[first]) if step[first] != 0 else None,
        "intervals": [
            {
                "from": float(10 ** edges[row]),
                "to": float(10 ** edges[row + 1]),
                "positive": float(_shrunk(positive[:, row].sum(), len(drawn))),
                "changed_by": float(chance[row]),
            }
            for row in range(len(wanted.log_params))
        ],
        "median_size": float(10 ** wanted.log_params[past[0]]) if len(past) else None,
        "paths": len(drawn),
    }


def phase_scores(
    families: FamilySet, parts: Split, nested: Nested, link: Link, axes: tuple[str, str] = ("hellaswag", "truthfulqa")
) -> dict[str, Any]:
    """Brier scores and reliability of the phase forecast on held-out families, beside always-negative and the training frequency.

    Two events: γ12 > 0 in an interval (`interval`), and another sign than the given step by the largest size (`family`).
    Keys of each: n, events, brier {forecast, always_negative, frequency}, reliability [{low, high, n, mean_forecast, frequency}];
    families: the forecast of each with what happened.
    """
    if nested.given < 2:
        raise CapewatchError("the phase forecast needs two given sizes")
    columns = (families.axes.index(axes[0]), families.axes.index(axes[1]))
    rows: list[tuple[float, float, float]] = []
    whole: list[tuple[float, float, float]] = []
    cards = []
    for family in parts.judged:
        group = parts.group[family.id]
        others = [other for other in parts.judged if parts.group[other.id] != group]
        paths = residual_paths(link, others, nested.inner[group], nested.given)
        known, wanted = family.given(nested.given), family.targets(nested.given)
        card = sign_change(paths, known, wanted, nested.outer[family.id], columns)
        signs = _positive(family, nested.given, columns)
        usual = [_positive(other, nested.given, columns) for other in others]
        frequency = float(np.mean(np.concatenate(usual)))
        start_negative = card["given_gamma"] is None or card["given_gamma"] <= 0
        changed = bool(signs.any()) if start_negative else bool((~signs).any())
        often = float(np.mean([_changed(other, nested.given, columns) for other in others]))
        rows += [
            (cell["positive"], float(seen), frequency) for cell, seen in zip(card["intervals"], signs, strict=True)
        ]
        whole.append((card["intervals"][-1]["changed_by"], float(changed), often))
        cards.append(card | {"family": family.id, "changed": changed, "positive": signs.tolist()})
    return {"axes": list(axes), "interval": _scored(rows), "family": _scored(whole), "families": cards}


def _positive(family: Family, given: int, columns: tuple[int, int]) -> np.ndarray:
    """Whether γ12 > 0 in each interval from the last given size on."""
    moves = np.diff(family.scores[given - 1 :], axis=0)
    return moves[:, columns[0]] * moves[:, columns[1]] > 0


def _changed(family: Family, given: int, columns: tuple[int, int]) -> bool:
    step = family.scores[given - 1] - family.scores[given - 2]
    signs = _positive(family, given, columns)
    return bool(signs.any()) if step[columns[0]] * step[columns[1]] <= 0 else bool((~signs).any())


def _shrunk(count: np.ndarray, total: int) -> np.ndarray:
    """Share with half a path added on both sides: no forecast is certain."""
    return (count + 0.5) / (total + 1)


def _scored(rows: Sequence[tuple[float, float, float]]) -> dict[str, Any]:
    chance, seen, usual = np.array(rows).T
    bins = np.searchsorted(BINS, chance, side="left")
    return {
        "n": len(seen),
        "events": int(seen.sum()),
        "brier": {
            "forecast": float(np.mean((chance - seen) ** 2)),
            "always_negative": float(np.mean(seen)),
            "frequency": float(np.mean((usual - seen) ** 2)),
        },
        "reliability": [
            {
                "low": (0.0, *BINS)[number],
                "high": BINS[number],
                "n": int((bins == number).sum()),
                "mean_forecast": float(chance[bins == number].mean()),
                "frequency": float(seen[bins == number].mean()),
            }
            for number in range(len(BINS))
            if (bins == number).any()
        ],
    }
