"""What changed between two bundles: everything is found, nothing is invented, every move names the models behind it."""

from __future__ import annotations

import copy
import re

import numpy as np
import pytest
from pydantic import ValidationError

from generator.report.changes import Changes, changes_markdown, compare
from generator.report.changes.markdown import escaped, link
from generator.report.changes.records import Value
from generator.report.changes.words import value_line
from tests.report.bundles import START, bundle, model, observation, prediction, statistic


def test_two_equal_bundles_have_no_differences():
    changes = compare(bundle(), bundle())
    assert changes.empty
    assert changes.summary == "nothing changed"
    assert changes.headlines == ()


def test_a_difference_below_the_arithmetic_of_a_machine_is_none():
    other = bundle()
    other.statistics["maker/r/swe~gpqa"]["estimate"] += 1e-13
    assert compare(bundle(), other).empty


def test_a_new_model_is_named_with_its_scores_its_h_and_what_it_moved():
    new = bundle(START | {"f": (90.0, 50.0)})
    changes = compare(bundle(), new)
    assert [(item.id, item.how, item.observations) for item in changes.models] == [("f", "added", 2)]
    assert {(item.axis, item.how, item.new.value) for item in changes.scores} == {
        ("swe", "added", 90.0),
        ("gpqa", "added", 50.0),
    }
    (entry,) = [item for item in changes.h if item.model == "f"]
    assert (entry.old, entry.new.rank, entry.new.of, entry.cause) == (None, 6, 6, "new in the panel")
    assert all(item.cause == "the line moved" for item in changes.h if item.model != "f")
    moved = {item.id: item for item in changes.statistics}
    assert [mover.model for mover in moved["maker/r/swe~gpqa"].movers] == ["f"]
    assert "1 model added" in changes.summary


def test_the_effect_of_a_model_is_the_statistic_now_minus_the_statistic_with_that_model_as_it_was():
    changed = START | {"e": (77.0, 60.0), "f": (90.0, 99.0)}
    changes = compare(bundle(), bundle(changed))
    (r,) = [item for item in changes.statistics if item.id == "maker/r/swe~gpqa"]
    effects = {mover.model: mover.effect for mover in r.movers}

    def correlation(scores):
        x, y = np.array(list(scores.values())).T
        return np.corrcoef(x, y)[0, 1]

    whole = correlation(changed)
    assert effects["e"] == pytest.approx(whole - correlation(changed | {"e": START["e"]}))
    assert effects["f"] == pytest.approx(whole - correlation({k: v for k, v in changed.items() if k != "f"}))
    assert {mover.model: mover.how for mover in r.movers} == {"e": "changed", "f": "entered"}
    assert dict(next(mover.scores for mover in r.movers if mover.model == "e")) == {"gpqa": (82.0, 60.0)}
    assert "recomputed" in r.attribution


def test_no_effect_is_stated_where_recomputing_does_not_give_the_bundles_own_estimate():
    new = bundle(START | {"f": (90.0, 99.0)})
    new.statistics["maker/r/swe~gpqa"]["estimate"] -= 0.01
    (r,) = [item for item in compare(bundle(), new).statistics if item.id == "maker/r/swe~gpqa"]
    assert [(mover.model, mover.effect) for mover in r.movers] == [("f", None)]
    assert r.attribution == "difference of the scores behind it"


def test_a_statistic_that_moved_without_another_score_says_so_and_the_setting_is_named():
    new = bundle(seed=8)
    new.statistics["maker/r/swe~gpqa"]["interval"]["high"] += 0.01
    changes = compare(bundle(), new)
    assert [item.attribution for item in changes.statistics] == ["no score behind it differs"]
    assert [(item.name, item.old, item.new) for item in changes.settings] == [("seed", "7", "8")]


def test_a_statistic_without_inputs_says_that_its_movers_are_not_known():
    old, new = bundle(), bundle()
    for side, value in ((old, 1.0), (new, 2.0)):
        side.sections["cascade"] = [{"id": "Nc1", "test": statistic("Nc", value, [], axes=[])}]
    (change,) = compare(old, new).statistics
    assert (change.id, change.movers) == ("cascade/Nc1/test", ())
    assert change.attribution.startswith("not known")


def test_a_score_revised_at_its_source_gives_both_values_and_the_source():
    new = bundle(START | {"a": (44.0, 60.0)})
    changes = compare(bundle(), new)
    (score,) = changes.scores
    assert (score.old.value, score.new.value, score.move) == (40.0, 44.0, 4.0)
    assert score.why == "the source changed its value"
    assert score.new.url == "https://board.example/card"
    (seen,) = changes.observations
    assert (seen.how, seen.used_by) == ("changed", ("maker",))


