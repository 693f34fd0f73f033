"""No registry that was changed by hand ever verifies."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.core import canonical_json, sha256_bytes
from generator.predictions import (
    load_predictions,
    read_ledger,
    read_seals,
    verify,
)
from generator.predictions.chain import parse_chain
from generator.predictions.seal import seal_of
from tests.predictions.builders import prediction_text
from tests.predictions.registries import (
    PAPER,
    WithoutDates,
    codes,
    committed,
    files,
    registry,
)


@pytest.fixture(scope="module")
def restored(tmp_path_factory):
    """A function that puts one registry back as it was written and gives its folder."""
    root = registry(tmp_path_factory.mktemp("registry"))
    written = {path: path.read_bytes() for path in files(root)}

    def restore() -> Path:
        for path, content in written.items():
            path.write_bytes(content)
        return root

    return restore


def test_a_registry_written_by_its_own_functions_verifies(tmp_path):
    assert verify(registry(tmp_path)) == []
    assert [line.event for line in read_ledger(tmp_path, "one").lines] == ["sealed", "evaluated"]
    assert [(line.prediction, line.event) for line in read_seals(tmp_path).lines] == [
        ("one", "sealed"), ("two", "sealed"), ("one", "evaluated"), ("two", "evaluated"),
    ]  # fmt: skip


def test_the_seal_is_the_sha256_of_the_canonical_json_of_the_sealed_keys(tmp_path):
    root = registry(tmp_path)
    data = yaml.load((root / "predictions/one/prediction.yaml").read_text(), Loader=WithoutDates)
    data.pop("ambiguities")
    expected = sha256_bytes(canonical_json(data))
    assert read_ledger(root, "one").lines[0].body["sha256"] == expected
    assert read_seals(root).lines[0].body["sha256"] == expected


def test_each_line_carries_the_hash_of_the_one_before_and_its_own(tmp_path):
    rows = [json.loads(text) for text in (registry(tmp_path) / "predictions/one/ledger.jsonl").read_text().splitlines()]
    assert rows[0]["previous"] == "0" * 64
    for before, row in zip([None, *rows], rows, strict=False):
        stated = row.pop("hash")
        assert stated == sha256_bytes(canonical_json(row))
        if before is not None:
            assert row["previous"] == before["hash"]
        row["hash"] = stated


LEDGERS = ["predictions/one/ledger.jsonl", "predictions/SEALS.jsonl"]
CLASSES = {
    "digit": b"0123456789", "lower": b"abcdefghijklmnopqrstuvwxyz", "upper": b"ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "punctuation": b"\"{}[]:,.-_\\/", "space": b" \t", "newline": b"\n\r", "control": b"\x00\x07\x1b", "high": b"\x80\xc3\xff",
}  # fmt: skip


@pytest.mark.parametrize("path", LEDGERS)
@pytest.mark.parametrize("kind", CLASSES)
def test_no_byte_of_any_class_can_be_put_in_the_place_of_another(tmp_path, path, kind):
    """At a sample of positions that hits every class of byte in the file, replaced by each byte of a class."""
    target = registry(tmp_path) / path
    raw = target.read_bytes()
    for position in range(0, len(raw), 37):
        for byte in CLASSES[kind][:4]:
            if raw[position] != byte:
                target.write_bytes(raw[:position] + bytes([byte]) + raw[position + 1 :])
                assert codes(tmp_path), (position, byte)
    target.write_bytes(raw)
    assert not codes(tmp_path)


@pytest.mark.parametrize("path", LEDGERS)
def test_no_byte_can_be_inserted_or_deleted(tmp_path, path):
    target = registry(tmp_path) / path
    raw = target.read_bytes()
    for position in range(0, len(raw) + 1, 29):
        for changed in (
            raw[:position] + b" " + raw[position:],
            raw[:position] + b"0" + raw[position:],
            raw[:position] + b"\n" + raw[position:],
        ):
            target.write_bytes(changed)
            assert codes(tmp_path), position
        if position < len(raw):
            target.write_bytes(raw[:position] + raw[position + 1 :])
            assert codes(tmp_path), position


@pytest.mark.parametrize(
    ("path", "change", "code"),
    [
        ("predictions/one/ledger.jsonl", lambda lines: lines[1:], "broken-chain"),
        ("predictions/one/ledger.jsonl", lambda lines: lines[:-1], "removed-line"),
        ("predictions/one/ledger.jsonl", lambda lines: [], "removed-line"),
        ("predictions/one/ledger.jsonl", lambda lines: lines[::-1], "broken-chain"),
        ("predictions/one/ledger.jsonl", lambda lines: [*lines, lines[-1]], "broken-chain"),
        ("predictions/one/ledger.jsonl", lambda lines: [lines[0], lines[1].rstrip(b"\n")], "broken-chain"),
        ("predictions/SEALS.jsonl", lambda lines: lines[1:], "broken-chain"),
        ("predictions/SEALS.jsonl", lambda lines: lines[:-1], "unanchored-event"),
        ("predictions/SEALS.jsonl", lambda lines: [], "unanchored-event"),
        ("predictions/SEALS.jsonl", lambda lines: [lines[1], lines[0], *lines[2:]], "broken-chain"),
    ],
)
def test_no_line_can_be_removed_reordered_repeated_or_cut(tmp_path, path, change, code):
    target = registry(tmp_path) / path
    target.write_bytes(b"".join(change(target.read_bytes().splitlines(keepends=True))))
    assert code in codes(tmp_path)


def test_a_line_that_was_rewritten_with_a_fresh_hash_breaks_the_anchor(tmp_path):
    root = registry(tmp_path)
    target = root / "predictions/one/ledger.jsonl"
    first, last = [json.loads(text) for text in target.read_text().splitlines()]
    last["body"]["standing"] = "on course to pass"
    last.pop("hash")
    last["hash"] = sha256_bytes(canonical_json(last))
    target.write_text(canonical_json(first) + canonical_json(last))
    assert codes(root) == {"altered-line"}


def test_a_line_rewritten_with_a_fresh_hash_is_not_the_one_the_next_line_follows(tmp_path):
    path = registry(tmp_path) / "predictions/SEALS.jsonl"
    first, *others = [json.loads(text) for text in path.read_text().splitlines()]
    first["body"]["sha256"] = "0" * 64
    first.pop("hash")
    first["hash"] = sha256_bytes(canonical_json(first))
    found = parse_chain("".join(canonical_json(row) for row in (first, *others)).encode(), shown_as="SEALS.jsonl")
    assert [(p.code, p.line) for p in found.problems] == [("broken-chain", 2)]
    assert len(found.lines) == 1


@pytest.mark.parametrize(
    "text",
    ["ambiguities: {a: 1}\n", "ambiguities: text\n", "ambiguities: [.nan]\n", "title: .nan\n", "title: [[[]]]\n"],
)
def test_a_sealed_file_turned_into_something_odd_is_a_changed_file_and_no_crash(tmp_path, text):
    root = registry(tmp_path)
    path = root / "predictions/one/prediction.yaml"
    key = text.split(":")[0]
    kept = prediction_text("one", origin=PAPER, **{key: None})
    path.write_text(kept + text)
    assert "sealed-field-changed" in codes(root)


def test_a_ledger_of_another_prediction_does_not_fit(tmp_path):
    root = registry(tmp_path)
    shutil.copy(root / "predictions/two/ledger.jsonl", root / "predictions/one/ledger.jsonl")
    assert {"bad-event", "altered-line"} <= codes(root)


def test_a_removed_folder_or_file_is_missed(tmp_path):
    root = registry(tmp_path)
    (root / "predictions/one/prediction.yaml").unlink()
    assert "sealed-field-changed" in codes(root) or any(
        p.code == "missing-file" for p in load_predictions(root).problems
    )
    shutil.rmtree(root / "predictions/one")
    assert codes(root) == {"removed-prediction"}


def test_a_changed_sealed_field_is_named_with_its_line(tmp_path):
    root = registry(tmp_path)
    path = root / "predictions/one/prediction.yaml"
    path.write_text(
        path.read_text().replace("above: 0.5", "above: 0.4").replace("title: A title", "title: Another title")
    )
    found = [p for p in verify(root, history=False) if p.code == "sealed-field-changed"]
    assert [(p.line, p.subject) for p in found] == [
        (3, "title was changed after sealing"),
        (19, "pass was changed after sealing"),
    ]


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_any_changed_byte_of_a_file_either_shows_or_means_the_same(restored, data):
    """A byte in a comment or in the layout may change; a changed meaning never verifies."""
    root = restored()
    path = root / "predictions/one/prediction.yaml"
    raw = path.read_bytes()
    position = data.draw(st.integers(0, len(raw) - 1))
    byte = data.draw(st.integers(0, 255))
    before = load_predictions(root).documents["one"].data
    path.write_bytes(raw[:position] + bytes([byte]) + raw[position + 1 :])
    book = load_predictions(root)
    after = book.documents["one"].data
    clean = not [p for p in [*book.problems, *verify(root, history=False)] if p.severity == "error"]
    same = isinstance(after, dict) and seal_of(after) == seal_of(before)
    assert clean <= same


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_a_mutated_registry_never_verifies(restored, data):
    """One to three random edits of bytes or lines anywhere in the ledgers; an earlier state of all is the next test's case."""
    root = restored()
    before = {path: path.read_bytes() for path in files(root)}
    for _ in range(data.draw(st.integers(1, 3))):
        target = root / data.draw(st.sampled_from([*LEDGERS, "predictions/two/ledger.jsonl"]))
        raw = target.read_bytes()
        how = data.draw(st.sampled_from(["byte", "drop", "swap", "cut"]))
        lines = raw.splitlines(keepends=True)
        if how == "byte" and raw:
            position = data.draw(st.integers(0, len(raw) - 1))
            raw = raw[:position] + bytes([data.draw(st.integers(0, 255))]) + raw[position + 1 :]
        elif how == "drop" and lines:
            del lines[data.draw(st.integers(0, len(lines) - 1))]
            raw = b"".join(lines)
        elif how == "swap" and len(lines) > 1:
            at = data.draw(st.integers(0, len(lines) - 2))
            lines[at], lines[at + 1] = lines[at + 1], lines[at]
            raw = b"".join(lines)
        else:
            raw = raw[: data.draw(st.integers(0, len(raw)))]
        target.write_bytes(raw)
    after = {path: path.read_bytes() for path in files(root)}
    if any(not old.startswith(after[path]) for path, old in before.items()):
        assert codes(root)


def test_a_registry_wound_back_to_an_earlier_state_is_caught_by_its_history(tmp_path):
    """Cutting the same event off both files leaves an older registry, whole in itself: only history can tell."""
    root = committed(registry(tmp_path))
    for path in ("predictions/two/ledger.jsonl", "predictions/SEALS.jsonl"):
        lines = (root / path).read_bytes().splitlines(keepends=True)
        (root / path).write_bytes(b"".join(lines[:-1]))
    assert codes(root) == set()
    assert {p.code for p in verify(root)} == {"rewritten-history"}
