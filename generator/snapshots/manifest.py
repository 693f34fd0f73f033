"""manifest.jsonl: one line a pull that changed something; its last line says which prefix of each log is committed."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from generator.core import CapewatchError, canonical_json

MANIFEST = "manifest.jsonl"


@dataclass(frozen=True)
class Pull:
    """One line of the manifest.

    `kept` is ``rows`` (the logs hold the observations), ``summary`` (only `summary` is kept: the licence does not allow
    the rows) or ``pointer`` (only counts, URLs and hashes). `captures` has one entry a captured file: name, url,
    sha256, bytes, fetched_at, and etag, last_modified, via where known. `replaces` is `log_sha256` of the line before.
    """

    pull: int
    recorded: str
    fetched_at: str
    payload_day: str
    payload_sha256: str
    adapter: str
    licence: str
    kept: str
    rows: int
    new: int
    changed: int
    gone: int
    facts: int
    rejected: dict[str, int]
    log_bytes: int
    log_sha256: str
    facts_bytes: int
    facts_sha256: str
    replaces: str
    captures: list[dict[str, Any]] = field(default_factory=list)
    summary: list[dict[str, Any]] = field(default_factory=list)
    note: str = ""

    def line(self) -> str:
        return canonical_json(asdict(self))

    def capture_of(self, locator: str) -> dict[str, Any] | None:
        """The captured file a row's `locator` (``<file>[!<member>][#<row>]``) points into."""
        name = locator.split("#", 1)[0].split("!", 1)[0]
        return next((capture for capture in self.captures if capture["name"] == name), None)


_FIELDS = {item.name: item for item in fields(Pull)}


def read_manifest(folder: Path) -> list[Pull]:
    """All lines, oldest first; an empty list when nothing was pulled yet. CapewatchError names file and line."""
    path = folder / MANIFEST
    if not path.is_file():
        return []
    pulls = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            raw = json.loads(line)
            pulls.append(Pull(**raw))
        except (ValueError, TypeError) as error:
            raise CapewatchError(
                f"{path}:{number}: not a manifest line: {error}",
                hint=f"a line is a JSON object with {', '.join(_FIELDS)}; restore the file from version control",
            ) from None
    return pulls
