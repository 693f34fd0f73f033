"""Hugging Face Hub: parameters, hidden size and layers of named models, from the model API and config.json. Facts only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from generator.sources.capture import Capture, Parsed
from generator.sources.client import Client
from generator.sources.readers import tree
from generator.sources.rows import Rows

VERSION = "hf-models/1"
API = "https://huggingface.co/api/models/{model}"
CONFIG = "https://huggingface.co/{model}/resolve/main/config.json"
_HIDDEN = ("hidden_size", "n_embd", "d_model", "dim")
_LAYERS = ("num_hidden_layers", "n_layer", "num_layers", "n_layers")


def fetch(client: Client, options: Mapping[str, Any]) -> list[Capture]:
    """Two files a model of option ``models`` (``<org>/<model>``)."""
    captures = []
    for model in options.get("models", ()):
        captures.append(client.get(API.format(model=model), name=f"api/{model}.json", accept=("application/json",)))
        accept = ("application/json", "text/plain", "application/octet-stream")
        captures.append(client.get(CONFIG.format(model=model), name=f"config/{model}.json", accept=accept))
    return captures


def parse(captures: Sequence[Capture]) -> Parsed:
    """Captures are named ``api/<model>.json`` or ``config/<model>.json``; there are no observations."""
    rows = Rows()
    for capture in captures:
        kind, _, rest = capture.name.partition("/")
        if kind not in ("api", "config") or not rest.endswith(".json"):
            rows.reject(capture.name, "unknown-file")
            continue
        content = tree(rows, capture.name, capture.data)
        if content is None:
            continue
        if not isinstance(content, dict):
            rows.reject(capture.name, "unknown-shape", "not an object")
            continue
        values = _api(content) if kind == "api" else _config(content)
        if not any(value is not None for value, _ in values.values()):
            rows.reject(capture.name, "no-facts", "none of the fields is there")
        for field, (value, unit) in values.items():
            rows.fact(
                locator=capture.name, model=rest.removesuffix(".json"), field=field, value=value, unit=unit
            )  # fmt: skip
    return rows.finish()


def _api(content: Mapping[str, Any]) -> dict[str, tuple[Any, str]]:
    tensors = content.get("safetensors")
    return {"parameters": (tensors.get("total") if isinstance(tensors, dict) else None, "count")}


def _config(content: Mapping[str, Any]) -> dict[str, tuple[Any, str]]:
    """Multimodal models keep their language model under text_config."""
    inner = content.get("text_config")
    config = inner if isinstance(inner, dict) else content
    architectures = content.get("architectures")
    first = architectures[0] if isinstance(architectures, list) and architectures else None
    return {
        "hidden_size": (next((config[name] for name in _HIDDEN if name in config), None), "count"),
        "layers": (next((config[name] for name in _LAYERS if name in config), None), "count"),
        "architecture": (first, "text"),
    }
