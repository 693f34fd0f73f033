"""The rendered pages: complete, escaped, without a word that stands for a missing value."""

from __future__ import annotations

import html
import importlib
import json
import pkgutil
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest

from generator.core import CapewatchError
from generator.schema.claim import LAST_DIGIT
from generator.site import groups, render
from generator.site.catalogue import GROUPS, NAVIGATION
from generator.site.groups.method import RULES
from generator.site.handwritten import marks
from tests.conftest import REPOSITORY
from tests.site import synthetic
from tests.site.conftest import SITE_URL, Built, project_folder

PYTHON_WORDS = re.compile(r"(?<![\w-])(NaN|None|nan|undefined|inf|Infinity)(?![\w-])")


class Page(HTMLParser):
    """Links, ids, text and attributes of one page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.handlers: list[str] = []
        self.words: list[str] = []
        self._silent = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._silent += tag in ("script", "style")
        self.links += [str(given[name]) for name in ("href", "src", "data-cw-chart", "data-cw-src") if given.get(name)]
        self.ids += [str(given["id"])] if given.get("id") else []
        self.handlers += [name for name in given if name.startswith("on")]

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(data)


@pytest.fixture(scope="module")
def pages(built: Built) -> dict[str, Page]:
    """Every built page by address."""
    return {
        path.parent.relative_to(built.site).as_posix().replace(".", "", 1) if path.parent == built.site else f"{path.parent.relative_to(built.site).as_posix()}/":
        Page(path.read_text(encoding="utf-8"))
        for path in built.site.rglob("index.html")
    }  # fmt: skip


def test_every_entity_has_a_page(built: Built) -> None:
    bundle = synthetic.bundle()
    for kind in ("models", "labs", "families", "benchmarks"):
        for item in bundle.entities[kind]:
            assert (built.site / kind / item["id"] / "index.html").is_file(), item["id"]
    assert (built.site / "predictions/it-couples/index.html").is_file()
    assert (built.site / "claims/r-zed/index.html").is_file()


def test_every_link_and_anchor_of_every_page_leads_somewhere(built: Built, pages: dict[str, Page]) -> None:
    broken = []
    for url, page in pages.items():
        for link in page.links:
            target = urlsplit(urljoin(f"{SITE_URL}{url}", link))
            if not urljoin(f"{SITE_URL}{url}", link).startswith(SITE_URL):
                continue
            path = built.site / target.path.lstrip("/")
            file = path / "index.html" if target.path.endswith("/") else path
            lost = (
                target.fragment
                and target.path.endswith("/")
                and target.fragment not in pages[target.path.lstrip("/")].ids
            )
            if not file.is_file() or lost:
                broken.append(f"{url}: {link}")
    assert broken == []


def test_no_id_occurs_twice_on_a_page(pages: dict[str, Page]) -> None:
    assert {url: [name for name in set(page.ids) if page.ids.count(name) > 1] for url, page in pages.items() if len(set(page.ids)) < len(page.ids)} == {}  # fmt: skip


def test_no_page_has_an_inline_event_handler(pages: dict[str, Page]) -> None:
    assert {url: page.handlers for url, page in pages.items() if page.handlers} == {}


def test_no_page_loads_anything_from_another_host(built: Built) -> None:
    loaded = re.compile(
        r'<(?:script|img|iframe|link rel="(?:stylesheet|preconnect|icon)")[^>]*(?:src|href)="(https?:)?//(?!127\.0\.0\.1)'
    )
    assert [str(path) for path in built.site.rglob("*.html") if loaded.search(path.read_text(encoding="utf-8"))] == []


def test_no_text_of_a_page_stands_for_a_missing_value(pages: dict[str, Page]) -> None:
    found = {url: PYTHON_WORDS.findall(" ".join(page.words)) for url, page in pages.items()}
    assert {url: words for url, words in found.items() if words} == {}


def test_a_hostile_name_is_shown_as_it_is_and_becomes_no_markup(built: Built, pages: dict[str, Page]) -> None:
    page = pages["models/acme-3.5/"]
    shown = " ".join(" ".join(page.words).split())
    assert synthetic.HOSTILE in shown
    text = built.page("models/acme-3.5/")
    assert "<b>&" not in text
    assert "<em>model</em>" not in text
    assert f"<title>{html.escape(synthetic.HOSTILE, quote=False)}" in text.replace("&#x27;", "'").replace("&quot;", '"')


def test_no_page_links_to_an_address_that_is_not_http(pages: dict[str, Page]) -> None:
    found = [
        link for page in pages.values() for link in page.links if urlsplit(link).scheme not in ("", "http", "https")
    ]
    assert found == []


def test_a_model_page_names_source_day_digest_and_why_a_loser_lost(pages: dict[str, Page]) -> None:
    text = " ".join(" ".join(pages["models/acme-1/"].words).split())
    for part in (
        "A card <script>",
        "2026-01-01",
        "sha256 c0ffeec0ffee",
        "a later observation exists",
        "via a relay",
        "not stated",
    ):
        assert part in text
    assert "As the makers report: GPQA Diamond 60.0 %" in text.replace("\u00a0", " ")


def test_a_missing_statistic_shows_its_reason(pages: dict[str, Page]) -> None:
    assert "2 models have both scores; 3 are needed" in " ".join(pages["base/"].words)


def test_a_model_outside_the_prediction_interval_is_said_to_be_outside(pages: dict[str, Page]) -> None:
    assert "Outside the prediction interval." in " ".join(" ".join(pages["models/zeta-3/"].words).split())
    assert "Inside the prediction interval." in " ".join(" ".join(pages["models/acme-1/"].words).split())


def test_a_stale_source_is_told_on_the_home_page(pages: dict[str, Page]) -> None:
    text = " ".join(pages[""].words)
    assert "1 source stale" in text
    assert "stale" in text


def test_every_figure_says_what_it_shows_and_gives_its_data(built: Built) -> None:
    text = built.page("frontier/")
    assert text.count("<figure") == text.count("cw-chart__finding") >= 2
    assert "r = 0.72, 95" in text
    assert 'href="../data/tables/hfield-maker.csv"' in text


def test_gamma_beyond_the_edge_is_counted_and_an_unbounded_set_is_called_so(built: Built) -> None:
    text = built.page("families/zed/")
    assert "1 point beyond ±3 drawn at the edge" in text
    assert "unbounded" in text
    spec = json.loads((built.docs / "assets/charts/gamma-zed-harness-v1.json").read_text())
    assert max(point["y"] for point in spec["datasets"]["points"]) == 3.0


def test_every_table_can_be_downloaded_in_three_forms(built: Built) -> None:
    for name in synthetic.bundle().tables:
        for suffix in ("csv", "parquet", "json"):
            assert (built.site / f"data/tables/{name}.{suffix}").stat().st_size > 0
            assert f"data/tables/{name}.{suffix}" in built.page("data/")


def test_a_page_that_search_is_spared_is_still_found_by_name(built: Built) -> None:
    index = json.loads((built.site / "search/search_index.json").read_text())
    entries = {entry["location"]: entry for entry in index["docs"]}
    assert entries["models/acme-1/"]["title"] == "Acme 1"
    assert "acme-1|&lt;i&gt;" in entries["models/acme-1/"]["text"]


def test_no_source_map_and_no_foreign_search_language_is_published(built: Built) -> None:
    assert list(built.site.rglob("*.map")) == []
    assert not (built.site / "assets/javascripts/lunr").exists()


def test_the_same_bundle_changes_no_file_and_builds_the_same_bytes(tmp_path: Path) -> None:
    root = project_folder(tmp_path)
    bundle = synthetic.bundle()
    first = render(bundle, root=root, out=root / "build", site_url=SITE_URL)
    before = {path: path.read_bytes() for path in (root / "build" / "docs").rglob("*") if path.is_file()}
    second = render(bundle, root=root, out=root / "build", site_url=SITE_URL)
    assert first.changed == first.files
    assert (second.changed, second.removed) == (0, 0)
    assert {path: path.read_bytes() for path in (root / "build" / "docs").rglob("*") if path.is_file()} == before


def test_a_page_of_an_older_build_goes(tmp_path: Path) -> None:
    root = project_folder(tmp_path)
    render(synthetic.bundle(extra_models=1), root=root, out=root / "build", site_url=SITE_URL)
    assert (root / "build/docs/models/bare-0.md").exists()
    report = render(synthetic.bundle(), root=root, out=root / "build", site_url=SITE_URL)
    assert not (root / "build/docs/models/bare-0.md").exists()
    assert report.removed == 2, "the page and the document of the model"


def test_without_later_sections_the_site_has_neither_their_pages_nor_their_tab(tmp_path: Path) -> None:
    root = project_folder(tmp_path)
    render(synthetic.bundle(sections=False), root=root, out=root / "build", site_url=SITE_URL)
    configuration = json.loads((root / "build/mkdocs.yml").read_text())
    assert not (root / "build/docs/predictions").exists()
    assert "Predictions" not in [name for tab in configuration["nav"] for name in tab]
    assert "cw-board" not in (root / "build/docs/index.md").read_text()


def test_a_long_list_of_models_keeps_the_page_light_and_the_script_complete(tmp_path: Path) -> None:
    root = project_folder(tmp_path)
    render(synthetic.bundle(extra_models=200), root=root, out=root / "build", site_url=SITE_URL)
    page = (root / "build/docs/models/index.md").read_text()
    rows = json.loads((root / "build/docs/assets/data/models.json").read_text())["rows"]
    listed = (root / "build/docs/models/by-lab.md").read_text()
    assert page.count("<tr>") == 26
    assert len(rows) == 210
    assert "the table holds the newest 25" in page
    assert all(f'href="../../models/{row[0][0]}/"' in listed for row in rows)


def test_a_reserved_id_is_refused(tmp_path: Path) -> None:
    root = project_folder(tmp_path)
    bundle = synthetic.bundle()
    bundle.entities["models"].append(bundle.entities["models"][0] | {"id": "readme", "page": "models/readme/"})
    with pytest.raises(CapewatchError, match=r"models/readme\.md: the id is reserved"):
        render(bundle, root=root, out=root / "build", site_url=SITE_URL)


def test_a_hand_written_page_with_an_unknown_mark_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    root = project_folder(tmp_path)
    (root / "site_src/docs/extra.md").write_text("# Extra\n\n<!-- capewatch:home/nothing -->\n")
    with pytest.raises(CapewatchError, match=r"(?s)no fragment 'home/nothing'.*home/counts"):
        render(synthetic.bundle(), root=root, out=root / "build", site_url=SITE_URL)


def test_the_method_page_states_the_constants_of_the_code_within_its_sentences(built: Built) -> None:
    written = (REPOSITORY / "site_src/docs/method.md").read_text()
    page = (built.docs / "method.md").read_text()
    assert {f"method/rule/{name}" for name in RULES} == {mark for mark in marks(written) if "/rule/" in mark}
    assert f"no more than {LAST_DIGIT} of a unit of" in page


def test_every_group_module_is_in_the_catalogue() -> None:
    modules = [
        importlib.import_module(f"{groups.__name__}.{found.name}") for found in pkgutil.iter_modules(groups.__path__)
    ]
    assert {module.GROUP.name for module in modules if hasattr(module, "GROUP")} == {group.name for group in GROUPS}


def test_every_page_that_lists_others_is_in_the_navigation(built: Built) -> None:
    listed = {path for _tab, entries in NAVIGATION for _title, path in entries}
    made = {path.relative_to(built.docs).as_posix() for path in built.docs.glob("*/index.md")}
    assert made - listed == set()


def test_the_templates_use_no_method_of_a_string_which_the_successor_of_the_builder_does_not_know() -> None:
    for path in sorted((REPOSITORY / "site_src/overrides").rglob("*.html")):
        found = re.findall(
            r"\.(?:split|startswith|endswith|strip|rstrip|lstrip|replace|join|format)\(",
            path.read_text(encoding="utf-8"),
        )
        assert found == [], path.name
