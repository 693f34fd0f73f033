"""The ledgers: predictions/<id>/ledger.jsonl holds the events of one prediction, predictions/SEALS.jsonl anchors them all.

Every ledger line is anchored by one line of SEALS.jsonl that carries its hash, so that cutting the end off one file shows in
the other. Appending takes a lock, verifies both chains first, and replaces each file as a whole.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from generator.core import CapewatchError, Problem, write_atomic
from generator.predictions.book import FOLDER
from generator.predictions.chain import Chain, Line, next_line, read_chain
from generator.predictions.instants import Instant, InstantError
from generator.predictions.standing import State

LEDGER = "ledger.jsonl"
SEALS = "SEALS.jsonl"

#: event -> the events it may follow (None: the start of a ledger)
EVENTS: Mapping[str, tuple[str | None, ...]] = {
    "sealed": (None, "sealed", "waiver", "evaluated"),
    "waiver": ("sealed", "waiver", "evaluated", "resolved", "reopened", "annulled"),
    "evaluated": ("sealed", "waiver", "evaluated", "reopened"),
    "resolved": ("sealed", "waiver", "evaluated", "reopened"),
    "reopened": ("resolved", "annulled"),
    "annulled": ("sealed", "waiver", "evaluated", "reopened"),
}
#: what the body of each event must hold
BODIES: Mapping[str, tuple[str, ...]] = {
    "sealed": ("sha256", "fields", "ambiguities"),
    "waiver": ("reason", "sha256", "fields", "ambiguities"),
    "evaluated": ("state", "standing", "values"),
    "resolved": ("outcome", "values", "panel_sha256", "code_version", "evidence"),
    "reopened": ("reason",),
    "annulled": ("reason",),
}


def ledger_path(root: Path, identity: str) -> Path:
    return root / FOLDER / identity / LEDGER


def seals_path(root: Path) -> Path:
    return root / FOLDER / SEALS


def read_ledger(root: Path, identity: str) -> Chain:
    """The events of one prediction, verified on their own."""
    return read_chain(ledger_path(root, identity), shown_as=f"{FOLDER}/{identity}/{LEDGER}")


def read_seals(root: Path) -> Chain:
    """The anchors of all ledgers, verified on their own."""
    return read_chain(seals_path(root), shown_as=f"{FOLDER}/{SEALS}")


def append_event(root: Path, identity: str, event: str, body: Mapping[str, Any], *, at: str) -> Line:
    """Append one event to a ledger and anchor it. Nothing is written unless both chains are whole.

    at: an instant with a zone, not before the last event. Raises CapewatchError for an unknown event, an event that cannot
    follow the last one, a body without its keys, or chains that do not verify. An event whose anchor was lost when an earlier
    run was killed between the two writes is anchored first.
    """
    with locked(root):
        ledger, seals = read_ledger(root, identity), read_seals(root)
        seals = _completed(root, identity, ledger, seals)
        _require_sound([*ledger.problems, *seals.problems, *anchor_problems(identity, ledger, seals)])
        moment = instant(at).iso
        _allowed(identity, ledger, event, body, moment)
        line = next_line(ledger, at=moment, event=event, prediction=identity, body=body)
        anchor = _anchor(seals, line)
        write_atomic(ledger_path(root, identity), ledger.raw + line.text.encode())
        write_atomic(seals_path(root), seals.raw + anchor.text.encode())
    return line


def anchor_problems(identity: str, ledger: Chain, seals: Chain) -> list[Problem]:
    """Where a ledger and its anchors disagree. Only meaningful when both chains are whole in themselves."""
    anchors = [line for line in seals.lines if line.prediction == identity]
    problems = []
    for number, (line, anchor) in enumerate(zip(ledger.lines, anchors, strict=False), start=1):
        if anchor.body.get("line") != line.hash or anchor.event != line.event or anchor.at != line.at:
            problems.append(
                Problem(
                    ledger.path,
                    number,
                    "altered-line",
                    f"the line is not the one anchored in {SEALS}, line {anchor.sequence}",
                )
            )
            break
    if len(ledger.lines) < len(anchors):
        lost = anchors[len(ledger.lines)]
        problems.append(
            Problem(
                ledger.path, len(ledger.lines) + 1, "removed-line", f"an event is missing: {lost.event} at {lost.at}",
                hint=f"{SEALS} line {lost.sequence} anchors it; restore the ledger from history",
            )
        )  # fmt: skip
    if len(ledger.lines) > len(anchors):
        extra = ledger.lines[len(anchors)]
        problems.append(
            Problem(
                ledger.path, extra.sequence, "unanchored-event", f"{SEALS} does not know the event {extra.event} at {extra.at}",
                hint=f"restore {SEALS} from history; if a run was killed while writing, the next one completes it",
            )
        )  # fmt: skip
    return problems


def event_problems(chain: Chain, identity: str) -> Iterator[Problem]:
    """Events that could not have been appended: out of order, of another prediction, or without their keys."""
    last: str | None = None
    for line in chain.lines:
        why = _refusal(line.event, line.body, last)
        if line.prediction != identity:
            why = f"the line belongs to {line.prediction!r}"
        if why:
            yield Problem(chain.path, line.sequence, "bad-event", why, allowed=", ".join(EVENTS))
        last = line.event


def recorded_state(chain: Chain, *, until: str | None = None) -> State | None:
    """What the ledger holds at an instant in UTC (None: now): the outcome of the last resolution, annulled, or None."""
    state: State | None = None
    for line in chain.lines:
        if until is not None and line.at > until:
            break
        if line.event == "resolved":
            state = line.body["outcome"]
        elif line.event == "annulled":
            state = "annulled"
        elif line.event == "reopened":
            state = None
    return state


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """Hold the lock of the predictions folder (the folder itself, so that no lock file is left behind)."""
    folder = root / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _completed(root: Path, identity: str, ledger: Chain, seals: Chain) -> Chain:
    """The anchors with that of the ledger's last event, when exactly this one is missing."""
    anchors = [line for line in seals.lines if line.prediction == identity]
    if ledger.problems or seals.problems or len(ledger.lines) != len(anchors) + 1:
        return seals
    if any(anchor.body.get("line") != line.hash for anchor, line in zip(anchors, ledger.lines, strict=False)):
        return seals
    anchor = _anchor(seals, ledger.lines[-1])
    write_atomic(seals_path(root), seals.raw + anchor.text.encode())
    return read_seals(root)


