"""The builder every parser uses: checks each row at the door, and makes an observation or an explained rejection of it."""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import Any

import pandas as pd

from generator.core import PartialDate
from generator.schema.rows import KEY_COLUMNS, SOURCE_COLUMNS, UNITS
from generator.snapshots.table import FACT_FIELDS, FACT_UNITS, FACTS, OBSERVATIONS, number_text, one_line
from generator.sources.capture import Parsed, Rejection

#: Closed ranges outside which a score is not a score of that unit.
RANGES: dict[str, tuple[float, float]] = {
    "percent": (0.0, 100.0),
    "fraction": (0.0, 1.0),
    "index": (-1000.0, 1000.0),
    "elo": (0.0, 5000.0),
    "minutes": (0.0, 1e6),
    "usd": (0.0, 1e9),
    "perplexity": (1.0, 1e300),
}
#: Reasons that concern a whole file: the payload is not what the parser knows, so nothing of it may be trusted.
FATAL_REASONS = (
    "archive-refused",
    "not-csv",
    "not-json",
    "not-toml",
    "not-yaml",
    "truncated",
    "unknown-columns",
    "unknown-shape",
    "unit-suspect",
)
_NAME_LIMIT = 300
_TEXT_COLUMNS = tuple(
    name for name in (*KEY_COLUMNS, *SOURCE_COLUMNS) if name not in ("model", "benchmark", "locator", "published")
)
_DAY = re.compile(r"^\d{4}(?:-\d{2}){0,2}(?=$|[T ])")


def number(cell: object) -> float | None:
    """A JSON, YAML or CSV cell → float; None when it is blank. ValueError with the reason when it is no finite number."""
    if cell is None or (isinstance(cell, str) and cell.strip() == ""):
        return None
    if isinstance(cell, bool) or not isinstance(cell, int | float | str):
        raise ValueError("not-a-number")
    if isinstance(cell, str) and "_" in cell:
        raise ValueError("not-a-number")
    try:
        value = float(cell)
    except (ValueError, OverflowError):
        raise ValueError("not-a-number") from None
    if math.isnan(value) and isinstance(cell, float):
        return None
    if not math.isfinite(value):
        raise ValueError("not-finite")
    return value


