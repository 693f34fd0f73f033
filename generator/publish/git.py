"""A git repository through its plumbing: read trees, store blobs, make a commit, move a branch in one step.

The commit machinery of mike moves the branch before it knows whether anything changed, and takes no expected tip; here a
branch moves only by compare-and-swap, after everything is stored. A crash before that leaves unreferenced objects, nothing else.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from generator.core import CapewatchError

NOTHING = "0" * 40
REGULAR, LINK = "100644", "120000"
_TIMEOUT = 600


@dataclass(frozen=True)
class Entry:
    """A file of a tree: mode, object id, and size in bytes (of a link: of its target's name)."""

    mode: str
    blob: str
    size: int


class GitFailed(CapewatchError):
    """A git command that failed; the message is git's own."""


@dataclass(frozen=True)
class Repository:
    """The git repository that `root` lies in."""

    root: Path

    def run(self, *arguments: str, given: bytes | None = None, environment: Mapping[str, str] | None = None) -> bytes:
        """Standard output of a git command. Raises GitFailed with git's message."""
        try:
            done = subprocess.run(
                ["git", "-C", str(self.root), *arguments], input=given, capture_output=True, timeout=_TIMEOUT, check=False,
                env={**os.environ, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", **(environment or {})},
            )  # fmt: skip
        except FileNotFoundError:
            raise CapewatchError("git is not installed", hint="versions of the site live on a git branch") from None
        except subprocess.TimeoutExpired:
            raise GitFailed(f"git {arguments[0]}: no answer within {_TIMEOUT} s") from None
        if done.returncode != 0:
            said = done.stderr.decode(errors="replace").strip() or f"exit code {done.returncode}"
            raise GitFailed(f"git {arguments[0]}: {said}")
        return done.stdout

    def text(self, *arguments: str) -> str:
        return self.run(*arguments).decode(errors="replace").strip()

    def require(self) -> None:
        """Raises CapewatchError when `root` is in no work tree of git."""
        try:
            self.run("rev-parse", "--git-dir")
        except GitFailed:
            raise CapewatchError(
                f"{self.root} is in no git repository", hint="run it in a clone of the project"
            ) from None

    def commit_of(self, revision: str) -> str | None:
        """The full id of a commit, or None when the revision names none."""
        if revision.startswith("-"):
            return None
        try:
            return self.text("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        except GitFailed:
            return None

    def tip(self, branch: str) -> str | None:
        """The commit a local branch stands at, or None without such a branch."""
        return self.commit_of(f"refs/heads/{branch}")

    def tree(self, commit: str | None) -> dict[str, Entry]:
        """Path -> entry of every file of a commit; empty for None."""
        if commit is None:
            return {}
        found = {}
        for line in self.run("ls-tree", "-r", "-l", "-z", "--full-tree", commit).split(b"\0"):
            if line:
                head, path = line.split(b"\t", 1)
                mode, _kind, blob, size = head.decode().split()
                found[path.decode()] = Entry(mode, blob, int(size) if size != "-" else 0)
        return found

    def read(self, commit: str, path: str) -> bytes | None:
        """The bytes of a file of a commit, or None when it is not there."""
        try:
            return self.run("cat-file", "blob", f"{commit}:{path}")
        except GitFailed:
            return None

    def blob(self, blob: str) -> bytes:
        return self.run("cat-file", "blob", blob)

    def store(self, files: Sequence[Path]) -> list[str]:
        """Store files as blobs, bytes as they are; their ids in the same order."""
        if not files:
            return []
        names = "".join(f"{path}\n" for path in files)
        told = self.run("hash-object", "-w", "--no-filters", "--stdin-paths", given=names.encode())
        return told.decode().split()

    def store_bytes(self, content: bytes) -> str:
        return self.run("hash-object", "-w", "--stdin", given=content).decode().strip()

    def write_tree(self, entries: Mapping[str, tuple[str, str]]) -> str:
        """Path -> (mode, blob) as a tree; its id. Works on an index of its own."""
        with tempfile.TemporaryDirectory(prefix="capewatch-index-") as folder:
            environment = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
            lines = b"".join(
                f"{mode} {blob} 0\t{path}".encode() + b"\0" for path, (mode, blob) in sorted(entries.items())
            )
            self.run("update-index", "-z", "--index-info", given=lines, environment=environment)
            return self.run("write-tree", environment=environment).decode().strip()

    def commit_tree(self, tree: str, parent: str | None, message: str) -> str:
        """A commit that no branch points to yet; its id."""
        parents = ["-p", parent] if parent else []
        return (
            self.run("commit-tree", tree, *parents, "-F", "-", given=message.encode(), environment=self._author())
            .decode()
            .strip()
        )

    def _author(self) -> dict[str, str]:
        """An author for a machine that has none configured."""
        try:
            self.run("var", "GIT_COMMITTER_IDENT")
        except GitFailed:
            name, mail = "capewatch", "capewatch@localhost"
            return {
                "GIT_AUTHOR_NAME": name,
                "GIT_AUTHOR_EMAIL": mail,
                "GIT_COMMITTER_NAME": name,
                "GIT_COMMITTER_EMAIL": mail,
            }
        return {}

    def move(self, branch: str, new: str, old: str | None) -> bool:
        """Point a branch at `new` if it still stands at `old` (None: is not there); False when it moved meanwhile."""
        try:
            self.run("update-ref", "-m", "capewatch publish", f"refs/heads/{branch}", new, old or NOTHING)
        except GitFailed:
            if self.tip(branch) == old:
                raise
            return False
        return True

    def fetch(self, remote: str, branch: str) -> str | None:
        """Fetch a branch's objects and return its tip at the remote, or None when it has none."""
        told = self.text("ls-remote", "--heads", remote, f"refs/heads/{branch}")
        if not told:
            return None
        self.run("fetch", "--quiet", "--no-tags", remote, f"refs/heads/{branch}")
        return told.split()[0]

    def push(self, remote: str, branch: str, new: str, old: str | None) -> bool:
        """Push a commit to a branch of a remote that must still stand at `old`; False when it moved meanwhile."""
        lease = f"--force-with-lease=refs/heads/{branch}:{old or ''}"
        try:
            self.run("push", "--quiet", lease, remote, f"{new}:refs/heads/{branch}")
        except GitFailed:
            if self.text("ls-remote", "--heads", remote, f"refs/heads/{branch}").split()[:1] == ([old] if old else []):
                raise
            return False
        return True

    def is_ancestor(self, old: str, new: str) -> bool:
        try:
            self.run("merge-base", "--is-ancestor", old, new)
        except GitFailed:
            return False
        return True

    def changed(self, paths: Iterable[str]) -> list[str]:
        """Files below `paths` that differ from the last commit, untracked ones included."""
        told = self.run("status", "--porcelain", "-z", "--untracked-files=all", "--", *paths)
        return [line[3:].decode(errors="replace") for line in told.split(b"\0") if len(line) > 3]
