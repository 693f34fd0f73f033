"""The main job: `capewatch build` cold, warm, with one model changed, with nothing changed; `capewatch check`."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.frame import ROOT, Part, Row, Watched, row, watch
from bench.synthetic import copy_parts

COPIED = ("data", "predictions", "site_src", "mkdocs.yml", "CITATION.cff", "CHANGELOG.md", "CONTRIBUTING.md", "bench")
GOALS = {
    "cold": 15.0,
    "one name changed": 6.0,
    "one score changed": 6.0,
    "one template changed": 6.0,
    "nothing changed": 1.5,
}


def parts(*, full: bool) -> list[Part]:
    """One part: every kind of build in each round, so that the kinds meet the same machine."""
    return [("builds", lambda: measure(rounds=5 if full else 2))]


def measure(*, rounds: int) -> list[Row]:
    """Rows of seconds and memory, made on a copy of the project, so that the checkout is not touched."""
    found: dict[str, list[Watched]] = {kind: [] for kind in GOALS}
    checks = []
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "project"
        copy_parts(ROOT, project, COPIED)
        for number in range(1, rounds + 1):
            for name in ("build", "site"):
                shutil.rmtree(project / name, ignore_errors=True)
            for kind, change in CHANGES.items():
                change(project, number)
                found[kind].append(watch("--root", str(project), "build", "--timings"))
            checks.append(watch("--root", str(project), "check").seconds)
        pages = len(list((project / "site").rglob("index.html")))
        models = len(list((project / "data" / "models").rglob("*.yaml")))
    subject = f"{models} models, {pages} pages"
    rows = [
        row(f"build, {kind}", [one.seconds for one in runs], goal=GOALS[kind], note=_note(runs) or subject)
        for kind, runs in found.items()
    ]
    rows.append(row("build, cold: memory", [one.peak_mb for one in found["cold"]], unit="MB", note=subject))
    rows.append(row("check", checks, goal=round(2 * models / 250, 1), note=f"{models} model files; goal 2 s per 250"))
    return rows


def _note(runs: list[Watched]) -> str:
    """Processor seconds of the run in the middle, and the share of each stage, largest first."""
    middle = sorted(runs, key=lambda one: one.seconds)[len(runs) // 2]
    stages = stages_of(middle.output)
    ordered = sorted(stages.items(), key=lambda item: -item[1])
    total = sum(stages.values()) or 1.0
    shares = ", ".join(f"{name} {100 * seconds / total:.0f} %" for name, seconds in ordered if seconds > 0.02 * total)
    return f"{middle.cpu:.3g} s of processor; {shares}" if shares else ""


def stages_of(output: str) -> dict[str, float]:
    """Seconds by stage from what `capewatch build --timings` printed last; empty where nothing was built."""
    last = output.strip().splitlines()[-1] if output.strip() else ""
    seconds: dict[str, float] = json.loads(last)["seconds"] if last.startswith("{") else {}
    return seconds


def _name(project: Path, number: int) -> None:
    path = sorted((project / "data" / "models" / "anthropic").glob("*.yaml"))[0]
    _edit(
        path,
        lambda text: re.sub(r"^name: (.*?)( \(r\d+\))?$", rf"name: \1 (r{number})", text, count=1, flags=re.MULTILINE),
    )


def _score(project: Path, number: int) -> None:
    """A little off the first maker-reported GPQA Diamond score of the newest model that has one."""
    paths = sorted((project / "data" / "models" / "anthropic").glob("*.yaml"))
    path = next(path for path in reversed(paths) if "benchmark: gpqa-diamond" in path.read_text(encoding="utf-8"))

    def change(text: str) -> str:
        start = text.index("benchmark: gpqa-diamond")
        found = re.compile(r"value: ([\d.]+)").search(text, start)
        assert found is not None
        return text[: found.start(1)] + f"{float(found[1]) - 0.1 * number:.1f}" + text[found.end(1) :]

    _edit(path, change)


def _template(project: Path, number: int) -> None:
    _edit(project / "site_src" / "docs" / "glossary.md", lambda text: f"{text.rstrip()}\n\n<!-- {number} -->\n")


def _nothing(_project: Path, _number: int) -> None:
    """Leave everything as it is."""


def _edit(path: Path, change: Callable[[str], str]) -> None:
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")


#: kind → what is done to the project before the build; in this order, in every round
CHANGES: dict[str, Callable[[Path, int], Any]] = {
    "cold": _nothing,
    "one name changed": _name,
    "one score changed": _score,
    "one template changed": _template,
    "nothing changed": _nothing,
}
