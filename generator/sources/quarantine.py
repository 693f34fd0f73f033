"""Where a refused payload goes: build/quarantine/<source>/<hash>/, with a note. Never committed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from generator.core import write_atomic, write_json
from generator.sources.capture import Capture, payload_sha256
from generator.sources.gates import Finding


def quarantine(folder: Path, captures: Sequence[Capture], findings: Sequence[Finding], *, at: str) -> Path:
    """Write the captured files and note.json (gates, addresses, hashes); returns the folder they are in."""
    place = folder / payload_sha256(captures)[:12]
    names: dict[str, str] = {}
    for position, capture in enumerate(captures):
        flat = re.sub(r"[^A-Za-z0-9._-]+", "__", capture.name).lstrip(".")[-120:]
        names[capture.name] = f"{position:03d}-{flat}"
        write_atomic(place / names[capture.name], capture.data)
    note = {
        "at": at,
        "findings": [asdict(finding) for finding in findings],
        "files": [{**capture.record(), "kept_as": names[capture.name]} for capture in captures],
    }
    write_json(place / "note.json", note)
    return place
