"""The hostile sites in a browser: nothing runs, nothing is asked of another host, no text becomes markup, no text is lost.

The pages are visited with their policy switched off, so that escaping has to stand alone; what the policy stops is tested
beside it.
"""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from generator.cli.main import cli
from generator.core import CapewatchError
from generator.site import render, run_mkdocs
from generator.site.policy import Policy, add_policy, inline_scripts, with_policy
from tests.hostile import site as hostile
from tests.hostile.corpus import TEXTS
from tests.site import synthetic
from tests.site.browser import serve
from tests.site.conftest import project_folder

pytestmark = pytest.mark.browser
#: Everything in a document that runs, loads or leads somewhere it should not.
FOUND = """() => {
  const told = [];
  if (window.__pwned !== undefined) told.push('the canary was set');
  for (const element of document.querySelectorAll('*')) {
    for (const { name, value } of element.attributes) {
      if (name.startsWith('on')) told.push(`${element.tagName} ${name}`);
      if (/^(href|src|action|formaction|xlink:href|data)$/.test(name) && /^[\\s\\x00-\\x1f]*(javascript|vbscript|data):/i.test(value)) told.push(`${element.tagName} ${name}=${value}`);
      if (name === 'srcdoc' || (name === 'id' && value === 'pwned')) told.push(`${element.tagName} ${name}`);
    }
    if (/^(IFRAME|OBJECT|EMBED|BASE|FRAME|APPLET|PORTAL)$/.test(element.tagName) && element.id !== '__search-worker') told.push(element.tagName);
  }
  for (const image of document.querySelectorAll('img, image')) {
    const address = new URL(image.src ?? image.href, location.href);  // the site's own badges are the only pictures
    if (address.origin !== location.origin || !/\\/badges\\/[\\w./-]+\\.svg$/.test(address.pathname)) told.push(`image ${address}`);
  }
  if (/[\\u202a-\\u202e\\u2066-\\u2069]/.test(document.body.innerText)) told.push('a direction mark');
  return told;
}"""


@dataclass(frozen=True)
class Served:
    """A built site and where it is served."""

    root: Path
    address: str
    texts: dict[str, str]

    @property
    def site(self) -> Path:
        return self.root / "site"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The small project: its files and an answer full of hostile text, through check, pull and build."""
    folder = tmp_path_factory.mktemp("written")
    texts = hostile.accepted(tmp_path_factory.mktemp("accepted"))
    hostile.hostile_project(folder, texts)
    project_folder(folder)
    answers = hostile.answers(tmp_path_factory.mktemp("answers"))
    with serving(folder / "served") as address:
        for command in (
            ["check"],
            ["pull", "swebench", "--from", str(answers)],
            ["build", "--resamples", "200", "--site-url", address],
        ):
            result = CliRunner().invoke(cli, ["--root", str(folder), *command])
            assert result.exception is None, (command, result.output, result.exception)
        (folder / "served").symlink_to(folder / "site")
        yield Served(folder, address, texts)


@pytest.fixture(scope="module")
def unchecked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The synthetic bundle with an attack behind every text: what would happen if a check missed one."""
    folder = project_folder(tmp_path_factory.mktemp("unchecked"))
    with serving(folder / "site") as address:
        render(hostile.hostile_bundle(), root=folder, out=folder / "build", site_url=address)
        run_mkdocs(folder / "build", folder / "site", as_of=synthetic.AS_OF)
        yield Served(folder, address, {})


@pytest.fixture(params=["written", "unchecked"])
def served(request: pytest.FixtureRequest) -> Served:
    return request.getfixturevalue(request.param)


