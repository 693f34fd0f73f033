"""Benchmark spellings → our benchmark ids: one explicit table, never a guess."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """What a spelling stands for: the benchmark, and the key columns that the spelling itself decides."""

    benchmark: str
    metric: str = ""
    subset: str = ""
    unit: str = ""  # other than the source's usual one


#: benchmark id → the spellings seen. Case, blanks and punctuation do not count (see `fold_name`).
SPELLINGS: dict[str, tuple[str, ...]] = {
    "aa-lcr": ("Long Context Reasoning", "AA-LCR"),
    "agieval": ("AGIEval", "AGI Eval"),
    "ai2d": ("AI2D",),
    "aider-polyglot": ("Aider Polyglot",),
    "aider-polyglot-diff": ("Aider-Polyglot Edit",),
    "aime-2024": ("AIME 2024",),
    "aime-2025": ("AIME 2025", "AIME25"),
    "aime-2026": ("AIME 2026",),
    "arc-agi-1": ("ARC-AGI", "ARC-AGI-1"),
    "arc-agi-2": ("ARC-AGI-2",),
    "arc-challenge": ("ARC-C", "ARC Challenge", "AI2 Reasoning Challenge (ARC)"),
    "arc-easy": ("ARC-e", "ARC Easy"),
    "arena-hard": ("Arena Hard",),
    "bbeh": ("BIG-Bench Extra Hard",),
    "bbh": ("BBH", "BIG-Bench Hard", "BIG-Bench Hard CoT"),
    "bfcl": ("BFCL",),
    "boolq": ("BoolQ",),
    "browsecomp": ("BrowseComp",),
    "c-eval": ("C-Eval",),
    "chartqa": ("ChartQA", "Chart QA"),
    "charxiv-reasoning": ("CharXiv Reasoning", "CharXiv-R"),
    "claw-eval": ("Claw-eval",),
    "collie": ("COLLIE",),
    "cti-realm": ("CTI-REALM",),
    "cybench": ("Cybench",),
    "docvqa": ("DocVQA",),
    "drop": ("DROP",),
    "egoschema": ("EgoSchema",),
    "frontier-bench": ("Frontier-Bench",),
    "frontiermath": ("FrontierMath",),
    "global-mmlu-lite": ("Global-MMLU-Lite",),
    "gpqa-diamond": ("GPQA Diamond",),
    "gsm8k": ("GSM8K", "GSM-8K (CoT)"),
    "hellaswag": ("HellaSwag",),
    "hidden-math": ("HiddenMath",),
    "hle": ("Humanity's Last Exam", "HLE"),
    "humaneval": ("HumanEval",),
    "humaneval-plus": ("HumanEval+",),
    "ifbench": ("IFBench",),
    "ifeval": ("IFEval",),
    "infovqa": ("InfoVQA",),
    "livebench": ("LiveBench",),
    "livecodebench": ("LiveCodeBench",),
    "livecodebench-pro": ("LiveCodeBench Pro",),
    "math": ("MATH", "MATH (CoT)"),
    "math-500": ("MATH-500",),
    "mathvista": ("MathVista",),
    "mbpp": ("MBPP",),
    "mgsm": ("MGSM", "Multilingual MGSM (CoT)"),
    "mmlu": ("MMLU", "MMLU (CoT)"),
    "mmlu-pro": ("MMLU-Pro",),
    "mmlu-redux": ("MMLU-Redux",),
    "mmmlu": ("MMMLU", "Multilingual MMLU"),
    "mmmu": ("MMMU", "MMMU (val)", "MMMU (validation)"),
    "mmmu-pro": ("MMMU-Pro",),
    "mrcr-v2": ("MRCRv2", "MRCR v2"),
    "multi-if": ("Multi-IF",),
    "natural-questions": ("Natural Questions",),
    "nl2repo": ("NL2Repo",),
    "openbookqa": ("OpenBookQA",),
    "osworld-verified": ("OSWorld-Verified", "OSWorld Verified"),
    "piqa": ("PIQA",),
    "realworldqa": ("RealWorldQA",),
    "scicode": ("SciCode",),
    "simpleqa": ("SimpleQA",),
    "simpleqa-verified": ("SimpleQA Verified",),
    "swe-atlas-qna": ("SWE-Atlas Codebase QnA",),
    "swe-atlas-refactoring": ("SWE-Atlas Refactoring",),
    "swe-atlas-test-writing": ("SWE-Atlas Test Writing",),
    "swe-bench-multilingual": ("SWE-Bench Multilingual",),
    "swe-bench-pro": ("SWE-Bench Pro", "SWE Bench Pro"),
    "swe-bench-verified": ("SWE-Bench Verified",),
    "tau-bench-airline": ("TAU-bench Airline",),
    "tau-bench-retail": ("TAU-bench Retail",),
    "tau3-banking": ("τ3 Banking",),
    "terminal-bench-1": ("Terminal-bench 1",),
    "terminal-bench-hard": ("Terminal-Bench Hard",),
    "textvqa": ("TextVQA",),
    "triviaqa": ("TriviaQA",),
    "truthfulqa": ("TruthfulQA",),
    "winogrande": ("WinoGrande",),
}

#: Spellings that decide more than the benchmark.
SPECIAL: dict[str, Target] = {
    "Artificial Analysis Coding Agent Index": Target("aa-coding-agent-index", unit="index"),
    "Artificial Analysis Coding Index": Target("aa-coding-index", unit="index"),
    "GDPval-AA": Target("gdpval-aa", unit="elo"),
    "Terminal-Bench 2.0": Target("terminal-bench-2", subset="2.0"),
    "Terminal Bench 2.1": Target("terminal-bench-2", subset="2.1"),
}


def fold_name(spelling: str) -> str:
    """Lower case without blanks and punctuation; signs that tell benchmarks apart (+, Greek letters) stay."""
    plain = unicodedata.normalize("NFKC", spelling).casefold()
    return re.sub(r"[^0-9a-z+α-ω]+", "", plain)


def target(spelling: str) -> Target | None:
    """What `spelling` stands for; None when the table does not know it."""
    return _INDEX.get(fold_name(spelling))


def _index() -> dict[str, Target]:
    index: dict[str, Target] = {}
    for benchmark, spellings in SPELLINGS.items():
        index.update({fold_name(spelling): Target(benchmark) for spelling in spellings})
    index.update({fold_name(spelling): found for spelling, found in SPECIAL.items()})
    return index


_INDEX = _index()
