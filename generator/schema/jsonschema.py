"""JSON Schemas of the files people write, for completion and checks in an editor."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel

from generator.core import canonical_json, write_if_changed
from generator.schema.claim import Claim, Contradictions, Objections
from generator.schema.prediction import Prediction
from generator.schema.registry import FILES, FOLDERS

#: Types of files that are loaded on their own and not with the registry.
PREDICTION_FILES = ((Prediction, "prediction"),)
CLAIM_FILES = ((Claim, "claim"), (Contradictions, "contradictions"), (Objections, "objections"))


def schema_texts() -> dict[str, str]:
    """File name under data/schema/ -> text. Made from the typed models; never edited by hand."""
    texts = {}
    kinds: list[tuple[type[BaseModel], str]] = [*FOLDERS.values(), *FILES.values(), *CLAIM_FILES, *PREDICTION_FILES]
    for kind, name in kinds:
        schema = kind.model_json_schema()
        schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
        schema["$id"] = f"{name}.schema.json"
        texts[f"{name}.schema.json"] = canonical_json(schema, indent=1)
    return texts


def write_schemas(root: Path) -> list[Path]:
    """Write data/schema/; returns the files whose bytes changed."""
    folder = root / "data" / "schema"
    return [folder / name for name, text in schema_texts().items() if write_if_changed(folder / name, text)]


def stale_schemas(root: Path) -> list[str]:
    """Names of schema files that no longer match the typed models."""
    folder = root / "data" / "schema"
    return [
        name
        for name, text in schema_texts().items()
        if not (folder / name).is_file() or (folder / name).read_text(encoding="utf-8") != text
    ]
