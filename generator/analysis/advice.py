"""The playbook applied to a panel: coefficients for the calculator, and the next measurement of every lab."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from generator.analysis._inputs import Source, decimal_years, rows
from generator.analysis.coupling import gamma_table, running_coupling
from generator.analysis.critical_scale import pooled_critical_scale
from generator.analysis.emphasis import trajectory
from generator.analysis.hfield import h_table, line_of, line_through
from generator.analysis.isocline import PAPER_FRONTIER_KAPPA, PAPER_KAPPA
from generator.analysis.line import fit_line
from generator.analysis.playbook import ADVICE, Rotation, diagnose, rotate
from generator.analysis.resample import t_quantile
from generator.analysis.result import Statistic
from generator.analysis.saturation import co_activating, saturation_table
from generator.core import CapewatchError
from generator.panel.frame import Panel

#: κ of the pairs that the papers give an isocline for.
PUBLISHED_KAPPA = {**PAPER_FRONTIER_KAPPA, ("hellaswag", "truthfulqa"): PAPER_KAPPA}


def frontier_coefficients(source: Source, x: str, y: str) -> dict[str, Any]:
    """What `playbook.locate` needs for a pair of axes, JSON-able: line, kappa, x_low, x_high (percent), n, x, y.

    kappa is the papers' value, None for a pair they give none for. Raises CapewatchError when fewer than three models
    carry a line.
    """
    frame = rows(source, (x, y))
    if line_through(frame, x, y) is None:
        raise CapewatchError(f"{x} and {y}: {len(frame)} models have both scores; a line needs 3 of different {x}")
    return line_coefficients(frame[x].to_numpy(dtype=float), frame[y].to_numpy(dtype=float), x, y)


def line_coefficients(a: np.ndarray, b: np.ndarray, x: str, y: str) -> dict[str, Any]:
    """`frontier_coefficients` of models whose scores on `x` and `y` are `a` and `b`, (n,) in percent; n ≥ 3, `a` not constant."""
    line = fit_line(a, b)
    return {
        "x": x,
        "y": y,
        "n": line.n,
        "line": line.as_dict(),
        "kappa": PUBLISHED_KAPPA.get((x, y)),
        "x_low": float(a.min()),
        "x_high": float(a.max()),
    }


def base_coefficients(
    source: Source,
    x: str = "hellaswag",
    y: str = "truthfulqa",
    *,
    rng: np.random.Generator,
    resamples: int = 2_000,
    kappa: float = PAPER_KAPPA,
    pooled: Statistic | None = None,
) -> dict[str, Any]:
    """What `playbook.base_phase` needs, JSON-able: kappa, running {slope, intercept}, pooled_nc {estimate, low, high} or None.

    `pooled`: the `pooled_critical_scale` of these axes, where it has been computed.
    """
    table = gamma_table(source, x, y, chances=False)
    running = running_coupling(source, table)
    if running.estimate is None:
        raise CapewatchError(f"{x} and {y}: {running.reason}")
    nc = pooled or pooled_critical_scale(source, table, rng=rng, resamples=resamples)
    bounds = nc.interval
    known = bounds is not None and bounds.low is not None and bounds.high is not None
    return {
        "x": x,
        "y": y,
        "kappa": kappa,
        "running": {"slope": running.estimate, "intercept": running.details["intercept"]},
        "pooled_nc": {"estimate": nc.estimate, "low": bounds.low, "high": bounds.high} if known and bounds else None,
    }


def scale_bands(source: Panel, gamma: pd.DataFrame, coefficients: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The three bands of model size that the pooled interval of Nc makes, each with the playbook's advice and what lies in it.

    `gamma`: `gamma_table` of the panel; `coefficients`: of `base_coefficients`. One row a phase, smallest sizes first: phase,
    low, high (parameters; None is open), advice, models (of known size), intervals (γ12 by their middle size), negative
    and positive (of them, with a 95 % set that excludes zero). Empty where the pooled interval has no two ends.
    """
    pooled = coefficients.get("pooled_nc")
    if not pooled:
        return []
    sizes = source.models["params"].dropna().astype(float)
    edges = [(None, pooled["low"]), (pooled["low"], pooled["high"]), (pooled["high"], None)]
    bands = []
    for phase, (low, high) in zip(("tax", "transition", "bonus"), edges, strict=True):
        inside = [(values >= (low or 0.0)) & (values < (high or math.inf)) for values in (sizes, gamma["n_mid"])]
        here = gamma[inside[1]]
        resolved = here[here["resolved"].astype(bool)]
        negative = int((resolved["gamma"] < 0).sum())
        bands.append(
            {"phase": phase, "low": low, "high": high, "advice": ADVICE[phase], "models": int(inside[0].sum()),
             "intervals": len(here), "negative": negative, "positive": len(resolved) - negative}
        )  # fmt: skip
    return bands


