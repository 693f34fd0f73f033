"""The docs folder while it is made: a file is written as soon as it is there, so that a large site is never held in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from generator.core import CapewatchError, names_below, write_if_changed
from generator.site.page import charts_in


@dataclass
class Docs:
    """What a rendering has put into `folder` so far.

    read: pages whose text is asked for again; paths: every file, below the folder; changed: how many had other bytes before;
    texts: the pages of `read`; charts: page → its charts and their anchors. A page that waits for a drawing is written by `finish`.
    """

    folder: Path
    read: frozenset[str] = frozenset()
    paths: set[str] = field(default_factory=set)
    changed: int = 0
    texts: dict[str, str] = field(default_factory=dict)
    charts: dict[str, Mapping[str, str]] = field(default_factory=dict)
    _waiting: dict[str, bytes] = field(default_factory=dict, repr=False)

    def add(self, path: str, content: bytes | str, *, waits: bool = False) -> None:
        """A file that no other may be. Raises CapewatchError when there is one of this path."""
        self._refuse(path in self.paths, path)
        self.put(path, content, waits=waits)

    def put(self, path: str, content: bytes | str, *, waits: bool = False) -> None:
        """A file, in the place of any that was there. waits: it is text with places for drawings, see `finish`."""
        self.paths.add(path)
        if isinstance(content, str) and path.endswith(".md"):
            if path in self.read:
                self.texts[path] = content
            if charts := charts_in(content):
                self.charts[path] = charts
        self._waiting.pop(path, None)
        if waits:
            self._waiting[path] = content.encode() if isinstance(content, str) else content
        else:
            self.changed += write_if_changed(self.folder / path, content)

    def join(self, other: Docs) -> None:
        """Count in what another process wrote. Raises CapewatchError when both have a file of one path."""
        for path in sorted(self.paths & other.paths):
            self._refuse(True, path)
        self.paths |= other.paths
        self.changed += other.changed
        self.texts |= other.texts
        self.charts |= other.charts
        self._waiting |= other._waiting

    def finish(self, filled: Callable[[str], str]) -> None:
        """Write the pages that wait, each as `filled` gives it."""
        for path, content in self._waiting.items():
            self.changed += write_if_changed(self.folder / path, filled(content.decode()))
        self._waiting.clear()

    def remove_others(self) -> int:
        """Delete what is in the folder and was not put there; how many files those were."""
        stale = [name for name in names_below(self.folder) if name not in self.paths]
        for name in stale:
            (self.folder / name).unlink()
        return len(stale)

    @staticmethod
    def _refuse(taken: bool, path: str) -> None:
        if taken:
            raise CapewatchError(f"two pages have the address {path}", hint="rename one of the two files")
