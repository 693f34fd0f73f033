"""The claims ledger as a section of the bundle: every claim with verdict and reading, contradictions, objections."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from generator.analysis.claims import (
    answer_objections,
    evaluate_claims,
    list_contradictions,
    objection_values,
    read_inputs,
    verdict_counts,
)
from generator.panel import Panel
from generator.schema.claim import load_claims


def claims_section(
    root: Path, panels: Mapping[str, Panel], *, rng: np.random.Generator, resamples: int
) -> dict[str, Any]:
    """The section `claims`. A project without data/claims gives empty lists."""
    if not (root / "data" / "claims").is_dir():
        return {"items": [], "counts": {}, "contradictions": [], "objections": []}
    ledger = load_claims(root)
    inputs = read_inputs(root, live=panels)
    results = evaluate_claims(inputs, ledger=ledger, live_panels=panels, rng=rng, resamples=resamples)
    extra = objection_values(inputs, results, live_panels=panels)
    return {
        "items": [result.as_dict() for result in results],
        "counts": verdict_counts(results),
        "contradictions": list_contradictions(results, ledger),
        "objections": answer_objections(results, ledger, extra=extra),
    }
