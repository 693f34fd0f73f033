from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from generator.core import CapewatchError
from generator.predictions import evaluate, evaluate_all, predictions_json
from generator.predictions.decide import Context
from generator.predictions.point import at_panel
from generator.predictions.standing import STANDINGS
from tests.predictions.builders import day, panel_of, prediction_of, provider, rng

NOISE = np.random.default_rng(5).normal(0, 6, 20)
ROWS = [
    (
        f"m{i:02}",
        f"lab{i % 4}",
        f"2026-0{1 + i % 5}-15",
        {"swe": 40.0 + 2 * i, "gpqa": round(50.0 + 1.5 * i + float(NOISE[i]), 1)},
    )
    for i in range(20)
]
FROZEN = "{kind: h, x: swe, y: gpqa, release: 1, fit: frozen, line: {slope: 0.5, intercept: 46}}"


def evaluated(tmp_path, rows=ROWS, at="2026-09-30", **blocks):
    return evaluate(
        prediction_of(tmp_path, **blocks), provider(panel_of(rows)), as_of=day(at), rng=rng(), resamples=300
    )


def test_an_evaluation_carries_value_interval_margin_n_and_the_models_with_their_sources(tmp_path):
    found = evaluated(tmp_path)
    r = found.metrics["r"]
    scores = panel_of(ROWS).scores
    assert r.estimate == pytest.approx(np.corrcoef(scores["swe"], scores["gpqa"])[0, 1])
    assert r.interval.low < r.estimate < r.interval.high
    assert set(r.others) == {"plain", "lab-clustered"}  # no standard errors are known, so there is no noise to draw
    assert r.interval == r.others["lab-clustered"]
    assert (found.n, r.n, found.metrics["n"].estimate) == (20, 20, 20.0)
    assert found.metrics["n"].interval is None  # a count is known exactly
    assert [(m.side, m.margin) for m in found.margins] == [
        ("pass", pytest.approx(r.estimate - 0.5)),
        ("fail", pytest.approx(0.3 - r.estimate)),
    ]
    assert found.evidence[0].model == "m00"
    assert found.evidence[0].scores == {"swe": 40.0, "gpqa": ROWS[0][3]["gpqa"]}
    assert found.evidence[0].sources["swe"]["url"] == "https://example.org/m00"
    assert (found.state, found.standing) == ("open", "on course to pass")


def test_firmness_gives_the_share_of_resamples_in_each_standing(tmp_path):
    found = evaluated(tmp_path)
    assert [f.scheme for f in found.firmness] == ["plain", "lab-clustered", "score-noise"]
    for firmness in found.firmness:
        assert set(firmness.shares) == set(STANDINGS)
        assert sum(firmness.shares.values()) == pytest.approx(1.0)
    assert found.firmness[0].shares["on course to pass"] > 0.95


def test_intervals_and_firmness_do_not_depend_on_labs_and_models_without_the_scores(tmp_path):
    empty = [
        (f"z{i}", f"other{i}", "2026-02-01", {"ifeval": 70.0, **({"swe": 44.0} if i % 2 else {})}) for i in range(30)
    ]
    alone, beside = evaluated(tmp_path), evaluated(tmp_path, rows=[*ROWS, *empty])
    for scheme in ("plain", "lab-clustered"):
        one, other = alone.metrics["r"].others[scheme], beside.metrics["r"].others[scheme]
        assert (other.low, other.high) == (pytest.approx(one.low), pytest.approx(one.high))
    assert beside.firmness == alone.firmness
    assert {one.scheme: one.units for one in alone.firmness} == {"plain": 20, "lab-clustered": 4, "score-noise": None}


