"""The papers' tables as test data (facts as published, faults included), and panels of them.

BASE: arXiv 2605.18838, 63 rows; FRONTIER: arXiv 2605.18840, 34 rows and 5 later ones; BOOTSTRAP: the 14 rows of its Nc script;
LOSS: the eight Pythia losses. Scores in percent, sizes in 10⁹ parameters.
"""

from __future__ import annotations

import io

import numpy as np
import pandas as pd

from generator.panel.frame import AXIS_COLUMNS, MODEL_COLUMNS, Panel

BASE = """\
model,family,params_b,hellaswag,truthfulqa,arc-challenge,winogrande,mmlu,d_model
bloom-560m,bloom,0.56,37.15,42.44,24.74,51.93,24.22,1024
bloom-1.1b,bloom,1.1,42.78,41.8,28.33,55.01,26.7,1536
bloom-1.7b,bloom,1.7,47.6,41.31,30.63,56.04,27.48,2048
bloom-3b,bloom,3,54.37,40.57,35.75,57.62,26.59,2560
bloom-7.1b,bloom,7.1,62,38.9,41.13,65.43,26.25,4096
bloom-176b,bloom,176,76.41,39.76,50.43,72.06,30.85,14336
cerebras-gpt-111m,cerebras-gpt,0.111,26.73,46.31,20.22,47.75,25.51,768
cerebras-gpt-256m,cerebras-gpt,0.256,28.99,45.98,22.01,52.49,26.83,1088
cerebras-gpt-590m,cerebras-gpt,0.59,32.4,44.15,23.72,48.15,25.97,1536
cerebras-gpt-1.3b,cerebras-gpt,1.3,38.54,42.7,26.28,53.43,26.59,2048
cerebras-gpt-2.7b,cerebras-gpt,2.7,49.29,41.37,29.1,54.14,25.17,2560
cerebras-gpt-6.7b,cerebras-gpt,6.7,59.36,38.02,35.07,58.72,25.93,4096
cerebras-gpt-13b,cerebras-gpt,13,60.01,39.19,38.14,59.83,25.92,5120
falcon-1b,falcon,1,63.56,35.96,35.07,62.04,25.28,2048
falcon-7b,falcon,7,78.13,34.26,47.87,72.38,27.79,4544
falcon-40b,falcon,40,85.28,41.72,61.95,81.29,56.98,8192
gpt-neo-125m,gpt-neo,0.125,30.26,45.58,22.95,51.78,25.97,768
gpt-neo-1.3b,gpt-neo,1.3,48.47,39.63,31.23,56.91,24.82,2048
gpt-neo-2.7b,gpt-neo,2.7,56.24,39.78,33.36,60.06,26.45,2560
gemma-3-4b,gemma,4,83.5,52.1,,,,2560
gemma-4-e4b,gemma,4,84.2,48.3,,,,
llama1-7b,llama-1,7,76.1,27,59.5,70.1,56.1,4096
llama1-13b,llama-1,13,79.2,33,60.4,73,59.7,5120
llama1-65b,llama-1,65,84.2,41.7,65.4,77,63.4,8192
llama2-7b,llama-2,7,77.2,38.8,52.9,69.5,45.3,4096
llama2-13b,llama-2,13,80.5,36.8,59.4,72.2,54.8,5120
llama2-70b,llama-2,70,87.3,44.9,67.3,78.6,68.9,8192
llama-3-8b,llama-3,8,82.23,42.93,60.24,78.45,66.7,4096
llama3-8b,llama-3,8,82,43.9,60.2,73,65,4096
llama-3-70b,llama-3,70,87.98,45.56,68.77,85.32,79.23,8192
llama3-70b,llama-3,70,88,44.9,72,79,79.5,8192
mistral-7b,mistral,7,81,42.2,59.8,73.7,62.5,4096
olmo-1b,olmo,1,63.5,36.4,34,55,25,2048
olmo-7b,olmo,7,78,35.7,48,68,28,4096
opt-125m,opt,0.125,31.47,42.87,22.87,51.62,26.02,768
opt-350m,opt,0.35,36.73,40.83,23.55,52.64,26.02,1024
opt-1.3b,opt,1.3,54.53,38.71,29.52,59.75,24.96,2048
opt-2.7b,opt,2.7,61.43,37.43,33.96,61.96,25.43,2560
opt-6.7b,opt,6.7,68.66,35.12,39.16,65.98,24.57,4096
opt-13b,opt,13,71.2,34.1,39.93,68.51,24.9,5120
opt-30b,opt,30,74.07,35.16,43.26,70.64,26.66,7168
opt-66b,opt,66,76.25,35.43,46.33,70.01,26.99,9216
phi-1.5,phi,1.3,63.79,40.89,52.9,72.22,43.89,2048
phi-2,phi,2.7,74.92,44.24,61.01,73.48,57.92,2560
phi-3-mini-4k,phi,3.8,80.6,59.88,62.97,72.38,69.08,3072
pythia-70m,pythia,0.07,27.3,47.1,21.6,51.5,25.9,512
pythia-160m,pythia,0.16,31.4,44.3,24.1,51.4,24.9,768
pythia-410m,pythia,0.41,40.9,41.2,26.2,53.1,27.3,1024
pythia-1b,pythia,1,49.7,38.9,29.1,53.6,24.3,2048
pythia-1.4b,pythia,1.4,52.9,38.9,31.5,58,25.8,2048
pythia-2.8b,pythia,2.8,60.7,35.6,36.3,60.2,26.8,2560
gpt-j-6b,gpt-neox-line,6,67.54,35.96,41.38,65.98,26.78,4096
pythia-6.9b,pythia,6.9,64,33,37,62,26,4096
pythia-12b,pythia,12,67.3,32,38,64,27,5120
gpt-neox-20b,gpt-neox-line,20,73.45,31.61,45.73,68.9,25,6144
qwen2.5-0.5b,qwen2.5,0.5,52.1,40.2,35.6,56.3,47.5,896
qwen2.5-1.5b,qwen2.5,1.5,67.9,46.6,54.7,65,60.9,1536
qwen2.5-3b,qwen2.5,3,74.6,48.9,56.5,71.1,65.6,2048
qwen2.5-7b,qwen2.5,7,80.2,56.4,63.7,75.9,74.2,3584
qwen2.5-32b,qwen2.5,32,85.2,57.8,70.4,82,83.3,5120
qwen2.5-72b,qwen2.5,72,87.6,60.4,72.4,83.9,86.1,8192
qwen3-8b,qwen3,8,82,51,,,,4096
yi-34b,yi,34,87,43.6,64.6,79.4,76.1,7168
"""

