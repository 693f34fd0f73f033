"""Models of a whole trajectory in logits over log10 parameters: partial pooling, Gaussian process, latent capability."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from generator.forecasts.base import Model, Recipe, Setting, clipped
from generator.forecasts.families import Family, Given, Predictor, Targets
from generator.forecasts.link import Link

#: log10 parameters are counted from a billion.
ORIGIN = 9.0
_ROUNDS = 10


def trajectory_models(link: Link) -> tuple[Model, ...]:
    """Partial-pooled lines, Gaussian process with family effects, latent capability."""
    return (
        PartialPooling(
            link, ({"prior": 3.0, "curve": 0.0}, {"prior": 10.0, "curve": 0.0}, {"prior": 10.0, "curve": 0.5})
        ),
        Recipe(
            "gp-family",
            "Gaussian process with family effects",
            "trajectory",
            lambda train, setting: _family_process(link, train, setting),
            settings=tuple(
                {"shared": 1.0, "own": own, "slope": slope, "noise": noise}
                for own, slope in ((0.3, 0.2), (1.0, 0.05), (1.0, 0.2))
                for noise in (0.02, 0.05)
            ),
        ),
        Recipe(
            "latent-capability",
            "Latent capability over log10 compute",
            "trajectory",
            lambda train, setting: _latent(link, train, setting),
            settings=tuple(
                {"rank": rank, "own_slope": own, "degree": degree, "carry": carry}
                for rank in (1, 2)
                for own, degree, carry in ((0.0, 1, 0.6), (0.0, 2, 0.6), (0.4, 2, 1.0))
            ),
        ),
    )


@dataclass(frozen=True)
class PartialPooling:
    """Lines in logits whose intercepts and slopes, over all benchmarks at once, come from one normal population (EM).

    prior: how many families the diagonal prior on the population covariance counts for; curve: share of the pooled
    curvature (a common quadratic term) that is kept.
    """

    link: Link
    settings: tuple[Setting, ...]
    name: str = "partial-pooling"
    title: str = "Partial-pooled lines in logits"
    kind: Literal["trajectory"] = "trajectory"
    needs: int = 1
    by_given: bool = False

    def fit(self, train: Sequence[Family], given: int) -> tuple[Predictor, ...]:
        del given
        several = [family for family in train if len(family) >= 2]
        return tuple(self._predictor(several, setting) for setting in self.settings)

    def _predictor(self, train: Sequence[Family], setting: Setting) -> Predictor:
        bend = setting["curve"] * _curvature(self.link, train)
        design, logits, present = _padded(self.link, train, bend)
        mean, covariance, noise = _population(design, logits, present, setting["prior"])
        precision = np.linalg.inv(covariance)

        def predict(known: Given, wanted: Targets) -> np.ndarray:
            sizes = known.log_params - ORIGIN
            lines = np.stack([np.ones_like(sizes), sizes], axis=1)
            straight = self.link.logit(known.scores) - np.outer(sizes**2, bend)
            gram = precision + np.kron(lines.T @ lines, np.diag(1 / noise))
            pull = precision @ mean + ((lines.T @ straight) / noise).ravel()
            coefficients = np.linalg.solve(gram, pull).reshape(2, -1)
            ahead = wanted.log_params - ORIGIN
            onward = np.stack([np.ones_like(ahead), ahead], axis=1) @ coefficients + np.outer(ahead**2, bend)
            return clipped(self.link.percent(onward))

        return predict


def _curvature(link: Link, train: Sequence[Family]) -> np.ndarray:
    """Common quadratic coefficient (k,), logits per squared decade, from families with three sizes or more."""
    top = bottom = 0.0
    for family in train:
        if len(family) < 3:
            continue
        sizes = family.log_params - ORIGIN
        lines = np.vander(sizes, 2)
        square = sizes**2
        square = square - lines @ np.linalg.lstsq(lines, square, rcond=None)[0]
        top = top + square @ link.logit(family.scores)
        bottom += float(square @ square)
    return np.asarray(top / (bottom + 0.05))


def _padded(link: Link, train: Sequence[Family], bend: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Design (f, n, 2), straightened logits (f, n, k) and presence (f, n), families padded to one length with zeros."""
    longest = max(len(family) for family in train)
    design = np.zeros((len(train), longest, 2))
    logits = np.zeros((len(train), longest, len(bend)))
    present = np.zeros((len(train), longest))
    for row, family in enumerate(train):
        count = len(family)
        sizes = family.log_params - ORIGIN
        design[row, :count] = np.stack([np.ones(count), sizes], axis=1)
        logits[row, :count] = link.logit(family.scores) - np.outer(sizes**2, bend)
        present[row, :count] = 1.0
    return design, logits, present


