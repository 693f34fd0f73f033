"""The forecasts as a section of the bundle: parts that are computed once and kept under a key of all they depend on.

data/forecasts/<part>.json         committed {key, result}: what a fresh clone builds from
build/cache/forecasts/<part>-<key>.json   what this machine computed since
A stored result counts only when its key is the key of the present inputs, seed and code.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from generator.core import (
    CapewatchError,
    WrongCall,
    canonical_json,
    near_matches,
    read_json,
    sha256_bytes,
    write_if_changed,
)
from generator.panel import PanelProvider
from generator.report import forecast_parts
from generator.report.chances import chances
from generator.report.forecast_inputs import BASE, EPOCH, MAKER, PAPER, PUBLISHED_BASE, Inputs, code_digest
from generator.schema import Registry

COMMITTED = Path("data") / "forecasts"
CACHE = Path("build") / "cache" / "forecasts"
#: Significant digits kept of every number: more than any page shows, fewer than differ between machines.
DIGITS = 10


_OWN = ("report/forecast_parts.py",)


#: A comparison leaves out every family and every pair of them: fits grow with the square of their number. A build computes it
#: up to this many (a minute or two); beyond, it shows what `capewatch forecasts --write` stored, or says that nothing is.
FAMILIES_IN_A_BUILD = 60


@dataclass(frozen=True)
class Part:
    """One part: the inputs that its key covers (see `Inputs.digest`), the function, and further code it rests on."""

    name: str
    inputs: tuple[str, ...]
    compute: Callable[[Inputs], dict[str, Any]]
    modules: tuple[str, ...] = _OWN

    def key(self, inputs: Inputs) -> str:
        """sha256 over the state of every input, the seed, the code and the part's name."""
        state = {name: inputs.digest(name) for name in self.inputs}
        return sha256_bytes(canonical_json([self.name, inputs.seed, state, code_digest(*self.modules)]))


PARTS: tuple[Part, ...] = (
    Part("trajectories", (BASE, "regroup"), forecast_parts.trajectories),
    Part("phase", (BASE, "regroup"), forecast_parts.phase),
    Part("ode", (BASE, "regroup", PAPER), forecast_parts.ode),
    Part("cards", (BASE,), forecast_parts.cards),
    Part("coefficients", (BASE, PUBLISHED_BASE), forecast_parts.coefficients, (*_OWN, "forecasts/coefficients.py")),
    Part("frontier", (MAKER, EPOCH, "day"), forecast_parts.frontier, (*_OWN, "forecasts/frontier.py")),
    Part("training", ("checkpoints", "params", "chance_levels"), forecast_parts.training),
    Part(
        "chances",
        (MAKER, "cells", "predictions", "context", "day"),
        chances,
        ("predictions", "report/chances.py", "forecasts/simulation.py"),
    ),
)


def forecasts_section(
    root: Path,
    registry: Registry,
    provider: PanelProvider,
    *,
    as_of: dt.date,
    seed: int,
    compute: bool = True,
    workers: int = 1,
) -> dict[str, Any]:
    """Part name -> its result, or {"reason": why there is none}.

    A part that is stored under its present key is read; otherwise it is computed and kept in build/cache, or, without
    `compute` or with more than FAMILIES_IN_A_BUILD families, left out with a reason.
    """
    inputs = Inputs(root, registry, provider, as_of, seed, workers)
    return {part.name: _result(part, inputs, compute=compute, in_build=True) for part in PARTS}


def stored(root: Path, part: str, key: str) -> dict[str, Any] | None:
    """The result kept for this key, committed or cached, or None."""
    for path in (root / COMMITTED / f"{part}.json", root / CACHE / f"{part}-{key}.json"):
        if path.is_file():
            document = read_json(path)
            if document.get("key") == key:
                return dict(document["result"])
    return None


def write_parts(inputs: Inputs, names: Iterable[str] = (), *, tell: Callable[[str], None] = lambda _line: None) -> int:
    """Make data/forecasts/<part>.json current, all parts or the named ones; returns how many files changed.

    A part with a current result anywhere is not computed again. A part without a result is an error: a reason is not committed.
    """
    changed = 0
    for part in parts_named(names):
        result = _result(part, inputs, compute=True)
        if result.get("reason"):
            raise CapewatchError(
                f"forecasts, {part.name}: {result['reason']}", hint="nothing was written for this part"
            )
        path = inputs.root / COMMITTED / f"{part.name}.json"
        written = write_if_changed(path, canonical_json({"key": part.key(inputs), "result": result}, indent=None))
        tell(f"{'wrote' if written else 'current:'} {path.relative_to(inputs.root).as_posix()}")
        changed += written
    return changed


def parts_named(names: Iterable[str]) -> tuple[Part, ...]:
    """The parts of these names in their order, or all; raises WrongCall for an unknown name."""
    wanted = list(names)
    known = [part.name for part in PARTS]
    for name in wanted:
        if name not in known:
            near = near_matches(name, known) or known
            raise WrongCall(f"no part {name!r} of the forecasts", hint=f"parts: {', '.join(near)}")
    return tuple(part for part in PARTS if not wanted or part.name in wanted)


def plain(value: Any) -> Any:
    """A result as JSON holds it: numpy scalars as numbers, tuples as lists, DIGITS significant digits, no value for what is
    not finite."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(one) for one in value]
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
    return value


def part_result(inputs: Inputs, name: str, *, before: Callable[[], None] = lambda: None) -> tuple[dict[str, Any], bool]:
    """The result of one part (or its reason) and whether it had to be computed; `before` is called first if so."""
    (part,) = parts_named([name])
    if (found := stored(inputs.root, name, part.key(inputs))) is not None:
        return found, False
    before()
    return _result(part, inputs, compute=True), True


def _families(inputs: Inputs) -> int:
    """Families of the base panel with two models or more."""
    sizes = inputs.panel(BASE).models["family"].value_counts()
    return int((sizes > 1).sum())


def _result(part: Part, inputs: Inputs, *, compute: bool, in_build: bool = False) -> dict[str, Any]:
    try:
        key = part.key(inputs)
        found = stored(inputs.root, part.name, key)
        if found is None and not compute:
            return {
                "reason": f"not stored for these inputs; computed by a build for the newest day only, not for {inputs.as_of}"
            }
        if found is None and in_build and BASE in part.inputs and (count := _families(inputs)) > FAMILIES_IN_A_BUILD:
            return {"reason": f"{count} families are too many to compare in a build: run capewatch forecasts --write"}
        return found if found is not None else _computed(part, inputs, key)
    except CapewatchError as error:
        return {"reason": error.message}


def _computed(part: Part, inputs: Inputs, key: str) -> dict[str, Any]:
    result = json.loads(canonical_json(plain(part.compute(inputs))))
    write_if_changed(inputs.root / CACHE / f"{part.name}-{key}.json", canonical_json({"key": key, "result": result}))
    return dict(result)
