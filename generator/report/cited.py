"""The headline coupling over those scores alone whose page says where they are from, and how many of a panel's scores do not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from generator.analysis.population import population_coupling
from generator.panel import Panel
from generator.report.memo import Keep
from generator.report.statistics import FRONTIER_PAIRS, Pair, generator_for


def cited_couplings(panels: Mapping[str, Panel], *, seed: int, resamples: int, keep: Keep) -> dict[str, dict[str, Any]]:
    """r of each frontier pair over the models both of whose scores are cited, by id; none for a track without an uncited score.

    details beside those of `population_coupling`: scores (those of all models with both), uncited (how many of them),
    uncited_models, through (the pages that give them, by name). `keep` is given the panel of each pair with its observations.
    """
    found = {}
    for pair in FRONTIER_PAIRS:
        name, used = f"{pair.track}/r-cited/{pair.id}", panels[pair.track].of_all((pair.x, pair.y), cells=True)
        found[name] = keep(name, [used], partial(_cited, name, pair, used, seed=seed, resamples=resamples), cells=True)
    return {name: statistic for name, statistic in found.items() if statistic}


def _cited(name: str, pair: Pair, panel: Panel, *, seed: int, resamples: int) -> dict[str, Any]:
    """The statistic of one pair's panel; empty where all its scores are cited."""
    used = panel.cells[panel.cells["chosen"]]
    uncited = used[used["uncited"] == "true"]
    if uncited.empty:
        return {}
    statistic = population_coupling(
        panel.cited, pair.x, pair.y, cluster=pair.cluster, rng=generator_for(seed, name), resamples=resamples
    )
    counts = {
        "scores": len(used),
        "uncited": len(uncited),
        "uncited_models": int(uncited["model"].nunique()),
        "through": sorted({via.partition(" http")[0] for via in uncited["via"] if via}),
    }
    return replace(statistic, details={**statistic.details, **counts}).as_dict()
