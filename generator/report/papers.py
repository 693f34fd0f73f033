"""The papers' two tables of scores beside the live panels: the same statistics, from the tables exactly as published."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pandas as pd

from generator.analysis.coupling import family_coupling, gamma_table, running_coupling
from generator.analysis.critical_scale import critical_scales
from generator.analysis.hfield import coupling_slope, h_table, lab_table
from generator.analysis.population import population_coupling
from generator.analysis.result import Statistic
from generator.panel import Panel
from generator.panel.published import Published, read_published
from generator.report.frames import unpacked
from generator.report.memo import Memo, panel_state
from generator.report.statistics import BASE_PAIR, FRONTIER_PAIRS, generator_for, plain

PAPER_BASE, PAPER_FRONTIER = "paper-base", "paper-frontier"
NAMES = {PAPER_BASE: "Paper's base table", PAPER_FRONTIER: "Paper's frontier table"}
DRAWS = 2_000


@dataclass(frozen=True)
class Papers:
    """Panels by name, statistics (as `Statistic.as_dict`) by id and frames by name; empty where the project holds no published tables."""

    panels: Mapping[str, Panel] = field(default_factory=dict)
    statistics: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    frames: Mapping[str, pd.DataFrame] = field(default_factory=dict)


def published_statistics(
    memo: Memo, *, seed: int, resamples: int, read: Callable[[str], Published] | None = None
) -> Papers:
    """r, slope, h, γ12 and Nc of the frozen tables below `memo.root`. They serve comparison only: no live statistic reads them.

    `read` gives a table by name, where they are read already."""
    if not all((memo.root / "data" / "panels" / name).is_dir() for name in NAMES):
        return Papers()
    read = read or partial(read_published, memo.root)
    base, frontier = (read(name).panel for name in (PAPER_BASE, PAPER_FRONTIER))
    found = memo(
        "papers",
        [seed, resamples, panel_state(base), panel_state(frontier)],
        lambda: _statistics(base, frontier, seed=seed, resamples=resamples),
    )
    frames = {name: unpacked(frame) for name, frame in found["frames"].items()}
    return Papers({PAPER_BASE: base, PAPER_FRONTIER: frontier}, found["statistics"], frames)


def _statistics(base: Panel, frontier: Panel, *, seed: int, resamples: int) -> dict[str, Any]:
    draws = min(resamples, DRAWS)
    statistics: dict[str, Statistic] = {}
    for panel, pair in ((base, BASE_PAIR), (frontier, FRONTIER_PAIRS[0])):
        for name, function in (("r", population_coupling), ("slope", coupling_slope)):
            key = f"{panel.track}/{name}/{pair.id}"
            rng = generator_for(seed, key)
            statistics[key] = function(panel, pair.x, pair.y, cluster=pair.cluster, rng=rng, resamples=draws)
    x, y = BASE_PAIR.x, BASE_PAIR.y
    gamma = gamma_table(base, x, y)
    statistics[f"{PAPER_BASE}/gamma-slope/{BASE_PAIR.id}"] = running_coupling(base, gamma)
    scales = critical_scales(base, x, y, rng=generator_for(seed, f"{PAPER_BASE}/nc"), resamples=draws)
    statistics |= {f"{PAPER_BASE}/nc/{family}": statistic for family, statistic in scales.items()}
    swe, gpqa = FRONTIER_PAIRS[0].x, FRONTIER_PAIRS[0].y
    families = family_coupling(base, x, y, rng=generator_for(seed, f"{PAPER_BASE}/families"), resamples=draws)
    frames = {
        f"gamma-{PAPER_BASE}": gamma,
        f"families-{PAPER_BASE}": families,
        f"hfield-{PAPER_FRONTIER}": h_table(frontier, swe, gpqa),
        f"labs-{PAPER_FRONTIER}": lab_table(frontier, swe, gpqa),
    }
    return plain(statistics, frames)
