"""The results as Markdown: the newest run of each group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

HEAD = """\
# Measurements

Made by `make bench` (quick) or `make bench-full`; a single group by `python -m bench build`. A figure is the median of its runs, with
the lowest and highest where there are several; paired runs alternate, so that both sides meet the same machine. A ratio is the
reference's figure over ours. Memory is that of the process and all it started, shared pages counted once. Nothing here is asserted
by a test. `results.json` keeps every run with day, commit, machine and versions; the site shows the history.
"""


def readme(runs: Sequence[Mapping[str, Any]], titles: Mapping[str, str]) -> str:
    """The newest run of each group as tables."""
    lines = [HEAD]
    for group, title in titles.items():
        run = newest(runs, group)
        if run is None:
            continue
        lines += [f"## {title}", "", about(run), ""]
        lines += [
            "| what | ours | lowest–highest | goal | reference | ratio | note |",
            "|---|---:|---:|---:|---:|---:|---|",
        ]
        lines += [_line(row) for row in run["rows"]]
        lines.append("")
    return "\n".join(lines)


def newest(runs: Sequence[Mapping[str, Any]], group: str) -> Mapping[str, Any] | None:
    """The last run of a group."""
    return next((run for run in reversed(runs) if run["group"] == group), None)


def about(run: Mapping[str, Any]) -> str:
    """Day, commit, machine, and whether others used it."""
    host = run["machine"]
    words = [f"{run['date']}, commit {run['commit']}, {host['cores']} cores", host.get("processor") or host["machine"]]
    words += [host["accelerator"]] if host.get("accelerator") else []
    words += [f"Python {host['python']}"]
    if host.get("additions"):
        words += [f"ten million additions in {host['additions']:.2f} s"]
    text = ", ".join(words)
    load = host.get("load")
    if load is not None and load > 0.5 * host["cores"]:
        text += f". **The machine was busy** (load {load} on {host['cores']} cores): times are upper limits"
    return text + "."


def met(row: Mapping[str, Any]) -> bool | None:
    """Whether the goal was met; None without a goal or a figure."""
    if row.get("goal") is None or row.get("value") is None:
        return None
    return bool(row["value"] >= row["goal"] if row.get("at_least") else row["value"] <= row["goal"])


def shown(value: float | None, unit: str) -> str:
    """A figure with its unit."""
    if value is None:
        return ""
    digits = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return f"{digits} {unit}".strip()


def _line(row: Mapping[str, Any]) -> str:
    unit = row.get("unit", "s")
    goal = "" if row.get("goal") is None else f"{'≥' if row.get('at_least') else '≤'} {shown(row['goal'], unit)}"
    if met(row) is not None:
        goal += ", met" if met(row) else ", **missed**"
    spread = f"{shown(row['low'], '')}–{shown(row['high'], unit)}" if row.get("runs", 1) > 1 else ""
    ratio = "" if row.get("ratio") is None else f"{row['ratio']:.3g}×"
    cells = [
        row["name"],
        shown(row.get("value"), unit),
        spread,
        goal,
        shown(row.get("reference"), unit),
        ratio,
        row.get("note", ""),
    ]
    return f"| {' | '.join(str(cell).replace('|', '/') for cell in cells)} |"