def test_a_line_that_only_moved_within_its_source_file_is_no_change():
    new = bundle()
    for item in new.entities["models"]:
        for row in item["observations"]:
            row["locator"] = "row 999"
    assert compare(bundle(), new).empty


def test_another_observation_of_the_same_value_is_told_apart_from_a_new_value():
    models = [model(name, pair) for name, pair in sorted(START.items())]
    models[0]["observations"][0]["chosen_in"] = []
    models[0]["observations"].append(observation("swe", 40.0, source="other", url="https://other.example"))
    changes = compare(bundle(), bundle(models=models))
    (score,) = changes.scores
    assert (score.move, score.why) == (0.0, "another observation is used")
    assert [item.how for item in changes.observations] == ["added"]
    assert "1 score rests on another observation" in changes.summary


def test_observations_of_one_identity_are_paired_so_that_none_is_lost():
    models = [model(name, pair) for name, pair in sorted(START.items())]
    extra = [observation("swe", value, chosen_in=[]) for value in (10.0, 20.0, 30.0)]
    before, after = copy.deepcopy(models), copy.deepcopy(models)
    before[0]["observations"] += extra[:2]
    after[0]["observations"] += [extra[0], extra[2], observation("swe", 35.0, chosen_in=[])]
    found = compare(bundle(models=before), bundle(models=after)).observations
    assert [(item.how, item.old and item.old.value, item.new and item.new.value) for item in found] == [
        ("changed", 20.0, 30.0),
        ("added", None, 35.0),
    ]


def test_what_was_not_public_by_the_day_of_a_bundle_counts_as_not_there():
    later = [model("a", START["a"]), model("late", (50.0, 50.0))]
    for row in later[1]["observations"]:
        row |= {"public": "2026-06-01", "chosen_in": []}
    early = bundle({"a": START["a"], "b": START["b"], "c": START["c"]}, models=later, as_of="2026-05-31")
    now = bundle({"a": START["a"], "b": START["b"], "c": START["c"]}, models=later, as_of="2026-07-01")
    changes = compare(early, now)
    assert [item.id for item in changes.models] == ["late"]
    assert len(changes.observations) == 2


def test_verdicts_and_standings_that_flipped_come_first():
    new = bundle()
    new.sections["claims"]["items"][0]["verdict"] = "not reproduced"
    new.sections["predictions"]["items"] = [prediction("on course to fail", state="open")]
    changes = compare(bundle(), new)
    assert [(item.old, item.new) for item in changes.claims] == [("reproduced", "not reproduced")]
    (entry,) = changes.predictions
    assert (entry.old_standing, entry.new_standing, entry.flipped) == ("on course to pass", "on course to fail", True)
    assert [item.kind for item in changes.headlines[:2]] == ["predictions", "claims"]
    assert changes.summary.startswith("1 prediction stands otherwise; 1 verdict flipped")


def test_a_prediction_names_the_models_behind_its_metric():
    new = bundle(START | {"f": (90.0, 50.0)})
    (entry,) = compare(bundle(), new).predictions
    assert [mover.model for mover in entry.movers] == ["f"]
    assert [value.name for value in entry.values] == ["r"]
    assert not entry.flipped


def test_a_source_that_went_stale_and_one_that_is_fresh_again_are_told_apart():
    row = bundle().meta["freshness"][0]
    stale = bundle(freshness=[row | {"stale": True}])
    assert [item.turned for item in compare(bundle(), stale).sources] == ["stale"]
    assert [item.turned for item in compare(stale, bundle()).sources] == ["fresh"]


def test_a_phase_that_turned_is_listed():
    new = bundle()
    new.tables["gamma-maker"].frame.loc[0, ["phase", "gamma"]] = ["bonus", 0.4]
    (step,) = compare(bundle(), new).phases
    assert (step.flipped, step.old.phase, step.new.phase, step.old.high) == (True, "tax", "bonus", None)


def test_an_interval_that_takes_in_zero_is_a_turn():
    old, new = bundle(), bundle()
    new.statistics["maker/slope/swe~gpqa"]["interval"]["low"] = -0.1
    (change,) = compare(old, new).statistics
    assert change.flip == "the interval now includes zero"
    assert compare(new, old).statistics[0].flip == "the interval now excludes zero"


