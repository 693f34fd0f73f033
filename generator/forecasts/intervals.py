"""Predictive distributions from out-of-sample residuals: what the model missed by on other families, widened with distance.

Residuals are taken in logits between floor and ceiling, divided by √(reach + offset), and put around a new forecast at its
own reach. Families weigh less than in proportion to their sizes, because misses within a family repeat.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from generator.core import CapewatchError
from generator.forecasts.engine import Nested, Split
from generator.forecasts.families import Family
from generator.forecasts.link import Link

#: Decades added to the reach: sampling noise and checkpoint noise that are there at no distance at all.
REACH_OFFSET = 0.15
#: A family with n targets has weight n ** FAMILY_POWER.
FAMILY_POWER = 0.5
LEVELS = (0.5, 0.8, 0.95)
#: Fewer calibration families than this carry no interval.
LEAST_FAMILIES = 4


@dataclass(frozen=True, eq=False)
class Calibration:
    """Scaled residuals of one model: residuals (r, k), weights (r,) that sum to one, from `families` families."""

    link: Link
    residuals: np.ndarray
    weights: np.ndarray
    families: int

    def quantile(self, centre: np.ndarray, reach: np.ndarray, level: float) -> np.ndarray:
        """Percent (m, k) under which a share `level` of the predictive distribution lies.

        centre (m, k): point forecasts, percent; reach (m,): decades from the last given size.
        """
        return self.link.percent(self.link.logit(centre) + self.shift(level) * _width(reach)[:, None])

    def shift(self, level: float) -> np.ndarray:
        """Quantile (k,) of the scaled residuals, logits at one unit of √reach."""
        return np.array([_weighted_quantile(column, self.weights, level) for column in self.residuals.T])

    def interval(self, centre: np.ndarray, reach: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
        """Central interval, percent (m, k) twice. The level is raised by 1/families, the conformal finite-sample correction."""
        raised = min(1.0, level * (1 + 1 / self.families))
        return self.quantile(centre, reach, (1 - raised) / 2), self.quantile(centre, reach, (1 + raised) / 2)

    def samples(self, centre: np.ndarray, reach: np.ndarray) -> np.ndarray:
        """The whole predictive distribution as percent (m, k, r), with `weights`."""
        shifts = self.residuals.T[None] * _width(reach)[:, None, None]
        logits = self.link.logit(centre)[:, :, None] + shifts
        return np.moveaxis(self.link.percent(np.moveaxis(logits, 1, 2)), 1, 2)


def calibrate(link: Link, judged: Sequence[Family], predicted: Mapping[str, np.ndarray], given: int) -> Calibration:
    """Residuals of `predicted` (family → (m, k) percent, out of sample) against those families' own scores."""
    residuals, weights = [], []
    for family in judged:
        if family.id not in predicted:
            continue
        misses = link.logit(family.scores[given:]) - link.logit(predicted[family.id])
        residuals.append(misses / _width(family.log_params[given:] - family.log_params[given - 1])[:, None])
        weights.append(np.full(len(misses), len(misses) ** (FAMILY_POWER - 1)))
    if len(residuals) < LEAST_FAMILIES:
        raise CapewatchError(
            f"{len(residuals)} families to size intervals on, at least {LEAST_FAMILIES} are needed",
            hint="add families with three sizes or more",
        )
    weight = np.concatenate(weights)
    return Calibration(link, np.concatenate(residuals), weight / weight.sum(), len(residuals))


def calibrations(link: Link, parts: Split, nested: Nested) -> dict[str, Calibration]:
    """Group → the calibration made inside its training fold."""
    return {group: calibrate(link, parts.judged, nested.inner[group], nested.given) for group in parts.groups}


def crps(samples: np.ndarray, weights: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Continuous ranked probability score (…) of weighted samples (…, r) at truth (…), unit of the samples."""
    order = np.argsort(samples, axis=-1)
    values = np.take_along_axis(samples, order, axis=-1)
    share = weights[order]
    below = np.cumsum(share, axis=-1)
    distance = (np.abs(values - truth[..., None]) * share).sum(axis=-1)
    gaps = np.diff(values, axis=-1)
    spread = (gaps * below[..., :-1] * (1 - below[..., :-1])).sum(axis=-1)
    return distance - spread


def _weighted_quantile(values: np.ndarray, weights: np.ndarray, level: float) -> float:
    order = np.argsort(values, kind="stable")
    share = weights[order]
    return float(np.interp(level, np.cumsum(share) - share / 2, values[order]))


def _width(reach: np.ndarray) -> np.ndarray:
    return np.sqrt(np.maximum(reach, 0.0) + REACH_OFFSET)
