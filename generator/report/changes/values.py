"""When two numbers are the same, and texts for values of any kind."""

from __future__ import annotations

import math
from typing import Any

#: Relative difference below which two numbers are one number computed by two machines.
SAME = 1e-9


def same(old: Any, new: Any) -> bool:
    """Equality; numbers within SAME of each other are equal, None only equals None."""
    if isinstance(old, int | float) and isinstance(new, int | float):
        return math.isclose(old, new, rel_tol=SAME, abs_tol=SAME)
    return bool(old == new)


def finite(value: Any) -> float | None:
    """A finite number as float, or None (NaN stands for an empty cell of a table)."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def text(value: Any) -> str:
    """A field of a file as text; '' for none."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.10g}"
    return str(value)


def difference(old: float | None, new: float | None) -> float | None:
    return None if old is None or new is None else new - old
