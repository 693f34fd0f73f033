"""Trivial and classical competitors: persistence, lines and polynomials in log10 parameters. All in percent, clipped to 0-100."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from generator.forecasts.base import Model, Recipe, Setting, clipped
from generator.forecasts.families import Family, Given, Predictor, Targets

#: The families of the published quadratic ("cross-predicts Llama-2 at 5.6 %": a quadratic in log10 N fitted on these).
PUBLISHED_FAMILIES = ("pythia", "llama", "llama-1")


def baselines() -> tuple[Model, ...]:
    """Every baseline of the leaderboard, in the order they are shown."""
    return (
        Recipe("persistence", "Last given score, unchanged", "baseline", _persistence),
        Recipe("two-point-line", "Line through the last two given sizes", "baseline", _two_point_line, needs=2),
        Recipe(
            "family-line", "Least-squares line through all given sizes of the family", "baseline", _family_line, needs=2
        ),
        Recipe("pooled-slope", "Last given score plus the mean slope of other families", "baseline", _pooled_slope),
        Recipe("pooled-linear", "One line for all families", "baseline", _pooled_linear),
        Recipe("pooled-quadratic", "One quadratic for all families", "baseline", _pooled_quadratic),
        Recipe("published-quadratic", "Quadratic fitted on Pythia and Llama alone", "baseline", _published_quadratic),
    )


def _persistence(train: Sequence[Family], setting: Setting) -> Predictor:
    del train, setting
    return lambda known, wanted: np.repeat(known.scores[-1:], len(wanted.log_params), axis=0)


def _two_point_line(train: Sequence[Family], setting: Setting) -> Predictor:
    del train, setting

    def predict(known: Given, wanted: Targets) -> np.ndarray:
        slope = (known.scores[-1] - known.scores[-2]) / (known.log_params[-1] - known.log_params[-2])
        return _onward(known, wanted, slope)

    return predict


def _family_line(train: Sequence[Family], setting: Setting) -> Predictor:
    del train, setting

    def predict(known: Given, wanted: Targets) -> np.ndarray:
        slope, level = np.polyfit(known.log_params, known.scores, 1)
        return clipped(level + np.outer(wanted.log_params, slope))

    return predict


def _pooled_slope(train: Sequence[Family], setting: Setting) -> Predictor:
    del setting
    slopes = [np.polyfit(family.log_params, family.scores, 1)[0] for family in train if len(family) >= 3]
    slope = np.mean(slopes, axis=0)
    return lambda known, wanted: _onward(known, wanted, slope)


def _pooled_linear(train: Sequence[Family], setting: Setting) -> Predictor:
    del setting
    return _pooled_polynomial([family for family in train if len(family) >= 3], 1)


def _pooled_quadratic(train: Sequence[Family], setting: Setting) -> Predictor:
    del setting
    return _pooled_polynomial([family for family in train if len(family) >= 3], 2)


def _published_quadratic(train: Sequence[Family], setting: Setting) -> Predictor:
    del setting
    chosen = [family for family in train if family.id in PUBLISHED_FAMILIES] or list(train)
    return _pooled_polynomial(chosen, 2)


def _pooled_polynomial(train: Sequence[Family], degree: int) -> Predictor:
    sizes = np.concatenate([family.log_params for family in train])
    scores = np.concatenate([family.scores for family in train])
    design = np.vander(sizes, degree + 1)
    weights, *_ = np.linalg.lstsq(design, scores, rcond=None)

    def predict(known: Given, wanted: Targets) -> np.ndarray:
        del known
        return clipped(np.vander(wanted.log_params, degree + 1) @ weights)

    return predict


def _onward(known: Given, wanted: Targets, slope: np.ndarray) -> np.ndarray:
    return clipped(known.scores[-1] + np.outer(wanted.log_params - known.log_params[-1], slope))
