"""Results of the slow parts of a report, kept on this machine under a key of everything they depend on.

build/cache/report/<name>.json   first line: key and sha256 of what follows; then the result as JSON

A kept result counts only when its key is that of the present inputs, code and versions and its bytes are those that were written.
One file a name, exchanged whole: a new result takes the place of the old one.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from generator.core import canonical_json, sha256_bytes, sha256_file, write_if_changed
from generator.panel import Panel

FOLDER = Path("build") / "cache" / "report"
#: Every layer that a report is made by; a change of any file in them makes every kept result void.
LAYERS = ("core", "schema", "snapshots", "sources", "panel", "analysis", "forecasts", "predictions", "report")
DISTRIBUTIONS = ("numpy", "pandas", "pyarrow", "pydantic", "pysindy", "scikit-learn", "scipy")
_PACKAGE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, eq=False)
class Memo:
    """`memo(name, inputs, compute)` is what `compute()` gives, as JSON gives it back; computed only when `inputs` are new."""

    root: Path
    #: A further folder of kept results, one file a name as well: read after the project's own, never written.
    also: Path | None = None

    def __call__(self, name: str, inputs: Any, compute: Callable[[], Any]) -> Any:
        """`inputs`: plain JSON that names the state of everything `compute` reads, randomness included."""
        key = sha256_bytes(canonical_json([name, self.surroundings, inputs]))
        file = f"{name.replace('/', '.')}.json"
        path = self.root / FOLDER / file
        for kept in (path, *([self.also / file] if self.also else [])):
            if kept.is_file():
                head, _, body = kept.read_bytes().partition(b"\n")
                if head.decode("ascii", "replace") == f"{key} {sha256_bytes(body)}":
                    return json.loads(body)
        body = json.dumps(compute(), ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
        write_if_changed(path, f"{key} {sha256_bytes(body)}\n".encode() + body)
        return json.loads(body)

    @cached_property
    def surroundings(self) -> list[Any]:
        """Code and versions."""
        versions = {name: importlib.metadata.version(name) for name in DISTRIBUTIONS}
        files = [
            path
            for layer in LAYERS
            for path in sorted((_PACKAGE / layer).rglob("*"))
            if path.suffix in (".py", ".json")
        ]
        return [sys.version, versions, [(path.relative_to(_PACKAGE).as_posix(), sha256_file(path)) for path in files]]

    def folders(self, names: Iterable[str]) -> list[tuple[str, str]]:
        """Path below the project and digest of every file in these files and folders: names the state of what is read from them."""
        paths = [path for name in names for path in _below(self.root / name)]
        return [(path.relative_to(self.root).as_posix(), sha256_file(path)) for path in paths]


class Keep(Protocol):
    """`keep(name, panels, compute)` is `compute()`, which rests on these panels alone and gives plain JSON; it may be answered from
    what was kept. cells: `compute` reads the observations behind the panels too."""

    def __call__(
        self, name: str, panels: Sequence[Panel], compute: Callable[[], Any], /, *, cells: bool = False
    ) -> Any: ...


def computed_anew(_name: str, _panels: Sequence[Panel], compute: Callable[[], Any], /, **_cells: bool) -> Any:
    """Keeps nothing."""
    return compute()


def keeper(memo: Memo, *settings: Any) -> Keep:
    """What keeps results in `memo` under the state of their panels and these settings (plain JSON)."""

    states: dict[tuple[int, bool], tuple[Panel, list[str]]] = {}  # the panel too, lest another one take its identity

    def keep(name: str, panels: Sequence[Panel], compute: Callable[[], Any], /, *, cells: bool = False) -> Any:
        for panel in panels:
            if (id(panel), cells) not in states:
                states[id(panel), cells] = panel, panel_state(panel, cells=cells)
        return memo(name, [*settings, [states[id(panel), cells][1] for panel in panels]], compute)

    return keep


def panel_state(panel: Panel, *, cells: bool = False) -> list[str]:
    """What names the state of a panel's numbers to the last bit, order of models and axes included; `cells`: and of its cells."""
    day = panel.as_of.isoformat() if panel.as_of else ""
    frames = [panel.models, panel.axes, panel.scores, panel.stderr] + ([panel.cells] if cells else [])
    return [panel.name, panel.track, day, *(_frame_digest(frame) for frame in frames)]


def _frame_digest(frame: pd.DataFrame) -> str:
    """sha256 over index, columns, types and values; numbers to the last bit."""
    hasher = hashlib.sha256(repr([frame.index.tolist(), [*frame.columns], [*map(str, frame.dtypes)]]).encode())
    for name in frame.columns:
        column = frame[name]
        plain = isinstance(column.dtype, np.dtype) and column.dtype != object
        hasher.update(column.to_numpy().tobytes() if plain else repr(column.tolist()).encode("utf-8", "surrogatepass"))
    return hasher.hexdigest()


def _below(path: Path) -> list[Path]:
    return [path] if path.is_file() else sorted(inner for inner in path.rglob("*") if inner.is_file())
