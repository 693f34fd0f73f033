"""Observations and the cells of the panels: what was added, withdrawn, revised at its source, or chosen otherwise."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import zip_longest
from typing import Any

from generator.report.bundle import Bundle
from generator.report.changes.records import ObservationChange, Observed, ScoreChange
from generator.report.changes.values import difference, same

Cell = tuple[str, str, str]  # track, model, axis
Row = Mapping[str, Any]


def observed(row: Row) -> Observed:
    return Observed(
        value=float(row["value"]),
        unit=str(row.get("unit") or ""),
        source=str(row["source"]),
        source_name=str(row.get("source_name") or row["source"]),
        title=str(row.get("title") or ""),
        url=str(row.get("url") or ""),
        evaluator=str(row.get("evaluator") or ""),
        published=str(row.get("published") or ""),
        recorded=str(row.get("recorded") or ""),
        protocol={str(key): str(value) for key, value in dict(row.get("protocol") or {}).items()},
        locator=str(row.get("locator") or ""),
    )


def identity(row: Row) -> tuple[Any, ...]:
    """What stays when a source revises a score. A locator does not: it counts lines of a file that grows."""
    protocol = tuple(sorted((str(key), str(value)) for key, value in dict(row.get("protocol") or {}).items()))
    names = ("benchmark", "axis", "source", "evaluator", "url", "spelling")
    return (*(str(row.get(name) or "") for name in names), protocol)


def models_by(bundle: Bundle) -> dict[str, Mapping[str, Any]]:
    """The models that were there by the bundle's as-of day: with an observation public by then, or with none at all."""
    return {
        str(model["id"]): model
        for model in bundle.entities.get("models", [])
        if not model.get("observations") or public_rows(bundle, model)
    }


def public_rows(bundle: Bundle, model: Mapping[str, Any]) -> list[Row]:
    """A bundle of an earlier day lists later observations too, with the reason why no track uses them: not counted here."""
    return [row for row in model.get("observations") or () if str(row.get("public") or "") <= bundle.as_of]


def model_rows(bundle: Bundle) -> dict[str, list[Row]]:
    """Model id -> its observations that were public by the bundle's as-of day."""
    return {str(model["id"]): public_rows(bundle, model) for model in bundle.entities.get("models", [])}


def model_names(*bundles: Bundle) -> dict[str, str]:
    """Model id -> name; the later bundle has the last word."""
    return {model["id"]: str(model["name"]) for bundle in bundles for model in bundle.entities.get("models", [])}


def paired(old: Iterable[Row], new: Iterable[Row]) -> list[tuple[Row | None, Row | None]]:
    """Rows of one model that are not on both sides: (old, new) of a revised score, or one of them None.

    Within one identity rows with the same value and day cancel out; what remains is paired in order of value.
    """
    groups: dict[tuple[Any, ...], tuple[list[Row], list[Row]]] = defaultdict(lambda: ([], []))
    for side, rows in enumerate((old, new)):
        for row in rows:
            groups[identity(row)][side].append(row)
    result: list[tuple[Row | None, Row | None]] = []
    for key in sorted(groups):
        before, after = (sorted(rows, key=_order) for rows in groups[key])
        for row in list(before):
            twin = next((other for other in after if _same_row(row, other)), None)
            if twin is not None:
                before.remove(row)
                after.remove(twin)
        result.extend(zip_longest(before, after))
    return result


def _order(row: Row) -> tuple[float, str, str]:
    return float(row["value"]), str(row.get("published") or ""), str(row.get("locator") or "")


def _same_row(old: Row, new: Row) -> bool:
    return same(old["value"], new["value"]) and (old.get("published") or "") == (new.get("published") or "")


def observation_changes(old: Bundle, new: Bundle) -> tuple[ObservationChange, ...]:
    """Every observation added, withdrawn or revised; used ones first, then revisions, withdrawals and additions."""
    before, after, names = model_rows(old), model_rows(new), model_names(old, new)
    result = []
    for model in sorted({*before, *after}):
        for past, present in paired(before.get(model, ()), after.get(model, ())):
            shown = present or past
            assert shown is not None
            used = {*((past or {}).get("chosen_in") or ()), *((present or {}).get("chosen_in") or ())}
            result.append(
                ObservationChange(
                    model=model,
                    name=names[model],
                    benchmark=str(shown["benchmark"]),
                    axis=str(shown.get("axis") or ""),
                    how="added" if past is None else "removed" if present is None else "changed",
                    old=observed(past) if past else None,
                    new=observed(present) if present else None,
                    used_by=tuple(sorted(used)),
                )
            )
    rank = {"changed": 0, "removed": 1, "added": 2}
    return tuple(
        sorted(result, key=lambda item: (not item.used_by, rank[item.how], item.model, item.benchmark, item.axis))
    )


def cells(bundle: Bundle) -> dict[Cell, Row]:
    """Every cell of the live panels with the one observation that each track chose for it."""
    return {
        (track, model, str(row["axis"])): row
        for model, rows in model_rows(bundle).items()
        for row in rows
        for track in row.get("chosen_in") or ()
    }


def score_changes(old: Bundle, new: Bundle) -> tuple[ScoreChange, ...]:
    """Cells whose value or observation differs: changed values first, by how far they moved, then gone, then new."""
    before, after, names = cells(old), cells(new), model_names(old, new)
    result = []
    for key in sorted({*before, *after}):
        past, present = before.get(key), after.get(key)
        if past and present and same(past["value"], present["value"]) and _same_origin(past, present):
            continue
        track, model, axis = key
        how, why = _how(past, present)
        result.append(
            ScoreChange(
                track=track,
                model=model,
                name=names[model],
                axis=axis,
                how=how,
                old=observed(past) if past else None,
                new=observed(present) if present else None,
                move=difference(past["value"] if past else None, present["value"] if present else None),
                why=why,
            )
        )
    rank = {"changed": 0, "removed": 1, "added": 2}
    return tuple(
        sorted(result, key=lambda item: (rank[item.how], -abs(item.move or 0.0), item.track, item.model, item.axis))
    )


def _same_origin(old: Row, new: Row) -> bool:
    return (old["source"], old.get("url")) == (new["source"], new.get("url"))


def _how(old: Row | None, new: Row | None) -> tuple[Any, str]:
    if old is None:
        return "added", "new score"
    if new is None:
        return "removed", "score gone"
    return "changed", (
        "the source changed its value" if identity(old) == identity(new) else "another observation is used"
    )
