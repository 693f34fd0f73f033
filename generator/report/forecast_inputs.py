"""What the forecasts are computed from: panels of one day, a source's own families, checkpoints of training runs."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from generator import snapshots
from generator.core import CapewatchError, sha256_bytes, sha256_file
from generator.forecasts import SuiteResult, suite
from generator.panel import Identity, Panel, PanelProvider
from generator.predictions import Context, load_predictions
from generator.report.statistics import generator_for
from generator.report.tracker import context_of
from generator.schema import Registry

BASE, MAKER, EPOCH, PAPER = "harness-v1", "maker", "epoch", "paper-base"
PUBLISHED_BASE = f"{BASE}, published"
#: What panels of earlier days, and the days on which scores became public, are made of.
CELLS = (
    "model",
    "axis",
    "value",
    "stderr",
    "evaluator",
    "effort",
    "uncited",
    "via",
    "source",
    "url",
    "public",
    "chosen",
)
#: The source whose own family column makes the wider series that the headline is about.
FAMILY_SOURCE = "obsscaling"
#: Settings of the training series: one number of shots, one metric, so that no two protocols are averaged.
CHECKPOINTS = {"source": "pythia-evals", "shots": "0", "metric": "acc"}
#: How families are told apart: as the source of the scores does, or as this project's registry does.
GROUPINGS = ("source", "registry")
APART = ("coefficients.py", "frontier.py", "simulation.py")
_PACKAGE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, eq=False)
class Inputs:
    """Everything a part of the forecasts may read. `seed` seeds each part by its own name."""

    root: Path
    registry: Registry
    provider: PanelProvider
    as_of: dt.date
    seed: int
    workers: int = 1

    def rng(self, name: str) -> np.random.Generator:
        """A generator of its own for each part."""
        return generator_for(self.seed, f"forecasts/{name}")

    def panel(self, track: str) -> Panel:
        """The panel of a track at the day, without names; raises CapewatchError when the project has no such track."""
        if track not in self.registry.tracks and track != PAPER:
            raise CapewatchError(f"the project has no track {track!r}")
        if track == PAPER and not (self.root / "data" / "panels" / PAPER).is_dir():
            raise CapewatchError(f"the project has no frozen panel {PAPER!r}")
        return self.unnamed(track, self.as_of)

    def unnamed(self, track: str, day: dt.date) -> Panel:
        """The panel of a track at any day: no forecast rests on how a model is called."""
        return self.provider(track, day).unnamed

    @cached_property
    def regroup(self) -> dict[str, str]:
        """Model id -> family as FAMILY_SOURCE writes it, lower case; empty when the source is not stored."""
        folder = self.root / "data" / "snapshots"
        if FAMILY_SOURCE not in snapshots.sources(folder):
            return {}
        facts = snapshots.read_facts(folder, FAMILY_SOURCE)
        families = facts[facts["field"] == "family"]
        matched = Identity(self.registry).resolve_all(FAMILY_SOURCE, map(str, families["model"]))["model_id"]
        found = {
            str(matched[row.model]): _slug(str(row.value)) for row in families.itertuples() if matched[str(row.model)]
        }
        return dict(sorted(found.items()))

    def families_of(self, grouping: str) -> dict[str, str] | None:
        """The `regroup` of a grouping; None is the registry's own. Raises CapewatchError when the source is not stored."""
        if grouping == "registry":
            return None
        if not self.regroup:
            raise CapewatchError(f"no family column of {FAMILY_SOURCE} is stored")
        return self.regroup

    @cached_property
    def suites(self) -> dict[str, SuiteResult | str]:
        """Grouping -> the whole comparison, or why there is none. About a minute of one core each."""
        found: dict[str, SuiteResult | str] = {}
        for grouping in GROUPINGS:
            try:
                found[grouping] = suite(
                    self.panel(BASE),
                    rng=self.rng(f"suite/{grouping}"),
                    regroup=self.families_of(grouping),
                    workers=self.workers,
                )
            except CapewatchError as error:
                found[grouping] = error.message
        return found

    @cached_property
    def checkpoints(self) -> pd.DataFrame:
        """Scores of training checkpoints: model, axis, step (count), value (percent), sorted."""
        table = self.provider.at(self.as_of).table
        keep = table["step"].fillna("") != ""
        for column, wanted in CHECKPOINTS.items():
            keep &= table[column] == wanted
        rows = table.loc[keep, ["model", "axis", "step", "value"]].copy()
        rows["step"] = pd.to_numeric(rows["step"])
        return rows.sort_values(["model", "axis", "step"], kind="stable").reset_index(drop=True)

    @cached_property
    def params(self) -> dict[str, float]:
        """Model id -> parameters, where known."""
        return {
            entry.value.id: float(entry.value.params)
            for entry in self.registry.models.values()
            if entry.value.params is not None
        }

    @cached_property
    def chance_levels(self) -> dict[str, float]:
        """Axis id -> score of random guessing, percent, where stated."""
        found: dict[str, float] = {}
        for entry in self.registry.benchmarks.values():
            benchmark = entry.value
            if benchmark.chance is not None:
                level = float(benchmark.chance) * (100.0 if benchmark.unit == "fraction" else 1.0)
                found |= dict.fromkeys([benchmark.id, *(axis.id for axis in benchmark.axes)], level)
        return found

    @cached_property
    def context(self) -> Context:
        """What deciding a prediction needs beside panels."""
        return context_of(self.root, self.registry)

    def digest(self, name: str) -> Any:
        """What names the state of one input: the panel of a track, or one of `regroup`, `checkpoints`, `params`, `chance_levels`,
        `predictions`, `context`, `cells` (which observation fills a cell of the panel MAKER, and since when), `day`, and
        PUBLISHED_BASE (the panel BASE with its names)."""
        if name == "day":
            return self.as_of.isoformat()
        if name in ("regroup", "params", "chance_levels"):
            return getattr(self, name)
        if name == "context":
            roster = "" if self.context.roster is None else self.context.roster.to_csv()
            return [
                [day.isoformat() for day in self.context.recorded],
                sha256_bytes(roster),
                {axis: day.isoformat() for axis, day in self.context.retired.items()},
            ]
        if name == "checkpoints":
            return sha256_bytes(self.checkpoints.to_csv(index=False, float_format="%.10g"))
        if name == "predictions":
            book = load_predictions(self.root)
            return [prediction.model_dump(mode="json", by_alias=True) for prediction in book.ordered()]
        try:
            if name == "cells":
                return sha256_bytes(self.panel(MAKER).cells.to_csv(index=False, columns=list(CELLS)))
            if name == PUBLISHED_BASE:
                self.panel(BASE)
                return self.provider(BASE, self.as_of).digest
            return self.panel(name).digest
        except CapewatchError as error:
            return error.message


def code_digest(*modules: str) -> str:
    """sha256 over the source files of the forecasts and of `modules` (paths below generator/).

    The modules of APART, which no other one of the forecasts uses, count only for the parts that name them.
    """
    shared = [path for path in sorted((_PACKAGE / "forecasts").glob("*.py")) if path.name not in APART]
    paths = [*shared, _PACKAGE / "analysis" / "result.py"]
    for module in modules:
        path = _PACKAGE / module
        paths += sorted(path.glob("*.py")) if path.is_dir() else [path]
    named = [f"{path.relative_to(_PACKAGE).as_posix()} {sha256_file(path)}" for path in paths]
    return sha256_bytes("\n".join(named))


def _slug(family: str) -> str:
    return family.lower().replace("/", "-").replace(" ", "-")
