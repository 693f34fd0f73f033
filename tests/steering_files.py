"""Small copies of data/steering for tests of report and site: three runs, a failed one with hostile text, the rest as it is."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
DATA = Path("data/steering")
KEPT = ("demo-m-0", "demo-s-0", "demo-xs-1")
HOSTILE = "<img src=x onerror=alert(1)>*a*|`b` $(rm)"


def steering_project(root: Path) -> Path:
    """A project folder with the runs of KEPT, internals, levers, live model and a failed run; returns its data/steering."""
    source, folder = REPOSITORY / DATA, root / DATA
    folder.mkdir(parents=True)
    shutil.copy(source / "result.schema.json", folder)
    for name in KEPT:
        (folder / name).mkdir()
        for file in ("result.json", "items.parquet"):
            shutil.copy(source / name / file, folder / name)
        (folder / "internals").mkdir(exist_ok=True)
        shutil.copy(source / "internals" / f"{name}.json", folder / "internals")
    for name in ("levers", "live"):
        shutil.copytree(source / name, folder / name)
    add_failed(folder)
    return folder


def add_failed(folder: Path) -> None:
    """A run without figures, whose model id and reason are hostile."""
    result = read(folder / "demo-xs-1" / "result.json")
    result |= {
        "key": "failed", "status": "failed", "reason": f"CUDA out of memory {HOSTILE}", "folds": [], "sweep": [], "test": None,
        "side_effects": None, "generation": None, "reference": [], "items_file": "", "items_sha256": "", "cost": {},
    }  # fmt: skip
    result["model"] = {name: 0 if isinstance(value, int) else "" for name, value in result["model"].items()}
    result["model"]["id"] = f"someone/{HOSTILE}"
    result["data"] = {name: 0 if isinstance(value, int) else "" for name, value in result["data"].items()} | {
        "suite": "truthfulqa"
    }
    write(folder / "someone--failed" / "result.json", result)


def read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def write(path: Path, content: Any) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")
