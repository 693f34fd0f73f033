"""The main job: `capewatch build` cold, with one model changed, with nothing changed; `capewatch check`."""

from __future__ import annotations

import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
COPIED = ("data", "predictions", "site_src", "mkdocs.yml", "CITATION.cff", "CHANGELOG.md", "CONTRIBUTING.md")


def main(*, full: bool = False) -> list[dict[str, Any]]:
    """Rows of seconds; each measured on a copy of the project, so that the checkout is not touched."""
    rounds = 3 if full else 1
    with tempfile.TemporaryDirectory() as folder:
        project = _copy(Path(folder))
        cold = [_cold(project) for _ in range(rounds)]
        changed = [_one_changed(project, number) for number in range(rounds)]
        unchanged = [_timed(project, "build") for _ in range(max(rounds, 3))]
        check = [_timed(project, "check") for _ in range(max(rounds, 3))]
        pages = len(list((project / "site").rglob("index.html")))
    models = len(list((ROOT / "data" / "models").rglob("*.yaml")))
    subject = f"{models} models, {pages} pages"
    return [
        _row("build, cold", cold, 20.0, subject),
        _row("build, one model changed", changed, 6.0, subject),
        _row("build, nothing changed", unchanged, 2.0, subject),
        _row("check", check, 2.0 * models / 250, f"{models} model files; goal 2 s per 250"),
    ]


def _copy(folder: Path) -> Path:
    project = folder / "project"
    project.mkdir()
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, project / name)
        elif source.is_file():
            shutil.copy2(source, project / name)
    return project


def _timed(project: Path, *words: str) -> float:
    started = time.perf_counter()
    command = [sys.executable, "-m", "generator", "--root", str(project), *words]
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    return time.perf_counter() - started


def _cold(project: Path) -> float:
    for name in ("build", "site"):
        shutil.rmtree(project / name, ignore_errors=True)
    return _timed(project, "build")


def _one_changed(project: Path, number: int) -> float:
    path = sorted((project / "data" / "models" / "anthropic").glob("*.yaml"))[0]
    text = path.read_text(encoding="utf-8")
    path.write_text(
        re.sub(r"^name: (.*?)( \(r\d+\))?$", rf"name: \1 (r{number})", text, count=1, flags=re.MULTILINE),
        encoding="utf-8",
    )
    return _timed(project, "build")


def _row(name: str, seconds: list[float], goal: float, note: str) -> dict[str, Any]:
    return {"name": name, "ours_s": statistics.median(seconds), "goal_s": goal, "runs": len(seconds), "note": note}


if __name__ == "__main__":
    for row in main():
        print(row)
