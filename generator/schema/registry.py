"""Everything people wrote under data/, loaded at once: typed values, their positions, and every problem."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel

from generator.core import Problem, ProblemsFound
from generator.schema.model import Model
from generator.schema.registry_files import (
    Aliases,
    AliasTable,
    Benchmark,
    Correction,
    Corrections,
    Evaluator,
    Evaluators,
    Family,
    Lab,
    Source,
    Track,
    Tracks,
)
from generator.schema.validate import validated
from generator.schema.yamlfile import Document, read_yaml

T = TypeVar("T", bound=BaseModel)

#: folder under data/ -> (type, JSON Schema name). One file an entry, named <id>.yaml.
FOLDERS: Mapping[str, tuple[type[BaseModel], str]] = {
    "benchmarks": (Benchmark, "benchmark"),
    "labs": (Lab, "lab"),
    "families": (Family, "family"),
    "sources": (Source, "source"),
    "models": (Model, "model"),
}
#: single file under data/ -> (type, JSON Schema name)
FILES: Mapping[str, tuple[type[BaseModel], str]] = {
    "evaluators.yaml": (Evaluators, "evaluators"),
    "tracks.yaml": (Tracks, "tracks"),
    "aliases.yaml": (Aliases, "aliases"),
    "corrections.yaml": (Corrections, "corrections"),
}


@dataclass(frozen=True)
class Entry(Generic[T]):
    """A validated value and the file it came from."""

    value: T
    document: Document


@dataclass
class Registry:
    """The typed content of data/, by id. `problems` holds what reading and validating found."""

    root: Path
    models: dict[str, Entry[Model]] = field(default_factory=dict)
    benchmarks: dict[str, Entry[Benchmark]] = field(default_factory=dict)
    labs: dict[str, Entry[Lab]] = field(default_factory=dict)
    families: dict[str, Entry[Family]] = field(default_factory=dict)
    sources: dict[str, Entry[Source]] = field(default_factory=dict)
    evaluators: dict[str, Evaluator] = field(default_factory=dict)
    tracks: dict[str, Track] = field(default_factory=dict)
    alias_tables: list[AliasTable] = field(default_factory=list)
    corrections: list[Correction] = field(default_factory=list)
    #: Folder under data/ -> file name without ending -> what was read of a file whose shape is at fault.
    faulty: dict[str, dict[str, Document]] = field(default_factory=dict)
    single: dict[str, Document] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def require_clean(self) -> Registry:
        """Self, or ProblemsFound with every error."""
        errors = [problem for problem in self.problems if problem.severity == "error"]
        if errors:
            raise ProblemsFound(errors)
        return self


def load_registry(root: Path) -> Registry:
    """Read every file under `root`/data that a person writes. Faults never raise; they are in `problems`."""
    registry = Registry(root)
    for folder, (kind, _schema) in FOLDERS.items():
        for path in _yaml_files(root / "data" / folder):
            _load_entry(registry, folder, path, kind)
    for name, (kind, _schema) in FILES.items():
        _load_single(registry, root / "data" / name, kind)
    return registry


def _yaml_files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from sorted(
            path
            for path in folder.rglob("*")
            if path.suffix in (".yaml", ".yml") and (path.is_file() or path.is_symlink())
        )


def _load_entry(registry: Registry, folder: str, path: Path, kind: type[BaseModel]) -> None:
    store: dict[str, Entry] = getattr(registry, folder)
    shown = path.relative_to(registry.root).as_posix()
    document = read_yaml(path, shown_as=shown)
    value = validated(document, kind)
    registry.problems.extend(document.problems)
    if value is None:
        registry.faulty.setdefault(folder, {})[path.stem] = document
        return
    identity: str = value.id  # type: ignore[attr-defined]
    if path.suffix != ".yaml" or path.stem != identity:
        registry.problems.append(
            document.problem(
                ("id",),
                "file-name",
                f"the id {identity!r} and the file name disagree",
                found=path.name,
                allowed=f"{identity}.yaml",
            )
        )
    if identity in store:
        first = store[identity].document.path
        registry.problems.append(
            document.problem(
                ("id",), "duplicate-id", f"the id {identity!r} is taken", hint=f"first in {first}; choose another id"
            )
        )
        return
    store[identity] = Entry(value, document)


def _load_single(registry: Registry, path: Path, kind: type[BaseModel]) -> None:
    if not path.exists():
        return
    document = read_yaml(path, shown_as=path.relative_to(registry.root).as_posix())
    value = validated(document, kind)
    registry.problems.extend(document.problems)
    registry.single[path.name] = document
    if isinstance(value, Evaluators):
        registry.evaluators = _by_id(registry, document, "evaluators", value.evaluators)
    elif isinstance(value, Tracks):
        registry.tracks = _by_id(registry, document, "tracks", value.tracks)
    elif isinstance(value, Aliases):
        registry.alias_tables = list(value.tables)
    elif isinstance(value, Corrections):
        registry.corrections = list(value.corrections)


def _by_id(registry: Registry, document: Document, key: str, items: list) -> dict:
    result: dict = {}
    for index, item in enumerate(items):
        if item.id in result:
            registry.problems.append(
                document.problem((key, index, "id"), "duplicate-id", f"the id {item.id!r} appears twice")
            )
        result[item.id] = item
    return result
