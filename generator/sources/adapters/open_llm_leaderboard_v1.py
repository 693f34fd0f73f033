"""Open LLM Leaderboard v1: results JSON by model (FRACTIONS, TruthfulQA MC1 and MC2), and dumps of its table (PERCENT)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from generator.core import CapewatchError
from generator.sources.capture import Capture, Parsed
from generator.sources.client import Client
from generator.sources.readers import table, tree
from generator.sources.rows import Rows, number, text

VERSION = "open-llm-leaderboard-v1/1"
TREE = "https://huggingface.co/api/datasets/open-llm-leaderboard-old/results/tree/main/{model}"
FILE = "https://huggingface.co/datasets/open-llm-leaderboard-old/results/resolve/main/{path}"
EVALUATOR = "open-llm-leaderboard"
HARNESS = "open-llm-leaderboard-v1"
MMLU_SUBJECTS = 57
TASKS = {
    "harness|arc:challenge|25": ("arc-challenge", "25", ("acc_norm",)),
    "harness|gsm8k|5": ("gsm8k", "5", ("acc",)),
    "harness|hellaswag|10": ("hellaswag", "10", ("acc_norm",)),
    "harness|truthfulqa:mc|0": ("truthfulqa", "0", ("mc1", "mc2")),
    "harness|winogrande|5": ("winogrande", "5", ("acc",)),
}
_IGNORED = re.compile(r"^(?:all|harness\|(?:drop|truthfulqa:gen)\|\d+)$")
_MMLU = re.compile(r"^harness\|hendrycksTest-[a-z_]+\|5$")
_RESULT = re.compile(r"results_(\d{4}-\d{2}-\d{2})T[0-9-]+(?:\.\d+)?\.json$")
DUMP = {
    "ARC(25-shot)": ("arc-challenge", "25", "acc_norm"),
    "HellaSwag(10-shot)": ("hellaswag", "10", "acc_norm"),
    "MMLU(5-shot)": ("mmlu", "5", "acc"),
    "TruthfulQA(0-shot)": ("truthfulqa", "0", "mc2"),
}
#: `Parameters` of a dump is a rank rescaled to 0-100, not a number of parameters.
_DUMP_COLUMNS = ("Model", "Average", *DUMP, "Parameters", "URL")


def fetch(client: Client, options: Mapping[str, Any]) -> list[Capture]:
    """The newest results file of each of option ``models`` (``<org>/<model>``)."""
    captures = []
    for model in options.get("models", ()):
        listing = client.get(
            TREE.format(model=model), name=f"tree/{model}.json", accept=("application/json",), conditional=False
        )
        try:
            paths = [str(entry["path"]) for entry in json.loads(listing.data)]
        except (ValueError, KeyError, TypeError):
            raise CapewatchError(f"{listing.url}: not a list of files", hint="the Hub's tree API has changed") from None
        results = sorted(path for path in paths if _RESULT.search(path))
        if not results:
            raise CapewatchError(f"{listing.url}: no results file of {model}", hint="check the spelling of the model")
        accept = ("application/json", "text/plain", "application/octet-stream")
        captures.append(client.get(FILE.format(path=results[-1]), name=results[-1], accept=accept))
    return captures


def parse(captures: Sequence[Capture]) -> Parsed:
    """MMLU is the mean accuracy of its 57 subjects; of several results of one model the newest counts."""
    rows = Rows()
    for capture in captures:
        if capture.name.endswith(".csv"):
            _dump(rows, capture)
            continue
        content = tree(rows, capture.name, capture.data)
        if content is None:
            continue
        config = content.get("config_general") if isinstance(content, dict) else None
        results = content.get("results") if isinstance(content, dict) else None
        if not isinstance(config, dict) or not isinstance(results, dict):
            rows.reject(capture.name, "unknown-shape", "no config_general or results")
            continue
        stamp = _RESULT.search(capture.name)
        _results(rows, capture.name, text(config.get("model_name")), stamp[1] if stamp else "", results)
    return rows.finish()


def _results(rows: Rows, name: str, model: str, published: str, results: Mapping[str, Any]) -> None:
    common = {
        "model": model, "harness": HARNESS, "evaluator": EVALUATOR, "unit": "fraction", "published": published,
        "prefer": published, "title": "Open LLM Leaderboard v1",
    }  # fmt: skip
    subjects = []
    for task, scores in results.items():
        locator = f"{name}#{task}"
        if _IGNORED.match(task):
            rows.reject(locator, "left-out-task", task)
        elif not isinstance(scores, dict):
            rows.reject(locator, "unknown-entry", "scores are no object")
        elif task in TASKS:
            benchmark, shots, metrics = TASKS[task]
            for metric in metrics:
                rows.add(
                    locator=f"{locator}.{metric}", benchmark=benchmark, shots=shots, metric=metric,
                    value=scores.get(metric), stderr=scores.get(f"{metric}_stderr"), **common,
                )  # fmt: skip
        elif _MMLU.match(task):
            subjects.append(scores.get("acc"))
        else:
            rows.reject(locator, "unknown-task", task)
    if subjects:
        _mmlu(rows, f"{name}#hendrycksTest", subjects, common)


def _mmlu(rows: Rows, locator: str, subjects: Sequence[object], common: Mapping[str, str]) -> None:
    try:
        scores = [score for score in map(number, subjects) if score is not None and 0 <= score <= 1]
    except ValueError as error:
        rows.reject(locator, str(error), "mmlu")
        return
    if len(scores) != MMLU_SUBJECTS or len(subjects) != MMLU_SUBJECTS:
        rows.reject(locator, "incomplete-mean", f"{len(scores)} of {MMLU_SUBJECTS} subjects")
        return
    mean = sum(scores) / len(scores)
    fields: dict[str, Any] = {"benchmark": "mmlu", "shots": "5", "metric": "acc", "value": mean, **common}
    rows.add(locator=locator, **fields)


def _dump(rows: Rows, capture: Capture) -> None:
    match = re.search(r"(20\d{2})(\d{2})(\d{2})\.csv$", capture.name)
    published = "-".join(match.groups()) if match else ""
    for locator, row in table(rows, capture.name, capture.data, required=_DUMP_COLUMNS, known=_DUMP_COLUMNS):
        for column, (benchmark, shots, metric) in DUMP.items():
            rows.add(
                locator=f"{locator}.{column}", model=row["Model"], benchmark=benchmark, shots=shots, metric=metric,
                harness=HARNESS, evaluator=EVALUATOR, value=row[column], unit="percent", url=row["URL"],
                title="Open LLM Leaderboard v1", published=published, prefer=published,
            )  # fmt: skip
