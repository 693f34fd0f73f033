"""Charts: templates, filling, static drawings and the cache."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
import vl_convert

from generator.core import CapewatchError
from generator.site.charts import drawing
from generator.site.charts.store import ChartStore, fill
from generator.site.charts.templates import TEMPLATES
from generator.site.thinning import POINTS, evenly, stilled, thinned, thinning_note

POINT = {"x": 1.0, "y": 2.0, "name": "A <b>&", "who": "L", "x_text": "1", "y_text": "2", "more": "m", "colour": "var(--c)",
         "shape": "square", "group": "g", "label": "A <b>&", "day": "2026-01-02", "low": 1.0, "high": 3.0, "series": "s",
         "row": "r", "order": 0}  # fmt: skip
TOKENS = {
    "x": "First",
    "y": "Second",
    "who": "Lab",
    "low": 0.0,
    "high": 10.0,
    "ticks": [1.0, 2.0],
    "x_low": 0.0,
    "x_high": 10.0,
    "y_low": 0.0,
    "y_high": 10.0,
    "rows": ["r"],
    "height": 80,
    "type": "log",
    "words": "datum.value",
}


@pytest.fixture
def store(tmp_path: Path) -> ChartStore:
    return ChartStore(tmp_path / "charts")


def points() -> list[dict[str, object]]:
    return [POINT | {"x": float(x), "y": 2.0 * x, "day": f"2026-0{x}-02"} for x in (1, 2, 4)]


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_every_template_draws_with_points_alone(name: str, store: ChartStore) -> None:
    chart = store.chart(name, name, {"points": points()}, TOKENS)
    assert chart.svg.count("var(--c)") >= 3
    assert "First" in chart.svg
    assert "@" not in store.files[chart.path]


def test_a_drawing_has_no_fixed_colour_no_id_and_no_script(store: ChartStore) -> None:
    fit = [
        {"x": x, "fitted": x, "ci_low": x - 1, "ci_high": x + 1, "pi_low": x - 2, "pi_high": x + 2} for x in (1.0, 4.0)
    ]
    svg = store.chart("a", "scatter", {"points": points(), "fit": fit}, TOKENS).svg
    assert "#" not in svg.replace("&#", "")
    assert " id=" not in svg
    assert "<b>" not in svg
    assert "A &lt;b&gt;&amp;" in svg


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_a_chart_compiled_without_its_rows_is_drawn_as_the_whole_chart_is(name: str, store: ChartStore) -> None:
    for scale in (1.0, 37.0):  # the second is drawn by what was compiled for the first
        rows = [POINT | {"x": scale * x, "y": scale / x, "day": f"2025-0{x}-02", "label": str(x)} for x in (1, 3, 5)]
        chart = store.chart(f"{name}-{scale:g}", name, {"points": rows}, TOKENS)
        whole = drawing.still(json.loads(store.files[chart.path]))
        assert chart.svg == drawing.trimmed(vl_convert.vegalite_to_svg(whole, vl_version=drawing.VEGA_LITE))


def test_layers_without_data_or_fields_are_left_out(store: ChartStore) -> None:
    store.chart(
        "a",
        "scatter",
        {"points": points(), "fit": [{"x": 1.0, "fitted": 1.0}], "threads": []},
        TOKENS,
    )
    spec = json.loads(store.files["assets/charts/a.json"])
    assert sorted({layer["data"]["name"] for layer in spec["layer"]}) == ["fit", "points"]
    assert len(spec["layer"]) == 3  # line, points, names; neither band


def test_tooltips_without_a_title_are_left_out(store: ChartStore) -> None:
    store.chart("a", "timeline", {"points": points()}, {"x": "X", "y": "Y"})
    shown = next(
        layer for layer in json.loads(store.files["assets/charts/a.json"])["layer"] if layer["mark"]["type"] == "point"
    )
    assert [item["title"] for item in shown["encoding"]["tooltip"]] == ["Model", "X", "Y"]


def test_an_unknown_data_set_is_refused() -> None:
    with pytest.raises(ValueError, match="no data set spots; it has"):
        fill(TEMPLATES["timeline"](), {"spots": []}, TOKENS)


def test_a_chart_that_is_in_the_cache_is_not_drawn_again(store: ChartStore, monkeypatch: pytest.MonkeyPatch) -> None:
    first = store.chart("a", "timeline", {"points": points()}, TOKENS)

    def refuse(*_: object) -> str:
        raise AssertionError("drawn twice")

    monkeypatch.setattr("generator.site.charts.drawing.draw", refuse)
    monkeypatch.setattr("generator.site.charts.drawing.templates", refuse)
    again = ChartStore(store.cache).chart("b", "timeline", {"points": points()}, TOKENS)
    assert again.svg == first.svg


def test_tidying_removes_only_what_was_not_used(store: ChartStore) -> None:
    store.chart("a", "timeline", {"points": points()}, TOKENS)
    (store.cache / "old.svg").write_text("x")
    kept = sorted(path.name for path in store.cache.iterdir() if path.name != "old.svg")
    store.tidy()
    assert sorted(path.name for path in store.cache.iterdir()) == kept


def test_the_script_of_the_charts_names_no_other_host_to_load_from(store: ChartStore) -> None:
    script = store.bundle()
    assert "vegaEmbed" in script
    assert "cdn.jsdelivr.net/npm/vega" not in script


def test_a_drawing_of_very_many_points_has_the_highest_of_each_cell_and_says_so(store: ChartStore) -> None:
    many = [
        {"name": f"m{i}", "day": f"2026-{1 + i % 12:02d}-{1 + i % 28:02d}", "y": (i * 37) % 101} for i in range(2_000)
    ]
    drawn = thinned(many, x="day", y="y")
    assert len(drawn) <= POINTS
    assert max(row["y"] for row in drawn) == 100
    assert [row for row in many if row in drawn] == drawn, "the order changed"
    assert thinning_note(drawn, many).startswith(f"The still drawing has {len(drawn)} of 2,000 points")
    assert thinned(many[:POINTS], x="day", y="y") == many[:POINTS]
    assert thinning_note(many[:POINTS], many[:POINTS]) == ""


def test_the_drawing_of_a_chart_of_very_many_points_shows_less_and_the_chart_says_so(store: ChartStore) -> None:
    many = [one | {"y": float(index % 97)} for index in range(POINTS + 1) for one in points()[:1]]
    chart = store.chart("a", "timeline", {"points": many}, TOKENS)
    spec = json.loads(store.files["assets/charts/a.json"])
    assert len(spec["datasets"]["points"]) == len(many)
    assert chart.svg.count("<path") < len(many)
    assert chart.left_out == thinning_note(thinned(many, x="day", y="y"), many) != ""
    assert store.chart("b", "timeline", {"points": points()}, TOKENS).left_out == ""


def test_of_very_many_lines_the_longest_are_drawn_whole() -> None:
    lines = {f"s{index}": 2 + index % 7 for index in range(POINTS)}
    threads = [{"series": name, "x": at, "y": at} for name, length in lines.items() for at in range(length)]
    drawn, note = stilled({"threads": threads})
    shown = drawn["threads"]
    assert note == "Of its lines it has the longest."
    assert 0 < len(shown) <= POINTS
    assert Counter(row["series"] for row in shown) == {row["series"]: lines[row["series"]] for row in shown}
    assert min(lines[row["series"]] for row in shown) == max(lines.values())


def test_some_of_many_rows_are_evenly_spread_and_hold_both_ends() -> None:
    rows = [{"x": index} for index in range(5_000)]
    some = evenly(rows)
    assert len(some) == POINTS
    assert (some[0], some[-1]) == (rows[0], rows[-1])
    steps = {b["x"] - a["x"] for a, b in pairwise(some)}
    assert max(steps) - min(steps) <= 1


def test_what_is_drawn_beside_is_what_is_drawn_here(store: ChartStore, tmp_path: Path) -> None:
    here = store.chart("a", "timeline", {"points": points()}, TOKENS)
    with drawing.Drawers(1) as drawers:
        beside = ChartStore(tmp_path / "beside", drawers)
        chart = beside.chart("a", "timeline", {"points": points()}, TOKENS)
        assert beside.has_places(str(chart.svg))
        drawers.finish()
    assert beside.filled(f"before {chart.svg} after") == f"before {here.svg} after"
    foreign = f"<!-- drawing {'0' * 32} -->"
    assert beside.filled(foreign) == foreign


def test_processes_end_in_a_rest_and_orders_after_it_are_filled(tmp_path: Path) -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="2" height="2"/>'
    with drawing.Drawers(2) as drawers:
        for name in "ab":
            drawers.ask(tmp_path / f"{name}.png", "picture", svg)
        drawers.rest().result()
        assert [process.returncode for process in drawers.started] == [0]
        drawers.ask(tmp_path / "c.png", "picture", svg)
        drawers.finish()
        assert len(drawers.started) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "b.png", "c.png"]


def test_a_drawing_that_cannot_be_made_stops_the_build_with_a_message(tmp_path: Path) -> None:
    with drawing.Drawers(1) as drawers:
        drawers.ask(tmp_path / "a.svg", "draw", {"mark": "no such mark"})
        with pytest.raises(CapewatchError, match="stopped with exit code 1"):
            drawers.finish()
    assert not list(tmp_path.iterdir())
    wait = drawing.start([(tmp_path / "b.svg", "draw", ({"mark": "no such mark"},))])
    with pytest.raises(CapewatchError, match="stopped with exit code 1"):
        wait()