def test_a_lab_draw_holds_only_the_labs_whose_models_have_the_scores(tmp_path):
    """Recomputed by hand from the four labs alone."""
    found = evaluated(
        tmp_path, rows=[*ROWS, *[(f"z{i}", f"other{i}", "2026-02-01", {"ifeval": 70.0}) for i in range(30)]]
    )
    draws, source = [], np.random.default_rng(8)
    x, y, lab = (
        np.array([row[3]["swe"] for row in ROWS]),
        np.array([row[3]["gpqa"] for row in ROWS]),
        np.arange(20) % 4,
    )
    for _ in range(4000):
        rows = np.concatenate([np.flatnonzero(lab == one) for one in source.integers(0, 4, 4)])
        draws.append(np.corrcoef(x[rows], y[rows])[0, 1])
    low, high = np.quantile(draws, [0.025, 0.975])
    interval = found.metrics["r"].others["lab-clustered"]
    assert (interval.low, interval.high) == (pytest.approx(low, abs=0.02), pytest.approx(high, abs=0.02))


def test_a_prediction_that_no_draw_of_models_can_move_says_so_and_gives_no_share(tmp_path):
    blocks = {
        "event": "\nlab: lab1\nreleases: 1\nafter: 2026-01-31\nscored_on: [swe, gpqa]\n", "metrics": f"\na: {FROZEN}\n",
        "passes": "{metric: a, above: 3}", "fails": "{metric: a, below: 0}",
    }  # fmt: skip
    found = evaluated(tmp_path, **blocks)
    reason = "none of its numbers depends on which models are drawn"
    assert [(one.scheme, one.resamples, dict(one.shares), one.reason) for one in found.firmness[:2]] == [
        ("plain", 0, {}, reason),
        ("lab-clustered", 0, {}, reason),
    ]


def test_the_same_seed_gives_the_same_bytes_and_another_prediction_changes_nothing(tmp_path):
    one, two = prediction_of(tmp_path), prediction_of(tmp_path, id="two")
    panels = provider(panel_of(ROWS))
    alone = evaluate_all([one], panels, as_of=day("2026-09-30"), seed=1, resamples=50)
    beside = evaluate_all([two, one], panels, as_of=day("2026-09-30"), seed=1, resamples=50)
    assert predictions_json(alone) == predictions_json([e for e in beside if e.id == "one"])
    other = evaluate_all([one], panels, as_of=day("2026-09-30"), seed=2, resamples=50)
    assert predictions_json(alone) != predictions_json(other)


def test_json_has_the_promised_keys_and_no_nan(tmp_path):
    entries = json.loads(predictions_json([evaluated(tmp_path, rows=[])]))
    entry = entries[0]
    assert {"id", "number", "state", "standing", "metrics", "n", "as_of", "track"} <= set(entry)
    assert (entry["n"], entry["standing"], entry["metrics"]["r"]["estimate"]) == (0, "too few data", None)
    assert entry["metrics"]["r"]["reason"] == "0 models have the scores; at least 3 are needed"


@pytest.mark.parametrize("blocks", [{}, {"kind": "statement", "closes": None}])
def test_before_its_registration_a_prediction_has_no_state_yet_but_its_criteria_say_where_it_would_have_stood(
    tmp_path, blocks
):
    found = {at: evaluated(tmp_path, at=at, **blocks) for at in ("2026-03-31", "2026-05-12", "2026-05-13")}
    assert [one.shown_state for one in found.values()] == ["not yet registered"] * 2 + ["open"]
    early = found["2026-05-12"]
    assert (early.standing, early.registered_at) == ("on course to pass", "2026-05-13T23:59:59Z")
    entry = early.as_dict()
    assert entry["state"] == entry["computed_state"] == "not yet registered"


IFEVAL = {
    "metrics": "\nr: {kind: pearson, x: swe, y: ifeval}\nn: {kind: count, axes: [swe, ifeval]}\n",
    "passes": "{metric: r, above: 0.5}",
    "fails": "{any: [{metric: r, below: 0.3}, {metric: n, below: 5}]}",
}