def _population(
    design: np.ndarray, logits: np.ndarray, present: np.ndarray, prior: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean (2k,), covariance (2k, 2k) of family lines and noise variance (k,), by expectation maximisation."""
    families, _, width = logits.shape
    grams = np.einsum("fni,fnj->fij", design, design)
    crosses = np.einsum("fni,fnk->fik", design, logits)
    floor = np.concatenate([np.full(width, 0.5), np.full(width, 0.05)])
    mean = np.linalg.solve(grams.sum(axis=0), crosses.sum(axis=0)).ravel()
    covariance = np.diag(floor)
    noise = np.full(width, 0.04)
    for _ in range(_ROUNDS):
        precision = np.linalg.inv(covariance)
        blocks = np.einsum("fij,kl->fikjl", grams, np.diag(1 / noise)).reshape(families, 2 * width, 2 * width)
        posterior = np.linalg.inv(precision + blocks)
        pulls = precision @ mean + (crosses / noise).reshape(families, -1)
        centres = np.einsum("fij,fj->fi", posterior, pulls)
        mean = centres.mean(axis=0)
        apart = centres - mean
        spread = apart.T @ apart + posterior.sum(axis=0)
        covariance = (spread + prior * np.diag(floor)) / (families + prior)
        fitted = np.einsum("fni,fik->fnk", design, centres.reshape(families, 2, width))
        wobble = np.einsum(
            "fni,fikjk,fnj->fnk", design, posterior.reshape(families, 2, width, 2, width), design, optimize=True
        )
        squares = ((logits - fitted) ** 2 + wobble) * present[:, :, None]
        noise = (squares.sum(axis=(0, 1)) + 0.04) / (present.sum() + 1.0)
    return mean, covariance, noise


def _family_process(link: Link, train: Sequence[Family], setting: Setting) -> Predictor:
    sizes = np.concatenate([family.log_params for family in train]) - ORIGIN
    owner = np.concatenate([np.full(len(family), row) for row, family in enumerate(train)])
    logits = link.logit(np.concatenate([family.scores for family in train]))
    level, spread = logits.mean(axis=0), logits.std(axis=0) + 1e-9

    def predict(known: Given, wanted: Targets) -> np.ndarray:
        here = np.concatenate([sizes, known.log_params - ORIGIN])
        group = np.concatenate([owner, np.full(len(known.log_params), -1)])
        seen = (np.concatenate([logits, link.logit(known.scores)]) - level) / spread
        among = _family_kernel(here, group, here, group, setting) + setting["noise"] * np.eye(len(here))
        ahead = wanted.log_params - ORIGIN
        across = _family_kernel(ahead, np.full(len(ahead), -1), here, group, setting)
        return clipped(link.percent(across @ np.linalg.solve(among, seen) * spread + level))

    return predict


def _family_kernel(
    left: np.ndarray, left_owner: np.ndarray, right: np.ndarray, right_owner: np.ndarray, setting: Setting
) -> np.ndarray:
    """Covariance (n, m): a curve all families share, plus each family's own level, slope and wiggle."""
    apart = (left[:, None] - right[None, :]) ** 2
    product = left[:, None] * right[None, :]
    shared = setting["shared"] * (np.exp(-apart / (2 * 1.5**2)) + product)
    own = setting["own"] * (0.8 + 0.2 * np.exp(-apart / (2 * 0.7**2))) + setting["slope"] * product
    return shared + own * (left_owner[:, None] == right_owner[None, :])


def _latent(link: Link, train: Sequence[Family], setting: Setting) -> Predictor:
    logits = link.logit(np.concatenate([family.scores for family in train]))
    level, spread = logits.mean(axis=0), logits.std(axis=0) + 1e-9
    _, _, axes = np.linalg.svd((logits - level) / spread, full_matrices=False)
    axes = axes[: setting["rank"]]
    axes = axes * np.where(axes.sum(axis=1) < 0, -1.0, 1.0)[:, None]

    def capability(percent: np.ndarray) -> np.ndarray:
        return (link.logit(percent) - level) / spread @ axes.T

    growth = _growth(train, capability)
    design = _mapping(capability(np.concatenate([family.scores for family in train])), setting["degree"])
    ridge = 0.5 * np.eye(design.shape[1])
    ridge[0, 0] = 0.0
    weights = np.linalg.solve(design.T @ design + ridge, design.T @ logits)

    def predict(known: Given, wanted: Targets) -> np.ndarray:
        states = capability(known.scores)
        rate = _rate_features(states[-1:], known.log_params[-1:])[0] @ growth
        if len(states) > 1:
            measured = (states[-1] - states[0]) / (_compute(known)[-1] - _compute(known)[0])
            rate = (1 - setting["own_slope"]) * rate + setting["own_slope"] * measured
        ahead = states[-1] + np.outer(_reach(known, wanted), rate)
        offset = link.logit(known.scores[-1]) - _mapping(states[-1:], setting["degree"]) @ weights
        return clipped(link.percent(_mapping(ahead, setting["degree"]) @ weights + setting["carry"] * offset))

    return predict


def _growth(train: Sequence[Family], capability: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Regression (features, rank) of the rate of capability per decade of compute on capability and size."""
    rows, rates, weights = [], [], []
    for family in train:
        states = capability(family.scores)
        reach = np.maximum(np.diff(_compute(family)), 0.05)
        rows.append(_rate_features(states[:-1], family.log_params[:-1]))
        rates.append(np.diff(states, axis=0) / reach[:, None])
        weights.append(reach)
    design, aim, weight = np.concatenate(rows), np.concatenate(rates), np.concatenate(weights)[:, None]
    penalty = 0.5 * np.eye(design.shape[1])
    penalty[0, 0] = 0.0
    return np.linalg.solve(design.T @ (design * weight) + penalty, design.T @ (aim * weight))


def _rate_features(states: np.ndarray, log_params: np.ndarray) -> np.ndarray:
    return np.hstack([np.ones((len(states), 1)), states, log_params[:, None] - ORIGIN])


def _mapping(states: np.ndarray, degree: int) -> np.ndarray:
    """Design (n, 1 + rank·degree) from capability to logits."""
    return np.hstack([np.ones((len(states), 1)), *(states**power for power in range(1, degree + 1))])


def _compute(family: Family | Given) -> np.ndarray:
    """log10 of parameters × tokens up to a constant; parameters alone where any token count is unknown."""
    if np.isfinite(family.log_tokens).all():
        compute = family.log_params + family.log_tokens
        if (np.diff(compute) > 0).all():
            return compute
    return family.log_params


def _reach(known: Given, wanted: Targets) -> np.ndarray:
    """Decades of compute from the last given size to each target; of parameters where tokens are unknown."""
    size = wanted.log_params - known.log_params[-1]
    tokens = wanted.log_tokens - known.log_tokens[-1]
    return np.maximum(size + np.nan_to_num(tokens, nan=0.0), 0.5 * size)
