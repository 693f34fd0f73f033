"""The numbers of a claim in words: data files name them by short ids (``google.slope``), pages say what they are."""

from __future__ import annotations

import re
from typing import Any

from generator.site import format
from generator.site.view import View

#: Parts of an id that are no word by themselves.
_WORDS = {
    "n": "number of models", "of": "number judged", "correct": "number right", "r": "r", "r2": "R²", "p": "p", "nc": "Nc", "gamma": "γ12",
    "gammas": "γ12 of each interval", "kappa": "κ", "mae": "mean absolute error", "mape": "mean absolute error, % of the score",
    "se": "standard error", "sd": "standard deviation", "gpqa": "GPQA", "swe": "SWE-bench", "hle": "HLE", "ifeval": "IFEval",
    "readme": "README", "sigma": "σ", "sigma1": "first singular value", "sigma2": "second singular value", "alpha": "α", "beta": "β",
    "lofo": "one family left out", "cv": "coefficient of variation", "d_eff": "d_eff", "d_rep": "d_rep",
}  # fmt: skip
_SIZE = re.compile(r"(\d+(?:\.\d+)?)([bm])")
SHOWN_VALUES = 6


def number_name(view: View, identity: str) -> str:
    """``google.slope`` as “Google DeepMind: slope”; models, families, labs and benchmarks by their names."""
    whole = _entity(view, identity)
    if whole:
        return whole
    head, dot, tail = identity.rpartition(".")
    if dot and not tail[0].isdigit():
        return f"{number_name(view, head)}: {_words(tail)}"
    return _words(identity)


def statistic_name(view: View, name: str) -> str:
    """``slope google`` as “slope Google DeepMind”."""
    return " ".join(_group(view, word) or word for word in name.split(" "))


def value(view: View | None, found: Any) -> str:
    """A recomputed value of any kind as text; with a view, ids of models in it become names."""
    if isinstance(found, list | tuple):
        if not found:
            return "none"
        listed = ", ".join(value(view, item) for item in found[:SHOWN_VALUES])
        return f"[{listed}{', …' if len(found) > SHOWN_VALUES else ''}]"
    if view is not None and isinstance(found, str):
        return " to ".join(_entity(view, part) or part for part in found.split(" to "))
    return format.words(found)


def _group(view: View, identity: str) -> str:
    found = view.labs.get(identity) or view.families.get(identity)
    return str(found["name"]) if found else ""


def _entity(view: View, identity: str) -> str:
    if group := _group(view, identity):
        return group
    if identity in view.benchmarks:
        return str(view.benchmarks[identity]["name"])
    name = view.model_name(identity)
    return "" if name == identity else name


def _words(token: str) -> str:
    if token in _WORDS:
        return _WORDS[token]
    size = _SIZE.fullmatch(token)
    if size:
        return f"{size[1]} {size[2].upper()}"
    return " ".join(_words(part) if part != token else part for part in re.split(r"[_-]", token)) or token
