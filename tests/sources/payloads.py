"""The small payloads of tests/sources/fixtures as captures."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from pathlib import Path

import pandas as pd

from generator.sources import Capture, Parsed, source

FIXTURES = Path(__file__).parent / "fixtures"
DAY = dt.date(2026, 11, 21)
INSTANT = "2026-11-21T00:00:00Z"
#: folder of fixtures → source whose parser reads them.
FOLDERS = {
    **{path.name: path.name for path in sorted(FIXTURES.iterdir())},
    "models-dev-toml": "models-dev",
    "open-llm-leaderboard-v2-csv": "open-llm-leaderboard-v2",
}


def capture(name: str, data: bytes, *, url: str = "https://example.org/payload", day: dt.date = DAY) -> Capture:
    return Capture(name=name, url=url, data=data, fetched_at=INSTANT, day=day)


def captures(folder: str) -> list[Capture]:
    """Every file of one fixture folder, sorted by name."""
    root = FIXTURES / folder
    return [
        capture(path.relative_to(root).as_posix(), path.read_bytes())
        for path in sorted(root.rglob("*"))
        if path.is_file()
    ]


def zipped(members: dict[str, bytes], name: str = "benchmark_data.zip") -> Capture:
    """A zip with these members, as one capture."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in members.items():
            archive.writestr(zipfile.ZipInfo(path, (2026, 4, 11, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return capture(name, buffer.getvalue())


def parsed(folder: str) -> Parsed:
    return source(FOLDERS[folder]).adapter.parse(captures(folder))


def rows(result: Parsed, **where: str) -> pd.DataFrame:
    """The observations whose columns have these values."""
    frame = result.observations
    for column, value in where.items():
        frame = frame[frame[column] == value]
    return frame


def only(result: Parsed, **where: str) -> pd.Series:
    """The one observation with these values."""
    found = rows(result, **where)
    assert len(found) == 1, found
    return found.iloc[0]
