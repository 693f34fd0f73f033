"""The entities of the bundle: models with every observation, labs, families, benchmarks, sources, tracks, evaluators."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import pandas as pd

from generator import snapshots
from generator.panel import MODEL_FILES, Observations, Panel, released_day
from generator.panel.observations import PROTOCOL_COLUMNS
from generator.schema import Registry

#: What tells two observations apart, the value left out (a correction may have replaced it).
_IDENTITY = ("model", "benchmark", "source", "locator", "url", *PROTOCOL_COLUMNS, "step")
_SHOWN = ("benchmark", "axis", "evaluator", "source", "title", "url", "via", "published", "recorded", "public", "note")
_STATED = (*PROTOCOL_COLUMNS, "step")
_READ = (*_SHOWN, *PROTOCOL_COLUMNS, "model", "step", "value", "stderr", "n", "locator", "spelling", "pull")


def entities(
    registry: Registry, observations: Observations, panels: Mapping[str, Panel], *, later: Collection[str] = ()
) -> dict[str, list[dict[str, Any]]]:
    """All entity lists of the bundle. `panels` are the live panels by track; `later` models are not listed yet."""
    sources = source_entities(registry, observations)
    models = [model for model in model_entities(registry, observations, panels) if model["id"] not in later]
    return {
        "models": models,
        "labs": lab_entities(registry, models),
        "families": family_entities(registry, panels),
        "benchmarks": benchmark_entities(registry, observations, panels),
        "sources": sources,
        "tracks": track_entities(registry, panels),
        "evaluators": [item.model_dump() for item in sorted(registry.evaluators.values(), key=lambda item: item.id)],
    }


def number(value: Any) -> float | None:
    """A float that JSON can carry, or None."""
    return None if value is None or not math.isfinite(value) else float(value)


def model_entities(registry: Registry, observations: Observations, panels: Mapping[str, Panel]) -> list[dict[str, Any]]:
    """One mapping a model, sorted by id, with every observation and why it was or was not chosen by each track."""
    rows = _observation_entities(registry, observations, panels)
    scores = {track: _scores(panel) for track, panel in panels.items()}
    result = []
    for identity in sorted(registry.models):
        entry = registry.models[identity]
        model = entry.value
        day = released_day(model.released)
        family = registry.families.get(model.family or "")
        result.append(
            {
                **model.model_dump(exclude={"observations", "schema_version"}),
                "lab_name": registry.labs[model.lab].value.name,
                "family_name": family.value.name if family else None,
                "released_day": day.isoformat() if day else None,
                "path": entry.document.path,
                "page": f"models/{model.id}/",
                "scores": {track: found[identity] for track, found in scores.items() if identity in found},
                "observations": rows.get(identity, []),
            }
        )
    return result


def _scores(panel: Panel) -> dict[str, dict[str, dict[str, float | None]]]:
    """Model -> axis -> value and stderr of every filled cell."""
    axes = [str(axis) for axis in panel.scores.columns]
    rows = zip(panel.scores.index, panel.scores.to_numpy().tolist(), panel.stderr.to_numpy().tolist(), strict=True)
    return {
        str(model): {
            axis: {"value": value, "stderr": number(error)}
            for axis, value, error in zip(axes, values, errors, strict=True)
            if not math.isnan(value)
        }
        for model, values, errors in rows
    }


def _observation_entities(
    registry: Registry, observations: Observations, panels: Mapping[str, Panel]
) -> dict[str, list[dict[str, Any]]]:
    evaluators = {"maker": "its maker", **{item.id: item.name for item in registry.evaluators.values()}}
    names = {MODEL_FILES: "model file", **{name: entry.value.name for name, entry in registry.sources.items()}}
    chosen, reasons = _choices(panels)
    pulls = _pulls(registry)
    protocols: dict[tuple[str, ...], dict[str, str]] = {}
    never: list[str] = []
    unsaid: dict[str, str] = {}
    result: dict[str, list[dict[str, Any]]] = defaultdict(list)
    finished = observations.finished
    for key, row in zip(_keys(finished), _records(finished, _READ), strict=True):
        item: dict[str, Any] = {name: row[name] for name in _SHOWN}
        item |= {
            "value": row["value"],
            "unit": registry.benchmarks[row["benchmark"]].value.unit,
            "stderr": number(row["stderr"]),
            "n": number(row["n"]),
            "protocol": _protocol(row, protocols),
            "evaluator_name": evaluators.get(row["evaluator"], row["evaluator"]),
            "source_name": names.get(row["source"], row["source"]),
            "locator": row["locator"],
            "spelling": row["spelling"],
            "pull_sha": _digest(pulls.get((row["source"], row["pull"])), row["locator"]),
            "chosen_in": chosen.get(key, never),
            "reasons": reasons.get(key, unsaid),
        }
        result[row["model"]].append(item)
    for items in result.values():
        items.sort(
            key=lambda item: (
                item["axis"] or item["benchmark"],
                not item["chosen_in"],
                item["source"],
                item["url"],
                item["value"],
            )
        )
    return result


def _protocol(row: Mapping[str, str], known: dict[tuple[str, ...], dict[str, str]]) -> dict[str, str]:
    """What is stated of how the score was taken: one mapping for all rows that state the same."""
    stated = tuple(row[name] for name in _STATED)
    if stated not in known:
        known[stated] = {name: value for name, value in zip(_STATED, stated, strict=True) if value}
    return known[stated]


def _keys(rows: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    """The values of _IDENTITY, a row each."""
    return zip(*(rows[name].tolist() for name in _IDENTITY), strict=True)


def _records(rows: pd.DataFrame, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The rows as mappings of these columns."""
    for values in zip(*(_plain(rows[name]) for name in columns), strict=True):
        yield dict(zip(columns, values, strict=True))


