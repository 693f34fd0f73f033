"""The report of a change: from two bundles, and from folders and revisions that cannot be compared."""

from __future__ import annotations

import copy
import json
import os
import subprocess

import pytest
from click.testing import CliRunner

from generator.automation import report as schema
from generator.automation.comment import comment
from generator.automation.effect import changed_files, effect, stopped
from generator.cli.effect import _kept
from generator.cli.main import cli
from generator.core import Problem
from generator.report import Bundle
from generator.report.memo import Memo
from tests.conftest import SmallProject
from tests.site import synthetic
from tests.site.synthetic_entities import chat


@pytest.fixture(scope="module")
def base() -> Bundle:
    """A small bundle whose models carry the rows of the table of h, as a real one does."""
    found = synthetic.bundle()
    rows = {row["model"]: row for row in found.tables["hfield-maker"].rows}
    for model in found.entities["models"]:
        model["h"] = {"maker": rows[model["id"]]} if model["id"] in rows else {}
    return found


@pytest.fixture
def head(base: Bundle) -> Bundle:
    """The base with one more model on the line, a correlation that moved, a prediction whose standing changed."""
    found = copy.deepcopy(base)
    new = chat("acme-4", "Acme 4", "acme", 84.0, 95.0, "2026-10-01")
    new["h"] = {
        "maker": {"h": 10.0, "y": 95.0, "fitted": 85.0, "pi_low": 73.0, "pi_high": 97.0, "label": "reasoning-rich"}
    }
    found.entities["models"].append(new)
    name = next(name for name, item in found.statistics.items() if item["estimate"] is not None)
    found.statistics[name]["estimate"] += 0.02
    found.statistics[name]["n"] += 1
    found.sections["predictions"]["items"][0]["evaluation"]["standing"] = "on course to pass"
    return found


def test_a_new_model_comes_with_its_h_interval_phase_and_rank(base, head):
    report = effect(base, head)
    (model,) = [item for item in report.models if item.new]
    assert (model.id, model.name) == ("acme-4", "Acme 4")
    (residual,) = model.residuals
    assert (residual.track, residual.h, residual.phase) == ("maker", 10.0, "reasoning-rich")
    assert (residual.low, residual.high) == (-12.0, 12.0)
    others = base.tables["hfield-maker"].frame["h"]
    assert residual.rank == 1 + int((others > 10.0).sum())
    assert residual.of == len(others) + 1


def test_statistics_that_move_and_standings_that_change_are_listed_and_no_others(base, head):
    report = effect(base, head)
    (move,) = report.moves
    assert move.after - move.before == pytest.approx(0.02)
    assert move.n_after == move.n_before + 1
    assert move.name.startswith(head.statistics[move.id]["name"])
    assert move.name.replace("~", "") in comment(report)
    (standing,) = report.standings
    assert standing.standing_after == "on course to pass"
    assert standing.standing_before != "on course to pass"
    assert report.compared_statistics >= len(base.statistics)
    assert report.compared_predictions == len(base.sections["predictions"]["items"])


def test_two_equal_bundles_have_no_effect(base):
    report = effect(base, copy.deepcopy(base))
    assert (report.models, report.moves, report.standings) == ([], [], [])
    assert "No model is new or changed." in comment(report)


def test_what_is_written_is_what_the_reader_takes(base, head, tmp_path):
    path = tmp_path / "report.json"
    path.write_text(effect(base, head).model_dump_json())
    assert schema.read_report(path) == effect(base, head)


def test_lists_keep_to_their_limits_and_count_what_is_left_out(base):
    many = [Problem(f"data/{number:04}.yaml", 1, "bad", "x" * 3_000) for number in range(250)]
    report = stopped(many, [], "the files hold errors")
    assert len(report.problems) == 100
    assert report.omitted == {"problems": 150}
    assert len(report.problems[0].subject) == 1_000
    assert len(report.model_dump_json()) < schema.MAX_BYTES


