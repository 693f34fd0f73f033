"""Words of claims: names in the place of ids, units and decimal places of recomputed numbers, the drawing beside them."""

from __future__ import annotations

import re
from typing import Any

import pytest

from generator.panel.published import slug
from generator.site import claim_words, format
from generator.site.groups import claims, deviation
from generator.site.view import View

NBSP = format.NBSP


def test_a_verdict_and_a_reading_show_names_in_the_place_of_ids(view: View):
    family = next(identity for identity in view.families if view.families[identity]["name"] != identity)
    name = view.families[family]["name"]
    item = {
        "published": [{"name": family}, {"name": f"{family}.r"}],
        "verdict_reason": f"none agrees; differs: {family}, {family}.r",
    }
    assert claim_words.verdict_words(view, item) == f"none agrees; differs: {name}; {name}: r"
    kept = {
        "published": [{"name": "r"}],
        "verdict_reason": "each headline number agrees in some recipe, no recipe with all",
    }
    assert claim_words.verdict_words(view, kept) == kept["verdict_reason"]
    assert claim_words.prose(view, f"ends on one: {family}, {family}.") == f"ends on one: {name}, {name}."
    assert claim_words.prose(view, f"{family}/x {family}_y {family}.json a-{family}") == (
        f"{family}/x {family}_y {family}.json a-{family}"
    )


def test_a_subset_of_the_frontier_rows_is_said_in_words(view: View):
    lab = next(iter(view.labs))
    named = f"without {view.labs[lab]['name']}"
    assert claim_words.number_name(view, "swe-40.r") == f"SWE-bench at least 40{NBSP}%: r"
    assert claim_words.number_name(view, f"without-{lab}.n") == f"{named}: number of models"
    assert claim_words.value(view, ["swe-75", "released-2024"]) == f"[SWE-bench at least 75{NBSP}%, released in 2024]"
    assert claim_words.prose(view, f"below: swe-70, without-{lab}.") == f"below: SWE-bench at least 70{NBSP}%, {named}."
    assert (
        claim_words.prose(view, "the recipe released-rows, without-the-lab")
        == "the recipe released-rows, without-the-lab"
    )


def test_a_statistic_names_its_axes_once(view: View):
    first, second = list(view.axes)[:2]
    names = view.axis_name(first), view.axis_name(second)
    pair = " × ".join(names)
    assert claim_words.statistic_name(view, f"r {first}~{second}", axes=(first, second)) == f"r: {pair}"
    assert claim_words.statistic_name(view, f"spread {first} over {second}", axes=(first, second)) == (
        f"spread {names[0]} over {names[1]}"
    )
    assert claim_words.statistic_name(view, "slope") == "slope"


@pytest.mark.parametrize(("estimate", "said"), [(148.0, "148"), (0.84716, "0.85"), (0.00321, "0.00321")])
def test_todays_data_have_two_decimal_places_where_they_are_no_count_and_leave_figures(estimate: float, said: str):
    assert claims._estimate({"unit": "", "estimate": estimate}) == said


def test_todays_data_without_a_figure_is_a_sentence_not_a_table(view: View):
    answer = {"track": "maker", "statistics": [], "reason": "the matrix is not determined"}
    assert claims._live(view, {"live": [answer, answer]}) == (
        '<p class="cw-none">No figure. The matrix is not determined.</p>'
    )
    assert claims._live(view, {"live": []}) == ""


def test_what_a_recipe_gives_of_one_thing_is_one_entry_and_a_decimal_point_is_no_dot_between_names(view: View):
    family = next(iter(view.families))
    name = view.families[family]["name"]
    values = {family: 0.5, f"{family}.r": 0.25, f"{family}.above_0.9": 1.0, "families": 3}
    listed = str(claims._given(view, {"published": [], "units": {}}, values))
    assert listed.count("<li>") == 2
    assert f"<li>{name}{NBSP}={NBSP}0.5; r{NBSP}={NBSP}0.25; above 0.9{NBSP}={NBSP}1</li>" in listed
    assert claims._given(view, {"published": [], "units": {}}, {}) == ""


