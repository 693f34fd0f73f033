"""The seven registered predictions and the tracked statements on the bundled data, at three days.

What each day knew decides what can be said. By 31 March 2026 the makers' track holds only the scores whose publication day is
known to lie before it (mostly the models up to mid-2025): the table of the papers became public with the papers in May.
By 31 May it holds that table and the releases of April and May; since then few makers published both scores of a model.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from generator.panel import build_panel, gather
from generator.panel.published import read_published
from generator.predictions import (
    Context,
    check_predictions,
    days_that_matter,
    evaluate_all,
    load_predictions,
    predictions_json,
    read_seals,
    replay,
    retired_axes,
    roster_of,
    turning_points,
)
from generator.schema import load_registry
from generator.schema.jsonschema import schema_texts
from tests.conftest import REPOSITORY

SWE, GPQA, IFEVAL, HLE = "swe-bench-verified", "gpqa-diamond", "ifeval", "hle"
MARCH, MAY = dt.date(2026, 3, 31), dt.date(2026, 5, 31)
PASS, FAIL, GAP, FEW = "on course to pass", "on course to fail", "undetermined", "too few data"


class Bundled:
    """The bundled registry, its panels (each built once) and the evaluations of a day."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.registry = load_registry(root)
        self.observations = gather(self.registry)
        self.book = load_predictions(root)
        self.newest = self.observations.newest_day
        self.context = Context(roster=roster_of(self.registry), retired=retired_axes(self.registry))
        self.panels = functools.cache(self._panel)
        self.at = functools.cache(self._evaluate)

    def _panel(self, track, day):
        if track.startswith("paper-"):
            return read_published(self.root, track).panel
        return build_panel(self.observations, self.registry, track, as_of=day)

    def _evaluate(self, day):
        found = evaluate_all(
            self.book.ordered(), self.panels, as_of=day, seed=20260513, context=self.context, resamples=200
        )
        return {evaluation.number or evaluation.id: evaluation for evaluation in found}

    def scores(self, day, *axes):
        return self.panels("maker", day).scores[list(axes)].dropna()


@pytest.fixture(scope="module")
def bundled():
    return Bundled(REPOSITORY)


def test_the_bundled_predictions_have_no_problem_and_are_all_sealed(bundled):
    assert [p.text() for p in check_predictions(bundled.root, bundled.registry, bundled.newest)] == []
    assert {line.prediction for line in read_seals(bundled.root).lines} == set(bundled.book.predictions)


def test_the_seven_are_numbered_and_registered_by_the_paper(bundled):
    seven = [p for p in bundled.book.ordered() if p.number]
    assert [p.number for p in seven] == [1, 2, 3, 4, 5, 6, 7]
    assert {p.origin.url for p in seven} == {"https://arxiv.org/abs/2605.18840"}
    assert {p.registered_at for p in seven} == {"2026-05-13T23:59:59Z"}
    assert all(p.probability is None for p in seven)  # their author states none
    assert [p.closes[:10] for p in seven] == [
        "2026-12-31",
        "2026-12-31",
        "2027-05-31",
        "2027-05-31",
        "2027-05-31",
        "2027-12-31",
        "2026-12-31",
    ]


def test_every_bundled_file_fits_the_published_json_schema(bundled):
    schema = json.loads(schema_texts()["prediction.schema.json"])
    for document in bundled.book.documents.values():
        jsonschema.validate(document.data, schema)


