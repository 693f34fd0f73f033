"""Mutated payloads: every parser explains what it leaves out, never crashes, and never gives a score a wrong unit.

CAPEWATCH_FUZZ sets the number of payloads for each parser (25 by default; the slow test takes 2,000).
"""

from __future__ import annotations

import copy
import functools
import json
import os
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from generator.schema.rows import KEY_COLUMNS, UNITS
from generator.snapshots import OBSERVATIONS
from generator.snapshots.table import one_line
from generator.sources import Capture, Parsed, source
from generator.sources.catalogue import Gates
from generator.sources.gates import Baseline, baseline, check
from generator.sources.rows import FATAL_REASONS, RANGES, Rows
from tests.sources.payloads import FOLDERS, capture, captures, parsed, zipped

EXAMPLES = int(os.environ.get("CAPEWATCH_FUZZ", "25"))
FUZZED = [*FOLDERS, "epoch-zip"]
JUNK: tuple[Any, ...] = (
    None, True, False, 0, -1, 1e308, 10**30, "", " ", "NaN", "1e999", "0x10", "1,5", "\u0663", "\x00", "\ud800", "a" * 400,
    [], {}, [[]], {"a": 1}, "=1+1", "<b>", "\u202e", "9" * 40, "-0.0", "50%",
)  # fmt: skip
CELLS = (
    "",
    " ",
    "NaN",
    "inf",
    "-1",
    "1e999",
    "1e308",
    "0,5",
    "50%",
    "\ufffd",
    '"',
    "a" * 400,
    "\x00",
    "true",
    "_",
    "1_0",
)


def originals(folder: str) -> list[Capture]:
    if folder == "epoch-zip":
        return [zipped({item.name: item.data for item in captures("epoch")})]
    return captures(folder)


def mutate_bytes(data: bytes, rng: random.Random) -> bytes:
    """Flip, cut, repeat, insert or delete bytes."""
    buffer = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5, 20))):
        at = rng.randrange(len(buffer) + 1)
        kind = rng.randrange(6)
        if kind == 0 and buffer:
            buffer[min(at, len(buffer) - 1)] ^= 1 << rng.randrange(8)
        elif kind == 1:
            del buffer[at : at + rng.choice((1, 3, 50))]
        elif kind == 2:
            buffer[at:at] = bytes(rng.randrange(256) for _ in range(rng.choice((1, 4))))
        elif kind == 3:
            buffer[at:at] = buffer[at : at + rng.choice((1, 10, 80))]
        elif kind == 4:
            del buffer[at:]
        else:
            buffer[at:at] = rng.choice((b"\n", b",", b'"', b"{", b"]", b":", b"- ", b"&a ", b"*a", b"\xff\xfe", b"1e9"))
    return bytes(buffer)


def mutate_cells(data: bytes, rng: random.Random) -> bytes:
    """Replace cells and columns of a CSV, so that it mostly stays one."""
    lines = data.decode("utf-8-sig").split("\n")
    for _ in range(rng.choice((1, 2, 4))):
        row = rng.randrange(len(lines))
        cells = lines[row].split(",")
        cells[rng.randrange(len(cells))] = rng.choice(CELLS)
        lines[row] = ",".join(cells)
    return "\n".join(lines).encode("utf-8", "replace")


def mutate_tree(data: bytes, rng: random.Random) -> bytes:
    """Replace, drop or rename parts of a JSON tree, so that it stays JSON."""
    content = json.loads(data.decode("utf-8-sig"))
    for _ in range(rng.choice((1, 1, 2, 4))):
        spots: list[tuple[Any, Any]] = []
        collect(content, spots)
        if not spots:
            break
        holder, key = rng.choice(spots)
        kind = rng.randrange(3)
        if kind == 0 or (kind == 2 and not isinstance(holder, dict)):
            holder[key] = copy.deepcopy(rng.choice(JUNK))  # else a later change of this tree is one of JUNK itself
        elif kind == 1:
            del holder[key]
        else:
            holder[rng.choice(("x", "", "score", "value", str(key) + " "))] = holder.pop(key)
    return json.dumps(content).encode()


def collect(node: Any, spots: list[tuple[Any, Any]]) -> None:
    """All (container, key) places below `node`."""
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        spots.append((node, key))
        collect(child, spots)


