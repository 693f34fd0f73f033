"""Measure how often the 95 % intervals hold the truth, over simulated panels of known truth, and write coverage.json.

Run with ``python -m generator.analysis.coverage [PANELS]`` (default 1,000 panels a design, seed 20260521). A panel is n models
in G clusters of unequal size; scores are bivariate normal with correlation ρ, of which a share `icc` is common to the models of a
cluster. The truths are ρ, the slope, d_eff of five axes with one common factor, and Nc of simulated families.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from generator.analysis.coupling import gamma_table
from generator.analysis.critical_scale import critical_scale, pooled_critical_scale
from generator.analysis.hfield import coupling_slope
from generator.analysis.population import partial_coupling, population_coupling
from generator.analysis.resample import jackknife_df
from generator.analysis.result import Interval, Statistic
from generator.analysis.spectrum import effective_dimension
from generator.core import write_json
from generator.panel.frame import sampling_stderr

SEED = 20260521
DESIGNS = (
    *((4, 4), (5, 3), (6, 3), (8, 4), (8, 8), (10, 5), (12, 4), (14, 6), (16, 8), (24, 3), (30, 5)),
    *((20, 8), (20, 20), (34, 10), (60, 15), (148, 45)),
)  # (models, clusters); from the second line on, 93–97 % is promised
LATER_DESIGNS = ((12, 7), (28, 7))  # with a stream of their own: the rows of DESIGNS stay as they are
TRUTHS = ((0.0, 0.0), (0.7, 0.0), (0.7, 0.3), (-0.5, 0.4))  # (correlation, share common to a cluster)
FACTOR = np.full((5, 5), 0.6) + 0.4 * np.eye(5)
NC_SIZES = (4, 6, 8, 12)  # models of one family
NC_FAMILIES = (10, 20, 40)
OUTPUT = Path(__file__).with_name("coverage.json")


def cluster_sizes(n: int, groups: int) -> np.ndarray:
    """Sizes of `groups` clusters of n models in all, falling as 1/rank, each at least 1: (groups,)."""
    share = 1.0 / np.arange(1, groups + 1)
    sizes = np.maximum(1, np.floor(share / share.sum() * n)).astype(int)
    while sizes.sum() > n:
        sizes[sizes.argmax()] -= 1
    sizes[0] += n - sizes.sum()
    return sizes


def simulated(n: int, groups: int, covariance: np.ndarray, icc: float, rng: np.random.Generator) -> pd.DataFrame:
    """A frame of n models in clusters: columns a0, a1, … (normal, unit variance, given correlations), z, params, lab."""
    codes = np.repeat(np.arange(groups), cluster_sizes(n, groups))
    root = np.linalg.cholesky(covariance)
    k = len(covariance)
    shared = rng.standard_normal((groups, k)) @ root.T
    own = rng.standard_normal((n, k)) @ root.T
    values = math.sqrt(icc) * shared[codes] + math.sqrt(1 - icc) * own
    frame = pd.DataFrame(values, columns=[f"a{i}" for i in range(k)], index=[f"m{i:04d}" for i in range(n)])
    labs = [f"lab{code:03d}" for code in codes]
    return frame.assign(z=rng.standard_normal(n), lab=labs, params=10 ** rng.uniform(8, 11, size=n))


def measured_intervals(
    n: int, groups: int, rho: float, icc: float, rng: np.random.Generator, *, resamples: int
) -> Iterator[tuple[str, Interval, float]]:
    """One simulated panel: (name of the interval, the interval, the truth) of every interval that is given for it."""
    frame = simulated(n, groups, np.array([[1.0, rho], [rho, 1.0]]), icc, rng)
    pair: dict[str, Any] = {"cluster": "lab", "rng": rng, "resamples": resamples}
    statistics = {
        "r": population_coupling(frame, "a0", "a1", **pair),
        "slope": coupling_slope(frame, "a0", "a1", **pair),
        "rank r": population_coupling(frame, "a0", "a1", method="spearman", **pair),
        "partial r": partial_coupling(frame, "a0", "a1", given=("z",), cluster="lab"),
    }
    truths = {"r": rho, "slope": rho, "rank r": 6 / math.pi * math.asin(rho / 2), "partial r": rho}
    for name, statistic in statistics.items():
        yield from _named(name, statistic, truths[name])
    wide = simulated(n, groups, FACTOR, icc, rng)
    axes = [f"a{i}" for i in range(5)]
    options: dict[str, Any] = {"cluster": "lab", "rng": rng, "resamples": resamples, "null_resamples": 1}
    dimension = effective_dimension(wide, axes, kind="correlation", **options)
    yield from _named("d_eff", dimension, 25 / float((FACTOR**2).sum()))


def _named(name: str, statistic: Statistic, truth: float) -> Iterator[tuple[str, Interval, float]]:
    for kind, interval in statistic.others.items():
        yield f"{name}/{kind}", interval, truth


def holds(interval: Interval, truth: float) -> bool:
    """Whether the truth lies in the interval; an open end is unbounded."""
    low = -math.inf if interval.low is None else interval.low
    high = math.inf if interval.high is None else interval.high
    return low <= truth <= high


def measure(
    panels: int, *, rng: np.random.Generator, designs: Any = DESIGNS, resamples: int = 400
) -> list[dict[str, Any]]:
    """Coverage of every interval in every design, over `panels` panels shared out among TRUTHS.

    An interval that supposes independent models (``plain``, ``stratified-bootstrap``) is held to the truths without a
    common share only. Rows: interval, n, clusters, df (of the clustered jackknife), panels (those in which it could
    be given), coverage (of those).
    """
    rows = []
    for n, groups in designs:
        tally: dict[str, list[int]] = {}
        for index in range(panels):
            rho, icc = TRUTHS[index % len(TRUTHS)]
            for name, interval, truth in measured_intervals(n, groups, rho, icc, rng, resamples=resamples):
                if icc == 0 or name.split("/")[1].startswith("clustered"):
                    tally.setdefault(name, []).append(holds(interval, truth))
        df = jackknife_df(groups, cluster_sizes(n, groups))
        for name, hits in sorted(tally.items()):
            rows.append(
                {
                    "interval": name,
                    "n": n,
                    "clusters": groups,
                    "df": round(df, 2),
                    "panels": len(hits),
                    "coverage": round(sum(hits) / len(hits), 4),
                }
            )
    return rows


def family_with_crossing(models: int, crossing: float, rng: np.random.Generator) -> pd.DataFrame:
    """One family whose γ12 rises by 0.6 per decade through zero at `crossing` (log10 parameters), measured with error.

    HellaSwag rises evenly from 30 to 80 %; errors are those of 10,042 and 817 items, stated in the `_se` columns.
    """
    log_n = np.linspace(8, 11, models)
    x = np.linspace(30, 80, models)
    gamma = 0.6 * ((log_n[1:] + log_n[:-1]) / 2 - crossing)
    y = 40 + np.concatenate([[0], np.cumsum(gamma * np.diff(x))])
    error_x, error_y = sampling_stderr(x, 10_042), sampling_stderr(y, 817)
    return pd.DataFrame(
        {
            "hellaswag": x + error_x * rng.standard_normal(models),
            "truthfulqa": y + error_y * rng.standard_normal(models),
            "hellaswag_se": error_x,
            "truthfulqa_se": error_y,
            "family": "f",
            "lab": "f",
            "params": 10**log_n,
        },
        index=[f"m{i:02d}" for i in range(models)],
    )


def families_with_flips(families: int, crossing: float, rng: np.random.Generator) -> pd.DataFrame:
    """Families of five sizes whose γ12 is positive with odds exp(1.5·(log10 N − crossing)) in each interval, exactly measured."""
    records = []
    for family in range(families):
        sizes = np.sort(rng.uniform(7.5, 11.5, 5))
        middle = (sizes[1:] + sizes[:-1]) / 2
        up = rng.uniform(size=4) < 1 / (1 + np.exp(-1.5 * (middle - crossing)))
        x = 30 + np.concatenate([[0], np.cumsum(rng.uniform(4, 10, 4))])
        y = 40 + np.concatenate([[0], np.cumsum(np.where(up, 1, -1) * rng.uniform(1, 3, 4))])
        records += [(f"f{family}-{i}", f"f{family}", 10 ** sizes[i], x[i], y[i]) for i in range(5)]
    table = pd.DataFrame(records, columns=["model", "family", "params", "hellaswag", "truthfulqa"]).set_index("model")
    return table.assign(lab=table["family"])


def measure_scales(panels: int, *, rng: np.random.Generator, resamples: int = 400) -> list[dict[str, Any]]:
    """Coverage of the intervals of Nc: one family (crossing between 10^9 and 10^10) and families pooled (at 10^9.5).

    The interval of one family is given where the panel has an estimate; `panels` counts those.
    """
    rows = []
    for models in NC_SIZES:
        hits = []
        for _ in range(panels):
            truth = rng.uniform(9, 10)
            frame = family_with_crossing(models, truth, rng)
            found = critical_scale(frame, "f", "hellaswag", "truthfulqa", rng=rng, resamples=resamples)
            if found.interval is not None:
                hits.append(holds(found.interval, 10**truth))
        rows.append(_share_row("Nc/sampling", models, 1, hits))
    for families in NC_FAMILIES:
        hits = []
        for _ in range(panels // 2):
            frame = families_with_flips(families, 9.5, rng)
            table = gamma_table(frame, "hellaswag", "truthfulqa", chances=False)
            found = pooled_critical_scale(frame, table, rng=rng, resamples=resamples)
            if found.interval is not None:
                hits.append(holds(found.interval, 10**9.5))
        rows.append(_share_row("pooled Nc/family-bootstrap", 4 * families, families, hits))
    return rows


def _share_row(interval: str, n: int, clusters: int, hits: list[bool]) -> dict[str, Any]:
    share = round(sum(hits) / len(hits), 4)
    return {"interval": interval, "n": n, "clusters": clusters, "df": 0, "panels": len(hits), "coverage": share}


def main(panels: int = 1_000) -> list[dict[str, Any]]:
    """Measure and write coverage.json beside this module; returns its rows."""
    rows = measure(panels, rng=np.random.default_rng(SEED))
    rows += measure(panels, rng=np.random.default_rng(SEED + 2), designs=LATER_DESIGNS)
    rows += measure_scales(panels, rng=np.random.default_rng(SEED + 1))
    truths = [{"rho": rho, "icc": icc} for rho, icc in TRUTHS]
    write_json(OUTPUT, {"seed": SEED, "level": 0.95, "truths": truths, "rows": rows})
    return rows


if __name__ == "__main__":
    for row in main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000):
        sys.stdout.write(
            f"{row['interval']:30s} n={row['n']:4d} G={row['clusters']:3d} {row['coverage']:.3f} of {row['panels']}\n"
        )
