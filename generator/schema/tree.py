"""What may stand in the folders that people write: plain files under names that every system can hold.

A link would let a file from outside into the published site; a name that one system cannot hold makes the whole
project impossible to check out there.
"""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from generator.core import Problem, printable

FOLDERS = ("data", "predictions", "site_src")
#: folders under data/ in which every file is one entry
_ENTRIES = ("benchmarks", "claims", "families", "labs", "models", "sources")
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)
_FORBIDDEN = frozenset('<>:"|?*\\')
MAX_NAME = 200


def tree_problems(root: Path) -> Iterator[Problem]:
    """Every link, special file, unusable name and unread entry file below data/, predictions/ and site_src/."""
    for name in FOLDERS:
        if (root / name).is_symlink():
            yield _problem(name, "symlink", "the folder is a symbolic link", allowed="a plain folder")
        elif (root / name).is_dir():
            yield from _folder(root, name)


def _folder(root: Path, shown: str) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    with os.scandir(root / shown) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        path = f"{shown}/{entry.name}"
        folded = unicodedata.normalize("NFKC", entry.name).casefold()
        if folded in seen:
            yield _problem(
                path, "file-name", "two names differ only in case or form", found=entry.name, allowed=seen[folded]
            )
        seen.setdefault(folded, entry.name)
        yield from _name(path, entry.name)
        mode = entry.stat(follow_symlinks=False).st_mode
        if stat.S_ISLNK(mode):
            yield _problem(path, "symlink", "a symbolic link", allowed="plain files and folders")
        elif stat.S_ISDIR(mode):
            yield from _folder(root, path)
        elif not stat.S_ISREG(mode):
            yield _problem(path, "special-file", "neither a file nor a folder", allowed="plain files and folders")
        elif _is_unread(path):
            yield _problem(path, "file-name", "nothing reads this file", found=entry.name, allowed="<id>.yaml")


def _name(path: str, name: str) -> Iterator[Problem]:
    if name != printable(name) or name != unicodedata.normalize("NFC", name):
        yield _problem(
            path, "file-name", "the name holds a control character or is not in normal form", found=ascii(name)
        )
    elif (
        _DEVICE.fullmatch(name) or name.endswith((".", " ")) or _FORBIDDEN & set(name) or len(name.encode()) > MAX_NAME
    ):
        yield _problem(
            path,
            "file-name",
            "not every system can hold this name",
            found=name[:80],
            allowed=f"at most {MAX_NAME} bytes, no device name, no {' '.join(sorted(_FORBIDDEN))}, no dot at the end",
        )


def _is_unread(path: str) -> bool:
    parts = path.split("/")
    hidden = parts[-1].startswith(".")
    return parts[0] == "data" and len(parts) > 2 and parts[1] in _ENTRIES and not hidden and not parts[-1].endswith(
        (".yaml", ".yml")
    )  # fmt: skip


def _problem(path: str, code: str, subject: str, *, found: str = "", allowed: str = "") -> Problem:
    return Problem(path, 0, code, subject, found=found, allowed=allowed, hint="remove or rename it")
