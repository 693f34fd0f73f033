from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from generator.predictions.kernels import KERNELS, Request, moved_by_draws
from generator.predictions.sample import SCHEMES, Sample, Table, as_is, resampled
from generator.schema.prediction import METRICS, Line, Metric
from tests.predictions.builders import panel_of, rng

LINE = Line(slope=0.5, intercept=46.0)


def table(n=24, seed=3):
    draw = np.random.default_rng(seed)
    rows = [
        (f"m{i:02}", f"lab{i % 5}", "2026-06-01", {"swe": round(float(s), 1), "gpqa": round(float(g), 1)})
        for i, (s, g) in enumerate(zip(draw.uniform(30, 90, n), draw.uniform(40, 95, n), strict=True))
    ]
    rows[2][3].pop("swe")
    return Table.of(panel_of(rows), ["swe", "gpqa"])


def run(metric: Metric, sample: Sample, releases=()):
    return KERNELS[metric.kind](Request(metric, sample, np.ones(len(sample.table.models), dtype=bool), releases))


def drawn(t: Table, scheme: str, *, resamples: int) -> Sample:
    sample = resampled(t, scheme, among=np.ones(len(t.models), dtype=bool), resamples=resamples, rng=rng())
    assert isinstance(sample, Sample), sample
    return sample


def both(t: Table):
    have = np.isfinite(t.scores["swe"]) & np.isfinite(t.scores["gpqa"])
    return t.scores["swe"][have], t.scores["gpqa"][have]


def test_the_catalogue_lists_every_kind_and_only_kinds_that_are_computed():
    assert set(KERNELS) == set(METRICS)


def test_correlations_agree_with_scipy():
    t = table()
    x, y = both(t)
    assert run(Metric(kind="pearson", x="swe", y="gpqa"), as_is(t)).values[0] == pytest.approx(stats.pearsonr(x, y)[0])
    assert run(Metric(kind="spearman", x="swe", y="gpqa"), as_is(t)).values[0] == pytest.approx(
        stats.spearmanr(x, y)[0]
    )


def test_a_rank_correlation_gives_ties_their_mean_rank_and_a_model_drawn_twice_two_ranks():
    rows = [
        (f"m{i}", "a", "2026-01-01", {"swe": s, "gpqa": g}) for i, (s, g) in enumerate([(1, 5), (2, 5), (2, 7), (4, 6)])
    ]
    t = Table.of(panel_of(rows), ["swe", "gpqa"])
    sample = Sample(t, np.array([[1.0, 1, 1, 1], [2.0, 0, 1, 1]]), as_is(t).scores)
    found = run(Metric(kind="spearman", x="swe", y="gpqa"), sample).values
    assert found[0] == pytest.approx(stats.spearmanr([1, 2, 2, 4], [5, 5, 7, 6])[0])
    assert found[1] == pytest.approx(stats.spearmanr([1, 1, 2, 4], [5, 5, 7, 6])[0])


def test_a_weighted_correlation_is_that_of_the_repeated_models():
    t = table()
    have = np.flatnonzero(np.isfinite(t.scores["swe"]))
    counts = np.random.default_rng(1).integers(0, 3, len(t.models)).astype(float)
    rows = np.repeat(have, counts[have].astype(int))
    found = run(Metric(kind="pearson", x="swe", y="gpqa"), Sample(t, counts[None, :], as_is(t).scores)).values[0]
    assert found == pytest.approx(np.corrcoef(t.scores["swe"][rows], t.scores["gpqa"][rows])[0, 1])


SPREAD = [("a", 90, 80), ("b", 89, 95), ("c", 88.5, 70), ("d", 80, 99), ("e", 50, 10)]


def test_a_top_k_spread_is_taken_among_the_leaders_of_the_axis_that_orders():
    t = Table.of(panel_of([(m, "x", "2026-01-01", {"swe": s, "gpqa": g}) for m, s, g in SPREAD]), ["swe", "gpqa"])
    by_swe = run(Metric(kind="top-k-spread", axis="gpqa", k=3, order_by="swe"), as_is(t))
    assert by_swe.values[0] == 25.0  # 95 − 70 of a, b, c
    assert by_swe.used.tolist() == [True, True, True, False, False]
    assert run(Metric(kind="top-k-spread", axis="gpqa", k=3), as_is(t)).values[0] == 19.0  # 99 − 80 of d, b, a
    assert run(Metric(kind="spread-ratio", axis="swe", over="gpqa", k=3), as_is(t)).values[0] == pytest.approx(1.5 / 25)


