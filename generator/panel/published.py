"""The papers' tables exactly as published: CSV files frozen under data/panels/ with their hashes, read as panels.

They are used only to recompute published claims. Nothing in them is corrected: duplicates, estimates and rows filed under
the wrong family stay; other values that the papers' own files hold for the same cell stand in `variants`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from generator.core import CapewatchError, WrongCall, near_matches, sha256_bytes, sha256_file
from generator.panel.frame import AXIS_COLUMNS, MODEL_COLUMNS, Panel
from generator.schema.yamlfile import read_yaml

_TEXT = (
    "name",
    "family",
    "lab",
    "released",
    "source",
    "note",
    "subset",
    "where",
    "column",
    "model",
    "steering_set",
    "method",
    "device",
    "changed",
    "truthfulqa-metric",
)
_VARIANT_COLUMNS = ("row", "name", "where", "column", "value")


@dataclass(frozen=True)
class Layout:
    """Which columns of a published table are axes, which rows belong to the frozen panel, and the unit of the axes."""

    axes: tuple[str, ...]
    keep: str = ""
    kept: tuple[object, ...] = ()
    unit: str = ""
    model: str = "name"


LAYOUTS: Mapping[str, Layout] = {
    "paper-base": Layout(
        ("hellaswag", "truthfulqa", "arc-challenge", "winogrande", "mmlu"), keep="in_63", kept=(True,), unit="percent"
    ),
    "paper-frontier": Layout(
        ("swe-bench-verified", "gpqa-diamond", "ifeval", "hle"),
        keep="subset",
        kept=("core", "extended"),
        unit="percent",
    ),
    "paper-internal": Layout(
        (
            "net_coupling",
            "competing",
            "units",
            "coop_pct",
            "coop_frac",
            "comp_frac",
            "early",
            "mid",
            "late",
            "d_rep",
            "hidden_cosine",
            "output_cosine",
            "gelu_mlp_cosine",
        ),
        model="model",
    ),
    "paper-loss": Layout(("loss", "wikitext2_loss_mean", "grad_norm_mean", "grad_norm_std"), model="model"),
}


@dataclass(frozen=True)
class Published:
    """One published table.

    panel: the rows that belong to the frozen panel (63 base rows; 34 frontier rows), scores in percent where the axes
    are benchmarks. table: every row of table.csv, index the model id, columns as in the file (text is None where empty,
    numbers NaN). variants: one row a value that another file of the papers holds: row, name, where, column, value, model.
    meta: panel.yaml. extras: further CSV files by stem. digest: sha256 over the file hashes.
    """

    panel: Panel
    table: pd.DataFrame
    variants: pd.DataFrame
    meta: dict[str, Any]
    digest: str
    extras: Mapping[str, pd.DataFrame] = field(default_factory=dict)


def read_published(root: Path, name: str) -> Published:
    """Read data/panels/`name` under `root`.

    Raises CapewatchError for an unknown name, a missing file, or a file whose sha256 or number of rows is not the one that
    panel.yaml froze.
    """
    if name not in LAYOUTS:
        near = near_matches(name, LAYOUTS)
        raise WrongCall(f"no published table {name!r}", hint=f"tables: {', '.join(near or LAYOUTS)}")
    folder = root / "data" / "panels" / name
    meta = _read_meta(folder, name)
    frames = {entry["path"]: _read_frozen(folder, name, entry) for entry in meta["files"]}
    if "table.csv" not in frames:
        raise CapewatchError(f"{name}: panel.yaml lists no table.csv", hint="restore the folder from version control")
    layout = LAYOUTS[name]
    table = frames.pop("table.csv")
    table.index = pd.Index(_model_ids(table[layout.model], table["row"]), name="model", dtype=object)
    variants = frames.pop("variants.csv", pd.DataFrame(columns=list(_VARIANT_COLUMNS)))
    by_row = dict(zip(table["row"], table.index, strict=True))
    variants = variants.assign(model=[by_row[row] for row in variants["row"]])
    digest = sha256_bytes("\n".join(f"{entry['path']} {entry['sha256']}" for entry in meta["files"]).encode())
    extras = {Path(path).stem: frame for path, frame in frames.items()}
    return Published(_panel(root, name, layout, table), table, variants, meta, digest, extras)


def slug(text: str) -> str:
    """A published name as an id: lower case, everything but letters, digits and '.' becomes one '-'."""
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-.")


def _read_meta(folder: Path, name: str) -> dict[str, Any]:
    path = folder / "panel.yaml"
    if not path.is_file():
        raise CapewatchError(f"{name}: panel.yaml is missing", hint=f"restore data/panels/{name}/ from version control")
    document = read_yaml(path, shown_as=f"data/panels/{name}/panel.yaml")
    meta = document.data
    sound = isinstance(meta, dict) and isinstance(meta.get("files"), list)
    if document.problems or not sound or not all({"path", "rows", "sha256"} <= set(entry) for entry in meta["files"]):
        found = (
            "; ".join(problem.text() for problem in document.problems) or "no list of files with path, rows and sha256"
        )
        raise CapewatchError(f"{name}: panel.yaml cannot be used: {found}", hint="restore it from version control")
    return dict(meta)


def _read_frozen(folder: Path, name: str, entry: Mapping[str, Any]) -> pd.DataFrame:
    path = folder / str(entry["path"])
    if not path.is_file():
        raise CapewatchError(
            f"{name}: {entry['path']} is missing", hint=f"restore data/panels/{name}/ from version control"
        )
    found = sha256_file(path)
    if found != entry["sha256"]:
        raise CapewatchError(
            f"{name}: {entry['path']} is not the file that was frozen: sha256 {found}, panel.yaml says {entry['sha256']}",
            hint="published tables are never edited; restore the file, or declare a correction in data/corrections.yaml",
        )
    frame = pd.read_csv(path, dtype=dict.fromkeys(_TEXT, "string"))
    if len(frame) != entry["rows"]:
        raise CapewatchError(
            f"{name}: {entry['path']} has {len(frame)} rows, panel.yaml says {entry['rows']}",
            hint="correct panel.yaml or restore the file",
        )
    for column in frame.columns.intersection(_TEXT):
        text = frame[column].astype(object)
        frame[column] = pd.Series([None if pd.isna(item) else str(item) for item in text], dtype=object)
    return frame


def _model_ids(names: pd.Series, rows: pd.Series) -> list[str]:
    """Ids of the rows; a name that occurs again, or is empty, gets its row number."""
    ids = [slug(name) if isinstance(name, str) else "" for name in names]
    repeated = {one for one in ids if ids.count(one) > 1} | {""}
    return [f"{one}-row-{row}".strip("-") if one in repeated else one for one, row in zip(ids, rows, strict=True)]


def _panel(root: Path, name: str, layout: Layout, table: pd.DataFrame) -> Panel:
    rows = table[table[layout.keep].isin(list(layout.kept))] if layout.keep else table
    models = pd.DataFrame(index=rows.index, columns=list(MODEL_COLUMNS), dtype=object)
    models[:] = None
    models["name"] = rows[layout.model]
    for column in ("lab", "family"):
        if column in rows:
            models[column] = [None if text is None else slug(text) for text in rows[column]]
    if "released" in rows:
        models["released"] = rows["released"]
    for column in ("params", "active_params", "training_tokens", "training_flop", "d_model", "n_layers"):
        models[column] = rows[column].astype(float) if column in rows else np.nan
    scores = rows[list(layout.axes)].astype(float)
    scores.columns = pd.Index(layout.axes, name="axis", dtype=object)
    axes = _axes(root, layout)
    return Panel(name, name, None, models, scores, scores * np.nan, axes)


def _axes(root: Path, layout: Layout) -> pd.DataFrame:
    """Axis facts: name, unit, chance, ceiling and item count from data/benchmarks where the axis is a benchmark there."""
    rows = []
    for axis in layout.axes:
        path = root / "data" / "benchmarks" / f"{axis}.yaml"
        facts = read_yaml(path, shown_as=path.name).data if layout.unit == "percent" and path.is_file() else None
        facts = facts if isinstance(facts, dict) else {}
        ceiling = 100.0 if layout.unit == "percent" else np.nan
        chance, items = (facts.get(key) for key in ("chance", "n_items"))
        rows.append(
            (
                str(facts.get("name", axis)),
                layout.unit,
                np.nan if chance is None else chance,
                ceiling,
                np.nan if items is None else items,
            )
        )
    frame = pd.DataFrame(rows, index=pd.Index(layout.axes, name="axis", dtype=object), columns=list(AXIS_COLUMNS))
    return frame.astype({"chance": float, "ceiling": float, "n_items": float})
