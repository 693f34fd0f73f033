"""Sentences made from statistics: short, plain, the same for the text alternative of a chart and the text of a page."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from generator.site import format

Statistic = Mapping[str, Any]
_UNITS = {"lab": "labs", "family": "families"}
#: Method of an interval (generator.analysis.resample, generator.predictions) → how it was made.
_KINDS = (
    (r"(\w+) jackknife", "jackknife: {0} left out one at a time"),
    (r"(\w+) bootstrap, expanded", "bootstrap: {0} drawn with replacement, widened for few {0}"),
    (r"(lab|family)-clustered resampling", "bootstrap: {0} drawn with replacement"),
    (r"plain resampling", "bootstrap: models drawn with replacement"),
    (r"score-noise resampling", "scores redrawn within their errors"),
    (r"Fisher z", "Fisher: models taken as independent"),
)


def has_estimate(statistic: Statistic | None) -> bool:
    return statistic is not None and format.known(statistic.get("estimate"))


def range_words(bounds: Mapping[str, Any] | None, digits: int = 2) -> str:
    """``95 % interval 0.51 to 0.85``, or that it has no bound."""
    if not bounds:
        return "no interval"
    level = f"{round(100 * bounds.get('level', 0.95))}{format.NBSP}%"
    low, high = bounds.get("low"), bounds.get("high")
    if format.known(low) and format.known(high):
        return f"{level} interval {format.number(low, digits)} to {format.number(high, digits)}"
    return f"{level} interval {format.interval(low, high, digits)}"


def size_interval(bounds: Mapping[str, Any], sizes: Sequence[float] = ()) -> str:
    """``[664 M, 23.9 B]``; an open end is beyond the `sizes` that were measured, ``[4.61 B, > 13 B]``, or has no bound."""
    low, high = bounds.get("low"), bounds.get("high")
    if not sizes and not (format.known(low) and format.known(high)):
        one = (
            f"at least{format.NBSP}{format.size(low)}"
            if format.known(low)
            else f"at most{format.NBSP}{format.size(high)}"
        )
        return one if format.known(low) or format.known(high) else "unbounded"
    least = format.size(low) if format.known(low) else f"<{format.NBSP}{format.size(min(sizes))}"
    most = format.size(high) if format.known(high) else f">{format.NBSP}{format.size(max(sizes))}"
    return f"[{least}, {most}]"


def interval_kind(bounds: Mapping[str, Any] | None) -> str:
    """How an interval was made, in a few words; the method's own name where it has none, '' without an interval."""
    method = str((bounds or {}).get("method") or "")
    for pattern, words in _KINDS:
        found = re.match(pattern, method)
        if found:
            return words.format(_UNITS.get(found[1], found[1]) if found.groups() else "")
    return method


def clear_sign(statistic: Statistic) -> int:
    """+1 or −1 when the interval of the statistic excludes zero, otherwise 0."""
    bounds = statistic.get("interval") or {}
    low, high = bounds.get("low"), bounds.get("high")
    if format.known(low) and low > 0:
        return 1
    return -1 if format.known(high) and high < 0 else 0


def coupling_sentence(statistic: Statistic | None, x: str, y: str, *, slope: Statistic | None = None) -> str:
    """What r says of two benchmarks: direction only where the interval excludes zero."""
    if not has_estimate(statistic):
        reason = (statistic or {}).get("reason") or "the bundle holds no coupling for this pair"
        return f"No coupling of {x} and {y} is given: {reason}."
    assert statistic is not None
    verb = {1: "rises with", -1: "falls as", 0: "shows no clear trend with"}[clear_sign(statistic)]
    tail = " rises" if clear_sign(statistic) < 0 else ""
    text = (
        f"Across {format.plural(statistic['n'], 'model')}, {y} {verb} {x}{tail}: r = {format.number(statistic['estimate'])}, "
        f"{range_words(statistic.get('interval'))}"
    )
    if kind := interval_kind(statistic.get("interval")):
        text += f" ({kind})"
    if has_estimate(slope):
        assert slope is not None
        text += f"; slope {format.number(slope['estimate'])} pp per pp"
    return f"{text}."


def gamma_sentence(rows: Sequence[Mapping[str, Any]]) -> str:
    """How many intervals of the γ12 table are resolved, and on which side of zero."""
    resolved = [row for row in rows if row.get("resolved")]
    below = sum(1 for row in resolved if row["gamma"] < 0)
    text = f"{format.plural(len(rows), 'interval')} between consecutive sizes. "
    if not resolved:
        return text + "Not one is resolved: every 95 % interval includes zero or has no bound."
    return (
        f"{text}{format.count(len(resolved))} of them {'has' if len(resolved) == 1 else 'have'} a 95 % interval that excludes "
        f"zero: {format.count(below)} negative, {format.count(len(resolved) - below)} positive."
    )
