"""The process that builds pages: started, told what to build, waited for (the other side is generator.site.pages_job)."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from generator.core import CapewatchError, read_json


@contextlib.contextmanager
def waiting_process() -> Iterator[subprocess.Popen[str]]:
    """A `pages_process` that is ended when it was not told anything."""
    process = pages_process()
    try:
        yield process
    finally:
        if process.stdin is not None:
            # an empty line and not only the end, which waits for every process that was forked meanwhile
            process.communicate("\n")


def pages_process() -> subprocess.Popen[str]:
    """A process that loads mkdocs and waits until it is told what to build, where it divides in as many as there are jobs. It ends
    at an empty line."""
    return subprocess.Popen(
        [sys.executable, "-m", "generator.site.pages_job"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="backslashreplace",
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1", "PYTHONWARNINGS": "ignore"},
    )


def start_jobs(
    out: Path, jobs: Path, parts: Sequence[Sequence[str]], *, as_of: str, ready: subprocess.Popen[str] | None
) -> tuple[list[Path], subprocess.Popen[str]]:
    """Let each part be built by a process of its own, into `jobs`/<number>; the first also copies what is no page. Returns the jobs
    and the process that was told of them: `ready`, or a new one."""
    jobs.mkdir(parents=True)
    midnight = dt.datetime.fromisoformat(as_of).replace(tzinfo=dt.UTC)
    paths = [jobs / f"{number}.json" for number in range(len(parts))]
    for number, (job, pages) in enumerate(zip(paths, parts, strict=True)):
        told = {
            "config": str(out / "mkdocs.yml"),
            "site_dir": str(jobs / str(number)),
            "pages": pages,
            "statics": not number,
            "epoch": int(midnight.timestamp()),
        }
        job.write_text(json.dumps(told), encoding="utf-8")  # escaped: a folder may have a name this locale cannot read
    process = ready or pages_process()
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError):  # it ended: what it said is told when its result is asked for
        process.stdin.write(f"{json.dumps([str(job) for job in paths])}\n")
        process.stdin.close()
    process.stdin = None
    return paths, process


def finish_jobs(paths: Sequence[Path], process: subprocess.Popen[str]) -> list[dict[str, Any]]:
    """What was learned in each job. Raises CapewatchError with every fault that is named."""
    _, errors = process.communicate()
    if process.returncode != 0:
        lines = errors.splitlines()
        failed = [line for line in lines if line.startswith(("WARNING", "ERROR")) or "Error" in line] or lines[-5:]
        raise CapewatchError("the pages do not build strictly:\n" + "\n".join(dict.fromkeys(failed)))
    return [read_json(job.with_suffix(".out.json")) for job in paths]
