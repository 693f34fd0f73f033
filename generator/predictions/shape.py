"""What can be seen in one prediction file alone: metrics and their arguments, conditions, instants, readings."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from generator.core import Problem, counted, near_matches
from generator.predictions.conditions import Bounds, Box, boxes, overlap
from generator.predictions.instants import Instant, InstantError
from generator.predictions.sensitivity import read_as
from generator.schema.prediction import (
    COMPARISONS,
    METRIC_ARGUMENTS,
    METRICS,
    Ambiguity,
    Condition,
    Metric,
    Prediction,
)
from generator.schema.yamlfile import Document, Location


def shape_problems(document: Document, prediction: Prediction) -> list[Problem]:
    """Every fault of one file that needs no other file to be seen."""
    problems = [
        *_metrics(document, prediction.metrics, ("metrics",), prediction),
        *_all_conditions(document, prediction),
        *_instants(document, prediction),
        *_kind(document, prediction),
        *_ambiguities(document, prediction.ambiguities, prediction),
    ]
    if not problems:
        problems += _logic(document, prediction, ())
        for place, changed in _readings(prediction):
            problems += _logic(document, changed, place)
    return problems


def _metrics(
    document: Document, metrics: Mapping[str, Metric], where: Location, prediction: Prediction
) -> Iterator[Problem]:
    for name, metric in metrics.items():
        place = (*where, name)
        row = METRICS.get(metric.kind)
        if row is None:
            near = near_matches(metric.kind, METRICS)
            yield document.problem(
                (*place, "kind"), "unknown-metric", "unknown kind of metric", found=repr(metric.kind),
                allowed=", ".join(near or sorted(METRICS)), hint=f"did you mean {near[0]!r}?" if near else "",
            )  # fmt: skip
            continue
        given = [argument for argument in METRIC_ARGUMENTS if getattr(metric, argument) is not None]
        for argument in row.required:
            if argument not in given:
                yield document.problem(
                    place,
                    "missing-argument",
                    f"{name}: a {metric.kind} needs {argument!r}",
                    allowed=", ".join(row.required),
                )
        for argument in given:
            if argument not in (*row.required, *row.optional):
                yield document.problem(
                    (*place, argument), "unknown-argument", f"{name}: a {metric.kind} takes no {argument!r}",
                    allowed=", ".join((*row.required, *row.optional)),
                )  # fmt: skip
        if metric.fit == "frozen" and metric.line is None:
            yield document.problem(
                place,
                "missing-argument",
                f"{name}: a frozen fit needs its 'line'",
                hint="line: {slope: …, intercept: …}",
            )
        if metric.kind == "h":
            yield from _release(document, place, name, metric, prediction)


def _release(
    document: Document, place: Location, name: str, metric: Metric, prediction: Prediction
) -> Iterator[Problem]:
    event = prediction.event
    if event is None:
        yield document.problem(
            place, "missing-event", f"{name}: h of a release needs an 'event' that says which releases count"
        )
    elif metric.release is not None and metric.release > event.releases:
        yield document.problem(
            (*place, "release"),
            "bad-release",
            f"{name}: no such counting release",
            found=str(metric.release),
            allowed=f"1 to {event.releases}",
        )


def _all_conditions(document: Document, prediction: Prediction) -> Iterator[Problem]:
    known = prediction.metrics
    yield from _conditions(document, prediction.passes, ("pass",), known)
    yield from _conditions(document, prediction.fails, ("fail",), known)
    for index, condition in enumerate(prediction.requires):
        yield from _conditions(document, condition, ("requires", index), known)
    for number, ambiguity in enumerate(prediction.ambiguities):
        for index, reading in enumerate(ambiguity.readings):
            place: Location = ("ambiguities", number, "readings", index)
            names = {**known, **reading.metrics}
            for key, own in (("pass", reading.passes), ("fail", reading.fails)):
                if own is not None:
                    yield from _conditions(document, own, (*place, key), names)
            for position, condition in enumerate(reading.requires or ()):
                yield from _conditions(document, condition, (*place, "requires", position), names)


def _conditions(
    document: Document, condition: Condition, where: Location, known: Mapping[str, Metric]
) -> Iterator[Problem]:
    forms = [name for name in ("all", "any", "metric") if getattr(condition, name) is not None]
    compared = [name for name in COMPARISONS if getattr(condition, name) is not None]
    if len(forms) != 1:
        yield document.problem(
            where, "bad-condition", "a condition is one comparison of a metric, or all, or any of several",
            found=" and ".join(forms) or "none of them", allowed="exactly one of metric, all, any",
        )  # fmt: skip
        return
    for key in ("all", "any"):
        for index, part in enumerate(getattr(condition, key) or ()):
            yield from _conditions(document, part, (*where, key, index), known)
    if condition.metric is None:
        if compared:
            yield document.problem(
                (*where, compared[0]),
                "bad-condition",
                f"{compared[0]!r} compares nothing: there is no metric beside it",
            )
        return
    if len(compared) != 1:
        yield document.problem(
            where, "bad-condition", f"{condition.metric} is compared {counted(len(compared), 'time')}",
            found=", ".join(compared) or "no comparison", allowed=f"exactly one of {', '.join(COMPARISONS)}", hint="join two with all",
        )  # fmt: skip
    if condition.metric not in known:
        near = near_matches(condition.metric, known)
        yield document.problem(
            (*where, "metric"), "unknown-metric", "the metric of a condition is not defined under metrics", found=repr(condition.metric),
            allowed=", ".join(sorted(known)), hint=f"did you mean {near[0]!r}?" if near else "",
        )  # fmt: skip


def _instants(document: Document, prediction: Prediction) -> Iterator[Problem]:
    parsed: dict[str, Instant] = {}
    for key in ("registered_at", "opens", "closes"):
        text = getattr(prediction, key)
        if text is None:
            continue
        try:
            parsed[key] = Instant.parse(text)
        except InstantError as error:
            yield document.problem((key,), error.code, key, found=repr(text), allowed=str(error))
    if "opens" in parsed and "closes" in parsed and parsed["closes"].utc <= parsed["opens"].utc:
        yield document.problem(
            ("closes",), "closes-before-opens", "the window closes before it opens",
            found=parsed["closes"].text, allowed=f"after {parsed['opens'].text}",
        )  # fmt: skip
    if "registered_at" in parsed and "closes" in parsed and parsed["closes"].utc <= parsed["registered_at"].utc:
        yield document.problem(
            ("registered_at",), "registered-late", "the prediction was registered after its window closed",
            found=parsed["registered_at"].text, allowed=f"before {parsed['closes'].text}",
        )  # fmt: skip


def _kind(document: Document, prediction: Prediction) -> Iterator[Problem]:
    if prediction.kind == "prediction" and prediction.closes is None:
        yield document.problem(
            ("kind",), "no-deadline", "a prediction has a deadline",
            hint="add closes (with an event: the latest end), or write kind: statement for something tracked without one",
        )  # fmt: skip
    if prediction.kind == "statement" and prediction.event is not None:
        yield document.problem(("event",), "no-deadline", "a statement without a deadline cannot close with an event")


def _ambiguities(document: Document, ambiguities: Sequence[Ambiguity], prediction: Prediction) -> Iterator[Problem]:
    names: set[str] = {"chosen"}
    asked: set[str] = set()
    for number, ambiguity in enumerate(ambiguities):
        place: Location = ("ambiguities", number)
        if ambiguity.id in asked:
            yield document.problem((*place, "id"), "duplicate-id", f"the ambiguity {ambiguity.id!r} appears twice")
        asked.add(ambiguity.id)
        for index, reading in enumerate(ambiguity.readings):
            where = (*place, "readings", index)
            if reading.id in names:
                yield document.problem(
                    (*where, "id"), "duplicate-id", f"the reading {reading.id!r} appears twice, or is called 'chosen'"
                )
            names.add(reading.id)
            changed = prediction.model_copy(update={"event": reading.event}) if reading.event else prediction
            yield from _metrics(document, reading.metrics, (*where, "metrics"), changed)


def _readings(prediction: Prediction) -> Iterator[tuple[Location, Prediction]]:
    for number, ambiguity in enumerate(prediction.ambiguities):
        for index, reading in enumerate(ambiguity.readings):
            if reading.metrics or reading.passes or reading.fails or reading.requires is not None:
                yield ("ambiguities", number, "readings", index), read_as(prediction, reading)


def _logic(document: Document, prediction: Prediction, where: Location) -> Iterator[Problem]:
    """Pass and fail must exclude each other, and each must be possible at all."""
    domains = {name: _domain(metric) for name, metric in prediction.metrics.items()}
    required = Condition(all=[*prediction.requires, prediction.passes]) if prediction.requires else prediction.passes
    try:
        both = overlap(required, prediction.fails, domains)
        can_pass, can_fail = boxes(required, domains), boxes(prediction.fails, domains)
    except ValueError as error:
        yield document.problem((*where, "pass"), "bad-condition", str(error))
        return
    if both is not None:
        yield document.problem(
            (*where, "fail"), "conditions-overlap", "pass and fail can both be true", found=_example(both),
            hint="leave a gap between them, or make one at_most where the other is above",
        )  # fmt: skip
    if not can_pass:
        yield document.problem(
            (*where, "pass"), "no-path-to-pass", "no values of the metrics can ever meet the pass condition"
        )
    if not can_fail:
        yield document.problem(
            (*where, "fail"), "no-path-to-fail", "no values of the metrics can ever meet the fail condition",
            hint="a prediction that cannot fail predicts nothing",
        )  # fmt: skip


def _domain(metric: Metric) -> Bounds:
    row = METRICS[metric.kind]
    return Bounds(-math.inf if row.low is None else row.low, math.inf if row.high is None else row.high)


def _example(box: Box) -> str:
    """A box in words: ``r 0.3 to 0.5 and n 5 to ∞``."""
    parts = []
    for name, bounds in sorted(box.items()):
        low = "-∞" if bounds.low == -math.inf else f"{bounds.low:g}"
        high = "∞" if bounds.high == math.inf else f"{bounds.high:g}"
        parts.append(f"{name} {low} to {high}" if low != high else f"{name} {low}")
    return " and ".join(parts)
