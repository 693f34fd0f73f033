"""Tables as plain JSON and back, to the last bit: types, missing values and index, for results that are kept."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

#: Types of columns that can be kept; object columns hold text or None, as those of a table without rows.
TYPES = ("str", "object", "float64", "int64", "bool")


def packed(frame: pd.DataFrame) -> dict[str, Any]:
    """The table as JSON holds it. Raises ValueError for a type or a value that would not come back as it is."""
    index = None if isinstance(frame.index, pd.RangeIndex) else _values(frame.index.to_series(), "the index")
    columns = {str(name): [str(frame[name].dtype), _values(frame[name], str(name))] for name in frame.columns}
    return {"rows": len(frame), "index": index, "columns": columns}


def unpacked(kept: Mapping[str, Any]) -> pd.DataFrame:
    """The table that `packed` made this of."""
    index = pd.RangeIndex(kept["rows"]) if kept["index"] is None else pd.Index(kept["index"], dtype="str")
    columns = {name: pd.Series(_typed(kind, values), index=index) for name, (kind, values) in kept["columns"].items()}
    return pd.DataFrame(columns, index=index)


def _values(column: pd.Series, name: str) -> list[Any]:
    kind = str(column.dtype)
    if kind not in TYPES:
        raise ValueError(f"{name}: a column of type {kind} cannot be kept; allowed: {', '.join(TYPES)}")
    values: list[Any] = column.tolist()
    if kind == "float64":
        return [value if math.isfinite(value) else None if math.isnan(value) else str(value) for value in values]
    if kind == "object" and not all(value is None or isinstance(value, str) for value in values):
        raise ValueError(f"{name}: a column of mixed values cannot be kept")
    return [None if value is not None and value != value else value for value in values]


def _typed(kind: str, values: list[Any]) -> Any:
    if kind == "float64":
        return np.array([math.nan if value is None else float(value) for value in values], dtype=float)
    return pd.array(values, dtype="str") if kind == "str" else np.array(values, dtype=kind)
