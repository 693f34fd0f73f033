from __future__ import annotations

import datetime as dt

import pytest

from generator.predictions.instants import Instant, InstantError, days_after


@pytest.mark.parametrize(
    ("text", "utc", "day"),
    [
        ("2026-12-31T23:59:59Z", "2026-12-31T23:59:59Z", "2026-12-31"),
        ("2026-12-31T23:59:59-05:00", "2027-01-01T04:59:59Z", "2026-12-31"),
        ("2026-12-31T23:59:59+14:00", "2026-12-31T09:59:59Z", "2026-12-31"),
        ("2026-01-15T12:00[Europe/Berlin]", "2026-01-15T11:00:00Z", "2026-01-15"),
        ("2026-07-15T12:00[Europe/Berlin]", "2026-07-15T10:00:00Z", "2026-07-15"),  # summer time
        ("2028-02-29T23:59:59Z", "2028-02-29T23:59:59Z", "2028-02-29"),  # a leap day
        (
            "2026-03-29T03:00:00[Europe/Berlin]",
            "2026-03-29T01:00:00Z",
            "2026-03-29",
        ),  # first moment after the skipped hour
    ],
)
def test_an_instant_is_read_into_utc_and_keeps_the_day_of_its_own_zone(text, utc, day):
    instant = Instant.parse(text)
    assert (instant.iso, instant.day.isoformat(), str(instant)) == (utc, day, text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2026-12-31T23:59:59", "no-zone"),
        ("2026-12-31", "bad-instant"),
        ("2026-12-31 23:59:59Z", "bad-instant"),
        ("2026-13-01T00:00:00Z", "bad-instant"),
        ("2027-02-29T00:00:00Z", "bad-instant"),  # no leap year
        ("2026-12-31T24:30:00Z", "bad-instant"),
        ("2026-12-31T23:59:60Z", "bad-instant"),
        ("2026-12-31T23:59:59+15:00", "unknown-zone"),
        ("2026-12-31T23:59:59[Mars/Olympus]", "unknown-zone"),
        ("2026-12-31T23:59:59[../../etc/passwd]", "unknown-zone"),
        ("2026-12-31T23:59:59[/etc/localtime]", "unknown-zone"),
        ("2026-03-29T02:30:00[Europe/Berlin]", "no-such-time"),  # clocks go from 02:00 to 03:00
        ("2026-10-25T02:30:00[Europe/Berlin]", "ambiguous-time"),  # clocks go from 03:00 to 02:00
        ("2026-03-08T02:15:00[America/New_York]", "no-such-time"),
        ("9999-12-31T23:59:59-05:00", "bad-instant"),
        ("", "bad-instant"),
    ],
)
def test_what_names_no_instant_is_refused_with_its_reason(text, code):
    with pytest.raises(InstantError) as caught:
        Instant.parse(text)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("text", "last_open", "first_closed"),
    [
        ("2026-12-31T23:59:59Z", "2026-12-30", "2026-12-31"),
        # five hours later in New York: the last UTC day is still open, the first of January is not
        ("2026-12-31T23:59:59-05:00", "2026-12-31", "2027-01-01"),
        ("2026-12-31T23:59:59+02:00", "2026-12-30", "2026-12-31"),
        ("2028-02-29T23:59:59Z", "2028-02-28", "2028-02-29"),
        ("2026-10-25T23:59:59[America/New_York]", "2026-10-25", "2026-10-26"),
    ],
)
def test_a_deadline_has_passed_on_the_day_that_ends_after_it(text, last_open, first_closed):
    instant = Instant.parse(text)
    assert not instant.passed_by(dt.date.fromisoformat(last_open))
    assert instant.passed_by(dt.date.fromisoformat(first_closed))


def test_days_are_counted_on_the_calendar_across_a_leap_day_and_its_end():
    assert days_after(dt.date(2028, 2, 20), 14) == dt.date(2028, 3, 5)
    assert days_after(dt.date(2027, 2, 20), 14) == dt.date(2027, 3, 6)
    assert days_after(dt.date(9999, 12, 30), 14) == dt.date.max
