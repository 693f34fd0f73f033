"""Data to bundle: gather, choose, compute, describe. The one place where the stages meet."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import generator
from generator import snapshots
from generator.core import canonical_json, sha256_bytes, sha256_file
from generator.panel import Observations, Panel, PanelProvider, read_stored
from generator.panel.published import read_published
from generator.report.beside import beside, give_back, settled
from generator.report.bundle import SCHEMA_VERSION, Bundle
from generator.report.cited import cited_couplings
from generator.report.deep import deep_sections
from generator.report.entities import entities
from generator.report.forecast_tables import forecast_tables
from generator.report.forecasting import forecasts_section
from generator.report.frames import frame_digest
from generator.report.history import changes_section, read_changes
from generator.report.ledger import claims_section
from generator.report.memo import FOLDER, Memo, keeper, panel_state
from generator.report.outputs import changes_feed
from generator.report.paper_tables import published_tables
from generator.report.papers import NAMES, published_statistics
from generator.report.physics import physics_section
from generator.report.statistics import Computed, compute, generator_for
from generator.report.steering import Steering, read_steering
from generator.report.steering_tables import steering_tables
from generator.report.tables import tables
from generator.report.tracker import provider_of, tracker_section
from generator.schema import Registry, check_registry, load_registry

#: What the evaluation of predictions reads below the project folder.
MODELS = "data/models"
TRACKED = (
    "predictions", MODELS, "data/benchmarks", "data/labs", "data/families", "data/sources", "data/snapshots", "data/panels",
    "data/aliases.yaml", "data/corrections.yaml", "data/evaluators.yaml", "data/tracks.yaml",
)  # fmt: skip
#: Most resamples behind the standing of a prediction.
STANDING_DRAWS = 1_000
DEPENDENCIES = (
    "altair", "jinja2", "markdown", "mkdocs", "mkdocs-material", "numpy", "pandas", "pyarrow", "pydantic", "pysindy",
    "pyyaml", "scikit-learn", "scipy", "vl-convert-python",
)  # fmt: skip


@dataclass(frozen=True)
class Settings:
    """What a report depends on beside the data: the day, the seed of every resampling, and how many resamples.

    stored_forecasts_only: forecasts that were not computed before are left out with a reason; they take minutes.
    """

    as_of: dt.date | None = None
    seed: int = 20260513
    resamples: int = 10_000
    stored_forecasts_only: bool = False


def make_bundle(
    root: Path,
    settings: Settings,
    *,
    tell: Callable[[str], None] = lambda _stage: None,
    like: Path | None = None,
) -> Bundle:
    """The report of the data under `root`. Raises ProblemsFound when the data hold errors.

    Without `settings.as_of` the newest day recorded in the data is used, never the clock. `tell` is called with the name of
    each stage as it begins. `like` is another project folder: what was computed and kept there for equal inputs is not
    computed again.
    """
    tell("read")
    stored = beside(lambda: list(read_stored(root)))
    registry = load_registry(root)
    # Days are compared with the clock by `capewatch check`; a build knows no clock.
    registry.problems = check_registry(registry, today=dt.date.max)
    registry.require_clean()
    memo = Memo(root, like / FOLDER if like else None)
    published = cache(partial(read_published, root))
    provider = provider_of(root, registry, stored=stored, read=published)
    benchmark = beside(lambda: read_steering(root, keep=memo))
    as_of = settings.as_of or provider.observations.newest_day
    observations, later = _known_by(provider, as_of)
    panels = {track: provider(track, as_of) for track in registry.tracks}
    with settled():
        tell("compute")
        unnamed = {track: panel.unnamed for track, panel in panels.items()}
        _ = memo.surroundings  # read once for the processes that are forked from here on, too
        other = beside(lambda: _ledgers(memo, registry, provider, unnamed, settings, as_of))
        forecasts = beside(
            lambda: forecasts_section(
                root,
                registry,
                provider,
                as_of=as_of,
                seed=settings.seed,
                compute=as_of >= provider.observations.newest_day and not settings.stored_forecasts_only,
            )
        )
        keep = keeper(memo, settings.seed, settings.resamples)
        computed = compute(unnamed, seed=settings.seed, resamples=settings.resamples, keep=keep)
        papers = published_statistics(memo, seed=settings.seed, resamples=settings.resamples, read=published)
        cited = cited_couplings(unnamed, seed=settings.seed, resamples=settings.resamples, keep=keep)
        described = entities(registry, observations, panels, later=later)
        sections = deep_sections(
            unnamed,
            computed.frames["gamma-harness-v1"],
            panel_at=lambda track, day: provider(track, day).unnamed,
            rng=lambda name: generator_for(settings.seed, name),
            resamples=settings.resamples,
            keep=keep,
        )
        sections["physics"] = memo(
            "physics",
            [settings.seed, settings.resamples, panel_state(unnamed["harness-v1"]), memo.folders(["data/panels"])],
            lambda: physics_section(
                root,
                unnamed["harness-v1"],
                computed.frames["gamma-harness-v1"],
                {
                    name.split("/")[2]: one["estimate"]
                    for name, one in computed.statistics.items()
                    if name.startswith("harness-v1/nc/")
                },
                rng=lambda name: generator_for(settings.seed, name),
                resamples=settings.resamples,
            ),
        )
        _add_h(described["models"], computed.frames)
        tell("forecasts")
        sections["forecasts"] = forecasts()
        tell("tables")
        steering = benchmark()
        if steering.section is not None:
            sections["steering"] = steering.section
        listed = tables(
            registry,
            observations,
            {**panels, **papers.panels},
            {**computed.frames, **papers.frames},
            described["models"],
            names=NAMES,
        )
        listed |= (
            steering_tables(steering)
            | published_tables(root, read=published)
            | forecast_tables(sections["forecasts"]["trajectories"])
        )
        tell("claims and predictions, still")
        give_back()  # there is time for it now
        sections |= other()
    earlier = read_changes(root)
    sections["changes"] = changes_section(earlier)
    sections["outputs"] |= changes_feed(earlier, as_of=as_of.isoformat())
    return Bundle(
        meta=_meta(
            registry, observations, panels, described, settings, as_of, digest=data_digest(registry, panels, steering)
        ),
        statistics=Computed({**computed.statistics, **papers.statistics, **cited}, {}).as_json(),
        entities=described,
        tables=listed,
        sections=sections,
        files={f"steering/live/{name}": content for name, content in steering.files.items()},
    )


def _known_by(provider: PanelProvider, as_of: dt.date) -> tuple[Observations, frozenset[str]]:
    """What was public by the day, and the models of which nothing was yet; the newest day shows everything that is recorded."""
    whole = provider.at(as_of)
    if as_of >= provider.observations.newest_day:
        return whole, frozenset()
    cut = whole.cut(as_of)
    return cut, frozenset(provider.observations.table["model"]) - frozenset(cut.table["model"])


def _ledgers(
    memo: Memo,
    registry: Registry,
    provider: PanelProvider,
    panels: Mapping[str, Panel],
    settings: Settings,
    as_of: dt.date,
) -> dict[str, Any]:
    """The sections of the claims and of the predictions. `panels`: the live ones by track."""
    claims = claims_section(panels, seed=settings.seed, resamples=settings.resamples, memo=memo)
    draws = min(settings.resamples, STANDING_DRAWS)

    def tracked() -> dict[str, Any]:
        unnamed = [
            as_of.isoformat(),
            memo.folders(name for name in TRACKED if name != MODELS),
            *unnamed_state(registry, provider),
        ]
        return tracker_section(
            memo.root, registry, provider, as_of=as_of, seed=settings.seed, resamples=draws,
            keep=lambda name, compute: memo(f"timelines/{name}", unnamed, compute),
        )  # fmt: skip

    tracker = memo("predictions", [as_of.isoformat(), settings.seed, draws, memo.folders(TRACKED)], tracked)
    return {"claims": claims, "outputs": tracker.pop("outputs"), "predictions": tracker}


def unnamed_state(registry: Registry, provider: PanelProvider) -> list[str]:
    """What names the state of the models and their observations, at any day, but for the names of the models. A name also says which
    spelling of a source is the model's; where the newest observations alone do not tell what was known on a day, it counts."""
    left_out = set() if provider.rewritten else {"name"}
    written = {name: entry.value.model_dump(mode="json", exclude=left_out) for name, entry in registry.models.items()}
    return [sha256_bytes(canonical_json(written)), frame_digest(provider.observations.table)]


