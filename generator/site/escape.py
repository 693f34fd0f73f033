"""Escapes for the places where foreign text goes: HTML, Markdown headings, YAML front matter and the search index.

Names of models, labs and sources are hostile input: nothing of them may become markup.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, cast
from urllib.parse import urlsplit

from markupsafe import Markup, escape

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff\u202a-\u202e\u2066-\u2069]")
_UNBROKEN = re.compile(r"(?<![\w-])([A-Za-z]+-\d+(?:\.\d+)?[a-z]?|\d{4}-\d\d(?:-\d\d)?)(?![\w-])")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|~^=:$@\"'])")


def plain(text: Any) -> str:
    """One line without control characters or direction marks."""
    return " ".join(_CONTROL.sub("", str(text)).split())


def shown(page: str) -> str:
    """A finished page in which what would turn the direction of text, or is no text at all, is a mark that can be seen.

    The downloads keep the characters; on a page they could make one name read as another.
    """
    return _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", page)


def search_text(text: Any) -> str:
    """One line for the search index, HTML-escaped: the theme writes titles and texts of hits into the page as they are."""
    return html.escape(plain(text))


def markdown(text: Any) -> Markup:
    """Text that a Markdown line shows as it is: markup characters become character references."""
    escaped = html.escape(plain(text), quote=False)
    return Markup(_MARKDOWN.sub(lambda found: f"&#{ord(found.group())};", escaped))  # noqa: S704 - escaped above


def filled(template: str, *values: Any, **named: Any) -> Markup:
    """The HTML `template` with its ``{}`` replaced by these values, each escaped unless it is markup: what ``Markup.format``
    gives, for fields without a format, in a tenth of its time."""
    if named:
        texts = {name: escaped(value) for name, value in named.items()}
        return _markup(template.format(*map(escaped, values), **texts))
    return _markup(template.format(*map(escaped, values)))


def escaped(value: Any) -> Markup:
    """What markupsafe's `escape` gives; most texts of a site stand in it many times, so these are kept."""
    kind = type(value)
    if kind is Markup:
        return value
    return _escaped(value) if kind is str else escape(value)


@lru_cache(maxsize=32_768)
def _escaped(text: str) -> Markup:
    return escape(text)


#: Markup(text) asks each time whether the text is markup of another kind, which a plain text is not.
_markup = cast("Callable[[str], Markup]", partial(str.__new__, Markup))


def whole(text: str) -> Markup:
    """Text in which no line ends after the hyphen of a name such as ``GPT-5.5``, nor within a date."""
    parts = _UNBROKEN.split(text)
    return Markup("").join(
        filled('<span class="cw-name">{}</span>', part) if index % 2 else escaped(part)
        for index, part in enumerate(parts)
    )


def front_matter(values: dict[str, Any]) -> str:
    """YAML front matter; text is HTML-escaped because the theme writes titles and descriptions without escaping."""
    lines = ["---"]
    for key, value in values.items():
        safe = html.escape(plain(value)) if isinstance(value, str) else value
        lines.append(f"{key}: {json.dumps(safe, ensure_ascii=False)}")
    return "\n".join([*lines, "---", "", ""])


def http_url(url: Any) -> str:
    """The address when it is a plain http(s) one, otherwise an empty text: a page links to nothing else."""
    return _http_url(str(url or ""))


@lru_cache(maxsize=8_192)
def _http_url(url: str) -> str:
    text = plain(url)
    if any(character in text for character in "<>\"'` "):
        return ""
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    return text if parts.scheme in ("http", "https") and parts.hostname else ""
