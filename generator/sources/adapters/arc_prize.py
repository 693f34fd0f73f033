"""ARC Prize leaderboard v2: one JSON of evaluations by data set. FRACTIONS. The file may not be republished."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from generator.sources.capture import Capture, Parsed
from generator.sources.client import Client
from generator.sources.readers import tree
from generator.sources.rows import Rows, text

VERSION = "arc-prize/1"
URL = "https://arcprize.org/media/data/leaderboard/v2.json"
DATASETS = {
    "v1_Semi_Private": ("arc-agi-1", "semi-private"),
    "v1_Public_Eval": ("arc-agi-1", "public"),
    "v2_Semi_Private": ("arc-agi-2", "semi-private"),
    "v2_Public_Eval": ("arc-agi-2", "public"),
}
_EFFORT = re.compile(
    r"^(?P<model>.+?)\s*\((?:Thinking\s+)?(?P<effort>Minimal|Low|Medium|High|xHigh|Max)\)$", re.IGNORECASE
)


def fetch(client: Client, _options: Mapping[str, Any]) -> list[Capture]:
    """The board's data file."""
    return [client.get(URL, name="v2.json", accept=("application/json",))]


def parse(captures: Sequence[Capture]) -> Parsed:
    """One observation an evaluation that the board displays; the effort stands in brackets behind the model's name."""
    rows = Rows()
    for capture in captures:
        content = tree(rows, capture.name, capture.data)
        if content is None:
            continue
        evaluations = content.get("evaluations") if isinstance(content, dict) else None
        if not isinstance(evaluations, list):
            rows.reject(capture.name, "unknown-shape", "no list evaluations")
            continue
        for position, entry in enumerate(evaluations, start=1):
            _evaluation(rows, f"{capture.name}#{position}", entry, text(content.get("generatedAt")))
    return rows.finish()


def _evaluation(rows: Rows, locator: str, entry: Any, generated: str) -> None:
    if not isinstance(entry, dict) or "score" not in entry or "datasetId" not in entry:
        rows.reject(locator, "unknown-entry", "no datasetId and score")
        return
    place = DATASETS.get(text(entry["datasetId"]))
    if place is None:
        rows.reject(locator, "unknown-benchmark", entry["datasetId"])
        return
    if entry.get("display") is not True:
        rows.reject(locator, "not-displayed", entry.get("modelDisplayName"))
        return
    name = text(entry.get("modelDisplayName")) or text(entry.get("modelId"))
    match = _EFFORT.match(name)
    rows.add(
        locator=locator, model=match["model"] if match else name, benchmark=place[0], subset=place[1],
        effort=match["effort"].lower() if match else "", evaluator="arc-prize", value=entry["score"], unit="fraction",
        scaffold="" if text(entry.get("modelType")) in ("CoT", "Base LLM", "") else entry["modelType"],
        title="ARC Prize leaderboard", prefer=generated,
    )  # fmt: skip