def _anchor(seals: Chain, line: Line) -> Line:
    body: dict[str, Any] = {"line": line.hash}
    if "sha256" in line.body:
        body["sha256"] = line.body["sha256"]
    at = max(line.at, seals.lines[-1].at) if seals.lines else line.at
    if at != line.at:
        raise CapewatchError(
            f"{line.prediction}: the event is dated {line.at}, before the last event of another prediction ({at})",
            hint="events are appended in the order of time",
        )
    return next_line(seals, at=at, event=line.event, prediction=line.prediction, body=body)


def instant(at: str) -> Instant:
    """The time of an event; CapewatchError when the text names no instant."""
    try:
        return Instant.parse(at)
    except InstantError as error:
        raise CapewatchError(f"the time of the event: {error}") from None


def _allowed(identity: str, ledger: Chain, event: str, body: Mapping[str, Any], at: str) -> None:
    last = ledger.lines[-1] if ledger.lines else None
    why = _refusal(event, body, last.event if last else None)
    if why:
        raise CapewatchError(f"{identity}: {why}", hint=f"events: {', '.join(EVENTS)}")
    if last and at < last.at:
        raise CapewatchError(
            f"{identity}: the event is dated {at}, before the last one ({last.at})",
            hint="a ledger runs forward in time",
        )


def _refusal(event: str, body: Mapping[str, Any], last: str | None) -> str:
    """Why an event cannot follow the last one, or ''."""
    if event not in EVENTS:
        return f"unknown event {event!r}"
    if last not in EVENTS[event]:
        return f"{event!r} cannot follow {last!r}" if last else f"a ledger starts with 'sealed', not with {event!r}"
    missing = [name for name in BODIES[event] if name not in body]
    return f"{event!r} lacks {', '.join(missing)}" if missing else ""


def _require_sound(problems: Sequence[Problem]) -> None:
    if problems:
        raise CapewatchError(
            "the ledgers do not verify, so nothing is appended\n"
            + "\n".join(problem.text() for problem in sorted(problems)),
            hint="restore the files from history",
        )
