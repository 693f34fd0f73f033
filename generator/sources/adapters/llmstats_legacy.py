"""LLMStats (JonathanChavezTamales/LLMStats, ended May 2025): maker-reported scores with their method. FRACTIONS."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from generator.sources.benchmarks import fold_name, target
from generator.sources.capture import Capture, Parsed
from generator.sources.client import Client
from generator.sources.evaluators import evaluator
from generator.sources.readers import tree
from generator.sources.rows import Rows, text

VERSION = "llmstats-legacy/1"
BASE_URL = "https://raw.githubusercontent.com/JonathanChavezTamales/LLMStats/main/models/"
_SHOTS = re.compile(r"(?<![\w.])(\d{1,2}|zero|five)[- ]shots?(?!\w)", re.IGNORECASE)
_ATTEMPTS = re.compile(r"(pass|cons|maj)\s*@\s*(\d+)", re.IGNORECASE)
_LABS = {"qwen": "alibaba"}
_WORDS = {"zero": "0", "five": "5"}
_FACTS = (
    ("name", "name", "text"),
    ("release_date", "release_date", "date"),
    ("param_count", "parameters", "count"),
    ("training_tokens", "training_tokens", "count"),
    ("license", "licence", "text"),
    ("weights_link", "weights_url", "text"),
)


def fetch(client: Client, options: Mapping[str, Any]) -> list[Capture]:
    """The files named by option ``models`` (``<org>/<model>``); the archive has no index of its own."""
    names = [f"{model}/model.json" for model in options.get("models", ())]
    return [client.get(BASE_URL + name, name=name, accept=("text/plain", "application/json")) for name in names]


def parse(captures: Sequence[Capture]) -> Parsed:
    """Captures are named ``<org>/<model>/model.json``; the method's words become shots, attempts, tools or the scaffold."""
    rows = Rows()
    for capture in captures:
        model = capture.name.removesuffix("/model.json")
        content = tree(rows, capture.name, capture.data)
        if content is None:
            continue
        metrics = content.get("qualitative_metrics", []) if isinstance(content, dict) else None
        if metrics is None:
            metrics = [] if isinstance(content, dict) else None
        if not isinstance(metrics, list):
            rows.reject(capture.name, "unknown-shape", "no list qualitative_metrics")
            continue
        for column, field, unit in _FACTS:
            rows.fact(locator=capture.name, model=model, field=field, value=content.get(column), unit=unit)
        rows.fact(locator=capture.name, model=model, field="lab", value=model.partition("/")[0], unit="text")
        for position, metric in enumerate(metrics, start=1):
            _score(rows, f"{capture.name}#{position}", model, metric)
    return rows.finish()


def _score(rows: Rows, locator: str, model: str, metric: Any) -> None:
    if not isinstance(metric, dict) or not isinstance(metric.get("dataset_name"), str):
        rows.reject(locator, "unknown-entry", "no object with a dataset_name")
        return
    name = metric["dataset_name"]
    method = text(metric.get("analysis_method"))
    place = target(name)
    benchmark = place.benchmark if place is not None else ""
    if fold_name(name) == "gpqa" and "diamond" in method.lower():
        benchmark = "gpqa-diamond"
    if not benchmark:
        rows.reject(locator, "unknown-benchmark", name)
        return
    if "elo" in method.lower().split() or metric.get("is_self_reported") not in (True, False):
        rows.reject(locator, "unknown-metric", f"{name}: {method}")
        return
    source = text(metric.get("source_link"))
    lab = model.partition("/")[0]
    who = "maker" if metric["is_self_reported"] else evaluator(source, _LABS.get(lab, lab))
    if not who:
        rows.reject(locator, "no-source", f"{name}: {source}")
        return
    shots, attempts = _SHOTS.search(method), _ATTEMPTS.search(method)
    rows.add(
        locator=locator, model=model, benchmark=benchmark,
        shots=_WORDS.get(shots[1].lower(), shots[1]) if shots else "", attempts=attempts[2] if attempts else "",
        metric="" if attempts is None or attempts[1].lower() == "pass" else attempts[1].lower(), tools=_tools(method),
        evaluator=who, value=metric.get("score"), unit="fraction",
        title=name, url=source, via="LLMStats", published=metric.get("date_recorded"),
        prefer=text(metric.get("date_recorded")), note=method,
    )  # fmt: skip


def _tools(method: str) -> str:
    words = method.lower()
    if "no tool" in words or "without tool" in words:
        return "false"
    return "true" if "with tool" in words or "tool use" in words else ""
