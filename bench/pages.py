"""Pages in a browser: bytes transferred, paint, the first sort of the largest table, Lighthouse on desktop and mobile.

Needs Chromium (Debian's, or CAPEWATCH_CHROMIUM) and Playwright; Lighthouse from `npm --prefix bench install`. The site is built from the
bundled data and served compressed, as forges serve pages.
"""

from __future__ import annotations

import functools
import gzip
import http.server
import json
import os
import re
import shutil
import statistics
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.build import COPIED
from bench.frame import ROOT, Part, Row, row, skipped, watch
from bench.synthetic import copy_parts, write_project

LIGHTHOUSE = ROOT / "bench" / "node_modules" / ".bin" / "lighthouse"
#: Lighthouse's id of a category → what notes call it
CATEGORIES = {
    "performance": "performance",
    "accessibility": "accessibility",
    "best-practices": "best practices",
    "seo": "SEO",
}
#: The main page types: drawings, charts with tables, a long table, text with tables, one entry of a list, a tool that a script makes.
PAGES = {
    "home": "",
    "frontier": "frontier/",
    "table of models": "models/",
    "forecasts": "forecasts/",
    "a prediction": "predictions/coupling-persists-2027/",
    "diagnose": "diagnose/",
}
LEAST = {"desktop": 98, "mobile": 95}
TABLE_MODELS = 4_500
_TEXT = re.compile(r"\.(html|css|js|mjs|json|svg|xml|txt|csv|ics)$")


def parts(*, full: bool) -> list[Part]:
    """Transfer and paint, Lighthouse, the large table."""
    return [
        ("transfer and paint", transfer),
        ("Lighthouse", functools.partial(lighthouse, rounds={"desktop": 3 if full else 1, "mobile": 3})),
        ("large table", functools.partial(large_table, rounds=5 if full else 3)),
    ]


class _Compressed(http.server.SimpleHTTPRequestHandler):
    """Files as forges serve them: text with gzip."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        if not path.is_file():
            self.send_error(404)
            return
        body, zipped = _body(path), bool(_TEXT.search(path.name))
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        if zipped:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Cache-Control", "max-age=600")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@functools.lru_cache(maxsize=512)
def _body(path: Path) -> bytes:
    """The file as it is sent; kept, so that compressing takes no time from what is measured."""
    body = path.read_bytes()
    return gzip.compress(body, 6) if _TEXT.search(path.name) else body


@contextmanager
def served(project: Path) -> Iterator[str]:
    """The project built for the address it is then served at: instant navigation needs the two to agree."""
    site = project / "site"
    handler = functools.partial(_Compressed, directory=str(site))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    url = f"http://127.0.0.1:{server.server_port}/"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        watch("--root", str(project), "build", "--stored-forecasts", "--site-url", url)
        yield url
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def bundled() -> Iterator[str]:
    """The site of the bundled data, served."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "project"
        copy_parts(ROOT, project, COPIED)
        with served(project) as url:
            yield url


def chromium() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CAPEWATCH_CHROMIUM") or next((path for name in names if (path := shutil.which(name))), None)


@contextmanager
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield found
        found.close()


def transfer() -> list[Row]:
    """Bytes of the home page before and after scrolling on a phone, and when it first paints."""
    if not chromium():
        return [skipped("transfer and paint", "no Chromium")]
    with bundled() as url, browser() as found:
        context = found.new_context(viewport={"width": 390, "height": 844}, device_scale_factor=2)
        page = context.new_page()
        total = [0.0]
        session = context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.loadingFinished", lambda event: total.__setitem__(0, total[0] + event["encodedDataLength"]))
        page.goto(url, wait_until="networkidle")
        before = total[0]
        painted = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null")
        for _ in range(40):
            page.mouse.wheel(0, 600)
            page.wait_for_timeout(60)
        page.wait_for_load_state("networkidle")
        after = total[0]
    rows = [
        row("home, phone: transferred before scrolling", [before / 1000], unit="kB", goal=120.0, note="gzip"),
        row("home, phone: transferred in all", [after / 1000], unit="kB", goal=450.0, note="scrolled to the end"),
    ]
    if painted is not None:
        rows.append(row("home, phone: first paint", [painted / 1000], note="served on this machine"))
    return rows


