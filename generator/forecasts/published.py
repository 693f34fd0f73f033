"""The forecasts as published, run as printed: the sparse ODE and the cross-prediction of Llama-2.

The printed equation is dHS/dlog10 N = 1.23 − 0.72·TQA − 0.69·WG on fractions. Constants of the equations of the other four
benchmarks were not published, so the system cannot be closed; TQA and WG are taken as observed.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from generator.analysis.result import Statistic
from generator.core import CapewatchError
from generator.forecasts.dynamics import Library, derivatives, discover
from generator.forecasts.families import FamilySet
from generator.forecasts.integrate import integrate

#: Coefficients as printed, per decade of parameters, fractions.
PRINTED = {"1": 1.23, "truthfulqa": -0.72, "winogrande": -0.69}
PRINTED_AXIS = "hellaswag"


def printed_equation(families: FamilySet, family: str = "pythia") -> dict[str, Any]:
    """The printed HellaSwag equation integrated from the smallest model of `family` along its observed TruthfulQA and WinoGrande.

    Keys: sizes: [{model, params, observed, predicted}] percent; above_100: first model past 100 % or None; largest; rate_mean and
    observed_rate_mean (fraction a decade); outcome in words.
    """
    columns = {axis: _column(families, axis) for axis in (PRINTED_AXIS, "truthfulqa", "winogrande")}
    member = families.family(family)
    if len(member) < 2:
        raise CapewatchError(f"family {family!r} has one size: there is nothing to integrate to")
    scores = member.scores / 100.0
    pull = [PRINTED[axis] * scores[:, columns[axis]] for axis in ("truthfulqa", "winogrande")]
    rates = PRINTED["1"] + np.sum(pull, axis=0)
    steps = np.diff(member.log_params)
    # along a straight path between sizes the rate is linear in log10 N, so the trapezium is exact
    climbed = np.concatenate([[0.0], np.cumsum((rates[1:] + rates[:-1]) / 2 * steps)])
    predicted = 100 * (scores[0, columns[PRINTED_AXIS]] + climbed)
    observed = 100 * scores[:, columns[PRINTED_AXIS]]
    past = [model for model, value in zip(member.models, predicted, strict=True) if value > 100]
    span = member.log_params[-1] - member.log_params[0]
    return {
        "equation": PRINTED,
        "axis": PRINTED_AXIS,
        "sizes": [
            {"model": model, "params": float(10**size), "observed": float(seen), "predicted": float(value)}
            for model, size, seen, value in zip(member.models, member.log_params, observed, predicted, strict=True)
        ],
        "above_100": past[0] if past else None,
        "largest": float(predicted.max()),
        "rate_mean": float(climbed[-1] / span),
        "observed_rate_mean": float((observed[-1] - observed[0]) / 100 / span),
        "outcome": f"past 100 % from {past[0]} on, {predicted.max():.0f} % at its highest"
        if past
        else f"in range, {predicted.max():.0f} % at its highest",
    }


def cross_prediction(
    families: FamilySet, *, train: tuple[str, ...], held_out: str, axis: str = "truthfulqa", degree: int = 2
) -> Statistic:
    """Mean absolute relative error (percent) of a polynomial in log10 N, fitted on `train`, at every size of `held_out`.

    This is the recipe behind the published 5.6 %. Beside it, as baselines: the dense linear ODE of the first training family
    integrated from the smallest held-out model, and persistence from it, both over the remaining sizes.
    """
    column = _column(families, axis)
    members = [families.family(name) for name in train]
    held = families.family(held_out)
    sizes = np.concatenate([member.log_params for member in members])
    values = np.concatenate([member.scores[:, column] for member in members])
    method = f"polynomial of degree {degree} in log10 parameters on {', '.join(train)}, at every size of {held_out}"
    if len(np.unique(sizes)) <= degree:
        return Statistic.missing(
            "mape", f"{len(np.unique(sizes))} sizes for {degree + 1} coefficients", n=0, method=method
        )
    weights = np.polyfit(sizes, values, degree)
    misses = np.polyval(weights, held.log_params) / held.scores[:, column] - 1
    still = held.scores[0, column] / held.scores[1:, column] - 1
    ode, note = _integrated(families, train[0], held_out, column)
    return Statistic(
        name="mape",
        estimate=float(100 * np.abs(misses).mean()),
        unit="%",
        n=len(held),
        method=method,
        baselines={
            "persistence": float(100 * np.abs(still).mean()) if len(still) else None,
            "ode": ode,
        },
        details={"relative_errors": (100 * misses).tolist(), "ode_note": note},
        inputs=tuple(model for member in (*members, held) for model in member.models),
        axes=(axis,),
    )


def _integrated(families: FamilySet, train: str, held_out: str, column: int) -> tuple[float | None, str]:
    """Error in percent on one axis over the later sizes of the dense linear ODE of one family, and what happened in words."""
    held = families.family(held_out)
    if len(held) < 2:
        return None, "one size only"
    data = derivatives([families.family(train)])
    try:
        system = discover(data, Library(len(families.axes)), method="ridge", penalty=1e-10)
    except CapewatchError as error:
        return None, error.message
    path = integrate(system, held.scores[0] / 100.0, held.log_params[1:] - held.log_params[0])
    if path.outcome == "blew up":
        return None, path.note
    misses = 100 * path.states[:, column] / held.scores[1:, column] - 1
    return float(100 * np.abs(misses).mean()), f"{path.outcome} {path.note}".strip()


def _column(families: FamilySet, axis: str) -> int:
    if axis not in families.axes:
        raise CapewatchError(f"the printed equation needs {axis}", hint=f"axes here: {', '.join(families.axes)}")
    return families.axes.index(axis)
