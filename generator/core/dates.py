"""Dates kept as precisely as they are known: `2026`, `2026-03` or `2026-03-14`."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

_PATTERN = re.compile(r"^(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?$")


@dataclass(frozen=True, order=True)
class PartialDate:
    """A day, a month or a year. Ordering and `first`/`last` treat it as the span it covers."""

    first: dt.date
    last: dt.date
    text: str

    @classmethod
    def parse(cls, text: str) -> PartialDate:
        """Read ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``; ValueError with the allowed forms otherwise."""
        if not isinstance(text, str):
            raise ValueError(f"{text!r} is not a date; write YYYY-MM-DD, YYYY-MM or YYYY")
        return _parse(text.strip())

    @property
    def precision(self) -> Literal["day", "month", "year"]:
        return {10: "day", 7: "month", 4: "year"}[len(self.text)]  # type: ignore[return-value]

    @property
    def middle(self) -> dt.date:
        """The day in the middle of the span, for plotting."""
        return self.first + (self.last - self.first) / 2

    def __str__(self) -> str:
        return self.text


@lru_cache(maxsize=100_000)
def _parse(text: str) -> PartialDate:
    match = _PATTERN.match(text)
    if match is None:
        raise ValueError(f"{text!r} is not a date; write YYYY-MM-DD, YYYY-MM or YYYY")
    year, month, day = (int(part) if part else None for part in match.groups())
    assert year is not None
    try:
        if month is None:
            return PartialDate(dt.date(year, 1, 1), dt.date(year, 12, 31), text)
        if day is None:
            end = calendar.monthrange(year, month)[1]
            return PartialDate(dt.date(year, month, 1), dt.date(year, month, end), text)
        exact = dt.date(year, month, day)
    except (ValueError, calendar.IllegalMonthError):
        raise ValueError(
            f"{text!r} is not a day of the calendar; write a day that exists, as YYYY-MM-DD, YYYY-MM or YYYY"
        ) from None
    return PartialDate(exact, exact, text)


def parse_day(text: str) -> dt.date:
    """Read ``YYYY-MM-DD``; ValueError says what is allowed."""
    date = PartialDate.parse(text)
    if date.precision != "day":
        raise ValueError(f"{text!r} is not a whole day; write YYYY-MM-DD")
    return date.first