def test_files_that_only_the_jobs_write_are_told_apart(tmp_path):
    one, two = SmallProject(tmp_path / "one"), SmallProject(tmp_path / "two")
    two.write("data/models/acme/new.yaml", "id: new\n")
    two.write("data/snapshots/board/manifest.jsonl", "{}\n")
    two.write("predictions/a/ledger.jsonl", "{}\n")
    (two.root / "data/labs/zeta.yaml").unlink()
    (two.root / "data/link").symlink_to("/etc/passwd")
    (two.root / "data/folder").symlink_to("/etc")
    found = {item.path: (item.change, item.written_by) for item in changed_files(one.root, two.root)}
    assert found == {
        "data/folder": ("link", "people"),
        "data/labs/zeta.yaml": ("removed", "people"),
        "data/link": ("link", "people"),
        "data/models/acme/new.yaml": ("added", "people"),
        "data/snapshots/board/manifest.jsonl": ("added", "jobs"),
        "predictions/a/ledger.jsonl": ("added", "jobs"),
    }


def run(head, base, out, expect):
    done = CliRunner().invoke(cli, ["--root", str(head), "effect", "--base", str(base), "--out", str(out)])
    assert done.exit_code == expect, done.output
    return schema.read_report(out / "report.json") if (out / "report.json").exists() else done


def test_a_change_with_errors_gives_a_report_of_the_errors_and_exit_1(tmp_path):
    one, two = SmallProject(tmp_path / "one"), SmallProject(tmp_path / "two")
    two.model("bad", "gpqa 834")
    report = run(two.root, one.root, tmp_path / "out", 1)
    assert [(item.path, item.code) for item in report.problems] == [("data/models/acme/bad.yaml", "out-of-range")]
    assert report.stopped == "the files hold errors"
    assert [item.path for item in report.files] == ["data/models/acme/bad.yaml"]


def test_a_symbolic_link_stops_before_anything_is_read(tmp_path):
    one, two = SmallProject(tmp_path / "one"), SmallProject(tmp_path / "two")
    os.symlink("/etc/passwd", two.root / "data/models.yaml")
    report = run(two.root, one.root, tmp_path / "out", 1)
    assert [(item.path, item.code) for item in report.problems] == [("data/models.yaml", "symlink")]
    assert "root:" not in report.model_dump_json()


def test_a_base_that_is_neither_folder_nor_revision_is_named(tmp_path):
    project = SmallProject(tmp_path / "one")
    (tmp_path / "empty").mkdir()
    done = CliRunner().invoke(
        cli, ["--root", str(project.root), "effect", "--base", "--upload-pack=x", "--out", str(tmp_path)]
    )
    assert "neither a folder nor a revision" in str(done.exception)
    done = CliRunner().invoke(
        cli, ["--root", str(project.root), "effect", "--base", str(tmp_path / "empty"), "--out", str(tmp_path)]
    )
    assert "neither a project (data/) nor a bundle (meta.json)" in str(done.exception)


def test_a_base_with_errors_is_said_to_be_at_fault(tmp_path):
    one, two = SmallProject(tmp_path / "one"), SmallProject(tmp_path / "two")
    one.model("bad", "gpqa 834")
    report = run(two.root, one.root, tmp_path / "out", 1)
    assert report.stopped.startswith("the base itself holds 1 problem")


def test_a_revision_of_the_projects_history_can_be_the_base(tmp_path):
    project = SmallProject(tmp_path / "one")
    git = ["git", "-C", str(project.root), "-c", "user.name=t", "-c", "user.email=t@example.org"]
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "start"]):
        subprocess.run([*git, *words], check=True)
    project.model("bad", "gpqa 834")
    report = run(project.root, "main", tmp_path / "out", 1)
    assert [item.path for item in report.files] == ["data/models/acme/bad.yaml"]
    assert json.loads((tmp_path / "out/report.json").read_text())["schema_version"] == 1


def test_what_is_computed_for_a_revision_stays_for_the_next_comparison(tmp_path):
    def never():
        raise AssertionError("computed again")

    project, first, second = (tmp_path / name for name in ("project", "first", "second"))
    for folder in (first, second):
        folder.mkdir()
    assert Memo(_kept(first, project))("part", [1], lambda: "kept") == "kept"
    assert Memo(_kept(second, project))("part", [1], never) == "kept"
    assert Memo(second)("part", [2], lambda: "other") == "other"
