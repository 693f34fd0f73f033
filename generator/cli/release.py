"""`capewatch release-notes`: a tag must say the version that the code says, and the changelog must have a section for it."""

from __future__ import annotations

import re
from pathlib import Path

import click

import generator
from generator.cli.main import project_root
from generator.core import CapewatchError, WrongCall

_TAG = re.compile(r"^v(\d+\.\d+\.\d+)$")


@click.command("release-notes")
@click.argument("tag")
@click.pass_obj
def release_notes(root: Path | None, tag: str) -> None:
    """Print the changelog of TAG. Exit 1 unless tag, package, CITATION.cff and CHANGELOG.md name one version.

    Example: capewatch release-notes v0.1.0
    """
    click.echo(notes(project_root(root), tag), nl=False)


def notes(project: Path, tag: str) -> str:
    """The section of CHANGELOG.md for a tag, checked against every place that names the version."""
    match = _TAG.match(tag)
    if match is None:
        raise WrongCall(f"{tag}: not a release tag", hint="a tag is v and three numbers: v0.2.0")
    version = match.group(1)
    citation = re.search(r"^version: (\S+)$", (project / "CITATION.cff").read_text(encoding="utf-8"), re.MULTILINE)
    named = {"the package": generator.__version__, "CITATION.cff": citation.group(1) if citation else "none"}
    other = [f"{where} says {found}" for where, found in named.items() if found != version]
    if other:
        raise CapewatchError(
            f"{tag}: {', '.join(other)}", hint="set one version in pyproject.toml and CITATION.cff, then tag"
        )
    changelog = (project / "CHANGELOG.md").read_text(encoding="utf-8")
    section = re.search(
        rf"^## \[?{re.escape(version)}\]? - \d{{4}}-\d{{2}}-\d{{2}}\n(.*?)(?=^## |\Z)",
        changelog,
        re.MULTILINE | re.DOTALL,
    )
    if section is None or not section.group(1).strip():
        raise CapewatchError(
            f"{tag}: CHANGELOG.md has no dated section for {version}",
            hint=f"rename Unreleased to: ## {version} - YYYY-MM-DD",
        )
    return section.group(1).strip() + "\n"
