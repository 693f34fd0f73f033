"""The playbook applied to a panel: coefficients for the calculator, and the next measurement of every lab."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from generator.analysis._inputs import Source, rows
from generator.analysis.coupling import gamma_table, running_coupling
from generator.analysis.critical_scale import pooled_critical_scale
from generator.analysis.emphasis import trajectory
from generator.analysis.hfield import line_of
from generator.analysis.isocline import PAPER_FRONTIER_KAPPA, PAPER_KAPPA
from generator.analysis.playbook import Rotation, diagnose, rotate
from generator.analysis.saturation import co_activating, saturation_table
from generator.core import CapewatchError


def frontier_coefficients(source: Source, x: str, y: str, *, kappa: float | None = None) -> dict[str, Any]:
    """What `playbook.locate` needs for a pair of axes, JSON-able: line, kappa, x_low, x_high (percent), n, x, y.

    kappa defaults to the papers' value for their two pairs, else to the slope of the line (never negative). Raises
    CapewatchError when fewer than three models carry a line.
    """
    line = line_of(source, x, y)
    if line is None:
        found = len(rows(source, (x, y)))
        raise CapewatchError(f"{x} and {y}: {found} models have both scores; a line needs 3 of different {x}")
    values = rows(source, (x, y))[x].to_numpy(dtype=float)
    chosen = kappa if kappa is not None else PAPER_FRONTIER_KAPPA.get((x, y), max(line.slope, 0.0))
    return {
        "x": x,
        "y": y,
        "n": line.n,
        "line": line.as_dict(),
        "kappa": chosen,
        "x_low": float(values.min()),
        "x_high": float(values.max()),
    }


def base_coefficients(
    source: Source,
    x: str = "hellaswag",
    y: str = "truthfulqa",
    *,
    rng: np.random.Generator,
    resamples: int = 2_000,
    kappa: float = PAPER_KAPPA,
) -> dict[str, Any]:
    """What `playbook.base_phase` needs, JSON-able: kappa, running {slope, intercept}, pooled_nc {estimate, low, high} or None."""
    table = gamma_table(source, x, y)
    running = running_coupling(source, table)
    if running.estimate is None:
        raise CapewatchError(f"{x} and {y}: {running.reason}")
    nc = pooled_critical_scale(source, table, rng=rng, resamples=resamples)
    bounds = nc.interval
    known = bounds is not None and bounds.low is not None and bounds.high is not None
    return {
        "x": x,
        "y": y,
        "kappa": kappa,
        "running": {"slope": running.estimate, "intercept": running.details["intercept"]},
        "pooled_nc": {"estimate": nc.estimate, "low": bounds.low, "high": bounds.high} if known and bounds else None,
    }


def lab_priorities(source: Source, x: str, y: str, *, core: Sequence[str] | None = None) -> pd.DataFrame:
    """`playbook.diagnose` of every lab with a dated model on both axes, by lab id: the columns of Diagnosis.

    `core`: ids of core releases (default: all). h is measured against the line of the whole panel.
    """
    frame = rows(source, (x, y))
    chosen = None if core is None else set(core)
    found = []
    for lab in sorted(frame["lab"].dropna().unique()):
        path = trajectory(source, x, y, lab)
        history = [{"h": row.h, "core": chosen is None or row.model in chosen} for row in path.itertuples()]
        if history:
            found.append(vars(diagnose(str(lab), history)))
    return pd.DataFrame(found)


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
