"""A rendering that still stands: when nothing but hand-written pages, styles and scripts is new, only these are put into build/docs.

build/cache/rendering.json   {key, files: {path below build/: [bytes, time]}, fragments: {hand-written page: [[name, text], …]}}
`key` names everything that a rendering reads besides the hand-written files. The record counts only when it is that of the present
key, when every file that it names is there as it was written (its size and time are looked at), and no other is; and when the new
pages ask for the same fragments, show the same charts and have the same title and description as before: other pages rest on these.
Otherwise all is rendered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generator.core import CapewatchError, canonical_json, names_below, read_json, write_if_changed
from generator.site.handwritten import hand_written, marks, put_in
from generator.site.page import charts_in, words_of

#: What a rendering leaves below build/, the bundle included.
MADE = ("bundle", "docs", "days.json", "mkdocs.yml", "search.json")
#: Hand-written page → name and text of each fragment in it, in order.
Fragments = Mapping[str, list[tuple[str, str]]]


@dataclass(frozen=True)
class Standing:
    """The record of the rendering before. out: the build folder; key: digest of all that a rendering reads besides what is hand-written."""

    root: Path
    out: Path
    key: str

    def renewed(self) -> int | None:
        """Put the hand-written files of now in the places of those before, and say how many pages the docs folder holds; None, and
        nothing is touched, when all must be rendered."""
        record = self._record()
        new = record and self._new(record["fragments"])
        if not record or new is None:
            return None
        for name, content in new.items():
            if write_if_changed(self._docs / name, content):
                record["files"][f"docs/{name}"] = _state(self._docs / name)
        write_if_changed(self._path, canonical_json(record))
        return sum(path.endswith(".md") for path in record["files"] if path.startswith("docs/"))

    def save(self, fragments: Fragments) -> None:
        """Remember what was just rendered into `out`."""
        write_if_changed(
            self._path, canonical_json({"key": self.key, "fragments": fragments, "files": dict(self._files())})
        )

    def _record(self) -> dict[str, Any] | None:
        if not self._path.is_file():
            return None
        try:
            record: dict[str, Any] = read_json(self._path)
        except CapewatchError:  # a damaged cache is no cache
            return None
        return record if record["key"] == self.key and record["files"] == dict(self._files()) else None

    def _new(self, before: Fragments) -> dict[str, str | bytes] | None:
        """The hand-written files as they are to lie in the docs folder; None when other pages must change with them."""
        found: dict[str, str | bytes] = {}
        for name, path in hand_written(self.root):
            if name not in before:
                return None
            if not name.endswith(".md"):
                found[name] = path.read_bytes()
                continue
            text = path.read_text(encoding="utf-8")
            if marks(text) != [mark for mark, _text in before[name]]:
                return None
            new = found[name] = put_in(text, [fragment for _mark, fragment in before[name]])
            old = (self._docs / name).read_text(encoding="utf-8")
            if charts_in(new) != charts_in(old) or words_of(new) != words_of(old):
                return None
        return found if found.keys() == before.keys() else None

    def _files(self) -> Iterator[tuple[str, list[int]]]:
        for name in MADE:
            path = self.out / name
            if path.is_file():
                yield name, _state(path)
            for below in names_below(path):
                yield f"{name}/{below}", _state(path / below)

    @property
    def _path(self) -> Path:
        return self.out / "cache" / "rendering.json"

    @property
    def _docs(self) -> Path:
        return self.out / "docs"


def _state(path: Path) -> list[int]:
    """Size in bytes and time of the last change in nanoseconds."""
    found = path.stat()
    return [found.st_size, found.st_mtime_ns]