def test_standings_at_the_end_of_march_2026(bundled):
    """Before registration: what the criteria would have said of what was public."""
    found = bundled.at(MARCH)
    assert {number: found[number].state for number in range(1, 8)} == dict.fromkeys(range(1, 8), "not yet registered")
    # 3 and 4 wait for releases after May; 5 needs thirty models with both scores and 7 ten: the track has far fewer
    assert [found[number].standing for number in (3, 4, 5, 7)] == [FEW] * 4
    assert found[5].n < 30
    assert found[7].n < 10
    # 1: five models up to Claude Opus 4 and Sonnet 4 lead, 12 points apart; 6: ten IFEval leaders 3 to 8 points apart, none with HLE
    assert (found[1].standing, found[6].standing) == (FAIL, GAP)
    # 2: r = 0.30 lies at the edge of the lower bound, so the resampled standings are spread over several
    assert found[2].metrics["r"].estimate == pytest.approx(0.30, abs=0.05)
    assert max(found[2].firmness[0].shares.values()) < 0.7
    # on the papers' own table, complete to March, 1 was met (0.9 points on SWE-bench, 9.1 on GPQA) and so was 5 (r = 0.72, n = 34)
    choices = {number: {(a.track, a.reading): a for a in found[number].alternatives} for number in (1, 5)}
    first, fifth = choices[1]["paper-frontier", "chosen"], choices[5]["paper-frontier", "chosen"]
    assert (first.standing, first.values["swe_spread"], first.values["gpqa_spread"]) == (
        PASS,
        pytest.approx(0.9),
        pytest.approx(9.1),
    )
    assert (fifth.standing, fifth.values["n"], fifth.values["r"]) == (PASS, 34, pytest.approx(0.7235, abs=5e-5))


def test_standings_at_the_end_of_may_2026(bundled):
    found = bundled.at(MAY)
    # 1: Claude Mythos Preview (93.9) and Opus 4.7 (87.6) of April stretched the top five to over ten points: above 5 fails
    assert found[1].standing == FAIL
    assert found[1].metrics["swe_spread"].estimate > 10
    assert {"claude-mythos-preview", "claude-opus-4-7"} <= {row.model for row in found[1].evidence}
    # 3, 4: no release after 31 May can have been seen
    assert [found[number].standing for number in (3, 4)] == [FEW] * 2
    assert found[3].releases == ()
    # 5: the papers' table is public now: over thirty models, r far above 0.5
    assert found[5].standing == PASS
    assert found[5].n >= 34
    # 6: the ten leaders on IFEval spread over more than 3 and less than 8 points, whatever HLE does
    assert found[6].standing == GAP
    assert 3 < found[6].metrics["ifeval_spread"].estimate < 8
    # 7: still fewer than ten models with both scores
    assert found[7].standing == FEW


def test_standings_on_the_newest_data(bundled):
    found = bundled.at(bundled.newest)
    # no window has closed, but two labs have released more than two models whose SWE-bench Verified nobody published
    assert [found[number].state for number in (1, 2, 5, 6, 7)] == ["open"] * 5
    assert [found[number].state for number in (3, 4)] == ["awaiting data"] * 2
    assert [found[number].standing for number in (3, 4)] == [FEW] * 2
    assert {"deepseek-v4-pro-0813", "deepseek-v4.1-flash"} <= {row["model"] for row in found[3].releases}
    assert {"gemini-3.7-flash", "gemini-3.8-flash"} <= {row["model"] for row in found[4].releases}
    assert found[1].standing == FAIL  # the leaders have moved further apart, not together
    assert found[5].standing == PASS
    assert found[6].standing == GAP  # no IFEval score of a new model since April
    assert found[7].standing == FAIL  # ten models now, and the two rise together: r far above 0.3
    assert found[7].metrics["r"].estimate > 0.9
    assert found[7].n >= 10


def test_prediction_two_lies_between_its_bounds_and_depends_on_which_models_count(bundled):
    """Over all models with both scores r lies between 0.3 and 0.6; over the frontier panel or the new models it does not."""
    for day in (MAY, bundled.newest):
        found = bundled.at(day)[2]
        assert found.standing == GAP
        assert found.n >= 8
        assert found.sensitivity.startswith("The standing depends on the choice: undetermined under track maker")


