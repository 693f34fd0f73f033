"""The bundle as pages read it: look-ups by id, the pairs of axes the site shows, charts, links. Nothing is computed here."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from markupsafe import Markup

from generator.core import canonical_json
from generator.panel.published import slug
from generator.report.bundle import Bundle, Table
from generator.site import colours, format
from generator.site.escape import filled, whole
from generator.site.page import base_of
from generator.site.templates import environment

if TYPE_CHECKING:
    from generator.site.charts.store import ChartStore

FRONTIER = ("swe-bench-verified", "gpqa-diamond")
BASE = ("hellaswag", "truthfulqa")
# the track that a chat or a base model's headline comes from, then those that are shown beside it
FRONTIER_TRACKS = ("maker", "epoch")
BASE_TRACKS = ("harness-v1",)
PAPER_OF = {"maker": "paper-frontier", "harness-v1": "paper-base"}
TRACK_NAMES = {"paper-frontier": "Paper's frontier table", "paper-base": "Paper's base table"}
#: Families that only the source of the base models makes, by its word for them.
SOURCE_FAMILIES = {
    "codegen": "CodeGen", "gpt-neo-j": "GPT-Neo and GPT-J", "llama": "LLaMA", "mistral": "Mistral", "openllama": "OpenLLaMA",
    "openllamav2": "OpenLLaMA v2", "phi": "Phi", "redpajama-incite-base": "RedPajama-INCITE", "rwkv": "RWKV", "stablelm": "StableLM",
    "starcoder": "StarCoder",
}  # fmt: skip
TRACK_TEXTS = {
    "paper-frontier": "The paper's table of frontier models exactly as published, frozen.",
    "paper-base": "The paper's table of base models exactly as published, frozen.",
}
Row = dict[str, Any]


@dataclass
class View:
    """A bundle with what pages need around it.

    root: the project folder; charts: where figures are made and kept; extra_files: what pages need beside Markdown,
    path below the docs folder → text; search_entries: what the search index gets beside the pages it reads itself; days: address of a
    page → the day its data reach; compiled: where compiled templates are kept.
    """

    bundle: Bundle
    root: Path
    charts: ChartStore
    extra_files: dict[str, str] = field(default_factory=dict)
    search_entries: list[dict[str, str]] = field(default_factory=list)
    days: dict[str, str] = field(default_factory=dict)
    compiled: jinja2.BytecodeCache | None = field(default=None, repr=False)
    env: jinja2.Environment = field(init=False)

    def __post_init__(self) -> None:
        self.env = environment(self.root / "site_src" / "templates", self.compiled)
        self.env.globals.update(view=self)

    # -- entities -------------------------------------------------------------------------------------------------
    @cached_property
    def models(self) -> dict[str, Row]:
        return self.bundle.by_id("models")

    @cached_property
    def labs(self) -> dict[str, Row]:
        return self.bundle.by_id("labs")

    @cached_property
    def families(self) -> dict[str, Row]:
        return self.bundle.by_id("families")

    @cached_property
    def benchmarks(self) -> dict[str, Row]:
        return self.bundle.by_id("benchmarks")

    @cached_property
    def sources(self) -> dict[str, Row]:
        return self.bundle.by_id("sources")

    @cached_property
    def tracks(self) -> dict[str, Row]:
        return self.bundle.by_id("tracks")

    @cached_property
    def axes(self) -> dict[str, Row]:
        """Every axis by id: id, name, benchmark, unit."""
        found = {
            axis["id"]: {**axis, "benchmark": benchmark["id"], "unit": benchmark["unit"]}
            for benchmark in self.bundle.entities["benchmarks"]
            for axis in benchmark["axes"]
        }
        for track in self.bundle.entities["tracks"]:
            for axis in track["axes"]:
                found.setdefault(axis["id"], {"unit": "", **axis, "benchmark": ""})
        return found

    @cached_property
    def marks(self) -> dict[str, colours.Mark]:
        return colours.marks(self.bundle.entities["labs"])

    @property
    def meta(self) -> dict[str, Any]:
        return self.bundle.meta

    @property
    def as_of(self) -> str:
        return self.bundle.as_of

    def axis_name(self, axis: str) -> str:
        return str(self.axes[axis]["name"]) if axis in self.axes else axis

    def axis_unit(self, axis: str) -> str:
        """The unit scores of an axis have in a panel: percent for benchmarks scored in percent or as a fraction."""
        unit = str(self.axes[axis]["unit"]) if axis in self.axes else ""
        return "percent" if unit in ("percent", "fraction") else unit

    def track_name(self, track: str) -> str:
        return str(self.tracks[track]["name"]) if track in self.tracks else TRACK_NAMES.get(track, track)

    def track_text(self, track: str) -> str:
        return str(self.tracks[track]["description"]) if track in self.tracks else TRACK_TEXTS.get(track, "")

    def mark(self, lab: str | None) -> colours.Mark:
        return self.marks.get(lab or "", colours.Mark("var(--cw-muted)", "circle"))

    def size_of(self, model: str) -> float | None:
        return self.models[model].get("params") if model in self.models else None

    # -- statistics and tables ------------------------------------------------------------------------------------
    def statistic(self, identity: str) -> Row | None:
        return self.bundle.statistics.get(identity)

    def pair_statistic(self, track: str, kind: str, pair: tuple[str, str]) -> Row | None:
        """A statistic of a pair of axes: kind ``r``, ``ols`` …"""
        return self.statistic(f"{track}/{kind}/{pair[0]}~{pair[1]}")

    def tracks_with(self, pair: tuple[str, str], candidates: Iterable[str]) -> list[str]:
        """The tracks of `candidates` for which the bundle has the coupling of the pair, with an estimate or a reason."""
        return [track for track in candidates if self.pair_statistic(track, "r", pair) is not None]

    def table(self, name: str) -> Table | None:
        return self.bundle.tables.get(name)

    @cached_property
    def _rows(self) -> dict[str, list[Row]]:
        return {}

    def csv(self, name: str) -> str:
        """Address of a table's CSV below the site's root, empty when the bundle has no such table."""
        return f"data/tables/{name}.csv" if name in self.bundle.tables else ""

    def rows(self, name: str) -> list[Row]:
        """Rows of a table as mappings, empty when the bundle has no such table."""
        if name not in self._rows:
            table = self.table(name)
            self._rows[name] = table.rows if table else []
        return self._rows[name]

    def h_rows(self, track: str) -> list[Row]:
        """Rows of the h table of a track, each with the model's name."""
        return [row | {"name": self.model_name(row["model"])} for row in self.rows(f"hfield-{track}")]

    def model_name(self, model: str) -> str:
        """The model's name; of a model that only a table of the papers has, its name there."""
        return str(self.models[model]["name"]) if model in self.models else self._published_names.get(model, model)

    def family_name(self, family: str) -> str:
        """The name of a family of the registry, or of one that only a source's own grouping makes."""
        return str(self.families[family]["name"]) if family in self.families else SOURCE_FAMILIES.get(family, family)

    @cached_property
    def _published_names(self) -> dict[str, str]:
        return {row["model"]: row["name"] for track in PAPER_OF.values() for row in self.rows(f"panel-{track}")}

    @cached_property
    def published_slugs(self) -> dict[str, str]:
        """How recipes write the models of the papers' tables (``claude-3.5-haiku``) → their names there."""
        return {slug(name): name for name in self._published_names.values()}

    @cached_property
    def model_slugs(self) -> dict[str, str]:
        """Names of the registry's models by the slug of the name (``claude-opus-4.7``), as recipes write them, not by their ids."""
        return {slug(one["name"]): str(one["name"]) for one in self.models.values()}

    @cached_property
    def h_by_model(self) -> dict[str, dict[str, Row]]:
        """model → track → row of the h table."""
        found: dict[str, dict[str, Row]] = defaultdict(dict)
        for track in (*FRONTIER_TRACKS, *self.tracks):
            for row in self.h_rows(track):
                found[row["model"]][track] = row
        return found

    def gamma_rows(self, track: str) -> list[Row]:
        return self.rows(f"gamma-{track}")

    @cached_property
    def gamma_by_family(self) -> dict[str, dict[str, list[Row]]]:
        """family → track → rows of the γ12 table, smallest sizes first."""
        found: dict[str, dict[str, list[Row]]] = defaultdict(dict)
        for track in (*BASE_TRACKS, *self.tracks):
            for row in self.gamma_rows(track):
                rows = found[row["family"]].setdefault(track, [])
                if row not in rows:
                    rows.append(row)
        return found

    def score(self, model: Mapping[str, Any], track: str, axis: str) -> float | None:
        cell = model["scores"].get(track, {}).get(axis)
        return cell["value"] if cell else None

    @cached_property
    def track_sources(self) -> dict[str, set[str]]:
        """track -> the sources behind the cells of its panel."""
        found: dict[str, set[str]] = defaultdict(set)
        for model in self.bundle.entities["models"]:
            for row in model["observations"]:
                for track in row["chosen_in"]:
                    found[track].add(row["source"])
        return found

    @cached_property
    def chosen_protocols(self) -> dict[tuple[str, str], list[Row]]:
        """Track and axis -> the protocol of every score that the track uses for the axis."""
        found: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for model in self.bundle.entities["models"]:
            for row in model["observations"]:
                for track in row["chosen_in"]:
                    found[track, row["axis"]].append(row["protocol"])
        return dict(found)

    def stale_note(self, *, tracks: Iterable[str] = (), sources: Iterable[str] = ()) -> str:
        """HTML to append to a page that uses sources older than they may be; empty when none is."""
        used = set(sources).union(*(self.track_sources.get(track, set()) for track in tracks))
        stale = [row for row in self.bundle.meta["freshness"] if row["stale"] and row["source"] in used]
        if not stale:
            return ""
        named = "; ".join(f"{row['name']}: {row['age_days']} days, at most {row['max_age_days']}" for row in stale)
        note = Markup('<p class="cw-note"><span class="cw-chip cw-chip--warn">stale</span> Behind this page: {}.</p>')
        return f"\n\n{note.format(named)}\n"

    @cached_property
    def as_of_date(self) -> dt.date:
        return dt.date.fromisoformat(self.as_of)

    # -- pages ----------------------------------------------------------------------------------------------------
    def downloads(self) -> Iterator[tuple[str, bytes | str]]:
        """Every table as CSV, Parquet and JSON with metadata, below data/tables/.

        Files of a bundle that lies written under build/bundle and is this one are taken as they are.
        """
        written = self.root / "build" / "bundle"
        meta = written / "meta.json"
        if meta.is_file() and meta.read_text(encoding="utf-8") == canonical_json(self.meta, indent=1):
            for path in sorted((written / "tables").iterdir()):
                yield f"data/tables/{path.name}", path.read_bytes()
            return
        for name, table in sorted(self.bundle.tables.items()):
            yield f"data/tables/{name}.csv", table.csv
            yield f"data/tables/{name}.parquet", table.parquet(self.as_of)
            yield f"data/tables/{name}.json", table.json(self.as_of)

    def section(self, name: str) -> Any:
        """What a later stage put in the bundle, or None."""
        return self.bundle.sections.get(name)

    def render(self, template: str, url: str, **values: Any) -> str:
        """A template with `base` (the way up to the root) and `to(target)` (a link below the root) set for the page."""
        base = base_of(url)
        return self.env.get_template(template).render(
            base=base, to=lambda target: link(base, target), url=url, **values
        )


