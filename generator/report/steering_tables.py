"""The steering benchmark as tables that people can download: runs, items, sweeps, controls, internals, levers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd

from generator.report.bundle import Field, Table
from generator.report.steering import Steering
from generator.steering.lever_coupling import carried_over

OWN = "CC BY 4.0"
Row = dict[str, Any]

_RUN = Field("run", "text", "run id, the folder below data/steering")
_ITEM_FIELDS = (
    _RUN,
    Field("id", "text", "item id"),
    Field("category", "text", "category of the item"),
    Field("fold", "text", "fold in which it was tested"),
    Field(
        "base_margin", "number", "log-probability of the best answer minus the best incorrect one, unsteered", "nats"
    ),
    Field("steered_margin", "number", "the same under the vector", "nats"),
    Field("base_right", "flag", "binary choice right, unsteered"),
    Field("steered_right", "flag", "binary choice right under the vector"),
    Field("base_mc1", "flag", "MC1 right, unsteered"),
    Field("steered_mc1", "flag", "MC1 right under the vector"),
    Field("base_mc2", "number", "MC2, unsteered", "0-1"),
    Field("steered_mc2", "number", "MC2 under the vector", "0-1"),
    Field("random_right", "number", "share of random controls that were right", "0-1"),
    Field("shuffled_right", "number", "share of label-shuffled controls that were right", "0-1"),
    Field("minus_right", "flag", "binary choice right under the opposite vector"),
    Field("truthful_prompt_right", "flag", "binary choice right with a prompt that asks for the truth"),
)
_GAIN_FIELDS = tuple(
    Field(f"{kind}{end}", "number", f"{words}{what}", "0-1")
    for kind, words in (
        ("gain", "steered minus mean matched control"),
        ("gain_random", "steered minus mean random control"),
        ("gain_shuffled", "steered minus mean label-shuffled control"),
    )
    for end, what in (("", ""), ("_low", ", lower 95 % bound"), ("_high", ", upper 95 % bound"))
)
_SHARE_FIELDS = tuple(
    Field(f"{kind}{end}", "number", f"{words}{what}", unit)
    for kind, words in (("corrected", "wrong before, right after"), ("broken", "right before, wrong after"))
    for end, what, unit in (
        ("", "", "count"), ("_of", ", denominator", "count"), ("_low", ", lower Wilson bound", "0-1"),
        ("_high", ", upper Wilson bound", "0-1"),
    )
)  # fmt: skip
_RUN_FIELDS = (
    _RUN,
    Field("model", "text", "model id"),
    Field("suite", "text", "test suite"),
    Field("status", "text", "ok, no_effect or failed"),
    Field("reason", "text", "why there is no effect, or why the run failed"),
    Field("parameters", "number", "parameters", "count"),
    Field("layer", "number", "block of the vector of the first fold, from 0"),
    Field("strength", "number", "length of the vector of the first fold over the mean residual norm"),
    Field("n", "number", "test items", "count"),
    Field("base", "number", "binary-choice accuracy, unsteered", "0-1"),
    Field("steered", "number", "binary-choice accuracy under the vector", "0-1"),
    *_SHARE_FIELDS,
    Field("net", "number", "corrected minus broken over all items", "0-1"),
    *_GAIN_FIELDS,
    Field("controls", "number", "matched controls", "count"),
    Field("rank_p", "number", "share of controls at least as accurate, one added to both"),
    Field("rank_holm", "number", "the same after Holm over the runs of the suite"),
    Field("mcnemar_p", "number", "exact McNemar test of corrected against broken"),
    Field("mcnemar_holm", "number", "the same after Holm over the runs of the suite"),
    Field("kl", "number", "divergence from the unsteered model on plain text", "nats per token"),
    Field("perplexity_base", "number", "perplexity, unsteered"),
    Field("perplexity_steered", "number", "perplexity under the vector"),
    Field("capability_base", "number", "accuracy on the capability set, unsteered", "0-1"),
    Field("capability_steered", "number", "the same under the vector", "0-1"),
    Field("seed", "number", "seed of the run"),
    Field("device", "text", "device"),
    Field("torch", "text", "version of torch"),
    Field("code", "text", "hash of the code"),
    Field("key", "text", "hash of model revision, data, settings and code"),
    Field("items_sha256", "text", "sha256 of the per-item file"),
    Field("seconds", "number", "processor time", "seconds"),
)
_SWEEP_FIELDS = (
    _RUN,
    Field("fold", "text", "fold"),
    Field("layer", "number", "block, from 0"),
    Field("strength", "number", "length of the vector over the mean residual norm"),
    Field("accuracy", "number", "binary-choice accuracy on validation", "0-1"),
    Field("margin", "number", "mean margin on validation", "nats"),
    Field("capability", "number", "accuracy on the capability set", "0-1"),
    Field("perplexity_ratio", "number", "perplexity over the unsteered one"),
    Field("admissible", "flag", "within the limits on side effects"),
    Field("chosen", "flag", "frozen and tested"),
)
_CONTROL_FIELDS = (
    _RUN,
    Field("kind", "text", "random or shuffled"),
    Field("number", "number", "number of the control, from 0"),
    Field("accuracy", "number", "binary-choice accuracy on the test items", "0-1"),
)
_LAYER_FIELDS = (
    Field("model", "text", "model id"),
    Field("network", "text", "trained, or random-0 … for freshly initialised weights"),
    Field("layer", "number", "block, from 0"),
    Field("cosine", "number", "coupling: cosine of the two centred contrast directions"),
    Field("null_low", "number", "2.5 % of the same with labels permuted within pairs"),
    Field("null_high", "number", "97.5 % of the same"),
    Field("p", "number", "permutation p, two-sided"),
    Field("raw", "number", "cosine of the two mean states, not centred"),
    Field("d_rep", "number", "participation ratio of the states", "dimensions"),
)
_NETWORK_FIELDS = (
    Field("model", "text", "model id"),
    Field("network", "text", "trained, or random-0 … for freshly initialised weights"),
    Field("heads", "number", "attention heads", "count"),
    Field("competing", "number", "heads with a negative coupling beyond their null after Holm", "count"),
    Field("cooperating", "number", "heads with a positive one", "count"),
    Field("net", "number", "mean coupling over heads"),
    *(
        Field(f"{stage}_{name}", "number", f"{words} {what}")
        for stage, words in (("hidden", "before the output projection:"), ("projected", "after it:"))
        for name, what in (
            ("cosine", "coupling"), ("null_low", "2.5 % of its permutation null"),
            ("null_high", "97.5 % of its permutation null"), ("p", "permutation p, two-sided"),
        )
    ),
    Field("gain_first", "number", "length of the first direction after the projection over that of random directions"),
    Field("gain_second", "number", "the same of the second direction"),
)  # fmt: skip
_LEVER_FIELDS = (
    Field("grid", "text", "grid of recipes"),
    Field("lever", "text", "what was varied"),
    Field("level", "number", "its level"),
    Field("seed", "number", "seed of weights and documents"),
    Field("parameters", "number", "parameters", "count"),
    Field(
        "fact_accuracy", "number", "test facts whose truth is the likeliest of 16 values under a reliable cue", "0-1"
    ),
    Field("truthfulness", "number", "test facts whose truth beats the misconception without a cue", "0-1"),
    Field("truthfulness_unreliable_cue", "number", "the same under an unreliable cue", "0-1"),
    Field("carried_over", "number", "truthfulness over fact accuracy"),
    Field("perplexity", "number", "perplexity on held-out documents"),
    Field("device", "text", "what it was trained on, where the row says so"),
)
_SLOPE_FIELDS = (
    Field("grid", "text", "grid of recipes"),
    Field("lever", "text", "what was varied"),
    *(
        Field(f"{stage}_{name}", kind, f"{words}: {what}")
        for stage, words in (
            ("on_facts", "slope of truthfulness on fact accuracy within seeds"),
            ("on_size", "slope of truthfulness over fact accuracy for each doubling of the parameters"),
        )
        for name, kind, what in (
            ("slope", "number", "mean over seeds"), ("low", "number", "lower end of its 95 % t interval"),
            ("high", "number", "upper end of it"), ("seeds", "number", "seeds"), ("reason", "text", "why there is none"),
        )
    ),
)  # fmt: skip


def steering_tables(steering: Steering) -> dict[str, Table]:
    """Every table of the benchmark by name; none when the project has no results."""
    section = steering.section
    if section is None:
        return {}
    runs, internals, levers = section["runs"], section["internals"], section["levers"]
    made = []
    if runs:
        made += [
            _table("steering-runs", "Steering runs", "One row a model and suite.", _RUN_FIELDS, map(_run, runs)),
            _table("steering-sweep", "Steering sweeps", "Every depth and strength tried on validation.", _SWEEP_FIELDS,
                   (row for run in runs for row in _cells(run))),
            _table("steering-controls", "Steering controls", "Accuracy under every matched control.", _CONTROL_FIELDS,
                   (row for run in runs for row in _controls(run))),
            _table("steering-items", "Steering items", "One row a test item of a run.", _ITEM_FIELDS,
                   steering.items.to_dict(orient="records")),
        ]  # fmt: skip
    if internals:
        made += [
            _table("steering-layers", "Internal coupling by layer", "Trained networks and the same with random weights.",
                   _LAYER_FIELDS, (row for one in internals for row in _layers(one))),
            _table("steering-networks", "Heads and bottleneck", "One row a network.", _NETWORK_FIELDS,
                   (row for one in internals for row in _networks(one))),
        ]  # fmt: skip
    if levers:
        made += [
            _table("steering-levers", "Controlled levers", "One row a trained network.", _LEVER_FIELDS,
                   ({"grid": one["grid"], **row, "carried_over": carried_over(row)} for one in levers for row in one["rows"])),
            _table("steering-lever-slopes", "Coupling along the levers", "One row a lever.", _SLOPE_FIELDS,
                   (row for one in levers for row in _slopes(one))),
        ]  # fmt: skip
    return {table.name: table for table in made}


def _table(name: str, title: str, description: str, fields: tuple[Field, ...], rows: Iterable[Row]) -> Table:
    columns = [item.name for item in fields]
    frame = pd.DataFrame(list(rows)).reindex(columns=columns).reset_index(drop=True)
    for item in fields:
        if item.type == "number":
            frame[item.name] = pd.to_numeric(frame[item.name]).astype(float)
    return Table(name, title, description, fields, frame, OWN)


def _run(run: Row) -> Row:
    test, effects = run["test"], run["side_effects"] or {}
    fold = run["folds"][0] if run["folds"] else {}
    row = {
        "run": run["id"], "model": run["model"]["id"], "suite": run["data"]["suite"], "status": run["status"],
        "reason": run["reason"], "parameters": run["model"]["parameters"], "layer": fold.get("layer"),
        "strength": fold.get("strength"), "seed": run["environment"]["seed"], "device": run["environment"]["device"],
        "torch": run["environment"]["torch"], "code": run["environment"]["code"], "key": run["key"],
        "items_sha256": run["items_sha256"], "seconds": run["cost"].get("seconds"), "mcnemar_holm": run["mcnemar_holm"],
        "rank_holm": run["rank_holm"],
        **{name: effects.get(name) for name in ("kl", "perplexity_base", "perplexity_steered", "capability_base",
                                                "capability_steered")},
    }  # fmt: skip
    if test is None:
        return row
    binary = test["binary"]
    for kind in ("corrected", "broken"):
        share = binary[kind]
        row |= {kind: share["k"], f"{kind}_of": share["n"], f"{kind}_low": share["low"], f"{kind}_high": share["high"]}
    for kind in ("gain", "gain_random", "gain_shuffled"):
        gain = test[kind]
        row |= {kind: gain["estimate"], f"{kind}_low": gain["low"], f"{kind}_high": gain["high"]}
    return row | {
        "n": binary["n"], "base": test["base"]["binary"], "steered": test["steered"]["binary"], "net": binary["net"],
        "mcnemar_p": binary["mcnemar_p"], "rank_p": test["gain"]["rank_p"], "controls": test["gain"]["controls"],
    }  # fmt: skip


def _slopes(grid: Row) -> Iterator[Row]:
    for name, lever in grid["against_size"].items():
        figures = {f"{stage}_{key}": value for stage in ("on_facts", "on_size") for key, value in lever[stage].items()}
        yield {"grid": grid["grid"], "lever": name, **figures}


def _cells(run: Row) -> Iterator[Row]:
    chosen = {(fold["name"], fold["layer"], fold["strength"]) for fold in run["folds"]}
    for cell in run["sweep"]:
        place = (cell["fold"], cell["layer"], cell["strength"])
        yield {"run": run["id"], **cell, "chosen": place in chosen}


def _controls(run: Row) -> Iterator[Row]:
    for kind in ("random", "shuffled"):
        for number, accuracy in enumerate((run["test"] or {}).get(f"controls_{kind}", ())):
            yield {"run": run["id"], "kind": kind, "number": number, "accuracy": accuracy}


def networks(one: Row) -> list[tuple[str, Row]]:
    """The trained network and the ones with random weights, by name."""
    return [("trained", one["trained"]), *((f"random-{i}", found) for i, found in enumerate(one["random_weights"]))]


def _layers(one: Row) -> Iterator[Row]:
    for name, network in networks(one):
        for layer in network["layers"]:
            yield {"model": one["model"], "network": name, **layer}


def _networks(one: Row) -> Iterator[Row]:
    for name, network in networks(one):
        narrow = network["bottleneck"]
        stages = {
            f"{stage}_{key}": narrow[stage][key]
            for stage in ("hidden", "projected")
            for key in ("cosine", "null_low", "null_high", "p")
        }
        gains = {key: narrow[key] for key in ("gain_first", "gain_second")}
        yield {"model": one["model"], "network": name, **network["heads"], **stages, **gains}