@pytest.mark.parametrize("name", ["r", "Google DeepMind", "mean of mean absolute errors, % of the score"])
def test_names_beside_the_drawing_of_a_claim_fit_it_in_the_words_of_a_phone(name: str):
    one = {"name": name, "value": 2.0, "recomputed": 1.0, "allowed": 0.1, "status": "differs"}
    drawn = str(deviation.chart([one, one | {"name": "x", "status": "agrees"}]))
    lines = re.findall(r'<tspan x="(\d+)"[^>]*>([^<]*)<', drawn)
    assert " ".join(text for _x, text in lines) == f"{name} x"
    letter = 0.6 * 18  # px of a letter of the words a phone has
    assert all(int(x) >= letter * len(text) - 4 for x, text in lines)
    rows = [float(y) for y in re.findall(r'<text y="([\d.]+)"', drawn)]
    assert rows[1] - rows[0] >= 18 * (len(lines) - 1) / 2


def test_a_recomputed_value_has_the_unit_of_the_printed_one(view: View):
    assert claim_words.measured(view, 6.955e26, "billion parameters") == (
        f"6.96{NBSP}×{NBSP}10²⁶{NBSP}billion parameters"
    )
    assert claim_words.measured(view, [], "billion parameters") == "none"
    assert claim_words.measured(view, None, "pp") == format.MISSING
    assert claim_words.measured(view, 0.72, None) == "0.72"


def test_a_recipe_value_has_the_unit_of_the_printed_number_but_a_count_has_none():
    item = {
        "published": [{"name": "opt", "unit": "billion parameters"}, {"name": "bloom", "unit": "billion parameters"}],
        "units": {},
    }
    assert claim_words.unit_of(item, "opt", [13.0, 30.0]) == "billion parameters"
    assert claim_words.unit_of(item, "opt", 8) == ""
    assert claim_words.unit_of(item, "not-printed", [1.3, 2.7]) == "billion parameters"
    assert claim_words.unit_of(item, "not-printed", 0.4) == ""
    mixed = {"published": [{"name": "r", "unit": None}, {"name": "nc", "unit": "billion parameters"}], "units": {}}
    assert claim_words.unit_of(mixed, "not-printed", [1.3, 2.7]) == ""


def test_a_recipe_value_that_no_paper_prints_has_the_unit_that_the_claims_file_gives_its_name_or_its_last_part():
    item = {"published": [{"name": "mape", "unit": "%"}], "units": {"mean_mae": "pp", "mae": "pp", "mape": "pp"}}
    units = {name: claim_words.unit_of(item, name, 9.7) for name in ("mean_mae", "qwen2.5.mae", "mape", "other")}
    assert units == {"mean_mae": "pp", "qwen2.5.mae": "pp", "mape": "%", "other": ""}
    assert claim_words.unit_of(item, "mae", 12) == ""


def test_percent_in_a_filled_in_text_stands_apart_and_never_alone_on_a_line(view: View):
    assert claim_words.prose(view, "60%, 5.6 % and 20% of ten") == f"60{NBSP}%, 5.6{NBSP}% and 20{NBSP}% of ten"


def test_a_printed_bound_says_on_which_side_the_recomputed_number_must_lie(view: View):
    item = claims.claim_rows(view)[0]
    number = item["published"][0] | {"printed": "0.78", "unit": None, "compare": "above"}
    assert ">above 0.78<" in str(claims._numbers(view, item | {"published": [number]}))
    assert ">0.78<" in str(claims._numbers(view, item | {"published": [number | {"compare": "equal"}]}))


