"""From a parsed file to a typed value, or to problems that say what to do."""

from __future__ import annotations

import difflib
import re
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from generator.core import Problem
from generator.schema.fields import check_id
from generator.schema.yamlfile import Document, Location

M = TypeVar("M", bound=BaseModel)

_COMMA = re.compile(r"\d+,\d{1,2}")

_CODES = {
    "missing": "missing-key",
    "extra_forbidden": "unknown-key",
    "finite_number": "not-finite",
    "literal_error": "not-allowed",
    "float_type": "not-a-number",
    "int_type": "not-a-number",
    "int_from_float": "not-a-whole-number",
    "bool_type": "not-true-or-false",
    "string_type": "not-text",
    "list_type": "not-a-list",
    "dict_type": "not-a-mapping",
    "model_type": "not-a-mapping",
    "model_attributes_type": "not-a-mapping",
    "string_too_long": "too-long",
    "too_long": "too-long",
    "value_error": "bad-value",
}


def validated(document: Document, kind: type[M]) -> M | None:
    """Validate `document.data` as `kind`; every fault is appended to `document.problems`."""
    if document.data is None:
        return None
    if not isinstance(document.data, dict):
        document.problems.append(
            document.problem(
                (), "not-a-mapping", "the file is not a mapping of keys to values", allowed=", ".join(kind.model_fields)
            )
        )
        return None
    try:
        return kind.model_validate(document.data)
    except ValidationError as error:
        document.problems.extend(_problem(document, kind, detail) for detail in error.errors(include_url=False))
        return None


def _problem(document: Document, kind: type[BaseModel], detail: Any) -> Problem:
    location: Location = tuple(part for part in detail["loc"] if part != "[key]")
    code = _CODES.get(detail["type"], "bad-value")
    found = _shown(detail["input"])
    context = detail.get("ctx", {})
    name = _shortened(".".join(str(part) for part in location)) or "the file"
    if code == "missing-key":
        return document.problem(
            location[:-1], code, f"{name} is missing", hint="add it; CONTRIBUTING.md shows a whole file"
        )
    if code == "unknown-key":
        known = _keys_at(kind, location[:-1])
        near = difflib.get_close_matches(str(location[-1]), known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else "remove it"
        return document.problem(location, code, f"{name} is not a known key", allowed=", ".join(known), hint=hint)
    if code in ("not-a-number", "not-a-whole-number"):
        hint = "write a plain number without quotes, units or leading zeros"
        if _COMMA.fullmatch(str(detail["input"])):
            hint = f"write a decimal point: {str(detail['input']).replace(',', '.')}"
        return document.problem(location, code, f"{name} is not a number", found=found, hint=hint)
    if code == "not-text":
        return document.problem(location, code, f"{name} is not text", found=found, hint="put it in quotes")
    if code == "not-finite":
        return document.problem(
            location,
            code,
            f"{name} is not a finite number",
            found=found,
            hint="leave the observation out if there is no number",
        )
    if code == "bad-value" and "error" in context:
        message = str(context["error"])
        allowed = message.partition("; write ")[2] or message
        special = _special_code(message)
        hint = _as_id(detail["input"]) if special == "bad-id" else ""
        return document.problem(location, special, name, found=found, allowed=allowed, hint=hint)
    return document.problem(location, code, name, found=found, allowed=_allowed(detail))


def _as_id(given: Any) -> str:
    """What to write for a name that only its capitals, blanks or underscores keep from being an id."""
    identity = re.sub(r"[\s_]+", "-", str(given).strip().lower())
    try:
        return f"did you mean {check_id(identity)!r}?"
    except ValueError:
        return ""


def _special_code(message: str) -> str:
    for words, code in (
        ("date", "bad-date"), ("day of the calendar", "bad-date"), ("whole day", "bad-date"), ("address", "bad-url"),
        ("an id is", "bad-id"), ("plain text only", "markup"), ("control character", "control-character"),
        ("look alike", "mixed-script"), ("stand on one letter", "stacked-marks"),
    ):  # fmt: skip
        if words in message:
            return code
    return "bad-value"


def _allowed(detail: Any) -> str:
    if detail["type"] == "literal_error":
        return str(detail["ctx"]["expected"])
    message = str(detail["msg"])
    return message[0].lower() + message[1:]


def _shown(value: Any) -> str:
    text = repr(value) if not isinstance(value, dict | list) else f"a {type(value).__name__}"
    return _shortened(text)


def _shortened(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "…"


def _keys_at(kind: type[BaseModel], location: Location) -> list[str]:
    """Field names of the nested model at `location`; list indexes and mapping keys are passed over."""
    current: Any = kind
    for part in location:
        if not (isinstance(current, type) and issubclass(current, BaseModel)):
            break
        found = next((field for name, field in current.model_fields.items() if part in (name, field.alias)), None)
        if found is not None:
            current = _inner_model(found.annotation) or current
    return [field.alias or name for name, field in current.model_fields.items()]


def _inner_model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        found = _inner_model(argument)
        if found is not None:
            return found
    return None
