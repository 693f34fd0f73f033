"""One model at several effort settings: a panel of tiers from the observations behind a panel, and Δh between them."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from generator.analysis.emphasis import effort_table
from generator.analysis.hfield import h_table, line_of
from generator.panel.frame import Panel

#: Named settings from least to most; a budget in thousands of tokens ("16K") is ordered by its number.
EFFORTS = ("none", "minimal", "low", "medium", "standard", "high", "xhigh", "max")
_BUDGET = re.compile(r"^(\d+)k$")
COLUMNS = (
    "model",
    "effort",
    "x",
    "y",
    "h",
    "label",
    "pi_low",
    "pi_high",
    "x_shared",
    "reference",
    "dx",
    "dy",
    "dh",
    "se_dh",
)


def effort_rank(effort: str) -> tuple[int, float] | None:
    """Sort key of an effort setting, None for one that is no setting of its own (``best`` of several, unknown words)."""
    budget = _BUDGET.match(effort.lower())
    if budget:
        return 1, float(budget[1])
    return (0, float(EFFORTS.index(effort.lower()))) if effort.lower() in EFFORTS else None


def effort_panel(panel: Panel, x: str, y: str) -> tuple[Panel, dict[str, list[str]]]:
    """Tiers as rows of a panel, and the ids of each model's tiers from least effort to most.

    A tier is a score on `y` at a named effort by the evaluator of the panel's own cell. Its `x` is the score at the same
    effort, or the panel's own score where none is reported at that effort. A model counts with two tiers or more. The
    column `x_shared` of models says that x is the panel's own; `model` and `effort` say whose tier it is. Where several
    observations fit one tier the one that became public last is used.
    """
    found = []
    of_x, of_y = _settings(panel, x), _settings(panel, y)
    for model in sorted(panel.complete((x, y)).index):
        settings, first = of_y.get(model, {}), of_x.get(model, {})
        if len(settings) < 2:
            continue
        for effort in sorted(settings, key=lambda name: effort_rank(name) or (9, 0.0)):
            own = first.get(effort, (panel.scores.at[model, x], panel.stderr.at[model, x]))
            found.append((model, effort, *own, *settings[effort], effort not in first))
    return _as_panel(panel, (x, y), found)


def _settings(panel: Panel, axis: str) -> dict[str, dict[str, tuple[float, float]]]:
    """model -> effort -> (score, standard error) on one axis, by the evaluator of the cell that the panel uses."""
    cells = panel.cells[panel.cells["axis"] == axis].sort_values(["public", "value"], kind="stable")
    columns = (cells[name].tolist() for name in ("model", "evaluator", "effort", "chosen", "value", "stderr"))
    rows = list(zip(*columns, strict=True))
    taken = {(model, evaluator) for model, evaluator, _, chosen, _, _ in rows if chosen}
    found: dict[str, dict[str, tuple[float, float]]] = {}
    for model, evaluator, effort, _, value, stderr in rows:
        if (model, evaluator) in taken and effort_rank(effort) is not None:
            found.setdefault(model, {})[effort] = (float(value), float(stderr))
    return found


def _as_panel(
    panel: Panel, axes: tuple[str, str], found: list[tuple[str, str, float, float, float, float, bool]]
) -> tuple[Panel, dict[str, list[str]]]:
    ids = [f"{row[0]}@{row[1].lower()}" for row in found]
    models = panel.models.loc[[row[0] for row in found]].copy()
    models["model"], models["effort"] = [row[0] for row in found], [row[1] for row in found]
    models["x_shared"] = [row[6] for row in found]
    models.index = pd.Index(ids, dtype=object)

    def table(first: int, second: int) -> pd.DataFrame:
        values = np.array([(row[first], row[second]) for row in found], dtype=float).reshape(len(found), 2)
        return pd.DataFrame(values, index=models.index, columns=list(axes))

    made = Panel(
        f"{panel.name}, effort tiers",
        panel.track,
        panel.as_of,
        models,
        table(2, 4),
        table(3, 5),
        panel.axes.loc[list(axes)],
    )
    groups: dict[str, list[str]] = {}
    for (model, *_rest), identity in zip(found, ids, strict=True):
        groups.setdefault(model, []).append(identity)
    return made, groups


def tier_table(panel: Panel, x: str, y: str) -> pd.DataFrame:
    """Every tier with its h against the panel's own line and, from the second tier on, the change from the first (COLUMNS).

    x, y in percent; h, dx, dy, dh in pp; label: of h, as `h_label` gives it; se_dh is the sampling error of dh as if both
    tiers drew their items independently. reference: effort of the first tier. Empty where the panel has no line or no model with two tiers.
    """
    tiers, groups = effort_panel(panel, x, y)
    line = line_of(panel, x, y)
    if line is None or not groups:
        return pd.DataFrame(columns=list(COLUMNS))
    placed = h_table(tiers, x, y, fit=line)
    changes = effort_table(tiers, x, y, tiers=groups, fit=line).set_index("model_high")
    rows = []
    for ids in groups.values():
        for identity in ids:
            facts, at = tiers.models.loc[identity], placed.loc[identity]
            row = {"model": facts["model"], "effort": facts["effort"], "x_shared": bool(facts["x_shared"])}
            row |= {name: float(at[name]) for name in ("x", "y", "h", "pi_low", "pi_high")} | {"label": at["label"]}
            if identity in changes.index:
                change = changes.loc[identity]
                row |= {name: float(change[name]) for name in ("dx", "dy", "dh", "se_dh")}
                row["reference"] = tiers.models.at[change["model_low"], "effort"]
            rows.append(row)
    return pd.DataFrame(rows).reindex(columns=list(COLUMNS))
