"""Every gate stops what it is for, and lets everything else in."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from generator.sources import Parsed
from generator.sources.catalogue import Gates
from generator.sources.gates import Baseline, baseline, check, summarise
from generator.sources.rows import Rows


def payload(values: list[float], *, unit: str = "percent", benchmark: str = "gpqa-diamond", **columns: Any) -> Parsed:
    rows = Rows()
    for position, value in enumerate(values):
        rows.add(
            locator=f"a.csv#{position}", model=f"m{position}", benchmark=benchmark, value=value, unit=unit, **columns
        )
    return rows.finish()


def before(parsed: Parsed) -> Baseline:
    return baseline(parsed.observations, len(parsed.observations), [], "rows")


def gates(parsed: Parsed, known: Baseline | None = None, limits: Gates = Gates()) -> list[str]:  # noqa: B008  # frozen
    return [finding.gate for finding in check(parsed, limits, known)]


GOOD = [40.0, 50.0, 60.0, 70.0, 80.0, 90.0]


def test_a_first_payload_of_plausible_scores_passes() -> None:
    assert gates(payload(GOOD)) == []


def test_the_same_payload_again_passes() -> None:
    assert gates(payload(GOOD), before(payload(GOOD))) == []


def test_an_empty_table_is_stopped() -> None:
    assert gates(payload([])) == ["empty-table"]


@pytest.mark.parametrize("reason", ["unknown-columns", "not-json", "truncated", "unknown-shape", "archive-refused"])
def test_a_payload_of_unknown_form_is_stopped_and_named(reason: str) -> None:
    rows = Rows()
    rows.add(locator="a#1", model="m", benchmark="b", value=50, unit="percent")
    rows.reject("b.csv", reason, "missing: score")
    findings = check(rows.finish(), Gates(), None)
    assert [finding.gate for finding in findings] == [reason]
    assert findings[0].message == f"b.csv: {reason}: missing: score"
    assert not findings[0].waivable


def test_a_row_that_is_rejected_for_itself_does_not_stop_the_payload() -> None:
    rows = Rows()
    rows.add(locator="a#1", model="m", benchmark="b", value=50, unit="percent")
    rows.reject("a#2", "unknown-benchmark", "x")
    assert gates(rows.finish()) == []


def test_scores_outside_their_range_are_stopped_beyond_the_known_number() -> None:
    assert gates(payload([50.0, 101.0])) == ["out-of-range"]
    assert gates(payload([50.0, 101.0]), limits=Gates(out_of_range=1)) == []


def test_fractions_in_a_percent_column_are_stopped_even_on_the_first_pull() -> None:
    assert gates(payload([value / 100 for value in GOOD])) == ["unit-suspect"]


def test_a_shrink_of_more_than_a_fifth_is_stopped_and_a_fifth_is_not() -> None:
    known = before(payload([50.0] * 10))
    assert gates(payload([50.0] * 8), known) == []
    assert gates(payload([50.0] * 7), known) == ["shrink"]


def test_a_median_that_jumps_a_hundredfold_is_a_unit_flip() -> None:
    fractions = payload([0.004, 0.005, 0.006, 0.007, 0.008], unit="fraction")
    flipped = payload([0.4, 0.5, 0.6, 0.7, 0.8], unit="fraction")
    assert "unit-flip" in gates(flipped, before(fractions))
    assert "unit-flip" in gates(fractions, before(flipped))


def test_a_unit_flip_is_seen_where_only_the_summary_was_kept() -> None:
    old = payload([0.004, 0.005, 0.006, 0.007, 0.008], unit="fraction")
    kept = baseline(pd.DataFrame(), 5, summarise(old.observations), "summary")
    assert gates(payload([0.4, 0.5, 0.6, 0.7, 0.8], unit="fraction"), kept) == ["unit-flip"]
    assert gates(old, kept) == []


def test_new_and_better_models_are_no_unit_flip() -> None:
    known = before(payload([5.0, 6.0, 7.0, 8.0, 9.0]))
    assert gates(payload([5.0, 6.0, 7.0, 8.0, 9.0, 90.0, 91.0, 92.0, 93.0, 94.0, 95.0]), known) == []


def test_a_score_that_moves_more_than_15_pp_for_an_unchanged_key_is_stopped() -> None:
    known = before(payload(GOOD))
    assert gates(payload([*GOOD[:-1], 75.0]), known) == []
    assert gates(payload([*GOOD[:-1], 74.9]), known) == ["move"]
    message = check(payload([*GOOD[:-1], 70.0]), Gates(), known)[0].message
    assert message == (
        "1 of 6 unchanged keys moved by more than 15 pp; first: m5, gpqa-diamond: 90 percent before, 70 percent now"
    )


def test_moves_are_compared_in_points_whatever_the_units() -> None:
    fractions = payload([value / 100 for value in GOOD], unit="fraction")
    assert gates(payload(GOOD), before(fractions)) == []
    assert "move" in gates(payload([value / 100 for value in GOOD[::-1]], unit="fraction"), before(fractions))


def test_another_protocol_is_another_key_and_may_differ() -> None:
    known = before(payload(GOOD, tools="false"))
    assert gates(payload([value / 3 for value in GOOD], tools="true"), known) == []


def test_a_small_group_gives_no_quantiles_in_the_summary() -> None:
    assert summarise(payload([50.0, 60.0]).observations) == [
        {"benchmark": "gpqa-diamond", "metric": "", "subset": "", "unit": "percent", "n": 2}
    ]
    assert summarise(payload(GOOD).observations)[0]["median"] == 65.0
