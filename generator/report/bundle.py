"""The report bundle: every number final and typed, in one directory of JSON and Parquet. The site reads only this.

meta.json         code version, data digest, as-of, seed, resamples, dependency versions, counts, freshness
statistics.json   {id: Statistic.as_dict()}; ids are paths such as ``maker/r/swe-bench-verified~gpqa-diamond``
entities.json     models, labs, families, benchmarks, sources, tracks, evaluators: lists of plain mappings
tables/<name>.json / .csv / .parquet   every table with fields, units, licence, digest
sections/<name>.json   what the later stages add: claims, predictions, forecasts, steering, changes
files/<path>           what the site passes on as it is, such as the weights of the live steering model
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from json.encoder import encode_basestring
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from generator.core import canonical_json, read_json, sha256_bytes, write_if_changed
from generator.report.standing_tables import SUFFIXES, StandingTables

SCHEMA_VERSION = 1
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
ENTITY_KINDS = ("models", "labs", "families", "benchmarks", "sources", "tracks", "evaluators")


@dataclass(frozen=True)
class Field:
    """A column of a table: its name, type (text, number, day, flag), unit in words and meaning."""

    name: str
    type: str
    description: str
    unit: str = ""

    def as_dict(self) -> dict[str, str]:
        return {"name": self.name, "type": self.type, "unit": self.unit, "description": self.description}


@dataclass(frozen=True)
class Table:
    """A table that people can download. `frame` has exactly the columns of `fields`, sorted rows, no index."""

    name: str
    title: str
    description: str
    fields: tuple[Field, ...]
    frame: pd.DataFrame
    licence: str

    def __post_init__(self) -> None:
        if list(self.frame.columns) != [item.name for item in self.fields]:
            raise ValueError(f"table {self.name}: columns {list(self.frame.columns)} are not its fields")

    @cached_property
    def csv(self) -> str:
        """Text that a spreadsheet cannot take for a formula: a leading =, +, - or @ of a text cell is quoted by '."""
        frame = self.frame.copy()
        for item in self.fields:
            if item.type == "text" and _may_be_formula(frame[item.name]):
                frame[item.name] = frame[item.name].map(defused)
        return frame.to_csv(index=False, lineterminator="\n")

    @cached_property
    def csv_sha256(self) -> str:
        """sha256 of `csv`."""
        return sha256_bytes(self.csv)

    def know_csv(self, digest: str) -> None:
        """Take this for the digest of `csv`, which then need not be made for it."""
        self.__dict__["csv_sha256"] = digest

    @property
    def rows(self) -> list[dict[str, Any]]:
        names = [item.name for item in self.fields]
        return [dict(zip(names, row, strict=True)) for row in zip(*self._columns(), strict=True)]

    def json(self, as_of: str) -> str:
        """The table as canonical JSON, metadata and rows. Made column by column, in a fifth of the time of row by row."""
        order = sorted(range(len(self.fields)), key=lambda place: self.fields[place].name)
        columns = list(self._columns())
        form = ",".join(f"{canonical_json(self.fields[place].name)[:-1].replace('%', '%%')}:%s" for place in order)
        cells = [_json_cells(columns[place]) for place in order]
        rows = ",".join([f"{{{form}}}" % row for row in zip(*cells, strict=True)])
        return f'{{"metadata":{canonical_json(self.metadata(as_of))[:-1]},"rows":[{rows}]}}\n'

    def _columns(self) -> Iterator[list[Any]]:
        """The values of each column as plain objects, None where one is missing."""
        for item in self.fields:
            column = self.frame[item.name]
            values = column.astype(object).where(column.notna(), None).tolist()
            yield [value.item() if isinstance(value, np.generic) else value for value in values]

    def metadata(self, as_of: str) -> dict[str, Any]:
        return {
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "fields": [item.as_dict() for item in self.fields],
            "licence": self.licence,
            "as_of": as_of,
            "rows": len(self.frame),
            "sha256": self.csv_sha256,
        }

    def parquet(self, as_of: str) -> bytes:
        """The same table as Parquet, metadata in the file's key-value metadata."""
        import pyarrow
        import pyarrow.parquet

        table = pyarrow.Table.from_pandas(self.frame, preserve_index=False)
        kinds = {"number": pyarrow.float64(), "flag": pyarrow.bool_()}
        for place, item in enumerate(self.fields):  # a column without one value has its type all the same
            if pyarrow.types.is_null(table.field(place).type):
                typed = table.column(place).cast(kinds.get(item.type, pyarrow.string()))
                table = table.set_column(place, item.name, typed)
        described = {b"capewatch": canonical_json(self.metadata(as_of)).encode()}
        buffer = io.BytesIO()
        pyarrow.parquet.write_table(table.replace_schema_metadata(described), buffer, compression="zstd")
        return buffer.getvalue()