def test_a_leader_needs_the_other_scores_only_when_the_file_says_so():
    rows = [(m, "x", "2026-01-01", {"swe": s, "gpqa": g}) for m, s, g in SPREAD]
    rows[0][3].pop("gpqa")
    t = Table.of(panel_of(rows), ["swe", "gpqa"])
    assert run(Metric(kind="top-k-spread", axis="swe", k=2), as_is(t)).values[0] == 1.0
    assert run(Metric(kind="top-k-spread", axis="swe", k=2, needs=["gpqa"]), as_is(t)).values[0] == 0.5


def test_too_few_leaders_give_no_spread_and_say_how_many_there_are():
    t = Table.of(panel_of([(m, "x", "2026-01-01", {"swe": s}) for m, s, _ in SPREAD]), ["swe"])
    result = run(Metric(kind="top-k-spread", axis="swe", k=6), as_is(t))
    assert np.isnan(result.values[0])
    assert result.why == "5 models have scores on swe; 6 are needed"
    one = Table.of(panel_of([(m, "x", "2026-01-01", {"swe": s}) for m, s, _ in SPREAD[:1]]), ["swe"])
    assert (
        run(Metric(kind="top-k-spread", axis="swe", k=2), as_is(one)).why == "1 model has scores on swe; 2 are needed"
    )


def test_h_is_the_distance_to_the_frozen_line_or_to_the_panels_own_least_squares():
    t = table()
    position = 5
    x, y = both(t)
    slope, intercept = np.polyfit(x, y, 1)
    at = t.scores["swe"][position]
    frozen = run(Metric(kind="h", x="swe", y="gpqa", release=1, fit="frozen", line=LINE), as_is(t), (position,))
    refit = run(Metric(kind="h", x="swe", y="gpqa", release=1, fit="refit"), as_is(t), (position,))
    assert frozen.values[0] == pytest.approx(t.scores["gpqa"][position] - (46 + 0.5 * at))
    assert refit.values[0] == pytest.approx(t.scores["gpqa"][position] - (intercept + slope * at))
    assert frozen.used.sum() == 1
    assert np.isnan(
        run(Metric(kind="h", x="swe", y="gpqa", release=2, fit="frozen", line=LINE), as_is(t), (position,)).values[0]
    )
    assert np.isnan(
        run(Metric(kind="h", x="swe", y="gpqa", release=1, fit="frozen", line=LINE), as_is(t), (None,)).values[0]
    )


def test_the_simple_statistics_are_what_they_say():
    t = table()
    x, y = both(t)
    values = t.scores["gpqa"]
    expected = {
        "mean": values.mean(), "max": values.max(), "min": values.min(), "share": float(np.mean(values >= 70)), "count": float(len(x)),
        "line-coverage": float(np.mean(np.abs(y - (46 + 0.5 * x)) <= 10)),
    }  # fmt: skip
    metrics = {
        "mean": Metric(kind="mean", axis="gpqa"), "max": Metric(kind="max", axis="gpqa"), "min": Metric(kind="min", axis="gpqa"),
        "share": Metric(kind="share", axis="gpqa", threshold=70.0), "count": Metric(kind="count", axes=["swe", "gpqa"]),
        "line-coverage": Metric(kind="line-coverage", x="swe", y="gpqa", half_width=10.0, fit="frozen", line=LINE),
    }  # fmt: skip
    for name, metric in metrics.items():
        assert run(metric, as_is(t)).values[0] == pytest.approx(expected[name]), name


