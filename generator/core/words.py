"""Words that messages of every layer need."""

from __future__ import annotations


def counted(quantity: int, one: str, many: str = "") -> str:
    """``1 model``, ``34 models``; `many`: the plural, where it is not `one` and an s."""
    return f"{quantity} {one if quantity == 1 else many or one + 's'}"
