"""Observational scaling laws (ryoungj/ObsScaling): base models under Open LLM Leaderboard v1 and v2 settings. FRACTIONS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from generator.sources.capture import Capture, Parsed
from generator.sources.client import Client
from generator.sources.readers import table
from generator.sources.rows import Rows

VERSION = "obsscaling/1"
BASE_URL = "https://raw.githubusercontent.com/ryoungj/ObsScaling/main/eval_results/"
OLL1 = "open-llm-leaderboard-v1"
OLL2 = "open-llm-leaderboard-v2"


@dataclass(frozen=True)
class Column:
    """Where a score column goes. `shots` and `metric` are those of the leaderboard whose settings were used."""

    benchmark: str
    metric: str = ""
    shots: str = ""
    harness: str = ""


_BASE = {
    "MMLU": Column("mmlu", "acc", "5", OLL1),
    "ARC-C": Column("arc-challenge", "acc_norm", "25", OLL1),
    "HellaSwag": Column("hellaswag", "acc_norm", "10", OLL1),
    "Winograd": Column("winogrande", "acc", "5", OLL1),  # named Winograd, is WinoGrande
    "TruthfulQA": Column("truthfulqa", "mc2", "0", OLL1),
    "GSM8K": Column("gsm8k", "acc", "5", OLL1),
    "XWinograd": Column("xwinograd", "acc"),
    "HumanEval": Column("humaneval", "pass@1"),
}
_V2 = {
    "leaderboard_bbh": Column("bbh-oll2", "acc_norm", "3", OLL2),
    "leaderboard_gpqa": Column("gpqa-oll2", "acc_norm", "0", OLL2),
    "leaderboard_ifeval": Column("ifeval-oll2", "", "0", OLL2),
    "leaderboard_math_hard": Column("math-hard-oll2", "exact_match", "4", OLL2),
    "leaderboard_mmlu_pro": Column("mmlu-pro-oll2", "acc", "5", OLL2),
    "leaderboard_musr": Column("musr-oll2", "acc_norm", "0", OLL2),
}
#: Instruct models: numbers collected from reports, settings not uniform, so none are claimed.
_INSTRUCT = {
    "MMLU": Column("mmlu"),
    "ARC-C": Column("arc-challenge"),
    "HellaSwag": Column("hellaswag"),
    "Winogrande": Column("winogrande"),
    "TruthfulQA": Column("truthfulqa"),
    "GSM8K": Column("gsm8k"),
    "HumanEval": Column("humaneval"),
}
#: Published as fractions of an unstated scale: not scores of any unit we know.
_RESCALED = ("Arena-Elo", "MTBench")
_FACTS = {
    "Model Family": ("family", "text", 1.0),
    "Model Size (B)": ("parameters", "count", 1e9),
    "Pretraining Data Size (T)": ("training_tokens", "count", 1e12),
    "FLOPs (1E21)": ("training_flop", "flop", 1e21),
}
FILES: dict[str, dict[str, Column]] = {
    "base_llm_benchmark_eval.csv": _BASE,
    "base_llm_leaderboard_v2_eval.csv": _V2,
    "instruct_llm_benchmark_eval.csv": _INSTRUCT,
}


def fetch(client: Client, _options: Mapping[str, Any]) -> list[Capture]:
    """The three evaluation tables."""
    return [client.get(BASE_URL + name, name=name, accept=("text/plain", "text/csv")) for name in FILES]


def parse(captures: Sequence[Capture]) -> Parsed:
    """Each cell of a score column becomes an observation; size, tokens, FLOP and family become facts."""
    rows = Rows()
    for capture in captures:
        columns = FILES.get(capture.name)
        if columns is None:
            rows.reject(capture.name, "unknown-file")
            continue
        facts = {} if columns is _V2 else _FACTS
        known = ("Model", *facts, *columns, *(_RESCALED if columns is _INSTRUCT else ()))
        for locator, row in table(rows, capture.name, capture.data, required=known, known=known):
            for column, (field, unit, scale) in facts.items():
                rows.fact(locator=locator, model=row["Model"], field=field, value=row[column], unit=unit, scale=scale)
            for column, place in columns.items():
                rows.add(
                    locator=f"{locator}.{column}", model=row["Model"], benchmark=place.benchmark, metric=place.metric,
                    shots=place.shots, harness=place.harness, evaluator="observational-scaling", value=row[column],
                    unit="fraction", title="Observational Scaling Laws, evaluation results",
                )  # fmt: skip
            for column in _RESCALED if columns is _INSTRUCT else ():
                rows.reject(f"{locator}.{column}", "rescaled-score", row[column])
    return rows.finish()
