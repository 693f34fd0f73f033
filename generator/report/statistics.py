"""Which statistics the report holds, under which id. Every resampling has its own seed, made from the id."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from generator.analysis.coupling import family_coupling, gamma_table, running_coupling
from generator.analysis.critical_scale import critical_scales
from generator.analysis.hfield import coupling_slope, h_table, lab_table
from generator.analysis.population import population_coupling
from generator.analysis.result import Statistic
from generator.panel import Panel
from generator.report.frames import packed, unpacked
from generator.report.memo import Keep, computed_anew


@dataclass(frozen=True)
class Pair:
    """Two axes of a track whose coupling is reported; `cluster` says who is not independent of whom."""

    track: str
    x: str
    y: str
    cluster: str

    @property
    def id(self) -> str:
        return f"{self.x}~{self.y}"


BASE_PAIR = Pair("harness-v1", "hellaswag", "truthfulqa", "family")
FRONTIER_PAIRS = tuple(Pair(track, "swe-bench-verified", "gpqa-diamond", "lab") for track in ("maker", "epoch"))
OTHER_PAIRS = (
    Pair("maker", "gpqa-diamond", "ifeval", "lab"),
    Pair("maker", "gpqa-diamond", "hle", "lab"),
    Pair("maker", "swe-bench-verified", "hle", "lab"),
    Pair("maker", "swe-bench-verified", "hle-tools", "lab"),
    Pair("maker", "swe-bench-pro", "gpqa-diamond", "lab"),
    Pair("epoch", "otis-mock-aime", "gpqa-diamond", "lab"),
    Pair("harness-v1", "arc-challenge", "truthfulqa", "family"),
    Pair("harness-v1", "winogrande", "truthfulqa", "family"),
    Pair("harness-v1", "mmlu", "truthfulqa", "family"),
    Pair("harness-v1", "gsm8k", "truthfulqa", "family"),
)
PAIRS = (BASE_PAIR, *FRONTIER_PAIRS, *OTHER_PAIRS)


def generator_for(seed: int, name: str) -> np.random.Generator:
    """A generator of its own for every statistic, so that adding one changes no other."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


@dataclass(frozen=True)
class Computed:
    """Statistics by id, as `Statistic.as_dict` gives them, and the tables behind them by name."""

    statistics: Mapping[str, Mapping[str, Any]]
    frames: Mapping[str, pd.DataFrame]

    def as_json(self) -> dict[str, dict[str, Any]]:
        return {name: dict(statistic) for name, statistic in sorted(self.statistics.items())}


def compute(panels: Mapping[str, Panel], *, seed: int, resamples: int, keep: Keep = computed_anew) -> Computed:
    """Couplings, slopes, γ12, h and critical scales of the live panels. Pure given its arguments.

    `keep` is given the panel of each pair, which holds nothing but the pair's axes and models, and may answer from what it kept.
    """
    statistics: dict[str, dict[str, Any]] = {}
    frames: dict[str, pd.DataFrame] = {}
    for pair in PAIRS:
        panel = panels[pair.track]
        if pair in OTHER_PAIRS and not {pair.x, pair.y} <= set(panel.scores.columns):
            continue
        used = panel.of_all((pair.x, pair.y))
        found = keep(
            f"pairs/{pair.track}/{pair.id}", [used], partial(_pair, used, pair, seed=seed, resamples=resamples)
        )
        statistics |= found["statistics"]
        frames |= {name: unpacked(frame) for name, frame in found["frames"].items()}
    return Computed(statistics, frames)


def _pair(panel: Panel, pair: Pair, *, seed: int, resamples: int) -> dict[str, Any]:
    """Statistics and tables of one pair as plain JSON."""
    statistics: dict[str, Statistic] = {}
    frames: dict[str, pd.DataFrame] = {}
    for name, function in (("r", population_coupling), ("slope", coupling_slope)):
        key = f"{pair.track}/{name}/{pair.id}"
        rng = generator_for(seed, key)
        statistics[key] = function(panel, pair.x, pair.y, cluster=pair.cluster, rng=rng, resamples=resamples)
    if pair in FRONTIER_PAIRS:
        frames[f"hfield-{pair.track}"] = h_table(panel, pair.x, pair.y)
        frames[f"labs-{pair.track}"] = lab_table(panel, pair.x, pair.y)
    if pair == BASE_PAIR:
        statistics |= _base(panel, frames, seed=seed, resamples=resamples)
    return plain(statistics, frames)


def plain(statistics: Mapping[str, Statistic], frames: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    """What can be kept: keys statistics and frames."""
    return {
        "statistics": {name: statistic.as_dict() for name, statistic in statistics.items()},
        "frames": {name: packed(frame) for name, frame in frames.items()},
    }


def _base(panel: Panel, frames: dict[str, pd.DataFrame], *, seed: int, resamples: int) -> dict[str, Statistic]:
    pair = BASE_PAIR
    gamma = gamma_table(panel, pair.x, pair.y)
    frames[f"gamma-{pair.track}"] = gamma
    rng = generator_for(seed, f"{pair.track}/families/{pair.id}")
    frames[f"families-{pair.track}"] = family_coupling(panel, pair.x, pair.y, rng=rng, resamples=resamples)
    rng = generator_for(seed, f"{pair.track}/nc")
    scales = critical_scales(panel, pair.x, pair.y, rng=rng, resamples=resamples)
    found = {f"{pair.track}/nc/{family}": statistic for family, statistic in scales.items()}
    return found | {f"{pair.track}/gamma-slope/{pair.id}": running_coupling(panel, gamma)}
