"""OpenTimestamps: ask a public calendar to timestamp a seal, and keep its answer as predictions/<id>/seal.ots.

A calendar takes the 32 bytes of a digest and answers with the operations that lead from it to its promise; the proof file is
a head (see `generator.predictions.timestamps`), the digest and that answer. Format: opentimestamps.org, detached proofs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from generator.core import CapewatchError, write_atomic
from generator.predictions import load_predictions, read_ledger
from generator.predictions.seal import last_seal
from generator.predictions.timestamps import MAGIC, PROOF, SHA256_OP, VERSION, parse_proof

MAX_ANSWER = 10_000
#: The mark of a calendar's promise inside its answer (a pending attestation).
PENDING = bytes.fromhex("83dfe30d2ef90c8e")
Post = Callable[[str, bytes], bytes]


@dataclass(frozen=True)
class Stamped:
    """What happened to one prediction; problem is empty when the proof was written."""

    id: str
    digest: str
    problem: str = ""


def unstamped(root: Path) -> list[tuple[str, str]]:
    """(id, sha256 of the seal) of every sealed prediction without a proof, sorted by id."""
    found = []
    for prediction in load_predictions(root).ordered():
        seal = last_seal(read_ledger(root, prediction.id))
        if seal is not None and not (root / "predictions" / prediction.id / PROOF).exists():
            found.append((prediction.id, str(seal.body["sha256"])))
    return sorted(found)


def stamp_all(root: Path, wanted: Iterable[tuple[str, str]], *, calendars: list[str], post: Post) -> list[Stamped]:
    """Ask the calendars in turn for each seal; a calendar that fails never stops the others, nor is a proof replaced."""
    return [_stamp(root, identity, digest, calendars, post) for identity, digest in wanted]


def _stamp(root: Path, identity: str, digest: str, calendars: list[str], post: Post) -> Stamped:
    problems = []
    for calendar in calendars:
        try:
            answer = post(f"{calendar.rstrip('/')}/digest", bytes.fromhex(digest))
            proof = proof_of(digest, answer)
        except (CapewatchError, ValueError) as error:
            problems.append(f"{calendar}: {error}")
            continue
        write_atomic(root / "predictions" / identity / PROOF, proof)
        return Stamped(identity, digest)
    return Stamped(identity, digest, "; ".join(problems) or "no calendar was named")


def proof_of(digest: str, answer: bytes) -> bytes:
    """The proof file for a calendar's answer; ValueError when the answer holds no promise."""
    if len(answer) > MAX_ANSWER or PENDING not in answer:
        raise ValueError("the answer is no promise of a calendar")
    proof = MAGIC + bytes([VERSION, SHA256_OP]) + bytes.fromhex(digest) + answer
    parse_proof(proof)
    return proof