def test_a_track_without_a_benchmark_cannot_tell_unless_it_is_the_track_that_decides(tmp_path):
    prediction = prediction_of(tmp_path, also_tracks="[epoch]", **IFEVAL)

    def on(track, **given):
        return evaluate(prediction, panels, as_of=day("2026-09-30"), rng=rng(), resamples=300, track=track, **given)

    panels = provider(panel_of(ROWS))
    deciding, other = on(None), on("epoch")
    assert deciding == on("maker")
    assert (deciding.track, deciding.standing) == ("maker", "on course to fail")  # to the letter: n below 5
    assert (other.track, other.standing, other.n) == ("epoch", "too few data", 0)
    assert other.because[0] == (
        "the number of models with ifeval on this track is 0 (to be scored: at least 1, missed by 1)"
    )
    named = on("epoch", context=Context(names={"ifeval": "IFEval"}))
    assert named.because[0].startswith("the number of models with IFEval on this track is 0 ")
    assert {one.scheme: one.reason for one in other.firmness} == {
        "plain": "0 models have the scores that the numbers need; at least 3 are needed to draw models",
        "lab-clustered": "0 labs have the scores that the numbers need; at least 3 are needed to draw labs",
        "score-noise": "",
    }
    assert other.firmness[2].shares["too few data"] == 1.0
    assert {a.track: a.standing for a in deciding.alternatives} == {
        "maker": "on course to fail",
        "epoch": "too few data",
    }
    assert [set(a.values) for a in deciding.alternatives] == [{"r", "n"}] * 2
    closed = evaluate(prediction, panels, as_of=day("2027-03-01"), rng=rng(), resamples=300, track="epoch")
    assert closed.state == "undetermined"


def test_only_what_was_public_by_the_day_is_used(tmp_path):
    assert [evaluated(tmp_path, at=at).n for at in ("2025-12-31", "2026-01-15", "2026-02-15", "2026-12-31")] == [
        0,
        4,
        8,
        20,
    ]


def test_an_unknown_deciding_track_is_an_error_and_an_unknown_track_beside_it_a_reason(tmp_path):
    panel = panel_of(ROWS)

    def panels(track, at):
        if track != "maker":
            raise CapewatchError(f"unknown track {track!r}")
        return panel

    with pytest.raises(CapewatchError, match="unknown track 'other'"):
        evaluate(prediction_of(tmp_path, track="other"), panels, as_of=day("2026-09-30"), rng=rng(), resamples=50)
    found = evaluate(
        prediction_of(tmp_path, also_tracks="[other]"), panels, as_of=day("2026-09-30"), rng=rng(), resamples=50
    )
    assert found.alternatives[-1].reason == "unknown track 'other'"
    assert found.alternatives[-1].standing == "too few data"


READINGS = """
- id: which
  question: Which?
  chosen: All.
  readings:
    - id: new-only
      says: only new models
      metrics:
        r: {kind: pearson, x: swe, y: gpqa, subset: {released_after: 2026-06-01}}
    - id: rank
      says: rank correlation
      metrics:
        r: {kind: spearman, x: swe, y: gpqa}
    - id: inverted
      says: the opposite
      pass: {metric: r, below: 0.3}
      fail: {metric: r, above: 0.5}
"""


def test_the_matrix_holds_every_track_and_reading_and_says_when_the_standing_depends_on_the_choice(tmp_path):
    found = evaluated(tmp_path, ambiguities=READINGS, also_tracks="[epoch]")
    standings = {(a.track, a.reading): a.standing for a in found.alternatives}
    assert set(standings) == {(t, r) for t in ("maker", "epoch") for r in ("chosen", "new-only", "rank", "inverted")}
    assert standings["maker", "inverted"] == "on course to fail"
    assert standings["maker", "new-only"] == "too few data"
    assert [a.deciding for a in found.alternatives] == [True] + [False] * 7
    assert found.sensitivity.startswith(
        "The standing depends on the choice: on course to pass under track maker; on course to fail under "
    )


