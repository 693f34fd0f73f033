"""Discovery of dB/dlog10 N = f(B) from families: derivatives, term library, sparse and ridge regressions, the degree-of-freedom gate.

B is the vector of benchmark scores as fractions 0-1 (or their logits); one unit of "time" is one decade of parameters.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from generator.core import CapewatchError, near_matches
from generator.forecasts.families import Family

Method = Literal["ridge", "stlsq", "sr3", "ensemble", "constrained"]
METHODS: tuple[Method, ...] = ("ridge", "stlsq", "sr3", "ensemble", "constrained")


@dataclass(frozen=True)
class Derivatives:
    """Finite differences between consecutive sizes of a family.

    states (n, k): midpoints; rates (n, k): change per decade of parameters; reach (n,): decades between the two sizes,
    used as weight; family (n,): index of the family.
    """

    states: np.ndarray
    rates: np.ndarray
    reach: np.ndarray
    family: np.ndarray

    def __len__(self) -> int:
        return len(self.rates)

    def rows(self, picked: np.ndarray) -> Derivatives:
        return Derivatives(self.states[picked], self.rates[picked], self.reach[picked], self.family[picked])

    def resamples(self, rng: np.random.Generator, count: int) -> Iterator[Derivatives]:
        """`count` bootstrap resamples of whole families."""
        owners = np.unique(self.family)
        rows_of = {owner: np.flatnonzero(self.family == owner) for owner in owners}
        for _ in range(count):
            yield self.rows(np.concatenate([rows_of[owner] for owner in rng.choice(owners, size=len(owners))]))


@dataclass(frozen=True, eq=False)
class Differences:
    """Midpoint derivatives of families in one state space; `enter` maps percent (n, k) to the state.

    A family's own differences are kept: they depend on that family alone.
    """

    enter: Callable[[np.ndarray], np.ndarray]
    _kept: dict[Family, tuple[np.ndarray, np.ndarray, np.ndarray]] = field(default_factory=dict, repr=False)

    def of(self, train: Sequence[Family]) -> Derivatives:
        """Derivatives of every family with two sizes or more; raises CapewatchError when there is none."""
        several = [family for family in train if len(family) > 1]
        if not several:
            raise CapewatchError(
                "no family to take derivatives from", hint="at least two sizes of one family are needed"
            )
        states, rates, reach = zip(*(self._steps(family) for family in several), strict=True)
        owner = np.repeat(np.arange(len(several)), [len(step) for step in reach])
        return Derivatives(np.concatenate(states), np.concatenate(rates), np.concatenate(reach), owner)

    def _steps(self, family: Family) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        if family not in self._kept:
            values = self.enter(family.scores)
            steps = np.diff(family.log_params)
            self._kept[family] = ((values[1:] + values[:-1]) / 2, np.diff(values, axis=0) / steps[:, None], steps)
        return self._kept[family]


def fractions(percent: np.ndarray) -> np.ndarray:
    """Percent as fractions 0-1."""
    return percent / 100.0


def derivatives(train: Sequence[Family], enter: Callable[[np.ndarray], np.ndarray] = fractions) -> Derivatives:
    """Midpoint derivatives of every family with two sizes or more; `enter` maps percent (n, k) to the state of the system."""
    return Differences(enter).of(train)


@dataclass(frozen=True)
class Library:
    """Monomials of the state up to `degree`, the constant first. k: number of state variables."""

    k: int
    degree: Literal[1, 2] = 1

    @property
    def size(self) -> int:
        return 1 + self.k + (self.k * (self.k + 1) // 2 if self.degree == 2 else 0)

    def terms(self, names: Sequence[str]) -> tuple[str, ...]:
        """Names of the p terms, e.g. ``1``, ``hellaswag``, ``hellaswag*mmlu``."""
        linear = ["1", *names]
        if self.degree == 2:
            linear += [f"{names[a]}*{names[b]}" for a in range(self.k) for b in range(a, self.k)]
        return tuple(linear)

    def features(self, states: np.ndarray) -> np.ndarray:
        """states (n, k) → terms (n, p)."""
        parts = [np.ones((len(states), 1)), states]
        if self.degree == 2:
            left, right = np.triu_indices(self.k)
            parts.append(states[:, left] * states[:, right])
        return np.hstack(parts)

    def jacobian(self, coefficients: np.ndarray, state: np.ndarray) -> np.ndarray:
        """∂f_i/∂x_j (k, k) of f = coefficients (k, p) · features at one state (k,)."""
        slope = coefficients[:, 1 : 1 + self.k].copy()
        if self.degree == 2:
            left, right = np.triu_indices(self.k)
            for term, (a, b) in enumerate(zip(left, right, strict=True)):
                weight = coefficients[:, 1 + self.k + term]
                slope[:, a] += weight * state[b]
                slope[:, b] += weight * state[a]
        return slope


@dataclass(frozen=True)
class System:
    """A found system: coefficients (k, p) of the library, per decade of parameters; `notes` holds the solver's own warnings."""

    library: Library
    coefficients: np.ndarray
    method: str
    notes: tuple[str, ...] = ()

    def rate(self, states: np.ndarray) -> np.ndarray:
        """states (n, k) → rates (n, k)."""
        return self.library.features(states) @ self.coefficients.T

    @property
    def active(self) -> np.ndarray:
        """Which coefficients are not zero (k, p)."""
        return self.coefficients != 0.0


