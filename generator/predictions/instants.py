"""Points in time with a zone, and what they mean in whole days of data.

Accepted: ``2026-12-31T23:59:59Z``, ``…+02:00``, or a local time with a zone name, ``2026-12-31T23:59:59[Europe/Berlin]``.
A local time that a clock change skips or repeats is refused: it names no instant, or two.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo

_FORM = re.compile(r"^(?P<local>\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2})?)(?P<zone>Z|[+-]\d{2}:\d{2}|\[[^\]]+\])?$")
_ALLOWED = "2026-12-31T23:59:59Z, 2026-12-31T23:59:59+02:00 or 2026-12-31T23:59:59[Europe/Berlin]"
_ONE_DAY = dt.timedelta(days=1)


class InstantError(ValueError):
    """Why a text names no instant. code: bad-instant | no-zone | unknown-zone | no-such-time | ambiguous-time."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, order=True)
class Instant:
    """utc: the instant, aware, in UTC. day: its calendar day in the zone it was written in. text: as written."""

    utc: dt.datetime
    day: dt.date
    text: str

    @classmethod
    def parse(cls, text: str) -> Instant:
        """Read an instant; InstantError says what is wrong and what is allowed."""
        match = _FORM.match(text)
        if match is None:
            raise InstantError("bad-instant", f"{text!r} is not an instant; write {_ALLOWED}")
        try:
            local = dt.datetime.fromisoformat(match["local"])
        except ValueError as error:
            raise InstantError("bad-instant", f"{text!r} is no time of the calendar: {error}") from None
        zone = match["zone"]
        if zone is None:
            raise InstantError("no-zone", f"{text!r} has no zone; write {_ALLOWED}")
        aware = _named(local, zone[1:-1], text) if zone.startswith("[") else _offset(local, zone, text)
        try:
            return cls(aware.astimezone(dt.UTC), local.date(), text)
        except OverflowError:
            raise InstantError("bad-instant", f"{text!r} lies outside the calendar") from None

    def passed_by(self, day: dt.date) -> bool:
        """Whether the instant has come by the end of `day` (UTC); 23:59:59 counts as the end of its day."""
        end = dt.datetime.combine(day, dt.time(23, 59, 59), tzinfo=dt.UTC)
        return self.utc <= end

    @property
    def iso(self) -> str:
        """The instant in UTC: ``2026-12-31T23:59:59Z``."""
        return self.utc.strftime("%Y-%m-%dT%H:%M:%SZ")

    def __str__(self) -> str:
        return self.text


def days_after(day: dt.date, days: int) -> dt.date:
    """The day `days` later, held at the last day of the calendar."""
    try:
        return day + days * _ONE_DAY
    except OverflowError:
        return dt.date.max


def _offset(local: dt.datetime, zone: str, text: str) -> dt.datetime:
    if zone == "Z":
        return local.replace(tzinfo=dt.UTC)
    hours, minutes = int(zone[1:3]), int(zone[4:6])
    if hours > 14 or minutes > 59:
        raise InstantError(
            "unknown-zone", f"{text!r}: no zone is {zone} from UTC; offsets lie between -12:00 and +14:00"
        )
    sign = -1 if zone[0] == "-" else 1
    return local.replace(tzinfo=dt.timezone(sign * dt.timedelta(hours=hours, minutes=minutes)))


def _named(local: dt.datetime, name: str, text: str) -> dt.datetime:
    try:
        zone = ZoneInfo(name)
    except (OSError, ValueError, LookupError):  # ZoneInfoNotFoundError is a KeyError; odd names raise the others
        raise InstantError(
            "unknown-zone", f"{text!r}: {name!r} is no zone of the tz database; write {_ALLOWED}"
        ) from None
    first, second = local.replace(tzinfo=zone, fold=0), local.replace(tzinfo=zone, fold=1)
    if first.utcoffset() == second.utcoffset():
        return first
    if first.astimezone(dt.UTC).astimezone(zone).replace(tzinfo=None) != local:
        raise InstantError("no-such-time", f"{text!r}: the clocks of {name} skip this time; write it in UTC")
    raise InstantError(
        "ambiguous-time", f"{text!r}: the clocks of {name} show this time twice; write it with an offset or in UTC"
    )
