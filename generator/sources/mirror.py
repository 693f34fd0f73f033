"""Captures from a folder that mirrors the public payloads (`pull --from DIR` or `--from file://…`)."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from generator.core import CapewatchError, WrongCall
from generator.sources.capture import Capture
from generator.sources.catalogue import Mirror, Source

MAX_BYTES = 256 * 2**20
_DATE = re.compile(r"(20\d{2})[-_](\d{2})[-_](\d{2})")


def mirror_folder(place: str) -> Path:
    """A path or a file:// address → an existing folder; WrongCall otherwise."""
    parts = urlsplit(place)
    if parts.scheme == "file":
        if parts.netloc not in ("", "localhost"):
            raise CapewatchError(f"{place}: names the host {parts.netloc}", hint="write file:///absolute/path")
        place = unquote(parts.path)
    elif parts.scheme in ("http", "https", "ftp"):
        raise CapewatchError(
            f"{place}: is no folder", hint="give a folder or a file:// address; without it, pull asks the web"
        )
    folder = Path(place)
    if not folder.is_dir():
        raise WrongCall(f"{folder}: no such folder", hint="give the folder that holds epoch_ai/, models_dev/, …")
    return folder


def capture_mirror(source: Source, folder: Path, *, fetched_at: str, today: dt.date) -> list[Capture]:
    """What the folder has of a source, sorted by name; an empty list when it has nothing.

    A payload whose day is neither declared nor in its path counts as of `today`.
    """
    captures: dict[str, Capture] = {}
    for mirror in source.mirrors:
        paths = sorted(path for path in folder.glob(mirror.pattern) if path.is_file())
        if mirror.newest and paths:
            dated = {path: _date_in(path, folder) for path in paths}
            paths = [path for path in paths if dated[path] == max(dated.values())]
        for path in paths:
            capture = _capture(mirror, path, folder, fetched_at=fetched_at, today=today)
            captures[capture.name] = capture
    return [captures[name] for name in sorted(captures)]


def _capture(mirror: Mirror, path: Path, folder: Path, *, fetched_at: str, today: dt.date) -> Capture:
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise CapewatchError(f"{path}: {size} bytes, allowed {MAX_BYTES}")
    relative = path.relative_to(folder)
    name = Path(*relative.parts[len(Path(mirror.base).parts) :]).as_posix()
    day = mirror.day or _date_in(path, folder)
    return Capture(
        name=name, url=mirror.url.format(name=name), data=path.read_bytes(), fetched_at=fetched_at,
        day=dt.date.fromisoformat(day) if day else today, via=mirror.via,
    )  # fmt: skip


def _date_in(path: Path, folder: Path) -> str:
    """The first date in a path, as ISO text; empty when there is none."""
    match = _DATE.search(path.relative_to(folder).as_posix())
    return "-".join(match.groups()) if match else ""
