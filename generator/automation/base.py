"""The other side of a comparison: a project folder, a bundle folder, or a revision of the project's git history."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path

from generator.core import WrongCall

PARTS = ("data", "predictions", "mkdocs.yml")
_TIMEOUT = 120


def is_bundle(folder: Path) -> bool:
    return (folder / "meta.json").is_file() and (folder / "statistics.json").is_file()


def checkout(root: Path, revision: str, into: Path) -> Path:
    """Write data/, predictions/ and mkdocs.yml of a revision of `root`'s repository into the folder `into`.

    Raises WrongCall for a revision that git does not know, or one without data/.
    """
    commit = (
        git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}").decode().strip()
    )
    if not commit:
        raise WrongCall(
            f"{revision}: neither a folder nor a revision of the git repository of {root}",
            hint="pass a project folder, a bundle folder, a branch, a tag or a commit; a shallow clone lacks older ones",
        )
    listed = git(root, "ls-tree", "--name-only", commit, "--", *PARTS).decode().split("\n")
    present = [name for name in PARTS if name in listed]
    if "data" not in present:
        raise WrongCall(f"{revision}: the revision holds no data/ folder")
    archive = git(root, "archive", "--format=tar", commit, "--", *present)
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(into, filter="data")
    return into


def git(root: Path, *arguments: str) -> bytes:
    """Output of a git command in `root`; empty when git or the repository refuses."""
    command = ["git", "-C", str(root), "-c", "core.quotepath=false", *arguments]
    try:
        return subprocess.run(command, capture_output=True, check=True, timeout=_TIMEOUT).stdout
    except (OSError, subprocess.CalledProcessError, subprocess.TimeoutExpired):
        return b""
