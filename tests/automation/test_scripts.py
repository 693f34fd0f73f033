"""The scripts that call the forge, with a `gh` on PATH that answers from a file and writes down what it was asked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

SCRIPTS = REPOSITORY / ".github" / "scripts"
SHA = "0123456789abcdef0123456789abcdef01234567"
MARKER = "<!-- capewatch:pull-request -->"
#: Answers: the first entry whose words all occur in the call gives its text; jq runs on it as gh would where `jq` is true.
FAKE = """\
#!{python}
import json, os, re, subprocess, sys
call = sys.argv[1:]
log = os.environ["GH_LOG"]
body = [word[6:] for word in call if word.startswith("body=@")]
body += [call[call.index("--body-file") + 1]] if "--body-file" in call else []
with open(log, "a") as stream:
    stream.write(json.dumps({{"call": call, "body": open(body[0]).read() if body else ""}}) + "\\n")
for words, answer in json.load(open(os.environ["GH_ANSWERS"])):
    if all(word in " ".join(call) for word in words):
        sys.stdout.write(answer)
        break
"""


class Forge:
    """Runs a script with the fake `gh`; `asked` lists the calls."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "bin").mkdir()
        gh = folder / "bin" / "gh"
        gh.write_text(FAKE.format(python=sys.executable))
        gh.chmod(0o755)

    def run(
        self, script: str, *words: str, answers=(), cwd: Path | None = None, expect: int = 0, **variables: str
    ) -> str:
        (self.folder / "answers.json").write_text(json.dumps(list(answers)))
        (self.folder / "log.jsonl").write_text("")
        environment = {
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}", "HOME": str(self.folder), "GH_LOG": str(self.folder / "log.jsonl"),
            "GH_ANSWERS": str(self.folder / "answers.json"), "REPOSITORY": "o/n", "GIT_CONFIG_GLOBAL": "/dev/null", **variables,
        }  # fmt: skip
        done = subprocess.run(
            [str(SCRIPTS / script), *words],
            env=environment,
            cwd=cwd or self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == expect, done.stdout + done.stderr
        return done.stdout + done.stderr

    @property
    def asked(self) -> list[dict]:
        return [json.loads(line) for line in (self.folder / "log.jsonl").read_text().splitlines()]

    def called(self, *words: str) -> list[dict]:
        return [item for item in self.asked if all(word in item["call"] for word in words)]


@pytest.fixture
def forge(tmp_path):
    return Forge(tmp_path)


@pytest.fixture
def comment(tmp_path):
    path = tmp_path / "comment.md"
    path.write_text(f"{MARKER}\n### The files are correct\n")
    return path


HEAD = {"HEAD_SHA": SHA, "HEAD_OWNER": "stranger", "HEAD_BRANCH": "a;touch pwned;$(touch pwned)`touch pwned`"}


def test_the_first_comment_is_posted_on_the_pull_request_that_the_forge_names(forge, comment):
    forge.run("post-comment.sh", str(comment), answers=[(["repos/o/n/pulls"], "12\n")], **HEAD)
    (post,) = forge.called("POST")
    assert "repos/o/n/issues/12/comments" in post["call"]
    assert post["body"] == comment.read_text()
    (asked,) = [item for item in forge.asked if "repos/o/n/pulls" in item["call"]]
    assert f"head=stranger:{HEAD['HEAD_BRANCH']}" in asked["call"]
    assert SHA in asked["call"][-1]
    assert not list(forge.folder.rglob("pwned"))


def test_a_later_comment_takes_the_place_of_the_first(forge, comment):
    answers = [(["repos/o/n/pulls"], "12\n"), (["issues/12/comments", "--paginate"], "99\n100\n")]
    forge.run("post-comment.sh", str(comment), answers=answers, **HEAD)
    (patch,) = forge.called("PATCH")
    assert "repos/o/n/issues/comments/99" in patch["call"]
    assert not forge.called("POST")
    (listed,) = forge.called("--paginate")
    assert '.user.login == "github-actions[bot]"' in listed["call"][-1], (
        "a stranger who copies the marker is not edited"
    )


def test_a_head_that_no_open_pull_request_has_is_commented_nowhere(forge, comment):
    assert "no open pull request has the head" in forge.run("post-comment.sh", str(comment), **HEAD)
    assert not forge.called("POST")


@pytest.mark.parametrize("change", [{"HEAD_SHA": "main"}, {"HEAD_SHA": ""}, {"HEAD_BRANCH": ""}])
def test_without_a_commit_and_branch_nothing_is_asked(forge, comment, change):
    done = subprocess.run(
        [str(SCRIPTS / "post-comment.sh"), str(comment)],
        env={"PATH": os.environ["PATH"], "REPOSITORY": "o/n", **HEAD, **change},
        capture_output=True,
        check=False,
    )
    assert done.returncode != 0


def test_what_is_no_comment_of_ours_is_not_posted(forge, tmp_path):
    (tmp_path / "comment.md").write_text("merge this\n")
    forge.run("post-comment.sh", str(tmp_path / "comment.md"), expect=1, **HEAD)
    assert forge.asked == []


def test_the_artifact_is_fetched_as_an_archive_and_only_below_its_limit(forge):
    answers = [(["runs/7/artifacts"], "55\n"), (["artifacts/55/zip"], "PK-bytes")]
    forge.run("fetch-report.sh", "report.zip", answers=answers, RUN_ID="7")
    assert (forge.folder / "report.zip").read_text() == "PK-bytes"
    assert "size_in_bytes < 2000000" in forge.asked[0]["call"][-1]
    assert "no artifact named report" in forge.run("fetch-report.sh", "other.zip", expect=1, RUN_ID="7")
    forge.run("fetch-report.sh", "other.zip", expect=2, RUN_ID="7/../8")


LIST = ["issue list"]


def test_the_issue_is_opened_once_edited_on_change_and_closed_when_all_is_well(forge):
    body = forge.folder / "alarm.md"
    words = (str(body), "sources", "Sources need attention")
    body.write_text("stale\n")
    forge.run("one-issue.sh", *words)
    (made,) = forge.called("issue", "create")
    assert made["body"] == "stale\n"
    assert "issue 5 says it already" in forge.run(
        "one-issue.sh", *words, answers=[(LIST, "5\n"), (["issue view"], "stale\r\n")]
    )
    assert not forge.called("issue", "edit")
    forge.run("one-issue.sh", *words, answers=[(LIST, "5\n"), (["issue view"], "older\n")])
    assert forge.called("issue", "edit", "5")[0]["body"] == "stale\n"
    body.write_text("")
    forge.run("one-issue.sh", *words, answers=[(LIST, "5\n")])
    assert forge.called("issue", "close", "5")
    forge.run("one-issue.sh", *words)
    assert [item["call"][:2] for item in forge.asked] == [["issue", "list"]]
    assert "app/github-actions" in forge.asked[0]["call"], "an issue that someone else opened is left alone"


@pytest.fixture
def clone(tmp_path):
    bare, work = tmp_path / "forge.git", tmp_path / "work"
    quiet = {"check": True, "capture_output": True}
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(bare)], **quiet)
    subprocess.run(["git", "clone", "-q", str(bare), str(work)], **quiet)
    (work / "predictions").mkdir()
    (work / "predictions/ledger.jsonl").write_text("1\n")
    git = ["git", "-C", str(work), "-c", "user.name=t", "-c", "user.email=t@example.org"]
    for words in (["add", "-A"], ["commit", "-qm", "start"], ["push", "-q", "origin", "HEAD:refs/heads/main"]):
        subprocess.run([*git, *words], **quiet)
    return bare, work