def _plain(column: pd.Series) -> list[Any]:
    """The values as plain objects. Equal texts are one object: the rows of a bulk source repeat theirs thousands of times."""
    known: dict[Any, Any] = {}
    values = column.tolist()
    return values if pd.api.types.is_numeric_dtype(column) else [known.setdefault(value, value) for value in values]


def _choices(
    panels: Mapping[str, Panel],
) -> tuple[dict[tuple[Any, ...], list[str]], dict[tuple[Any, ...], dict[str, str]]]:
    """The tracks that chose an observation, and why others did not; equal ones are one object."""
    chosen: dict[tuple[Any, ...], list[str]] = defaultdict(list)
    reasons: dict[tuple[Any, ...], dict[str, str]] = defaultdict(dict)
    for track, panel in sorted(panels.items()):
        cells = panel.cells
        for key, won, reason in zip(_keys(cells), cells["chosen"].tolist(), _plain(cells["reason"]), strict=True):
            if won:
                chosen[key].append(track)
            else:
                reasons[key][track] = reason
    lists: dict[tuple[str, ...], list[str]] = {}
    mappings: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}
    return (
        {key: lists.setdefault(tuple(tracks), tracks) for key, tracks in chosen.items()},
        {key: mappings.setdefault(tuple(said.items()), said) for key, said in reasons.items()},
    )


def _pulls(registry: Registry) -> dict[tuple[str, float], snapshots.Pull]:
    folder = registry.root / "data" / "snapshots"
    return {
        (source, float(pull.pull)): pull
        for source in snapshots.sources(folder)
        for pull in snapshots.history(folder, source)
    }


def _digest(pull: snapshots.Pull | None, locator: str) -> str:
    """sha256 of the captured file a pulled row came from; '' for a row that a person wrote."""
    if pull is None:
        return ""
    capture = pull.capture_of(locator)
    return str(capture["sha256"]) if capture else pull.payload_sha256


def lab_entities(registry: Registry, models: list[dict[str, Any]]) -> list[dict[str, Any]]:
    by_lab: dict[str, list[str]] = defaultdict(list)
    for model in models:
        by_lab[model["lab"]].append(model["id"])
    return [
        {**registry.labs[lab].value.model_dump(exclude={"schema_version"}), "models": members, "n_models": len(members)}
        for lab, members in sorted(by_lab.items())
    ]


def family_entities(registry: Registry, panels: Mapping[str, Panel]) -> list[dict[str, Any]]:
    """One mapping a family, models sorted by size; the trajectory on every axis of the base panels."""
    members: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for identity, entry in registry.models.items():
        if entry.value.family:
            members[entry.value.family].append((entry.value.params or math.inf, identity))
    points = {track: _points(panel) for track, panel in panels.items()}
    result = []
    for family in sorted(members):
        ids = [identity for _size, identity in sorted(members[family])]
        result.append(
            {
                **registry.families[family].value.model_dump(exclude={"schema_version"}),
                "models": ids,
                "n_models": len(ids),
                "tracks": {
                    track: _trajectory([known[identity] for identity in ids if identity in known])
                    for track, known in points.items()
                    if any(identity in known for identity in ids)
                },
            }
        )
    return result


