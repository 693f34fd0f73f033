"""Many simulated futures at once give the standings of their panels one by one."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from generator.forecasts import simulate
from generator.panel import PanelProvider
from generator.predictions import load_predictions
from generator.predictions.futures import TOGETHER, standings
from generator.schema import load_registry
from tests.conftest import REPOSITORY

UNTIL = dt.date(2027, 6, 30)
DRAWS = TOGETHER + 5


@pytest.fixture(scope="module")
def simulated():
    panel = PanelProvider(load_registry(REPOSITORY))("maker", dt.date(2026, 11, 21))
    return simulate(panel, until=UNTIL, rng=np.random.default_rng(5), draws=DRAWS, start=dt.date(2026, 6, 1))


def test_every_bundled_prediction_stands_in_every_future_as_its_panel_says(simulated):
    panels = list(simulated.panels())
    seen = set()
    for prediction in load_predictions(REPOSITORY).ordered():
        found = standings(prediction, simulated, as_of=UNTIL)
        assert found == standings(prediction, panels, as_of=UNTIL), prediction.id
        assert len(found) == DRAWS
        seen |= set(found)
    assert len(seen) >= 3
