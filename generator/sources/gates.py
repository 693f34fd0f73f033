"""What a payload must hold before it is stored: named checks, each with the reason beside it. All findings at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from generator.core import counted
from generator.schema.rows import KEY_COLUMNS
from generator.snapshots.store import Kept
from generator.sources.capture import Parsed
from generator.sources.catalogue import Gates
from generator.sources.rows import FATAL_REASONS

GROUP = ("benchmark", "metric", "subset", "unit")
#: A group this small may move by chance, and its quantiles would be its rows.
SMALL = 5
_FLIP = (50.0, 200.0)  # a median that jumps by about a hundred, with room for new rows


@dataclass(frozen=True)
class Finding:
    """A gate that did not hold. `waivable` ones pass when a person accepts the payload (`--accept`)."""

    gate: str
    message: str
    waivable: bool = True


@dataclass(frozen=True)
class Baseline:
    """The last good snapshot as far as it is kept: number of rows, statistics by GROUP, and the rows where allowed."""

    rows: int
    summary: pd.DataFrame
    values: pd.DataFrame | None = None


def summarise(observations: pd.DataFrame) -> list[dict[str, Any]]:
    """Statistics by GROUP: n, and from SMALL rows on q10, q25, median, q75, q90 (12 significant digits), in `unit`."""
    records = []
    for group, rows in observations.groupby(list(GROUP), sort=True):
        record: dict[str, Any] = {**dict(zip(GROUP, group, strict=True)), "n": len(rows)}
        if len(rows) >= SMALL:
            levels = {"q10": 0.1, "q25": 0.25, "median": 0.5, "q75": 0.75, "q90": 0.9}
            for name, level in levels.items():
                record[name] = float(f"{rows['value'].quantile(level):.12g}")
        records.append(record)
    return records


def baseline(current: pd.DataFrame, rows: int, summary: Sequence[dict[str, Any]], kept: Kept) -> Baseline:
    """From the store: its rows where they are kept, else the summary of the last manifest line."""
    if kept == "rows":
        return Baseline(rows, _frame(summarise(current)), current)
    return Baseline(rows, _frame(summary))


def check(parsed: Parsed, gates: Gates, before: Baseline | None) -> list[Finding]:
    """Every gate that does not hold, in a fixed order; an empty list lets the payload in."""
    findings = [*_whole(parsed, gates), *_units(parsed.observations)]
    if before is None or findings:
        return findings
    findings += _shrink(parsed.observations, gates, before)
    findings += _flips(parsed.observations, before)
    if before.values is not None:
        findings += _moves(parsed.observations, before.values, gates)
    return findings


def _whole(parsed: Parsed, gates: Gates) -> list[Finding]:
    findings = [
        Finding(rejection.reason, f"{rejection.locator}: {rejection.reason}: {rejection.detail}", waivable=False)
        for rejection in sorted(parsed.rejections)
        if rejection.reason in FATAL_REASONS
    ]
    rows = len(parsed.observations) or (len(parsed.facts) if gates.min_rows == 0 else 0)
    if rows < max(gates.min_rows, 1):
        findings.append(
            Finding(
                "empty-table", f"{counted(rows, 'row')}, at least {max(gates.min_rows, 1)} expected", waivable=False
            )
        )
    outside = [rejection for rejection in parsed.rejections if rejection.reason == "out-of-range"]
    if len(outside) > gates.out_of_range:
        findings.append(
            Finding(
                "out-of-range",
                f"{counted(len(outside), 'score')} outside the range, {gates.out_of_range} known; first: "
                f"{outside[0].locator}: {outside[0].detail}",
                waivable=False,
            )
        )
    return findings


def _units(observations: pd.DataFrame) -> list[Finding]:
    """Percent scores none of which is above 1 are fractions under another name."""
    percent = observations[observations["unit"] == "percent"]
    findings = []
    for benchmark, rows in percent.groupby("benchmark", sort=True):
        top = rows["value"].max()
        if len(rows) >= SMALL and 0 < top <= 1:
            findings.append(
                Finding(
                    "unit-suspect",
                    f"{benchmark}: {len(rows)} scores in percent, none above {top:g}: they look like fractions",
                    waivable=False,
                )
            )
    return findings


def _shrink(observations: pd.DataFrame, gates: Gates, before: Baseline) -> list[Finding]:
    if len(observations) >= (1 - gates.shrink) * before.rows:
        return []
    lost = 100 * (1 - len(observations) / before.rows)
    return [
        Finding(
            "shrink",
            f"{counted(len(observations), 'row')}, {before.rows} before: {lost:.0f} % fewer, allowed {gates.shrink:.0%}",
        )
    ]


def _flips(observations: pd.DataFrame, before: Baseline) -> list[Finding]:
    after = _frame(summarise(observations))
    if after.empty or before.summary.empty or "median" not in before.summary or "median" not in after:
        return []
    both = before.summary.merge(after, on=list(GROUP), suffixes=("_before", ""))
    low, high = _FLIP
    findings = []
    for row in both.dropna(subset=["median", "median_before"]).to_dict("records"):
        if row["median"] <= 0 or row["median_before"] <= 0:
            continue
        ratio = row["median"] / row["median_before"]
        if low <= ratio <= high or low <= 1 / ratio <= high:
            name = " ".join(str(row[part]) for part in GROUP if row[part])
            findings.append(
                Finding("unit-flip", f"{name}: median {row['median']:g}, {row['median_before']:g} before: a unit flip")
            )
    return findings


def _moves(observations: pd.DataFrame, values: pd.DataFrame, gates: Gates) -> list[Finding]:
    """Scores of unchanged keys, compared in percentage points; one finding for all of them."""
    key = list(KEY_COLUMNS)
    both = values[[*key, "value", "unit"]].merge(observations[[*key, "value", "unit"]], on=key, suffixes=("_old", ""))
    scale = {"percent": 1.0, "fraction": 100.0}
    new = both["value"] * both["unit"].map(scale).astype(float)
    old = both["value_old"] * both["unit_old"].map(scale).astype(float)
    moved = both[(new - old).abs() > gates.move_pp]
    if moved.empty:
        return []
    first = moved.iloc[0]
    return [
        Finding(
            "move",
            f"{len(moved)} of {len(both)} unchanged keys moved by more than {gates.move_pp:g} pp; first: "
            f"{first['model']}, {first['benchmark']}: {first['value_old']:g} {first['unit_old']} before, "
            f"{first['value']:g} {first['unit']} now",
        )
    ]


def _frame(records: Sequence[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(list(records), columns=[*GROUP, "n", "q10", "q25", "median", "q75", "q90"])
