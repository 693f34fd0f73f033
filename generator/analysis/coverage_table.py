"""The measured coverage of the 95 % intervals, committed as data and shown beside intervals that rest on few models."""

from __future__ import annotations

import json
import math
from functools import lru_cache
from importlib import resources
from typing import Any

from generator.core import counted

SMALL_N = 20
FEW_CLUSTERS = 8
LEAST_PANELS = 100  # of a design, for its share to be quoted


@lru_cache(maxsize=1)
def coverage_table() -> list[dict[str, Any]]:
    """Rows {interval, n, clusters, coverage, panels, design}, as `python -m generator.analysis.coverage` wrote them."""
    file = resources.files("generator.analysis").joinpath("coverage.json")
    return json.loads(file.read_text(encoding="utf-8"))["rows"] if file.is_file() else []


def coverage_note(interval: str, n: int, clusters: int) -> dict[str, Any] | None:
    """What share of simulated 95 % intervals held the truth in the nearest measured design: of those nearest in clusters, in models.

    `interval` is a name in the table, e.g. ``r/clustered``. None from 20 models in 8 clusters on (93–97 % is held by test
    there), or when the table has no such interval. Keys: interval, n, clusters, coverage, panels, text.
    """
    if n >= SMALL_N and clusters >= FEW_CLUSTERS:
        return None
    designs = [row for row in coverage_table() if row["interval"] == interval and row["panels"] >= LEAST_PANELS]
    if not designs:
        return None

    def distance(row: dict[str, Any]) -> tuple[float, float]:
        return abs(math.log(row["clusters"] / clusters)), abs(math.log(row["n"] / n))

    near = min(designs, key=distance)
    text = (
        f"a 95 % interval of this kind held the truth in {100 * near['coverage']:.1f} % of {near['panels']} simulated panels "
        f"of {counted(near['n'], 'model')} in {counted(near['clusters'], 'cluster')}"
    )
    keys = ("interval", "n", "clusters", "coverage", "panels")
    return {**{key: near[key] for key in keys}, "text": text}
