"""Final scores from early checkpoints: groups of one size are held out together, baselines beside."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from generator.core import CapewatchError
from generator.forecasts import final_scores, training_runs
from tests.payloads import payload_root

STEPS = (0, 1000, 3000, 13000, 33000, 73000, 143000)
PARAMS = {f"run-{size}b{variant}": size * 1e9 for size in (1, 2, 3, 6, 12) for variant in ("", "-deduped")}
CHANCE = {"alpha": 25.0, "beta": 50.0}


def _series(seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = []
    for model, params in PARAMS.items():
        for axis, chance in CHANCE.items():
            for step in STEPS:
                z = -2.5 + 0.6 * np.log10(max(step, 1)) + 0.5 * np.log10(params / 1e9) + rng.normal(0, 0.03)
                rows.append((model, axis, step, 0.8 * chance + (100 - 0.8 * chance) / (1 + np.exp(-z))))
    return pd.DataFrame(rows, columns=["model", "axis", "step", "value"])


def _judged(table: pd.DataFrame, until: float = 13000) -> dict:
    axes, runs = training_runs(table, PARAMS)
    return final_scores(axes, runs, given_until=until, chance=CHANCE, rng=np.random.default_rng(0))


def test_a_ridge_in_logits_beats_persistence_and_the_line_on_runs_that_grow_in_logits() -> None:
    found = _judged(_series())
    errors = {entry["name"]: entry["mae_pp"]["overall"] for entry in found["models"]}
    assert next(iter(errors)) == "ridge-logit"
    assert errors["ridge-logit"] < 1.5 < errors["persistence"]
    assert (found["runs"], found["groups"]) == (10, 5)
    assert set(found["models"][0]["mae_pp"]) == {"overall", "alpha", "beta"}


def test_the_checkpoint_at_the_limit_is_given() -> None:
    table = _series()
    late = table["step"].isin((3000,))
    moved = table.assign(value=np.where(late, 60.0, table["value"]))
    found = [_judged(one, until=3000)["predictions"]["persistence"] for one in (table, moved)]
    assert {value for run in found[1].values() for value in run.values()} == {60.0}
    assert found[0] != found[1]


def test_absurd_finals_of_a_size_change_none_of_its_forecasts() -> None:
    table = _series()
    victims = table["model"].str.startswith("run-3b") & (table["step"] > 13000)
    found = [
        _judged(one)["predictions"]["ridge-logit"]
        for one in (table, table.assign(value=np.where(victims, 1.0, table["value"])))
    ]
    for run in ("run-3b", "run-3b-deduped"):
        assert found[0][run] == found[1][run]
    assert found[0]["run-1b"] != found[1]["run-1b"]


def test_series_that_cannot_be_judged_are_refused() -> None:
    table = _series()
    with pytest.raises(CapewatchError, match="lacks columns axis"):
        training_runs(table.drop(columns="axis"), PARAMS)
    with pytest.raises(CapewatchError, match="parameters of 'run-12b' unknown"):
        training_runs(table, {})
    with pytest.raises(CapewatchError, match="at least 4 are needed"):
        _judged(table, until=1000)


def test_on_the_recorded_pythia_runs_the_ridge_beats_every_baseline() -> None:
    root = payload_root()
    path = None if root is None else root / "pythia_evals" / "pythia_v1_long.csv"
    if path is None or not path.is_file():
        pytest.skip("no recorded payloads (CAPEWATCH_PAYLOADS)")
    table = pd.read_csv(path)
    table = table[(table["metric"] == "acc") & (table["shots"] == "zero-shot")].rename(columns={"task": "axis"})
    table["value"] *= 100
    units = {"b": 1e9, "m": 1e6}
    params = {
        model: float(model.split("-")[1][:-1]) * units[model.split("-")[1][-1]] for model in table["model"].unique()
    }
    chance = dict.fromkeys(("arc_challenge", "arc_easy", "hendrycksTest_mean", "logiqa", "sciq"), 25.0)
    chance |= dict.fromkeys(("piqa", "winogrande", "wsc"), 50.0)
    axes, runs = training_runs(table, params)
    found = final_scores(axes, runs, given_until=13000, chance=chance, rng=np.random.default_rng(0))
    assert (found["runs"], found["groups"]) == (16, 8)
    errors = {entry["name"]: entry["mae_pp"]["overall"] for entry in found["models"]}
    assert errors["ridge-logit"] < 0.6 * min(value for name, value in errors.items() if name != "ridge-logit")
