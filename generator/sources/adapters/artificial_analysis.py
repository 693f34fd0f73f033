"""Artificial Analysis API (key needed, off by default, nothing kept): FRACTIONS, except the fields named …_index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from generator.core import CapewatchError
from generator.sources.capture import Capture, Parsed
from generator.sources.client import Client
from generator.sources.readers import tree
from generator.sources.rows import Rows, text

VERSION = "artificial-analysis/1"
URL = "https://artificialanalysis.ai/api/v2/language/models"
EVALUATIONS: dict[str, tuple[str, str]] = {
    "aime": ("aime-2024", "fraction"),
    "aime_25": ("aime-2025", "fraction"),
    "artificial_analysis_coding_index": ("aa-coding-index", "index"),
    "artificial_analysis_intelligence_index": ("aa-intelligence-index", "index"),
    "artificial_analysis_math_index": ("aa-math-index", "index"),
    "gpqa": ("gpqa-diamond", "fraction"),
    "hle": ("hle", "fraction"),
    "ifbench": ("ifbench", "fraction"),
    "lcr": ("aa-lcr", "fraction"),
    "livecodebench": ("livecodebench", "fraction"),
    "math_500": ("math-500", "fraction"),
    "mmlu_pro": ("mmlu-pro", "fraction"),
    "scicode": ("scicode", "fraction"),
    "tau2": ("tau2-bench-telecom", "fraction"),
    "terminalbench_hard": ("terminal-bench-hard", "fraction"),
}


def fetch(client: Client, options: Mapping[str, Any]) -> list[Capture]:
    """All models in one answer; option ``key`` goes into a request header and nowhere else."""
    key = text(options.get("key"))
    if not key:
        raise CapewatchError("artificial-analysis: no key", hint="set ARTIFICIAL_ANALYSIS_API_KEY")
    return [client.get(URL, name="models.json", accept=("application/json",), headers={"x-api-key": key})]


def parse(captures: Sequence[Capture]) -> Parsed:
    """One observation an evaluation of a model; the effort is part of the model's name."""
    rows = Rows()
    for capture in captures:
        content = tree(rows, capture.name, capture.data)
        if content is None:
            continue
        models = content.get("data") if isinstance(content, dict) else None
        if not isinstance(models, list):
            rows.reject(capture.name, "unknown-shape", "no list data")
            continue
        for position, model in enumerate(models, start=1):
            locator = f"{capture.name}#{position}"
            scores = model.get("evaluations") if isinstance(model, dict) else None
            if not isinstance(scores, dict):
                rows.reject(locator, "unknown-entry", "no object evaluations")
                continue
            for name, score in scores.items():
                if name not in EVALUATIONS:
                    rows.reject(f"{locator}.{name}", "unknown-benchmark", name)
                    continue
                benchmark, unit = EVALUATIONS[name]
                rows.add(
                    locator=f"{locator}.{name}", model=model.get("name"), benchmark=benchmark,
                    evaluator="artificial-analysis", value=score, unit=unit, title="Artificial Analysis",
                )  # fmt: skip
    return rows.finish()
