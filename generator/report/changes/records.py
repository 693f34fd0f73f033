"""What `compare` returns: typed records of every difference between two bundles, readable from their own JSON.

Everything is listed, nothing is left out below a threshold; each list is sorted by importance, the most important first.
Texts come from files and sources and are not escaped here.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from generator.core import canonical_json

CHANGES_SCHEMA = 1
How = Literal["added", "removed", "changed"]
#: The lists of `Changes` that hold differences of data and numbers.
ChangeList = Literal[
    "predictions",
    "claims",
    "models",
    "statistics",
    "scores",
    "h",
    "phases",
    "sources",
    "entities",
    "edits",
    "observations",
]


class Record(BaseModel):
    """A frozen record; unknown fields, NaN and infinities are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Side(Record):
    """One of the two bundles: what it is called, its as-of day, and everything a number in it depends on."""

    label: str
    as_of: str
    code: str
    bundle_schema: int
    data_digest: str
    seed: int | None
    resamples: int | None
    dependencies: dict[str, str] = Field(default_factory=dict)


class Setting(Record):
    """Something other than data in which the two bundles differ: seed, resamples, code version, a dependency."""

    name: str
    old: str
    new: str


class NotCompared(Record):
    """A part that one of the bundles lacks, with the reason."""

    part: str
    reason: str


class Entity(Record):
    """A lab, family, benchmark, source or evaluator that is on one side only."""

    kind: str
    id: str
    name: str
    how: How


class ModelChange(Record):
    """A model that is new or gone, with what it brought."""

    id: str
    name: str
    lab: str
    kind: str
    released: str | None
    how: How
    observations: int


class Edit(Record):
    """A field of a model, benchmark or source that reads differently; values as text, '' for none."""

    kind: str
    id: str
    name: str
    field: str
    old: str
    new: str


class Observed(Record):
    """Where a score comes from."""

    value: float
    unit: str
    source: str
    source_name: str
    title: str
    url: str
    evaluator: str
    published: str
    recorded: str
    protocol: dict[str, str]
    locator: str


class ScoreChange(Record):
    """A cell of a track's panel: the score the track uses for one model on one axis.

    why: ``new score``, ``score gone``, ``the source changed its value`` or ``another observation is used``.
    """

    track: str
    model: str
    name: str
    axis: str
    how: How
    old: Observed | None
    new: Observed | None
    move: float | None
    why: str


class ObservationChange(Record):
    """An observation recorded, withdrawn or revised at its source, whether or not a track uses it."""

    model: str
    name: str
    benchmark: str
    axis: str
    how: How
    old: Observed | None
    new: Observed | None
    used_by: tuple[str, ...]


class Reading(Record):
    """A statistic on one side: estimate with interval, or a reason why there is none."""

    estimate: float | None
    low: float | None
    high: float | None
    level: float | None
    n: int
    reason: str


class Mover(Record):
    """A model whose scores behind a statistic differ between the two sides.

    how: ``entered``, ``left`` or ``changed``; scores: axis -> [old, new]; effect: the statistic now, minus the statistic
    with this one model as it was before (None where the statistic is not recomputed). Effects do not add up to the move.
    """

    model: str
    name: str
    how: Literal["entered", "left", "changed"]
    scores: dict[str, tuple[float | None, float | None]]
    effect: float | None = None


class StatisticChange(Record):
    """A statistic whose estimate, interval, n or reason differs.

    size: the move in half widths of the old interval (None without one); flip: what turned, in words, '' for nothing;
    attribution: how `movers` were found.
    """

    id: str
    name: str
    track: str
    axes: tuple[str, ...]
    unit: str
    how: How
    old: Reading | None
    new: Reading | None
    move: float | None
    size: float | None
    flip: str
    movers: tuple[Mover, ...]
    attribution: str


class HReading(Record):
    """A model in an h-field: residual in pp, 95 % prediction interval of its score, label, and rank by h (1 highest)."""

    h: float
    y: float
    fitted: float
    pi_low: float | None
    pi_high: float | None
    label: str
    rank: int
    of: int


