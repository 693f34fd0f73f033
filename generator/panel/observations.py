"""All observations as one tidy table: what people wrote and what was pulled, by model id, in the unit of the benchmark."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from generator import snapshots
from generator.core import CapewatchError, PartialDate
from generator.panel.corrections import apply_corrections
from generator.panel.identity import Identity
from generator.schema import Benchmark, Correction, Model, Observation, Protocol, Registry, conversion

#: Source id of observations that stand in model files.
MODEL_FILES = "data-models"
PROTOCOL_COLUMNS = tuple(Protocol.model_fields)
TEXT_COLUMNS = (
    "model", "benchmark", "axis", *PROTOCOL_COLUMNS, "step", "evaluator", "source", "title", "url", "via", "published",
    "recorded", "public", "note", "locator", "spelling", "rule", "uncited",
)  # fmt: skip
NUMBER_COLUMNS = ("value", "stderr", "n", "pull")


@dataclass(frozen=True)
class Observations:
    """table: one row an observation, columns TEXT_COLUMNS (text, '' when unknown) and NUMBER_COLUMNS (float).

    `value` and `stderr` are in the unit of the benchmark; `public` is the day the score counts from (ISO): the last day of
    `published` where known, else the day it was recorded here, and never before the first day of the model's release.
    `axis` is '' where the protocol says too little to choose one.
    unmatched: spellings that name no model, columns source, spelling, public, rows, near, reason; one row a spelling and day.
    refused: rows that could not be used, columns source, model, benchmark, public, reason.
    unused_corrections: corrections whose expected value no longer occurs: the source changed, a person should look again.
    """

    table: pd.DataFrame
    unmatched: pd.DataFrame
    refused: pd.DataFrame
    unused_corrections: tuple[Correction, ...] = ()

    def up_to(self, as_of: dt.date) -> pd.DataFrame:
        """The observations that were public by the end of `as_of`."""
        return _up_to(self.table, as_of)

    def cut(self, as_of: dt.date) -> Observations:
        """These observations, used or not, without those that became public after `as_of`."""
        kept = {name: _up_to(getattr(self, name), as_of) for name in ("table", "unmatched", "refused")}
        return replace(self, **{name: rows.reset_index(drop=True) for name, rows in kept.items()})

    @property
    def spellings(self) -> pd.DataFrame:
        """The unmatched spellings, one row each, sorted: columns source, spelling, rows, near, reason."""
        by_spelling = self.unmatched.groupby(["source", "spelling"], sort=True)
        return by_spelling.agg({"rows": "sum", "near": "first", "reason": "first"}).reset_index()

    @property
    def finished(self) -> pd.DataFrame:
        """The observations of finished models: those of intermediate training checkpoints left out."""
        return self.table[self.table["step"] == ""]

    @property
    def newest_day(self) -> dt.date:
        """The newest day on which anything was recorded: the default as-of of a build."""
        days = self.table["recorded"]
        if days.empty:
            raise CapewatchError("data/ holds no observation", hint="run `capewatch pull`, or add a model file")
        return dt.date.fromisoformat(days.max())


#: Sources, each with its snapshot's rows, as `snapshots.read` gives them.
Stored = Iterable[tuple[str, pd.DataFrame]]


def read_stored(root: Path, *, as_of: dt.date | None = None) -> Iterator[tuple[str, pd.DataFrame]]:
    """The rows of every snapshot below the project folder `root`, as they stood on `as_of` (None: today), a source at a time."""
    folder = root / "data" / "snapshots"
    return ((source, snapshots.read(folder, source, as_of=as_of)) for source in snapshots.sources(folder))


def gather(
    registry: Registry, *, as_of: dt.date | None = None, stored: Callable[[], Stored] | None = None
) -> Observations:
    """Collect every observation under the registry's root, as it could be known on `as_of` (None: today's state).

    Pure apart from reading the snapshots; a value that a source changed later is read as it stood on `as_of`. `stored` gives what
    `read_stored` gives, where that is read already.
    """
    identity = Identity(registry)
    pulled, unmatched = _from_snapshots(identity, stored() if stored else read_stored(registry.root, as_of=as_of))
    table = pd.concat([from_models(registry), pulled], ignore_index=True)
    table["public"] = _public_days(table, registry)
    table, refused = _convert(table, {name: entry.value for name, entry in registry.benchmarks.items()})
    table["axis"] = axes_of(table, registry)
    table, unused = apply_corrections(table, registry.corrections)
    order = ["model", "benchmark", "source", "url", "published", *PROTOCOL_COLUMNS, "value"]
    return Observations(table.sort_values(order, kind="stable", ignore_index=True), unmatched, refused, tuple(unused))


def from_models(registry: Registry) -> pd.DataFrame:
    """The observations of the model files, before any conversion."""
    rows = [
        _row(entry.value, observation, index)
        for entry in registry.models.values()
        for index, observation in enumerate(entry.value.observations)
    ]
    frame = pd.DataFrame(rows, columns=[*TEXT_COLUMNS, *NUMBER_COLUMNS, "unit"])
    return _typed(frame)


def _row(model: Model, observation: Observation, index: int) -> dict[str, object]:
    protocol = {name: _text(value) for name, value in observation.protocol.model_dump().items()}
    source = observation.source
    via = source.via
    return {
        **protocol,
        "model": model.id, "benchmark": observation.benchmark, "step": "", "evaluator": observation.evaluator,
        "source": MODEL_FILES, "title": source.title, "url": source.url,
        "uncited": "true" if source.uncited else "",
        "via": "" if via is None else f"{via.title} {via.url}" if via.url else via.title,
        "published": source.published or "", "recorded": source.retrieved, "note": observation.note or "",
        "locator": f"observations[{index}]", "spelling": model.id, "rule": "written",
        "value": observation.value, "stderr": observation.stderr, "n": observation.n, "unit": observation.unit,
    }  # fmt: skip


def _text(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _from_snapshots(identity: Identity, stored: Stored) -> tuple[pd.DataFrame, pd.DataFrame]:
    frames, missing = [], []
    for source, frame in stored:
        if frame.empty:
            continue
        codes, spellings = frame["model"].factorize()
        resolved = identity.resolve_all(source, spellings).reindex(spellings)
        hits = {name: resolved[name].astype("str").array.take(codes) for name in resolved}
        found = np.asarray(hits["model_id"] != "", dtype=bool)
        missing.append(_unmatched(source, frame[~found], identity))
        frame = frame.drop(columns=["event", "spelling"], errors="ignore").assign(
            spelling=frame["model"],
            model=hits["model_id"],
            rule=hits["rule"],
            source=source,
            effort=frame["effort"].where(frame["effort"] != "", pd.Series(hits["suffix_effort"], index=frame.index)),
        )
        frames.append(_typed(frame if found.all() else frame[found]))
    table = pd.concat(frames, ignore_index=True) if frames else _typed(pd.DataFrame())
    columns = ["source", "spelling", "public", "rows", "near", "reason"]
    return table, pd.concat(missing, ignore_index=True) if missing else pd.DataFrame(columns=columns)


def _unmatched(source: str, rows: pd.DataFrame, identity: Identity) -> pd.DataFrame:
    dated = pd.DataFrame({"spelling": rows["model"], "public": _stated_days(rows)})
    counts = dated.groupby(["spelling", "public"], sort=True).size().reset_index(name="rows")
    spellings = counts["spelling"].unique()
    near = {spelling: " ".join(identity.near(spelling)) for spelling in spellings}
    reason = {spelling: identity.ignored(source, spelling) or "" for spelling in spellings}
    return counts.assign(
        source=source,
        near=counts["spelling"].map(near).astype("str"),
        reason=counts["spelling"].map(reason).astype("str"),
    )[["source", "spelling", "public", "rows", "near", "reason"]]


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    columns = {name: _text_column(frame, name) for name in (*TEXT_COLUMNS, "unit")}
    numbers = frame.reindex(columns=list(NUMBER_COLUMNS)).apply(pd.to_numeric).astype(float)
    return pd.DataFrame({**columns, **numbers}).reset_index(drop=True)


def _text_column(frame: pd.DataFrame, name: str) -> pd.Series:
    if name not in frame.columns:
        return pd.Series("", index=frame.index, dtype="str")
    column = frame[name]
    if column.dtype == "str":
        return column.fillna("")
    return column.astype(object).where(column.notna(), "").astype("str")


def _convert(table: pd.DataFrame, benchmarks: dict[str, Benchmark]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Values in the unit of their benchmark; rows of unknown benchmarks or units are refused with a reason."""
    names, known = table["benchmark"].factorize()[::-1]
    units, unit = table["unit"].factorize()[::-1]
    files = [benchmarks.get(name) for name in names]
    factors = np.array([[np.nan if file is None else unit_factor(one, file) for one in units] for file in files])
    factor = factors[known, unit] if len(table) else np.array([])
    bounds = np.array([file.range if file is not None and file.range else (-np.inf, np.inf) for file in files])
    low, high = (bounds[known, side] if len(table) else np.array([]) for side in (0, 1))
    value = table["value"].to_numpy() * factor
    inside = np.isfinite(factor) & (value >= low - 1e-9) & (value <= high + 1e-9)
    out = np.flatnonzero(~inside)
    reason = [_refusal(files[known[row]], fits=bool(np.isfinite(factor[row]))) for row in out]
    refused = table.loc[out, ["source", "model", "benchmark", "public"]].assign(
        reason=pd.Series(reason, index=out, dtype="str")
    )
    table = table.assign(value=value, stderr=table["stderr"].to_numpy() * factor).drop(columns="unit")
    table = table if inside.all() else table[inside].reset_index(drop=True)
    return table, refused.reset_index(drop=True)


