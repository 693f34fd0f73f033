"""A branch of versions as a forge serves it: root, selector, banner, shared script, canonical links, in Chromium."""

from __future__ import annotations

import functools
import http.server
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from generator.publish.branch import Target, Versions
from generator.publish.git import Repository
from generator.report.packed import pack
from generator.site import render, run_mkdocs
from tests.publish.conftest import git
from tests.site import synthetic
from tests.site.browser import Watched, browser  # noqa: F401 - a fixture
from tests.site.conftest import SITE_URL, Built, project_folder

pytestmark = pytest.mark.browser


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class Served:
    """address of the site's root; folder: the checkout that is served."""

    address: str
    folder: Path


@pytest.fixture(scope="module")
def served(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One synthetic site published as dev, 2026.10 and 2026.11; the branch checked out and served below /capewatch/."""
    top = tmp_path_factory.mktemp("served")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(top)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/capewatch/"
    root = project_folder(tmp_path_factory.mktemp("project"))
    shutil.copytree(built.root / "build" / "cache", root / "build" / "cache")  # its charts
    bundle = synthetic.bundle()
    render(bundle, root=root, out=root / "build", site_url=address, versioned=True)
    run_mkdocs(root / "build", root / "site", as_of=synthetic.AS_OF)
    work = tmp_path_factory.mktemp("work")
    git(work, "init", "--quiet")
    versions = Versions(Repository(work), Target(site_url=address))
    told: dict[str, Any] = {"record": {"commit": None}, "bundle": pack(bundle)}
    versions.publish_dev(root / "site", **told)
    for name in ("2026.10", "2026.11"):
        versions.cut(name, root / "site", **told)
    git(work, "worktree", "add", "--quiet", str(top / "capewatch"), "gh-pages")
    yield Served(address, top / "capewatch")
    server.shutdown()
    server.server_close()


@pytest.fixture
def watched(browser, served) -> Iterator[Watched]:  # noqa: F811
    context = browser.new_context()
    page = Watched(context, served.address)
    yield page
    assert page.faults == []
    context.close()


def banner(page: Any) -> Any:
    return page.locator("[data-md-component=outdated]")


def test_the_root_leads_to_the_latest_version(watched, served):
    watched.page.goto(served.address)
    watched.page.wait_for_url(f"{served.address}latest/")
    watched.page.wait_for_selector(".md-version")


def test_the_selector_lists_every_version_and_keeps_the_page(watched, served):
    watched.page.goto(f"{served.address}latest/frontier/")
    watched.page.wait_for_selector(".md-version__link", state="attached")
    assert watched.page.locator(".md-version__current").inner_text().startswith("2026.11")
    links = watched.page.locator(".md-version__link")
    assert [links.nth(index).inner_text().split()[0] for index in range(links.count())] == ["dev", "2026.11", "2026.10"]
    watched.page.locator(".md-version__current").focus()  # the list opens over the button
    links.nth(2).click()
    watched.page.wait_for_url(f"{served.address}2026.10/frontier/")


@pytest.mark.parametrize(
    ("name", "outdated"), [("latest", False), ("2026.11", False), ("2026.10", True), ("dev", True)]
)
def test_only_a_version_that_is_not_the_latest_says_so_and_links_to_it(watched, served, name, outdated):
    watched.page.goto(f"{served.address}{name}/models/acme-2/")
    watched.page.wait_for_selector(".md-version")
    assert banner(watched.page).is_visible() == outdated
    watched.page.goto(f"{served.address}{name}/")  # the theme remembers; the page decides again
    watched.page.wait_for_selector(".md-version")
    assert banner(watched.page).is_visible() == outdated
    if outdated:
        banner(watched.page).get_by_role("link").click()
        watched.page.wait_for_url(f"{served.address}latest/")


def test_charts_are_drawn_by_the_script_that_versions_share(watched, served):
    asked: list[str] = []
    watched.page.on("request", lambda request: asked.append(request.url))
    watched.page.goto(f"{served.address}2026.10/frontier/")
    watched.page.locator("[data-cw-chart], figure").first.hover()
    watched.page.wait_for_function("() => window.vegaEmbed !== undefined")
    (script,) = {url for url in asked if "vega" in url and url.endswith(".js")}
    assert script.startswith(f"{served.address}assets/vega-")


def test_every_version_names_the_latest_as_canonical(served):
    for name in ("dev", "2026.10", "2026.11"):
        page = (served.folder / name / "frontier" / "index.html").read_text(encoding="utf-8")
        assert f'<link rel="canonical" href="{served.address}latest/frontier/">' in page


def test_a_site_for_one_version_only_has_no_selector_and_no_banner(built):
    assert "mike" not in (built.root / "build" / "mkdocs.yml").read_text()
    page = built.page("")
    assert 'data-md-component="outdated"' not in page
    assert f'<link rel="canonical" href="{SITE_URL}">' in page
