"""The live model of the steering pages in Chromium."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.site.browser import BAD, Watched, address, axe, browser, desk, violations
from tests.site.conftest import REPOSITORY

pytestmark = pytest.mark.browser
__all__ = ["address", "browser", "desk"]


def load_model(page: Any) -> None:
    page.get_by_role("button", name="Load the model").press("Enter")
    page.get_by_role("form", name="Steering, live").wait_for()


def bars(page: Any) -> list[str]:
    return page.locator("[data-bars] .cw-meter__value").all_inner_texts()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_live_model_is_loaded_on_demand_moves_with_the_strength_and_is_sound_to_axe(
    browser: Any, address: str, scheme: str
) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme=scheme, reduced_motion="reduce")
    watched = Watched(context, address)
    asked: list[str] = []
    watched.page.on("request", lambda request: asked.append(request.url))
    page = watched.open(f"{address}steering/live/")
    assert not any("model.bin" in url for url in asked), "the weights came before anyone asked for them"
    load_model(page)
    before, width = bars(page), page.locator(".cw-meter__fill--truth").nth(1).evaluate("bar => bar.style.width")
    assert len(before) == 9
    for column in range(3):
        assert sum(float(before[row * 3 + column].split()[0]) for row in range(3)) == pytest.approx(100, abs=0.2)
    slider = page.get_by_role("slider", name="Strength")
    for _ in range(4):
        slider.press("ArrowRight")
    after = bars(page)
    assert [after[index] == before[index] for index in (0, 3, 6)] == [True] * 3, "the model without a vector moved"
    assert all(after[index] != before[index] for index in (1, 2, 4, 5))
    assert page.locator(".cw-meter__fill--truth").nth(1).evaluate("bar => bar.style.width") != width
    assert "steered minus control" in page.locator("[data-said][aria-live=polite]").inner_text()
    slider.fill("0")
    assert (still := bars(page))[0:9:3] == still[1:9:3] == still[2:9:3]
    assert BAD.findall(page.inner_text("body")) == []
    for wide in (1280, 768, 360):
        page.set_viewport_size({"width": wide, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= wide
    script = axe()
    if script is not None:
        page.set_viewport_size({"width": 1280, "height": 900})
        assert violations(page, script) == []
    assert watched.faults == []
    context.close()


def test_the_state_of_the_live_model_is_in_the_address_and_the_back_button_undoes_it(
    desk: Watched, address: str
) -> None:
    page = desk.open(f"{address}steering/live/")
    load_model(page)
    start = bars(page)
    page.get_by_label("Cue").select_option("atlas")
    page.get_by_label("Block where the vector is added").select_option("4")
    changed, shared = bars(page), page.url
    assert ("cue=atlas" in shared, "layer=4" in shared) == (True, True)
    page.goto("about:blank")
    page.goto(shared)
    load_model(page)
    assert bars(page) == changed
    page.get_by_role("button", name="Reset").click()
    assert bars(page) == start
    assert "cue=" not in page.url
    page.go_back()
    read = "[...document.querySelectorAll('[data-bars] .cw-meter__value')].map(bar => bar.innerText)"
    page.wait_for_function(f"expected => JSON.stringify({read}) === JSON.stringify(expected)", arg=changed)
    assert page.get_by_label("Cue").input_value() == "atlas"


def test_the_live_model_counts_what_the_benchmark_counted(desk: Watched, address: str) -> None:
    page = desk.open(f"{address}steering/live/")
    load_model(page)
    page.get_by_role("button", name="Count over all").click()
    page.locator("[data-counted] li").first.wait_for()
    binary = json.loads((REPOSITORY / "data/steering/demo-m-0/result.json").read_text())["test"]["binary"]
    found = [int(number) for number in re.findall(r"\d+", page.locator("[data-counted] li").first.inner_text())[:4]]
    expected = [binary[kind][key] for kind in ("corrected", "broken") for key in ("k", "n")]
    assert found == pytest.approx(expected, abs=2), "weights in half precision may turn a close call"


def test_a_live_model_that_does_not_load_says_so_and_can_be_tried_again(browser: Any, address: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(90_000)
    page.route("**/model.bin", lambda route: route.abort())
    page.goto(f"{address}steering/live/")
    page.get_by_role("button", name="Load the model").click()
    page.get_by_text("The model cannot be used").wait_for()
    page.unroute("**/model.bin")
    load_model(page)
    assert len(bars(page)) == 9
    context.close()