def test_a_value_that_no_paper_prints_has_the_unit_of_the_number_it_is_of(view: View):
    def unit(name: str, found: Any, *printed: tuple[str, str | None]) -> str:
        return claim_words.unit_of(
            {"published": [{"name": one, "unit": kind} for one, kind in printed], "units": {}}, name, found
        )

    assert unit("google.all", 1.9, ("google", "pp"), ("n", None)) == "pp"
    assert unit("line.pooled", 0.02, ("pooled", "fraction")) == "fraction"
    assert unit("grok-3", 8.7, ("first", "pp"), ("last", "pp")) == "pp"
    assert unit("google.r", 0.9, ("google", "pp")) == ""
    assert unit("kept_share", 0.9, ("nc", "billion parameters")) == "fraction"
    assert unit("google.n", 4, ("google", "pp")) == ""
    assert unit("curvature", 0.1, ("nc", "billion parameters")) == ""
    assert unit("gammas", [-0.7, -0.3, 0.1], ("nc", "billion parameters")) == ""  # a series is no range
    assert unit("bracket", [1.3, 2.7], ("nc", "billion parameters")) == "billion parameters"
    assert claim_words.measured(view, 0.026317, "fraction") == f"2.632{NBSP}%"
    assert claim_words.measured(view, [13.0, 30.0], "billion parameters") == f"13 to 30{NBSP}billion parameters"
    assert claim_words.printed({"printed": "0.026", "unit": "fraction"}) == f"2.6{NBSP}%"
    assert claim_words.printed({"printed": "0.6", "unit": "fraction"}) == f"60{NBSP}%"


def test_a_recipe_value_has_the_decimal_places_of_the_printed_numbers_it_stands_beside(view: View):
    def places(name: str, found: Any, *printed: tuple[str, str, str | None], compare: str = "equal") -> int | None:
        numbers = [
            {"name": one, "printed": text, "unit": unit, "compare": compare, "headline": True}
            for one, text, unit in printed
        ]
        return claim_words.decimals({"published": numbers, "units": {}}, name, found)

    assert places("r", -0.98862, ("r", "-0.989", None)) == 3
    assert places("openai.slope", 0.5455, ("google.slope", "1.15", None), ("deepseek.slope", "0.2", None)) == 2
    assert places("google.all", 1.9409, ("google", "5.5", "pp")) == 1
    assert places("baseline", 10.5105, ("mean", "9.2", "pp"), ("sd", "2.4", "pp")) == 1
    assert places("line.pooled", 0.0222, ("pooled", "0.026", "fraction")) == 1  # written in percent
    assert places("410m", 0.6123, ("410m", "0.6", "fraction")) is None
    assert places("ratio", 4.962, ("ratio", "5", None)) is None
    assert places("p", 3.65e-6, ("p", "3.6e-6", None)) is None
    assert places("n", 34, ("n", "34.5", None)) is None
    assert places("google.r", 0.8123, ("google", "5.5", "pp")) is None
    assert places("r", 0.7812, ("r", "0.78", None), compare="above") is None
    assert claim_words.measured(view, -0.98862, None, places=3) == "−0.989"
    assert claim_words.measured(view, 0.026317, "fraction", places=1) == f"2.6{NBSP}%"
    assert claim_words.measured(view, 0.0004321, None, places=2) == claim_words.measured(view, 0.0004321, None)
    assert claim_words.measured(view, 6.955e26, None, places=1) == f"6.96{NBSP}×{NBSP}10²⁶"
    assert claim_words.measured(view, None, "pp", places=1) == format.MISSING


def test_decimal_places_never_hide_whether_a_recomputed_number_agrees(view: View):
    def shown(found: float, status: str) -> str:
        one = {"name": "r", "printed": "0.72", "unit": None, "compare": "equal", "recomputed": found, "status": status}
        return claim_words.beside_printed(view, {"published": [one]}, one)

    assert shown(0.7161, "agrees") == "0.72"
    assert shown(0.7161, "differs") == "0.7161"
    assert shown(0.6661, "differs") == "0.67"
    assert shown(0.7251, "agrees") == "0.7251"  # within the tolerance, but it rounds to 0.73


def test_counts_of_a_claim_say_what_is_counted(view: View):
    assert claim_words.number_name(view, "outside_10") == f"models outside ±10{NBSP}pp"
    assert claim_words.number_name(view, "below_swe") == "models below the curve over SWE-bench"
    assert claim_words.number_name(view, "drop_percent") == "fall of the coupling"
    family = next(identity for identity in view.families if view.families[identity]["name"] != identity)
    model = next(one for one in view.models.values() if slug(one["name"]) not in view.models)
    assert claim_words.number_name(view, slug(model["name"])) == model["name"]
    assert claim_words.number_name(view, f"readme.{family}") == f"README: {view.families[family]['name']}"


