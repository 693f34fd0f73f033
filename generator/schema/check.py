"""What can only be seen across files: names that must exist, values that must fit their benchmark, things said twice.

CHECKS lists every rule with the words that the documentation shows; the codes of reading and shape faults are in
yamlfile.py and validate.py.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, get_args

from generator.core import PartialDate, Problem, near_matches
from generator.schema.model import Model, Observation, Unit
from generator.schema.registry import Entry, Registry
from generator.schema.registry_files import Benchmark
from generator.schema.tree import tree_problems
from generator.schema.yamlfile import Document, Location

#: Multiply a value by this to go from the first unit to the second.
CONVERSIONS = {("fraction", "percent"): 100.0, ("percent", "fraction"): 0.01}


def conversion(unit: str, target: str) -> float | None:
    """The factor from `unit` to `target`, or None when the two cannot be converted."""
    return 1.0 if unit == target else CONVERSIONS.get((unit, target))


@dataclass(frozen=True)
class Check:
    """A rule over the whole registry. `run(registry, today)` yields problems."""

    name: str
    what: str
    run: Callable[[Registry, dt.date], Iterator[Problem]]


def check_registry(registry: Registry, *, today: dt.date) -> list[Problem]:
    """Every problem in the files people wrote, sorted by path and line. `today` bounds dates."""
    problems = list(registry.problems)
    for check in CHECKS:
        problems.extend(check.run(registry, today))
    return sorted(set(problems))


def _observations(registry: Registry) -> Iterator[tuple[Document, Location, Model, Observation]]:
    for entry in registry.models.values():
        for index, observation in enumerate(entry.value.observations):
            yield entry.document, ("observations", index), entry.value, observation


#: What a file may name -> the folder under data/ whose files have these ids.
_FOLDERS = {
    "lab": "labs",
    "family": "families",
    "benchmark": "benchmarks",
    "source": "sources",
    "model": "models",
}


def _known(registry: Registry, kind: str) -> set[str]:
    """Every name of a kind. A file with faults of its own still lends its name: what names it is not at fault."""
    if kind == "evaluator":
        return {"maker", *registry.evaluators}
    return {*getattr(registry, _FOLDERS[kind]), *registry.faulty.get(_FOLDERS[kind], ())}


def _place(kind: str) -> str:
    return "data/evaluators.yaml" if kind == "evaluator" else f"data/{_FOLDERS[kind]}"


def _unknown(document: Document, where: Location, kind: str, name: str, known: Iterable[str], place: str) -> Problem:
    known = sorted(known)
    near = near_matches(name, known)
    allowed = ", ".join(near) if near else (", ".join(known) if len(known) <= 12 else f"one of {len(known)} in {place}")
    hint = f"did you mean {near[0]!r}?" if near else f"add it under {place} first"
    return document.problem(where, f"unknown-{kind}", f"unknown {kind}", found=repr(name), allowed=allowed, hint=hint)


def _names(data: Any, folder: str) -> Iterator[tuple[Location, str, Any]]:
    """Place, kind and name of everything that the content of a file of `folder` names, in whatever shape it was written."""
    if not isinstance(data, dict):
        return
    if folder == "benchmarks":
        yield ("replaced_by",), "benchmark", data.get("replaced_by")
        return
    yield ("lab",), "lab", data.get("lab")
    yield ("family",), "family", data.get("family")
    for source in data["aliases"] if isinstance(data.get("aliases"), dict) else ():
        yield ("aliases", source), "source", source
    for where, observation in _written_observations(data):
        for kind in ("benchmark", "evaluator"):
            yield (*where, kind), kind, observation.get(kind)


def _written_observations(data: Any) -> Iterator[tuple[Location, dict[str, Any]]]:
    found = data.get("observations") if isinstance(data, dict) else None
    for index, observation in enumerate(found if isinstance(found, list) else ()):
        if isinstance(observation, dict):
            yield ("observations", index), observation


def _references(registry: Registry, _today: dt.date) -> Iterator[Problem]:
    known = {kind: _known(registry, kind) for kind in (*_FOLDERS, "evaluator")}
    for folder in ("models", "families", "benchmarks"):
        written = [entry.document for entry in getattr(registry, folder).values()]
        for document in (*written, *registry.faulty.get(folder, {}).values()):
            said = {problem.line for problem in document.problems}
            for where, kind, name in _names(document.data, folder):
                if isinstance(name, str) and name not in known[kind] and document.line(where) not in said:
                    yield _unknown(document, where, kind, name, known[kind], _place(kind))


def _values(registry: Registry, _today: dt.date) -> Iterator[Problem]:
    for document, where, _model, observation in _observations(registry):
        entry = registry.benchmarks.get(observation.benchmark)
        if entry is not None:
            yield from _value_problems(document, where, observation.value, observation.unit, entry.value)
    for document in registry.faulty.get("models", {}).values():
        said = {problem.line for problem in document.problems}
        for where, written in _written_observations(document.data):
            value, unit = written.get("value"), written.get("unit")
            entry = registry.benchmarks.get(str(written.get("benchmark")))
            places = {document.line((*where, key)) for key in ("value", "unit")}
            if entry is not None and not places & said and unit in get_args(Unit) and isinstance(value, int | float):
                yield from _value_problems(document, where, float(value), str(unit), entry.value)


def _value_problems(
    document: Document, where: Location, score: float, unit: str, benchmark: Benchmark
) -> Iterator[Problem]:
    factor = conversion(unit, benchmark.unit)
    if factor is None:
        yield document.problem(
            (*where, "unit"),
            "wrong-unit",
            f"{benchmark.name} is not measured in this unit",
            found=unit,
            allowed=_units_for(benchmark.unit),
        )
        return
    value = score * factor
    if benchmark.range is not None and not benchmark.range[0] <= value <= benchmark.range[1]:
        low, high = (bound / factor for bound in benchmark.range)
        other = "fraction" if unit == "percent" else "percent"
        hint = f"is it a {other}? write unit: {other}" if unit in ("percent", "fraction") else ""
        yield document.problem(
            (*where, "value"),
            "out-of-range",
            f"{benchmark.name} in {unit}",
            found=f"{score:g}",
            allowed=f"{low:g} to {high:g}",
            hint=hint,
        )
    elif unit == "percent" and 0 < score <= 1:
        yield document.problem(
            (*where, "value"), "suspect-unit", f"{benchmark.name}: one percent or less on a percent scale", found=f"{score:g}",
            hint="if it is a fraction, write unit: fraction", severity="warning",
        )  # fmt: skip
    elif unit == "fraction" and 0 < score < 0.01:
        yield document.problem(
            (*where, "value"), "suspect-unit", f"{benchmark.name}: under 0.01 on a fraction scale", found=f"{score:g}",
            hint="check that it is a fraction of one", severity="warning",
        )  # fmt: skip


def _units_for(unit: str) -> str:
    return ", ".join(sorted({unit, *(first for first, second in CONVERSIONS if second == unit)}))


def _dates(registry: Registry, today: dt.date) -> Iterator[Problem]:
    for entry in registry.models.values():
        released = entry.value.released
        if released and PartialDate.parse(released).first > today:
            yield _future(entry.document, ("released",), released, today)
    for document, where, _model, observation in _observations(registry):
        source = observation.source
        if source.retrieved > today.isoformat():
            yield _future(document, (*where, "source", "retrieved"), source.retrieved, today)
        if source.published and PartialDate.parse(source.published).first.isoformat() > source.retrieved:
            yield document.problem(
                (*where, "source", "published"), "bad-date", "the score is published after it was read",
                found=source.published, allowed=f"up to {source.retrieved}",
            )  # fmt: skip


def _future(document: Document, where: Location, found: str, today: dt.date) -> Problem:
    return document.problem(
        where,
        "future-date",
        ".".join(map(str, where)) + " lies in the future",
        found=found,
        allowed=f"up to {today.isoformat()}",
    )


def _duplicates(registry: Registry, _today: dt.date) -> Iterator[Problem]:
    seen: dict[tuple, tuple[Document, Location]] = {}
    for document, where, model, observation in _observations(registry):
        source = observation.source
        key = (
            model.id,
            observation.benchmark,
            observation.protocol,
            observation.evaluator,
            source.url,
            source.published,
        )
        if key in seen:
            first_document, first = seen[key]
            yield document.problem(
                where, "duplicate-observation", f"{observation.benchmark} is given twice for the same protocol, evaluator and source",
                hint=f"first on line {first_document.line(first)}; two values that disagree need two sources",
            )  # fmt: skip
        else:
            seen[key] = (document, where)


def _aliases(registry: Registry, _today: dt.date) -> Iterator[Problem]:
    owner: dict[tuple[str, str], str] = {}
    for entry in registry.models.values():
        for source, spellings in entry.value.aliases.items():
            for index, spelling in enumerate(spellings):
                yield from _claim(owner, (source, spelling), entry.value.id, entry.document, ("aliases", source, index))
    document, models = registry.single.get("aliases.yaml"), _known(registry, "model")
    for number, table in enumerate(registry.alias_tables):
        assert document is not None
        if table.source not in (known := _known(registry, "source")):
            yield _unknown(document, ("tables", number, "source"), "source", table.source, known, _place("source"))
        for spelling, model in table.spellings.items():
            where: Location = ("tables", number, "spellings", spelling)
            if model not in models:
                yield _unknown(document, where, "model", model, models, _place("model"))
            yield from _claim(owner, (table.source, spelling), model, document, where)


def _claim(
    owner: dict[tuple[str, str], str], key: tuple[str, str], model: str, document: Document, where: Location
) -> Iterator[Problem]:
    if key in owner:
        source, spelling = key
        subject = (
            f"the spelling {spelling!r} is listed twice for {source}"
            if owner[key] == model
            else f"{source} spells two models {spelling!r}"
        )
        hint = f"already an alias of {owner[key]}"
        yield document.problem(where, "duplicate-alias", subject, found=model, hint=hint)
    else:
        owner[key] = model


def _sizes(registry: Registry, _today: dt.date) -> Iterator[Problem]:
    for entry in registry.models.values():
        model = entry.value
        if model.params and model.active_params and model.active_params > model.params:
            yield entry.document.problem(
                ("active_params",),
                "bad-value",
                "more active parameters than parameters",
                found=f"{model.active_params:g}",
                allowed=f"up to {model.params:g}",
            )
        if model.params and model.params < 1e5:
            yield entry.document.problem(
                ("params",),
                "suspect-unit",
                "params is a count, not billions",
                found=f"{model.params:g}",
                hint="7 billion is written 7.0e9",
                severity="warning",
            )


def _folders(registry: Registry, _today: dt.date) -> Iterator[Problem]:
    for entry in registry.models.values():
        allowed = {entry.value.lab, entry.value.family}
        folder = entry.document.path.split("/")[2:-1]
        if len(folder) != 1 or folder[0] not in allowed:
            yield entry.document.problem(
                (), "wrong-folder", "a model file stands in the folder of its lab or family", found="/".join(folder) or "data/models",
                allowed=" or ".join(sorted(f"data/models/{name}/" for name in allowed if name)),
            )  # fmt: skip


def _corrections(registry: Registry, _today: dt.date) -> Iterator[Problem]:
    document = registry.single.get("corrections.yaml")
    for index, correction in enumerate(registry.corrections):
        assert document is not None
        for kind, more in (("source", {"data-models"}), ("model", ()), ("benchmark", ())):
            name, known = getattr(correction, kind), {*_known(registry, kind), *more}
            if name not in known:
                yield _unknown(document, ("corrections", index, kind), kind, name, known, _place(kind))


def _tracks(registry: Registry, _today: dt.date) -> Iterator[Problem]:
    document = registry.single.get("tracks.yaml")
    axes = axis_ids(registry.benchmarks.values())
    for index, track in enumerate(registry.tracks.values()):
        assert document is not None
        for position, axis in enumerate(track.axes):
            if axis not in axes:
                yield _unknown(document, ("tracks", index, "axes", position), "axis", axis, axes, _place("benchmark"))
        for position, evaluator in enumerate(track.evaluators):
            if evaluator not in (known := _known(registry, "evaluator")):
                where: Location = ("tracks", index, "evaluators", position)
                yield _unknown(document, where, "evaluator", evaluator, known, _place("evaluator"))


def axis_ids(benchmarks: Iterable[Entry[Benchmark]]) -> list[str]:
    """Every axis: the axes a benchmark declares, or the benchmark itself when it declares none."""
    return sorted(axis for entry in benchmarks for axis in ([rule.id for rule in entry.value.axes] or [entry.value.id]))


def _tree(registry: Registry, _today: dt.date) -> Iterator[Problem]:
    return tree_problems(registry.root)


CHECKS: tuple[Check, ...] = (
    Check("references", "every lab, family, benchmark, evaluator and source that is named exists", _references),
    Check("values", "a value lies in the range of its benchmark, in its unit", _values),
    Check("dates", "no date lies in the future, nothing is published after it was read", _dates),
    Check("duplicates", "one observation per model, benchmark, protocol, evaluator and source", _duplicates),
    Check("aliases", "a spelling belongs to one model of a source", _aliases),
    Check("sizes", "active parameters do not exceed parameters, and both are counts", _sizes),
    Check("folders", "a model file stands in the folder of its lab or family", _folders),
    Check("corrections", "a correction names a source, model and benchmark that exist", _corrections),
    Check("tracks", "a track names axes and evaluators that exist", _tracks),
    Check("tree", "the folders hold plain files, no links, under names that every system can hold", _tree),
)
