"""The adapters as rows of a frozen table: module, mirror layout and gates of each source. A test holds it complete."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

from generator.core import WrongCall, near_matches
from generator.sources.capture import Capture, Parsed
from generator.sources.client import Client


class Adapter(Protocol):
    """What a module in `adapters` offers."""

    VERSION: str

    def fetch(self, client: Client, options: Mapping[str, Any]) -> list[Capture]: ...

    def parse(self, captures: Sequence[Capture]) -> Parsed: ...


@dataclass(frozen=True)
class Mirror:
    """Where a mirror folder has the payload: files matching `pattern` (of several folders the last by name).

    The capture is named by the path below `base`. Its public address is `url` with ``{name}`` filled in. `day` is the
    day the payload shows, or is read from the path where a date stands in it. `via` names the relay.
    """

    pattern: str
    url: str
    base: str = ""
    day: str = ""
    via: str = ""
    newest: bool = False


@dataclass(frozen=True)
class Gates:
    """Limits a payload must keep to be stored; see `gates`. `out_of_range` is how many such rows are known and let by."""

    shrink: float = 0.20
    move_pp: float = 15.0
    out_of_range: int = 0
    min_rows: int = 1


@dataclass(frozen=True)
class Source:
    """One row: `id` (= data/sources/<id>.yaml), adapter module, hosts for rate limits, mirrors, gates, key variable."""

    id: str
    module: str
    mirrors: tuple[Mirror, ...] = ()
    gates: Gates = Gates()
    options: Mapping[str, Any] = field(default_factory=dict)
    key_variable: str = ""

    @property
    def adapter(self) -> Adapter:
        return cast(Adapter, importlib.import_module(f"generator.sources.adapters.{self.module}"))


_EPOCH_HUB = Mirror(
    "epoch_ai/csv_*/**/*.csv",
    "https://epoch.ai/data/benchmark_data.zip",
    base="epoch_ai",
    via="madhu24raj/bayes-llm-saturation benchmark_data/ @4a91fc028f149f096592c4db8b114b8b77f9711f",
    newest=True,
)

CATALOGUE: tuple[Source, ...] = (
    Source(
        "aider",
        "aider",
        mirrors=(
            Mirror(
                "aider/*_leaderboard.yml",
                "https://raw.githubusercontent.com/Aider-AI/aider/main/aider/website/_data/{name}",
                base="aider",
                day="2026-05-22",
                via="Aider-AI/aider @5dc9490bb35f9729ef2c95d00a19ccd30c26339c",
            ),
        ),
    ),
    Source("arc-prize", "arc_prize"),
    Source("artificial-analysis", "artificial_analysis", key_variable="ARTIFICIAL_ANALYSIS_API_KEY"),
    Source(
        "epoch",
        "epoch",
        mirrors=(
            _EPOCH_HUB,
            Mirror(
                "epoch_ai/gpqa_diamond_post_2026-04.csv",
                "https://epoch.ai/data/benchmark_data.zip",
                base="epoch_ai",
                day="2026-10-01",
                via="turbobeest/modelspec and Pazneria/lab (transcribed)",
            ),
            Mirror(
                "epoch_ai/model_watch_2026-10-09_extract.json",
                "https://epoch.ai/data/benchmark_data.zip",
                base="epoch_ai",
                day="2026-10-09",
                via="richardadonnell/model-watch (transcribed)",
            ),
            Mirror(
                "frontier_after_april_2026.yaml",
                "https://epoch.ai/data/benchmark_data.zip",
                day="2026-10-09",
                via="turbobeest/modelspec (collected by hand)",
            ),
        ),
    ),
    Source("epoch-external", "epoch_external", mirrors=(_EPOCH_HUB,)),
    Source("hf-leaderboards", "hf_leaderboards"),
    Source("hf-models", "hf_models", gates=Gates(min_rows=0)),
    Source(
        "livebench",
        "livebench",
        mirrors=tuple(
            Mirror(
                f"livebench/{pattern}",
                "https://livebench.ai/{name}",
                base="livebench",
                via="LiveBench/livebench.github.io public/ @4bf96c8d9dc9b06c17d82dc76a54429975c2b2c2",
                newest=True,
            )
            for pattern in ("table_20??_??_??.csv", "categories_20??_??_??.json")
        ),
    ),
    Source(
        "llmstats-legacy",
        "llmstats_legacy",
        mirrors=(
            Mirror(
                "llmstats_legacy/models/*/*/model.json",
                "https://raw.githubusercontent.com/JonathanChavezTamales/LLMStats/main/models/{name}",
                base="llmstats_legacy/models",
                day="2025-05-22",
                via="JonathanChavezTamales/LLMStats @df1d14eda7143f27fd5e7d71d8b14cb0c807de0d",
            ),
        ),
        gates=Gates(out_of_range=1),  # one MBPP score is in percent
    ),
    Source(
        "models-dev",
        "models_dev",
        mirrors=(
            Mirror(
                "models_dev/toml_*/*/*.toml",
                "https://models.dev/models.json",
                base="models_dev/toml_*",
                via="anomalyco/models.dev models/ @f3fc692299671838c7c65fd8126bf84d81a2e817",
                newest=True,
            ),
        ),
    ),
    Source(
        "obsscaling",
        "obsscaling",
        mirrors=tuple(
            Mirror(
                f"obsscaling/{name}",
                "https://raw.githubusercontent.com/ryoungj/ObsScaling/main/eval_results/{name}",
                base="obsscaling",
                day="2024-10-01",
                via="ryoungj/ObsScaling @4d6e1e43fd2635d04654aa77d1df9d5266ea0382",
            )
            for name in (
                "base_llm_benchmark_eval.csv",
                "base_llm_leaderboard_v2_eval.csv",
                "instruct_llm_benchmark_eval.csv",
            )
        ),
    ),
    Source(
        "open-llm-leaderboard-v1",
        "open_llm_leaderboard_v1",
        mirrors=(
            Mirror(
                "open_llm_leaderboard_v1_2023/20??????.csv",
                "https://huggingface.co/datasets/open-llm-leaderboard-old/results",
                base="open_llm_leaderboard_v1_2023",
                day="2023-10-31",
                via="dsdanielpark/open-llm-leaderboard-report assets/ @42a5fcd5bbde9bed98f434c495bd63ee8d95a878",
            ),
        ),
    ),
    Source(
        "open-llm-leaderboard-v2",
        "open_llm_leaderboard_v2",
        mirrors=(
            Mirror(
                "open_llm_leaderboard_v2/contents_dump.csv",
                "https://huggingface.co/datasets/open-llm-leaderboard/contents",
                base="open_llm_leaderboard_v2",
                day="2025-02-08",
                via="hlzhang109/causal-eval data/open_llm_leaderboard.csv @ca2a96bbc28dfe796a9a4d5a5442f2c4b2c2ca2b",
            ),
        ),
    ),
    Source(
        "pythia-evals",
        "pythia_evals",
        mirrors=(
            Mirror(
                "pythia_evals/evals/**/*.json",
                "https://raw.githubusercontent.com/EleutherAI/pythia/main/evals/{name}",
                base="pythia_evals/evals",
                day="2025-11-15",
                via="EleutherAI/pythia @a19eecb807ec2c79a39ebf18108816e6ffffc1d5",
            ),
        ),
    ),
    Source(
        "swebench",
        "swebench",
        mirrors=(
            Mirror(
                "swebench/leaderboards_20??-??-??.json",
                "https://raw.githubusercontent.com/SWE-bench/swe-bench.github.io/master/data/leaderboards.json",
                base="swebench",
                via="SWE-bench/swe-bench.github.io @f1176b65ae29d14f4f52208b48e3d8cfc972bc17",
                newest=True,
            ),
        ),
    ),
    Source("zeroeval", "zeroeval", key_variable="ZEROEVAL_API_KEY"),
)


def source(name: str) -> Source:
    """The row of `name`; WrongCall with near matches when there is none."""
    for row in CATALOGUE:
        if row.id == name:
            return row
    known = [row.id for row in CATALOGUE]
    near = near_matches(name, known)
    raise WrongCall(
        f"no source {name!r}; there is: {', '.join(known)}",
        hint=f"did you mean {' or '.join(near)}?" if near else "see generator/sources/README.md for how to add one",
    )
