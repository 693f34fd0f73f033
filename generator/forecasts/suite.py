"""The whole comparison of trajectory forecasts on a panel: every model, out of sample, with skill, coverage and noise floor."""

from __future__ import annotations

import multiprocessing
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from generator.analysis.result import Statistic
from generator.core import CapewatchError, near_matches
from generator.forecasts.base import Model
from generator.forecasts.baselines import baselines
from generator.forecasts.engine import HoldOut, Nested, Split, cross_fit, pick, split, stack
from generator.forecasts.families import FIVE_AXES, FamilySet, family_set
from generator.forecasts.increments import increment_models
from generator.forecasts.intervals import Calibration, calibrations
from generator.forecasts.link import Link
from generator.forecasts.ode import ode_models
from generator.forecasts.scoring import Judged, coverage, family_mean, judge, mae, noise_floor, overall, skill
from generator.forecasts.trajectories import trajectory_models
from generator.panel.frame import Panel

#: One member a kind of model goes into the stack; weights are fitted in the training fold.
STACK_MEMBERS = ("gp-increments", "extra-trees", "ridge-logit", "partial-pooling", "ode-field")
STACK = "stack"
PICKED = "picked"
_COMBINED = {
    STACK: "Stack of five kinds of model",
    PICKED: "The model that did best inside each training fold",
}
REFERENCE = "two-point-line"
#: Given sizes → the name under which results are reported: targets from the second, or from the third size on.
VIEWS = {2: "from_third", 1: "from_second"}


@dataclass(frozen=True, eq=False)
class Track:
    """Results of one way of holding out with one number of given sizes."""

    hold_out: HoldOut
    given: int
    parts: Split
    nested: Mapping[str, Nested]
    calibrated: Mapping[str, Mapping[str, Calibration]]
    judged: Mapping[str, Judged]
    skills: Mapping[str, Statistic]
    weights: Mapping[str, np.ndarray]
    picks: Mapping[str, str]

    @property
    def targets(self) -> int:
        """Number of predicted models; each has a score on every axis."""
        return sum(len(family) - self.given for family in self.parts.judged)

    @property
    def ranking(self) -> tuple[str, ...]:
        """Names by rising MAE."""
        return tuple(sorted(self.judged, key=lambda name: overall(self.judged[name].errors)))


@dataclass(frozen=True, eq=False)
class SuiteResult:
    """Everything the forecasts page and `forecasts --json` show. tracks: (hold_out, given) → results; refused: (hold_out,
    model) → why it could not be fitted, e.g. too few derivatives for its coefficients."""

    families: FamilySet
    titles: Mapping[str, str]
    kinds: Mapping[str, str]
    tracks: Mapping[tuple[HoldOut, int], Track]
    floors: Mapping[int, Mapping[str, float | None]]
    refused: Mapping[tuple[HoldOut, str], str]
    track: str
    as_of: str

    def as_dict(self) -> list[dict[str, Any]]:
        """One entry a model, best first by MAE from the third size under leave-one-family-out, refused models last.

        Keys: name, title, kind, mae_pp and families_mean_pp and crps_pp and coverage and interval_width_pp and
        skill_vs_two_point, each by view (`from_third`, `from_second`); `leave_one_lab_out` holds the same for the stricter
        split; families, targets, noise_floor_pp, track, as_of; reason: why a model was refused, empty otherwise.
        """
        main = self.tracks["family", 2]
        out = [name for name in self.titles if name not in main.judged]
        return [self._entry(name) for name in (*main.ranking, *out)]

    def _entry(self, name: str) -> dict[str, Any]:
        main = self.tracks["family", 2]
        entry = {
            "name": name,
            "title": self.titles[name],
            "kind": self.kinds[name],
            "families": sorted(family.id for family in main.parts.judged),
            "n_families": len(main.parts.judged),
            "targets": {view: self.tracks["family", given].targets for given, view in VIEWS.items()},
            "noise_floor_pp": {view: dict(self.floors[given]) for given, view in VIEWS.items()},
            "track": self.track,
            "as_of": self.as_of,
            "reason": self.refused.get(("family", name), ""),
        } | self._scores(name, "family")
        if ("lab", 2) in self.tracks:
            entry["leave_one_lab_out"] = self._scores(name, "lab") | {"n_labs": len(self.tracks["lab", 2].parts.groups)}
        return entry

    def _scores(self, name: str, hold_out: HoldOut) -> dict[str, Any]:
        views = {view: self.tracks[hold_out, given] for given, view in VIEWS.items()}
        return {
            "mae_pp": {view: self._mae(track, name) for view, track in views.items()},
            "families_mean_pp": {
                view: family_mean(track.judged[name].errors) if name in track.judged else None
                for view, track in views.items()
            },
            "crps_pp": {
                view: mae(track.judged[name].ranked, self.families.axes) if name in track.judged else None
                for view, track in views.items()
            },
            "coverage": {
                view: coverage(track.judged[name]) if name in track.judged else None for view, track in views.items()
            },
            "interval_width_pp": {
                view: mae(track.judged[name].width, self.families.axes) if name in track.judged else None
                for view, track in views.items()
            },
            "skill_vs_two_point": {view: _skill_dict(track, name) for view, track in views.items()},
        }

    def _mae(self, track: Track, name: str) -> dict[str, float] | None:
        return mae(track.judged[name].errors, self.families.axes) if name in track.judged else None


