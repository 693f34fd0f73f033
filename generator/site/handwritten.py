"""The hand-written files of the site, and the marks in its pages that fragments of the report take the places of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from generator.core import CapewatchError
from generator.site.escape import shown

FOLDER = Path("site_src/docs")
_MARKER = re.compile(r"<!-- capewatch:([a-z0-9/-]+) -->")


def hand_written(root: Path) -> Iterator[tuple[str, Path]]:
    """Every hand-written file of the project folder `root`: its path below the docs folder, and where it lies. Raises
    CapewatchError at a symbolic link."""
    folder = root / FOLDER
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            raise CapewatchError(
                f"{path}: a symbolic link, it could publish any file", hint="put the file itself there"
            )
        if path.is_file() and not path.name.startswith("."):
            yield path.relative_to(folder).as_posix(), path


def marks(text: str) -> list[str]:
    """The names of the fragments that a page asks for, in order."""
    return _MARKER.findall(text)


def put_in(text: str, fragments: Sequence[str]) -> str:
    """The page with a text in the place of each of its marks, in order."""
    texts = iter(fragments)
    return shown(_MARKER.sub(lambda _mark: next(texts), text))
