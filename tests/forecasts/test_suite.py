"""The comparison of forecasts: nothing of a held-out family reaches its forecast, intervals cover, entries are complete."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from generator.core import CapewatchError, canonical_json
from generator.forecasts import catalogue, family_set, link_of, suite
from generator.forecasts.engine import convex_weights, cross_fit, pick, split, stack
from generator.forecasts.intervals import calibrate, calibrations, crps
from generator.forecasts.scoring import noise_floor, skill
from generator.forecasts.suite import STACK_MEMBERS
from tests.forecasts.panels import FIVE, base_148, family_panel, with_scores
from tests.payloads import payload_root

FAST = (
    "persistence",
    "two-point-line",
    "pooled-slope",
    "ridge-logit",
    "gp-increments",
    "partial-pooling",
    "ode-linear",
)


def _models(names: tuple[str, ...] | None = None, *, families=None):
    made = catalogue(families or family_set(family_panel(2)), seed=7)
    return [model for model in made if names is None or model.name in names]


def _later(panel, family: str, given: int) -> list[str]:
    return list(panel.models.index[panel.models["family"] == family])[given:]


@pytest.mark.parametrize("name", [model.name for model in _models()])
def test_absurd_scores_of_a_held_out_family_change_none_of_its_forecasts_by_a_byte(name: str) -> None:
    clean = family_panel(7, seed=3)
    poisoned = with_scores(clean, _later(clean, "f02", 2), 99.5)
    model = next(model for model in _models() if model.name == name)
    found = []
    for panel in (clean, poisoned):
        families = family_set(panel)
        nested = cross_fit(model, split(families, hold_out="family"), (2,))[2]
        found.append((nested.outer["f02"].tobytes(), nested.chosen["f02"]))
    assert found[0] == found[1]


@pytest.mark.parametrize("hold_out", ["family", "lab"])
def test_absurd_scores_reach_neither_stack_nor_choice_nor_intervals_of_the_held_out_group(hold_out: str) -> None:
    clean = family_panel(8, seed=4, labs=4)
    victims = [*_later(clean, "f01", 2), *(_later(clean, "f05", 2) if hold_out == "lab" else [])]
    found = []
    for panel in (clean, with_scores(clean, victims, 1.5)):
        families = family_set(panel)
        parts = split(families, hold_out=hold_out)
        members = [
            cross_fit(model, parts, (2,))[2] for model in _models(("ridge-logit", "ode-linear", "partial-pooling"))
        ]
        mixed, weights = stack(members, parts, "stack")
        picked, picks = pick([*members, mixed], parts, "picked")
        group = parts.group["f01"]
        shift = calibrations(link_of(families), parts, mixed)[group].shift(0.9)
        found.append(
            (
                mixed.outer["f01"].tobytes(),
                picked.outer["f01"].tobytes(),
                weights[group].tobytes(),
                picks[group],
                shift.tobytes(),
            )
        )
    assert found[0] == found[1]


def test_poison_does_reach_the_forecasts_of_the_other_families() -> None:
    clean = family_panel(7, seed=3)
    poisoned = with_scores(clean, _later(clean, "f02", 2), 99.5)
    outer = [
        cross_fit(_models(("pooled-slope",))[0], split(family_set(panel), hold_out="family"), (2,))[2].outer["f00"]
        for panel in (clean, poisoned)
    ]
    assert not np.array_equal(*outer)


def test_eighty_percent_intervals_cover_about_eighty_percent_of_simulated_families() -> None:
    names = ("ode-linear", "ridge-logit")
    inside, total = 0.0, 0
    for seed in (11, 12):
        families = family_set(family_panel(26, seed=seed, noise=0.12, labs=26))
        parts = split(families, hold_out="family")
        for model in _models(names):
            nested = cross_fit(model, parts, (2,))[2]
            made = calibrations(link_of(families), parts, nested)
            for family in parts.judged:
                reach = family.log_params[2:] - family.log_params[1]
                low, high = made[family.id].interval(nested.outer[family.id], reach, 0.8)
                inside += ((low <= family.scores[2:]) & (family.scores[2:] <= high)).sum()
                total += family.scores[2:].size
    assert 0.76 <= inside / total <= 0.86


def test_the_result_lists_every_model_with_all_its_keys_and_can_be_written() -> None:
    result = suite(family_panel(8, seed=5, labs=4), rng=np.random.default_rng(0), models=FAST)
    entries = result.as_dict()
    assert {entry["name"] for entry in entries} == {*FAST, "stack", "picked"}
    best = entries[0]
    for key in (
        "mae_pp",
        "families",
        "skill_vs_two_point",
        "coverage",
        "crps_pp",
        "noise_floor_pp",
        "leave_one_lab_out",
    ):
        assert key in best
    assert set(best["mae_pp"]["from_third"]) == {"overall", *FIVE}
    assert set(best["coverage"]["from_second"]) == {"50", "80", "95"}
    assert best["targets"] == {"from_third": 32, "from_second": 40}
    maes = [entry["mae_pp"]["from_third"]["overall"] for entry in entries]
    assert maes == sorted(maes)
    line = next(entry for entry in entries if entry["name"] == "two-point-line")
    assert line["skill_vs_two_point"]["from_third"]["gain_pp"] == 0
    assert line["mae_pp"]["from_second"] is None
    assert line["skill_vs_two_point"]["from_second"]["reason"] == "not defined with one given size"
    canonical_json(entries)


def test_same_seed_same_bytes_whatever_the_number_of_workers() -> None:
    names = ("ridge-logit", "partial-pooling", "two-point-line")
    panel = family_panel(6, seed=6)
    texts = [
        canonical_json(
            suite(panel, rng=np.random.default_rng(1), models=names, hold_outs=("family",), workers=workers).as_dict()
        )
        for workers in (1, 2)
    ]
    assert texts[0] == texts[1]


def test_families_that_follow_logit_lines_are_forecast_better_by_models_that_know_it() -> None:
    result = suite(
        family_panel(16, seed=8, noise=0.02), rng=np.random.default_rng(0), models=FAST, hold_outs=("family",)
    )
    entries = {entry["name"]: entry for entry in result.as_dict()}
    assert entries["stack"]["mae_pp"]["from_third"]["overall"] < 2.0
    gain = entries["stack"]["skill_vs_two_point"]["from_third"]
    assert gain["gain_low_pp"] > 0
    assert gain["excludes_zero"]


def test_a_model_with_too_many_coefficients_is_listed_last_with_the_reason() -> None:
    panel = family_panel(5, seed=1)
    names = ("ode-quadratic", "ridge-logit", "two-point-line")
    entries = suite(panel, rng=np.random.default_rng(0), models=names, hold_outs=("family",)).as_dict()
    assert {entry["name"] for entry in entries} == {*names, "picked"}
    last = entries[-1]
    assert last["name"] == "ode-quadratic"
    assert last["reason"].startswith("refused: 21 coefficients an equation")
    assert last["mae_pp"]["from_third"] is None


def test_too_few_families_and_an_unknown_model_are_refused() -> None:
    with pytest.raises(CapewatchError, match="2 groups with 3 sizes or more"):
        suite(family_panel(2), rng=np.random.default_rng(0))
    with pytest.raises(CapewatchError, match="no forecasting model 'ridge-logits'") as caught:
        suite(family_panel(6), rng=np.random.default_rng(0), models=("ridge-logits",))
    assert "ridge-logit" in caught.value.hint
    with pytest.raises(CapewatchError, match="at least 4 are needed"):
        calibrate(link_of(family_set(family_panel(2))), family_set(family_panel(2)).families, {}, 2)


@pytest.mark.parametrize("name", [model.name for model in _models()])
def test_scores_at_ceiling_and_floor_give_a_forecast_in_range_and_no_warning(name: str) -> None:
    panel = family_panel(8, seed=2)
    panel = with_scores(panel, _later(panel, "f00", 0)[:3], 100.0)
    panel = with_scores(panel, _later(panel, "f01", 0)[:3], 0.0)
    families = family_set(panel)
    model = next(model for model in _models() if model.name == name)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for given in (1, 2):
            if given < model.needs:
                continue
            for predictor in model.fit(families.families[2:], given):
                for family in families.families[:2]:
                    found = predictor(family.given(given), family.targets(given))
                    assert found.shape == (len(family) - given, 5)
                    assert np.isfinite(found).all()
                    assert found.min() >= 0
                    assert found.max() <= 100


def test_crps_of_a_weighted_sample_is_its_definition() -> None:
    rng = np.random.default_rng(0)
    values, weights = rng.normal(size=(3, 7)), rng.random(7)
    weights /= weights.sum()
    truth = np.array([0.1, -0.4, 2.0])
    direct = (np.abs(values - truth[:, None]) * weights).sum(axis=1) - 0.5 * np.einsum(
        "i,j,mij->m", weights, weights, np.abs(values[:, :, None] - values[:, None, :])
    )
    assert crps(values, weights, truth) == pytest.approx(direct, abs=1e-12)


def test_stack_weights_are_a_convex_combination_that_prefers_the_better_member() -> None:
    rng = np.random.default_rng(0)
    truth = rng.normal(size=(50, 5))
    weights = convex_weights(
        np.array([truth + rng.normal(0, 0.1, truth.shape), truth + rng.normal(0, 2, truth.shape)]), truth
    )
    assert weights.sum() == pytest.approx(1)
    assert (weights >= 0).all()
    assert weights[0] > 0.8


def test_a_model_has_no_gain_over_itself_and_a_better_one_has() -> None:
    group = {f"f{number}": f"f{number}" for number in range(10)}
    worse = {family: np.full((3, 2), 2.0) for family in group}
    better = {family: np.full((3, 2), 0.5) for family in group}
    same = skill(worse, worse, group, rng=np.random.default_rng(0), name="x")
    assert (same.estimate, same.details["excludes_zero"]) == (0.0, False)
    gain = skill(better, worse, group, rng=np.random.default_rng(0), name="x")
    assert gain.estimate == pytest.approx(1.5)
    assert gain.details["relative"] == pytest.approx(0.75)


def test_the_noise_floor_follows_from_item_counts() -> None:
    families = family_set(family_panel(6))
    floor = noise_floor(families, split(families, hold_out="family"), 2)
    assert floor["hellaswag"] < 0.45 < floor["truthfulqa"]
    assert 0.3 < floor["overall"] < 1.5


@pytest.mark.slow
def test_on_the_148_models_the_stack_is_under_the_goal_with_honest_intervals() -> None:
    root = payload_root()
    if root is None or not (root / "obsscaling").is_dir():
        pytest.skip("no recorded payloads (CAPEWATCH_PAYLOADS)")
    result = suite(
        base_148(root),
        rng=np.random.default_rng(20260101),
        hold_outs=("family",),
        models=(*STACK_MEMBERS, "two-point-line", "persistence"),
    )
    entries = {entry["name"]: entry for entry in result.as_dict()}
    stacked = entries["stack"]
    assert (stacked["n_families"], stacked["targets"]["from_third"]) == (24, 57)
    assert entries["persistence"]["mae_pp"]["from_third"]["overall"] == pytest.approx(10.4, abs=0.3)
    assert stacked["mae_pp"]["from_third"]["overall"] <= 3.4
    assert stacked["skill_vs_two_point"]["from_third"]["excludes_zero"]
    assert 0.76 <= stacked["coverage"]["from_third"]["80"] <= 0.84
