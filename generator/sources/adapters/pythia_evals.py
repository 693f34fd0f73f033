"""EleutherAI's evaluation JSON by Pythia size and training step, with OPT and BLOOM beside them. FRACTIONS and perplexity."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from generator.sources.capture import Capture, Parsed
from generator.sources.client import Client
from generator.sources.readers import tree
from generator.sources.rows import Rows, number

VERSION = "pythia-evals/1"
BASE_URL = "https://raw.githubusercontent.com/EleutherAI/pythia/main/evals/"
HARNESS = "lm-evaluation-harness"
SIZES = ("70m", "160m", "410m", "1b", "1.4b", "2.8b", "6.9b", "12b")
FIVE_SHOT_STEPS = (3000, *range(13000, 144000, 10000))
ZERO_SHOT_STEPS = (0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000, *FIVE_SHOT_STEPS)
MMLU_SUBJECTS = 57
TASKS = {
    "arc_challenge": "arc-challenge",
    "arc_easy": "arc-easy",
    "lambada_openai": "lambada",
    "logiqa": "logiqa",
    "piqa": "piqa",
    "sciq": "sciq",
    "winogrande": "winogrande",
    "wsc": "wsc",
}
METRICS = {"acc": "fraction", "acc_norm": "fraction", "ppl": "perplexity"}
#: Harness runs of OPT and BLOOM, final models only.
OTHERS = (
    *(f"opt/opt-{size}.json" for size in ("125m", "350m", "1.3b", "2.7b", "6.7b", "13b", "30b", "66b")),
    *(f"bloom/bloom-{size}.json" for size in ("560m", "1b1", "1b7", "3b", "7b1")),
)
_STEP_FILE = re.compile(r"^pythia-v1/(?P<model>[^/]+)/(?:zero|five)-shot/[^/]*_step(?P<step>\d+)\.json$")
_FINAL_FILE = re.compile(r"^(?:opt|bloom)/(?P<model>[^/]+)\.json$")


def fetch(client: Client, options: Mapping[str, Any]) -> list[Capture]:
    """Every file of the archive; option ``final`` True takes only the last step of each size (45 files)."""
    names = list(OTHERS)
    last = slice(-1, None) if options.get("final") else slice(None)
    for size in SIZES:
        for model in (size, f"{size}-deduped"):
            names += [_path(model, "zero", step) for step in ZERO_SHOT_STEPS[last]]
            names += [_path(model, "five", step) for step in FIVE_SHOT_STEPS[last]]
    return [client.get(BASE_URL + name, name=name, accept=("text/plain", "application/json")) for name in names]


def _path(model: str, shots: str, step: int) -> str:
    """Where the archive has a file. The 1b model stands under its precision, and four of its files are misnamed."""
    stem, folder = model, f"pythia-{model}"
    if model == "1b":
        folder = "pythia-1b-bf16"
        stem = "1b" if shots == "five" else "1b-bf16"
    misnamed = model == "1b" and shots == "zero" and step in (128, 256, 512, 1000)
    infix = "-5shot" if shots == "five" or misnamed else ""
    return f"pythia-v1/{folder}/{shots}-shot/{stem}{infix}_step{step}.json"


def parse(captures: Sequence[Capture]) -> Parsed:
    """Eight tasks by metric, and MMLU as the unweighted mean accuracy of its 57 subjects; CrowS-Pairs is left out."""
    rows = Rows()
    for capture in captures:
        match = _STEP_FILE.match(capture.name) or _FINAL_FILE.match(capture.name)
        if match is None:
            rows.reject(capture.name, "unknown-file")
            continue
        content = tree(rows, capture.name, capture.data)
        if content is None:
            continue
        results = content.get("results") if isinstance(content, dict) else None
        shots = _shots(content)
        if not isinstance(results, dict) or shots is None:
            rows.reject(capture.name, "unknown-shape", "no results, or config.num_fewshot is no whole number")
            continue
        _file(rows, capture.name, match["model"], match.groupdict().get("step") or "", str(shots), results)
    return rows.finish()


def _shots(content: Any) -> int | None:
    config = content.get("config") if isinstance(content, dict) else None
    shots = config.get("num_fewshot") if isinstance(config, dict) else None
    return shots if isinstance(shots, int) and not isinstance(shots, bool) and 0 <= shots <= 100 else None


def _file(rows: Rows, name: str, model: str, step: str, shots: str, results: Mapping[str, Any]) -> None:
    common = {"model": model, "step": step, "shots": shots, "harness": HARNESS, "evaluator": "eleutherai"}
    subjects = {}
    for task, scores in results.items():
        locator = f"{name}#{task}"
        if not isinstance(scores, dict):
            rows.reject(locator, "unknown-entry", "scores are no object")
        elif task.startswith("hendrycksTest-"):
            subjects[task] = scores.get("acc")
        elif task in TASKS:
            for metric in sorted(METRICS.keys() & scores.keys()):
                rows.add(
                    locator=f"{locator}.{metric}", benchmark=TASKS[task], metric=metric, value=scores[metric],
                    unit=METRICS[metric], stderr=scores.get(f"{metric}_stderr"), **common,
                )  # fmt: skip
        else:
            rows.reject(locator, "left-out-task" if task.startswith("crows_pairs") else "unknown-task", task)
    if subjects:
        _mmlu(rows, f"{name}#hendrycksTest", subjects, common)


def _mmlu(rows: Rows, locator: str, subjects: Mapping[str, object], common: Mapping[str, str]) -> None:
    try:
        scores = [score for score in map(number, subjects.values()) if score is not None]
    except ValueError as error:
        rows.reject(locator, str(error), "mmlu")
        return
    if len(scores) != MMLU_SUBJECTS or not all(0 <= score <= 1 for score in scores):
        rows.reject(locator, "incomplete-mean", f"{len(scores)} of {MMLU_SUBJECTS} subjects")
        return
    rows.add(
        locator=locator, benchmark="mmlu", metric="acc", value=sum(scores) / len(scores), unit="fraction",
        note="unweighted mean of 57 subjects", **common,
    )  # fmt: skip
