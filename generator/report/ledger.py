"""The claims ledger as a section of the bundle: every claim with verdict and reading, contradictions, objections."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from generator.analysis.claims import (
    answer_objections,
    evaluate_claims,
    list_contradictions,
    objection_values,
    read_inputs,
    verdict_counts,
)
from generator.panel import Panel
from generator.report.memo import Memo, panel_state
from generator.report.statistics import generator_for
from generator.schema.claim import load_claims

WRITTEN = ("data/claims", "data/contradictions.yaml", "data/objections.yaml")


def claims_section(panels: Mapping[str, Panel], *, seed: int, resamples: int, memo: Memo) -> dict[str, Any]:
    """The section `claims` of the project at `memo.root`. A project without data/claims gives empty lists.

    The recipes rest on the published tables alone, and each live question on one panel, so they are kept apart.
    """
    if not (memo.root / "data" / "claims").is_dir():
        return {"items": [], "counts": {}, "contradictions": [], "objections": []}
    published = memo.folders(["data/panels", *WRITTEN])
    live = [seed, resamples, [panel_state(panel) for _track, panel in sorted(panels.items())]]
    found: dict[str, Any] = memo(
        "claims", [published, live], lambda: _section(panels, published, seed=seed, resamples=resamples, memo=memo)
    )
    return found


def _section(panels: Mapping[str, Panel], published: Any, *, seed: int, resamples: int, memo: Memo) -> dict[str, Any]:
    ledger = load_claims(memo.root)
    inputs = read_inputs(memo.root, live=panels)
    results = evaluate_claims(
        inputs,
        ledger=ledger,
        live_panels=panels,
        rng=generator_for(seed, "claims"),
        streams=partial(generator_for, seed),
        resamples=resamples,
        keep=lambda compute: memo("claims-recipes", published, compute),
        keep_live=lambda track, questions, ask: memo(
            f"claims-live/{track}", [seed, resamples, panel_state(panels[track]), questions], ask
        ),
    )
    extra = objection_values(inputs, results, live_panels=panels)
    return {
        "items": [{**result.as_dict(), "units": dict(result.claim.units)} for result in results],
        "counts": verdict_counts(results),
        "contradictions": list_contradictions(results, ledger),
        "objections": answer_objections(results, ledger, extra=extra),
    }
