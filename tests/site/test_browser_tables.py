"""The table of models and the comparison in Chromium: sorted, searched, shared, saved, by keyboard alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from generator.site import render
from tests.site import synthetic
from tests.site.browser import Watched, address, browser, desk, serve
from tests.site.conftest import SITE_URL, project_folder

pytestmark = pytest.mark.browser
__all__ = ["address", "browser", "desk"]

WHOLE = "() => document.querySelector('#all-models').dataset.cwState === 'whole'"


def names(page: Any) -> list[str]:
    return [cell.inner_text() for cell in page.query_selector_all("#all-models tbody th")]


def test_the_models_can_be_sorted_and_the_order_is_told_to_assistive_technology(desk: Watched, address: str) -> None:
    page = desk.open(f"{address}models/")
    page.get_by_role("button", name="Parameters").click()
    assert names(page)[:4] == ["Zed 70B", "Zed 7B", "Zed 1B", "Zed 160M"]
    head = page.get_by_role("columnheader", name="Parameters")
    assert head.get_attribute("aria-sort") == "descending"
    page.get_by_role("button", name="Parameters").click()
    assert names(page)[:4] == ["Zed 160M", "Zed 1B", "Zed 7B", "Zed 70B"]
    assert head.get_attribute("aria-sort") == "ascending"


def test_the_models_can_be_searched_and_filtered_and_the_view_is_in_the_address(desk: Watched, address: str) -> None:
    page = desk.open(f"{address}models/")
    page.get_by_role("searchbox", name="Search").fill("sohne evil")
    assert names(page) == [synthetic.HOSTILE]
    page.get_by_role("searchbox", name="Search").fill("")
    page.locator("select[name=kind]").select_option("base")
    assert len(names(page)) == 4
    assert page.get_by_text("4 of 10").is_visible()
    shared = page.url
    page.goto("about:blank")
    page.goto(shared)
    assert len(names(page)) == 4
    page.locator("form[data-cw-tools] button[type=reset]").click()
    page.wait_for_function("() => document.querySelectorAll('#all-models tbody tr').length === 10")
    assert "kind=" not in page.url


def test_an_address_that_names_no_choice_shows_all_and_a_search_without_a_hit_says_so(
    desk: Watched, address: str
) -> None:
    page = desk.open(f"{address}models/?lab=Nobody&cols=nothing&sort=-nothing")
    page.wait_for_function(WHOLE)
    assert page.locator("select[name=lab]").evaluate("(field) => [field.value, field.selectedIndex]") == ["", 0]
    assert len(names(page)) == 10
    assert "Released" in page.locator("#all-models thead").inner_text()
    page.get_by_role("searchbox", name="Search").fill("nothing has this name")
    assert page.get_by_text("No row fits these choices.").is_visible()
    shared = page.url
    page.goto(shared)
    page.get_by_text("No row fits these choices.").wait_for()
    assert not page.locator("[data-md-toggle=search]").is_checked(), (
        "the theme took the address for a search of the site"
    )


def test_on_a_phone_the_order_is_a_choice_and_columns_that_it_does_not_show_are_not_ticked(
    browser: Any, address: str
) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(f"{address}models/")
    page.wait_for_function(WHOLE)
    page.get_by_label("Sort by").select_option(label="Parameters: largest first")
    assert names(page)[:4] == ["Zed 70B", "Zed 7B", "Zed 1B", "Zed 160M"]
    assert "sort=-params" in page.url
    page.reload()
    page.wait_for_function(WHOLE)
    assert page.get_by_label("Sort by").input_value() == "-params"
    page.locator("[data-cw-columns] summary").click()
    assert page.get_by_role("checkbox", name="Released").is_checked()
    assert not page.get_by_role("checkbox", name="Kind").is_checked()
    page.get_by_role("checkbox", name="Kind").check()
    assert "Kind" in page.locator("#all-models tbody tr").first.evaluate(
        "(row) => [...row.cells].map((cell) => cell.dataset.label).join()"
    )
    page.close()


def test_columns_are_chosen_by_keyboard_and_the_view_is_shared_and_saved_as_shown(desk: Watched, address: str) -> None:
    page = desk.open(f"{address}models/")
    summary = page.locator("[data-cw-columns] summary")
    summary.focus()
    page.keyboard.press("Enter")
    page.get_by_role("checkbox", name="Family").focus()
    page.keyboard.press("Space")
    page.get_by_role("checkbox", name="Kind").uncheck()
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    assert "Family" in page.locator("#all-models thead").inner_text()
    page.get_by_label("With a score on").select_option(label="GPQA Diamond")
    page.get_by_role("button", name="GPQA Diamond").click()
    shared = page.url
    page.goto("about:blank")
    page.goto(shared)
    page.wait_for_function("() => document.querySelector('#all-models thead').textContent.includes('Family')")
    assert names(page) == [synthetic.HOSTILE, "Zeta 2", "Zeta 1", "Acme 2", "Acme 1", "Zeta 3"]
    assert "Kind" not in page.locator("#all-models thead").inner_text()
    saved = {}
    for form in ("CSV of this view", "JSON with metadata"):
        with page.expect_download() as download:
            page.get_by_role("button", name=form).click()
        saved[form] = Path(download.value.path()).read_text()
    header, first, *rest = saved["CSV of this view"].splitlines()
    assert header.startswith("model,lab,family,released,params,maker:swe-bench-verified,maker:gpqa-diamond")
    assert first.startswith(f"{synthetic.HOSTILE},Acme & Söhne,,2026-01-02,,70,90")
    assert len(rest) == 5
    document = json.loads(saved["JSON with metadata"])
    assert document["metadata"]["rows"] == len(document["rows"]) == 6
    assert document["metadata"]["as_of"] == synthetic.AS_OF
    assert document["metadata"]["view"] == shared
    assert {"name": "params", "label": "Parameters", "unit": "count", "description": ""} in document["metadata"][
        "fields"
    ]


def test_the_rows_of_the_page_stand_when_all_have_come_and_those_of_the_script_show_the_same(
    browser: Any, tmp_path: Path
) -> None:
    root = project_folder(tmp_path)
    render(synthetic.bundle(extra_models=130), root=root, out=root / "build", site_url=SITE_URL)
    for path in (root / "build/docs/models").glob("bare-*.md"):
        path.unlink()
    run_loose(root)
    server, address = serve(root / "site")
    page = browser.new_page()
    page.add_init_script(
        "addEventListener('DOMContentLoaded', () => { window.first = [...document.querySelectorAll('#all-models tbody tr')]; })"
    )
    page.goto(f"{address}models/")
    page.wait_for_function(WHOLE)
    cells = "row => [...row.cells].map(cell => [cell.classList.contains('num'), cell.textContent, cell.querySelector('a')?.href ?? ''])"
    same = "window.first.every((row, place) => row === document.querySelector('#all-models tbody').rows[place])"
    assert page.evaluate("window.first.length") == 25
    assert page.evaluate(same) is True
    assert page.locator(".cw-count").inner_text() == "140 of 140"
    before = page.evaluate(f"window.first.map({cells})")
    page.get_by_role("button", name="Show 100 more (115 left)").click()
    page.get_by_role("button", name="Show the last 15").wait_for()
    page.emulate_media(media="print")
    left = page.locator(".cw-more").evaluate(
        "more => [getComputedStyle(more, '::before').content, more.querySelector('button').offsetHeight]"
    )
    assert left == ['"15 more rows on the page itself."', 0], (
        "a printed table says what it leaves out and has no button"
    )
    page.emulate_media(media="screen")
    assert page.locator("#all-models tbody tr").count() == 125
    page.get_by_text("Columns", exact=True).click()
    page.get_by_role("checkbox", name="Family").check()
    page.get_by_role("checkbox", name="Family").uncheck()
    assert page.evaluate(same) is False, "the script made no rows"
    made = page.evaluate(f"[...document.querySelector('#all-models tbody').rows].slice(0, 25).map({cells})")
    assert made == before
    page.close()
    server.shutdown()
    server.server_close()


def test_a_table_whose_rest_does_not_load_says_so_and_asks_again_at_the_next_wish(browser: Any, address: str) -> None:
    page = browser.new_page()
    page.route("**/assets/data/models.json", lambda route: route.abort())
    page.goto(f"{address}models/")
    page.get_by_text("did not load").wait_for()
    page.unroute("**/assets/data/models.json")
    page.get_by_role("button", name="Parameters").click()
    page.wait_for_function(WHOLE)
    assert names(page)[:2] == ["Zed 70B", "Zed 7B"]
    page.close()


def test_models_are_compared_by_keyboard_and_the_link_is_the_whole_state(desk: Watched, address: str) -> None:
    page = desk.open(f"{address}compare/")
    field = page.get_by_label("Add a model")
    field.fill("Acme 1")
    field.press("Enter")
    page.get_by_text("Add a second model").wait_for()
    field.fill("zeta-1")
    field.press("Enter")
    page.wait_for_url("**/compare/?m=acme-1,zeta-1")
    row = page.locator(".cw-compare__table tr", has_text="SWE-bench Verified").first
    row.get_by_text("▲ +8.0").wait_for()
    assert "±\u00a01.5" in row.inner_text()
    assert row.get_by_role("link", name="A card <script>").count() == 2
    field.fill("acme")
    field.press("Enter")
    assert "models contain" in page.locator("[data-told]").inner_text()
    shared = page.url
    page.goto("about:blank")
    page.goto(shared)
    page.get_by_text("▲ +8.0").first.wait_for()
    page.get_by_role("button", name="Use Zeta 1 as reference").press("Enter")
    page.get_by_text("▼ −8.0").first.wait_for()
    page.go_back()
    page.get_by_text("▲ +8.0").first.wait_for()
    page.get_by_role("button", name="Remove Acme 1").press("Enter")
    page.wait_for_url("**/compare/?m=zeta-1")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Remove Zeta 1"


def test_every_cell_stands_under_its_header_at_every_width(browser: Any, address: str) -> None:
    """A row of a table that is no list of cards shows as many cells as there are headers, empty ones too."""
    count = """() => [...document.querySelectorAll('.cw-table')].flatMap((table) => {
        const shown = (row) => [...row.cells].filter((cell) => getComputedStyle(cell).display !== 'none').length;
        const head = table.tHead && table.tHead.rows[0];
        if (!head || getComputedStyle(table.tHead).display === 'none' || getComputedStyle(head).display !== 'table-row') return [];
        return [...table.tBodies[0].rows].filter((row) => !row.hidden && shown(row) !== shown(head)).map((row) => row.innerText);
    })"""
    for width in (768, 900, 1280):
        page = browser.new_page(viewport={"width": width, "height": 900})
        for url in ("speed/", "steering/runs/demo-m-0/", "frontier/", "base/", "predictions/"):
            page.goto(f"{address}{url}")
            assert page.evaluate(count) == [], (url, width)
        page.close()


def test_an_unknown_model_and_a_sixth_one_are_told_and_nothing_is_lost(desk: Watched, address: str) -> None:
    page = desk.open(f"{address}compare/?m=acme-1,nobody,acme-2,acme-3.5,zeta-1,zeta-2")
    page.get_by_text("Not known, or without a score in use: nobody.").wait_for()
    field = page.get_by_label("Add a model")
    field.fill("zeta-3")
    field.press("Enter")
    assert "Five models are the most" in page.locator("[data-told]").inner_text()
    assert page.locator(".cw-compare__chosen li").count() == 5


def test_without_scripts_the_comparison_explains_itself_and_links_on(browser: Any, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}compare/?m=acme-1")
    note = page.locator("noscript .cw-note")
    assert note.is_visible()
    assert "needs JavaScript" in note.inner_text()
    assert page.locator("noscript a[href='../models/'], .cw-note a[href='../models/']").first.is_visible()
    assert page.locator("[data-cw-compare]").is_hidden()
    context.close()


def test_the_first_sort_of_4500_models_takes_less_than_a_fifth_of_a_second(browser: Any, tmp_path: Path) -> None:
    root = project_folder(tmp_path)
    bundle = synthetic.bundle(extra_models=4490)
    render(bundle, root=root, out=root / "build", site_url=SITE_URL)
    for path in (root / "build/docs/models").glob("bare-*.md"):
        path.unlink()
    run_loose(root)
    server, address = serve(root / "site")
    page = browser.new_page()
    page.goto(f"{address}models/")
    page.wait_for_function(WHOLE)
    script = """() => { const button = [...document.querySelectorAll('#all-models .cw-sort')].find(b => b.textContent.startsWith('Model'));
      const start = performance.now(); button.click(); document.body.offsetHeight; return performance.now() - start; }"""
    took = page.evaluate(script)
    page.close()
    server.shutdown()
    server.server_close()
    assert took < 200


def run_loose(root: Path) -> None:
    """Build without strictness: the pages behind the table's links are left out to save time."""
    command = [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
        "-q",
        "--config-file",
        str(root / "build/mkdocs.yml"),
        "--site-dir",
        str(root / "site"),
    ]
    subprocess.run(command, check=True, capture_output=True, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"})
