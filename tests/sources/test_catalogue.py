"""The catalogue is complete: every adapter module has a row, every row its terms, its fixtures and its README line."""

from __future__ import annotations

import pkgutil
from pathlib import Path

import pytest

import generator.sources.adapters
from generator.core import CapewatchError
from generator.schema.rows import UNITS
from generator.sources import CATALOGUE, is_stale, read_terms, source
from generator.sources.adapters.epoch_files import BOARDS, RUNS
from generator.sources.pull import chosen
from generator.sources.terms import KEPT
from tests.sources.payloads import FOLDERS

IDS = [row.id for row in CATALOGUE]


def test_every_adapter_module_is_a_row() -> None:
    modules = {module.name for module in pkgutil.iter_modules(generator.sources.adapters.__path__)} - {"epoch_files"}
    assert {row.module for row in CATALOGUE} == modules


def test_rows_are_sorted_and_unique() -> None:
    assert sorted(set(IDS)) == IDS


@pytest.mark.parametrize("row", CATALOGUE, ids=IDS)
def test_every_adapter_offers_version_fetch_and_parse(row: object) -> None:
    adapter = row.adapter  # type: ignore[attr-defined]  # a catalogue row
    assert adapter.VERSION.startswith(f"{row.id}/")  # type: ignore[attr-defined]
    assert callable(adapter.fetch)
    assert callable(adapter.parse)
    assert adapter.__doc__


def test_every_row_has_its_terms_and_every_terms_file_its_row(repository: Path) -> None:
    assert sorted(read_terms(repository)) == IDS


def test_terms_start_with_the_schema_line_for_editors(repository: Path) -> None:
    for path in (repository / "data" / "sources").glob("*.yaml"):
        first = path.read_text().splitlines()[0]
        assert first == "# yaml-language-server: $schema=../schema/source.schema.json", path.name


def test_every_row_has_fixtures() -> None:
    assert set(FOLDERS.values()) == set(IDS)


def test_every_row_stands_in_the_readme(repository: Path) -> None:
    readme = (repository / "generator" / "sources" / "README.md").read_text()
    assert [name for name in IDS if f"| `{name}` |" not in readme] == []


def test_sources_that_need_a_key_are_off_by_default_and_keep_nothing(repository: Path) -> None:
    terms = read_terms(repository)
    for row in CATALOGUE:
        if row.key_variable:
            assert not terms[row.id].enabled_by_default
            assert KEPT[terms[row.id].redistribute] == "pointer"


def test_without_names_only_sources_that_are_on_are_chosen(repository: Path) -> None:
    names = [row.id for row in chosen([], read_terms(repository))]
    assert "epoch" in names
    assert "artificial-analysis" not in names
    assert [row.id for row in chosen(["zeroeval", "zeroeval"], {})] == ["zeroeval"]


def test_a_missed_name_suggests_near_ones() -> None:
    with pytest.raises(CapewatchError, match=r"^no source 'live-bench'; there is: aider, ") as failure:
        source("live-bench")
    assert "livebench" in failure.value.hint


def test_a_source_is_stale_by_its_own_limit(repository: Path) -> None:
    terms = read_terms(repository)["epoch"]
    assert not is_stale(terms, terms.max_age_days)
    assert is_stale(terms, terms.max_age_days + 1)
    assert is_stale(terms, None)
    assert not is_stale(read_terms(repository)["zeroeval"], None)


def test_units_of_the_epoch_table_are_known_and_no_file_is_both_run_and_board() -> None:
    assert {board.unit for board in BOARDS.values()} <= set(UNITS)
    assert not BOARDS.keys() & RUNS.keys()
