"""The example of the Contribute page passes the schema."""

from __future__ import annotations

import re

from generator.schema.model import Model
from generator.schema.validate import validated
from generator.schema.yamlfile import read_yaml
from tests.site.conftest import REPOSITORY


def test_the_example_model_file_is_valid(tmp_path: object) -> None:
    from pathlib import Path

    text = (REPOSITORY / "site_src/docs/contribute.md").read_text(encoding="utf-8")
    found = re.search(r'```yaml title="(data/models/openai/example-1\.yaml)"\n(.*?)```', text, re.DOTALL)
    assert found
    path = Path(str(tmp_path)) / "example-1.yaml"
    path.write_text(found.group(2), encoding="utf-8")
    document = read_yaml(path, shown_as=found.group(1))
    model = validated(document, Model)
    assert document.problems == []
    assert model is not None
    assert model.id == "example-1"
    assert (REPOSITORY / "data/labs" / f"{model.lab}.yaml").is_file()
    assert all((REPOSITORY / "data/benchmarks" / f"{row.benchmark}.yaml").is_file() for row in model.observations)
