"""The numbers of a claim in words: data files name them by short ids (``google.slope``), pages say what they are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from generator.site import format
from generator.site.view import View

#: Parts of an id that are no word by themselves.
_WORDS = {
    "n": "number of models", "n_core": "number of core models",
    "mean_mae": "mean of mean absolute errors", "median_mae": "median of mean absolute errors",
    "mean_mape": "mean of mean absolute errors, % of the score",
    "of": "number judged", "correct": "number right", "r": "r", "r2": "R²", "p": "p", "nc": "Nc", "gamma": "γ12",
    "gammas": "γ12 of each interval", "kappa": "κ", "mae": "mean absolute error", "mape": "mean absolute error, % of the score",
    "se": "standard error", "sd": "standard deviation", "gpqa": "GPQA", "swe": "SWE-bench", "hle": "HLE", "ifeval": "IFEval",
    "readme": "README", "sigma": "σ", "sigma1": "first singular value", "sigma2": "second singular value", "alpha": "α", "beta": "β",
    "lofo": "one family left out", "cv": "coefficient of variation", "d_eff": "d_eff", "d_rep": "d_rep",
    "hellaswag": "HellaSwag",
    "truthfulqa": "TruthfulQA", "opt": "OPT", "drop_percent": "fall of the coupling", "readme_drop": "fall of the coupling in the README",
    "below_swe": "models below the curve over SWE-bench", "below_gpqa": "models below the curve over GPQA",
    "at_gpqa": "models on the curve over GPQA", "no-tier": "without compute tiers", "below_half": "below one half",
    "chance_of_4e-5": "chance of 4 × 10⁻⁵", "chance_of_9e-5_or_more": "chance of 9 × 10⁻⁵ or more",
}  # fmt: skip
_FLOOR = re.compile(r"swe-(\d+)")
_YEAR = re.compile(r"released-(20\d\d)")
_WITHOUT = "without-"
_SIZE = re.compile(r"(\d+(?:\.\d+)?)([bm])")
#: A count of models outside a band of h.
_OUTSIDE = re.compile(r"outside_(\d+(?:\.\d+)?)")
_PERCENT = re.compile(r"(?<=\d) ?%(?!\d)")
#: At the last dot that is not a decimal point.
_PARTED = re.compile(r"(.+)\.(?!\d)(.+)")
SHOWN_VALUES = 6
_LARGE = 1e6  # from here on four figures or a power of ten, not decimal places
_NONE = "none"
_ENDS = 2  # of a range
#: Units of differences and errors, which a series that stands for one printed number has too; a series of another thing than that
#: number is (γ12 beside a size) has not its unit.
_DIFFERENCES = ("pp", "%")
#: Last parts of names that have a unit of their own, or none, whatever the printed numbers of their claim have.
_OTHER_UNITS = {"n", "of", "correct", "r", "r2", "p", "slope", "ratio"}
#: What an id may be: a whole word, not inside the name of a file or a longer word.
_TOKEN = re.compile(r"(?<![\w./_-])\w(?:[\w.-]*\w)?(?![\w/_-]|\.\w)")
#: Families that the papers alone make of models whose makers' families are narrower.
PAPER_FAMILIES = {
    "gpt-neo-with-j-neox": "GPT-Neo with J and NeoX",
    "gpt-neox-line": "GPT-NeoX line",
    "mistral": "Mistral",
    "phi": "Phi",
    "qwen2.5": "Qwen2.5",
    "qwen3": "Qwen3",
}
#: Stands before the numbers that differ in the reason of a verdict (generator.analysis.claims.verdict).
_DIFFERS = "differs: "


def number_name(view: View, identity: str) -> str:
    """``google.slope`` as “Google DeepMind: slope”; models, families, labs and benchmarks by their names."""
    whole = _entity(view, identity)
    if whole:
        return whole
    head, tail = parted(identity)
    if head:
        return f"{number_name(view, head)}: {_entity(view, tail) or _words(tail)}"
    return _subset(view, identity) or _qualified(view, identity) or _words(identity)


def parted(identity: str) -> tuple[str, str]:
    """What a number is of, and the rest: ``bloom.permuted`` and ``above_0.9``; '' and the id where it is of nothing."""
    found = _PARTED.fullmatch(identity)
    return (found[1], found[2]) if found else ("", identity)


def statistic_name(view: View, name: str, *, axes: Sequence[str] = ()) -> str:
    """``slope google`` as “slope Google DeepMind”; the axes stand behind it unless the name has them."""
    words = [word for word in name.split(" ") if word != "~".join(axes)]
    said = " ".join(_group(view, word) or (view.axis_name(word) if word in view.axes else word) for word in words)
    apart = axes and not set(axes) <= set(words)
    return f"{said}: {' × '.join(view.axis_name(axis) for axis in axes)}" if apart else said


def verdict_words(view: View, item: Mapping[str, Any]) -> str:
    """Why the verdict is what it is, with the ids of the claim's numbers as names; other text as it is."""
    numbers = {one["name"] for one in item["published"]}

    def named(listed: str) -> str:
        ids = listed.split(", ")
        names = [number_name(view, one) for one in ids]
        return (
            ("; " if any(": " in name for name in names) else ", ").join(names) if numbers.issuperset(ids) else listed
        )

    text = str(item["verdict_reason"])
    others = [
        one["name"] for one in item["published"] if not one.get("headline", True) and one.get("status") == "differs"
    ]
    if others and str(item.get("verdict", "")).startswith("reproduced"):
        return f"{text}; of the others, which do not decide, {named(', '.join(others))} {'differ' if len(others) > 1 else 'differs'}"
    lead, differs, listed = text.partition(_DIFFERS)
    if differs:
        return f"{lead}{differs}{named(listed)}"
    listed, colon, reason = text.partition(": ")
    return f"{named(listed)}{colon}{reason}"


