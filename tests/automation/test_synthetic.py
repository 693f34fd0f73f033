"""The synthetic projects of the measurements: the same bytes again, no refused file, and the leaderboard's own proportions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from bench import dump
from bench.synthetic import SHAPES, write_project
from generator.schema import load_registry
from tests.payloads import payload_root


def written(folder):
    return {path.relative_to(folder): path.read_bytes() for path in (folder / "data").rglob("*") if path.is_file()}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_project_has_as_many_models_as_asked_for_and_no_refused_file(tmp_path, shape):
    first, again = (write_project(tmp_path / name, 120, shape=shape) for name in ("first", "again"))
    assert len(load_registry(first).require_clean().models) == 120
    assert written(first) == written(again)


def test_drawn_models_have_the_leaderboards_proportions():
    models = dump.drawn(2 * dump.ROWS, np.random.default_rng(0))
    base = models[models["kind"] == "base"]
    assert len(models) == 2 * dump.ROWS
    assert len(base) / len(models) == pytest.approx(dump.PRETRAINED / dump.ROWS, rel=0.1)
    assert base.groupby("line").size().value_counts().to_dict() == {size: 2 * many for size, many in dump.LINES.items()}
    assert not base.groupby("line")["maker"].agg(lambda makers: len(set(makers)) > 1).any()
    assert base["first"].sum() == base["line"].nunique()
    assert models["own"].sum() == 2 * dump.OFFICIAL_TUNED
    assert not models[models["own"]]["kind"].eq("base").any()


def test_the_proportions_are_those_of_the_recorded_table():
    root = payload_root()
    if root is None:
        pytest.skip("no recorded payloads beside the checkout")
    found = dump.counts(pd.read_csv(root / "open_llm_leaderboard_v2" / "contents_dump.csv"))
    np.testing.assert_allclose(found.pop("PARAMS"), dump.PARAMS, rtol=0.01)
    assert found == {name: getattr(dump, name) for name in found}
