"""Leaderboards of data sets on the Hugging Face Hub: what model cards and boards report about open models. PERCENT."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

from generator.sources.capture import Capture, Parsed
from generator.sources.client import Client
from generator.sources.evaluators import LAB_SITES, evaluator
from generator.sources.readers import tree
from generator.sources.rows import Rows, text

VERSION = "hf-leaderboards/1"
API = "https://huggingface.co/api/datasets/{dataset}/leaderboard"
#: capture name → data set on the Hub and our benchmark id.
BOARDS = {
    "gpqa.json": ("Idavidrein/gpqa", "gpqa-diamond"),
    "gsm8k.json": ("openai/gsm8k", "gsm8k"),
    "hle.json": ("cais/hle", "hle"),
    "mmlu-pro.json": ("TIGER-Lab/MMLU-Pro", "mmlu-pro"),
    "swe-bench-verified.json": ("SWE-bench/SWE-bench_Verified", "swe-bench-verified"),
}
_REQUIRED = ("modelId", "value")
_EFFORT = re.compile(
    r"\b(minimal|low|medium|high|xhigh|max)\s+(?:reasoning|effort)\b|reasoning:\s*(\w+)", re.IGNORECASE
)
_LABS = {site.removeprefix("hf:"): lab for lab, sites in LAB_SITES.items() for site in sites if site.startswith("hf:")}


def fetch(client: Client, _options: Mapping[str, Any]) -> list[Capture]:
    """One JSON list a data set."""
    return [
        client.get(API.format(dataset=quote(dataset)), name=name, accept=("application/json",))
        for name, (dataset, _) in BOARDS.items()
    ]


def parse(captures: Sequence[Capture]) -> Parsed:
    """One observation an entry. Tools and effort are taken from its notes, and stay empty when those do not say."""
    rows = Rows()
    for capture in captures:
        if capture.name not in BOARDS:
            rows.reject(capture.name, "unknown-file")
            continue
        entries = tree(rows, capture.name, capture.data)
        if entries is None:
            continue
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            rows.reject(capture.name, "unknown-shape", "not a list of objects")
            continue
        if entries and not any(all(name in entry for name in _REQUIRED) for entry in entries):
            rows.reject(capture.name, "unknown-columns", f"no entry has {', '.join(_REQUIRED)}")
            continue
        for position, entry in enumerate(entries, start=1):
            _entry(rows, f"{capture.name}#{position}", BOARDS[capture.name][1], entry)
    return rows.finish()


def _entry(rows: Rows, locator: str, benchmark: str, entry: Mapping[str, Any]) -> None:
    if entry.get("lower_is_better") is True:
        rows.reject(locator, "unknown-metric", "lower is better")
        return
    model, notes, where = text(entry.get("modelId")), text(entry.get("notes")), entry.get("source")
    link = text(where.get("url")) if isinstance(where, dict) else ""
    who = _who(model, link)
    if not who:
        rows.reject(locator, "no-source", link)
        return
    words = f"{notes} {text(entry.get('filename'))}".lower()
    subset = "" if benchmark != "gpqa-diamond" or "diamond" in words else "not stated"
    effort = _EFFORT.search(notes)
    tools = "false" if re.search(r"\b(no|without)\s+tools?\b", words) else "true" if "with tool" in words else ""
    added = rows.add(
        locator=locator, model=model, benchmark=benchmark, subset=subset, tools=tools,
        effort=(effort[1] or effort[2]).lower() if effort else "", evaluator=who, value=entry.get("value"),
        unit="percent", title="Hugging Face leaderboard", url=link, via="huggingface.co", note=notes[:300],
    )  # fmt: skip
    if added:
        rows.fact(
            locator=locator, model=model, field="parameters", value=entry.get("num_parameters"), unit="count"
        )  # fmt: skip


def _who(model: str, link: str) -> str:
    """``maker`` when the link leads to the organisation of the model itself."""
    organisation = model.partition("/")[0].lower()
    try:
        parts = urlsplit(link)
    except ValueError:
        return ""
    first = parts.path.strip("/").partition("/")[0].lower()
    if parts.hostname == "huggingface.co" and first == organisation:
        return "maker"
    return evaluator(link, _LABS.get(organisation, organisation))
