"""A prediction file: statement, origin, window, metrics, and the conditions under which it passes or fails, all as data."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, WithJsonSchema

from generator.schema.fields import Day, DayOrCoarser, Finite, Id, LongText, Text, Url, Written

#: Text of a point in time; the checks over predictions say what is wrong with it (no zone, no such local time, …).
InstantText = Annotated[
    str,
    Field(min_length=1, max_length=80),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2}|\[[A-Za-z_+\-/0-9]+\])$",
            "description": "2026-12-31T23:59:59Z, …+02:00, or a local time with a zone name: …[Europe/Berlin]",
        }
    ),
]


_NAME = re.compile(r"^[a-z][a-z0-9_]{0,39}$")


def _check_name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError("a metric's name is a lower-case letter, then lower-case letters, digits and '_', at most 40")
    return text


#: The name a file gives to one of its metrics, e.g. swe_spread.
Name = Annotated[str, AfterValidator(_check_name), WithJsonSchema({"type": "string", "pattern": _NAME.pattern})]


@dataclass(frozen=True)
class MetricRow:
    """A row of the catalogue of metrics: its words, unit, possible values, and the arguments it takes.

    low, high: the smallest and largest value the metric can have (None: unbounded), used to see whether conditions
    overlap or can never be met.
    """

    what: str
    unit: str
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None


#: Every metric that a prediction may name. `subset` and `label` are allowed everywhere.
METRICS: Mapping[str, MetricRow] = {
    "top-k-spread": MetricRow(
        "highest minus lowest score on `axis` among the k models that lead on `order_by`",
        "pp", ("axis", "k"), ("order_by", "needs"), low=0.0,
    ),
    "spread-ratio": MetricRow(
        "top-k spread of `axis` divided by that of `over`, both among the k models that lead on `order_by`",
        "", ("axis", "over", "k"), ("order_by",), low=0.0,
    ),
    "pearson": MetricRow("Pearson correlation of `x` and `y` over models that have both", "", ("x", "y"), ("min_n", "needs"), -1.0, 1.0),
    "spearman": MetricRow("rank correlation of `x` and `y` over models that have both", "", ("x", "y"), ("min_n", "needs"), -1.0, 1.0),
    "count": MetricRow("how many models have a score on every one of `axes`", "models", ("axes",), (), 0.0),
    "mean": MetricRow("mean score on `axis`", "pp", ("axis",), ("min_n",)),
    "max": MetricRow("highest score on `axis`", "pp", ("axis",), ("min_n",)),
    "min": MetricRow("lowest score on `axis`", "pp", ("axis",), ("min_n",)),
    "share": MetricRow("share of the models on `axis` that score at least `threshold`", "", ("axis", "threshold"), ("min_n",), 0.0, 1.0),
    "h": MetricRow(
        "score on `y` minus the line at `x`, for counting release number `release` of the event; "
        "the line is the frozen one or refitted on the panel",
        "pp", ("x", "y", "release", "fit"), ("line",),
    ),
    "line-coverage": MetricRow(
        "share of models whose score on `y` lies within `half_width` of the line at `x`",
        "", ("x", "y", "half_width", "fit"), ("line", "min_n"), 0.0, 1.0,
    ),
    "slot-in-gain": MetricRow(
        "mean absolute error of the line minus that of the line plus the lab's own offset, over models of labs that have an offset",
        "pp", ("x", "y", "line", "lab_offsets"), ("min_n",),
    ),
}  # fmt: skip
METRIC_ARGUMENTS = tuple(sorted({name for row in METRICS.values() for name in (*row.required, *row.optional)}))


class Line(Written):
    """A straight line in percent: y = intercept + slope·x."""

    slope: Finite
    intercept: Finite


class Subset(Written):
    """Which models of the panel a metric looks at; every key narrows it further.

    A release date known only to the month or year counts as after (or by) a day when all of it lies there.
    """

    released_after: Day | None = None
    released_by: Day | None = None
    labs: list[Id] = Field(default_factory=list)
    exclude: list[Id] = Field(default_factory=list, description="model ids left out")


class Metric(Written):
    """One number computed from the panel. `kind` is a row of the catalogue, which says which arguments it takes."""

    kind: Annotated[
        str, Field(min_length=1, max_length=80), WithJsonSchema({"type": "string", "enum": sorted(METRICS)})
    ]
    label: Text | None = Field(None, description="short name for pages")
    axis: Id | None = None
    over: Id | None = None
    x: Id | None = None
    y: Id | None = None
    axes: list[Id] | None = Field(None, min_length=1)
    needs: list[Id] | None = Field(None, description="a model counts only with scores on these axes too")
    order_by: Id | None = Field(None, description="axis that ranks the models; the metric's own axis when left out")
    k: int | None = Field(None, ge=2, le=1000)
    min_n: int | None = Field(None, ge=1, le=100_000, description="fewer models give no value")
    threshold: Finite | None = None
    half_width: float | None = Field(None, gt=0, allow_inf_nan=False)
    release: int | None = Field(None, ge=1, le=20, description="which of the counting releases, 1 is the first")
    fit: Literal["frozen", "refit"] | None = None
    line: Line | None = Field(None, description="the frozen line")
    lab_offsets: dict[Id, Finite] | None = None
    subset: Subset | None = None


class Condition(Written):
    """A comparison of one metric with a number, or `all` / `any` of several conditions. Exactly one of the three forms."""

    all: list[Condition] | None = Field(None, min_length=1, max_length=20)
    any: list[Condition] | None = Field(None, min_length=1, max_length=20)
    metric: Name | None = None
    below: Finite | None = None
    above: Finite | None = None
    at_most: Finite | None = None
    at_least: Finite | None = None

    def leaves(self) -> Iterator[Condition]:
        """The comparisons, depth first."""
        for part in (*(self.all or ()), *(self.any or ())):
            yield from part.leaves()
        if self.metric is not None:
            yield self

    @property
    def comparison(self) -> tuple[str, float]:
        """The comparison of a leaf: (below | above | at_most | at_least, threshold)."""
        for name in COMPARISONS:
            threshold = getattr(self, name)
            if threshold is not None:
                return name, float(threshold)
        raise ValueError("the condition compares with nothing")


COMPARISONS = ("below", "above", "at_most", "at_least")


class Origin(Written):
    """Who said it, where and when. kind: a published paper, a pull request to this repository, or this project itself."""

    kind: Literal["paper", "pull-request", "project"]
    author: Text
    title: Text
    url: Url
    version: Text | None = None
    published: DayOrCoarser
    criteria_by: Literal["author", "us"] = Field("author", description="who wrote the pass and fail conditions")


class Event(Written):
    """A window that ends with an event: the next `releases` releases of a lab that are scored.

    counts: scored = only releases with scores on every axis of `scored_on` count, in the order in which they had them;
        released = the first releases count whether or not scores ever appear.
    tiers: best-of-day = models a lab releases on one day count as one release, and the one that leads on the first axis of
        `scored_on` stands for it; each = every model counts.
    """

    lab: Id
    releases: int = Field(ge=1, le=20)
    after: Day = Field(description="releases after this day count")
    scored_on: list[Id] = Field(min_length=1)
    counts: Literal["scored", "released"] = "scored"
    tiers: Literal["best-of-day", "each"] = "best-of-day"


class DecidingSnapshot(Written):
    """Which data decide: what was public by the closing day, as known on the first recorded day at least so many days later.

    For an event each release is settled so many days after both its scores were public.
    """

    days_after: int = Field(ge=0, le=366)
    note: LongText | None = None


class Reading(Written):
    """Another way to read the same sentence: what it replaces. Metrics are replaced by name."""

    id: Id
    says: LongText
    metrics: dict[Name, Metric] = Field(default_factory=dict)
    passes: Condition | None = Field(None, alias="pass")
    fails: Condition | None = Field(None, alias="fail")
    requires: list[Condition] | None = None
    event: Event | None = None

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, validate_by_name=False)


class Ambiguity(Written):
    """Something the author left open, the reading chosen, and the other readings, computed beside it."""

    id: Id
    question: LongText
    chosen: LongText
    readings: list[Reading] = Field(default_factory=list, max_length=10)
    added: Day | None = Field(None, description="day it was added, when that was after sealing")


class Probability(Written):
    """Chance to pass, only if its author stated one."""

    value: float = Field(ge=0, le=1, allow_inf_nan=False)
    stated_by: Text
    url: Url
    on: Day


class Prediction(Written):
    """One prediction, or one tracked statement (no deadline). Everything but `ambiguities` and `notes` is sealed."""

    schema_version: Literal[1]
    id: Id
    number: int | None = Field(None, ge=1, le=999, description="its number at its origin")
    kind: Literal["prediction", "statement"] = "prediction"
    title: Text
    statement: LongText
    origin: Origin
    registered_at: InstantText
    opens: InstantText
    closes: InstantText | None = Field(None, description="end of the window; with an event: the latest end")
    event: Event | None = None
    track: Id = Field(description="the track that decides")
    also_tracks: list[Id] = Field(default_factory=list, description="tracks shown beside it")
    metrics: dict[Name, Metric] = Field(min_length=1)
    requires: list[Condition] = Field(default_factory=list, description="without these there are too few data")
    passes: Condition = Field(alias="pass")
    fails: Condition = Field(alias="fail")
    otherwise: Literal["undetermined"] = "undetermined"
    if_too_few: Literal["undetermined", "failed", "annulled"]
    if_retired: Literal["decide-while-published", "annulled", "undetermined"]
    deciding_snapshot: DecidingSnapshot
    probability: Probability | None = None
    ambiguities: list[Ambiguity] = Field(default_factory=list, max_length=30)
    notes: LongText | None = None

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, validate_by_name=False)

    def axes(self) -> tuple[str, ...]:
        """Every axis that the metrics of the chosen reading name, sorted."""
        named: set[str] = set()
        for metric in self.metrics.values():
            named.update(metric_axes(metric))
        return tuple(sorted(named))


def metric_axes(metric: Metric) -> tuple[str, ...]:
    """Axes that a metric names, in the order of its arguments."""
    single = [metric.axis, metric.over, metric.x, metric.y, metric.order_by]
    return tuple(dict.fromkeys([*(name for name in single if name), *(metric.axes or ()), *(metric.needs or ())]))
