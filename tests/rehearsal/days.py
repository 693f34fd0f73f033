"""What happens on the days of the rehearsed month, and what came of it."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from generator import snapshots
from tests.rehearsal.month import SITE_URL, SOURCES, Month
from tests.rehearsal.project import write_model
from tests.rehearsal.stage import git


def first_cut(month: Month) -> None:
    month.rebuild(whole=True)
    cut(month, "2026.05")


def cut(month: Month, name: str) -> None:
    month.must(month.run("publish", "cut", name, "--site-url", SITE_URL, "--resamples", "200", "--push"))
    month.cuts[name] = month.blobs(name)


def outage(month: Month) -> None:
    month.server.faults["swebench"] = "down"
    (row,) = [row for row in month.rebuild(expect=3, bad=("swebench",)) if row["source"] == "swebench"]
    assert "503" in row["message"]
    told = month.run("alarm", "--on", month.day.isoformat(), "--pull", str(results_file(month, [row])))
    assert "swebench" in told.out
    month.told(
        "a board answers 503 all day", "failed, said in the issue; its last snapshot stays, the other board is stored"
    )


def results_file(month: Month, rows: list[dict[str, Any]]) -> Path:
    path = month.folder / "pull.json"
    path.write_text(json.dumps(rows))
    return path


def busy(month: Month) -> None:
    month.server.faults["swebench"] = "busy"
    month.rebuild()
    assert max(month.server.asked.values()) == 2
    month.told("a board answers 429 and names a time", "asked again after that time; stored")


def stopped(source: str, fault: str, status: str, tried: str, outcome: str) -> Callable[[Month], None]:
    """A day on which one board misbehaves and nothing of its answer is stored."""

    def play(month: Month) -> None:
        month.server.faults[source] = fault
        (row,) = [row for row in month.rebuild(expect=3, bad=(source,)) if row["source"] == source]
        assert row["status"] == status, row
        month.told(tried, outcome)

    return play


cut_off = stopped("aider", "cut", "failed", "an answer breaks off half way", "failed; nothing of it is stored")
sign_in = stopped(
    "aider", "page", "failed", "a sign-in page instead of data", "failed by its content type; nothing of it is stored"
)
unit_flip = stopped(
    "aider", "unit", "quarantined", "percent become fractions under the same name", "quarantined; no score changes"
)
out_of_range = stopped("swebench", "range", "quarantined", "a score above 100 %", "quarantined; no score changes")
jump = stopped(
    "aider", "jump", "quarantined", "one score jumps by 40 points overnight",
    "quarantined until a person looks; no score changes",
)  # fmt: skip


def everything_down(month: Month) -> None:
    month.server.faults.update(swebench="down", aider="down")
    month.pull(expect=1, bad=SOURCES)
    done = month.run("store", "--push", "--day", month.day.isoformat())
    assert done.out.startswith("nothing new")
    month.publish()
    month.told("no board answers", "exit 1; nothing new is stored, the site stays as it was")


def retirement(month: Month) -> None:
    """A board ends: its rows go from the answer, and a maintainer says so in the benchmark's file."""
    month.boards.lite = {}
    path = month.runner / "data/benchmarks/swe-bench-lite.yaml"
    path.write_text(path.read_text().replace("{state: active}", f"{{state: retired, on: {month.day}}}"))
    git(month.runner, "commit", "--quiet", "-am", "Retire swe-bench-lite")
    git(month.runner, "push", "--quiet", "origin", "HEAD:main")
    results = month.rebuild()
    (row,) = [row for row in results if row["source"] == "swebench"]
    assert row["gone"] == 2
    folder = month.runner / "data/snapshots"
    before = snapshots.read(folder, "swebench", as_of=month.day - dt.timedelta(days=1), basis="recorded")
    assert set(before["benchmark"]) == {"swe-bench-bash-only", "swe-bench-lite"}
    month.told(
        "a benchmark is retired and its board goes",
        "its rows are marked gone that day and stay readable for every day before",
    )


