"""Diagnose: the calculator's page and the one file of coefficients, models and lab histories that it reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from generator.core import CapewatchError, canonical_json
from generator.site import format
from generator.site.axes import short
from generator.site.page import Group, Page
from generator.site.view import BASE, View

URL = "diagnose/"
DATA = "assets/data/diagnose.json"
MOST_BYTES = 40_000
TRACKS = {"maker": "maker", "epoch": "epoch-ai"}  # track → evaluator that a score entered for it is by
BASE_TRACK = "harness-v1"
PRESET_SIZES = (1e9, 14e9)  # a small and a middle-sized base model, as in the papers' calculator
Row = Mapping[str, Any]


def pages(view: View) -> Iterator[Page]:
    content = calculator_data(view)
    if content is None:
        return
    text = canonical_json(content)
    if len(text.encode()) > MOST_BYTES:
        raise CapewatchError(
            f"{DATA} has {format.count(len(text.encode()))} bytes; the calculator is allowed "
            f"{format.count(MOST_BYTES)}",
            hint="round what a reader does not see, or leave out models that no reading needs",
        )
    view.extra_files[DATA] = text
    sentence = finding(content)
    body = view.render(
        "diagnose.md.j2",
        URL,
        sentence=sentence,
        tracks=content["tracks"],
        labs=sorted(content["labs"].items(), key=lambda item: item[1].lower()),
        data=DATA,
        as_of=view.as_of,
    )
    yield Page(
        "diagnose/index.md",
        "Diagnose",
        "Where two scores put a model: phase, residual with its prediction interval, nearest models, what to "
        "measure next.",
        body,
    )


def finding(content: Row) -> str:
    """How far one pair of scores can place a model."""
    parts = [
        f"{track['name']}: {format.count(track['coefficients']['n'])} models, residual standard deviation "
        f"{format.number(track['coefficients']['line']['sigma'], 1)}{format.NBSP}pp"
        for track in content["tracks"].values()
    ]
    return (
        "Two scores place a model only as finely as the population scatters about its line "
        f"({'; '.join(parts)}), so most models lie within the prediction interval and cannot be told from the trend."
    )


def calculator_data(view: View) -> dict[str, Any] | None:
    """Everything the calculator reads, or None where the bundle carries no coefficients."""
    coefficients = view.section("coefficients") or {}
    tracks = {
        track: _track(view, track, coefficients[track], evaluator)
        for track, evaluator in TRACKS.items()
        if "line" in coefficients.get(track, {})
    }
    base = coefficients.get(BASE_TRACK, {})
    if not tracks or "running" not in base:
        return None
    labs = {lab for track in tracks.values() for lab in track["labs"]}
    small = base_models(view)
    return {
        "as_of": view.as_of,
        "track": next(iter(tracks)),
        "version": view.meta["version"],
        "tracks": tracks,
        "base": {"name": view.track_name(BASE_TRACK), "coefficients": base, "models": small},
        "labs": {lab: view.labs[lab]["name"] if lab in view.labs else lab for lab in sorted(labs)},
        "rotation": _rotation(view),
        "presets": presets(tracks, small),
    }


def _track(view: View, track: str, coefficients: Row, evaluator: str) -> dict[str, Any]:
    rows = sorted(view.h_rows(track), key=lambda row: row["model"])
    histories = (view.section("labs") or {}).get(track, {})
    return {
        "name": view.track_name(track),
        "evaluator": evaluator,
        "coefficients": coefficients,
        "models": [
            {"id": row["model"], "name": row["name"], "lab": row["lab"], "x": row["x"], "y": row["y"]} for row in rows
        ],
        "labs": {
            lab: [
                {"model": step["model"], "h": step["h"], "released": step["released"]} for step in found["trajectory"]
            ]
            for lab, found in histories.items()
        },
    }


def base_models(view: View) -> list[dict[str, Any]]:
    """Base models with both scores: id, name, x, y, and parameters where known."""
    found = []
    for row in view.rows(f"panel-{BASE_TRACK}"):
        x, y = row.get(BASE[0]), row.get(BASE[1])
        if format.known(x) and format.known(y):
            size = view.size_of(row["model"])
            found.append(
                {
                    "id": row["model"],
                    "name": view.model_name(row["model"]),
                    "x": round(x, 2),
                    "y": round(y, 2),
                    **({"params": int(size)} if size else {}),
                }
            )
    return sorted(found, key=lambda row: row["id"])


def _rotation(view: View) -> dict[str, Any]:
    section = view.section("rotation") or {"table": [], "co_activation": [], "track": ""}
    axes = {row["axis"] for row in section["table"]} | {row["candidate"] for row in section["co_activation"]}
    return {
        "track": view.track_name(section["track"]),
        "table": [{"axis": row["axis"], "n": row["n"], "signal": row["signal"]} for row in section["table"]],
        "co_activation": [
            {name: row[name] for name in ("candidate", "n", "r", "low", "high", "co_activates", "sure")}
            for row in section["co_activation"]
        ],
        "names": {axis: short(view, axis) for axis in sorted(axes)},
    }


def presets(tracks: Row, base: Sequence[Row]) -> list[dict[str, Any]]:
    """Examples by rule: the model highest on the first axis of the headline track, and base models of two sizes."""
    track = next(iter(tracks))
    best = max(tracks[track]["models"], key=lambda row: (row["x"], row["id"]))
    found = [
        {
            "text": f"Frontier: {best['name']}",
            "values": {"track": track, "swe": best["x"], "gpqa": best["y"], "lab": best["lab"]},
        }
    ]
    sized = [row for row in base if "params" in row]
    for size in PRESET_SIZES if sized else ():
        row = min(sized, key=lambda row: (abs(row["params"] / size - 1), row["id"]))
        found.append(
            {
                "text": f"Base: {row['name']}",
                "values": {"hellaswag": row["x"], "truthfulqa": row["y"], "params": row["params"]},
            }
        )
    return found


GROUP = Group("diagnose", pages)
