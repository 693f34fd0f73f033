"""A project folder with the hand-written site and the synthetic bundle, rendered and built once a session."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from generator.site import RenderReport, render, run_mkdocs
from generator.site.charts import ChartStore
from generator.site.view import View
from tests.conftest import REPOSITORY
from tests.site import synthetic

SITE_URL = "http://127.0.0.1:8765/"


@dataclass(frozen=True)
class Built:
    """A built site: project folder, docs folder, site folder, and what the rendering said."""

    root: Path
    docs: Path
    site: Path
    report: RenderReport

    def page(self, url: str) -> str:
        return (self.site / url / "index.html").read_text(encoding="utf-8")

    def markdown(self, path: str) -> str:
        return (self.docs / path).read_text(encoding="utf-8")


def project_folder(folder: Path) -> Path:
    """A folder with this repository's hand-written site."""
    shutil.copytree(REPOSITORY / "site_src", folder / "site_src")
    for name in ("mkdocs.yml", "CITATION.cff", "CHANGELOG.md"):
        shutil.copy(REPOSITORY / name, folder / name)
    return folder


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The synthetic bundle with steering results as a built site."""
    root = project_folder(tmp_path_factory.mktemp("project"))
    report = render(synthetic.with_steering(synthetic.bundle()), root=root, out=root / "build", site_url=SITE_URL)
    run_mkdocs(root / "build", root / "site", as_of=synthetic.AS_OF)
    return Built(root, root / "build" / "docs", root / "site", report)


@pytest.fixture
def view(tmp_path: Path) -> View:
    """The synthetic bundle as pages read it."""
    return View(synthetic.bundle(), REPOSITORY, ChartStore(tmp_path))
