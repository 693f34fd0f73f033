"""The two append-only logs of a source, as pandas frames: which columns they have and how their text is written and read."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from generator.core import CapewatchError
from generator.schema.rows import KEY_COLUMNS, SOURCE_COLUMNS, STORE_COLUMNS, VALUE_COLUMNS

FACT_KEY = (
    "model",  # the source's spelling of the model, untouched
    "field",  # parameters, training_tokens, release_date, family, … (FACT_FIELDS)
)
FACT_VALUE = (
    "value",  # text as the source gives it; numbers in plain units (parameters, tokens, FLOP), never in billions
    "unit",  # count, flop, date, text, bool, usd
)
FACT_SOURCE = ("url", "via", "published", "locator", "note")
FACT_FIELDS = (
    "active_parameters",
    "architecture",
    "family",
    "hidden_size",
    "kind",
    "layers",
    "licence",
    "lab",
    "name",
    "open_weights",
    "parameters",
    "release_date",
    "training_flop",
    "training_tokens",
    "weights_url",
)
FACT_UNITS = ("count", "flop", "date", "text", "bool")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


@dataclass(frozen=True)
class Table:
    """One log: `key` identifies a row, a difference in `value` is a change, `source` says where the row was seen."""

    name: str
    key: tuple[str, ...]
    value: tuple[str, ...]
    source: tuple[str, ...]
    numbers: tuple[str, ...] = ()

    @property
    def content(self) -> tuple[str, ...]:
        """The columns an adapter gives."""
        return self.key + self.value + self.source

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the log: what the adapter gives, then recorded, pull and event."""
        return self.content + STORE_COLUMNS

    @property
    def filename(self) -> str:
        return f"{self.name}.csv"

    @property
    def header(self) -> bytes:
        return (",".join(self.columns) + "\n").encode()


OBSERVATIONS = Table("observations", KEY_COLUMNS, VALUE_COLUMNS, SOURCE_COLUMNS, numbers=("value", "stderr", "n"))
FACTS = Table("facts", FACT_KEY, FACT_VALUE, FACT_SOURCE)
TABLES = (OBSERVATIONS, FACTS)


def number_text(value: object) -> str:
    """Shortest text that reads back as the same number; empty for None, NaN and the empty text."""
    if value is None or value == "":
        return ""
    number = float(value)  # type: ignore[arg-type]  # object on purpose: a cell of any frame
    if math.isnan(number):
        return ""
    if not math.isfinite(number):
        raise ValueError(f"{value} is not a finite number")
    text = repr(number)
    return text[:-2] if text.endswith(".0") else text


def as_text(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    """Columns `table.content`, all of them text on one line; unknown cells are empty. Order of rows is kept.

    Raises CapewatchError when a column is missing or a number is not finite.
    """
    missing = [column for column in table.content if column not in frame.columns]
    if missing:
        raise CapewatchError(
            f"{table.name}: columns missing: {', '.join(missing)}", hint=f"give all of {', '.join(table.content)}"
        )
    columns: dict[str, pd.Series] = {}
    for name in table.content:
        column = frame[name]
        if name in table.numbers:
            try:
                columns[name] = column.map(number_text).astype(str)
            except (TypeError, ValueError) as error:
                raise CapewatchError(f"{table.name}: column {name}: {error}") from None
        else:
            text = column.astype(object).where(column.notna(), "")
            spellings = pd.Series(text.unique(), dtype=object)
            columns[name] = text.map(dict(zip(spellings, spellings.map(str).map(one_line), strict=True))).astype(str)
    return pd.DataFrame(columns, columns=list(table.content)).reset_index(drop=True)


def one_line(text: str) -> str:
    """Runs of white space and control characters become one blank, lone surrogates a question mark; ends stripped."""
    return " ".join(_CONTROL.sub(" ", text.encode("utf-8", "replace").decode("utf-8")).split())


def encode(table: Table, events: pd.DataFrame) -> bytes:
    """The rows as CSV without a header, columns `table.columns`, newline ``\\n``."""
    text = events.loc[:, list(table.columns)].to_csv(index=False, header=False, lineterminator="\n")
    return str(text).encode()


def decode(table: Table, data: bytes, *, subject: str) -> pd.DataFrame:
    """A log's bytes → frame of text with `table.columns`; CapewatchError names `subject` when it is not such a log."""
    if not data:
        return empty(table)
    if not data.startswith(table.header):
        found = data[:200].split(b"\n", 1)[0].decode(errors="replace")
        raise CapewatchError(
            f"{subject}: unknown columns: {found}",
            hint=f"expected {table.header.decode().strip()}; restore the file from version control",
        )
    import pyarrow
    from pyarrow import csv

    kinds = dict.fromkeys(table.columns, pyarrow.large_string())
    options = csv.ConvertOptions(column_types=kinds, strings_can_be_null=False)
    try:
        read = csv.read_csv(
            pyarrow.BufferReader(data), csv.ReadOptions(use_threads=False), csv.ParseOptions(), convert_options=options
        )
        return pd.DataFrame({name: pd.array(read[name], dtype="str") for name in table.columns})
    except (ValueError, pyarrow.ArrowException) as error:
        raise CapewatchError(f"{subject}: not a log: {error}", hint="restore the file from version control") from None


def empty(table: Table, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """No rows, text columns."""
    return pd.DataFrame({name: pd.Series([], dtype=str) for name in columns or table.columns})


def typed(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    """Text → float64 for `table.numbers` (NaN when empty) and int64 for `pull`."""
    typed_columns = {name: pd.to_numeric(frame[name].replace("", None)).astype(float) for name in table.numbers}
    if "pull" in frame.columns:
        typed_columns["pull"] = frame["pull"].astype("int64")
    return frame.assign(**typed_columns)
