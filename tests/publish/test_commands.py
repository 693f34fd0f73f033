"""`capewatch publish` from the command line, with sites built before."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from generator.cli.main import cli
from generator.report.history import version_file, write_changes
from tests.publish.conftest import SITE_URL, Forge, git, site
from tests.report.bundles import START, bundle


def run(forge: Forge, *arguments: str):
    return CliRunner().invoke(cli, ["--root", str(forge.work), "publish", *arguments])


def prebuilt(tmp_path: Path, text: str, **scores: tuple[float, float]) -> tuple[str, ...]:
    """Options that publish a small site with its bundle."""
    folder = tmp_path / f"built-{text}"
    site(folder / "site", text)
    bundle(START | scores).write(folder / "bundle")
    return "--site", str(folder / "site"), "--bundle", str(folder / "bundle"), "--site-url", SITE_URL


def test_dev_tells_its_size_then_that_nothing_changed(forge, tmp_path):
    options = prebuilt(tmp_path, "one")
    first, second = run(forge, "dev", *options), run(forge, "dev", *options)
    assert first.exit_code == 0, first.output
    assert "MB on branch gh-pages" in first.output
    assert "nothing changed on branch gh-pages" in second.output
    told = json.loads(git(forge.work, "show", "gh-pages:dev/publication.json"))
    assert told["commit"] == git(forge.work, "rev-parse", "HEAD")
    assert (told["clean"], told["as_of"], told["site_url"]) == (True, "2026-11-21", SITE_URL)


def test_a_cut_of_data_that_are_not_committed_is_refused(forge, tmp_path):
    (forge.work / "data" / "note.txt").write_text("not committed\n")
    done = run(forge, "cut", "2026.10", *prebuilt(tmp_path, "one"))
    assert done.exit_code == 1
    assert "not committed: data/note.txt" in str(done.exception)
    assert run(forge, "dev", *prebuilt(tmp_path, "two")).exit_code == 0
    assert json.loads(git(forge.work, "show", "gh-pages:dev/publication.json"))["clean"] is False


def test_a_second_version_needs_a_committed_file_that_says_what_changed(forge, tmp_path):
    assert run(forge, "cut", "2026.10", *prebuilt(tmp_path, "one"), "--push").exit_code == 0
    options = prebuilt(tmp_path, "two", f=(90.0, 50.0))
    missing = run(forge, "cut", "2026.11", *options)
    assert "data/changes/2026.11.json is missing" in str(missing.exception)
    assert "publish notes 2026.11" in missing.exception.hint
    wrong = write_changes(forge.work, version_file("2026.11", "2026.10", bundle(), bundle()))
    git(forge.work, "add", "-A")
    git(forge.work, "commit", "--quiet", "-m", "wrong")
    assert "does not say what changed" in str(run(forge, "cut", "2026.11", *options).exception)
    wrong.unlink()
    write_changes(forge.work, version_file("2026.11", "2026.10", bundle(), bundle(START | {"f": (90.0, 50.0)})))
    git(forge.work, "add", "-A")
    git(forge.work, "commit", "--quiet", "-m", "right")
    done = run(forge, "cut", "2026.11", *options, "--push")
    assert done.exit_code == 0, done.output
    assert "of origin" in done.output
    assert forge.tip() == git(forge.work, "rev-parse", "gh-pages")


def test_a_version_that_is_cut_is_refused_before_anything_is_built(forge, tmp_path):
    options = prebuilt(tmp_path, "one")
    run(forge, "cut", "2026.10", *options)
    done = run(forge, "cut", "2026.10", *options)
    assert (done.exit_code, done.exception.exit_code) == (1, 2)
    assert "never changes after it is cut" in str(done.exception)
    assert "never changes" in str(run(forge, "notes", "2026.10").exception)


def test_the_first_version_needs_no_notes(forge):
    done = run(forge, "notes", "2026.10")
    assert done.exit_code == 0
    assert "nothing to compare with" in done.output


def test_list_shows_each_version_with_its_size_and_the_rule(forge, tmp_path):
    run(forge, "cut", "2026.10", *prebuilt(tmp_path, "one"))
    text = run(forge, "list").output
    assert "2026.10" in text
    assert "kept: the latest version" in text
    (entry,) = json.loads(run(forge, "list", "--json").output)
    assert (entry["name"], entry["may_go"]) == ("2026.10", False)
    assert "kept: the latest version" in str(run(forge, "drop", "2026.10").exception)


def test_a_site_without_its_bundle_or_without_an_address_is_a_fault_of_the_call(forge, tmp_path):
    options = prebuilt(tmp_path, "one")
    assert run(forge, "dev", *options[:2], "--site-url", SITE_URL).exit_code == 2
    assert "--site-url" in run(forge, "dev", *options[:4]).output
