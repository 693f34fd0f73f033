"""What the pages of the steering benchmark share: status chips, shares with denominators, gains, conditions as a table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from generator.site import format, tables
from generator.site.escape import filled
from generator.site.published import no_value
from generator.site.tables import Cell, Column
from generator.site.view import View, link

Row = Mapping[str, Any]
#: status of a run → class of its chip, its words and their meaning
STATUSES = {
    "ok": ("ok", "gain over controls", "it corrects more than it breaks, and the interval of steered minus control is above zero"),
    "no_effect": ("wait", "no effect shown", "one of the two does not hold"),
    "failed": ("bad", "failed", "the run gave no figures"),
}  # fmt: skip
KINDS = (("gain", "all matched controls"), ("gain_random", "random only"), ("gain_shuffled", "label-shuffled only"))
#: how a direction is fitted (generator.steering.directions) → its words
METHODS = {
    "mean-difference": "mean difference",
    "mass-mean": "mass mean (linear discriminant)",
    "logistic-probe": "logistic probe",
    "uncentred-pca": "first component of the differences, uncentred",
    "ccs": "contrast-consistent search",
}
_SENTENCE = re.compile(r"(?<=[.!?]) +")


def steering_runs(view: View) -> list[Row]:
    """The runs of the bundle, small models first."""
    section = view.section("steering") or {}
    return sorted(
        section.get("runs", ()), key=lambda run: (run["data"]["suite"], run["model"]["parameters"], run["id"])
    )


def status_chip(status: str) -> Markup:
    kind, words, _meaning = STATUSES.get(status, ("none", status, ""))
    return filled('<span class="cw-chip cw-chip--{}">{}</span>', kind, words)


def caveat_words(text: str) -> str:
    """A stored caveat as sentences for readers: those that name fields of the result file speak of the file and are left out."""
    fields = [name for name, _words in KINDS if "_" in name]
    kept = [one for one in _SENTENCE.split(text) if not any(name in one for name in fields)]
    return format.sentence(" ".join(kept)) if kept else ""


def run_link(run: Row, base: str) -> Markup:
    return filled('<a class="cw-run" href="{}">{}</a>', link(base, f"steering/runs/{run['id']}/"), run["model"]["id"])


def method_words(name: str) -> str:
    """How a direction is fitted, in words; a method of a later version by its own name."""
    return METHODS.get(name, name.replace("-", " "))


def share(value: Any, digits: int = 1) -> str:
    """A fraction as percent."""
    return format.percent(100 * value, digits) if format.known(value) else format.MISSING


def points(value: Any) -> str:
    """A difference of fractions in percentage points."""
    return format.pp(100 * value) if format.known(value) else format.MISSING


def between(low: Any, high: Any, *, sign: bool = False) -> str:
    """An interval of fractions in percent or percentage points, without the unit."""
    return format.interval(
        100 * low if format.known(low) else None, 100 * high if format.known(high) else None, 1, sign=sign
    )


def stacked(first: str, second: str, key: Any) -> Cell:
    """A number with its interval below it."""
    return Cell(filled("{}<br><small>{}</small>", first, second), key)


def flips_cell(found: Row) -> Cell:
    """``60 of 123`` with share and Wilson interval; a reason when there is nothing it could be a share of."""
    if not found["n"]:
        return Cell(no_value("none to flip"))
    rate = found["k"] / found["n"]
    words = f"{share(rate)} {between(found['low'], found['high'])}"
    return stacked(f"{format.count(found['k'])} of {format.count(found['n'])}", words, rate)


def gain_cell(gain: Row) -> Cell:
    return stacked(points(gain["estimate"]), between(gain["low"], gain["high"], sign=True), gain["estimate"])


def gain_words(gain: Row) -> str:
    """``+18.5 pp [+11.5, +25.5]``."""
    return f"{points(gain['estimate'])} {between(gain['low'], gain['high'], sign=True)}"


def p_cell(value: Any) -> Cell:
    return Cell(format.p_short(value), value) if format.known(value) else Cell(no_value())


FLIP_COLUMNS = (
    Column("Right before", "number"),
    Column("Right after", "number"),
    Column("Corrected", "number", "wrong before, right after; of those wrong before; Wilson 95 % interval"),
    Column("Broken", "number", "right before, wrong after; of those right before; Wilson 95 % interval"),
    Column("Net, pp", "number", "corrected minus broken over all items"),
    Column("McNemar p", "number", "exact, two-sided: corrected against broken"),
)


def flips_cells(flips: Row) -> list[tables.Content]:
    """The cells under FLIP_COLUMNS."""
    return [
        Cell(share(flips["base_right"] / flips["n"]), flips["base_right"] / flips["n"])
        if flips["n"]
        else Cell(no_value()),
        Cell(share(flips["steered_right"] / flips["n"]), flips["steered_right"] / flips["n"])
        if flips["n"]
        else Cell(no_value()),
        flips_cell(flips["corrected"]),
        flips_cell(flips["broken"]),
        tables.figure(100 * flips["net"], sign=True),
        p_cell(flips["mcnemar_p"]),
    ]


def flips_table(rows: Iterable[tuple[tables.Content, Row]], *, first: str, caption: str) -> Markup:
    """One condition a row."""
    body = [[name, *flips_cells(flips)] for name, flips in rows]
    return tables.table((Column(first), *FLIP_COLUMNS), body, caption=caption, sortable=False)


def block_ticks(layers: Sequence[int], *, most: int = 8) -> list[tuple[float, str]]:
    """At most `most` evenly spaced blocks to name under an axis."""
    step = -(-len(layers) // most)
    return [(layer, str(layer)) for layer in layers[::step]]
