"""The sparse-regression recipe behind the printed ODE: sequentially thresholded least squares as PySINDy runs it.

PySINDy and its dependencies take about a second to import, so they are imported when the recipe runs.
"""

from __future__ import annotations

import warnings

import numpy as np

from generator.analysis.claims.inputs import FIVE, ClaimInputs
from generator.analysis.claims.ode import mape, relative_error, solve
from generator.analysis.claims.recipes import Recipes, Values

CATALOGUE = Recipes()
SETTINGS = tuple((degree, threshold) for degree in (1, 2, 3) for threshold in (0.1, 0.3))
RIDGE = 1e-6  # keeps the underdetermined fits of degree 2 and 3 solvable; the default 0.05 would zero almost every term


@CATALOGUE.add("sindy-coefs", "pysindy")
def sparse(inputs: ClaimInputs) -> Values:
    """Polynomials of degree 1 to 3 at thresholds 0.1 and 0.3 on eight Pythia models: terms kept, errors, HS constant.

    In-sample error is pooled |error| over mean score in percent; Llama-2 is solved from 7B (mean relative error, 13B and
    70B). An error is None where the solution leaves the finite numbers.
    """
    import pysindy  # here: takes about a second

    train, test = inputs.ladder("pythia", FIVE), inputs.ladder("llama-2", FIVE)
    x, y = train.scores / 100, test.scores / 100
    values: dict = {}
    for degree, threshold in SETTINGS:
        library = pysindy.PolynomialLibrary(degree=degree)
        model = pysindy.SINDy(optimizer=pysindy.STLSQ(threshold=threshold, alpha=RIDGE), feature_library=library)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a rank-deficient fit is what is being measured
            model.fit(x, t=train.log_n)
        coefficients, powers = np.asarray(model.coefficients()), np.asarray(library.powers_, dtype=float)
        terms = (coefficients != 0).sum(axis=1)
        key = f"deg{degree}-thr{threshold}"
        values |= {
            f"{key}.active_terms": terms.tolist(),
            f"{key}.active_mean": float(terms.mean()),
            f"{key}.library": len(powers),
            f"{key}.in_sample": 100 * relative_error(_path(coefficients, powers, x[0], train.log_n), x),
            f"{key}.llama2_from_7b": mape(_path(coefficients, powers, y[0], test.log_n), y),
            f"{key}.hellaswag_constant": float(coefficients[0, 0]),
        }
    return values


def _path(coefficients: np.ndarray, powers: np.ndarray, start: np.ndarray, log_n: np.ndarray) -> np.ndarray:
    """Solution of x' = coefficients·(monomials of x) at `log_n`; powers (terms, k), coefficients (k, terms)."""
    used = (coefficients != 0).any(axis=0)
    kept, exponents = coefficients[:, used], powers[used]
    return solve(lambda x: kept @ np.prod(x**exponents, axis=1), start, log_n)
