"""How a lab's emphasis moves: h by release date, excursions and swings, a test of oscillation, effort tiers of one model."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from generator.analysis._inputs import Source, decimal_years, label, rows, score_stderr
from generator.analysis.hfield import h_table
from generator.analysis.line import LineFit, fit_line
from generator.analysis.resample import all_orders
from generator.analysis.result import Statistic
from generator.core import PartialDate, counted

EXCURSION = 10.0  # |h| above, pp
SWING = 10.0  # |Δh| between consecutive releases above, pp
TIERS = (
    "minimal",
    "none",
    "low",
    "medium",
    "std",
    "standard",
    "high",
    "xhigh",
    "max",
    "thinking",
    "nonthinking",
    "pro",
)
_TIER = re.compile(rf"^(?P<base>.+)-(?P<tier>{'|'.join(TIERS)})$")


def trajectory(
    source: Source, x: str, y: str, lab: str, *, fit: LineFit | None = None, table: pd.DataFrame | None = None
) -> pd.DataFrame:
    """The models of one lab in release order (date, then id), against the population line.

    Columns: model, released, year (decimal), x, y, h, dh (pp since the release before), dx, dy, gamma (Δy/Δx, pp/pp;
    NaN when |Δx| < 0.05), excursion (|h| > 10), swing (|Δh| > 10), order_known (no release before shares any of its
    possible days). Models without a date are left out. `table`: the `h_table` of these axes, where it has been made.
    """
    table = h_table(source, x, y, fit=fit) if table is None else table
    columns = [
        "model",
        "released",
        "year",
        "x",
        "y",
        "h",
        "dh",
        "dx",
        "dy",
        "gamma",
        "excursion",
        "swing",
        "order_known",
    ]
    table = table[table["lab"] == lab]
    table = table.assign(year=decimal_years(table["released"]))
    table = table[table["year"].notna()].sort_values(["year", "model"], kind="stable").reset_index(drop=True)
    if table.empty:
        return pd.DataFrame(columns=columns)
    dx, dy = table["x"].diff(), table["y"].diff()
    moved = dx.abs() >= 0.05
    return table.assign(
        dh=table["h"].diff(),
        dx=dx,
        dy=dy,
        gamma=(dy / dx.where(moved)).where(moved),
        excursion=table["h"].abs() > EXCURSION,
        swing=table["h"].diff().abs() > SWING,
        order_known=_order_known(list(table["released"])),
    )[columns]


def _order_known(released: Sequence[str]) -> list[bool]:
    spans = [PartialDate.parse(text) for text in released]
    return [index == 0 or spans[index - 1].last < span.first for index, span in enumerate(spans)]


def reversals(series: np.ndarray) -> np.ndarray:
    """How often a series turns round: sign changes between consecutive non-zero steps, along the last axis (…, n) → (…)."""
    steps = np.sign(np.diff(series, axis=-1))
    return (steps[..., 1:] * steps[..., :-1] < 0).sum(axis=-1)


def oscillation_test(series: Sequence[float], *, rng: np.random.Generator, resamples: int = 10_000) -> Statistic:
    """Does h go up and down more often than in shuffled order? estimate: number of reversals of direction.

    p ``shuffled order`` is one-sided (share of orders with at least as many reversals): all orders up to n = 8, else
    drawn. baselines: mean reversals of a shuffled series, 2(n−2)/3 without ties. Up to 8 releases even perfect
    alternation happens by chance more often than once in 20, so no p is given, only details.p_floor.
    """
    values = np.asarray([value for value in series if math.isfinite(value)], dtype=float)
    n, how = len(values), "reversals of direction against shuffled release order"
    if n < 3:
        return Statistic.missing(
            "oscillation", f"{counted(n, 'release')}; a reversal needs 3", n=n, method=how, unit="reversals"
        )
    observed = int(reversals(values))
    exact = n <= 8
    orders = values[all_orders(n)] if exact else rng.permuted(np.tile(values, (resamples, 1)), axis=1)
    counts = reversals(orders)
    most = int(counts.max())
    hits = int(np.count_nonzero(counts >= observed))
    details: dict[str, Any] = {"exact": exact, "orders": len(counts), "most_possible": n - 2}
    p = {}
    floor = float(np.mean(counts >= most)) if exact else 1 / (resamples + 1)
    details["p_floor"] = floor
    if floor > 0.05:
        details["p_reason"] = f"{n} releases: even perfect alternation has p = {floor:.2g}"
    else:
        p["shuffled order"] = hits / len(counts) if exact else (hits + 1) / (resamples + 1)
    return Statistic(
        name="oscillation",
        estimate=float(observed),
        n=n,
        method=how,
        unit="reversals",
        p=p,
        baselines={"mean of shuffled orders": float(counts.mean())},
        details=details,
    )


def lab_oscillation(
    source: Source,
    x: str,
    y: str,
    lab: str,
    *,
    rng: np.random.Generator,
    resamples: int = 10_000,
    path: pd.DataFrame | None = None,
) -> Statistic:
    """`oscillation_test` of the h of one lab in release order; details say whether the dates fix that order.

    `path`: the lab's `trajectory` on these axes, where it has been made.
    """
    path = trajectory(source, x, y, lab) if path is None else path
    statistic = oscillation_test(path["h"].tolist(), rng=rng, resamples=resamples)
    known = bool(path["order_known"].all()) if len(path) else False
    more = {**statistic.details, "order_known": known, "h": path["h"].tolist(), "models": path["model"].tolist()}
    labelled = replace(statistic, details=more, inputs=tuple(path["model"]), axes=(x, y))
    return label(labelled, source)


def trend_in_time(path: pd.DataFrame) -> dict[str, float] | None:
    """Slope of h on release date over a `trajectory` (pp per year) with its standard error; None under three dates."""
    if len(path) < 3 or np.ptp(path["year"].to_numpy(dtype=float)) == 0:
        return None
    fit = fit_line(path["year"].to_numpy(dtype=float), path["h"].to_numpy(dtype=float))
    half = fit.t95 * fit.se_slope
    return {"slope": fit.slope, "se": fit.se_slope, "low": fit.slope - half, "high": fit.slope + half}


def find_effort_tiers(models: Sequence[str]) -> dict[str, list[str]]:
    """Model ids that are one model at several effort tiers, by base id: two or more of `<base>`, `<base>-<tier>` (TIERS)."""
    found: dict[str, list[str]] = {}
    for model in sorted(map(str, models)):
        match = _TIER.match(model)
        found.setdefault(match["base"] if match else model, []).append(model)
    return {base: members for base, members in found.items() if len(members) >= 2}


def effort_table(
    source: Source, x: str, y: str, *, tiers: Mapping[str, Sequence[str]] | None = None, fit: LineFit | None = None
) -> pd.DataFrame:
    """Δh between effort tiers of one model: every tier against its first.

    Columns: base, model_low, model_high, dx, dy, dh (pp), se_dh (sampling error, NaN unknown; that of x is left out where
    both tiers share one x), note (same x reported for both tiers). `tiers`: base → model ids, least effort first
    (default: recognised by name, the tier of lowest y first).
    """
    table = h_table(source, x, y, fit=fit)
    groups = (
        find_effort_tiers(list(table["model"])) if tiers is None else {base: list(ids) for base, ids in tiers.items()}
    )
    frame = rows(source, (x, y))
    se_y = pd.Series(score_stderr(source, frame, y)[0], index=frame.index)
    found = []
    for base, ids in sorted(groups.items()):
        members = table[table["model"].isin(ids)].sort_values(["y", "model"], kind="stable")
        if tiers is not None:
            members = members.loc[[one for one in ids if one in members.index]]
        for _, high in members.iloc[1:].iterrows():
            low = members.iloc[0]
            same = abs(high["x"] - low["x"]) < 1e-9
            found.append(
                {
                    "base": base,
                    "model_low": low["model"],
                    "model_high": high["model"],
                    "dx": high["x"] - low["x"],
                    "dy": high["y"] - low["y"],
                    "dh": high["h"] - low["h"],
                    "se_dh": math.hypot(
                        *(se_y[[high["model"], low["model"]]] if same else (high["h_se"], low["h_se"]))
                    ),
                    "note": "the same first score is reported for both tiers" if same else "",
                }
            )
    return pd.DataFrame(found).reindex(columns=["base", "model_low", "model_high", "dx", "dy", "dh", "se_dh", "note"])
