"""What is kept of a report counts only under the key of all it rests on; a stale or damaged file is never shown."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import math

import numpy as np
import pandas as pd
import pytest

from generator.panel import PanelProvider
from generator.report.deep import deep_sections
from generator.report.forecast_inputs import APART
from generator.report.frames import packed, unpacked
from generator.report.make import unnamed_state
from generator.report.memo import FOLDER, Memo, keeper, panel_state
from generator.report.statistics import PAIRS, compute, generator_for
from generator.schema import load_registry
from tests.conftest import REPOSITORY


def never():
    raise AssertionError("computed although nothing changed")


def test_an_unchanged_input_is_answered_without_computing(tmp_path):
    assert Memo(tmp_path)("part", [1, "a"], lambda: {"b": 1.5, "a": [None, "ü"]}) == {"b": 1.5, "a": [None, "ü"]}
    assert list(Memo(tmp_path)("part", [1, "a"], never)) == ["b", "a"]


def test_a_changed_input_is_computed_anew_and_takes_the_place_of_the_old(tmp_path):
    memo = Memo(tmp_path)
    assert memo("part", [1], lambda: "old") == "old"
    assert memo("part", [2], lambda: "new") == "new"
    assert memo("part", [1], lambda: "old again") == "old again"
    assert len(list((tmp_path / FOLDER).iterdir())) == 1


def test_other_code_or_other_versions_void_what_is_kept(tmp_path, monkeypatch):
    assert Memo(tmp_path)("part", [1], lambda: "old") == "old"
    monkeypatch.setattr(Memo, "surroundings", ["other"])
    assert Memo(tmp_path)("part", [1], lambda: "new") == "new"


@pytest.mark.parametrize(
    "damage",
    [lambda text: text[:-3], lambda text: text.replace(b"41", b"42"), lambda _text: b"", lambda _text: b"\xff"],
)
def test_a_truncated_or_edited_file_is_computed_anew(tmp_path, damage):
    memo = Memo(tmp_path)
    memo("part", [1], lambda: {"value": 41})
    (path,) = (tmp_path / FOLDER).iterdir()
    path.write_bytes(damage(path.read_bytes()))
    assert memo("part", [1], lambda: {"value": 41, "anew": True}) == {"value": 41, "anew": True}


def test_a_file_planted_from_other_inputs_is_never_shown(tmp_path):
    other, memo = tmp_path / "other", Memo(tmp_path)
    Memo(other)("part", ["old inputs"], lambda: "stale")
    (planted,) = (other / FOLDER).iterdir()
    (tmp_path / FOLDER).mkdir(parents=True)
    (tmp_path / FOLDER / planted.name).write_bytes(planted.read_bytes())
    assert memo("part", ["new inputs"], lambda: "right") == "right"


def test_a_value_that_json_cannot_hold_is_an_error_and_nothing_is_kept(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        Memo(tmp_path)("part", [1], lambda: float("nan"))
    assert not (tmp_path / FOLDER).exists()


@pytest.fixture(scope="module")
def panels():
    registry = load_registry(REPOSITORY)
    provider = PanelProvider(registry)
    return {track: provider(track, dt.date(2026, 11, 21)) for track in registry.tracks}


def changes(panel):
    """Panels that differ from `panel` by one bit of a score, an error, a name, a chance level, the order or the day."""
    row, column = np.argwhere(panel.scores.notna().to_numpy())[0]
    scores, stderr, models, axes = (getattr(panel, name).copy() for name in ("scores", "stderr", "models", "axes"))
    scores.iloc[row, column] = np.nextafter(scores.iloc[row, column], 200)
    stderr.iloc[row, column] = 1.25
    models.iloc[0, models.columns.get_loc("name")] = "Another name"
    axes.iloc[0, axes.columns.get_loc("chance")] = 12.5
    turned = {name: getattr(panel, name).iloc[::-1] for name in ("models", "scores", "stderr")}
    for change in (
        {"scores": scores},
        {"stderr": stderr},
        {"models": models},
        {"axes": axes},
        turned,
        {"as_of": dt.date(2026, 11, 22)},
    ):
        yield dataclasses.replace(panel, **change)


def test_any_difference_of_a_panel_gives_it_another_state(panels):
    panel = panels["maker"]
    states = [panel_state(panel), *(panel_state(other) for other in changes(panel))]
    assert panel_state(dataclasses.replace(panel)) == states[0]
    assert len({tuple(state) for state in states}) == len(states)


def test_a_section_that_reads_observations_is_kept_under_their_state_too(panels):
    panel = panels["maker"]
    cells = panel.cells.copy()
    cells.iloc[0, cells.columns.get_loc("effort")] = "another"
    other = dataclasses.replace(panel, observed=lambda: cells)
    assert panel_state(other) == panel_state(panel)
    assert panel_state(other, cells=True) != panel_state(panel, cells=True)


def test_another_name_leaves_everything_kept_and_the_name_cannot_be_read(tmp_path, panels):
    panel = panels["maker"]
    models = panel.models.assign(name=[f"{name} (new)" for name in panel.models["name"]])
    renamed = {**panels, "maker": dataclasses.replace(panel, models=models)}
    bare = {track: one.unnamed for track, one in panels.items()}
    memo = Memo(tmp_path)
    before = sections(bare, memo), compute(bare, seed=1, resamples=200, keep=keeper(memo, 1, 200))
    written = {path.name: path.stat().st_mtime_ns for path in (tmp_path / FOLDER).iterdir()}
    again = {track: one.unnamed for track, one in renamed.items()}
    assert sections(again, memo) == before[0]
    assert compute(again, seed=1, resamples=200, keep=keeper(memo, 1, 200)).as_json() == before[1].as_json()
    assert {path.name: path.stat().st_mtime_ns for path in (tmp_path / FOLDER).iterdir()} == written
    with pytest.raises(KeyError):
        bare["maker"].models["name"]


def test_a_pair_is_kept_while_scores_of_other_axes_change(tmp_path, panels):
    panel = panels["maker"]
    scores = panel.scores.copy()
    scores.loc[scores["hle"].last_valid_index(), "hle"] -= 1.5
    changed = {**panels, "maker": dataclasses.replace(panel, scores=scores)}
    memo = Memo(tmp_path)
    compute(panels, seed=1, resamples=200, keep=keeper(memo, 1, 200))
    kept = {path.name: path.read_bytes() for path in (tmp_path / FOLDER).iterdir()}
    warm = compute(changed, seed=1, resamples=200, keep=keeper(memo, 1, 200))
    moved = {name for name, old in kept.items() if (tmp_path / FOLDER / name).read_bytes() != old}
    assert moved == {f"pairs.maker.{pair}.json" for pair in ("gpqa-diamond~hle", "swe-bench-verified~hle")}
    cold = compute(changed, seed=1, resamples=200)
    assert warm.as_json() == cold.as_json()
    for name, frame in cold.frames.items():
        pd.testing.assert_frame_equal(warm.frames[name], frame, check_exact=True)


@pytest.mark.parametrize("track", ["maker", "epoch", "harness-v1"])
def test_the_panel_of_a_pair_gives_what_the_whole_panel_gives(panels, track):
    pair = next(pair for pair in PAIRS if pair.track == track)
    axes = (pair.x, pair.y)
    whole, alone = panels[track].complete(axes), panels[track].of_all(axes).complete(axes)
    pd.testing.assert_frame_equal(alone, whole, check_exact=True)


def test_a_table_comes_back_to_the_last_bit_and_one_that_would_not_is_refused():
    frame = pd.DataFrame(
        {
            "text": pd.array(["a", None, "ü"], dtype="str"),
            "number": [0.1, math.nan, -math.inf],
            "count": [1, 2, 3],
            "flag": [True, False, True],
            "any": pd.Series([None, math.nan, "x"], dtype=object),
        }
    ).set_index(pd.Index(["m1", "m2", "m3"]))
    for one in (frame, frame.reset_index(drop=True), frame.iloc[:0], pd.DataFrame(columns=["a", "b"])):
        again = unpacked(json.loads(json.dumps(packed(one), allow_nan=False)))
        pd.testing.assert_frame_equal(again, one, check_exact=True, check_column_type=False)
        assert list(again.dtypes) == list(one.dtypes)
        assert not len(one) or "any" not in one or [again["any"].iloc[0], again["any"].iloc[2]] == [None, "x"]
    with pytest.raises(ValueError, match="day: a column of type datetime64"):
        packed(pd.DataFrame({"day": pd.to_datetime(["2026-01-01"])}))
    with pytest.raises(ValueError, match=r"odd: \(1, 2\) cannot be kept"):
        packed(pd.DataFrame({"odd": pd.Series([(1, 2)], dtype=object)}))


def test_after_one_score_changed_the_sections_are_those_of_a_project_without_a_cache(tmp_path, panels):
    scores = panels["maker"].scores.copy()
    model = scores["gpqa-diamond"].last_valid_index()
    scores.loc[model, "gpqa-diamond"] -= 7.5
    changed = {**panels, "maker": dataclasses.replace(panels["maker"], scores=scores)}
    warm, cold = Memo(tmp_path / "warm"), Memo(tmp_path / "cold")
    before = sections(panels, warm)
    assert sections(panels, warm) == before
    after = sections(changed, warm)
    assert after == sections(changed, cold)
    assert after["coefficients"] != before["coefficients"]
    assert after["width"] == before["width"]


def sections(panels, memo):
    from generator.analysis.coupling import gamma_table

    return deep_sections(
        panels,
        gamma_table(panels["harness-v1"], "hellaswag", "truthfulqa"),
        panel_at=lambda track, _day: panels[track],
        rng=lambda name: generator_for(1, name),
        resamples=200,
        keep=keeper(memo, 1, 200),
    )


def test_no_other_forecast_uses_the_modules_that_are_keyed_apart():
    folder = REPOSITORY / "generator" / "forecasts"
    names = [name.removesuffix(".py") for name in APART]
    for path in folder.glob("*.py"):
        if path.name not in (*APART, "__init__.py"):
            text = path.read_text()
            assert not any(f"forecasts.{name}" in text or f"import {name}" in text for name in names), path
    parts = (REPOSITORY / "generator" / "report" / "forecast_parts.py").read_text()
    assert "simulat" not in parts


def test_a_result_kept_in_another_project_counts_for_equal_inputs_only_and_whole(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    Memo(one)("labs/maker", [1], lambda: {"h": 2.5})
    memo = Memo(two, one / FOLDER)
    assert memo("labs/maker", [1], never) == {"h": 2.5}
    assert memo("labs/maker", [2], lambda: {"h": 3.5}) == {"h": 3.5}
    assert Memo(one)("labs/maker", [1], never) == {"h": 2.5}, "the other project's results are left as they are"
    kept = one / FOLDER / "labs.maker.json"
    kept.write_bytes(kept.read_bytes().replace(b"2.5", b"9.5"))
    assert memo("labs/maker", [1], lambda: {"h": 2.5}) == {"h": 2.5}, "altered bytes do not count"


def test_a_new_name_leaves_the_state_of_timelines_unless_it_changes_which_scores_are_the_models():
    def named(names):
        registry = load_registry(REPOSITORY)
        for identity, name in names.items():
            entry = registry.models[identity]
            registry.models[identity] = dataclasses.replace(entry, value=entry.value.model_copy(update={"name": name}))
        return registry, PanelProvider(registry)

    registry, provider = named({})
    state, table = unnamed_state(registry, provider), provider.observations.table
    one, folded = table["model"].iloc[0], table[table["rule"] == "folded"].iloc[0]
    assert unnamed_state(*named({one: "Another name"})) == state
    other = next(identity for identity in registry.models if identity != folded["model"])
    assert unnamed_state(*named({other: folded["spelling"]})) != state  # two models of one spelling: it is no one's
