"""The docs folder while it is made: what is written when, and what two processes may not both write."""

from __future__ import annotations

import pytest

from generator.core import CapewatchError
from generator.site.docs import Docs


def test_a_file_is_written_at_once_and_a_page_that_waits_for_a_drawing_when_it_is_there(tmp_path):
    docs = Docs(tmp_path, frozenset({"index.md"}))
    docs.add("index.md", "home")
    docs.add("models/one.md", "before PLACE after", waits=True)
    assert (tmp_path / "index.md").read_text() == "home"
    assert docs.texts == {"index.md": "home"}
    assert not (tmp_path / "models").exists()
    docs.finish(lambda text: text.replace("PLACE", "<svg/>"))
    assert (tmp_path / "models" / "one.md").read_text() == "before <svg/> after"
    assert docs.changed == 2


def test_two_files_of_one_path_are_refused_wherever_they_were_written(tmp_path):
    docs, apart = Docs(tmp_path), Docs(tmp_path)
    docs.add("models/one.md", "1")
    with pytest.raises(CapewatchError, match=r"two pages have the address models/one\.md"):
        docs.add("models/one.md", "2")
    apart.add("models/one.md", "3")
    with pytest.raises(CapewatchError, match=r"two pages have the address models/one\.md"):
        docs.join(apart)


def test_what_another_process_wrote_counts_and_what_nobody_wrote_goes(tmp_path):
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "page.md").write_text("of an older build")
    (tmp_path / "same.md").write_text("as before")
    docs, apart = Docs(tmp_path), Docs(tmp_path)
    docs.add("same.md", "as before")
    chart = '<figure id="here" data-cw-chart="../assets/charts/gamma.json">'
    apart.add("models/one.md", chart)
    docs.join(apart)
    assert docs.changed == 1
    assert docs.charts == {"models/one.md": {"gamma": "here"}}
    assert docs.remove_others() == 1
    assert sorted(path.name for path in tmp_path.rglob("*.md")) == ["one.md", "same.md"]
