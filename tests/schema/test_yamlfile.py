"""Reading files of strangers: every fault is a problem with a line, nothing raises, nothing explodes."""

from __future__ import annotations

import math
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generator.schema.yamlfile import MAX_BYTES, read_yaml


def read(tmp_path: Path, content: bytes | str):
    path = tmp_path / "file.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_yaml(path, shown_as="data/file.yaml")


def codes(document) -> list[str]:
    return [problem.code for problem in document.problems]


def test_scalars_follow_yaml_1_2_and_dates_stay_text(tmp_path):
    document = read(
        tmp_path,
        "a: on\nb: 0123\nc: 2026-13-01\nd: 7_000\ne: 1e3\nf: true\ng: ~\nh: '5'\ni: 1.5.2\nj: -3\nk: .nan\nl: NaN\nm: 12:30\n",
    )
    data = document.data
    assert math.isnan(data.pop("k"))
    assert data == {
        "a": "on", "b": "0123", "c": "2026-13-01", "d": 7000, "e": 1000.0, "f": True, "g": None, "h": "5", "i": "1.5.2", "j": -3,
        "l": "NaN", "m": "12:30",
    }  # fmt: skip
    assert document.problems == []


def test_every_key_and_item_knows_its_line(tmp_path):
    document = read(tmp_path, "a:\n  - b: 1\n    c: 2\n  - b: 3\nd: 4\n")
    assert document.line(("a", 0, "c")) == 3
    assert document.line(("a", 1)) == 4
    assert document.line(("a", 1, "missing", "deeper")) == 4
    assert document.line(("d",)) == 5


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        (b"", "empty-file", 1),
        (b"# only a comment\n", "empty-file", 1),
        (b"a: 1\nb: \xff\n", "wrong-encoding", 2),
        (b"a: 1\nb:\n\t- 2\n", "tab-indent", 3),
        (b"a: 1\na: 2\n", "duplicate-key", 2),
        (b"a: &x [1]\nb: *x\n", "yaml-alias", 2),
        (b"a: &x [*x]\n", "yaml-alias", 1),
        (b"a: [1, 2\n", "yaml-syntax", 2),
        (b"a: b: c\n", "yaml-syntax", 1),
        (b"? [a]\n: 1\n", "bad-key", 1),
        (b"a: 1\n---\nb: 2\n", "yaml-syntax", 2),
        (b"a: 1\nb: !!python/object/apply:os.system [ls]\n", "yaml-tag", 2),
        (b"a: !!binary aGk=\n", "yaml-tag", 1),
        (b"a: 1\nb: " + b"9" * 5000 + b"\n", "not-a-number", 2),
        (b"a: 1\n" + b"k" * 500 + b": 1\n", "bad-key", 2),
        (b"a:\n  " + b"[" * 500_000, "too-deep", 2),
        (b"a:\n  " + b"- " * 300_000 + b"x", "too-deep", 2),
    ],
)
def test_a_fault_is_one_problem_with_its_line(tmp_path, content, code, line):
    document = read(tmp_path, content)
    assert codes(document) == [code]
    assert document.problems[0].line == line
    assert document.problems[0].path == "data/file.yaml"


def test_an_alias_bomb_is_refused_without_growing(tmp_path):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"] + [
        f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)
    ]
    started = time.perf_counter()
    document = read(tmp_path, "\n".join(lines))
    assert "yaml-alias" in codes(document)
    assert time.perf_counter() - started < 1


def test_a_huge_file_is_refused_unread(tmp_path):
    path = tmp_path / "file.yaml"
    with path.open("wb") as stream:
        stream.truncate(50_000_000)
    document = read_yaml(path, shown_as="file.yaml")
    assert codes(document) == ["file-too-large"]
    assert f"{MAX_BYTES:,}" in document.problems[0].allowed


def test_deep_nesting_is_refused(tmp_path):
    assert "too-deep" in codes(read(tmp_path, "a: " + "[" * 200 + "]" * 200))


def test_a_symbolic_link_is_refused(tmp_path):
    (tmp_path / "real.yaml").write_text("a: 1\n")
    (tmp_path / "link.yaml").symlink_to(tmp_path / "real.yaml")
    assert codes(read_yaml(tmp_path / "link.yaml", shown_as="link.yaml")) == ["symlink"]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=400) | st.text(alphabet="ab:-[]{}&*!|>'\"#%@`\n\t ?,0.~", max_size=200).map(str.encode))
def test_any_bytes_give_data_or_problems_and_never_raise(tmp_path, content):
    document = read(tmp_path, content)
    assert document.data is not None or document.problems or content.decode("utf-8-sig", "replace").strip()
