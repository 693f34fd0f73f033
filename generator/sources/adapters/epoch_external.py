"""Epoch AI's hub, the files that relay other boards. Units as in `epoch_files.BOARDS`; only statistics may be kept."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from generator.sources.adapters import epoch_files as hub
from generator.sources.adapters.epoch import fetch, files, split_effort
from generator.sources.capture import Capture, Parsed
from generator.sources.readers import table
from generator.sources.rows import Rows, day, number, text

VERSION = "epoch-external/1"
_SOURCE_LINKS = ("Source link", "Source Link", "Source link (site from table)")
_DAYS = ("Date of evaluation", "Date added", "Date run", "Run date", "Evaluation date", "Last updated", "Date")
__all__ = ["VERSION", "fetch", "parse"]


def parse(captures: Sequence[Capture]) -> Parsed:
    """Rows keyed by model version (or, where that is blank, name), shots and source."""
    rows = Rows()
    seen = False
    for locator, name, data in files(rows, captures):
        board = hub.BOARDS.get(name)
        if board is not None:
            seen = True
            for place, row in table(rows, locator, data, required=("Model version", board.column)):
                _row(rows, place, board, row)
    if captures and not seen and not rows.fatal:
        rows.reject(captures[0].name, "unknown-shape", "no file of another board")
    return rows.finish()


def _row(rows: Rows, locator: str, board: hub.Board, row: Mapping[str, str]) -> None:
    model, effort = split_effort(text(row["Model version"]) or text(row.get("Name")))
    source = text(row.get("Source"))
    tools = "false" if board.tools == "=false" else text(row.get(board.tools)).lower()
    published = max((day(row.get(name)) for name in _DAYS), default="")
    rows.add(
        locator=locator, model=model, benchmark=board.benchmark, metric=board.metric, effort=effort,
        shots=_shots(row.get("Shots")), tools={"none": "false"}.get(tools, tools),
        scaffold=row.get(board.scaffold), subset=row.get("LiveBench Version"), harness=row.get("METR version"),
        evaluator=board.evaluator or _slug(source) or "not-stated", value=row[board.column], unit=board.unit,
        stderr=row.get(board.stderr), title=source, url=next((row[name] for name in _SOURCE_LINKS if name in row), ""),
        via="Epoch AI benchmarking hub", published=published, prefer=published,
    )  # fmt: skip


def _shots(cell: object) -> str:
    """``25-shot``, ``5``, ``5.0`` → the number; other words stay as they are."""
    words = text(cell)
    match = re.match(r"^(\d+)(?:\.0+)?(?:[- ]?shots?)?$", words, re.IGNORECASE)
    return str(int(number(match[1]) or 0)) if match else words


def _slug(words: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")[:60].strip("-")
