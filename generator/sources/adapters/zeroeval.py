"""ZeroEval, the API behind llm-stats.com (key needed, off by default, nothing kept): self-reported FRACTIONS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from generator.core import CapewatchError
from generator.sources.capture import Capture, Parsed
from generator.sources.client import Client
from generator.sources.readers import tree
from generator.sources.rows import Rows, text

VERSION = "zeroeval/1"
URL = "https://api.zeroeval.com/leaderboard/models/full?justCanonicals=true"
SCORES = {
    "aime_2025_score": "aime-2025",
    "arc_agi_v2_score": "arc-agi-2",
    "gpqa_score": "gpqa-diamond",
    "hle_score": "hle",
    "swe_bench_verified_score": "swe-bench-verified",
}


def fetch(client: Client, options: Mapping[str, Any]) -> list[Capture]:
    """All canonical models in one answer; option ``key`` goes into a request header and nowhere else."""
    key = text(options.get("key"))
    if not key:
        raise CapewatchError("zeroeval: no key", hint="set ZEROEVAL_API_KEY")
    headers = {"Authorization": f"Bearer {key}"}
    return [client.get(URL, name="models.json", accept=("application/json",), headers=headers)]


def parse(captures: Sequence[Capture]) -> Parsed:
    """One observation a field named ``…_score`` that the table knows."""
    rows = Rows()
    for capture in captures:
        models = tree(rows, capture.name, capture.data)
        if models is None:
            continue
        if not isinstance(models, list):
            rows.reject(capture.name, "unknown-shape", "not a list of models")
            continue
        for position, model in enumerate(models, start=1):
            locator = f"{capture.name}#{position}"
            if not isinstance(model, dict) or "model_id" not in model:
                rows.reject(locator, "unknown-entry", "no object with a model_id")
                continue
            for name in sorted(field for field in model if field.endswith("_score")):
                if name not in SCORES:
                    rows.reject(f"{locator}.{name}", "unknown-benchmark", name)
                    continue
                rows.add(
                    locator=f"{locator}.{name}", model=model["model_id"], benchmark=SCORES[name], evaluator="maker",
                    value=model[name], unit="fraction", title="llm-stats.com", url=URL,
                )  # fmt: skip
    return rows.finish()
