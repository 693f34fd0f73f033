"""Diagnose: the calculator's page, the file of coefficients, models and lab histories that it reads, and the file of all
pairs of benchmarks, which it loads only when a reader asks for such a pair."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from generator.core import CapewatchError, canonical_json
from generator.report.calculator import release_order
from generator.site import format
from generator.site.axes import short
from generator.site.page import Group, Page
from generator.site.view import BASE, View

URL = "diagnose/"
DATA = "assets/data/diagnose.json"
PAIRS = "assets/data/pairs.json"
MOST_BYTES = {DATA: 40_000, PAIRS: 200_000}
#: Limits on the models of a track in a file, tried in turn: a file that every reader loads stays small at any number of models.
MODELS_KEPT = (None, 240, 120, 60, 30)
#: What of a protocol a model file states.
SETTINGS = ("shots", "metric", "tools", "subset")
TRACKS = {"maker": "maker", "epoch": "epoch-ai"}  # track → evaluator that a score entered for it is by
BASE_TRACK = "harness-v1"
PRESET_SIZES = (1e9, 14e9)  # a small and a middle-sized base model, as in the papers' calculator
Row = Mapping[str, Any]


def pages(view: View) -> Iterator[Page]:
    content = calculator_data(view)
    if content is None:
        return
    view.extra_files[DATA] = _small(DATA, lambda most: calculator_data(view, most=most))
    view.extra_files[PAIRS] = _small(PAIRS, lambda most: pairs_data(view, most=most))
    sentence = finding(content)
    body = view.render(
        "diagnose.md.j2",
        URL,
        sentence=sentence,
        tracks=content["tracks"],
        presets=content["presets"],
        labs=sorted(content["labs"].items(), key=lambda item: item[1].lower()),
        data=DATA,
        pairs=PAIRS,
        as_of=view.as_of,
    )
    yield Page(
        "diagnose/index.md",
        "Diagnose",
        "Where two scores put a model: phase, residual with its prediction interval, nearest models, what to "
        "measure next.",
        body,
        hide=("toc",),
    )


def _small(path: str, make: Callable[[int | None], dict[str, Any] | None]) -> str:
    """The document as text: with all models where they are few enough to load, else with as many of the newest as are."""
    size = 0
    for most in MODELS_KEPT:
        text = canonical_json(make(most))
        size = len(text.encode())
        if size <= MOST_BYTES[path]:
            return text
    raise CapewatchError(
        f"{path} has {format.count(size)} bytes; the calculator is allowed {format.count(MOST_BYTES[path])}",
        hint="round what a reader does not see, or leave out models that no reading needs",
    )


def _newest(view: View, models: Iterable[str], most: int | None) -> set[str]:
    """Ids of the newest models by release, then id; all of them without a limit."""

    def day(model: str) -> tuple[str, str]:
        return str(view.models.get(model, {}).get("released_day") or ""), model

    ordered = sorted(models, key=day)
    return set(ordered if most is None else ordered[-most:])


def finding(content: Row) -> str:
    """How far one pair of scores can place a model."""
    parts = [
        f"{format.number(track['coefficients']['line']['sigma'], 1)}{format.NBSP}pp "
        f"({format.plural(track['coefficients']['n'], 'model')}, “{track['name']}”)"
        for track in content["tracks"].values()
    ]
    return (
        "Enter two scores of a model to see how far it stands from the trend of all models, how much that means, and what to measure "
        f"next. Single models scatter about the trend with a standard deviation of {' and '.join(parts)}: most cannot be told from it."
    )


def calculator_data(view: View, *, most: int | None = None) -> dict[str, Any] | None:
    """Everything the calculator reads, or None where the bundle carries no coefficients.

    most: the models of a track that a reading names are the newest so many; coefficients rest on all of them either way.
    """
    coefficients = view.section("coefficients") or {}
    tracks = {
        track: _track(view, track, coefficients[track], evaluator, most=most)
        for track, evaluator in TRACKS.items()
        if "line" in coefficients.get(track, {})
    }
    base = coefficients.get(BASE_TRACK, {})
    if not tracks or "running" not in base:
        return None
    small = base_models(view)
    kept = _newest(view, (row["id"] for row in small), most)
    small = [row for row in small if row["id"] in kept]
    more = view.section("calculator") or {}
    return {
        "axes": {track: pair_axes(view, track) for track in more.get("pairs", {})},
        "forecast": {name: more.get(name, []) for name in ("sizes", "larger", "steps")}
        | {"release": more.get("release", {}), "ahead_days": more.get("ahead_days", 0)},
        "as_of": view.as_of,
        "track": next(iter(tracks)),
        "version": view.meta["version"],
        "tracks": tracks,
        "base": {"name": view.track_name(BASE_TRACK), "coefficients": base, "models": small},
        "labs": {lab["id"]: lab["name"] for lab in view.bundle.entities["labs"]},
        "rotation": _rotation(view),
        "presets": presets(tracks, small),
    }


def _track(view: View, track: str, coefficients: Row, evaluator: str, *, most: int | None) -> dict[str, Any]:
    rows = sorted(view.h_rows(track), key=lambda row: row["model"])
    kept = _newest(view, (row["model"] for row in rows), most)
    rows = [row for row in rows if row["model"] in kept]
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
                {"model": step["model"], "h": step["h"], "released": step["released"]}
                for step in found["trajectory"]
                if step["model"] in kept
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


def pair_axes(view: View, track: str) -> list[dict[str, Any]]:
    """The axes of a track that stand in a line: id, name, benchmark, and the protocol that all its scores share."""
    lines = view.section("calculator")["pairs"][track]
    used = {axis for line in lines for axis in (line["x"], line["y"])}
    return [
        {
            "id": axis["id"],
            "name": short(view, axis["id"]),
            "benchmark": view.axes[axis["id"]]["benchmark"] or axis["id"],
            "protocol": shared_protocol(view, track, axis["id"]),
        }
        for axis in view.tracks[track]["axes"]
        if axis["id"] in used
    ]


def shared_protocol(view: View, track: str, axis: str) -> dict[str, Any]:
    """What every score of the axis that the track uses says of its protocol, as a model file writes it."""
    protocols = view.chosen_protocols.get((track, axis), [])
    first = protocols[0] if protocols else {}
    agreed = {
        name: first[name]
        for name in SETTINGS
        if name in first and all(first[name] == one.get(name) for one in protocols)
    }
    return {name: _written(name, str(value)) for name, value in agreed.items()}


def _written(name: str, value: str) -> Any:
    if name == "shots":
        return int(value)
    if name == "tools":
        return value.lower() == "true"
    return value.replace("_", "-") if name == "metric" else value


def pairs_data(view: View, *, most: int | None = None) -> dict[str, Any]:
    """Every line of every track, and the models behind them in release order: scores in the order of the track's axes."""
    section = view.section("calculator") or {"pairs": {}}
    return {
        "tracks": {
            track: {"lines": lines, "models": _pair_models(view, track, most)}
            for track, lines in section["pairs"].items()
        },
    }


def _pair_models(view: View, track: str, most: int | None) -> list[dict[str, Any]]:
    axes = [axis["id"] for axis in pair_axes(view, track)]
    models = [model for model in view.bundle.entities["models"] if model["scores"].get(track)]
    kept = _newest(view, (model["id"] for model in models), most)
    models = [model for model in models if model["id"] in kept]
    ordered = sorted(models, key=lambda model: release_order(model["released"], model["id"]))
    return [
        {
            "id": model["id"],
            "name": model["name"],
            "lab": model["lab"] or "",
            "dated": bool(model["released"]),
            "scores": [_two(view.score(model, track, axis)) for axis in axes],
        }
        for model in ordered
    ]


def _two(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


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
