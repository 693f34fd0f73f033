"""Kept pages: a rebuild renders what changed, gives the bytes of a whole build, and trusts no page that it did not check."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from generator.core import CapewatchError
from generator.site import render, run_mkdocs
from tests.site import synthetic
from tests.site.conftest import SITE_URL, project_folder
from tests.site.test_building import files

DAY = synthetic.AS_OF
PAGE = "models/acme-1.md"


class Project:
    """A rendered project that can be built again, and whole into another folder."""

    def __init__(self, root: Path) -> None:
        self.root, self.out, self.site = root, root / "build", root / "site"
        for name, text in (
            ("first", "# First\n\n[to a part](second.md#part)\n"),
            ("second", "# Second\n\n## Part\n\nText.\n"),
        ):
            (root / "site_src/docs" / f"{name}.md").write_text(text)
        render(synthetic.bundle(), root=root, out=self.out, site_url=SITE_URL)

    def build(self, *, as_of: str = DAY, processes: int | None = None) -> int:
        return run_mkdocs(self.out, self.site, as_of=as_of, processes=processes)

    def whole(self, *, processes: int = 1) -> dict[str, bytes]:
        """The files of a build that keeps nothing."""
        target = self.root / "whole"
        shutil.copytree(self.out / "docs", target / "docs")
        for name in ("mkdocs.yml", "search.json", "days.json"):
            shutil.copy(self.out / name, target / name)
        try:
            run_mkdocs(target, self.root / "whole-site", as_of=DAY, processes=processes)
            return files(self.root / "whole-site")
        finally:
            shutil.rmtree(target)
            shutil.rmtree(self.root / "whole-site", ignore_errors=True)

    def docs(self, path: str) -> Path:
        return self.out / "docs" / path


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(project_folder(tmp_path_factory.mktemp("kept")))


def test_one_changed_page_is_rendered_alone_and_the_site_is_that_of_a_whole_build(project: Project) -> None:
    pages = project.build()
    assert pages == len(list(project.docs("").rglob("*.md")))
    assert project.build() == 0
    project.docs(PAGE).write_text(project.docs(PAGE).read_text() + "\nOne more sentence.\n")
    assert project.build() == 1
    assert "One more sentence." in (project.site / "models/acme-1/index.html").read_text()
    assert files(project.site) == project.whole()


def test_two_processes_give_the_bytes_of_one(project: Project) -> None:
    assert project.whole(processes=2) == project.whole(processes=1)


def test_a_published_page_that_was_tampered_with_is_rendered_anew(project: Project) -> None:
    project.build()
    page = project.site / "models/acme-1/index.html"
    right = page.read_bytes()
    page.write_bytes(right.replace(b"Acme", b"Stale"))
    assert project.build() == 1
    assert page.read_bytes() == right
    page.unlink()
    assert project.build() == 1
    assert page.read_bytes() == right


def test_a_record_planted_from_other_text_keeps_no_page(project: Project) -> None:
    project.build()
    record = project.out / "cache" / "pages.json"
    before = record.read_text()
    old, text = project.docs(PAGE), project.docs(PAGE).read_text()
    old.write_text(text.replace("Acme 1", "Acme One"))
    project.build()
    record.write_text(before)  # the record of the text before, beside the page of the text after
    old.write_text(text)
    assert project.build() == 1
    assert "Acme One" not in (project.site / "models/acme-1/index.html").read_text()
    record.write_text("{")
    assert project.build() > 10


def test_another_day_configuration_or_theme_renders_every_page(project: Project) -> None:
    project.build()
    pages = len(json.loads((project.out / "cache" / "pages.json").read_text())["pages"])
    assert project.build(as_of="2026-11-22") == pages
    override = project.root / "site_src/overrides/main.html"
    override.write_text(override.read_text() + "\n")
    assert project.build() == pages
    configuration = project.out / "mkdocs.yml"
    configuration.write_text(configuration.read_text().replace(SITE_URL, "https://example.org/elsewhere/"))
    assert project.build() == pages
    configuration.write_text(configuration.read_text().replace("https://example.org/elsewhere/", SITE_URL))


def test_other_data_leave_the_pages_that_do_not_show_them_and_every_head_names_the_new_digest(project: Project) -> None:
    project.build()
    configuration = project.out / "mkdocs.yml"
    told = configuration.read_text()
    old = json.loads(told)["extra"]["capewatch"]["digest"]
    assert f'data-digest="{old}"' in (project.site / "models/acme-1/index.html").read_text()
    configuration.write_text(told.replace(old, "f" * 64))
    project.docs("second.md").write_text(project.docs("second.md").read_text() + f"\nThe digest was {old}.\n")
    assert project.build() == 1
    assert files(project.site) == project.whole()
    configuration.write_text(told)
    assert project.build() == 0
    assert files(project.site) == project.whole()


def test_a_kept_page_that_links_to_an_anchor_that_is_gone_fails_the_build(project: Project) -> None:
    project.build()
    old = files(project.site)
    second = project.docs("second.md")
    text = second.read_text()
    second.write_text(text.replace("## Part", "## Other"))
    with pytest.raises(CapewatchError, match=re.escape("first.md links to second.md#part: there is no such anchor")):
        project.build()
    assert files(project.site) == old
    second.write_text(text)
    assert project.build() == 0


def test_a_page_that_is_gone_renders_the_others_so_that_links_to_it_are_found(project: Project) -> None:
    project.build()
    second = project.docs("second.md")
    text = second.read_text()
    second.unlink()
    with pytest.raises(CapewatchError, match=r"(?s)do not build strictly.*first\.md.*second\.md"):
        project.build()
    second.write_text(text)
