"""Find the decoder blocks of any causal LM by structure, read the residual stream, and add a vector to it.

Blocks return a tensor or a tuple whose first entry is the residual stream, depending on the architecture; both are
handled, and the sum is always taken out of place over the whole batch (an in-place ``output[0] += v`` on a tensor
output would steer batch row 0 only).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import nn

from generator.steering.errors import SteeringError

HookPoint = Literal["before", "after"]


@dataclass(frozen=True)
class Blocks:
    """The decoder blocks in order, and where they live, e.g. ``gpt_neox.layers``."""

    path: str
    modules: tuple[nn.Module, ...]
    width: int

    def __len__(self) -> int:
        return len(self.modules)


def find_blocks(model: nn.Module) -> Blocks:
    """The ModuleList whose length is the config's number of layers; the outermost, then the heaviest, wins a tie."""
    config = _text_config(model)
    count = getattr(config, "num_hidden_layers", None)
    width = getattr(config, "hidden_size", None)
    lists = [(path, module) for path, module in model.named_modules() if isinstance(module, nn.ModuleList)]
    if not isinstance(count, int) or not isinstance(width, int):
        raise SteeringError(
            f"no decoder blocks found: the config of {type(model).__name__} has no num_hidden_layers or hidden_size",
            hint="steering needs a causal language model of transformers",
        )
    fitting = [(path, module) for path, module in lists if len(module) == count]
    if not fitting:
        found = ", ".join(f"{path} ({len(module)})" for path, module in lists) or "no ModuleList at all"
        raise SteeringError(
            f"no decoder blocks found in {type(model).__name__}: no ModuleList of {count} entries; found {found}",
            hint="steering needs a causal language model of transformers",
        )
    path, chosen = min(fitting, key=lambda entry: (entry[0].count("."), -_weight(entry[1])))
    return Blocks(path=path, modules=tuple(chosen), width=width)


@dataclass
class Edit:
    """A vector added to the residual stream.

    vector: (width,), already scaled; layer: 0-based block; point: before or after that block; first: index of the
    first steered position in the padded sequence (0 steers all), counted over the calls of one cached pass; a tensor
    (rows,) where rows padded on the right begin at positions of their own.
    """

    vector: torch.Tensor
    layer: int
    point: HookPoint = "after"
    first: int | torch.Tensor = 0


class _Adder:
    """Adds the vector to positions `first` and later; `seen` counts the positions of earlier calls when a cache is used."""

    def __init__(self, edit: Edit, *, cached: bool, seen: int = 0) -> None:
        self.edit, self.cached, self.seen = edit, cached, seen
        self._placed: torch.Tensor | None = None

    def __call__(self, hidden: torch.Tensor) -> torch.Tensor:
        placed = self._placed
        if placed is None or placed.dtype != hidden.dtype or placed.device != hidden.device:
            placed = self._placed = self.edit.vector.to(device=hidden.device, dtype=hidden.dtype)
        if isinstance(self.edit.first, torch.Tensor):
            return self._from_own_positions(hidden, placed, self.edit.first)
        start = max(self.edit.first - self.seen, 0)
        if self.cached:
            self.seen += hidden.shape[1]
        if start == 0:
            return hidden + placed
        if start >= hidden.shape[1]:
            return hidden
        return torch.cat([hidden[:, :start], hidden[:, start:] + placed], dim=1)

    def _from_own_positions(self, hidden: torch.Tensor, placed: torch.Tensor, first: torch.Tensor) -> torch.Tensor:
        """Every row from its own first position on; the rows of a cache's continuation are all steered."""
        before, self.seen = self.seen, self.seen + hidden.shape[1] if self.cached else self.seen
        if before > int(first.max()):
            return hidden + placed
        places = torch.arange(before, before + hidden.shape[1], device=hidden.device)
        steered = places[None, :, None] >= first.to(hidden.device)[:, None, None]
        return torch.where(steered, hidden + placed, hidden)


@contextmanager
def steering(blocks: Blocks, edits: Sequence[Edit], *, cached: bool, seen: int = 0) -> Iterator[None]:
    """Add every edit's vector inside the context.

    cached: the calls inside are consecutive parts of one sequence; seen: positions of it that a cache holds already.
    """
    handles = []
    try:
        for edit in edits:
            _check_edit(blocks, edit)
            adder = _Adder(edit, cached=cached, seen=seen)
            block = blocks.modules[edit.layer]
            if edit.point == "after":
                handles.append(block.register_forward_hook(_after(adder)))
            else:
                handles.append(block.register_forward_pre_hook(_before(adder), with_kwargs=True))
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def recording(
    blocks: Blocks, layers: Sequence[int], *, point: HookPoint = "after"
) -> Iterator[dict[int, torch.Tensor]]:
    """Collect the residual stream (rows, positions, width) before or after the named blocks in the last call inside."""
    seen: dict[int, torch.Tensor] = {}
    handles = []

    def keep_output(layer: int) -> Any:
        def hook(_module: nn.Module, _args: Any, output: Any) -> None:
            seen[layer] = _first(output).detach()

        return hook

    def keep_input(layer: int) -> Any:
        def hook(_module: nn.Module, args: Any, kwargs: dict[str, Any]) -> None:
            seen[layer] = (args[0] if args else kwargs["hidden_states"]).detach()

        return hook

    try:
        for layer in layers:
            block = blocks.modules[layer]
            if point == "after":
                handles.append(block.register_forward_hook(keep_output(layer)))
            else:
                handles.append(block.register_forward_pre_hook(keep_input(layer), with_kwargs=True))
        yield seen
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def raw_output(blocks: Blocks, layer: int) -> Iterator[list[Any]]:
    """What a block returned in the last call inside, tensor or tuple as it came."""
    seen: list[Any] = []

    def hook(_module: nn.Module, _args: Any, output: Any) -> None:
        seen[:] = [output]

    handle = blocks.modules[layer].register_forward_hook(hook)
    try:
        yield seen
    finally:
        handle.remove()


def candidate_layers(count: int, *, depths: int = 8) -> list[int]:
    """About `depths` block indices spread evenly over `count` blocks, the last one included."""
    if count <= depths:
        return list(range(count))
    return sorted({round((index + 1) * count / depths) - 1 for index in range(depths)})


def _after(adder: _Adder) -> Any:
    def hook(_module: nn.Module, _args: Any, output: Any) -> Any:
        if isinstance(output, tuple):
            return (adder(output[0]), *output[1:])
        return adder(output)

    return hook


def _before(adder: _Adder) -> Any:
    def hook(_module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if args:
            return (adder(args[0]), *args[1:]), kwargs
        return args, {**kwargs, "hidden_states": adder(kwargs["hidden_states"])}

    return hook


def _check_edit(blocks: Blocks, edit: Edit) -> None:
    if edit.vector.shape != (blocks.width,):
        raise SteeringError(
            f"steering vector: shape {tuple(edit.vector.shape)}, the model's residual stream takes ({blocks.width},)",
            hint="fit the direction on this model",
        )
    if not 0 <= edit.layer < len(blocks):
        raise SteeringError(f"steering layer: {edit.layer}, the model has blocks 0 to {len(blocks) - 1}")


def _first(output: Any) -> torch.Tensor:
    return output[0] if isinstance(output, tuple) else output


def _weight(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def _text_config(model: nn.Module) -> Any:
    config = getattr(model, "config", None)
    getter = getattr(config, "get_text_config", None)
    return getter(decoder=True) if getter is not None else config
