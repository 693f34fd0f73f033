"""A git repository with a project in it, a bare remote, and small prebuilt sites."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from generator.publish.branch import Target, Versions
from generator.publish.git import Repository
from generator.report.packed import pack
from tests.report.bundles import START, bundle

SITE_URL = "https://pages.example/capewatch/"
CONFIG = '<script id="__config" type="application/json">{"version": {"default": "latest", "provider": "mike"}}</script>'


def git(folder: Path, *arguments: str) -> str:
    environment = os.environ | {
        "GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@localhost", "GIT_COMMITTER_NAME": "t", "GIT_COMMITTER_EMAIL": "t@localhost",
        "GIT_CONFIG_GLOBAL": os.devnull,
    }  # fmt: skip
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments], capture_output=True, text=True, env=environment, check=True
    )
    return done.stdout.strip()


@dataclass
class Forge:
    """work: a clone; bare: its remote."""

    work: Path
    bare: Path

    def versions(self, **target: Any) -> Versions:
        return Versions(Repository(self.work), Target(site_url=SITE_URL, **target))

    def clone(self, folder: Path) -> Forge:
        git(self.bare.parent, "clone", "--quiet", str(self.bare), str(folder))
        return Forge(folder, self.bare)

    def tip(self) -> str:
        return git(self.bare, "rev-parse", "refs/heads/gh-pages")

    def files(self, version: str, *, tip: str = "gh-pages") -> dict[str, str]:
        """Path -> blob below a version, at the work clone."""
        told = git(self.work, "ls-tree", "-r", tip, f"{version}/")
        return {line.split("\t")[1]: line.split()[2] for line in told.splitlines()}


@pytest.fixture
def forge(tmp_path: Path) -> Forge:
    work, bare = tmp_path / "work", tmp_path / "forge.git"
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", str(bare))
    git(tmp_path, "init", "--quiet", "--initial-branch=main", str(work))
    (work / "data").mkdir()
    (work / "data" / "note.txt").write_text("data\n")
    git(work, "add", "-A")
    git(work, "commit", "--quiet", "-m", "data")
    git(work, "remote", "add", "origin", str(bare))
    git(work, "push", "--quiet", "origin", "main")
    return Forge(work, bare)


def site(folder: Path, text: str, *, vega: str = "vega script", more: dict[str, str] | None = None) -> Path:
    """A small built site whose charts.js loads the shared script."""
    files = {
        "index.html": f"<html>{CONFIG}<p>{text}</p></html>",
        "404.html": "gone",
        "sitemap.xml": "<urlset/>",
        "models/a/index.html": f"<p>{text}</p>",
        "assets/javascripts/charts.js": 'script.src = new URL("assets/vega/vega.js", root()).href;',
        "assets/vega/vega.js": vega,
    } | (more or {})
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return folder


@dataclass
class Made:
    """What a publication takes."""

    site: Path
    arguments: dict[str, Any]


@pytest.fixture
def made(tmp_path: Path):
    """Makes a site with its record and bundle: `made("text")`."""
    count = iter(range(1000))

    def make(text: str, *, commit: str = "0" * 40, models: int = 0, **more: Any) -> Made:
        scores = START | {f"m{index}": (30.0 + index, 41.0 + index) for index in range(models)}
        folder = site(tmp_path / f"site{next(count)}", text, **more)
        return Made(folder, {"record": {"name": "x", "commit": commit}, "bundle": pack(bundle(scores))})

    return make
