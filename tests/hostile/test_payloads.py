"""Hostile answers of leaderboards: every reader is total, bounded, and takes no number that is none."""

from __future__ import annotations

import json
import math
import re
import time

import pytest

from generator import snapshots
from generator.snapshots import store
from generator.sources.adapters import aider, swebench
from generator.sources.catalogue import Gates
from generator.sources.gates import check
from generator.sources.readers import members, table
from generator.sources.rows import FATAL_REASONS, Rows
from tests.hostile.corpus import ARCHIVES, PAYLOADS, TABLES, TEXTS, YAML_PAYLOADS
from tests.snapshots.readings import reading
from tests.sources.payloads import capture


def sound(parsed) -> None:
    """Scores in their range, text without controls, everything else rejected with a reason."""
    for row in parsed.observations.to_dict("records"):
        assert math.isfinite(row["value"])
        assert 0 <= row["value"] <= 100
        assert 0 < len(row["model"]) <= 300
        assert all(
            "\n" not in str(value) and "\x00" not in str(value) and "\x1b" not in str(value) for value in row.values()
        )
        "".join(map(str, row.values())).encode()
    for rejection in parsed.rejections:
        assert rejection.reason
        assert len(rejection.detail) <= 200
    assert len(parsed.observations) or check(parsed, Gates(), None), "a gate stops what holds no row"


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_hostile_answer_becomes_sound_rows_or_counted_rejections(name: str) -> None:
    sound(swebench.parse([capture("leaderboards.json", PAYLOADS[name])]))


@pytest.mark.parametrize("name", YAML_PAYLOADS)
def test_a_hostile_yaml_answer_becomes_sound_rows_or_counted_rejections(name: str) -> None:
    started = time.monotonic()
    sound(aider.parse([capture("polyglot_leaderboard.yml", YAML_PAYLOADS[name])]))
    assert time.monotonic() - started < 20


@pytest.mark.parametrize("name", ARCHIVES)
def test_a_hostile_archive_is_refused_whole(name: str) -> None:
    rows = Rows()
    assert members(rows, "x.zip", ARCHIVES[name]) == {}
    assert [rejection.reason in FATAL_REASONS for rejection in rows.rejections] == [True]


@pytest.mark.parametrize("name", TABLES)
def test_a_hostile_table_is_refused_or_gives_rows_of_its_header(name: str) -> None:
    rows = Rows()
    found = list(table(rows, "x.csv", TABLES[name], required=("model", "value"), known=("model", "value")))
    assert found or rows.rejections
    assert all(set(row) == {"model", "value"} for _locator, row in found)


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """Every hostile text as the name of a model, a run and an address of one answer: as parsed, and as the store gives it back."""
    rows = [
        {"name": text, "resolved": 50, "date": "2025-11-24", "tags": [f"Model: {number} {text}"], "site": text}
        for number, text in enumerate(TEXTS.values())
    ]
    answer = json.dumps({"leaderboards": [{"name": "bash-only", "results": rows}]}).encode()
    parsed = swebench.parse([capture("leaderboards.json", answer)])
    folder = tmp_path_factory.mktemp("snapshots")
    record = {"name": "leaderboards.json", "url": "https://example.org/x", "sha256": "1" * 64, "bytes": 1}
    store.append(folder, "board", reading(observations=parsed.observations, captures=[record]))
    return parsed, snapshots.read(folder, "board")


@pytest.mark.parametrize("number", range(len(TEXTS)), ids=list(TEXTS))
def test_a_hostile_name_in_an_answer_is_one_line_and_survives_the_store(number: int, stored) -> None:
    parsed, kept = stored
    locator = f"leaderboards.json#1.{number + 1}"
    if any(rejection.locator == locator for rejection in parsed.rejections):
        return
    (before,) = parsed.observations[parsed.observations["locator"] == locator].to_dict("records")
    (after,) = kept[kept["locator"] == locator].to_dict("records")
    for column in ("model", "scaffold", "url"):
        assert after[column] == before[column] or (column == "url" and not before["url"])
        assert re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", after[column]) is None
    words = re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", list(TEXTS.values())[number]).split()
    assert before["scaffold"].split() == words, "nothing but controls is lost"


def test_the_hostile_answer_as_a_whole_is_sound(stored) -> None:
    sound(stored[0])
    assert len(stored[0].observations) > 100
