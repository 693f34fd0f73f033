"""What an evaluation returns, ready for pages and JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from generator.analysis.result import Statistic
from generator.predictions.conditions import Margin
from generator.predictions.standing import Standing, State


@dataclass(frozen=True)
class Evidence:
    """One model behind the metrics: its scores by axis and where each was seen (title, url, public day, evaluator)."""

    model: str
    name: str
    lab: str
    released: str
    scores: Mapping[str, float]
    sources: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Firmness:
    """Share of resamples in each standing, by one scheme (plain, lab-clustered, score-noise).

    units: how many models or labs are drawn among, None where none is drawn. A scheme that the panel cannot carry has no
    resamples, no shares and a `reason`.
    """

    scheme: str
    resamples: int
    shares: Mapping[str, float]
    units: int | None = None
    reason: str = ""


@dataclass(frozen=True)
class Alternative:
    """The standing under one choice of track, reading, fit and scores; `reason` when it cannot be computed.

    scores: all, or cited (those alone whose page says where they are from).
    """

    track: str
    reading: str
    says: str
    fit: str
    deciding: bool
    standing: Standing
    values: Mapping[str, float | None]
    n: int
    reason: str = ""
    scores: Literal["all", "cited"] = "all"


@dataclass(frozen=True)
class Evaluation:
    """One prediction at one day.

    as_of: the day asked for; data_day: last day whose facts count (never after the closing day); state, standing: see
    standing.py; recorded_state: what the ledger says, when it says something; n: distinct models behind the metrics;
    because: the comparisons in words; margins: signed distances; firmness: resampled standings; alternatives and
    sensitivity: the same under every other choice, and the sentence that sums them up; releases: counting releases of
    an event; registered_at: the instant from which the prediction has a state; panel_digest: sha256 of the panel.
    """

    id: str
    number: int | None
    title: str
    track: str
    as_of: str
    data_day: str
    opens: str
    closes: str | None
    registered_at: str
    state: State
    standing: Standing
    metrics: Mapping[str, Statistic]
    n: int
    because: tuple[str, ...]
    margins: tuple[Margin, ...]
    firmness: tuple[Firmness, ...]
    evidence: tuple[Evidence, ...]
    panel_digest: str
    alternatives: tuple[Alternative, ...] = ()
    sensitivity: str = ""
    releases: tuple[Mapping[str, str | None], ...] = ()
    deciding_day: str | None = None
    retired: str = ""
    recorded_state: State | None = None

    @property
    def shown_state(self) -> State:
        """The recorded state where the ledger holds one, else the computed one."""
        return self.recorded_state or self.state

    def recorded(self, state: State | None) -> Evaluation:
        """The same evaluation beside what the ledger holds."""
        return replace(self, recorded_state=state)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values: the entry of `capewatch score --json`. `state` is the shown one."""
        data = {name: value for name, value in asdict(self).items() if name not in ("metrics", "recorded_state")}
        data["metrics"] = {name: statistic.as_dict() for name, statistic in self.metrics.items()}
        data["state"], data["computed_state"] = self.shown_state, self.state
        return _plain(data)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
