"""The other axis of growth: final scores of a training run from its early checkpoints, judged by leave-one-size-out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from generator.analysis.result import Statistic
from generator.core import CapewatchError
from generator.forecasts.base import clipped
from generator.forecasts.link import Link
from generator.forecasts.scoring import overall, skill

COLUMNS = ("model", "axis", "step", "value")
_PENALTIES = (0.3, 1.0, 3.0, 10.0)
#: Endings of a model id that make another run of the same size: such runs are held out together.
_VARIANT = re.compile(r"-(deduped|bf16)\b")
REFERENCE = "two-checkpoint-line"


@dataclass(frozen=True, eq=False)
class Run:
    """Checkpoints of one training run: steps (n,) counts, rising; scores (n, k) percent; log_params log10 parameters."""

    id: str
    group: str
    log_params: float
    steps: np.ndarray
    scores: np.ndarray

    @property
    def log_steps(self) -> np.ndarray:
        """log10 steps (n,)."""
        return np.log10(self.steps)

    def known(self, until: float) -> int:
        """Number of checkpoints up to step `until`."""
        return int((self.steps <= until).sum())


def training_runs(rows: pd.DataFrame, params: Mapping[str, float]) -> tuple[tuple[str, ...], tuple[Run, ...]]:
    """Axes and runs of a table with columns model, axis, step (0 is passed over) and value (percent).

    params: model id → parameters. Checkpoints without every axis are left out. Runs whose ids differ by -deduped or -bf16 share a
    group. Raises CapewatchError for missing columns or models of unknown size.
    """
    lacking = [column for column in COLUMNS if column not in rows.columns]
    if lacking:
        raise CapewatchError(
            f"training series lacks columns {', '.join(lacking)}", hint=f"columns: {', '.join(COLUMNS)}"
        )
    table = (
        rows[rows["step"] > 0]
        .pivot_table(index=["model", "step"], columns="axis", values="value")
        .dropna()
        .sort_index()
    )
    runs = []
    for model, part in table.groupby(level="model", sort=True):
        if str(model) not in params:
            raise CapewatchError(f"training series: parameters of {model!r} unknown")
        steps = part.index.get_level_values("step").to_numpy(dtype=float)
        runs.append(
            Run(
                id=str(model),
                group=_VARIANT.sub("", str(model)),
                log_params=float(np.log10(params[str(model)])),
                steps=steps,
                scores=part.to_numpy(dtype=float),
            )
        )
    return tuple(map(str, table.columns)), tuple(runs)


def final_scores(
    axes: Sequence[str],
    runs: Sequence[Run],
    *,
    given_until: float,
    chance: Mapping[str, float],
    rng: np.random.Generator,
) -> dict[str, Any]:
    """Forecast the last checkpoint of every run from those up to step `given_until`; nothing of its size is in training.

    Keys: models [{name, mae_pp (overall and by axis), gain (Statistic as dict, bootstrap over sizes)}] best first; runs; groups;
    predictions: model → run → percent by axis; given_until. Raises CapewatchError with fewer than four sizes or two given checkpoints.
    """
    usable = [run for run in runs if run.known(given_until) >= 2 and run.steps[-1] > given_until]
    groups = sorted({run.group for run in usable})
    if len(groups) < 4:
        raise CapewatchError(
            f"{len(groups)} sizes with two checkpoints up to step {given_until:g} and one after; at least 4 are needed",
            hint="give a later step, or more runs",
        )
    link = Link.between(np.array([chance.get(axis, 0.0) for axis in axes]), np.full(len(axes), 100.0))
    cuts = {run.id: run.known(given_until) for run in usable}
    predicted: dict[str, dict[str, np.ndarray]] = {
        "persistence": {},
        REFERENCE: {},
        "mean-increment": {},
        "ridge-logit": {},
    }
    for group in groups:
        train = [run for run in usable if run.group != group]
        mean = np.mean([run.scores[-1] - run.scores[cuts[run.id] - 1] for run in train], axis=0)
        ridge = _tuned(link, train, cuts)
        for run in (run for run in usable if run.group == group):
            last = run.scores[cuts[run.id] - 1]
            predicted["persistence"][run.id] = last
            predicted[REFERENCE][run.id] = _line(run, cuts[run.id])
            predicted["mean-increment"][run.id] = clipped(last + mean)
            predicted["ridge-logit"][run.id] = _apply(link, ridge, run, cuts[run.id])
    truth = {run.id: run.scores[-1] for run in usable}
    errors = {
        name: {run: np.abs(values - truth[run])[None] for run, values in one.items()} for name, one in predicted.items()
    }
    group_of = {run.id: run.group for run in usable}
    entries = [_entry(name, one, errors[REFERENCE], axes, group_of, rng) for name, one in errors.items()]
    return {
        "given_until": given_until,
        "runs": len(usable),
        "groups": len(groups),
        "models": sorted(entries, key=lambda entry: entry["mae_pp"]["overall"]),
        "predictions": {
            name: {run: dict(zip(axes, map(float, values), strict=True)) for run, values in one.items()}
            for name, one in predicted.items()
        },
    }


def _entry(
    name: str,
    errors: Mapping[str, np.ndarray],
    reference: Mapping[str, np.ndarray],
    axes: Sequence[str],
    group: Mapping[str, str],
    rng: np.random.Generator,
) -> dict[str, Any]:
    gain: Statistic = skill(errors, reference, group, rng=rng, name=f"gain of {name} over {REFERENCE}")
    by_axis = np.concatenate([errors[run] for run in sorted(errors)]).mean(axis=0)
    return {
        "name": name,
        "mae_pp": {"overall": overall(errors)} | dict(zip(axes, map(float, by_axis), strict=True)),
        "gain": gain.as_dict(),
    }


def _line(run: Run, cut: int) -> np.ndarray:
    slope = (run.scores[cut - 1] - run.scores[cut - 2]) / (run.log_steps[cut - 1] - run.log_steps[cut - 2])
    return clipped(run.scores[cut - 1] + slope * (run.log_steps[-1] - run.log_steps[cut - 1]))


def _features(link: Link, run: Run, cut: int) -> np.ndarray:
    """By axis (k, 3): last logit, its slope over the given checkpoints of the last decade of steps, log10 parameters."""
    logits = link.logit(run.scores[:cut])
    recent = run.log_steps[:cut] >= run.log_steps[cut - 1] - 1.0
    if recent.sum() < 2:
        recent[-2:] = True
    slope = np.polyfit(run.log_steps[:cut][recent], logits[recent], 1)[0]
    return np.stack([logits[-1], slope, np.full(logits.shape[1], run.log_params - 9.0)], axis=1)


def _fit(link: Link, train: Sequence[Run], cuts: Mapping[str, int], penalty: float) -> tuple[np.ndarray, np.ndarray]:
    """Per axis centre (k, 3) and weights (k, 4) of a ridge on the logit increment to the end of training."""
    features = np.array([_features(link, run, cuts[run.id]) for run in train])
    steps = np.array([link.logit(run.scores[-1]) - link.logit(run.scores[cuts[run.id] - 1]) for run in train])
    centre = features.mean(axis=0)
    weights = np.empty((features.shape[1], 4))
    for axis in range(features.shape[1]):
        design = features[:, axis] - centre[axis]
        level = steps[:, axis].mean()
        slopes = np.linalg.solve(design.T @ design + penalty * np.eye(3), design.T @ (steps[:, axis] - level))
        weights[axis] = level, *slopes
    return centre, weights


def _apply(link: Link, fit: tuple[np.ndarray, np.ndarray], run: Run, cut: int) -> np.ndarray:
    centre, weights = fit
    step = weights[:, 0] + ((_features(link, run, cut) - centre) * weights[:, 1:]).sum(axis=1)
    return clipped(link.percent(link.logit(run.scores[cut - 1]) + step))


def _tuned(link: Link, train: Sequence[Run], cuts: Mapping[str, int]) -> tuple[np.ndarray, np.ndarray]:
    """The ridge with the penalty that does best when one more size is held out of `train`."""
    losses = []
    for penalty in _PENALTIES:
        misses = []
        for group in sorted({run.group for run in train}):
            fit = _fit(link, [run for run in train if run.group != group], cuts, penalty)
            misses += [
                np.abs(_apply(link, fit, run, cuts[run.id]) - run.scores[-1]).mean()
                for run in train
                if run.group == group
            ]
        losses.append(np.mean(misses))
    return _fit(link, train, cuts, _PENALTIES[int(np.argmin(losses))])
