"""A key/value cache that grows in place: the library's copies all of itself for every new token."""

from __future__ import annotations

from typing import Any

import torch
from transformers.cache_utils import DynamicLayer


class RoomyLayer(DynamicLayer):
    """Keys and values (rows, heads, positions, size) as views of buffers with free positions at their end."""

    def __init__(self, keys: torch.Tensor, values: torch.Tensor, *, room: int) -> None:
        super().__init__()
        self.dtype, self.device, self.is_initialized = keys.dtype, keys.device, True
        self._key_buffer, self._value_buffer = _buffer(keys, room), _buffer(values, room)
        self.keys, self.values = (
            self._key_buffer[:, :, : keys.shape[2]],
            self._value_buffer[:, :, : values.shape[2]],
        )

    def update(self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        assert self.keys is not None
        start = self.keys.shape[2]
        stop = start + key_states.shape[2]
        replaced = self.keys.data_ptr() != self._key_buffer.data_ptr()  # by a reordering
        if replaced or stop > self._key_buffer.shape[2]:
            return super().update(key_states, value_states, *args, **kwargs)
        self._key_buffer[:, :, start:stop] = key_states
        self._value_buffer[:, :, start:stop] = value_states
        self.keys, self.values = self._key_buffer[:, :, :stop], self._value_buffer[:, :, :stop]
        return self.keys, self.values


def with_room(cache: Any, *, room: int) -> None:
    """Give every plain layer of a filled cache space for `room` further positions; other kinds of layer stay as they are."""
    for index, layer in enumerate(getattr(cache, "layers", None) or []):
        keys = getattr(layer, "keys", None)
        if type(layer) in (DynamicLayer, RoomyLayer) and isinstance(keys, torch.Tensor) and keys.ndim == 4:
            cache.layers[index] = RoomyLayer(keys, layer.values, room=room)


def _buffer(states: torch.Tensor, room: int) -> torch.Tensor:
    rows, heads, positions, size = states.shape
    buffer = states.new_empty(rows, heads, positions + room, size)
    buffer[:, :, :positions] = states
    return buffer
