"""Small panels and prediction files made by hand, so that every expected value can be checked with a pencil."""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from generator.core import PartialDate
from generator.panel import Panel
from generator.schema.prediction import Prediction
from generator.schema.yamlfile import read_yaml

AXES = ("swe", "gpqa", "ifeval", "hle")
Row = tuple[str, str, str, Mapping[str, float]]


def panel_of(
    rows: Sequence[Row],
    *,
    axes: Sequence[str] = AXES,
    public: Mapping[tuple[str, str], str] | None = None,
    track: str = "maker",
) -> Panel:
    """A panel of (model, lab, released, {axis: score}); `public` gives the public day of single cells (default: the release)."""
    index = pd.Index([row[0] for row in rows], name="model", dtype=object)
    models = pd.DataFrame(
        {
            "name": [row[0].title() for row in rows],
            "lab": [row[1] for row in rows],
            "released": [row[2] or None for row in rows],
        },
        index=index,
        dtype=object,
    )
    scores = pd.DataFrame(
        [[row[3].get(axis, np.nan) for axis in axes] for row in rows], index=index, columns=list(axes), dtype=float
    )
    frame = pd.DataFrame(
        {"name": list(axes), "unit": "percent", "chance": 0.0, "ceiling": 100.0, "n_items": np.nan}, index=list(axes)
    )
    cells = [
        {
            "model": model, "axis": axis, "value": value, "evaluator": "maker", "chosen": True, "reason": "",
            "public": (public or {}).get((model, axis), PartialDate.parse(released).last.isoformat() if released else "2026-01-01"), "title": "card", "url": f"https://example.org/{model}",
        }
        for model, _lab, released, values in rows
        for axis, value in values.items()
    ]  # fmt: skip
    columns = ["model", "axis", "value", "evaluator", "chosen", "reason", "public", "title", "url"]
    observed = partial(pd.DataFrame, cells, columns=columns)
    return Panel("hand-made", track, None, models, scores, scores * np.nan, frame, observed)


def provider(panel: Panel) -> Callable[[str, dt.date], Panel]:
    """Panels of one table as known at a day: cells that were not public yet are empty."""

    def panels(track: str, day: dt.date) -> Panel:
        known = panel.cells[panel.cells["public"] <= day.isoformat()]
        scores = panel.scores.copy()
        pairs = set(zip(known["model"], known["axis"], strict=True))
        for model in scores.index:
            for axis in scores.columns:
                if (model, axis) not in pairs:
                    scores.at[model, axis] = np.nan
        present = scores.index[scores.notna().any(axis=1)]
        return Panel(
            panel.name,
            track,
            day,
            panel.models.loc[present],
            scores.loc[present],
            scores.loc[present] * np.nan,
            panel.axes,
            known.copy,
        )

    return panels


BASE = """\
schema_version: 1
id: {id}
title: A title
statement: A statement.
origin:
  kind: pull-request
  author: Someone
  title: A page
  url: https://example.org/page
  published: 2026-05-13
registered_at: 2026-05-13T23:59:59Z
opens: 2026-05-13T23:59:59Z
closes: 2026-12-31T23:59:59Z
track: maker
metrics:
  r: {{kind: pearson, x: swe, y: gpqa}}
  n: {{kind: count, axes: [swe, gpqa]}}
requires: []
pass: {{metric: r, above: 0.5}}
fail: {{metric: r, below: 0.3}}
if_too_few: undetermined
if_retired: decide-while-published
deciding_snapshot: {{days_after: 14}}
ambiguities: []
"""


def prediction_text(identity: str = "one", **blocks: str | None) -> str:
    """The base file with top-level keys replaced by YAML text (None removes one). `passes`/`fails` stand for pass/fail."""
    text = BASE.format(id=identity)
    parts: dict[str, str] = {}
    for line in text.splitlines(keepends=True):
        if not line.startswith((" ", "#")):
            key = line.split(":", 1)[0]
            parts[key] = ""
        parts[key] += line
    for name, value in blocks.items():
        key = {"passes": "pass", "fails": "fail"}.get(name, name)
        if value is None:
            parts.pop(key)
        elif "\n" in value:
            parts[key] = f"{key}:\n" + textwrap.indent(textwrap.dedent(value).strip("\n"), "  ") + "\n"
        else:
            parts[key] = f"{key}: {value}\n"
    return "".join(parts.values())


def write_prediction(root: Path, identity: str = "one", **blocks: str | None) -> Path:
    path = root / "predictions" / identity / "prediction.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(prediction_text(identity, **blocks), encoding="utf-8")
    return path


def prediction_of(tmp: Path, **blocks: str | None) -> Prediction:
    """A typed prediction from the base file with replaced keys."""
    path = write_prediction(tmp, **blocks)
    document = read_yaml(path, shown_as="prediction.yaml")
    return Prediction.model_validate(document.data)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def rng() -> np.random.Generator:
    return np.random.default_rng(7)
