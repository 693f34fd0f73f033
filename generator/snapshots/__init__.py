"""The append-only store of what was pulled: `data/snapshots/<source>/`.

How to read it::

    from generator import snapshots

    root = Path("data/snapshots")
    snapshots.sources(root)                           # ["aider", "epoch", "models-dev", "obsscaling", "pythia-evals", …]
    scores = snapshots.read(root, "epoch")            # newest state, one row an observation (SNAPSHOT_COLUMNS)
    then = snapshots.read(root, "epoch", as_of=day)   # what was public by that day (basis="recorded": what stood here)
    facts = snapshots.read_facts(root, "obsscaling")  # model, field, value, unit: parameters, training_tokens, family, …
    snapshots.provenance(root, "epoch", pull=row.pull, locator=row.locator)   # url, sha256, fetched_at, via
    snapshots.history(root, "epoch")                  # list[Pull], one a manifest line
    snapshots.age(root, "epoch", on=day)              # days since the payload shown there
    snapshots.verify(root)                            # list[Problem], empty when every hash holds

Columns of `read` are those of `generator.schema.rows`. `value` and `stderr` are in the row's `unit` as published
(fraction, percent, index, elo, minutes, usd, perplexity), never rescaled. Benchmark ids are ours and the protocol
stands in the other key columns: `metric` (``mc1``/``mc2``, ``acc``/``acc_norm``), `shots`, `tools` (``true``, ``false``
or empty when not said: Humanity's Last Exam is ``hle`` in all three cases), `effort`, `scaffold`, `subset`, `harness`,
`step`, `evaluator` (``maker`` or the id of a third party). Empty text means that the source does not say.

Files of a source: ``observations.csv`` and ``facts.csv`` are logs of events (seen, changed, gone), ``manifest.jsonl``
one line a pull that changed something, ``checked.json`` the day of the last reading that passed. Only the prefix of a
log whose length the last manifest line names is committed.
"""

from generator.snapshots.columnar import as_parquet
from generator.snapshots.fold import Basis
from generator.snapshots.manifest import Pull
from generator.snapshots.store import (
    Appended,
    Kept,
    Reading,
    age,
    append,
    history,
    mark_checked,
    preview,
    provenance,
    read,
    read_events,
    read_facts,
    sources,
    summary,
)
from generator.snapshots.table import FACT_FIELDS, FACT_UNITS, FACTS, OBSERVATIONS, TABLES, Table
from generator.snapshots.verify import verify

__all__ = [
    "FACTS",
    "FACT_FIELDS",
    "FACT_UNITS",
    "OBSERVATIONS",
    "TABLES",
    "Appended",
    "Basis",
    "Kept",
    "Pull",
    "Reading",
    "Table",
    "age",
    "append",
    "as_parquet",
    "history",
    "mark_checked",
    "preview",
    "provenance",
    "read",
    "read_events",
    "read_facts",
    "sources",
    "summary",
    "verify",
]
