"""How the models of the Open LLM Leaderboard v2 divide among makers, kinds and lines, and models drawn in those proportions.

Counted on the table of submissions to 2025-02-08 (3,827 of about 4,576 rows; hlzhang109/causal-eval at ca2a96b, a copy of
https://huggingface.co/datasets/open-llm-leaderboard/contents); a test counts them again where the payload is at hand.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

ROWS = 3827
#: accounts that submitted; the largest has 195 rows
MAKERS = 632
#: a maker's rows fall with its rank to this power
RANK_EXPONENT = -1.08
PRETRAINED = 232
#: rows of the makers that the leaderboard marks as official, pretrained left out
OFFICIAL_TUNED = 305
#: sizes of a line of pretrained models → lines with so many
LINES = {1: 116, 2: 16, 3: 10, 4: 3, 5: 1, 7: 3}
#: parameters, 10th to 90th percentile by tens
PARAMS = np.array([1.24e9, 3.21e9, 7.24e9, 7.62e9, 8.03e9, 8.03e9, 1.02e10, 1.39e10, 1.8e10])


def counts(table: pd.DataFrame) -> dict[str, object]:
    """The figures above from the leaderboard's own table."""
    maker = table["fullname"].str.split("/").str[0]
    rows = maker.value_counts().to_numpy()
    pretrained = table["Type"].str.contains("\N{LARGE GREEN CIRCLE}")
    base = table[pretrained]
    line = base["fullname"].map(lambda name: re.split(r"[-_ ]?\d+(?:\.\d+)?[bm]\b", name.lower())[0])
    sizes = base.groupby(line)["#Params (B)"].nunique().value_counts()
    rank = np.arange(1, len(rows) + 1)
    return {
        "ROWS": len(table),
        "MAKERS": maker.nunique(),
        "RANK_EXPONENT": round(float(np.polyfit(np.log(rank), np.log(rows), 1)[0]), 2),
        "PRETRAINED": int(pretrained.sum()),
        "OFFICIAL_TUNED": int((table["Official Providers"] & ~pretrained).sum()),
        "LINES": {int(size): int(many) for size, many in sizes.sort_index().items()},
        "PARAMS": table["#Params (B)"].quantile(np.arange(1, 10) / 10).to_numpy() * 1e9,
    }


def drawn(models: int, rng: np.random.Generator) -> pd.DataFrame:
    """`models` models in these proportions: name, maker (a number), kind, released, params, line (-1 none), first (of its line) and
    own (a maker's own tuned model, which reports for itself)."""
    share = models / ROWS
    sizes = np.repeat(list(LINES), np.round(np.array(list(LINES.values())) * share).astype(int))
    line = np.repeat(np.arange(len(sizes)), sizes)
    base, own = len(line), round(OFFICIAL_TUNED * share)
    weight = np.arange(1, round(MAKERS * share) + 1) ** RANK_EXPONENT
    maker = rng.choice(len(weight), size=models, p=weight / weight.sum())
    first = np.r_[True, np.diff(line) > 0]
    maker[:base] = maker[:base][first][line]
    params = np.interp(rng.uniform(0.1, 0.9, models), np.arange(1, 10) / 10, PARAMS)
    number = np.arange(models)
    kind = np.where(number < base, "base", "chat")
    return pd.DataFrame(
        {
            "name": [f"open-{one:05d}" for one in number],
            "maker": maker,
            "kind": kind,
            "released": [f"{2023 + one % 2}-{1 + one % 12:02d}" for one in number],
            "params": params,
            "line": np.r_[line, np.full(models - base, -1)],
            "first": np.r_[first, np.zeros(models - base, dtype=bool)],
            "own": number >= models - own,
        }
    )
