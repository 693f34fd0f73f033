"""A month of the scheduled jobs, played day by day: the forge, the runner, and what is seen on the way."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from generator.core import write_if_changed
from generator.publish.branch import Target, Versions
from generator.publish.git import Repository
from generator.report import read_bundle
from generator.site.outputs import outputs
from tests.conftest import REPOSITORY
from tests.rehearsal.board import START, Boards, Server
from tests.rehearsal.project import PREDICTIONS, make_project
from tests.rehearsal.stage import GIT, Done, command, git, staged

DAYS = 30
SITE_URL = "https://pages.example/capewatch/"
SOURCES = ("aider", "swebench")
PUBLISH = ("publish", "dev", "--site-url", SITE_URL, "--resamples", "200", "--push")


@dataclass(frozen=True)
class Fault:
    """One row of the table: the day, what was tried, and what came of it."""

    day: int
    tried: str
    outcome: str


@dataclass
class Month:
    """The forge, the runner, and everything that is seen on the way.

    accepted: day -> source -> model -> score, as a good answer showed it; scored: day -> what `score --json` said;
    shown: day -> the scores that the published `dev` shows; cuts: version -> path -> blob when it was cut.
    """

    folder: Path
    faults: list[Fault] = field(default_factory=list)
    accepted: dict[dt.date, dict[str, dict[str, float]]] = field(default_factory=dict)
    scored: dict[dt.date, list[dict[str, Any]]] = field(default_factory=dict)
    shown: dict[dt.date, set[tuple[str, float]]] = field(default_factory=dict)
    cuts: dict[str, dict[str, str]] = field(default_factory=dict)
    ledgers: dict[dt.date, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.boards = Boards()
        self.server = Server(self.boards)
        self.day = START - dt.timedelta(days=1)
        self.bare, self.runner, self.pages = (self.folder / name for name in ("forge.git", "runner", "pages"))
        self.good: dict[str, dict[str, float]] = {name: {} for name in SOURCES}

    # ---- what every day does -------------------------------------------------------------------------------------------

    def play(self, script: Mapping[int, Callable[[Month], Any]]) -> Month:
        """The whole month; `script` says what happens on which day, on every other day the scheduled job runs and all is well."""
        with self.server.running() as address, mock.patch.dict(os.environ):
            self.address = address
            self.dated()
            self.open()
            for number in range(DAYS):
                self.day = START + dt.timedelta(days=number)
                self.dated()
                self.boards.advance(self.day)
                self.server.asked.clear()
                self.server.faults.clear()
                self.update()
                script.get(number + 1, Month.rebuild)(self)
                self.look()
                if number + 1 in script:
                    assert git(self.bare, "fsck", "--no-dangling", "--no-progress") == ""
        return self

    def dated(self) -> None:
        """Commits carry the day that is played: the check of the ledgers compares the two."""
        os.environ.update(dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), f"{self.day}T06:00:00+00:00"))

    def open(self) -> None:
        """The forge with the project in it, the predictions sealed, and the runner's clone."""
        work = self.folder / "first"
        make_project(work)
        git(self.folder, "init", "--quiet", "--bare", "--initial-branch=main", str(self.bare))
        with staged(self.day, self.address):
            for identity in PREDICTIONS:
                self.must(command(work, "seal", identity))
        git(work, "init", "--quiet", "--initial-branch=main")
        git(work, "add", "-A")
        git(work, "commit", "--quiet", "-m", "The project")
        git(work, "remote", "add", "origin", str(self.bare))
        git(work, "push", "--quiet", "origin", "main")
        git(self.folder, "clone", "--quiet", str(self.bare), str(self.runner))

    def update(self, runner: Path | None = None) -> None:
        """The runner takes over what is on the forge, as a checkout does."""
        place = runner or self.runner
        git(place, "fetch", "--quiet", "origin")
        git(place, "reset", "--quiet", "--hard", "origin/main")
        git(place, "clean", "--quiet", "-fd", "data", "predictions")

    def run(self, *arguments: str, root: Path | None = None) -> Done:
        with staged(self.day, self.address):
            return command(root or self.runner, *arguments)

    def must(self, done: Done) -> Done:
        assert done.code == 0, (self.day, done)
        return done

    def alone(
        self, *arguments: str, die: str = "", room: int = 0, root: Path | None = None, hour: int = 6
    ) -> subprocess.Popen[str]:  # fmt: skip
        """A command in a process of its own; its commits are of that hour."""
        hours = dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), f"{self.day}T{hour:02d}:00:00+00:00")
        extra = [*(["--die", die] if die else []), *(["--room", str(room)] if room else [])]
        place = [self.day.isoformat(), self.address, str(root or self.runner)]
        return subprocess.Popen(
            [sys.executable, "-m", "tests.rehearsal.worker", *extra, *place, "--", *arguments], cwd=REPOSITORY,
            env=os.environ | GIT | hours | {"PYTHONPATH": str(REPOSITORY)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def rebuild(self, *, expect: int = 0, bad: tuple[str, ...] = (), whole: bool = False) -> list[dict[str, Any]]:
        """The scheduled job: pull, verify, check, score, store, resolve, publish. `bad` sources keep their last state."""
        results = self.pull(expect=expect, bad=bad)
        self.after_pull(whole=whole)
        return results

    def pull(self, *, expect: int = 0, bad: tuple[str, ...] = ()) -> list[dict[str, Any]]:
        done = self.run("pull", *SOURCES, "--json")
        assert done.code == expect, (self.day, done)
        results: list[dict[str, Any]] = json.loads(done.out)
        assert {row["source"] for row in results if row["status"] in ("failed", "quarantined")} == set(bad), results
        self.take(*(name for name in SOURCES if name not in bad))
        return results

    def take(self, *names: str) -> None:
        """Note what the boards show today as what must be kept."""
        for name in names:
            self.good[name] = {model: score for model, (score, _day) in getattr(self.boards, name).items()}

    def after_pull(self, *, whole: bool = False) -> None:
        self.must(self.run("pull", "--verify"))
        self.must(self.run("check", "--today", self.day.isoformat()))
        self.must(self.run("store", "--push", "--day", self.day.isoformat()))
        self.ledger()
        self.publish(whole=whole)

    def ledger(self) -> None:
        """Outcomes that are due go through a branch of their own and are merged when the check passes."""
        done = self.must(self.run("resolve", "--write"))
        if "appended" not in done.out:
            return
        self.must(self.run("check", "--today", self.day.isoformat()))
        git(self.runner, "add", "predictions")
        git(self.runner, "commit", "--quiet", "-m", "Ledger events that are due")
        git(self.runner, "push", "--quiet", "origin", "HEAD:main")

    def publish(self, *, whole: bool = False) -> None:
        """Publish `dev`. On most days the pages stay those of the last whole build, under today's bundle and files for programs."""
        if not whole:
            self.must(self.run(*self.publication()))
            return
        self.must(self.run(*PUBLISH))
        shutil.rmtree(self.pages, ignore_errors=True)
        shutil.copytree(self.runner / "build" / "published", self.pages)

    def publication(self) -> tuple[str, ...]:
        """Today's bundle and files for programs on the last pages: the command that publishes them."""
        self.must(self.run("build", "--bundle-only", "--resamples", "200", "--force"))
        made = self.runner / "build" / "bundle"
        for path, text in outputs(read_bundle(made), root=self.runner, site_url=SITE_URL):
            write_if_changed(self.pages / path, text)
        return (*PUBLISH, "--site", str(self.pages), "--bundle", str(made))

    def look(self) -> None:
        """What a reader and a sceptic see at the end of the day."""
        self.accepted[self.day] = {name: dict(scores) for name, scores in self.good.items()}
        self.scored[self.day] = json.loads(self.must(self.run("score", "--resamples", "100", "--json")).out)
        axes = {"swe-bench-bash-only": "swebench", "aider-polyglot": "aider"}
        self.shown[self.day] = {
            (f"{axes[row['benchmark']]} {model['id']}", row["value"])
            for model in Versions(Repository(self.bare), Target()).bundle("dev").entities["models"]
            for row in model["observations"]
            if row["benchmark"] in axes
        }
        self.ledgers[self.day] = (self.runner / "predictions/SEALS.jsonl").read_text()

    def told(self, tried: str, outcome: str) -> None:
        self.faults.append(Fault((self.day - START).days + 1, tried, outcome))

    def blobs(self, version: str) -> dict[str, str]:
        """Path -> blob of a version on the forge."""
        listed = git(self.bare, "ls-tree", "-r", "gh-pages", f"{version}/")
        return {line.split("\t")[1]: line.split()[2] for line in listed.splitlines()}

    def snapshot_bytes(self) -> dict[str, bytes]:
        folder = self.runner / "data" / "snapshots"
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }

    def tip(self, branch: str) -> str:
        return git(self.bare, "rev-parse", branch)

    def clone(self, name: str) -> Path:
        place = self.folder / name
        git(self.folder, "clone", "--quiet", str(self.bare), str(place))
        return place
