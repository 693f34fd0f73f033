"""Leave-one-family-out forecasts: ours beside a plain pysindy loop that does the same, and the whole suite.

Run: python bench/forecasts.py [families]
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from generator.forecasts import FIVE_AXES, catalogue, family_set, suite
from generator.forecasts.engine import Split, cross_fit, split
from generator.panel.frame import AXIS_COLUMNS, MODEL_COLUMNS, Panel, sampling_stderr

SIZES = (1.6e8, 4.1e8, 1e9, 2.8e9, 6.9e9)
THRESHOLDS = (0.05, 0.1, 0.2)


def synthetic(families: int) -> Panel:
    """Families of five sizes on logit lines with noise: as many rows as the real panel has."""
    rng = np.random.default_rng(0)
    chance = np.array([25.0, 0.0, 25.0, 50.0, 25.0])
    floor = 0.8 * chance
    records, scores = [], []
    for number in range(families):
        level, slope = rng.normal(0, 0.5, 5), rng.normal(0.8, 0.1, 5)
        for size in SIZES:
            z = level + slope * (np.log10(size) - 9) + rng.normal(0, 0.05, 5)
            records.append({"lab": f"l{number}", "family": f"f{number:02d}", "params": size, "training_tokens": 3e11})
            scores.append(floor + (100 - floor) / (1 + np.exp(-z)))
    index = [f"m{row:03d}" for row in range(len(records))]
    models = pd.DataFrame(records, index=index).reindex(columns=list(MODEL_COLUMNS)).astype(object)
    table = pd.DataFrame(scores, index=index, columns=list(FIVE_AXES))
    facts = [(axis, "percent", level, 100.0, 1000) for axis, level in zip(FIVE_AXES, chance, strict=True)]
    axes = pd.DataFrame(facts, index=list(FIVE_AXES), columns=list(AXIS_COLUMNS))
    errors = pd.DataFrame(sampling_stderr(table.to_numpy(), 1000), index=index, columns=list(FIVE_AXES))
    return Panel("synthetic", "synthetic", None, models, table, errors, axes)


def pysindy_loop(parts: Split) -> float:
    """A linear STLSQ system by pysindy for every family and pair left out, simulated from the second size; mean error in pp.

    The same fits and the same choice of threshold inside each training fold as ours, at derivatives taken by pysindy.
    """
    import pysindy as ps

    def fit(left_out: set[str]) -> list[Any]:
        train = [family for family in parts.families if family.id not in left_out]
        made = []
        for threshold in THRESHOLDS:
            library = ps.PolynomialLibrary(degree=1)
            model = ps.SINDy(optimizer=ps.STLSQ(threshold=threshold, alpha=0.05), feature_library=library)
            made.append(model.fit([one.scores / 100 for one in train], t=[one.log_params for one in train]))
        return made

    def predict(models: list[Any], name: str) -> np.ndarray:
        member = next(family for family in parts.judged if family.id == name)
        times = member.log_params[1:] - member.log_params[1]
        return np.array([100 * np.clip(model.simulate(member.scores[1] / 100, times)[1:], 0, 1) for model in models])

    names = [family.id for family in parts.judged]
    truth = {family.id: family.scores[2:] for family in parts.judged}
    inner: dict[str, list[np.ndarray]] = {name: [] for name in names}
    for row, first in enumerate(names):
        for second in names[row + 1 :]:
            models = fit({first, second})
            inner[first].append(np.abs(predict(models, second) - truth[second]).mean(axis=(1, 2)))
            inner[second].append(np.abs(predict(models, first) - truth[first]).mean(axis=(1, 2)))
    errors = []
    for name in names:
        chosen = int(np.argmin(np.mean(inner[name], axis=0)))
        errors.append(np.abs(predict(fit({name}), name)[chosen] - truth[name]).mean())
    return float(np.mean(errors))


def ours(parts: Split, panel: Panel) -> float:
    """Our STLSQ forecasts, given two sizes; mean error in pp."""
    model = next(one for one in catalogue(family_set(panel), seed=0) if one.name == "ode-stlsq")
    nested = cross_fit(model, parts, (2,))[2]
    return float(np.mean([np.abs(nested.outer[family.id] - family.scores[2:]).mean() for family in parts.judged]))


def timed(run: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    value = run()
    return time.perf_counter() - start, value


def rows(families: int = 24) -> list[dict[str, Any]]:
    """One dict a measurement: name, ours_s, reference_s, ratio, note."""
    panel = synthetic(families)
    parts = split(family_set(panel), hold_out="family")
    fits = len(THRESHOLDS) * families * (families + 1) // 2
    our_s, our_mae = timed(lambda: ours(parts, panel))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        their_s, their_mae = timed(lambda: pysindy_loop(parts))
    suite_s, result = timed(lambda: suite(panel, rng=np.random.default_rng(0), hold_outs=("family",)))
    return [
        {
            "name": f"nested leave-one-family-out STLSQ ODE, {families} families, {fits} fits",
            "ours_s": our_s,
            "reference_s": their_s,
            "ratio": their_s / our_s,
            "note": f"reference: plain pysindy loop; MAE {our_mae:.2f} pp beside {their_mae:.2f} pp",
        },
        {
            "name": f"whole leave-one-family-out suite, {families} families, {len(result.titles)} models",
            "ours_s": suite_s,
            "reference_s": None,
            "ratio": None,
            "note": "one process; target 90 s on two cores",
        },
    ]


def main(families: int = 24) -> list[dict[str, Any]]:
    """The rows, for the table of all measurements."""
    return rows(families)


if __name__ == "__main__":
    for row in main(int(sys.argv[1]) if len(sys.argv) > 1 else 24):
        reference = "-" if row["reference_s"] is None else f"{row['reference_s']:.2f} s ({row['ratio']:.1f}×)"
        print(f"{row['name']}: ours {row['ours_s']:.2f} s, reference {reference}; {row['note']}")
