"""The verdict on a claim, computed from its printed numbers, their tolerances and what each recipe yields.

A printed number is compared with the recomputed value of the same name (or the one it says it is a value of):

- equal: they differ by no more than half a unit of the last printed digit (with 2 % slack, so that a value just beyond the
  tie still counts), or than the tolerance the claim states;
- above, below: the recomputed value lies strictly on that side of the printed bound; no tolerance;
- inside: the printed number lies within the recomputed pair [low, high]; an empty pair contains nothing.

Headline numbers decide, all of them together:

- ``reproduced``: one recipe of kind ``published`` agrees with every headline number;
- ``reproduced with another recipe``: none does, but one recipe of kind ``alternative`` does;
- ``not reproduced``: no recipe does, and at least one headline number was computed and disagrees in all of them;
- ``not computable from released data``: no headline number disagrees, but some or all cannot be computed.

Recipes of kind ``diagnostic`` (nulls, baselines, searches for the origin of a number) never decide.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from generator.analysis.claims.recipes import Value
from generator.schema.claim import Claim, PublishedValue

REPRODUCED = "reproduced"
OTHER_RECIPE = "reproduced with another recipe"
NOT_REPRODUCED = "not reproduced"
NOT_COMPUTABLE = "not computable from released data"
VERDICTS = (REPRODUCED, OTHER_RECIPE, NOT_REPRODUCED, NOT_COMPUTABLE)


@dataclass(frozen=True)
class Comparison:
    """A printed number beside the recomputed one. agrees is None where there is nothing to compare with."""

    published: PublishedValue
    recipe: str | None
    recomputed: Value
    agrees: bool | None

    @property
    def status(self) -> str:
        if self.agrees is None:
            return "not computable"
        return "agrees" if self.agrees else "differs"


@dataclass(frozen=True)
class Verdict:
    """The verdict, the recipe that decided it (None: no single one did), and every printed number compared with it."""

    verdict: str
    recipe: str | None
    comparisons: tuple[Comparison, ...]
    reason: str


def agrees(published: PublishedValue, recomputed: Value) -> bool | None:
    """Whether a recomputed value agrees with a printed one; None when there is none, or it is not a number."""
    if published.compare == "inside":
        if not isinstance(recomputed, list):
            return None
        return len(recomputed) == 2 and recomputed[0] <= published.value <= recomputed[1]
    if isinstance(recomputed, bool) or not isinstance(recomputed, int | float):
        return None
    if published.compare == "above":
        return recomputed > published.value
    if published.compare == "below":
        return recomputed < published.value
    return abs(recomputed - published.value) <= published.allowed


def judge(claim: Claim, recomputed: Mapping[str, Mapping[str, Value]]) -> Verdict:
    """The verdict on `claim` given the values of each of its recipes, by recipe id."""
    headline = [value for value in claim.published if value.headline]
    for kind, verdict in (("published", REPRODUCED), ("alternative", OTHER_RECIPE)):
        for recipe in claim.recipes:
            if recipe.kind != kind or not headline:
                continue
            values = recomputed[recipe.id]
            if all(agrees(value, values.get(value.target)) for value in headline):
                return Verdict(
                    verdict, recipe.id, _compare(claim, recomputed, first=recipe.id), "every headline number agrees"
                )
    comparisons = _compare(claim, recomputed)
    leading = [one for one in comparisons if one.published.headline]
    wrong = [one for one in leading if one.agrees is False]
    if wrong:
        names = ", ".join(one.published.name for one in wrong)
        return Verdict(
            NOT_REPRODUCED, None, comparisons, f"no recipe agrees with all headline numbers; differs: {names}"
        )
    if any(one.agrees is None for one in leading) or not leading:
        names = ", ".join(one.published.name for one in leading if one.agrees is None) or "any number"
        reason = claim.not_computable or "what was released does not give it"
        return Verdict(NOT_COMPUTABLE, None, comparisons, f"{names}: {reason}")
    return Verdict(NOT_REPRODUCED, None, comparisons, "each headline number agrees in some recipe, no recipe with all")


def _compare(
    claim: Claim, recomputed: Mapping[str, Mapping[str, Value]], *, first: str | None = None
) -> tuple[Comparison, ...]:
    """Each printed number beside the recipe that decides, else the first that has it: published, alternative, diagnostic.

    A recipe that names the value but yields None leaves the number not computable unless another recipe has it.
    """
    rank = {"published": 0, "alternative": 1, "diagnostic": 2}
    order = sorted(claim.recipes, key=lambda recipe: (recipe.id != first, rank[recipe.kind]))
    found = []
    for value in claim.published:
        holder = next((one.id for one in order if recomputed[one.id].get(value.target) is not None), None)
        number = None if holder is None else recomputed[holder][value.target]
        found.append(Comparison(value, holder, number, agrees(value, number)))
    return tuple(found)
