"""Every recipe and live question, by claim. A module that holds some is listed here; a test holds the list complete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from generator.analysis.claims import (
    base_coupling,
    counts,
    critical_scale,
    dimension,
    frontier_axes,
    frontier_labs,
    frontier_line,
    internal,
    loss,
    signs,
    sparse_ode,
    trajectories,
)
from generator.analysis.claims.recipes import LiveFunction, RecipeFunction

K = TypeVar("K")
V = TypeVar("V")
MODULES = (
    base_coupling,
    critical_scale,
    signs,
    dimension,
    frontier_line,
    frontier_labs,
    frontier_axes,
    trajectories,
    sparse_ode,
    internal,
    loss,
    counts,
)


def _recipes() -> dict[tuple[str, str], RecipeFunction]:
    merged: dict[tuple[str, str], RecipeFunction] = {}
    for module in MODULES:
        _add(merged, module.CATALOGUE.recipes)
    return merged


def _questions() -> dict[str, LiveFunction]:
    merged: dict[str, LiveFunction] = {}
    for module in MODULES:
        _add(merged, module.CATALOGUE.questions)
    return merged


def _add(store: dict[K, V], found: Mapping[K, V]) -> None:
    twice = sorted(str(key) for key in store.keys() & found.keys())
    if twice:
        raise ValueError(f"registered in two modules: {', '.join(twice)}")
    store.update(found)


#: (claim, recipe) -> function.
RECIPES = _recipes()
#: claim -> live question.
QUESTIONS = _questions()
