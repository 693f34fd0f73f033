"""Every claim evaluated: complete, deterministic, plain JSON, and sound on panels that carry nothing."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from generator.analysis.claims import (
    VERDICTS,
    answer_objections,
    evaluate_claims,
    list_contradictions,
    objection_values,
    verdict_counts,
)
from generator.analysis.claims.catalogue import QUESTIONS
from generator.analysis.claims.recipes import LivePanel, LiveRequest
from generator.analysis.claims.verdict import judge
from generator.analysis.critical_scale import critical_scales
from generator.core import CapewatchError, canonical_json
from tests.analysis.claims.conftest import without_axes

EXPECTED = {
    "reproduced with another recipe": {"fr-subsets", "ode-llama2"},
    "not computable from released data": {"bf-729", "fr-matrix", "rank1"},
    "not reproduced": {
        "d-eff", "fr-ci", "fr-p", "fr-phase", "fr-pre2025", "fr-saturation", "gamma-noise", "isocline-41-44", "n-families-flip",
        "nc-pythia-only", "nc-table", "ode-lofo", "ode-true-llama2", "poly-baselines", "r-0682-63", "r-families", "r-other-axes",
        "r-pythia-perm-p", "running-coupling", "sign-12-12", "sindy-coefs", "width-flip", "width-null",
    },
}  # fmt: skip


def test_the_verdicts_are_these_today(results):
    found = {verdict: {name for name, one in results.items() if one.verdict == verdict} for verdict in VERDICTS}
    assert {verdict: found[verdict] for verdict in EXPECTED} == EXPECTED
    assert len(found["reproduced"]) == 57 - sum(map(len, EXPECTED.values()))


def test_counts_name_every_verdict_and_add_up(results):
    counts = verdict_counts(list(results.values()))
    assert tuple(counts) == VERDICTS
    assert sum(counts.values()) == 57
    assert verdict_counts([]) == dict.fromkeys(VERDICTS, 0)


def test_a_result_is_plain_json_with_the_promised_keys(results):
    for name, result in results.items():
        data = json.loads(canonical_json(result.as_dict()))
        assert data["id"] == name
        assert set(data) >= {
            "title", "statement", "published", "recomputed", "live", "verdict", "recipe", "reading", "where", "contradicts"
        }  # fmt: skip
        assert all(one["command"] == f"capewatch claims {name}" for one in data["recipe"])
        assert all(set(one) >= {"id", "description", "is_published_recipe"} for one in data["recipe"])


def test_readings_are_filled_and_say_no_nan(results):
    for result in results.values():
        assert not {"{", "}", "nan", "inf"} & set(result.reading.replace(",", " ").split()), result.id
        assert "{" not in result.reading, result.id


def test_a_live_claim_has_a_statistic_or_a_reason_on_every_track(results):
    for result in results.values():
        assert result.live
        for answer in result.live:
            assert bool(answer.statistics) != bool(answer.reason), result.id
            for one in answer.statistics:
                assert one["track"] == answer.track
                assert one["estimate"] is not None or one["reason"]


def test_a_claim_alone_gives_what_it_gives_among_all(inputs, ledger, stand_ins, results):
    for name in ("fr-lab-slopes", "r-families", "nc-table"):
        (alone,) = evaluate_claims(
            inputs, ledger=ledger, live_panels=stand_ins, rng=np.random.default_rng(1), resamples=200, only=[name]
        )
        assert canonical_json(alone.as_dict()) == canonical_json(results[name].as_dict())


def test_a_live_critical_size_is_to_the_last_digit_the_one_that_the_report_has(inputs, ledger, stand_ins):
    def streams(name):
        return np.random.default_rng([5, *name.encode()])

    found = evaluate_claims(
        inputs,
        ledger=ledger,
        live_panels=stand_ins,
        rng=np.random.default_rng(1),
        streams=streams,
        resamples=200,
        only=["nc-table", "nc-pythia-only"],
    )
    told = {one["name"]: one["interval"] for result in found for answer in result.live for one in answer.statistics}
    report = critical_scales(
        stand_ins["harness-v1"], "hellaswag", "truthfulqa", rng=streams("harness-v1/nc"), resamples=200
    )
    assert told["Nc opt"] is not None
    assert told["Nc opt"] == report["opt"].as_dict()["interval"]
    assert told["Nc"] == report["pythia"].as_dict()["interval"]


def test_answers_that_were_kept_for_a_track_are_not_asked_for_again(inputs, ledger, stand_ins, results):
    kept = {}

    def remember(track, questions, ask):
        assert questions
        kept[track] = ask()
        return kept[track]

    given = {"ledger": ledger, "live_panels": stand_ins, "resamples": 200}
    evaluate_claims(inputs, **given, rng=np.random.default_rng(1), keep_live=remember)
    assert kept.keys() == stand_ins.keys()
    again = evaluate_claims(
        inputs, **given, rng=np.random.default_rng(1), keep_live=lambda track, _questions, _ask: kept[track]
    )
    assert canonical_json([one.as_dict() for one in again]) == canonical_json(
        [results[one.id].as_dict() for one in again]
    )


def test_the_verdict_does_not_depend_on_seed_or_live_panels(inputs, ledger, results):
    for result in evaluate_claims(inputs, ledger=ledger, rng=np.random.default_rng(7), resamples=50):
        assert result.verdict == results[result.id].verdict
        assert result.recomputed == results[result.id].recomputed


def test_a_judgement_of_a_sentence_is_given_with_its_numbers_filled_in_and_never_moves_the_verdict(results, ledger):
    judged = {name: entry.value for name, entry in ledger.claims.items() if entry.value.sentence}
    assert judged
    for name, result in results.items():
        told = result.as_dict()["sentence"]
        assert (told is not None) == (name in judged)
        if told:
            assert told["judged"] == judged[name].sentence.judged
            assert told["reason"]
            assert not {"{", "}"} & set(told["reason"])
            bare = judged[name].model_copy(update={"sentence": None})
            assert judge(bare, result.recomputed).verdict == result.verdict


def test_the_project_folder_is_evaluated_as_its_parts_are(repository, results):
    found = evaluate_claims(repository, rng=np.random.default_rng(1), only=["fr-fit", "nc-counts"])
    assert [one.recomputed for one in found] == [results["fr-fit"].recomputed, results["nc-counts"].recomputed]


def test_an_unknown_claim_suggests_near_ones(inputs, ledger):
    with pytest.raises(CapewatchError, match=r"^no claim 'r-pytia'") as caught:
        evaluate_claims(inputs, ledger=ledger, rng=np.random.default_rng(0), only=["r-pytia"])
    assert "r-pythia" in caught.value.hint


def test_inputs_without_a_ledger_are_refused(inputs):
    with pytest.raises(ValueError, match="give the ledger"):
        evaluate_claims(inputs, rng=np.random.default_rng(0))


def test_a_track_that_is_not_given_is_a_reason(inputs, ledger):
    (result,) = evaluate_claims(inputs, ledger=ledger, rng=np.random.default_rng(0), only=["fr-fit"])
    assert [answer.reason for answer in result.live] == [
        "no live panel of the track maker was given", "no live panel of the track epoch was given"
    ]  # fmt: skip


def test_a_panel_that_lacks_an_axis_is_a_reason(inputs, ledger, stand_ins):
    live = {"harness-v1": without_axes(stand_ins["harness-v1"], "winogrande")}
    found = evaluate_claims(
        inputs,
        ledger=ledger,
        live_panels=live,
        rng=np.random.default_rng(0),
        resamples=20,
        only=["d-eff", "r-other-axes"],
    )
    assert all("winogrande" in result.live[0].reason for result in found)


def _degenerate(panel, kind):
    models = list(panel.models.index)
    if kind.isdigit():
        return panel.subset(models[: int(kind)])
    if kind == "constant":
        scores = panel.scores.copy()
        scores.iloc[:, 0] = 50.0
        return dataclasses.replace(panel, scores=scores)
    changed = panel.models.copy()
    if kind == "one cluster":
        column = "lab" if panel.models["family"].isna().all() else "family"
        return panel.subset(list(panel.models.index[panel.models[column] == panel.models[column].iloc[0]]))
    changed["params"], changed["released"], changed["lab"] = np.nan, None, None
    return dataclasses.replace(panel, models=changed)


@pytest.mark.parametrize("kind", ["0", "1", "2", "3", "4", "constant", "one cluster", "bare"])
def test_panels_that_carry_nothing_give_reasons_and_no_crash(ledger, stand_ins, kind):
    for claim, question in QUESTIONS.items():
        track = ledger.claims[claim].value.live.panels[0]
        rng = np.random.default_rng(0)
        request = LiveRequest(LivePanel(_degenerate(stand_ins[track], kind)), rng, 50, lambda _name, rng=rng: rng)
        found = question(request)
        assert found, claim
        assert canonical_json([one.as_dict() for one in found])


def test_contradictions_have_two_sides_and_name_recomputed_values(results, ledger):
    found = list_contradictions(list(results.values()), ledger)
    assert len(found) >= 20
    assert len({one["id"] for one in found}) == len(found)
    for one in found:
        assert len(one["sides"]) >= 2
        assert "{" not in one["reading"]
        assert all(side["value"] is not None for side in one["sides"] if side["computed"])
    sides = {one["id"]: [side["value"] for side in one["sides"]] for one in found}
    assert sides["balanced-band"] == [8, 18, 22, 28]


def test_contradictions_need_the_claims_they_name(results, ledger):
    with pytest.raises(CapewatchError, match=r"data/contradictions\.yaml"):
        list_contradictions([results["fr-fit"]], ledger)


def test_objections_are_answered_with_values_and_verdicts(inputs, results, ledger, stand_ins):
    extra = objection_values(inputs, list(results.values()), live_panels=stand_ins)
    found = {one["id"]: one for one in answer_objections(list(results.values()), ledger, extra=extra)}
    assert set(found) == {
        "benchmark-artefacts",
        "fitted-on-the-same-data",
        "family-artefacts",
        "train-test-split",
        "competing-heads",
    }
    for one in found.values():
        assert "{" not in one["answer"]
        assert "no value" not in one["answer"]
        assert all(claim["verdict"] in VERDICTS for claim in one["claims"])
    assert extra["nc-table/disagreeing"] == 4


def test_objections_without_live_panels_say_no_value(inputs, results, ledger):
    extra = objection_values(inputs, list(results.values()), live_panels={})
    answers = answer_objections(list(results.values()), ledger, extra=extra)
    assert "no value" in next(one["answer"] for one in answers if one["id"] == "benchmark-artefacts")