FRONTIER = """\
model,lab,released,swe-bench-verified,gpqa-diamond,ifeval,subset
claude-3.5-sonnet,anthropic,2024-06,49,59.4,,core
claude-3.7-sonnet,anthropic,2025-02,62.3,68,,core
claude-haiku-4.5,anthropic,2025,73.3,71,,core
claude-sonnet-4.5,anthropic,2025,77.2,83.4,,core
claude-opus-4.5,anthropic,2025,80.9,87,,core
claude-sonnet-4.6,anthropic,2026-02,79.6,74.1,,core
claude-opus-4.6,anthropic,2026-02,80.8,91.3,94,core
gemini-2.0-flash,google,2024-12,60.4,65.2,,extended
gemini-2.5-pro,google,2025,63.8,84,,core
gemini-3-flash,google,2025,78,90.4,,core
gemini-3-pro,google,2025-12,76.2,91.9,,core
gemini-3.1-pro,google,2026-02,80.6,94.3,,core
gpt-4o,openai,2024-05,33.2,53.6,,extended
gpt-5,openai,2025-08,74.9,85.7,,core
gpt-5.1,openai,2025,76.3,88.1,,core
gpt-5.2-pro,openai,2025-12,80,93.2,,extended
gpt-5.4-std,openai,2026-03,77.2,84.2,,core
gpt-5.4-xhigh,openai,2026-03,77.2,92,,extended
deepseek-v3.2,deepseek,2025-12,74.4,79.9,,core
kimi-k2.5,moonshot,2026-01,76.8,87.6,94,core
qwen3.5-397b,alibaba,2026-02,76.4,88.4,92.6,core
minimax-m2.5,minimax,2026-02,80.2,85.2,87.5,core
llama-4-maverick,meta,2025-04,70.3,84.8,,core
o1-preview,openai,2024-09,41.3,73.3,,extended
o1,openai,2024-12,41,78,,extended
o3-mini,openai,2025-01,49.3,79.7,,core
o3,openai,2025-04,69.1,87.7,,core
claude-3.5-haiku,anthropic,2024-10,40.6,41,,extended
deepseek-v2.5,deepseek,2024-09,16.8,66.2,,extended
deepseek-v3,deepseek,2024-12,42,75.9,,core
deepseek-r1,deepseek,2025-01,44.6,71.5,,core
grok-3,xai,2025-02,57.6,84.6,,extended
grok-4,xai,2026-02,69.1,83.3,,extended
glm-5,zhipu,2026-02,77.8,86,,extended
claude-opus-4.7,anthropic,2026-04-16,87.6,94.2,,post_cutoff
kimi-k2.6,moonshot,2026-04-20,80.2,90.5,,post_cutoff
deepseek-v4-pro,deepseek,2026-04-24,80.6,90.1,,post_cutoff
qwen3.6-27b,alibaba,2026-04,77.2,87.8,,post_cutoff
glm-5.1,zhipu,2026-03-26,77.8,86,,post_cutoff
"""

