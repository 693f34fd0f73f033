"""Known systems come back from noisy samples at a stated noise; underdetermined ones are refused; nothing overflows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from generator.core import CapewatchError
from generator.forecasts.dynamics import METHODS, Derivatives, Library, System, derivatives, discover, stlsq
from generator.forecasts.families import Family, family_set
from generator.forecasts.integrate import advance, integrate
from generator.forecasts.stability import firmness, portrait, quadratic_fixed_points
from tests.forecasts.panels import family_panel


def _families(field, starts: np.ndarray, span: float, samples: int, noise: float, seed: int = 0) -> tuple[Family, ...]:
    """Trajectories of dx/dt = field(x), percent, as families; noise is the standard deviation in percent points."""
    rng = np.random.default_rng(seed)
    times = np.linspace(0.0, span, samples)
    made = []
    for number, start in enumerate(starts):
        path = solve_ivp(lambda _, state: field(state), (0, span), start, t_eval=times, rtol=1e-9, atol=1e-11).y.T
        scores = 100 * path + rng.normal(0.0, noise, path.shape)
        tokens = np.full(samples, np.nan)
        made.append(
            Family(f"f{number}", "lab", tuple(f"{number}-{row}" for row in range(samples)), 8 + times, tokens, scores)
        )
    return tuple(made)


def _fraction(percent: np.ndarray) -> np.ndarray:
    return percent / 100.0


def _starts(count: int, width: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0.2, 0.8, (count, width))


def test_a_damped_linear_system_is_recovered_at_two_tenths_of_a_point_of_noise() -> None:
    matrix, constant = np.array([[-0.6, 0.9], [-0.9, -0.6]]), np.array([0.1, 0.7])
    made = _families(lambda x: constant + matrix @ x, _starts(12, 2), 3.0, 16, 0.2)
    found = discover(derivatives(made, _fraction), Library(2), method="ridge", penalty=1e-6).coefficients
    assert found[:, 0] == pytest.approx(constant, abs=0.06)
    assert found[:, 1:] == pytest.approx(matrix, abs=0.08)


def test_logistic_growth_is_recovered_with_the_right_terms() -> None:
    made = _families(lambda x: 1.5 * x * (1 - x), _starts(10, 1), 2.0, 21, 0.1)
    system = discover(derivatives(made, _fraction), Library(1, 2), method="stlsq", threshold=0.4, penalty=1e-6)
    assert system.active.tolist() == [[False, True, True]]
    assert system.coefficients[0, 1:] == pytest.approx([1.5, -1.5], abs=0.12)


def test_lotka_volterra_is_recovered_with_the_right_terms() -> None:
    made = _families(
        lambda x: np.array([1.0 * x[0] - 2.0 * x[0] * x[1], -1.2 * x[1] + 2.4 * x[0] * x[1]]),
        _starts(12, 2),
        4.0,
        41,
        0.1,
    )
    system = discover(derivatives(made, _fraction), Library(2, 2), method="stlsq", threshold=0.4, penalty=1e-6)
    wanted = np.array([[0, 1.0, 0, 0, -2.0, 0], [0, 0, -1.2, 0, 2.4, 0]])
    assert (system.active == (wanted != 0)).all()
    assert system.coefficients == pytest.approx(wanted, abs=0.12)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_finds_the_rates_of_a_linear_system(method: str) -> None:
    matrix = np.array([[-0.8, 0.4], [-0.5, -0.7]])
    # at rest at the ceiling, which the constrained method assumes
    made = _families(lambda x: matrix @ (x - 1.0), _starts(12, 2), 2.0, 16, 0.02)
    data = derivatives(made, _fraction)
    system = discover(data, Library(2), method=method, penalty=1e-6, rng=np.random.default_rng(0))
    truth = (data.states - 1.0) @ matrix.T
    assert np.abs(system.rate(data.states) - truth).mean() < 0.02


def test_our_stlsq_is_the_one_of_pysindy() -> None:
    from pysindy import STLSQ

    rng = np.random.default_rng(3)
    design = rng.normal(size=(80, 6))
    weights = np.where(rng.random((6, 3)) < 0.5, rng.normal(size=(6, 3)), 0.0)
    aim = design @ weights + rng.normal(0.0, 0.05, (80, 3))
    theirs = STLSQ(threshold=0.15, alpha=0.05).fit(design, aim).coef_
    assert stlsq(design, aim, 0.15, 0.05) == pytest.approx(theirs, abs=1e-9)


def test_the_constrained_system_rests_at_the_ceiling() -> None:
    data = derivatives(family_set(family_panel(8)).families, _fraction)
    system = discover(data, Library(5), method="constrained", penalty=0.1)
    assert system.rate(np.ones((1, 5))) == pytest.approx(np.zeros((1, 5)), abs=1e-9)


def test_more_coefficients_than_derivatives_are_refused() -> None:
    one = family_set(family_panel(1)).families
    with pytest.raises(CapewatchError, match=r"refused: 21 coefficients an equation .* only 5 independent derivatives"):
        discover(derivatives(one, _fraction), Library(5, 2), method="ridge")


def test_repeated_derivatives_do_not_count_as_independent() -> None:
    state = np.full((40, 2), 0.5)
    data = Derivatives(state, state, np.ones(40), np.zeros(40, dtype=int))
    with pytest.raises(CapewatchError, match="only 1 independent derivatives"):
        discover(data, Library(2), method="ridge")


def test_an_unknown_method_and_a_missing_rng_are_named() -> None:
    data = derivatives(family_set(family_panel(6)).families, _fraction)
    with pytest.raises(CapewatchError, match="no discovery method 'stlqs'") as caught:
        discover(data, Library(5), method="stlqs")
    assert "stlsq" in caught.value.hint
    with pytest.raises(CapewatchError, match="needs an rng"):
        discover(data, Library(5), method="ensemble")


def test_a_library_has_its_monomials_and_their_jacobian() -> None:
    library = Library(2, 2)
    assert library.terms(("a", "b")) == ("1", "a", "b", "a*a", "a*b", "b*b")
    coefficients = np.arange(12.0).reshape(2, 6) / 10
    state, step = np.array([0.3, 0.7]), 1e-6
    numeric = np.stack(
        [
            (library.features((state + move)[None]) - library.features((state - move)[None]))[0]
            @ coefficients.T
            / (2 * step)
            for move in np.eye(2) * step
        ],
        axis=1,
    )
    assert library.jacobian(coefficients, state) == pytest.approx(numeric, abs=1e-8)


def test_a_linear_system_is_integrated_as_scipy_does() -> None:
    system = System(Library(2), np.array([[0.1, -0.5, 0.2], [0.3, 0.1, -0.9]]), "ridge")
    start, span = np.array([0.2, 0.6]), np.array([0.4, 1.1, 2.0])
    reference = solve_ivp(
        lambda _, x: system.rate(x[None])[0], (0, 2.0), start, t_eval=span, rtol=1e-10, atol=1e-12
    ).y.T
    assert integrate(system, start, span).states == pytest.approx(reference, abs=1e-7)


@pytest.mark.parametrize("degree", [1, 2])
def test_an_unstable_system_says_that_it_blew_up_and_is_held_in_range_without_a_warning(degree: int) -> None:
    library = Library(2, degree)
    coefficients = np.zeros((2, library.size))
    coefficients[:, 1:3] = np.eye(2) * 400.0
    system = System(library, coefficients, "ridge")
    path = integrate(system, np.array([0.5, 0.5]), np.array([0.5, 1.0, 3.0]))
    assert path.outcome == "blew up"
    assert "decades" in path.note
    held = advance(system, np.array([0.5, 0.5]), np.array([0.5, 1.0, 3.0]), low=0.0, high=1.0)
    assert np.isfinite(held).all()
    assert held.max() <= 1.0


def test_a_path_that_leaves_the_range_says_where() -> None:
    system = System(Library(1), np.array([[0.6, 0.0]]), "ridge")
    path = integrate(system, np.array([0.8]), np.array([0.1, 1.0]))
    assert (path.outcome, path.note) == ("left the range", "variable 0 at 140 % after 1.00 decades")


def test_a_damped_system_is_called_stable_with_its_fixed_point_inside_the_interval() -> None:
    matrix, rest = np.array([[-1.0, 0.3], [-0.4, -1.2]]), np.array([0.6, 0.5])
    made = _families(lambda x: matrix @ (x - rest), _starts(14, 2), 2.5, 12, 0.2)
    panel_families = family_set(family_panel(2, axes=("hellaswag", "truthfulqa")), ("hellaswag", "truthfulqa"))
    known = type(panel_families)(
        panel_families.axes, made, panel_families.chance, panel_families.ceiling, panel_families.n_items, ()
    )
    firm = firmness(known, rng=np.random.default_rng(0), resamples=100, penalty=1e-4)
    assert firm.verdict == "stable"
    assert (firm.eigenvalues.real < 0).all()
    assert (firm.fixed_low <= 60.5).all()
    for row, value in enumerate(100 * rest):
        assert firm.fixed_low[row] - 1 <= value <= firm.fixed_high[row] + 1
    drawn = portrait(known, ("hellaswag", "truthfulqa"), grid=5, penalty=1e-4)
    assert drawn["fixed_point"] == pytest.approx([60, 50], abs=3)
    assert firm.as_dict()["verdict"] == "stable"


def test_a_growing_system_is_called_repelling() -> None:
    made = _families(lambda x: 0.5 * (x - 0.1), _starts(10, 1), 0.8, 8, 0.02)
    known = family_set(family_panel(2, axes=("hellaswag",)), ("hellaswag",))
    known = type(known)(known.axes, made, known.chance, known.ceiling, known.n_items, ())
    assert firmness(known, rng=np.random.default_rng(0), resamples=60, penalty=1e-4).verdict == "repelling"


def test_the_fixed_points_of_logistic_growth_are_a_repelling_and_a_stable_one() -> None:
    system = System(Library(1, 2), np.array([[0.0, 1.5, -1.5]]), "ridge")
    found = {round(float(point["state"][0]), 6): point["kind"] for point in quadratic_fixed_points(system)}
    assert found == {0.0: "repelling", 1.0: "stable"}
