"""Resolving predictions: what would be appended to the ledgers, and appending it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generator.core import CapewatchError
from generator.predictions.chain import Chain, Line
from generator.predictions.ledger import append_event, read_ledger, recorded_state
from generator.predictions.result import Evaluation
from generator.predictions.standing import FINAL


@dataclass(frozen=True)
class Resolution:
    """An event that is due: `event` resolved or annulled, and its body. Nothing is written until `apply`."""

    id: str
    event: str
    outcome: str
    body: dict[str, Any]


def due(root: Path, evaluations: Iterable[Evaluation], *, code_version: str) -> list[Resolution]:
    """The resolutions that are due: a final computed state, a sealed ledger, and no outcome recorded yet.

    Before the window closed, or before the deciding snapshot exists, a state is never final, so nothing is due. Raises
    CapewatchError for a prediction that is decided but was never sealed, or whose ledger does not verify.
    """
    found = []
    for evaluation in evaluations:
        if evaluation.state not in FINAL or evaluation.deciding_day is None:
            continue
        ledger = read_ledger(root, evaluation.id)
        if ledger.problems:
            raise CapewatchError(
                f"{evaluation.id}: the ledger does not verify\n{ledger.problems[0].text()}",
                hint="restore it from history",
            )
        if recorded_state(ledger) is not None:
            continue
        if not ledger.lines:
            raise CapewatchError(
                f"{evaluation.id}: decided, but never sealed", hint="a prediction that was not sealed is not resolved"
            )
        found.append(_resolution(evaluation, code_version))
    return found


def apply(root: Path, resolutions: Iterable[Resolution], *, at: str) -> list[Line]:
    """Append what is due. Each append is atomic; an interrupted run can be repeated."""
    return [append_event(root, resolution.id, resolution.event, resolution.body, at=at) for resolution in resolutions]


def record_evaluation(root: Path, evaluation: Evaluation, *, at: str) -> Line | None:
    """Append an `evaluated` event when state or standing differ from the last one recorded; None when nothing changed.

    A prediction that is resolved or annulled gets no further evaluations.
    """
    ledger = read_ledger(root, evaluation.id)
    if recorded_state(ledger) is not None:
        return None
    last = next((line for line in reversed(ledger.lines) if line.event == "evaluated"), None)
    body = {
        "state": evaluation.state,
        "standing": evaluation.standing,
        "values": values_of(evaluation),
        "data_day": evaluation.data_day,
    }
    if last is not None and (last.body["state"], last.body["standing"]) == (evaluation.state, evaluation.standing):
        return None
    return append_event(root, evaluation.id, "evaluated", body, at=at)


def with_ledger(evaluation: Evaluation, ledger: Chain) -> Evaluation:
    """The evaluation beside what the ledger held at the end of its day: a recorded outcome outlives later changes of data."""
    end = dt.date.fromisoformat(evaluation.as_of).isoformat() + "T23:59:59Z"
    return evaluation.recorded(recorded_state(ledger, until=end))


def values_of(evaluation: Evaluation) -> dict[str, float | None]:
    """Metric name -> value."""
    return {name: statistic.estimate for name, statistic in evaluation.metrics.items()}


def _resolution(evaluation: Evaluation, code_version: str) -> Resolution:
    evidence = [
        {
            "model": row.model,
            "released": row.released,
            "scores": dict(row.scores),
            "sources": {axis: dict(source) for axis, source in row.sources.items()},
        }
        for row in evaluation.evidence
    ]
    about = {
        "track": evaluation.track,
        "data_day": evaluation.data_day,
        "deciding_day": evaluation.deciding_day,
        "values": values_of(evaluation),
        "panel_sha256": evaluation.panel_digest,
        "code_version": code_version,
        "evidence": evidence,
    }
    if evaluation.state == "annulled":
        return Resolution(
            evaluation.id,
            "annulled",
            "annulled",
            {**about, "reason": evaluation.retired or "too few data at the close"},
        )
    return Resolution(evaluation.id, "resolved", evaluation.state, {**about, "outcome": evaluation.state})
