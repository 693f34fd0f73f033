"""The wider analyses as sections of the bundle: rotation, matrices, isoclines, width, pairs, labs, cascade.

Each function returns plain JSON; a number without its data is a Statistic with a reason. Which axes and groups are asked for
stands here; how they are computed stands in generator.analysis.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import Any

import numpy as np
import pandas as pd

from generator.analysis.advice import (
    base_coefficients,
    frontier_coefficients,
    lab_priorities,
    next_measurement,
    rotation,
    scale_bands,
)
from generator.analysis.cascade import cascade, discriminating_along
from generator.analysis.critical_scale import pooled_critical_scale
from generator.analysis.emphasis import lab_oscillation, trajectory, trend_in_time
from generator.analysis.hfield import h_table
from generator.analysis.isocline import (
    PAPER_FRONTIER_KAPPA,
    PAPER_KAPPA,
    calibrations,
    frontier_isocline,
    sign_prediction,
)
from generator.analysis.matrix import CouplingMatrix, axis_rotation, coupling_matrix, eigenvector_cones
from generator.analysis.pairs import family_matrices, pair_table
from generator.analysis.playbook import as_plain
from generator.analysis.population import partial_coupling, range_restriction
from generator.analysis.result import Statistic
from generator.analysis.saturation import co_activating, saturation_history, saturation_table
from generator.analysis.spectrum import dimension_along_size, dimension_by_group, effective_dimension
from generator.analysis.tiers import tier_table
from generator.analysis.width import width_partial, width_regression, width_table, width_test
from generator.core import CapewatchError
from generator.panel import Panel, released_day
from generator.report.calculator import calculator_section
from generator.report.memo import Keep, computed_anew

BASE, FRONTIER = "harness-v1", "maker"
X, Y = "hellaswag", "truthfulqa"
SWE, GPQA = "swe-bench-verified", "gpqa-diamond"
BASE_AXES = (X, Y, "arc-challenge", "winogrande", "mmlu")
REASONING = (X, "arc-challenge", "winogrande")
TRUTHFULNESS = (Y,)
#: Axes of the frontier that are read for saturation.
ROTATION_AXES = (
    SWE,
    GPQA,
    "hle",
    "hle-tools",
    "ifeval",
    "swe-bench-pro",
    "arc-agi-2",
    "mmlu-pro",
    "aime-2025",
    "livecodebench",
)
RECENT_DAYS = 365
#: Name of the draws behind the pooled Nc: bands, calculator and cascade must show one interval.
POOLED = "pooled Nc"
DRAWS = 2_000
SIZE_GROUPS = ("below 3.5B", "above 3.5B")
PAPER_NC = 3.5e9

Rng = Callable[[str], np.random.Generator]
PanelAt = Callable[[str, dt.date], Panel]


def deep_sections(
    panels: Mapping[str, Panel],
    gamma: pd.DataFrame,
    *,
    panel_at: PanelAt,
    rng: Rng,
    resamples: int,
    keep: Keep = computed_anew,
) -> dict[str, Any]:
    """All sections by name. `rng(name)` gives each its own generator; `panel_at(track, day)` replays an earlier panel.

    `keep(name, panels, compute)` is given every panel that a section rests on, and may answer from what it kept. `gamma` is the
    γ12 table of the base panel.
    """
    base, frontier, epoch = panels[BASE], panels[FRONTIER], panels["epoch"]
    earlier = {day: panel_at(FRONTIER, day) for day in _quarter_ends(frontier.as_of)}
    pooled = cache(lambda: pooled_critical_scale(base, gamma, rng=rng(POOLED), resamples=DRAWS))
    coefficients = keep("coefficients", [base, frontier, epoch], lambda: _coefficients(panels, pooled, rng=rng))
    return {
        "bands": scale_bands(base, gamma, coefficients[BASE]),
        "rotation": keep("rotation", [frontier, *earlier.values()], lambda: _rotation(frontier, earlier)),
        "matrices": keep("matrices", [base], lambda: _matrices(base, rng=rng, resamples=resamples))
        | {"frontier": keep("matrices/frontier", [frontier], lambda: _frontier_matrix(frontier))},
        "isoclines": keep("isoclines", [base, frontier], lambda: _isoclines(base, frontier, gamma)),
        "width": keep("width", [base], lambda: _width(base, rng=rng, resamples=resamples)),
        "pairs": keep("pairs", [base], lambda: _pairs(base, rng=rng, resamples=resamples)),
        "labs": {
            panel.track: keep(f"labs/{panel.track}", [panel], partial(_labs, panel, rng=rng, resamples=resamples))
            for panel in (frontier, epoch)
        },
        "effort": {
            panel.track: keep(f"effort/{panel.track}", [used], partial(_effort, used), cells=True)
            for panel in (frontier, epoch)
            for used in (panel.of_all((SWE, GPQA), cells=True),)
        },
        "sensitivity": keep(
            "sensitivity", [base, frontier, epoch], lambda: _sensitivity(base, {FRONTIER: frontier, "epoch": epoch})
        ),
        "cascade": keep("cascade", [base, frontier], lambda: _cascade(base, frontier, pooled(), rng=rng)),
        "coefficients": coefficients,
        "calculator": calculator_section(panels, frontier=(FRONTIER, "epoch"), base=BASE, axes=(SWE, GPQA), keep=keep),
    }


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as mappings, with None for every empty cell."""
    plain = frame.astype(object).where(frame.notna(), None)
    return [{str(key): _plain(value) for key, value in row.items()} for row in plain.to_dict(orient="records")]


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _effort(panel: Panel) -> list[dict[str, Any]]:
    return records(tier_table(panel, SWE, GPQA))


