"""Scores of probabilities against outcomes: Brier, log, and reliability. Only passed and failed predictions are scored."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Forecast:
    """probability: chance to pass that was stated; state: the final state (anything but passed or failed is not scored)."""

    id: str
    probability: float
    state: str
    stated_by: str = ""

    def __post_init__(self) -> None:
        if not 0.0 <= self.probability <= 1.0:
            raise ValueError(f"{self.id}: the probability {self.probability} lies outside 0 to 1")


@dataclass(frozen=True)
class Score:
    """brier: mean squared error of the probability (0 best, 0.25 for always one half); log: mean negative log-likelihood in
    nats, None when an outcome had been called impossible (the score is then infinite); n: scored; unscored: the others.
    """

    n: int
    unscored: int
    brier: float | None
    log: float | None
    brier_of_half: float = 0.25
    log_of_half: float = math.log(2.0)


@dataclass(frozen=True)
class Bin:
    """One bin of a reliability diagram: bounds of the probability, mean stated probability, share that passed, number."""

    low: float
    high: float
    stated: float | None
    passed: float | None
    n: int


def brier(probability: float, *, passed: bool) -> float:
    """(p − outcome)²."""
    return (probability - float(passed)) ** 2


def log_score(probability: float, *, passed: bool) -> float:
    """−ln of the probability given to what happened; infinite when that was zero."""
    given = probability if passed else 1.0 - probability
    return -math.log(given) if given > 0 else math.inf


def score(forecasts: Iterable[Forecast]) -> Score:
    """Mean scores over the forecasts whose prediction passed or failed."""
    everything = list(forecasts)
    scored = [forecast for forecast in everything if forecast.state in ("passed", "failed")]
    unscored = len(everything) - len(scored)
    if not scored:
        return Score(0, unscored, None, None)
    passed = [forecast.state == "passed" for forecast in scored]
    squares = [brier(f.probability, passed=p) for f, p in zip(scored, passed, strict=True)]
    logs = [log_score(f.probability, passed=p) for f, p in zip(scored, passed, strict=True)]
    mean_log = sum(logs) / len(logs)
    return Score(len(scored), unscored, sum(squares) / len(squares), mean_log if math.isfinite(mean_log) else None)


def reliability(
    forecasts: Iterable[Forecast], *, edges: Sequence[float] = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
) -> tuple[Bin, ...]:
    """Stated probability against the share that passed, by bins [low, high) with the last one closed."""
    scored = [forecast for forecast in forecasts if forecast.state in ("passed", "failed")]
    bins = []
    for low, high in itertools.pairwise(edges):
        inside = [f for f in scored if low <= f.probability and (f.probability < high or high == edges[-1])]
        n = len(inside)
        stated = sum(f.probability for f in inside) / n if n else None
        passed = sum(f.state == "passed" for f in inside) / n if n else None
        bins.append(Bin(low, high, stated, passed, n))
    return tuple(bins)
