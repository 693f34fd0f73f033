"""`capewatch panel`: one track at one day as a table, by pandas or, for logs larger than memory, by DuckDB."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click

from generator.cli.main import project_root
from generator.core import counted, write_atomic

if TYPE_CHECKING:
    from generator.panel import Panel
    from generator.schema import Registry

ENGINES = ("auto", "pandas", "duckdb")


@click.command()
@click.argument("track")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="Day of the data. Default: the newest recorded.")
@click.option("--engine", type=click.Choice(ENGINES), default="auto", show_default=True,
              help="auto: DuckDB where the stored logs exceed 500 MB together, else pandas. Both give the same table.")  # fmt: skip
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A .csv or .parquet file. Default: CSV on standard output.",
)
@click.pass_obj
def panel(root: Path | None, track: str, as_of: dt.datetime | None, engine: str, out: Path | None) -> None:
    """The panel of TRACK, a live track or a frozen table of the papers: one row a model with id and name, a column an axis,
    after the axes their standard errors (AXIS_se).

    Scores and errors are in the unit of the benchmark: percent, 0 to 100, where it is bounded. Labs and sizes are in the
    tables on the site's Data page.

    Example: capewatch panel maker --as-of 2026-05-31 --out maker.csv
    """
    from generator.schema import load_registry

    if out is not None and out.suffix not in (".csv", ".parquet"):
        raise click.UsageError(f"--out {out}: write a name that ends in .csv or .parquet")
    registry = load_registry(project_root(root)).require_clean()
    found, when = _panel(registry, track, as_of.date() if as_of else None, engine)
    scored = found.scores.join(found.stderr.add_suffix("_se"))
    table = found.models[["name"]].join(scored).rename_axis("model").reset_index()
    if out is None:
        click.echo(table.to_csv(index=False, lineterminator="\n"), nl=False)
        return
    write_atomic(
        out, table.to_csv(index=False, lineterminator="\n") if out.suffix == ".csv" else table.to_parquet(index=False)
    )
    models, axes = counted(len(table), "model"), counted(len(found.axes), "axis", "axes")
    click.echo(f"{models} × {axes} of {track} {when}: {out}")


def _panel(registry: Registry, track: str, day: dt.date | None, engine: str) -> tuple[Panel, str]:
    """The panel of a live track or a frozen table, and in words the day it is of."""
    from generator.panel.build import track_of
    from generator.panel.bulk import BULK_BYTES, bulk_panel, stored_bytes
    from generator.panel.provider import PanelProvider, newest_recorded
    from generator.panel.published import LAYOUTS, read_published

    frozen = [name for name in LAYOUTS if (registry.root / "data" / "panels" / name).is_dir()]
    if track in frozen:
        if day is not None:
            raise click.UsageError(f"{track} is a frozen table of the papers; --as-of goes with a live track")
        return read_published(registry.root, track).panel, "as published"
    track_of(registry, track, frozen=frozen)
    day = day or newest_recorded(registry)
    bulk = engine == "duckdb" or (engine == "auto" and stored_bytes(registry) > BULK_BYTES)
    return (bulk_panel(registry, track, as_of=day) if bulk else PanelProvider(registry)(track, day)), f"as of {day}"
