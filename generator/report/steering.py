"""The steering benchmark as a section of the bundle: results, internals, levers and the live model, checked before use.

Reads what lies under data/steering and computes no figure but Holm's adjustment over the runs of a suite, the bins of
the control histograms and the coupling along the levers against size. Every fault of every file is gathered. Torch is not needed.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from generator.core import Problem, ProblemsFound, canonical_json, sha256_bytes, sha256_file
from generator.report.steering_shapes import INTERNALS, ITEM_COLUMNS, LEVERS, LIVE
from generator.steering import lever_coupling, stats
from generator.steering.lever_coupling import against_size
from generator.steering.stats import holm
from generator.steering.world import RELIABLE_CUES, UNMARKED_CUE, UNRELIABLE_CUES

if TYPE_CHECKING:
    import jsonschema

FOLDER = Path("data/steering")
SCHEMA = "result.schema.json"
BIN = 0.02  # accuracy covered by one bar of a control histogram
NUMBER_BYTES = 2  # the live model is stored in half precision
Content = dict[str, Any]
Kept = Callable[[str, Any, Callable[[], Any]], Any]


@dataclass
class Steering:
    """What the site shows of the benchmark: the section, the per-item frame, and the files of the live model by name."""

    section: Content | None = None
    items: pd.DataFrame = field(default_factory=pd.DataFrame)
    files: dict[str, bytes] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """sha256 of the section, which names its per-item files and the live model by hash; empty without results."""
        return self.section["digest"] if self.section is not None else ""


def read_steering(root: Path, *, keep: Kept = lambda _name, _inputs, compute: compute()) -> Steering:
    """Everything under data/steering; nothing when the folder is not there. Raises ProblemsFound with every fault.

    `keep(name, inputs, compute)` is given what couples each grid of levers to size, with its rows and its code, and may answer from
    what it kept.
    """
    folder = root / FOLDER
    if not folder.is_dir():
        return Steering()
    reader = _Reader(root)
    code = [sha256_file(Path(module.__file__ or "")) for module in (lever_coupling, stats)]
    runs, items = reader.runs()
    internals = reader.documents("internals", INTERNALS)
    levers = [
        {**grid, "against_size": keep(f"levers/{number}", [code, grid["rows"]], partial(against_size, grid["rows"]))}
        for number, grid in enumerate(reader.documents("levers", LEVERS))
    ]
    levers.sort(key=lambda grid: max(row["parameters"] for row in grid["rows"]))
    live, files = reader.live()
    if reader.problems:
        raise ProblemsFound(reader.problems)
    if not (runs or internals or levers or live):
        return Steering()
    section = {"runs": with_holm(runs), "internals": internals, "levers": levers, "live": live}
    return Steering({**section, "digest": sha256_bytes(canonical_json(section))}, items, files)


def with_holm(runs: Sequence[Content]) -> list[Content]:
    """The runs with `mcnemar_holm` and `rank_holm`: adjusted over the runs of their suite that have figures."""
    adjusted: dict[str, dict[str, float]] = {}
    for suite in sorted({run["data"]["suite"] for run in runs}):
        tested = {run["id"]: run["test"] for run in runs if run["data"]["suite"] == suite and run["test"]}
        rows = {
            "mcnemar_holm": holm({name: test["binary"]["mcnemar_p"] for name, test in tested.items()}),
            "rank_holm": holm({name: test["gain"]["rank_p"] for name, test in tested.items()}),
        }
        for name in tested:
            adjusted[name] = {kind: values[name] for kind, values in rows.items()}
    none = {"mcnemar_holm": None, "rank_holm": None}
    return [run | none | adjusted.get(run["id"], {}) for run in runs]


def histogram(values: Sequence[float]) -> list[Content]:
    """Counts in bins of BIN between the lowest and the highest value; accuracies in 0–1."""
    if not values:
        return []
    places = [math.floor(value / BIN + 1e-9) for value in values]
    return [
        {"low": round(place * BIN, 10), "high": round((place + 1) * BIN, 10), "count": places.count(place)}
        for place in range(min(places), max(places) + 1)
    ]


class _Reader:
    """Reads the files of one project and gathers what is wrong with them."""

    def __init__(self, root: Path) -> None:
        self.root, self.folder = root, root / FOLDER
        self.problems: list[Problem] = []

    def runs(self) -> tuple[list[Content], pd.DataFrame]:
        """Every result with its bins, and all items with the run they belong to."""
        paths = sorted(self.folder.glob("*/result.json"))
        if not paths:
            return [], pd.DataFrame(columns=["run", *ITEM_COLUMNS])
        schema = self._json(self.folder / SCHEMA)
        if not isinstance(schema, dict):
            return [], pd.DataFrame()
        runs, frames = [], []
        for path in paths:
            result = self._checked(path, schema)
            if result is None:
                continue
            test = result["test"]
            if (test is None) != (result["status"] == "failed"):
                found = "absent" if test is None else "there"
                self._fault(
                    path, "status", f"{result['status']}, and test figures are {found}", "figures unless failed"
                )
                continue
            frames.append(self._items(path, result))
            bins = {} if test is None else {
                kind: histogram(test[f"controls_{kind}"]) for kind in ("random", "shuffled") if f"controls_{kind}" in test
            }  # fmt: skip
            runs.append({**result, "id": path.parent.name, "path": self._shown(path), "bins": bins})
        kept = [frame for frame in frames if frame is not None]
        return runs, pd.concat(kept, ignore_index=True) if kept else pd.DataFrame(columns=["run", *ITEM_COLUMNS])

    def documents(self, name: str, schema: Content) -> list[Content]:
        """The checked JSON files of one subfolder, each with its `id`, in the order of their names."""
        found = [(path, self._checked(path, schema)) for path in sorted((self.folder / name).glob("*.json"))]
        return [{**value, "id": path.stem, "path": self._shown(path)} for path, value in found if value is not None]

    def live(self) -> tuple[Content | None, dict[str, bytes]]:
        """Header and files of the live model; the weights must be the bytes that the header names."""
        folder = self.folder / "live"
        header = self._checked(folder / "model.json", LIVE) if (folder / "model.json").is_file() else None
        weights = folder / "model.bin"
        if header is None:
            return None, {}
        data = weights.read_bytes() if weights.is_file() else b""
        if sha256_bytes(data) != header["sha256"]:
            self._fault(weights, "sha256", sha256_bytes(data)[:16] if data else "no file", header["sha256"][:16])
            return None, {}
        ends = (place["offset"] + math.prod(place["shape"]) for place in header["arrays"].values())
        if max(ends) * NUMBER_BYTES != len(data):
            self._fault(weights, "length", f"{len(data)} bytes", "the arrays of model.json, two bytes a number")
            return None, {}
        cues = {"unmarked": [UNMARKED_CUE], "reliable": list(RELIABLE_CUES), "unreliable": list(UNRELIABLE_CUES)}
        shown = {name: value for name, value in header.items() if name not in ("arrays", "vocabulary", "facts")}
        files = {"model.bin": data, "model.json": canonical_json({**header, "cues": cues}).encode()}
        first = header["facts"][0]
        shown |= {"facts": len(header["facts"]), "example": f"{first['town']} {first['relation']}"}
        return {**shown, "cues": cues, "bytes": sum(map(len, files.values()))}, files

    # -- one file -------------------------------------------------------------------------------------------------
    def _items(self, path: Path, result: Content) -> pd.DataFrame | None:
        if not result["items_file"]:
            return None
        items = path.parent / Path(result["items_file"]).name
        found, allowed, frame = "no file", "the file that result.json names", None
        if items.is_file() and sha256_file(items) != result["items_sha256"]:
            found, allowed = f"sha256 {sha256_file(items)[:16]}", f"{result['items_sha256'][:16]} as in result.json"
        elif items.is_file():
            found, allowed, frame = _read_items(items, result["test"])
        if frame is None:
            self._fault(items, "per-item file", found, allowed)
            return None
        return frame.assign(run=path.parent.name)

    def _checked(self, path: Path, schema: Content) -> Content | None:
        """The content of a JSON file, or None after noting what is wrong with it."""
        value = self._json(path)
        if value is None:
            return None
        import jsonschema  # takes a while, which the process that builds the site can spare

        faults = [
            leaf for fault in jsonschema.Draft202012Validator(schema).iter_errors(value) for leaf in _leaves(fault)
        ]
        for fault in faults:
            self._fault(path, fault.json_path, _short(fault.message), "")
        return None if faults else value

    def _json(self, path: Path) -> Any:
        try:
            return json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse)
        except OSError as error:
            self._fault(path, "file", error.strerror or "unreadable", "a JSON file")
        except json.JSONDecodeError as error:
            self._fault(path, "JSON", error.msg, "", line=error.lineno)
        except ValueError as error:
            self._fault(path, "JSON", str(error), "finite numbers and UTF-8")
        return None

    def _fault(self, path: Path, subject: str, found: str, allowed: str, *, line: int = 0) -> None:
        hint = "run the command that wrote it again, or restore the committed file"
        self.problems.append(Problem(self._shown(path), line, "steering-file", subject, found, allowed, hint))

    def _shown(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()


def _read_items(path: Path, test: Content | None) -> tuple[str, str, pd.DataFrame | None]:
    """The per-item frame, or what was found and what is allowed instead."""
    try:
        frame = pd.read_parquet(io.BytesIO(path.read_bytes()))
    except (OSError, ValueError) as error:
        return str(error).splitlines()[0], "a Parquet file", None
    lacking = [column for column in ITEM_COLUMNS if column not in frame]
    if lacking:
        return f"no column {', '.join(lacking)}", ", ".join(ITEM_COLUMNS), None
    if test and len(frame) != test["binary"]["n"]:
        return f"{len(frame)} rows", f"{test['binary']['n']} as in result.json", None
    return "", "", frame


def _leaves(fault: jsonschema.ValidationError) -> Iterator[jsonschema.ValidationError]:
    """What is wrong inside a value that may have several shapes: the faults of the shape that fits it deepest."""
    if not fault.context:
        yield fault
        return
    deepest = max(fault.context, key=lambda inner: len(inner.absolute_path))
    for inner in fault.context:
        if inner.schema_path[0] == deepest.schema_path[0]:
            yield from _leaves(inner)


def _refuse(name: str) -> float:
    raise ValueError(f"the number {name}")


def _short(message: str) -> str:
    """A validator quotes whole values; the fault is told by its beginning and end."""
    return message if len(message) <= 200 else f"{message[:120]} … {message[-70:]}"
