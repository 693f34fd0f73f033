"""Forecasts of a frontier benchmark (GPQA Diamond) for the next release: from SWE-bench Verified, from date, from the lab's history.

Judged by leave-one-lab-out and by forward chaining over release dates, beside the mean of the others. All in percent.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
import pandas as pd

from generator.analysis.result import Interval, Statistic
from generator.core import CapewatchError, PartialDate
from generator.forecasts.base import clipped
from generator.panel.frame import Panel

Scheme = Literal["leave-one-lab-out", "forward"]
#: Earlier releases that forward chaining waits for.
LEAST_EARLIER = 8
RESAMPLES = 4000
#: Strength of the pull of a lab's own level towards zero, in models.
LAB_PULL = 2.0
REFERENCE = "mean-of-others"


@dataclass(frozen=True, eq=False)
class Releases:
    """Dated releases with both scores, oldest first.

    ids, labs: n each; first, last: n days between which each came out; day (n,): middle, days since 2020-01-01; x, y (n,) percent.
    """

    ids: tuple[str, ...]
    labs: tuple[str, ...]
    first: tuple[dt.date, ...]
    last: tuple[dt.date, ...]
    day: np.ndarray
    x: np.ndarray
    y: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)

    def rows(self, picked: Sequence[int]) -> Releases:
        chosen = list(picked)
        return Releases(
            tuple(self.ids[row] for row in chosen),
            tuple(self.labs[row] for row in chosen),
            tuple(self.first[row] for row in chosen),
            tuple(self.last[row] for row in chosen),
            self.day[chosen],
            self.x[chosen],
            self.y[chosen],
        )


Forecast = Callable[[Releases, Releases], np.ndarray]


@dataclass(frozen=True)
class FrontierModel:
    """name, title and predict(train, wanted) → (n,) percent; left_out(train) → (n,) percent, each release predicted from all
    others at once; by_lab: uses the lab's own history."""

    name: str
    title: str
    predict: Forecast
    left_out: Callable[[Releases], np.ndarray]
    by_lab: bool = False


def frontier_models() -> tuple[FrontierModel, ...]:
    """The mean of others and its competitors."""
    return (
        FrontierModel(REFERENCE, "Mean of the other models", _mean, _mean_left_out),
        FrontierModel("last-release", "Score of the latest release of any lab", _latest, _one_by_one(_latest)),
        _linear("date", "Line in release date", ("day",)),
        _linear("swe", "Line in SWE-bench Verified", ("x",)),
        _linear("swe-date", "SWE-bench Verified and date", ("x", "day")),
        FrontierModel("lab-last", "Last release of the same lab", _lab_latest, _one_by_one(_lab_latest), by_lab=True),
        _linear("swe-lab", "SWE-bench Verified and the lab's own offset", ("x",), by_lab=True),
        _linear("swe-date-lab", "SWE, date and the lab's own offset", ("x", "day"), by_lab=True),
    )


def _linear(name: str, title: str, features: tuple[str, ...], *, by_lab: bool = False) -> FrontierModel:
    predict = _with_lab(features) if by_lab else partial(_line, features=features)
    return FrontierModel(name, title, predict, partial(_line_left_out, features=features, by_lab=by_lab), by_lab)


def releases(panel: Panel, x: str = "swe-bench-verified", y: str = "gpqa-diamond") -> Releases:
    """Models of `panel` with a lab, a release date and both scores, by date; raises CapewatchError with fewer than 6."""
    rows = panel.complete((x, y))
    rows = rows[rows["released"].notna() & rows["lab"].notna()]
    if len(rows) < 6:
        raise CapewatchError(
            f"panel {panel.name}: {len(rows)} dated models with {x} and {y}; frontier forecasts need at least 6"
        )
    dates = [PartialDate.parse(str(text)) for text in rows["released"]]
    order = sorted(range(len(rows)), key=lambda row: (dates[row].middle, str(rows.index[row])))
    origin = dt.date(2020, 1, 1)
    table: pd.DataFrame = rows.iloc[order]
    return Releases(
        ids=tuple(map(str, table.index)),
        labs=tuple(map(str, table["lab"])),
        first=tuple(dates[row].first for row in order),
        last=tuple(dates[row].last for row in order),
        day=np.array([(dates[row].middle - origin).days for row in order], dtype=float),
        x=table[x].to_numpy(dtype=float),
        y=table[y].to_numpy(dtype=float),
    )