def mutated(folder: str, seed: int) -> list[Capture]:
    """The fixtures of a source with one file changed: its bytes, cells or tree, or its name; or a file lost or doubled."""
    rng = random.Random(seed)
    files = originals(folder)
    at = rng.randrange(len(files))
    item = files[at]
    kind = rng.randrange(10)
    if kind == 0:
        del files[at]
        return files
    if kind == 1:
        files[at] = capture(rng.choice((f"x{item.name}", item.name[:-1], "other.bin")), item.data)
        return files
    ways: list[Callable[[bytes, random.Random], bytes]] = [mutate_bytes]
    if item.name.endswith(".csv"):
        ways += [mutate_cells] * 2
    elif item.name.endswith(".json"):
        ways += [mutate_tree] * 2
    files[at] = capture(item.name, rng.choice(ways)(item.data, rng))
    return files


@functools.cache
def known_units(folder: str) -> dict[str, set[str]]:
    """What the untouched fixtures give."""
    return units_by_benchmark(parsed(folder))


def units_by_benchmark(result: Parsed) -> dict[str, set[str]]:
    return result.observations.groupby("benchmark")["unit"].agg(set).to_dict()


#: (source, benchmark) → units the parser may ever give it, where the fixtures do not show all of them.
ALSO = {
    "epoch": {"gpqa-diamond": {"fraction", "percent"}, "swe-bench-verified": {"fraction", "percent"}},
    "open-llm-leaderboard-v1": {
        name: {"fraction", "percent"} for name in ("arc-challenge", "hellaswag", "mmlu", "truthfulqa")
    },
}


def check_result(folder: str, result: Parsed) -> None:
    """Nothing is unexplained, out of range, without a key, or in a unit this source does not give this benchmark."""
    frame = result.observations
    assert list(frame.columns) == list(OBSERVATIONS.content)
    assert not frame.duplicated(list(KEY_COLUMNS)).any()
    assert (frame["model"] != "").all()
    assert set(frame["unit"]) <= set(UNITS)
    for unit, rows in frame.groupby("unit"):
        low, high = RANGES[str(unit)]
        assert rows["value"].between(low, high).all()
    name = "epoch" if folder == "epoch-zip" else FOLDERS[folder]
    known = known_units("epoch" if folder == "epoch-zip" else folder)
    for benchmark, units in units_by_benchmark(result).items():
        allowed = ALSO.get(name, {}).get(benchmark, known.get(benchmark, set(units)))
        assert units <= allowed, (benchmark, units)
    assert all(rejection.reason and rejection.locator for rejection in result.rejections)
    # The store writes one line a cell: keys that differ here must differ there.
    assert all(one_line(cell) == cell for name in KEY_COLUMNS for cell in set(frame[name]))


def run(folder: str, seed: int, outcomes: Counter[str] | None = None) -> None:
    files = mutated(folder, seed)
    result = source("epoch" if folder == "epoch-zip" else FOLDERS[folder]).adapter.parse(files)
    check_result(folder, result)
    if outcomes is not None:
        fatal = bool(result.rejected.keys() & set(FATAL_REASONS))
        outcomes["stopped" if fatal else "rows rejected" if result.rejections else "accepted"] += 1


@pytest.mark.parametrize("folder", FUZZED)
@settings(deadline=None, max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), database=None)
@example(seed=0)
@given(seed=st.integers(0, 2**63))
def test_a_mutated_payload_is_explained_and_never_crashes_a_parser(folder: str, seed: int) -> None:
    run(folder, seed)


@pytest.mark.slow
@pytest.mark.parametrize("folder", FUZZED)
def test_two_thousand_mutated_payloads_are_explained_and_never_crash_a_parser(
    folder: str, capsys: pytest.CaptureFixture[str]
) -> None:
    outcomes: Counter[str] = Counter()
    for seed in range(2000):
        run(folder, seed, outcomes)
    with capsys.disabled():
        print(f"fuzz {folder}: {dict(sorted(outcomes.items()))}")
    assert sum(outcomes.values()) == 2000


def before(folder: str) -> Baseline:
    result = parsed(folder)
    return baseline(result.observations, len(result.observations), [], "rows")


SCALED = ["aider", "epoch", "epoch-external", "hf-leaderboards", "livebench", "obsscaling", "open-llm-leaderboard-v2"]


@pytest.mark.parametrize("factor", [100.0, 0.01])
@pytest.mark.parametrize("folder", SCALED)
def test_scores_in_another_unit_are_stopped_by_a_gate(folder: str, factor: float) -> None:
    """Scale every score as a publisher does who changes fractions to percent: the payload must not get in."""
    rows = Rows()
    for row in parsed(folder).observations.to_dict("records"):
        if row["unit"] in ("percent", "fraction"):
            row["value"] *= factor
        rows.add(**{name: None if value != value else value for name, value in row.items()})
    gates = {finding.gate for finding in check(rows.finish(), Gates(), before(folder))}
    assert gates & {"out-of-range", "move", "unit-flip", "unit-suspect"}
