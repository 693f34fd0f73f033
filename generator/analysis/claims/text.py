"""Readings filled from computed values: ``{value:.3f}``, ``{recipe/value}``, ``{claim/recipe/value}``, ``{published/name}``.

A yes or no chooses between words: ``{value:is|is not}``. A list element is named by its position (``{recipe/path/0:.1f}``).
Nothing is evaluated: a placeholder is looked up, then formatted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from generator.analysis.claims.recipes import Value
from generator.core import CapewatchError, near_matches

_PLACEHOLDER = re.compile(r"\{([^{}:]+)(?::([^{}]*))?\}")


def fill(template: str, values: Mapping[str, Value], *, where: str) -> str:
    """`template` with every placeholder filled. Raises CapewatchError naming `where` for a key that is not in `values`."""

    def one(match: re.Match[str]) -> str:
        key, spec = match.group(1).strip(), match.group(2) or ""
        value = _look_up(key, values, where)
        if "|" in spec:
            if not isinstance(value, bool):
                raise CapewatchError(f"{where}: the words {spec!r} need a yes or no, and {key!r} is {shown(value, '')}")
            return spec.split("|")[0 if value else 1]
        return shown(value, spec)

    return " ".join(_PLACEHOLDER.sub(one, template).split())


def shown(value: Value, spec: str) -> str:
    """A value in words: numbers by `spec` with a true minus sign, lists joined by commas, None as ``no value``."""
    if value is None:
        return "no value"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(shown(item, spec) for item in value) or "none"
    if isinstance(value, str):
        return value
    if spec.endswith("d"):
        value = round(value)
    text = format(value, spec) if spec else f"{value:.6g}"
    return text.replace("-", "−")


def names(recomputed: Mapping[str, Mapping[str, Value]], printed: Mapping[str, str]) -> dict[str, Value]:
    """What a reading may name: recipe/value, the bare value where one recipe alone has it, and published/name."""
    found: dict[str, Value] = {f"published/{name}": text.replace("-", "−", 1) for name, text in printed.items()}
    holders: dict[str, list[str]] = {}
    for recipe, values in recomputed.items():
        for name, value in values.items():
            found[f"{recipe}/{name}"] = value
            holders.setdefault(name, []).append(recipe)
    for name, recipes in holders.items():
        if len(recipes) == 1:
            found[name] = recomputed[recipes[0]][name]
    return found


def _look_up(key: str, values: Mapping[str, Value], where: str) -> Value:
    if key in values:
        return values[key]
    head, _, position = key.rpartition("/")
    items = values.get(head)
    if isinstance(items, list) and position.isdigit() and int(position) < len(items):
        return items[int(position)]
    near = near_matches(key, values)
    raise CapewatchError(
        f"{where}: the reading names {key!r}, which no recipe yields", hint=f"near: {', '.join(near)}" if near else ""
    )