def malicious_change(month: Month) -> None:
    """A pull request that tries everything at once."""
    fork = month.clone("fork")
    (fork / "data/models/acme/m01.yaml").unlink()
    (fork / "data/models/acme/m01.yaml").symlink_to("/etc/passwd")
    write_model(fork, "evil", 0, name="'<script>window.__pwned=1</script>'")
    (fork / "data/models/acme/..%2fx.yaml").write_text("id: ../../x\n")
    log = fork / "data/snapshots/swebench/observations.csv"
    log.write_bytes(log.read_bytes().replace(b",40", b",99", 1))
    ledger = next(fork.glob("predictions/*/ledger.jsonl"))
    ledger.write_text(ledger.read_text().replace('"sealed"', '"resolved"'))
    done = month.run("check", "--today", month.day.isoformat(), "--format", "github", root=fork)
    assert done.code == 1
    assert all(line.startswith(("::error file=", "::warning file=")) for line in done.out.splitlines())
    done = month.run(
        "effect",
        "--base",
        str(month.runner),
        "--out",
        str(month.folder / "effect"),
        "--today",
        month.day.isoformat(),
        root=fork,
    )
    assert done.code == 1
    said = month.run("comment", str(month.folder / "effect" / "report.json"))
    assert "<script" not in said.out
    assert "root:" not in said.out
    shutil.rmtree(fork)
    month.rebuild()
    month.told(
        "a pull request with a link to /etc/passwd, a script as name, a changed snapshot and ledger",
        "refused with file and line; the comment repeats it as text only; not merged",
    )


def model_change(month: Month) -> None:
    """A pull request with one model: checked, its effect said, merged, and on the site the same day."""
    fork = month.clone("contributor")
    write_model(fork, "m13", 20, name="Thirteen")
    month.must(month.run("check", "--today", month.day.isoformat(), root=fork))
    place = month.folder / "effect13"
    month.must(
        month.run(
            "effect",
            "--base",
            str(month.runner),
            "--out",
            str(place),
            "--today",
            month.day.isoformat(),
            "--resamples",
            "200",
            root=fork,
        )
    )
    report = json.loads((place / "report.json").read_text())
    assert [item["id"] for item in report["models"]] == ["m13"]
    assert "m13" in month.must(month.run("comment", str(place / "report.json"))).out
    git(fork, "add", "-A")
    git(fork, "commit", "--quiet", "-m", "Add a model")
    git(fork, "push", "--quiet", "origin", "HEAD:main")
    shutil.rmtree(fork)
    month.update()
    month.rebuild(whole=True)
    assert any(path.startswith("dev/models/m13/") for path in month.blobs("dev"))
    month.told("a pull request with one model", "its effect is said in a comment; merged, on the site the same day")


def killed_pull(month: Month) -> None:
    for die in ("os.fsync:1:after", "os.replace:1:before", "os.replace:1:after"):
        process = month.alone("pull", *SOURCES, die=die)
        told = process.communicate()
        assert process.returncode == -9, (die, told)
        month.must(month.run("pull", "--verify"))
        month.must(month.run("check", "--today", month.day.isoformat()))
    month.rebuild()
    month.told(
        "a pull is killed (signal 9) at three places of writing",
        "every hash holds after each; the next pull completes it",
    )


def killed_build(month: Month) -> None:
    month.pull()
    tip = month.tip("gh-pages")
    for die in ("os.replace:5:after", "os.replace>site:1:before"):
        process = month.alone("build", "--resamples", "200", "--site-url", SITE_URL, "--force", die=die)
        process.communicate()
        assert process.returncode == -9, die
    assert month.tip("gh-pages") == tip
    month.after_pull()
    month.must(month.run("build", "--resamples", "200", "--site-url", SITE_URL))
    month.told(
        "a build is killed while it writes its bundle, and before the new site takes the place of the old",
        "nothing published moves; the next build is whole",
    )


def killed_publication(month: Month) -> None:
    month.pull()
    month.must(month.run("store", "--push", "--day", month.day.isoformat()))
    before = month.blobs("dev")
    arguments = month.publication()
    process = month.alone(*arguments, die="git push:1:before")
    process.communicate()
    assert process.returncode == -9
    assert month.blobs("dev") == before, "readers see the version of yesterday"
    process = month.alone(*arguments, die="git push:1:after")
    process.communicate()
    assert process.returncode == -9
    assert month.blobs("dev") != before, "readers see the version of today, whole"
    month.after_pull()
    month.told(
        "a publication is killed before, and after its push",
        "readers see the old version whole, then the new one whole; the next run goes on from there",
    )


