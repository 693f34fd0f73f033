"""The stamp of a build: what names its inputs, and what names those of a rendering."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.cli import stamp as stamp_module
from generator.cli.stamp import Stamp


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in (
        "data/labs/acme.yaml",
        "site_src/docs/index.md",
        "site_src/overrides/main.html",
        "site_src/templates/a.j2",
        "mkdocs.yml",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("made")
    return tmp_path


@pytest.mark.parametrize("name", ["site_src/docs/index.md", "site_src/overrides/main.html", "mkdocs.yml"])
def test_words_and_theme_need_a_build_but_no_rendering(project: Path, name: str) -> None:
    before = Stamp(project, {})
    before.write()
    (project / name).write_text("other")
    after = Stamp(project, {})
    assert before.is_current()
    assert not after.is_current()
    assert after.of_rendering == before.of_rendering


@pytest.mark.parametrize(
    "name", ["data/labs/acme.yaml", "site_src/templates/a.j2", "site_src/docs/more.md", "data/new.yaml"]
)
def test_data_templates_and_new_pages_need_a_rendering(project: Path, name: str) -> None:
    before = Stamp(project, {}).of_rendering
    (project / name).write_text("other")
    assert Stamp(project, {}).of_rendering != before


def test_a_page_that_became_a_link_needs_a_rendering(project: Path) -> None:
    before = Stamp(project, {}).of_rendering
    page = project / "site_src/docs/index.md"
    page.rename(project / "elsewhere.md")
    page.symlink_to(project / "elsewhere.md")
    assert Stamp(project, {}).of_rendering != before


def test_options_and_installed_versions_need_a_rendering(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = Stamp(project, {"seed": 1}).of_rendering
    assert Stamp(project, {"seed": 2}).of_rendering != before
    monkeypatch.setattr(stamp_module, "installed", lambda: ["numpy-0.dist-info"])
    assert Stamp(project, {"seed": 1}).of_rendering != before


def test_a_file_changed_during_a_build_leaves_no_stamp(project: Path) -> None:
    stamp = Stamp(project, {})
    (project / "data/labs/acme.yaml").write_text("meanwhile")
    assert not stamp.holds()
    stamp.write()
    assert not stamp.is_current()
