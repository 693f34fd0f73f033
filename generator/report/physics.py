"""The papers' physics quantities over the base panel as a section of the bundle: each with its points, or with the reason it has none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from generator.analysis.isocline import PAPER_KAPPA
from generator.analysis.quantities import (
    distance_exponent,
    exponential_constant,
    fixed_point,
    kink_profile,
    model_chain,
    sensitivity,
    turning_number,
)
from generator.analysis.result import Statistic
from generator.panel import Panel
from generator.panel.published import read_published
from generator.report.deep import records
from generator.report.papers import PAPER_BASE

X, Y = "hellaswag", "truthfulqa"
LOSS_FAMILY = "pythia"  # the only family whose losses the papers print
LEAST_SIZES = 4

Rng = Callable[[str], np.random.Generator]


def physics_section(
    root: Path, base: Panel, gamma: pd.DataFrame, scales: Mapping[str, float | None], *, rng: Rng, resamples: int
) -> dict[str, Any]:
    """Per family of four sizes or more: kink, turning number, fixed point, exponential constant, distance exponent; for all:
    1/|γ12| and the chain of models, the latter also on the papers' table with their losses.

    `scales`: estimate of Nc by family. Statistics as JSON; a family that carries none has the reason.
    """
    rows = base.complete((X, Y)).dropna(subset=["params"]).sort_values("params", kind="stable")
    columns = [rows[name].to_numpy(dtype=float) for name in ("params", X, Y)]
    series = {
        str(family): [column[places] for column in columns]
        for family, places in rows.groupby("family", sort=True).indices.items()
        if len(places) >= LEAST_SIZES
    }
    return {
        "track": base.track,
        "families": {
            family: _family(family, points, scales.get(family), rng=rng, resamples=min(resamples, 2_000))
            for family, points in series.items()
        },
        "sensitivity": records(sensitivity(gamma)),
        "chain": records(model_chain(base, X, Y)),
        "paper_chain": _paper_chain(root),
    }


def _family(family: str, points: list[np.ndarray], scale: float | None, *, rng: Rng, resamples: int) -> dict[str, Any]:
    """`points`: sizes in parameters, rising, and both scores in percent, (n,) each; `scale`: the family's own Nc."""
    sizes, x, y = points
    steps = np.diff(y) / np.where(np.diff(x) == 0, np.nan, np.diff(x))
    middles = np.sqrt(sizes[1:] * sizes[:-1])
    known = np.isfinite(steps)
    margin = y - 100 * np.sqrt(PAPER_KAPPA * x / 100)
    found = {
        "kink": kink_profile(sizes, y, rng=rng(f"kink/{family}"), resamples=resamples),
        "turning": turning_number(x, y),
        "fixed_point": fixed_point(sizes, y),
        "exponential": exponential_constant(middles[known], steps[known]),
        "distance": _distance(sizes, margin, scale),
    }
    return {name: statistic.as_dict() for name, statistic in found.items()}


def _distance(sizes: np.ndarray, margin: np.ndarray, scale: float | None) -> Statistic:
    """The exponent of the margin to the isocline in the distance to the family's own Nc."""
    if scale is None:
        reason = "the family has no critical size, so there is no distance to it"
        return Statistic.missing(
            "distance exponent", reason, n=len(sizes), method="least squares of log field on log (Nc − N)"
        )
    return distance_exponent(sizes.tolist(), margin.tolist(), scale)


def _paper_chain(root: Path) -> list[dict[str, Any]]:
    """The chain on the papers' own table with the losses that they print, matched by size within one family."""
    folder = root / "data" / "panels"
    if not all((folder / name).is_dir() for name in (PAPER_BASE, "paper-loss")):
        return []
    base = read_published(root, PAPER_BASE).panel
    printed = read_published(root, "paper-loss").table.dropna(subset=["loss"])
    by_size = dict(zip(printed["params"].astype(float), printed["loss"].astype(float), strict=True))
    members = base.models[base.models["family"] == LOSS_FAMILY]["params"].astype(float)
    loss = members.map(by_size).dropna()
    return records(model_chain(base, X, Y, loss=loss))
