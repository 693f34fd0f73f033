"""Aider leaderboards: polyglot (225 exercises) and the older edit board (133). PERCENT of cases solved after two tries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from generator.sources.capture import Capture, Parsed
from generator.sources.client import Client
from generator.sources.readers import yaml_text
from generator.sources.rows import Rows, text

VERSION = "aider/1"
BASE_URL = "https://raw.githubusercontent.com/Aider-AI/aider/main/aider/website/_data/"
BOARDS = {
    "polyglot_leaderboard.yml": ("aider-polyglot", "Aider polyglot leaderboard"),
    "edit_leaderboard.yml": ("aider-edit", "Aider code editing leaderboard"),
}
_REQUIRED = ("model", "pass_rate_2", "edit_format")


def fetch(client: Client, _options: Mapping[str, Any]) -> list[Capture]:
    """Both boards."""
    accept = ("text/plain", "application/x-yaml", "text/yaml")
    return [client.get(BASE_URL + name, name=name, accept=accept) for name in BOARDS]


def parse(captures: Sequence[Capture]) -> Parsed:
    """One observation a run: ``pass_rate_2``, the board's headline. Of runs with the same settings the newest counts."""
    rows = Rows()
    for capture in captures:
        if capture.name not in BOARDS:
            rows.reject(capture.name, "unknown-file")
            continue
        benchmark, title = BOARDS[capture.name]
        runs = yaml_text(rows, capture.name, capture.data)
        if runs is None:
            continue
        if not isinstance(runs, list) or not runs:
            rows.reject(capture.name, "unknown-shape", "no list of runs")
            continue
        if not any(isinstance(run, dict) and all(name in run for name in _REQUIRED) for run in runs):
            rows.reject(capture.name, "unknown-columns", f"no run has all of {', '.join(_REQUIRED)}")
            continue
        for position, run in enumerate(runs, start=1):
            locator = f"{capture.name}#{position}"
            if not isinstance(run, dict) or not all(name in run for name in _REQUIRED):
                rows.reject(locator, "unknown-entry", f"no run with {', '.join(_REQUIRED)}")
                continue
            rows.add(
                locator=locator, model=run["model"], benchmark=benchmark, attempts="2",
                scaffold=f"aider {text(run['edit_format'])}".strip(), effort=run.get("reasoning_effort"),
                evaluator="aider", value=run["pass_rate_2"], unit="percent", n=run.get("test_cases"), title=title,
                published=run.get("date"), prefer=text(run.get("date")) + text(run.get("dirname")),
            )  # fmt: skip
    return rows.finish()
