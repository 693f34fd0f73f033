"""The papers' frozen files as downloads, row by row as published: what the recipes of the claims read, and no live panel holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from generator.panel.published import LAYOUTS, Published, read_published
from generator.report.bundle import Field, Table
from generator.report.tables import OWN


def published_tables(root: Path, *, read: Callable[[str], Published] | None = None) -> dict[str, Table]:
    """Every file below data/panels as a table ``published-…``, by name; none where the project holds no published tables.

    `read` gives one by name, where they are read already. Raises CapewatchError for a file that is not the one that was frozen.
    """
    read = read or partial(read_published, root)
    held = [name for name in LAYOUTS if (root / "data" / "panels" / name).is_dir()]
    return {table.name: table for name in held for table in _tables(name, read(name))}


def _tables(name: str, published: Published) -> Iterator[Table]:
    short = f"published-{name.removeprefix('paper-')}"
    title, description = str(published.meta["title"]), " ".join(str(published.meta["description"]).split())
    rows = published.table.rename_axis(index=None)
    rows.insert(0, "id", rows.index.astype(str))
    meanings = _meanings(published.meta)
    yield _table(short, title, description, rows, {**meanings, "id": "row as panels and recipes name it"})
    others = {"variants": published.variants, **published.extras}
    for file, frame in others.items():
        if len(frame):
            own = {key.removeprefix(f"{file}: "): words for key, words in meanings.items()}
            more = {"model": "id of that row", **own}
            yield _table(f"{short}-{file}", f"{title}: {file}", _OTHERS.get(file, description), frame, more)


_OTHERS = {"variants": "Other values that files of the papers hold for the same row, one line a value."}


def _meanings(meta: Mapping[str, Any]) -> dict[str, str]:
    return {str(one["name"]): str(one["meaning"]) for one in meta.get("columns", ())}


def _table(name: str, title: str, description: str, frame: pd.DataFrame, meanings: Mapping[str, str]) -> Table:
    fields = tuple(Field(str(column), _kind(frame[column]), meanings.get(str(column), "")) for column in frame.columns)
    return Table(name, title, description, fields, frame.reset_index(drop=True), OWN)


def _kind(column: pd.Series) -> str:
    if is_bool_dtype(column):
        return "flag"
    return "number" if is_numeric_dtype(column) else "text"
