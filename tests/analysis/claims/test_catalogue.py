"""The catalogue of recipes and the ledger of claims name the same things."""

import importlib
import pkgutil

import pytest

import generator.analysis.claims as package
from generator.analysis.claims.catalogue import MODULES, QUESTIONS, RECIPES
from generator.analysis.claims.recipes import Recipes, plain

#: The published claims, as they are numbered in the list that came with the papers' tables.
CLAIMS = [
    "r-pythia",
    "r-pythia-pearson-p",
    "r-pythia-perm-p",
    "r-families",
    "r-above",
    "r-other-axes",
    "r-0682-63",
    "bf-729",
    "nc-quadratic",
    "nc-pythia-only",
    "nc-gamma-pooled",
    "running-coupling",
    "sign-12-12",
    "gamma-noise",
    "olmo-gamma",
    "nc-table",
    "n-families-flip",
    "d-eff",
    "width-flip",
    "width-null",
    "isocline-ab",
    "isocline-signs",
    "isocline-41-44",
    "fr-fit",
    "fr-p",
    "fr-ci",
    "fr-subsets",
    "fr-pre2025",
    "fr-h-all",
    "fr-lab-h",
    "fr-lab-slopes",
    "fr-lolo",
    "fr-pi",
    "fr-refit39",
    "fr-matrix",
    "fr-saturation",
    "fr-isocline",
    "fr-phase",
    "fr-deepseek",
    "ode-llama2",
    "poly-baselines",
    "ode-insample",
    "ode-true-llama2",
    "sindy-coefs",
    "ode-6x",
    "rank1",
    "ode-lofo",
    "loss-fit",
    "grad",
    "boost142",
    "opt-fixed-point",
    "heads-38-40",
    "intervention",
    "self-align",
    "nc2-crash",
    "qwen-gemma",
    "nc-counts",
]


def test_the_ledger_holds_the_fifty_seven_claims_and_no_other(ledger):
    assert len(CLAIMS) == 57
    assert sorted(ledger.claims) == sorted(CLAIMS)


def test_every_recipe_of_a_claim_file_is_code_and_every_recipe_in_code_is_in_a_claim_file(ledger):
    written = {(name, recipe.id) for name, entry in ledger.claims.items() for recipe in entry.value.recipes}
    assert written == set(RECIPES)


def test_every_claim_that_names_live_panels_has_a_question_and_the_others_have_none(ledger):
    asked = {name for name, entry in ledger.claims.items() if entry.value.live.panels}
    assert asked == set(QUESTIONS)


def test_every_module_with_recipes_is_listed():
    modules = [
        importlib.import_module(f"{package.__name__}.{info.name}") for info in pkgutil.iter_modules(package.__path__)
    ]
    assert {module.__name__ for module in modules if hasattr(module, "CATALOGUE")} == {
        module.__name__ for module in MODULES
    }


def test_a_claim_has_at_most_one_kind_per_recipe_and_a_published_one_unless_it_cannot_be_computed(ledger):
    for name, entry in ledger.claims.items():
        kinds = [recipe.kind for recipe in entry.value.recipes]
        assert "published" in kinds or entry.value.not_computable, name


def test_every_printed_number_is_computed_by_some_recipe_or_said_to_be_missing(ledger, results):
    for name, entry in ledger.claims.items():
        computed = {value for values in results[name].recomputed.values() for value in values}
        for published in entry.value.published:
            missing = entry.value.not_computable or not published.headline
            assert published.target in computed or missing, f"{name}: nothing computes {published.target}"


def test_a_recipe_cannot_be_registered_twice():
    recipes = Recipes()
    recipes.add("claim", "recipe")(lambda _inputs: {})
    with pytest.raises(ValueError, match=r"^claim/recipe is registered twice$"):
        recipes.add("claim", "recipe")(lambda _inputs: {})
    recipes.live("claim")(lambda _request: [])
    with pytest.raises(ValueError, match=r"^claim has two live questions$"):
        recipes.live("claim")(lambda _request: [])


def test_a_recipe_returns_plain_values_with_nan_as_none():
    import numpy as np

    assert plain({"a": np.float64("nan"), "b": np.int64(3), "c": np.array([1.5, np.inf]), "d": np.bool_(True)}) == {
        "a": None, "b": 3, "c": [1.5, None], "d": True,
    }  # fmt: skip
    with pytest.raises(TypeError, match="a recipe returned dict"):
        plain({"a": {"nested": 1}})
