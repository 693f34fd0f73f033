"""The report of a pull request, as it travels from the job that ran a stranger's files to the job that may write a comment.

The reader trusts nothing of it: at most `MAX_BYTES`, no unknown key, every text and list with a limit, numbers finite.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from generator.core import CapewatchError, counted

MAX_BYTES = 400_000
REPORT_FILE = "report.json"

Short = Annotated[str, Field(max_length=200)]
Line = Annotated[str, Field(max_length=1_000)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=10_000_000)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Fault(_Part):
    """One problem that `capewatch check` found."""

    path: Line
    line: Count
    code: Short
    subject: Line
    found: Line = ""
    allowed: Line = ""
    hint: Line = ""
    severity: Literal["error", "warning"]


class ChangedFile(_Part):
    """A file under data/ or predictions/ that differs from the base. written_by: who usually writes it."""

    path: Line
    change: Literal["added", "changed", "removed", "link"]
    written_by: Literal["people", "jobs"]


class Residual(_Part):
    """A model's h on one track, in pp.

    low, high: the 95 % prediction interval of a single model's h (None where it is unbounded); phase: its label; rank: 1 for
    the largest h among `of` models.
    """

    track: Short
    h: Number
    low: Number | None
    high: Number | None
    phase: Short
    rank: Count
    of: Count
    before: Number | None = None


class Step(_Part):
    """γ12 between a model and its neighbour in size, in pp/pp; low or high is None where the set is open."""

    model_from: Short
    model_to: Short
    gamma: Number
    low: Number | None
    high: Number | None
    phase: Short


class ModelEffect(_Part):
    """What a new or changed model shows; `without` says why a track has no h."""

    id: Short
    name: Short
    new: bool
    scores: Count
    residuals: Annotated[list[Residual], Field(max_length=10)] = []
    steps: Annotated[list[Step], Field(max_length=10)] = []
    without: Annotated[list[Line], Field(max_length=10)] = []


class Move(_Part):
    """A statistic that moved; before or after is None where there is no estimate, with its reason. flip: what turned, in words."""

    id: Line
    name: Line = ""
    unit: Short
    before: Number | None
    after: Number | None
    low: Number | None = None
    high: Number | None = None
    n_before: Count
    n_after: Count
    reason: Line = ""
    flip: Line = ""


class Standing(_Part):
    """A prediction whose state or standing changed."""

    id: Short
    title: Line
    state_before: Short
    state_after: Short
    standing_before: Short
    standing_after: Short


class Report(_Part):
    """Everything a comment may say about a change.

    stopped: why no effect could be computed; statistics: how many were compared; omitted: how many entries of each list
    were left out for length.
    """

    schema_version: Literal[1] = 1
    as_of_before: Short = ""
    as_of_after: Short = ""
    stopped: Line = ""
    compared_statistics: Count = 0
    compared_predictions: Count = 0
    problems: Annotated[list[Fault], Field(max_length=100)] = []
    files: Annotated[list[ChangedFile], Field(max_length=100)] = []
    models: Annotated[list[ModelEffect], Field(max_length=20)] = []
    moves: Annotated[list[Move], Field(max_length=40)] = []
    standings: Annotated[list[Standing], Field(max_length=40)] = []
    omitted: Annotated[dict[Short, Count], Field(max_length=10)] = {}

    @property
    def errors(self) -> int:
        return sum(fault.severity == "error" for fault in self.problems)


def limit(name: str) -> int:
    """How many entries the list `name` of a report may hold."""
    return next(item.max_length for item in Report.model_fields[name].metadata if hasattr(item, "max_length"))


def read_report(path: Path) -> Report:
    """Read a report that anyone may have written: report.json, or a zip archive of which only the member report.json is read.

    CapewatchError says what is wrong with it, without repeating its text.
    """
    if path.is_symlink() or not path.is_file():
        raise CapewatchError(f"{path.name}: no such plain file", hint="pass the report that `capewatch effect` wrote")
    raw = _member(path) if zipfile.is_zipfile(path) else _bytes(path)
    if len(raw) > MAX_BYTES:
        raise CapewatchError(f"{path.name}: a report has at most {MAX_BYTES:,} bytes")
    try:
        data = json.loads(raw.decode("utf-8"), parse_constant=_refuse, object_pairs_hook=_once)
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise CapewatchError(f"{path.name}: not JSON") from None
    try:
        return Report.model_validate(data)
    except ValidationError as error:
        known = sorted({_known(part["loc"]) for part in error.errors(include_input=False, include_url=False)})
        raise CapewatchError(
            f"{path.name}: not a report: {counted(error.error_count(), 'fault')}, in {', '.join(known[:10])}",
            hint="a report has the keys, types and limits of generator/automation/report.py",
        ) from None


def _bytes(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(MAX_BYTES + 1)


def _member(path: Path) -> bytes:
    """report.json of an archive, never more than the limit of it and nothing else: no name of the archive becomes a path."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open(REPORT_FILE) as stream:
            return stream.read(MAX_BYTES + 1)
    except (KeyError, OSError, RuntimeError, NotImplementedError, EOFError, zlib.error, zipfile.BadZipFile):
        raise CapewatchError(f"{path.name}: an archive without a readable {REPORT_FILE}") from None


def _known(location: tuple[int | str, ...]) -> str:
    """The first part of a place when it is a key of ours; a key someone else chose is not repeated."""
    first = str(location[0]) if location else ""
    return first if first in Report.model_fields else "an unknown key"


def _refuse(constant: str) -> Any:
    raise ValueError(constant)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found
