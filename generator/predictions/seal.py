"""What is sealed, and whether a file still is what was sealed.

Sealed: every key of prediction.yaml except `ambiguities` and `notes`: the statement, its origin, all dates, tracks, metrics and
conditions. The seal is the sha256 of the canonical JSON of those keys as parsed (so comments, order and layout do not matter,
and an editor can re-indent the file). Ambiguities may be appended later, with the day they were added, and never altered or
removed. A declared change of a sealed key needs a `waiver` event with its reason; the old seal stays in the ledger.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from generator.core import CapewatchError, Problem, WrongCall, canonical_json, sha256_bytes
from generator.predictions.book import Book, load_predictions
from generator.predictions.chain import Chain, Line
from generator.predictions.ledger import append_event, instant, read_ledger
from generator.schema.yamlfile import Document

UNSEALED = ("ambiguities", "notes")


def sealed_text(data: Mapping[str, Any]) -> str:
    """Canonical JSON of the sealed keys of a parsed file: the text whose sha256 is the seal, and which a timestamp stamps."""
    return canonical_json({key: value for key, value in data.items() if key not in UNSEALED})


def seal_of(data: Mapping[str, Any]) -> dict[str, Any]:
    """The seal as events carry it: sha256, one sha256 a sealed key (to say which one changed), one an ambiguity."""
    return {
        "sha256": _digest({key: value for key, value in data.items() if key not in UNSEALED}),
        "fields": {key: _digest(value) for key, value in data.items() if key not in UNSEALED},
        "ambiguities": [_digest(item) for item in _items(data)],
    }


def _digest(value: Any) -> str:
    """sha256 of the canonical JSON; of a mark and the Python text for what JSON cannot hold (a file turned to NaN)."""
    try:
        return sha256_bytes(canonical_json(value))
    except ValueError:
        return sha256_bytes(f"no JSON: {value!r}".encode("utf-8", "backslashreplace"))


def _items(data: Mapping[str, Any]) -> list[Any]:
    """The ambiguities as parsed; whatever stands there instead of a list counts as one item."""
    found = data.get("ambiguities")
    return found if isinstance(found, list) else [] if found is None else [found]


def seal(root: Path, identity: str, *, at: str) -> Line:
    """Seal a prediction, or seal the ambiguities that were appended since.

    Raises CapewatchError when the file has problems, when the window is over, when a sealed key changed (that needs a waiver),
    or when everything is sealed already.
    """
    document = _sound(root, identity)
    current, last = seal_of(document.data), last_seal(read_ledger(root, identity))
    closes = document.data.get("closes")
    if closes and instant(at).utc >= instant(closes).utc:
        raise CapewatchError(
            f"{identity}: sealed at {at}, after its window closed ({closes})",
            hint="a prediction is sealed before its outcome",
        )
    if last is not None:
        problems = content_problems(document, last)
        if problems:
            raise CapewatchError(
                "\n".join(problem.text() for problem in problems),
                hint="a declared change needs a waiver with its reason",
            )
        if list(last.body["ambiguities"]) == current["ambiguities"]:
            raise CapewatchError(f"{identity}: already sealed at {last.at}; nothing was added since")
    return append_event(root, identity, "sealed", current, at=at)


def waive(root: Path, identity: str, *, at: str, reason: str) -> Line:
    """Declare a change of a sealed file: the new seal, with the reason. Raises CapewatchError without a reason or a change."""
    document = _sound(root, identity)
    last = last_seal(read_ledger(root, identity))
    if last is None:
        raise CapewatchError(f"{identity}: not sealed yet, so there is nothing to waive")
    if not reason.strip():
        raise WrongCall(f"{identity}: a waiver states its reason")
    current = seal_of(document.data)
    if current["sha256"] == last.body["sha256"] and current["ambiguities"] == list(last.body["ambiguities"]):
        raise CapewatchError(f"{identity}: the file is what was sealed at {last.at}; there is nothing to waive")
    changed = sorted(changed_fields(document.data, last))
    return append_event(root, identity, "waiver", {**current, "reason": reason.strip(), "changed": changed}, at=at)


def last_seal(ledger: Chain) -> Line | None:
    """The event whose seal is in force."""
    return next((line for line in reversed(ledger.lines) if line.event in ("sealed", "waiver")), None)


def changed_fields(data: Mapping[str, Any], sealed: Line) -> set[str]:
    """Sealed keys that were changed, added or removed since."""
    before, now = sealed.body["fields"], seal_of(data)["fields"]
    return {key for key in {*before, *now} if before.get(key) != now.get(key)}


def content_problems(document: Document, sealed: Line) -> list[Problem]:
    """Where a file is no longer what was sealed."""
    data = document.data
    problems = [
        document.problem(
            (key,), "sealed-field-changed", f"{key} was changed after sealing", found="removed" if key not in data else "another value",
            allowed=f"as sealed at {sealed.at}", hint="restore it; a declared change needs a waiver event",
        )
        for key in sorted(changed_fields(data, sealed))
    ]  # fmt: skip
    if not problems and seal_of(data)["sha256"] != sealed.body["sha256"]:
        problems.append(
            document.problem(
                (), "sealed-field-changed", "the file is not what was sealed", allowed=f"as sealed at {sealed.at}"
            )
        )
    return problems + _ambiguity_problems(document, sealed.body["ambiguities"], sealed)


def _ambiguity_problems(document: Document, before: Sequence[str], sealed: Line) -> list[Problem]:
    items = _items(document.data)
    now = seal_of(document.data)["ambiguities"]
    problems = []
    for index, digest in enumerate(before):
        if index >= len(now):
            problems.append(
                document.problem(
                    ("ambiguities",),
                    "sealed-field-changed",
                    "a sealed ambiguity was removed",
                    allowed=f"as sealed at {sealed.at}",
                )
            )
            break
        if now[index] != digest:
            problems.append(
                document.problem(
                    ("ambiguities", index), "sealed-field-changed", f"sealed ambiguity {index + 1} was changed or moved",
                    allowed=f"as sealed at {sealed.at}", hint="append a new one below instead",
                )
            )  # fmt: skip
    for index in range(len(before), len(now)):
        added = items[index].get("added") if isinstance(items[index], dict) else None
        if not isinstance(added, str) or added < sealed.at[:10]:
            problems.append(
                document.problem(
                    ("ambiguities", index), "undated-addition", "an ambiguity added after sealing says the day it was added",
                    found=repr(added), allowed=f"added: from {sealed.at[:10]}",
                )
            )  # fmt: skip
    return problems


def _sound(root: Path, identity: str) -> Document:
    book: Book = load_predictions(root)
    book.get(identity)
    return book.predictions[identity].document
