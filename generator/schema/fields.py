"""The kinds of value that occur in the files people write, each with its own rule and message."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from generator.core import PartialDate, parse_day

_ID = re.compile(r"^[a-z0-9](?:[a-z0-9]|[.-](?=[a-z0-9])){0,79}$")
#: Names that some systems take for a device, whatever ending they have, and those of index pages.
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?|index|readme")
_MARKUP = re.compile(r"<[a-zA-Z/!?]|&(?:#|[a-zA-Z]+;)|\]\(|`|\{\{|\{%")
_URL_FORBIDDEN = re.compile(r"[\s<>\"'`\\^{}|\x00-\x20]")
#: Letters that show nothing though Unicode does not call them controls, and characters that are none.
_INVISIBLE = re.compile("[\u034f\u115f\u1160\u2028\u2029\u2800\u3164\ufdd0-\ufdef\uffa0\ufffe\uffff]")
_STACKED = 4
_LOOKALIKES = ("CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC")


def check_id(text: str) -> str:
    """`text` when it is an id, ValueError otherwise."""
    if not _ID.fullmatch(text):
        raise ValueError(
            "an id is lower-case letters, digits, '-' and '.', at most 80, starting with a letter or digit"
        )
    if _RESERVED.fullmatch(text):
        raise ValueError("an id is not a reserved name such as index, readme, con or nul")
    return text


def _check_text(text: str) -> str:
    if text != text.strip():
        raise ValueError("remove the spaces at the start or end")
    if not text:
        raise ValueError("the text is empty; leave the key out instead")
    if _MARKUP.search(text):
        raise ValueError("plain text only: no HTML, Markdown links or template marks")
    if _INVISIBLE.search(text) or any(unicodedata.category(item) in ("Cc", "Cf", "Co", "Cs") for item in text):
        raise ValueError("the text holds an invisible control character")
    if _stacked(text) > _STACKED:
        raise ValueError(f"more than {_STACKED} marks stand on one letter")
    return text


def _stacked(text: str) -> int:
    """The most combining marks in a row."""
    most = run = 0
    for character in text:
        run = run + 1 if unicodedata.combining(character) else 0
        most = max(most, run)
    return most


def _check_name(text: str) -> str:
    """A text by which people tell things apart: no word mixes Latin letters with letters that look like them."""
    _check_text(text)
    for word in re.findall(r"[^\W\d_]+", text):
        scripts = {unicodedata.name(letter, "").partition(" ")[0] for letter in word}
        foreign = sorted(scripts.intersection(_LOOKALIKES))
        if "LATIN" in scripts and foreign:
            raise ValueError(f"{word!r} mixes Latin letters with {foreign[0].capitalize()} ones that look alike")
    return text


def _check_spelling(text: str) -> str:
    if text != " ".join(text.split()) or any(unicodedata.category(item) in ("Cc", "Cs") for item in text):
        raise ValueError("a spelling is one line without control characters or blanks at its ends")
    return text


def _check_long_text(text: str) -> str:
    _check_text(re.sub(r"[ \t\n]+", " ", text).strip(" "))
    return text.strip()


def _check_url(text: str) -> str:
    if _URL_FORBIDDEN.search(text):
        raise ValueError("the address holds a space, quote or bracket")
    if not (text.isascii() and text.isprintable()):
        raise ValueError("an address is ASCII; write other characters percent-encoded, a host in its xn-- form")
    try:
        parts = urlsplit(text)
        host, _port = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"not an address: {error}") from None
    if parts.scheme not in ("http", "https"):
        raise ValueError("an address starts with http:// or https://")
    if not host or "." not in host or parts.username or parts.password:
        raise ValueError("an address names a public host and no user")
    return text


def _year_as_text(value: object) -> object:
    """`2026` without quotes is a number to YAML and a year to people."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _check_partial(text: str) -> str:
    return PartialDate.parse(text).text


def _check_day(text: str) -> str:
    return parse_day(text).isoformat()


Id = Annotated[
    str, AfterValidator(check_id), Field(max_length=80), WithJsonSchema({"type": "string", "pattern": _ID.pattern})
]
Text = Annotated[str, AfterValidator(_check_text), Field(max_length=300)]
Name = Annotated[str, AfterValidator(_check_name), Field(max_length=300)]
LongText = Annotated[str, AfterValidator(_check_long_text), Field(max_length=4000)]
Url = Annotated[
    str,
    AfterValidator(_check_url),
    Field(max_length=2000),
    WithJsonSchema({"type": "string", "format": "uri", "pattern": "^https?://"}),
]
Day = Annotated[str, AfterValidator(_check_day), WithJsonSchema({"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"})]
DayOrCoarser = Annotated[
    str,
    BeforeValidator(_year_as_text),
    AfterValidator(_check_partial),
    WithJsonSchema({"type": ["string", "integer"], "pattern": r"^\d{4}(-\d{2}(-\d{2})?)?$"}),
]
Spelling = Annotated[str, AfterValidator(_check_spelling), Field(min_length=1, max_length=200)]
PositiveCount = Annotated[float, Field(gt=0, lt=1e30, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class Written(BaseModel):
    """Base of everything a person writes: unknown keys are errors, numbers are numbers, values are frozen."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
