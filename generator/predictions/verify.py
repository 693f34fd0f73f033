"""Is the registry of predictions whole? Chains, anchors, seals, proofs, and history where git is there."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from generator.core import Problem
from generator.predictions.book import FILE, FOLDER, Book, load_predictions
from generator.predictions.chain import Chain, parse_chain
from generator.predictions.githistory import has_history, versions
from generator.predictions.instants import Instant, InstantError
from generator.predictions.ledger import LEDGER, SEALS, anchor_problems, event_problems, read_ledger, read_seals
from generator.predictions.seal import content_problems, last_seal
from generator.predictions.timestamps import proof_problems
from generator.schema.yamlfile import Document

#: How long a line may be older than the commit that brings it: a pull request can wait that long.
COMMIT_DELAY = dt.timedelta(days=14)
#: Clocks differ; a line may be this much younger than its commit.
CLOCK_SKEW = dt.timedelta(days=1)


def verify(root: Path, *, book: Book | None = None, history: bool = True) -> list[Problem]:
    """Every way in which the registry under `root` is not what was sealed and appended, sorted.

    history: also compare with the commits, where `root` is a git work tree with its full history.
    """
    book = book or load_predictions(root)
    seals = read_seals(root)
    problems = list(seals.problems)
    folders = (
        sorted(path.name for path in (root / FOLDER).iterdir() if path.is_dir()) if (root / FOLDER).is_dir() else []
    )
    for name in folders:
        problems += _one(root, name, seals, book)
    for identity in sorted({line.prediction for line in seals.lines} - set(folders)):
        problems.append(
            Problem(
                seals.path,
                0,
                "removed-prediction",
                f"the folder of the sealed prediction {identity!r} is gone",
                hint="restore it from history",
            )
        )
    if history and has_history(root):
        problems += _history(root, folders, book)
    return sorted(set(problems))


def _one(root: Path, name: str, seals: Chain, book: Book) -> list[Problem]:
    ledger = read_ledger(root, name)
    problems = [*ledger.problems, *event_problems(ledger, name)]
    if not ledger.problems and not seals.problems:
        problems += anchor_problems(name, ledger, seals)
    document = book.documents.get(name)
    sealed = last_seal(ledger)
    if document is not None and sealed is not None and not any(p.code == "bad-event" for p in problems):
        if isinstance(document.data, dict):
            problems += content_problems(document, sealed)
        else:
            problems.append(document.problem((), "sealed-field-changed", "the sealed file can no longer be read"))
    elif document is not None and not ledger.lines and not ledger.problems:
        problems.append(
            document.problem(
                (),
                "not-sealed",
                "the prediction is not sealed yet",
                hint="it can still be edited; seal it to register it",
                severity="warning",
            )
        )
    digests = {
        str(line.body["sha256"])
        for line in ledger.lines
        if line.event in ("sealed", "waiver") and "sha256" in line.body
    }
    return problems + proof_problems(root / FOLDER / name, shown_as=f"{FOLDER}/{name}", seals=digests)


def _history(root: Path, folders: list[str], book: Book) -> list[Problem]:
    problems = _appended_only(root, f"{FOLDER}/{SEALS}")
    for name in folders:
        problems += _appended_only(root, f"{FOLDER}/{name}/{LEDGER}")
        problems += _registered(root, name, book.documents.get(name))
    return problems


def _appended_only(root: Path, path: str) -> list[Problem]:
    """Each committed version must be a beginning of the file, and each line no older than its commit allows."""
    current = (root / path).read_bytes() if (root / path).is_file() else b""
    known: set[str] = set()
    problems = []
    for version in versions(root, path):
        if not current.startswith(version.content):
            at = version.at.date().isoformat()
            problems.append(
                Problem(path, 0, "rewritten-history", f"the file does not continue what commit {version.commit[:10]} of {at} held",
                        hint="a ledger is only ever appended to; restore the committed lines")
            )  # fmt: skip
            break
        for line in parse_chain(version.content, shown_as=path).lines:
            if line.hash not in known:
                known.add(line.hash)
                problems += _dated(path, line.sequence, line.at, version.at, version.commit)
    return problems


def _dated(path: str, number: int, at: str, committed: dt.datetime, commit: str) -> list[Problem]:
    moment = dt.datetime.fromisoformat(at)
    if committed - COMMIT_DELAY <= moment <= committed + CLOCK_SKEW:
        return []
    return [
        Problem(path, number, "back-dated", f"the event does not fit commit {commit[:10]}, which brought it", found=at,
                allowed=f"{(committed - COMMIT_DELAY).date()} to {(committed + CLOCK_SKEW).date()}")
    ]  # fmt: skip


def _registered(root: Path, name: str, document: Document | None) -> list[Problem]:
    """A prediction made here cannot have been registered long before its file was first committed."""
    path = f"{FOLDER}/{name}/{FILE}"
    first = next(iter(versions(root, path)), None)
    data = document.data if document else None
    if first is None or document is None or not isinstance(data, dict):
        return []
    origin = data.get("origin")
    if not isinstance(origin, dict) or origin.get("kind") == "paper":
        return []
    try:
        registered = Instant.parse(str(data.get("registered_at")))
    except InstantError:
        return []
    if registered.utc >= first.at - COMMIT_DELAY:
        return []
    return [
        document.problem(("registered_at",), "back-dated", "registered long before the file was first committed", found=registered.text,
                         allowed=f"from {(first.at - COMMIT_DELAY).date()}")
    ]  # fmt: skip
