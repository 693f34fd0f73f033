"""The branch of versions: dev is overwritten, a cut never changes, nothing is lost by a crash or by two at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from generator.core import CapewatchError
from generator.publish.git import GitFailed, Repository
from tests.publish.conftest import git, site


def test_the_first_publication_makes_a_branch_that_a_forge_can_serve(forge, made):
    new = made("one")
    done = forge.versions().publish_dev(new.site, **new.arguments)
    assert done.changed
    names = set(git(forge.work, "ls-tree", "-r", "--name-only", "gh-pages").splitlines())
    assert {
        ".nojekyll",
        "versions.json",
        "index.html",
        "404.html",
        "dev/index.html",
        "dev/publication.json",
        "dev/bundle.json.xz",
    } <= names
    assert "url=dev/" in git(forge.work, "show", "gh-pages:index.html")
    assert git(forge.work, "status", "--porcelain") == ""


def test_a_cut_gets_the_alias_latest_and_the_root_leads_to_it(forge, made):
    versions = forge.versions()
    for name in ("2026.10", "2026.11"):
        new = made(name)
        versions.cut(name, new.site, **new.arguments)
    listed = json.loads(git(forge.work, "show", "gh-pages:versions.json"))
    assert [(item["version"], item["aliases"]) for item in listed] == [("2026.11", ["latest"]), ("2026.10", [])]
    assert git(forge.work, "ls-tree", "gh-pages", "latest").startswith("120000")
    assert git(forge.work, "show", "gh-pages:latest") == "2026.11"
    assert "url=latest/" in git(forge.work, "show", "gh-pages:index.html")


def test_dev_comes_first_in_the_selector_and_is_not_the_latest(forge, made):
    versions = forge.versions()
    for name in ("2026.10", "2026.11"):
        new = made(name)
        versions.cut(name, new.site, **new.arguments)
    new = made("dev")
    versions.publish_dev(new.site, **new.arguments)
    listed = json.loads(git(forge.work, "show", "gh-pages:versions.json"))
    assert [item["version"] for item in listed] == ["dev", "2026.11", "2026.10"]


def test_a_version_never_changes_after_it_is_cut(forge, made):
    versions = forge.versions()
    first = made("one")
    versions.cut("2026.10", first.site, **first.arguments)
    before, tip = forge.files("2026.10"), versions.tip
    other = made("two")
    with pytest.raises(CapewatchError, match="never changes after it is cut"):
        versions.cut("2026.10", other.site, **other.arguments)
    assert versions.tip == tip
    versions.publish_dev(other.site, **other.arguments)
    versions.cut("2026.11", other.site, **other.arguments)
    assert forge.files("2026.10") == before


def test_the_same_cut_again_is_refused_even_with_the_same_bytes(forge, made):
    versions, new = forge.versions(), made("one")
    versions.cut("2026.10", new.site, **new.arguments)
    with pytest.raises(CapewatchError, match="never changes"):
        versions.cut("2026.10", new.site, **new.arguments)


def test_a_month_older_than_the_latest_cannot_be_cut(forge, made):
    versions, new = forge.versions(), made("one")
    versions.cut("2026.10", new.site, **new.arguments)
    with pytest.raises(CapewatchError, match="older than the latest"):
        versions.cut("2026.09", new.site, **new.arguments)


@pytest.mark.parametrize("name", ["2026.13", "2026.1", "latest", "dev", "../x", "2026.11\n", "", "v2026.11"])
def test_only_months_can_be_cut(forge, made, name):
    new = made("one")
    with pytest.raises(CapewatchError, match=r"YYYY\.MM"):
        forge.versions().cut(name, new.site, **new.arguments)
    assert forge.versions().tip is None


def test_nothing_is_committed_when_nothing_changed_but_the_commit_it_was_built_from(forge, made):
    versions, first = forge.versions(), made("one")
    tip = versions.publish_dev(first.site, **first.arguments).commit
    again = made("one", commit="1" * 40)
    done = versions.publish_dev(again.site, **again.arguments)
    assert (done.changed, done.commit) == (False, tip)
    other = made("two")
    assert versions.publish_dev(other.site, **other.arguments).changed


def test_a_page_that_is_gone_goes_from_dev(forge, made):
    versions, first = forge.versions(), made("one", more={"old/index.html": "old"})
    versions.publish_dev(first.site, **first.arguments)
    assert "dev/old/index.html" in forge.files("dev")
    second = made("one")
    versions.publish_dev(second.site, **second.arguments)
    assert "dev/old/index.html" not in forge.files("dev")


def test_the_large_script_is_stored_once_and_every_version_refers_to_it(forge, made):
    versions = forge.versions()
    for name in ("2026.10", "2026.11"):
        new = made(name)
        versions.cut(name, new.site, **new.arguments)
    names = git(forge.work, "ls-tree", "-r", "--name-only", "gh-pages").splitlines()
    (shared,) = [name for name in names if name.startswith("assets/")]
    assert not [name for name in names if name.endswith("vega/vega.js")]
    for name in ("2026.10", "2026.11"):
        assert f'"../{shared}"' in git(forge.work, "show", f"gh-pages:{name}/assets/javascripts/charts.js")
    assert git(forge.work, "show", f"gh-pages:{shared}") == "vega script"


def test_a_new_script_does_not_replace_the_one_that_an_old_version_uses(forge, made):
    versions = forge.versions()
    old, new, newer = made("a", vega="1"), made("b", vega="2"), made("c", vega="3")
    versions.cut("2026.10", old.site, **old.arguments)
    versions.publish_dev(new.site, **new.arguments)
    versions.publish_dev(newer.site, **newer.arguments)
    names = git(forge.work, "ls-tree", "-r", "--name-only", "gh-pages").splitlines()
    kept = [git(forge.work, "show", f"gh-pages:{name}") for name in names if name.startswith("assets/")]
    assert sorted(kept) == ["1", "3"]


def test_a_site_built_without_the_selector_or_not_at_all_is_refused(forge, made, tmp_path):
    new = made("one")
    (new.site / "index.html").write_text("<html></html>")
    with pytest.raises(CapewatchError, match="--versioned"):
        forge.versions().publish_dev(new.site, **new.arguments)
    with pytest.raises(CapewatchError, match=r"index\.html is missing"):
        forge.versions().publish_dev(tmp_path / "nothing", **new.arguments)


def test_a_link_in_a_site_is_refused(forge, made):
    new = made("one")
    (new.site / "secret").symlink_to("/etc/passwd")
    with pytest.raises(CapewatchError, match="a link"):
        forge.versions().publish_dev(new.site, **new.arguments)


def test_a_version_above_its_budget_is_refused_and_nothing_changes(forge, made):
    first = made("one")
    forge.versions().publish_dev(first.site, **first.arguments)
    tip = forge.versions().tip
    big = made("two", more={"big.txt": "x" * 2_000_000})
    with pytest.raises(CapewatchError, match="a version may take 1 MB"):
        forge.versions(version_mb=1).publish_dev(big.site, **big.arguments)
    with pytest.raises(CapewatchError, match="the branch would take") as told:
        forge.versions(branch_mb=1).publish_dev(big.site, **big.arguments)
    assert "no version may be dropped" in told.value.hint
    assert forge.versions().tip == tip


def test_what_may_be_dropped_is_computed_shown_and_dropped_only_when_asked(forge, made):
    versions = forge.versions()
    months = [f"2025.{month:02}" for month in range(6, 13)] + [f"2026.{month:02}" for month in range(1, 10)]
    for name in months:
        new = made(name, more={"body.txt": name * 1000})
        versions.cut(name, new.site, **new.arguments)
    rule = {item.name: item for item in versions.held()}
    assert sorted(name for name, item in rule.items() if item.may_go) == [f"2025.{month:02}" for month in range(6, 12)]
    with pytest.raises(CapewatchError, match="kept: among the newest"):
        versions.drop(("2026.01",))
    new = made("x", more={"body.txt": "y" * 200_000})
    with pytest.raises(CapewatchError) as told:
        forge.versions(branch_mb=sum(item.size for item in rule.values()) / 1e6).cut(
            "2026.10", new.site, **new.arguments
        )
    assert "capewatch publish drop 2025.06" in told.value.hint
    versions.drop(("2025.06",))
    assert set(forge.files("2025.06")) == {
        f"2025.06/{name}" for name in ("index.html", "publication.json", "bundle.json.xz")
    }
    assert "was dropped" in git(forge.work, "show", "gh-pages:2025.06/index.html")
    assert "2025.06" not in git(forge.work, "show", "gh-pages:versions.json")
    assert versions.bundle("2025.06").as_of == "2026-11-21"
    with pytest.raises(CapewatchError, match="is published"):
        versions.cut("2025.06", new.site, **new.arguments)


def test_push_adds_to_what_another_clone_published_and_loses_nothing(forge, made, tmp_path):
    first, second = made("one"), made("two")
    forge.versions(remote="origin").cut("2026.10", first.site, **first.arguments)
    other = forge.clone(tmp_path / "other")
    other.versions(remote="origin").cut("2026.11", second.site, **second.arguments)
    third = made("three")
    forge.versions(remote="origin").publish_dev(third.site, **third.arguments)
    assert forge.versions().names() == ["2026.10", "2026.11", "dev"]
    assert forge.tip() == forge.versions().tip


def test_a_clone_that_is_behind_cannot_cut_a_month_that_is_published(forge, made, tmp_path):
    other = forge.clone(tmp_path / "other")
    first, second = made("one"), made("two")
    forge.versions(remote="origin").cut("2026.10", first.site, **first.arguments)
    tip = forge.tip()
    with pytest.raises(CapewatchError, match="never changes"):
        other.versions(remote="origin").cut("2026.10", second.site, **second.arguments)
    assert forge.tip() == tip


def test_a_local_branch_with_commits_of_its_own_is_refused_not_overwritten(forge, made, tmp_path):
    other = forge.clone(tmp_path / "other")
    first, second, third = made("one"), made("two"), made("three")
    forge.versions(remote="origin").publish_dev(first.site, **first.arguments)
    other.versions().publish_dev(second.site, **second.arguments)
    with pytest.raises(CapewatchError, match="holds commits that origin does not"):
        other.versions(remote="origin").publish_dev(third.site, **third.arguments)


class Racing(Repository):
    """A repository in which something happens just before the branch is moved or pushed, once."""

    def commit_tree(self, tree: str, parent: str | None, message: str) -> str:
        made = super().commit_tree(tree, parent, message)
        if RACE:
            RACE.pop()()
        return made


RACE: list = []


def test_a_tip_that_moved_meanwhile_is_built_upon(forge, made):
    one, two, three = made("one"), made("two"), made("three")
    forge.versions().publish_dev(one.site, **one.arguments)
    RACE.append(lambda: forge.versions().cut("2026.11", two.site, **two.arguments))
    versions = forge.versions()
    versions._repository = Racing(forge.work)
    assert versions.publish_dev(three.site, **three.arguments).changed
    assert versions.names() == ["2026.11", "dev"]
    assert "three" in git(forge.work, "show", "gh-pages:dev/index.html")


def test_two_cuts_of_one_month_at_once_leave_the_first(forge, made):
    one, two = made("one"), made("two")
    RACE.append(lambda: forge.versions().cut("2026.11", one.site, **one.arguments))
    versions = forge.versions()
    versions._repository = Racing(forge.work)
    with pytest.raises(CapewatchError, match="never changes"):
        versions.cut("2026.11", two.site, **two.arguments)
    assert "one" in git(forge.work, "show", "gh-pages:2026.11/index.html")


def test_a_push_that_another_clone_overtook_is_repeated_from_its_tip(forge, made, tmp_path):
    other = forge.clone(tmp_path / "other")
    one, two = made("one"), made("two")
    RACE.append(lambda: other.versions(remote="origin").cut("2026.11", one.site, **one.arguments))
    versions = forge.versions(remote="origin")
    versions._repository = Racing(forge.work)
    assert versions.publish_dev(two.site, **two.arguments).changed
    assert set(git(forge.bare, "ls-tree", "--name-only", "gh-pages").splitlines()) >= {"dev", "2026.11", "latest"}


def test_many_at_once_all_arrive(forge, made):
    sites = {f"2026.{month:02}": made(str(month)) for month in (1, 2, 3)}
    faults: list[Exception] = []

    def publish(name: str) -> None:
        try:
            forge.versions().publish_dev(sites[name].site, **sites[name].arguments)
        except CapewatchError as error:
            faults.append(error)

    threads = [threading.Thread(target=publish, args=(name,)) for name in sites]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert len(git(forge.work, "log", "--format=%H", "gh-pages").splitlines()) == 3


@pytest.mark.parametrize("command", ["hash-object", "update-index", "write-tree", "commit-tree", "update-ref"])
def test_a_failure_at_any_step_leaves_the_old_tip(forge, made, monkeypatch, command):
    versions, one, two = forge.versions(), made("one"), made("two")
    tip = versions.publish_dev(one.site, **one.arguments).commit
    real = Repository.run

    def failing(self, *arguments, **more):
        if arguments[0] == command:
            raise GitFailed(f"git {command}: no space left on device")
        return real(self, *arguments, **more)

    monkeypatch.setattr(Repository, "run", failing)
    with pytest.raises(GitFailed):
        versions.publish_dev(two.site, **two.arguments)
    monkeypatch.setattr(Repository, "run", real)
    assert versions.tip == tip
    assert versions.publish_dev(two.site, **two.arguments).changed


def test_a_push_that_fails_leaves_both_branches_where_they_were(forge, made):
    one, two = made("one"), made("two")
    versions = forge.versions(remote="origin")
    tip = versions.publish_dev(one.site, **one.arguments).commit
    hook = forge.bare / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho closed >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(CapewatchError, match="closed"):
        versions.publish_dev(two.site, **two.arguments)
    assert (forge.tip(), versions.tip) == (tip, tip)


WAITING_GIT = """\
#!/bin/sh
for word in "$@"; do
  if [ "$word" = "{command}" ]; then echo reached > "{flag}"; sleep 60; fi
