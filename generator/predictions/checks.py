"""All that `capewatch check` says about predictions: shape, names in other files, dates, numbers, and the registry."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from pathlib import Path

from generator.core import Problem, near_matches
from generator.predictions.book import Book, load_predictions
from generator.predictions.instants import Instant, InstantError
from generator.predictions.verify import verify
from generator.schema import Registry, axis_ids
from generator.schema.prediction import Event, Metric, Prediction, metric_axes
from generator.schema.yamlfile import Document, Location

#: The papers' tables as published: tracks without a rule, whose panel is the same on every day.
FROZEN_TRACKS = ("paper-base", "paper-frontier")


def check_predictions(root: Path, registry: Registry, today: dt.date, *, history: bool = True) -> list[Problem]:
    """Every problem of the predictions under `root`, sorted by path and line. `today` bounds dates; `history` asks git too."""
    book = load_predictions(root)
    problems = [*book.problems, *verify(root, book=book, history=history)]
    for entry in book.typed:
        problems += _references(entry.document, entry.value, registry)
        problems += _dates(entry.document, entry.value, today)
    problems += _numbers(book)
    return sorted(set(problems))


def _references(document: Document, prediction: Prediction, registry: Registry) -> Iterator[Problem]:
    tracks = sorted({*registry.tracks, *FROZEN_TRACKS})
    for where, track in (
        (("track",), prediction.track),
        *((("also_tracks", i), t) for i, t in enumerate(prediction.also_tracks)),
    ):
        yield from _known(document, where, "track", track, tracks, "data/tracks.yaml")
    if prediction.track in FROZEN_TRACKS and prediction.kind == "prediction":
        yield document.problem(
            ("track",), "frozen-track", "a frozen table cannot decide a prediction: nothing is ever added to it",
            found=prediction.track, allowed=", ".join(sorted(registry.tracks)),
        )  # fmt: skip
    axes = axis_ids(registry.benchmarks.values())
    for metrics, place in _metric_tables(prediction):
        for name, metric in metrics.items():
            yield from _metric_references(document, (*place, name), metric, registry, axes)
    for event, place in _events(prediction):
        if event is None:
            continue
        yield from _known(document, (*place, "lab"), "lab", event.lab, registry.labs, "data/labs")
        for index, axis in enumerate(event.scored_on):
            yield from _known(document, (*place, "scored_on", index), "axis", axis, axes, "data/benchmarks")


def _metric_tables(prediction: Prediction) -> Iterator[tuple[dict[str, Metric], Location]]:
    yield prediction.metrics, ("metrics",)
    for number, ambiguity in enumerate(prediction.ambiguities):
        for index, reading in enumerate(ambiguity.readings):
            yield reading.metrics, ("ambiguities", number, "readings", index, "metrics")


def _events(prediction: Prediction) -> Iterator[tuple[Event | None, Location]]:
    yield prediction.event, ("event",)
    for number, ambiguity in enumerate(prediction.ambiguities):
        for index, reading in enumerate(ambiguity.readings):
            yield reading.event, ("ambiguities", number, "readings", index, "event")


def _metric_references(
    document: Document, place: Location, metric: Metric, registry: Registry, axes: list[str]
) -> Iterator[Problem]:
    named = [(key, getattr(metric, key)) for key in ("axis", "over", "x", "y", "order_by")]
    for key, axis in named:
        if axis is not None:
            yield from _known(document, (*place, key), "axis", axis, axes, "data/benchmarks")
    listed = set(metric_axes(metric)) - {axis for _, axis in named}
    for axis in sorted(listed):
        yield from _known(document, place, "axis", axis, axes, "data/benchmarks")
    for lab in metric.lab_offsets or ():
        yield from _known(document, (*place, "lab_offsets", lab), "lab", lab, registry.labs, "data/labs")
    if metric.subset is not None:
        for index, lab in enumerate(metric.subset.labs):
            yield from _known(document, (*place, "subset", "labs", index), "lab", lab, registry.labs, "data/labs")
        for index, model in enumerate(metric.subset.exclude):
            yield from _known(
                document, (*place, "subset", "exclude", index), "model", model, registry.models, "data/models"
            )


def _known(
    document: Document, where: Location, kind: str, name: str, known: Iterable[str], folder: str
) -> Iterator[Problem]:
    known = sorted(known)
    if name in known:
        return
    near = near_matches(name, known)
    allowed = (
        ", ".join(near) if near else (", ".join(known) if len(known) <= 12 else f"one of {len(known)} in {folder}")
    )
    hint = f"did you mean {near[0]!r}?" if near else f"add it under {folder} first"
    yield document.problem(where, f"unknown-{kind}", f"unknown {kind}", found=repr(name), allowed=allowed, hint=hint)


def _dates(document: Document, prediction: Prediction, today: dt.date) -> Iterator[Problem]:
    try:
        registered = Instant.parse(prediction.registered_at)
    except InstantError:
        registered = None  # reported with the shape of the file
    if registered is not None and not registered.passed_by(today):
        yield document.problem(
            ("registered_at",),
            "future-date",
            "registered in the future",
            found=registered.text,
            allowed=f"up to {today.isoformat()}",
        )
    stated = prediction.probability
    if stated is not None and stated.on > today.isoformat():
        yield document.problem(
            ("probability", "on"),
            "future-date",
            "stated in the future",
            found=stated.on,
            allowed=f"up to {today.isoformat()}",
        )


def _numbers(book: Book) -> Iterator[Problem]:
    """A number names one prediction of its origin."""
    taken: dict[tuple[str, int], str] = {}
    for _identity, entry in sorted(book.predictions.items()):
        prediction = entry.value
        if prediction.number is None:
            continue
        place = (prediction.origin.url, prediction.number)
        if place in taken:
            yield entry.document.problem(
                ("number",), "duplicate-number", f"number {prediction.number} of this origin is taken", found=prediction.id,
                hint=f"first in {taken[place]}",
            )  # fmt: skip
        taken.setdefault(place, entry.document.path)
