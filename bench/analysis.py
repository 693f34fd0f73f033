"""Speed of the analysis engine against plain loops, scipy and statsmodels, in paired alternating runs.

Run with ``python -m bench.analysis`` (about three minutes; ``--quick`` for fewer runs). A row: name, ours_s, reference_s (medians over the
runs, None without a reference), ratio, note. Data: synthetic, of the shape and size of the papers' tables, from a fixed seed.
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from generator.analysis import (
    coupling_matrix,
    coupling_slope,
    critical_scales,
    effective_dimension,
    eigenvector_cones,
    family_coupling,
    gamma_table,
    h_table,
    kink_power,
    lab_table,
    mixed_line,
    pair_table,
    partial_coupling,
    permutation_test,
    pooled_critical_scale,
    pooled_zero_crossing,
    population_coupling,
    quadratic_vertex,
    width_test,
)
from generator.analysis._moments import correlation_of, pair_terms
from generator.analysis.resample import bootstrap_sums
from generator.panel.frame import AXIS_COLUMNS, MODEL_COLUMNS, Panel

RESAMPLES = 10_000
SEED = 20260521


def synthetic_panel(n: int, axes: int, labs: int, rng: np.random.Generator) -> Panel:
    """n models × axes with one common factor; params, released, d_model, lab and family (3 families a lab) for all."""
    names = ["hellaswag", "truthfulqa", *(f"axis-{i}" for i in range(2, axes))]
    index = [f"model-{i:06d}" for i in range(n)]
    factor = rng.standard_normal((n, 1))
    scores = pd.DataFrame(50 + 10 * (0.8 * factor + 0.6 * rng.standard_normal((n, axes))), index=index, columns=names)
    lab = rng.integers(0, labs, size=n)
    models = pd.DataFrame(
        {
            "lab": [f"lab-{i:03d}" for i in lab],
            "family": [f"family-{i:03d}-{j}" for i, j in zip(lab, rng.integers(0, 3, size=n), strict=True)],
            "params": 10 ** rng.uniform(8, 11, size=n),
            "released": "2026-03",
            "d_model": rng.choice([512, 1024, 2048, 4096, 8192], size=n),
        },
        index=index,
    ).reindex(columns=list(MODEL_COLUMNS))
    details = pd.DataFrame(
        {"name": names, "unit": "percent", "chance": 0.0, "ceiling": 100.0, "n_items": 1000}, index=names
    )
    stderr = pd.DataFrame(np.nan, index=index, columns=names)
    return Panel("synthetic", "bench", None, models, scores, stderr, details.reindex(columns=list(AXIS_COLUMNS)))


def paired(
    ours: Callable[[], object], reference: Callable[[], object] | None, *, runs: int
) -> tuple[float, float | None]:
    """Median seconds of both, run in turn after one unmeasured run of ours."""
    ours()
    times: dict[str, list[float]] = {"ours": [], "reference": []}
    for _ in range(runs):
        for name, work in (("ours", ours), ("reference", reference)):
            if work is None:
                continue
            gc.collect()
            start = time.perf_counter()
            work()
            times[name].append(time.perf_counter() - start)
    return statistics.median(times["ours"]), statistics.median(times["reference"]) if reference else None


def papers_bootstrap(runs: int) -> dict[str, Any]:
    """Quadratic vertex, zero crossing and three family correlations, 10⁴ resamples each, against plain loops."""
    rng = np.random.default_rng(SEED)
    log_n = np.concatenate([np.linspace(7.8, 10.1, 8), [9.8, 10.1, 10.8, 9.8, 10.1, 10.85]])
    x = np.concatenate([np.linspace(27, 67, 8), [78, 81, 86, 78, 82, 87]]) + rng.normal(0, 0.5, 14)
    y = np.concatenate([np.linspace(47, 32, 8), [34, 39, 43, 39, 37, 45]]) + rng.normal(0, 0.5, 14)
    families = [(x[:8], y[:8]), (x[8:11], y[8:11]), (x[11:], y[11:])]

    def ours() -> None:
        quadratic_vertex(log_n, y, rng=np.random.default_rng(1), resamples=RESAMPLES)
        pooled_zero_crossing(log_n, x, y, rng=np.random.default_rng(2), resamples=RESAMPLES)
        for a, b in families:
            terms = pair_terms((a - a.mean()) / a.std(), (b - b.mean()) / b.std())
            correlation_of(bootstrap_sums(terms, resamples=RESAMPLES, rng=np.random.default_rng(3)))

    def reference() -> None:
        loop = np.random.default_rng(1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for _ in range(RESAMPLES):
                drawn = loop.integers(0, 14, 14)
                np.polyfit(log_n[drawn], y[drawn], 2)
            _loop_crossings(log_n, x, y, loop)
            for a, b in families:
                for _ in range(RESAMPLES):
                    drawn = loop.integers(0, len(a), len(a))
                    if np.ptp(a[drawn]) > 0 and np.ptp(b[drawn]) > 0:
                        np.corrcoef(a[drawn], b[drawn])

    seconds = paired(ours, reference, runs=runs)
    return row("papers' bootstrap: vertex, crossing, 3 correlations (10⁴)", seconds, "plain numpy loops; target 0.25 s")


def _loop_crossings(log_n: np.ndarray, x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> None:
    order = np.argsort(log_n, kind="stable")
    t, a, b = log_n[order], x[order], y[order]
    kept = np.abs(np.diff(a)) > 0.5
    middle, gamma = ((t[1:] + t[:-1]) / 2)[kept], (np.diff(b)[kept] / np.diff(a)[kept])
    for _ in range(RESAMPLES):
        drawn = rng.integers(0, len(gamma), len(gamma))
        if np.ptp(middle[drawn]) > 0:
            np.polyfit(middle[drawn], gamma[drawn], 1)


def against_scipy(runs: int) -> list[dict[str, Any]]:
    """Bootstrap and permutation test of r on 148 models, and the random-lab-intercept line, against scipy and statsmodels."""
    import scipy.stats  # here: only the references need them
    import statsmodels.api as sm

    rng = np.random.default_rng(SEED)
    x = rng.standard_normal(148)
    y = 0.5 * x + rng.standard_normal(148)
    labs = np.array([f"lab{i}" for i in rng.integers(0, 20, 148)])
    design = np.column_stack([np.ones(148), x])

    def pearson(a: np.ndarray, b: np.ndarray, axis: int = -1) -> np.ndarray:
        a, b = a - a.mean(axis=axis, keepdims=True), b - b.mean(axis=axis, keepdims=True)
        return (a * b).sum(axis=axis) / np.sqrt((a * a).sum(axis=axis) * (b * b).sum(axis=axis))

    def mixed_reference() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            sm.MixedLM(y, design, groups=labs).fit(reml=True)

    bootstrap = paired(
        lambda: correlation_of(bootstrap_sums(pair_terms(x, y), resamples=RESAMPLES, rng=rng)),
        lambda: scipy.stats.bootstrap(
            (x, y), pearson, paired=True, n_resamples=RESAMPLES, method="percentile", vectorized=True, rng=rng
        ),
        runs=runs,
    )
    permutation = paired(
        lambda: permutation_test(x, y, rng=rng, resamples=RESAMPLES),
        lambda: scipy.stats.permutation_test(
            (y,),
            lambda b, axis: np.abs(pearson(np.broadcast_to(x, b.shape), b, axis=axis)),
            permutation_type="pairings",
            n_resamples=RESAMPLES,
            vectorized=True,
            alternative="greater",
            rng=rng,
        ),
        runs=runs,
    )
    mixed = paired(lambda: mixed_line(x, y, labs), mixed_reference, runs=runs)
    return [
        row("bootstrap of r, n = 148 (10⁴)", bootstrap, "scipy.stats.bootstrap, vectorised"),
        row("permutation test of r, n = 148 (10⁴)", permutation, "scipy.stats.permutation_test, vectorised"),
        row("random lab intercept by REML, n = 148", mixed, "statsmodels MixedLM"),
    ]


def whole_analysis(runs: int) -> dict[str, Any]:
    """The analyses of a base panel (148 × 8) and a frontier panel (40 × 4) with 10⁴ resamples each; no reference."""
    base = synthetic_panel(148, 8, 45, np.random.default_rng(SEED))
    frontier = synthetic_panel(40, 4, 10, np.random.default_rng(SEED + 1))

    def ours() -> None:
        rng = np.random.default_rng(1)
        table = gamma_table(base, "hellaswag", "truthfulqa")
        pooled_critical_scale(base, table, rng=rng, resamples=RESAMPLES)
        critical_scales(base, "hellaswag", "truthfulqa", rng=rng, resamples=RESAMPLES)
        family_coupling(base, "hellaswag", "truthfulqa", rng=rng, resamples=RESAMPLES)
        partial_coupling(base, "hellaswag", "truthfulqa", cluster="family")
        axes = list(base.scores.columns)
        for kind in ("covariance", "correlation"):
            effective_dimension(base, axes, kind=kind, rng=rng, resamples=RESAMPLES)
        eigenvector_cones(base, axes, rng=rng, resamples=RESAMPLES)
        pair_table(base, axes[:3], axes[3:6], rng=rng, resamples=RESAMPLES)
        width_test(base, "hellaswag", "truthfulqa", "family-000-0", rng=rng, resamples=RESAMPLES)
        sizes = np.geomspace(7e7, 1.2e10, 8)
        kink_power(sizes, 1.5 + 150 * sizes**-0.24 + rng.normal(0, 0.01, 8), at=3.5e9, rng=rng)
        for panel, cluster in ((base, "family"), (frontier, "lab")):
            for method in ("pearson", "spearman"):
                population_coupling(
                    panel, "hellaswag", "truthfulqa", cluster=cluster, method=method, rng=rng, resamples=RESAMPLES
                )
            coupling_slope(panel, "hellaswag", "truthfulqa", cluster=cluster, rng=rng, resamples=RESAMPLES)
            h_table(panel, "hellaswag", "truthfulqa")
            lab_table(panel, "hellaswag", "truthfulqa")

    return row("all analyses on a base and a frontier panel (10⁴)", paired(ours, None, runs=runs), "target 10 s")


def large_panel(runs: int) -> dict[str, Any]:
    """100,000 models × 12 axes in 200 labs: r with clustered bootstrap (10³), slope, h, and the 12 × 12 matrix."""
    panel = synthetic_panel(100_000, 12, 200, np.random.default_rng(SEED))

    def ours() -> None:
        rng = np.random.default_rng(1)
        population_coupling(panel, "hellaswag", "truthfulqa", rng=rng, resamples=1_000)
        coupling_slope(panel, "hellaswag", "truthfulqa", rng=rng, resamples=1_000)
        h_table(panel, "hellaswag", "truthfulqa")
        coupling_matrix(panel, list(panel.scores.columns))

    seconds = paired(ours, None, runs=runs)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    return row(
        "100,000 models × 12 axes: r, bootstrap (10³), slope, h, matrix",
        seconds,
        f"target 30 s and 2 GB; peak {peak:.2f} GB",
    )


def row(name: str, seconds: tuple[float, float | None], note: str) -> dict[str, Any]:
    """One figure, rounded to four digits of a second."""
    ours, reference = seconds
    return {
        "name": name,
        "ours_s": round(ours, 4),
        "reference_s": None if reference is None else round(reference, 4),
        "ratio": None if reference is None else round(reference / ours, 1),
        "note": note,
    }


def main(*, runs: int = 5) -> list[dict[str, Any]]:
    """All rows; `runs` paired runs each (the large panel and the whole analysis: at most 3)."""
    few = min(runs, 3)
    return [papers_bootstrap(runs), *against_scipy(runs), whole_analysis(few), large_panel(min(few, 2))]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one run of each")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    found = main(runs=1 if options.quick else 5)
    if options.json:
        sys.stdout.write(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    else:
        for one in found:
            reference = "" if one["reference_s"] is None else f"{one['reference_s']:9.3f} s  × {one['ratio']}"
            sys.stdout.write(f"{one['name']:64s} {one['ours_s']:8.3f} s {reference:22s} {one['note']}\n")