def _add_h(models: list[dict[str, Any]], frames: Mapping[str, Any]) -> None:
    """Put each model's row of the h-field tables beside its scores, by track."""
    for model in models:
        model["h"] = {}
    by_id = {model["id"]: model for model in models}
    for name, frame in frames.items():
        kind, track = name.split("-", 1)
        if kind != "hfield":
            continue
        columns = ["x", "y", "fitted", "h", "pi_low", "pi_high", "ci_low", "ci_high", "label"]
        for row in frame[["model", *columns]].to_dict(orient="records"):
            by_id[row["model"]]["h"][track] = {column: row[column] for column in columns}


def _meta(
    registry: Registry,
    observations: Observations,
    panels: Mapping[str, Panel],
    described: Mapping[str, list[dict[str, Any]]],
    settings: Settings,
    as_of: dt.date,
    *,
    digest: str,
) -> dict[str, Any]:
    kinds = [model["kind"] for model in described["models"]]
    undecided = observations.spellings["reason"] == ""
    return {
        "schema": SCHEMA_VERSION,
        "version": generator.__version__,
        "as_of": as_of.isoformat(),
        "seed": settings.seed,
        "resamples": settings.resamples,
        "data_digest": digest,
        "code_sha256": code_sha256(),
        "dependencies": {name: importlib.metadata.version(name) for name in DEPENDENCIES}
        | {"python": ".".join(map(str, sys.version_info[:2]))},
        "counts": {
            "models": len(kinds),
            "base_models": kinds.count("base"),
            "chat_models": kinds.count("chat"),
            "observations": len(observations.finished),
            "checkpoint_observations": len(observations.table) - len(observations.finished),
            "unmatched": int(undecided.sum()),
            "refused": len(observations.refused),
            "cells": {track: int(panel.scores.notna().to_numpy().sum()) for track, panel in sorted(panels.items())},
            **{kind: len(described[kind]) for kind in ("benchmarks", "labs", "families", "sources")},
        },
        "freshness": freshness(registry, described["sources"], as_of),
        "warnings": [problem.as_dict() for problem in registry.problems],
        "unused_corrections": [item.model_dump() for item in observations.unused_corrections],
    }


