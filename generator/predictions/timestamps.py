"""OpenTimestamps proof files: is it a proof, and does it commit to the seal? Whether the Bitcoin chain holds it is not checked.

Format of a detached proof: 31 magic bytes, version (1), the code of the hash (0x08 for sha256), the digest of what was
stamped (32 bytes), then the operations that lead to an attestation. Verifying those needs block headers and is out of scope
here: `ots verify` does it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from generator.core import Problem

MAGIC = b"\x00OpenTimestamps\x00\x00Proof\x00\xbf\x89\xe2\xe8\x84\xe8\x92\x94"
VERSION = 1
SHA256_OP = 0x08
DIGEST_BYTES = 32
PROOF = "seal.ots"
_MAX_BYTES = 1_000_000


@dataclass(frozen=True)
class Proof:
    """digest: sha256 (hex) of what was stamped; operations: the bytes after it, unverified."""

    digest: str
    operations: bytes


def parse_proof(raw: bytes) -> Proof:
    """Read the head of a proof; ValueError says what is wrong."""
    if not raw.startswith(MAGIC):
        raise ValueError("the file does not start as an OpenTimestamps proof")
    rest = raw[len(MAGIC) :]
    if not rest or rest[0] != VERSION:
        raise ValueError(f"proof version {rest[0] if rest else 'missing'}; {VERSION} is known")
    if len(rest) < 2 or rest[1] != SHA256_OP:
        raise ValueError("the proof does not stamp a sha256")
    digest = rest[2 : 2 + DIGEST_BYTES]
    operations = rest[2 + DIGEST_BYTES :]
    if len(digest) < DIGEST_BYTES or not operations:
        raise ValueError("the proof is cut off")
    return Proof(digest.hex(), operations)


def proof_problems(folder: Path, *, shown_as: str, seals: set[str]) -> list[Problem]:
    """Problems of the proof in a prediction's folder; none when there is no proof. seals: sha256 of every seal of its ledger."""
    path = folder / PROOF
    if not path.exists() and not path.is_symlink():
        return []
    where = f"{shown_as}/{PROOF}"
    if path.is_symlink() or path.stat().st_size > _MAX_BYTES:
        return [
            Problem(
                where,
                0,
                "bad-proof",
                "the proof is a link or too large",
                allowed=f"a plain file up to {_MAX_BYTES:,} bytes",
            )
        ]
    try:
        proof = parse_proof(path.read_bytes())
    except ValueError as error:
        return [Problem(where, 0, "bad-proof", str(error), hint="stamp the sealed text again, or delete the file")]
    if proof.digest not in seals:
        return [
            Problem(where, 0, "wrong-proof", "the proof stamps something else than a seal of this prediction", found=proof.digest,
                    allowed=", ".join(sorted(seals)) or "no seal yet")
        ]  # fmt: skip
    return []
