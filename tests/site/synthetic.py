"""A small bundle with the shapes of a real one: two labs, hostile names, missing values, every section."""

from __future__ import annotations

import copy
import tempfile
from pathlib import Path
from typing import Any

from generator.analysis.result import Interval, Statistic
from generator.report.bundle import Bundle
from generator.report.history import ChangeFile, changes_section, replay_file, version_file
from generator.report.steering import read_steering
from generator.report.steering_tables import steering_tables
from tests.site import synthetic_entities as made_of
from tests.site import synthetic_sections as sections_of
from tests.site import synthetic_tables as frames
from tests.site.synthetic_entities import AS_OF, AXES, BASE, CHAT, FRONTIER, HOSTILE, SIZES
from tests.steering_files import steering_project

__all__ = ["AS_OF", "HOSTILE", "bundle", "change_files", "with_steering"]


def bundle(*, sections: bool = True, extra_models: int = 0) -> Bundle:
    """The bundle; `extra_models` adds models without scores, to make the table of models long."""
    models = [made_of.chat(*row) for row in CHAT] + [made_of.base(*row) for row in SIZES]
    models += [made_of.bare(index) for index in range(extra_models)]
    entities = {
        "models": models,
        "labs": [
            made_of.lab("acme", "Acme & Söhne", "#000000", models),
            made_of.lab("zeta", "Zeta", "#e69f00", models),
        ],
        "families": [made_of.family()],
        "benchmarks": [made_of.benchmark(axis, name) for axis, name in AXES.items()],
        "sources": [made_of.source()],
        "tracks": [
            made_of.track("maker", "As the makers report", "chat", FRONTIER),
            made_of.track("harness-v1", "One harness", "base", BASE),
        ],
        "evaluators": [{"id": "tester", "name": "The Tester", "url": "https://tester.example", "note": None}],
    }
    made = {
        table.name: table
        for table in (
            frames.h_table(),
            frames.h_table("paper-frontier"),
            frames.paper_panel(),
            frames.gamma_table(),
            frames.lab_table(),
            frames.family_table(),
            frames.panel(),
            frames.unmatched(),
            frames.models(models),
        )
    }
    result = Bundle(meta=_meta(models), statistics=_statistics(), entities=entities, tables=made)
    if sections:
        result.sections = sections_of.sections()
        result.sections["changes"] = changes_section(change_files(result))
    return result


def change_files(new: Bundle) -> list[ChangeFile]:
    """A version and a replay that differ from `new` in every list: the hostile model is new in both."""
    new = copy.deepcopy(new)
    for rank, model in enumerate(new.entities["models"][:3]):
        model["h"] = {
            "maker": {
                "x": 50.0,
                "y": 60.0,
                "fitted": 62.0,
                "h": -2.0 + rank,
                "pi_low": 50.0,
                "pi_high": 74.0,
                "label": "balanced",
            }
        }
    old = copy.deepcopy(new)
    old.meta |= {"as_of": "2026-10-31", "seed": 6}
    old.meta["freshness"][0]["stale"] = False
    old.entities["models"] = [model for model in old.entities["models"] if model["id"] != "acme-3.5"]
    first = old.entities["models"][0]
    first["observations"][0]["value"] += 1.5
    first["released"] = "2024-05"
    first["h"]["maker"] |= {"h": 6.0, "label": "reasoning-rich"}
    old.statistics["maker/r/swe-bench-verified~gpqa-diamond"] |= {"estimate": -0.2}
    old.entities["labs"].pop()
    old.tables["gamma-harness-v1"].frame.loc[0, "phase"] = "bonus"
    for section, field, value in (("claims", "verdict", "not reproduced"), ("predictions", None, None)):
        item = old.sections[section]["items"][0]
        if field:
            item[field] = value
        else:
            item["evaluation"] |= {"state": "awaiting data", "standing": "too few data"}
    return [version_file("2026.11", "2026.10", old, new), replay_file(old, new)]


def with_steering(made: Bundle) -> Bundle:
    """The bundle with some of this repository's steering results and a failed run."""
    with tempfile.TemporaryDirectory() as folder:
        steering_project(Path(folder))
        steering = read_steering(Path(folder))
    assert steering.section is not None
    made.sections["steering"] = steering.section
    made.tables |= steering_tables(steering)
    made.files |= {f"steering/live/{name}": content for name, content in steering.files.items()}
    return made


def _meta(models: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "schema": 1, "version": "9.9.9", "as_of": AS_OF, "seed": 7, "resamples": 200, "data_digest": "ab" * 32,
        "dependencies": {"altair": "6.3.0"},
        "counts": {"models": len(models), "base_models": 4, "chat_models": 6, "observations": 12, "benchmarks": 5, "labs": 2,
                   "families": 1, "sources": 1, "unmatched": 1, "cells": {"maker": 12}},
        "freshness": [
            {"source": "board", "name": "The board", "url": "https://board.example", "newest": "2026-01-01", "age_days": 324,
             "max_age_days": 30, "stale": True, "licence": "MIT", "redistribute": "yes", "rows_used": 12},
            {"source": "other", "name": "Other", "url": "https://other.example", "newest": None, "age_days": None,
             "max_age_days": 30, "stale": False, "licence": "none", "redistribute": "no", "rows_used": 0},
        ],
        "warnings": [], "unused_corrections": [],
    }  # fmt: skip


def _statistics() -> dict[str, dict[str, Any]]:
    line = {"slope": 0.5, "intercept": 40.0}
    made = {
        "maker/r/swe-bench-verified~gpqa-diamond": _r(0.72, 0.51, 0.85, FRONTIER, "maker"),
        "maker/slope/swe-bench-verified~gpqa-diamond": Statistic(
            "slope", 0.5, 6, "least squares", interval=Interval(0.1, 0.9), details={"line": line}, track="maker"
        ),
        "paper-frontier/r/swe-bench-verified~gpqa-diamond": _r(0.6, 0.2, 0.8, FRONTIER, "paper-frontier"),
        "harness-v1/r/hellaswag~truthfulqa": _r(-0.12, -0.8, 0.7, BASE, "harness-v1"),
        "harness-v1/slope/hellaswag~truthfulqa": Statistic("slope", -0.05, 4, "least squares", details={"line": {"slope": -0.05, "intercept": 44.0}}),
        "harness-v1/r/mmlu~truthfulqa": Statistic.missing("r", "2 models have both scores; 3 are needed", n=2, method="Pearson", axes=("mmlu", "truthfulqa")),
        "harness-v1/gamma-slope/hellaswag~truthfulqa": Statistic("running coupling", 0.4, 3, "least squares", interval=Interval(None, 1.2)),
        "harness-v1/nc/zed": Statistic("Nc", 12e9, 4, "isotonic", interval=Interval(8e9, 30e9), details={"state": "bracketed"}),
    }  # fmt: skip
    return {name: statistic.as_dict() for name, statistic in made.items()}


def _r(value: float, low: float, high: float, axes: tuple[str, str], track: str) -> Statistic:
    return Statistic(
        "r", value, 6, "Pearson", interval=Interval(low, high), others={"clustered": Interval(low, high), "plain": Interval(low, high)},
        p={"permutation": 0.003, "permutation-within-lab": 0.00004, "permutation-within-family": 0.4}, axes=axes, track=track,
    )  # fmt: skip
