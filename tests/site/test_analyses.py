"""Pages of the wider analyses: what they say when numbers are missing, thin or on the edge, and how small drawings are made."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from generator.core import CapewatchError
from generator.site.axes import capital, listed, named
from generator.site.charts import ChartStore
from generator.site.frontier_figures import lab_paths
from generator.site.groups import cascade, diagnose, matrices, rotation
from generator.site.groups.base import critical_size
from generator.site.groups.frontier import coupling_table
from generator.site.groups.lab_details import lab_details, oscillation_sentence
from generator.site.heat import heat_map
from generator.site.nulls import against, best_constant
from generator.site.plots import HEIGHT, WIDTH, Line, Panel, Plots
from generator.site.published import publish_csv, publish_json
from generator.site.scale_figures import scale_figure
from generator.site.view import View
from generator.site.wording import size_interval
from tests.site import synthetic, synthetic_tables
from tests.site.synthetic_readers import lab

REPOSITORY = Path(__file__).resolve().parents[2]
BAD_WORDS = re.compile(r"\b(nan|NaN|None|undefined|inf)\b")


def axis_row(axis: str, signal: float | None, *, n: int = 20, **more: Any) -> dict[str, Any]:
    return {
        "axis": axis, "n": n, "k": 5 if signal is not None else 0, "signal": signal, "range": 5.0, "noise_range": 2.0, "noise": 1.0,
        "headroom": 9.0, "discriminates": None if signal is None else signal > 2, "saturated": False, "as_of": synthetic.AS_OF,
    } | more  # fmt: skip


def rotation_section(*rows: dict[str, Any], active: str | None = None) -> dict[str, Any]:
    advice = {"active": active, "saturated": [], "next_axis": None, "why": "no axis has 10 models and a known noise"}
    return {
        "track": "maker", "recent_days": 365, "models": ["acme-1"], "advice": advice, "table": list(rows), "history": list(rows),
        "co_activation": [], "by_date": [],
    }  # fmt: skip


def test_a_drawing_stays_inside_its_frame_and_says_itself_in_words() -> None:
    panel = Panel(alt="A < B", x=(0, 1), y=(0, 1), lines=[Line([(-5, 9), (0.5, 0.5), (7, -9)], hollow=[True])])
    svg = str(panel.svg())
    assert 'aria-label="A &lt; B"' in svg
    assert svg.count('class="hollow"') == 1
    places = [tuple(map(float, place)) for place in re.findall(r'cx="([\d.]+)" cy="([\d.]+)"', svg)]
    assert len(places) == 3
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in places)


def test_a_figure_carries_finding_table_and_file() -> None:
    figure = Plots(
        "id", "Title.", "Finding <b>.", [Panel("alt", (0, 1), (0, 1))], data="data/x.csv", table=listed_table()
    )
    html = str(figure.html("../"))
    assert "Finding &lt;b&gt;." in html
    assert 'href="../data/x.csv">CSV</a>' in html
    assert "The same data as a table" in html


def listed_table() -> Any:
    from generator.site import tables

    return tables.table((tables.Column("A"),), [("1",)], caption="Numbers")


def test_a_cell_without_shared_models_is_hatched_and_counts_them(view: View) -> None:
    matrix = {
        "axes": ["hellaswag", "truthfulqa"], "r": [[1, None], [None, 1]], "n": [[9, 2], [2, 8]], "low": [[1, None], [None, 1]],
        "high": [[1, None], [None, 1]], "valid": None, "repaired": [[1, 0.0], [0.0, 1]],
    }  # fmt: skip
    html = str(heat_map(view, matrix, caption="r"))
    assert html.count("cw-heat__none") == 2
    assert not BAD_WORDS.search(html)
    assert "fewer than three shared models" in matrices.validity(view, matrix)


def test_the_shade_of_a_cell_follows_sign_and_size(view: View) -> None:
    matrix = {
        "axes": ["a", "b"],
        "r": [[1, -0.95], [0.05, 1]],
        "n": [[9, 9], [9, 9]],
        "low": [[1, -1.0], [-0.5, 1]],
        "high": [[1, -0.8], [0.6, 1]],
        "valid": False,
    }
    html = str(heat_map(view, matrix, caption="r"))
    assert 'class="cw-rm5"' in html
    assert 'class="cw-rp1"' in html
    assert matrices.validity(view, matrix).startswith("Not a valid correlation matrix")


def test_without_a_discriminating_axis_the_page_says_so_and_names_none(view: View) -> None:
    view.bundle.sections["rotation"] = rotation_section(axis_row("gpqa-diamond", None, n=2))
    page = next(iter(rotation.pages(view)))
    assert "no axis is shown to tell the top models apart" in page.body
    assert "too few scores" in page.body
    assert not BAD_WORDS.search(re.sub(r"<[^>]*>", " ", page.body))


def test_an_axis_with_few_models_is_never_called_discriminating(view: View) -> None:
    rows = [axis_row("gpqa-diamond", 3.5, n=4), axis_row("swe-bench-verified", 4.0, n=30)]
    html = str(rotation.signal_table(view, rows, "../"))
    assert html.count(">discriminates<") == 1
    assert "fewer than 10 models" in html


def test_only_readings_on_enough_models_make_a_change_of_sides(view: View) -> None:
    thin = [axis_row("gpqa-diamond", 5.0, n=4), axis_row("gpqa-diamond", 1.0)]
    firm = [axis_row("gpqa-diamond", 5.0), axis_row("gpqa-diamond", 1.0)]
    assert rotation.crossings(view, {"gpqa-diamond": thin}) == []
    assert "fell to the level of noise (5.0" in rotation.crossings(view, {"gpqa-diamond": firm})[0]


def transition(**more: Any) -> dict[str, Any]:
    test = {
        "name": "change",
        "estimate": None,
        "interval": None,
        "n": 0,
        "method": "pairs",
        "p": {},
        "details": {},
        "axes": (),
        "unit": "",
        "reason": "no pairs",
    }
    return {
        "id": "Nc2", "claim": "γ12 of truthfulqa drops at 30B", "would_show": "a drop", "reading": "0 pairs", "power": 0.0, "verdict": "cannot be told",
        "details": {}, "test": test,
    } | more  # fmt: skip


def test_a_transition_without_data_is_shown_with_its_reason_and_no_number(view: View) -> None:
    view.bundle.sections["cascade"] = [transition(), transition(id="Nc9", power=None, verdict="shown")]
    page = next(iter(cascade.pages(view)))
    assert "Of 2 claimed transitions, 1 is shown by the data (shown: Nc9; cannot be told: Nc2)." in page.body
    assert "a sign test needs at least five comparable pairs" in page.body
    assert "Not computable from these data." in page.body
    assert "γ12 of TruthfulQA drops at 30\u00a0B." in page.body
    assert not BAD_WORDS.search(re.sub(r"<[^>]*>", " ", page.body))


@pytest.mark.parametrize(("low", "high", "answer"), [(0.4, 0.6, 0), (0.51, 0.7, 1), (0.2, 0.49, -1)])
def test_a_classifier_beats_a_constant_only_beyond_its_interval(low: float, high: float, answer: int) -> None:
    found = {"interval": {"low": low, "high": high}, "baselines": {"always negative": 0.5, "always positive": 0.3}}
    assert best_constant(found) == ("always negative", 0.5)
    assert against(found, 0.5) == answer
    assert against({"interval": None}, 0.5) == 0


def test_axis_ids_become_names_only_where_they_stand_alone(view: View) -> None:
    assert (
        named(view, "gpqa-diamond and not-gpqa-diamond-2 at 3.5B")
        == "GPQA Diamond and not-gpqa-diamond-2 at 3.5\u00a0B"
    )
    assert capital("γ12 falls") == "γ12 falls"
    assert capital("a") == "A"
    assert (listed([]), listed(["a"]), listed(["a", "b", "c"])) == ("", "a", "a, b and c")


def test_the_details_of_a_lab_stand_only_where_it_has_releases(view: View) -> None:
    view.bundle.sections["labs"] = {"maker": {"acme": lab(3)}}
    html = str(lab_details(view, "acme", "maker"))
    assert "+1.5\u00a0pp a year [−0.5, +3.5]: no clear trend" in html
    assert "known to ±6.0\u00a0pp; one more with an unchanged scatter would give about ±4.0\u00a0pp" in html
    assert "GPQA Diamond for" in html
    assert "a reversal needs 3" in html
    assert "confidence low" in html
    assert not BAD_WORDS.search(re.sub(r"<[^>]*>", " ", html))
    assert "data/sections/trajectory-acme-maker.csv" in view.extra_files
    assert lab_details(view, "zeta", "maker") == ""
    assert lab_details(view, "acme", "epoch") == ""
    view.bundle.sections["labs"] = {"maker": {"acme": lab(1)}}
    assert "needs three dated releases" in str(lab_details(view, "acme", "maker"))


def test_a_test_that_cannot_reach_significance_gives_no_p() -> None:
    swings = {
        "estimate": 2.0, "reason": "", "n": 5, "p": {}, "baselines": {"mean of shuffled orders": 2.0},
        "details": {"most_possible": 3, "p_reason": "5 releases: even perfect alternation has p = 0.27", "order_known": True},
    }  # fmt: skip
    assert "No p is given: with 5 releases" in oscillation_sentence(swings)
    tested = swings | {"p": {"shuffled order": 0.4}, "details": swings["details"] | {"order_known": False}}
    assert "not more often than chance" in oscillation_sentence(tested)
    assert "their order is a guess" in oscillation_sentence(tested)


def with_coefficients(view: View) -> View:
    line = {"slope": 0.5, "intercept": 40.0, "sigma": 5.0, "n": 6, "x_mean": 60.0, "sxx": 900.0, "r": 0.8, "t95": 2.8}
    view.bundle.sections["coefficients"] = {
        "maker": {"line": line, "kappa": 0.5, "n": 6, "x_low": 40.0, "x_high": 80.0}, "epoch": {"reason": "2 models"},
        "harness-v1": {"kappa": 0.2, "running": {"slope": 0.3, "intercept": -2.7}, "pooled_nc": None},
    }  # fmt: skip
    return view


def test_the_calculator_gets_small_files_and_leaves_out_tracks_without_a_line(view: View) -> None:
    page = next(iter(diagnose.pages(with_coefficients(view))))
    content = json.loads(view.extra_files[diagnose.DATA])
    assert list(content["tracks"]) == ["maker"]
    assert content["track"] == "maker"
    for path, most in diagnose.MOST_BYTES.items():
        assert len(view.extra_files[path].encode()) <= most
    assert "<noscript>" in page.body
    assert "capewatch diagnose --swe" in page.body
    assert synthetic.HOSTILE not in page.body


def test_a_calculator_file_beyond_its_size_is_refused(view: View, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnose, "MOST_BYTES", diagnose.MOST_BYTES | {diagnose.PAIRS: 100})
    with pytest.raises(CapewatchError, match="the calculator is allowed 100"):
        list(diagnose.pages(with_coefficients(view)))


def test_pages_are_left_out_where_the_bundle_carries_no_section(tmp_path: Path) -> None:
    bare = View(synthetic.bundle(sections=False), REPOSITORY, ChartStore(tmp_path))
    from generator.site.groups import sensitivity

    assert [page for group in (rotation, cascade, matrices, sensitivity, diagnose) for page in group.pages(bare)] == []


def test_records_are_published_with_empty_cells_and_the_day(view: View) -> None:
    assert publish_csv(view, "x", [{"a": 1, "b": None}, {"a": 2.5, "c": "t"}]) == "data/sections/x.csv"
    assert view.extra_files["data/sections/x.csv"] == "a,b,c\n1,,\n2.5,,t\n"
    assert json.loads(view.extra_files[publish_json(view, "y", [1])]) == {
        "as_of": synthetic.AS_OF,
        "version": "9.9.9",
        "y": [1],
    }


def test_the_steps_of_a_track_carry_the_labels_of_that_track(tmp_path: Path) -> None:
    bundle = synthetic.bundle()
    for track, label in (("maker", "reasoning-rich"), ("epoch", "coding-first")):
        table = synthetic_tables.h_table(track)
        bundle.tables[f"hfield-{track}"] = replace(table, frame=table.frame.assign(label=label))
    bundle.sections["labs"]["maker"] = {"acme": lab(3)}
    html = str(lab_paths(View(bundle, REPOSITORY, ChartStore(tmp_path)), "maker", "../"))
    assert "stays reasoning-rich" in html
    assert "coding-first" not in html


def test_the_table_of_critical_sizes_says_in_how_many_redraws_the_sign_changes(tmp_path: Path) -> None:
    bundle = synthetic.bundle()
    name = "harness-v1/nc/zed"
    found = dict(bundle.statistics[name])
    bundle.statistics[name] = found | {
        "details": found["details"] | {"crossing_share": 0.5073, "below_share": 0.4746, "above_share": 0.0181}
    }
    figure = scale_figure(View(bundle, REPOSITORY, ChartStore(tmp_path)), "harness-v1")
    assert figure is not None
    assert re.search(r">51</td><td[^>]*>47</td><td[^>]*>2</td>", str(figure.table))


def test_an_open_end_of_a_critical_size_is_beyond_the_sizes_of_the_family_on_every_page(tmp_path: Path) -> None:
    bundle = synthetic.bundle()
    name = "harness-v1/nc/zed"
    found = dict(bundle.statistics[name])
    bundle.statistics[name] = found | {
        "interval": found["interval"] | {"low": None}, "details": found["details"] | {"sizes": [3e9, 7e9, 13e9]},
    }  # fmt: skip
    view = View(bundle, REPOSITORY, ChartStore(tmp_path))
    figure = scale_figure(view, "harness-v1")
    assert figure is not None
    said = "12 B [< 3 B, 30 B]"
    assert said in str(figure.table).replace("\u00a0", " ").replace("&lt;", "<")
    assert str(critical_size(view, "harness-v1", "zed").html).replace("\u00a0", " ") == said


@pytest.mark.parametrize(
    ("low", "high", "sizes", "said"),
    [
        (3e9, 7e9, (), "[3 B, 7 B]"),
        (None, None, (1e9, 2e9), "[< 1 B, > 2 B]"),
        (3e9, None, (1e9, 13e9), "[3 B, > 13 B]"),
        (3e9, None, (), "at least 3 B"),
        (None, 3e9, (), "at most 3 B"),
        (None, None, (), "unbounded"),
    ],
)
def test_an_interval_of_sizes_says_where_it_is_open(
    low: float | None, high: float | None, sizes: tuple[float, ...], said: str
) -> None:
    assert size_interval({"low": low, "high": high}, sizes).replace("\u00a0", " ") == said


def test_a_pair_of_whose_intervals_one_alone_excludes_zero_has_a_note(tmp_path: Path) -> None:
    bundle = synthetic.bundle()
    pair = ("swe-bench-verified", "gpqa-diamond")
    names = [f"maker/{kind}/{'~'.join(pair)}" for kind in ("r", "slope")]
    wide, narrow = ({"low": low, "high": 1.0, "level": 0.95, "method": "lab jackknife, t(2)"} for low in (-0.99, 0.8))
    for intervals, other in (
        ((wide, narrow), "of the slope, [0.80, 1.00], excludes zero, that of r,"),
        ((narrow, wide), "of r, [0.80, 1.00],"),
    ):
        for name, interval in zip(names, intervals, strict=True):
            bundle.statistics[name] = dict(bundle.statistics[name]) | {"interval": interval}
        view = View(bundle, REPOSITORY, ChartStore(tmp_path))
        assert other in str(coupling_table(view, [("maker", pair)], "../"))
    for name in names:
        bundle.statistics[name] = dict(bundle.statistics[name]) | {"interval": narrow}
    assert "data-cw-apart" not in str(
        coupling_table(View(bundle, REPOSITORY, ChartStore(tmp_path)), [("maker", pair)], "../")
    )