def _refusal(benchmark: Benchmark | None, *, fits: bool) -> str:
    if benchmark is None:
        return "the benchmark has no file under data/benchmarks"
    return "the value lies outside the range of the benchmark" if fits else "the unit does not fit the benchmark"


def unit_factor(unit: str, benchmark: Benchmark) -> float:
    """What a value in `unit` is multiplied by to be in the benchmark's own; NaN where the two do not fit."""
    return conversion(unit, benchmark.unit) or np.nan


def axes_of(table: pd.DataFrame, registry: Registry) -> pd.Series:
    """The axis of each row; '' when the benchmark declares axes and the protocol fits none of them."""
    axis = table["benchmark"].copy()
    for entry in registry.benchmarks.values():
        benchmark = entry.value
        if not benchmark.axes:
            continue
        rows = table["benchmark"] == benchmark.id
        axis[rows] = ""
        for rule in benchmark.axes:
            fits = rows
            for name, value in rule.where.model_dump(exclude_none=True).items():
                fits = fits & (table[name] == _text(value))
            axis[fits] = rule.id
    return axis


def _up_to(rows: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    return rows[rows["public"] <= as_of.isoformat()]


def _stated_days(table: pd.DataFrame) -> pd.Series:
    """The last day of `published` where a source states it, else the day of recording."""
    days = table["recorded"].astype(str)
    last = {text: PartialDate.parse(text).last.isoformat() for text in table["published"].unique() if text}
    if last:
        published = table["published"].map(last)
        days = published.where(published.notna().to_numpy(), days).astype(str)
    return days


def _public_days(table: pd.DataFrame, registry: Registry) -> pd.Series:
    days = _stated_days(table)
    released = {
        name: PartialDate.parse(entry.value.released).first.isoformat() if entry.value.released else ""
        for name, entry in registry.models.items()
    }
    first = table["model"].map(released).fillna("").astype(str)
    return days.where((days >= first).to_numpy(), first)
