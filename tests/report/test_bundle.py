"""The bundle: what is written comes back, nothing unchanged is rewritten, no cell becomes a formula."""

from __future__ import annotations

import io

import pandas as pd
import pyarrow.parquet
import pytest

from generator.core import canonical_json
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


def test_the_json_of_a_table_is_that_of_its_rows_whatever_the_cells_hold():
    fields = tuple(
        Field(name, kind, name) for name, kind in (("b %s", "text"), ("a", "number"), ("flag", "flag"), ("mix", "text"))
    )
    frame = pd.DataFrame(
        {
            "b %s": pd.Series(['quo"te', "100 %", None, "日本\n\u2028"], dtype="str"),
            "a": [0.1, 1e-7, None, 3.0],
            "flag": [True, False, True, False],
            "mix": pd.Series([1, True, "1", None], dtype="object"),
        }
    )
    made = Table("odd", "Odd", "Odd cells.", fields, frame, "MIT")
    assert [list(row) for row in made.rows] == [["b %s", "a", "flag", "mix"]] * 4
    assert [type(value) for value in made.rows[1].values()] == [str, float, bool, bool]
    assert made.json("2026-11-21") == canonical_json({"metadata": made.metadata("2026-11-21"), "rows": made.rows})
    empty = Table("none", "None", "No rows.", fields, frame.iloc[:0], "MIT")
    assert empty.json("2026-11-21") == canonical_json({"metadata": empty.metadata("2026-11-21"), "rows": []})


def test_an_infinite_number_in_a_table_is_refused():
    with pytest.raises(ValueError, match="inf cannot be written"):
        table([("one", float("inf"))]).json("2026-11-21")


def test_a_formula_is_defused_in_every_kind_of_text_column():
    for kind in ("str", "object"):
        made = table([("one", 1.5), ("=two", -2.0), (None, None)])
        made.frame["model"] = made.frame["model"].astype(kind)
        assert made.csv.splitlines()[1:] == ["one,1.5", "'=two,-2.0", ","]


def never(*_arguments):
    raise AssertionError("made although the files stand")


def test_tables_that_stand_as_they_would_be_written_are_not_made_again(tmp_path, monkeypatch):
    folder, record = tmp_path / "bundle", tmp_path / "tables.json"
    assert bundle().write(folder, record=record)
    with monkeypatch.context() as patch:
        for name in ("json", "parquet"):
            patch.setattr(Table, name, never)
        again = bundle()
        assert again.write(folder, record=record) == []
        assert "csv" not in vars(again.tables["scores"])
    assert again.tables["scores"].metadata("2026-11-21") == bundle().tables["scores"].metadata("2026-11-21")


@pytest.mark.parametrize(
    "change",
    [
        lambda made, _folder, _record: made.tables.update(scores=table([("one", 1.5), ("two", 0.0)])),
        lambda made, _folder, _record: made.meta.update(as_of="2026-11-22"),
        lambda _made, folder, _record: (folder / "tables/scores.csv").write_text("model,score\none,2.5\n"),
        lambda _made, folder, _record: (folder / "tables/scores.parquet").unlink(),
        lambda _made, _folder, record: record.write_text("{"),
        lambda _made, _folder, record: record.unlink(),
    ],
    ids=["another value", "another day", "a file changed", "a file gone", "record damaged", "record gone"],
)
def test_a_table_is_written_where_it_or_its_files_are_others(tmp_path, change):
    folder, record = tmp_path / "bundle", tmp_path / "tables.json"
    bundle().write(folder, record=record)
    made = bundle()
    change(made, folder, record)
    made.write(folder, record=record)
    made.write(tmp_path / "whole")
    for path in sorted((tmp_path / "whole" / "tables").iterdir()):
        assert (folder / "tables" / path.name).read_bytes() == path.read_bytes()