def lighthouse(*, rounds: dict[str, int]) -> list[Row]:
    """The lowest of the scores in four categories, 0 to 100, of each page on desktop and mobile; the note has all four, and the
    index by which Lighthouse rates the machine: its phone is this machine slowed four times, whatever that is.
    """
    if not LIGHTHOUSE.is_file():
        return [skipped("Lighthouse", "not installed (npm --prefix bench install)")]
    if not chromium():
        return [skipped("Lighthouse", "no Chromium")]
    rows = []
    with bundled() as url:
        for form, least in LEAST.items():
            for name, path in PAGES.items():
                runs, indices = zip(*(_scores(url + path, form) for _ in range(rounds[form])), strict=True)
                middle = {category: statistics.median(one[category] for one in runs) for category in CATEGORIES}
                said = ", ".join(f"{CATEGORIES[category]} {score:.3g}" for category, score in middle.items())
                said += f"; machine's index {' and '.join(f'{index:,.0f}' for index in indices)}"
                lowest = [min(one.values()) for one in runs]
                rows.append(row(f"Lighthouse {form}, {name}", lowest, unit="", goal=least, at_least=True, note=said))
    return rows


def _scores(url: str, form: str) -> tuple[dict[str, float], float]:
    """The scores, and Lighthouse's benchmarkIndex of the machine."""
    command = [
        str(LIGHTHOUSE), url, "--quiet", "--output=json", "--output-path=stdout", "--max-wait-for-load=90000",
        f"--only-categories={','.join(CATEGORIES)}", "--chrome-flags=--headless=new --no-sandbox --disable-dev-shm-usage",
        *(["--preset=desktop"] if form == "desktop" else []),
    ]  # fmt: skip
    environment = os.environ | {"CHROME_PATH": chromium() or ""}
    result = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=400)
    if result.returncode != 0:
        raise RuntimeError(f"lighthouse {url}: {result.stderr.strip()[-400:]}")
    found = json.loads(result.stdout)
    scores = {name: round(100 * found["categories"][name]["score"]) for name in CATEGORIES}
    return scores, found["environment"]["benchmarkIndex"]


def large_table(*, rounds: int) -> list[Row]:
    """From the click on a header of the models table to its rows in the new order, the first time, with all rows loaded."""
    if not chromium():
        return [skipped("large table", "no Chromium")]
    seconds = []
    with tempfile.TemporaryDirectory() as folder:
        project = write_project(Path(folder) / "project", TABLE_MODELS)
        with served(project) as url, browser() as found:
            for _ in range(rounds):
                page = found.new_page(viewport={"width": 1280, "height": 900})
                page.goto(f"{url}models/", wait_until="networkidle")
                page.wait_for_function("() => document.querySelector('#all-models').dataset.cwState === 'whole'")
                seconds.append(page.evaluate(_FIRST_SORT) / 1000)
                page.close()
    note = f"table of {TABLE_MODELS:,} models; until the next paint"
    return [
        row(
            f"first sort of {TABLE_MODELS:,} rows",
            seconds,
            goal=0.2,
            note=f"{note}; median {statistics.median(seconds):.3g} s",
        )
    ]


_FIRST_SORT = """
async () => {
  const table = document.querySelector('#all-models');
  const first = () => table.tBodies[0].rows[0].textContent;
  const before = first();
  const header = [...table.tHead.rows[0].cells].find(cell => cell.textContent.includes('HellaSwag')) ?? table.tHead.rows[0].cells[0];
  const target = header.querySelector('button') ?? header;
  const start = performance.now();
  target.click();
  while (first() === before) {
    await new Promise(done => setTimeout(done, 1));
    if (performance.now() - start > 30000) throw new Error('the table was not sorted');
  }
  await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  return performance.now() - start;
}
"""
