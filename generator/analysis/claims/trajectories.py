"""Recipes for the claims on trajectories in log N: the polynomial behind the 5.6 %, the dense ODE, piecewise slopes."""

from __future__ import annotations

import numpy as np

from generator.analysis.claims.inputs import FIVE, HS, TQA, WG, ClaimInputs, Ladder
from generator.analysis.claims.numerics import r_squared
from generator.analysis.claims.ode import (
    Derivatives,
    derivatives,
    join,
    linear_system,
    mae_pp,
    mape,
    relative_error,
    solve_linear,
)
from generator.analysis.claims.recipes import LiveRequest, Recipes, Values
from generator.analysis.result import Statistic

CATALOGUE = Recipes()
LOFO_FAMILIES = (
    "bloom",
    "cerebras-gpt",
    "falcon",
    "gpt-neo",
    "llama-1",
    "llama-2",
    "opt",
    "phi",
    "pythia",
    "qwen2.5",
)
PRINTED_HS = (1.23, -0.72, -0.69)  # constant, TruthfulQA and WinoGrande coefficients of dHS/dlogN as printed
TAX, TRANSITION, BONUS = slice(0, 3), slice(3, 5), slice(5, 7)  # midpoint derivatives of the eight Pythia models


def _polynomial(train: list[Ladder], test: Ladder, degree: int) -> tuple[np.ndarray, np.ndarray]:
    """TruthfulQA (percent) of `test` by a polynomial in log10 N fitted to `train`: predicted, observed."""
    t = np.concatenate([one.log_n for one in train])
    y = np.concatenate([one.scores[:, 1] for one in train])
    centre = t.mean()
    return np.polyval(np.polyfit(t - centre, y, degree), test.log_n - centre), test.scores[:, 1]


def _polynomial_error(train: list[Ladder], test: Ladder, degree: int) -> float:
    predicted, observed = _polynomial(train, test, degree)
    return float(100 * np.mean(np.abs(predicted - observed) / observed))


def _degrees(train: list[Ladder], test: Ladder) -> dict[str, float]:
    return {f"degree_{degree}": _polynomial_error(train, test, degree) for degree in (1, 2, 3, 4)}


@CATALOGUE.add("ode-llama2", "quadratic-pythia-llama1")
def quadratic_holdout(inputs: ClaimInputs) -> Values:
    """TruthfulQA of Llama-2 by a quadratic in log10 N fitted to Pythia and Llama-1, scores of the figure script."""
    train = [inputs.ladder("pythia", variant="v2"), inputs.ladder("llama-1", variant="v2")]
    test = inputs.ladder("llama-2", variant="v2")
    predicted, observed = _polynomial(train, test, 2)
    relative = 100 * (predicted - observed) / observed
    return {
        "mape": float(np.abs(relative).mean()),
        "per_model": relative.tolist(),
        "mae_pp": float(np.abs(predicted - observed).mean()),
        **_degrees(train, test),
        "training_models": sum(len(one.models) for one in train),
    }


@CATALOGUE.add("ode-llama2", "quadratic-pythia-alone")
def quadratic_pythia_alone(inputs: ClaimInputs) -> Values:
    """The same quadratic fitted to Pythia alone, as the claim words it; beside predicting Llama-2's own mean."""
    test = inputs.ladder("llama-2", variant="v2")
    mean = test.scores[:, 1].mean()
    return {
        "mape": _polynomial_error([inputs.ladder("pythia", variant="v2")], test, 2),
        "own_mean_mape": float(100 * np.mean(np.abs(mean - test.scores[:, 1]) / test.scores[:, 1])),
    }


@CATALOGUE.add("poly-baselines", "table-values")
def baselines_table(inputs: ClaimInputs) -> Values:
    """Polynomials of degree 1 to 4 on Pythia and Llama-1 with the table's own values, predicting Llama-2."""
    return _degrees([inputs.ladder("pythia"), inputs.ladder("llama-1")], inputs.ladder("llama-2"))


@CATALOGUE.add("poly-baselines", "null-model-values")
def baselines_null(inputs: ClaimInputs) -> Values:
    """The same with Pythia as the null-model script has it."""
    return _degrees([inputs.ladder("pythia", variant="v3"), inputs.ladder("llama-1")], inputs.ladder("llama-2"))


@CATALOGUE.add("poly-baselines", "figure-script-values")
def baselines_figure(inputs: ClaimInputs) -> Values:
    """The same with the values behind the 5.6 %: the degree-2 baseline is then that number itself."""
    train = [inputs.ladder("pythia", variant="v2"), inputs.ladder("llama-1", variant="v2")]
    return _degrees(train, inputs.ladder("llama-2", variant="v2"))


def _dense(inputs: ClaimInputs) -> np.ndarray:
    return linear_system([derivatives(inputs.ladder("pythia", FIVE))])