done
exec {git} "$@"
"""
PUBLISH = """\
import sys
from pathlib import Path
from generator.publish.branch import Target, Versions
from generator.publish.git import Repository
Versions(Repository(Path(sys.argv[1])), Target()).publish_dev(Path(sys.argv[2]), record={"commit": None}, bundle=b"x")
"""


@pytest.mark.parametrize("command", ["write-tree", "update-ref"])
def test_a_kill_in_the_middle_leaves_the_old_tip_and_the_next_publication_works(forge, made, tmp_path, command):
    one, two = made("one"), made("two")
    tip = forge.versions().publish_dev(one.site, **one.arguments).commit
    flag, tools = tmp_path / "reached", tmp_path / "tools"
    tools.mkdir()
    real = subprocess.run(["sh", "-c", "command -v git"], capture_output=True, text=True, check=True).stdout.strip()
    (tools / "git").write_text(WAITING_GIT.format(command=command, flag=flag, git=real))
    (tools / "git").chmod(0o755)
    root = Path(__file__).resolve().parents[2]
    environment = os.environ | {"PATH": f"{tools}:{os.environ['PATH']}", "PYTHONPATH": str(root)}
    process = subprocess.Popen(
        [sys.executable, "-c", PUBLISH, str(forge.work), str(two.site)], env=environment, start_new_session=True
    )
    deadline = time.monotonic() + 60
    while not flag.exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert forge.versions().tip == tip
    assert "one" in git(forge.work, "show", "gh-pages:dev/index.html")
    assert forge.versions().publish_dev(two.site, **two.arguments).changed
    git(forge.work, "fsck", "--strict")


def test_the_same_site_published_in_two_places_gives_the_same_tree(forge, made, tmp_path):
    new = made("one")
    forge.versions().publish_dev(new.site, **new.arguments)
    other = forge.clone(tmp_path / "other")
    copy = site(tmp_path / "copy", "one")
    other.versions().publish_dev(copy, **new.arguments)
    assert git(forge.work, "rev-parse", "gh-pages^{tree}") == git(other.work, "rev-parse", "gh-pages^{tree}")


def test_a_folder_outside_git_is_an_error_in_words(tmp_path, made):
    from generator.publish.branch import Versions

    with pytest.raises(CapewatchError, match="in no git repository"):
        Versions(Repository(tmp_path))


def test_a_version_that_is_not_there_is_answered_with_near_ones(forge, made):
    new = made("one")
    forge.versions().cut("2026.10", new.site, **new.arguments)
    with pytest.raises(CapewatchError) as told:
        forge.versions().read("2026.11", "bundle.json.xz")
    assert "2026.10" in told.value.hint


def test_a_fresh_clone_knows_the_versions_that_were_fetched_and_builds_upon_them(forge, made, tmp_path):
    first, second = made("one"), made("two")
    forge.versions(remote="origin").cut("2026.10", first.site, **first.arguments)
    fresh = forge.clone(tmp_path / "fresh")
    assert fresh.versions().names() == ["2026.10"]
    with pytest.raises(CapewatchError, match="never changes"):
        fresh.versions().cut("2026.10", second.site, **second.arguments)
    fresh.versions().publish_dev(second.site, **second.arguments)
    assert git(fresh.work, "rev-parse", "gh-pages~1") == forge.tip()


def test_a_cut_by_a_clone_without_the_branch_is_decided_on_the_state_of_the_remote(forge, made, tmp_path):
    fresh = forge.clone(tmp_path / "fresh")  # before anything was published
    first = made("one")
    forge.versions(remote="origin").cut("2026.10", first.site, **first.arguments)
    versions = fresh.versions(remote="origin")
    assert versions.latest() is None
    versions.refresh()
    assert versions.latest() == "2026.10"
