"""Small bundles with real statistics: two axes of one track, every score with its observation, r and slope computed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from generator.report import Bundle, Field, Table

AXES = ("swe", "gpqa")
Scores = dict[str, tuple[float, float]]
START: Scores = {"a": (40.0, 60.0), "b": (55.0, 66.0), "c": (70.0, 90.0), "d": (48.0, 70.0), "e": (77.0, 82.0)}


def observation(axis: str, value: float, **more: Any) -> dict[str, Any]:
    return {
        "benchmark": axis, "axis": axis, "value": value, "unit": "percent", "stderr": None, "n": 100.0, "protocol": {},
        "evaluator": "maker", "evaluator_name": "its maker", "source": "board", "source_name": "The board", "title": "card",
        "url": "https://board.example/card", "via": "", "published": "2026-01-01", "recorded": "2026-01-02",
        "public": "2026-01-01", "note": "", "locator": "row 1", "spelling": "x", "chosen_in": ["maker"], "reasons": {},
    } | more  # fmt: skip


def model(identity: str, pair: tuple[float, float], **more: Any) -> dict[str, Any]:
    return {
        "id": identity, "name": identity.upper(), "lab": "acme", "kind": "chat", "released": "2026-01", "h": {}, "scores": {},
        "observations": [observation(axis, value) for axis, value in zip(AXES, pair, strict=True)],
    } | more  # fmt: skip


def statistic(name: str, value: float | None, inputs: list[str], *, half: float = 0.1, **more: Any) -> dict[str, Any]:
    interval = None if value is None else {"low": value - half, "high": value + half, "level": 0.95, "method": "test"}
    return {
        "name": name, "estimate": value, "unit": "", "n": len(inputs), "method": "test", "interval": interval, "others": {},
        "p": {}, "baselines": {"no coupling": 0.0}, "details": {}, "inputs": inputs, "axes": list(AXES), "track": "maker",
        "as_of": "2026-11-21", "reason": "" if value is not None else "too few models",
    } | more  # fmt: skip


def prediction(standing: str, *, state: str = "open", metric: dict[str, Any] | None = None) -> dict[str, Any]:
    evaluation = {"title": "The coupling persists", "state": state, "standing": standing, "n": 5, "because": ["r is 0.9"],
                  "metrics": {"r": metric} if metric else {}}  # fmt: skip
    return {"id": "persists", "evaluation": evaluation, "ledger": []}


def bundle(scores: Scores | None = None, *, models: list[dict[str, Any]] | None = None, **meta: Any) -> Bundle:
    """A bundle over `scores` (model -> swe, gpqa); `models` replaces the models made from them."""
    scores = START if scores is None else scores
    made = models if models is not None else [model(identity, pair) for identity, pair in sorted(scores.items())]
    names = sorted(scores)
    x, y = (np.array([scores[name][index] for name in names]) for index in (0, 1))
    slope, intercept = np.polyfit(x, y, 1)
    for item in made:
        if item["id"] in scores:
            swe, gpqa = scores[item["id"]]
            fitted = slope * swe + intercept
            label = "reasoning-rich" if gpqa - fitted > 5 else "coding-first" if gpqa - fitted < -5 else "balanced"
            item["h"] = {"maker": {"x": swe, "y": gpqa, "fitted": fitted, "h": gpqa - fitted, "pi_low": fitted - 20,
                                   "pi_high": fitted + 20, "label": label}}  # fmt: skip
    fields = tuple(Field(name, "text", name) for name in ("family", "model_from", "model_to", "phase")) + tuple(
        Field(name, "number", name) for name in ("gamma", "gamma_low", "gamma_high")
    )
    rows = [("zed", "zed-1b", "zed-7b", "tax", -0.3, -0.5, None)]
    frame = pd.DataFrame(rows, columns=[item.name for item in fields])
    r = float(np.corrcoef(x, y)[0, 1])
    return Bundle(
        meta={"schema": 1, "version": "1.0", "as_of": "2026-11-21", "seed": 7, "resamples": 200, "data_digest": "ab" * 32,
              "dependencies": {}, "freshness": [{"source": "board", "name": "The board", "stale": False, "newest": "2026-01-01",
                                                 "rows_used": 10, "max_age_days": 30}]} | meta,
        statistics={"maker/r/swe~gpqa": statistic("r", r, names),
                    "maker/slope/swe~gpqa": statistic("coupling slope", float(slope), names)},
        entities={"models": made, "labs": [], "families": [], "benchmarks": [], "sources": [], "evaluators": []},
        tables={"gamma-maker": Table("gamma-maker", "γ12", "steps", fields, frame, "MIT")},
        sections={
            "claims": {"items": [{"id": "d-eff", "title": "Dimension", "verdict": "reproduced", "verdict_reason": "equal"}]},
            "predictions": {"items": [prediction("on course to pass", metric=statistic("r", r, names))]},
            "matrices": {"dimension": statistic("d_eff", 1.5, names)},
        },
    )  # fmt: skip