@CATALOGUE.add("ode-insample", "dense-linear")
def in_sample(inputs: ClaimInputs) -> Values:
    """Dense linear system with constant on seven midpoint derivatives, solved from 70M; pooled |error| over mean score."""
    ladder = inputs.ladder("pythia", FIVE)
    coefficients, scores = _dense(inputs), ladder.scores / 100
    path = solve_linear(coefficients, scores[0], ladder.log_n)
    values: dict = {"pooled": relative_error(path, scores)}
    for index, axis in enumerate(FIVE):
        error = np.abs(path - scores)[:, index].mean() / scores[:, index].mean()
        values[f"{axis}.percent"] = float(100 * error)
    eigenvalues = np.linalg.eigvals(coefficients[1:].T)
    values["parameters"] = int(coefficients.size)
    values["derivatives"] = 7 * len(FIVE)
    values["largest_growth"] = float(eigenvalues.real.max())
    values["eigenvalues"] = [[float(value.real), float(value.imag)] for value in eigenvalues]
    return values


@CATALOGUE.add("ode-insample", "curves-in-log-n")
def in_sample_curves(inputs: ClaimInputs) -> Values:
    """The same measure for one straight line, and one parabola, in log10 N per benchmark."""
    ladder = inputs.ladder("pythia", FIVE)
    t, scores = ladder.log_n - ladder.log_n.mean(), ladder.scores / 100
    values: dict = {}
    for name, degree in (("line", 1), ("parabola", 2)):
        path = np.column_stack([np.polyval(np.polyfit(t, column, degree), t) for column in scores.T])
        values[f"{name}.pooled"] = relative_error(path, scores)
        values[f"{name}.parameters"] = (degree + 1) * len(FIVE)
    return values


@CATALOGUE.add("ode-true-llama2", "pythia-ode-from-7b")
@CATALOGUE.add("ode-llama2", "pythia-ode-from-7b")
def ode_holdout(inputs: ClaimInputs) -> Values:
    """The dense Pythia system started at Llama-2-7B and solved to 13B and 70B; persistence beside it."""
    ladder = inputs.ladder("llama-2", FIVE)
    scores = ladder.scores / 100
    path = solve_linear(_dense(inputs), scores[0], ladder.log_n)
    still = np.broadcast_to(scores[0], scores.shape)
    relative = 100 * np.abs(path[1:] - scores[1:]) / scores[1:]
    return {
        "mape": mape(path, scores),
        "mape_13b": float(relative[0].mean()),
        "mape_70b": float(relative[1].mean()),
        "truthfulqa_13b": float(relative[0, 1]),
        "truthfulqa_70b": float(relative[1, 1]),
        "mae_pp": mae_pp(path, scores),
        "persistence_mape": mape(still, scores),
        "persistence_mae_pp": mae_pp(still, scores),
        "predicted_hellaswag_70b": float(100 * path[-1, 0]),
    }


@CATALOGUE.add("sindy-coefs", "least-squares-three-terms")
def three_terms(inputs: ClaimInputs) -> Values:
    """Least squares of dHS/dlogN on a constant, TruthfulQA and WinoGrande, seven midpoint derivatives."""
    part = derivatives(inputs.ladder("pythia", (HS, TQA, WG)))
    design = np.column_stack([np.ones(len(part.at)), part.at[:, 1:]])
    constant, truthfulqa, winogrande = np.linalg.lstsq(design, part.slope[:, 0], rcond=None)[0]
    return {"constant": constant, "truthfulqa": truthfulqa, "winogrande": winogrande}


@CATALOGUE.add("sindy-coefs", "printed-equation")
def printed_equation(inputs: ClaimInputs) -> Values:
    """The printed equation summed along the observed TruthfulQA and WinoGrande of Pythia, from HellaSwag at 70M."""
    ladder = inputs.ladder("pythia", (HS, TQA, WG))
    x = ladder.scores / 100
    rate = PRINTED_HS[0] + PRINTED_HS[1] * x[:, 1] + PRINTED_HS[2] * x[:, 2]
    gained = np.sum((rate[1:] + rate[:-1]) / 2 * np.diff(ladder.log_n))
    decades = ladder.log_n[-1] - ladder.log_n[0]
    return {
        "hellaswag_12b": float(100 * (x[0, 0] + gained)),
        "hellaswag_12b_observed": float(ladder.scores[-1, 0]),
        "rate_per_decade": float(gained / decades),
        "rate_per_decade_observed": float((x[-1, 0] - x[0, 0]) / decades),
    }


