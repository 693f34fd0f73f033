"""What more models cost: the whole build at 250 to 20,000 synthetic models, by stage, with memory and size; one of 4,500 in the
proportions of the Open LLM Leaderboard v2; plain mkdocs and Zensical beside the two-process build."""

from __future__ import annotations

import functools
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.build import stages_of
from bench.frame import ROOT, STATE, Part, Row, row, skipped, watch
from bench.synthetic import write_project

SIZES, LARGEST = (250, 1_000, 4_500), 20_000
PROJECTED = (10_000, 100_000, 1_000_000)
GOALS = {4_500: {"end to end": 60.0, "pages and mkdocs": 45.0, "memory": 1000.0, "memory of pages": 600.0}}
#: models of the project that is shaped as the Open LLM Leaderboard v2, which ended with about so many
BOARD = 4_500
BUILDERS_AT = 1_000
#: Forecasts are compared by a job of their own: `capewatch forecasts --write` grows with the square of the families.
BUILD = ("build", "--timings", "--stored-forecasts")


def parts(*, full: bool) -> list[Part]:
    """A part a size, the other builders, and the exponents, which read what the sizes gave."""
    sizes = (*SIZES, LARGEST) if full else SIZES
    made: list[Part] = [(f"{size:,} models", functools.partial(measure, size)) for size in sizes]
    made.append((_subject(BOARD, "leaderboard"), functools.partial(measure, BOARD, "leaderboard")))
    return [*made, ("other builders", other_builders), ("exponents", functools.partial(exponents, sizes))]


def _subject(models: int, shape: str) -> str:
    return f"{models:,} models" if shape == "families" else f"{models:,} models as on the v2 leaderboard"


def measure(models: int, shape: str = "families") -> list[Row]:
    """One cold build of a synthetic project of one of `bench.synthetic.SHAPES`."""
    goals = GOALS.get(models, {})
    with tempfile.TemporaryDirectory() as folder:
        project = write_project(Path(folder) / "project", models, shape=shape)
        run = watch("--root", str(project), *BUILD)
        size = sum(path.stat().st_size for path in (project / "site").rglob("*") if path.is_file())
        pages = len(list((project / "site").rglob("index.html")))
        again = watch("--root", str(project), *BUILD, "--force")
    stages = stages_of(run.output)
    shown = stages.get("pages", 0.0) + stages.get("mkdocs", 0.0)
    subject = _subject(models, shape)
    words = f"{run.cpu:.3g} s of processor; " + ", ".join(
        f"{name} {seconds:.3g} s" for name, seconds in stages.items() if seconds > 0.02 * run.seconds
    )
    return [
        row(f"{subject}: end to end", [run.seconds], goal=goals.get("end to end"), note=words),
        row(f"{subject}: computing", [run.seconds - shown], note="everything but pages and mkdocs"),
        row(f"{subject}: pages and mkdocs", [shown], goal=goals.get("pages and mkdocs"), note=f"{pages:,} pages"),
        row(f"{subject}: again with all caches", [again.seconds], note="--force, nothing changed"),
        row(
            f"{subject}: memory", [run.peak_mb], unit="MB", goal=goals.get("memory"), note="the build and all it starts"
        ),
        row(
            f"{subject}: memory of pages and mkdocs",
            [run.peak_since(run.seconds - shown)],
            unit="MB",
            goal=goals.get("memory of pages"),
            note="the largest from the first page on",
        ),
        row(f"{subject}: site", [size / 1e6], unit="MB"),
    ]


def other_builders() -> list[Row]:
    """The same Markdown by our two processes, by one plain mkdocs, and by Zensical, in turn."""
    with tempfile.TemporaryDirectory() as folder:
        project = write_project(Path(folder) / "project", BUILDERS_AT)
        watch("--root", str(project), *BUILD)
        out = project / "build"
        ours, plain, other = [], [], []
        zensical = shutil.which(
            "zensical", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        )
        for _ in range(2):
            ours.append(_timed([sys.executable, "-m", "bench.growth", str(project)]))
            plain.append(
                _timed(
                    [
                        sys.executable,
                        "-m",
                        "mkdocs",
                        "build",
                        "--strict",
                        "-f",
                        str(out / "mkdocs.yml"),
                        "-d",
                        f"{folder}/plain",
                    ]
                )
            )
            if zensical:
                other.append(_timed([zensical, "build", "--clean", "-f", str(out / "mkdocs.yml")]))
    subject = f"{BUILDERS_AT:,} models to HTML"
    rows = [row(f"{subject}: two processes", ours, reference=plain, note="reference: plain mkdocs build --strict")]
    if zensical:
        rows.append(
            row(
                f"{subject}: Zensical",
                other,
                reference=plain,
                note="the same mkdocs.yml; without the search entries and the policy",
            )
        )
    else:
        rows.append(skipped(f"{subject}: Zensical", "not installed (pip install zensical)"))
    return rows


def build_pages(project: Path) -> None:
    """The site from the Markdown that lies under build/docs, nothing kept."""
    from generator.core import read_json
    from generator.site import run_mkdocs

    (project / "build" / "cache" / "pages.json").unlink(missing_ok=True)
    run_mkdocs(
        project / "build", project / "site", as_of=read_json(project / "build" / "bundle" / "meta.json")["as_of"]
    )


def _timed(command: list[str]) -> float:
    started = time.perf_counter()
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    result = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT, check=False)
    if result.returncode != 0:
        raise RuntimeError(f"{command[-1]}: {result.stderr.strip()[-400:]}")
    return time.perf_counter() - started


def exponents(sizes: tuple[int, ...]) -> list[Row]:
    """b of cost ∝ models^b between the two largest sizes measured in this run, for computing, pages, memory and size."""
    from generator.core import read_json

    kept = read_json(STATE / "growth.json")["parts"]
    low, high = sizes[-2], sizes[-1]
    rows = []
    for what in ("computing", "pages and mkdocs", "memory", "site"):
        pair = [_value(kept.get(f"{size:,} models", []), f"{size:,} models: {what}") for size in (low, high)]
        if None in pair:
            rows.append(skipped(f"exponent of growth: {what}", "a size was not measured"))
            continue
        exponent = math.log(pair[1] / pair[0]) / math.log(high / low)
        unit = "s" if what in ("computing", "pages and mkdocs") else "MB"
        rows += [
            row(
                f"{size:,} models, projected: {what}",
                [pair[1] * (size / high) ** exponent],
                unit=unit,
                note=f"not measured: {_written(pair[1])} {unit} at {high:,} models × ({size:,}/{high:,})^{exponent:.2f}",
            )
            for size in PROJECTED
            if size > high
        ]
        rows.append(
            row(f"exponent of growth: {what}", [exponent], unit="", goal=1.15, note=f"from {low:,} to {high:,} models")
        )
    return rows


def _written(value: float) -> str:
    """In four figures, or whole with parted thousands."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def _value(rows: list[Row], name: str) -> float:
    return next((one["value"] for one in rows if one["name"] == name and one["value"]), None)


if __name__ == "__main__":
    build_pages(Path(sys.argv[1]))
