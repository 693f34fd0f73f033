"""The branch of versions: `dev` overwritten, months cut once, nothing lost when two publish at once or one is killed.

Every operation computes a whole new tree from the tip it read, stores it, and moves the branch only if it still stands at that
tip; otherwise it starts again from the new tip.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generator.core import CapewatchError, WrongCall, near_matches
from generator.publish.budget import MAX_BRANCH_MB, MAX_VERSION_MB, Held, held, require_room
from generator.publish.git import REGULAR, Entry, Repository
from generator.publish.index import dropped, present, root_files, tombstone
from generator.publish.names import DEV, LATEST, RECORD, is_cut, require_cut
from generator.publish.staging import Staged, stage
from generator.report.bundle import Bundle
from generator.report.packed import PACKED_NAME, unpack

BRANCH = "gh-pages"
ORIGIN = "origin"
ATTEMPTS = 5
Tree = dict[str, tuple[str, str]]


@dataclass(frozen=True)
class Target:
    """Where versions go: branch, and the remote it is pushed to ('' for none), address of the site, room."""

    site_url: str = "http://127.0.0.1:8000/"
    branch: str = BRANCH
    remote: str = ""
    branch_mb: float = MAX_BRANCH_MB
    version_mb: float = MAX_VERSION_MB


@dataclass(frozen=True)
class Published:
    """What an operation did: the version, the branch's new tip, and whether anything changed."""

    name: str
    commit: str
    changed: bool
    size: int


