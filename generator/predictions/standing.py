"""From truth values to a standing today, and from a standing to a state.

Standing: what the outcome would be if the data of that day were the last. State: where the prediction is in its life; on a
day before its registration there was none yet, and its standing is what its criteria say of that day.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

import numpy as np

from generator.predictions.conditions import FALSE, TRUE, Values, truth
from generator.schema.prediction import Prediction

State = Literal["not yet registered", "open", "awaiting data", "passed", "failed", "undetermined", "annulled"]
Standing = Literal["on course to pass", "on course to fail", "undetermined", "too few data"]

STATES: tuple[State, ...] = get_args(State)
STANDINGS: tuple[Standing, ...] = ("on course to pass", "on course to fail", "undetermined", "too few data")
FINAL: frozenset[State] = frozenset({"passed", "failed", "undetermined", "annulled"})
PASS, FAIL, GAP, FEW = range(4)
_OUTCOMES: Mapping[Standing, State] = {
    "on course to pass": "passed",
    "on course to fail": "failed",
    "undetermined": "undetermined",
}


def standing_codes(prediction: Prediction, values: Values) -> np.ndarray:
    """Index into STANDINGS (B,) for metric values (B,) each; NaN = no value.

    In order: a requirement that does not hold → too few data; pass holds → pass; fail holds → fail; either cannot be
    told, or pass is missed only by a number of models → too few data; otherwise the gap between the two.
    """
    size = len(next(iter(values.values())))
    counts = frozenset(name for name, metric in prediction.metrics.items() if metric.kind == "count")
    required = np.full(size, TRUE)
    for condition in prediction.requires:
        required = np.minimum(required, truth(condition, values))
    passes, fails = truth(prediction.passes, values), truth(prediction.fails, values)
    short = (passes == FALSE) & (truth(prediction.passes, values, assume=counts) == TRUE)
    untold = ~((passes == FALSE) & (fails == FALSE))
    return np.select(
        [required != TRUE, passes == TRUE, fails == TRUE, untold | short], [FEW, PASS, FAIL, FEW], default=GAP
    )


def standing_of(prediction: Prediction, values: Mapping[str, float | None]) -> Standing:
    """The standing for one value a metric."""
    arrays = {name: np.array([np.nan if value is None else value]) for name, value in values.items()}
    return STANDINGS[int(standing_codes(prediction, arrays)[0])]


def outcome_of(prediction: Prediction, standing: Standing) -> State:
    """The final state when the window is over and the deciding data are there."""
    if standing == "too few data":
        return prediction.if_too_few
    return _OUTCOMES[standing]
