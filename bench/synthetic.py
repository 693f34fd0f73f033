"""A project of any size with the shapes of the real one: base models in families of five sizes with six axes under one harness, as
one bulk snapshot, and a tenth as many chat models whose makers report five benchmarks, as files people write.

`python -m bench.synthetic FOLDER MODELS` writes one. Same arguments, same bytes.
"""

from __future__ import annotations

import datetime as dt
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from generator import snapshots
from generator.core import sha256_bytes
from generator.schema.rows import KEY_COLUMNS, SOURCE_COLUMNS, VALUE_COLUMNS

ROOT = Path(__file__).resolve().parents[1]
SOURCE = "obsscaling"
DAY = dt.date(2026, 11, 21)
#: benchmark id → metric and shots of the harness, share of a random guesser
AXES = {
    "hellaswag": ("acc_norm", "10", 0.25),
    "truthfulqa": ("mc2", "0", 0.35),
    "arc-challenge": ("acc_norm", "25", 0.25),
    "winogrande": ("acc", "5", 0.5),
    "mmlu": ("acc", "5", 0.25),
    "gsm8k": ("acc", "5", 0.0),
}
MAKER_AXES = ("swe-bench-verified", "gpqa-diamond", "ifeval", "hle", "mmlu-pro")
SIZES = np.array([1.6e8, 1e9, 3e9, 8e9, 7e10])
COPIED = ("site_src", "mkdocs.yml", "CITATION.cff", "CHANGELOG.md", "CONTRIBUTING.md", "predictions")
DATA = ("benchmarks", "claims", "labs", "panels", "schema", "sources", "steering", "contradictions.yaml", "evaluators.yaml",
        "objections.yaml", "tracks.yaml")  # fmt: skip
EMPTY = {"aliases.yaml": "schema_version: 1\ntables: []\n", "corrections.yaml": "schema_version: 1\ncorrections: []\n"}


def write_project(folder: Path, models: int, *, seed: int = 0) -> Path:
    """A project of `models` models below `folder`, with the code's own pages and rules; returns `folder`."""
    rng = np.random.default_rng(seed)
    chat = max(20, models // 11)
    copy_parts(ROOT, folder, COPIED)
    copy_parts(ROOT / "data", folder / "data", DATA)
    for name, text in EMPTY.items():
        (folder / "data" / name).write_text(text, encoding="utf-8")
    labs = sorted(path.stem for path in (folder / "data" / "labs").glob("*.yaml"))
    _base_models(folder, models - chat, labs, rng)
    _chat_models(folder, chat, labs, rng)
    return folder


def copy_parts(source: Path, target: Path, names: tuple[str, ...]) -> None:
    """Files and folders of one project into another."""
    target.mkdir(parents=True, exist_ok=True)
    for name in names:
        if (source / name).is_dir():
            shutil.copytree(source / name, target / name)
        elif (source / name).is_file():
            shutil.copy2(source / name, target / name)


def _base_models(folder: Path, count: int, labs: list[str], rng: np.random.Generator) -> None:
    number = np.arange(count)
    family, size = number // len(SIZES), number % len(SIZES)
    (folder / "data" / "families").mkdir(parents=True)
    for one in np.unique(family):
        text = f"schema_version: 1\nid: line-{one:05d}\nname: Line {one}\nlab: {labs[one % len(labs)]}\n"
        (folder / "data" / "families" / f"line-{one:05d}.yaml").write_text(text, encoding="utf-8")
    for row in number:
        name, params = f"line-{family[row]:05d}-{size[row]}", float(SIZES[size[row]])
        text = (
            f"schema_version: 1\nid: {name}\nname: Line {family[row]} {params / 1e9:g}B\nlab: {labs[family[row] % len(labs)]}\n"
            f"family: line-{family[row]:05d}\nkind: base\nreleased: {2022 + family[row] % 4}-{1 + family[row] % 12:02d}\n"
            f"open_weights: true\nparams: {params:.3g}\ntraining_tokens: 3.0e+11\n"
        )
        _write_model(folder, labs[family[row] % len(labs)], name, text)
    append_snapshot(folder, [f"line-{family[row]:05d}-{size[row]}" for row in number], size, rng)


def append_snapshot(folder: Path, names: list[str], size: np.ndarray, rng: np.random.Generator) -> None:
    """One pull with a score of every model on every axis, fractions."""
    ability = 0.35 + 0.13 * size + rng.normal(0, 0.12, len(names))
    parts = []
    for axis, (metric, shots, chance) in AXES.items():
        share = chance + (1 - chance) / (1 + np.exp(-4 * (ability - 0.6) + rng.normal(0, 0.3, len(names))))
        values = {"model": names, "benchmark": axis, "metric": metric, "shots": shots, "value": np.round(share, 6)}
        parts.append(pd.DataFrame(values))
    rows = pd.concat(parts, ignore_index=True).assign(
        harness="open-llm-leaderboard-v1", evaluator="observational-scaling", unit="fraction", title="Synthetic evaluation",
        url="https://example.org/evaluation.csv", published="2026-01-15", locator="evaluation.csv",
    )  # fmt: skip
    rows = rows.reindex(columns=[*KEY_COLUMNS, *VALUE_COLUMNS, *SOURCE_COLUMNS])
    digest = sha256_bytes(rows.to_csv(index=False))
    capture = {"name": "evaluation.csv", "url": "https://example.org/evaluation.csv", "sha256": digest, "bytes": 0}
    reading = snapshots.Reading(
        observations=rows, recorded=DAY, fetched_at=f"{DAY}T00:00:00Z", payload_day=DAY, payload_sha256=digest,
        adapter="synthetic/1", licence="CC0-1.0", captures=[capture],
    )  # fmt: skip
    snapshots.append(folder / "data" / "snapshots", SOURCE, reading)


def _chat_models(folder: Path, count: int, labs: list[str], rng: np.random.Generator) -> None:
    for row in range(count):
        day = dt.date(2024, 1, 1) + dt.timedelta(days=int(1000 * row / count))
        level = 30 + 55 * row / count
        scores = np.clip(level + rng.normal(0, 5, len(MAKER_AXES)) - [0, -8, -5, 25, -5], 1, 99)
        lab = labs[row % min(12, len(labs))]
        head = f"schema_version: 1\nid: chat-{row:05d}\nname: Chat {row}\nlab: {lab}\nkind: chat\nreleased: {day}\n"
        head += "open_weights: false\nobservations:\n"
        text = head + "".join(
            f"  - benchmark: {axis}\n    value: {value:.1f}\n    unit: percent\n    evaluator: maker\n    source:\n"
            f"      title: Announcement\n      url: https://example.org/chat-{row}\n      retrieved: {DAY}\n      published: {day}\n"
            for axis, value in zip(MAKER_AXES, scores, strict=True)
        )
        _write_model(folder, lab, f"chat-{row:05d}", text)


def _write_model(folder: Path, where: str, name: str, text: str) -> None:
    path = folder / "data" / "models" / where / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_project(Path(sys.argv[1]), int(sys.argv[2]))
