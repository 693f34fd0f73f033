"""The registry against git, and against timestamp proofs."""

from __future__ import annotations

import pytest

from generator.core import sha256_bytes
from generator.predictions import (
    append_event,
    load_predictions,
    seal,
    sealed_text,
    verify,
)
from generator.predictions.timestamps import MAGIC, parse_proof
from tests.predictions.builders import write_prediction
from tests.predictions.registries import (
    AT,
    BODY,
    PAPER,
    codes,
    committed,
    edit,
    git,
    registry,
)


def test_a_registry_that_only_grew_agrees_with_its_history(tmp_path):
    root = committed(registry(tmp_path))
    append_event(root, "one", "evaluated", BODY, at="2026-12-01T00:00:00Z")
    assert verify(root) == []
    committed(root, at="2026-12-01T01:00:00Z")
    assert verify(root) == []


def test_a_registry_rebuilt_from_scratch_does_not_continue_its_history(tmp_path):
    root = committed(registry(tmp_path))
    for name in ("one/ledger.jsonl", "two/ledger.jsonl", "SEALS.jsonl"):
        (root / "predictions" / name).unlink()
    edit(root, "above: 0.5", "above: 0.35")
    seal(root, "one", at=AT)
    seal(root, "two", at=AT)
    assert codes(root) == set()  # the files alone agree with each other
    assert {p.code for p in verify(root)} == {"rewritten-history"}


def test_a_line_far_older_or_younger_than_its_commit_is_back_dated(tmp_path):
    root = committed(registry(tmp_path), at="2026-12-24T12:00:00Z")
    found = [p for p in verify(root) if p.code == "back-dated"]
    assert {p.path for p in found} == {
        "predictions/SEALS.jsonl",
        "predictions/one/ledger.jsonl",
        "predictions/two/ledger.jsonl",
    }
    other = tmp_path / "other"
    other.mkdir()
    committed(registry(other), at="2026-11-10T12:00:00Z")
    assert "back-dated" in {p.code for p in verify(other)}


def test_a_prediction_made_here_cannot_be_registered_long_before_its_first_commit(tmp_path):
    write_prediction(tmp_path, registered_at="2026-05-13T23:59:59Z")
    committed(tmp_path)
    assert [(p.code, p.line) for p in verify(tmp_path) if p.severity == "error"] == [("back-dated", 11)]


def test_a_paper_registered_elsewhere_may_be_older_than_the_file(tmp_path):
    write_prediction(tmp_path, origin=PAPER)
    committed(tmp_path)
    assert [p.code for p in verify(tmp_path)] == ["not-sealed"]


def test_a_folder_without_git_or_without_commits_has_no_history_to_disagree_with(tmp_path):
    root = registry(tmp_path)
    assert verify(root) == []
    git(root, "init", "-q")
    assert verify(root) == []


def proof(digest: bytes, tail: bytes = b"\x00\x05\x88\x96") -> bytes:
    return MAGIC + b"\x01\x08" + digest + tail


def test_a_proof_that_stamps_the_seal_is_accepted_and_any_other_refused(tmp_path):
    root = registry(tmp_path)
    document = load_predictions(root).documents["one"]
    digest = bytes.fromhex(sha256_bytes(sealed_text(document.data)))
    path = root / "predictions/one/seal.ots"
    path.write_bytes(proof(digest))
    assert codes(root) == set()
    path.write_bytes(proof(bytes(32)))
    assert codes(root) == {"wrong-proof"}


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "does not start"),
        (b"\x00" + MAGIC, "does not start"),
        (MAGIC, "version missing"),
        (MAGIC + b"\x02\x08" + bytes(32) + b"\x00", "version 2"),
        (MAGIC + b"\x01\x03" + bytes(20) + b"\x00", "does not stamp a sha256"),
        (MAGIC + b"\x01\x08" + bytes(31), "cut off"),
        (MAGIC + b"\x01\x08" + bytes(32), "cut off"),
    ],
)
def test_what_is_no_proof_says_why(tmp_path, raw, words):
    with pytest.raises(ValueError, match=words):
        parse_proof(raw)
    root = registry(tmp_path)
    (root / "predictions/one/seal.ots").write_bytes(raw)
    assert codes(root) == {"bad-proof"}