def _present(panel: Panel, axes: Sequence[str]) -> list[str]:
    return [axis for axis in axes if axis in panel.scores.columns]


def recent(panel: Panel) -> Panel:
    """The panel with only the models released in the RECENT_DAYS before its as-of day: who competes now."""
    assert panel.as_of is not None
    first = panel.as_of - dt.timedelta(days=RECENT_DAYS)
    days = panel.models["released"].map(lambda text: released_day(text) if isinstance(text, str) else None)
    return panel.subset([model for model, day in days.items() if isinstance(day, dt.date) and day >= first])


def _rotation(frontier: Panel, earlier: Mapping[dt.date, Panel]) -> dict[str, Any]:
    """`earlier`: the frontier panel as it was on each day of the history."""
    panel = recent(frontier)
    axes = _present(panel, ROTATION_AXES)
    history = saturation_history({day: recent(before) for day, before in earlier.items()}, axes)
    advice = rotation(panel, axes)
    candidates = [axis for axis in axes if axis != advice.active]
    return {
        "track": panel.track,
        "recent_days": RECENT_DAYS,
        "models": [str(model) for model in panel.models.index],
        "advice": as_plain(advice),
        "table": records(saturation_table(panel, axes)),
        "history": records(history),
        "co_activation": records(co_activating(panel, advice.active, candidates)) if advice.active else [],
        "by_date": records(discriminating_along(frontier, axes, along="released")),
    }


