"""Robustness to the benchmark pair: is "reasoning × truthfulness" a matter of HellaSwag and TruthfulQA MC2 alone?"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from generator.analysis._inputs import MIN_MODELS, Source, is_constant, label, rows, why_unfit
from generator.analysis.coupling import gamma_table
from generator.analysis.matrix import CouplingMatrix, matrix_of
from generator.analysis.population import correlation, fisher_interval, population_coupling
from generator.analysis.result import Statistic
from generator.panel.frame import Panel

REASONING = ("hellaswag", "arc-challenge", "winogrande", "piqa", "lambada", "mmlu")
TRUTHFULNESS = ("truthfulqa", "truthfulqa-mc1", "simpleqa-verified")


def pair_table(
    source: Source,
    reasoning: Sequence[str],
    truthfulness: Sequence[str],
    *,
    cluster: str = "family",
    rng: np.random.Generator,
    resamples: int = 2_000,
) -> pd.DataFrame:
    """Population coupling and γ12 signs of every pair (reasoning axis, truthfulness axis) the source has.

    Columns: x, y, n, r, low, high (clustered where it can be), p_permutation, intervals, negative, positive,
    resolved_negative, resolved_positive (usable γ12), families_falling (r < 0 within), families (with 3 models or
    more), reason.
    """
    present = source.scores.columns if isinstance(source, Panel) else source.columns
    found = []
    for x, y in itertools.product([a for a in reasoning if a in present], [b for b in truthfulness if b in present]):
        if x == y:
            continue
        statistic = population_coupling(source, x, y, cluster=cluster, rng=rng, resamples=resamples)
        row: dict[str, Any] = {"x": x, "y": y, "n": statistic.n, "r": statistic.estimate, "reason": statistic.reason}
        if statistic.interval is not None:
            row.update(low=statistic.interval.low, high=statistic.interval.high)
        row["p_permutation"] = statistic.p.get("permutation")
        row.update(_signs(source, x, y))
        found.append(row)
    columns = [
        "x",
        "y",
        "n",
        "r",
        "low",
        "high",
        "p_permutation",
        "intervals",
        "negative",
        "positive",
        "resolved_negative",
        "resolved_positive",
        "families_falling",
        "families",
        "reason",
    ]
    return pd.DataFrame(found).reindex(columns=columns)


def _signs(source: Source, x: str, y: str) -> dict[str, int]:
    table = gamma_table(source, x, y, chances=False)
    used = table[table["usable"]]
    within = family_r(source, x, y)
    known = [r for r in within.values() if r is not None]
    return {
        "intervals": len(used),
        "negative": int((used["gamma"] < 0).sum()),
        "positive": int((used["gamma"] > 0).sum()),
        "resolved_negative": int(((used["gamma"] < 0) & used["resolved"]).sum()),
        "resolved_positive": int(((used["gamma"] > 0) & used["resolved"]).sum()),
        "families_falling": sum(r < 0 for r in known),
        "families": len(known),
    }


def family_r(source: Source, x: str, y: str, *, least: int = 3) -> dict[str, float | None]:
    """Pearson r within each family with `least` models (None where an axis is constant), by family id."""
    frame = rows(source, (x, y))
    scores = [frame[axis].to_numpy(dtype=float) for axis in (x, y)]
    found: dict[str, float | None] = {}
    for family, places in frame.groupby("family", sort=True).indices.items():
        if len(places) >= least:
            a, b = (values[places] for values in scores)
            unfit = len(places) < MIN_MODELS or is_constant(a) or is_constant(b)
            found[str(family)] = None if unfit else correlation(a, b)
    return found


def family_matrices(source: Source, axes: Sequence[str], *, least: int = 4) -> dict[str, CouplingMatrix]:
    """The correlation matrix of `axes` within each family that has at least `least` models with all of them, by family id."""
    frame = rows(source, axes)
    values = frame[list(axes)].to_numpy(dtype=float)
    families = frame.groupby("family", sort=True).indices
    return {str(name): matrix_of(axes, values[places]) for name, places in families.items() if len(places) >= least}


def variant_agreement(source: Source, x: str, first: str, second: str) -> Statistic:
    """Do two scorings of one benchmark (MC1 and MC2 of TruthfulQA) give γ12 the same sign? estimate: share of usable intervals
    where both are non-zero and agree.

    baselines: the agreement expected if the two signs were independent. details: agreement of resolved signs, r of
    the two scorings, r of x with each (all models that have the three scores), and r of x with each within each
    family.
    """
    frame = rows(source, (x, first, second))
    how = f"sign of γ12 of {x} with {first} against {second}"
    common: dict[str, Any] = {"n": len(frame), "method": how, "axes": (x, first, second), "unit": "share of intervals"}
    reason = why_unfit(frame, (x, first, second))
    if reason:
        return label(Statistic.missing("sign agreement", reason, **common), source)
    limited = source.subset(list(frame.index)) if isinstance(source, Panel) else frame
    keys = ["family", "model_from", "model_to"]
    tables = [gamma_table(limited, x, axis, chances=False).set_index(keys) for axis in (first, second)]
    joined = pd.concat([tables[0].add_suffix("_1"), tables[1].add_suffix("_2")], axis=1, join="inner")
    used = joined[joined["usable_1"] & joined["usable_2"] & (joined["gamma_1"] != 0) & (joined["gamma_2"] != 0)]
    if used.empty:
        return label(Statistic.missing("sign agreement", "no interval has both couplings", **common), source)
    up = [(used[f"gamma_{side}"] > 0).to_numpy() for side in (1, 2)]
    both = (used["resolved_1"] & used["resolved_2"]).to_numpy()
    shares = [float(side.mean()) for side in up]
    scores = {axis: frame[axis].to_numpy(dtype=float) for axis in (x, first, second)}
    pairs = {f"r({a}, {b})": correlation(scores[a], scores[b]) for a, b in ((first, second), (x, first), (x, second))}
    intervals = {name: fisher_interval(value, len(frame)) for name, value in pairs.items()}
    details = {
        **pairs,
        "intervals": {name: interval.as_dict() for name, interval in intervals.items() if interval is not None},
        "within_families": {axis: family_r(frame, x, axis) for axis in (first, second)},
        "compared": len(used),
        "both_resolved": int(both.sum()),
        "both_resolved_agree": int((up[0] == up[1])[both].sum()),
    }
    statistic = Statistic(
        name="sign agreement",
        estimate=float(np.mean(up[0] == up[1])),
        baselines={"independent signs": shares[0] * shares[1] + (1 - shares[0]) * (1 - shares[1])},
        details=details,
        inputs=tuple(map(str, frame.index)),
        **common,
    )
    return label(statistic, source)