def test_a_labs_offset_saves_error_when_its_models_lie_off_the_line_by_it():
    # on the line 46 + 0.5·swe: the models of `up` lie 4 above, those of `flat` on it; `other` has no offset and is left out
    rows = [
        ("u1", "up", "2026-06-01", {"swe": 80, "gpqa": 90}),
        ("u2", "up", "2026-06-01", {"swe": 70, "gpqa": 85}),
        ("f1", "flat", "2026-06-01", {"swe": 60, "gpqa": 76}),
        ("o1", "other", "2026-06-01", {"swe": 60, "gpqa": 20}),
    ]
    t = Table.of(panel_of(rows), ["swe", "gpqa"])
    result = run(
        Metric(kind="slot-in-gain", x="swe", y="gpqa", line=LINE, lab_offsets={"up": 4.0, "flat": 1.0}), as_is(t)
    )
    assert result.values[0] == pytest.approx((4 + 4 - 1) / 3)  # two errors of 4 vanish, one of 1 appears
    assert result.used.tolist() == [True, True, True, False]


ALL = [
    Metric(kind="top-k-spread", axis="gpqa", k=5, order_by="swe"),
    Metric(kind="spread-ratio", axis="swe", over="gpqa", k=5),
    Metric(kind="pearson", x="swe", y="gpqa"),
    Metric(kind="spearman", x="swe", y="gpqa"),
    Metric(kind="count", axes=["swe", "gpqa"]),
    Metric(kind="mean", axis="swe"),
    Metric(kind="max", axis="swe"),
    Metric(kind="min", axis="swe"),
    Metric(kind="share", axis="swe", threshold=60.0),
    Metric(kind="h", x="swe", y="gpqa", release=1, fit="refit"),
    Metric(kind="line-coverage", x="swe", y="gpqa", half_width=8.0, fit="refit"),
    Metric(kind="slot-in-gain", x="swe", y="gpqa", line=LINE, lab_offsets={"lab0": 3.0, "lab1": -2.0}),
]


@pytest.mark.parametrize("metric", ALL, ids=lambda metric: metric.kind)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_metric_is_computed_on_every_resample(metric, scheme):
    sample = drawn(table(), scheme, resamples=50)
    values = run(metric, sample, (5,)).values
    assert values.shape == (50,)
    assert np.isfinite(values).mean() > 0.8


@pytest.mark.parametrize("metric", ALL, ids=lambda metric: metric.kind)
@pytest.mark.parametrize("rows", [0, 1, 2])
def test_too_few_models_give_no_value_and_never_a_warning(metric, rows):
    t = Table.of(
        panel_of([(f"m{i}", "lab0", "2026-01-01", {"swe": 50.0, "gpqa": 60.0}) for i in range(rows)]), ["swe", "gpqa"]
    )
    result = run(metric, as_is(t), (0,) if rows else ())
    if metric.kind in ("top-k-spread", "spread-ratio", "pearson", "spearman", "line-coverage") or (
        not rows and metric.kind != "count"
    ):
        assert np.isnan(result.values[0])
        assert result.why


@pytest.mark.parametrize("lacking", [("swe",), ("gpqa",), ("swe", "gpqa")])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_an_axis_that_the_panel_does_not_have_is_an_axis_without_scores_in_every_resample(lacking, scheme):
    panel = panel_of(
        [(f"m{i}", f"lab{i % 3}", "2026-06-01", {"swe": 50.0 + i, "gpqa": 60.0 + i * i}) for i in range(6)]
    )
    without = dataclasses.replace(
        panel,
        scores=panel.scores.drop(columns=list(lacking)),
        stderr=panel.stderr.drop(columns=list(lacking)),
        axes=panel.axes.drop(index=list(lacking)),
    )
    sample = drawn(Table.of(without, ["swe", "gpqa"]), scheme, resamples=20)
    for metric in ALL:
        named = {metric.axis, metric.x, metric.y, metric.over, metric.order_by, *(metric.axes or ())}
        if not named & set(lacking):
            continue
        result = run(metric, sample, (0,))
        assert result.values.shape == (20,)
        assert (result.values == 0).all() if metric.kind == "count" else np.isnan(result.values).all()
    pearson = run(Metric(kind="pearson", x="swe", y="gpqa"), sample)
    assert pearson.why == "0 models have the scores; at least 3 are needed"


def test_resampling_never_changes_how_many_models_there_are():
    t = table()
    for scheme in SCHEMES:
        sample = drawn(t, scheme, resamples=40)
        assert set(run(Metric(kind="count", axes=["swe", "gpqa"]), sample).values) == {23.0}