def lab_priorities(
    source: Source, x: str, y: str, *, core: Sequence[str] | None = None, table: pd.DataFrame | None = None
) -> pd.DataFrame:
    """`playbook.diagnose` of every lab with a dated model on both axes, by lab id: the columns of Diagnosis.

    `core`: ids of core releases (default: all). h is measured against the line of the whole panel; `table`: its `h_table`, where
    it has been made.
    """
    frame = rows(source, (x, y))
    table = h_table(source, x, y) if table is None else table
    chosen = None if core is None else set(core)
    found = []
    for lab in sorted(frame["lab"].dropna().unique()):
        path = trajectory(source, x, y, lab, table=table)
        history = [{"h": row.h, "core": chosen is None or row.model in chosen} for row in path.itertuples()]
        if history:
            found.append(vars(diagnose(str(lab), history)))
    return pd.DataFrame(found)


def next_measurement(source: Panel, x: str, y: str, lab: str) -> dict[str, Any]:
    """What one further model of `lab` with both scores would do to the interval of its mean h, and which models lack one score.

    half_width: of the 95 % interval (Student t) of the mean h now, None under two models; half_width_next: the same with
    one model more and an unchanged standard deviation (with one model now: that of the panel's residuals); both in pp.
    candidates: up to three models with one score of the two, newest first: model, released, missing (axis).
    """
    line = line_of(source, x, y)
    frame = rows(source, (x, y))
    own = frame[frame["lab"] == lab]
    result: dict[str, Any] = {"n": len(own), "half_width": None, "half_width_next": None}
    if line is not None and len(own):
        h = own[y].to_numpy(dtype=float) - line.intercept - line.slope * own[x].to_numpy(dtype=float)
        spread = float(h.std(ddof=1)) if len(h) > 1 else line.sigma
        widths = [t_quantile(0.975, n - 1) * spread / math.sqrt(n) if n > 1 else None for n in (len(own), len(own) + 1)]
        result |= {"half_width": widths[0] if len(h) > 1 else None, "half_width_next": widths[1]}
    return result | {"candidates": _one_score_short(source, x, y, lab)}


def _one_score_short(source: Panel, x: str, y: str, lab: str, *, most: int = 3) -> list[dict[str, Any]]:
    have = source.scores[[x, y]].notna()
    short = have.index[(have.sum(axis=1) == 1) & (source.models["lab"] == lab)]
    dated = source.models.loc[short].assign(year=decimal_years(source.models.loc[short, "released"]))
    newest = dated.sort_values("year", ascending=False, kind="stable", na_position="last").head(most)
    return [
        {"model": str(model), "released": row["released"], "missing": y if have.at[model, x] else x}
        for model, row in newest.iterrows()
    ]


def rotation(source: Source, axes: Sequence[str], *, k: int = 5, least: int = 10) -> Rotation:
    """`playbook.rotate` from the panel: the active axis by signal, then the candidates against it."""
    table = _records(saturation_table(source, axes, k=k))
    first = rotate(table, [], least=least)
    if first.active is None:
        return first
    others = [axis for axis in axes if axis != first.active]
    return rotate(table, _records(co_activating(source, first.active, others)), least=least)


def _records(table: pd.DataFrame) -> list[Mapping[str, Any]]:
    return table.astype(object).where(table.notna(), None).to_dict("records")
