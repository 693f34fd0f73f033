"""Recipes for the claims on the sign of γ12: the text rule, sampling error, OLMo at the boundary."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from generator.analysis.claims.inputs import ClaimInputs
from generator.analysis.claims.recipes import LiveRequest, Recipes, Value, Values
from generator.analysis.coupling import Ratio
from generator.analysis.isocline import wilson
from generator.analysis.result import Statistic

CATALOGUE = Recipes()
ITEM_SE = 1.5  # pp, standard error of one TruthfulQA MC2 score over 817 items, as the harness reports it
BELOW, ABOVE = 3e9, 1e10  # the text rule: below 3B no γ is positive, above 10B every γ is


@CATALOGUE.add("sign-12-12", "text-rule")
def sign_rule(inputs: ClaimInputs) -> Values:
    """Intervals with both sizes at or below 3B must have γ ≤ 0, with both at or above 10B γ > 0."""
    return _signs(inputs.intervals, inputs.intervals["n_to"] <= BELOW, inputs.intervals["n_from"] >= ABOVE)


@CATALOGUE.add("sign-12-12", "strict-bounds")
def sign_rule_strict(inputs: ClaimInputs) -> Values:
    """The same with both sizes strictly below 3B or strictly above 10B."""
    return _signs(inputs.intervals, inputs.intervals["n_to"] < BELOW, inputs.intervals["n_from"] > ABOVE)


@CATALOGUE.add("sign-12-12", "midpoint")
def sign_rule_middle(inputs: ClaimInputs) -> Values:
    """The same with the geometric mean of the two sizes below 3B or above 10B."""
    middle = np.sqrt(inputs.intervals["n_from"] * inputs.intervals["n_to"])
    return _signs(inputs.intervals, middle < BELOW, middle > ABOVE)


@CATALOGUE.add("sign-12-12", "resolved-only")
def sign_rule_resolved(inputs: ClaimInputs) -> Values:
    """The text rule over intervals whose ΔTQA exceeds its sampling error at 95 %."""
    table = inputs.intervals[inputs.intervals["dy"].abs() > _noise()]
    return _signs(table, table["n_to"] <= BELOW, table["n_from"] >= ABOVE)


def _signs(table: pd.DataFrame, below: pd.Series, above: pd.Series) -> dict[str, Value]:
    low, high = table[below]["gamma"], table[above]["gamma"]
    right_low, right_high = int((low <= 0).sum()), int((high > 0).sum())
    total = len(low) + len(high)
    wrong = table[(below & (table["gamma"] > 0)) | (above & (table["gamma"] <= 0))]
    return {
        "correct": right_low + right_high,
        "of": total,
        "share": (right_low + right_high) / total if total else None,
        "below.correct": right_low,
        "below.of": len(low),
        "above.correct": right_high,
        "above.of": len(high),
        "exceptions": [f"{row.lower} to {row.upper}" for row in wrong.itertuples()],
    }


@CATALOGUE.live("sign-12-12")
def sign_live(request: LiveRequest) -> list[Statistic]:
    """The text rule over all live intervals."""
    table = request.gammas.rename(columns={"model_from": "lower", "model_to": "upper"})
    below, above = table["n_to"] <= BELOW, table["n_from"] >= ABOVE
    values = _signs(table, below, above)
    how = "γ ≤ 0 where both sizes are at or below 3B, γ > 0 where both are at or above 10B; Wilson interval"
    name = "share of signs as the rule says"
    ruled = table[below | above]
    if ruled.empty:
        return [Statistic.missing(name, "no interval lies below 3B or above 10B", n=0, method=how)]
    right = int(((ruled["gamma"] > 0) == (ruled["n_from"] >= ABOVE)).sum())
    return [
        Statistic(
            name=name,
            estimate=right / len(ruled),
            n=len(ruled),
            method=how,
            unit="fraction",
            interval=wilson(right, len(ruled)),
            baselines={"always not positive": float((ruled["gamma"] <= 0).mean())},
            details={key: value for key, value in values.items() if key != "exceptions"},
        )
    ]


def _noise() -> float:
    """Smallest change of TruthfulQA in pp that two scores of 817 items resolve at 95 %."""
    return 1.96 * math.sqrt(2) * ITEM_SE


@CATALOGUE.add("gamma-noise", "resolved-intervals")
def resolved(inputs: ClaimInputs) -> Values:
    """Intervals of the cleaned table whose ΔTQA exceeds 1.96·√2·1.5 pp."""
    table = inputs.intervals
    large = table[table["dy"].abs() > _noise()]
    return {
        "item_se": ITEM_SE,
        "threshold": _noise(),
        "resolved": len(large),
        "intervals": len(table),
        "share": len(large) / len(table),
        "negative": int((large["gamma"] < 0).sum()),
        "positive": int((large["gamma"] > 0).sum()),
        "pythia_resolved": int((large["family"] == "pythia").sum()),
        "which": [f"{row.lower} to {row.upper}" for row in large.itertuples()],
    }


@CATALOGUE.live("gamma-noise")
def resolved_live(request: LiveRequest) -> list[Statistic]:
    """Share of live intervals whose sign of γ12 is resolved at 95 % by Fieller's set."""
    table = request.gammas
    how = "share of γ12 whose 95 % Fieller set excludes zero; Wilson interval over intervals"
    if table.empty:
        return [Statistic.missing("share of resolved signs", "no interval", n=0, method=how)]
    hits = int(table["resolved"].astype(bool).sum())
    return [
        Statistic(
            name="share of resolved signs",
            estimate=hits / len(table),
            n=len(table),
            method=how,
            unit="fraction",
            interval=wilson(hits, len(table)),
            details={"resolved": hits},
        )
    ]


@CATALOGUE.add("olmo-gamma", "figure-script")
def olmo_script(inputs: ClaimInputs) -> Values:
    """OLMo 1B to 7B with the scores of the figure script."""
    return _olmo(inputs, "v2")


@CATALOGUE.add("olmo-gamma", "released-table")
def olmo_table(inputs: ClaimInputs) -> Values:
    """OLMo 1B to 7B with the rows of the released table, and the sampling error of that γ."""
    return _olmo(inputs, "v1")


def _olmo(inputs: ClaimInputs, variant: str) -> Values:
    (x0, y0), (x1, y1) = inputs.ladder("olmo", variant=variant).scores
    return {
        "gamma": (y1 - y0) / (x1 - x0),
        "change_truthfulqa": y1 - y0,
        "change_hellaswag": x1 - x0,
        "stderr": math.sqrt(2) * ITEM_SE / (x1 - x0),
    }


@CATALOGUE.live("olmo-gamma")
def olmo_live(request: LiveRequest) -> list[Statistic]:
    """γ12 between the two OLMo sizes of the live panel with Fieller's interval."""
    table = request.gammas[request.gammas["family"] == "olmo"]
    how = "γ12 between OLMo 1B and 7B, Fieller interval"
    if table.empty:
        return [Statistic.missing("γ12", "the live panel has no two OLMo sizes", n=0, method=how)]
    row = table.iloc[0]
    low, high = (None if pd.isna(row[key]) else float(row[key]) for key in ("gamma_low", "gamma_high"))
    ratio = Ratio(low, high, str(row["shape"]), bool(row["resolved"]))
    return [Statistic(name="γ12", estimate=float(row["gamma"]), n=2, method=how, interval=ratio.interval())]
