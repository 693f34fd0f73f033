"""How much room the versions take, what happens when there is none, and which versions may be dropped. Nothing is dropped here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from generator.core import CapewatchError
from generator.publish.git import LINK, Entry
from generator.publish.names import DEV, LATEST, is_cut

MB = 1_000_000
#: A forge serves about 1 GB of pages; a link is served as a second copy of what it points to.
MAX_BRANCH_MB = 900
MAX_VERSION_MB = 80
#: The newest versions that are always kept, beside the last of each year.
KEEP_MONTHS = 10


@dataclass(frozen=True)
class Held:
    """A version on the branch: bytes, whether it may be dropped, and why (not)."""

    name: str
    size: int
    may_go: bool
    reason: str


def sizes(tree: Mapping[str, Entry]) -> dict[str, int]:
    """First part of the path -> bytes served below it; `latest` counts as much as what it points to."""
    found: dict[str, int] = {}
    for path, entry in tree.items():
        top = path.split("/", 1)[0]
        found[top] = found.get(top, 0) + entry.size
    if LATEST in tree and tree[LATEST].mode == LINK:
        newest = max((name for name in found if is_cut(name)), default="")
        found[LATEST] = found.get(newest, 0)
    return found


def held(tree: Mapping[str, Entry]) -> list[Held]:
    """Every version on the branch, newest first, with the rule applied to it."""
    room = sizes(tree)
    cut = sorted((name for name in room if is_cut(name)), reverse=True)
    kept_years: set[str] = set()
    result = []
    for index, name in enumerate(cut):
        year = name[:4]
        if index < KEEP_MONTHS:
            reason = "the latest version" if index == 0 else f"among the newest {KEEP_MONTHS}"
        elif year not in kept_years:
            reason = f"the last of {year}"
        else:
            reason = f"older than the newest {KEEP_MONTHS}, and not the last of {year}"
        result.append(Held(name, room[name], reason.startswith("older"), reason))
        kept_years.add(year)
    if DEV in room:
        result.insert(0, Held(DEV, room[DEV], may_go=False, reason="overwritten by each `capewatch publish dev`"))
    return result


def require_room(tree: Mapping[str, Entry], name: str, *, branch_mb: float, version_mb: float) -> None:
    """Raises CapewatchError, with what to do, when a version or the whole branch is larger than it may be."""
    room = sizes(tree)
    if room.get(name, 0) > version_mb * MB:
        raise CapewatchError(
            f"{name} takes {room[name] / MB:.1f} MB; a version may take {version_mb:g} MB",
            hint="find what grew with `du -sh build/published/*`, or raise --max-version-mb",
        )
    total = sum(room.values())
    if total > branch_mb * MB:
        raise CapewatchError(
            f"with {name} the branch would take {total / MB:.0f} MB; it may take {branch_mb:g} MB",
            hint=advice(tree, total - branch_mb * MB),
        )


def advice(tree: Mapping[str, Entry], excess: float) -> str:
    """Which versions to drop, oldest first, so that `excess` bytes become free; nothing is dropped by itself."""
    chosen: list[Held] = []
    for version in reversed([item for item in held(tree) if item.may_go]):
        if sum(item.size for item in chosen) >= excess:
            break
        chosen.append(version)
    if not chosen:
        return "no version may be dropped by the rule; raise --max-branch-mb"
    names = " ".join(item.name for item in chosen)
    freed = sum(item.size for item in chosen) / MB
    enough = "" if freed * MB >= excess else ", which is not enough; raise --max-branch-mb as well"
    return f"`capewatch publish drop {names}` frees {freed:.0f} MB (their bundles stay){enough}"
