"""The JSON document of each model under api/v1/models: what it is, the score each track uses, h, and every observation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.core import canonical_json
from generator.report.bundle import Bundle

FOLDER = "api/v1/models"
_FACTS = (
    "id", "name", "lab", "family", "kind", "open_weights", "released", "params", "active_params", "training_tokens", "training_flop",
    "aliases", "links", "note", "scores", "h",
)  # fmt: skip
_OBSERVED = (
    "axis", "benchmark", "value", "unit", "stderr", "n", "protocol", "evaluator", "source", "title", "url", "locator", "public",
    "recorded", "chosen_in", "reasons", "note",
)  # fmt: skip


def model_documents(bundle: Bundle, base: str) -> Iterator[tuple[str, str, str]]:
    """Path, text and description of each document; `base` is the site's address."""
    for model in sorted(bundle.entities["models"], key=lambda row: str(row["id"])):
        told = canonical_json(document(model, base=base, as_of=bundle.as_of))
        yield f"{FOLDER}/{model['id']}.json", told, f"model {model['name']}"


def document(model: Mapping[str, Any], *, base: str, as_of: str) -> dict[str, Any]:
    """One model. `scores`: track, axis → value and standard error; `h`: track → residual with fit and intervals, pp."""
    facts = {name: model.get(name) for name in _FACTS}
    observations = [{name: row.get(name) for name in _OBSERVED} for row in model["observations"]]
    return {**facts, "page": f"{base}{model['page']}", "as_of": as_of, "observations": observations}
