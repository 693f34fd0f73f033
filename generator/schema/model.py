"""A model file: who made it, how large it is, how others spell it, and its sourced observations."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from generator.schema.fields import (
    Day,
    DayOrCoarser,
    Finite,
    Id,
    LongText,
    Name,
    PositiveCount,
    Spelling,
    Text,
    Url,
    Written,
)

Unit = Literal["percent", "fraction", "index", "elo", "minutes", "usd", "perplexity"]


class Protocol(Written):
    """How a score was obtained; observations never merge silently across protocols."""

    shots: int | None = Field(None, ge=0, le=1000, description="in-context examples")
    metric: Id | None = Field(None, description="metric variant, e.g. mc1, mc2, acc-norm, resolved")
    tools: bool | None = Field(None, description="true with tools, false without; leave out when not stated")
    effort: Text | None = Field(None, description="reasoning effort as the evaluator names it, e.g. high, max")
    scaffold: Text | None = Field(None, description="agent scaffold")
    attempts: int | None = Field(None, ge=1, le=1000, description="attempts behind the score (pass@1 is 1)")
    subset: Text | None = Field(None, description="task subset, e.g. 484 of 500")
    harness: Text | None = Field(None, description="evaluation harness and version")


class Relay(Written):
    """A file or page that gives the number and names the original, when the original itself was not read."""

    title: Text
    url: Url | None = None


class SourceRef(Written):
    """Where a number was seen."""

    title: Text
    url: Url
    retrieved: Day = Field(description="day it was read")
    published: DayOrCoarser | None = Field(None, description="day the score became public")
    uncited: bool = Field(False, description="true when the page gives the number without saying where it is from")
    via: Relay | None = Field(None, description="relay, when it is known only through one")


class Observation(Written):
    """One score of one model on one benchmark under one protocol, by one evaluator, seen at one address."""

    benchmark: Id
    value: Finite
    unit: Unit
    n: int | None = Field(None, ge=1, le=10_000_000, description="items behind the score")
    stderr: float | None = Field(None, ge=0, allow_inf_nan=False, description="standard error, in the unit of value")
    protocol: Protocol = Protocol()
    evaluator: Id = Field(description="maker, or the id of a third party in data/evaluators.yaml")
    source: SourceRef
    note: LongText | None = None


class Model(Written):
    """One model. `released` is kept as precisely as it is known."""

    schema_version: Literal[1]
    id: Id
    name: Name
    lab: Id
    family: Id | None = None
    kind: Literal["base", "chat"] = Field(
        "chat", description="base: pretrained only; chat: instruction-tuned or reasoning"
    )
    released: DayOrCoarser | None = None
    open_weights: bool
    params: PositiveCount | None = Field(None, description="parameters, a count")
    active_params: PositiveCount | None = Field(None, description="parameters active per token, a count")
    d_model: int | None = Field(None, ge=1, le=1_000_000, description="hidden size")
    n_layers: int | None = Field(None, ge=1, le=10_000)
    training_tokens: PositiveCount | None = None
    training_flop: PositiveCount | None = None
    links: list[Url] = Field(default_factory=list, max_length=20)
    aliases: dict[Id, list[Spelling]] = Field(default_factory=dict, description="spellings by source id")
    note: LongText | None = None
    observations: list[Observation] = Field(default_factory=list, max_length=500)
