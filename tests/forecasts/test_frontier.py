"""Frontier forecasts and release simulation: only what was public is used, futures are panels, replays are scored."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from generator.core import CapewatchError, PartialDate
from generator.forecasts import backtest, frontier_models, judge_frontier, next_release, released_by, releases, simulate
from generator.forecasts.frontier import LEAST_EARLIER
from generator.forecasts.simulation import cadence, score_growth
from generator.panel.frame import Panel
from tests.forecasts.panels import FRONTIER, frontier_panel, panel_of, with_scores

AXES = ("swe-bench-verified", "gpqa-diamond")


def _rng() -> np.random.Generator:
    return np.random.default_rng(2)


def _top(panel: Panel) -> float | None:
    scores = panel.scores["gpqa-diamond"].dropna()
    return float(scores.max()) if len(scores) else None


def _spread(panel: Panel) -> float | None:
    scores = panel.scores["swe-bench-verified"].dropna().sort_values()
    return float(scores.iloc[-1] - scores.iloc[-5]) if len(scores) >= 5 else None


def _by_name(entries: list[dict]) -> dict[str, dict]:
    return {entry["name"]: entry for entry in entries}


def test_swe_and_date_beat_the_mean_of_others_where_scores_grow_together() -> None:
    for scheme, entries in judge_frontier(frontier_panel(), rng=_rng()).items():
        found = _by_name(entries)
        assert found["swe"]["mae_pp"] < found["mean-of-others"]["mae_pp"], scheme
        assert found["mean-of-others"]["gain_over_mean"]["estimate"] == 0
        assert found["swe"]["gain_over_mean"]["interval"]["low"] > 0


def test_a_held_out_lab_has_no_history_to_forecast_from() -> None:
    found = _by_name(judge_frontier(frontier_panel(), rng=_rng())["leave-one-lab-out"])
    assert found["lab-last"] | {"title": ""} == {
        "name": "lab-last",
        "title": "",
        "scheme": "leave-one-lab-out",
        "mae_pp": None,
        "n": 0,
        "reason": "a held-out lab has no history",
    }


def test_forward_chaining_waits_for_earlier_releases_and_ignores_later_ones() -> None:
    panel = frontier_panel()
    early = _by_name(judge_frontier(panel, rng=_rng())["forward"])
    assert early["swe-date-lab"]["n"] == len(FRONTIER) - LEAST_EARLIER
    shortened = panel.subset([model for model, *_ in FRONTIER[:-1]])
    poisoned = with_scores(panel, [FRONTIER[-1][0]], np.array([1.0, 1.0]))
    rows = []
    for one in (shortened, poisoned):
        entry = _by_name(judge_frontier(one, rng=_rng())["forward"])["swe-date-lab"]
        rows.append(entry["mae_pp"] * entry["n"])
    last = next_release(shortened, "a", swe=1.0, day=dt.date(2026, 2, 20))
    assert last.estimate is not None
    assert rows[1] - rows[0] == pytest.approx(abs(last.estimate - 1.0))


def test_a_release_of_the_same_vague_year_does_not_count_as_earlier() -> None:
    rows = [
        {
            "id": f"m{number}",
            "lab": f"l{number % 3}",
            "released": "2025",
            "swe-bench-verified": 40.0 + number,
            "gpqa-diamond": 50.0 + number,
        }
        for number in range(12)
    ]
    entries = judge_frontier(panel_of(rows, AXES), rng=_rng())["forward"]
    assert {entry["reason"] for entry in entries} == {f"no release has {LEAST_EARLIER} earlier ones"}


def test_the_next_release_carries_an_interval_and_says_when_a_lab_is_new() -> None:
    found = next_release(frontier_panel(), "newcomer", swe=82.0, day=dt.date(2026, 6, 1))
    assert found.interval is not None
    assert found.interval.low < found.estimate < found.interval.high <= 100
    assert found.details["note"] == "no earlier release of newcomer: its offset is taken as zero"
    by_date = next_release(frontier_panel(), "a", swe=None, day=dt.date(2026, 6, 1))
    assert by_date.method.startswith("Line in release date")


def test_frontier_requests_that_cannot_be_met_are_refused() -> None:
    with pytest.raises(CapewatchError, match="frontier forecasts need at least 6"):
        releases(frontier_panel().subset([model for model, *_ in FRONTIER[:4]]))
    with pytest.raises(CapewatchError, match="no frontier model 'magic'"):
        next_release(frontier_panel(), "a", swe=80.0, day=dt.date(2026, 6, 1), model="magic")
    with pytest.raises(CapewatchError, match="needs a score on swe-bench-verified"):
        next_release(frontier_panel(), "a", swe=None, day=dt.date(2026, 6, 1), model="swe")


def test_a_simulated_future_is_the_real_panel_with_new_dated_models_of_known_labs() -> None:
    panel = frontier_panel()
    until = dt.date(2026, 12, 31)
    simulated = simulate(panel, until=until, rng=_rng(), draws=20)
    grown = 0
    for future in simulated.panels():
        assert future.as_of == until
        assert future.scores.loc[panel.scores.index].equals(panel.scores)
        new = future.models.loc[future.models.index.difference(panel.models.index)]
        grown += len(new)
        assert set(new["lab"]) <= set("abcd")
        assert all(dt.date(2026, 3, 31) < dt.date.fromisoformat(day) <= until for day in new["released"])
        assert future.scores.loc[new.index].max().max() <= 100
    assert grown / 20 == pytest.approx(sum(simulated.expected.values()), abs=1e-9)


def test_cadence_follows_the_labs_own_pace() -> None:
    panel = frontier_panel()
    dated = dict(zip(releases(panel).ids, _dates(panel), strict=True))
    rates = cadence(panel, dated, dt.date(2026, 3, 31))
    pace = {lab: shape / rate for lab, (shape, rate) in rates.items()}
    assert pace["a"] > pace["d"]
    assert 1 < pace["d"] < 4


def _dates(panel: Panel) -> list[PartialDate]:
    return [PartialDate.parse(str(panel.models.at[model, "released"])) for model in releases(panel).ids]


def test_growth_is_read_in_logits_a_year() -> None:
    panel = frontier_panel()
    dated = dict(zip(releases(panel).ids, _dates(panel), strict=True))
    growth = score_growth(panel, dated)
    assert growth.axes == AXES
    assert (growth.slope > 0.8).all()
    assert (growth.slope_se > 0).all()


def test_no_time_left_means_the_panel_as_it_is() -> None:
    panel = frontier_panel()
    values = simulate(panel, until=dt.date(2026, 3, 31), rng=_rng(), draws=5).evaluate(_top)
    assert values.tolist() == [_top(panel)] * 5


def test_chances_count_decided_draws_and_are_never_certain() -> None:
    simulated = simulate(frontier_panel(), until=dt.date(2026, 9, 30), rng=_rng(), draws=10)
    sure = simulated.chance(lambda panel: True)
    assert sure == {"estimate": 10.5 / 11, "draws": 10, "undecided": 0}
    assert simulated.chance(lambda panel: None)["estimate"] is None


def test_same_seed_same_futures() -> None:
    first, second = (
        simulate(frontier_panel(), until=dt.date(2026, 9, 30), rng=_rng(), draws=6).evaluate(_spread) for _ in range(2)
    )
    assert first.tolist() == second.tolist()


def test_a_replay_uses_only_what_was_out_and_scores_against_what_came() -> None:
    panel = frontier_panel()
    seen: list[dt.date] = []

    def panel_at(day: dt.date) -> Panel:
        seen.append(day)
        return released_by(panel, day)

    cuts = (dt.date(2025, 6, 30), dt.date(2025, 9, 30), dt.date(2025, 12, 31))
    found = backtest(panel_at, _top, cuts=cuts, horizon_days=60, rng=_rng(), draws=30, event=lambda value: value > 82)
    assert found["n"] == 3
    assert [row["actual"] for row in found["rows"]] == [80.0, 85.0, 89.0]
    assert [row["happened"] for row in found["rows"]] == [False, True, True]
    assert found["brier"] is not None
    assert seen[0] == cuts[0]
    assert all(released_by(panel, cut).models["released"].max() <= cut.isoformat() for cut in cuts)


def test_a_replay_without_enough_models_says_why() -> None:
    panel = frontier_panel()
    found = backtest(
        lambda day: released_by(panel, day), _spread, cuts=(dt.date(2024, 7, 1),), horizon_days=30, rng=_rng(), draws=5
    )
    assert found["n"] == 0
    assert found["rows"][0]["reason"] == "the metric has no value on 2024-07-31"
    assert found["coverage_80"] is None


def test_simulation_backwards_or_from_undated_models_is_refused() -> None:
    with pytest.raises(CapewatchError, match="simulation until 2020-01-01 starts on 2026-03-31"):
        simulate(frontier_panel(), until=dt.date(2020, 1, 1), rng=_rng())
    rows = [{"id": "x", "lab": "a", "swe-bench-verified": 1.0, "gpqa-diamond": 2.0}]
    with pytest.raises(CapewatchError, match="no model with a release date"):
        simulate(panel_of(rows, AXES), until=dt.date(2026, 1, 1), rng=_rng())
    with pytest.raises(CapewatchError, match="no release between"):
        simulate(frontier_panel(dt.date(2030, 1, 1)), until=dt.date(2031, 1, 1), rng=_rng())


def test_each_model_left_out_at_once_is_predicted_as_if_it_had_been_left_out_alone() -> None:
    known = releases(frontier_panel())
    for model in frontier_models():
        alone = [
            model.predict(known.rows([other for other in range(len(known)) if other != row]), known.rows([row]))[0]
            for row in range(len(known))
        ]
        assert model.left_out(known) == pytest.approx(np.array(alone), abs=1e-9), model.name
