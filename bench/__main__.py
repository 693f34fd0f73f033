"""`python -m bench [--full] [--fresh] [GROUP …]`: measure, add the run to bench/results.json, write bench/README.md.

With `--write FILE` the runs go to a file instead, on a machine that is not the checkout's; `--add FILE` takes them in.

A group is made of parts. What a part gave is kept in build/bench/ until its group is complete, so that a run that was cut off goes
on where it was: parts done at the same commit are not measured again (`--fresh` measures them all).
"""

from __future__ import annotations

import argparse
import datetime as dt
import importlib
import sys
import traceback
from pathlib import Path
from typing import Any

from bench.frame import STATE, Part, Row, commit, machine, plain
from bench.table import readme
from generator.core import canonical_json, read_json, write_atomic

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results.json"
#: group → title, in the order of the tables
GROUPS = {
    "build": "The main job",
    "growth": "Growth with the number of models",
    "panel": "Panels from bulk snapshots",
    "analysis": "Analyses",
    "forecasts": "Forecasts",
    "steering": "Steering",
    "gpu": "Steering on a GPU",
    "pages": "Pages in a browser",
}


def parts_of(group: str, *, full: bool) -> list[Part]:
    """The parts of a group: its own, or its `main` as one part."""
    module = importlib.import_module(f"bench.{group}")
    if hasattr(module, "parts"):
        found: list[Part] = module.parts(full=full)
        return found
    takes_full = "full" in module.main.__code__.co_varnames
    return [("all", lambda: module.main(full=full) if takes_full else module.main())]


def measure(group: str, *, full: bool, fresh: bool) -> list[Row] | None:
    """The rows of a group; parts that were done at this commit are taken from what is kept. None when a part failed: the others
    are kept, and the next run measures the failed ones again."""
    path = STATE / f"{group}.json"
    key = [commit(), full]
    kept: dict[str, Any] = read_json(path) if path.is_file() and not fresh else {}
    done = kept["parts"] if kept.get("key") == key else {}
    failed = False
    for name, run in parts_of(group, full=full):
        if name in done:
            print(f"{group}: {name}, as measured before", flush=True)
            continue
        print(f"{group}: {name} …", flush=True)
        try:
            done[name] = [plain(one) for one in run()]
        except Exception:  # one part that fails takes no other with it
            traceback.print_exc()
            failed = True
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, canonical_json({"key": key, "parts": done}))
    if failed:
        return None
    rows = [one for found in done.values() for one in found]
    return rows + getattr(importlib.import_module(f"bench.{group}"), "after", lambda _rows: [])(rows)


def add(run: dict[str, Any]) -> dict[str, Any]:
    """The results with this run at the end; a run of the same group at the same commit and extent is replaced."""
    results: dict[str, Any] = read_json(RESULTS) if RESULTS.is_file() else {"runs": []}
    same = ("group", "commit", "full")
    results["runs"] = [one for one in results["runs"] if any(one[name] != run[name] for name in same)] + [run]
    write_atomic(RESULTS, canonical_json(results, indent=1))
    write_atomic(HERE / "README.md", readme(results["runs"], GROUPS))
    return results


def take_in(path: Path) -> None:
    """Add the runs that `--write` left in a file. A run from where there was no git gets the commit that is checked out here."""
    runs: list[dict[str, Any]] = read_json(path)["runs"]
    for run in runs:
        add({**run, "commit": run["commit"] or commit()})


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.splitlines()[0])
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"of {', '.join(GROUPS)}; default: all")
    parser.add_argument("--full", action="store_true", help="more rounds, larger sizes")
    parser.add_argument("--fresh", action="store_true", help="measure again what was measured at this commit")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the runs there, and nothing else")
    parser.add_argument(
        "--add", type=Path, metavar="FILE", help="take in the runs that --write left there, and measure nothing"
    )
    told = parser.parse_args()
    if told.add:
        take_in(told.add)
        return
    if unknown := set(told.groups) - set(GROUPS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; groups: {', '.join(GROUPS)}")
    failed, runs = [], []
    for group in told.groups or GROUPS:
        reason = getattr(importlib.import_module(f"bench.{group}"), "missing", lambda: "")()
        if reason:
            print(f"{group}: left out: {reason}", flush=True)
            continue
        about = machine()
        rows = measure(group, full=told.full, fresh=told.fresh)
        if rows is None:
            failed.append(group)
            continue
        today = dt.datetime.now(dt.UTC).date().isoformat()
        runs.append(
            {"group": group, "date": today, "commit": commit(), "full": told.full, "machine": about, "rows": rows}
        )
        if told.write:
            write_atomic(told.write, canonical_json({"runs": runs}, indent=1))
        else:
            add(runs[-1])
        (STATE / f"{group}.json").unlink(missing_ok=True)
    print(readme(runs, GROUPS) if told.write else (HERE / "README.md").read_text(encoding="utf-8"))
    if failed:
        sys.exit(f"not complete, and not added to the results: {', '.join(failed)}; run again to measure what failed")


if __name__ == "__main__":
    main()
