"""Recipes for the claims on internal representations and steering: values are read from the released records.

Nothing here is measured again: the records are the published outcome files, and methods differ between rows.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from generator.analysis.claims.inputs import ClaimInputs
from generator.analysis.claims.numerics import line
from generator.analysis.claims.recipes import Recipes, Values
from generator.analysis.isocline import wilson

CATALOGUE = Recipes()
LADDER = ("OPT-125M", "OPT-1.3B", "OPT-6.7B", "OPT-13B")
LADDER_PARAMS = np.array([0.125e9, 1.3e9, 6.7e9, 13e9])
LARGE = {
    "opt-30b": "OPT-30B",
    "opt-66b": "OPT-66B",
    "llama-2-70b": "Llama-2-70B",
    "llama-3.1-70b": "Llama-3.1-70B",
    "qwen2.5-72b": "Qwen2.5-72B",
    "olmo-2-13b": "OLMo-2-13B",
    "olmo-2-32b": "OLMo-2-32B",
    "mixtral-8x7b": "Mixtral-8x7B",
}
HIDDEN_STATE = "HS_TQA hidden-state"
PROMPTS = 10  # prompts of each run of the steering set across Nc1


def _one(inputs: ClaimInputs, model: str, column: str, *, method: str = "") -> float:
    """The value of `column` in the one record of `model` whose method starts with `method`."""
    table = inputs.internal.table
    found = table[(table["model"] == model) & table["method"].str.startswith(method) & table[column].notna()][column]
    if len(found) != 1:
        raise ValueError(f"paper-internal: {len(found)} records of {model} with {column} and method {method!r}")
    return float(found.iloc[0])


@CATALOGUE.add("opt-fixed-point", "three-differences")
def fixed_point(inputs: ClaimInputs) -> Values:
    """Least squares of three finite differences of the OPT couplings per decade on the interval midpoints."""
    coupling = np.array([_one(inputs, model, "net_coupling") for model in LADDER])
    rate = np.diff(coupling) / np.diff(np.log10(LADDER_PARAMS))
    fit = line((coupling[1:] + coupling[:-1]) / 2, rate)
    start = line(coupling[:-1], rate)
    return {
        "slope": fit.slope,
        "intercept": fit.intercept,
        "fixed_point": -fit.intercept / fit.slope,
        "p": fit.p,
        "differences": len(rate),
        "attracting": fit.slope < 0,
        "from_start.slope": start.slope,
        "last_coupling": float(coupling[-1]),
    }


@CATALOGUE.add("heads-38-40", "wilson")
def heads(inputs: ClaimInputs) -> Values:  # noqa: ARG001 - the two counts are the claim's own
    """Wilson 95 % interval of 38 of 40."""
    interval = wilson(38, 40)
    return {"low": interval.low, "high": interval.high, "share": 38 / 40}


@CATALOGUE.add("heads-38-40", "released-records")
def heads_released(inputs: ClaimInputs) -> Values:
    """Released records that state a count of competing heads or units, and how many state zero."""
    table = inputs.internal.table
    stated = table["competing"].dropna()
    by_fraction = table["comp_frac"].dropna()
    degenerate = table["method"].str.contains("degenerate") | table["method"].str.contains("flat")
    return {
        "records": len(stated) + len(by_fraction),
        "zero": int((stated == 0).sum() + (by_fraction == 0).sum()),
        "competing": int((stated > 0).sum()),
        "degenerate_records": int(degenerate.sum()),
        "models": int(table.loc[stated.index.union(by_fraction.index), "model"].nunique()),
    }


@CATALOGUE.add("intervention", "released-cosines")
def intervention(inputs: ClaimInputs) -> Values:
    """Cosines of mean states as recorded for three Pythia sizes, and the change from hidden to output and to the wider map."""
    values: dict = {}
    for model in ("pythia-1b", "pythia-410m", "pythia-2.8b"):
        hidden, output, wider = (
            _one(inputs, model, column) for column in ("hidden_cosine", "output_cosine", "gelu_mlp_cosine")
        )
        values |= {
            f"{model}.hidden": hidden,
            f"{model}.output": output,
            f"{model}.wider": wider,
            f"{model}.output_change": output - hidden,
            f"{model}.wider_gain": wider - hidden,
        }
    drop = values["pythia-1b.output"] / values["pythia-1b.hidden"] - 1
    return values | {"pythia-1b.relative_change_percent": 100 * drop}


@CATALOGUE.add("self-align", "changed-texts")
def self_align(inputs: ClaimInputs) -> Values:
    """Texts that differ with steering, per run; Fisher's exact test of 410M against 2.8B. Nothing was judged."""
    from scipy.stats import fisher_exact  # here: importing the package must not import scipy

    runs = _changed(inputs)
    first, middle, last = runs["across_nc1 410M,1B,2.8B"]
    table = [[first, PROMPTS - first], [last, PROMPTS - last]]
    values: dict = {
        "410m": first / PROMPTS,
        "1b": middle / PROMPTS,
        "2.8b": last / PROMPTS,
        "prompts": PROMPTS,
        "fisher_p": float(fisher_exact(table).pvalue),
    }
    for name, counts in runs.items():
        if not name.startswith("across"):
            values[f"{name.replace(' ', '-').lower()}.changed"] = counts[0]
            if len(counts) == 2:
                values[f"{name.replace(' ', '-').lower()}.of"] = counts[1]
    return values


