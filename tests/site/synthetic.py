"""A small bundle with the shapes of a real one: two labs, hostile names, missing values, every section."""

from __future__ import annotations

import copy
import itertools
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from generator.analysis.result import Interval, Statistic
from generator.core import canonical_json
from generator.predictions.outputs import FeedEntry, atom_feed, calendar
from generator.report.bundle import Bundle, Field, Table
from generator.report.history import ChangeFile, changes_section, replay_file, version_file
from generator.report.outputs import SITE
from generator.report.steering import read_steering
from generator.report.steering_tables import steering_tables
from tests.site import synthetic_readers
from tests.steering_files import steering_project

AS_OF = "2026-11-21"
HOSTILE = "Evil *model* | [x](javascript:alert) <b>&_`"
FRONTIER = ("swe-bench-verified", "gpqa-diamond")
BASE = ("hellaswag", "truthfulqa")
AXES = {
    "swe-bench-verified": "SWE-bench Verified",
    "gpqa-diamond": "GPQA Diamond",
    "hellaswag": "HellaSwag",
    "truthfulqa": "TruthfulQA (MC2)",
    "time-horizon": "Time horizon",
}
# model id, name, lab, swe, gpqa, released
CHAT = (
    ("acme-1", "Acme 1", "acme", 40.0, 60.0, "2024-06"),
    ("acme-2", "Acme 2", "acme", 55.0, 66.0, "2025-03-14"),
    ("acme-3.5", HOSTILE, "acme", 70.0, 90.0, "2026-01-02"),
    ("zeta-1", "Zeta 1", "zeta", 48.0, 70.0, "2025-05"),
    ("zeta-2", "Zeta 2", "zeta", 77.0, 82.0, "2026-02-03"),
    ("zeta-3", "Zeta 3", "zeta", 81.0, 40.0, None),
)
# model id, name, parameters, hellaswag, truthfulqa
SIZES = (
    ("zed-160m", "Zed 160M", 160e6, 31.0, 44.0),
    ("zed-1b", "Zed 1B", 1e9, 45.0, 40.0),
    ("zed-7b", "Zed 7B", 7e9, 66.0, 37.5),
    ("zed-70b", "Zed 70B", 70e9, 80.0, 45.0),
)


def bundle(*, sections: bool = True, extra_models: int = 0) -> Bundle:
    """The bundle; `extra_models` adds models without scores, to make the table of models long."""
    models = [_chat(*row) for row in CHAT] + [_base(*row) for row in SIZES]
    models += [_bare(index) for index in range(extra_models)]
    entities = {
        "models": models,
        "labs": [_lab("acme", "Acme & Söhne", "#000000", models), _lab("zeta", "Zeta", "#e69f00", models)],
        "families": [_family()],
        "benchmarks": [_benchmark(axis, name) for axis, name in AXES.items()],
        "sources": [_source()],
        "tracks": [
            _track("maker", "As the makers report", "chat", FRONTIER),
            _track("harness-v1", "One harness", "base", BASE),
        ],
        "evaluators": [{"id": "tester", "name": "The Tester", "url": "https://tester.example", "note": None}],
    }
    made = {
        table.name: table
        for table in (
            _h_table(),
            _h_table("paper-frontier"),
            _paper_panel(),
            _gamma_table(),
            _lab_table(),
            _family_table(),
            _panel(),
            _unmatched(),
            _models(models),
        )
    }
    result = Bundle(meta=_meta(models), statistics=_statistics(), entities=entities, tables=made)
    if sections:
        result.sections = _sections()
        result.sections["changes"] = changes_section(change_files(result))
    return result


