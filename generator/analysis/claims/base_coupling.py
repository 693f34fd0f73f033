"""Recipes for the claims on r(HellaSwag, TruthfulQA) within families and over all base models."""

from __future__ import annotations

import numpy as np
import pandas as pd

from generator.analysis.claims.inputs import FIVE, HS, MMLU, TQA, WG, ClaimInputs
from generator.analysis.claims.numerics import pearson
from generator.analysis.claims.recipes import LiveRequest, Recipes, Values, prefixed
from generator.analysis.coupling import family_coupling
from generator.analysis.population import correlation, population_coupling, ranks
from generator.analysis.resample import all_orders
from generator.analysis.result import Interval, Statistic

CATALOGUE = Recipes()
ESTIMATED = ("pythia-6.9b", "pythia-12b")  # "partially estimated" in the papers' metadata
SAMPLED = 100_000  # permutations of a sampled test whose smallest steps are 1e-5


def _pythia(inputs: ClaimInputs, variant: str = "v1") -> tuple[np.ndarray, np.ndarray]:
    scores = inputs.ladder("pythia", variant=variant).scores
    return scores[:, 0], scores[:, 1]


@CATALOGUE.add("r-pythia", "pearson-v1")
@CATALOGUE.add("r-pythia-pearson-p", "t-test-v1")
def pythia_v1(inputs: ClaimInputs) -> Values:
    """Pearson r of the eight Pythia models, the table's own columns."""
    return pearson(*_pythia(inputs))


@CATALOGUE.add("r-pythia", "pearson-v2")
@CATALOGUE.add("r-pythia-pearson-p", "t-test-v2")
def pythia_v2(inputs: ClaimInputs) -> Values:
    """The same eight models with the scores of the bootstrap script."""
    return pearson(*_pythia(inputs, "v2"))


@CATALOGUE.add("r-pythia", "pearson-v3")
@CATALOGUE.add("r-pythia-pearson-p", "t-test-v3")
def pythia_v3(inputs: ClaimInputs) -> Values:
    """The same eight models with the scores of the null-model script."""
    return pearson(*_pythia(inputs, "v3"))


@CATALOGUE.add("r-pythia", "without-estimated")
def pythia_measured(inputs: ClaimInputs) -> Values:
    """Without 6.9B and 12B, whose scores the papers' metadata call partially estimated."""
    scores = inputs.ladder("pythia", drop=ESTIMATED).scores
    return pearson(scores[:, 0], scores[:, 1])


@CATALOGUE.add("r-pythia", "size-trends")
def pythia_trends(inputs: ClaimInputs) -> Values:
    """Correlation of each benchmark with log10 N: both series are trends in size."""
    ladder = inputs.ladder("pythia")
    return {
        "r_hellaswag_log_n": correlation(ladder.scores[:, 0], ladder.log_n),
        "r_truthfulqa_log_n": correlation(ladder.scores[:, 1], ladder.log_n),
    }


@CATALOGUE.live("r-pythia", "r-pythia-pearson-p", "r-pythia-perm-p")
def pythia_live(request: LiveRequest) -> list[Statistic]:
    """r of the live Pythia family with Fisher interval, t and exact permutation p."""
    return _family_statistics(request, ["pythia"])


@CATALOGUE.add("r-pythia-perm-p", "exact-v1")
def exact_v1(inputs: ClaimInputs) -> Values:
    """All 40,320 orders of TruthfulQA, the table's own columns, |r| at least as large."""
    return _exact(*_pythia(inputs))


@CATALOGUE.add("r-pythia-perm-p", "exact-v2")
def exact_v2(inputs: ClaimInputs) -> Values:
    """The same enumeration with the scores of the bootstrap script."""
    return _exact(*_pythia(inputs, "v2"))


@CATALOGUE.add("r-pythia-perm-p", "exact-v3")
def exact_v3(inputs: ClaimInputs) -> Values:
    """The same enumeration with the scores of the null-model script."""
    return _exact(*_pythia(inputs, "v3"))


@CATALOGUE.add("r-pythia-perm-p", "sampled")
def sampled(inputs: ClaimInputs) -> Values:
    """What a test with 100,000 sampled orders would print: expected hits, and how often it prints each published p."""
    from scipy.stats import binom  # here: importing the package must not import scipy

    law = binom(SAMPLED, _exact(*_pythia(inputs))["p"])
    return {
        "draws": SAMPLED,
        "expected_hits": float(law.mean()),
        "chance_of_4e-5": float(law.pmf(4)),
        "chance_of_9e-5_or_more": float(law.sf(8)),
    }


