"""What the site gives to programs: valid, stable, complete, escaped, and made again only when it changed."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import struct
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import icalendar
import jsonschema
import pytest

from generator.site import render, social
from generator.site.api_schemas import API_SCHEMAS
from generator.site.badges import FILLS, badge_svg
from generator.site.charts.drawing import Drawers
from generator.site.feeds import lab_feeds
from generator.site.sitemap import date_sitemap
from tests.site import synthetic
from tests.site.browser import IN_CI
from tests.site.conftest import REPOSITORY, SITE_URL, Built, project_folder
from tests.site.tree import Page, bad_texts, broken, foreign, pages_of

ATOM = "{http://www.w3.org/2005/Atom}"
INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(Z|[+-]\d{2}:\d{2})")


@pytest.fixture(scope="module")
def pages(built: Built) -> dict[str, Page]:
    return pages_of(built.site)


# ---- the tree ----------------------------------------------------------------------------------------------------------
def test_every_link_load_and_anchor_of_the_built_tree_leads_somewhere(built: Built, pages: dict[str, Page]) -> None:
    assert list(broken(built.site, pages)) == []


def test_the_checker_of_links_finds_a_missing_page_anchor_and_picture(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(
        '<a href="gone/">x</a><a href="#no">y</a><img src="p.png"><a href="#yes" id="yes">z</a>'
    )
    found = {link for _page, link in broken(tmp_path, pages_of(tmp_path))}
    assert found == {"gone/", "#no", "p.png"}


def test_no_page_loads_from_another_host_or_shows_a_broken_number(pages: dict[str, Page]) -> None:
    assert foreign(pages, "") == set()
    assert bad_texts(pages) == {}


def test_the_sitemap_lists_every_page_once_with_the_day_of_the_data(built: Built, pages: dict[str, Page]) -> None:
    root = ET.fromstring((built.site / "sitemap.xml").read_text())
    space = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
    listed = [node.findtext(f"{space}loc", "") for node in root]
    wanted = {
        SITE_URL + path.removesuffix("index.html")
        for path in pages
        if path != "404.html" and not path.startswith("embed/")
    }
    assert sorted(listed) == sorted(wanted)
    assert {node.findtext(f"{space}lastmod") for node in root} == {synthetic.AS_OF}
    assert f"Sitemap: {SITE_URL}sitemap.xml" in (built.site / "robots.txt").read_text()


def test_a_page_that_knows_the_day_of_its_data_has_it_in_the_sitemap_and_the_rest_stay(tmp_path: Path) -> None:
    entry = "<url>\n <loc>https://a.example/{}</loc>\n <lastmod>2026-11-21</lastmod>\n</url>"
    (tmp_path / "sitemap.xml").write_text(entry.format("models/old/") + entry.format("models/"))
    date_sitemap(tmp_path, {"models/old/": "2026-01-02"}, site_url="https://a.example/")
    text = (tmp_path / "sitemap.xml").read_text()
    assert re.findall(r"<lastmod>(.*?)</lastmod>", text) == ["2026-01-02", "2026-11-21"]
    assert gzip.decompress((tmp_path / "sitemap.xml.gz").read_bytes()).decode() == text


def test_the_document_of_a_model_has_its_scores_residual_and_every_observation(built: Built) -> None:
    (row,) = (row for row in synthetic.bundle().entities["models"] if row["id"] == "acme-1")
    found = json.loads((built.site / "api/v1/models/acme-1.json").read_text())
    jsonschema.validate(found, API_SCHEMAS["model"], cls=jsonschema.Draft202012Validator)
    assert found["scores"] == row["scores"]
    assert [one["value"] for one in found["observations"]] == [one["value"] for one in row["observations"]]
    assert found["page"] == f"{SITE_URL}models/acme-1/"
    listed = {item["path"]: item for item in json.loads((built.site / "api/v1/index.json").read_text())["resources"]}
    assert listed["api/v1/models/acme-1.json"]["schema"] == "api/v1/schemas/model.schema.json"


def test_the_index_tells_each_prediction_from_the_list_of_all(built: Built) -> None:
    listed = json.loads((built.site / "api/v1/index.json").read_text())["resources"]
    told = {item["path"]: item["description"] for item in listed if "api/v1/predictions" in item["path"]}
    assert told["api/v1/predictions.json"] == "every prediction with criteria, state and standing"
    assert told["api/v1/predictions/it-couples.json"] == "prediction it-couples"


def test_html_is_valid_but_for_what_the_theme_writes(built: Built) -> None:
    jar = REPOSITORY / "tests/node_modules/vnu-jar/build/dist/vnu.jar"
    java = shutil.which("java")
    if java is None or not jar.is_file():
        assert not IN_CI, "the validator of HTML needs java and npm --prefix tests install"
        pytest.skip("java or vnu-jar is not installed: sh tests/install-browser.sh; npm --prefix tests install")
    command = [
        java,
        "-Xss4m",
        "-jar",
        str(jar),
        "--errors-only",
        "--format",
        "json",
        "--skip-non-html",
        str(built.site),
    ]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    told = json.loads(result.stderr)["messages"]
    ours = {
        (message["url"].partition("/site/")[2], message["message"], message.get("extract", ""))
        for message in told
        if not any(known in message.get("message", "") + message.get("extract", "") for known in THEME)
    }
    assert ours == set()


#: Errors in markup that the theme writes: its palette and drawer switches, and a label without an element on small screens.
THEME = (
    "Attribute “autocomplete” is only allowed when the input type is",
    'class="md-nav__link" for="__nav',
    'class="md-nav__title" for="__',
    "Bad value “” for attribute “tabindex” on element “label”",
    "The value of the “for” attribute of the “label” element must be the ID of a non-hidden form control.",
)


# ---- previews ----------------------------------------------------------------------------------------------------------
def test_every_page_has_tags_for_previews_with_a_picture_that_is_there(built: Built, pages: dict[str, Page]) -> None:
    for path, page in pages.items():
        if path == "404.html" or path.startswith("embed/"):
            continue
        assert page.meta["og:url"] == page.canonical == SITE_URL + path.removesuffix("index.html")
        assert page.meta["og:title"] == page.meta["twitter:title"] != ""
        assert len(page.meta["og:description"]) > 10, path
        picture = built.site / page.meta["og:image"].removeprefix(SITE_URL)
        assert picture.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n", path
    assert pages["frontier/index.html"].meta["og:image"].endswith("/frontier.png")
    assert pages["models/acme-1/index.html"].meta["og:image"].endswith("/models.png")


def test_pictures_are_of_the_size_that_previews_ask_for_and_small(built: Built) -> None:
    made = sorted((built.site / "assets/social").glob("*.png"))
    assert len(made) >= 12
    for path in made:
        data = path.read_bytes()
        assert struct.unpack(">II", data[16:24]) == social.SIZE
        assert len(data) < 60_000, path.name


def test_a_picture_carries_the_number_of_its_page_and_text_is_escaped() -> None:
    svg = social.card_svg(social.Card("A & <b>", "r = 0.72 [0.51, 0.85]", "One sentence."), "2026-11-21")
    root = ET.fromstring(svg)
    texts = [node.text for node in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == ["A & <b>", "r = 0.72 [0.51, 0.85]", "One sentence.", "capewatch · data as of 2026-11-21"]


def test_a_build_without_change_draws_no_picture_and_writes_the_same_bytes(
    built: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = project_folder(tmp_path)
    shutil.copytree(built.root / "build" / "cache", root / "build" / "cache")

    def never(_drawers: Drawers, path: Path, *_: object) -> None:
        raise AssertionError(f"made again: {path}")

    monkeypatch.setattr(Drawers, "ask", never)
    render(synthetic.bundle(), root=root, out=root / "build", site_url=SITE_URL)
    for path in (root / "build/docs/assets/social").glob("*.png"):
        assert path.read_bytes() == (built.site / "assets/social" / path.name).read_bytes()


# ---- charts in frames --------------------------------------------------------------------------------------------------
def test_every_chart_with_an_embed_link_has_a_page_without_navigation_that_leads_back(
    built: Built, pages: dict[str, Page]
) -> None:
    charts = json.loads((built.site / "api/v1/charts.json").read_text())
    embedded = {path for path in pages if path.startswith("embed/")}
    assert {f"embed/{chart['id']}/index.html" for chart in charts} == embedded
    for chart in charts:
        text = (built.site / "embed" / chart["id"] / "index.html").read_text()
        assert "<nav" not in text
        assert "<table" not in text
        assert chart["page"].startswith(SITE_URL)
        anchor = chart["page"].partition("#")[2]
        page = chart["page"].removeprefix(SITE_URL).partition("#")[0]
        assert f'href="../../{page}#{anchor}"' in text
        assert anchor in pages[f"{page}index.html"].ids
        assert 'name="robots" content="noindex"' in text


# ---- badges, feeds, calendar, schemas ----------------------------------------------------------------------------------
def test_a_badge_is_well_formed_and_escapes_what_it_says() -> None:
    root = ET.fromstring(badge_svg("a<b", 'open, "so" & more', "green"))
    assert root.attrib["aria-label"] == 'a<b: open, "so" & more'
    boxes = [float(node.attrib["width"]) for node in root.iter("{http://www.w3.org/2000/svg}rect")]
    texts = list(root.iter("{http://www.w3.org/2000/svg}text"))
    for text, width in zip(texts, boxes[1:], strict=True):
        assert float(text.attrib["textLength"]) < width


def test_white_text_on_every_badge_can_be_read() -> None:
    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    assert min(1.05 / (luminance(fill) + 0.05) for fill in FILLS.values()) >= 4.5


def test_predictions_each_claim_and_models_with_h_have_a_badge_and_its_endpoint(built: Built) -> None:
    for name in ("it-couples", "predictions", "claims", "claims/r-zed", "models/acme-1"):
        said = json.loads((built.site / f"api/v1/badges/{name}.json").read_text())
        root = ET.fromstring((built.site / f"badges/{name}.svg").read_text())
        assert root.attrib["aria-label"] == f"{said['label']}: {said['message']}"


def assert_atom(text: str) -> list[str]:
    """The rules of RFC 4287 that readers depend on; returns the ids of the entries."""
    root = ET.fromstring(text)
    assert root.tag == f"{ATOM}feed"
    for node in (root, *root.iter(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            assert len(node.findall(f"{ATOM}{name}")) == 1, name
            assert (node.findtext(f"{ATOM}{name}") or "").strip()
        assert INSTANT.fullmatch(node.findtext(f"{ATOM}updated", ""))
        for link in node.findall(f"{ATOM}link"):
            assert link.attrib["href"].startswith(SITE_URL)
    assert root.find(f"{ATOM}author/{ATOM}name") is not None
    assert [link.attrib["rel"] for link in root.findall(f"{ATOM}link")] == ["self", "alternate"]
    known = {"id", "title", "updated", "link", "author", "summary", "entry"}
    assert {node.tag.removeprefix(ATOM) for node in root} <= known
    updated = [node.findtext(f"{ATOM}updated", "") for node in root.iter(f"{ATOM}entry")]
    assert updated == sorted(updated, reverse=True)
    ids = [node.findtext(f"{ATOM}id", "") for node in root.iter(f"{ATOM}entry")]
    assert len(set(ids)) == len(ids)
    return ids


def test_every_feed_is_valid_atom_and_says_where_it_is(built: Built) -> None:
    feeds = sorted((built.site / "feeds").rglob("*.xml"))
    assert {path.stem for path in feeds} >= {"predictions", "acme", "zeta"}
    for path in feeds:
        text = path.read_text()
        assert_atom(text)
        assert f'rel="self" type="application/atom+xml" href="{SITE_URL}{path.relative_to(built.site)}"' in text


def test_a_labs_feed_tells_models_and_later_scores_by_the_day_they_were_recorded() -> None:
    bundle = synthetic.bundle()
    (model,) = (row for row in bundle.entities["models"] if row["id"] == "acme-1")
    first = dict(lab_feeds_by_path(bundle))["feeds/labs/acme.xml"]
    model["observations"].append({**model["observations"][0], "recorded": "2026-12-05"})
    later = dict(lab_feeds_by_path(bundle))["feeds/labs/acme.xml"]
    assert assert_atom(later)[1:] == assert_atom(first)
    assert "Acme 1: 1 new score" in later
    assert "2026-12-05T12:00:00Z" in later


def lab_feeds_by_path(bundle: object) -> list[tuple[str, str]]:
    return [(path, text) for path, text, _what in lab_feeds(bundle, SITE_URL)]  # type: ignore[arg-type]


def test_the_calendar_is_read_by_a_calendar_library(built: Built) -> None:
    found = icalendar.Calendar.from_ical((built.site / "feeds/deadlines.ics").read_bytes())
    assert found.errors == []
    assert found["version"] == "2.0"


def test_the_schemas_of_the_interface_are_schemas_and_its_documents_keep_them(built: Built) -> None:
    for schema in API_SCHEMAS.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    for name in ("index", "meta", "statistics", "charts"):
        document = json.loads((built.site / f"api/v1/{name}.json").read_text())
        jsonschema.validate(document, API_SCHEMAS[name], cls=jsonschema.Draft202012Validator)
    for path in sorted((built.site / "data/tables").glob("*.json")):
        jsonschema.validate(json.loads(path.read_text()), API_SCHEMAS["table"], cls=jsonschema.Draft202012Validator)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate([{"id": "x"}], API_SCHEMAS["charts"], cls=jsonschema.Draft202012Validator)


def test_the_data_page_describes_itself_as_a_dataset_that_text_cannot_break_out_of(built: Built) -> None:
    text = built.page("data/")
    (found,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', text, re.DOTALL)
    described = json.loads(found)
    assert described["@type"] == "Dataset"
    assert described["dateModified"] == synthetic.AS_OF
    for part in described["distribution"]:
        assert (built.site / "data" / part["contentUrl"]).is_file()