def test_a_job_proposes_its_files_by_a_pull_request_and_never_touches_main(forge, clone):
    bare, work = clone
    show = ["git", "-C", str(bare), "show"]
    text = forge.folder / "body.txt"
    text.write_text("swe: resolved passed\n## not a heading\n")
    words = ("capewatch/ledger", "Ledger events that are due", str(text), "predictions")
    main = subprocess.check_output([*show, "-s", "--format=%H", "main"])
    assert "nothing changed under predictions" in forge.run("pull-request.sh", *words, cwd=work)
    assert forge.asked == []
    (work / "predictions/ledger.jsonl").write_text("1\n2\n")
    (work / "other.txt").write_text("not proposed\n")
    forge.run("pull-request.sh", *words, cwd=work)
    (made,) = forge.called("pr", "create")
    assert "    ## not a heading\n" in made["body"]
    assert subprocess.check_output([*show, "capewatch/ledger:predictions/ledger.jsonl"]) == b"1\n2\n"
    assert subprocess.check_output([*show, "--name-only", "--format=", "capewatch/ledger"], text=True).split() == [
        "predictions/ledger.jsonl"
    ]
    assert subprocess.check_output([*show, "-s", "--format=%H", "main"]) == main
    (work / "predictions/ledger.jsonl").write_text("1\n2\n3\n")
    forge.run("pull-request.sh", *words, cwd=work, answers=[(["pr list"], "8\n")])
    assert forge.called("pr", "edit", "8")
    assert not forge.called("pr", "create")
    forge.run("pull-request.sh", "main", *words[1:], cwd=work, expect=2)