def _exact(x: np.ndarray, y: np.ndarray) -> dict[str, float | int]:
    orders = all_orders(len(x))
    products = (y - y.mean())[orders] @ (x - x.mean())
    observed = abs(float((x - x.mean()) @ (y - y.mean())))
    hits = int(np.count_nonzero(np.abs(products) >= observed * (1 - 1e-12)))
    return {"p": hits / len(orders), "hits": hits, "orders": len(orders), "smallest_possible_p": 1 / len(orders)}


@CATALOGUE.add("r-families", "released-table")
def released_families(inputs: ClaimInputs) -> Values:
    """Pearson r of every family with three models or more; GPT-Neo without GPT-J and GPT-NeoX, then with them."""
    frame = inputs.base_rows().drop(index=[i for i in inputs.base_rows().index if i.startswith("llama3-")])
    values = {}
    for family, members in frame.groupby("family", sort=True):
        if len(members) >= 3:
            values[f"{family}.r"] = pearson(members[HS].to_numpy(), members[TQA].to_numpy())["r"]
    together = inputs.clean_ladder("gpt-neo").scores
    values["gpt-neo-with-j-neox.r"] = correlation(together[:, 0], together[:, 1])
    llama3 = inputs.base_rows()[inputs.base_rows()["family"] == "llama-3"]
    values["llama-3.r"] = correlation(llama3[HS].to_numpy(), llama3[TQA].to_numpy())
    return values


@CATALOGUE.add("r-families", "subsets")
def family_subsets(inputs: ClaimInputs) -> Values:
    """Subsets of released rows that give two of the printed values."""
    bloom = inputs.ladder("bloom", drop=("bloom-176b", "bloom-1.1b")).scores
    neo = inputs.clean_ladder("gpt-neo")
    kept = [index for index, model in enumerate(neo.models) if model != "gpt-neo-2.7b"]
    return {
        "bloom-without-1.1b-176b.r": correlation(bloom[:, 0], bloom[:, 1]),
        "gpt-neo-125m-1.3b-j-neox.r": correlation(neo.scores[kept, 0], neo.scores[kept, 1]),
    }


@CATALOGUE.live("r-families")
def families_live(request: LiveRequest) -> list[Statistic]:
    """r within each live family of three models or more."""
    return _family_statistics(request, None)


@CATALOGUE.add("r-above", "script-arrays")
def above_script(inputs: ClaimInputs) -> Values:
    """Llama-1 and Llama-2, three sizes each, scores of the bootstrap script."""
    values: dict = {}
    for family in ("llama-1", "llama-2"):
        scores = inputs.ladder(family, variant="v2").scores
        values.update(prefixed(family, pearson(scores[:, 0], scores[:, 1])))
    return values


@CATALOGUE.add("r-above", "table-above-7b")
def above_table(inputs: ClaimInputs) -> Values:
    """All rows of the table above 7B pooled, and OPT above 7B; Falcon has two sizes from 7B on, so r is not defined."""
    frame = inputs.base_rows()
    above = frame[frame["params"] > 7e9]
    opt = above[above["family"] == "opt"]
    return {
        **dict(prefixed("pooled", pearson(above[HS].to_numpy(), above[TQA].to_numpy()))),
        **dict(prefixed("opt", pearson(opt[HS].to_numpy(), opt[TQA].to_numpy()))),
        "falcon.models_above_7b": int((above["family"] == "falcon").sum()),
    }


@CATALOGUE.live("r-above")
def above_live(request: LiveRequest) -> list[Statistic]:
    """r of all live base models above 7B, clustered by family."""
    models = request.panel.models
    above = request.panel.subset(list(models.index[models["params"] > 7e9]))
    statistic = population_coupling(above, HS, TQA, cluster="family", rng=request.rng, resamples=request.resamples)
    return [statistic]


@CATALOGUE.add("r-other-axes", "pythia-v1")
def other_axes_v1(inputs: ClaimInputs) -> Values:
    """WinoGrande and MMLU against TruthfulQA, eight Pythia models, the table's own columns."""
    return _other_axes(inputs, "v1")


