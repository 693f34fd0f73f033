"""Storing what a pull appended: never with force, never over what is there, and another run's rows are never lost."""

from __future__ import annotations

import datetime as dt
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from generator import snapshots
from generator.automation.store import store
from generator.cli.main import cli
from generator.core import CapewatchError
from tests.snapshots.readings import reading, row


def git(folder: Path, *words: str) -> str:
    command = [
        "git",
        "-C",
        str(folder),
        "-c",
        "user.name=t",
        "-c",
        "user.email=t@example.org",
        "-c",
        "protocol.file.allow=always",
    ]
    return subprocess.run([*command, *words], check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def forge(tmp_path, monkeypatch):
    """A bare repository with one committed pull, and two clones of it."""
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(name, "/dev/null")
    bare = tmp_path / "forge.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(bare)], check=True)
    one = clone(bare, tmp_path / "one")
    (one / "mkdocs.yml").write_text("site_name: x\n")
    append(one, "board", 1)
    git(one, "add", "-A")
    git(one, "commit", "-qm", "start")
    git(one, "push", "-q", "origin", "HEAD:refs/heads/main")
    return bare, one, clone(bare, tmp_path / "two")


def clone(bare: Path, into: Path) -> Path:
    subprocess.run(["git", "clone", "-q", str(bare), str(into)], check=True, capture_output=True)
    return into


def append(root: Path, source: str, day: int) -> None:
    when = dt.date(2026, 5, day)
    snapshots.append(
        root / "data" / "snapshots", source, reading(row("one", day / 100), day=when, payload_sha256=f"{day:064d}")
    )


def test_nothing_new_makes_no_commit(forge):
    _, one, _ = forge
    before = git(one, "rev-parse", "HEAD")
    assert store(one, day="2026-11-22", push=True).outcome == "nothing new"
    assert git(one, "rev-parse", "HEAD") == before


def test_what_was_appended_is_committed_alone_and_pushed(forge):
    bare, one, _ = forge
    append(one, "board", 2)
    (one / "mkdocs.yml").write_text("site_name: changed by hand\n")
    done = store(one, day="2026-11-22", push=True)
    assert (done.outcome, done.sources) == ("pushed", ("board",))
    assert git(bare, "rev-parse", "main") == done.commit
    assert git(one, "show", "--name-only", "--format=%s", "HEAD").splitlines()[0] == "Data of 2026-11-22: board"
    assert all(
        line.startswith("data/snapshots/") for line in git(one, "show", "--name-only", "--format=", "HEAD").splitlines()
    )
    assert "changed by hand" in (one / "mkdocs.yml").read_text()


def test_a_rewritten_or_removed_manifest_is_refused_and_nothing_is_committed(forge):
    _, one, _ = forge
    before = git(one, "rev-parse", "HEAD")
    manifest = one / "data/snapshots/board/manifest.jsonl"
    kept = manifest.read_bytes()
    for spoil in (lambda: manifest.write_bytes(kept.replace(b"2026", b"2025")), manifest.unlink):
        spoil()
        with pytest.raises(CapewatchError, match=r"the manifest does not continue|the file is gone"):
            store(one, day="2026-11-22")
        assert git(one, "rev-parse", "HEAD") == before
        manifest.write_bytes(kept)


def test_a_store_built_anew_beside_the_old_one_does_not_continue_it(forge, tmp_path):
    _, one, _ = forge
    folder = one / "data/snapshots/board"
    for path in folder.iterdir():
        path.unlink()
    append(one, "board", 5)
    with pytest.raises(CapewatchError, match="the manifest does not continue the committed one"):
        store(one, day="2026-11-22")


def test_a_push_that_code_overtook_is_repeated_on_top_of_it(forge):
    bare, one, two = forge
    (two / "mkdocs.yml").write_text("site_name: merged\n")
    git(two, "commit", "-qam", "code")
    git(two, "push", "-q", "origin", "HEAD:refs/heads/main")
    append(one, "board", 2)
    assert store(one, day="2026-11-22", push=True).outcome == "pushed"
    assert git(bare, "log", "--format=%s", "main").splitlines() == ["Data of 2026-11-22: board", "code", "start"]


def test_of_two_runs_at_once_the_second_drops_its_rows_and_says_so(forge):
    bare, one, two = forge
    append(one, "board", 2)
    append(two, "board", 3)
    assert store(two, day="2026-11-22", push=True).outcome == "pushed"
    done = store(one, day="2026-11-22", push=True)
    assert done.outcome == "another run was first"
    assert git(bare, "rev-parse", "main") == done.commit == git(one, "rev-parse", "HEAD")
    assert snapshots.verify(one / "data/snapshots") == []
    append(one, "board", 4)
    assert store(one, day="2026-11-23", push=True).outcome == "pushed"
    assert [line.pull for line in snapshots.history(one / "data/snapshots", "board")] == [1, 2, 3]


def test_a_branch_whose_history_was_rewritten_is_refused_and_the_data_stay(forge, tmp_path):
    bare, one, two = forge
    git(two, "checkout", "-q", "--orphan", "other")
    git(two, "commit", "-qm", "rewritten")
    git(two, "push", "-qf", "origin", "HEAD:refs/heads/main")
    rewritten = git(bare, "rev-parse", "main")
    append(one, "board", 2)
    with pytest.raises(CapewatchError, match="its history was rewritten"):
        store(one, day="2026-11-22", push=True)
    assert git(bare, "rev-parse", "main") == rewritten
    assert len(snapshots.history(one / "data/snapshots", "board")) == 2


def test_a_refused_push_is_an_error_that_keeps_the_commit(forge):
    bare, one, _ = forge
    hook = bare / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    append(one, "board", 2)
    with pytest.raises(CapewatchError, match="the push was refused 3 times"):
        store(one, day="2026-11-22", push=True)
    assert git(one, "log", "-1", "--format=%s") == "Data of 2026-11-22: board"


def test_something_else_that_is_staged_is_refused(forge):
    _, one, _ = forge
    (one / "mkdocs.yml").write_text("site_name: staged\n")
    git(one, "add", "mkdocs.yml")
    append(one, "board", 2)
    with pytest.raises(CapewatchError, match=r"mkdocs\.yml: staged, but not written by the jobs"):
        store(one, day="2026-11-22")


def test_the_command_says_what_it_did_with_its_exit_code(forge):
    _, one, two = forge
    append(one, "board", 2)
    append(two, "board", 3)
    words = ["store", "--push", "--day", "2026-11-22"]
    assert CliRunner().invoke(cli, ["--root", str(two), *words]).output.startswith("pushed: ")
    done = CliRunner().invoke(cli, ["--root", str(one), *words])
    assert (done.exit_code, done.output.split(":")[0]) == (3, "another run was first")


def test_a_file_of_changes_is_added_once_and_never_altered(forge):
    _, one, _ = forge
    path = one / "data/changes/2026.11.json"
    path.parent.mkdir()
    path.write_text("{}")
    assert store(one, day="2026-12-01", push=True).sources == ("changes",)
    path.write_text("[]")
    with pytest.raises(CapewatchError, match="the file differs from the committed one"):
        store(one, day="2026-12-01")


def test_a_folder_without_git_is_named(tmp_path):
    with pytest.raises(CapewatchError, match="git status"):
        store(tmp_path, day=dt.date(2026, 11, 22).isoformat())