def test_the_sentence_says_when_nothing_depends_on_the_choice(tmp_path):
    assert evaluated(tmp_path, also_tracks="[epoch]").sensitivity == (
        "The standing is the same (on course to pass) under all 2 choices of track, reading and fit."
    )
    few = evaluated(tmp_path, ambiguities="\n".join(READINGS.splitlines()[:9]) + "\n")
    assert few.sensitivity.startswith(
        "No choice contradicts the standing (on course to pass), but 1 of 1 others cannot tell"
    )
    assert evaluated(tmp_path).sensitivity == ""


def test_every_line_is_tried_frozen_and_refitted(tmp_path):
    rows = [*ROWS, ("new", "deep", "2026-06-10", {"swe": 90.0, "gpqa": 96.0})]
    blocks = {
        "event": "\nlab: deep\nreleases: 1\nafter: 2026-05-31\nscored_on: [swe, gpqa]\n", "metrics": f"\na: {FROZEN}\n",
        "passes": "{metric: a, above: 3}", "fails": "{metric: a, below: 0}",
    }  # fmt: skip
    found = evaluated(tmp_path, rows=rows, at="2026-06-12", **blocks)
    assert [(a.fit, a.deciding) for a in found.alternatives] == [("frozen", True), ("refit", False)]
    assert found.alternatives[0].values["a"] == pytest.approx(96 - (46 + 45))
    scores = panel_of(rows).scores
    slope, intercept = np.polyfit(scores["swe"], scores["gpqa"], 1)
    assert found.alternatives[1].values["a"] == pytest.approx(96 - (intercept + slope * 90))
    assert found.releases[0] == {"model": "new", "released": "2026-06-10", "scored_on": "2026-06-10", "counts": "yes"}


def with_uncited(panel, cells):
    """The panel with these (model, axis) cells uncited."""

    def observed():
        table = panel.cells
        pairs = zip(table["model"], table["axis"], strict=True)
        return table.assign(uncited=["true" if pair in cells else "" for pair in pairs])

    return dataclasses.replace(panel, observed=observed)


def test_one_more_choice_leaves_out_what_is_uncited_on_the_first_track_and_never_decides(tmp_path):
    lone = ("m05", "m11", "m17")
    panel = with_uncited(panel_of(ROWS), {(lone[0], "swe"), (lone[1], "gpqa"), (lone[2], "gpqa")})
    prediction = prediction_of(tmp_path, ambiguities=READINGS, also_tracks="[epoch]")
    found = evaluate(prediction, provider(panel), as_of=day("2026-09-30"), rng=rng(), resamples=50)
    whole = evaluate(prediction, provider(panel_of(ROWS)), as_of=day("2026-09-30"), rng=rng(), resamples=50)
    deciding, cited, *others = found.alternatives
    assert (deciding, *others) == whole.alternatives
    assert cited.scores == "cited"
    assert (cited.track, cited.reading, cited.deciding, cited.n) == ("maker", "chosen", False, 17)
    left = panel.scores.drop(index=list(lone))
    assert cited.values["r"] == pytest.approx(np.corrcoef(left["swe"], left["gpqa"])[0, 1])
    assert (found.metrics, found.standing, found.n) == (whole.metrics, whole.standing, 20)
    on_epoch = evaluate(prediction, provider(panel), as_of=day("2026-09-30"), rng=rng(), resamples=50, track="epoch")
    assert [one.track for one in on_epoch.alternatives if one.scores == "cited"] == ["epoch"]


def test_an_uncited_score_that_the_prediction_does_not_use_adds_no_choice(tmp_path):
    rows = [("m00", "lab0", "2026-01-15", {**ROWS[0][3], "ifeval": 70.0}), *ROWS[1:]]
    panel = with_uncited(panel_of(rows), {("m00", "ifeval")})
    found = evaluate(prediction_of(tmp_path), provider(panel), as_of=day("2026-09-30"), rng=rng(), resamples=50)
    assert [one.scores for one in found.alternatives] == ["all"]