BOOTSTRAP = """\
params_b,hellaswag,truthfulqa
0.07,27.29,47.64
0.16,29.59,43.52
0.41,40.56,40.34
1,47.16,38.67
1.4,52.01,38.66
2.8,59.37,35.56
6.9,64.02,32.76
12,67.3,32.47
7,77.81,34.33
13,80.92,39.48
65,86.09,43.43
7,77.74,38.98
13,82.1,37.4
70,87.3,44.9
"""

PYTHIA_SIZES = np.array([70e6, 160e6, 410e6, 1e9, 1.4e9, 2.8e9, 6.9e9, 12e9])
LOSS = np.array([3.64, 3.23, 2.91, 2.66, 2.57, 2.4, 2.23, 2.15])
ITEMS = {
    "hellaswag": 10042,
    "truthfulqa": 817,
    "arc-challenge": 1172,
    "winogrande": 1267,
    "mmlu": 14042,
    "swe-bench-verified": 500,
    "gpqa-diamond": 198,
    "ifeval": 541,
}


def make_panel(
    scores: pd.DataFrame, models: pd.DataFrame, *, stderr: pd.DataFrame | None = None, track: str = "test"
) -> Panel:
    """A panel from scores (index model, columns axis, percent) and whatever model columns are known."""
    axes = pd.DataFrame(
        {
            "name": list(scores.columns),
            "unit": "percent",
            "chance": 0.0,
            "ceiling": 100.0,
            "n_items": [ITEMS.get(axis, np.nan) for axis in scores.columns],
        },
        index=list(scores.columns),
    ).reindex(columns=list(AXIS_COLUMNS))
    errors = pd.DataFrame(np.nan, index=scores.index, columns=scores.columns) if stderr is None else stderr
    return Panel(track, track, None, models.reindex(columns=list(MODEL_COLUMNS)), scores, errors, axes)


def base_panel() -> Panel:
    """paper-base: 63 models, five axes; lab is unknown, so the family stands for it."""
    table = pd.read_csv(io.StringIO(BASE), index_col="model")
    models = table[["family", "d_model"]].assign(params=table["params_b"] * 1e9, lab=table["family"], released=None)
    return make_panel(table.loc[:, "hellaswag":"mmlu"], models, track="paper-base")


def frontier_panel(*subsets: str) -> Panel:
    """paper-frontier: core and extended rows (34), or those of the named subsets."""
    table = pd.read_csv(io.StringIO(FRONTIER), index_col="model", dtype={"released": str})
    table = table[table["subset"].isin(subsets or ("core", "extended"))]
    models = table[["lab", "released"]].assign(family=None, params=np.nan)
    return make_panel(table.loc[:, "swe-bench-verified":"ifeval"], models, track="paper-frontier")


def frontier_core() -> list[str]:
    table = pd.read_csv(io.StringIO(FRONTIER), index_col="model")
    return list(table.index[table["subset"] == "core"])


def bootstrap_rows() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """log10 parameters, HellaSwag, TruthfulQA of the 14 rows of the Nc script, in its order (Pythia, Llama-1, Llama-2)."""
    table = pd.read_csv(io.StringIO(BOOTSTRAP))
    return (
        np.log10(table["params_b"].to_numpy() * 1e9),
        table["hellaswag"].to_numpy(dtype=float),
        table["truthfulqa"].to_numpy(dtype=float),
    )


def family_panel(x: list[float], y: list[float], *, sizes: list[float] | None = None, family: str = "f") -> Panel:
    """One family of models m0, m1, … with HellaSwag x and TruthfulQA y at `sizes` parameters (default 1, 2, 4 … ×10⁹)."""
    index = [f"m{i}" for i in range(len(x))]
    scores = pd.DataFrame({"hellaswag": x, "truthfulqa": y}, index=index, dtype=float)
    params = sizes if sizes is not None else [1e9 * 2**i for i in range(len(x))]
    models = pd.DataFrame({"family": family, "lab": family, "params": params, "released": None}, index=index)
    return make_panel(scores, models)
