"""What every group of measurements uses: rows, paired runs, processes watched for time and memory, and the machine."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("altair", "duckdb", "mkdocs", "mkdocs-material", "numpy", "pandas", "pyarrow", "scipy", "torch", "zensical")
STATE = ROOT / "build" / "bench"
#: Seconds between two looks at memory; each look costs the watched processes some milliseconds.
INTERVAL = 0.5
Row = dict[str, Any]
#: A part of a group: its name, and what makes its rows. Parts are kept as they are done, so that a run can be taken up again.
Part = tuple[str, Callable[[], list[Row]]]


def row(
    name: str,
    values: Sequence[float],
    *,
    unit: str = "s",
    goal: float | None = None,
    at_least: bool = False,
    reference: Sequence[float] = (),
    note: str = "",
) -> Row:
    """One figure: the median of `values` with lowest and highest; `goal` is a limit, from below with `at_least`."""
    value = statistics.median(values)
    other = statistics.median(reference) if reference else None
    return {
        "name": name, "value": _digits(value), "unit": unit, "low": _digits(min(values)), "high": _digits(max(values)),
        "runs": len(values), "goal": goal, "at_least": at_least, "reference": None if other is None else _digits(other),
        "ratio": None if other is None else _digits(other / value), "note": note,
    }  # fmt: skip


def skipped(name: str, reason: str) -> Row:
    """A figure that was not made here, and why."""
    return {"name": name, "value": None, "unit": "s", "note": f"skipped: {reason}"}


def plain(found: Row) -> Row:
    """A row of a group that gives seconds (name, ours_s, reference_s or goal_s, ratio, note) as a row like the others."""
    if "ours_s" not in found:
        return found
    if found["ours_s"] is None:
        return {"name": found["name"], "value": None, "unit": "s", "note": found.get("note", "")}
    reference = found.get("reference_s")
    made = row(found["name"], [found["ours_s"]], goal=found.get("goal_s"), note=found.get("note", ""))
    return made | {
        "reference": None if reference is None else _digits(reference),
        "ratio": None if found.get("ratio") is None else _digits(found["ratio"]),
        "runs": found.get("runs", 1),
    }


def _digits(value: float) -> float:
    return float(f"{value:.4g}")


@dataclass(frozen=True)
class Watched:
    """A finished process: wall and processor seconds, memory of it and all it started (shared pages once), what it printed.
    Processor seconds hardly move when others use the machine; wall seconds do.

    memory: second since the start and MB, in order of time.
    """

    seconds: float
    cpu: float
    memory: list[tuple[float, float]]
    output: str

    @property
    def peak_mb(self) -> float:
        """The largest memory."""
        return self.peak_since(0.0)

    def peak_since(self, second: float) -> float:
        """The largest memory from this second on, MB; 0 when nothing was sampled."""
        return max((mb for at, mb in self.memory if at >= second), default=0.0)


def watch(*words: str, cwd: Path = ROOT) -> Watched:
    """Run `capewatch` words, or a command that begins with a path, and watch it. Raises RuntimeError when it fails.

    Python keeps compiled modules, as it does unless told otherwise.
    """
    command = list(words) if words[0].startswith("/") else [sys.executable, "-m", "generator", *words]
    started, used = time.perf_counter(), _children_cpu()
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(
        command, cwd=cwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    memory: list[tuple[float, float]] = []
    watcher = threading.Thread(target=_sample, args=(process.pid, started, memory), daemon=True)
    watcher.start()
    output, errors = process.communicate()
    seconds = time.perf_counter() - started
    watcher.join()
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(command[-4:])} ended with {process.returncode}: {errors.strip()[-400:]}")
    return Watched(seconds, _children_cpu() - used, memory, output)


def _children_cpu() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def _sample(root: int, started: float, memory: list[tuple[float, float]]) -> None:
    """Proportional memory of a process and its descendants, every INTERVAL seconds, until it is gone."""
    while Path(f"/proc/{root}/stat").exists():
        total = sum(_proportional_kb(process) for process in _family(root))
        if not total:
            return
        memory.append((time.perf_counter() - started, total / 1024))
        time.sleep(INTERVAL)


def _family(root: int) -> list[int]:
    try:
        threads = list(Path(f"/proc/{root}/task").iterdir())
        children = [int(child) for one in threads for child in (one / "children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [root, *(process for child in children for process in _family(child))]


def _proportional_kb(process: int) -> int:
    try:
        text = Path(f"/proc/{process}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return 0
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")), 0)


def machine() -> dict[str, Any]:
    """What the figures depend on. `load`: how many processes wanted to run in the minute before; `additions`: seconds for ten
    million of them in plain Python, by which runs of two days can be told apart where a machine is shared."""
    found = {name for name in PACKAGES if _installed(name)}
    return {
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "processor": _processor(),
        "accelerator": _accelerator(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 1),
        "additions": round(min(_additions() for _ in range(3)), 2),
        "versions": {name: importlib.metadata.version(name) for name in sorted(found)},
    }


def _accelerator() -> str:
    """The first GPU, as its driver names it; empty without one."""
    if shutil.which("nvidia-smi") is None:
        return ""
    words = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    told = subprocess.run(words, capture_output=True, text=True, check=False)
    return told.stdout.strip().split("\n")[0] if told.returncode == 0 else ""


def _additions() -> float:
    started, total = time.perf_counter(), 0
    for number in range(10_000_000):
        total += number
    return time.perf_counter() - started


def _installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _processor() -> str:
    text = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").is_file() else ""
    return next(
        (line.split(":", 1)[1].strip() for line in text.splitlines() if line.startswith("model name")),
        platform.processor(),
    )


def commit() -> str:
    """The short name of the commit, with a + where files differ from it (results of measurements apart); empty without git."""
    if shutil.which("git") is None:
        return ""

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()

    changed = git("status", "--porcelain", "--", ".", ":!bench/results.json", ":!bench/README.md")
    return git("rev-parse", "--short", "HEAD") + ("+" if changed else "")
