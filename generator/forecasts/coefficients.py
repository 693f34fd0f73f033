"""Coefficients of the ridge on logit increments, as plain JSON that thirty lines of script can evaluate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from generator.forecasts.families import FIVE_AXES, Family, FamilySet, Given, Targets, family_set
from generator.forecasts.increments import (
    REACH_SCALE,
    SCORE_SCALE,
    SIZE_SCALE,
    STEP_SCALE,
    Frame,
    Table,
    ridge_fits,
)
from generator.forecasts.intervals import REACH_OFFSET, calibrate
from generator.forecasts.link import EDGE
from generator.forecasts.suite import link_of
from generator.panel.frame import Panel

#: Levels of the predictive distribution that are exported.
QUANTILES = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
_PENALTIES = (0.3, 1.0, 3.0, 10.0, 30.0)
#: A variance below this share of that of all families is what rounding leaves of none.
_ROUNDING = 1e-10


def export_coefficients(
    panel: Panel, *, axes: Sequence[str] = FIVE_AXES, given: Sequence[int] = (1, 2)
) -> dict[str, Any]:
    """Everything the calculator needs for one and for two given sizes, or for those of `given`.

    Evaluate: z = ln(s/(1−s)) with s = (percent − floor)/(ceiling − floor) kept in [edge, 1 − edge]; features in the order
    of `features`, each divided by its scale; increment = (level + Σ (feature − centre)/spread · slopes) · reach; forecast =
    link of (last z + increment); limits = link of (last z + increment + quantile · √(reach + offset)).
    """
    families = family_set(panel, axes)
    return {
        "axes": list(axes),
        "floor": link_of(families).floor.tolist(),
        "ceiling": link_of(families).ceiling.tolist(),
        "edge": EDGE,
        "scales": {
            "score": SCORE_SCALE["logit"],
            "step": STEP_SCALE["logit"],
            "size": SIZE_SCALE,
            "reach": REACH_SCALE,
        },
        "reach_offset": REACH_OFFSET,
        "features": {
            "1": ["last scores (z)", "last log10 params", "target log10 params", "reach"],
            "2": [
                "last scores (z)",
                "last log10 params",
                "first scores (z)",
                "last − first scores (z)",
                "first log10 params",
                "target log10 params",
                "reach",
            ],
        },
        "levels": list(QUANTILES),
        "given": {str(sizes): _fit(families, sizes) for sizes in given},
        "track": panel.track,
        "as_of": panel.as_of.isoformat() if panel.as_of else "",
        "panel": panel.digest,
    }


def evaluate(coefficients: dict[str, Any], known: Given, wanted: Targets) -> dict[str, np.ndarray]:
    """What the calculator computes: `estimate` (m, k) percent and `quantiles` (levels, m, k) percent."""
    floor, ceiling = np.array(coefficients["floor"]), np.array(coefficients["ceiling"])
    edge = coefficients["edge"]
    share = np.clip((known.scores - floor) / (ceiling - floor), edge, 1 - edge)
    z = np.log(share / (1 - share))
    scales = coefficients["scales"]
    part = coefficients["given"]["1" if len(z) == 1 else "2"]
    reach = wanted.log_params - known.log_params[-1]
    shared = [z[-1] / scales["score"], known.log_params[-1:] / scales["size"]]
    if len(z) > 1:
        shared += [z[0] / scales["score"], (z[-1] - z[0]) / scales["step"], known.log_params[:1] / scales["size"]]
    rows = np.hstack(
        [
            np.tile(np.concatenate(shared), (len(reach), 1)),
            wanted.log_params[:, None] / scales["size"],
            reach[:, None] / scales["reach"],
        ]
    )
    step = np.array(part["level"]) + (rows - np.array(part["centre"])) / np.array(part["spread"]) @ np.array(
        part["slopes"]
    )
    middle = z[-1] + step * reach[:, None]
    # the forecast is a percent score first; limits start from its own logit, kept off the edges
    estimate = floor + (ceiling - floor) / (1 + np.exp(-middle))
    inner = np.clip((estimate - floor) / (ceiling - floor), edge, 1 - edge)
    width = np.sqrt(np.maximum(reach, 0.0) + coefficients["reach_offset"])[:, None]
    limits = [np.log(inner / (1 - inner)) + np.array(row) * width for row in part["quantiles"]]
    return {
        "estimate": estimate,
        "quantiles": np.array([floor + (ceiling - floor) / (1 + np.exp(-limit)) for limit in limits]),
    }


def _fit(families: FamilySet, given: int) -> dict[str, Any]:
    """Fit on all families, with penalty and residual quantiles by leave-one-family-out."""
    link = link_of(families)
    frame = Frame(link, "logit")
    judged = families.of_sizes(3)
    table, rows = frame.table(families.families, given), frame.places(families.families, given)
    steps = left_out_steps(table, list(rows.values()), penalties=_PENALTIES)
    starts = {family: frame.enter(family.scores[given - 1]) for family in judged}
    predicted = {
        penalty: {family.id: frame.leave(starts[family] + step[rows[family]]) for family in judged}
        for penalty, step in steps.items()
    }
    error = {penalty: _mean_error(judged, found, given) for penalty, found in predicted.items()}
    best = min(error, key=lambda penalty: error[penalty])
    calibration = calibrate(link, judged, predicted[best], given)
    final = ridge_fits(table, penalties=(best,), rate=True)[best]
    return {
        "penalty": best,
        "mae_pp": error[best],
        "families": len(judged),
        "centre": final.centre.tolist(),
        "spread": final.spread.tolist(),
        "level": final.level.tolist(),
        "slopes": final.slopes.tolist(),
        "quantiles": [calibration.shift(level).tolist() for level in QUANTILES],
    }


def left_out_steps(table: Table, groups: Sequence[slice], *, penalties: Sequence[float]) -> dict[float, np.ndarray]:
    """Increment (n, k) of every row of a training table by the ridge (`ridge_fits`, rate) on the rows of all other groups,
    by penalty. `groups`: consecutive rows that together are the table.

    A fit rests on sums over rows, so those without a group are all less the group's: the work grows with the rows, not with
    rows times groups. A feature that no other group varies in carries nothing.
    """
    features, steps, reach = table
    starts = np.array([rows.start for rows in groups if rows.stop > rows.start])
    codes = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(reach)))
    weight, aim = reach**2, steps / reach[:, None]
    # around the means of all rows, so that sums of squares lose no digits
    middle, height = (np.average(values, axis=0, weights=weight) for values in (features, aim))
    x, y = features - middle, aim - height

    def without(terms: np.ndarray) -> np.ndarray:
        """Sum of terms (n, …) over the rows of all other groups: (groups, …)."""
        return terms.sum(axis=0) - np.add.reduceat(terms, starts, axis=0)

    mass = without(weight)[:, None]
    centre, level = without(x * weight[:, None]) / mass, without(y * weight[:, None]) / mass
    products = without(x[:, :, None] * (x * weight[:, None])[:, None, :])
    products -= mass[:, :, None] * centre[:, :, None] * centre[:, None, :]
    moment = without(x[:, :, None] * (y * weight[:, None])[:, None, :])
    moment -= mass[:, :, None] * centre[:, :, None] * level[:, None, :]
    variance = np.einsum("gff->gf", products) / mass
    varies = variance > _ROUNDING * np.average(x**2, axis=0, weights=weight)
    spread = np.sqrt(np.where(varies, variance, 0.0)) + 1e-9
    scale = np.where(varies, 1 / spread, 0.0)
    gram, moment = products * scale[:, :, None] * scale[:, None, :], moment * scale[:, :, None]
    ridge = (mass / without(np.ones(len(reach)))[:, None])[:, :, None] * np.eye(x.shape[1])
    design = (x - centre[codes]) * scale[codes]
    found = {}
    for penalty in penalties:
        slopes = np.linalg.solve(gram + penalty * ridge, moment)
        rate = height + level[codes] + np.einsum("nf,nfk->nk", design, slopes[codes])
        found[penalty] = rate * reach[:, None]
    return found


def _mean_error(judged: Sequence[Family], predicted: Mapping[str, np.ndarray], given: int) -> float:
    return float(np.concatenate([np.abs(predicted[one.id] - one.scores[given:]) for one in judged]).mean())