class HChange(Record):
    """A model whose h, rank or label differs. cause: ``new in the panel``, ``left the panel``, ``own scores changed``,
    ``the line moved`` or ``other models' h moved`` (rank only)."""

    track: str
    model: str
    name: str
    lab: str
    old: HReading | None
    new: HReading | None
    move: float | None
    relabelled: bool
    cause: str


class PhaseReading(Record):
    """One size step of a family: γ12 with its 95 % set, and the phase."""

    gamma: float | None
    low: float | None
    high: float | None
    phase: str


class PhaseChange(Record):
    """A size step of a family whose γ12, interval or phase differs."""

    track: str
    family: str
    model_from: str
    model_to: str
    old: PhaseReading | None
    new: PhaseReading | None
    flipped: bool


class ClaimChange(Record):
    """A claim that is new, gone, or has another verdict."""

    id: str
    title: str
    how: How
    old: str
    new: str
    reason: str


class Value(Record):
    """A metric of a prediction on both sides."""

    name: str
    unit: str
    old: float | None
    new: float | None


class PredictionChange(Record):
    """A prediction whose state, standing, values, n or ledger differs; `flipped` when state or standing does."""

    id: str
    title: str
    how: How
    old_state: str
    new_state: str
    old_standing: str
    new_standing: str
    flipped: bool
    old_n: int | None
    new_n: int | None
    values: tuple[Value, ...]
    because: tuple[str, ...]
    ledger: tuple[str, ...]
    movers: tuple[Mover, ...]


class SourceChange(Record):
    """A source that went stale or fresh again, was read again, or gives another number of rows."""

    id: str
    name: str
    turned: Literal["stale", "fresh", ""]
    old_newest: str | None
    new_newest: str | None
    old_rows: int
    new_rows: int
    max_age_days: int | None


class Headline(Record):
    """One thing worth saying, as plain text; `kind` names the list it comes from."""

    kind: str
    text: str


class Changes(Record):
    """Every difference between two bundles. `axis_names`: names of the axes that occur, for readers."""

    schema_version: int = CHANGES_SCHEMA
    old: Side
    new: Side
    summary: str = ""
    headlines: tuple[Headline, ...] = ()
    axis_names: dict[str, str] = Field(default_factory=dict)
    settings: tuple[Setting, ...] = ()
    not_compared: tuple[NotCompared, ...] = ()
    models: tuple[ModelChange, ...] = ()
    entities: tuple[Entity, ...] = ()
    edits: tuple[Edit, ...] = ()
    scores: tuple[ScoreChange, ...] = ()
    observations: tuple[ObservationChange, ...] = ()
    statistics: tuple[StatisticChange, ...] = ()
    h: tuple[HChange, ...] = ()
    phases: tuple[PhaseChange, ...] = ()
    claims: tuple[ClaimChange, ...] = ()
    predictions: tuple[PredictionChange, ...] = ()
    sources: tuple[SourceChange, ...] = ()

    @property
    def empty(self) -> bool:
        """True when no list holds anything: data, settings and every number are the same."""
        lists = (
            self.settings, self.not_compared, self.models, self.entities, self.edits, self.scores, self.observations,
            self.statistics, self.h, self.phases, self.claims, self.predictions, self.sources,
        )  # fmt: skip
        return not any(lists)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return self.model_dump(mode="json")

    def as_json(self, *, indent: int | None = 1) -> str:
        """Sorted keys, the same bytes for the same changes."""
        return canonical_json(self.as_dict(), indent=indent)

    def counts(self) -> dict[str, int]:
        """How many of each kind, for a table of contents."""
        return {
            "models added": sum(item.how == "added" for item in self.models),
            "models removed": sum(item.how == "removed" for item in self.models),
            "scores": len(self.scores),
            "observations": len(self.observations),
            "statistics": len(self.statistics),
            "verdicts": len(self.claims),
            "predictions flipped": sum(item.flipped for item in self.predictions),
            "sources turned": sum(bool(item.turned) for item in self.sources),
        }
