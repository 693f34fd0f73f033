"""The bundle: what is written comes back, nothing unchanged is rewritten, no cell becomes a formula."""

from __future__ import annotations

import io

import pandas as pd
import pyarrow.parquet
import pytest

from generator.report import Bundle, Field, Table, read_bundle

FIELDS = (Field("model", "text", "model id"), Field("score", "number", "a score", "percent"))


def table(rows) -> Table:
    return Table("scores", "Scores", "What was scored.", FIELDS, pd.DataFrame(rows, columns=["model", "score"]), "MIT")


def bundle(**sections) -> Bundle:
    return Bundle(
        meta={"as_of": "2026-11-21"},
        statistics={"a/r": {"estimate": 0.5}},
        entities={"models": [{"id": "one"}]},
        tables={"scores": table([("one", 1.5), ("two", None)])},
        sections=sections,
    )


def test_a_bundle_comes_back_as_it_was_written(tmp_path):
    made = bundle(claims=[{"id": "x"}])
    made.write(tmp_path)
    again = read_bundle(tmp_path)
    assert (again.meta, again.statistics, again.entities, again.sections) == (
        made.meta,
        made.statistics,
        made.entities,
        made.sections,
    )
    assert again.tables["scores"].csv == made.tables["scores"].csv
    assert again.digest == made.digest


def test_writing_again_changes_no_byte_and_drops_what_is_gone(tmp_path):
    assert bundle(claims=[]).write(tmp_path)
    assert bundle(claims=[]).write(tmp_path) == []
    bundle().write(tmp_path)
    assert not (tmp_path / "sections" / "claims.json").exists()


def test_the_three_forms_of_a_table_hold_the_same_rows_and_metadata(tmp_path):
    made = bundle()
    made.write(tmp_path)
    parquet = pyarrow.parquet.read_table(io.BytesIO((tmp_path / "tables/scores.parquet").read_bytes()))
    assert parquet.column("model").to_pylist() == ["one", "two"]
    assert b'"unit":"percent"' in parquet.schema.metadata[b"capewatch"]
    assert (tmp_path / "tables/scores.csv").read_text() == "model,score\none,1.5\ntwo,\n"
    assert read_bundle(tmp_path).tables["scores"].metadata("2026-11-21") == made.tables["scores"].metadata("2026-11-21")


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+1", "-cmd", "@SUM(A1)", "\tx"])
def test_a_text_cell_cannot_become_a_formula(text):
    line = table([(text, -1.0)]).csv.splitlines()[1]
    assert line.lstrip('"').startswith("'")
    assert line.endswith(",-1.0")


def test_a_table_whose_columns_are_not_its_fields_is_refused():
    with pytest.raises(ValueError, match="are not its fields"):
        Table("t", "T", "d", FIELDS, pd.DataFrame({"model": []}), "MIT")


def test_a_column_without_one_value_keeps_its_type_in_parquet():
    fields = (
        Field("family", "text", "family id"),
        Field("score", "number", "score", "percent"),
        Field("kept", "flag", "kept"),
    )
    empty = pd.DataFrame({"family": [None, None], "score": pd.Series([None, None], dtype=object), "kept": [None, None]})
    table = Table(name="t", title="T", description="d", fields=fields, frame=empty, licence="CC BY 4.0")
    schema = pyarrow.parquet.read_schema(io.BytesIO(table.parquet("2026-11-21")))
    assert [str(column.type) for column in schema] == ["string", "double", "bool"]