def change_files(new: Bundle) -> list[ChangeFile]:
    """A version and a replay that differ from `new` in every list: the hostile model is new in both."""
    new = copy.deepcopy(new)
    for rank, model in enumerate(new.entities["models"][:3]):
        model["h"] = {
            "maker": {
                "x": 50.0,
                "y": 60.0,
                "fitted": 62.0,
                "h": -2.0 + rank,
                "pi_low": 50.0,
                "pi_high": 74.0,
                "label": "balanced",
            }
        }
    old = copy.deepcopy(new)
    old.meta |= {"as_of": "2026-10-31", "seed": 6}
    old.meta["freshness"][0]["stale"] = False
    old.entities["models"] = [model for model in old.entities["models"] if model["id"] != "acme-3.5"]
    first = old.entities["models"][0]
    first["observations"][0]["value"] += 1.5
    first["released"] = "2024-05"
    first["h"]["maker"] |= {"h": 6.0, "label": "reasoning-rich"}
    old.statistics["maker/r/swe-bench-verified~gpqa-diamond"] |= {"estimate": -0.2}
    old.entities["labs"].pop()
    old.tables["gamma-harness-v1"].frame.loc[0, "phase"] = "bonus"
    for section, field, value in (("claims", "verdict", "not reproduced"), ("predictions", None, None)):
        item = old.sections[section]["items"][0]
        if field:
            item[field] = value
        else:
            item["evaluation"] |= {"state": "awaiting data", "standing": "too few data"}
    return [version_file("2026.11", "2026.10", old, new), replay_file(old, new)]


def with_steering(made: Bundle) -> Bundle:
    """The bundle with some of this repository's steering results and a failed run."""
    with tempfile.TemporaryDirectory() as folder:
        steering_project(Path(folder))
        steering = read_steering(Path(folder))
    assert steering.section is not None
    made.sections["steering"] = steering.section
    made.tables |= steering_tables(steering)
    made.files |= {f"steering/live/{name}": content for name, content in steering.files.items()}
    return made


def _meta(models: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "schema": 1, "version": "9.9.9", "as_of": AS_OF, "seed": 7, "resamples": 200, "data_digest": "ab" * 32,
        "dependencies": {"altair": "6.3.0"},
        "counts": {"models": len(models), "base_models": 4, "chat_models": 6, "observations": 12, "benchmarks": 5, "labs": 2,
                   "families": 1, "sources": 1, "unmatched": 1, "cells": {"maker": 12}},
        "freshness": [
            {"source": "board", "name": "The board", "url": "https://board.example", "newest": "2026-01-01", "age_days": 324,
             "max_age_days": 30, "stale": True, "licence": "MIT", "redistribute": "yes", "rows_used": 12},
            {"source": "other", "name": "Other", "url": "https://other.example", "newest": None, "age_days": None,
             "max_age_days": 30, "stale": False, "licence": "none", "redistribute": "no", "rows_used": 0},
        ],
        "warnings": [], "unused_corrections": [],
    }  # fmt: skip


def _statistics() -> dict[str, dict[str, Any]]:
    line = {"slope": 0.5, "intercept": 40.0}
    made = {
        "maker/r/swe-bench-verified~gpqa-diamond": _r(0.72, 0.51, 0.85, FRONTIER, "maker"),
        "maker/slope/swe-bench-verified~gpqa-diamond": Statistic(
            "slope", 0.5, 6, "least squares", interval=Interval(0.1, 0.9), details={"line": line}, track="maker"
        ),
        "paper-frontier/r/swe-bench-verified~gpqa-diamond": _r(0.6, 0.2, 0.8, FRONTIER, "paper-frontier"),
        "harness-v1/r/hellaswag~truthfulqa": _r(-0.12, -0.8, 0.7, BASE, "harness-v1"),
        "harness-v1/slope/hellaswag~truthfulqa": Statistic("slope", -0.05, 4, "least squares", details={"line": {"slope": -0.05, "intercept": 44.0}}),
        "harness-v1/r/mmlu~truthfulqa": Statistic.missing("r", "2 models have both scores; 3 are needed", n=2, method="Pearson", axes=("mmlu", "truthfulqa")),
        "harness-v1/gamma-slope/hellaswag~truthfulqa": Statistic("running coupling", 0.4, 3, "least squares", interval=Interval(None, 1.2)),
        "harness-v1/nc/zed": Statistic("Nc", 12e9, 4, "isotonic", interval=Interval(8e9, 30e9), details={"state": "bracketed"}),
    }  # fmt: skip
    return {name: statistic.as_dict() for name, statistic in made.items()}


