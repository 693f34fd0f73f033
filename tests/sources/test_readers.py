"""Bytes that are not what they should be: bombs, cut-off archives, aliases, NaN, ragged rows."""

from __future__ import annotations

import io
import zipfile

import pytest

from generator.sources import readers
from generator.sources.rows import Rows
from tests.sources.payloads import zipped


def reasons(rows: Rows) -> list[str]:
    return [rejection.reason for rejection in rows.rejections]


def test_a_member_that_unpacks_a_thousandfold_is_refused() -> None:
    rows = Rows()
    bomb = zipped({"a.csv": b"0" * (8 * 2**20)})
    assert len(bomb.data) < 20_000
    assert readers.members(rows, bomb.name, bomb.data) == {}
    assert reasons(rows) == ["archive-refused"]
    assert "compression ratio above 200" in rows.rejections[0].detail


def test_too_many_members_are_refused() -> None:
    rows = Rows()
    archive = zipped({f"{i}.csv": b"" for i in range(readers.MAX_MEMBERS + 1)})
    assert readers.members(rows, archive.name, archive.data) == {}
    assert rows.rejections[0].detail == "501 members, allowed 500"


def test_a_total_above_the_limit_is_refused_before_anything_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "MAX_TOTAL_BYTES", 100)
    rows = Rows()
    archive = zipped({"a.csv": b"x" * 60, "b.csv": b"y" * 60})
    assert readers.members(rows, archive.name, archive.data) == {}
    assert reasons(rows) == ["archive-refused"]


def test_a_member_that_lies_about_its_size_is_refused_or_damaged() -> None:
    archive = zipped({"a.csv": b"x,y\n" * 1000})
    # The size stands in the central directory; a smaller number there must not open a larger member.
    lying = archive.data.replace((4000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert lying != archive.data
    rows = Rows()
    assert readers.members(rows, archive.name, lying) == {}
    assert reasons(rows) in (["archive-refused"], ["truncated"])


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9, 0.99])
def test_a_cut_off_archive_is_truncated(keep: float) -> None:
    archive = zipped({"a.csv": bytes(range(256)) * 40})
    rows = Rows()
    assert readers.members(rows, archive.name, archive.data[: int(len(archive.data) * keep)]) == {}
    assert reasons(rows) == ["truncated"]


def test_an_archive_of_unknown_compression_is_refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a.csv", b"x")
    data = bytearray(buffer.getvalue())
    for signature, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        position = data.index(signature) + offset
        data[position : position + 2] = (99).to_bytes(2, "little")
    rows = Rows()
    assert readers.members(rows, "a.zip", bytes(data)) == {}
    assert len(rows.rejections) == 1


@pytest.mark.parametrize(
    "text", [b"[NaN]", b"[Infinity]", b"{", b"\xff\xfe", b"[" * 100_000, b"[1" + b"0" * 5000 + b"]"]
)
def test_what_is_no_json_is_one_rejection(text: bytes) -> None:
    rows = Rows()
    assert readers.tree(rows, "a.json", text) is None
    assert reasons(rows) == ["not-json"]


def test_yaml_aliases_are_refused() -> None:
    rows = Rows()
    bomb = b"a: &a [1,1,1]\nb: &b [*a,*a,*a]\nc: [*b,*b,*b]\n"
    assert readers.yaml_text(rows, "a.yml", bomb) is None
    assert reasons(rows) == ["not-yaml"]


def test_yaml_scalars_stay_text() -> None:
    assert readers.yaml_text(Rows(), "a.yml", b"- date: 2026-13-01\n  n: 0123\n  yes: no\n") == [
        {"date": "2026-13-01", "n": "0123", "yes": "no"}
    ]


def test_yaml_that_builds_python_objects_builds_none() -> None:
    found = readers.yaml_text(Rows(), "a.yml", b"!!python/object/apply:os.system ['true']\n")
    assert found == ["true"]


def test_csv_cells_may_hold_newlines_and_a_byte_order_mark_is_skipped() -> None:
    data = '\ufeffa,b\n"one\ntwo",2\n'.encode()
    assert list(readers.table(Rows(), "a.csv", data, required=("a", "b"))) == [("a.csv#1", {"a": "one\ntwo", "b": "2"})]


@pytest.mark.parametrize(
    ("header", "detail"),
    [("a", "missing: b"), ("a,b,c", "unknown: c"), ("a,b,b", "twice: b"), ("b,c", "missing: a; unknown: c")],
)
def test_an_unknown_column_set_is_named(header: str, detail: str) -> None:
    rows = Rows()
    assert list(readers.table(rows, "a.csv", f"{header}\n1,2\n".encode(), required=("a", "b"), known=("a", "b"))) == []
    assert [(r.reason, r.detail) for r in rows.rejections] == [("unknown-columns", detail)]


def test_a_row_with_too_few_cells_is_rejected_alone() -> None:
    rows = Rows()
    found = list(readers.table(rows, "a.csv", b"a,b\n1\n2,3\n", required=("a", "b")))
    assert [locator for locator, _ in found] == ["a.csv#2"]
    assert [(r.locator, r.reason) for r in rows.rejections] == [("a.csv#1", "ragged-row")]


@pytest.mark.parametrize("data", [b"", b"\xff", b'"a', b"\x00\x00"])
def test_what_is_no_table_is_one_rejection(data: bytes) -> None:
    rows = Rows()
    assert list(readers.table(rows, "a.csv", data, required=("a",))) == []
    assert len(rows.rejections) == 1
