"""The public face: every name resolves, and importing it costs nothing."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

import pytest

import generator.analysis as analysis
from generator.analysis.coverage_table import coverage_note, coverage_table


@pytest.mark.parametrize("name", analysis.__all__)
def test_every_public_name_resolves_and_says_what_it_is(name: str) -> None:
    assert getattr(analysis, name).__doc__


def test_no_public_name_is_hidden_by_a_module_of_the_same_name() -> None:
    modules = {module.name for module in pkgutil.iter_modules(analysis.__path__)}
    assert not modules & set(analysis.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'gama_table'"):
        analysis.gama_table  # noqa: B018 - the access is the test


@pytest.mark.parametrize(
    ("statement", "heavy"),
    [
        ("import generator.analysis", {"numpy", "pandas", "scipy", "statsmodels", "sklearn"}),
        ("from generator.analysis import h_table, population_coupling, playbook", {"scipy", "statsmodels", "sklearn"}),
    ],
)
def test_importing_does_not_import_heavy_libraries(statement: str, heavy: set[str]) -> None:
    code = f"{statement}\nimport sys\nprint(*(name for name in {sorted(heavy)!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_the_committed_coverage_holds_93_to_97_percent_for_headline_intervals_of_20_models_in_8_clusters() -> None:
    promised = [
        row
        for row in coverage_table()
        if row["n"] >= 20 and row["clusters"] >= 8 and row["interval"].split("/")[1] in ("plain", "clustered")
    ]
    assert len(promised) >= 40
    for row in promised:
        error = 2 * (0.95 * 0.05 / row["panels"]) ** 0.5
        assert 0.93 - error < row["coverage"] < 0.97 + error, row
    inside = [0.93 <= row["coverage"] <= 0.97 for row in promised]
    assert sum(inside) / len(inside) > 0.95


def test_every_row_of_the_table_rests_on_simulated_panels() -> None:
    for row in coverage_table():
        assert 0 <= row["coverage"] <= 1
        assert row["panels"] > 0


def test_the_nearest_measured_design_is_shown_and_none_where_there_is_enough() -> None:
    note = coverage_note("r/clustered", 9, 8)
    assert note is not None
    assert (note["n"], note["clusters"]) == (8, 8)
    few = coverage_note("slope/clustered", 200, 3)
    assert few is not None
    assert few["clusters"] <= 5
    assert coverage_note("r/clustered", 34, 10) is None
    seven = coverage_note("r/clustered", 28, 7)
    assert seven is not None
    assert "of 28 models in 7 clusters" in seven["text"]
    single = coverage_note("Nc/sampling", 3, 1)
    assert single is not None
    assert single["text"].endswith("of 4 models in 1 cluster")


def test_a_coverage_note_quotes_the_nearest_number_of_clusters_and_no_design_of_a_handful_of_panels() -> None:
    for n, clusters in [(5, 3), (10, 3), (100, 7), (9, 6), (300, 5), (30, 4)]:
        note = coverage_note("r/clustered", n, clusters)
        assert note is not None
        assert note["clusters"] == clusters
        assert note["panels"] >= 100
    assert coverage_note("no such interval", 5, 3) is None