def _r(value: float, low: float, high: float, axes: tuple[str, str], track: str) -> Statistic:
    return Statistic(
        "r", value, 6, "Pearson", interval=Interval(low, high), others={"clustered": Interval(low, high), "plain": Interval(low, high)},
        p={"permutation": 0.003, "permutation-within-lab": 0.00004, "permutation-within-family": 0.4}, axes=axes, track=track,
    )  # fmt: skip


def _observation(benchmark: str, value: float, **more: Any) -> dict[str, Any]:
    return {
        "benchmark": benchmark, "axis": benchmark, "value": value, "unit": "percent", "stderr": 1.5, "n": 500.0,
        "protocol": {"effort": "high", "shots": 5}, "evaluator": "maker", "evaluator_name": "its maker", "source": "board",
        "source_name": "The board", "title": "A card <script>", "url": "https://board.example/card?a=1&b=2", "via": "", "published": "2026-01-01",
        "recorded": AS_OF, "public": "2026-01-01", "note": "", "locator": "row 1", "spelling": "x", "pull_sha": "c0ffee" * 10,
        "chosen_in": ["maker"], "reasons": {},
    } | more  # fmt: skip


def _model(identity: str, name: str, lab: str, **more: Any) -> dict[str, Any]:
    return {
        "id": identity, "name": name, "lab": lab, "lab_name": {"acme": "Acme & Söhne", "zeta": "Zeta"}[lab], "family": None,
        "family_name": None, "kind": "chat", "released": None, "released_day": None, "open_weights": False, "params": None,
        "active_params": None, "d_model": None, "n_layers": None, "training_tokens": None, "training_flop": None,
        "links": ["https://example.org/a", "javascript:alert(1)"], "aliases": {"board": [f"{identity}|<i>"]}, "note": None,
        "path": f"data/models/{lab}/{identity}.yaml", "scores": {}, "h": {}, "page": f"models/{identity}/", "observations": [],
    } | more  # fmt: skip


def _chat(identity: str, name: str, lab: str, swe: float, gpqa: float, released: str | None) -> dict[str, Any]:
    day = None if released is None else (released if len(released) == 10 else f"{released}-15")
    rows = [
        _observation("swe-bench-verified", swe),
        _observation("gpqa-diamond", gpqa, url="javascript:alert(1)", stderr=None, n=None, protocol={}),
        _observation(
            "gpqa-diamond", gpqa - 2, chosen_in=[], reasons={"maker": "a later observation exists"}, via="a relay"
        ),
    ]
    scores = {
        "maker": {"swe-bench-verified": {"value": swe, "stderr": None}, "gpqa-diamond": {"value": gpqa, "stderr": 1.2}}
    }
    return _model(identity, name, lab, released=released, released_day=day, scores=scores, observations=rows)


def _base(identity: str, name: str, params: float, hellaswag: float, truthfulqa: float) -> dict[str, Any]:
    scores = {
        "harness-v1": {
            "hellaswag": {"value": hellaswag, "stderr": 0.4},
            "truthfulqa": {"value": truthfulqa, "stderr": 1.7},
        }
    }
    return _model(
        identity, name, "zeta", family="zed", family_name="Zed", kind="base", released="2023", released_day="2023-07-02", open_weights=True,
        params=params, d_model=4096, n_layers=32, training_tokens=2e12, training_flop=8.4e22, scores=scores, note="A note with _marks_.",
        observations=[_observation("hellaswag", hellaswag, chosen_in=["harness-v1"])],
    )  # fmt: skip


def _bare(index: int) -> dict[str, Any]:
    day = f"2022-{index % 12 + 1:02d}-{index % 28 + 1:02d}"
    return _model(f"bare-{index}", f"Bare {index}", "acme", released=day, released_day=day, params=1e6 * (index + 1))