def link_of(families: FamilySet) -> Link:
    """The saturating link of these axes."""
    return Link.between(families.chance, families.ceiling)


def catalogue(families: FamilySet, *, seed: int) -> tuple[Model, ...]:
    """Every forecasting model: baselines, regressions on increments, trajectories, ODEs."""
    link = link_of(families)
    return (
        *baselines(),
        *increment_models(link, seed=seed),
        *trajectory_models(link),
        *ode_models(link, axes=len(families.axes), seed=seed),
    )


def suite(
    panel: Panel,
    *,
    rng: np.random.Generator,
    axes: Sequence[str] = FIVE_AXES,
    hold_outs: Sequence[HoldOut] = ("family", "lab"),
    models: Sequence[str] | None = None,
    regroup: Mapping[str, str] | None = None,
    workers: int = 1,
) -> SuiteResult:
    """Judge every model (or those named in `models`) by leave-one-family-out and leave-one-lab-out, everything nested.

    regroup: see `family_set`. `rng` seeds the trees, the ensemble and the bootstrap; the numbers do not depend on
    `workers` (processes). Raises CapewatchError for a model that does not exist and when the panel has too few families.
    """
    families = family_set(panel, axes, regroup=regroup)
    seed = int(rng.integers(2**31))
    chosen = _chosen(catalogue(families, seed=seed), models)
    for hold_out in hold_outs:
        split(families, hold_out=hold_out)  # too few families is the caller's to hear, not each model's
    fits_of = _fit_all(families, seed, [model.name for model in chosen], hold_outs, workers)
    tracks: dict[tuple[HoldOut, int], Track] = {}
    floors: dict[int, Mapping[str, float | None]] = {}
    refused: dict[tuple[HoldOut, str], str] = {}
    for hold_out in hold_outs:
        parts = split(families, hold_out=hold_out)
        refused |= {(hold_out, name): fit for name, fit in fits_of[hold_out].items() if isinstance(fit, str)}
        fits = {name: fit for name, fit in fits_of[hold_out].items() if not isinstance(fit, str)}
        for given in VIEWS:
            tracks[hold_out, given] = _track(
                link_of(families),
                hold_out,
                parts,
                {name: fit[given] for name, fit in fits.items() if given in fit},
                rng=rng,
            )
            floors[given] = noise_floor(families, parts, given)
    titles = {model.name: model.title for model in chosen} | _COMBINED
    kinds = {model.name: str(model.kind) for model in chosen} | dict.fromkeys(_COMBINED, "stack")
    made = {name for track in tracks.values() for name in track.judged}
    titles = {name: title for name, title in titles.items() if name in made or name not in _COMBINED}
    as_of = panel.as_of.isoformat() if panel.as_of else ""
    return SuiteResult(families, titles, kinds, tracks, floors, refused, panel.track, as_of)


