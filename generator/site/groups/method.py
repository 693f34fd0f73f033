"""Fragments of the Method page: what only the bundle knows (tracks, seed, versions)."""

from __future__ import annotations

from markupsafe import Markup

from generator.analysis import coupling, critical_scale, hfield, resample
from generator.forecasts import frontier
from generator.report import make
from generator.schema import claim
from generator.site import format, tables
from generator.site.escape import filled
from generator.site.page import Fragment, Group
from generator.site.tables import Column
from generator.site.view import View

#: Constants of the code that the page states in a sentence, as it writes them.
RULES = {
    "open-end": format.percent(100 * (1 - critical_scale.LEVEL) / 2),
    "last-digit": format.number(claim.LAST_DIGIT),
    "tax-below": format.signed(coupling.TAX_BELOW),
    "bonus-above": format.signed(coupling.BONUS_ABOVE),
    "exact-orders": format.count(resample.EXACT_PERMUTATIONS),
    "many-models": format.count(resample.MANY),
    "tabled-orders": format.count(resample.TABLED),
    "shifts": format.count(resample.SHIFTS),
    "rich-above": format.pp(hfield.LABEL_AT, 0),
    "first-below": format.pp(-hfield.LABEL_AT, 0),
    "standing-draws": format.count(make.STANDING_DRAWS),
    "least-clusters": format.count(resample.MIN_CLUSTERS),
    "least-earlier": format.count(frontier.LEAST_EARLIER),
}


def tracks(view: View, _base: str) -> str:
    """Each track: rule, evaluators in order, models."""
    names = {item["id"]: item["name"] for item in view.bundle.entities["evaluators"]} | {"maker": "the maker"}
    columns = (Column("Track"), Column("Rule"), Column("Evaluators, preferred first"), Column("Models", "number"))
    body = [
        (
            track["name"],
            filled('<span class="cw-long">{}</span>', track["description"]),
            ", ".join(names.get(item, item) for item in track["evaluators"]),
            tables.figure(float(track["n_models"]), 0),
        )
        for track in view.bundle.entities["tracks"]
    ]
    return tables.table(columns, body, caption="Tracks", sortable=False)


def efforts(view: View, _base: str) -> Markup:
    """The order in which tracks prefer efforts, one line for all tracks of one order; nothing for a track without one."""
    names: dict[tuple[str, ...], list[str]] = {}
    for track in view.bundle.entities["tracks"]:
        if order := tuple(track.get("effort_order") or ()):
            names.setdefault(order, []).append(track["name"])
    lines = (filled("<p>{}: {}.</p>", "; ".join(held), ", ".join(order)) for order, held in names.items())
    return Markup("").join(lines) or filled("<p>No track prefers one.</p>")


def versions(view: View, _base: str) -> str:
    """What this build was computed with."""
    meta = view.meta
    rows = [("capewatch", meta["version"]), *sorted(meta["dependencies"].items())]
    listed = Markup("").join(filled("<div><dt>{}</dt><dd>{}</dd></div>", name, value) for name, value in rows)
    return filled('<dl class="cw-facts">{}</dl>', listed)


def numbers(view: View, _base: str) -> str:
    """Day, seed, resamples and digest of this build."""
    meta = view.meta
    rows = (
        ("As of", meta["as_of"]), ("Seed", str(meta["seed"])), ("Resamples", format.count(meta["resamples"])),
        ("Data digest, sha256", str(meta["data_digest"])[:16]),
    )  # fmt: skip
    listed = Markup("").join(filled("<div><dt>{}</dt><dd>{}</dd></div>", name, value) for name, value in rows)
    return filled('<dl class="cw-facts">{}</dl>', listed)


def _rule(text: str) -> Fragment:
    return lambda _view, _base: text


GROUP = Group(
    "method",
    fragments={
        "method/tracks": tracks,
        "method/efforts": efforts,
        "method/versions": versions,
        "method/numbers": numbers,
        **{f"method/rule/{name}": _rule(text) for name, text in RULES.items()},
    },
)
