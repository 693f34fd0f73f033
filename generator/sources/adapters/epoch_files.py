"""Epoch AI's hub: which file holds which score in which unit. The header of a file does not tell; this table does."""

from __future__ import annotations

from dataclasses import dataclass

URL = "https://epoch.ai/data/benchmark_data.zip"
RUN_COLUMNS = (
    "Model version",
    "mean_score",
    "Best score (across scorers)",
    "Release date",
    "Organization",
    "Country",
    "Training compute (FLOP)",
    "Training compute notes",
    "stderr",
    "Log viewer",
    "Logs",
    "Started at",
    "id",
)


@dataclass(frozen=True)
class Run:
    """A benchmark that Epoch runs itself: FRACTIONS, `items` tasks, `single` when each task is run once."""

    benchmark: str
    title: str
    items: int
    subset: str = ""
    single: bool = False


RUNS: dict[str, Run] = {
    "gpqa_diamond.csv": Run("gpqa-diamond", "GPQA Diamond", 198),
    "swe_bench_verified.csv": Run("swe-bench-verified", "SWE-bench Verified", 484, "484 of 500", single=True),
    "otis_mock_aime_2024_2025.csv": Run("otis-mock-aime", "OTIS Mock AIME 2024-2025", 45),
    "math_level_5.csv": Run("math-level-5", "MATH level 5", 1324),
    "frontiermath.csv": Run("frontiermath", "FrontierMath tiers 1-3", 290, "tiers 1-3", single=True),
    "frontiermath_tier_4.csv": Run("frontiermath", "FrontierMath tier 4", 48, "tier 4", single=True),
    "simpleqa_verified.csv": Run("simpleqa-verified", "SimpleQA Verified", 1000, single=True),
    "chess_puzzles.csv": Run("chess-puzzles", "Chess puzzles", 100, single=True),
}
INDEX_FILE = "epoch_capabilities_index.csv"
INDEX_COLUMNS = (
    "Model version",
    "ECI Score",
    "Release date",
    "Organization",
    "Country",
    "Model accessibility",
    "Training compute (FLOP)",
    "Confidence",
    "Model name",
    "Description",
    "Display name",
)


@dataclass(frozen=True)
class Board:
    """A board that Epoch relays: score column, its true unit, and the further key columns of the file.

    `evaluator` names the third party; where it is empty the rows' own `Source` column does.
    """

    benchmark: str
    column: str
    unit: str
    evaluator: str = ""
    stderr: str = ""
    tools: str = ""
    scaffold: str = ""
    metric: str = ""


