"""DuckDB over the logs as Parquet gives the panel that pandas gives, and the Parquet copy is that of the log it names."""

from __future__ import annotations

import datetime as dt
import io

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from generator import snapshots
from generator.cli.main import cli
from generator.core import CapewatchError
from generator.panel import PanelProvider
from generator.panel.bulk import bulk_panel, stored_bytes
from generator.panel.published import LAYOUTS, read_published
from generator.schema import load_registry
from tests.conftest import REPOSITORY
from tests.snapshots.readings import reading, row

pytest.importorskip("duckdb", reason="the extra capewatch[duckdb] is not installed")
FIRST = dt.date(2026, 5, 1)


def assert_same(registry, track, day):
    ours, bulk = PanelProvider(registry)(track, day), bulk_panel(registry, track, as_of=day)
    for name in ("models", "axes", "scores", "stderr"):
        pd.testing.assert_frame_equal(getattr(ours, name), getattr(bulk, name))
    assert ours.digest == bulk.digest
    return ours


def random_readings(seed):
    """Pulls of a board that adds, changes, re-dates and drops rows, with spellings, efforts, units and ties of every kind."""
    rng = np.random.default_rng(seed)
    for number in range(4):
        rows = {}
        for _ in range(int(rng.integers(5, 40))):
            made = row(
                str(rng.choice(["one", "One_high", "two", "Two (max)", "three", "nobody"])),
                round(float(rng.choice([0.2, 0.5, 0.5, 0.9, 70.0])), 2),
                benchmark=str(rng.choice(["gpqa", "swe", "hle", "unknown"])),
                tools=str(rng.choice(["", "true", "false"])),
                effort=str(rng.choice(["", "high", "Max", "odd"])),
                evaluator=str(rng.choice(["maker", "epoch-ai", "else"])),
                unit=str(rng.choice(["fraction", "percent"])),
                stderr=float(rng.choice([0.01, 0.02])) if rng.random() < 0.5 else None,
                published=str(
                    rng.choice(["", "2026-04-20", "2026-05", "2026", "soon"] if number else ["2026-04-20", ""])
                ),
                url=str(rng.choice(["", "https://example.org/a", "https://example.org/b"])),
                step=str(rng.choice(["", "", "1000"])),
            )
            if made["published"] == "soon":
                made["published"] = ""
            rows[tuple(made[name] for name in snapshots.OBSERVATIONS.key)] = made
        yield reading(*rows.values(), day=FIRST + dt.timedelta(days=20 * number))


@pytest.mark.parametrize("seed", range(3))
def test_any_history_of_a_board_gives_the_same_panel_on_any_day(project, seed):
    for name in ("one", "two", "three"):
        project.model(
            name,
            "gpqa 40",
            "gpqa 40 url=https://example.org/z",
            "swe 30 effort=max",
            more="kind: chat\nreleased: 2026-04\n",
        )
    project.write(
        "data/corrections.yaml",
        """\
        schema_version: 1
        corrections:
          - {source: board, model: one, benchmark: gpqa, expects: 50, value: 51, reason: Typo., url: https://example.org, declared: 2026-05-02}
          - {source: board, model: two, benchmark: swe, expects: 90, reason: Not theirs., url: https://example.org, declared: 2026-05-02}
        """,
    )
    for one in random_readings(seed):
        snapshots.append(project.root / "data" / "snapshots", "board", one)
    registry = load_registry(project.root)
    filled = 0
    for day in (dt.date(2026, 4, 25), FIRST, dt.date(2026, 5, 31), dt.date(2026, 12, 31)):
        for track in ("maker", "both"):
            filled += int(assert_same(registry, track, day).scores.notna().to_numpy().sum())
    assert filled > 15


def test_the_bundled_data_give_the_same_panels(repository):
    registry = load_registry(repository)
    for track in registry.tracks:
        assert len(assert_same(registry, track, dt.date(2026, 11, 21)).models) > 100


def test_a_log_that_is_not_the_one_of_the_manifest_is_refused(project):
    project.model("one", more="kind: chat\n")
    store = project.root / "data" / "snapshots"
    snapshots.append(store, "board", reading(row("one", 0.5, benchmark="gpqa")))
    log = store / "board" / "observations.csv"
    log.write_text(log.read_text().replace("0.5", "0.6"))
    with pytest.raises(CapewatchError, match="the log is not the one that the manifest names"):
        bulk_panel(load_registry(project.root), "both", as_of=FIRST)


def test_a_longer_log_replaces_its_old_copy(project):
    project.model("one", more="kind: chat\n")
    store, cache = project.root / "data" / "snapshots", project.root / "copies"
    snapshots.append(store, "board", reading(row("one", 0.5)))
    old = snapshots.as_parquet(store, "board", cache)
    assert snapshots.as_parquet(store, "board", cache) == old
    snapshots.append(store, "board", reading(row("one", 0.6), day=dt.date(2026, 6, 1)))
    new = snapshots.as_parquet(store, "board", cache)
    assert list(cache.iterdir()) == [new]
    assert pd.read_parquet(new)["value"].tolist() == ["0.5", "0.6"]


def test_the_command_writes_the_same_table_by_either_engine(project):
    project.model("one", "gpqa 40", "swe 30", more="kind: chat\n")
    told = {}
    for engine in ("pandas", "duckdb", "auto"):
        result = CliRunner().invoke(cli, ["--root", str(project.root), "panel", "both", "--engine", engine])
        assert result.exit_code == 0, result.output
        told[engine] = result.output
    assert (
        told["pandas"] == told["duckdb"] == told["auto"] == "model,name,gpqa,swe,gpqa_se,swe_se\none,One,40.0,30.0,,\n"
    )
    assert stored_bytes(load_registry(project.root)) == 0


def test_the_command_refuses_a_file_of_another_kind_and_an_unknown_track(project):
    project.model("one", "gpqa 40", more="kind: chat\n")
    result = CliRunner().invoke(cli, ["--root", str(project.root), "panel", "both", "--out", "panel.xlsx"])
    assert result.exit_code == 2
    assert ".csv or .parquet" in result.output
    for engine in ("pandas", "duckdb"):
        result = CliRunner().invoke(cli, ["--root", str(project.root), "panel", "bth", "--engine", engine])
        assert "unknown track 'bth'" in str(result.exception)


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_command_gives_each_table_of_the_papers_as_it_was_published(name, tmp_path):
    result = CliRunner().invoke(cli, ["--root", str(REPOSITORY), "panel", name])
    assert result.exit_code == 0, result.output
    table, panel = pd.read_csv(io.StringIO(result.output), index_col="model"), read_published(REPOSITORY, name).panel
    assert table["name"].fillna("").tolist() == panel.models["name"].fillna("").tolist()
    np.testing.assert_array_equal(table[list(panel.axes.index)].to_numpy(float), panel.scores.to_numpy(float))
    assert table.index.tolist() == panel.scores.index.tolist()
    dated = CliRunner().invoke(cli, ["--root", str(REPOSITORY), "panel", name, "--as-of", "2026-05-31"])
    assert (dated.exit_code, "--as-of goes with a live track" in dated.output) == (2, True)
    wrong = CliRunner().invoke(cli, ["--root", str(REPOSITORY), "panel", "zz"])
    assert wrong.exception.hint == f"tracks: epoch, harness-v1, maker, {', '.join(LAYOUTS)}"