def prose(view: View, text: str) -> str:
    """A filled-in text for readers: ids of families and models as names, powers of ten and percent as everywhere on the site."""
    named = _TOKEN.sub(lambda found: _named(view, found.group()), text)
    return format.scientific(_PERCENT.sub(f"{format.NBSP}%", named))


def unit_of(item: Mapping[str, Any], name: str, found: Any) -> str:
    """Unit of a recipe's value: that of the printed number of the same name, or what the claim's file says; an integer is a count
    and has none.

    A share is a fraction. Another value that is not among the printed numbers has the unit of the one it is of (``google.all``,
    ``line.pooled``). Where all printed numbers of the claim share one unit, a range has it too, a series where it is one of
    differences, and where that is pp whatever has no reason for another.
    """
    units = {one["name"]: one["unit"] or "" for one in item["published"]}
    if isinstance(found, int):
        return ""
    if name in units:
        return units[name]
    head, _, tail = name.rpartition(".")
    for part in (name, tail):
        if part in item["units"]:
            return str(item["units"][part])
    if tail in _OTHER_UNITS or not (isinstance(found, float) or _is_range(found)):
        return ""
    if tail == "share" or tail.endswith("_share"):
        return "fraction"
    of = next((units[part] for part in (head, tail) if units.get(part)), "")
    shared = next(iter(units.values())) if len(set(units.values())) == 1 else ""
    if isinstance(found, list) and len(found) != _ENDS and shared not in _DIFFERENCES:
        return of
    return of or (shared if shared == "pp" or isinstance(found, list) else "")


def decimals(item: Mapping[str, Any], name: str, found: Any) -> int | None:
    """Decimal places for a recipe's value, those of the printed numbers it stands beside; None where these have none.

    The printed number of the same name; else those of the same kind (``google.slope`` for ``openai.slope``); else those of its unit.
    A number that is printed as a bound or as one of a range says nothing of the places.
    """
    if not isinstance(found, float):
        return None
    kind, unit = parted(name), unit_of(item, name, found)
    printed_places = [one for one in item["published"] if one["compare"] == "equal"]
    for beside in (
        lambda one: one["name"] == name,
        lambda one: kind[0] and parted(one["name"])[0] and parted(one["name"])[1] == kind[1],
        lambda one: unit and one["unit"] == unit,
    ):
        if places := [_places(one) for one in printed_places if beside(one)]:
            return max(places) or None
    return None


def _places(one: Mapping[str, Any]) -> int:
    """Decimal places of a printed number as the site writes it; 0 for a whole number and for powers of ten."""
    exponent = Decimal(one["printed"]).scaleb(2 if one["unit"] == "fraction" else 0).as_tuple().exponent
    return 0 if "e" in one["printed"] or not isinstance(exponent, int) else max(0, -exponent)


