"""Has anything a build reads changed since the last one? Answered by digests, without importing the build."""

from __future__ import annotations

import importlib.metadata
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import generator
from generator.core import canonical_json, sha256_bytes, sha256_file, write_if_changed

#: What a build reads, relative to the project folder.
INPUTS = ("data", "predictions", "site_src", "mkdocs.yml", "CITATION.cff", "CHANGELOG.md", "bench/results.json")
#: Distributions whose version can change the output.
DISTRIBUTIONS = (
    "altair", "jinja2", "mkdocs", "mkdocs-material", "numpy", "pandas", "pyarrow", "scipy", "scikit-learn",
    "vl-convert-python",
)  # fmt: skip


class Stamp:
    """build/stamp.txt: the digest of every input of the last complete build, and of the options."""

    def __init__(self, project: Path, options: Mapping[str, Any]) -> None:
        self._project = project
        self._path = project / "build" / "stamp.txt"
        self._digest = _inputs_digest(project, options)

    def is_current(self) -> bool:
        made = self._project / "site" / "index.html"
        return made.is_file() and self._path.is_file() and self._path.read_text(encoding="ascii") == self._digest

    def clear(self) -> None:
        self._path.unlink(missing_ok=True)

    def write(self) -> None:
        write_if_changed(self._path, self._digest)

    def failed_before(self) -> bool:
        """True when a build of exactly these inputs was tried and failed."""
        path = self._path.with_suffix(".failed")
        return path.is_file() and path.read_text(encoding="ascii") == self._digest

    def write_failed(self) -> None:
        write_if_changed(self._path.with_suffix(".failed"), self._digest)


def _inputs_digest(project: Path, options: Mapping[str, Any]) -> str:
    versions = {name: importlib.metadata.version(name) for name in DISTRIBUTIONS}
    # a name that this locale cannot read stands as its bytes
    files = {os.fsencode(path).decode("utf-8", "backslashreplace"): sha256_file(path) for path in _files(project)}
    return sha256_bytes(canonical_json([sys.version, dict(options), versions, files]))


def _files(project: Path) -> Iterator[Path]:
    package = Path(generator.__file__).parent
    yield from (path for path in sorted(package.rglob("*")) if path.is_file() and "__pycache__" not in path.parts)
    for name in INPUTS:
        path = project / name
        if path.is_file():
            yield path
        yield from (inner for inner in sorted(path.rglob("*")) if inner.is_file())
