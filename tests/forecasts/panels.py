"""Synthetic panels of families whose truth is known, a small frontier panel, and the real 148 models where payloads are."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from generator.panel.frame import AXIS_COLUMNS, MODEL_COLUMNS, Panel, sampling_stderr

FIVE = ("hellaswag", "truthfulqa", "arc-challenge", "winogrande", "mmlu")
CHANCE = {"hellaswag": 25.0, "truthfulqa": np.nan, "arc-challenge": 25.0, "winogrande": 50.0, "mmlu": 25.0}
ITEMS = {"hellaswag": 10042, "truthfulqa": 817, "arc-challenge": 1172, "winogrande": 1267, "mmlu": 14042}
SIZES = (1.6e8, 4.1e8, 1e9, 2.8e9, 6.9e9, 1.2e10)


def axes_frame(axes: Sequence[str]) -> pd.DataFrame:
    rows = [(axis, "percent", CHANCE.get(axis, 0.0), 100.0, ITEMS.get(axis, 500)) for axis in axes]
    return pd.DataFrame(rows, index=list(axes), columns=list(AXIS_COLUMNS))


def panel_of(
    rows: Sequence[Mapping[str, object]], axes: Sequence[str], *, name: str = "synthetic", as_of: dt.date | None = None
) -> Panel:
    """A panel of rows with `id`, model columns and axis scores."""
    table = pd.DataFrame(rows).set_index("id").sort_index()
    models = table.reindex(columns=list(MODEL_COLUMNS)).astype(object)
    scores = table.reindex(columns=list(axes)).astype(float)
    errors = pd.DataFrame(
        {axis: sampling_stderr(scores[axis], ITEMS.get(axis, 500)) for axis in axes}, index=table.index
    )
    return Panel(name, "synthetic", as_of, models, scores, errors, axes_frame(axes))


def family_panel(
    families: int = 12,
    *,
    seed: int = 0,
    noise: float = 0.05,
    axes: Sequence[str] = FIVE,
    sizes: Sequence[float] = SIZES,
    labs: int = 6,
) -> Panel:
    """Families on logit lines over log10 parameters: level and slope vary, noise in logits. Labs hold families / labs each."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(families):
        level = rng.normal(0.0, 0.5) + rng.normal(0.0, 0.1, len(axes))
        slope = 0.8 + 0.15 * level + rng.normal(0.0, 0.05, len(axes))
        for size in sizes:
            z = level + slope * (np.log10(size) - 9) + rng.normal(0.0, noise, len(axes))
            floor = np.array([0.8 * np.nan_to_num(CHANCE.get(axis, 0.0)) for axis in axes])
            scores = floor + (100 - floor) / (1 + np.exp(-z))
            rows.append(
                {
                    "id": f"f{number:02d}-{size / 1e6:05.0f}m",
                    "lab": f"lab-{number % labs}",
                    "family": f"f{number:02d}",
                    "params": size,
                }
                | {"training_tokens": 3e11}
                | dict(zip(axes, scores, strict=True))
            )
    return panel_of(rows, axes)


def with_scores(panel: Panel, models: Sequence[str], values: np.ndarray) -> Panel:
    """The panel with the scores of `models` replaced by `values`, broadcast."""
    scores = panel.scores.copy()
    scores.loc[list(models)] = values
    return Panel(panel.name, panel.track, panel.as_of, panel.models, scores, panel.stderr, panel.axes)


FRONTIER = (
    ("a-1", "a", "2024-06-10", 30.0, 52.0),
    ("b-1", "b", "2024-08-02", 33.0, 55.0),
    ("c-1", "c", "2024-09-15", 36.0, 54.0),
    ("a-2", "a", "2024-10-20", 45.0, 60.0),
    ("b-2", "b", "2024-12-11", 48.0, 66.0),
    ("c-2", "c", "2025-01-20", 47.0, 63.0),
    ("d-1", "d", "2025-02-05", 50.0, 70.0),
    ("a-3", "a", "2025-03-01", 58.0, 71.0),
    ("b-3", "b", "2025-05-09", 60.0, 76.0),
    ("c-3", "c", "2025-06-18", 63.0, 74.0),
    ("d-2", "d", "2025-07-07", 61.0, 80.0),
    ("a-4", "a", "2025-09-01", 72.0, 81.0),
    ("b-4", "b", "2025-10-12", 71.0, 85.0),
    ("c-4", "c", "2025-12-02", 75.0, 84.0),
    ("d-3", "d", "2026-01-15", 74.0, 88.0),
    ("a-5", "a", "2026-02-20", 80.0, 89.0),
)


def frontier_panel(as_of: dt.date = dt.date(2026, 3, 31)) -> Panel:
    """Sixteen dated releases of four labs on SWE-bench Verified and GPQA Diamond."""
    rows = [
        {"id": model, "lab": lab, "released": day, "swe-bench-verified": swe, "gpqa-diamond": gpqa}
        for model, lab, day, swe, gpqa in FRONTIER
    ]
    return panel_of(rows, ("swe-bench-verified", "gpqa-diamond"), name="frontier", as_of=as_of)


def base_148(root: Path) -> Panel:
    """The 148 base models of the observational scaling laws, from the recorded payload, in the source's own families."""
    table = pd.read_csv(root / "obsscaling" / "base_llm_benchmark_eval.csv")
    columns = {
        "HellaSwag": "hellaswag",
        "TruthfulQA": "truthfulqa",
        "ARC-C": "arc-challenge",
        "Winograd": "winogrande",
        "MMLU": "mmlu",
    }
    rows = []
    for _, row in table.iterrows():
        lab, model = str(row["Model"]).split("/")
        rows.append(
            {
                "id": _slug(model),
                "lab": {"huggyllama": "meta", "facebook": "meta", "codellama": "meta", "meta-llama": "meta"}.get(
                    lab, _slug(lab)
                ),
                "family": _slug(str(row["Model Family"])),
                "params": row["Model Size (B)"] * 1e9,
                "training_tokens": row["Pretraining Data Size (T)"] * 1e12,
            }
            | {axis: 100 * row[column] for column, axis in columns.items()}
        )
    return panel_of(rows, FIVE, name="harness-v1")


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-")
