"""The built site in Chromium: every page type, both palettes, three widths; charts, navigation, search; no script; print."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from generator.site.moved import moved
from generator.site.page import Page
from tests.site.browser import BAD, IN_CI, Watched, address, axe, browser, desk, serve, violations
from tests.site.conftest import REPOSITORY

pytestmark = pytest.mark.browser
__all__ = ["address", "browser", "desk"]
PAGES = (
    "", "frontier/", "base/", "models/", "models/by-lab/", "models/acme-3.5/", "models/zed-7b/", "labs/", "labs/acme/", "families/", "families/zed/", "benchmarks/",
    "benchmarks/gpqa-diamond/", "predictions/", "predictions/it-couples/", "claims/", "claims/r-zed/", "data/", "method/", "contribute/",
    "steering/", "steering/runs/demo-m-0/", "steering/internals/", "steering/levers/",
    "glossary/", "cite/", "changelog/", "compare/?m=acme-1,zeta-1",
    "changes/", "changes/2026.11/",
)  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES, ids=lambda path: path or "home")
def test_every_page_type_is_sound_in_both_palettes_at_three_widths_and_to_axe(
    browser: Any, address: str, path: str, scheme: str
) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme=scheme, reduced_motion="reduce")
    watched = Watched(context, address)
    page = watched.open(f"{address}{path}")
    assert page.evaluate("document.body.dataset.mdColorScheme") == {"light": "default", "dark": "slate"}[scheme]
    assert BAD.findall(page.inner_text("body")) == []
    for figure in page.query_selector_all("[data-cw-chart]"):
        assert figure.get_attribute("data-cw-state") == "live"
        assert len(figure.query_selector_all(".cw-chart__live .mark-symbol path")) > 0, "an empty chart"
    for width in (1280, 768, 360):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{path} scrolls sideways at {width}"
    script = axe()
    if script is not None:
        page.set_viewport_size({"width": 1280, "height": 900})
        assert violations(page, script) == []
    assert watched.faults == []
    context.close()


def test_axe_is_there_in_continuous_integration() -> None:
    if axe() is None:
        assert not IN_CI, "axe-core is not installed: npm --prefix tests install"
        pytest.skip("axe-core is not installed: npm --prefix tests install")


def test_instant_navigation_draws_charts_sorts_tables_and_lets_go_of_the_old_ones(desk: Watched, address: str) -> None:
    page = desk.open(address)
    page.evaluate("window.kept = true")
    page.get_by_role("link", name="Couplings").first.click()
    page.wait_for_url(f"{address}frontier/")
    page.wait_for_selector("h1:has-text('Frontier')")
    desk.draw()
    assert page.evaluate("window.kept") is True, "the page was loaded anew"
    assert page.locator("th[aria-sort], .cw-sort").count() > 0
    page.go_back()
    page.wait_for_url(re.compile(f"{re.escape(address)}(#.*)?$"))  # the address follows the section in view
    page.wait_for_selector("h1:has-text('move together')")
    desk.draw()


def test_a_legend_entry_dims_the_other_labs_and_can_be_pressed_again(desk: Watched, address: str) -> None:
    page = desk.open(f"{address}frontier/")
    faint = (
        "() => document.querySelectorAll('#scatter-maker .cw-chart__live .mark-symbol path[opacity=\"0.12\"]').length"
    )
    key = page.locator("#scatter-maker .cw-key").first
    key.press("Enter")
    page.wait_for_function(f"() => ({faint})() === 3")
    assert key.get_attribute("aria-pressed") == "true"
    key.press("Enter")
    page.wait_for_function(f"() => ({faint})() === 0")


def test_names_window_and_one_model_of_the_frontier_are_chosen_by_keyboard(desk: Watched, address: str) -> None:
    page = desk.open(f"{address}frontier/")
    names = (
        "[...document.querySelectorAll('#scatter-maker .cw-chart__live .mark-text.role-mark text')]"
        ".map(t => t.textContent).filter(Boolean)"
    )
    page.wait_for_function(f"() => {names}.length === 1")
    tools = page.locator("#scatter-maker [data-cw-chart-tools]")
    tools.get_by_label("Names").focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_function(f"() => {names}.length > 3")
    points = "document.querySelectorAll('#scatter-maker .cw-chart__live .mark-symbol.role-mark path').length"
    assert page.evaluate(points) == 6
    tools.get_by_label("View").select_option("zoom")
    page.wait_for_function(f"() => {points} === 3")  # the better half
    tools.get_by_label("View").select_option("whole")
    tools.get_by_label("Names").select_option("none")
    page.wait_for_function(f"() => {names}.length === 0")
    tools.get_by_label("Mark").select_option("Acme 2")
    page.wait_for_function(f"() => {names}.join() === 'Acme 2'")


def test_the_models_of_a_lab_in_focus_are_joined_in_release_order(desk: Watched, address: str) -> None:
    page = desk.open(f"{address}frontier/")
    lines = "document.querySelectorAll('#scatter-maker .cw-chart__live .mark-line path[stroke*=acme]').length"
    assert page.evaluate(lines) == 0
    page.locator("#scatter-maker .cw-key").first.press("Enter")
    page.wait_for_function(f"() => {lines} === 1")


def test_the_home_page_loads_no_chart_library_before_a_chart_is_pointed_at(desk: Watched, address: str) -> None:
    asked: list[str] = []
    desk.page.on("request", lambda request: asked.append(request.url))
    desk.page.goto(address)
    figure = desk.page.locator("[data-cw-chart]").first
    figure.scroll_into_view_if_needed()
    desk.page.wait_for_load_state("networkidle")
    assert figure.locator(".cw-chart__plot > svg").is_visible()
    assert not [url for url in asked if "vega" in url]
    figure.hover()
    figure.locator(".cw-chart__live .mark-symbol path").first.wait_for()
    assert [url for url in asked if "vega" in url]


def test_the_palette_toggle_recolours_a_chart_without_drawing_it_again(desk: Watched, address: str) -> None:
    page = desk.open(f"{address}frontier/")
    page.evaluate("document.querySelector('#scatter-maker .cw-chart__live svg').dataset.same = 'yes'")
    label = "document.querySelector('#scatter-maker .cw-chart__live svg .role-axis-title text')"
    before = page.evaluate(f"getComputedStyle({label}).fill")
    page.locator("label[for=__palette_1]").first.click()
    page.wait_for_function("() => document.body.dataset.mdColorScheme === 'slate'")
    assert page.evaluate(f"getComputedStyle({label}).fill") != before
    assert page.evaluate("document.querySelector('#scatter-maker .cw-chart__live svg').dataset.same") == "yes"


def test_a_deadline_gets_the_days_that_are_left(desk: Watched, address: str) -> None:
    page = desk.open(f"{address}predictions/")
    assert re.fullmatch(r" ?([\d,]+ days left|last day|closed)", page.locator(".cw-left").first.text_content() or "")


def test_without_scripts_every_chart_is_there_as_a_drawing_and_every_row_in_the_table(
    browser: Any, address: str
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}frontier/")
    assert page.locator("#scatter-maker .cw-chart__plot svg").is_visible()
    page.goto(f"{address}models/")
    assert page.locator("#all-models tbody tr").count() == 10
    assert page.locator("form[data-cw-tools]").is_hidden()
    context.close()


def test_in_print_the_drawings_stand_and_the_frame_of_the_site_is_gone(desk: Watched, address: str) -> None:
    page = desk.open(f"{address}frontier/")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#scatter-maker .cw-chart__plot > svg").is_visible()
    assert not page.locator("#scatter-maker .cw-chart__live").is_visible()
    assert not page.locator(".md-header").is_visible()


def test_a_search_finds_the_page_of_a_model(desk: Watched, address: str) -> None:
    page = desk.open(address)
    page.locator("input.md-search__input").press_sequentially("Acme 2")
    page.locator(".md-search-result__link[href*='models/acme-2/']").first.wait_for()


def test_an_anchor_that_has_moved_is_told_to_who_asks_for_it_without_scripts_and_to_nobody_else(
    browser: Any, tmp_path: Path
) -> None:
    part = Page("whole/part.md", "The part", "", '<h2 id="gone">Gone</h2>\n<h2 id="kept">Kept</h2>')
    body = '<h2 id="kept">Kept</h2>\n'
    styles = (REPOSITORY / "site_src/docs/assets/stylesheets/capewatch.css").read_text(encoding="utf-8")
    for name, text in {"whole": moved(body, [part], "whole/") + body, "whole/part": part.body}.items():
        (tmp_path / name).mkdir()
        page_text = f'<!doctype html><style>{styles}</style><article class="md-typeset">{text}</article>'
        (tmp_path / name / "index.html").write_text(page_text, encoding="utf-8")
    server, url = serve(tmp_path)
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{url}whole/")
    assert page.locator(".cw-moved").count() == 1
    assert page.locator(".cw-moved:visible").count() == 0
    page.goto("about:blank")
    page.goto(f"{url}whole/#gone")
    page.locator(".cw-moved:visible a", has_text="The part").click()
    page.wait_for_url(f"{url}whole/part/#gone")
    context.close()
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("path", "width"),
    [("labs/", 768), ("families/", 768), ("models/", 768), ("benchmarks/", 768), ("claims/r-zed/", 768), ("compare/?m=acme-1,acme-2,zeta-1", 390)],
)  # fmt: skip
def test_tables_of_the_lists_fit_a_tablet_and_a_comparison_of_three_a_phone(
    desk: Watched, address: str, path: str, width: int
) -> None:
    page = desk.open(f"{address}{path}")
    page.set_viewport_size({"width": width, "height": 900})
    page.locator(".cw-frame table tbody tr").first.wait_for()
    too_wide = "() => [...document.querySelectorAll('.cw-frame')].filter(f => f.scrollWidth > f.clientWidth + 1).map(f => f.ariaLabel)"
    assert page.evaluate(too_wide) == []


def test_a_column_that_is_left_out_on_a_phone_is_shown_to_who_chooses_it(desk: Watched, address: str) -> None:
    page = desk.open(f"{address}models/")
    page.set_viewport_size({"width": 390, "height": 900})
    cell = page.locator("#all-models tbody tr").first.locator("td[data-label='Kind']")
    assert not cell.is_visible()
    page.get_by_text("Columns", exact=True).click()
    page.get_by_role("checkbox", name="Kind").check()
    cell.wait_for(state="visible")