def test_resampling_by_lab_needs_three_labs_among_those_drawn():
    rows = [(f"m{i}", f"lab{i % 3}", "2026-01-01", {"swe": float(i)}) for i in range(8)]
    t = Table.of(panel_of(rows), ["swe"])
    among = t.labs != "lab2"
    assert resampled(t, "lab-clustered", among=among, resamples=10, rng=rng()) == (
        "2 labs have the scores that the numbers need; at least 3 are needed to draw labs"
    )
    assert resampled(t, "plain", among=np.arange(8) < 1, resamples=10, rng=rng()) == (
        "1 model has the scores that the numbers need; at least 3 are needed to draw models"
    )


@pytest.mark.parametrize(("scheme", "units"), [("plain", 6), ("lab-clustered", 4)])
def test_a_resample_draws_among_the_models_given_and_a_lab_brings_all_of_its_own(scheme, units):
    labs = ["a", "a", "a", "b", "", "", "c", "d"]
    t = Table.of(panel_of([(f"m{i}", lab, "2026-01-01", {"swe": 1.0 * i}) for i, lab in enumerate(labs)]), ["swe"])
    among = np.array([True, True, False, True, True, True, True, False])
    sample = resampled(t, scheme, among=among, resamples=200, rng=rng())
    assert (sample.weights[:, ~among] == 0).all()
    if scheme == "plain":
        assert sample.units == units == among.sum()
        assert (sample.weights.sum(axis=1) == units).all()
    else:
        assert sample.units == units + 1  # a, b, c and two models without a lab
        assert (sample.weights[:, 0] == sample.weights[:, 1]).all()
        assert (sample.weights[:, [0, 3, 4, 5, 6]].sum(axis=1) == units + 1).all()


MOVED = {
    "count": set(),
    "h": {0, 1, 2, 3},  # the refitted line rests on every model with both scores, also one that the subset leaves out
    "line-coverage": {0, 1, 2, 3},
    "slot-in-gain": {1, 2},
    **{kind: {1, 2, 3} for kind in ("pearson", "spearman", "top-k-spread", "spread-ratio")},
    **{kind: {1, 2, 3, 4} for kind in ("mean", "max", "min", "share")},
}


@pytest.mark.parametrize("metric", ALL, ids=lambda metric: metric.kind)
def test_the_models_drawn_are_those_that_the_metric_can_use_after_its_subset(metric):
    rows = [
        (f"m{i}", f"lab{(i - 1) % 2 if i in (1, 2) else 7}", "2026-01-01", {"swe": 50.0 + i * i, "gpqa": 60.0 + i})
        for i in range(4)
    ]
    rows += [("swe-alone", "lab0", "2026-01-01", {"swe": 55.0}), ("neither", "lab1", "2026-01-01", {})]
    t = Table.of(panel_of(rows), ["swe", "gpqa"])
    result = KERNELS[metric.kind](Request(metric, as_is(t), np.array([False, *[True] * 5]), (1,)))
    assert set(np.flatnonzero(result.weighed)) == MOVED[metric.kind]
    frozen = metric.model_copy(update={"fit": "frozen", "line": LINE})
    if metric.kind == "h":
        assert not KERNELS["h"](Request(frozen, as_is(t), np.ones(6, dtype=bool), (1,))).weighed.any()
        assert not moved_by_draws(frozen)
        assert moved_by_draws(metric)


@settings(deadline=None, max_examples=40)
@given(st.permutations(range(24)), st.floats(0.1, 3.0), st.floats(-20, 20))
def test_r_does_not_depend_on_order_or_on_a_linear_change_of_scale(order, scale, shift):
    t = table()
    rows = [
        (
            t.models[i],
            t.labs[i],
            "2026-01-01",
            {a: scale * float(t.scores[a][i]) + shift for a in ("swe", "gpqa") if np.isfinite(t.scores[a][i])},
        )
        for i in order
    ]
    moved = Table.of(panel_of(rows), ["swe", "gpqa"])
    metric = Metric(kind="pearson", x="swe", y="gpqa")
    assert run(metric, as_is(moved)).values[0] == pytest.approx(run(metric, as_is(t)).values[0])