def judge_frontier(
    panel: Panel, *, rng: np.random.Generator, x: str = "swe-bench-verified", y: str = "gpqa-diamond"
) -> dict[Scheme, list[dict[str, Any]]]:
    """Every frontier model under both schemes, best first.

    An entry: name, title, mae_pp, n, labs, gain over the mean of others (a `Statistic` as dict, bootstrap over labs), coverage_80
    of intervals from leave-one-out residuals of the training models, and reason where a scheme does not apply.
    Raises CapewatchError with one lab: there is none to leave out.
    """
    data = releases(panel, x, y)
    if len(set(data.labs)) < 2:
        raise CapewatchError(
            f"panel {panel.name}: fewer than two labs have dated releases with {x} and {y}; one has to be left out"
        )
    folds: dict[Scheme, list[tuple[list[int], list[int]]]] = {
        "leave-one-lab-out": _lab_folds(data),
        "forward": _forward_folds(data),
    }
    found: dict[Scheme, list[dict[str, Any]]] = {}
    for scheme, parts in folds.items():
        missed = {
            model.name: _misses(model, data, parts)
            for model in frontier_models()
            if not (model.by_lab and scheme == "leave-one-lab-out")
        }
        entries = [_entry(model, data, missed, scheme, rng) for model in frontier_models()]
        found[scheme] = sorted(entries, key=lambda entry: (entry["mae_pp"] is None, entry["mae_pp"] or 0.0))
    return found


def next_release(
    panel: Panel,
    lab: str,
    *,
    swe: float | None,
    day: dt.date,
    x: str = "swe-bench-verified",
    y: str = "gpqa-diamond",
    model: str | None = None,
) -> Statistic:
    """GPQA of a lab's next release on `day`, from its SWE score when known, with an 80 % interval from leave-one-out residuals.

    model: name of a frontier model; default swe-date-lab, or date when `swe` is None.
    """
    data = releases(panel, x, y)
    name = model or ("swe-date-lab" if swe is not None else "date")
    chosen = next((one for one in frontier_models() if one.name == name), None)
    if chosen is None:
        raise CapewatchError(
            f"no frontier model {name!r}", hint=f"models: {', '.join(one.name for one in frontier_models())}"
        )
    if swe is None and name.startswith("swe"):
        raise CapewatchError(f"model {name} needs a score on {x}", hint="give one, or take the date model")
    when = float((day - dt.date(2020, 1, 1)).days)
    wanted = Releases(
        ("",), (lab,), (day,), (day,), np.array([when]), np.array([swe if swe is not None else np.nan]), np.zeros(1)
    )
    estimate = float(chosen.predict(data, wanted)[0])
    low, high = _around(_left_out(chosen, data), estimate)
    own = data.labs.count(lab)
    return Statistic(
        name=f"{y} of the next release of {lab}",
        estimate=estimate,
        unit="%",
        n=len(data),
        method=f"{chosen.title}, fitted on {len(data)} releases; interval from leave-one-out residuals",
        interval=Interval(low, high, 0.8, "leave-one-out residuals"),
        baselines={REFERENCE: float(data.y.mean())},
        details={
            "releases_of_lab": own,
            "note": "" if own else f"no earlier release of {lab}: its offset is taken as zero",
        },
        inputs=data.ids,
        axes=(x, y),
    )


def _entry(
    model: FrontierModel,
    data: Releases,
    missed: Mapping[str, dict[int, tuple[float, bool]]],
    scheme: Scheme,
    rng: np.random.Generator,
) -> dict[str, Any]:
    head = {"name": model.name, "title": model.title, "scheme": scheme}
    if model.name not in missed:
        return head | {"mae_pp": None, "n": 0, "reason": "a held-out lab has no history"}
    own, reference = missed[model.name], missed[REFERENCE]
    if not own:
        return head | {"mae_pp": None, "n": 0, "reason": f"no release has {LEAST_EARLIER} earlier ones"}
    rows = sorted(own)
    gain = _gain(
        np.array([reference[row][0] - own[row][0] for row in rows]), [data.labs[row] for row in rows], model.name, rng
    )
    return head | {
        "mae_pp": float(np.mean([own[row][0] for row in rows])),
        "n": len(rows),
        "labs": len({data.labs[row] for row in rows}),
        "coverage_80": float(np.mean([own[row][1] for row in rows])),
        "gain_over_mean": gain.as_dict(),
        "reason": "",
    }


def _gain(differences: np.ndarray, labs: Sequence[str], name: str, rng: np.random.Generator) -> Statistic:
    names = sorted(set(labs))
    totals = np.array(
        [[differences[[lab == one for lab in labs]].sum(), sum(lab == one for lab in labs)] for one in names],
        dtype=float,
    )
    method = f"paired bootstrap over {len(names)} labs, {RESAMPLES} resamples, percentile"
    if len(names) < 3:
        return Statistic.missing(f"gain of {name}", "fewer than 3 labs", n=len(names), method=method)
    drawn = totals[rng.integers(0, len(names), size=(RESAMPLES, len(names)))].sum(axis=1)
    low, high = np.quantile(drawn[:, 0] / drawn[:, 1], (0.025, 0.975))
    return Statistic(
        name=f"gain of {name} over {REFERENCE}",
        estimate=float(differences.mean()),
        unit="pp",
        n=len(differences),
        method=method,
        interval=Interval(float(low), float(high), 0.95, "percentile"),
    )


def _misses(
    model: FrontierModel, data: Releases, folds: Sequence[tuple[list[int], list[int]]]
) -> dict[int, tuple[float, bool]]:
    """Row → (absolute error, whether the 80 % interval held it)."""
    found = {}
    for train, test in folds:
        known = data.rows(train)
        residuals = _left_out(model, known)
        for row, value in zip(test, model.predict(known, data.rows(test)), strict=True):
            low, high = _around(residuals, float(value))
            found[row] = (abs(float(value) - float(data.y[row])), low <= data.y[row] <= high)
    return found


