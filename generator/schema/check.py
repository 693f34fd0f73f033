"""What can only be seen across files: names that must exist, values that must fit their benchmark, things said twice.

CHECKS lists every rule with the words that the documentation shows; the codes of reading and shape faults are in
yamlfile.py and validate.py.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from generator.core import PartialDate, Problem, near_matches
from generator.schema.model import Model, Observation
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


def _unknown(
    document: Document, where: Location, code: str, kind: str, name: str, known: Iterable[str], folder: str
) -> Problem:
    known = sorted(known)
    near = near_matches(name, known)
    allowed = (
        ", ".join(near) if near else (", ".join(known) if len(known) <= 12 else f"one of {len(known)} in {folder}")
    )
    hint = f"did you mean {near[0]!r}?" if near else f"add it under {folder} first"
    return document.problem(where, code, f"unknown {kind}", found=repr(name), allowed=allowed, hint=hint)


def _references(registry: Registry, _today: dt.date) -> Iterator[Problem]:
    for entry in registry.models.values():
        model = entry.value
        if model.lab not in registry.labs:
            yield _unknown(entry.document, ("lab",), "unknown-lab", "lab", model.lab, registry.labs, "data/labs")
        if model.family is not None and model.family not in registry.families:
            yield _unknown(
                entry.document,
                ("family",),
                "unknown-family",
                "family",
                model.family,
                registry.families,
                "data/families",
            )
        for source in model.aliases:
            if source not in registry.sources:
                yield _unknown(
                    entry.document,
                    ("aliases", source),
                    "unknown-source",
                    "source",
                    source,
                    registry.sources,
                    "data/sources",
                )
    evaluators = {"maker", *registry.evaluators}
    for document, where, _model, observation in _observations(registry):
        if observation.benchmark not in registry.benchmarks:
            place = (*where, "benchmark")
            yield _unknown(
                document,
                place,
                "unknown-benchmark",
                "benchmark",
                observation.benchmark,
                registry.benchmarks,
                "data/benchmarks",
            )
        if observation.evaluator not in evaluators:
            place = (*where, "evaluator")
            yield _unknown(
                document,
                place,
                "unknown-evaluator",
                "evaluator",
                observation.evaluator,
                evaluators,
                "data/evaluators.yaml",
            )
    for family in registry.families.values():
        if family.value.lab not in registry.labs:
            yield _unknown(
                family.document, ("lab",), "unknown-lab", "lab", family.value.lab, registry.labs, "data/labs"
            )
    for benchmark in registry.benchmarks.values():
        successor = benchmark.value.replaced_by
        if successor is not None and successor not in registry.benchmarks:
            yield _unknown(
                benchmark.document,
                ("replaced_by",),
                "unknown-benchmark",
                "benchmark",
                successor,
                registry.benchmarks,
                "data/benchmarks",
            )


def _values(registry: Registry, _today: dt.date) -> Iterator[Problem]:
    for document, where, _model, observation in _observations(registry):
        entry = registry.benchmarks.get(observation.benchmark)
        if entry is not None:
            yield from _value_problems(document, where, observation, entry.value)


def _value_problems(
    document: Document, where: Location, observation: Observation, benchmark: Benchmark
) -> Iterator[Problem]:
    factor = conversion(observation.unit, benchmark.unit)
    if factor is None:
        yield document.problem(
            (*where, "unit"),
            "wrong-unit",
            f"{benchmark.name} is not measured in this unit",
            found=observation.unit,
            allowed=_units_for(benchmark.unit),
        )
        return
    value = observation.value * factor
    if benchmark.range is not None and not benchmark.range[0] <= value <= benchmark.range[1]:
        low, high = (bound / factor for bound in benchmark.range)
        other = "fraction" if observation.unit == "percent" else "percent"
        hint = f"is it a {other}? write unit: {other}" if observation.unit in ("percent", "fraction") else ""
        yield document.problem(
            (*where, "value"),
            "out-of-range",
            f"{benchmark.name} in {observation.unit}",
            found=f"{observation.value:g}",
            allowed=f"{low:g} to {high:g}",
            hint=hint,
        )
    elif observation.unit == "percent" and 0 < observation.value <= 1:
        yield document.problem(
            (*where, "value"), "suspect-unit", f"{benchmark.name}: one percent or less on a percent scale", found=f"{observation.value:g}",
            hint="if it is a fraction, write unit: fraction", severity="warning",
        )  # fmt: skip
    elif observation.unit == "fraction" and 0 < observation.value < 0.01:
        yield document.problem(
            (*where, "value"), "suspect-unit", f"{benchmark.name}: under 0.01 on a fraction scale", found=f"{observation.value:g}",
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
    document = registry.single.get("aliases.yaml")
    for number, table in enumerate(registry.alias_tables):
        assert document is not None
        if table.source not in registry.sources:
            yield _unknown(
                document,
                ("tables", number, "source"),
                "unknown-source",
                "source",
                table.source,
                registry.sources,
                "data/sources",
            )
        for spelling, model in table.spellings.items():
            where: Location = ("tables", number, "spellings", spelling)
            if model not in registry.models:
                yield _unknown(document, where, "unknown-model", "model", model, registry.models, "data/models")
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
        for key, known, folder in (
            ("source", {"data-models", *registry.sources}, "data/sources"),
            ("model", registry.models, "data/models"),
            ("benchmark", registry.benchmarks, "data/benchmarks"),
        ):
            name = getattr(correction, key)
            if name not in known:
                yield _unknown(document, ("corrections", index, key), f"unknown-{key}", key, name, known, folder)


def _tracks(registry: Registry, _today: dt.date) -> Iterator[Problem]:
    document = registry.single.get("tracks.yaml")
    axes = axis_ids(registry.benchmarks.values())
    for index, track in enumerate(registry.tracks.values()):
        assert document is not None
        for position, axis in enumerate(track.axes):
            if axis not in axes:
                yield _unknown(
                    document, ("tracks", index, "axes", position), "unknown-axis", "axis", axis, axes, "data/benchmarks"
                )
        for position, evaluator in enumerate(track.evaluators):
            if evaluator != "maker" and evaluator not in registry.evaluators:
                place = ("tracks", index, "evaluators", position)
                yield _unknown(
                    document,
                    place,
                    "unknown-evaluator",
                    "evaluator",
                    evaluator,
                    registry.evaluators,
                    "data/evaluators.yaml",
                )


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
