"""Chance of each prediction to pass, from simulated releases, beside how such chances would have done before. Ours, not the authors'."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from typing import Any

import numpy as np

from generator.core import CapewatchError, PartialDate
from generator.forecasts import Simulation, backtest, released_by, simulate
from generator.panel import Panel
from generator.predictions import chance, load_predictions
from generator.predictions.futures import standings
from generator.predictions.point import at_panel
from generator.report.forecast_inputs import MAKER, Inputs
from generator.schema.prediction import Prediction

DRAWS = 250
#: The replay: futures drawn from each earlier day, days looked ahead, number of earlier days and days between them.
REPLAY_DRAWS = 80
HORIZON_DAYS = 180
CUTS = 4
CUT_STEP_DAYS = 90
PASSING = "on course to pass"
NO_VALUE = "too few data"


def chances(inputs: Inputs) -> dict[str, Any]:
    """Every prediction of the maker track with a deadline: chance to pass, shares of outcomes, and the replay.

    Keys: simulated_from: newest release with a score, after which nothing is known and the simulation starts; items: id ->
    chance and replay; replay: Brier scores over all predictions and days. Raises CapewatchError without predictions.
    """
    panel = inputs.panel(MAKER)
    context = inputs.context
    predictions = [
        prediction
        for prediction in load_predictions(inputs.root).ordered()
        if prediction.closes is not None and prediction.track == MAKER
    ]
    if not predictions:
        raise CapewatchError(f"no prediction with a deadline on the track {MAKER}")
    items = {}
    for prediction in predictions:
        found = chance(
            prediction,
            inputs.unnamed,
            futures,
            as_of=inputs.as_of,
            rng=inputs.rng(f"chance/{prediction.id}"),
            draws=DRAWS,
            context=context,
        )
        items[prediction.id] = {"chance": asdict(found), "replay": replayed(panel, prediction, inputs)}
    return {
        "track": MAKER,
        "draws": DRAWS,
        "simulated_from": known_until(panel).isoformat(),
        "horizon_days": HORIZON_DAYS,
        "items": items,
        "replay": _pooled([row for item in items.values() for row in item["replay"]["rows"]]),
    }


def known_until(panel: Panel) -> dt.date:
    """Release day of the newest scored model, surely out by the panel's day: later releases are not in the panel yet."""
    scored = panel.models["released"][panel.scores.notna().any(axis=1)].dropna()
    days = [PartialDate.parse(str(text)).last for text in scored]
    out = [day for day in days if panel.as_of is None or day <= panel.as_of]
    if not out:
        raise CapewatchError(f"panel {panel.name}: no scored model with a release date")
    return max(out)


def futures(panel: Panel, *, until: dt.date, rng: np.random.Generator, draws: int) -> Simulation:
    """`draws` panels as they might be on `until`, simulated from the newest scored release on."""
    return simulate(panel, until=until, rng=rng, draws=draws, start=known_until(panel))


def replayed(panel: Panel, prediction: Prediction, inputs: Inputs) -> dict[str, Any]:
    """The chance that the criteria hold HORIZON_DAYS later, from each of CUTS earlier days, beside what happened.

    A day is replayed with the models that were out by then, at the scores known now. A prediction about releases after its
    registration has no earlier window and says so.
    """
    if prediction.event is not None:
        return {"reason": "it counts releases after its registration, so no earlier window exists", "rows": []}
    last = known_until(panel)
    cuts = [last - dt.timedelta(days=HORIZON_DAYS + CUT_STEP_DAYS * step) for step in reversed(range(CUTS))]

    def holds(replay: Panel) -> float | None:
        assert replay.as_of is not None
        standing = at_panel(prediction, replay, as_of=replay.as_of).standing
        return None if standing == NO_VALUE else float(standing == PASSING)

    def in_draws(simulation: Simulation) -> np.ndarray:
        found = standings(prediction, simulation, as_of=simulation.until)
        return np.array([np.nan if standing == NO_VALUE else float(standing == PASSING) for standing in found])

    found = backtest(
        lambda day: released_by(panel, day),
        holds,
        cuts=cuts,
        horizon_days=HORIZON_DAYS,
        rng=inputs.rng(f"replay/{prediction.id}"),
        draws=REPLAY_DRAWS,
        event=lambda value: value >= 0.5,
        in_draws=in_draws,
    )
    names = ("cut", "until", "chance", "happened", "holds_at_cut", "reason")
    return {"reason": "", "rows": [{name: row.get(name) for name in names} for row in found["rows"]]}


def _pooled(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Brier scores over rows that could be compared: the simulation, the standing at the day itself, and always the mean."""
    known = [row for row in rows if row["chance"] is not None and row["holds_at_cut"] is not None]
    if not known:
        return {"n": 0, "passed": 0, "brier": None, "brier_standing": None, "brier_mean": None}
    said = np.array([row["chance"] for row in known])
    stood = np.array([row["holds_at_cut"] for row in known], dtype=float)
    seen = np.array([row["happened"] for row in known], dtype=float)
    return {
        "n": len(known),
        "passed": int(seen.sum()),
        "brier": float(np.mean((said - seen) ** 2)),
        "brier_standing": float(np.mean((stood - seen) ** 2)),
        "brier_mean": float(np.mean((seen.mean() - seen) ** 2)),
    }
