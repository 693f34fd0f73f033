"""The door every row goes through."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from generator.sources.benchmarks import SPECIAL, SPELLINGS, fold_name, target
from generator.sources.evaluators import evaluator
from generator.sources.rows import RANGES, Rows, day, number, text


def added(**columns: Any) -> Rows:
    rows = Rows()
    defaults: dict[str, Any] = {"locator": "a#1", "model": "m", "benchmark": "b", "value": 0.5, "unit": "fraction"}
    rows.add(**(defaults | columns))
    return rows


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"model": ""}, "no-model"),
        ({"model": None}, "no-model"),
        ({"model": ["m"]}, "no-model"),
        ({"model": "m" * 301}, "name-too-long"),
        ({"value": None}, "blank-score"),
        ({"value": " "}, "blank-score"),
        ({"value": "n/a"}, "not-a-number"),
        ({"value": True}, "not-a-number"),
        ({"value": [0.5]}, "not-a-number"),
        ({"value": "1_0"}, "not-a-number"),
        ({"value": "inf"}, "not-finite"),
        ({"value": "nan"}, "not-finite"),
        ({"value": 10**400}, "not-a-number"),
        ({"value": 1.01}, "out-of-range"),
        ({"value": -0.01}, "out-of-range"),
        ({"value": 50.0}, "out-of-range"),
        ({"value": 101, "unit": "percent"}, "out-of-range"),
        ({"stderr": -0.1}, "stderr-out-of-range"),
        ({"stderr": 1.5}, "stderr-out-of-range"),
        ({"stderr": "x"}, "stderr-or-n-not-a-number"),
        ({"n": 0}, "n-out-of-range"),
        ({"n": 1.5}, "n-out-of-range"),
    ],
)
def test_a_row_that_is_not_a_score_is_rejected_with_its_reason(columns: dict[str, Any], reason: str) -> None:
    rows = added(**columns)
    assert [rejection.reason for rejection in rows.rejections] == [reason]
    assert rows.finish().observations.empty


@pytest.mark.parametrize("unit", RANGES)
def test_both_ends_of_a_range_are_scores(unit: str) -> None:
    low, high = RANGES[unit]
    rows = Rows()
    for position, value in enumerate((low, high)):
        rows.add(locator=f"a#{position}", model=f"m{position}", benchmark="b", value=value, unit=unit)
    assert rows.finish().observations["value"].tolist() == [low, high]


def test_of_rows_with_one_key_the_preferred_one_counts_whatever_their_order() -> None:
    for order in ((1, 2, 3), (3, 2, 1), (2, 3, 1)):
        rows = Rows()
        for month in order:
            rows.add(
                locator=f"a#{month}",
                model="m",
                benchmark="b",
                value=month / 10,
                unit="fraction",
                prefer=f"2026-0{month}",
            )
        result = rows.finish()
        assert result.observations["value"].tolist() == [0.3]
        assert result.rejected == {"superseded": 2}


def test_the_same_value_twice_is_a_duplicate() -> None:
    rows = added()
    rows.add(locator="a#2", model="m", benchmark="b", value=0.5, unit="fraction")
    assert rows.finish().rejected == {"duplicate": 1}


def test_spellings_that_differ_in_invisible_signs_only_are_one_model() -> None:
    rows = added(model="gpt 4\n")
    rows.add(locator="a#2", model="gpt\u00a04\x00", benchmark="b", value=0.5, unit="fraction")
    assert rows.finish().observations["model"].tolist() == ["gpt 4"]


def test_a_fact_given_twice_with_two_values_is_a_conflict_and_the_first_counts() -> None:
    rows = Rows()
    for value in (7, 7.0, 8):
        rows.fact(locator="a#1", model="m", field="parameters", value=value, unit="count", scale=1e9)
    result = rows.finish()
    assert result.facts["value"].tolist() == ["7000000000"]
    assert result.rejected == {"fact-conflicts": 1}


@pytest.mark.parametrize("value", [-1, 0, "x", 1e300])
def test_a_count_that_is_no_count_is_rejected(value: object) -> None:
    rows = Rows()
    rows.fact(locator="a#1", model="m", field="parameters", value=value, unit="count")
    assert rows.finish().rejected == {"fact-unusable": 1}


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2026-03-14T10:00:00Z", "2026-03-14"),
        ("2026-03", "2026-03"),
        ("2026", "2026"),
        (2026, "2026"),
        (dt.date(2026, 3, 14), "2026-03-14"),
        ("2026-13-01", ""),
        ("2026-02-30", ""),
        ("14 March 2026", ""),
        ("20260314", ""),
        (None, ""),
    ],
)
def test_a_date_is_read_from_the_start_of_a_cell_or_not_at_all(cell: object, expected: str) -> None:
    assert day(cell) == expected


def test_cells_become_text_on_one_line() -> None:
    assert [text(cell) for cell in (True, 1.0, 0.25, float("nan"), None, {"a": 1}, "a\n b\ud800")] == [
        "true", "1", "0.25", "", "", "", "a b?",
    ]  # fmt: skip


def test_numbers_are_read_from_text_and_blanks_are_none() -> None:
    assert [number(cell) for cell in ("0.5", " 7 ", 3, "", None, float("nan"))] == [0.5, 7.0, 3.0, None, None, None]


@pytest.mark.parametrize(
    ("source", "lab", "expected"),
    [
        ("https://www.anthropic.com/news/x", "anthropic", "maker"),
        ("https://www.anthropic.com/news/x", "openai", "anthropic"),
        ("https://www-cdn.anthropic.com/card.pdf", "anthropic", "maker"),
        ("https://huggingface.co/deepseek-ai/DeepSeek-V4", "deepseek", "maker"),
        ("https://huggingface.co/someone/else", "deepseek", "someone"),
        ("https://huggingface.co/datasets/cais/hle", "deepseek", ""),
        ("https://github.com/deepseek-ai/DeepSeek-V3", "deepseek", "maker"),
        ("https://labs.scale.com/leaderboard/x", "openai", "scale-ai"),
        ("https://openrouter.ai/x", "openai", "openrouter"),
        ("https://unknown.example.net/x", "openai", "unknown.example.net"),
        ("https://notanthropic.com/x", "anthropic", "notanthropic.com"),
        ("https://arxiv.org/abs/2401.00001", "meta", ""),
        ("https://example.com/x", "meta", ""),
        ("javascript:alert(1)", "meta", ""),
        ("https://[::1", "meta", ""),
        ("", "meta", ""),
    ],
)
def test_the_address_decides_who_measured(source: str, lab: str, expected: str) -> None:
    assert evaluator(source, lab) == expected


def test_no_spelling_stands_for_two_benchmarks() -> None:
    owners: dict[str, set[str]] = {}
    for benchmark, spellings in SPELLINGS.items():
        for spelling in spellings:
            owners.setdefault(fold_name(spelling), set()).add(benchmark)
    for spelling, found in SPECIAL.items():
        owners.setdefault(fold_name(spelling), set()).add(found.benchmark)
    assert {name: ids for name, ids in owners.items() if len(ids) > 1} == {}


@pytest.mark.parametrize(
    ("spelling", "expected"),
    [
        ("SWE Bench Pro", "swe-bench-pro"),
        ("Humanity\u2019s Last Exam", "hle"),
        ("swe-bench verified", "swe-bench-verified"),
        ("HumanEval+", "humaneval-plus"),
        ("HumanEval", "humaneval"),
        ("SWE-Bench", None),
        ("GPQA", None),
        ("MMLU-Pro Max", None),
    ],
)
def test_spellings_are_looked_up_and_never_guessed(spelling: str, expected: str | None) -> None:
    found = target(spelling)
    assert (found.benchmark if found else None) == expected
