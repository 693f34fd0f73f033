"""Pages of what changed: complete, escaped, linked; an index, three lines for home, data for programs."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from generator.core import CapewatchError
from generator.report.bundle import Bundle
from generator.report.changes import Changes
from generator.report.history import FOLDER, changes_section, read_changes, replay_file, version_file, write_changes
from generator.report.outputs import SITE, changes_feed
from generator.site.charts import ChartStore
from generator.site.groups.changes import PARTS, changed
from generator.site.view import View
from tests.report.bundles import START, bundle
from tests.site import synthetic

PAGE = "changes/2026.11/"


def test_each_list_that_holds_something_has_a_table_on_the_page(built):
    changes = synthetic.change_files(synthetic.bundle())[0].changes
    page = built.page(PAGE)
    shown = [title for name, title, _folded in PARTS if getattr(changes, name)]
    assert len(shown) > 8
    for title in shown:
        assert f">{title}<" in page or title == "Statistics quoted by claims"


def test_every_score_that_changed_stands_on_the_page_with_both_values_and_its_source(built):
    page = built.page(PAGE)
    (score,) = [item for item in synthetic.change_files(synthetic.bundle())[0].changes.scores if item.how == "changed"]
    assert f'data-v="{score.old.value:.10g}"' in page
    assert f'data-v="{score.new.value:.10g}"' in page
    assert "https://board.example/card?a=1&amp;b=2" in page


def test_hostile_names_are_text_on_the_pages_of_changes(built):
    for page in (PAGE, "changes/2026-10-31_2026-11-21/", "changes/", ""):
        text = built.page(page)
        assert "<b>&amp;_`" not in text
        assert "javascript:alert" not in text.replace("(javascript:alert)", "")
    assert "Evil *model* | [x](javascript:alert) &lt;b&gt;" in built.page(PAGE)


def test_a_replay_says_that_it_is_no_published_version(built):
    page = built.page("changes/2026-10-31_2026-11-21/")
    assert "Not a published version" in page
    assert "Not a published version" not in built.page(PAGE)


def test_the_index_lists_versions_and_replays_apart(built):
    page = built.page("changes/")
    assert page.index(">Versions<") < page.index('changes/2026.11/"') < page.index('changes/2026-10-31_2026-11-21/"')
    assert 'href="../feeds/changes.xml"' in page


def test_home_tells_three_lines_of_the_last_version_and_links_to_it(built):
    page = built.page("")
    part = page[page.index('id="what-changed"') :]
    part = part[: part.index("All changes")]
    assert part.count("<li>") == 3
    assert 'href="changes/2026.11/"' in part
    assert "Version 2026.11 against 2026.10" in part


def test_programs_get_the_same_changes(built):
    made = json.loads((built.site / "api/v1/changes/2026.11.json").read_text())
    assert Changes.model_validate(made["changes"]) == synthetic.change_files(synthetic.bundle())[0].changes
    listed = json.loads((built.site / "api/v1/index.json").read_text())
    assert "api/v1/changes/2026.11.json" in [item["path"] for item in listed["resources"]]


def test_without_change_files_there_is_no_page_and_nothing_on_the_home_page(tmp_path):
    view = View(
        Bundle(meta={"as_of": "2026-11-21"}, statistics={}, entities={}), tmp_path, ChartStore(tmp_path / "charts")
    )
    assert changed(view, "./") == ""


def test_the_feed_has_an_entry_a_file_with_an_address_that_does_not_change():
    files = synthetic.change_files(synthetic.bundle())
    (text,) = changes_feed(files, as_of="2026-11-21").values()
    feed = ElementTree.fromstring(text)
    ns = {"a": "http://www.w3.org/2005/Atom"}
    entries = feed.findall("a:entry", ns)
    assert {entry.findtext("a:id", namespaces=ns) for entry in entries} == {
        f"{SITE}changes/2026.11/",
        f"{SITE}changes/2026-10-31_2026-11-21/",
    }
    assert all(entry.findtext("a:updated", namespaces=ns) == "2026-11-21T12:00:00Z" for entry in entries)
    assert changes_feed([], as_of="2026-11-21") == {}


def test_change_files_come_back_newest_first(tmp_path):
    new = bundle(START | {"f": (90.0, 50.0)})
    made = [
        version_file("2026.11", "2026.10", bundle(), new),
        replay_file(bundle(as_of="2026-01-31"), bundle(as_of="2026-02-28")),
    ]
    for item in made:
        write_changes(tmp_path, item)
    assert read_changes(tmp_path) == made
    assert [item["name"] for item in changes_section(read_changes(tmp_path))["items"]] == [
        "2026.11",
        "2026-01-31_2026-02-28",
    ]


def test_a_change_file_is_never_rewritten(tmp_path):
    first = version_file("2026.11", "2026.10", bundle(), bundle())
    path = write_changes(tmp_path, first)
    before = path.read_bytes()
    write_changes(tmp_path, first)
    with pytest.raises(CapewatchError, match="never rewritten"):
        write_changes(tmp_path, version_file("2026.11", "2026.10", bundle(), bundle(START | {"f": (90.0, 50.0)})))
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("2026.11.json", "{", "2026.11.json"),
        ("2026.11.json", '{"kind": "version"}', "name"),
        ("2026.12.json", None, "its name is '2026.11'"),
        ("notes.json", None, "its name is '2026.11'"),
    ],
)
def test_a_damaged_or_misnamed_change_file_is_named_in_the_error(tmp_path, name, text, said):
    path = tmp_path / FOLDER / name
    path.parent.mkdir(parents=True)
    path.write_text(version_file("2026.11", "2026.10", bundle(), bundle()).text() if text is None else text)
    with pytest.raises(CapewatchError, match="data/changes") as told:
        read_changes(tmp_path)
    assert said in str(told.value)
