"""Sealed registries in a temporary folder, with or without git around them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import yaml

from generator.predictions import (
    append_event,
    seal,
    verify,
)
from tests.predictions.builders import write_prediction

AT = "2026-11-21T12:00:00Z"
LATER = "2026-11-22T12:00:00Z"
BODY = {"state": "open", "standing": "undetermined", "values": {"r": 0.4}}
OUTCOME = {"outcome": "passed", "values": {"r": 0.7}, "panel_sha256": "0" * 64, "code_version": "1", "evidence": []}
AMBIGUITY = "\n- id: which\n  question: Which?\n  chosen: This.\n"

PAPER = "\nkind: paper\nauthor: Someone\ntitle: A paper\nurl: https://example.org/paper\npublished: 2026-05-13\n"


class WithoutDates(yaml.SafeLoader):
    """PyYAML that leaves dates as text."""


WithoutDates.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rules if not tag.endswith("timestamp")]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def registry(root: Path) -> Path:
    """Two sealed predictions with two events each."""
    write_prediction(root, "one", ambiguities=AMBIGUITY, origin=PAPER)
    write_prediction(root, "two", origin=PAPER)
    seal(root, "one", at=AT)
    seal(root, "two", at=AT)
    append_event(root, "one", "evaluated", BODY, at=LATER)
    append_event(root, "two", "evaluated", BODY, at=LATER)
    return root


def codes(root: Path) -> set[str]:
    return {p.code for p in verify(root, history=False) if p.severity == "error"}


def files(root: Path) -> list[Path]:
    return sorted(path for path in (root / "predictions").rglob("*") if path.is_file())


def edit(root: Path, old: str, new: str) -> None:
    path = root / "predictions/one/prediction.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def git(root: Path, *arguments: str, at: str = "2026-11-22T12:00:00Z") -> None:
    environment = {
        **os.environ, "GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.org",
    }  # fmt: skip
    subprocess.run(["git", "-C", str(root), *arguments], check=True, capture_output=True, env=environment)


def committed(root: Path, *, at: str = "2026-11-22T12:00:00Z") -> Path:
    if not (root / ".git").exists():
        git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "x", at=at)
    return root
