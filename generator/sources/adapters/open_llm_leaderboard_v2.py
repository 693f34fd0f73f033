"""Open LLM Leaderboard v2, the final table: the datasets-server's rows API, or a CSV dump of the same columns. FRACTIONS.

The columns named ``… Raw`` are the scores; those without are rescaled against chance, 0 to 100, and are not read.
GPQA here is the pooled set, not Diamond.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from generator.core import CapewatchError
from generator.sources.capture import Capture, Parsed
from generator.sources.client import Client
from generator.sources.readers import table, tree
from generator.sources.rows import Rows, text

VERSION = "open-llm-leaderboard-v2/1"
API = (
    "https://datasets-server.huggingface.co/rows?dataset=open-llm-leaderboard%2Fcontents&config=default&split=train"
    "&offset={offset}&length={length}"
)
PAGE = 100
MAX_ROWS = 20_000
EVALUATOR = "open-llm-leaderboard"
SCORES = {
    "IFEval Raw": ("ifeval-oll2", "", "0"),
    "BBH Raw": ("bbh-oll2", "acc_norm", "3"),
    "MATH Lvl 5 Raw": ("math-hard-oll2", "exact_match", "4"),
    "GPQA Raw": ("gpqa-oll2", "acc_norm", "0"),
    "MUSR Raw": ("musr-oll2", "acc_norm", "0"),
    "MMLU-PRO Raw": ("mmlu-pro-oll2", "acc", "5"),
}
_REQUIRED = ("fullname", "Precision", *SCORES)


def fetch(client: Client, options: Mapping[str, Any]) -> list[Capture]:
    """All pages; option ``length`` sets the page size (at most 100)."""
    length = int(options.get("length", PAGE))
    captures: list[Capture] = []
    offset, total = 0, 1
    while offset < total:
        capture = client.get(
            API.format(offset=offset, length=length), name=f"rows-{offset:05d}.json", accept=("application/json",),
            conditional=False,
        )  # fmt: skip
        captures.append(capture)
        if offset == 0:
            total = _total(capture)
        offset += length
    return captures


def _total(capture: Capture) -> int:
    try:
        total = json.loads(capture.data)["num_rows_total"]
    except (ValueError, KeyError, TypeError):
        raise CapewatchError(f"{capture.url}: no num_rows_total", hint="the rows API has changed") from None
    if not isinstance(total, int) or not 0 < total <= MAX_ROWS:
        raise CapewatchError(f"{capture.url}: num_rows_total is {total!r}", hint=f"expected 1 to {MAX_ROWS}")
    return total


def parse(captures: Sequence[Capture]) -> Parsed:
    """Six benchmarks a row; one model evaluated in two precisions gives two observations (precision is in `harness`)."""
    rows = Rows()
    pages = [capture for capture in captures if capture.name.endswith(".json")]
    met, totals = 0, set()
    for capture in pages:
        content = tree(rows, capture.name, capture.data)
        if content is None:
            continue
        found = content.get("rows") if isinstance(content, dict) else None
        if not isinstance(found, list):
            rows.reject(capture.name, "unknown-shape", "no list rows")
            continue
        totals.add(text(content.get("num_rows_total")))
        met += len(found)
        _rows(rows, _page(rows, capture.name, found))
    if pages and not rows.fatal and totals != {str(met)}:
        rows.reject(pages[0].name, "truncated", f"{met} rows of {', '.join(sorted(totals))}")
    for capture in captures:
        if capture.name.endswith(".csv"):
            _rows(rows, table(rows, capture.name, capture.data, required=_REQUIRED))
    return rows.finish()


def _page(rows: Rows, name: str, found: Sequence[Any]) -> Iterable[tuple[str, Mapping[str, Any]]]:
    for position, entry in enumerate(found, start=1):
        row = entry.get("row") if isinstance(entry, dict) else None
        if not isinstance(row, dict) or entry.get("truncated_cells"):
            rows.reject(f"{name}#{position}", "unknown-entry", "no whole row")
            continue
        if missing := [column for column in _REQUIRED if column not in row]:
            rows.reject(name, "unknown-columns", f"missing: {', '.join(missing)}")
            return
        yield f"{name}#{position}", row


def _rows(rows: Rows, found: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    for locator, row in found:
        model = row["fullname"]
        for column, (benchmark, metric, shots) in SCORES.items():
            rows.add(
                locator=f"{locator}.{column}", model=model, benchmark=benchmark, metric=metric, shots=shots,
                harness=f"open-llm-leaderboard-v2 {text(row['Precision'])}".strip(), evaluator=EVALUATOR,
                value=row[column], unit="fraction", title="Open LLM Leaderboard v2",
                published=row.get("Submission Date"), prefer=text(row.get("Submission Date")),
            )  # fmt: skip
        size = text(row.get("#Params (B)"))
        rows.fact(
            locator=locator, model=model, field="parameters", value="" if size.startswith(("-", "0 ")) or size == "0"
            else size, unit="count", scale=1e9,
        )  # fmt: skip
        rows.fact(locator=locator, model=model, field="kind", value=row.get("Type"), unit="text")
        rows.fact(locator=locator, model=model, field="architecture", value=row.get("Architecture"), unit="text")