def test_of_inside_an_id_is_the_word_and_alone_it_is_how_many_were_judged(view: View):
    assert claim_words.number_name(view, "degrees_of_freedom") == "degrees of freedom"
    assert claim_words.number_name(view, "of") == "number judged"
    assert claim_words.number_name(view, "chance_of_4e-5") == "chance of 4 × 10⁻⁵"


def test_a_row_of_a_claim_says_how_far_the_numbers_may_differ_and_whether_any_paper_prints_it(view: View):
    from tests.site.synthetic_sections import claim

    item = claim()
    item["published"][0] |= {"allowed": 0.1, "implied": True, "note": "printed with a <tilde>"}
    row = str(claims._numbers(view, item))
    assert "<small>implied</small>" in row
    assert "<small>(printed with a &lt;tilde&gt;)</small>" in row
    assert re.search(r"<td[^>]*>0\.1</td>", row)
    item["published"][0] |= {"compare": "below", "allowed": None, "implied": False, "note": None}
    assert "implied" not in str(claims._numbers(view, item))


def test_a_drawing_says_of_a_number_beyond_all_measure_that_it_is_not_its_percent():
    one = {"name": "Nc", "value": 3.5, "recomputed": 7e26, "allowed": 0.05, "status": "differs"}
    assert "Recomputed against printed: Nc more than 10,000 % above" in str(deviation.chart([one]))
    assert "Nc +100.0 %" in str(deviation.chart([one | {"recomputed": 7.0}]))


@pytest.mark.parametrize(
    ("allowed", "unit", "said"),
    [
        (0.00051, None, "0.00051"),
        (5.1e-5, None, "0.000051"),
        (5.1e-7, None, f"5.10{NBSP}×{NBSP}10⁻⁷"),
        (0.051, "fraction", f"5.1{NBSP}%"),
        (0.51, "pp", f"0.51{NBSP}pp"),
        (None, "pp", None),
    ],
)
def test_a_tolerance_is_written_in_figures_like_the_printed_number(allowed: float | None, unit: str | None, said: str):
    assert claims._allowed({"allowed": allowed, "unit": unit}) == said


def test_a_verdict_of_reproduced_says_which_numbers_that_do_not_decide_differ(view: View):
    numbers = [
        {"name": "r", "headline": True, "status": "agrees"},
        {"name": "n", "headline": False, "status": "differs"},
    ]
    item = {"published": numbers, "verdict": "reproduced", "verdict_reason": "every headline number agrees"}
    assert claim_words.verdict_words(view, item) == (
        "every headline number agrees; of the others, which do not decide, number of models differs"
    )
    numbers[1]["status"] = "agrees"
    assert claim_words.verdict_words(view, item) == item["verdict_reason"]


def test_the_page_of_a_claim_and_the_list_say_whether_its_sentence_follows(view: View):
    listing, page = (
        next(one for one in claims.pages(view) if one.path == path) for path in ("claims/index.md", "claims/r-zed.md")
    )
    lead = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page.body))
    assert "Sentence: not tested Nobody looked at more than r. Judged by people" in lead
    assert re.search(r"<th scope=\"col\"[^>]*>Sentence</th>", listing.body)
    assert "not tested</span></td></tr>" in listing.body


def test_a_claim_that_says_no_more_than_its_numbers_has_no_judgement(view: View):
    item = view.section("claims")["items"][0] | {"sentence": None}
    assert "Sentence:" not in claims._page(view, item, {}).body
    assert "no value" in str(claims._table([item], "./"))


def test_a_recipe_gives_a_printed_number_with_the_figures_that_stand_beside_it(view: View):
    one = {
        "name": "exponent",
        "printed": "3.5",
        "unit": None,
        "compare": "equal",
        "recomputed": 3.448,
        "status": "agrees",
    }
    item = {"published": [one], "units": {}}
    assert claims._said(view, item, "exponent", 3.448) == claim_words.beside_printed(view, item, one) == "3.448"