def two_at_once(month: Month) -> None:
    """Two runners read the same boards and store and publish at the same time."""
    other = month.clone("second")
    for root in (month.runner, other):
        month.must(month.run("pull", *SOURCES, root=root))
    month.take(*SOURCES)
    running = [
        month.alone("store", "--push", "--day", month.day.isoformat(), root=root, hour=hour)
        for hour, root in ((6, month.runner), (7, other))
    ]
    told = [process.communicate() for process in running]
    assert sorted(process.returncode for process in running) == [0, 3], told
    for root in (month.runner, other):
        month.update(root)
    arguments = month.publication()
    publishing = [month.alone(*arguments, root=root, hour=hour) for hour, root in ((6, month.runner), (7, other))]
    said = [process.communicate() for process in publishing]
    assert [process.returncode for process in publishing] == [0, 0], said
    shutil.rmtree(other)
    month.update()
    month.after_pull()
    month.told(
        "two rebuilds run at once",
        "one stores, the other says that it was first (exit 3) and takes it over; both publish, one after the other",
    )


def forced(month: Month) -> None:
    """Someone forces a history without the last five days onto the data branch while a job runs."""
    kept = month.tip("main")
    month.pull()
    git(month.bare, "update-ref", "refs/heads/main", f"{kept}~5")
    other = month.clone("forcing")
    (other / "note.txt").write_text("clean-up\n")
    git(other, "add", "note.txt")
    git(other, "commit", "--quiet", "-m", "Clean up")
    git(other, "push", "--quiet", "--force", "origin", "HEAD:main")
    shutil.rmtree(other)
    forced_tip = month.tip("main")
    done = month.run("store", "--push", "--day", month.day.isoformat())
    assert done.code == 1, done
    assert "history was rewritten" in done.error
    assert kept[:12] in done.error, "the commit that holds the data is named"
    assert month.tip("main") == forced_tip, "nothing is pushed on top of it"
    git(month.runner, "push", "--quiet", "--force", "origin", f"{kept}:refs/heads/main")
    month.update()
    month.rebuild()
    month.told(
        "the data branch is force-pushed to a history without the last five days",
        "the job refuses to store on it and names the commit that holds the data; restored from there",
    )


def full_disk(month: Month) -> None:
    before, tip = month.snapshot_bytes(), month.tip("gh-pages")
    with little_room(month) as (root, arguments):
        process = month.alone("pull", *SOURCES, root=root, **arguments)
        out, error = process.communicate()
        assert process.returncode in (1, 3), (process.returncode, out, error)
        assert "space" in out + error or "large" in out + error
    assert month.snapshot_bytes() == before
    process = month.alone(*month.publication(), room=40_000)
    _out, error = process.communicate()
    assert process.returncode == 1, error
    assert month.tip("gh-pages") == tip
    shutil.rmtree(month.runner / "build", ignore_errors=True)
    month.rebuild()
    month.told(
        "the disk is full during a pull, and during a publication",
        "both end with the system's words; no snapshot and no version changes; the next run is whole",
    )


class little_room:
    """A clone on a small file system of its own that is full, or where none can be made, a limit on the size of files."""

    def __init__(self, month: Month) -> None:
        self.month = month
        self.place = month.folder / "small"

    def __enter__(self) -> tuple[Path, dict[str, int]]:
        self.place.mkdir()
        made = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(self.place)], capture_output=True, check=False
        )
        self.mounted = made.returncode == 0
        if not self.mounted:
            return self.month.runner, {"room": 1_500}
        git(self.month.folder, "clone", "--quiet", str(self.month.bare), str(self.place / "clone"))
        with contextlib.suppress(OSError), (self.place / "filler").open("wb", buffering=0) as stream:
            while True:  # until there is no room left
                stream.write(bytes(4096))
        return self.place / "clone", {}

    def __exit__(self, *_: object) -> None:
        if self.mounted:
            subprocess.run(["umount", str(self.place)], check=True)
        self.month.update()


def second_cut(month: Month) -> None:
    """The month's version: its notes first, then the cut."""
    month.rebuild()
    month.update()
    month.must(month.run("publish", "notes", "2026.06", "--resamples", "200"))
    month.must(month.run("store", "--push", "--day", month.day.isoformat()))
    cut(month, "2026.06")
    done = month.run("publish", "cut", "2026.06", "--site-url", SITE_URL, "--resamples", "200", "--push")
    assert done.code == 2
    assert "never changes" in done.error
    month.told("a version is cut a second time", "refused: a version never changes")


#: Day of the month -> what happens on it.
SCRIPT: dict[int, Callable[[Month], Any]] = {
    1: first_cut, 3: outage, 4: busy, 5: cut_off, 6: sign_in, 7: unit_flip, 9: retirement, 10: malicious_change, 11: model_change, 12: out_of_range,
    13: killed_pull, 15: jump, 16: killed_build, 17: two_at_once, 18: killed_publication, 19: forced, 21: full_disk, 23: everything_down,
    30: second_cut,
}  # fmt: skip