@CATALOGUE.add("r-other-axes", "pythia-v2")
def other_axes_v2(inputs: ClaimInputs) -> Values:
    """The same with the scores of the bootstrap script."""
    return _other_axes(inputs, "v2")


def _other_axes(inputs: ClaimInputs, variant: str) -> Values:
    scores = inputs.ladder("pythia", (WG, MMLU, TQA), variant=variant).scores
    return {
        "commonsense.r": correlation(scores[:, 0], scores[:, 2]),
        "knowledge.r": correlation(scores[:, 1], scores[:, 2]),
        "mmlu_low": float(scores[:, 1].min()),
        "mmlu_high": float(scores[:, 1].max()),
    }


@CATALOGUE.live("r-other-axes")
def other_axes_live(request: LiveRequest) -> list[Statistic]:
    """WinoGrande and MMLU against TruthfulQA in the live Pythia family."""
    return [
        statistic
        for axis in (WG, MMLU)
        for statistic in _family_statistics(request, ["pythia"], axis=axis, name=f"r {axis}~{TQA}")
    ]


@CATALOGUE.add("r-0682-63", "all-rows")
def all_rows(inputs: ClaimInputs) -> Values:
    """Pearson r of HellaSwag and TruthfulQA over the 63 rows."""
    frame = inputs.base_rows()
    return pearson(frame[HS].to_numpy(), frame[TQA].to_numpy())


@CATALOGUE.add("r-0682-63", "other-pairs")
def other_pairs(inputs: ClaimInputs) -> Values:
    """Other pairs over the same rows: HellaSwag with log10 N and MMLU, γ with log10 N; every pair of the five benchmarks."""
    frame = inputs.base_rows().dropna(subset=[MMLU])
    log_n = np.log10(inputs.base_rows()["params"].to_numpy())
    gamma = inputs.intervals.dropna(subset=["gamma"])
    middle = np.log10(np.sqrt(gamma["n_from"] * gamma["n_to"]).to_numpy())
    values: dict = {
        "hellaswag-log_n.r": correlation(inputs.base_rows()[HS].to_numpy(), log_n),
        "gamma-log_n.r": correlation(gamma["gamma"].to_numpy(), middle),
        "gamma-log_n.rho": correlation(ranks(gamma["gamma"].to_numpy()), ranks(middle)),
    }
    for index, first in enumerate(FIVE):
        for second in FIVE[index + 1 :]:
            values[f"{first}-{second}.r"] = correlation(frame[first].to_numpy(), frame[second].to_numpy())
    values["pairs_n"] = len(frame)
    return values


@CATALOGUE.live("r-0682-63")
def all_live(request: LiveRequest) -> list[Statistic]:
    """Population coupling over all live base models, clustered by family."""
    return [population_coupling(request.panel, HS, TQA, cluster="family", rng=request.rng, resamples=request.resamples)]


def _family_statistics(
    request: LiveRequest, families: list[str] | None, *, axis: str = HS, name: str = "r"
) -> list[Statistic]:
    models = request.panel.models
    wanted = sorted(models["family"].dropna().unique()) if families is None else families
    panel = request.panel.subset(list(models.index[models["family"].isin(wanted)]))
    table = family_coupling(panel, axis, TQA, rng=request.rng, resamples=request.resamples)
    rows = [row for _, row in table.iterrows() if row["n"] >= 3]
    if not rows:
        reason = f"no family among {', '.join(wanted)} has three models on {axis} and {TQA}"
        return [Statistic.missing(name, reason, n=0, method="Pearson correlation within the family")]
    return [_family_statistic(row, axis, name, labelled=families is None) for row in rows]


def _family_statistic(row: pd.Series, axis: str, name: str, *, labelled: bool) -> Statistic:
    label = f"{name} {row['family']}" if labelled else name
    how, n, axes = "Pearson correlation within the family", int(row["n"]), (axis, TQA)
    if pd.isna(row["r"]):
        return Statistic.missing(label, str(row["reason"]), n=n, method=how, axes=axes)
    interval = None
    if not pd.isna(row["low"]):
        interval = Interval(float(row["low"]), float(row["high"]), 0.95, "Fisher z, independent models")
    tests = {"t": row["p_t"], "permutation": row["p_permutation"]}
    p = {test: float(value) for test, value in tests.items() if not pd.isna(value)}
    return Statistic(name=label, estimate=float(row["r"]), n=n, method=how, axes=axes, interval=interval, p=p)