def _points(panel: Panel) -> dict[str, dict[str, Any]]:
    """Model -> its point of a trajectory, with every axis of the panel."""
    axes = [str(axis) for axis in panel.scores.columns]
    facts = (panel.models.index, panel.models["name"].tolist(), panel.models["params"].tolist())
    return {
        str(model): {
            "model": model,
            "name": name,
            "params": number(params),
            "scores": {axis: number(value) for axis, value in zip(axes, values, strict=True)},
        }
        for model, name, params, values in zip(*facts, panel.scores.to_numpy().tolist(), strict=True)
    }


def _trajectory(points: list[dict[str, Any]]) -> dict[str, Any]:
    """The points on the axes that any of them has a score on."""
    axes = [axis for axis in points[0]["scores"] if any(point["scores"][axis] is not None for point in points)]
    cut = [{**point, "scores": {axis: point["scores"][axis] for axis in axes}} for point in points]
    return {"axes": axes, "points": cut}


def benchmark_entities(
    registry: Registry, observations: Observations, panels: Mapping[str, Panel]
) -> list[dict[str, Any]]:
    counts = observations.table["benchmark"].value_counts()
    result = []
    for identity, entry in sorted(registry.benchmarks.items()):
        benchmark = entry.value
        axes = [(rule.id, rule.name) for rule in benchmark.axes] or [(benchmark.id, benchmark.name)]
        result.append(
            {
                **benchmark.model_dump(exclude={"schema_version", "axes"}),
                "axes": [{"id": axis, "name": name} for axis, name in axes],
                "n_observations": int(counts.get(identity, 0)),
                "tracks": {
                    track: [
                        _leaders(panel, axis, name, benchmark.higher_is_better)
                        for axis, name in axes
                        if axis in panel.scores.columns
                    ]
                    for track, panel in panels.items()
                    if any(axis in panel.scores.columns for axis, _name in axes)
                },
            }
        )
    return result


def _leaders(panel: Panel, axis: str, name: str, higher_is_better: bool, *, count: int = 10) -> dict[str, Any]:
    scores = panel.axis(axis).sort_index().sort_values(ascending=not higher_is_better, kind="stable")
    top = [
        {"model": model, "name": panel.models.at[model, "name"], "lab": panel.models.at[model, "lab"],
         "value": float(value), "stderr": number(panel.stderr.at[model, axis])}
        for model, value in scores.head(count).items()
    ]  # fmt: skip
    return {"axis": axis, "name": name, "n_models": len(scores), "top": top}


def source_entities(registry: Registry, observations: Observations) -> list[dict[str, Any]]:
    """One mapping a source, with what was pulled and when; `newest` is the newest day it was read."""
    folder = registry.root / "data" / "snapshots"
    stored = set(snapshots.sources(folder))
    used = observations.table["source"].value_counts()
    result = []
    for identity, entry in sorted(registry.sources.items()):
        pulls = snapshots.history(folder, identity) if identity in stored else []
        result.append(
            {
                **entry.value.model_dump(exclude={"schema_version"}),
                "rows_used": int(used.get(identity, 0)),
                "pulls": [asdict(pull) for pull in pulls],
                "newest": max((pull.payload_day for pull in pulls), default=None),
            }
        )
    return result


def track_entities(registry: Registry, panels: Mapping[str, Panel]) -> list[dict[str, Any]]:
    result = []
    for identity, panel in sorted(panels.items()):
        axes = [
            {
                "id": str(axis),
                "name": panel.axes.at[axis, "name"],
                "unit": panel.axes.at[axis, "unit"],
                "n_models": int(panel.scores[axis].notna().sum()),
            }
            for axis in panel.scores.columns
        ]
        result.append(
            {
                **registry.tracks[identity].model_dump(exclude={"axes"}),
                "axes": axes,
                "n_models": len(panel.models),
                "panel_digest": panel.digest,
            }
        )
    return result