def test_every_value_agrees_with_a_plain_recomputation(bundled):
    for day in (MARCH, MAY, bundled.newest):
        found = bundled.at(day)
        values = {number: {name: s.estimate for name, s in found[number].metrics.items()} for number in (1, 2, 5, 6, 7)}
        five = bundled.scores(day, SWE, GPQA).sort_index().sort_values(SWE, ascending=False, kind="stable").head(5)
        assert values[1] == {
            "swe_spread": pytest.approx(np.ptp(five[SWE])),
            "gpqa_spread": pytest.approx(np.ptp(five[GPQA])),
        }
        for number, axes in ((2, (GPQA, IFEVAL)), (5, (SWE, GPQA)), (7, (SWE, HLE))):
            pair = bundled.scores(day, *axes)
            r = np.corrcoef(pair.to_numpy().T)[0, 1] if len(pair) >= 3 else None
            assert values[number] == {"r": pytest.approx(r) if r is not None else None, "n": len(pair)}
        assert values[6]["ifeval_spread"] == pytest.approx(np.ptp(bundled.scores(day, IFEVAL)[IFEVAL].nlargest(10)))


def test_the_verdict_on_saturation_is_said_to_depend_on_the_track(bundled):
    found = bundled.at(bundled.newest)[1]
    standings = {a.track: a.standing for a in found.alternatives if a.reading == "chosen"}
    assert standings == {"maker": FAIL, "epoch": GAP, "paper-frontier": PASS}
    assert found.sensitivity.startswith(
        "The standing depends on the choice: on course to fail under track maker; on course to pass under track paper-frontier"
    )


def test_under_the_reading_from_the_cutoff_on_the_first_release_of_deepseek_lies_above_the_line(bundled):
    """V4 Pro (80.6 and 90.1) of April 2026: h = 90.1 − (46.4 + 0.513·80.6) = +2.35, so two negative h are out of reach."""
    choice = next(
        a for a in bundled.at(MAY)[3].alternatives if (a.track, a.reading, a.fit) == ("maker", "after-cutoff", "frozen")
    )
    assert choice.values["h_first"] == pytest.approx(90.1 - (46.4 + 0.513 * 80.6))


def test_the_replay_names_what_turned_prediction_one(bundled):
    prediction = bundled.book.get("swe-saturation-2026")
    days = days_that_matter(bundled.panels("maker", bundled.newest), prediction, start=MARCH, end=bundled.newest)
    steps = replay(prediction, bundled.panels, days, context=bundled.context)
    assert len(steps) == len(days)
    moved = {move.model for step in steps for move in step.moves if move.how == "entered"}
    assert "claude-mythos-preview" in moved
    assert {step.standing for step in turning_points(steps)} <= {PASS, FAIL, GAP, FEW}
    assert steps[-1].standing == bundled.at(bundled.newest)[1].standing


def test_after_the_close_the_window_waits_for_a_recorded_day_that_lies_late_enough(bundled):
    """Asked for a day in 2027, data recorded until November 2026 decide nothing."""
    context = Context(recorded=(bundled.newest,), roster=bundled.context.roster)
    found = evaluate_all(
        bundled.book.ordered(), bundled.panels, as_of=dt.date(2027, 2, 1), seed=1, context=context, resamples=20
    )
    assert {e.number: e.state for e in found if e.number in (1, 2, 7)} == dict.fromkeys((1, 2, 7), "awaiting data")


def test_the_json_is_a_list_with_the_promised_keys_and_the_same_bytes_each_time(bundled):
    evaluations = list(bundled.at(MAY).values())
    entries = json.loads(predictions_json(evaluations))
    assert [entry["number"] for entry in entries][:7] == [1, 2, 3, 4, 5, 6, 7]
    assert all(
        {"id", "number", "state", "standing", "metrics", "n", "as_of", "track"} <= set(entry) for entry in entries
    )
    assert {entry["as_of"] for entry in entries} == {"2026-05-31"}
    again = evaluate_all(
        bundled.book.ordered(), bundled.panels, as_of=MAY, seed=20260513, context=bundled.context, resamples=200
    )
    assert predictions_json(again) == predictions_json(evaluations)
