"""Tables as plain JSON and back, to the last bit: types, missing values and index, for results that are kept."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

#: Types of columns that can be kept; object columns hold text, numbers, flags or None.
TYPES = ("str", "object", "float64", "int64", "bool")
#: What stands for NaN in an object column, where None is None.
_NAN: list[Any] = []


def packed(frame: pd.DataFrame) -> dict[str, Any]:
    """The table as JSON holds it. Raises ValueError for a type or a value that would not come back as it is."""
    index = None if isinstance(frame.index, pd.RangeIndex) else _values(frame.index.to_series(), "the index")
    columns = {str(name): [str(frame[name].dtype), _values(frame[name], str(name))] for name in frame.columns}
    return {"rows": len(frame), "index": index, "columns": columns}


def unpacked(kept: Mapping[str, Any]) -> pd.DataFrame:
    """The table that `packed` made this of."""
    index = pd.RangeIndex(kept["rows"]) if kept["index"] is None else pd.Index(kept["index"], dtype="str")
    columns = {
        name: pd.Series(_typed(kind, values), index=index, dtype=kind)
        for name, (kind, values) in kept["columns"].items()
    }
    return pd.DataFrame(columns, index=index)


def _values(column: pd.Series, name: str) -> list[Any]:
    kind = str(column.dtype)
    if kind not in TYPES:
        raise ValueError(f"{name}: a column of type {kind} cannot be kept; allowed: {', '.join(TYPES)}")
    values: list[Any] = column.tolist()
    if kind == "float64":
        return [value if math.isfinite(value) else None if math.isnan(value) else str(value) for value in values]
    if kind == "object":
        odd = [value for value in values if not isinstance(value, str | bool | int | float | None)]
        if odd:
            raise ValueError(f"{name}: {odd[0]!r} cannot be kept; allowed: text, numbers, flags, None")
        return [_NAN if isinstance(value, float) and math.isnan(value) else value for value in values]
    return [None if value != value else value for value in values]


def _typed(kind: str, values: list[Any]) -> Any:
    if kind == "float64":
        return np.array([math.nan if value is None else float(value) for value in values], dtype=float)
    if kind == "object":
        made = np.empty(len(values), dtype=object)
        made[:] = [math.nan if value == _NAN else value for value in values]
        return made
    return pd.array(values, dtype="str") if kind == "str" else np.array(values, dtype=kind)


def frame_digest(frame: pd.DataFrame) -> str:
    """sha256 over index, columns, types and values, numbers to the last bit. Equal frames may have two digests where Arrow holds
    the same texts in two ways; frames that differ have different ones."""
    import pyarrow

    loose = [name for name in frame.columns if frame[name].dtype == object]
    typed = pyarrow.Table.from_pandas(frame.drop(columns=loose), preserve_index=False).combine_chunks()
    stream = pyarrow.BufferOutputStream()
    with pyarrow.ipc.new_stream(stream, typed.schema) as writer:
        writer.write_table(typed)
    hasher = hashlib.sha256(repr([[*frame.columns], frame.index.tolist()]).encode("utf-8", "surrogatepass"))
    hasher.update(repr([frame[name].tolist() for name in loose]).encode("utf-8", "surrogatepass"))
    hasher.update(stream.getvalue())
    return hasher.hexdigest()
