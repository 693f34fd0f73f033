"""The model under test: loaded from the demo ladder, a local folder or the hub, with every way to fail named."""

from __future__ import annotations

import inspect
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch

from generator.steering.errors import SteeringError
from generator.steering.layers import Blocks, find_blocks

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
Result = TypeVar("Result")
# asked for by `repeatable`; read once, when the first matrix product runs on a GPU
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")


@dataclass(frozen=True)
class Subject:
    """A causal LM with its tokenizer and decoder blocks.

    id and revision name the weights (a hub commit, or a content hash for local files); pad_note says which token
    pads a batch and why.
    """

    model: Any
    tokenizer: Any
    blocks: Blocks
    id: str
    revision: str
    pad_id: int
    pad_note: str

    @property
    def device(self) -> torch.device:
        return next(self.model.parameters()).device

    @property
    def dtype(self) -> str:
        return str(next(self.model.parameters()).dtype).removeprefix("torch.")

    @property
    def parameters(self) -> int:
        return sum(parameter.numel() for parameter in self.model.parameters())

    @property
    def keeps_logits(self) -> bool:
        """The forward pass can return the logits of the last positions only."""
        return "logits_to_keep" in inspect.signature(self.model.forward).parameters

    @property
    def shares_cache(self) -> bool:
        """The prompt's cache can be copied to several answers (recurrent states cannot)."""
        return not getattr(self.model, "_is_stateful", False)

    @property
    def takes_positions(self) -> bool:
        """Positions can be given, so that rows of different lengths can be continued from one padded cache."""
        return "position_ids" in inspect.signature(self.model.forward).parameters and self.shares_cache

    @property
    def longest_row(self) -> int | None:
        """Places of a row within which every position can look at every other and has its own entry in the model's tables."""
        config = self.model.config.get_text_config(decoder=True)
        names = ("sliding_window", "window_size", "attention_chunk_size", "max_position_embeddings", "n_positions")
        sizes = [getattr(config, name, None) for name in names]
        return min((size for size in sizes if isinstance(size, int)), default=None)


def make_subject(model: Any, tokenizer: Any, *, model_id: str, revision: str) -> Subject:
    """Wrap a loaded model: evaluation mode, blocks found, pad token settled."""
    model.eval()
    pad_id, note = _pad_token(tokenizer)
    return Subject(
        model=model,
        tokenizer=tokenizer,
        blocks=find_blocks(model),
        id=model_id,
        revision=revision,
        pad_id=pad_id,
        pad_note=note,
    )


def load_pretrained(model_id: str, *, revision: str | None, device: str, dtype: str, sharded: bool = False) -> Subject:
    """A model of the hub or of a local folder.

    `sharded` spreads the layers over all devices (accelerate's device map), for a model larger than one of them.
    Only safetensors weights are read, and no code that comes with a model is run.
    """
    from transformers import AutoModelForCausalLM, AutoTokenizer

    if dtype not in DTYPES:
        raise SteeringError(f"dtype: {dtype}, allowed {', '.join(DTYPES)}")
    local = Path(model_id).is_dir()
    try:
        tokenizer = AutoTokenizer.from_pretrained(model_id, revision=revision)
        model: Any = AutoModelForCausalLM.from_pretrained(
            model_id,
            revision=revision,
            dtype=DTYPES[dtype],
            use_safetensors=True,
            trust_remote_code=False,
            **({"device_map": "auto"} if sharded else {}),
        )
    except (OSError, ValueError, ImportError) as error:
        raise _named_load_fault(model_id, error, local=local) from error
    if not sharded:
        model.to(pick_device(device))  # in place
    commit = getattr(model.config, "_commit_hash", None) or revision or ("local folder" if local else "unknown")
    return make_subject(model, tokenizer, model_id=model_id, revision=commit)


