"""Recipes for the claims that count rows and families."""

from __future__ import annotations

from generator.analysis.claims.inputs import DUPLICATES, HS, TQA, ClaimInputs
from generator.analysis.claims.recipes import LiveRequest, Recipes, Values
from generator.analysis.result import Statistic

CATALOGUE = Recipes()


@CATALOGUE.add("nc-counts", "table-as-filed")
def counts(inputs: ClaimInputs) -> Values:
    """Rows and families of the released table as filed, and without duplicates and rows filed under another family."""
    filed, clean = inputs.as_filed, inputs.clean
    sizes = clean["family"].value_counts()
    return {
        "models": len(filed),
        "families": int(filed["family"].nunique()),
        "distinct_models": len(filed) - len(DUPLICATES),
        "families_with_two_or_more": int((sizes >= 2).sum()),
        "one_row_families": sorted(str(family) for family in sizes.index[sizes == 1]),
        "all_five_scores": int(filed.drop(columns=["name", "family"]).drop(columns=["d_model"]).dropna().shape[0]),
    }


@CATALOGUE.live("nc-counts")
def counts_live(request: LiveRequest) -> list[Statistic]:
    """Models and families of the live panel with both scores."""
    rows = request.panel.complete((HS, TQA))
    how = "models with HellaSwag and TruthfulQA"
    sizes = rows.groupby("family")["params"].nunique()
    details = {"families": int(rows["family"].nunique()), "families_with_two_sizes": int((sizes >= 2).sum())}
    return [Statistic(name="models", estimate=float(len(rows)), n=len(rows), method=how, details=details)]