def weighted(data: Derivatives, library: Library) -> tuple[np.ndarray, np.ndarray]:
    """Design (n, p) and aim (n, k) of the regression, rows weighted by the square root of reach."""
    weight = np.sqrt(data.reach / data.reach.mean())[:, None]
    return library.features(data.states) * weight, data.rates * weight


def gate(library: Library, independent: int) -> None:
    """Refuse a system that has more coefficients an equation than independent derivatives to fit them to."""
    if library.size > independent:
        raise CapewatchError(
            f"refused: {library.size} coefficients an equation ({library.k} benchmarks, degree {library.degree}), but only "
            f"{independent} independent derivatives",
            hint="fewer benchmarks, a lower degree, or more families",
        )


def discover(
    data: Derivatives,
    library: Library,
    *,
    method: Method,
    threshold: float = 0.1,
    penalty: float = 0.05,
    rng: np.random.Generator | None = None,
    members: int = 20,
) -> System:
    """Fit the library to the derivatives, weighted by reach.

    method: ridge (dense) · stlsq (sequentially thresholded ridge) · sr3 (pysindy's relaxed l0) · ensemble (terms
    that STLSQ keeps in most of `members` resamples of families, refitted by least squares; needs `rng`) · constrained (ridge under the
    condition that every rate is zero when all scores are at the ceiling). threshold: smallest coefficient kept, fraction
    per decade; penalty: ridge strength relative to the mean weight. Raises CapewatchError at the gate and for an unknown method.
    """
    if method not in METHODS:
        near = near_matches(method, METHODS)
        raise CapewatchError(f"no discovery method {method!r}", hint=f"methods: {', '.join(near or METHODS)}")
    design, aim = weighted(data, library)
    gate(library, int(np.linalg.matrix_rank(design)) if len(data) >= library.size else len(data))
    if method == "ridge":
        return System(library, ridge(design, aim, penalty), method)
    if method == "stlsq":
        return System(library, stlsq(design, aim, threshold, penalty), method)
    if method == "constrained":
        return System(library, constrained(design, aim, penalty), method)
    if method == "sr3":
        return _sr3(design, aim, library, threshold)
    if rng is None:
        raise CapewatchError("the ensemble method needs an rng", hint="pass rng=numpy.random.default_rng(seed)")
    draws = np.array([stlsq(*weighted(part, library), threshold, penalty) for part in data.resamples(rng, members)])
    return System(library, _refitted(design, aim, (draws != 0).mean(axis=0) > 0.5), method)


def ridge(design: np.ndarray, aim: np.ndarray, penalty: float) -> np.ndarray:
    """Ridge coefficients (k, p) of design (n, p) and aim (n, k); every term is penalised, as pysindy does."""
    gram = design.T @ design + penalty * np.eye(design.shape[1])
    return np.linalg.solve(gram, design.T @ aim).T


def stlsq(design: np.ndarray, aim: np.ndarray, threshold: float, penalty: float, rounds: int = 20) -> np.ndarray:
    """Sequentially thresholded least squares (k, p): ridge, drop terms under `threshold`, repeat; least squares on the survivors.

    The same rounds as pysindy's STLSQ, one equation at a time and without its per-call overhead.
    """
    survivors = np.zeros((aim.shape[1], design.shape[1]), dtype=bool)
    for equation in range(aim.shape[1]):
        alive = np.ones(design.shape[1], dtype=bool)
        for _ in range(rounds):
            part = design[:, alive]
            gram = part.T @ part + penalty * np.eye(part.shape[1])
            values = np.linalg.solve(gram, part.T @ aim[:, equation])
            strong = np.abs(values) >= threshold
            if strong.all():
                break
            alive[np.flatnonzero(alive)[~strong]] = False
            if not alive.any():
                break
        survivors[equation] = alive
    return _refitted(design, aim, survivors)


def constrained(design: np.ndarray, aim: np.ndarray, penalty: float) -> np.ndarray:
    """Ridge (k, p) under the constraint that the coefficients of each equation sum to zero: at all-ones nothing moves."""
    width = design.shape[1]
    system = np.zeros((width + 1, width + 1))
    system[:width, :width] = design.T @ design + penalty * np.eye(width)
    system[:width, width] = system[width, :width] = 1.0
    right = np.vstack([design.T @ aim, np.zeros((1, aim.shape[1]))])
    return np.linalg.solve(system, right)[:width].T


def _refitted(design: np.ndarray, aim: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Least squares (k, p) on the kept terms (k, p) alone."""
    found = np.zeros(kept.shape)
    for equation, alive in enumerate(kept):
        if alive.any():
            found[equation, alive] = np.linalg.lstsq(design[:, alive], aim[:, equation], rcond=None)[0]
    return found


def _sr3(design: np.ndarray, aim: np.ndarray, library: Library, threshold: float) -> System:
    from pysindy import SR3

    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        fitted = SR3(reg_weight_lam=threshold**2 / 2, relax_coeff_nu=1.0, regularizer="l0", max_iter=200).fit(
            design, aim
        )
    notes = tuple(sorted({str(item.message).split("\n")[0] for item in heard}))
    return System(library, np.asarray(fitted.coef_, dtype=float), "sr3", notes)


def with_field(system: System, drift: np.ndarray) -> System:
    """The same system with a constant field `drift` (k,) added to every equation, per decade."""
    moved = system.coefficients.copy()
    moved[:, 0] += drift
    return replace(system, coefficients=moved)
