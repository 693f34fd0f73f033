"""Check a folder of results: schema, named files with their hashes, item tables, summary; every problem at once.

Needs no torch, so that a machine without it can check what another one measured.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from generator.core import CapewatchError, read_json, sha256_file
from generator.steering.errors import UsageFault
from generator.steering.results import ResultFile, json_schema
from generator.steering.summary import summarise

#: Accuracies of the result file and of its item table may differ by rounding alone.
ROUNDING = 1e-9


def problems(folder: Path) -> tuple[list[ResultFile], list[str]]:
    """The results under a folder that can be read, and everything that is wrong, a line each, with the file named.

    Raises UsageFault for a folder that is not there.
    """
    if not folder.is_dir():
        raise UsageFault(f"{folder}: no such folder")
    found: list[str] = []
    results: list[ResultFile] = []
    for place in sorted(path for path in folder.iterdir() if path.is_dir()):
        if (place / "result.json").is_file():
            result, wrong = _one(place)
            results += [result] if result is not None else []
            found += wrong
        elif (place / "items.parquet").is_file() or any(place.glob("direction-*")):
            found.append(f"{place}: files of a run, but no result.json; run the same command again to finish it")
    if not results and not found:
        found.append(f"{folder}: no result.json in any folder below it")
    found += _repeated(results) + _beside(folder, results)
    return results, found


def _one(place: Path) -> tuple[ResultFile | None, list[str]]:
    path = place / "result.json"
    try:
        data = read_json(path)
    except CapewatchError as error:
        return None, [error.message]
    try:
        result = ResultFile.model_validate(data)
    except ValidationError as error:
        return None, [f"{path}: {_where(fault)}: {fault['msg']}" for fault in error.errors()]
    wrong = []
    if (result.test is None) != (result.status == "failed"):
        there = "absent" if result.test is None else "there"
        wrong.append(f"{path}: status is {result.status}, test figures are {there}")
    named = [(fold.file, fold.sha256) for fold in result.folds]
    named += [(result.items_file, result.items_sha256)] if result.items_file else []
    for name, digest in named:
        if not (place / name).is_file():
            wrong.append(f"{place / name}: named in result.json, but not there")
        elif sha256_file(place / name) != digest:
            wrong.append(f"{place / name}: its bytes are not those named in result.json")
    if result.items_file and (place / result.items_file).is_file():
        wrong += _items(place / result.items_file, result)
    return result, wrong


def _where(fault: Any) -> str:
    return ".".join(str(part) for part in fault["loc"]) or "the file"


def _items(path: Path, result: ResultFile) -> list[str]:
    """The item table must hold every test item once and give the accuracies of the result file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(pa.BufferReader(path.read_bytes()))
    except (pa.ArrowException, OSError) as error:
        return [f"{path}: not a Parquet file: {error}"]
    wanted = ("id", "fold", "base_right", "steered_right", "random_right", "shuffled_right")
    missing = [name for name in wanted if name not in table.column_names]
    if missing:
        return [f"{path}: column {name} is missing" for name in missing]
    wrong = []
    ids = table["id"].to_pylist()
    if len(ids) != result.data.n:
        wrong.append(f"{path}: {len(ids)} rows, result.json counts {result.data.n} test items")
    if len(set(ids)) != len(ids):
        wrong.append(f"{path}: {len(ids) - len(set(ids))} items occur twice")
    if result.test is None:
        return wrong
    stated = {
        "base_right": result.test.base["binary"],
        "steered_right": result.test.steered["binary"],
        "random_right": result.test.gain_random.control_mean,
        "shuffled_right": result.test.gain_shuffled.control_mean,
    }
    for name, value in stated.items():
        mean = float(np.mean(table[name].to_numpy(zero_copy_only=False)))
        if abs(mean - value) > ROUNDING:
            wrong.append(f"{path}: column {name} has mean {mean:.6f}, result.json says {value:.6f}")
    return wrong


def _repeated(results: list[ResultFile]) -> list[str]:
    keys = [result.key for result in results if result.status != "failed"]
    return [f"key {key}: in {keys.count(key)} result files" for key in sorted(set(keys)) if keys.count(key) > 1]


def _beside(folder: Path, results: list[ResultFile]) -> list[str]:
    """The summary and the schema that are kept beside the results must be those of these results."""
    wrong = []
    summary, schema = folder / "demo-summary.json", folder / "result.schema.json"
    demo = [result for result in results if result.data.suite == "demo"]
    try:
        if schema.is_file() and read_json(schema) != json_schema():
            wrong.append(
                f"{schema}: not the schema of this version; run `capewatch steer run --suite demo` to write it"
            )
        if summary.is_file() and demo:
            kept = {row["model"]: row for row in read_json(summary)["rows"]}
            fresh = {row["model"]: row for row in summarise(demo)["rows"]}
            changed = sorted(name for name in kept.keys() | fresh.keys() if kept.get(name) != fresh.get(name))
            wrong += [f"{summary}: the row of {name} is not what its result file gives" for name in changed]
    except (CapewatchError, KeyError, TypeError) as error:
        wrong.append(f"{summary}: cannot be read: {error}")
    return wrong
