"""Compare: two to five models side by side in the reader's browser, from one small file a lab."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from generator.core import canonical_json
from generator.site.escape import http_url
from generator.site.page import Group, Page
from generator.site.view import FRONTIER_TRACKS, View

URL = "compare/"
FOLDER = "assets/data/compare"
Row = Mapping[str, Any]


def pages(view: View) -> Iterator[Page]:
    """The page, and beside it the list of models and a file a lab with scores, sources and h."""
    by_lab: dict[str, list[dict[str, Any]]] = defaultdict(list)
    listed = []
    for model in sorted(view.bundle.entities["models"], key=lambda model: model["id"]):
        described = describe(view, model)
        if described["scores"]:
            by_lab[model["lab"]].append(described)
            listed.append([model["id"], model["name"], model["lab"]])
    for lab, models in by_lab.items():
        view.extra_files[f"{FOLDER}/{lab}.json"] = canonical_json({"lab": lab, "models": models})
    view.extra_files[f"{FOLDER}/index.json"] = canonical_json(
        {
            "as_of": view.as_of,
            "models": listed,
            "axes": {
                axis: {"name": view.axis_name(axis), "unit": view.axis_unit(axis), "benchmark": facts["benchmark"]}
                for axis, facts in sorted(view.axes.items())
            },
            "tracks": [
                [track, view.track_name(track)]
                for track in dict.fromkeys((*FRONTIER_TRACKS, *view.tracks))
                if track in view.tracks
            ],
            "frontier": [track for track in FRONTIER_TRACKS if track in view.tracks],
            "labs": {lab: view.labs[lab]["name"] for lab in sorted(by_lab) if lab in view.labs},
            "items": {item["id"]: item["n_items"] for item in view.bundle.entities["benchmarks"] if item["n_items"]},
        }
    )
    body = view.render("compare.md.j2", URL, folder=FOLDER, total=len(listed), examples=examples(view, listed))
    yield Page(
        "compare/index.md",
        "Compare",
        "Two to five language models side by side: every score with source, protocol and standard error, residual h with interval.",
        body,
        hide=("toc",),
    )


def describe(view: View, model: Row) -> dict[str, Any]:
    """What the page needs of one model: facts, the chosen score of each track and axis with its source, h by track."""
    scores = [
        {
            "track": track, "axis": row["axis"], "value": row["value"], "unit": row["unit"], "stderr": row["stderr"], "n": row["n"],
            "protocol": row["protocol"], "by": row["evaluator_name"], "source": row["title"] or row["source_name"],
            "url": http_url(row["url"]), "public": row["public"],
        }
        for row in model["observations"]
        for track in row["chosen_in"]
    ]  # fmt: skip
    h = {
        track: {name: row[name] for name in ("h", "fitted", "pi_low", "pi_high", "outside", "h_se")}
        for track, row in view.h_by_model.get(model["id"], {}).items()
    }
    facts = ("id", "name", "lab", "released", "open_weights", "params")
    return {name: model[name] for name in facts} | {"scores": scores, "h": h}


def examples(view: View, listed: list[list[str]]) -> list[dict[str, str]]:
    """Two comparisons to start from: the newest models of the three largest frontier labs, and the ends of one family."""
    known = {row[0] for row in listed}
    newest: dict[str, Row] = {}
    placed = [view.models[model] for model in view.h_by_model if model in known]
    for model in sorted(placed, key=lambda model: (str(model["released_day"] or ""), model["id"])):
        newest[model["lab"]] = model
    labs = sorted(newest, key=lambda lab: -sum(model["lab"] == lab for model in placed))[:3]
    found = (
        [{"text": "Newest of three labs", "ids": ",".join(newest[lab]["id"] for lab in labs)}] if len(labs) > 1 else []
    )
    families = [family for family in view.bundle.entities["families"] if len(set(family["models"]) & known) > 1]
    if families:
        largest = max(families, key=lambda family: (family["n_models"], family["id"]))
        sized = sorted((m for m in largest["models"] if m in known), key=lambda m: view.size_of(m) or 0.0)
        found.append({"text": f"Smallest and largest {largest['name']}", "ids": f"{sized[0]},{sized[-1]}"})
    return found


GROUP = Group("compare", pages)