@CATALOGUE.add("ode-6x", "slopes-per-phase")
def slopes_per_phase(inputs: ClaimInputs) -> Values:
    """Slope of dTQA/dlogN on HellaSwag over 70M–1B (3 midpoints), 1–2.8B (2), 2.8–12B (2) and all seven."""
    ladder = inputs.ladder("pythia")
    part = derivatives(ladder)
    gamma = np.diff(ladder.scores[:, 1]) / np.diff(ladder.scores[:, 0])
    found = {
        name: float(np.polyfit(part.at[rows, 0], part.slope[rows, 1], 1)[0])
        for name, rows in (("tax", TAX), ("transition", TRANSITION), ("bonus", BONUS), ("full", slice(None)))
    }
    return {
        **found,
        "ratio": found["bonus"] / found["tax"],
        "tax.degrees_of_freedom": 1,
        "bonus.degrees_of_freedom": 0,
        "tax.mean_gamma": float(gamma[TAX].mean()),
        "bonus.mean_gamma": float(gamma[BONUS].mean()),
    }


@CATALOGUE.add("rank1", "refit-per-phase")
def rank_one(inputs: ClaimInputs) -> Values:
    """Singular values of A(2.8–12B) − A(70M–1B), each by minimum-norm least squares on the released Pythia scores.

    The released matrix is not among the tables; with 3 and 2 derivatives for 30 coefficients each fit is underdetermined.
    """
    part = derivatives(inputs.ladder("pythia", FIVE))
    first, second = (
        linear_system([Derivatives(part.at[rows], part.slope[rows], part.length[rows])])[1:].T for rows in (TAX, BONUS)
    )
    left, sizes, _ = np.linalg.svd(second - first)
    return {
        "refit.sigma1": float(sizes[0]),
        "refit.sigma2": float(sizes[1]),
        "refit.ratio": float(sizes[0] / sizes[1]),
        "refit.left_truthfulqa": float(abs(left[1, 0])),
        "refit.left_hellaswag": float(abs(left[0, 0])),
        "derivatives_tax": 3,
        "derivatives_bonus": 2,
        "coefficients": 30,
    }


@CATALOGUE.add("ode-lofo", "weights-dlogn")
def left_out_weighted(inputs: ClaimInputs) -> Values:
    """Every family left out in turn; least squares with weights Δlog10 N; MAE in pp from the family's smallest model."""
    return _left_out(_training(inputs), LOFO_FAMILIES, weights="length")


@CATALOGUE.add("ode-lofo", "rows-times-dlogn")
def left_out_increments(inputs: ClaimInputs) -> Values:
    """The same with rows multiplied by Δlog10 N (the increments are fitted)."""
    return _left_out(_training(inputs), LOFO_FAMILIES, weights="increments")


@CATALOGUE.add("ode-lofo", "unweighted")
def left_out_plain(inputs: ClaimInputs) -> Values:
    """The same without weights."""
    return _left_out(_training(inputs), LOFO_FAMILIES, weights="none")


def _training(inputs: ClaimInputs) -> dict[str, Ladder]:
    families = sorted(inputs.clean.dropna(subset=list(FIVE))["family"].unique())
    ladders = {family: inputs.clean_ladder(family, FIVE) for family in families}
    return {family: ladder for family, ladder in ladders.items() if len(ladder.models) >= 2}


def _left_out(ladders: dict[str, Ladder], tested: tuple[str, ...], *, weights: str) -> dict[str, float]:
    """MAE (pp) and MAPE (%) per left-out family; baselines: persistence, and the mean rate of the other families."""
    whole = join([derivatives(ladder) for ladder in ladders.values()])
    owner = np.repeat(list(ladders), [len(ladder.models) - 1 for ladder in ladders.values()])
    values: dict[str, float] = {}
    rows: list[tuple[float, ...]] = []
    for family in tested:
        ladder, others = ladders[family], whole.where(owner != family)
        scores = ladder.scores / 100
        path = solve_linear(linear_system([others], weights=weights), scores[0], ladder.log_n)
        still = np.broadcast_to(scores[0], scores.shape)
        rate = (np.ascontiguousarray(others.slope.T) * others.length).sum(axis=1) / others.length.sum()
        drift = scores[0] + rate * (ladder.log_n - ladder.log_n[0])[:, None]
        row = (mae_pp(path, scores), mae_pp(still, scores), mae_pp(drift, scores), mape(path, scores))
        rows.append(row)
        values |= {f"{family}.mae": row[0], f"{family}.persistence": row[1], f"{family}.drift": row[2]}
    mean = np.mean(rows, axis=0)
    beaten = sum(row[0] < min(row[1], row[2]) for row in rows)
    summary = {
        "mean_mae": float(mean[0]),
        "median_mae": float(np.median([row[0] for row in rows])),
        "persistence": float(mean[1]),
        "drift": float(mean[2]),
        "mean_mape": float(mean[3]),
        "families": len(rows),
        "better_than_both": int(beaten),
    }
    return summary | values


