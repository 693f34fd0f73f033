"""SWE-bench leaderboards: rows are an agent with its models; the bash-only board compares models. PERCENT."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from generator.sources.capture import Capture, Parsed
from generator.sources.client import Client
from generator.sources.readers import tree
from generator.sources.rows import Rows, text

VERSION = "swebench/1"
URL = "https://raw.githubusercontent.com/SWE-bench/swe-bench.github.io/master/data/leaderboards.json"
#: name of the board → our benchmark id and the number of its tasks.
BOARDS: dict[str, tuple[str, int | None]] = {
    "bash-only": ("swe-bench-bash-only", 500),
    "Lite": ("swe-bench-lite", 300),
    "Multilingual": ("swe-bench-multilingual", 300),
    "Multimodal": ("swe-bench-multimodal", None),
    "Test": ("swe-bench", 2294),
    "Verified": ("swe-bench-verified", 500),
}
_REQUIRED = ("name", "resolved", "date", "tags")
_KNOWN = {
    *_REQUIRED, "checked", "cost", "folder", "instance_calls", "instance_cost", "logo", "logs",
    "mini-swe-agent_version", "os_model", "os_system", "per_instance_details", "site", "trajs", "trajs_docent", "warning",
}  # fmt: skip
_EFFORT = re.compile(r"\((minimal|low|medium|high|xhigh|max) reasoning\)", re.IGNORECASE)


def fetch(client: Client, _options: Mapping[str, Any]) -> list[Capture]:
    """All boards in one file (about 4 MB: it carries every task's outcome)."""
    return [client.get(URL, name="leaderboards.json", accept=("text/plain", "application/json"))]


def parse(captures: Sequence[Capture]) -> Parsed:
    """One observation a row; `scaffold` is the row's whole name, `model` its Model tags joined by `` + ``."""
    rows = Rows()
    for capture in captures:
        content = tree(rows, capture.name, capture.data)
        if content is None:
            continue
        boards = content.get("leaderboards") if isinstance(content, dict) else None
        if not isinstance(boards, list):
            rows.reject(capture.name, "unknown-shape", "no list leaderboards")
            continue
        for position, board in enumerate(boards, start=1):
            _board(rows, f"{capture.name}#{position}", board)
    return rows.finish()


def _board(rows: Rows, locator: str, board: Any) -> None:
    results = board.get("results") if isinstance(board, dict) else None
    name = text(board.get("name")) if isinstance(board, dict) else ""
    if not isinstance(results, list) or not all(isinstance(row, dict) for row in results):
        rows.reject(locator, "unknown-shape", f"board {name}: no list of results")
        return
    if name not in BOARDS:
        rows.reject(locator, "unknown-benchmark", name)
        return
    missing = sorted({field for row in results for field in _REQUIRED if field not in row})
    strange = sorted({field for row in results for field in row} - _KNOWN)
    if missing or strange:
        rows.reject(locator, "unknown-columns", f"missing: {', '.join(missing)}; unknown: {', '.join(strange)}")
        return
    for position, row in enumerate(results, start=1):
        _row(rows, f"{locator}.{position}", name, row)


def _row(rows: Rows, locator: str, board: str, row: Mapping[str, Any]) -> None:
    tags = [text(tag) for tag in row["tags"]] if isinstance(row["tags"], list) else []
    models = sorted({tag.removeprefix("Model: ") for tag in tags if tag.startswith("Model: ")})
    attempts = [tag.removeprefix("System: Attempts - ") for tag in tags if tag.startswith("System: Attempts - ")]
    name = text(row["name"])
    effort = _EFFORT.search(name)
    # `checked` is true, false, null or a sentence: only true means that the board ran or checked it.
    checked = board == "bash-only" or row.get("checked") is True
    site = row.get("site")
    benchmark, tasks = BOARDS[board]
    version = text(row.get("mini-swe-agent_version"))
    rows.add(
        locator=locator, model=" + ".join(models), benchmark=benchmark, scaffold=name,
        effort=effort[1].lower() if effort else "", attempts=attempts[0] if len(attempts) == 1 else "",
        harness=f"mini-swe-agent {version}" if version else "", evaluator="swe-bench" if checked else "submitter",
        value=row["resolved"], unit="percent", n=tasks, title=f"SWE-bench {board}", published=row["date"],
        url=site[0] if isinstance(site, list) and site else site, prefer=text(row["date"]),
    )  # fmt: skip
