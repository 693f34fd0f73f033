"""A rendering that stands: new hand-written words are put in place alone, and all else is rendered whenever it could be another."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from generator.core import sha256_file
from generator.site import render
from generator.site.handwritten import hand_written, marks
from generator.site.standing import Standing
from tests.site import synthetic
from tests.site.conftest import SITE_URL, Built

DOCS = "site_src/docs"


class Project:
    """A rendered project whose rendering was remembered."""

    def __init__(self, root: Path) -> None:
        self.root, self.out = root, root / "build"
        self.standing = Standing(root, self.out, "key")
        self.render()

    def render(self) -> int:
        """Render all; how many files changed or went."""
        bundle = synthetic.with_steering(synthetic.bundle())
        report = render(
            bundle, root=self.root, out=self.out, site_url=SITE_URL, written=lambda: bundle.write(self.out / "bundle")
        )
        self.standing.save(report.fragments)
        return report.changed + report.removed

    def made(self) -> dict[str, str]:
        return {str(path): sha256_file(path) for path in sorted(self.out.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def rendered(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Project:
    root = tmp_path_factory.mktemp("standing") / "project"
    shutil.copytree(built.root, root)  # its drawings are not made twice
    return Project(root)


@pytest.fixture
def project(rendered: Project, tmp_path: Path) -> Iterator[Project]:
    """The same rendering for each test."""
    kept = tmp_path / "kept"
    shutil.copytree(rendered.root, kept)
    yield rendered
    shutil.rmtree(rendered.root)
    shutil.copytree(kept, rendered.root)


def edit(path: Path, change: Callable[[str], str]) -> None:
    path.write_text(change(path.read_text()))


def a_page_with_fragments(project: Project) -> Path:
    return next(
        path for name, path in hand_written(project.root) if name.endswith(".md") and len(marks(path.read_text())) > 1
    )


def test_new_words_styles_and_scripts_are_put_in_place_as_a_rendering_of_all_puts_them(project: Project) -> None:
    edit(a_page_with_fragments(project), lambda text: f"{text}\nOne \u202e more sentence.\n")
    edit(project.root / DOCS / "assets/stylesheets/capewatch.css", lambda text: f"{text}\n/* more */\n")
    pages = project.standing.renewed()
    assert pages == len(list((project.out / "docs").rglob("*.md")))
    assert any("more sentence." in path.read_text() for path in (project.out / "docs").rglob("*.md"))
    renewed = project.made()
    assert project.standing.renewed() == pages
    assert project.render() == 0
    assert project.made() == renewed


@pytest.mark.parametrize(
    "change",
    [
        lambda project: edit(a_page_with_fragments(project), lambda text: f"{text}\n<!-- capewatch:home/counts -->\n"),
        lambda project: edit(project.root / DOCS / "method.md", lambda text: text.replace("title: ", "title: The ", 1)),
        lambda project: edit(
            project.root / DOCS / "method.md",
            lambda text: f'{text}\n<div id="here" data-cw-chart="../assets/charts/one.json"></div>\n',
        ),
        lambda project: (project.root / DOCS / "another.md").write_text("# Another\n"),
        lambda project: (project.root / DOCS / "glossary.md").unlink(),
        lambda project: edit(project.out / "docs/models/acme-1.md", lambda text: f"{text} "),
        lambda project: edit(project.out / "bundle/meta.json", lambda text: f"{text} "),
        lambda project: (project.out / "bundle/statistics.json").unlink(),
        lambda project: (project.out / "docs/planted.md").write_text("# Planted\n"),
        lambda project: edit(project.out / "days.json", lambda text: f"{text} "),
        lambda project: (project.out / "cache/rendering.json").write_text("{"),
    ],
    ids=[
        "a fragment", "a title", "a chart", "a new page", "a page gone", "made page changed", "bundle changed", "bundle file gone",
        "page planted", "days changed", "record damaged",
    ],
)  # fmt: skip
def test_nothing_stands_where_other_pages_rest_on_the_change_or_what_was_made_is_not_whole(
    project: Project, change: Callable[[Project], object]
) -> None:
    change(project)
    before = project.made()
    assert project.standing.renewed() is None
    assert project.made() == before


def test_another_key_lets_nothing_stand(project: Project) -> None:
    assert Standing(project.root, project.out, "other").renewed() is None
