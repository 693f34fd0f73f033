"""The tables of the synthetic bundle."""

from __future__ import annotations

import itertools
from typing import Any

import pandas as pd

from generator.report.bundle import Field, Table
from tests.site.synthetic_entities import CHAT, FRONTIER, SIZES


def frame(name: str, rows: list[dict[str, Any]], *, texts: tuple[str, ...]) -> Table:
    fields = tuple(Field(key, "text" if key in texts else "number", f"meaning of {key}") for key in rows[0])
    return Table(name, f"Table {name}", f"What {name} holds.", fields, pd.DataFrame(rows), "CC BY 4.0")


def paper_panel() -> Table:
    rows = [
        {"model": row[0], "name": row[1], "lab": row[2], "params": None, FRONTIER[0]: row[3], FRONTIER[1]: row[4]}
        for row in CHAT
    ]
    return frame("panel-paper-frontier", rows, texts=("model", "name", "lab"))


def h_table(track: str = "maker") -> Table:
    rows = []
    for identity, _name, lab, swe, gpqa, released in CHAT:
        fitted = 40 + 0.5 * swe
        rows.append(
            {"model": identity, "lab": lab, "released": released, "x": swe, "y": gpqa, "fitted": fitted, "h": gpqa - fitted,
             "ci_low": fitted - 3, "ci_high": fitted + 3, "pi_low": fitted - 16, "pi_high": fitted + 16, "outside": abs(gpqa - fitted) > 16,
             "h_left_out": gpqa - fitted, "h_se": 2.0, "label": "balanced"}
        )  # fmt: skip
    return frame(f"hfield-{track}", rows, texts=("model", "lab", "released", "label", "outside"))


def gamma_table() -> Table:
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
    return frame(
        "gamma-harness-v1", rows, texts=("family", "model_from", "model_to", "shape", "resolved", "phase", "note")
    )


def lab_table() -> Table:
    rows = [
        {"lab": lab, "n": 3, "mean_h": value, "low": value - 4 if lab == "acme" else None, "high": value + 4 if lab == "acme" else None,
         "pooled_h": value / 2, "pooled_low": -5.0, "pooled_high": 5.0, "slope": 0.4, "slope_low": 0.1, "slope_high": 0.7, "models_outside": 1}
        for lab, value in (("acme", 2.5), ("zeta", -3.5))
    ]  # fmt: skip
    return frame("labs-maker", rows, texts=("lab",))


def family_table() -> Table:
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
    return frame("families-harness-v1", [row], texts=("family", "reason"))


def panel() -> Table:
    rows = [
        {"model": row[0], "name": row[1], "lab": "zeta", "params": row[2], "hellaswag": row[3], "truthfulqa": row[4]}
        for row in SIZES
    ]
    return frame("panel-harness-v1", rows, texts=("model", "name", "lab"))


def unmatched() -> Table:
    rows = [{"source": "board", "spelling": "=cmd|<x>", "rows": 1, "near": "acme-1", "reason": ""}]
    return frame("unmatched", rows, texts=("source", "spelling", "near", "reason"))


def models(models: list[dict[str, Any]]) -> Table:
    rows = [{"id": model["id"], "name": model["name"], "params": model["params"]} for model in models]
    return frame("models", rows, texts=("id", "name"))