@CATALOGUE.live("ode-lofo")
def left_out_live(request: LiveRequest) -> list[Statistic]:
    """Left-out-family MAE over the live families of three sizes or more, beside persistence and mean drift."""
    ladders = request.ladders
    tested = tuple(family for family, ladder in ladders.items() if len(ladder.models) >= 3)
    how = (
        "linear system in log10 N, weights Δlog10 N, family left out; mean over families of the MAE of five benchmarks"
    )
    if len(tested) < 3:
        return [Statistic.missing("left-out MAE", f"{len(tested)} families of three sizes", n=len(tested), method=how)]
    values = _left_out(ladders, tested, weights="length")
    baselines = {"persistence": values["persistence"], "mean drift": values["drift"]}
    return [
        Statistic(
            name="left-out MAE",
            estimate=values["mean_mae"],
            n=len(tested),
            method=how,
            unit="pp",
            baselines=baselines,
            details={"median_mae": values["median_mae"], "better_than_both": values["better_than_both"]},
        )
    ]


@CATALOGUE.live("ode-llama2", "ode-true-llama2")
def holdout_live(request: LiveRequest) -> list[Statistic]:
    """Llama-2 from the live Pythia system, and TruthfulQA of Llama-2 by the live quadratic; persistence beside both."""
    ladders = request.ladders
    how = "dense linear system of the live Pythia family from Llama-2 7B, mean relative error over 13B and 70B"
    missing = [family for family in ("pythia", "llama-1", "llama-2") if family not in ladders]
    if missing:
        return [Statistic.missing("MAPE", f"the live panel lacks {', '.join(missing)}", n=0, method=how)]
    test = ladders["llama-2"]
    scores = test.scores / 100
    path = solve_linear(linear_system([derivatives(ladders["pythia"])]), scores[0], test.log_n)
    still = np.broadcast_to(scores[0], scores.shape)
    quadratic = _polynomial_error([ladders["pythia"], ladders["llama-1"]], test, 2)
    mean = test.scores[:, 1].mean()
    own = float(100 * np.mean(np.abs(mean - test.scores[:, 1]) / test.scores[:, 1]))
    return [
        Statistic(name="MAPE of the ODE", estimate=mape(path, scores), n=len(test.models) - 1, method=how, unit="%",
                  baselines={"persistence": mape(still, scores)}),
        Statistic(name="MAPE of the quadratic", estimate=quadratic, n=len(test.models), unit="%",
                  method="quadratic of TruthfulQA in log10 N fitted to live Pythia and Llama-1",
                  baselines={"mean of Llama-2": own}),
    ]  # fmt: skip


@CATALOGUE.live("poly-baselines")
def baselines_live(request: LiveRequest) -> list[Statistic]:
    """Polynomials of degree 1 to 4 on live Pythia and Llama-1, predicting TruthfulQA of Llama-2."""
    ladders = request.ladders
    how = "polynomial of TruthfulQA in log10 N fitted to live Pythia and Llama-1, mean relative error over Llama-2"
    if not {"pythia", "llama-1", "llama-2"} <= set(ladders):
        return [Statistic.missing("MAPE", "the live panel lacks one of the three families", n=0, method=how)]
    found = _degrees([ladders["pythia"], ladders["llama-1"]], ladders["llama-2"])
    n = len(ladders["llama-2"].models)
    return [
        Statistic(name=f"MAPE, {name.replace('_', ' ')}", estimate=float(value), n=n, method=how, unit="%")
        for name, value in found.items()
    ]


@CATALOGUE.live("ode-insample")
def in_sample_live(request: LiveRequest) -> list[Statistic]:
    """In-sample error of the dense system on the live Pythia family, beside one straight line per benchmark."""
    ladder = request.ladders.get("pythia")
    how = "dense linear system on midpoint derivatives, solved from the smallest model; pooled |error| over mean score"
    if ladder is None or len(ladder.models) < 7:
        return [Statistic.missing("in-sample error", "no live Pythia ladder of seven sizes", n=0, method=how)]
    scores, t = ladder.scores / 100, ladder.log_n - ladder.log_n.mean()
    path = solve_linear(linear_system([derivatives(ladder)]), scores[0], ladder.log_n)
    lines = np.column_stack([np.polyval(np.polyfit(t, column, 1), t) for column in scores.T])
    parabolas = [np.polyval(np.polyfit(t, column, 2), t) for column in scores.T]
    smooth = {
        f"R² of a parabola, {axis}": r_squared(column, fitted)
        for axis, column, fitted in zip(FIVE, scores.T, parabolas, strict=True)
    }
    return [
        Statistic(
            name="in-sample error",
            estimate=relative_error(path, scores),
            n=len(ladder.models),
            method=how,
            unit="fraction",
            baselines={"straight line per benchmark": relative_error(lines, scores)},
            details=smooth,
        )
    ]
