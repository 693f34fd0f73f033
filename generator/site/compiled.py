"""Compiled templates, kept between builds: compiling them takes as long as filling them.

build/cache/templates/<kind>-<surroundings>/<template>   sha256 of what follows, then Jinja's form of the compiled template
`surroundings` is the digest of this package's code and of all installed versions, for a filter may be applied while a template is
compiled; Jinja itself compares the template's source.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
from jinja2.bccache import Bucket

from generator.core import canonical_json, installed, sha256_bytes, sha256_file

_PACKAGE = Path(__file__).resolve().parents[1]
FOLDER = Path("cache") / "templates"


class Compiled(jinja2.BytecodeCache):
    """What the templates of one kind of environment were compiled to. A damaged file is no file."""

    def __init__(self, out: Path, kind: str) -> None:
        """out: the build folder; kind: which environment, for its settings are part of what is compiled."""
        self._folder = out / FOLDER / f"{kind}-{_surroundings()}"
        if not self._folder.is_dir():
            for old in (out / FOLDER).glob(f"{kind}-*"):
                shutil.rmtree(old, ignore_errors=True)

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        """As Jinja's own, also for a folder whose name this locale cannot read."""
        return sha256_bytes(canonical_json([name, os.fsencode(filename or "").decode("utf-8", "backslashreplace")]))

    def load_bytecode(self, bucket: Bucket) -> None:
        path = self._folder / bucket.key
        if path.is_file():
            digest, _, body = path.read_bytes().partition(b"\n")
            if digest == sha256_bytes(body).encode():
                bucket.bytecode_from_string(body)

    def dump_bytecode(self, bucket: Bucket) -> None:
        body = bucket.bytecode_to_string()
        path = self._folder / bucket.key
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{bucket.key}.{os.getpid()}")  # other processes compile the same template
        temporary.write_bytes(sha256_bytes(body).encode() + b"\n" + body)
        os.replace(temporary, path)


@lru_cache
def _surroundings() -> str:
    files = sorted(path for name in ("core", "site") for path in (_PACKAGE / name).rglob("*.py"))
    code = [[path.relative_to(_PACKAGE).as_posix(), sha256_file(path)] for path in files]
    return sha256_bytes(canonical_json([sys.version, installed(), code]))[:16]


class _WithoutHidden(jinja2.FileSystemLoader):
    """Does not list what lies in hidden folders: mkdocs wants none of the theme's ten thousand icons, but would look at each."""

    def list_templates(self) -> list[str]:
        return sorted({name for folder in self.searchpath for name in _below(Path(folder), "")})


def _below(folder: Path, before: str) -> Iterator[str]:
    if not folder.is_dir():
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _below(folder / entry.name, f"{before}{entry.name}/")
            elif not entry.is_dir():
                yield f"{before}{entry.name}"


def keep_theme(theme: Any, out: Path) -> None:
    """Let every environment of the mkdocs theme `theme` keep its compiled templates below the build folder `out`."""
    made, compiled = theme.get_env, Compiled(out, "theme")

    def get_env() -> jinja2.Environment:
        env: jinja2.Environment = made()
        assert isinstance(env.loader, jinja2.FileSystemLoader)
        env.loader, env.bytecode_cache = _WithoutHidden(env.loader.searchpath), compiled
        return env

    theme.get_env = get_env