def device_name(device: torch.device) -> str:
    """What a result file calls it: the card's name, or cpu."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def pick_device(name: str) -> torch.device:
    """`auto` is the GPU when there is one; a device that is not there is an error."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise SteeringError(f"device: {name}, but no CUDA device is visible", hint="pass --device cpu or --device auto")
    try:
        return torch.device(name)
    except RuntimeError:
        raise SteeringError(f"device: {name!r} is not one", hint="allowed: auto, cpu, cuda, cuda:0, …") from None


@contextmanager
def repeatable(device: torch.device) -> Iterator[None]:
    """Sums in the same order every time: a GPU adds with `index_add` in any order unless told otherwise, so that two equal
    passes would differ in the last bit. On a CPU nothing changes.
    """
    if device.type != "cuda":
        yield
        return
    settings: Any = torch.utils.deterministic
    before = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    filled = settings.fill_uninitialized_memory
    torch.use_deterministic_algorithms(True, warn_only=True)
    settings.fill_uninitialized_memory = False  # nothing here reads memory that was not written
    try:
        with warnings.catch_warnings():
            # integer cumsum and the like: no other order gives another result
            warnings.filterwarnings("ignore", message=".*does not have a deterministic implementation")
            yield
    finally:
        torch.use_deterministic_algorithms(before[0], warn_only=before[1])
        settings.fill_uninitialized_memory = filled


def halving(work: Callable[[int], Result], *, rows: int) -> Result:
    """Run `work(rows)`; after an out-of-memory error try half as many rows, down to one, then say what to pass."""
    while True:
        try:
            return work(rows)
        except torch.OutOfMemoryError:
            if rows == 1:
                raise SteeringError(
                    "out of memory with a batch of one row",
                    hint="pass --dtype bfloat16, a smaller model, or --sharded to spread the layers over several devices",
                ) from None
        rows = max(rows // 2, 1)
        if torch.cuda.is_available():  # out here, where the error holds no tensor of the failed attempt any more
            torch.cuda.empty_cache()


def _pad_token(tokenizer: Any) -> tuple[int, str]:
    if tokenizer.pad_token_id is not None:
        return int(tokenizer.pad_token_id), "the tokenizer's own pad token"
    for name in ("eos_token_id", "bos_token_id", "unk_token_id"):
        value = getattr(tokenizer, name, None)
        if value is not None:
            return int(value), f"no pad token; {name.removesuffix('_id')} pads, masked out"
    raise SteeringError(
        "tokenizer: no pad, end, begin or unknown token to pad a batch with",
        hint="set tokenizer.pad_token and save the tokenizer beside the model",
    )


def _named_load_fault(model_id: str, error: Exception, *, local: bool) -> SteeringError:
    text = f"{type(error).__name__}: {error}".lower()
    chain = [text]
    cause: BaseException | None = error.__cause__ or error.__context__
    while cause is not None:
        chain.append(f"{type(cause).__name__}: {cause}".lower())
        cause = cause.__cause__ or cause.__context__
    whole = " ".join(chain)
    if local:
        return SteeringError(
            f"{model_id}: cannot be loaded as a causal language model: {error}",
            hint="the folder needs config.json, tokenizer files and safetensors weights",
        )
    if "gated" in whole or "401" in whole or "403" in whole:
        return SteeringError(
            f"{model_id}: the hub refuses access (gated or private)",
            hint="accept the licence on the model page and set HF_TOKEN",
        )
    offline = (
        "offline",
        "connection",
        "couldn't connect",
        "could not connect",
        "localentrynotfound",
        "proxy",
        "resolve",
    )
    if any(word in whole for word in (*offline, "socket")):
        return SteeringError(
            f"{model_id}: not in the local cache, and the hub cannot be reached",
            hint="download it once with a network, or pass a local folder; the demo ladder needs no network",
        )
    if "404" in whole or "not a valid model identifier" in whole or "repo id" in whole or "not found" in whole:
        return SteeringError(
            f"{model_id}: the hub knows no such model",
            hint="write owner/name as on the hub, a local folder, or demo:m-0",
        )
    return SteeringError(f"{model_id}: cannot be loaded as a causal language model: {error}")
