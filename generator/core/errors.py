"""One error class a user can meet, and the Problem record that `capewatch check` gathers.

An error says its subject, what was found, what is allowed and what to do next.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Literal

from generator.core.words import counted

Severity = Literal["error", "warning"]


class CapewatchError(Exception):
    """Something a user, a file or a server did; the command line prints it without a traceback.

    `exit_code` is 1 for a fault in the data or the world, 2 for a fault in how the command was called.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  hint: {self.hint}" if self.hint else self.message


class WrongCall(CapewatchError):
    """A call that another call would mend: a name that is not there or is taken, or a value that cannot be."""

    exit_code = 2


@dataclass(frozen=True, order=True)
class Problem:
    """One fault in a file that a person wrote.

    `path` is relative to the project folder, `line` is 1-based (0 when the file as a whole is meant), `code` is a
    stable word such as ``unknown-benchmark``.
    """

    path: str
    line: int
    code: str
    subject: str
    found: str = ""
    allowed: str = ""
    hint: str = ""
    severity: Severity = "error"

    def text(self) -> str:
        """`path:line: code: subject: found … allowed … hint`, the form the terminal shows."""
        parts = [f"{self.path}:{self.line}: {self.severity}: {self.code}: {self.subject}"]
        if self.found:
            parts.append(f"found {self.found}")
        if self.allowed:
            parts.append(f"allowed {self.allowed}")
        text = printable("; ".join(parts))
        return f"{text}\n    hint: {printable(self.hint)}" if self.hint else text

    def github(self) -> str:
        """A workflow command that the forge shows beside the line."""
        body = "; ".join(
            part
            for part in (
                self.subject,
                f"found {self.found}" if self.found else "",
                f"allowed {self.allowed}" if self.allowed else "",
                self.hint,
            )
            if part
        )
        return (
            f"::{self.severity} file={_escape(printable(self.path), prop=True)},line={max(self.line, 1)},"
            f"title={_escape(self.code, prop=True)}::{_escape(printable(body))}"
        )

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


class ProblemsFound(CapewatchError):
    """Files that people wrote hold errors; carries all of them."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = sorted(problems)
        errors = sum(problem.severity == "error" for problem in self.problems)
        super().__init__("\n".join(problem.text() for problem in self.problems) + f"\n{counted(errors, 'error')}")

    def __reduce__(self) -> tuple[type[ProblemsFound], tuple[Sequence[Problem]]]:
        """How it passes from one process to another: made of its problems, not of its text."""
        return type(self), (self.problems,)


def printable(text: str) -> str:
    """Text for a terminal or a log: what could move its cursor, end its line or turn its direction is written as ``\\x1b``."""
    return "".join(
        character if character == " " or character.isprintable() else ascii(character)[1:-1] for character in text
    )


def near_matches(word: str, known: Iterable[str], *, limit: int = 3) -> list[str]:
    """Known names that look like `word`, best first; case and separators are ignored."""
    from rapidfuzz import fuzz, process  # here: only a message to a person needs it

    by_fold: dict[str, str] = {}
    for name in sorted(known):
        by_fold.setdefault(_fold(name), name)
    hits = process.extract(_fold(word), list(by_fold), scorer=fuzz.ratio, limit=limit, score_cutoff=60)
    return [by_fold[hit] for hit, _score, _index in hits]


@cache
def _fold(text: str) -> str:
    return "".join(character for character in text.lower() if character.isalnum())


def _escape(text: str, *, prop: bool = False) -> str:
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return text.replace(":", "%3A").replace(",", "%2C") if prop else text
