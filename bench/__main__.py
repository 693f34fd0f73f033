"""`python -m bench [--full] [NAME …]`: run the measurements, write bench/results.json and bench/README.md."""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import json
import os
import platform
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
MODULES = {
    "build": "The main job",
    "analysis": "Analyses",
    "forecasts": "Forecasts",
    "steering": "Steering",
}
PACKAGES = ("numpy", "scipy", "pandas", "mkdocs-material", "altair")


def run(names: list[str], *, full: bool) -> dict[str, Any]:
    """Measure the named groups; groups that are not named keep their last result."""
    path = HERE / "results.json"
    results: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {"groups": {}}
    for name in names:
        print(f"{name} …", flush=True)
        main = importlib.import_module(f"bench.{name}").main
        rows = main(full=full) if "full" in main.__code__.co_varnames else main()
        results["groups"][name] = {"rows": rows, "machine": machine(), "full": full}
    path.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")
    (HERE / "README.md").write_text(report(results))
    return results


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    versions = {name: importlib.metadata.version(name) for name in PACKAGES}
    return {
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "versions": versions,
    }


def report(results: dict[str, Any]) -> str:
    """The tables as Markdown."""
    lines = [
        "# Measurements",
        "",
        "Made by `make bench` (quick) or `make bench-full`; a single group by `python -m bench analysis`. Seconds are medians; a ratio is",
        "the reference's time over ours, both measured in the same run, alternating. Nothing here is asserted by a test.",
        "",
    ]
    for name, title in MODULES.items():
        group = results["groups"].get(name)
        if group is None:
            continue
        about = group["machine"]
        lines += [f"## {title}", "", f"{about['cores']} cores, {about['machine']}, Python {about['python']}.", ""]
        lines += ["| what | ours | reference or goal | ratio | note |", "|---|---:|---:|---:|---|"]
        lines += [_line(row) for row in group["rows"]]
        lines.append("")
    return "\n".join(lines)


def _line(row: dict[str, Any]) -> str:
    def seconds(key: str, before: str = "") -> str:
        return f"{before}{row[key]:.3g} s" if row.get(key) is not None else ""

    other = seconds("reference_s") or seconds("goal_s", "goal ")
    ratio = f"{row['ratio']:.1f}×" if row.get("ratio") is not None else ""
    return f"| {row['name']} | {seconds('ours_s')} | {other} | {ratio} | {row.get('note', '')} |"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(MODULES)}; default: all")
    parser.add_argument("--full", action="store_true", help="more rounds")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(MODULES)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; groups: {', '.join(MODULES)}")
    present = [name for name in MODULES if (HERE / f"{name}.py").exists()]
    run(arguments.names or present, full=arguments.full)
    print(report(json.loads((HERE / "results.json").read_text())))
