"""Faults of the steering benchmark that a user can cause or meet; all print as one message with a hint."""

from __future__ import annotations

from types import ModuleType

from generator.core import CapewatchError

INSTALL_HINT = 'pip install "capewatch[steer]"'


class SteeringError(CapewatchError):
    """Something about the model, the data, the vector or the device of a steering run."""


class UsageFault(SteeringError):
    """The command was called with a value it does not take."""

    exit_code = 2


def require_torch() -> ModuleType:
    """The torch module, or an error that says how to install it together with transformers."""
    try:
        import torch
        import transformers  # noqa: F401  (both or neither: one message for the pair)
    except ImportError as error:
        raise SteeringError(
            f"the steering benchmark needs {error.name}, which is not installed", hint=INSTALL_HINT
        ) from None
    return torch
