"""The kinds of value that occur in the files people write, each with its own rule and message."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from generator.core import PartialDate, parse_day

_ID = re.compile(r"^[a-z0-9](?:[a-z0-9]|[.-](?=[a-z0-9])){0,79}$")
_MARKUP = re.compile(r"<[a-zA-Z/!?]|&(?:#|[a-zA-Z]+;)|\]\(|`|\{\{|\{%")
_URL_FORBIDDEN = re.compile(r"[\s<>\"'`\\^{}|\x00-\x20]")


def check_id(text: str) -> str:
    """`text` when it is an id, ValueError otherwise."""
    if not _ID.match(text):
        raise ValueError(
            "an id is lower-case letters, digits, '-' and '.', at most 80, starting with a letter or digit"
        )
    return text


def _check_text(text: str) -> str:
    if text != text.strip():
        raise ValueError("remove the spaces at the start or end")
    if not text:
        raise ValueError("the text is empty; leave the key out instead")
    if _MARKUP.search(text):
        raise ValueError("plain text only: no HTML, Markdown links or template marks")
    if any(unicodedata.category(character) in ("Cc", "Cf", "Co", "Cs") for character in text):
        raise ValueError("the text holds an invisible control character")
    return text


def _check_long_text(text: str) -> str:
    _check_text(" ".join(text.split()) or "")
    return text.strip()


def _check_url(text: str) -> str:
    if _URL_FORBIDDEN.search(text):
        raise ValueError("the address holds a space, quote or bracket")
    try:
        parts = urlsplit(text)
        host = parts.hostname
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
Spelling = Annotated[str, Field(min_length=1, max_length=200)]
PositiveCount = Annotated[float, Field(gt=0, lt=1e30, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class Written(BaseModel):
    """Base of everything a person writes: unknown keys are errors, numbers are numbers, values are frozen."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
