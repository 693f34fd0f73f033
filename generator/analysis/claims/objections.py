"""Values that the answers to the referee need beyond the claims: other reasoning axes against TruthfulQA, per family."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from generator.analysis.claims.evaluate import ClaimResult
from generator.analysis.claims.inputs import ARC, HS, MMLU, TQA, WG, ClaimInputs
from generator.analysis.claims.recipes import Value
from generator.analysis.pairs import family_r
from generator.analysis.population import correlation
from generator.panel.frame import Panel

REASONING = (HS, ARC, WG, MMLU)
BASE_TRACK = "harness-v1"


def objection_values(
    inputs: ClaimInputs, results: Sequence[ClaimResult], *, live_panels: Mapping[str, Panel] | None = None
) -> dict[str, Value]:
    """Named values for data/objections.yaml; those of the live base panel are None when it is not given."""
    live = (inputs.live if live_panels is None else live_panels).get(BASE_TRACK)
    values: dict[str, Value] = {}
    for name, panel in (("paper-base", inputs.base.panel), ("live", live)):
        values |= {f"pairs/{name}/{key}": value for key, value in _pair_values(panel).items()}
    pythia = inputs.ladder("pythia", (ARC, TQA)).scores
    values["pairs/paper-base/pythia/arc-challenge"] = correlation(pythia[:, 0], pythia[:, 1])
    return values | _scales(results)


def _pair_values(panel: Panel | None) -> dict[str, Value]:
    """Families of three models or more with a negative r against TruthfulQA, per reasoning axis; r over all models."""
    empty: dict[str, Value] = dict.fromkeys([*(f"{axis}.negative" for axis in REASONING), "families", "r"])
    if panel is None or not {*REASONING, TQA} <= set(panel.scores.columns):
        return empty
    values: dict[str, Value] = {}
    families: set[str] = set()
    for axis in REASONING:
        found = {family: r for family, r in family_r(panel, axis, TQA).items() if r is not None}
        families |= set(found)
        values[f"{axis}.negative"] = sum(r < 0 for r in found.values())
    both = panel.complete((HS, TQA))
    values["families"] = len(families)
    values["r"] = correlation(both[HS].to_numpy(), both[TQA].to_numpy()) if len(both) >= 3 else None
    return values


def _scales(results: Sequence[ClaimResult]) -> dict[str, Value]:
    """How many printed critical scales lie outside the recomputed interval."""
    for result in results:
        if result.id == "nc-table":
            outside = [one for one in result.judged.comparisons if one.agrees is False]
            return {"nc-table/disagreeing": len(outside), "nc-table/families": len(result.judged.comparisons)}
    return {"nc-table/disagreeing": None, "nc-table/families": None}