@dataclass
class Bundle:
    """Everything a site shows. `statistics` maps an id to a Statistic as plain JSON; `files` a path of the site to bytes."""

    meta: dict[str, Any]
    statistics: dict[str, dict[str, Any]]
    entities: dict[str, list[dict[str, Any]]]
    tables: dict[str, Table] = field(default_factory=dict)
    sections: dict[str, Any] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)

    @property
    def as_of(self) -> str:
        return str(self.meta["as_of"])

    def by_id(self, kind: str) -> dict[str, dict[str, Any]]:
        """The entities of one kind, by id."""
        return {item["id"]: item for item in self.entities[kind]}

    def write(self, folder: Path, *, record: Path | None = None) -> list[Path]:
        """Write the bundle; files whose bytes did not change are left alone, files of an older bundle are removed.

        record: a file that remembers which tables lie in `folder`, so that these are not made again to be compared.
        """
        standing = StandingTables(folder, record, as_of=self.as_of)
        made = {name: table for name, table in self.tables.items() if not standing.stands(table)}
        wanted = {folder / "tables" / f"{name}.{suffix}" for name in self.tables for suffix in SUFFIXES}
        changed = []
        for name, content in self._files(made):  # one at a time: all of them are larger than the bundle
            path = folder / name
            wanted.add(path)
            if write_if_changed(path, content):
                changed.append(path)
        for path in folder.rglob("*"):
            if path.is_file() and path not in wanted:
                path.unlink()
        standing.save(self.tables)
        return changed

    def _files(self, tables: Mapping[str, Table]) -> Iterator[tuple[str, bytes | str]]:
        yield "meta.json", canonical_json(self.meta, indent=1)
        yield "statistics.json", canonical_json(self.statistics, indent=1)
        yield "entities.json", canonical_json(self.entities)  # the largest: lines would take a second per 4,000 models
        for name, value in self.sections.items():
            yield f"sections/{name}.json", canonical_json(value)
        for name, table in tables.items():
            yield f"tables/{name}.json", table.json(self.as_of)
            yield f"tables/{name}.csv", table.csv
            yield f"tables/{name}.parquet", table.parquet(self.as_of)
        for name, content in self.files.items():
            yield f"files/{name}", content

    @property
    def digest(self) -> str:
        """sha256 over meta, statistics, entities and sections: two bundles with it show the same site."""
        return sha256_bytes(canonical_json([self.meta, self.statistics, self.entities, self.sections]))


def read_bundle(folder: Path) -> Bundle:
    """Read a bundle that `Bundle.write` wrote; tables come back with the same fields and rows."""
    tables = {path.stem: table_from(read_json(path)) for path in sorted((folder / "tables").glob("*.json"))}
    sections = {path.stem: read_json(path) for path in sorted((folder / "sections").glob("*.json"))}
    return Bundle(
        meta=read_json(folder / "meta.json"),
        statistics=read_json(folder / "statistics.json"),
        entities=read_json(folder / "entities.json"),
        tables=tables,
        sections=sections,
        files={
            path.relative_to(folder / "files").as_posix(): path.read_bytes()
            for path in sorted((folder / "files").rglob("*"))
            if path.is_file()
        },
    )


def table_from(document: Mapping[str, Any]) -> Table:
    """A table out of its JSON: metadata and rows."""
    metadata: Mapping[str, Any] = document["metadata"]
    fields = tuple(Field(**item) for item in metadata["fields"])
    frame = pd.DataFrame(document["rows"], columns=[item.name for item in fields])
    for item in fields:
        if item.type == "number":
            frame[item.name] = pd.to_numeric(frame[item.name]).astype(float)
    return Table(metadata["name"], metadata["title"], metadata["description"], fields, frame, metadata["licence"])


def _json_cells(values: list[Any]) -> list[str]:
    """Each value as JSON; equal texts are written once."""
    kinds = set(map(type, values))
    if kinds <= {str, type(None)}:
        texts = {value: "null" if value is None else encode_basestring(value) for value in set(values)}
        return [texts[value] for value in values]
    if kinds <= {float, type(None)} and all(value is None or math.isfinite(value) for value in values):
        return ["null" if value is None else repr(value) for value in values]
    return [canonical_json(value)[:-1] for value in values]


def _may_be_formula(column: pd.Series) -> bool:
    """Whether a column of texts holds one that begins like a formula; True where it holds other things than texts."""
    return not isinstance(column.dtype, pd.StringDtype) or bool(column.str.startswith(_FORMULA, na=False).any())


def defused(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula: text that begins like one, also in full-width form, gets a '."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