def beside_printed(view: View | None, item: Mapping[str, Any], one: Mapping[str, Any]) -> str:
    """The recomputed value of a printed number, with as many decimal places, or more where these would hide whether they agree."""
    found, unit = one["recomputed"], one["unit"]
    text = measured(view, found, unit, places=decimals(item, one["name"], found))
    return text if (text == printed(one)) == (one["status"] == "agrees") else measured(view, found, unit)


def measured(view: View | None, found: Any, unit: str | None, *, places: int | None = None) -> str:
    """A recomputed value with its unit, a fraction in percent; none where there is no value; `places`: of a number that they do not
    turn into zero, nor is written with a power of ten."""
    if unit == "fraction" and format.known(found):
        return measured(view, 100 * found, "%", places=places)
    if unit and _is_range(found) and len(found) == _ENDS:
        return f"{value(view, found[0])} to {value(view, found[1])}{format.NBSP}{unit}"
    text = value(view, found)
    if places is not None and format.known(found) and abs(found) < _LARGE and (round(found, places) or not found):
        text = format.number(found, places)
    return f"{text}{format.NBSP}{unit}" if unit and found is not None and text != _NONE else text


def printed(one: Mapping[str, Any]) -> str:
    """The number as the papers print it, with its unit, a true minus sign, percent and powers of ten as elsewhere on the site."""
    text, unit = str(one["printed"]), one["unit"]
    if unit == "fraction":
        text, unit = f"{Decimal(text).scaleb(2):f}", "%"
    text = format.scientific(text) + (f"{format.NBSP}{unit}" if unit else "")
    return format.MINUS + text[1:] if text.startswith("-") else text


def value(view: View | None, found: Any) -> str:
    """A recomputed value of any kind as text; with a view, ids of models in it become names."""
    if isinstance(found, list | tuple):
        if not found:
            return _NONE
        listed = ", ".join(value(view, item) for item in found[:SHOWN_VALUES])
        return f"[{listed}{', …' if len(found) > SHOWN_VALUES else ''}]"
    if view is not None and isinstance(found, str):
        return _subset(view, found) or " to ".join(_entity(view, part) or part for part in found.split(" to "))
    return format.words(found)


def _qualified(view: View, identity: str) -> str:
    """``qwen2.5-7b-other-file`` as “Qwen2.5-7B, other file”: an id that begins with that of a model, family or lab."""
    parts = identity.split("-")
    for end in range(len(parts) - 1, 0, -1):
        if entity := _entity(view, "-".join(parts[:end])):
            return f"{entity}, {_words('-'.join(parts[end:]))}"
    return ""


def _subset(view: View, token: str) -> str:
    """A subset of the frontier rows: by the least score on SWE-bench, by year of release, without one lab; '' for another id."""
    if found := _FLOOR.fullmatch(token):
        return f"SWE-bench at least {found[1]}{format.NBSP}%"
    if found := _YEAR.fullmatch(token):
        return f"released in {found[1]}"
    lab = view.labs.get(token.removeprefix(_WITHOUT)) if token.startswith(_WITHOUT) else None
    return f"without {lab['name']}" if lab else ""


def _is_range(found: Any) -> bool:
    return isinstance(found, list) and all(isinstance(one, float) for one in found)


def _named(view: View, token: str) -> str:
    if subset := _subset(view, token):
        return subset
    known = any(token in ids for ids in (view.families, view.models, view.published_slugs, PAPER_FAMILIES))
    return (known and _entity(view, token)) or token


def _group(view: View, identity: str) -> str:
    if identity in PAPER_FAMILIES:
        return PAPER_FAMILIES[identity]
    found = view.labs.get(identity) or view.families.get(identity)
    return str(found["name"]) if found else ""


def _entity(view: View, identity: str) -> str:
    if group := _group(view, identity):
        return group
    if identity in view.benchmarks:
        return str(view.benchmarks[identity]["name"])
    name = view.model_name(identity)
    if name != identity:
        return name
    return view.published_slugs.get(identity) or view.model_slugs.get(identity, "")


def _words(token: str) -> str:
    if token in _WORDS:
        return _WORDS[token]
    if band := _OUTSIDE.fullmatch(token):
        return f"models outside ±{band[1]}{format.NBSP}pp"
    size = _SIZE.fullmatch(token)
    if size:
        return f"{size[1]} {size[2].upper()}"
    parts = re.split(r"[_-]", token)
    # Inside an id “of” is the word; alone it is how many were judged.
    return " ".join(part if part in (token, "of") else _words(part) for part in parts) or token
