"""Foreign text never becomes markup."""

from __future__ import annotations

import html
import re

import markdown as python_markdown
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from generator.site.escape import front_matter, http_url, markdown, plain
from generator.site.raw import CLOSE, OPEN, RawHtml, marked

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=60)


@given(TEXT)
def test_a_markdown_heading_shows_any_text_as_it_is(text: str) -> None:
    shown = python_markdown.markdown(f"# x{markdown(text)}x", extensions=["attr_list", "tables"])
    found = re.fullmatch(r"<h1>x(.*)x</h1>", shown, re.DOTALL)
    assert found, shown
    assert "<" not in found.group(1)
    assert html.unescape(found.group(1)).split() == plain(text).split()


@given(TEXT)
def test_front_matter_gives_the_text_back_html_escaped(text: str) -> None:
    found = yaml.safe_load(front_matter({"title": text}).strip().strip("-"))
    assert html.unescape(found["title"]) == plain(text)
    assert "<" not in found["title"]


@pytest.mark.parametrize("url", ["https://example.org/a?b=1&c", "http://example.org"])
def test_http_addresses_pass(url: str) -> None:
    assert http_url(url) == url


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "data:text/html,x", "https://a b", 'https://a"b', "//example.org", "https://[", "", None],
)
def test_every_other_address_is_dropped(url: str | None) -> None:
    assert http_url(url) == ""


def test_marked_html_is_kept_byte_for_byte_and_unread() -> None:
    inner = "<div>\n\n<p>*not* `markdown`\n\n    indented</p>\n</div>"
    shown = python_markdown.markdown(f"# A\n\n{marked(inner)}\n\n*b*", extensions=[RawHtml()])
    assert inner in shown
    assert "<em>b</em>" in shown


def test_marked_html_cannot_close_its_own_mark() -> None:
    shown = python_markdown.markdown(marked(f"<p>{CLOSE}\n*x*{OPEN}</p>"), extensions=[RawHtml()])
    assert shown == "<p>\n*x*</p>"