def _lab(identity: str, name: str, colour: str, models: list[dict[str, Any]]) -> dict[str, Any]:
    members = [model["id"] for model in models if model["lab"] == identity]
    return {"id": identity, "name": name, "url": f"https://{identity}.example", "colour": colour, "domains": [], "note": None,
            "models": members, "n_models": len(members)}  # fmt: skip


def _family() -> dict[str, Any]:
    points = [
        {"model": identity, "name": name, "params": params, "scores": {"hellaswag": a, "truthfulqa": b}}
        for identity, name, params, a, b in SIZES
    ]
    return {"id": "zed", "name": "Zed", "lab": "zeta", "note": None, "models": [row[0] for row in SIZES], "n_models": 4,
            "tracks": {"harness-v1": {"axes": list(BASE), "points": points}}}  # fmt: skip


def _benchmark(axis: str, name: str) -> dict[str, Any]:
    top = [{"model": row[0], "name": row[1], "lab": row[2], "value": row[4], "stderr": None} for row in CHAT]
    tracks = {"maker": [{"axis": axis, "name": name, "n_models": 6, "top": top}]} if axis in FRONTIER else {}
    bounded = axis != "time-horizon"
    return {
        "id": axis, "name": name, "measures": f"What {name} measures.", "ability": "coding", "unit": "percent" if bounded else "minutes",
        "range": [0, 100] if bounded else None, "chance": 25.0 if bounded else None, "n_items": 500 if bounded else None,
        "higher_is_better": True, "status": {"state": "saturating", "on": "2026-02", "note": "nearly solved"}, "replaced_by": None,
        "licence": "MIT", "citation": {"title": "A paper", "url": "https://paper.example"}, "axes": [{"id": axis, "name": name}],
        "n_observations": 6, "tracks": tracks, "note": None,
    }  # fmt: skip


def _source() -> dict[str, Any]:
    pull = {"pull": 1, "fetched_at": "2026-01-02T00:00:00Z", "payload_sha256": "c0ffee" * 10, "rows": 12}
    return {"id": "board", "name": "The board", "url": "https://board.example", "licence": "MIT", "licence_url": None, "redistribute": "yes",
            "cadence_days": 7, "max_age_days": 30, "contact": None, "terms_read_on": AS_OF, "enabled_by_default": True, "note": None,
            "newest": "2026-01-01", "rows_used": 12, "pulls": [pull]}  # fmt: skip


def _track(identity: str, name: str, kind: str, axes: tuple[str, ...]) -> dict[str, Any]:
    return {"id": identity, "name": name, "description": f"The rule of {name}.", "kind": kind, "evaluators": ["maker", "tester"],
            "axes": [{"id": axis, "name": AXES[axis], "unit": "percent", "n_models": 6} for axis in axes], "n_models": 6}  # fmt: skip


def _frame(name: str, rows: list[dict[str, Any]], *, texts: tuple[str, ...]) -> Table:
    fields = tuple(Field(key, "text" if key in texts else "number", f"meaning of {key}") for key in rows[0])
    return Table(name, f"Table {name}", f"What {name} holds.", fields, pd.DataFrame(rows), "CC BY 4.0")


def _paper_panel() -> Table:
    rows = [
        {"model": row[0], "name": row[1], "lab": row[2], "params": None, FRONTIER[0]: row[3], FRONTIER[1]: row[4]}
        for row in CHAT
    ]
    return _frame("panel-paper-frontier", rows, texts=("model", "name", "lab"))


def _h_table(track: str = "maker") -> Table:
    rows = []
    for identity, _name, lab, swe, gpqa, released in CHAT:
        fitted = 40 + 0.5 * swe
        rows.append(
            {"model": identity, "lab": lab, "released": released, "x": swe, "y": gpqa, "fitted": fitted, "h": gpqa - fitted,
             "ci_low": fitted - 3, "ci_high": fitted + 3, "pi_low": fitted - 16, "pi_high": fitted + 16, "outside": abs(gpqa - fitted) > 16,
             "h_left_out": gpqa - fitted, "h_se": 2.0, "label": "balanced"}
        )  # fmt: skip
    return _frame(f"hfield-{track}", rows, texts=("model", "lab", "released", "label", "outside"))


