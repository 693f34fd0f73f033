"""Reading YAML that strangers wrote: positions kept, nothing executed, everything bounded.

PyYAML's C parser gives the node tree; scalars are resolved here by the YAML 1.2 core rules, so `on` stays text, `0123` stays
text and a date stays text (a bad day is then reported with its line instead of raising inside the parser).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from generator.core import Problem

MAX_BYTES = 1_000_000
MAX_DEPTH = 20
MAX_KEY = 200
MAX_DIGITS = 40
#: The C parser composes nodes by recursion in C: from some ten thousand levels on it would take the process with it.
_SAFE_TO_COMPOSE = 8_192
_INT = re.compile(r"^[-+]?(0|[1-9][0-9]*(_[0-9]+)*)$")
_FLOAT = re.compile(r"^[-+]?(0|[1-9][0-9]*(_[0-9]+)*)?(\.[0-9]+|\.)?([eE][-+]?[0-9]+)?$")
_SPECIAL = {".nan": float("nan"), ".inf": float("inf"), "+.inf": float("inf"), "-.inf": float("-inf")}
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
_KNOWN = ("bool", "float", "int", "map", "merge", "null", "seq", "str", "timestamp", "value")
_TAGS = frozenset(f"tag:yaml.org,2002:{name}" for name in _KNOWN)
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Location = tuple[str | int, ...]


@dataclass
class Document:
    """A parsed file: plain data, the line of every key and item, and the problems met while reading."""

    path: str
    data: Any = None
    lines: dict[Location, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def line(self, location: Location) -> int:
        """The 1-based line of the nearest known ancestor of `location`."""
        for end in range(len(location), -1, -1):
            if location[:end] in self.lines:
                return self.lines[location[:end]]
        return 1

    def problem(self, location: Location, code: str, subject: str, **more: str) -> Problem:
        return Problem(self.path, self.line(location), code, subject, **more)  # type: ignore[arg-type]


def read_yaml(path: Path, *, shown_as: str) -> Document:
    """Read one file; faults are gathered in `problems`, and `data` is None when nothing can be used."""
    document = Document(shown_as)
    text = _read_text(path, document)
    if text is None:
        return document
    try:
        deep = _first_too_deep(text) if len(text) > _SAFE_TO_COMPOSE else None
        if deep is not None:
            document.problems.append(_too_deep(shown_as, deep))
            return document
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        document.problems.append(_syntax_problem(shown_as, text, error))
        return document
    except RecursionError:
        document.problems.append(_too_deep(shown_as, 1))
        return document
    if node is None:
        document.problems.append(
            Problem(shown_as, 1, "empty-file", "the file holds no data", hint="fill it in or delete it")
        )
        return document
    document.data = _build(node, (), document, set(), 0)
    return document


def _first_too_deep(text: str) -> int | None:
    """The line on which the nesting passes twice MAX_DEPTH; read event by event, so the depth costs nothing."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > 2 * MAX_DEPTH:
                mark = event.start_mark
                return mark.line + 1 if mark else 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return None


def _too_deep(path: str, line: int) -> Problem:
    return Problem(path, line, "too-deep", "the file nests too deeply", allowed=f"{MAX_DEPTH} levels")


def _read_text(path: Path, document: Document) -> str | None:
    """The text, or None with a problem that says why it was not read."""
    fault: Problem | None = None
    if path.is_symlink():
        fault = Problem(document.path, 1, "symlink", "the file is a symbolic link", allowed="plain files")
    elif (size := path.stat().st_size) > MAX_BYTES:
        allowed = f"at most {MAX_BYTES:,} bytes"
        fault = Problem(document.path, 1, "file-too-large", "the file is too large", f"{size:,} bytes", allowed)
    else:
        raw = path.read_bytes()
        if not raw.strip():
            fault = Problem(document.path, 1, "empty-file", "the file is empty", hint="fill it in or delete it")
        else:
            try:
                return raw.decode("utf-8-sig")
            except UnicodeDecodeError as error:
                line = raw[: error.start].count(b"\n") + 1
                found = f"byte 0x{raw[error.start]:02x}"
                hint = "save it again as UTF-8"
                fault = Problem(document.path, line, "wrong-encoding", "the file is not UTF-8", found, "UTF-8", hint)
    document.problems.append(fault)
    return None


def _syntax_problem(path: str, text: str, error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None)
    line = mark.line + 1 if mark else 1
    what = getattr(error, "problem", None) or str(error).splitlines()[0]
    rows = text.splitlines()
    around = rows[line - 1] if 0 < line <= len(rows) else ""
    if "\t" in around[: len(around) - len(around.lstrip())]:
        return Problem(
            path,
            line,
            "tab-indent",
            "a tab is used for indentation",
            allowed="spaces",
            hint="replace each tab by two spaces",
        )
    return Problem(
        path,
        line,
        "yaml-syntax",
        f"not valid YAML: {what}",
        hint="quote text that holds ': ' or starts with a special character",
    )


def _build(node: yaml.Node, where: Location, document: Document, seen: set[int], depth: int) -> Any:
    document.lines.setdefault(where, node.start_mark.line + 1)
    if node.tag not in _TAGS:
        document.problems.append(
            document.problem(
                where,
                "yaml-tag",
                f"the tag {node.tag[:80]!r} is not read",
                allowed="plain values",
                hint="remove the tag",
            )
        )
        return None
    if isinstance(node, yaml.ScalarNode):
        if len(node.value) > MAX_DIGITS and not node.style and _FLOAT.match(node.value):
            document.problems.append(
                document.problem(where, "not-a-number", "a number is too long", allowed=f"{MAX_DIGITS} characters")
            )
            return None
        return _scalar(node)
    if id(node) in seen:
        document.problems.append(
            document.problem(
                where,
                "yaml-alias",
                "an anchor is used again (*alias)",
                allowed="plain values",
                hint="write the value out",
            )
        )
        return None
    if depth >= MAX_DEPTH:
        document.problems.append(
            document.problem(where, "too-deep", "the file nests too deeply", allowed=f"{MAX_DEPTH} levels")
        )
        return None
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        return [_build(item, (*where, index), document, seen, depth + 1) for index, item in enumerate(node.value)]
    return _mapping(node, where, document, seen, depth)


def _mapping(node: yaml.Node, where: Location, document: Document, seen: set[int], depth: int) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            document.problems.append(Problem(document.path, line, "bad-key", "a key is not plain text"))
            continue
        key = key_node.value
        if len(key) > MAX_KEY:
            document.problems.append(
                Problem(document.path, line, "bad-key", "a key is too long", allowed=f"{MAX_KEY} characters")
            )
            continue
        if key in result:
            document.problems.append(
                Problem(
                    document.path,
                    line,
                    "duplicate-key",
                    f"the key {key!r} appears twice",
                    hint=f"first on line {document.lines[(*where, key)]}",
                )
            )
            continue
        document.lines[(*where, key)] = line
        result[key] = _build(value_node, (*where, key), document, seen, depth + 1)
    return result


def _scalar(node: yaml.ScalarNode) -> Any:
    text = node.value
    if node.style:  # quoted or block text; plain is None or empty
        return text
    lowered = text.lower()
    if lowered in _WORDS:
        return _WORDS[lowered]
    if _INT.match(text):
        return int(text.replace("_", ""))
    if any(character.isdigit() for character in text) and _FLOAT.match(text):
        return float(text.replace("_", ""))
    return _SPECIAL.get(lowered, text)
