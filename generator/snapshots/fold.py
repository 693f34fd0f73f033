"""From a log of events to the state at a day, and from a state and a new reading to the events between them. Pure."""

from __future__ import annotations

import datetime as dt
from typing import Literal

import pandas as pd

from generator.core import PartialDate
from generator.snapshots.table import Table, empty

Basis = Literal["public", "recorded"]
_FAR = "9999-12-31"


def fold(table: Table, log: pd.DataFrame, *, as_of: dt.date | None = None, basis: Basis = "public") -> pd.DataFrame:
    """The last event of each key that counts at `as_of`, without the keys whose last event is ``gone``.

    `log` has `table.columns` as text, in the order of writing. With no `as_of` every event counts. Which day an event
    counts from is `effective_day`. The result keeps the log's order.
    """
    if as_of is not None:
        log = log[effective_day(table, log, basis=basis) <= as_of.isoformat()]
    last = _only(log, ~log.duplicated(subset=list(table.key), keep="last"))
    return _only(last, last["event"] != "gone").reset_index(drop=True)


def _only(frame: pd.DataFrame, keep: pd.Series) -> pd.DataFrame:
    """The rows to keep; a bulk log of which nothing goes is not copied."""
    return frame if bool(keep.all()) else frame[keep]


def effective_day(table: Table, log: pd.DataFrame, *, basis: Basis) -> pd.Series:
    """The ISO day each event counts from.

    basis ``recorded``: the day it was recorded here. basis ``public``: the day the score became public where that is
    known (the last day of a month or year known only so far, never later than the recorded day), else the recorded
    day. A ``changed`` event that carries the same public day as the row it replaces is a silent correction: nobody
    saw the new value before it was recorded, so it counts from the recorded day. ``gone`` always does.
    """
    recorded = log["recorded"]
    if basis == "recorded":
        return recorded
    public = log["published"].map(_last_days(log["published"]))
    day = public.where(public < recorded, recorded)
    corrected = (log["event"] == "changed") & (
        log["published"] == log.groupby(list(table.key), sort=False)["published"].shift(fill_value="")
    )
    return day.where(~(corrected | (log["event"] == "gone")), recorded)


def _last_days(published: pd.Series) -> dict[str, str]:
    days: dict[str, str] = {}
    for text in published.unique():
        try:
            days[text] = PartialDate.parse(text).last.isoformat()
        except ValueError:
            days[text] = _FAR
    return days


def difference(table: Table, current: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """The events that turn `current` into `rows`: `table.content` columns and `event`, sorted by key.

    Both are text frames with unique keys; `current` may have more columns. A row is ``changed`` when a value column
    differs, or when it now names another public day; a new URL, title, note or place in the payload alone is no event.
    """
    key = list(table.key)
    content = list(table.content)
    joined = rows[content].merge(
        current[content], on=key, how="outer", suffixes=("", "_old"), indicator=True, validate="one_to_one"
    )
    fresh = joined["_merge"] == "left_only"
    gone = joined["_merge"] == "right_only"
    differs = pd.Series(False, index=joined.index)
    for name in table.value:
        differs |= joined[name] != joined[f"{name}_old"]
    if "published" in table.source:
        differs |= (joined["published"] != "") & (joined["published"] != joined["published_old"])
    changed = differs & ~fresh & ~gone
    joined["event"] = ""
    joined.loc[fresh, "event"] = "seen"
    joined.loc[changed, "event"] = "changed"
    joined.loc[gone, "event"] = "gone"
    events = joined.loc[fresh | changed | gone, [*content, "event"]]
    if events.empty:
        return empty(table, [*content, "event"])
    kept = [name for name in content if name not in key]
    events.loc[events["event"] == "gone", kept] = ""
    return events.sort_values(key, kind="stable").reset_index(drop=True)
