"""Recipes for the claims on effective dimension, width normalisation and the isocline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from generator.analysis.claims.inputs import FIVE, HS, TQA, ClaimInputs, Ladder, steps
from generator.analysis.claims.recipes import LiveRequest, Recipes, Values
from generator.analysis.coupling import gamma_phase
from generator.analysis.isocline import isocline, sign_prediction
from generator.analysis.population import correlation
from generator.analysis.result import Statistic
from generator.analysis.spectrum import dimension_by_group, participation_ratio
from generator.analysis.width import width_partial, width_table, width_test

CATALOGUE = Recipes()
KAPPA = 0.187  # a/b as printed
WIDTH_UNIT = 512.0
NULL_SEED, PERMUTATIONS = 0, 5000
WIDTH_FAMILIES = ("pythia", "opt", "bloom", "cerebras-gpt", "gpt-neo")


@CATALOGUE.add("d-eff", "sign-of-own-gamma")
def dimension_upper(inputs: ClaimInputs) -> Values:
    """A model is in the phase of the sign of the γ that ends at it; covariance of the five scores, cleaned table."""
    return _dimensions(inputs, inputs.intervals, "upper", _sign)


@CATALOGUE.add("d-eff", "sign-of-next-gamma")
def dimension_lower(inputs: ClaimInputs) -> Values:
    """The same with the γ that starts at the model."""
    return _dimensions(inputs, inputs.intervals, "lower", _sign)


@CATALOGUE.add("d-eff", "bands")
def dimension_bands(inputs: ClaimInputs) -> Values:
    """The γ that ends at the model, in the bands tax < −0.1, transition, bonus > +0.1."""
    return _dimensions(inputs, inputs.intervals, "upper", gamma_phase)


@CATALOGUE.add("d-eff", "table-as-filed")
def dimension_filed(inputs: ClaimInputs) -> Values:
    """The sign of the γ that ends at the model in the table as filed: duplicates kept, GPT-J and GPT-NeoX under Pythia."""
    return _dimensions(inputs, steps(inputs.as_filed), "upper", _sign)


def _sign(gamma: float) -> str:
    return "tax" if gamma < 0 else ("bonus" if gamma > 0 else "transition")


def _dimensions(inputs: ClaimInputs, table: pd.DataFrame, side: str, phase_of: Callable[[float], str]) -> Values:
    scores = inputs.base_rows()[list(FIVE)]
    table = table.dropna(subset=["gamma"])
    values: dict = {}
    phases = pd.Series([phase_of(gamma) for gamma in table["gamma"]], index=table[side])
    families = pd.Series(table["family"].to_numpy(), index=table[side])
    for phase in ("tax", "transition", "bonus"):
        members = phases.index[phases == phase]
        complete = scores.loc[members].dropna()
        values[f"{phase}.models"] = len(complete)
        values[f"{phase}.families"] = int(families.loc[complete.index].nunique())
        enough = len(complete) > 2
        values[f"{phase}.d_eff"] = float(participation_ratio(np.cov(complete.to_numpy().T))) if enough else None
    return values


@CATALOGUE.live("d-eff")
def dimension_live(request: LiveRequest) -> list[Statistic]:
    """d_eff of the five benchmarks among live models whose own γ is negative, and among those where it is positive."""
    panel = request.panel
    table = request.gammas
    groups = pd.Series([_sign(gamma) for gamma in table["gamma"]], index=table["model_to"])
    groups = groups[~groups.index.duplicated()]
    found = dimension_by_group(
        panel.subset(list(groups.index)), FIVE, groups, rng=request.rng, resamples=request.resamples, null_resamples=200
    )
    if not found:
        return [Statistic.missing("d_eff", "no interval, so no phase", n=0, method="participation ratio per phase")]
    return [replace(statistic, name=f"d_eff, {phase}") for phase, statistic in sorted(found.items())]


def _widths(inputs: ClaimInputs, family: str) -> tuple[Ladder, np.ndarray]:
    """A family with J and NeoX counted to GPT-Neo, and its widths in units of 512."""
    ladder = inputs.clean_ladder(family)
    return ladder, inputs.clean.loc[list(ladder.models), "d_model"].to_numpy(dtype=float) / WIDTH_UNIT


def _pair(x: np.ndarray, y: np.ndarray, w: np.ndarray) -> tuple[float, float]:
    return correlation(x, y), correlation(x / w, y / w)


@CATALOGUE.add("width-flip", "all-released")
def width_released(inputs: ClaimInputs) -> Values:
    """r(HS, TQA) and r(HS/w, TQA/w), w = d_model/512, over every released model of the family."""
    values: dict = {}
    for family in WIDTH_FAMILIES:
        ladder, w = _widths(inputs, family)
        values[f"{family}.raw"], values[f"{family}.ratio"] = _pair(ladder.scores[:, 0], ladder.scores[:, 1], w)
    return values


SUBSETS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "bloom-560m-1.7b-3b-7.1b": ("bloom", ("bloom-1.1b", "bloom-176b")),
    "gpt-neo-125m-1.3b-j-neox": ("gpt-neo", ("gpt-neo-2.7b",)),
    "cerebras-gpt-without-2.7b": ("cerebras-gpt", ("cerebras-gpt-2.7b",)),
}


@CATALOGUE.add("width-flip", "subsets")
def width_subsets(inputs: ClaimInputs) -> Values:
    """Subsets of released rows that give printed pairs; and the r of OPT that comes nearest to −0.428 over all its subsets."""
    values: dict = {}
    for name, (family, dropped) in SUBSETS.items():
        ladder, w = _widths(inputs, family)
        kept = [index for index, model in enumerate(ladder.models) if model not in dropped]
        values[f"{name}.raw"], values[f"{name}.ratio"] = _pair(ladder.scores[kept, 0], ladder.scores[kept, 1], w[kept])
    nearest, models = _nearest_subset(_widths(inputs, "opt")[0], -0.428)
    return values | {"opt-nearest-subset.raw": nearest, "opt-nearest-subset.models": models}


def _nearest_subset(ladder: Ladder, target: float) -> tuple[float, list[str]]:
    """The r nearest to `target` over all subsets of at least four models, and those models."""
    n = len(ladder.models)
    kept = np.array([[mask >> bit & 1 for bit in range(n)] for mask in range(2**n)], dtype=float)
    kept = kept[kept.sum(axis=1) >= 4]
    x, y = ladder.scores.T
    count = kept.sum(axis=1)
    mx, my = kept @ x / count, kept @ y / count
    cov = kept @ (x * y) / count - mx * my
    r = cov / np.sqrt((kept @ (x * x) / count - mx**2) * (kept @ (y * y) / count - my**2))
    best = int(np.argmin(np.abs(r - target)))
    return float(r[best]), [model for model, used in zip(ladder.models, kept[best], strict=True) if used]


@CATALOGUE.live("width-flip")
def width_live(request: LiveRequest) -> list[Statistic]:
    """The ratio correlation of each live family of known width, and the partial r given width and size for all of them."""
    table = width_table(request.panel, HS, TQA)
    how = "Pearson r of HS/w and TQA/w, w = d_model/512; beside the r of the scores themselves"
    found = [
        Statistic(
            name=f"ratio r {row.family}",
            estimate=float(row.r_ratio),
            n=int(row.n),
            method=how,
            baselines={"raw r": float(row.r)},
        )
        for row in table.itertuples()
    ]
    return [width_partial(request.panel, HS, TQA), *found]


@CATALOGUE.add("width-null", "nulls")
def width_nulls(inputs: ClaimInputs) -> Values:
    """The same division applied to permuted TruthfulQA, to uniform noise and to a constant; 5,000 draws, seed 0.

    Per family: observed ratio r; mean, 2.5 % and 97.5 % points and the share above 0.9 of each null.
    """
    rng = np.random.default_rng(NULL_SEED)
    values: dict = {}
    beyond = 0
    for family in WIDTH_FAMILIES:
        ladder, w = _widths(inputs, family)
        x, y = ladder.scores.T
        draws = np.broadcast_to(y, (PERMUTATIONS, len(y))).copy()
        permuted = _ratio_rows(x, rng.permuted(draws, axis=1), w)
        shape = (PERMUTATIONS, len(y))
        noise = _ratio_rows(rng.uniform(25, 90, shape), rng.uniform(30, 50, shape), w)
        observed = correlation(x / w, y / w)
        values[f"{family}.observed"] = observed
        for name, null in (("permuted", permuted), ("noise", noise)):
            low, high = np.percentile(null, [2.5, 97.5])
            values |= {
                f"{family}.{name}": float(null.mean()),
                f"{family}.{name}.low": float(low),
                f"{family}.{name}.high": float(high),
                f"{family}.{name}.above_0.9": float((null > 0.9).mean()),
            }
        values[f"{family}.constant"] = correlation(x / w, 40.0 / w)
        beyond += observed > values[f"{family}.noise.high"]
    values["families"] = len(WIDTH_FAMILIES)
    values["families_beyond_noise"] = int(beyond)
    values["smallest_null_mean"] = min(values[f"{f}.{n}"] for f in WIDTH_FAMILIES for n in ("permuted", "noise"))
    return values


def _ratio_rows(x: np.ndarray, y: np.ndarray, w: np.ndarray) -> np.ndarray:
    """r of x/w and y/w along the last axis: (n,) or (R, n) with (R, n) → (R,)."""
    a, b = np.broadcast_arrays(x / w, y / w)
    a, b = a - a.mean(axis=-1, keepdims=True), b - b.mean(axis=-1, keepdims=True)
    return (a * b).sum(axis=-1) / np.sqrt((a * a).sum(axis=-1) * (b * b).sum(axis=-1))


@CATALOGUE.live("width-null")
def width_null_live(request: LiveRequest) -> list[Statistic]:
    """The nulls of the ratio correlation for the live families of known width with four models or more."""
    table = width_table(request.panel, HS, TQA, least=4)
    if table.empty:
        reason = "no family has four models of known width"
        return [Statistic.missing("ratio r", reason, n=0, method="Pearson r of HS/w and TQA/w")]
    return [
        replace(
            width_test(request.panel, HS, TQA, family, rng=request.rng, resamples=min(request.resamples, 2000)),
            name=f"ratio r {family}",
        )
        for family in table["family"]
    ]


@CATALOGUE.add("isocline-ab", "olmo-figure-rows")
def calibration(inputs: ClaimInputs) -> Values:
    """TQA²/HS on fractions with the OLMo scores of the figure script: at the mean HellaSwag, at each size."""
    (x0, y0), (x1, y1) = inputs.ladder("olmo", variant="v2").scores / 100
    ratio = y1 * y1 / ((x0 + x1) / 2)
    return {
        "kappa": ratio,
        "kappa_1b": y0 * y0 / x0,
        "kappa_7b": y1 * y1 / x1,
        "curve_at_mean": float(np.sqrt(KAPPA * (x0 + x1) / 2)),
        "curve_at_7b": float(np.sqrt(KAPPA * x1)),
    }


@CATALOGUE.add("isocline-ab", "olmo-released-rows")
def calibration_table(inputs: ClaimInputs) -> Values:
    """The same with the OLMo rows of the released table (mean of the two TruthfulQA scores over mean HellaSwag)."""
    x, y = inputs.ladder("olmo").scores.T / 100
    return {"kappa": float(y[1] ** 2 / x.mean()), "kappa_mean_truthfulqa": float(y.mean() ** 2 / x.mean())}


@CATALOGUE.add("isocline-ab", "manuscript-score")
def calibration_manuscript(inputs: ClaimInputs) -> Values:
    """The same with the TruthfulQA score of 31.1 that a manuscript prints for both sizes."""
    x = inputs.ladder("olmo", variant="v2").scores[:, 0] / 100
    return {"kappa": float(0.311**2 / x.mean())}


def _side(table: pd.DataFrame, end: str) -> np.ndarray:
    """True where the model at that end of the interval lies above the isocline."""
    return table[f"y_{end}"].to_numpy() > isocline(KAPPA, table[f"x_{end}"].to_numpy())


@CATALOGUE.add("isocline-signs", "start-above-means-negative")
def isocline_signs(inputs: ClaimInputs) -> Values:
    """γ < 0 is predicted where the smaller model lies above the isocline, γ > 0 where it lies below."""
    values: dict = {}
    for family in ("opt", "bloom", "cerebras-gpt"):
        table = inputs.intervals[inputs.intervals["family"] == family]
        negative = table["gamma"].to_numpy() < 0
        values[f"{family}.correct"] = int((_side(table, "from") == negative).sum())
        values[f"{family}.of"] = len(table)
        values[f"{family}.always_negative"] = int(negative.sum())
    totals = {f"total.{count}": 0 for count in ("correct", "of", "always_negative")}
    for name, value in values.items():
        totals[f"total.{name.rpartition('.')[2]}"] += value
    return values | totals


@CATALOGUE.live("isocline-signs", "isocline-41-44")
def isocline_live(request: LiveRequest) -> list[Statistic]:
    """Share of live intervals whose sign the isocline predicts, in both orientations, beside always-negative."""
    table = request.gammas
    choices = (("above-is-tax", "start"), ("above-is-bonus", "end"))
    found = []
    for orientation, at in choices:
        statistic = sign_prediction(request.panel, table, KAPPA, orientation=orientation, at=at)
        found.append(replace(statistic, name=f"isocline accuracy, {orientation}, read at the {at}"))
    return found


@CATALOGUE.add("isocline-41-44", "own-row")
def classified_own(inputs: ClaimInputs) -> Values:
    """A model lies above the isocline if and only if the γ that ends at it is positive."""
    return _classified(inputs, "to", above_is_positive=True)


@CATALOGUE.add("isocline-41-44", "start-row")
def classified_start(inputs: ClaimInputs) -> Values:
    """The same with the γ that starts at the model."""
    return _classified(inputs, "from", above_is_positive=True)


@CATALOGUE.add("isocline-41-44", "opposite-side")
def classified_opposite(inputs: ClaimInputs) -> Values:
    """The orientation of the sign predictions: above the isocline means the γ that starts there is negative."""
    return _classified(inputs, "from", above_is_positive=False)


def _classified(inputs: ClaimInputs, end: str, *, above_is_positive: bool) -> Values:
    table = inputs.intervals
    positive = table["gamma"].to_numpy() > 0
    predicted = _side(table, end) == above_is_positive
    return {
        "correct": int((predicted == positive).sum()),
        "of": len(table),
        "always_negative": int((~positive).sum()),
        "true_positive": int((predicted & positive).sum()),
        "false_positive": int((predicted & ~positive).sum()),
        "true_negative": int((~predicted & ~positive).sum()),
        "false_negative": int((~predicted & positive).sum()),
    }
