"""Evaluate predictions on panels. Pure: the panels are asked for through a callable, randomness comes in as `rng`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from generator.analysis.resample import percentile_interval
from generator.analysis.result import Interval, Statistic
from generator.panel import Panel
from generator.predictions.conditions import Margin, margins
from generator.predictions.decide import Context, decide
from generator.predictions.instants import Instant
from generator.predictions.kernels import moved_by_draws
from generator.predictions.point import Panels, Point, at_panel, compute, finite
from generator.predictions.releases import Counting
from generator.predictions.result import Evaluation, Evidence, Firmness
from generator.predictions.sample import SCHEMES, Sample, Table, resampled
from generator.predictions.sensitivity import alternatives, on_track
from generator.predictions.standing import FEW, STANDINGS, standing_codes
from generator.predictions.words import margin_words, sensitivity_words
from generator.schema.prediction import METRICS, Metric, Prediction, metric_axes

_NO_CONTEXT = Context()


def evaluate(
    prediction: Prediction,
    panels: Panels,
    *,
    as_of: dt.date,
    rng: np.random.Generator,
    context: Context = _NO_CONTEXT,
    resamples: int = 1000,
    track: str | None = None,
) -> Evaluation:
    """Where a prediction stands at the end of `as_of`, from what was public then.

    resamples: bootstrap resamples a scheme; track: score on this one instead of the one that decides (see `on_track`).
    Raises CapewatchError when the provider of panels has no such track.
    """
    choose = partial(alternatives, prediction, panels, context=context, track=track)
    if track is not None:
        prediction = on_track(prediction, track, panels(track, as_of), names=context.names)
    decision = decide(prediction, panels, as_of=as_of, context=context)
    point = at_panel(
        prediction, panels(prediction.track, decision.data_day), as_of=decision.data_day, roster=context.roster
    )
    draws, firmness = _resample(prediction, point, resamples=resamples, rng=rng)
    units = {name: _unit(metric, point.table) for name, metric in prediction.metrics.items()}
    found = _margins(prediction, point.values, units)
    day = decision.data_day.isoformat()
    choices = choose(day=decision.data_day)
    return Evaluation(
        id=prediction.id,
        number=prediction.number,
        title=prediction.title,
        track=prediction.track,
        as_of=as_of.isoformat(),
        data_day=day,
        opens=Instant.parse(prediction.opens).iso,
        closes=Instant.parse(prediction.closes).iso if prediction.closes else None,
        registered_at=Instant.parse(prediction.registered_at).iso,
        state=decision.state,
        standing=point.standing,
        metrics={
            name: _statistic(name, metric, point, draws, units[name], track=prediction.track, day=day)
            for name, metric in prediction.metrics.items()
        },
        n=int(point.used.sum()),
        because=margin_words(found, prediction.metrics),
        margins=found,
        firmness=firmness,
        evidence=evidence(
            point.panel,
            [model for model, used in zip(point.table.models, point.used, strict=True) if used],
            prediction.axes(),
        ),
        panel_digest=point.panel.digest,
        alternatives=choices,
        sensitivity=sensitivity_words(choices),
        releases=_release_rows(point.counting),
        deciding_day=decision.decided_on.isoformat() if decision.decided_on else None,
        retired=decision.retired,
    )


def evaluate_all(
    predictions: Iterable[Prediction],
    panels: Panels,
    *,
    as_of: dt.date,
    seed: int,
    context: Context = _NO_CONTEXT,
    resamples: int = 1000,
    track: str | None = None,
) -> list[Evaluation]:
    """`evaluate` of every prediction, sorted by number and id. Each gets its own stream of `seed`, so that adding one changes no other."""
    ordered = sorted(predictions, key=lambda p: (p.number is None, p.number or 0, p.id))
    return [
        evaluate(
            prediction,
            panels,
            as_of=as_of,
            rng=stream(seed, prediction.id),
            context=context,
            resamples=resamples,
            track=track,
        )
        for prediction in ordered
    ]


def stream(seed: int, name: str) -> np.random.Generator:
    """A random stream that depends on the seed and the name alone."""
    return np.random.default_rng([seed, *name.encode()])


def evidence(panel: Panel, models: Sequence[str], axes: Sequence[str]) -> tuple[Evidence, ...]:
    """The scores of `models` on `axes` with where each was seen, sorted by model id."""
    cells = panel.cells
    chosen = cells[cells["chosen"].astype(bool) & cells["model"].isin(list(models)) & cells["axis"].isin(list(axes))]
    wanted = [
        name
        for name in ("title", "url", "public", "published", "evaluator", "source", "note")
        if name in chosen.columns
    ]
    seen = {
        (row["model"], row["axis"]): {name: str(row[name]) for name in wanted if row[name]}
        for _, row in chosen.iterrows()
    }
    rows = []
    for model in sorted(models):
        scores = {axis: finite(panel.scores.at[model, axis]) for axis in axes if axis in panel.scores.columns}
        known = {axis: value for axis, value in scores.items() if value is not None}
        about = panel.models.loc[model]
        rows.append(
            Evidence(
                model=model,
                name=str(about["name"]) if "name" in about.index and about["name"] else model,
                lab=str(about["lab"] or ""),
                released=str(about["released"] or ""),
                scores=known,
                sources={axis: seen[model, axis] for axis in known if (model, axis) in seen},
            )
        )
    return tuple(rows)


def _resample(
    prediction: Prediction, point: Point, *, resamples: int, rng: np.random.Generator
) -> tuple[dict[str, dict[str, np.ndarray]], tuple[Firmness, ...]]:
    """Draws of every metric by scheme, and the share of each standing; one draw serves all metrics."""
    draws: dict[str, dict[str, np.ndarray]] = {}
    firmness = []
    fixed = not any(map(moved_by_draws, prediction.metrics.values()))
    for scheme in SCHEMES:
        sample: Sample | str = "none of its numbers depends on which models are drawn"
        if scheme == "score-noise" or not fixed:
            sample = resampled(point.table, scheme, among=point.drawn, resamples=resamples, rng=rng)
        if isinstance(sample, str):
            firmness.append(Firmness(scheme, 0, {}, reason=sample))
            continue
        draws[scheme] = {
            name: result.values for name, result in compute(prediction.metrics, sample, point.counting).items()
        }
        codes = standing_codes(prediction, draws[scheme])
        shares = np.bincount(codes, minlength=FEW + 1) / len(codes)
        firmness.append(
            Firmness(scheme, resamples, dict(zip(STANDINGS, map(float, shares), strict=True)), sample.units)
        )
    return draws, tuple(firmness)


def _statistic(
    name: str,
    metric: Metric,
    point: Point,
    draws: Mapping[str, Mapping[str, np.ndarray]],
    unit: str,
    *,
    track: str,
    day: str,
) -> Statistic:
    result = point.results[name]
    inputs = tuple(model for model, used in zip(point.table.models, result.used, strict=True) if used)
    about: dict[str, Any] = {"unit": unit, "inputs": inputs, "axes": metric_axes(metric), "track": track, "as_of": day}
    row = METRICS[metric.kind]
    value = point.values[name]
    if value is None:
        return Statistic.missing(name, result.why, n=len(inputs), method=row.what, **about)
    intervals: dict[str, Interval] = {}
    for scheme, values in draws.items():
        finite = values[name][np.isfinite(values[name])]
        if metric.kind != "count" and finite.size and np.ptp(finite) > 1e-12:
            interval = percentile_interval(finite, method=f"{scheme} resampling, percentile")
            if interval is not None:
                intervals[scheme] = interval
    headline = next(
        (intervals[scheme] for scheme in ("lab-clustered", "plain", "score-noise") if scheme in intervals), None
    )
    return Statistic(
        name=name, estimate=value, n=len(inputs), method=row.what, interval=headline, others=intervals,
        details={"kind": metric.kind, "label": metric.label or ""}, **about,
    )  # fmt: skip


def _margins(
    prediction: Prediction, values: Mapping[str, float | None], units: Mapping[str, str]
) -> tuple[Margin, ...]:
    sides = {"requires": prediction.requires, "pass": [prediction.passes], "fail": [prediction.fails]}
    return margins(sides, values, units)


def _unit(metric: Metric, table: Table) -> str:
    """The catalogue's unit; pp gives way to the unit of an axis that is not in percent."""
    unit = METRICS[metric.kind].unit
    axis = metric.axis or metric.y
    return table.units.get(axis, unit) if unit == "pp" and axis else unit


def _release_rows(counting: Counting | None) -> tuple[Mapping[str, str | None], ...]:
    if counting is None:
        return ()
    counted = {release.model for release in counting.counted}
    return tuple(
        {
            "model": release.model,
            "released": release.released,
            "scored_on": release.scored_on.isoformat() if release.scored_on else None,
            "counts": "yes" if release.model in counted and release.scored_on else "not yet",
        }
        for release in counting.seen
    )
