"""The headline coupling over those scores alone whose page says where they are from, and how many of a panel's scores do not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from generator.analysis.population import population_coupling
from generator.panel import Panel
from generator.report.statistics import FRONTIER_PAIRS, generator_for


def cited_couplings(panels: Mapping[str, Panel], *, seed: int, resamples: int) -> dict[str, dict[str, Any]]:
    """r of each frontier pair over the models both of whose scores are cited, by id; none for a track without an uncited score.

    details beside those of `population_coupling`: scores (those of all models with both), uncited (how many of them),
    uncited_models, through (the pages that give them, by name).
    """
    found = {}
    for pair in FRONTIER_PAIRS:
        panel, axes = panels[pair.track], [pair.x, pair.y]
        models = panel.complete(axes).index
        cells = panel.cells
        used = cells[cells["chosen"] & cells["axis"].isin(axes) & cells["model"].isin(models)]
        open_ = used[used["uncited"] == "true"]
        if open_.empty:
            continue
        name = f"{pair.track}/r-cited/{pair.id}"
        statistic = population_coupling(
            panel.cited, pair.x, pair.y, cluster=pair.cluster, rng=generator_for(seed, name), resamples=resamples
        )
        counts = {
            "scores": len(used),
            "uncited": len(open_),
            "uncited_models": int(open_["model"].nunique()),
            "through": sorted({via.partition(" http")[0] for via in open_["via"] if via}),
        }
        found[name] = replace(statistic, details={**statistic.details, **counts}).as_dict()
    return found
