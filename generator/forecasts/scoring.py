"""Scores of out-of-sample forecasts: error in pp, skill against the two-point line, coverage, CRPS, and the noise floor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from generator.analysis.result import Interval, Statistic
from generator.forecasts.engine import Nested, Split
from generator.forecasts.families import FamilySet
from generator.forecasts.intervals import LEVELS, Calibration, crps

#: Resamples of families behind every interval on a skill.
RESAMPLES = 4000


@dataclass(frozen=True, eq=False)
class Judged:
    """Absolute errors of one model, pp: family → (m, k), with the coverage and CRPS of its intervals where it has them.

    covered: level → family → (m, k) booleans; ranked: family → CRPS (m, k), pp; width: family → width of the 80 % interval (m, k).
    """

    name: str
    errors: Mapping[str, np.ndarray]
    covered: Mapping[float, Mapping[str, np.ndarray]]
    ranked: Mapping[str, np.ndarray]
    width: Mapping[str, np.ndarray]


def judge(parts: Split, nested: Nested, calibrated: Mapping[str, Calibration]) -> Judged:
    """Compare every judged family with its forecast and intervals."""
    errors, ranked, width = {}, {}, {}
    covered: dict[float, dict[str, np.ndarray]] = {level: {} for level in LEVELS}
    for family in parts.judged:
        centre = nested.outer[family.id]
        truth = family.scores[nested.given :]
        reach = family.log_params[nested.given :] - family.log_params[nested.given - 1]
        calibration = calibrated[parts.group[family.id]]
        errors[family.id] = np.abs(centre - truth)
        ranked[family.id] = crps(calibration.samples(centre, reach), calibration.weights, truth)
        for level in LEVELS:
            low, high = calibration.interval(centre, reach, level)
            covered[level][family.id] = (low <= truth) & (truth <= high)
            if level == 0.8:
                width[family.id] = high - low
    return Judged(nested.name, errors, covered, ranked, width)


def overall(errors: Mapping[str, np.ndarray]) -> float:
    """Mean over all targets and axes of family → (m, k)."""
    return float(np.concatenate([errors[family] for family in sorted(errors)]).mean())


def mae(errors: Mapping[str, np.ndarray], axes: Sequence[str]) -> dict[str, float]:
    """Mean over targets, `overall` and by axis, of family → (m, k)."""
    table = np.concatenate([errors[family] for family in sorted(errors)])
    return {"overall": overall(errors)} | dict(zip(axes, map(float, table.mean(axis=0)), strict=True))


def family_mean(errors: Mapping[str, np.ndarray]) -> float:
    """Mean over families of their mean error: a family counts once, whatever its number of sizes."""
    return float(np.mean([errors[family].mean() for family in sorted(errors)]))


def skill(
    errors: Mapping[str, np.ndarray],
    reference: Mapping[str, np.ndarray],
    group: Mapping[str, str],
    *,
    rng: np.random.Generator,
    name: str,
) -> Statistic:
    """Gain in pp of MAE over a reference forecast, and 1 − MAE/MAE_reference, by a paired bootstrap over groups.

    errors, reference: family → (m, k) absolute errors on the same targets; group: family → the unit that is resampled.
    """
    groups = sorted({group[family] for family in errors})
    position = {label: row for row, label in enumerate(groups)}
    sums = np.zeros((len(groups), 3))
    for family, values in errors.items():
        sums[position[group[family]]] += (values.sum(), reference[family].sum(), values.size)
    picks = rng.integers(0, len(groups), size=(RESAMPLES, len(groups)))
    drawn = sums[picks].sum(axis=1)
    gains = (drawn[:, 1] - drawn[:, 0]) / drawn[:, 2]
    shares = 1 - drawn[:, 0] / np.where(drawn[:, 1] > 0, drawn[:, 1], np.nan)
    total = sums.sum(axis=0)
    method = f"paired bootstrap over {len(groups)} groups of families, {RESAMPLES} resamples, percentile"
    if total[1] == 0 or len(groups) < 3:
        return Statistic.missing(
            name, "fewer than 3 groups, or a reference without error", n=len(groups), method=method
        )
    low, high = np.quantile(gains, (0.025, 0.975))
    share_low, share_high = np.nanquantile(shares, (0.025, 0.975))
    return Statistic(
        name=name,
        estimate=float((total[1] - total[0]) / total[2]),
        unit="pp",
        n=len(groups),
        method=method,
        interval=Interval(float(low), float(high), 0.95, "percentile"),
        others={"relative": Interval(float(share_low), float(share_high), 0.95, "percentile")},
        details={"relative": float(1 - total[0] / total[1]), "excludes_zero": bool(low > 0 or high < 0)},
        inputs=tuple(sorted(errors)),
    )


def coverage(judged: Judged) -> dict[str, float]:
    """Share of targets inside each central interval, by level in percent."""
    return {
        f"{100 * level:.0f}": float(np.concatenate([inside[family] for family in sorted(inside)]).mean())
        for level, inside in judged.covered.items()
    }


def noise_floor(families: FamilySet, parts: Split, given: int) -> dict[str, float | None]:
    """Error in pp that no forecast of the observed score can go under on average, from item counts alone.

    The mean over targets of E|observed − true| = √(2/π)·√(p(1−p)/n_items); None where the number of items is unknown.
    `overall` is the mean over the axes that have one. Checkpoint, prompt and seed noise are not in it.
    """
    truth = np.concatenate([family.scores[given:] for family in parts.judged]) / 100.0
    share = np.clip(truth, 0.0, 1.0)
    floor: dict[str, float | None] = {}
    for column, axis in enumerate(families.axes):
        items = families.n_items[column]
        if not np.isfinite(items) or items <= 0:
            floor[axis] = None
            continue
        spread = np.sqrt(share[:, column] * (1 - share[:, column]) / items)
        floor[axis] = float(100 * np.sqrt(2 / np.pi) * spread.mean())
    known = [value for value in floor.values() if value is not None]
    return {"overall": float(np.mean(known)) if known else None} | floor