def test_the_sentence_names_the_choice_of_cited_scores(tmp_path):
    panel = with_uncited(panel_of(ROWS), {("m05", "swe")})
    same = evaluate(prediction_of(tmp_path), provider(panel), as_of=day("2026-09-30"), rng=rng(), resamples=50)
    assert same.sensitivity == (
        "The standing is the same (on course to pass) under all 2 choices of track, reading, fit and scores."
    )
    all_but_two = with_uncited(panel_of(ROWS), {(row[0], "gpqa") for row in ROWS[2:]})
    few = evaluate(prediction_of(tmp_path), provider(all_but_two), as_of=day("2026-09-30"), rng=rng(), resamples=50)
    assert few.sensitivity.endswith("under track maker, cited scores only.")


SPREADS = {
    "metrics": "\ns: {kind: top-k-spread, axis: swe, k: 5}\ng: {kind: top-k-spread, axis: gpqa, k: 5, order_by: swe}\n",
    "passes": "\nall:\n  - {metric: s, below: 2}\n  - {metric: g, above: 5}\n",
    "fails": "{metric: s, above: 5}",
}
ORDER = {"on course to pass": 0, "undetermined": 1, "on course to fail": 2}


@pytest.fixture(scope="module")
def spread_prediction(tmp_path_factory):
    return prediction_of(tmp_path_factory.mktemp("spread"), **SPREADS)


@settings(deadline=None, max_examples=80)
@given(st.lists(st.floats(60, 90), min_size=5, max_size=12), st.floats(0.01, 30))
def test_a_wider_lead_never_moves_saturation_from_fail_towards_pass(spread_prediction, swe, more):
    """Raising the leader alone widens the spread of the top five: fail may be reached, never left."""

    def standing(scores):
        rows = [(f"m{i}", "a", "2026-06-01", {"swe": s, "gpqa": 50.0 + 7 * i}) for i, s in enumerate(scores)]
        return at_panel(spread_prediction, panel_of(rows), as_of=day("2026-09-30")).standing

    leader = int(np.argmax(swe))
    wider = [score + more if i == leader else score for i, score in enumerate(swe)]
    assert ORDER[standing(wider)] >= ORDER[standing(swe)]


@pytest.fixture(scope="module")
def h_prediction(tmp_path_factory):
    return prediction_of(
        tmp_path_factory.mktemp("h"), event="\nlab: deep\nreleases: 1\nafter: 2026-05-31\nscored_on: [swe, gpqa]\n",
        metrics=f"\na: {FROZEN}\n", passes="{metric: a, below: 0}", fails="{metric: a, above: 5}",
    )  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(st.floats(20, 90), st.floats(20, 80), st.floats(0, 19))
def test_a_higher_h_never_moves_coding_first_from_fail_towards_pass(h_prediction, swe, gpqa, more):
    def standing(score):
        rows = [("v", "deep", "2026-06-10", {"swe": swe, "gpqa": score})]
        return at_panel(h_prediction, panel_of(rows), as_of=day("2026-09-30")).standing

    assert ORDER[standing(gpqa + more)] >= ORDER[standing(gpqa)]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.floats(10, 90), st.floats(10, 90)), min_size=3, max_size=15), st.floats(0, 1))
def test_a_weaker_coupling_never_moves_persistence_from_fail_towards_pass(tmp_path_factory, points, mixing):
    """Taking away part of what y shares with x lowers r."""
    x, y = np.array(points).T
    assume(np.ptp(x) >= 1)
    assume(np.ptp(y) >= 1)
    slope = float(np.polyfit(x, y, 1)[0])
    prediction = prediction_of(tmp_path_factory.getbasetemp() / "weaker")

    def standing(values):
        rows = [
            (f"m{i}", "a", "2026-06-01", {"swe": float(a), "gpqa": float(b)})
            for i, (a, b) in enumerate(zip(x, values, strict=True))
        ]
        return at_panel(prediction, panel_of(rows), as_of=day("2026-09-30")).standing

    weaker = y - abs(mixing * slope) * x
    before, after = standing(y), standing(weaker)
    if "too few data" not in (before, after):
        assert ORDER[after] >= ORDER[before]
