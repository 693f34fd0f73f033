"""A simulated month of the scheduled jobs, with what can go wrong in it: afterwards nothing is lost and nothing wrong was shown."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import os
import re
from pathlib import Path

import pytest

from generator import snapshots
from generator.publish.branch import Target, Versions
from generator.publish.git import Repository
from generator.report.diff import compare
from tests.conftest import REPOSITORY
from tests.rehearsal.board import START
from tests.rehearsal.days import SCRIPT
from tests.rehearsal.month import DAYS, Month
from tests.rehearsal.project import DAYS_AFTER, PREDICTIONS
from tests.rehearsal.stage import git

TABLE = REPOSITORY / "tests" / "README.md"
OPEN, CLOSE = "<!-- rehearsal -->", "<!-- /rehearsal -->"
ALL = [START + dt.timedelta(days=number) for number in range(DAYS)]


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Month:
    return Month(tmp_path_factory.mktemp("month")).play(SCRIPT)


def test_every_version_is_served_byte_for_byte_as_it_was_cut(month: Month) -> None:
    assert sorted(month.cuts) == ["2026.05", "2026.06"]
    for name, blobs in month.cuts.items():
        assert len(blobs) > 100
        assert month.blobs(name) == blobs


def test_no_observation_is_lost_and_every_day_can_be_read_as_it_was(month: Month) -> None:
    folder = month.runner / "data" / "snapshots"
    boards = {"swebench": "swe-bench-bash-only", "aider": "aider-polyglot"}
    for day in ALL:
        for source, benchmark in boards.items():
            state = snapshots.read(folder, source, as_of=day, basis="recorded")
            state = state[state["benchmark"] == benchmark]
            held = {name.rsplit(" ", 1)[-1]: value for name, value in zip(state["model"], state["value"], strict=True)}
            assert held == month.accepted[day][source], (day, source)
    assert not [problem for problem in snapshots.verify(folder) if problem.severity == "error"]


def test_no_score_that_a_gate_or_an_outage_stopped_was_ever_published(month: Month) -> None:
    for day in ALL:
        true = {
            (f"{source} {model}", score)
            for source, scores in month.accepted[day].items()
            for model, score in scores.items()
        }
        assert month.shown[day] == true, day


def test_the_standing_of_each_prediction_is_right_on_each_day(month: Month) -> None:
    for day in ALL:
        for said in month.scored[day]:
            assert (said["state"], said["standing"]) == expected(
                month, said["id"], day, dt.date.fromisoformat(said["as_of"])
            ), (day, said["id"])


def expected(month: Month, identity: str, day: dt.date, as_of: dt.date) -> tuple[str, str]:
    """State and standing by a rule of its own: the best score of the board, on the closing day at the latest."""
    axis, closes_on, above, below = PREDICTIONS[identity]
    source = {"swe-bench-bash-only": "swebench", "aider-polyglot": "aider"}[axis]
    closes = dt.date.fromisoformat(closes_on)
    best = max(month.accepted[min(as_of, closes)][source].values())
    standing = "on course to pass" if best > above else "on course to fail" if best < below else "undetermined"
    if as_of < closes:
        return "open", standing
    if as_of < closes + dt.timedelta(days=DAYS_AFTER):
        return "awaiting data", standing
    return {"on course to pass": "passed", "on course to fail": "failed", "undetermined": "undetermined"}[
        standing
    ], standing


def test_each_outcome_was_appended_once_and_the_chain_holds_on_every_day(month: Month) -> None:
    for earlier, later in itertools.pairwise(ALL):
        assert month.ledgers[later].startswith(month.ledgers[earlier]), later
    for identity in PREDICTIONS:
        lines = (month.runner / "predictions" / identity / "ledger.jsonl").read_text().splitlines()
        assert [json.loads(line)["event"] for line in lines] == ["sealed", "resolved"]
    assert month.run("check", "--today", ALL[-1].isoformat()).code == 0


def test_what_changed_names_every_model_and_every_statistic_that_did(month: Month) -> None:
    versions = Versions(Repository(month.bare), Target())
    old, new = versions.bundle("2026.05"), versions.bundle("2026.06")
    told = json.loads((month.runner / "data/changes/2026.06.json").read_text())["changes"]
    assert {item["id"] for item in told["models"] if item["how"] == "added"} == {"m13"}
    assert told == compare(old, new, labels=("2026.05", "2026.06")).model_dump(mode="json")
    moved = {
        name
        for name in old.statistics.keys() & new.statistics.keys()
        if old.statistics[name]["estimate"] != new.statistics[name]["estimate"]
    }
    assert moved <= {item["id"] for item in told["statistics"]}
    assert {item["id"] for item in told["predictions"]} == set(PREDICTIONS)
    shown = {
        (item["axis"], item["model"], item["old"] and item["old"]["value"], item["new"]["value"])
        for item in told["scores"]
    }
    for axis, source in {"swe-bench-bash-only": "swebench", "aider-polyglot": "aider"}.items():
        before, after = (month.accepted[day][source] for day in (ALL[0], ALL[-1]))
        true = {(axis, model, before.get(model), score) for model, score in after.items() if before.get(model) != score}
        assert len(true) > 5
        assert {row for row in shown if row[0] == axis} == true


def test_the_history_of_both_branches_is_a_line_that_was_never_rewritten(month: Month) -> None:
    for branch in ("main", "gh-pages"):
        parents = git(month.bare, "rev-list", "--parents", branch).splitlines()
        assert all(len(line.split()) <= 2 for line in parents), branch
    assert git(month.bare, "fsck", "--no-dangling", "--no-progress") == ""


def test_every_day_that_has_a_script_is_in_the_table_and_the_table_is_current(month: Month) -> None:
    assert [fault.day for fault in month.faults] == [day for day in sorted(SCRIPT) if day != 1]
    rows = [f"| {fault.day} | {fault.tried} | {fault.outcome} |" for fault in month.faults]
    table = "\n".join(["| day | tried | outcome |", "|---|---|---|", *rows])
    written = TABLE.read_text(encoding="utf-8")
    made = re.sub(rf"{OPEN}\n.*?{CLOSE}", lambda _found: f"{OPEN}\n{table}\n{CLOSE}", written, flags=re.DOTALL)
    if os.environ.get("CAPEWATCH_REHEARSAL") == "write":
        TABLE.write_text(made, encoding="utf-8")
    assert Path(TABLE).read_text(encoding="utf-8") == made, "write it anew with: make rehearse"
