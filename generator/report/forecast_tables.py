"""The comparison of forecasts as tables that people can download: every held-out forecast's error, and who is in which family."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from generator.report.bundle import Field, Table
from generator.report.forecast_inputs import GROUPINGS
from generator.report.tables import OWN

ERRORS, FAMILIES = "forecasts-held-out", "forecasts-families"
_GROUPING = Field("grouping", "text", "how families are told apart: as the source of the scores does, or the registry")
_HELD_OUT = (
    _GROUPING,
    Field("family", "text", "the family held out whole; a family of the source has the name that the source gives it"),
    Field("model", "text", "model id"),
    Field("params", "number", "its parameters", "count"),
    Field("from_smallest", "text", "id of the smaller of the two models that the forecast was given"),
    Field("from_second", "text", "id of the other"),
    Field("axis", "text", "benchmark under its protocol family"),
    Field("actual", "number", "score", "percent"),
    Field("forecast", "number", "forecast of the headline model", "percent"),
    Field("low_80", "number", "lower end of its 80 % interval", "percent"),
    Field("high_80", "number", "upper end of its 80 % interval", "percent"),
)
_ROLES = "given (one of the two smallest sizes), forecast, or training (of a family too short to be held out)"
_MEMBERS = (
    Field("model", "text", "model id"),
    Field("lab", "text", "lab id of its family in the registry's grouping, else in the source's"),
    Field("params", "number", "parameters", "count"),
    *(
        field
        for name, words in (
            ("source", "family as the source of the scores writes it; the registry's where the source names none"),
            ("registry", "family id of this project's registry"),
        )
        for field in (
            Field(f"family_{name}", "text", f"{words}; empty for a model that this grouping leaves out"),
            Field(f"role_{name}", "text", f"{_ROLES}; empty for one left out, the second of its size in a family"),
        )
    ),
)


def forecast_tables(trajectories: Mapping[str, Any]) -> dict[str, Table]:
    """The two tables by name, from the part `trajectories`; none where it, or each of its groupings, has only a reason."""
    if trajectories.get("reason"):
        return {}
    found = {name: one for name in GROUPINGS if not (one := trajectories["groupings"][name])["reason"]}
    if not found:
        return {}
    return {ERRORS: _errors(found, headline=str(trajectories["headline"]["model"])), FAMILIES: _families(found)}


def _errors(groupings: Mapping[str, Mapping[str, Any]], *, headline: str) -> Table:
    titles = {entry["name"]: entry["title"] for found in groupings.values() for entry in found["leaderboard"]}
    judged = [name for name in titles if any(name in found["forecasts"] for found in groupings.values())]
    parts = []
    for name, found in groupings.items():
        rows = pd.DataFrame(found["held_out"]).rename(columns={"observed": "actual"})
        given = {one["family"]: one["models"] for one in found["families"]}
        rows.insert(0, "grouping", name)
        rows["from_smallest"] = [given[family][0] for family in rows["family"]]
        rows["from_second"] = [given[family][1] for family in rows["family"]]
        misses = {
            f"error_{model}": (pd.Series(values) - rows["actual"]).round(8)
            for model, values in found["forecasts"].items()
        }
        parts.append(pd.concat([rows, pd.DataFrame(misses)], axis=1))
    fields = (
        *_HELD_OUT,
        *(
            Field(f"error_{name}", "number", f"forecast minus score: {titles[name]}", "pp")
            for name in sorted(judged, key=lambda name: name != headline)
        ),
    )
    frame = pd.concat(parts, ignore_index=True).reindex(columns=[field.name for field in fields])
    description = (
        "One row a held-out score from the third size on, families held out, with the error of every forecasting model. The mean of "
        "the absolute values of a column, over the rows of one grouping, is the error of that model on the Forecasts page; score plus "
        "error is its forecast."
    )
    return Table(ERRORS, "Forecasts: errors on held-out families", description, fields, frame, OWN)


def _families(groupings: Mapping[str, Mapping[str, Any]]) -> Table:
    rows: dict[str, dict[str, Any]] = {}
    for name, found in groupings.items():
        for member in found["members"]:
            row = rows.setdefault(member["model"], {"model": member["model"], "params": member["params"]})
            row |= {f"family_{name}": member["family"], f"role_{name}": member["role"], "lab": member["lab"]}
    names = [field.name for field in _MEMBERS]
    frame = pd.DataFrame([rows[model] for model in sorted(rows)]).reindex(columns=names)
    texts = [field.name for field in _MEMBERS if field.type == "text"]
    frame[texts] = frame[texts].fillna("")
    description = (
        "Which family each model of the comparison belongs to, as the source of the scores tells families apart and as this project's "
        "registry does, and what it is there."
    )
    return Table(FAMILIES, "Forecasts: the families compared", description, _MEMBERS, frame, OWN)