def _gamma_table() -> Table:
    rows = []
    shapes = (
        ("interval", -0.9, -0.1, True, "tax"),
        ("all", None, None, False, "transition"),
        ("interval", 0.2, 7.0, True, "bonus"),
    )
    for (low, high), (shape, gamma_low, gamma_high, resolved, phase) in zip(
        itertools.pairwise(SIZES), shapes, strict=True
    ):
        dx, dy = high[3] - low[3], high[4] - low[4]
        rows.append(
            {"family": "zed", "model_from": low[0], "model_to": high[0], "n_from": low[2], "n_to": high[2], "n_mid": (low[2] * high[2]) ** 0.5,
             "dx": dx, "dy": dy, "gamma": dy / dx if phase != "bonus" else 4.2, "gamma_low": gamma_low, "gamma_high": gamma_high, "shape": shape,
             "resolved": resolved, "phase": phase, "note": ""}
        )  # fmt: skip
    return _frame(
        "gamma-harness-v1", rows, texts=("family", "model_from", "model_to", "shape", "resolved", "phase", "note")
    )


def _lab_table() -> Table:
    rows = [
        {"lab": lab, "n": 3, "mean_h": value, "low": value - 4 if lab == "acme" else None, "high": value + 4 if lab == "acme" else None,
         "pooled_h": value / 2, "pooled_low": -5.0, "pooled_high": 5.0, "slope": 0.4, "slope_low": 0.1, "slope_high": 0.7, "models_outside": 1}
        for lab, value in (("acme", 2.5), ("zeta", -3.5))
    ]  # fmt: skip
    return _frame("labs-maker", rows, texts=("lab",))


def _family_table() -> Table:
    row = {
        "family": "zed",
        "n": 4,
        "r": -0.4,
        "low": -0.98,
        "high": 0.9,
        "p_permutation": 0.4,
        "p_floor": 0.08,
        "reason": "",
    }
    return _frame("families-harness-v1", [row], texts=("family", "reason"))


def _panel() -> Table:
    rows = [
        {"model": row[0], "name": row[1], "lab": "zeta", "params": row[2], "hellaswag": row[3], "truthfulqa": row[4]}
        for row in SIZES
    ]
    return _frame("panel-harness-v1", rows, texts=("model", "name", "lab"))


def _unmatched() -> Table:
    rows = [{"source": "board", "spelling": "=cmd|<x>", "rows": 1, "near": "acme-1", "reason": ""}]
    return _frame("unmatched", rows, texts=("source", "spelling", "near", "reason"))


def _models(models: list[dict[str, Any]]) -> Table:
    rows = [{"id": model["id"], "name": model["name"], "params": model["params"]} for model in models]
    return _frame("models", rows, texts=("id", "name"))


def _sections() -> dict[str, Any]:
    return {
        **synthetic_readers.sections(),
        "coefficients": _coefficients(),
        "calculator": _calculator(),
        "outputs": _outputs(),
        "predictions": {"as_of": AS_OF, "counts": {"open": 1}, "items": [_prediction()]},
        "claims": {
            "items": [_claim()],
            "counts": {"reproduced": 1},
            "contradictions": [_contradiction()],
            "objections": [_objection()],
        },
    }


