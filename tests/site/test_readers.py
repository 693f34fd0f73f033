"""Readers' pages: home, phases, frontier, glossary, cite and changelog show what the bundle holds."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import markdown
import pytest
import yaml

from generator.core import CapewatchError
from generator.site import render, tables
from generator.site.figures import _placed
from generator.site.labels import PLOT, corner, places
from tests.site import synthetic
from tests.site.conftest import REPOSITORY, SITE_URL, Built, project_folder
from tests.site.synthetic_readers import EDGES


def text(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page)).replace("\u00a0", " ")


def spec(built: Built, name: str) -> dict:
    return json.loads((built.docs / f"assets/charts/{name}.json").read_text())


def test_home_says_in_one_sentence_what_it_is_with_the_counts_of_the_bundle(built: Built) -> None:
    said = text(built.page(""))
    assert "recomputes 1 published claim and keeps the record of 1 registered prediction" in said


def test_home_counts_claims_by_their_numbers_and_apart_by_what_they_say_beyond_them(built: Built) -> None:
    said = text(built.page(""))
    assert "Their numbers" in said
    assert "What 1 of them says beyond their numbers 0 supported 0 not supported 1 not tested" in said


def test_the_bands_of_the_phase_diagram_end_where_the_bundle_says(built: Built) -> None:
    bands = spec(built, "phase-harness-v1")["datasets"]["bands"]
    assert [band["label"] for band in bands] == ["tax", "transition", "bonus"]
    assert (bands[0]["x2"], bands[1]["x"], bands[1]["x2"], bands[2]["x"]) == (EDGES[0], *EDGES, EDGES[1])
    said = text(built.page("base/"))
    assert "between 2 B and 9 B" in said
    assert "Advice of transition." in said


def test_the_critical_size_of_a_family_is_drawn_with_its_interval(built: Built) -> None:
    (point,) = spec(built, "nc-harness-v1")["datasets"]["points"]
    assert (point["x"], point["low"], point["high"]) == (12e9, 8e9, 30e9)


def test_effort_settings_are_joined_and_the_change_stands_in_the_table(built: Built) -> None:
    points = spec(built, "tiers-maker")["datasets"]["points"]
    assert [(point["row"], point["x"]) for point in points] == [("Acme 2", -7.5), ("Acme 2", 2.5)]
    said = text(built.page("frontier/"))
    assert "Effort alone changes its label; the change is larger than twice the sampling error" in said


def test_the_papers_table_stands_beside_the_live_one_with_the_same_axes(built: Built) -> None:
    live, frozen = spec(built, "beside-maker"), spec(built, "beside-paper-frontier")
    windows = [
        {p["name"]: p["value"] for p in one["params"] if p["name"][:2] in ("x_", "y_")} for one in (live, frozen)
    ]
    assert windows[0] == windows[1]
    assert len(windows[0]) == 4
    assert "r = 0.60 [0.20, 0.80] over 6 models" in text(built.page("frontier/"))


def test_a_lab_has_one_colour_and_one_shape_in_every_chart(built: Built) -> None:
    looks: dict[str, set[tuple[str, str]]] = {}
    for path in (built.docs / "assets/charts").glob("*.json"):
        for point in json.loads(path.read_text())["datasets"].get("points", []):
            if point["group"] in ("acme", "zeta") and "lab" in point["colour"]:
                looks.setdefault(point["group"], set()).add((point["colour"], point["shape"]))
    assert {lab: len(found) for lab, found in looks.items()} == {"acme": 1, "zeta": 1}


def test_the_glossary_shows_quantities_with_their_points_and_the_reason_where_there_is_none(built: Built) -> None:
    said = text(built.page("glossary/"))
    assert "0 families have the six sizes" in said
    assert "1.2 [0.5, 2.0], holds 1.5; over 0.20 decades only, so not identified" in said
    assert "no better than the mean" in said
    assert "a peak of 1/|γ12| is noise about zero" in said


def test_every_equation_of_the_glossary_stands_twice(built: Built) -> None:
    page = built.page("glossary/")
    plain, physics = (page.count(f'"cw-formula cw-formula--{kind}"') for kind in ("plain", "physics"))
    assert plain == physics > 15
    assert page.count('class="cw-formula"') == 0


def test_a_citation_names_version_day_and_data_digest(built: Built) -> None:
    meta = synthetic.bundle().meta
    bib = (built.docs / "cite/capewatch.bib").read_text()
    cff = yaml.safe_load((built.docs / "cite/CITATION.cff").read_text())
    assert meta["version"] in bib
    assert meta["as_of"] in bib
    assert meta["data_digest"][:16] in bib
    assert (cff["version"], cff["date-released"]) == (meta["version"], meta["as_of"])
    assert cff["identifiers"][0]["value"] == f"sha256:{meta['data_digest']}"
    assert meta["data_digest"] in built.page("cite/")


def test_the_citation_file_holds_to_the_schema_of_its_format(built: Built) -> None:
    command = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        "vendor.citation-file-format",
        "--no-cache",
    ]
    result = subprocess.run(
        [*command, str(built.docs / "cite/CITATION.cff")], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_changelog_page_carries_every_entry_of_the_file(built: Built) -> None:
    said = text(built.page("changelog/"))
    entries = re.findall(r"^- ([\w ,-]{20,40})", (REPOSITORY / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert entries
    assert [entry for entry in entries if entry.strip() not in said] == []


def test_a_citation_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    root = project_folder(tmp_path)
    (root / "CITATION.cff").write_text("title: only a title\n")
    with pytest.raises(CapewatchError, match=r"CITATION\.cff cannot be used"):
        render(synthetic.bundle(), root=root, out=root / "build", site_url=SITE_URL)


def test_names_never_cover_each_other_or_a_point() -> None:
    points = [{"name": f"Model {i}", "x": 50 + (i % 5) * 0.4, "y": 50 + (i // 5) * 0.5, "label": ""} for i in range(25)]
    window = {"x_low": 0.0, "x_high": 100.0, "y_low": 0.0, "y_high": 100.0}
    sides = places(points, window)
    assert None in sides, "a crowd has no room for all names"
    spread = [point | {"x": 20.0 * (i % 5), "y": 20.0 * (i // 5)} for i, point in enumerate(points)]
    assert None not in places(spread, window | {"x_low": -10.0, "y_low": -10.0})
    assert places([points[0] | {"x": 99.0}], window) == ["left"], f"the drawing ends at {PLOT[0]} px"


def test_the_crowded_corner_holds_the_better_half_of_the_models() -> None:
    points = [{"x": float(x), "y": float(y)} for x, y in ((10, 20), (40, 50), (71, 83), (78, 91), (93, 94))]
    window = corner(points)
    assert window == {"x_low": 70.0, "x_high": 95.0, "y_low": 80.0, "y_high": 95.0}


def test_a_table_of_very_many_rows_holds_the_first_ones_and_says_so() -> None:
    rows = [(str(index),) for index in range(tables.MOST_ROWS + 20)]
    some = str(tables.table((tables.Column("A"),), rows, caption="Numbers"))
    assert some.count("<tr>") == tables.MOST_ROWS + 1
    assert "The first 300 of 320 rows" in some
    whole = str(tables.table((tables.Column("A"),), rows, caption="Numbers", whole=True))
    assert whole.count("<tr>") == len(rows) + 1
    assert "The first" not in whole


def test_a_card_tells_two_intervals_apart_by_the_columns_they_belong_to() -> None:
    columns = [tables.Column(label) for label in ("Lab", "Mean", "95 % interval", "Slope", "95 % interval")]
    html = str(tables.table(columns, [["a", "1", "2", "3", "4"]], caption="Labs"))
    assert re.findall(r'data-label="([^"]+)"', html) == ["Mean", "Mean, 95 % interval", "Slope", "Slope, 95 % interval"]


def test_a_card_headed_by_a_number_says_of_what() -> None:
    columns = [tables.Column("Step", "number"), *(tables.Column(label) for label in ("Forecast", "Error", "Gain"))]
    html = str(tables.table(columns, [["13,000", "ridge", "2", "1"]], caption="Runs"))
    assert '<th scope="row" class="num" data-label="Step">13,000</th>' in html


def test_a_table_of_a_written_page_has_the_form_of_the_sites_own_and_a_wide_one_becomes_cards_on_a_phone() -> None:
    wide = "## Jobs\n\n| job | when | does | writes |\n|---|---|---|---|\n| `ci` | push | tests | nothing |\n"
    html = markdown.markdown(wide, extensions=["tables", "generator.site.cards"])
    assert '<div aria-label="Jobs" class="cw-frame" role="region" tabindex="0">' in html
    assert '<th scope="row"><code>ci</code></th>' in html
    assert re.findall(r'<td data-label="(\w+)">', html) == ["when", "does", "writes"]
    narrow = markdown.markdown(
        "| code | meaning |\n|---|---|\n| 0 | done |\n", extensions=["tables", "generator.site.cards"]
    )
    assert '<table class="cw-table">' in narrow
    assert "data-label" not in narrow


def test_the_name_of_an_outlier_stands_on_the_side_without_points() -> None:
    window = {"x_low": 0.0, "x_high": 100.0, "y_low": 0.0, "y_high": 100.0}
    crowd = [{"name": f"m{x}", "label": "", "group": "b", "x": float(x), "y": 50.0} for x in range(44, 70, 2)]
    outlier = {"name": "Gemini", "label": "Gemini", "group": "a", "x": 40.0, "y": 50.0}
    assert _placed([outlier, *crowd], window, window)[0]["edge"] == "left"
    assert _placed([outlier], window, window)[0]["edge"] == "right"