def link(base: str, target: str) -> str:
    """A relative address from the page with `base` to `target` below the site's root."""
    return f"{base if base != './' or not target else ''}{target}" or "./"


def lab_chip(view: View, lab: str | None, base: str) -> Markup:
    """The lab's symbol and name, linked to its page."""
    if not lab or lab not in view.labs:
        return filled('<span class="cw-none">{}</span>', format.MISSING)
    return filled(
        '<a class="cw-lab" href="{}">{}{}</a>',
        link(base, f"labs/{lab}/"),
        glyph(view.mark(lab)),
        view.labs[lab]["name"],
    )


def glyph(mark: colours.Mark) -> Markup:
    """The symbol of a lab as a small inline picture."""
    return filled(
        '<svg class="cw-glyph" viewBox="0 0 12 12" width="12" height="12" aria-hidden="true"><path d="{}" fill="{}"/></svg>',
        mark.outline,
        mark.colour,
    )


def model_link(view: View, model: str, base: str, name: str | None = None) -> Markup:
    """The model's name, linked when it has a page; of a model that only a table of the papers has, its name there."""
    text = whole(name or view.model_name(model))
    if model not in view.models:
        return filled("<span>{}</span>", text)
    return filled('<a href="{}">{}</a>', link(base, f"models/{model}/"), text)


def axis_link(view: View, axis: str, base: str) -> Markup:
    """The name of an axis, linked to the page of its benchmark where it has one."""
    benchmark = view.axes[axis]["benchmark"] if axis in view.axes else ""
    if benchmark not in view.benchmarks:
        return filled("<span>{}</span>", view.axis_name(axis))
    return filled('<a href="{}benchmarks/{}/">{}</a>', base, benchmark, view.axis_name(axis))


def source_link(url: Any, text: str) -> Markup:
    """A link to another site, only for http(s) addresses."""
    from generator.site.escape import http_url

    safe = http_url(url)
    return filled('<a href="{}" rel="external nofollow">{}</a>', safe, text) if safe else filled("{}", text)
