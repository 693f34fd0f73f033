"""The live demonstration: weights in half precision, vocabulary, truth vector and random vectors for a browser.

One binary file of little-endian float16 numbers and one JSON file that says where each array lies; reference logits,
computed here from exactly those float16 weights, let a twin in another language be checked.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from generator.core import canonical_json, sha256_bytes, write_atomic
from generator.steering.checkpoints import load_portable_state, portable_state
from generator.steering.controls import random_directions
from generator.steering.data import ChoiceItem
from generator.steering.demo import choice_item
from generator.steering.directions import Direction
from generator.steering.layers import Edit, steering
from generator.steering.subject import Subject, make_subject
from generator.steering.train import Recipe, build_model
from generator.steering.world import RELIABLE_CUES, UNMARKED_CUE, UNRELIABLE_CUES, VOCABULARY, World

RANDOM_VECTORS = 8
REFERENCE_PROMPTS = 12


def export_live(
    subject: Subject, recipe: Recipe, direction: Direction, *, strength: float, folder: Path, seed: int = 0
) -> dict[str, int]:
    """Write model.bin, model.json and reference.json; returns their sizes in bytes."""
    half = _halved(subject, recipe)
    length = direction.info.residual_norm
    randoms = random_directions(subject.blocks.width, count=RANDOM_VECTORS, rng=np.random.default_rng([seed, 50]))
    vectors = {"vector.truth": direction.vector * length}
    vectors |= {f"vector.random-{index}": vector * length for index, vector in enumerate(randoms)}
    weights = {name: value.numpy() for name, value in portable_state(half.model).items()}
    blob, layout = _packed({**weights, **vectors})
    layer = direction.info.layer
    header = {
        "format": "capewatch-live-model/1",
        "model": subject.id,
        "revision": subject.revision,
        "dtype": "float16, little-endian; offsets count numbers, not bytes",
        "sha256": sha256_bytes(blob),
        "config": _config(half.model),
        "vocabulary": list(VOCABULARY),
        "arrays": layout,
        "steering": {
            "layer": layer,
            "point": direction.info.point,
            "positions": "from the last prompt token on",
            "strength": strength,
            "residual_norm": length,
            "note": "vectors are stored at the length of the residual norm; add strength × vector",
        },
        "facts": _facts(recipe.world()),
    }
    stored = {name: np.asarray(vector, dtype="<f2").astype(np.float32) for name, vector in vectors.items()}
    reference = _reference(half, recipe.world(), stored, layer=layer, strength=strength)
    files = {
        "model.bin": blob,
        "model.json": canonical_json(header).encode(),
        "reference.json": canonical_json(reference).encode(),
    }
    for name, content in files.items():
        write_atomic(folder / name, content)
    return {name: len(content) for name, content in files.items()}


def _packed(arrays: dict[str, np.ndarray]) -> tuple[bytes, dict[str, dict[str, Any]]]:
    """All arrays one after another as float16, and where each begins (in numbers) with its shape."""
    blob, layout = bytearray(), {}
    for name, array in arrays.items():
        data = np.ascontiguousarray(array, dtype="<f2")
        layout[name] = {"offset": len(blob) // 2, "shape": list(data.shape)}
        blob.extend(data.tobytes())
    return bytes(blob), layout


def _halved(subject: Subject, recipe: Recipe) -> Subject:
    """The same model with every weight rounded to float16 and computed in float32, as a browser would."""
    model = build_model(recipe)
    load_portable_state(model, {name: value.half().float() for name, value in portable_state(subject.model).items()})
    return make_subject(model, subject.tokenizer, model_id=subject.id, revision=subject.revision)


def _config(model: Any) -> dict[str, Any]:
    config = model.config
    return {
        "architecture": "gpt_neox",
        "width": config.hidden_size,
        "blocks": config.num_hidden_layers,
        "heads": config.num_attention_heads,
        "hidden": config.intermediate_size,
        "vocabulary": config.vocab_size,
        "activation": config.hidden_act,
        "parallel_residual": config.use_parallel_residual,
        "layer_norm_epsilon": config.layer_norm_eps,
        "rotary_share": config.rope_parameters["partial_rotary_factor"],
        "rotary_base": config.rope_parameters["rope_theta"],
    }


def _facts(world: World) -> list[dict[str, Any]]:
    """Test facts with truth and misconception, for choosing a question."""
    return [
        {"town": f.town, "relation": f.relation, "truth": f.truth, "misconception": f.misconception}
        for f in world.split("test")
    ]


def _reference(
    half: Subject, world: World, vectors: dict[str, np.ndarray], *, layer: int, strength: float
) -> dict[str, Any]:
    """Logits of the last position (vocabulary,) for a few prompts: unsteered, under the truth and a random vector."""
    cues = (UNMARKED_CUE, RELIABLE_CUES[0], UNRELIABLE_CUES[0])
    items: list[ChoiceItem] = [
        choice_item(fact, cue=cues[index % 3]) for index, fact in enumerate(world.split("test")[:REFERENCE_PROMPTS])
    ]
    cases = []
    for item in items:
        tokens = half.tokenizer(item.prompt)["input_ids"]
        for name in ("none", "vector.truth", "vector.random-0"):
            edits = []
            if name != "none":
                edits = [Edit(torch.from_numpy(vectors[name] * np.float32(strength)), layer, "after", len(tokens) - 1)]
            with torch.inference_mode(), steering(half.blocks, edits, cached=False):
                logits = half.model(input_ids=torch.tensor([tokens]), use_cache=False).logits[0, -1]
            cases.append(
                {
                    "prompt": item.prompt,
                    "tokens": tokens,
                    "vector": name,
                    "logits": [round(value, 5) for value in logits.double().tolist()],
                }
            )
    return {"layer": layer, "strength": strength, "tolerance": 1e-3, "cases": cases}