def _changed(inputs: ClaimInputs) -> dict[str, list[int]]:
    table = inputs.internal.table
    rows = table[table["changed"].notna()]
    return {
        str(name): [int(count) for count in str(text).split(";")]
        for name, text in zip(rows["steering_set"], rows["changed"], strict=True)
    }


@CATALOGUE.add("nc2-crash", "released-records")
def second_transition(inputs: ClaimInputs) -> Values:
    """Net couplings of the per-unit script, and the fall from OPT-13B (another script) to OPT-30B."""
    values: dict = {name: _one(inputs, model, "net_coupling", method="per-unit") for name, model in LARGE.items()}
    before = _one(inputs, "OPT-13B", "net_coupling", method="heads")
    return values | {
        "opt-13b": before,
        "drop_percent": 100 * (1 - values["opt-30b"] / before),
        "models": len(LARGE),
        "olmo_rises": bool(values["olmo-2-32b"] > values["olmo-2-13b"]),
        "opt_rises": bool(values["opt-66b"] > values["opt-30b"]),
    }


@CATALOGUE.add("qwen-gemma", "released-records")
def generations(inputs: ClaimInputs) -> Values:
    """Couplings and effective dimensions of Qwen and Gemma as recorded; two records of one model are both given."""
    table = inputs.internal.table
    flat = table[(table["source"] == "data/qwen_generation.json") & (table["net_coupling"] == 0.83)]
    return {
        "qwen2.5-1.5b": _one(inputs, "Qwen2.5-1.5B", "net_coupling"),
        "qwen3": _one(inputs, "Qwen3-1.7B", "net_coupling"),
        "qwen3-8b": _one(inputs, "Qwen3-8B", "net_coupling", method=HIDDEN_STATE),
        "qwen2.5-7b": _one(inputs, "Qwen2.5-7B", "net_coupling", method=HIDDEN_STATE),
        "qwen2.5-7b-other-file": _one(inputs, "Qwen2.5-7B", "net_coupling", method="per-head"),
        "qwen3-8b-other-file": _one(inputs, "Qwen3-8B", "net_coupling", method="per-head"),
        "gemma-4": _one(inputs, "Gemma-4-E4B (base)", "net_coupling"),
        "gemma-3": _one(inputs, "Gemma-3-4B-pt", "net_coupling"),
        "gemma-4-it": _one(inputs, "Gemma-4-E4B-it", "net_coupling"),
        "gemma-3.d_rep": _one(inputs, "Gemma-3-4B-pt", "d_rep"),
        "gemma-4-it.d_rep": _one(inputs, "Gemma-4-E4B-it", "d_rep"),
        "gemma-4.d_rep": None,
        "qwen_records_at_0.83": len(flat),
        "qwen_records": int((table["source"] == "data/qwen_generation.json").sum()),
        "gemma-4.d_rep_in_text_only": bool(
            pd.Series(table.loc[table["model"] == "Gemma-4-E4B (base)", "method"]).str.contains("only in paper").all()
        ),
    }
