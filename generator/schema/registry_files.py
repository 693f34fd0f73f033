"""The other files people write: benchmarks, labs, families, sources, evaluators, tracks, aliases and corrections."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from generator.schema.fields import Day, DayOrCoarser, Finite, Id, LongText, Name, Spelling, Text, Url, Written
from generator.schema.model import Protocol, Unit


class Citation(Written):
    title: Text
    url: Url


class Status(Written):
    """Where a benchmark stands; `on` is the day it entered that state."""

    state: Literal["active", "saturating", "retired"]
    on: DayOrCoarser | None = None
    note: LongText | None = None


class AxisRule(Written):
    """A benchmark under one protocol family, when its observations must not share one axis."""

    id: Id
    name: Name
    where: Protocol = Field(description="an observation belongs to the axis when all of these agree with its protocol")


class Benchmark(Written):
    """What a benchmark measures and how its numbers are to be read. `chance` and `range` are in `unit`."""

    schema_version: Literal[1]
    id: Id
    name: Name
    measures: LongText
    ability: Literal[
        "reasoning", "truthfulness", "knowledge", "coding", "instruction", "mathematics", "agency", "language", "index"
    ]
    unit: Unit
    range: list[Finite] | None = Field(
        None, min_length=2, max_length=2, description="lowest and highest possible value"
    )
    chance: Finite | None = Field(None, description="score of random guessing")
    n_items: int | None = Field(None, ge=1)
    higher_is_better: bool = True
    status: Status
    replaced_by: Id | None = None
    licence: Text | None = None
    citation: Citation
    axes: list[AxisRule] = Field(default_factory=list)
    note: LongText | None = None


class Lab(Written):
    schema_version: Literal[1]
    id: Id
    name: Name
    url: Url | None = None
    colour: str | None = Field(None, pattern=r"^#[0-9a-f]{6}$", description="used for this lab in every chart")
    domains: list[Text] = Field(
        default_factory=list, description="web domains on which the lab itself publishes scores"
    )
    note: LongText | None = None


class Family(Written):
    """Models that share a recipe and differ in size: γ12 is taken between consecutive sizes of one family."""

    schema_version: Literal[1]
    id: Id
    name: Name
    lab: Id
    note: LongText | None = None


class Source(Written):
    """A public leaderboard that `capewatch pull` reads."""

    schema_version: Literal[1]
    id: Id
    name: Name
    url: Url
    licence: Text
    licence_url: Url | None = None
    redistribute: Literal["yes", "derived", "no"] = Field(
        description="yes: observations are kept; derived: only statistics or pointers; no: nothing is kept"
    )
    cadence_days: int = Field(ge=1, description="how often the source changes")
    max_age_days: int = Field(ge=1, description="older than this counts as stale")
    contact: Text | None = None
    terms_read_on: Day
    enabled_by_default: bool = True
    evaluator: Id | None = None
    note: LongText | None = None


class Evaluator(Written):
    id: Id
    name: Name
    url: Url | None = None
    note: LongText | None = None


class Evaluators(Written):
    """data/evaluators.yaml: the third parties that run benchmarks."""

    schema_version: Literal[1]
    evaluators: list[Evaluator]


class Track(Written):
    """A named rule which observations feed a panel. Within a cell the earliest rule that tells two apart decides."""

    id: Id
    name: Name
    description: LongText
    kind: Literal["base", "chat"] = Field(description="which kind of model the panel lists")
    evaluators: list[Id] = Field(min_length=1, description="accepted evaluators, preferred first")
    harness: Text | None = Field(None, description="only observations of this harness")
    axes: list[Id] = Field(default_factory=list, description="axes of the panel; empty: every axis with an observation")
    effort_order: list[Text] = Field(default_factory=list, description="preferred reasoning efforts, first wins")


class Tracks(Written):
    """data/tracks.yaml."""

    schema_version: Literal[1]
    tracks: list[Track]


class Ignored(Written):
    spelling: Spelling
    reason: Text


class AliasTable(Written):
    source: Id
    spellings: dict[Spelling, Id] = Field(default_factory=dict)
    ignore: list[Ignored] = Field(
        default_factory=list, description="spellings that are no model of ours, with the reason"
    )


class Aliases(Written):
    """data/aliases.yaml: how sources spell models, beside what the model files say."""

    schema_version: Literal[1]
    tables: list[AliasTable]


class Correction(Written):
    """A declared correction; it applies only while the source still says `expects`."""

    source: Id
    model: Id
    benchmark: Id
    where: Protocol = Protocol()
    expects: Finite
    value: Finite | None = Field(
        None, description="the right value, in the unit of the observation; leave out to drop it"
    )
    reason: LongText
    url: Url
    declared: Day


class Corrections(Written):
    """data/corrections.yaml."""

    schema_version: Literal[1]
    corrections: list[Correction]
