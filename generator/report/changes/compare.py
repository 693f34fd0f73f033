"""Two bundles in, `Changes` out. Pure: no clock, no network, no file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.report.bundle import Bundle
from generator.report.changes.observations import observation_changes, score_changes
from generator.report.changes.records import Changes, NotCompared
from generator.report.changes.standings import (
    claim_changes,
    edits,
    entity_changes,
    h_changes,
    model_changes,
    phase_changes,
    prediction_changes,
    settings,
    side,
    source_changes,
)
from generator.report.changes.statistics import Movers, statistic_changes
from generator.report.changes.words import headlines, summary

#: Ready-made texts and the pages of earlier changes: they say nothing that other sections do not.
NOT_COMPARED = {"outputs", "changes"}


def compare(old: Bundle, new: Bundle, *, labels: tuple[str, str] = ("", "")) -> Changes:
    """Every difference between two bundles. `labels` are what the two are called; default: their as-of days.

    A part that only one bundle has (an older bundle lacks a section) is named in `not_compared` and not listed as new.
    """
    names = labels[0] or old.as_of, labels[1] or new.as_of
    sides = side(old, names[0]), side(new, names[1])
    missing = tuple(_not_compared(old, new, names))
    absent = {item.part for item in missing}
    movers = Movers(old, new)
    scores = score_changes(old, new)
    lists: dict[str, Any] = {
        "settings": settings(*sides),
        "not_compared": missing,
        "models": model_changes(old, new),
        "entities": entity_changes(old, new),
        "edits": edits(old, new),
        "scores": scores,
        "observations": observation_changes(old, new),
        "statistics": statistic_changes(old, new, movers, skip=tuple(f"{part}/" for part in absent)),
        "h": () if "h-field" in absent else h_changes(old, new, ((item.track, item.model) for item in scores)),
        "phases": () if "phases" in absent else phase_changes(old, new),
        "claims": () if "claims" in absent else claim_changes(old, new),
        "predictions": () if "predictions" in absent else prediction_changes(old, new, movers),
        "sources": source_changes(old, new),
    }
    bare = Changes(old=sides[0], new=sides[1], axis_names=_axis_names(old, new, lists), **lists)
    return bare.model_copy(update={"headlines": headlines(bare), "summary": summary(bare)})


def _axis_names(old: Bundle, new: Bundle, lists: Mapping[str, Any]) -> dict[str, str]:
    """Axis id -> name of the axes in `lists`; the new bundle has the last word."""
    known = {
        str(axis["id"]): str(axis["name"])
        for bundle in (old, new)
        for benchmark in bundle.entities.get("benchmarks", [])
        for axis in benchmark.get("axes") or ()
    }
    used = {item.axis for item in lists["scores"]} | {axis for item in lists["statistics"] for axis in item.axes}
    return {axis: known[axis] for axis in sorted(used) if axis in known}


def _not_compared(old: Bundle, new: Bundle, names: tuple[str, str]) -> Iterator[NotCompared]:
    for part in sorted((set(old.sections) ^ set(new.sections)) - NOT_COMPARED):
        yield NotCompared(part=part, reason=f"{names[part in old.sections]} has no section {part}")
    for part in sorted(set(old.sections) & set(new.sections)):
        yield from _without_result(part, old.sections[part], new.sections[part], names)
    for part, prefix in (("phases", "gamma-"), ("h-field", "hfield-")):
        held = [any(name.startswith(prefix) for name in bundle.tables) for bundle in (old, new)]
        if held[0] != held[1]:
            yield NotCompared(part=part, reason=f"{names[held[0]]} has no table {prefix}…")


def _without_result(section: str, old: Any, new: Any, names: tuple[str, str]) -> Iterator[NotCompared]:
    """Parts of a section that hold a reason instead of a result on one side."""
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        return
    for part in sorted(set(old) & set(new)):
        reasons = [_reason(held[part]) for held in (old, new)]
        if bool(reasons[0]) != bool(reasons[1]):
            index = 0 if reasons[0] else 1
            yield NotCompared(part=f"{section}/{part}", reason=f"{names[index]}: {reasons[index]}")


def _reason(value: Any) -> str:
    return " ".join(str(value["reason"]).split()) if isinstance(value, Mapping) and set(value) == {"reason"} else ""
