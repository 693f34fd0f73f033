"""The forecasts section: keys that follow the inputs, stored results that are current, stale ones that are not used."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from dataclasses import replace

import numpy as np
import pytest

from generator.core import CapewatchError, canonical_json
from generator.forecasts import judge_frontier
from generator.panel import PanelProvider
from generator.report import forecasting
from generator.report.calculator import size_coefficients
from generator.report.chances import known_until
from generator.report.forecast_inputs import Inputs, code_digest
from generator.report.forecast_tables import ERRORS, FAMILIES, forecast_tables
from generator.report.forecasting import (
    COMMITTED,
    PARTS,
    Part,
    forecasts_section,
    part_result,
    plain,
    write_parts,
)
from generator.report.tracker import provider_of
from generator.schema import load_registry
from tests.conftest import REPOSITORY
from tests.forecasts.panels import FIVE, family_panel, frontier_panel

SEED = 20260513


@pytest.fixture(scope="module")
def inputs() -> Inputs:
    registry = load_registry(REPOSITORY).require_clean()
    provider = provider_of(REPOSITORY, registry)
    return Inputs(REPOSITORY, registry, provider, provider.observations.newest_day, SEED)


def small(project) -> Inputs:
    registry = load_registry(project.root)
    provider = PanelProvider(registry)
    return Inputs(project.root, registry, provider, dt.date(2026, 6, 1), SEED)


def counted(monkeypatch, result: dict[str, object], *inputs: str) -> list[int]:
    """One part named `sums` instead of the real ones; the list grows with every computation."""
    calls: list[int] = []

    def compute(_inputs: Inputs) -> dict[str, object]:
        calls.append(1)
        return result

    monkeypatch.setattr(forecasting, "PARTS", (Part("sums", inputs or ("maker",), compute),))
    return calls


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_committed_results_are_current(inputs, part):
    path = REPOSITORY / COMMITTED / f"{part.name}.json"
    assert path.is_file(), f"{path.name} is missing: run `capewatch forecasts --write`"
    key = json.loads(path.read_text())["key"]
    assert key == part.key(inputs), f"{path.name} is of older data or code: run `capewatch forecasts --write`"


def test_a_key_follows_panel_seed_code_and_name(project, monkeypatch):
    first = small(project)
    part = Part("sums", ("maker",), lambda _inputs: {})
    keys = {part.key(first), part.key(replace(first, seed=1)), replace(part, name="other").key(first)}
    project.model("one", "gpqa 60", "swe 40")
    keys.add(part.key(small(project)))
    monkeypatch.setattr(forecasting, "code_digest", lambda *_modules: "other code")
    keys.add(part.key(small(project)))
    assert len(keys) == 5
    monkeypatch.undo()
    assert part.key(small(project)) == part.key(small(project))


def test_the_code_digest_covers_named_modules():
    assert code_digest() != code_digest("report/chances.py") != code_digest("predictions")


@pytest.mark.slow
@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_committed_results_are_what_the_code_computes(inputs, part):
    found = json.loads((REPOSITORY / COMMITTED / f"{part.name}.json").read_text())["result"]
    assert json.loads(canonical_json(plain(part.compute(inputs)))) == found


def test_a_current_committed_file_is_used_and_nothing_is_computed(project, monkeypatch):
    calls = counted(monkeypatch, {"sum": 2})
    found = small(project)
    key = forecasting.PARTS[0].key(found)
    project.write("data/forecasts/sums.json", json.dumps({"key": key, "result": {"sum": 1}}))
    assert part_result(found, "sums") == ({"sum": 1}, False)
    assert not calls


def test_a_stale_committed_file_is_not_used_and_the_new_result_is_kept(project, monkeypatch):
    calls = counted(monkeypatch, {"sum": 2})
    project.write("data/forecasts/sums.json", json.dumps({"key": "of older data", "result": {"sum": 1}}))
    assert part_result(small(project), "sums") == ({"sum": 2}, True)
    assert part_result(small(project), "sums") == ({"sum": 2}, False)
    assert len(calls) == 1
    assert json.loads((project.root / "data/forecasts/sums.json").read_text())["result"] == {"sum": 1}


def test_without_computing_a_part_that_is_not_stored_says_why(project, monkeypatch):
    calls = counted(monkeypatch, {"sum": 2})
    found = small(project)
    section = forecasts_section(found.root, found.registry, found.provider, as_of=found.as_of, seed=SEED, compute=False)
    reason = "not stored for these inputs; computed by a build for the newest day only, not for 2026-06-01"
    assert section == {"sums": {"reason": reason}}
    assert not calls


def test_writing_commits_a_result_once_and_never_a_reason(project, monkeypatch):
    counted(monkeypatch, {"sum": 2.0})
    told: list[str] = []
    assert write_parts(small(project), tell=told.append) == 1
    assert write_parts(small(project), tell=told.append) == 0
    assert told == ["wrote data/forecasts/sums.json", "current: data/forecasts/sums.json"]
    counted(monkeypatch, {"reason": "too few"}, "day")
    with pytest.raises(CapewatchError, match="forecasts, sums: too few"):
        write_parts(small(project))


def test_an_unknown_part_names_the_known_ones():
    with pytest.raises(CapewatchError, match="no part 'trajectory'") as caught:
        forecasting.parts_named(["trajectory"])
    assert "trajectories" in caught.value.hint


def test_a_small_project_gets_a_reason_for_every_part(project):
    found = small(project)
    section = forecasts_section(found.root, found.registry, found.provider, as_of=found.as_of, seed=SEED)
    assert set(section) == {part.name for part in PARTS}
    for name in ("cards", "coefficients", "ode", "training", "chances", "trajectories", "phase"):
        assert section[name]["reason"], name
    for track in ("maker", "epoch"):
        assert section["frontier"][track]["reason"]


def test_results_are_plain_finite_json():
    import numpy as np

    found = plain({"a": np.float64(1 / 3), "b": (np.int64(2), float("nan")), 3: np.array([0.1]), "c": np.bool_(True)})
    assert found == {"a": 0.3333333333, "b": [2, None], "3": [0.1], "c": True}
    assert type(found["c"]) is bool


def test_the_headline_is_named_before_the_comparison_and_beats_the_two_point_line(inputs):
    result, _ = part_result(inputs, "trajectories")
    assert result["headline"] == {"grouping": "source", "model": "stack", "source": "obsscaling"}
    found = result["groupings"]["source"]
    assert len(found["families"]) >= 24
    assert found["targets"]["from_third"] >= 57
    entry = next(one for one in found["leaderboard"] if one["name"] == "stack")
    assert entry["mae_pp"]["from_third"]["overall"] <= 3.4
    assert entry["skill_vs_two_point"]["from_third"]["gain_low_pp"] > 0
    assert 0.76 <= entry["coverage"]["from_third"]["80"] <= 0.84
    axes = result["axes"]
    held = [row for row in found["held_out"] if row["axis"] in axes]
    misses = [abs(row["forecast"] - row["observed"]) for row in held]
    assert sum(misses) / len(misses) == pytest.approx(entry["mae_pp"]["from_third"]["overall"])
    inside = [row["low_80"] <= row["observed"] <= row["high_80"] for row in held]
    assert sum(inside) / len(inside) == pytest.approx(entry["coverage"]["from_third"]["80"])


def read(table) -> list[dict[str, str]]:
    """A table as a reader gets it."""
    return list(csv.DictReader(io.StringIO(table.csv)))


@pytest.mark.parametrize("grouping", ["source", "registry"])
def test_the_errors_of_every_model_can_be_recomputed_from_the_downloaded_table(inputs, grouping):
    result, _ = part_result(inputs, "trajectories")
    made = forecast_tables(result)
    rows = [row for row in read(made[ERRORS]) if row["grouping"] == grouping]
    found = result["groupings"][grouping]
    assert len(rows) == found["targets"]["from_third"] * len(result["axes"])
    assert {row["family"] for row in rows} == {one["family"] for one in found["families"]}
    for entry in found["leaderboard"]:
        column = f"error_{entry['name']}"
        if entry["reason"]:
            assert not any(row.get(column) for row in rows)
            continue
        for axis in ("overall", *result["axes"]):
            misses = [abs(float(row[column])) for row in rows if axis in ("overall", row["axis"])]
            assert sum(misses) / len(misses) == pytest.approx(entry["mae_pp"]["from_third"][axis], abs=1e-6), column
    for row in rows:
        assert float(row["forecast"]) - float(row["actual"]) == pytest.approx(float(row["error_stack"]), abs=1e-6)


@pytest.mark.parametrize("grouping", ["source", "registry"])
def test_the_table_of_families_says_which_models_a_forecast_was_given(inputs, grouping):
    result, _ = part_result(inputs, "trajectories")
    made = forecast_tables(result)
    members = {row["model"]: row for row in read(made[FAMILIES])}
    rows = [row for row in read(made[ERRORS]) if row["grouping"] == grouping]
    family, role = f"family_{grouping}", f"role_{grouping}"
    for row in rows:
        own = members[row["model"]]
        assert (own[family], own[role]) == (row["family"], "forecast")
        given = [one for one in members.values() if one[family] == row["family"] and one[role] == "given"]
        given.sort(key=lambda one: float(one["params"]))
        assert [one["model"] for one in given] == [row["from_smallest"], row["from_second"]]
        assert float(given[-1]["params"]) < float(row["params"])
    assert (
        sum(one[role] == "forecast" for one in members.values())
        == result["groupings"][grouping]["targets"]["from_third"]
    )
    assert {one[role] for one in members.values()} <= {"given", "forecast", "training", ""}


def test_the_families_of_the_table_are_those_that_the_source_writes(inputs):
    result, _ = part_result(inputs, "trajectories")
    registry = inputs.panel("harness-v1").models["family"]
    for row in read(forecast_tables(result)[FAMILIES]):
        if row["family_source"]:
            assert row["family_source"] == inputs.regroup.get(row["model"], registry[row["model"]])
        if row["family_registry"]:
            assert row["family_registry"] == registry[row["model"]]


def test_a_comparison_that_could_not_be_made_has_no_table():
    assert forecast_tables({"reason": "no track"}) == {}
    nothing = {
        "groupings": {"source": {"reason": "few"}, "registry": {"reason": "few"}},
        "headline": {"model": "stack"},
    }
    assert forecast_tables(nothing) == {}


def test_every_chance_has_outcomes_that_sum_to_one_or_a_reason(inputs):
    result, _ = part_result(inputs, "chances")
    assert len(result["items"]) == 7
    for identity, item in result["items"].items():
        chance = item["chance"]
        if chance["passes"] is None:
            assert chance["decided"] or chance["reason"], identity
        else:
            assert sum(chance["outcomes"].values()) == pytest.approx(1.0)
            assert chance["interval"]["low"] <= chance["passes"] <= chance["interval"]["high"]


def test_simulation_starts_at_the_newest_scored_release_that_is_surely_out():
    panel = replace(family_panel(2, sizes=(1e9, 2e9)), as_of=dt.date(2026, 6, 1))
    models = panel.models.copy()
    models["released"] = ["2026", "2026-03", "2025-12-01", "2026-05-20"]
    scores = panel.scores.copy()
    scores.iloc[3] = float("nan")
    assert known_until(replace(panel, models=models, scores=scores)) == dt.date(2026, 3, 31)


def test_one_family_or_one_lab_is_told_before_anything_is_fitted() -> None:
    with pytest.raises(CapewatchError, match="1 families have three sizes or more"):
        size_coefficients(family_panel(1), FIVE)
    alone = frontier_panel()
    alone.models["lab"] = "acme"
    with pytest.raises(CapewatchError, match="fewer than two labs"):
        judge_frontier(alone, rng=np.random.default_rng(1))
