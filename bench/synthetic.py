"""A project of any size in one of two shapes. Same arguments, same bytes.

`families`: base models in families of five sizes with six axes under one harness, as one bulk snapshot, and a tenth as many chat
models whose makers report five benchmarks, as files people write. Every model counts in the analyses: the hardest case.

`leaderboard`: makers, lines of base models and fine-tuned models in the proportions of the Open LLM Leaderboard v2 (`bench.dump`).

`python -m bench.synthetic FOLDER MODELS [SHAPE]` writes one.
"""

from __future__ import annotations

import datetime as dt
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from bench import dump
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
V2_AXES = {
    "ifeval-oll2": ("", "0", 0.0),
    "bbh-oll2": ("acc_norm", "3", 0.3),
    "math-hard-oll2": ("", "4", 0.0),
    "gpqa-oll2": ("acc_norm", "0", 0.25),
    "musr-oll2": ("acc_norm", "0", 0.35),
    "mmlu-pro-oll2": ("acc", "5", 0.1),
}
SHAPES = ("families", "leaderboard")
MAKER_AXES = ("swe-bench-verified", "gpqa-diamond", "ifeval", "hle", "mmlu-pro")
SIZES = np.array([1.6e8, 1e9, 3e9, 8e9, 7e10])
COPIED = ("site_src", "mkdocs.yml", "CITATION.cff", "CHANGELOG.md", "CONTRIBUTING.md", "predictions")
DATA = ("benchmarks", "claims", "labs", "panels", "schema", "sources", "steering", "contradictions.yaml", "evaluators.yaml",
        "objections.yaml", "tracks.yaml")  # fmt: skip
EMPTY = {"aliases.yaml": "schema_version: 1\ntables: []\n", "corrections.yaml": "schema_version: 1\ncorrections: []\n"}


def write_project(folder: Path, models: int, *, shape: str = "families", seed: int = 0) -> Path:
    """A project of `models` models below `folder` in one of SHAPES, with the code's own pages and rules; returns `folder`."""
    rng = np.random.default_rng(seed)
    copy_parts(ROOT, folder, COPIED)
    copy_parts(ROOT / "data", folder / "data", DATA)
    for name, text in EMPTY.items():
        (folder / "data" / name).write_text(text, encoding="utf-8")
    labs = sorted(path.stem for path in (folder / "data" / "labs").glob("*.yaml"))
    if shape == "leaderboard":
        _leaderboard(folder, dump.drawn(models, rng), labs, rng)
        return folder
    chat = max(20, models // 11)
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
    names = [f"line-{line:05d}-{step}" for line, step in zip(family, size, strict=True)]
    for one in np.unique(family):
        _write_family(folder, f"line-{one:05d}", labs[one % len(labs)])
    for row, name in enumerate(names):
        line, params = family[row], float(SIZES[size[row]])
        lab, released = labs[line % len(labs)], f"{2022 + line % 4}-{1 + line % 12:02d}"
        _write_model(folder, lab, name, _open_model(name, lab, "base", released, params, f"line-{line:05d}"))
    append_snapshot(folder, scores(names, size, AXES, "open-llm-leaderboard-v1", rng))


def _leaderboard(folder: Path, models: pd.DataFrame, labs: list[str], rng: np.random.Generator) -> None:
    """Base models under both harnesses, fine-tuned ones under the second, the rest of the makers' own as files people write."""
    makers = [*labs, *(f"maker-{one:04d}" for one in range(len(labs), int(models["maker"].max()) + 1))]
    for maker in makers[len(labs) :]:
        text = f"schema_version: 1\nid: {maker}\nname: {maker.replace('-', ' ').capitalize()}\n"
        (folder / "data" / "labs" / f"{maker}.yaml").write_text(text, encoding="utf-8")
    rows = models[~models["own"]]
    for row in rows.itertuples():
        lab, family = makers[row.maker], f"line-{row.line:05d}" if row.line >= 0 else None
        if family and row.first:
            _write_family(folder, family, lab)
        _write_model(folder, lab, row.name, _open_model(row.name, lab, row.kind, row.released, row.params, family))
    base = rows[rows["kind"] == "base"]
    parts = [
        scores(list(base["name"]), np.log10(base["params"].to_numpy()) - 8, AXES, "open-llm-leaderboard-v1", rng),
        scores(list(rows["name"]), np.log10(rows["params"].to_numpy()) - 8, V2_AXES, "open-llm-leaderboard-v2", rng),
    ]
    append_snapshot(folder, pd.concat(parts, ignore_index=True))
    _chat_models(folder, int(models["own"].sum()), labs, rng)


def _write_family(folder: Path, name: str, lab: str) -> None:
    path = folder / "data" / "families" / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = f"schema_version: 1\nid: {name}\nname: {name.replace('-0', ' 0').capitalize()}\nlab: {lab}\n"
    path.write_text(text, encoding="utf-8")


def _open_model(name: str, lab: str, kind: str, released: str, params: float, family: str | None) -> str:
    of = f"family: {family}\n" if family else ""
    title = f"{name.replace('-0', ' 0').capitalize()} {params / 1e9:.3g}B"
    return (
        f"schema_version: 1\nid: {name}\nname: {title}\nlab: {lab}\n{of}kind: {kind}\nreleased: {released}\n"
        f"open_weights: true\nparams: {params:.3g}\ntraining_tokens: 3.0e+11\n"
    )


def scores(
    names: list[str], size: np.ndarray, axes: dict[str, tuple[str, str, float]], harness: str, rng: np.random.Generator
) -> pd.DataFrame:
    """A score of every model on every axis, fractions; `size` (models,) moves all of a model's scores up."""
    ability = 0.35 + 0.13 * size + rng.normal(0, 0.12, len(names))
    parts = []
    for axis, (metric, shots, chance) in axes.items():
        share = chance + (1 - chance) / (1 + np.exp(-4 * (ability - 0.6) + rng.normal(0, 0.3, len(names))))
        values = {"model": names, "benchmark": axis, "metric": metric, "shots": shots, "value": np.round(share, 6)}
        parts.append(pd.DataFrame(values))
    return pd.concat(parts, ignore_index=True).assign(
        harness=harness, evaluator="observational-scaling", unit="fraction", title="Synthetic evaluation",
        url="https://example.org/evaluation.csv", published="2026-01-15", locator="evaluation.csv",
    )  # fmt: skip


def append_snapshot(folder: Path, found: pd.DataFrame) -> None:
    """One pull with these scores."""
    rows = found.reindex(columns=[*KEY_COLUMNS, *VALUE_COLUMNS, *SOURCE_COLUMNS])
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
    write_project(Path(sys.argv[1]), int(sys.argv[2]), shape=(*sys.argv[3:], "families")[0])
