"""Contradictions of the papers with themselves, and the referee's objections, filled from the recomputed claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from generator.analysis.claims.evaluate import ClaimResult
from generator.analysis.claims.recipes import Value
from generator.analysis.claims.text import fill
from generator.core import CapewatchError
from generator.schema.claim import PLACES, Ledger


def list_contradictions(results: Sequence[ClaimResult], ledger: Ledger) -> list[dict[str, Any]]:
    """Each contradiction: id, title, sides (where, what it says, the recomputed value or None), claims, reading.

    `results` must hold every claim that a contradiction names (evaluate all claims).
    """
    values = _values(results)
    found = []
    for one in ledger.contradictions:
        sides = [
            {
                "place": side.place,
                "name": PLACES[side.place],
                "detail": side.detail,
                "says": side.says,
                "computed": side.computed,
                "value": None if side.computed is None else _value(side.computed, values, one.id),
            }
            for side in one.sides
        ]
        reading = fill(one.reading, values, where=f"data/contradictions.yaml, {one.id}")
        found.append({"id": one.id, "title": one.title, "sides": sides, "claims": list(one.claims), "reading": reading})
    return found


def answer_objections(
    results: Sequence[ClaimResult], ledger: Ledger, *, extra: Mapping[str, Value] | None = None
) -> list[dict[str, Any]]:
    """Each objection: id, kind, title, objected, promised, answer (filled), claims with their verdicts.

    The answers also name the `extra` values that `objection_values` gives; a live value that was not computed reads
    ``no value``.
    """
    values = _values(results) | dict(extra or {})
    verdicts = {result.id: result.verdict for result in results}
    return [
        {
            "id": one.id,
            "kind": one.kind,
            "title": one.title,
            "objected": " ".join(one.objected.split()),
            "promised": " ".join(one.promised.split()),
            "answer": fill(one.answer, values, where=f"data/objections.yaml, {one.id}"),
            "claims": [{"id": claim, "verdict": verdicts.get(claim)} for claim in one.claims],
        }
        for one in ledger.objections
    ]


def _values(results: Sequence[ClaimResult]) -> dict[str, Value]:
    """claim/recipe/value of every recomputed value."""
    return {
        f"{result.id}/{recipe}/{name}": value
        for result in results
        for recipe, values in result.recomputed.items()
        for name, value in values.items()
    }


def _value(key: str, values: Mapping[str, Value], contradiction: str) -> Value:
    if key not in values:
        raise CapewatchError(
            f"data/contradictions.yaml, {contradiction}: no recomputed value {key!r}",
            hint="name it claim/recipe/value, and evaluate every claim",
        )
    return values[key]