def _chosen(known: Sequence[Model], names: Sequence[str] | None) -> list[Model]:
    for name in names or ():
        if name not in [model.name for model in known]:
            near = near_matches(name, [model.name for model in known])
            raise CapewatchError(
                f"no forecasting model {name!r}", hint=f"models: {', '.join(near or [model.name for model in known])}"
            )
    return [model for model in known if names is None or model.name in names]


def _fit_all(
    families: FamilySet, seed: int, names: Sequence[str], hold_outs: Sequence[HoldOut], workers: int
) -> dict[HoldOut, dict[str, dict[int, Nested] | str]]:
    """hold-out → model → given → nested predictions, or why the model was refused; each (model, hold-out) is one job."""
    jobs = [(families, seed, name, hold_out) for hold_out in hold_outs for name in names]
    if workers > 1:
        with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
            found = list(pool.map(_fit_one, *zip(*jobs, strict=True)))
    else:
        found = [_fit_one(*job) for job in jobs]
    fits: dict[HoldOut, dict[str, dict[int, Nested] | str]] = {hold_out: {} for hold_out in hold_outs}
    for (_, _, name, hold_out), nested in zip(jobs, found, strict=True):
        fits[hold_out][name] = nested
    return fits


def _fit_one(families: FamilySet, seed: int, name: str, hold_out: HoldOut) -> dict[int, Nested] | str:
    model = next(model for model in catalogue(families, seed=seed) if model.name == name)
    parts = split(families, hold_out=hold_out)
    try:
        return cross_fit(model, parts, tuple(VIEWS))
    except CapewatchError as error:
        return error.message


def _track(
    link: Link, hold_out: HoldOut, parts: Split, nested: dict[str, Nested], *, rng: np.random.Generator
) -> Track:
    members = [nested[name] for name in STACK_MEMBERS if name in nested]
    weights: Mapping[str, np.ndarray] = {}
    if len(members) > 1:
        nested[STACK], weights = stack(members, parts, STACK)
    nested[PICKED], picks = pick(tuple(nested.values()), parts, PICKED)
    calibrated = {name: calibrations(link, parts, one) for name, one in nested.items()}
    judged = {name: judge(parts, one, calibrated[name]) for name, one in nested.items()}
    reference = judged.get(REFERENCE)
    skills = {}
    if reference is not None:
        skills = {
            name: skill(one.errors, reference.errors, parts.group, rng=rng, name=f"gain of {name} over {REFERENCE}")
            for name, one in judged.items()
        }
    given = next(iter(nested.values())).given
    return Track(hold_out, given, parts, nested, calibrated, judged, skills, weights, picks)


def _skill_dict(track: Track, name: str) -> dict[str, Any]:
    if name not in track.judged:
        return {"gain_pp": None, "reason": "not defined with one given size" if track.given == 1 else "not fitted"}
    if name not in track.skills:
        return {"gain_pp": None, "reason": "a two-point line needs two given sizes"}
    result = track.skills[name]
    if result.estimate is None:
        return {"gain_pp": None, "reason": result.reason}
    assert result.interval is not None
    relative = result.others["relative"]
    return {
        "gain_pp": result.estimate,
        "gain_low_pp": result.interval.low,
        "gain_high_pp": result.interval.high,
        "relative": result.details["relative"],
        "relative_low": relative.low,
        "relative_high": relative.high,
        "level": result.interval.level,
        "excludes_zero": result.details["excludes_zero"],
        "method": result.method,
        "n": result.n,
    }
