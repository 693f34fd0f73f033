"""The calculator in Chromium: readings, address, back button, keyboard alone, examples, known models, the two exports."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner

from generator.cli.main import cli
from tests.site.browser import Watched, axe, browser, serve, violations
from tests.site.conftest import REPOSITORY, Built

pytestmark = pytest.mark.browser
__all__ = ["browser"]
FULL = "diagnose/?swe=80&gpqa=85&lab=acme&hellaswag=75&truthfulqa=40&params=7B"


@pytest.fixture(scope="module")
def served(built: Built) -> Iterator[str]:
    server, url = serve(built.site)
    yield url
    server.shutdown()
    server.server_close()


@pytest.fixture
def watched(browser: Any, served: str) -> Iterator[Watched]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    found = Watched(context, served)
    yield found
    assert found.faults == []
    context.close()


def asked(page: Any) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def opened(watched: Watched, url: str) -> Any:
    page = watched.open(url)
    page.wait_for_selector("form[data-cw-diagnose]:not([hidden])")
    return page


def test_scores_give_a_reading_with_interval_isocline_neighbours_lab_rotation_and_forecast(
    watched: Watched, served: str
) -> None:
    page = opened(watched, f"{served}{FULL}")
    text = page.locator("[data-result]").inner_text()
    for part in (
        "h +5.0 pp",  # 85 against 40 + 0.5 · 80
        "Isocline, both ways",
        "Nearest models",
        "The papers read the two sides both ways",
        "Saturation and rotation",
        "Scores of the same recipe at larger sizes",
        "What would change this reading",
    ):
        assert part in text.replace("\u00a0", " "), part
    # 80 + 0.5 · 20 + 0.01 · 100 + 2 for the lab; with 4 points of SWE-bench more 2 more
    assert "80.0 % → 93.0 % [85.0, 100.0]; 84.0 % → 95.0 % [87.0, 100.0]" in text.replace("\u00a0", " ")
    assert "21 B" in text.replace("\u00a0", " ")
    script = axe()
    if script is not None:
        assert violations(page, script) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_full_reading_fits_three_widths_in_both_palettes(browser: Any, served: str, scheme: str) -> None:
    context = browser.new_context(color_scheme=scheme)
    page = Watched(context, served).open(f"{served}{FULL}&set=maker&a=gpqa-diamond&av=70&b=swe-bench-verified&bv=60")
    page.get_by_text("SWE-bench Verified given GPQA Diamond").wait_for()
    for width in (1280, 768, 360):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    script = axe()
    if script is not None:
        assert violations(page, script) == []
    context.close()


def test_the_keyboard_alone_enters_scores_and_the_address_holds_them(watched: Watched, served: str) -> None:
    page = opened(watched, f"{served}diagnose/")
    page.locator("input[name=swe]").focus()
    page.keyboard.type("70")
    page.keyboard.press("Tab")
    page.keyboard.type("88.5")
    page.keyboard.press("Tab")
    assert asked(page) == {"swe": "70", "gpqa": "88.5"}
    assert "h +13.5" in page.locator("[data-result]").inner_text()
    assert "h +13.5 points, inside the prediction interval, reasoning-rich" in (
        page.locator("[data-summary]").text_content() or ""
    )


def test_the_back_button_undoes_one_finished_change(watched: Watched, served: str) -> None:
    page = opened(watched, f"{served}diagnose/")
    page.get_by_role("button", name="Base: Zed 1B").click()
    assert asked(page)["hellaswag"] == "45"
    page.get_by_role("button", name="Frontier: Zeta 3").click()
    assert asked(page) == {"swe": "81", "gpqa": "40", "lab": "zeta"}
    page.go_back()
    page.wait_for_function("() => document.querySelector('input[name=hellaswag]').value === '45'")
    page.locator("[data-result] h2", has_text="Base:").first.wait_for()
    assert page.locator("input[name=swe]").input_value() == ""
    assert "Base:" in page.locator("[data-result] h2").first.inner_text()


def test_a_known_model_and_a_neighbour_and_a_dot_load_into_the_form(watched: Watched, served: str) -> None:
    page = opened(watched, f"{served}diagnose/")
    page.locator("[data-known=frontier]").select_option(label="Acme 2")
    assert asked(page) == {"swe": "55", "gpqa": "66", "lab": "acme"}
    page.get_by_role("button", name="load Zeta 1").press("Enter")
    assert asked(page)["swe"] == "48"
    page.locator("circle.cw-dot").first.dispatch_event("click")
    assert asked(page)["swe"] == "40"


def test_any_two_benchmarks_are_read_in_either_order_and_the_link_brings_them_back(
    watched: Watched, served: str
) -> None:
    page = opened(watched, f"{served}diagnose/")
    page.locator("select[name=a]").select_option(label="GPQA Diamond")
    page.locator("input[name=av]").fill("70")
    page.locator("select[name=b]").select_option(label="SWE-bench Verified")
    page.locator("input[name=bv]").fill("90")
    page.locator("input[name=bv]").press("Tab")
    page.get_by_text("SWE-bench Verified given GPQA Diamond").wait_for()
    assert "The papers give no isocline for this pair." in page.locator("[data-result]").inner_text()
    page.get_by_role("button", name="Copy link").click()
    page.get_by_text("Link copied.").wait_for()
    shared = page.evaluate("navigator.clipboard.readText()")
    page.goto("about:blank")
    page.goto(shared)
    page.locator(".cw-big", has_text="h +15.0").wait_for()


def test_impossible_scores_are_refused_in_words_and_nothing_is_read(watched: Watched, served: str) -> None:
    page = opened(watched, f"{served}diagnose/?swe=180&gpqa=85&params=many")
    told = page.locator("#calc-error").inner_text()
    assert "SWE-bench Verified: a number from 0 to 100." in told
    assert "Parameters: write a count" in told
    assert page.locator("[data-result] .cw-reading").count() == 0


def test_what_an_address_says_and_the_form_cannot_hold_is_told_until_something_is_entered(
    watched: Watched, served: str
) -> None:
    page = watched.open(f"{served}diagnose/?swe=80&gpqa=85&lab=nobody&ifeval=many")
    page.get_by_text("Not used from the address: ifeval=many, lab=nobody.").wait_for()
    assert page.locator("select[name=lab]").evaluate("(field) => field.selectedIndex") == 0
    page.locator("input[name=gpqa]").fill("86")
    assert page.locator("#calc-error").is_hidden()


def test_the_reading_is_exported_as_json_that_repeats_what_was_entered(watched: Watched, served: str) -> None:
    page = opened(watched, f"{served}{FULL}")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Export JSON").click()
    reading = json.loads(Path(saved.value.path()).read_text())
    assert reading["input"] | {"track": ""} == {
        "swe": 80, "gpqa": 85, "lab": "acme", "track": "", "hellaswag": 75, "truthfulqa": 40, "params": 7e9,
    }  # fmt: skip
    assert reading["frontier"]["next_release"]["rows"][0]["estimate"] == pytest.approx(93.0)
    assert [round(row["params"]) for row in reading["base"]["forecast"]["rows"]] == [21e9, 70e9]


def test_the_model_file_passes_the_check_of_what_people_write(watched: Watched, served: str, tmp_path: Path) -> None:
    page = opened(watched, f"{served}diagnose/?swe=80&gpqa=85.5&ifeval=91&hle=30")
    page.locator("details[data-file] summary").click()
    entered = {
        "name": "New: model #1",
        "lab": "anthropic",
        "title": "System card",
        "url": "https://example.org/card?x=1#y",
        "retrieved": "2026-11-01",
        "released": "2026-10",
    }
    for name, text in entered.items():
        page.locator(f"[data-entry={name}]").fill(text)
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download file").click()
    for name in ("benchmarks", "labs", "families", "sources"):
        shutil.copytree(REPOSITORY / "data" / name, tmp_path / "data" / name)
    for name in ("evaluators.yaml", "tracks.yaml"):
        shutil.copy(REPOSITORY / "data" / name, tmp_path / "data" / name)
    (tmp_path / "mkdocs.yml").write_text("site_name: x\n")
    path = tmp_path / "data/models/anthropic" / saved.value.suggested_filename
    path.parent.mkdir(parents=True)
    shutil.copy(saved.value.path(), path)
    result = CliRunner().invoke(cli, ["--root", str(tmp_path), "check"])
    assert result.exit_code == 0, result.output
    assert path.name == "new-model-1.yaml"
    for part in ("benchmark: ifeval", "benchmark: hle", "value: 85.5", "retrieved: 2026-11-01"):
        assert part in path.read_text()
