"""The site of the bundled data: every page, link, anchor and file; the same bytes wherever and whenever it is built."""

from __future__ import annotations

import filecmp
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import jsonschema
import pytest

from tests.conftest import REPOSITORY
from tests.site.tree import Page, bad_texts, broken, foreign, pages_of

INPUTS = ("data", "predictions", "site_src", "mkdocs.yml", "CITATION.cff", "CHANGELOG.md", "CONTRIBUTING.md")
SITE_URL = "https://example.org/capewatch/"


def build(folder: Path, **environment: str) -> Path:
    """A copy of the project in `folder`, built there; returns the site folder."""
    for name in INPUTS:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("checkpoints", "*.safetensors"))
        elif source.exists():
            shutil.copy(source, folder / name)
    command = [
        sys.executable,
        "-m",
        "generator",
        "--root",
        str(folder),
        "build",
        "--resamples",
        "500",
        "--site-url",
        SITE_URL,
    ]
    result = subprocess.run(
        command, capture_output=True, text=True, env=os.environ | environment, cwd=REPOSITORY, check=False
    )
    assert result.returncode == 0, result.stderr
    return folder / "site"


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    return build(tmp_path_factory.mktemp("real"))


@pytest.fixture(scope="module")
def pages(site) -> dict[str, Page]:
    return pages_of(site)


def test_no_page_shows_a_broken_number_or_a_template_mark(pages):
    assert bad_texts(pages) == {}


def test_every_page_says_of_which_day_its_data_are(site, pages):
    day = json.loads((site.parent / "build/bundle/meta.json").read_text())["as_of"]
    assert len(pages) > 700
    silent = {
        path
        for path, page in pages.items()
        if not path.startswith("embed/") and f"Data as of {day}, version" not in "".join(page.text)
    }
    assert silent == set()


def test_no_page_shows_its_own_markup(pages):
    found = {
        path
        for path, page in pages.items()
        if any(re.search(r"</?(div|p|table|tr|dl|span)\b", text) for text in page.text)
    }
    assert found == set()


def test_a_page_that_uses_a_stale_source_says_so(site, pages):
    meta = json.loads((site.parent / "build/bundle/meta.json").read_text())
    assert any(row["source"] == "epoch" and row["stale"] for row in meta["freshness"])
    for path in ("frontier/index.html", "models/claude-opus-4-5/index.html", "labs/anthropic/index.html"):
        assert "Behind this page: Epoch AI" in "".join(pages[path].text), path
    assert "Behind this page" not in "".join(pages["families/opt/index.html"].text)


def test_every_link_and_anchor_inside_the_site_leads_somewhere(site, pages):
    assert list(broken(site, pages)) == []


def test_no_page_loads_anything_from_another_host(pages):
    assert foreign(pages, "example.org") == set()


def test_every_link_out_of_the_site_is_http(pages):
    schemes = {urlsplit(link).scheme for page in pages.values() for link in page.links}
    assert schemes <= {"", "http", "https", "mailto"}


def test_every_model_lab_family_benchmark_claim_and_prediction_has_its_page(site):
    entities = json.loads((site.parent / "build/bundle/entities.json").read_text())
    for kind in ("models", "labs", "families", "benchmarks"):
        for item in entities[kind]:
            assert (site / kind / item["id"] / "index.html").is_file(), (kind, item["id"])
    sections = site.parent / "build/bundle/sections"
    for name in ("claims", "predictions"):
        for item in json.loads((sections / f"{name}.json").read_text())["items"]:
            assert (site / name / item["id"] / "index.html").is_file(), (name, item["id"])


def statistics_in(document):
    """Every statistic with an interval, however deep it stands."""
    if isinstance(document, dict):
        if document.get("interval") and document.get("method") and document.get("estimate") not in (None, 0, 1, -1):
            yield document
        document = list(document.values())
    for item in document if isinstance(document, list) else ():
        yield from statistics_in(item)


def test_one_quantity_has_one_interval_wherever_it_stands(site):
    bundle, found = site.parent / "build/bundle", {}
    for path in (bundle / "statistics.json", *(bundle / "sections").glob("*.json")):
        for one in statistics_in(json.loads(path.read_text())):
            key = (f"{one['estimate']:.12g}", one["n"], one["method"], one["interval"]["method"], one["track"])
            found.setdefault(key, {})[one["interval"]["low"], one["interval"]["high"]] = path.name
    assert len(found) > 100
    assert {key: places for key, places in found.items() if len(places) > 1} == {}


def test_every_resource_of_the_index_exists_and_json_parses(site):
    index = json.loads((site / "api/v1/index.json").read_text())
    assert len(index["resources"]) > 100
    for item in index["resources"]:
        path = site / item["path"]
        assert path.is_file(), item
        if path.suffix == ".json":
            json.loads(path.read_text())


def test_every_document_of_the_interface_keeps_its_schema(site):
    index = json.loads((site / "api/v1/index.json").read_text())
    validators = {}
    checked = 0
    for item in index["resources"]:
        if "schema" not in item:
            continue
        if item["schema"] not in validators:
            validators[item["schema"]] = jsonschema.Draft202012Validator(
                json.loads((site / item["schema"]).read_text())
            )
        errors = [
            error.message
            for error in validators[item["schema"]].iter_errors(json.loads((site / item["path"]).read_text()))
        ]
        assert errors[:3] == [], item["path"]
        checked += 1
    assert checked > 100
    assert len(validators) == 11


def test_the_seven_predictions_and_the_claims_are_there_for_programs(site):
    predictions = json.loads((site / "api/v1/predictions.json").read_text())
    assert [item["number"] for item in predictions if item["number"]] == [1, 2, 3, 4, 5, 6, 7]
    claims = json.loads((site / "api/v1/claims.json").read_text())
    assert len(claims) == 57
    assert (site / "feeds/deadlines.ics").read_text().count("BEGIN:VEVENT") >= 7


def copied_backwards(source: Path, target: Path, *, ignore) -> None:
    """`shutil.copytree` in the opposite order of names, with today's times."""
    names = sorted((path.name for path in source.iterdir()), reverse=True)
    target.mkdir(parents=True)
    for name in names:
        if name in ignore(str(source), names):
            continue
        if (source / name).is_dir():
            copied_backwards(source / name, target / name, ignore=ignore)
        else:
            shutil.copyfile(source / name, target / name)


def test_two_builds_in_other_folders_locales_time_zones_and_orders_are_byte_identical(site, tmp_path, monkeypatch):
    # the files of the copy are made in the opposite order, so that the file system lists them differently
    monkeypatch.setattr(shutil, "copytree", copied_backwards)
    before = os.umask(0o077)
    try:
        again = build(
            tmp_path / "else where" / "ünï", TZ="Pacific/Kiritimati", LC_ALL="C", LANG="C", PYTHONHASHSEED="7", HOME=str(tmp_path),
            COLUMNS="40", SOURCE_DATE_EPOCH="1", PYTHONUTF8="0",
        )  # fmt: skip
    finally:
        os.umask(before)
    compared = filecmp.dircmp(site, again)
    different: list[str] = []

    def walk(part: filecmp.dircmp) -> None:
        different.extend([*part.left_only, *part.right_only])
        _same, wrong, errors = filecmp.cmpfiles(part.left, part.right, part.common_files, shallow=False)
        different.extend([*wrong, *errors])
        for inner in part.subdirs.values():
            walk(inner)

    walk(compared)
    assert different == []