def _outputs() -> dict[str, str]:
    badge = {"schemaVersion": 1, "label": "prediction 1", "message": "open, <b>on course</b> & more", "color": "green"}
    entries = [FeedEntry("urn:x:1", "It couples: sealed", "A <b>statement</b> & more.", "2026-01-02T00:00:00Z", SITE)]
    feeds = {
        path: atom_feed(entries, site_url=SITE, feed_url=SITE + path, title="Predictions", updated="")
        for path in ("feeds/predictions/it-couples.xml", "feeds/predictions.xml", "feeds/changes.xml")
    }
    return {
        "api/v1/predictions.json": "[]\n",
        "api/v1/predictions/it-couples.json": "{}\n",
        "api/v1/badges/it-couples.json": canonical_json(badge),
        "api/v1/badges/predictions.json": canonical_json({**badge, "label": "predictions", "message": "1 open"}),
        **feeds,
        "feeds/deadlines.ics": calendar([], site_url=SITE, stamp=f"{AS_OF}T12:00:00Z"),
    }


def _coefficients() -> dict[str, Any]:
    line = {
        "slope": 0.5,
        "intercept": 40.0,
        "sigma": 8.0,
        "n": 6,
        "r": 0.72,
        "sxx": 1300.0,
        "t95": 2.78,
        "x_mean": 61.8,
    }
    frontier = {"kappa": 0.513, "line": line, "n": 6, "x": FRONTIER[0], "y": FRONTIER[1], "x_low": 40.0, "x_high": 81.0}
    pooled = {"estimate": 5e9, "low": 1e9, "high": 1e10}
    running = {"slope": 0.3, "intercept": -2.7}
    base = {"kappa": 0.187, "x": BASE[0], "y": BASE[1], "running": running, "pooled_nc": pooled}
    return {"maker": frontier, "harness-v1": base}


def _calculator() -> dict[str, Any]:
    line = _coefficients()["maker"]
    back = {**line, "x": FRONTIER[1], "y": FRONTIER[0], "kappa": None}
    sizes = {
        "axes": list(BASE),
        "floor": [20.0, 0.0],
        "ceiling": [100.0, 100.0],
        "edge": 0.01,
        "scales": {"score": 1.2, "step": 0.5, "size": 0.8, "reach": 0.55},
        "reach_offset": 0.15,
        "levels": [0.1, 0.5, 0.9],
        "unchanged_pp": 12.8,
        "reach": 2.0,
        "given": {
            "1": {
                "centre": [0.0, 0.0, 11.0, 12.5, 2.0],
                "spread": [1.0, 1.0, 1.0, 1.0, 1.0],
                "level": [0.9, 0.2],
                "slopes": [[0.0, 0.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]],
                "quantiles": [[-0.2, -0.1], [0.0, 0.0], [0.2, 0.1]],
                "families": 20,
                "mae_pp": 3.1,
            }
        },
    }
    release = {
        "level": 80.0,
        "per_point": 0.5,
        "per_day": 0.01,
        "x_at": 60.0,
        "day_at": 2000.0,
        "day": 2100,
        "offsets": {"acme": 2.0},
        "low": -8.0,
        "high": 7.0,
        "n": 12,
    }
    return {
        "least": 5,
        "pairs": {"maker": [line, back]},
        "release": {"maker": release},
        "sizes": [sizes, {"reason": "too few families", "axes": []}],
        "larger": [3.0, 10.0],
        "ahead_days": 90,
        "steps": [0.0, 4.0],
    }


