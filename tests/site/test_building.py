"""mkdocs runs strictly, gives equal bytes, and never leaves half a site."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from generator.core import CapewatchError
from generator.report.beside import beside
from generator.site import render, run_mkdocs
from generator.site.building import exchange
from generator.site.jobs import finish_jobs, start_jobs, waiting_process
from generator.site.policy import without_policy
from tests.site import synthetic
from tests.site.conftest import SITE_URL, Built, project_folder


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_two_builds_of_one_bundle_are_byte_identical(built: Built, tmp_path: Path) -> None:
    run_mkdocs(built.root / "build", tmp_path / "again", as_of=synthetic.AS_OF)
    assert files(tmp_path / "again") == files(built.site)


def test_a_broken_link_fails_the_build_names_the_page_and_keeps_the_old_site(tmp_path: Path) -> None:
    root = project_folder(tmp_path)
    (root / "site_src/docs/extra.md").write_text("# Extra\n\n[gone](gone.md)\n")
    (root / "site").mkdir()
    (root / "site/index.html").write_text("old")
    render(synthetic.bundle(), root=root, out=root / "build", site_url=SITE_URL)
    with pytest.raises(CapewatchError, match=r"(?s)do not build strictly.*extra\.md.*gone\.md"):
        run_mkdocs(root / "build", root / "site", as_of=synthetic.AS_OF)
    assert (root / "site/index.html").read_text() == "old"


def test_the_new_site_takes_the_place_of_the_old_one_whole(tmp_path: Path) -> None:
    for name, text in (("new", "b"), ("site", "a")):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.html").write_text(text)
    exchange(tmp_path / "new", tmp_path / "site")
    assert [path.name for path in tmp_path.rglob("*")] == ["site", "new.html"]


def test_the_plain_configuration_builds_by_itself(tmp_path: Path) -> None:
    root = project_folder(tmp_path)
    command = [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
        "--config-file",
        str(root / "mkdocs.yml"),
        "--site-dir",
        str(tmp_path / "plain"),
    ]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    result = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert result.returncode == 0, result.stderr
    assert "How do the scores" in (tmp_path / "plain/index.html").read_text()


def test_the_pages_build_without_the_raw_html_extension_too(built: Built, tmp_path: Path) -> None:
    text = (built.root / "build/mkdocs.yml").read_text()
    plain = built.root / "build" / "plain.yml"
    plain.write_text(text.replace('"generator.site.raw": {}', '"meta": {}'))
    command = [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
        "--strict",
        "--config-file",
        str(plain),
        "--site-dir",
        str(tmp_path / "site"),
    ]
    result = subprocess.run(
        command, capture_output=True, text=True, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"}, check=False
    )
    assert result.returncode == 0, result.stderr
    assert "A card &lt;script&gt;" in (tmp_path / "site/models/acme-1/index.html").read_text()


def test_every_page_is_the_one_that_mkdocs_makes_alone_but_for_the_policy(built: Built, tmp_path: Path) -> None:
    command = [
        *(sys.executable, "-m", "mkdocs", "build", "--strict", "--config-file", str(built.root / "build/mkdocs.yml")),
        *("--site-dir", str(tmp_path / "site")),
    ]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    result = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert result.returncode == 0, result.stderr
    pages = sorted((tmp_path / "site").rglob("index.html"))
    assert len(pages) > 40
    for path in pages:
        ours = built.root / "site" / path.relative_to(tmp_path / "site")
        assert without_policy(ours.read_text(encoding="utf-8")) == path.read_text(encoding="utf-8"), path


def test_a_repository_address_gives_an_edit_link_to_the_data_file_and_no_call_to_its_api(
    built: Built, tmp_path: Path
) -> None:
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1", "REPO_URL": "https://github.com/acme/capewatch"}
    command = [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
        "--config-file",
        str(built.root / "build/mkdocs.yml"),
        "--site-dir",
        str(tmp_path / "site"),
    ]
    result = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert result.returncode == 0, result.stderr
    page = (tmp_path / "site/models/acme-1/index.html").read_text()
    assert 'href="https://github.com/acme/capewatch/edit/main/data/models/acme/acme-1.yaml"' in page
    assert 'data-md-component="source"' not in page


def test_a_process_that_waits_for_pages_ends_untold_and_names_its_faults(tmp_path: Path) -> None:
    with waiting_process() as waiting:
        assert waiting.poll() is None
    assert waiting.returncode == 0
    (tmp_path / "mkdocs.yml").write_text("nothing: true\n")
    with waiting_process() as waiting:
        started = start_jobs(tmp_path, tmp_path / "jobs", [[]], as_of=synthetic.AS_OF, ready=waiting)
        with pytest.raises(CapewatchError, match="site_name"):
            finish_jobs(*started)


def test_a_process_that_waits_for_pages_ends_untold_though_another_one_still_holds_a_large_result():
    began = time.monotonic()
    with waiting_process() as waiting:
        result = beside(lambda: "x" * 10_000_000)  # holds a copy of what the waiting process reads, until it is asked
    assert waiting.returncode == 0
    assert time.monotonic() - began < 60
    assert len(result()) == 10_000_000
