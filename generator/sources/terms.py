"""data/sources/<id>.yaml as pull needs it: licence, what may be kept, and how old a source may get."""

from __future__ import annotations

from pathlib import Path

from generator.core import CapewatchError, Problem, ProblemsFound
from generator.schema.registry_files import Source as Terms
from generator.schema.validate import validated
from generator.schema.yamlfile import read_yaml
from generator.snapshots.store import Kept

#: What `redistribute` allows the store to keep.
KEPT: dict[str, Kept] = {"yes": "rows", "derived": "summary", "no": "pointer"}


def read_terms(root: Path) -> dict[str, Terms]:
    """All files of data/sources under the project folder `root`, by id; ProblemsFound lists every fault."""
    terms: dict[str, Terms] = {}
    problems: list[Problem] = []
    for path in sorted((root / "data" / "sources").glob("*.yaml")):
        document = read_yaml(path, shown_as=path.relative_to(root).as_posix())
        value = validated(document, Terms)
        problems.extend(document.problems)
        if value is not None:
            terms[path.stem] = value
    if problems:
        raise ProblemsFound(problems)
    return terms


def is_stale(terms: Terms, age: int | None) -> bool:
    """True when the newest payload is older than `max_age_days`, or there is none of a source that is on by default."""
    if age is None:
        return terms.enabled_by_default
    return age > terms.max_age_days


def terms_of(terms: dict[str, Terms], source: str) -> Terms:
    """The entry of `source`; CapewatchError says which file to write."""
    try:
        return terms[source]
    except KeyError:
        raise CapewatchError(
            f"source {source}: data/sources/{source}.yaml is missing",
            hint="write it: nothing is pulled whose licence nobody has looked at",
        ) from None
