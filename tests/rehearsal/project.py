"""The small project of the rehearsal: twelve models on two boards, three predictions that close within the month."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.conftest import REPOSITORY, SmallProject
from tests.rehearsal.board import MODELS
from tests.report.test_make import project_with_tracks

#: prediction -> (axis, closes, passes above, fails below); the value is the highest score of the axis on the track `boards`.
PREDICTIONS: dict[str, tuple[str, str, float, float]] = {
    "swe-reaches-60": ("swe-bench-bash-only", "2026-06-08", 60.0, 60.0),
    "aider-reaches-70": ("aider-polyglot", "2026-06-14", 70.0, 65.0),
    "swe-stays-below-64": ("swe-bench-bash-only", "2026-06-20", 90.0, 50.0),
}
DAYS_AFTER = 2
SOURCE = """\
schema_version: 1
id: {id}
name: {id} board
url: https://example.org/{id}
licence: CC BY 4.0
redistribute: "yes"
cadence_days: 1
max_age_days: 3
terms_read_on: 2026-05-01
evaluator: {evaluator}
"""
MODEL = """\
schema_version: 1
id: {id}
name: {name}
lab: {lab}
open_weights: false
released: 2026-0{month}-15
aliases:
  swebench: [Board {id}]
  aider: [aider {id}]
observations:
  - {{benchmark: swe-bench-verified, value: {swe}, unit: percent, evaluator: maker,
      source: {{title: card, url: https://example.org/{id}, retrieved: 2026-05-20, published: 2026-05-20}}}}
  - {{benchmark: gpqa-diamond, value: {gpqa}, unit: percent, evaluator: maker,
      source: {{title: card, url: https://example.org/{id}, retrieved: 2026-05-20, published: 2026-05-20}}}}
"""
PREDICTION = """\
schema_version: 1
id: {id}
title: The best score on {axis}
statement: The best score on {axis} will be above {above} when the window closes.
origin: {{kind: project, author: the project, title: rehearsal, url: https://example.org/rehearsal, published: 2026-05-20}}
registered_at: 2026-05-25T12:00:00Z
opens: 2026-05-25T12:00:00Z
closes: {closes}T23:59:59Z
track: boards
metrics:
  best: {{kind: max, axis: {axis}, label: the best score}}
pass: {{metric: best, above: {above}}}
fail: {{metric: best, below: {below}}}
otherwise: undetermined
if_too_few: undetermined
if_retired: decide-while-published
deciding_snapshot: {{days_after: {after}}}
"""


def make_project(root: Path) -> None:
    """Write the project below `root`; nothing is sealed or committed."""
    project = project_with_tracks(SmallProject(root))
    tracks = root / "data/tracks.yaml"
    boards = "  - {id: boards, name: Boards, description: d, kind: chat, evaluators: [swe-bench, aider], axes: [swe-bench-bash-only, aider-polyglot]}\n"
    tracks.write_text(tracks.read_text() + boards)
    project.write(
        "data/evaluators.yaml",
        "schema_version: 1\nevaluators:\n  - {id: epoch-ai, name: Epoch AI}\n  - {id: swe-bench, name: SWE-bench}\n  - {id: aider, name: Aider}\n",
    )
    like = (root / "data/benchmarks/swe.yaml").read_text()
    for name in ("swe-bench-bash-only", "swe-bench-lite", "aider-polyglot", "aider-edit"):
        project.write(
            f"data/benchmarks/{name}.yaml",
            like.replace("id: swe\n", f"id: {name}\n").replace("name: SWE\n", f"name: {name}\n"),
        )
    for name, evaluator in (("swebench", "swe-bench"), ("aider", "aider")):
        project.write(f"data/sources/{name}.yaml", SOURCE.format(id=name, evaluator=evaluator))
    for index, model in enumerate(MODELS):
        write_model(root, model, index)
    for identity, (axis, closes, above, below) in PREDICTIONS.items():
        text = PREDICTION.format(id=identity, axis=axis, closes=closes, above=above, below=below, after=DAYS_AFTER)
        project.write(f"predictions/{identity}/prediction.yaml", text)
    shutil.copytree(REPOSITORY / "site_src", root / "site_src")
    shutil.copy(REPOSITORY / "mkdocs.yml", root / "mkdocs.yml")
    (root / ".gitignore").write_text("/build/\n/site/\n")


def write_model(root: Path, model: str, index: int, *, name: str = "") -> Path:
    """The file of one model; its scores follow from its place in the list."""
    lab = ("acme", "zeta")[index % 2]
    path = root / f"data/models/{lab}/{model}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = MODEL.format(
        id=model,
        name=name or f"Model {model}",
        lab=lab,
        month=1 + index % 5,
        swe=40 + 3 * index,
        gpqa=50 + (7 * index) % 30,
    )
    path.write_text(text)
    return path