def _prediction() -> dict[str, Any]:
    margin = {
        "metric": "r",
        "side": "pass",
        "comparison": "above",
        "threshold": 0.6,
        "value": 0.5,
        "margin": -0.1,
        "met": False,
        "unit": "",
    }
    metric = Statistic(
        "r", 0.5, 6, "Pearson", interval=Interval(0.1, 0.8), details={"label": "the correlation"}
    ).as_dict()
    steps = [
        {"day": f"2026-0{month}-01", "state": "open", "standing": standing, "values": {"r": 0.1 * month}, "n": month,
         "moves": [{"model": "acme-1", "how": "entered"}]}
        for month, standing in ((3, "on course to fail"), (4, "undetermined"), (5, "undetermined"))
    ]  # fmt: skip
    source = {"url": "https://board.example/card", "title": "card", "public": "2026-01-01", "evaluator": "maker"}
    evaluation = {
        "id": "it-couples", "number": 1, "title": "It couples", "track": "maker", "as_of": AS_OF, "closes": "2026-12-31T23:59:59Z",
        "state": "open", "standing": "undetermined", "metrics": {"r": metric}, "n": 6, "because": ["the correlation is 0.5"], "margins": [margin],
        "firmness": [{"scheme": "plain", "resamples": 200, "shares": {"undetermined": 0.9, "on course to pass": 0.1}}],
        "evidence": [{"model": "acme-1", "name": "Acme 1", "lab": "acme", "released": "2024-06", "scores": {"gpqa-diamond": 60.0},
                      "sources": {"gpqa-diamond": source}}],
        "alternatives": [{"track": "maker", "reading": "chosen", "says": "the chosen reading", "fit": "", "deciding": True,
                          "standing": "undetermined", "values": {"r": None}, "n": 6, "reason": ""}],
        "sensitivity": "Every choice gives the same", "releases": [{"model": "acme-2", "released": "2025-03-14", "scored_on": None, "counts": "not yet"}],
        "panel_digest": "ab" * 32,
    }  # fmt: skip
    file = {"kind": "prediction", "statement": "It will couple.", "registered_at": "2026-05-13T23:59:59Z", "otherwise": "undetermined",
            "origin": {"title": "A paper", "url": "https://paper.example"}, "ambiguities": [{"question": "When?", "chosen": "then", "readings": []}]}  # fmt: skip
    words = {
        "pass": "r is above 0.6",
        "fail": "r is below 0.3",
        "requires": [],
        "event": "",
        "metrics": {"r": "the correlation"},
        "flip": ["r would have to rise by 0.1"],
    }
    return {"id": "it-couples", "path": "predictions/it-couples/prediction.yaml", "file": file, "words": words, "evaluation": evaluation,
            "timeline": steps, "ledger": [{"sequence": 1, "at": "2026-05-13", "event": "sealed", "body": {}, "hash": "d" * 64, "previous": ""}], "feed": []}  # fmt: skip


def _claim() -> dict[str, Any]:
    number = {
        "name": "r",
        "printed": "-0.989",
        "value": -0.989,
        "allowed": 0.00051,
        "compare": "equal",
        "implied": False,
        "note": None,
        "unit": None,
        "headline": True,
        "recipe": "one",
        "recomputed": -0.9886,
        "status": "agrees",
        "agrees": True,
    }
    live = {
        "track": "harness-v1",
        "reason": "",
        "statistics": [Statistic.missing("r", "too few models", n=2, method="Pearson").as_dict()],
    }
    return {
        "id": "r-zed", "title": "Zed falls and rises", "theme": "base coupling", "statement": "They anticorrelate.",
        "where": [{"place": "paper", "name": "The paper", "detail": "table 1"}], "published": [number],
        "recomputed": {"one": {"r": -0.9886, "sizes": [1.0, 2.0], "none": []}}, "verdict": "reproduced", "verdict_recipe": "one",
        "verdict_reason": "every headline number agrees",
        "recipe": [{"id": "one", "kind": "published", "is_published_recipe": True, "description": "Pearson.", "command": "capewatch claims r-zed"}],
        "not_computable": "", "live_question": "Is it negative?", "live": [live], "reading": "It follows from the table.",
        "contradicts": [], "command": "capewatch claims r-zed",
    }  # fmt: skip


def _contradiction() -> dict[str, Any]:
    side = {"place": "paper", "name": "The paper", "detail": "", "says": "one thing", "computed": None, "value": None}
    return {
        "id": "two-things",
        "title": "Two things",
        "sides": [side, side | {"says": "another", "value": 0.5}],
        "claims": ["r-zed"],
        "reading": "They differ.",
    }


def _objection() -> dict[str, Any]:
    return {"id": "too-few", "kind": "objection", "title": "Too few models", "objected": "Few.", "promised": "More.", "answer": "Some more.",
            "claims": [{"id": "r-zed", "verdict": "reproduced"}]}  # fmt: skip
