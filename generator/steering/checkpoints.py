"""Small checkpoints of the demo ladder: weight matrices as 8-bit codes with one scale a row, everything else in float32.

Every evaluation reads the packed weights, also right after training, so a committed and a rebuilt checkpoint behave alike.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from generator.core import sha256_bytes, write_atomic
from generator.steering.errors import SteeringError, UsageFault
from generator.steering.subject import Subject, make_subject
from generator.steering.train import SIZES, Recipe, build_model, demo_tokenizer, train

FORMAT = "capewatch-demo-checkpoint/1"
OUTPUT_NAME = "lm_head.weight"
_OUTPUT_NAMES = (OUTPUT_NAME, "embed_out.weight")
COMMITTED = Path(__file__).resolve().parents[2] / "data" / "steering" / "checkpoints"


def default_cache() -> Path:
    """Where rebuilt checkpoints are kept: CAPEWATCH_CACHE, or the user's cache folder."""
    base = os.environ.get("CAPEWATCH_CACHE") or os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "capewatch" / "steering"


def parse_demo_id(model_id: str) -> tuple[str, int] | None:
    """`demo:m-0` → (m, 0); None for another kind of id."""
    if not model_id.startswith("demo:"):
        return None
    size, _, seed = model_id.removeprefix("demo:").partition("-")
    if size not in SIZES or not seed.isdecimal():
        raise UsageFault(
            f"model: {model_id!r} is not a rung of the demo ladder",
            hint=f"write demo:SIZE-SEED, sizes {', '.join(SIZES)}, e.g. demo:m-0",
        )
    return size, int(seed)


def portable_state(model: Any) -> dict[str, torch.Tensor]:
    """The weights under names that do not depend on the version of transformers (the output matrix has had two)."""
    return {OUTPUT_NAME if name in _OUTPUT_NAMES else name: value for name, value in model.state_dict().items()}


def load_portable_state(model: Any, state: dict[str, torch.Tensor]) -> None:
    """Load weights of `portable_state` into a model of this version."""
    own = next(name for name in model.state_dict() if name in _OUTPUT_NAMES)
    model.load_state_dict({own if name == OUTPUT_NAME else name: value for name, value in state.items()})


def pack(model: Any, recipe: Recipe) -> bytes:
    """The weights as safetensors bytes, with the recipe in the metadata."""
    from safetensors.numpy import save

    arrays: dict[str, np.ndarray] = {}
    for name, value in portable_state(model).items():
        data = value.detach().cpu().float().numpy()
        if data.ndim == 2:
            scale = np.maximum(np.abs(data).max(1), 1e-12) / 127
            arrays[f"{name}.codes"] = np.rint(data / scale[:, None]).astype(np.int8)
            arrays[f"{name}.scale"] = scale.astype(np.float32)
        else:
            arrays[name] = data
    # one metadata key: the writer does not keep the order of several
    return save(arrays, metadata={FORMAT: json.dumps(asdict(recipe), sort_keys=True)})


def unpack(data: bytes, recipe: Recipe) -> Any:
    """The model of packed bytes; they must hold exactly this recipe."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        arrays = load(data)
        size = int.from_bytes(data[:8], "little")
        metadata = json.loads(data[8 : 8 + size]).get("__metadata__", {})
    except (SafetensorError, ValueError) as error:
        raise SteeringError(
            f"demo checkpoint: not a safetensors file: {error}", hint="delete it; it will be rebuilt"
        ) from None
    if json.loads(metadata.get(FORMAT, "null")) != asdict(recipe):
        raise SteeringError("demo checkpoint: made by another recipe", hint="delete it; it will be rebuilt")
    state = {}
    for name, array in arrays.items():
        if name.endswith(".codes"):
            plain = name.removesuffix(".codes")
            state[plain] = torch.from_numpy(array.astype(np.float32) * arrays[f"{plain}.scale"][:, None])
        elif not name.endswith(".scale"):
            state[name] = torch.from_numpy(array.copy())
    model = build_model(recipe)
    load_portable_state(model, state)
    return model


def find_checkpoint(size: str, seed: int, *, cache: Path, committed: Path = COMMITTED) -> Path | None:
    """The committed or cached file of a rung, if there is one."""
    for folder in (committed, cache):
        path = folder / f"{size}-{seed}.safetensors"
        if path.is_file():
            return path
    return None


def demo_bytes(
    size: str,
    seed: int,
    *,
    cache: Path,
    committed: Path = COMMITTED,
    rebuild: bool = False,
    progress: Callable[[int], None] | None = None,
) -> bytes:
    """Packed weights of one rung: committed, cached, or trained now and cached. `rebuild` ignores what is there."""
    path = None if rebuild else find_checkpoint(size, seed, cache=cache, committed=committed)
    if path is not None:
        return path.read_bytes()
    recipe = Recipe.demo(size, seed)
    data = pack(train(recipe, progress=progress), recipe)
    write_atomic(cache / f"{size}-{seed}.safetensors", data)
    return data


def demo_subject(data: bytes, size: str, seed: int) -> Subject:
    """The rung as a subject; its revision is the hash of the packed bytes."""
    model = unpack(data, Recipe.demo(size, seed))
    return make_subject(model, demo_tokenizer(), model_id=f"demo:{size}-{seed}", revision=sha256_bytes(data)[:16])