class Versions:
    """The versions on a branch of a repository."""

    def __init__(self, repository: Repository, target: Target | None = None) -> None:
        repository.require()
        self._repository = repository
        self._target = target or Target()

    @property
    def tip(self) -> str | None:
        """Where the branch stands, as far as this clone knows: here, or at the remote when it was fetched and is ahead."""
        local = self._repository.tip(self._target.branch)
        fetched = self._repository.commit_of(f"refs/remotes/{self._target.remote or ORIGIN}/{self._target.branch}")
        if fetched and (local is None or self._repository.is_ancestor(local, fetched)):
            return fetched
        return local

    def refresh(self) -> None:
        """Take over what the remote has, so that what follows is decided on its state. Nothing without a remote."""
        self._synchronise()

    def tree(self) -> dict[str, Entry]:
        return self._repository.tree(self.tip)

    def names(self) -> list[str]:
        """Every version on the branch, dropped ones included."""
        return present(self.tree())

    def latest(self) -> str | None:
        """The newest month that was cut."""
        return max((name for name in self.names() if is_cut(name)), default=None)

    def held(self) -> list[Held]:
        """Every version with its size and what the rule says of it."""
        tree = self.tree()
        return [item for item in held(tree) if not dropped(tree, item.name)]

    def read(self, name: str, path: str) -> bytes:
        """A file of a version. Raises WrongCall, with near matches, when there is no such version."""
        tip = self.tip
        known = self.names()
        wanted = (self.latest() or name) if name == LATEST else name
        if tip is None or wanted not in known:
            raise WrongCall(f"no version {name!r} on branch {self._target.branch}", hint=_near(name, known))
        content = self._repository.read(tip, f"{wanted}/{path}")
        if content is None:
            raise CapewatchError(f"version {wanted} holds no {path}")
        return content

    def bundle(self, name: str) -> Bundle:
        """The bundle that a version carries."""
        return unpack(self.read(name, PACKED_NAME), name=f"{name}/{PACKED_NAME}")

    def publish_dev(self, site: Path, *, record: Mapping[str, Any], bundle: bytes) -> Published:
        """Overwrite `dev`. Nothing is committed when only its record of the commit differs."""
        staged = stage(self._repository, site, record=record, bundle=bundle)
        return self._put(DEV, staged, message=f"Publish {DEV}")

    def cut(self, name: str, site: Path, *, record: Mapping[str, Any], bundle: bytes) -> Published:
        """Add a month and point `latest` to it. Raises CapewatchError when it is there or is older than the latest."""
        require_cut(name)
        self._synchronise()
        self.require_new(name)
        staged = stage(self._repository, site, record=record, bundle=bundle)
        return self._put(name, staged, message=f"Cut version {name}")

    def require_new(self, name: str) -> None:
        """Raises WrongCall when `name` cannot be cut any more."""
        _require_new(self.tree(), name)

    def drop(self, names: tuple[str, ...]) -> Published:
        """Replace versions that the rule lets go by a note and their bundle. Raises WrongCall for any other."""
        for name in names:
            require_cut(name)

        def change(tree: dict[str, Entry]) -> Tree:
            rule = {item.name: item for item in held(tree) if not dropped(tree, item.name)}
            for name in names:
                if name not in rule:
                    raise WrongCall(f"no version {name!r} to drop", hint=_near(name, rule))
                if not rule[name].may_go:
                    raise WrongCall(f"version {name} is kept: {rule[name].reason}", hint="see `capewatch publish list`")
            kept = {
                path: (entry.mode, entry.blob)
                for path, entry in tree.items()
                if path.split("/", 1)[0] not in names or path.split("/", 1)[1] in (RECORD, PACKED_NAME)
            }
            for name in names:
                note = self._repository.store_bytes(tombstone(name, rule[name].size).encode())
                kept[f"{name}/index.html"] = (REGULAR, note)
            return kept

        return self._commit(", ".join(names), change, message=f"Drop {', '.join(names)}")

    def _put(self, name: str, staged: Staged, *, message: str) -> Published:
        def change(tree: dict[str, Entry]) -> Tree:
            if is_cut(name):
                _require_new(tree, name)  # on this tip: another process may have cut it meanwhile
            result = {path: (entry.mode, entry.blob) for path, entry in tree.items() if path.split("/", 1)[0] != name}
            result |= {f"{name}/{path}": entry for path, entry in staged.inside.items()}
            return result | staged.shared

        return self._commit(name, change, message=message)

    def _commit(self, name: str, change: Callable[[dict[str, Entry]], Tree], *, message: str) -> Published:
        """Apply `change` to the tip and move the branch; again from the new tip when it moved meanwhile."""
        repository, target = self._repository, self._target
        for _attempt in range(ATTEMPTS):
            old = self._synchronise()
            before = repository.tree(old)
            entries = self._with_root(change(before))
            tree = repository.write_tree(entries)
            after = repository.tree(tree)
            size = sum(entry.size for path, entry in after.items() if path.startswith(f"{name}/"))
            if old is not None and _same(before, after, ignore=f"{DEV}/{RECORD}"):
                return Published(name, old, changed=False, size=size)
            require_room(after, name, branch_mb=target.branch_mb, version_mb=target.version_mb)
            new = repository.commit_tree(tree, old, f"{message}\n")
            if target.remote and not repository.push(target.remote, target.branch, new, old):
                continue
            if repository.move(target.branch, new, old):
                return Published(name, new, changed=True, size=size)
        raise CapewatchError(
            f"branch {target.branch} moved {ATTEMPTS} times while publishing {name}; nothing was changed",
            hint="run it again when no other publication is running",
        )

    def _with_root(self, entries: Tree) -> Tree:
        """The tree with the files at the root made anew, and without shared files that no version refers to any more."""
        kept = {path: entry for path, entry in entries.items() if "/" in path}
        tree = {path: Entry(mode, blob, 0) for path, (mode, blob) in kept.items()}
        used = {
            shared
            for name in present(tree)
            if not dropped(tree, name)
            for shared in json.loads(self._repository.blob(kept[f"{name}/{RECORD}"][1]))["shared"]
        }
        kept = {path: entry for path, entry in kept.items() if not path.startswith("assets/") or path in used}
        return kept | root_files(self._repository, tree, site_url=self._target.site_url)

    def _synchronise(self) -> str | None:
        """The tip to build on: that of the remote, or what was fetched of it; a local branch that is behind follows.

        Raises CapewatchError when the local branch holds what the remote does not.
        """
        local, remote = self._repository.tip(self._target.branch), self._target.remote
        there = self._repository.fetch(remote, self._target.branch) if remote else self.tip
        if there == local:
            return local
        if there is None or (local is not None and not self._repository.is_ancestor(local, there)):
            raise CapewatchError(
                f"branch {self._target.branch} here holds commits that {remote} does not",
                hint=f"look at both; `git push {remote} {self._target.branch}` if they are yours",
            )
        if not self._repository.move(self._target.branch, there, local):
            return self._synchronise()
        return there


def _require_new(tree: Mapping[str, Entry], name: str) -> None:
    names = present(tree)
    if name in names:
        raise WrongCall(
            f"version {name} is published; a version never changes after it is cut",
            hint="corrections go into the next month's version, and into dev",
        )
    newest = max(filter(is_cut, names), default="")
    if name < newest:
        raise WrongCall(f"{name} is older than the latest version {newest}", hint="cut a later month")


def _same(before: Mapping[str, Entry], after: Mapping[str, Entry], *, ignore: str) -> bool:
    left, right = ({path: entry for path, entry in tree.items() if path != ignore} for tree in (before, after))
    return left == right and (ignore in before) == (ignore in after)


def _near(name: str, known: object) -> str:
    names = [str(item) for item in known]  # type: ignore[attr-defined]
    near = near_matches(name, names)
    if near:
        return f"did you mean {' or '.join(near)}?"
    return f"versions: {', '.join(names)}" if names else "no version is published yet"


__all__ = ["BRANCH", "Published", "Target", "Versions"]
