"""The same panel from snapshots larger than memory: the logs as Parquet, the query in DuckDB (extra `capewatch[duckdb]`).

The rules are those of `snapshots.fold`, `panel.observations` and `panel.build`, said once more in SQL; a test holds the two equal.
Spellings, dates, units and axes are decided in Python on their distinct values, so that only rows are left to the database, which
keeps on disk what does not fit into memory. The panel has no cells: why a score lost is not told.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from generator import snapshots
from generator.core import CapewatchError, PartialDate
from generator.panel.build import axis_frame, model_frame, track_of, wide
from generator.panel.frame import Panel
from generator.panel.identity import Identity
from generator.panel.observations import PROTOCOL_COLUMNS, axes_of, from_models, unit_factor
from generator.schema import Registry, Track

#: Logs of more bytes than this together are left to DuckDB when nobody chose.
BULK_BYTES = 500_000_000
#: Where the logs lie as Parquet, below the project folder.
CACHE = Path("build") / "cache" / "snapshots"
_KEY = ", ".join(snapshots.OBSERVATIONS.key)
_PROTOCOL = ", ".join(PROTOCOL_COLUMNS)
_FAR = "9999-12-31"


def stored_bytes(registry: Registry) -> int:
    """Bytes of the committed logs of all sources."""
    folder = registry.root / "data" / "snapshots"
    logs = (snapshots.history(folder, source) for source in snapshots.sources(folder))
    return sum(pulls[-1].log_bytes for pulls in logs if pulls)


def bulk_panel(registry: Registry, track_id: str, *, as_of: dt.date, memory: str = "1GB") -> Panel:
    """The panel of one track as it could be known at the end of `as_of`, without its cells.

    memory: what the database may hold. Raises CapewatchError for an unknown track, and where DuckDB is not installed.
    """
    try:
        import duckdb
    except ModuleNotFoundError:
        raise CapewatchError("DuckDB is not installed", hint="pip install 'capewatch[duckdb]'") from None
    track = track_of(registry, track_id)
    spill = registry.root / CACHE / "spill"
    spill.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(config={"memory_limit": memory, "temp_directory": str(spill), "threads": 2}) as base:
        _gather(base, registry, as_of)
        _convert(base, registry)
        winners = _winners(base, registry, track, as_of)
    return _panel(winners, registry, track, as_of)


def _gather(base: Any, registry: Registry, as_of: dt.date) -> None:
    """The table `rows`: what model files and sources say at `as_of`, in the order of `panel.gather`."""
    folder = registry.root / "data" / "snapshots"
    _give(base, "written", from_models(registry))
    base.execute(_WRITTEN)
    identity = Identity(registry)
    for number, source in enumerate(snapshots.sources(folder), start=1):
        log = snapshots.as_parquet(folder, source, registry.root / CACHE)
        if log is None:
            continue
        base.execute(
            f"CREATE OR REPLACE VIEW log AS SELECT * FROM read_parquet('{_quoted(log)}', file_row_number = true)"  # noqa: S608 - quoted
        )
        published = [text for (text,) in base.execute("SELECT DISTINCT published FROM log").fetchall()]
        _give(
            base, "days", pd.DataFrame({"text": published, "day": [_last_day(text) for text in published]}, dtype="str")
        )
        spellings = [name for (name,) in base.execute("SELECT DISTINCT model FROM log").fetchall()]
        names = identity.resolve_all(source, spellings).rename_axis("spelling").reset_index()
        _give(base, "names", names[names["model_id"] != ""])
        _give(base, "captures", _captures(folder, source))
        base.execute(_PULLED, {"day": as_of.isoformat(), "source": source, "number": number})


def _captures(folder: Path, source: str) -> pd.DataFrame:
    rows = [
        (str(pull.pull), str(item["name"]), str(item.get("url", "")), str(item.get("via", "")))
        for pull in snapshots.history(folder, source)
        for item in pull.captures
    ]
    return pd.DataFrame(rows, columns=["pull", "name", "url", "via"], dtype="str").drop_duplicates(
        ["pull", "name"], keep="last"
    )


def _convert(base: Any, registry: Registry) -> None:
    """The table `observations`: values in the unit of their benchmark, with axis and public day, corrected."""
    benchmarks = {name: entry.value for name, entry in registry.benchmarks.items()}
    pairs = base.execute("SELECT DISTINCT benchmark, unit FROM rows").fetchall()
    known = [(name, unit, benchmarks[name]) for name, unit in pairs if name in benchmarks]
    scale = [(name, unit, unit_factor(unit, one), *(one.range or (-np.inf, np.inf))) for name, unit, one in known]
    _give(base, "scale", pd.DataFrame(scale, columns=["benchmark", "unit", "factor", "low", "high"]).dropna())
    kinds = base.execute(f"SELECT DISTINCT benchmark, {_PROTOCOL} FROM rows").df()  # noqa: S608 - column names of the code
    kinds = kinds.astype("str")
    _give(base, "kinds", kinds.assign(axis=axes_of(kinds, registry)))
    texts = [text for (text,) in base.execute("SELECT DISTINCT published FROM rows WHERE published <> ''").fetchall()]
    last = [PartialDate.parse(text).last.isoformat() for text in texts]
    _give(base, "published_days", pd.DataFrame({"text": texts, "day": last}, dtype="str"))
    models = [entry.value for entry in registry.models.values()]
    first = [PartialDate.parse(model.released).first.isoformat() if model.released else "" for model in models]
    out = pd.DataFrame(
        {"model": [model.id for model in models], "kind": [m.kind for m in models], "first": first}, dtype="str"
    )
    _give(base, "models", out)
    base.execute(_CONVERTED)
    for correction in registry.corrections:
        where = {name: _text(value) for name, value in correction.where.model_dump(exclude_none=True).items()}
        fits = "source = ? AND model = ? AND benchmark = ? AND abs(value - ?) <= 1e-6" + "".join(
            f" AND {name} = ?" for name in where
        )
        values = [correction.source, correction.model, correction.benchmark, correction.expects, *where.values()]
        if correction.value is None:
            base.execute(f"DELETE FROM observations WHERE {fits}", values)  # noqa: S608 - column names of the schema
        else:
            base.execute(f"UPDATE observations SET value = ? WHERE {fits}", [correction.value, *values])  # noqa: S608


def _winners(base: Any, registry: Registry, track: Track, as_of: dt.date) -> pd.DataFrame:
    """model, axis, value, stderr of every filled cell."""
    known = {rule.id for entry in registry.benchmarks.values() for rule in entry.value.axes} | set(registry.benchmarks)
    _give(base, "axes", pd.DataFrame({"axis": list(track.axes) or sorted(known)}, dtype="str"))
    evaluators = {name: place for place, name in enumerate(track.evaluators)}
    _give(base, "evaluators", pd.DataFrame({"evaluator": list(evaluators), "place": list(evaluators.values())}))
    efforts = {name.lower(): place for place, name in enumerate(track.effort_order)}
    _give(
        base,
        "efforts",
        pd.DataFrame({"effort": list(efforts), "place": list(efforts.values())}).astype({"effort": "str"}),
    )
    told = {"day": as_of.isoformat(), "kind": track.kind, "harness": track.harness or "", "unknown": len(efforts)}
    found: pd.DataFrame = base.execute(_WINNERS, told).df()
    return found


def _panel(winners: pd.DataFrame, registry: Registry, track: Track, as_of: dt.date) -> Panel:
    axes = list(track.axes) or sorted(winners["axis"].unique())
    scores, stderr = wide(winners, axes)
    models = model_frame([registry.models[name].value for name in scores.index])
    return Panel(track.id, track.id, as_of, models, scores, stderr, axis_frame(registry, axes))


def _give(base: Any, name: str, frame: pd.DataFrame) -> None:
    """A small frame as a table of the database."""
    import pyarrow

    base.register("given", pyarrow.Table.from_pandas(frame, preserve_index=False))
    base.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM given")  # noqa: S608 - names of the code
    base.unregister("given")


def _last_day(text: str) -> str:
    try:
        return PartialDate.parse(text).last.isoformat()
    except ValueError:
        return _FAR


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


_COLUMNS = f"benchmark, {_PROTOCOL}, evaluator, unit, url, via, published, recorded"
_WRITTEN = f"""
CREATE TABLE rows AS
SELECT model, {_COLUMNS}, value, stderr, step, uncited, source, 0 AS number, row_number() OVER () AS place FROM written
"""  # noqa: S608
#: The state of one log at a day (see `snapshots.fold`), with model ids, and the addresses of captured files where rows have none.
_PULLED = f"""
INSERT INTO rows
WITH dated AS (
    SELECT log.*, days.day, coalesce(lag(published) OVER (PARTITION BY {_KEY} ORDER BY file_row_number), '') AS before
    FROM log JOIN days ON days.text = log.published
), newest AS (
    SELECT * FROM dated
    WHERE CASE WHEN event = 'gone' OR (event = 'changed' AND published = before) THEN recorded ELSE least(day, recorded) END <= $day
    QUALIFY row_number() OVER (PARTITION BY {_KEY} ORDER BY file_row_number DESC) = 1
)
SELECT names.model_id, benchmark, {_PROTOCOL.replace("effort", "CASE WHEN effort = '' THEN suffix_effort ELSE effort END")},
    evaluator, unit,
    CASE WHEN newest.url = '' THEN coalesce(captures.url, '') ELSE newest.url END,
    CASE WHEN newest.url = '' AND newest.via = '' THEN coalesce(captures.via, '') ELSE newest.via END,
    published, recorded, TRY_CAST(nullif(value, '') AS DOUBLE), TRY_CAST(nullif(stderr, '') AS DOUBLE), step, '', $source, $number,
    file_row_number