def _left_out(model: FrontierModel, known: Releases) -> np.ndarray:
    """(n,) residual of each training model, predicted from the others."""
    return known.y - model.left_out(known)


def _around(residuals: np.ndarray, centre: float) -> tuple[float, float]:
    """80 % limits in percent from leave-one-out residuals (n,) of the training models, raised by 1/n."""
    level = min(1.0, 0.8 * (1 + 1 / len(residuals)))
    low, high = centre + np.quantile(residuals, ((1 - level) / 2, (1 + level) / 2))
    return float(np.clip(low, 0, 100)), float(np.clip(high, 0, 100))


def _lab_folds(data: Releases) -> list[tuple[list[int], list[int]]]:
    return [
        (
            [row for row, one in enumerate(data.labs) if one != lab],
            [row for row, one in enumerate(data.labs) if one == lab],
        )
        for lab in sorted(set(data.labs))
    ]


def _forward_folds(data: Releases) -> list[tuple[list[int], list[int]]]:
    """Each release with those that were surely out before it; waits for LEAST_EARLIER of them."""
    folds = []
    for row, day in enumerate(data.first):
        earlier = [other for other, last in enumerate(data.last) if last < day]
        if len(earlier) >= LEAST_EARLIER:
            folds.append((earlier, [row]))
    return folds


def _design(data: Releases, features: Sequence[str], centre: Releases) -> np.ndarray:
    columns = [(getattr(data, name) - getattr(centre, name).mean()) / _unit(name) for name in features]
    return np.stack([np.ones(len(data)), *columns], axis=1)


def _unit(name: str) -> float:
    """A year for dates, ten points for scores: coefficients of order one under the small ridge."""
    return 365.25 if name == "day" else 10.0


def _solve(train: Releases, features: Sequence[str]) -> np.ndarray:
    design = _design(train, features, train)
    penalty = 0.1 * np.eye(design.shape[1])
    penalty[0, 0] = 0.0
    return np.linalg.solve(design.T @ design + penalty, design.T @ train.y)


def _line(train: Releases, wanted: Releases, features: Sequence[str]) -> np.ndarray:
    return clipped(_design(wanted, features, train) @ _solve(train, features))


def _line_left_out(train: Releases, features: Sequence[str], *, by_lab: bool) -> np.ndarray:
    """What `_line` (or `_with_lab`) fitted on all other releases says of each, (n,), without fitting n times.

    Leaving row i out of a ridge fit moves the residual of row j by h_ji·e_i/(1 − h_ii), h the hat matrix: the intercept is not
    penalised, so it does not matter that the features are centred on all releases here.
    """
    design = _design(train, features, train)
    penalty = 0.1 * np.eye(design.shape[1])
    penalty[0, 0] = 0.0
    hat = design @ np.linalg.solve(design.T @ design + penalty, design.T)
    residual = train.y - hat @ train.y
    scaled = residual / (1.0 - np.diag(hat))
    left = train.y - scaled
    if by_lab:
        labs = np.unique(np.array(train.labs), return_inverse=True)[1]
        kin = (labs[:, None] == labs[None, :]) & ~np.eye(len(train), dtype=bool)
        others = kin @ residual + (kin * hat.T).sum(axis=1) * scaled
        left = left + others / (kin.sum(axis=1) + LAB_PULL)
    return clipped(left)


def _one_by_one(predict: Forecast) -> Callable[[Releases], np.ndarray]:
    """Each release predicted from all others, by as many predictions."""

    def left_out(train: Releases) -> np.ndarray:
        every = range(len(train))
        return np.array(
            [predict(train.rows([other for other in every if other != row]), train.rows([row]))[0] for row in every]
        )

    return left_out


def _mean(train: Releases, wanted: Releases) -> np.ndarray:
    return np.full(len(wanted), train.y.mean())


def _mean_left_out(train: Releases) -> np.ndarray:
    return (train.y.sum() - train.y) / (len(train) - 1)


def _latest(train: Releases, wanted: Releases) -> np.ndarray:
    return np.full(len(wanted), train.y[np.argmax(train.day)])


def _lab_latest(train: Releases, wanted: Releases) -> np.ndarray:
    values = []
    for lab in wanted.labs:
        own = [row for row, one in enumerate(train.labs) if one == lab]
        values.append(train.y[max(own, key=lambda row: train.day[row])] if own else train.y.mean())
    return np.array(values)


def _with_lab(features: Sequence[str]) -> Forecast:
    def predict(train: Releases, wanted: Releases) -> np.ndarray:
        weights = _solve(train, features)
        residual = train.y - _design(train, features, train) @ weights
        sums = {lab: [residual[row] for row, one in enumerate(train.labs) if one == lab] for lab in set(wanted.labs)}
        offset = np.array([sum(sums[lab]) / (len(sums[lab]) + LAB_PULL) for lab in wanted.labs])
        return clipped(_design(wanted, features, train) @ weights + offset)

    return predict
