"""The tables people can download, each with fields, units and licence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from generator.panel import Observations, Panel
from generator.panel.observations import PROTOCOL_COLUMNS
from generator.report.bundle import Field, Table
from generator.schema import Registry

OWN = "CC BY 4.0 (compilation); each observation keeps the licence of its source"
_MODEL = Field("model", "text", "model id")
_GAMMA_FIELDS = (
    Field("family", "text", "family id"),
    Field("model_from", "text", "smaller model"),
    Field("model_to", "text", "larger model"),
    Field("n_from", "number", "parameters of the smaller model", "count"),
    Field("n_to", "number", "parameters of the larger model", "count"),
    Field("n_mid", "number", "geometric mean of the two sizes", "count"),
    Field("dx", "number", "change of the first benchmark", "pp"),
    Field("dy", "number", "change of the second benchmark", "pp"),
    Field("se_dx", "number", "standard error of dx from the item counts", "pp"),
    Field("se_dy", "number", "standard error of dy from the item counts", "pp"),
    Field("gamma", "number", "local coupling γ12 = dy/dx", "pp/pp"),
    Field("gamma_low", "number", "lower end of the 95 % Fieller set; empty when unbounded", "pp/pp"),
    Field("gamma_high", "number", "upper end of the 95 % Fieller set; empty when unbounded", "pp/pp"),
    Field("shape", "text", "form of the Fieller set: interval, outside (everything but an interval) or all"),
    Field("resolved", "flag", "the 95 % set excludes 0"),
    Field("phase", "text", "phase of the estimate, resolved or not: tax (γ < −0.1), transition, bonus (γ > +0.1)"),
    Field("p_tax", "number", "probability of the tax phase given sampling error", "share"),
    Field("p_transition", "number", "probability of the transition phase", "share"),
    Field("p_bonus", "number", "probability of the bonus phase", "share"),
    Field("usable", "flag", "γ exists and the size grows"),
    Field("note", "text", "what is odd about the interval"),
)
_H_FIELDS = (
    _MODEL,
    Field("lab", "text", "lab id"),
    Field("released", "text", "release, as precise as known"),
    Field("x", "number", "SWE-bench Verified", "percent"),
    Field("y", "number", "GPQA Diamond", "percent"),
    Field("fitted", "number", "GPQA Diamond that the population line gives", "percent"),
    Field("h", "number", "residual: score minus fitted", "pp"),
    Field("ci_low", "number", "lower end of the 95 % interval of the line", "percent"),
    Field("ci_high", "number", "upper end of the 95 % interval of the line", "percent"),
    Field("pi_low", "number", "lower end of the 95 % prediction interval", "percent"),
    Field("pi_high", "number", "upper end of the 95 % prediction interval", "percent"),
    Field("outside", "flag", "the score lies outside the prediction interval"),
    Field("h_left_out", "number", "residual against the line fitted without this model", "pp"),
    Field("h_se", "number", "sampling error of h", "pp"),
    Field("label", "text", "reasoning-rich (h > 5), balanced, coding-first (h < −5)"),
)
_LAB_FIELDS = (
    Field("lab", "text", "lab id"),
    Field("n", "number", "models with both scores", "count"),
    Field("mean_h", "number", "mean residual", "pp"),
    Field("low", "number", "lower end of the 95 % interval of the mean, Student t", "pp"),
    Field("high", "number", "upper end of the 95 % interval of the mean, Student t", "pp"),
    Field("pooled_h", "number", "partially pooled lab effect", "pp"),
    Field("pooled_low", "number", "lower end of its 95 % interval", "pp"),
    Field("pooled_high", "number", "upper end of its 95 % interval", "pp"),
    Field("slope", "number", "slope within the lab", "pp/pp"),
    Field("slope_low", "number", "lower end of its 95 % interval", "pp/pp"),
    Field("slope_high", "number", "upper end of its 95 % interval", "pp/pp"),
    Field("models_outside", "number", "models outside the 95 % prediction interval", "count"),
)
_FAMILY_FIELDS = (
    Field("family", "text", "family id"),
    Field("n", "number", "models with both scores", "count"),
    Field("r", "number", "Pearson correlation within the family"),
    Field("low", "number", "lower end of its 95 % interval, Fisher z"),
    Field("high", "number", "upper end of its 95 % interval, Fisher z"),
    Field("p_permutation", "number", "permutation p, two-sided"),
    Field("p_floor", "number", "smallest p that this many models can give"),
    Field("reason", "text", "why there is no number"),
)


def tables(
    registry: Registry,
    observations: Observations,
    panels: Mapping[str, Panel],
    frames: Mapping[str, pd.DataFrame],
    models: list[dict[str, Any]],
    *,
    names: Mapping[str, str],
) -> dict[str, Table]:
    """Every table of the bundle by name; `names` are those of the panels that are no track."""
    units = {entry.value.id: entry.value.unit for entry in registry.benchmarks.values()}
    scores = observations.table.assign(
        unit=observations.table["benchmark"].map(units), uncited=observations.table["uncited"] == "true"
    )
    finished = scores["step"] == ""
    made = [
        _models_table(models),
        _observations_table("observations", scores[finished], "Observations", "Every score with its source."),
        _observations_table(
            "checkpoints",
            scores[~finished],
            "Training checkpoints",
            "Scores of intermediate checkpoints, which no panel uses.",
        ),
        _unmatched_table(observations),
        *(
            _panel_table(panel, names.get(panel.track) or registry.tracks[panel.track].name)
            for panel in panels.values()
        ),
    ]
    described = {
        "gamma": ("Local coupling γ12", "One row an interval between consecutive sizes of a family.", _GAMMA_FIELDS),
        "hfield": ("h-field", "Residual of each model from the population line of GPQA on SWE-bench.", _H_FIELDS),
        "labs": ("Labs about the population line", "Mean residual and own slope of each lab.", _LAB_FIELDS),
        "families": ("Coupling within families", "HellaSwag against TruthfulQA in each family.", _FAMILY_FIELDS),
    }
    for name, frame in frames.items():
        kind, track = name.split("-", 1)
        title, description, fields = described[kind]
        title = f"{title}: {names.get(track) or registry.tracks[track].name}"
        made.append(Table(name, title, description, fields, _select(frame, fields), OWN))
    return {table.name: table for table in sorted(made, key=lambda table: table.name)}


def _select(frame: pd.DataFrame, fields: tuple[Field, ...]) -> pd.DataFrame:
    return frame.reindex(columns=[item.name for item in fields]).reset_index(drop=True)


def _models_table(models: list[dict[str, Any]]) -> Table:
    fields = (
        Field("id", "text", "model id"),
        Field("name", "text", "name"),
        Field("lab", "text", "lab id"),
        Field("family", "text", "family id"),
        Field("kind", "text", "base or chat"),
        Field("released", "text", "release, as precise as known"),
        Field("open_weights", "flag", "weights are public"),
        Field("params", "number", "parameters", "count"),
        Field("active_params", "number", "parameters active per token", "count"),
        Field("d_model", "number", "hidden size", "count"),
        Field("n_layers", "number", "layers", "count"),
        Field("training_tokens", "number", "training tokens", "count"),
        Field("training_flop", "number", "training compute", "FLOP"),
        Field("observations", "number", "observations recorded", "count"),
    )
    frame = pd.DataFrame([{**model, "observations": len(model["observations"])} for model in models])
    return Table("models", "Models", "Every model, one row each.", fields, _select(frame, fields), OWN)


def _observations_table(name: str, rows: pd.DataFrame, title: str, description: str) -> Table:
    fields = (
        _MODEL,
        Field("benchmark", "text", "benchmark id"),
        Field("axis", "text", "benchmark under its protocol family; empty when the protocol says too little"),
        Field("value", "number", "score", "unit of the benchmark (percent for bounded ones)"),
        Field("unit", "text", "unit of value and standard error: that of the benchmark"),
        Field("stderr", "number", "standard error", "unit of the benchmark"),
        Field("n", "number", "items behind the score", "count"),
        *(Field(name, "text", f"protocol: {name}") for name in PROTOCOL_COLUMNS),
        Field("step", "text", "training step of an intermediate checkpoint"),
        Field("evaluator", "text", "maker, or the id of a third party"),
        Field("source", "text", "source id; data-models for a model file"),
        Field("title", "text", "title of the source"),
        Field("url", "text", "address of the source"),
        Field("via", "text", "relay through which it is known"),
        Field("published", "text", "day the score became public, as precise as known"),
        Field("recorded", "day", "day it was recorded here"),
        Field("public", "day", "day it counts from: published, else recorded; no day before the model's release"),
        Field(
            "uncited",
            "flag",
            "the page gives the number without saying where it is from; such a score yields to one that does",
        ),
        Field("locator", "text", "where it stands in the source: file and row of the pull, or place in the model file"),
    )
    return Table(name, title, description, fields, _select(rows, fields), OWN)


def _unmatched_table(observations: Observations) -> Table:
    fields = (
        Field("source", "text", "source id"),
        Field("spelling", "text", "how the source spells the model"),
        Field("rows", "number", "rows under this spelling", "count"),
        Field("near", "text", "model ids that look like it"),
        Field("reason", "text", "why it is deliberately not tracked; empty when nobody decided yet"),
    )
    description = "Spellings that match no model, in rows public by the day of the report: listed, never guessed."
    frame = _select(observations.spellings, fields)
    return Table("unmatched", "Unmatched spellings", description, fields, frame, OWN)


def _panel_table(panel: Panel, name: str) -> Table:
    heads = (
        _MODEL,
        Field("name", "text", "name"),
        Field("lab", "text", "lab id"),
        Field("family", "text", "family id"),
        Field("released", "text", "release, as precise as known"),
        Field("params", "number", "parameters", "count"),
    )
    scores = []
    for axis in panel.scores.columns:
        scores.append(Field(str(axis), "number", str(panel.axes.at[axis, "name"]), str(panel.axes.at[axis, "unit"])))
        scores.append(Field(f"{axis}_se", "number", "its standard error", str(panel.axes.at[axis, "unit"])))
    frame = pd.concat([panel.models, panel.scores, panel.stderr.add_suffix("_se")], axis=1)
    frame = frame.assign(model=panel.models.index.astype(str))
    fields = (*heads, *scores)
    title = f"Panel: {name}"
    description = "One row a model, one column an axis: the scores that the track chose."
    return Table(f"panel-{panel.track}", title, description, fields, _select(frame, fields), OWN)