@pytest.mark.parametrize("part", ["claims", "predictions", "matrices"])
def test_a_section_that_an_older_bundle_lacks_is_named_and_not_listed_as_new(part):
    old = bundle()
    del old.sections[part]
    changes = compare(old, bundle())
    assert [item.part for item in changes.not_compared] == [part]
    assert (changes.claims, changes.predictions, changes.statistics) == ((), (), ())
    assert changes.summary == "1 part not comparable"


def test_a_bundle_with_nothing_but_its_meta_can_be_compared():
    old = bundle()
    old.sections, old.tables, old.statistics, old.entities = {}, {}, {}, {}
    old.meta = {"as_of": "2026-01-01"}
    changes = compare(old, bundle())
    assert {item.part for item in changes.not_compared} == {"claims", "matrices", "predictions", "phases"}
    assert len(changes.models) == len(START)


def test_a_part_that_holds_a_reason_instead_of_a_result_is_not_compared():
    old, new = bundle(), bundle()
    old.sections["forecasts"] = {"ode": {"reason": "computed for the newest day only"}}
    new.sections["forecasts"] = {"ode": {"gain": statistic("gain", 1.0, ["a"])}}
    changes = compare(old, new)
    assert [item.part for item in changes.not_compared] == ["forecasts/ode"]
    assert not changes.statistics


def test_swapping_the_sides_swaps_added_and_removed():
    there = compare(bundle(), bundle(START | {"f": (90.0, 50.0)}))
    back = compare(bundle(START | {"f": (90.0, 50.0)}), bundle())
    assert [item.how for item in back.models] == ["removed"]
    assert len(back.scores) == len(there.scores)
    assert {item.id: item.move for item in back.statistics} == {
        item.id: pytest.approx(-item.move) for item in there.statistics
    }


def test_the_same_bundles_give_the_same_bytes_and_the_json_reads_back():
    changes = compare(bundle(), bundle(START | {"f": (90.0, 50.0)}))
    again = compare(bundle(), bundle(START | {"f": (90.0, 50.0)}))
    assert changes.as_json() == again.as_json()
    assert Changes.model_validate_json(changes.as_json()) == changes


def test_json_with_an_unknown_field_or_a_nan_is_refused():
    document = compare(bundle(), bundle(START | {"f": (90.0, 50.0)})).as_dict()
    with pytest.raises(ValidationError):
        Changes.model_validate(document | {"extra": 1})
    document["scores"][0]["move"] = float("nan")
    with pytest.raises(ValidationError):
        Changes.model_validate(document)


HOSTILE = (
    "x|y <img src=x onerror=alert(1)> [a](javascript:1) @someone #12 **b** `c`\n# h ![i](http://e.example/i)\u202e"
)


def test_hostile_names_are_inert_in_markdown():
    models = [model(name, pair) for name, pair in sorted(START.items())]
    models.append(model("f", (90.0, 50.0), name=HOSTILE, lab=HOSTILE))
    models[-1]["observations"][0] |= {"source_name": HOSTILE, "url": "javascript:alert(1)"}
    text = changes_markdown(compare(bundle(), bundle(START | {"f": (90.0, 50.0)}, models=models)))
    assert "<img" not in text
    assert "javascript:" not in text
    assert "@someone" not in text
    assert not re.search(r"(?<!&)#12", text)
    rows = [line for line in text.splitlines() if line.startswith("| x")]
    assert rows
    table = text[text.index("### Models") :].splitlines()
    assert table[2].count("|") == table[4].count("|")


def test_links_in_markdown_are_plain_http_only():
    assert link("card", "https://a.example/x?y=1") == "[card](<https://a.example/x?y=1>)"
    for bad in ("javascript:alert(1)", "data:text/html,x", "https://user@host.example", "//a.example", "https://[x"):
        assert link("card", bad) == "card"
    assert ">" not in link("card", "https://a.example/>)x")[len("[card](<") : -2]


def test_a_long_table_says_how_many_rows_it_leaves_out():
    many = START | {f"m{index:02}": (30.0 + index, 40.0 + index) for index in range(30)}
    text = changes_markdown(compare(bundle(), bundle(many)), limit=5)
    assert "and 25 more rows" in text
    assert len(changes_markdown(compare(bundle(), bundle(many)))) > len(text)


def test_plain_numbers_stay_readable_in_markdown():
    assert escaped("0.84 → 0.85, SWE-bench") == "0.84 → 0.85, SWE-bench"
    assert value_line(Value(name="n", unit="", old=41.0, new=42.0)) == "n 41 → 42"
    assert value_line(Value(name="r", unit="", old=None, new=0.5)) == "r — → 0.50"
