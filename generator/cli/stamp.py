"""Has anything a build reads changed since the last one? Answered by digests, without importing the build."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import generator
from generator.core import canonical_json, installed, names_below, sha256_bytes, sha256_file, write_if_changed

#: What a build reads, relative to the project folder.
INPUTS = ("data", "predictions", "site_src", "mkdocs.yml", "CITATION.cff", "CHANGELOG.md", "bench/results.json")
#: What of it is laid out as it is and only built: all else of a rendering is the same with other ones.
LAID_OUT = ("site_src/docs", "site_src/overrides", "mkdocs.yml")


class Stamp:
    """build/stamp.txt: the digest of every input of the last complete build, and of the options."""

    def __init__(self, project: Path, options: Mapping[str, Any]) -> None:
        self._project = project
        self._path = project / "build" / "stamp.txt"
        self._around = [sys.version, installed(), dict(options)]
        # before the files are read: one that changes meanwhile has another state afterwards
        self._states = _states(project)
        self._files = {_text(path): sha256_file(Path(path)) for path in self._states}
        self._digest = sha256_bytes(canonical_json([*self._around, self._files]))

    def is_current(self) -> bool:
        made = self._project / "site" / "index.html"
        return made.is_file() and self._path.is_file() and self._path.read_text(encoding="ascii") == self._digest

    def holds(self) -> bool:
        """Whether the inputs are still those that they were: files may change while a build lasts. They are looked at, not read."""
        return _states(self._project) == self._states

    @property
    def of_rendering(self) -> str:
        """The digest of all that a rendering reads besides what is in the hand-written files of the site; their names and kinds are
        part of it."""
        laid_out = [self._project / name for name in LAID_OUT]
        found = sorted({*laid_out, *(path for folder in laid_out for path in folder.rglob("*"))})
        kinds = {_text(path): stat.S_IFMT(path.lstat().st_mode) if path.exists() else 0 for path in found}
        files = {path: digest for path, digest in self._files.items() if path not in kinds}
        return sha256_bytes(canonical_json([*self._around, files, kinds]))

    def clear(self) -> None:
        self._path.unlink(missing_ok=True)

    def write(self) -> None:
        """Nothing is written when an input changed while the build lasted: the next one must not pass for current."""
        if self.holds():
            write_if_changed(self._path, self._digest)

    def failed_before(self) -> bool:
        """True when a build of exactly these inputs was tried and failed."""
        path = self._path.with_suffix(".failed")
        return path.is_file() and path.read_text(encoding="ascii") == self._digest

    def write_failed(self) -> None:
        write_if_changed(self._path.with_suffix(".failed"), self._digest)


def _states(project: Path) -> dict[str, tuple[int, ...]]:
    """What changes when a file is written, or another takes its place: file, size, times of content and of entry."""
    found = {path: os.stat(path) for path in _files(project)}
    return {
        path: (one.st_dev, one.st_ino, one.st_size, one.st_mtime_ns, one.st_ctime_ns) for path, one in found.items()
    }


def _text(path: Path | str) -> str:
    """A name that this locale cannot read stands as its bytes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _files(project: Path) -> Iterator[str]:
    package = Path(generator.__file__).parent
    yield from (f"{package}/{name}" for name in names_below(package) if "__pycache__/" not in name)
    for name in INPUTS:
        path = project / name
        if path.is_file():
            yield str(path)
        yield from (f"{path}/{inner}" for inner in names_below(path))
