"""`capewatch panel`: one track at one day as a table, by pandas or, for logs larger than memory, by DuckDB."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from generator.cli.main import project_root
from generator.core import write_atomic

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
    """The panel of a track: one row a model, a column an axis, after it the standard errors (AXIS_se).

    Scores and errors are in the unit of the benchmark: percent, 0 to 100, where it is bounded. Names, labs and sizes
    are in the tables on the site's Data page.

    Example: capewatch panel maker --as-of 2026-05-31 --out maker.csv
    """
    from generator.panel.bulk import BULK_BYTES, bulk_panel, stored_bytes
    from generator.panel.provider import PanelProvider, newest_recorded
    from generator.schema import load_registry

    if out is not None and out.suffix not in (".csv", ".parquet"):
        raise click.UsageError(f"--out {out}: write a name that ends in .csv or .parquet")
    registry = load_registry(project_root(root)).require_clean()
    day = as_of.date() if as_of else newest_recorded(registry)
    bulk = engine == "duckdb" or (engine == "auto" and stored_bytes(registry) > BULK_BYTES)
    found = bulk_panel(registry, track, as_of=day) if bulk else PanelProvider(registry)(track, day)
    table = found.scores.join(found.stderr.add_suffix("_se")).rename_axis("model").reset_index()
    if out is None:
        click.echo(table.to_csv(index=False, lineterminator="\n"), nl=False)
        return
    write_atomic(
        out, table.to_csv(index=False, lineterminator="\n") if out.suffix == ".csv" else table.to_parquet(index=False)
    )
    click.echo(f"{len(table)} models × {len(found.axes)} axes of {track} as of {day}: {out}")
