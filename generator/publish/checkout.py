"""An earlier state of the project as a folder that can be built: from git history, without touching the work tree."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path

from generator.core import CapewatchError, WrongCall, near_matches
from generator.publish.branch import Versions
from generator.publish.git import Repository
from generator.publish.names import DEV, LATEST, RECORD, is_cut

#: What a build reads from the project folder; what an older commit lacks is left out.
PARTS = ("data", "predictions", "site_src", "mkdocs.yml", "CITATION.cff", "CHANGELOG.md")
CODE = "generator"


@dataclass(frozen=True)
class Checkout:
    """A commit's inputs in a folder of their own.

    other_code: files of the code that differ between that commit and the code that runs now; None when that is unknown.
    """

    revision: str
    commit: str
    folder: Path
    other_code: tuple[str, ...] | None


def commit_named(repository: Repository, name: str) -> str:
    """The commit of a published version or of a git revision. Raises WrongCall, with near matches."""
    repository.require()
    versions = Versions(repository)
    if name in (DEV, LATEST) or is_cut(name):
        held = json.loads(versions.read(name, RECORD))
        commit = str(held.get("commit") or "")
        if repository.commit_of(commit) is None:
            raise CapewatchError(
                f"version {name} was built from commit {commit or 'unknown'}, which is not in this repository",
                hint="fetch the whole history: git fetch --unshallow",
            )
        return commit
    commit_id = repository.commit_of(name)
    if commit_id is None:
        known = [*versions.names(), *repository.text("for-each-ref", "--format=%(refname:short)").split()]
        near = near_matches(name, known)
        advice = f"did you mean {' or '.join(near)}?" if near else f"versions: {', '.join(versions.names()) or 'none'}"
        raise WrongCall(f"no version and no git revision {name!r}", hint=advice)
    return commit_id


def check_out(repository: Repository, name: str, *, into: Path, with_code: bool = False) -> Checkout:
    """Write the inputs of a version or revision (and its code) to `into`/<commit>; what was there is replaced."""
    commit = commit_named(repository, name)
    prefix = repository.text("rev-parse", "--show-prefix")
    listed = set(repository.text("ls-tree", "--name-only", f"{commit}:{prefix}").splitlines())
    wanted = [part for part in (*PARTS, *((CODE,) if with_code else ())) if part in listed]
    if "data" not in wanted:
        raise WrongCall(f"{name}: commit {commit[:12]} holds no data/", hint="name a commit of this project")
    if with_code and CODE not in wanted:
        raise WrongCall(f"{name}: commit {commit[:12]} holds no {CODE}/", hint="build it with the present code")
    folder = into / commit[:12]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    archive = repository.run("archive", "--format=tar", f"{commit}:{prefix}", "--", *wanted)
    with tarfile.open(fileobj=io.BytesIO(archive)) as stream:
        stream.extractall(folder, filter="data")
    return Checkout(name, commit, folder, _other_code(repository, commit, prefix))


def _other_code(repository: Repository, commit: str, prefix: str) -> tuple[str, ...] | None:
    if CODE not in repository.text("ls-tree", "--name-only", f"{commit}:{prefix}").splitlines():
        return None
    told = repository.text("diff", "--name-only", "--relative", commit, "--", CODE)
    return tuple(told.splitlines())
