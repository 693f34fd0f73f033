"""Any earlier state can be named, compared and built again from history."""

from __future__ import annotations

import filecmp
import json
import os
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from generator.cli.main import cli
from generator.core import CapewatchError
from generator.publish.checkout import check_out, commit_named
from generator.publish.git import Repository
from generator.publish.lookup import find
from generator.report.packed import pack, read_any, unpack
from tests.conftest import REPOSITORY
from tests.publish.conftest import git
from tests.report.bundles import START, bundle


def run(root: Path, *arguments: str):
    return CliRunner().invoke(cli, ["--root", str(root), *arguments])


@pytest.fixture(scope="module")
def small_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A git repository with a part of the real data, two commits, and the bundle built from the first beside it."""
    root = tmp_path_factory.mktemp("history") / "project"
    data = REPOSITORY / "data"
    models = [f"models/{name}" for name in ("anthropic", "bloom", "cerebras-gpt", "opt", "pythia", "qwen1.5")]
    for name in ("benchmarks", "labs", "families", "sources", *models):
        shutil.copytree(data / name, root / "data" / name)
    for name in ("obsscaling", "open-llm-leaderboard-v1"):
        shutil.copytree(data / "snapshots" / name, root / "data" / "snapshots" / name)
    for name in ("evaluators.yaml", "tracks.yaml"):
        shutil.copy(data / name, root / "data" / name)
    (root / ".gitignore").write_text("/build/\n")
    git(root, "init", "--quiet", "--initial-branch=main")
    git(root, "add", "-A")
    git(root, "commit", "--quiet", "-m", "first")
    git(root, "tag", "first")
    built = run(root, *BUILD)
    assert built.exit_code == 0, built.output
    shutil.move(root / "build" / "bundle", root.parent / "original")
    for path in sorted((root / "data" / "models" / "anthropic").glob("*.yaml"))[:3]:
        path.unlink()
    git(root, "commit", "--quiet", "-a", "-m", "three models fewer")
    return root


BUILD = ("build", "--bundle-only", "--as-of", "2026-03-31", "--resamples", "200")


def same_files(left: Path, right: Path) -> None:
    names = sorted(path.relative_to(left) for path in left.rglob("*") if path.is_file())
    assert names == sorted(path.relative_to(right) for path in right.rglob("*") if path.is_file())
    different = filecmp.cmpfiles(left, right, [str(name) for name in names], shallow=False)
    assert different[1:] == ([], [])


def test_a_rebuilt_bundle_has_the_bytes_of_the_original_and_the_work_tree_is_left_alone(small_project):
    done = run(small_project, *BUILD, "--at", "first")
    assert done.exit_code == 0, done.output
    commit = git(small_project, "rev-parse", "first")
    same_files(small_project.parent / "original", small_project / "build" / "at" / commit[:12] / "build" / "bundle")
    assert f"first is commit {commit}" in done.output
    assert git(small_project, "status", "--porcelain") == ""


def test_a_published_version_is_rebuilt_from_the_commit_it_names(forge, made):
    commit = git(forge.work, "rev-parse", "HEAD")
    new = made("one", commit=commit)
    forge.versions().cut("2026.10", new.site, **new.arguments)
    (forge.work / "data" / "note.txt").write_text("later\n")
    git(forge.work, "commit", "--quiet", "-a", "-m", "later")
    repository = Repository(forge.work)
    assert commit_named(repository, "2026.10") == commit_named(repository, "latest") == commit
    old = check_out(repository, "2026.10", into=forge.work / "build")
    assert (old.folder / "data" / "note.txt").read_text() == "data\n"
    assert old.other_code is None


def test_a_version_whose_commit_is_not_here_says_how_to_get_it(forge, made):
    new = made("one", commit="1" * 40)
    forge.versions().cut("2026.10", new.site, **new.arguments)
    with pytest.raises(CapewatchError, match="not in this repository") as told:
        commit_named(Repository(forge.work), "2026.10")
    assert "--unshallow" in told.value.hint


def test_code_that_differs_from_the_commit_is_counted(forge):
    code = forge.work / "generator" / "a.py"
    code.parent.mkdir()
    code.write_text("1\n")
    git(forge.work, "add", "-A")
    git(forge.work, "commit", "--quiet", "-m", "code")
    repository = Repository(forge.work)
    assert check_out(repository, "HEAD", into=forge.work / "build").other_code == ()
    code.write_text("2\n")
    assert check_out(repository, "HEAD", into=forge.work / "build").other_code == ("generator/a.py",)
    assert check_out(repository, "HEAD~1", into=forge.work / "build").other_code is None


OLD_CODE = "import sys, pathlib\npathlib.Path('told.txt').write_text(' '.join(sys.argv[1:]))\nsys.exit({code})\n"


@pytest.mark.parametrize("code", [0, 3])
def test_the_code_of_a_commit_runs_on_request_and_its_failure_is_told(forge, code):
    main = forge.work / "generator" / "__main__.py"
    main.parent.mkdir()
    main.write_text(OLD_CODE.format(code=code))
    git(forge.work, "add", "-A")
    git(forge.work, "commit", "--quiet", "-m", "code")
    commit = git(forge.work, "rev-parse", "HEAD")
    main.write_text("raise SystemExit('the present code ran')\n")
    done = run(forge.work, "build", "--at", "HEAD", "--with-its-code", "--bundle-only", "--seed", "5")
    told = (forge.work / "build" / "at" / commit[:12] / "told.txt").read_text()
    assert "--seed=5" in told
    assert "--bundle-only" in told
    assert (done.exit_code == 0) == (code == 0)
    assert code == 0 or "exit code 3" in str(done.exception)
    where = os.path.relpath(forge.work / "build" / "at" / commit[:12])
    assert code != 0 or f"the old code ran in {where}" in done.output


def test_its_code_without_a_version_is_a_fault_of_the_call(forge):
    done = run(forge.work, "build", "--with-its-code")
    assert done.exit_code == 2
    assert "--at" in done.output


@pytest.mark.parametrize("name", ["mian", "2026.10", "--output=x", "HEAD:data", ""])
def test_a_name_of_nothing_is_answered_with_what_there_is(forge, made, name):
    new = made("one")
    forge.versions().cut("2026.11", new.site, **new.arguments)
    with pytest.raises(CapewatchError) as told:
        commit_named(Repository(forge.work), name)
    assert {"mian": "main", "2026.10": "2026.11"}.get(name, "2026.11") in told.value.hint


def test_a_packed_bundle_comes_back_with_all_that_a_comparison_reads():
    made = bundle(START | {"f": (90.0, 50.0)})
    made.sections["outputs"] = {"a.json": "{}"}
    again = unpack(pack(made), name="x")
    assert (again.meta, again.statistics, again.entities) == (made.meta, made.statistics, made.entities)
    assert set(again.sections) == set(made.sections) - {"outputs"}
    assert again.tables["gamma-maker"].rows == made.tables["gamma-maker"].rows
    assert pack(again) == pack(made)


@pytest.mark.parametrize("data", [b"", b"no xz", pack(bundle())[:-10], b"\xfd7zXZ\x00" + b"\0" * 40])
def test_a_damaged_packed_bundle_is_an_error_in_words(data):
    with pytest.raises(CapewatchError, match=r"^x: "):
        unpack(data, name="x")


def test_a_packed_bundle_that_would_fill_the_memory_is_refused(monkeypatch):
    monkeypatch.setattr("generator.report.packed.MAX_BYTES", 1000)
    with pytest.raises(CapewatchError):
        unpack(pack(bundle()), name="x")


def test_a_folder_that_is_no_bundle_says_what_it_lacks(tmp_path):
    with pytest.raises(CapewatchError, match=r"meta\.json, statistics\.json, entities\.json"):
        read_any(tmp_path)


def test_each_way_to_name_a_bundle_finds_it(forge, made, tmp_path):
    new = made("one", commit=git(forge.work, "rev-parse", "HEAD"), models=3)
    forge.versions().cut("2026.10", new.site, **new.arguments)
    bundle().write(tmp_path / "held")
    asked: list[tuple[str, object]] = []

    def build(folder, day):
        asked.append((folder.name, day and day.isoformat()))
        return bundle()

    def found(name):
        return find(name, project=forge.work, build=build)

    assert len(found("2026.10").bundle.entities["models"]) == len(START) + 3
    assert found("latest").bundle.as_of == "2026-11-21"
    assert found(str(tmp_path / "held")).note == ""
    assert asked == []
    assert "replayed" in found("2026-05-31").note
    assert "as they are" in found("now").note
    commit = git(forge.work, "rev-parse", "HEAD")
    assert f"data of commit {commit[:12]}" in found("HEAD").note
    assert asked == [("work", "2026-05-31"), ("work", None), (commit[:12], None)]
    with pytest.raises(CapewatchError, match="calendar"):
        found("2026-02-31")
    with pytest.raises(CapewatchError, match="no such folder"):
        found(str(tmp_path / "hold"))


def test_diff_compares_two_published_versions_without_building(forge, made):
    old, new = made("one"), made("two", models=2)
    forge.versions().cut("2026.10", old.site, **old.arguments)
    forge.versions().cut("2026.11", new.site, **new.arguments)
    text = run(forge.work, "diff", "2026.10", "2026.11")
    assert text.exit_code == 0, text.output
    assert text.output.startswith("2026.10 → 2026.11: ")
    assert "2 models added" in text.output
    document = json.loads(run(forge.work, "diff", "2026.10", "latest", "--json").output)
    assert [item["id"] for item in document["models"]] == ["m0", "m1"]
    assert run(forge.work, "diff", "2026.10", "2026.11", "--markdown").output.startswith("## From 2026.10 to 2026.11")


def test_diff_of_a_version_that_is_not_there_names_those_that_are(forge, made):
    new = made("one")
    forge.versions().cut("2026.10", new.site, **new.arguments)
    done = run(forge.work, "diff", "2026.10", "2026.12")
    assert done.exit_code == 1
    assert "2026.10" in str(done.exception)


def test_a_terminal_is_shown_no_control_characters(tmp_path):
    from tests.report.bundles import model

    models = [model(name, pair) for name, pair in sorted(START.items())]
    models.append(model("f", (90.0, 50.0), name="\x1b[31mred\x07"))
    bundle().write(tmp_path / "old")
    bundle(START | {"f": (90.0, 50.0)}, models=models).write(tmp_path / "new")
    (tmp_path / "data").mkdir()
    done = run(tmp_path, "diff", str(tmp_path / "old"), str(tmp_path / "new"))
    assert done.exit_code == 0
    assert "\x1b" not in done.output
    assert "[31mred" in done.output
