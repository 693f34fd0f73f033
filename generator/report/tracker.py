"""The predictions as a section of the bundle: file, words, evaluation, timeline and ledger of each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from generator import snapshots
from generator.panel import PanelProvider, Stored
from generator.panel.published import Published, read_published
from generator.predictions import (
    FROZEN_TRACKS,
    Book,
    Context,
    Evaluation,
    days_that_matter,
    evaluate_all,
    load_predictions,
    pass_rate,
    read_ledger,
    replay,
    retired_axes,
    roster_of,
)
from generator.predictions.replay import Step
from generator.predictions.resolve import with_ledger
from generator.predictions.words import condition_words, event_words, flip_words, metric_words
from generator.report.outputs import prediction_outputs
from generator.schema import Registry
from generator.schema.prediction import Prediction

#: A timeline starts this long before the registration, so that a reader sees what was known then.
LOOK_BACK = dt.timedelta(days=180)
MAX_STEPS = 120


def provider_of(
    root: Path,
    registry: Registry,
    *,
    stored: Callable[[], Stored] | None = None,
    read: Callable[[str], Published] | None = None,
) -> PanelProvider:
    """Live tracks at any day, and the papers' frozen tables. `stored` gives the rows of the snapshots, `read` a frozen table by
    name, where they are read already."""
    read = read or partial(read_published, root)
    present = [name for name in FROZEN_TRACKS if (root / "data" / "panels" / name).is_dir()]
    frozen = {name: read(name).panel for name in present}
    return PanelProvider(registry, frozen=frozen, stored=stored)


def context_of(root: Path, registry: Registry) -> Context:
    """Days on which data were recorded (pulled, or read for a model file), every model known, and retired benchmarks."""
    folder = root / "data" / "snapshots"
    days = {
        dt.date.fromisoformat(pull.recorded)
        for source in snapshots.sources(folder)
        for pull in snapshots.history(folder, source)
    }
    written = (observation for entry in registry.models.values() for observation in entry.value.observations)
    days |= {dt.date.fromisoformat(observation.source.retrieved) for observation in written}
    return Context(
        recorded=sorted(days),
        roster=roster_of(registry),
        retired=retired_axes(registry),
        names=_axis_names(registry),
    )


def _axis_names(registry: Registry) -> dict[str, str]:
    """Axis id -> the name readers know; a benchmark's own id has the name of the benchmark."""
    names = {rule.id: rule.name for entry in registry.benchmarks.values() for rule in entry.value.axes}
    return names | {entry.value.id: entry.value.name for entry in registry.benchmarks.values()}


def evaluations_of(
    root: Path, book: Book, provider: PanelProvider, context: Context, *, as_of: dt.date, seed: int, resamples: int
) -> list[Evaluation]:
    """Every prediction at `as_of`, beside what its ledger held by then."""
    found = evaluate_all(book.ordered(), provider, as_of=as_of, seed=seed, context=context, resamples=resamples)
    return [with_ledger(evaluation, read_ledger(root, evaluation.id)) for evaluation in found]


def tracker_section(
    root: Path,
    registry: Registry,
    provider: PanelProvider,
    *,
    as_of: dt.date,
    seed: int,
    resamples: int,
    keep: Callable[[str, Callable[[], Any]], Any] = lambda _name, compute: compute(),
) -> dict[str, Any]:
    """The section `predictions`. A project without predictions gives an empty list.

    `keep(name, compute)` is given what makes the timeline of each prediction, in which no model's name stands, and may answer from
    what it kept.
    """
    book = load_predictions(root)
    context = context_of(root, registry)
    evaluations = evaluations_of(root, book, provider, context, as_of=as_of, seed=seed, resamples=resamples)
    labs = {entry.value.id: entry.value.name for entry in registry.labs.values()}
    return {
        "outputs": prediction_outputs(root, book, evaluations, as_of=as_of.isoformat()),
        "as_of": as_of.isoformat(),
        "counts": dict(pass_rate(evaluations)),
        "items": [
            _item(root, prediction, evaluation, context.names, labs)
            | {"timeline": keep(prediction.id, partial(_timeline, prediction, provider, context, as_of=as_of))}
            for evaluation in evaluations
            for prediction in (book.get(evaluation.id),)
        ],
    }


def _item(
    root: Path,
    prediction: Prediction,
    evaluation: Evaluation,
    names: Mapping[str, str],
    labs: dict[str, str],
) -> dict[str, Any]:
    """One prediction without its timeline."""
    ledger = read_ledger(root, prediction.id)
    return {
        "id": prediction.id,
        "path": f"predictions/{prediction.id}/prediction.yaml",
        "file": prediction.model_dump(mode="json", by_alias=True, exclude_none=True),
        "words": {
            "pass": condition_words(prediction.passes, prediction.metrics, names=names) if prediction.passes else "",
            "fail": condition_words(prediction.fails, prediction.metrics, names=names) if prediction.fails else "",
            "requires": [condition_words(item, prediction.metrics, names=names) for item in prediction.requires],
            "event": event_words(prediction.event, names={**names, **labs}) if prediction.event else "",
            "metrics": {name: metric_words(metric, names=names) for name, metric in prediction.metrics.items()},
            "flip": list(flip_words(prediction, evaluation.margins, names=names)),
        },
        "evaluation": evaluation.as_dict(),
        "ledger": [
            {
                "sequence": line.sequence,
                "at": line.at,
                "event": line.event,
                "body": dict(line.body),
                "hash": line.hash,
                "previous": line.previous,
            }
            for line in ledger.lines
        ],
    }


def _timeline(
    prediction: Prediction, provider: PanelProvider, context: Context, *, as_of: dt.date
) -> list[dict[str, Any]]:
    """The standing on each day on which a score behind it became public, from before the registration to `as_of`."""
    registered = dt.date.fromisoformat(prediction.registered_at[:10])
    start = min(registered - LOOK_BACK, as_of)
    days = days_that_matter(provider(prediction.track, as_of), prediction, start=start, end=as_of)
    return [_step(step) for step in replay(prediction, provider, days[-MAX_STEPS:], context=context)]


def _step(step: Step) -> dict[str, Any]:
    return {
        "day": step.day,
        "state": step.state,
        "standing": step.standing,
        "values": dict(step.values),
        "n": step.n,
        "moves": [{"model": move.model, "how": move.how} for move in step.moves],
    }