def text(cell: object) -> str:
    """A cell as one line of text; empty for None, NaN and anything that is no scalar."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return "" if math.isnan(cell) else number_text(cell) if math.isfinite(cell) else ""
    if isinstance(cell, dt.date):
        return cell.isoformat()
    if isinstance(cell, int):
        return str(cell) if abs(cell) < 10**30 else ""
    return one_line(cell) if isinstance(cell, str) else ""


def day(cell: object) -> str:
    """The date at the start of a cell (``YYYY``, ``YYYY-MM``, ``YYYY-MM-DD``, a timestamp); empty when there is none."""
    match = _DAY.match(text(cell))
    if match is None:
        return ""
    try:
        return str(PartialDate.parse(match.group()))
    except ValueError:
        return ""


class RefusedError(Exception):
    """A row that may not become an observation, with the reason that is counted."""

    def __init__(self, reason: str, detail: object = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail


def _score(name: str, value: object, unit: str) -> float:
    try:
        score = number(value)
    except ValueError as error:
        raise RefusedError(str(error), value) from None
    if score is None:
        raise RefusedError("blank-score", name)
    low, high = RANGES[unit]
    if not low <= score <= high:
        raise RefusedError("out-of-range", f"{name}: {number_text(score)} {unit}")
    return score


def _precision(name: str, stderr: object, n: object, unit: str) -> tuple[float | None, float | None]:
    """Standard error in the unit of the score, and number of items."""
    try:
        error_bar, items = number(stderr), number(n)
    except ValueError:
        raise RefusedError("stderr-or-n-not-a-number", name) from None
    low, high = RANGES[unit]
    if error_bar is not None and not 0 <= error_bar <= high - low:
        raise RefusedError("stderr-out-of-range", f"{name}: {number_text(error_bar)}")
    if items is not None and (items < 1 or items != int(items)):
        raise RefusedError("n-out-of-range", f"{name}: {number_text(items)}")
    return error_bar, items


class Rows:
    """Gathers rows and rejections; `finish` settles keys that occur twice and returns `Parsed`."""

    def __init__(self) -> None:
        self._rows: list[dict[str, Any]] = []
        self._prefer: list[str] = []
        self._facts: dict[tuple[str, str], dict[str, str]] = {}
        self.rejections: list[Rejection] = []

    @property
    def fatal(self) -> bool:
        """True when something already said that the payload as a whole is not to be trusted."""
        return any(rejection.reason in FATAL_REASONS for rejection in self.rejections)

    def reject(self, locator: str, reason: str, detail: object = "") -> None:
        """Count a row, or with a reason of FATAL_REASONS a file, as left out."""
        shown = text(detail) if not isinstance(detail, list | dict) else type(detail).__name__
        self.rejections.append(Rejection(one_line(locator), reason, shown[:200]))

    def add(
        self,
        *,
        locator: str,
        model: object,
        benchmark: str,
        value: object,
        unit: str,
        stderr: object = None,
        n: object = None,
        published: object = "",
        prefer: str = "",
        **columns: object,
    ) -> bool:
        """One row, in the unit the parser knows it has; True when it became an observation.

        `columns` are further KEY and SOURCE columns. Of rows with the same key the one with the greatest `prefer`
        (usually a day) counts. A score, standard error or n outside its range rejects the row.
        """
        assert unit in UNITS, unit
        name = text(model)
        try:
            if not name:
                raise RefusedError("no-model")
            if len(name) > _NAME_LIMIT:
                raise RefusedError("name-too-long", name)
            score = _score(name, value, unit)
            error_bar, items = _precision(name, stderr, n, unit)
        except RefusedError as refusal:
            self.reject(locator, refusal.reason, refusal.detail)
            return False
        row: dict[str, Any] = dict.fromkeys(OBSERVATIONS.content, "")
        row.update({column: text(columns.pop(column, "")) for column in _TEXT_COLUMNS})
        assert not columns, columns
        row.update(
            model=name, benchmark=benchmark, value=score, unit=unit, stderr=error_bar, n=items,
            published=day(published), locator=one_line(locator),
        )  # fmt: skip
        self._rows.append(row)
        self._prefer.append(prefer)
        return True

    def fact(
        self,
        *,
        locator: str,
        model: object,
        field: str,
        value: object,
        unit: str,
        scale: float = 1.0,
        url: str = "",
        published: object = "",
    ) -> None:
        """A statement about a model; blank values are left out, of two different values the first counts.

        `scale` turns a count the source gives in billions into plain units.
        """
        assert field in FACT_FIELDS, field
        assert unit in FACT_UNITS, unit
        name = text(model)
        try:
            said = self._fact_text(value, unit, scale)
        except ValueError:
            self.reject(locator, "fact-unusable", f"{name}: {field}")
            return
        if not name or not said or len(name) > _NAME_LIMIT:
            return
        known = self._facts.get((name, field))
        if known is not None:
            if known["value"] != said:
                self.reject(locator, "fact-conflicts", f"{name}: {field}: {known['value']} or {said}")
            return
        self._facts[name, field] = dict.fromkeys(FACTS.content, "") | {
            "model": name, "field": field, "value": said, "unit": unit, "url": text(url),
            "published": day(published), "locator": one_line(locator),
        }  # fmt: skip

    @staticmethod
    def _fact_text(value: object, unit: str, scale: float) -> str:
        if unit in ("count", "flop"):
            amount = number(value)
            if amount is None:
                return ""
            amount = float(f"{amount * scale:.12g}")
            if not 0 < amount < 1e40:
                raise ValueError("out-of-range")
            return number_text(amount)
        if unit == "date":
            return day(value)
        return text(value)[:1000]

    def finish(self) -> Parsed:
        """Frames with unique keys; a key met twice leaves a rejection ``duplicate`` (same value) or ``superseded``."""
        columns = list(OBSERVATIONS.content)
        frame = pd.DataFrame(self._rows, columns=columns)
        for name in columns:
            frame[name] = frame[name].astype(float) if name in OBSERVATIONS.numbers else frame[name].astype(str)
        frame["_prefer"] = pd.Series(self._prefer, dtype=str)
        ranked = frame.sort_values("_prefer", kind="stable")
        kept = ranked.drop_duplicates(subset=list(KEY_COLUMNS), keep="last")
        if len(kept) < len(frame):
            winners = kept.set_index(list(KEY_COLUMNS))["value"]
            for index in frame.index.difference(kept.index):
                row = frame.loc[index]
                same = winners.loc[tuple(row[name] for name in KEY_COLUMNS)] == row["value"]
                self.reject(
                    row["locator"],
                    "duplicate" if same else "superseded",
                    f"{row['model']}: {number_text(row['value'])}",
                )
        observations = kept.sort_index()[columns].reset_index(drop=True)
        facts = pd.DataFrame(list(self._facts.values()), columns=list(FACTS.content)).astype(str)
        return Parsed(observations, facts, self.rejections)


assert set(RANGES) == set(UNITS)