class serving:
    """Serve a folder on this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> str:
        self.server, address = serve(self.folder)
        return address

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


def _told(message: Any) -> str:
    return f"{message.text} ({message.location.get('url', '')})"


class Watch:
    """A page with its policy switched off; what a reader must never meet is gathered."""

    def __init__(self, browser: Any, address: str, *, policy: bool = False) -> None:
        self.context = browser.new_context(bypass_csp=not policy, viewport={"width": 1280, "height": 900})
        self.page = self.context.new_page()
        self.page.set_default_timeout(60_000)
        self.faults: list[str] = []
        self.page.on("dialog", lambda dialog: (self.faults.append(f"dialog {dialog.message}"), dialog.dismiss()))
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", lambda message: message.type == "error" and self.faults.append(_told(message)))
        self.page.on(
            "request", lambda asked: asked.url.startswith((address, "data:", "blob:")) or self.faults.append(asked.url)
        )

    def visit(self, url: str) -> None:
        self.page.goto(url)
        for figure in self.page.query_selector_all("[data-cw-chart]"):
            figure.scroll_into_view_if_needed()
            self.page.wait_for_function("f => f.dataset.cwState", arg=figure)
        self.faults += [f"{url}: {told}" for told in self.page.evaluate(FOUND)]


@pytest.fixture
def watch(browser: Any, served: Served) -> Iterator[Watch]:
    made = Watch(browser, served.address)
    yield made
    assert made.faults == []
    made.context.close()


def test_on_no_page_does_a_text_run_load_or_become_an_element(watch: Watch, served: Served) -> None:
    for path in hostile.pages(served.site):
        if served.texts and re.fullmatch("models/.+/", path):
            continue  # each of them is visited for its name
        watch.visit(served.address + path)


def test_a_chart_tells_hostile_names_in_its_tooltip_as_text(watch: Watch, served: Served) -> None:
    watch.visit(f"{served.address}frontier/")
    marks = watch.page.locator("#scatter-maker .cw-chart__live .mark-symbol path")
    for index in range(min(marks.count(), 4)):
        for event in ("pointerover", "mouseover", "pointermove", "mousemove"):
            marks.nth(index).dispatch_event(event, {"bubbles": True, "clientX": 300, "clientY": 300})
        watch.page.locator("#vg-tooltip-element td.value").first.wait_for(state="attached")
        watch.faults += watch.page.evaluate(FOUND)


@pytest.mark.parametrize("query", ["script", "onerror", "pwned", "window", "img", "acme"])
def test_search_results_show_hostile_text_as_text(watch: Watch, served: Served, query: str) -> None:
    watch.page.goto(served.address)
    watch.page.locator("input.md-search__input").press_sequentially(query)
    watch.page.locator(
        ".md-search-result__meta:has-text('match'), .md-search-result__meta:has-text('No ')"
    ).first.wait_for()
    watch.page.wait_for_timeout(300)
    watch.faults += watch.page.evaluate(FOUND)


def test_the_filter_of_the_table_and_the_calculator_take_hostile_addresses_as_text(
    watch: Watch, served: Served
) -> None:
    attack = "%22%3E%3Cimg%20src%3Dx%20onerror%3Dwindow.__pwned%3D1%3E"
    for path in (
        f"models/?find={attack}&c2={attack}&sort={attack}",
        f"diagnose/?swe={attack}&lab={attack}&params={attack}",
        f"?{attack}#{attack}",
    ):
        if path.startswith("diagnose") and not (served.site / "diagnose").is_dir():
            continue
        watch.visit(served.address + path)


def test_the_name_of_every_model_stands_on_its_page_as_it_was_written(browser: Any, written: Served) -> None:
    watch = Watch(browser, written.address)
    for name, text in written.texts.items():
        watch.page.goto(f"{written.address}models/{name}/", wait_until="domcontentloaded")
        watch.faults += [f"{name}: {told}" for told in watch.page.evaluate(FOUND)]
        head = watch.page.locator("h1").evaluate(
            "h => [...h.childNodes].filter(n => n.nodeType === 3).map(n => n.data).join('')"
        )
        assert head.split() == text.split(), name
    assert watch.faults == []
    watch.context.close()


def test_the_note_of_a_model_keeps_its_lines_and_marks(written: Served) -> None:
    name = next(iter(written.texts))
    page = (written.site / "models" / name / "index.html").read_text()
    note = re.search(r'<p class="cw-note">(.*?)</p>', page, re.DOTALL)
    assert note
    assert "~~~" in note[1]
    assert "<" not in note[1]


def test_every_file_for_programs_parses_and_carries_the_text(written: Served, unchecked: Served) -> None:
    for served in (written, unchecked):
        for path in served.site.rglob("*.json"):
            json.loads(path.read_text(encoding="utf-8"))
        for path in [*served.site.rglob("*.xml"), *served.site.rglob("*.svg")]:
            if path.stat().st_size > 3:
                ElementTree.fromstring(path.read_text(encoding="utf-8"))
    models = json.loads((written.site / "data/tables/models.json").read_text())["rows"]
    assert {row["name"] for row in models} >= set(written.texts.values())


def test_no_cell_of_any_table_begins_like_a_formula(written: Served, unchecked: Served) -> None:
    for served in (written, unchecked):
        for path in served.site.rglob("*.csv"):
            rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
            assert len({len(row) for row in rows}) == 1, path
            for cell in (cell for row in rows for cell in row):
                is_number = re.fullmatch(r"[-+]?[\d.]+(e[-+]?\d+)?", cell) is not None
                assert is_number or not cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")), (
                    path,
                    cell,
                )


def test_what_the_board_called_a_model_is_listed_unchanged_in_the_download(written: Served) -> None:
    rows = json.loads((written.site / "data/tables/unmatched.json").read_text())["rows"]
    spelled = {row["spelling"] for row in rows}
    refused = [name for name in TEXTS if name not in written.texts]
    assert {hostile.spelling(name) for name in ("script", "img", "raw-mark", "cyrillic")} <= spelled
    assert (
        len(spelled) >= len(refused) - 15
    )  # those with control characters are joined by blanks, too long ones refused


# ---- the policy --------------------------------------------------------------------------------------------------------


def test_an_injected_script_handler_style_or_frame_is_stopped_by_the_policy(browser: Any, written: Served) -> None:
    path = written.site / "method" / "index.html"
    before = path.read_text()
    attack = (
        hostile.ALL_AT_ONCE
        + '<p style="color:red" id=styled>x</p><form action="https://evil.example"><input id=send type=submit></form>'
    )
    path.write_text(before.replace("<h1", f"<script>window.__pwned=1</script>{attack}<h1", 1))
    try:
        watch = Watch(browser, written.address, policy=True)
        watch.page.goto(f"{written.address}method/")
        watch.page.wait_for_timeout(300)
        assert watch.page.evaluate("window.__pwned") is None
        assert watch.page.evaluate("getComputedStyle(document.getElementById('styled')).color") != "rgb(255, 0, 0)"
        assert sum("Content Security Policy" in fault for fault in watch.faults) >= 3
        assert not [fault for fault in watch.faults if fault.startswith("http")]
        watch.page.evaluate("document.querySelector('a[href^=javascript]').click()")
        watch.page.wait_for_timeout(100)
        assert watch.page.evaluate("window.__pwned") is None
        watch.context.close()
    finally:
        path.write_text(before)


def test_with_the_policy_on_every_kind_of_page_works_without_one_violation(browser: Any, written: Served) -> None:
    watch = Watch(browser, written.address, policy=True)
    for path in hostile.pages(written.site):
        if path.count("/") < 2 or path.startswith(("labs/", "families/", "benchmarks/")):
            watch.visit(written.address + path)
    page = watch.page
    page.goto(written.address)
    page.evaluate("window.kept = true")
    page.locator(".md-tabs a", has_text="Couplings").click()
    page.wait_for_url(f"{written.address}frontier/")
    assert page.evaluate("window.kept") is True, "instant navigation works"
    page.locator("label[for=__palette_1]").first.click()
    page.wait_for_function("() => document.body.dataset.mdColorScheme === 'slate'")
    page.locator("input.md-search__input").press_sequentially("acme")
    page.locator(".md-search-result__link").first.wait_for()
    assert watch.faults == []
    watch.context.close()


def test_the_calculator_works_under_the_policy(browser: Any, written: Served) -> None:
    watch = Watch(browser, written.address, policy=True)
    watch.page.goto(f"{written.address}diagnose/?swe=60&gpqa=70")
    watch.page.locator(".cw-reading").first.wait_for()
    watch.page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
    watch.page.locator("[data-entry=name]").fill('x"\n: &a !!python/object <script>\u202e')
    assert watch.faults == []
    watch.context.close()


def attributes(page: str) -> set[str]:
    """The names of all attributes of a page."""
    found: set[str] = set()

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.update(name for name, _value in attrs)

    Reader().feed(page)
    return found


def test_every_page_has_the_same_policy_and_it_allows_neither_inline_nor_evaluated_code(written: Served) -> None:
    policies = set()
    for path in written.site.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        found = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', text)
        assert len(found) == 1, path
        assert text.index("Content-Security-Policy") < text.index("<script"), path
        assert not attributes(text) & {"style", *(name for name in attributes(text) if name.startswith("on"))}, path
        policies.add(found[0])
    (policy,) = policies
    assert "unsafe" not in policy
    assert "*" not in policy
    assert len(re.findall(r"'sha256-", policy)) <= 12


THEME = (
    '<html><head><meta charset="utf-8"><script>up(new URL("/",location))</script>'
    '<script id="__config" type="application/json">{"base": "/"}</script>'
)


def test_a_page_with_an_inline_script_of_its_own_is_not_published() -> None:
    policy = Policy(THEME, ["..", "."])
    with pytest.raises(CapewatchError, match=r"index\.html: holds an inline script"):
        policy.put_into(THEME + "<script>evil()</script>", name="index.html")


def test_the_themes_scripts_are_allowed_from_every_depth_of_the_site_and_from_no_other_address() -> None:
    policy = Policy(THEME, ["..", "."])
    assert policy.text.count("'sha256-") == 3
    page = THEME.replace('"/"', '".."')
    assert policy.text in policy.put_into(page, name="a/index.html")
    with pytest.raises(CapewatchError, match="holds an inline script"):
        policy.put_into(page.replace('new URL("..",', 'new URL("elsewhere",'), name="a/index.html")


def test_a_page_that_no_builder_made_may_hold_no_inline_script_at_all(tmp_path: Path) -> None:
    policy = Policy(THEME, ["."]).text
    (tmp_path / "index.html").write_text(THEME)
    with pytest.raises(CapewatchError, match=r"index\.html: holds an inline script"):
        add_policy(tmp_path, policy, besides=())
    add_policy(tmp_path, policy, besides={"index.html"})
    assert (tmp_path / "index.html").read_text() == THEME


def test_a_page_that_was_kept_from_an_older_site_gets_the_policy_of_this_one_in_place_of_its_own() -> None:
    old, new = Policy(THEME, ["."]).text, Policy(THEME.replace("up(", "down("), ["."]).text
    assert old != new
    page = with_policy(with_policy(THEME, old, name="a"), new, name="a")
    assert page == with_policy(THEME, new, name="a")
    assert page.count("Content-Security-Policy") == 1


@pytest.mark.parametrize(
    "tag",
    [
        "<script>evil()</script>",
        "<SCRIPT>evil()</SCRIPT >",
        "<script\nx=1>evil()</script>",
        "<script async>evil()</script\n>",
        "<script data-src=x>evil()</script>",
    ],
)
def test_an_inline_script_is_seen_however_it_is_written(tag: str) -> None:
    assert inline_scripts(f"<p>{tag}</p>") == ["evil()"]
