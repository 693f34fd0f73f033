"""Recipes for the claims on loss: the power law, gradient norms, the ratio of model errors."""

from __future__ import annotations

import numpy as np

from generator.analysis.claims.inputs import HS, TQA, ClaimInputs
from generator.analysis.claims.numerics import line, r_squared
from generator.analysis.claims.recipes import Recipes, Values
from generator.analysis.loss import kink_power, power_law

CATALOGUE = Recipes()
PRINTED_FLOOR, PRINTED_ALPHA = 1.533, 0.238
PRINTED_ERRORS = (44.0, 0.31)  # percent: L1 and L0 of the chain of models, as printed
KINK_AT = 3.5e9  # parameters: the printed critical scale
KINK_SEED, KINK_SIMULATIONS = 0, 400


def _series(inputs: ClaimInputs, column: str) -> tuple[np.ndarray, np.ndarray]:
    """Sizes in parameters and the column, of the rows that have it."""
    rows = inputs.loss.table.dropna(subset=[column])
    return rows["params"].to_numpy(dtype=float), rows[column].to_numpy(dtype=float)


@CATALOGUE.add("loss-fit", "power-law")
def loss_fit(inputs: ClaimInputs) -> Values:
    """L = E + A·N^−α on the eight typed losses; CV of N^0.238·(L − 1.533) with the printed constants."""
    size, loss = _series(inputs, "loss")
    fit = power_law(size, loss)
    scaled = size**PRINTED_ALPHA * (loss - PRINTED_FLOOR)
    return {
        "floor": fit.floor,
        "scale": fit.scale,
        "alpha": fit.alpha,
        "alpha_se": fit.se_alpha,
        "r2": fit.r_squared,
        "cv": float(scaled.std() / scaled.mean()),
        "cv_unrounded": fit.cv,
        "losses": fit.n,
        "degrees_of_freedom": fit.n - 3,
    }


@CATALOGUE.add("loss-fit", "power")
def loss_power(inputs: ClaimInputs) -> Values:
    """How often the same fit would notice a change of the exponent at 3.5B, noise as in the residuals; seed 0."""
    size, loss = _series(inputs, "loss")
    rng = np.random.default_rng(KINK_SEED)
    statistic = kink_power(size, loss, at=KINK_AT, rng=rng, simulations=KINK_SIMULATIONS)
    values: dict = {"smallest_noticed_change": statistic.estimate}
    for row in statistic.details["power"]:
        values[f"power_at_{row['change']:+g}"] = float(row["power"])
    return values


@CATALOGUE.add("loss-fit", "measured-series")
def loss_measured(inputs: ClaimInputs) -> Values:
    """Exponent of the measured WikiText-2 losses (log-log line, six sizes), and how smooth the benchmarks themselves are."""
    size, loss = _series(inputs, "wikitext2_loss_mean")
    pythia = inputs.ladder("pythia", (HS, TQA))
    smooth = {}
    for index, name in enumerate(("hellaswag", "truthfulqa")):
        column = pythia.scores[:, index]
        t = pythia.log_n - pythia.log_n.mean()
        smooth[f"{name}.r2_line"] = r_squared(column, np.polyval(np.polyfit(t, column, 1), t))
        smooth[f"{name}.r2_parabola"] = r_squared(column, np.polyval(np.polyfit(t, column, 2), t))
    exponent = -line(np.log(size), np.log(loss)).slope
    return {"exponent": exponent, "losses": len(size), **smooth}


@CATALOGUE.add("grad", "log-log-lines")
def gradient(inputs: ClaimInputs) -> Values:
    """Log-log lines of gradient norm on size and on loss, six sizes; the norm at 1B against the line in size."""
    size, norm = _series(inputs, "grad_norm_mean")
    _, loss = _series(inputs, "wikitext2_loss_mean")
    by_size, by_loss = line(np.log(size), np.log(norm)), line(np.log(loss), np.log(norm))
    at = int(np.argmin(np.abs(size - 1e9)))
    others = np.delete(np.arange(len(size)), at)
    apart = line(np.log(size[others]), np.log(norm[others]))
    without = np.exp(apart.intercept + apart.slope * np.log(size[at]))
    return {
        "beta": -by_size.slope,
        "beta_se": by_size.se_slope,
        "loss_exponent": by_loss.slope,
        "loss_r": by_loss.r,
        "dip_1b": float(norm[at] / np.exp(by_size.intercept + by_size.slope * np.log(size[at])) - 1),
        "dip_1b_left_out": float(norm[at] / without - 1),
        "sizes": len(size),
        "devices": sorted(set(inputs.loss.table["device"].dropna())),
    }


@CATALOGUE.add("boost142", "printed-errors")
def ratio_printed(inputs: ClaimInputs) -> Values:  # noqa: ARG001 - both numbers are typed in the papers
    """The printed 44 % over the printed 0.31 %."""
    return {"ratio": PRINTED_ERRORS[0] / PRINTED_ERRORS[1], "l1": None, "l0_printed": PRINTED_ERRORS[1]}


@CATALOGUE.add("boost142", "recomputed-denominator")
def ratio_recomputed(inputs: ClaimInputs) -> Values:
    """The printed 44 % over the mean relative error of the power law on the eight losses."""
    size, loss = _series(inputs, "loss")
    fit = power_law(size, loss)
    error = float(100 * np.mean(np.abs(fit.floor + fit.scale * size**-fit.alpha - loss) / loss))
    return {"ratio": PRINTED_ERRORS[0] / error, "l0": error}
