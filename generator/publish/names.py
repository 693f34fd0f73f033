"""Names of versions, and what a version says of itself."""

from __future__ import annotations

import re
from typing import Any

from generator.core import WrongCall

DEV, LATEST = "dev", "latest"
RECORD = "publication.json"
_MONTH = re.compile(r"\d{4}\.(0[1-9]|1[0-2])")


def is_cut(name: str) -> bool:
    """True for the name of a version that is cut once and never changes: YYYY.MM."""
    return _MONTH.fullmatch(name) is not None


def require_cut(name: str) -> str:
    if not is_cut(name):
        raise WrongCall(f"{name!r} is no name of a version", hint="write YYYY.MM, such as 2026.11")
    return name


def record(name: str, *, commit: str | None, clean: bool, meta: dict[str, Any], site_url: str) -> dict[str, Any]:
    """What a version says of itself: the commit it can be rebuilt from, and all that its numbers depend on."""
    kept = ("as_of", "data_digest", "dependencies", "resamples", "seed", "version")
    return {
        "name": name,
        "commit": commit,
        "clean": clean,
        "site_url": site_url,
        **{key: meta.get(key) for key in kept},
    }
