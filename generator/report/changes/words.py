"""Headlines and a one-line summary of `Changes`, computed: plain text, not escaped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from generator.core import counted
from generator.report.changes.records import (
    Changes,
    Headline,
    PredictionChange,
    ScoreChange,
    StatisticChange,
    Value,
)

MINUS = "\u2212"
#: Named models, scores and statistics in a headline before "and N more".
NAMED = 3
#: Units of counts, which have no decimals.
_COUNTED = ("", "models")


def number(value: float | None, digits: int = 2) -> str:
    """``−0.31``; ``—`` for none; numbers of 10,000 and more in three figures."""
    if value is None:
        return "—"
    shown = f"{value:.3g}" if abs(value) >= 1e4 else f"{value:.{digits}f}"
    return "0" + shown[2:] if float(shown) == 0 and shown.startswith("-0") else shown.replace("-", MINUS)


def signed(value: float | None, digits: int = 2) -> str:
    shown = number(value, digits)
    return f"+{shown}" if value is not None and value > 0 and shown != number(0.0, digits) else shown


def listed(names: Sequence[str], *, limit: int = NAMED) -> str:
    """``A, B, C and 4 more``."""
    rest = len(names) - limit
    if rest > 0:
        return f"{', '.join(names[:limit])} and {rest} more"
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


def interval(low: float | None, high: float | None) -> str:
    if low is None and high is None:
        return ""
    return f" [{number(low) if low is not None else 'open'}, {number(high) if high is not None else 'open'}]"


def statistic_name(item: StatisticChange, names: Mapping[str, str]) -> str:
    """``r of GPQA Diamond and HLE, track maker``; one of many axes keeps its id."""
    axes = [names.get(axis, axis) for axis in item.axes]
    about = f" of {' and '.join(axes)}" if 0 < len(axes) <= 2 else f" ({item.id})"
    return f"{item.name}{about}{f', track {item.track}' if item.track else ''}"


def statistic_line(item: StatisticChange, names: Mapping[str, str]) -> str:
    old, new = item.old, item.new
    if old is None or new is None:
        side = new or old
        assert side is not None
        return f"{statistic_name(item, names)}: {item.how}, {number(side.estimate)}{interval(side.low, side.high)}"
    before = f"{number(old.estimate)}{interval(old.low, old.high)}"
    after = f"{number(new.estimate)}{interval(new.low, new.high)}"
    return f"{statistic_name(item, names)}: {before} → {after}, n {old.n} → {new.n}" + (
        f"; {item.flip}" if item.flip else ""
    )


def score_line(item: ScoreChange, names: Mapping[str, str]) -> str:
    old, new = item.old, item.new
    where = f"{item.name}, {names.get(item.axis, item.axis)} ({item.track})"
    if old is None or new is None:
        side = new or old
        assert side is not None
        return f"{where}: {item.why}, {number(side.value, 1)} from {side.source_name}"
    return f"{where}: {number(old.value, 1)} → {number(new.value, 1)}, {item.why} ({new.source_name})"


def value_line(value: Value) -> str:
    """``n 41 → 42``, ``r 0.84 → 0.85``: counts without decimals."""
    whole = all(side is None or side.is_integer() for side in (value.old, value.new))
    digits = 0 if whole and value.unit in _COUNTED else 2
    return f"{value.name} {number(value.old, digits)} → {number(value.new, digits)}"


def prediction_line(item: PredictionChange) -> str:
    if item.how != "changed":
        return f"prediction {item.how}: {item.title}"
    parts = []
    if item.old_state != item.new_state:
        parts.append(f"{item.old_state} → {item.new_state}")
    if item.old_standing != item.new_standing:
        parts.append(f"stands {item.old_standing or '—'} → {item.new_standing or '—'}")
    moved = ", ".join(value_line(value) for value in item.values)
    return f"{item.title}: {'; '.join(parts) or moved or 'more data'}"


def headlines(changes: Changes) -> tuple[Headline, ...]:
    """What is worth saying, most important first: verdicts and states, what turned, models, scores, statistics, sources."""
    return tuple(Headline(kind=kind, text=" ".join(text.split())) for kind, text in _headlines(changes))


def _headlines(changes: Changes) -> Iterator[tuple[str, str]]:
    axes = changes.axis_names
    yield from (("predictions", prediction_line(item)) for item in changes.predictions if item.flipped)
    yield from (
        ("claims", f"claim {item.title}: {item.old} → {item.new}") for item in changes.claims if item.how == "changed"
    )
    own = [item for item in changes.statistics if item.id.split("/")[0] == item.track]
    yield from (("statistics", statistic_line(item, axes)) for item in own if item.flip)
    for how in ("added", "removed"):
        if names := [item.name for item in changes.models if item.how == how]:
            yield "models", f"{counted(len(names), 'model')} {how}: {listed(names)}"
    yield from _score_headlines(changes.scores, axes)
    if relabelled := [f"{item.name} ({item.track})" for item in changes.h if item.relabelled]:
        yield "h", f"{counted(len(relabelled), 'model')} with another label in the h-field: {listed(relabelled)}"
    if flipped := [f"{item.model_from} to {item.model_to}" for item in changes.phases if item.flipped]:
        yield "phases", f"{counted(len(flipped), 'size step')} in another phase: {listed(flipped)}"
    yield from (("statistics", statistic_line(item, axes)) for item in own if not item.flip and item.size)
    for turned in ("stale", "fresh"):
        if names := [item.name for item in changes.sources if item.turned == turned]:
            yield "sources", f"{counted(len(names), 'source')} turned {turned}: {listed(names)}"
    if added := sum(item.how == "added" for item in changes.observations):
        yield "observations", f"{counted(added, 'observation')} added"
    if changes.settings:
        told = [f"{item.name} {item.old or '—'} → {item.new or '—'}" for item in changes.settings]
        yield "settings", f"not from the data: {listed(told)}"


def _score_headlines(scores: Iterable[ScoreChange], names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    found = list(scores)
    if revised := [item for item in found if item.how == "changed" and item.move]:
        yield (
            "scores",
            f"{counted(len(revised), 'score')} changed: {listed([score_line(item, names) for item in revised], limit=1)}",
        )
    for how, verb in (("added", "added"), ("removed", "gone")):
        if there := [item for item in found if item.how == how]:
            tracks = sorted({item.track for item in there})
            by = ", ".join(f"{sum(item.track == track for item in there)} in {track}" for track in tracks)
            yield "scores", f"{counted(len(there), 'panel score')} {verb}: {by}"


def summary(changes: Changes) -> str:
    """One line: how much of each kind, in order of importance; ``nothing changed`` when every list is empty."""
    parts = list(_summary(changes))
    return "; ".join(parts) if parts else "nothing changed"


def _summary(changes: Changes) -> Iterator[str]:
    if flipped := sum(item.flipped for item in changes.predictions):
        yield f"{counted(flipped, 'prediction')} stand otherwise" if flipped > 1 else "1 prediction stands otherwise"
    if verdicts := sum(item.how == "changed" for item in changes.claims):
        yield f"{counted(verdicts, 'verdict')} flipped"
    for how in ("added", "removed"):
        if models := sum(item.how == how for item in changes.models):
            yield f"{counted(models, 'model')} {how}"
    if revised := sum(item.how == "changed" and bool(item.move) for item in changes.scores):
        yield f"{counted(revised, 'score')} changed"
    if panel := sum(item.how == "added" for item in changes.scores):
        yield f"{counted(panel, 'panel score')} added"
    if gone := sum(item.how == "removed" for item in changes.scores):
        yield f"{counted(gone, 'panel score')} gone"
    if elsewhere := sum(item.how == "changed" and not item.move for item in changes.scores):
        yield f"{counted(elsewhere, 'score rests', 'scores rest')} on another observation"
    if added := sum(item.how == "added" for item in changes.observations):
        yield f"{counted(added, 'observation')} added"
    if gone := sum(item.how == "removed" for item in changes.observations):
        yield f"{counted(gone, 'observation')} withdrawn"
    if moved := len(changes.statistics):
        turned = sum(bool(item.flip) for item in changes.statistics)
        yield f"{counted(moved, 'statistic')} moved" + (f", {turned} turned" if turned else "")
    if relabelled := sum(item.relabelled for item in changes.h):
        yield f"{counted(relabelled, 'model')} with another label"
    for turned_to in ("stale", "fresh"):
        if sources := sum(item.turned == turned_to for item in changes.sources):
            yield f"{counted(sources, 'source')} turned {turned_to}"
    if changes.edits:
        yield f"{counted(len(changes.edits), 'field')} edited"
    if changes.settings:
        yield f"{counted(len(changes.settings), 'setting')} beside the data"
    if changes.not_compared:
        yield f"{counted(len(changes.not_compared), 'part')} not comparable"