BOARDS: dict[str, Board] = {
    "adversarial_nli_external.csv": Board("adversarial-nli", "Score", "fraction"),
    "aider_polyglot_external.csv": Board(
        "aider-polyglot", "Percent correct", "percent", "aider", scaffold="Edit format"
    ),
    "apex_agents_external.csv": Board("apex-agents", "Pass@1 score", "fraction", "mercor", metric="pass@1"),
    "arc_agi_2_external.csv": Board("arc-agi-2", "Score", "fraction", "arc-prize", scaffold="Name"),
    "arc_agi_external.csv": Board("arc-agi-1", "Score", "fraction", "arc-prize", scaffold="Name"),
    "arc_ai2_external.csv": Board("arc-challenge", "Challenge score", "fraction"),
    "balrog_external.csv": Board("balrog", "Average progress", "fraction", "balrog", "Average Standard error"),
    "bbh_external.csv": Board("bbh", "Average", "fraction"),
    "bool_q_external.csv": Board("boolq", "Score", "fraction"),
    "cad_eval_external.csv": Board("cad-eval", "Overall pass (%)", "fraction", "cad-eval", scaffold="Prompt"),
    "common_sense_qa_2_external.csv": Board("commonsenseqa-2", "Score", "fraction"),
    "cybench_external.csv": Board("cybench", "Unguided % Solved", "fraction"),
    "deepresearchbench_external.csv": Board("deepresearch-bench", "Average score", "fraction", "", scaffold="Agent"),
    "fictionlivebench_external.csv": Board("fiction-livebench", "120k token score", "fraction", "fiction-live"),
    "gdpval_external.csv": Board("gdpval", "Win Rate (%)", "fraction", "openai", metric="win rate"),
    "geobench_external.csv": Board(
        "geobench", "ACW Country %", "fraction", "geobench", tools="Tools", metric="country"
    ),
    "gsm8k_external.csv": Board("gsm8k", "EM", "fraction", metric="exact_match"),
    "gso_external.csv": Board("gso", "Score OPT@1", "fraction", "gso", scaffold="Scaffold", metric="opt@1"),
    "hella_swag_external.csv": Board("hellaswag", "Overall accuracy", "fraction"),
    "hle_external.csv": Board(
        "hle", "Accuracy", "fraction", "scale-ai", "Accuracy Standard Error", tools="=false", scaffold="Name"
    ),
    "lambada_external.csv": Board("lambada", "Score", "fraction"),
    "lech_mazur_writing_external.csv": Board("lech-mazur-writing", "Mean score", "index", "lech-mazur"),
    "live_bench_external.csv": Board("livebench", "Global average", "percent", "livebench"),
    "metr_time_horizons_external.csv": Board("metr-time-horizon", "Time horizon", "minutes", "metr"),
    "mmlu_external.csv": Board("mmlu", "EM", "fraction"),
    "open_book_qa_external.csv": Board("openbookqa", "Accuracy", "fraction"),
    "os_world_external.csv": Board("osworld", "Score", "percent", "", scaffold="Agent"),
    "piqa_external.csv": Board("piqa", "Score", "fraction"),
    "posttrainbench_external.csv": Board(
        "posttrainbench", "Average (%)", "fraction", "posttrainbench", "Average SD (%)", scaffold="Scaffold"
    ),
    "science_qa_external.csv": Board("scienceqa", "Score", "fraction"),
    "simplebench_external.csv": Board("simplebench", "Score (AVG@5)", "fraction", "simplebench"),
    "superglue_external.csv": Board("superglue", "Score", "fraction"),
    "swe_bench_bash.csv": Board("swe-bench-bash-only", "% Resolved", "fraction", "swe-bench"),
    "terminalbench_external.csv": Board(
        "terminal-bench-2", "Accuracy mean", "fraction", "terminal-bench", "Accuracy SE", scaffold="Agent"
    ),
    "the_agent_company_external.csv": Board("the-agent-company", "% Score", "fraction", scaffold="Name"),
    "trivia_qa_external.csv": Board("triviaqa", "EM", "fraction", metric="exact_match"),
    "video_mme_external.csv": Board("video-mme", "Overall (no subtitles)", "fraction", "video-mme"),
    "vpct_external.csv": Board("vpct", "Correct", "fraction", "vpct"),
    "webdev_arena_external.csv": Board("webdev-arena", "Arena Score", "elo", "lmarena"),
    "weirdml_external.csv": Board("weirdml", "Accuracy", "fraction", "weirdml", "Accuracy SE"),
    "wino_grande_external.csv": Board("winogrande", "Accuracy", "fraction"),
}
#: Members that hold no scores of models.
NOT_SCORES = ("eci_benchmark_difficulties_and_slopes.csv", "eci_scaling.csv", "README.md")
#: Files relayed after the hub snapshot: Epoch's own runs, copied out by others.
POST_FILE = "gpqa_diamond_post_2026-04.csv"
POST_COLUMNS = ("model_version", "best_score", "release_date", "organization", "stderr", "started_at", "source")
POST_VIA = {
    "A": "turbobeest/modelspec premier/inputs/epoch-gpqa_diamond.csv @927212d6bc25df8c28513dd5e0d7354a125ad2dd",
    "B": "Pazneria/lab data/current-reasoning-epoch.json @10e7e61589be2244037d9ba9b1417277b0b0a27a",
    "C": "turbobeest/modelspec (text, rounded)",
}
WATCH_FILE = "model_watch_2026-10-09_extract.json"
WATCH_VIA = "richardadonnell/model-watch data/history/2026-10-09.json @41663ef2f9eefb0b4101347295d07b25e388d039"
WATCH_DAY = "2026-10-08"
WATCH_SCORES = {
    "gpqa": "gpqa_diamond.csv",
    "swe_v": "swe_bench_verified.csv",
    "otis_mock_aime": "otis_mock_aime_2024_2025.csv",
}
#: A hand-made collection of what others relay; only its copies of Epoch's own runs are read. PERCENT.
COLLECTED_FILE = "frontier_after_april_2026.yaml"
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