FROM newest JOIN names ON names.spelling = newest.model
LEFT JOIN captures ON captures.pull = newest.pull
    AND captures.name = string_split(string_split(newest.locator, '#')[1], '!')[1]
WHERE event <> 'gone'
"""  # noqa: S608
_CONVERTED = f"""
CREATE TABLE observations AS
SELECT rows.* REPLACE (rows.value * factor AS value, stderr * factor AS stderr), kinds.axis, models.kind,
    greatest(coalesce(published_days.day, recorded), models.first) AS public
FROM rows
JOIN scale ON scale.benchmark = rows.benchmark AND scale.unit = rows.unit
JOIN kinds ON kinds.benchmark = rows.benchmark AND {" AND ".join(f"kinds.{name} = rows.{name}" for name in PROTOCOL_COLUMNS)}
JOIN models ON models.model = rows.model
LEFT JOIN published_days ON published_days.text = rows.published
WHERE rows.value * factor BETWEEN low - 1e-9 AND high + 1e-9
"""  # noqa: S608
#: Precedence as `panel.build` has it; what is still equal is decided by the order of `panel.gather`.
_WINNERS = f"""
SELECT model, axis, value, stderr FROM (
    SELECT observations.model, observations.axis, value, stderr, row_number() OVER (
        PARTITION BY observations.model, observations.axis
        ORDER BY evaluators.place, coalesce(efforts.place, $unknown), uncited, via <> '', public DESC, source, url, value, published,
            {", ".join(f"observations.{name}" for name in PROTOCOL_COLUMNS)}, number, observations.place
    ) AS standing
    FROM observations
    JOIN axes ON axes.axis = observations.axis
    JOIN evaluators ON evaluators.evaluator = observations.evaluator
    LEFT JOIN efforts ON efforts.effort = lower(observations.effort)
    WHERE kind = $kind AND step = '' AND public <= $day AND ($harness = '' OR harness = $harness)
) WHERE standing = 1
"""  # noqa: S608