def _quarter_ends(as_of: dt.date | None, *, quarters: int = 8) -> list[dt.date]:
    """The last days of the `quarters` quarters before `as_of`, and `as_of` itself, oldest first."""
    assert as_of is not None
    days = [as_of]
    year, month = as_of.year, 3 * ((as_of.month - 1) // 3) + 1
    while len(days) <= quarters:
        end = dt.date(year, month, 1) - dt.timedelta(days=1)
        days.append(end)
        year, month = end.year, end.month - 2
    return sorted(days)


def _matrix(matrix: CouplingMatrix) -> dict[str, Any]:
    return {
        "axes": list(matrix.axes),
        "r": _cells(matrix.cells["r"]),
        "n": _cells(matrix.cells["n"]),
        "low": _cells(matrix.cells["low"]),
        "high": _cells(matrix.cells["high"]),
        "valid": matrix.valid,
        "repaired": _cells(matrix.cells["repaired"]),
    }


def _cells(values: np.ndarray) -> list[list[float | None]]:
    return [[value if math.isfinite(value) else None for value in row] for row in values.astype(float).tolist()]


def size_groups(panel: Panel) -> pd.Series:
    """Model id -> side of the papers' critical scale; models of unknown size are left out."""
    params = panel.models["params"].dropna()
    return pd.Series(np.where(params < PAPER_NC, *SIZE_GROUPS), index=params.index)


def _matrices(base: Panel, *, rng: Rng, resamples: int) -> dict[str, Any]:
    axes = _present(base, BASE_AXES)
    groups = size_groups(base)
    parts = {name: base.subset(list(groups.index[groups == name]), name=name) for name in SIZE_GROUPS}
    draws = min(resamples, 2_000)
    dimensions = {
        kind: effective_dimension(base, axes, kind=kind, rng=rng(f"d_eff/{kind}"), resamples=draws).as_dict()
        for kind in ("covariance", "correlation")
    }
    by_group = dimension_by_group(base, axes, groups, rng=rng("d_eff/groups"), resamples=draws)
    turned = axis_rotation(base, axes, groups, *SIZE_GROUPS, rng=rng("rotation of axes"), resamples=draws)
    return {
        "base": {"all": _matrix(coupling_matrix(base, axes))}
        | {name: _matrix(coupling_matrix(part, axes)) for name, part in parts.items()},
        "families": {name: _matrix(matrix) for name, matrix in family_matrices(base, axes).items()},
        "dimension": dimensions,
        "dimension_by_size": {name: statistic.as_dict() for name, statistic in by_group.items()},
        "dimension_along_size": records(dimension_along_size(base, axes, step=4)),
        "eigenvectors": records(eigenvector_cones(base, axes, rng=rng("cones"), resamples=draws)),
        "axis_rotation": turned.as_dict(),
    }


def _frontier_matrix(frontier: Panel) -> dict[str, Any]:
    return _matrix(coupling_matrix(frontier, _present(frontier, (SWE, GPQA, "hle", "hle-tools", "ifeval"))))


def _isoclines(base: Panel, frontier: Panel, gamma: pd.DataFrame) -> dict[str, Any]:
    predictions = {
        orientation: {
            at: sign_prediction(base, gamma, PAPER_KAPPA, orientation=orientation, at=at).as_dict()
            for at in ("start", "end")
        }
        for orientation in ("above-is-tax", "above-is-bonus")
    }
    boundary = [model for model in base.models.index if str(base.models.at[model, "family"]).startswith("olmo")]
    pairs = [pair for pair in PAPER_FRONTIER_KAPPA if set(pair) <= set(frontier.scores.columns)]
    return {
        "kappa": PAPER_KAPPA,
        "calibrations": records(calibrations(base, X, Y, boundary)),
        "sign_prediction": predictions,
        "frontier": {f"{y}|{x}": frontier_isocline(frontier, x, y).as_dict() for x, y in pairs},
    }


def _width(base: Panel, *, rng: Rng, resamples: int) -> dict[str, Any]:
    table = width_table(base, X, Y)
    tests = {
        family: width_test(base, X, Y, family, rng=rng(f"width/{family}"), resamples=min(resamples, 2_000)).as_dict()
        for family in table["family"]
    }
    return {
        "table": records(table),
        "tests": tests,
        "partial": width_partial(base, X, Y).as_dict(),
        "regression": width_regression(base, X, Y).as_dict(),
    }


def _pairs(base: Panel, *, rng: Rng, resamples: int) -> list[dict[str, Any]]:
    table = pair_table(
        base,
        _present(base, (*REASONING, "mmlu", "gsm8k")),
        _present(base, TRUTHFULNESS),
        rng=rng("pairs"),
        resamples=min(resamples, 2_000),
    )
    return records(table)


def _labs(panel: Panel, *, rng: Rng, resamples: int) -> dict[str, Any]:
    table = h_table(panel, SWE, GPQA)
    priorities = lab_priorities(panel, SWE, GPQA, table=table)
    result = {}
    for row in records(priorities):
        lab = row["lab"]
        path = trajectory(panel, SWE, GPQA, lab, table=table)
        swings = lab_oscillation(
            panel, SWE, GPQA, lab, rng=rng(f"oscillation/{panel.track}/{lab}"), resamples=resamples, path=path
        )
        result[lab] = {
            "priority": row,
            "trajectory": records(path),
            "oscillation": swings.as_dict(),
            "trend": trend_in_time(path),
            "next": next_measurement(panel, SWE, GPQA, lab),
        }
    return result


def _sensitivity(base: Panel, frontiers: Mapping[str, Panel]) -> dict[str, Any]:
    """What the couplings become on a narrower range, and given size and date."""
    partial: dict[str, Statistic] = {
        f"{BASE}/{X}~{Y}|size": partial_coupling(base, X, Y, given=("log_params",), cluster="family"),
        f"{BASE}/{X}~{Y}|compute": partial_coupling(base, X, Y, given=("log_flop",), cluster="family"),
    }
    for track, panel in frontiers.items():
        partial[f"{track}/{SWE}~{GPQA}|date"] = partial_coupling(panel, SWE, GPQA, given=("released",))
    return {
        "partial": {name: statistic.as_dict() for name, statistic in partial.items()},
        "range_restriction": {
            f"{BASE}/{X}~{Y}": records(range_restriction(base, X, Y)),
            **{
                f"{track}/{SWE}~{GPQA}": records(range_restriction(panel, SWE, GPQA))
                for track, panel in frontiers.items()
            },
        },
    }


def _cascade(base: Panel, frontier: Panel, pooled: Statistic, *, rng: Rng) -> list[dict[str, Any]]:
    found = cascade(base, frontier, rng=rng(POOLED), resamples=DRAWS, pooled=pooled)
    return [item.as_dict() for item in found]


def _coefficients(panels: Mapping[str, Panel], pooled: Callable[[], Statistic], *, rng: Rng) -> dict[str, Any]:
    """What the reader's calculator needs, by track; a track that carries no line has a reason instead."""
    result: dict[str, Any] = {}
    for track in (FRONTIER, "epoch"):
        try:
            result[track] = frontier_coefficients(panels[track], SWE, GPQA)
        except CapewatchError as error:
            result[track] = {"reason": error.message}
    try:
        result[BASE] = base_coefficients(panels[BASE], X, Y, rng=rng(POOLED), resamples=DRAWS, pooled=pooled())
    except CapewatchError as error:
        result[BASE] = {"reason": error.message}
    return result
