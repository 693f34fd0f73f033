"""Small readings for the tests of the store."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd

from generator.snapshots import FACTS, OBSERVATIONS, Reading

DAY = dt.date(2026, 5, 1)


def row(model: str, value: float, **columns: Any) -> dict[str, Any]:
    """One observation; unnamed columns are empty."""
    blank: dict[str, Any] = dict.fromkeys(OBSERVATIONS.content, "")
    defaults = {"benchmark": "gpqa-diamond", "unit": "fraction", "evaluator": "maker", "stderr": None, "n": None}
    return blank | defaults | {"model": model, "value": value, "locator": f"board.csv#{model}"} | columns


def fact(model: str, field: str, value: str, unit: str = "text") -> dict[str, str]:
    return dict.fromkeys(FACTS.content, "") | {
        "model": model,
        "field": field,
        "value": value,
        "unit": unit,
        "locator": "board.csv#1",
    }


def reading(
    *rows: dict[str, Any], day: dt.date = DAY, facts: list[dict[str, str]] | None = None, **more: Any
) -> Reading:
    """A reading recorded on `day`."""
    fields: dict[str, Any] = {
        "observations": pd.DataFrame(list(rows), columns=list(OBSERVATIONS.content)),
        "facts": pd.DataFrame(facts, columns=list(FACTS.content)) if facts is not None else None,
        "recorded": day,
        "fetched_at": f"{day}T00:00:00Z",
        "payload_day": day,
        "payload_sha256": "0" * 64,
        "adapter": "board/1",
        "licence": "CC BY 4.0",
        "captures": [
            {
                "name": "board.csv",
                "url": "https://example.org/board.csv",
                "sha256": "1" * 64,
                "bytes": 9,
                "via": "a mirror",
            }
        ],
    }
    return Reading(**(fields | more))
