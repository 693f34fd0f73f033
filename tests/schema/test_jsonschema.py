"""data/schema/ is made from the typed models and is current."""

from generator.schema.jsonschema import schema_texts, stale_schemas, write_schemas


def test_the_committed_schemas_are_current(repository):
    assert stale_schemas(repository) == [], "run `make schema` and commit data/schema/"


def test_a_changed_schema_counts_as_stale_until_written(tmp_path):
    assert set(stale_schemas(tmp_path)) == set(schema_texts())
    assert len(write_schemas(tmp_path)) == len(schema_texts())
    assert stale_schemas(tmp_path) == []
    path = tmp_path / "data/schema/model.schema.json"
    path.write_text(path.read_text().replace("open_weights", "open"))
    assert stale_schemas(tmp_path) == ["model.schema.json"]
