"""The browser of the page tests: where it is found, the site served to it, and a page that notes what a reader must never meet."""

from __future__ import annotations

import functools
import http.server
import os
import re
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from generator.site import run_mkdocs
from tests.site import synthetic
from tests.site.conftest import REPOSITORY, SITE_URL, Built, project_folder

ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
)  # fmt: skip
BAD = re.compile(r"(?<![\w-])(NaN|None|nan|undefined|inf|Infinity|\[object)(?![\w-])")
IN_CI = os.environ.get("CI") == "true"


def chromium() -> str | None:
    """CAPEWATCH_CHROMIUM, the system's browser, or nothing (then Playwright's own is tried)."""
    given = os.environ.get("CAPEWATCH_CHROMIUM")
    if given:
        return given
    return next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
    )


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import Error, sync_playwright

    with sync_playwright() as playwright:
        try:
            found = playwright.chromium.launch(executable_path=chromium(), args=list(ARGUMENTS))
        except Error as error:
            if IN_CI:
                raise
            pytest.skip(f"no browser: {str(error).splitlines()[0]}")
        yield found
        found.close()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def serve(folder: Path) -> tuple[http.server.ThreadingHTTPServer, str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_port}/"


@pytest.fixture(scope="module")
def address(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The site served under the address it was built for: instant navigation needs them to agree."""
    folder = tmp_path_factory.mktemp("served") / "site"
    server, url = serve(folder)
    configuration = (built.root / "build/mkdocs.yml").read_text().replace(SITE_URL, url)
    out = project_folder(tmp_path_factory.mktemp("again")) / "build"
    shutil.copytree(built.root / "build", out)
    (out / "mkdocs.yml").write_text(configuration)
    run_mkdocs(out, folder, as_of=synthetic.AS_OF)
    yield url
    server.shutdown()
    server.server_close()


class Watched:
    """A browser page that notes what a reader must never meet."""

    def __init__(self, context: Any, address: str) -> None:
        self.page = context.new_page()
        self.page.set_default_timeout(90_000)  # two workers on two cores can starve a browser
        self.faults: list[str] = []
        self.page.on(
            "console", lambda message: message.type in ("error", "warning") and self.faults.append(message.text)
        )
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on(
            "response", lambda answer: answer.status >= 400 and self.faults.append(f"{answer.status} {answer.url}")
        )
        self.page.on(
            "request",
            lambda asked: self._is_foreign(asked.url, address) and self.faults.append(f"foreign: {asked.url}"),
        )

    @staticmethod
    def _is_foreign(url: str, address: str) -> bool:
        return not url.startswith((address, "data:", "blob:", "about:"))

    def open(self, url: str) -> Any:
        """The page with every chart drawn."""
        self.page.goto(url)
        self.draw()
        return self.page

    def draw(self) -> None:
        for figure in self.page.query_selector_all("[data-cw-chart]"):
            figure.scroll_into_view_if_needed()
            figure.dispatch_event("pointerenter")  # small charts wait for a pointer
            self.page.wait_for_function("f => f.dataset.cwState === 'live'", arg=figure)


def axe() -> Path | None:
    """axe-core as `make test` installs it."""
    path = REPOSITORY / "tests/node_modules/axe-core/axe.min.js"
    return path if path.is_file() else None


def violations(page: Any, script: Path) -> list[str]:
    """What axe finds against WCAG 2.2, levels A and AA."""
    page.evaluate(f"() => {{ {script.read_text(encoding='utf-8')} }}")  # the pages' policy lets no script tag in
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    found = page.evaluate("tags => axe.run(document, { runOnly: { type: 'tag', values: tags } })", tags)
    return [
        f"{item['id']}: {node['target']} {node.get('failureSummary', '')}"
        for item in found["violations"]
        for node in item["nodes"][:3]
    ]


@pytest.fixture
def desk(browser: Any, address: str) -> Iterator[Watched]:
    """A desktop page; afterwards nothing may have gone wrong."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    watched = Watched(context, address)
    yield watched
    assert watched.faults == []
    context.close()
