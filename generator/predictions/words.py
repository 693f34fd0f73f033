"""Conditions, margins and choices in plain words. Plain text: whoever puts it on a page escapes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from generator.predictions.conditions import Margin
from generator.predictions.result import Alternative
from generator.predictions.standing import Standing
from generator.schema.prediction import Condition, Event, Metric, Prediction

_COMPARED = {"below": "below", "above": "above", "at_most": "at most", "at_least": "at least"}
_NO_NAMES: Mapping[str, str] = {}


def metric_words(metric: Metric, *, names: Mapping[str, str] = _NO_NAMES) -> str:
    """A metric in words; `names` maps axis ids to the names readers know."""

    def name(axis: str | None) -> str:
        return names.get(axis or "", axis or "")

    leaders = f"the top {metric.k} by {name(metric.order_by or metric.axis)}"
    line = (
        f"the line {metric.line.intercept:g} + {metric.line.slope:g}·{name(metric.x)}"
        if metric.line
        else "the refitted line"
    )
    text = {
        "top-k-spread": f"the {name(metric.axis)} spread among {leaders}",
        "spread-ratio": f"the {name(metric.axis)} spread over the {name(metric.over)} spread among {leaders}",
        "pearson": f"the correlation of {name(metric.x)} and {name(metric.y)}",
        "spearman": f"the rank correlation of {name(metric.x)} and {name(metric.y)}",
        "count": f"the number of models with {' and '.join(name(axis) for axis in metric.axes or ())}",
        "mean": f"the mean {name(metric.axis)} score",
        "max": f"the highest {name(metric.axis)} score",
        "min": f"the lowest {name(metric.axis)} score",
        "share": f"the share of models with at least {metric.threshold or 0:g} on {name(metric.axis)}",
        "h": f"h of counting release {metric.release} ({name(metric.y)} minus {line if metric.fit == 'frozen' else 'the refitted line'})",
        "line-coverage": f"the share of models within {metric.half_width or 0:g} pp of {line}",
        "slot-in-gain": f"the error that the labs' own offsets save against {line}",
    }.get(metric.kind, metric.kind)
    subset = metric.subset
    if subset and subset.released_after:
        text += f", released after {subset.released_after}"
    if subset and subset.released_by:
        text += f", released by {subset.released_by}"
    if subset and subset.labs:
        text += f", of {', '.join(subset.labs)}"
    return text


def condition_words(
    condition: Condition, metrics: Mapping[str, Metric], *, names: Mapping[str, str] = _NO_NAMES
) -> str:
    """A condition as half a sentence: “the … spread is below 2 pp and …”."""
    parts = condition.all or condition.any
    if parts is not None:
        word = " and " if condition.all is not None else " or "
        texts = [condition_words(part, metrics, names=names) for part in parts]
        nested = [
            f"({text})" if part.metric is None and len(parts) > 1 else text
            for part, text in zip(parts, texts, strict=True)
        ]
        return word.join(nested)
    assert condition.metric is not None
    comparison, threshold = condition.comparison
    metric = metrics[condition.metric]
    return (
        f"{metric.label or metric_words(metric, names=names)} is {_COMPARED[comparison]} {threshold:g}{_unit(metric)}"
    )


def margin_words(
    margins: Iterable[Margin], metrics: Mapping[str, Metric], *, names: Mapping[str, str] = _NO_NAMES
) -> tuple[str, ...]:
    """One sentence a metric: what it is today, and how far from each threshold it is compared with."""
    compared: dict[str, list[Margin]] = {}
    for margin in margins:
        compared.setdefault(margin.metric, []).append(margin)
    sentences = []
    for name, found in compared.items():
        subject = metrics[name].label or metric_words(metrics[name], names=names)
        value = found[0].value
        stands = "has no value yet" if value is None else f"is {value:.4g}{_after(subject, value, found[0].unit)}"
        sentences.append(f"{subject} {stands} ({'; '.join(_compared(subject, margin) for margin in found)})")
    return tuple(sentences)


def _compared(subject: str, margin: Margin) -> str:
    aim = {"pass": "to pass", "fail": "to fail", "requires": "to be scored"}[margin.side]
    unit = _after(subject, margin.threshold, margin.unit)
    bound = f"{aim}: {_COMPARED[margin.comparison]} {margin.threshold:g}{unit}"
    if margin.margin is None:
        return bound
    away = f"{abs(margin.margin):.3g}{_after(subject, abs(margin.margin), margin.unit)}"
    return f"{bound}, {'met' if margin.met else 'missed'} by {away}"


def _after(subject: str, quantity: float, unit: str) -> str:
    """The unit behind a number of what the sentence is about; nothing where the subject says what is counted."""
    counts = unit and "number of " in subject and unit in subject.split("number of ", 1)[1].split()
    return "" if counts else _of(quantity, unit)


def event_words(event: Event, *, names: Mapping[str, str] = _NO_NAMES) -> str:
    """Which releases count, in a sentence; `names` maps ids of axes and labs to the names readers know."""
    axes = [names.get(axis, axis) for axis in event.scored_on]
    scored = " and ".join(axes)
    which = "that have scores on" if event.counts == "scored" else "whether or not they have scores on"
    tiers = (
        f"models released on one day count once, by the one that leads on {axes[0]}"
        if event.tiers == "best-of-day"
        else "every model counts"
    )
    number = "the first release" if event.releases == 1 else f"the first {event.releases} releases"
    return f"{number} of {names.get(event.lab, event.lab)} after {event.after} {which} {scored}; {tiers}"


def flip_words(
    prediction: Prediction, margins: Sequence[Margin], *, names: Mapping[str, str] = _NO_NAMES
) -> tuple[str, ...]:
    """What would have to change: one sentence for each comparison that is missed, nearest first within each side."""
    sentences = []
    for side, aim in (("requires", "be scored"), ("pass", "pass"), ("fail", "fail")):
        missed = [m for m in margins if m.side == side and m.met is False and m.margin is not None]
        for margin in sorted(missed, key=lambda m: abs(m.margin or 0.0)):
            metric = prediction.metrics[margin.metric]
            subject = metric.label or metric_words(metric, names=names)
            direction = "fall" if margin.comparison in ("below", "at_most") else "rise"
            away = abs(margin.margin or 0.0)
            sentences.append(
                f"to {aim}, {subject} would have to {direction} by {away:.3g}{_after(subject, away, margin.unit)}"
            )
    return tuple(sentences)


@dataclass(frozen=True)
class Dependence:
    """lead: whether the standing depends on the choice, without a full stop; others: each other standing with the choices, in
    words, that lead to it, sorted."""

    lead: str
    others: tuple[tuple[Standing, tuple[str, ...]], ...]


def dependence(alternatives: Sequence[Alternative], *, tracks: Mapping[str, str] = _NO_NAMES) -> Dependence:
    """How the standing depends on the choice of track, reading, fit and scores; nothing is said without alternatives.

    With `tracks` (id → name) it is for readers: tracks by name, readings by what they say.
    """
    if len(alternatives) < 2:
        return Dependence("", ())
    deciding = next(choice for choice in alternatives if choice.deciding)
    others = [choice for choice in alternatives if not choice.deciding]
    by_standing: dict[Standing, list[str]] = {}
    for choice in others:
        if choice.standing != deciding.standing:
            by_standing.setdefault(choice.standing, []).append(choice_words(choice, tracks=tracks))
    differing = sum(map(len, by_standing.values()))
    if not differing:
        cited = any(choice.scores == "cited" for choice in others)
        kinds = "track, reading, fit and scores" if cited else "track, reading and fit"
        lead = f"The standing is the same ({deciding.standing}) under all {len(alternatives)} choices of {kinds}"
    elif set(by_standing) == {"too few data"}:
        lead = f"No choice contradicts the standing ({deciding.standing}), but {differing} of {len(others)} others cannot tell"
    else:
        lead = f"The standing depends on the choice: {deciding.standing} under {choice_words(deciding, tracks=tracks)}"
    return Dependence(lead, tuple((standing, tuple(names)) for standing, names in sorted(by_standing.items())))


def sensitivity_words(alternatives: Sequence[Alternative]) -> str:
    """`dependence` in one sentence; '' without alternatives."""
    found = dependence(alternatives)
    parts = [f"{standing} under {_some(names)}" for standing, names in found.others]
    return f"{'; '.join([found.lead, *parts])}." if found.lead else ""


def choice_words(choice: Alternative, *, tracks: Mapping[str, str] = _NO_NAMES) -> str:
    """``track maker, reading own-top-five, the refitted line``; with names ``“As the makers report”, Spearman's rank …``."""
    parts = [f"“{tracks[choice.track]}”" if choice.track in tracks else f"track {choice.track}"]
    if choice.reading != "chosen":
        parts.append(choice.says if choice.track in tracks else f"reading {choice.reading}")
    if choice.fit:
        parts.append("the frozen line" if choice.fit == "frozen" else "the refitted line")
    if choice.scores == "cited":
        parts.append("cited scores only")
    return ", ".join(parts)


def _some(names: Sequence[str], limit: int = 4) -> str:
    shown = " / ".join(names[:limit])
    return shown if len(names) <= limit else f"{shown} and {len(names) - limit} more"


def _of(value: float, unit: str) -> str:
    """The unit after a value, with the blank before it: `` pp``, `` models``, and of one `` model``."""
    return f" {'model' if unit == 'models' and value == 1 else unit}" if unit else ""


def _unit(metric: Metric) -> str:
    return " pp" if metric.kind in ("top-k-spread", "h", "slot-in-gain") else ""
