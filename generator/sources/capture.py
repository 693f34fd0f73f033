"""What passes between fetch, parse and store: captured bytes, parsed rows, rejected rows."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from generator.core import canonical_json, sha256_bytes


@dataclass(frozen=True)
class Capture:
    """One file as it came: bytes and where, when and how they were got.

    `name` is unique within a pull and the first part of every locator. `url` is the public address, also when the
    bytes came from a mirror; `via` then names the relay. `day` is the day the payload shows. `not_modified` means
    that the server answered 304 and `data` is empty.
    """

    name: str
    url: str
    data: bytes
    fetched_at: str
    day: dt.date
    headers: Mapping[str, str] = field(default_factory=dict)
    via: str = ""
    not_modified: bool = False

    @property
    def sha256(self) -> str:
        return sha256_bytes(self.data)

    def record(self) -> dict[str, Any]:
        """The entry of the manifest line."""
        entry: dict[str, Any] = {
            "name": self.name,
            "url": self.url,
            "sha256": self.sha256,
            "bytes": len(self.data),
            "fetched_at": self.fetched_at,
        }
        optional = {
            "via": self.via,
            "etag": self.headers.get("etag", ""),
            "last_modified": self.headers.get("last-modified", ""),
        }
        return entry | {name: value for name, value in optional.items() if value}


@dataclass(frozen=True, order=True)
class Rejection:
    """A row (or a whole file) that did not become an observation: where, a stable reason, and what was found."""

    locator: str
    reason: str
    detail: str = ""


@dataclass(frozen=True)
class Parsed:
    """What a parser made of the captures.

    `observations`: KEY, VALUE and SOURCE columns, unique keys, value/stderr/n float64, the rest text.
    `facts`: columns of the FACTS table, all text, unique keys. `rejections`: every row left out, with the reason.
    """

    observations: pd.DataFrame
    facts: pd.DataFrame
    rejections: list[Rejection]

    @property
    def rejected(self) -> dict[str, int]:
        """Counts by reason."""
        return dict(sorted(Counter(rejection.reason for rejection in self.rejections).items()))


def payload_sha256(captures: Sequence[Capture]) -> str:
    """One digest of a whole pull: of the names and hashes of its files, in order of name."""
    return sha256_bytes(canonical_json(sorted([capture.name, capture.sha256] for capture in captures)))


def by_name(captures: Iterable[Capture], suffix: str) -> list[Capture]:
    """Captures whose name ends with `suffix` (case-insensitive), sorted by name."""
    wanted = suffix.lower()
    return sorted((item for item in captures if item.name.lower().endswith(wanted)), key=lambda item: item.name)