def code_sha256() -> str:
    """sha256 over the package's own files, by name: says which code made a bundle, in a checkout and without one.

    A commit would say it too, but only where there is a checkout; `git log` finds the commits whose files have this digest.
    """
    package = Path(generator.__file__).parent
    files = sorted(path for path in package.rglob("*") if path.suffix in (".py", ".json", ".yaml") and path.is_file())
    return sha256_bytes(canonical_json([[path.relative_to(package).as_posix(), sha256_file(path)] for path in files]))


def data_digest(registry: Registry, panels: Mapping[str, Panel], steering: Steering) -> str:
    """sha256 over every panel, every written file's content and the steering results: names the data version of a report."""
    written = {
        kind: {name: entry.value.model_dump() for name, entry in sorted(getattr(registry, kind).items())}
        for kind in ("models", "benchmarks", "labs", "families", "sources")
    }
    tracks = {track: panel.digest for track, panel in sorted(panels.items())}
    return sha256_bytes(canonical_json([written, tracks, steering.digest]))


def freshness(registry: Registry, sources: list[dict[str, Any]], as_of: dt.date) -> list[dict[str, Any]]:
    """How old each stored source is on `as_of`, and whether that is older than it may be."""
    folder = registry.root / "data" / "snapshots"
    stored = set(snapshots.sources(folder))
    rows = []
    for source in sources:
        age = snapshots.age(folder, source["id"], on=as_of) if source["id"] in stored else None
        rows.append(
            {
                "source": source["id"],
                "name": source["name"],
                "url": source["url"],
                "licence": source["licence"],
                "redistribute": source["redistribute"],
                "newest": source["newest"],
                "age_days": age,
                "max_age_days": source["max_age_days"],
                "stale": age is not None and age > source["max_age_days"],
                "rows_used": source["rows_used"],
            }
        )
    return rows
