"""What a maintainer is told: the issue about sources, the summary of a run, the doctor."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
from importlib.metadata import version

import pytest
from click.testing import CliRunner

from generator import snapshots
from generator.automation.alarm import MARKER, alarms, body, none_passed, read_results
from generator.automation.doctor import diagnose, worst
from generator.automation.summary import summary
from generator.cli.main import cli
from generator.core import CapewatchError
from generator.schema import load_registry
from tests.site import synthetic
from tests.snapshots.readings import reading, row

DAY = dt.date(2026, 5, 1)
PULLED = [
    {"source": "board", "status": "quarantined", "message": "12 rows, <b>@all</b> 40 before", "rows": 12},
    {"source": "other", "status": "ok", "message": "", "rows": 3, "new": 1},
    {"source": "third", "status": "failed", "message": "status 500\n# heading", "rows": 0},
]


@pytest.fixture
def stored(project):
    snapshots.append(project.root / "data" / "snapshots", "board", reading(row("one", 0.5), day=DAY))
    return project


def run(project, *words, expect=0):
    done = CliRunner().invoke(cli, ["--root", str(project.root), *words])
    assert done.exit_code == expect, done.output
    return done.output


def test_a_source_is_stale_from_the_day_after_its_last_allowed_one(stored):
    registry = load_registry(stored.root)
    last = DAY + dt.timedelta(days=30)
    assert alarms(stored.root, registry, on=last) == []
    (alarm,) = alarms(stored.root, registry, on=last + dt.timedelta(days=1))
    assert (alarm.source, alarm.kind, alarm.since) == ("board", "stale", "2026-06-01")


def test_the_same_state_gives_the_same_issue_on_every_day(stored):
    registry = load_registry(stored.root)
    days = [dt.date(2026, 6, 1), dt.date(2026, 12, 31)]
    texts = {body(alarms(stored.root, registry, on=day, pulled=PULLED)) for day in days}
    assert len(texts) == 1
    assert body(alarms(stored.root, registry, on=DAY)) == ""


def test_the_issue_names_each_bad_source_with_what_to_do_and_no_markup_of_a_server(stored):
    text = body(alarms(stored.root, load_registry(stored.root), on=dt.date(2026, 6, 1), pulled=PULLED))
    assert text.startswith(MARKER)
    assert [line for line in text.splitlines() if line.startswith("#")] == [
        "### Quarantined",
        "### Failed",
        "### Stale",
    ]
    assert "<b>" not in text
    assert "@all" not in text
    assert "--accept SOURCE" in text
    assert "other" not in text


def test_the_alarm_command_fails_only_when_no_source_passed(stored):
    path = stored.write("build/pull.json", json.dumps(PULLED))
    assert run(stored, "alarm", "--pull", str(path), "--on", "2026-05-02", "--strict").startswith(MARKER)
    path.write_text(json.dumps([PULLED[0], PULLED[2]]))
    run(stored, "alarm", "--pull", str(path), "--strict", expect=1)
    found = json.loads(run(stored, "alarm", "--pull", str(path), "--on", "2026-05-02", "--json"))
    assert {(item["source"], item["kind"]) for item in found} == {("board", "quarantined"), ("third", "failed")}
    assert not none_passed([])


@pytest.mark.parametrize("text", ["", "{}", "[1]", '[{"source": "a"}]'])
def test_what_is_no_result_of_a_pull_is_refused(tmp_path, text):
    (tmp_path / "pull.json").write_text(text)
    with pytest.raises(CapewatchError):
        read_results(tmp_path / "pull.json")


def test_the_summary_tells_sources_counts_stale_data_and_predictions(tmp_path):
    bundle = synthetic.bundle()
    bundle.write(tmp_path)
    text = summary(pulled=PULLED, bundle=tmp_path)
    assert "**1 of 3 sources passed.**" in text
    assert "| <code>other</code> | <code>ok</code> | 3 | 1 | 0 | 0 | — |" in text
    assert text.count("\n| <code>") == 3 + len(bundle.sections["predictions"]["items"])
    assert "<b>" not in text
    assert "# heading" not in text.replace("## Run", "")


def test_a_run_that_built_nothing_says_so(tmp_path):
    text = summary(pulled=[], bundle=tmp_path)
    assert "No source was asked in this run." in text
    assert "No report was built in this run." in text


def checks(project, **more):
    found = diagnose(project.root, load_registry(project.root), on=more.pop("on", DAY), **more)
    return {item.check: item for item in found}


def git(project, *words):
    command = ["git", "-C", str(project.root), "-c", "user.name=t", "-c", "user.email=t@example.org", *words]
    subprocess.run(command, check=True, capture_output=True)


def test_the_doctor_finds_a_sound_project_sound(stored):
    stored.write(".github/CODEOWNERS", "* @acme/data\n")
    stored.write("constraints.txt", f"click=={version('click')}\n")
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "start"]):
        git(stored, *words)
    git(stored, "remote", "add", "origin", "git@forge.example:acme/capewatch.git")
    git(stored, "checkout", "-q", "--orphan", "gh-pages")
    stored.write("versions.json", '[{"version": "dev", "title": "dev", "aliases": []}]')
    git(stored, "add", "versions.json")
    git(stored, "commit", "-qm", "site")
    git(stored, "checkout", "-qf", "main")
    found = checks(stored)
    assert {name: item.level for name, item in found.items() if item.level != "ok"} == {}
    assert found["site branch"].seen.startswith("gh-pages: dev; ")
    assert len(found) == 11


def test_the_doctor_names_every_fault_with_what_to_do(stored):
    stored.write("data/models/acme/bad.yaml", "schema_version: 1\n")
    stored.write("constraints.txt", "click==0.0.1\n")
    stored.write("build/quarantine/board/abc/note.json", "{}")
    stored.write("predictions/p/ledger.jsonl", "not json\n")
    log = stored.root / "data/snapshots/board/observations.csv"
    log.write_bytes(log.read_bytes().replace(b"0.5", b"0.6"))
    found = checks(stored, on=dt.date(2027, 1, 1))
    assert {name: item.level for name, item in found.items()} == {
        "environment": "ok", "dependencies": "warn", "disk": found["disk"].level, "git": "warn", "files": "fail", "snapshots": "fail",
        "data age": "warn", "quarantine": "warn", "ledger chain": "fail", "site branch": "warn", "code owners": "warn",
    }  # fmt: skip
    assert all(item.advice for item in found.values() if item.level != "ok")
    assert worst(list(found.values())) == "fail"
    assert "click" in found["dependencies"].seen
    assert "bad.yaml" in found["files"].seen
    assert "predictions/p/ledger.jsonl:1" in found["ledger chain"].seen


def test_the_doctor_command_exits_1_when_something_failed_and_gives_json(stored):
    assert "data age" in run(stored, "doctor", "--on", "2026-05-02")
    stored.write("predictions/p/ledger.jsonl", "not json\n")
    found = json.loads(run(stored, "doctor", "--json", expect=1))
    assert {item["level"] for item in found if item["check"] == "ledger chain"} == {"fail"}
