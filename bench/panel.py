"""The panel engine on bulk data: a million observations to a panel, by pandas and by DuckDB, and the check of 5,000 model files.

`python -m bench.panel measure FOLDER [duckdb]` measures one path in a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import importlib.util
import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench.frame import Part, Row, row, skipped, watch
from bench.synthetic import DAY, SOURCE, write_project
from generator import snapshots
from generator.core import sha256_bytes
from generator.schema.rows import KEY_COLUMNS, SOURCE_COLUMNS, VALUE_COLUMNS

MODELS, BENCHMARKS, REPEATS = 5_500, 40, 5
TRACK = "bulk"


def write_bulk(folder: Path, *, models: int = MODELS, benchmarks: int = BENCHMARKS, repeats: int = REPEATS) -> Path:
    """A project whose one snapshot holds models × benchmarks × repeats observations, and a track that takes all of them."""
    write_project(folder, models)
    names = sorted(path.stem for path in (folder / "data" / "models").rglob("line-*.yaml"))
    models = len(names)
    percent = sorted(path.stem for path in (folder / "data" / "benchmarks").glob("*.yaml") if _plain_percent(path))[
        :benchmarks
    ]
    size = models * len(percent) * repeats
    model, benchmark, repeat = np.unravel_index(np.arange(size), (models, len(percent), repeats))
    rng = np.random.default_rng(1)
    rows = pd.DataFrame(
        {
            "model": np.array(names)[model], "benchmark": np.array(percent)[benchmark], "shots": repeat.astype(str),
            "value": np.round(rng.beta(5, 4, size) * 100, 2), "published": np.array(["2025-03-01", "2025-06", "2026"])[model % 3],
        }
    ).assign(
        harness="bulk-harness", evaluator="observational-scaling", unit="percent", title="Bulk evaluation",
        url="https://example.org/bulk.csv", locator="bulk.csv",
    ).reindex(columns=[*KEY_COLUMNS, *VALUE_COLUMNS, *SOURCE_COLUMNS])  # fmt: skip
    store = folder / "data" / "snapshots"
    for path in (store / SOURCE).iterdir():
        path.unlink()
    digest = sha256_bytes(str(size))
    capture = {"name": "bulk.csv", "url": "https://example.org/bulk.csv", "sha256": digest, "bytes": 0}
    snapshots.append(
        store,
        SOURCE,
        snapshots.Reading(
            observations=rows, recorded=DAY, fetched_at=f"{DAY}T00:00:00Z", payload_day=DAY, payload_sha256=digest,
            adapter="synthetic/1", licence="CC0-1.0", captures=[capture],
        ),
    )  # fmt: skip
    tracks = folder / "data" / "tracks.yaml"
    text = tracks.read_text(encoding="utf-8").rstrip()
    text += (
        f"\n  - id: {TRACK}\n    name: Bulk\n    description: Everything of the bulk harness.\n    kind: base\n"
        "    evaluators: [observational-scaling]\n    harness: bulk-harness\n"
    )
    tracks.write_text(text, encoding="utf-8")
    return folder


def _plain_percent(path: Path) -> bool:
    text = path.read_text(encoding="utf-8")
    return "\nunit: percent" in text and "\naxes:" not in text


def measure(folder: Path, *, engine: str) -> dict[str, Any]:
    """Seconds from the stored log to the panel, rows and peak memory of this process."""
    from generator.panel import build_panel, gather
    from generator.schema import load_registry

    registry = load_registry(folder)
    started, used = time.perf_counter(), time.process_time()
    if engine == "duckdb":
        from generator.panel.bulk import bulk_panel

        panel, rows = bulk_panel(registry, TRACK, as_of=DAY), -1
    else:
        observations = gather(registry)
        panel, rows = build_panel(observations, registry, TRACK, as_of=DAY), len(observations.table)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "seconds": seconds,
        "cpu": time.process_time() - used,
        "peak_mb": peak,
        "rows": rows,
        "cells": int(panel.scores.notna().sum().sum()),
    }


def parts(*, full: bool) -> list[Part]:
    """One part: the bulk project is written once for all rows."""
    return [("bulk", lambda: rows(rounds=3 if full else 1))]


def rows(*, rounds: int) -> list[Row]:
    """Seconds and memory of both engines, in turn, and of the check."""
    with tempfile.TemporaryDirectory() as folder:
        project = write_bulk(Path(folder) / "project")
        files = len(list((project / "data" / "models").rglob("*.yaml")))
        checks = [watch("--root", str(project), "check").seconds for _ in range(rounds)]
        ours, bulk = [], []
        for _ in range(rounds):
            ours.append(_measured(project, "pandas"))
            if _has_duckdb():
                bulk.append(_measured(project, "duckdb"))
                again = _measured(project, "duckdb")
    count = f"{ours[0]['rows']:,} observations"
    found = [
        row(
            f"{count} to a panel, pandas",
            [one["seconds"] for one in ours],
            goal=10.0,
            note=f"{ours[0]['cells']:,} cells filled; {ours[0]['cpu']:.3g} s of processor",
        ),
        row(f"{count} to a panel, pandas: memory", [one["peak_mb"] for one in ours], unit="MB", goal=1500.0),
    ]
    if bulk:
        found += [
            row(
                f"{count} to a panel, DuckDB over Parquet",
                [one["seconds"] for one in bulk],
                note="the log copied to Parquet in the first run",
            ),
            row(f"{count} to a panel, DuckDB, copy made", [again["seconds"]], note=f"{again['cells']:,} cells filled"),
            row(f"{count} to a panel, DuckDB: memory", [one["peak_mb"] for one in bulk], unit="MB"),
        ]
    else:
        found.append(skipped(f"{count} to a panel, DuckDB over Parquet", "duckdb is not installed"))
    return [*found, row("check", checks, goal=15.0, note=f"{files:,} model files")]


def _measured(project: Path, engine: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        watch(sys.executable, "-m", "bench.panel", "measure", str(project), engine).output
    )
    return found


def _has_duckdb() -> bool:
    return importlib.util.find_spec("duckdb") is not None


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[2]), engine=sys.argv[3] if len(sys.argv) > 3 else "pandas")))
