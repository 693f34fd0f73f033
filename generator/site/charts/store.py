"""Charts of a build: filled templates as JSON files, their static drawings, and a cache so that nothing is drawn twice."""

from __future__ import annotations

import importlib.metadata
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from generator.core import canonical_json, sha256_bytes, write_if_changed
from generator.site.charts import drawing
from generator.site.thinning import stilled

if TYPE_CHECKING:
    from generator.site.charts.figure import Figure

BUNDLE_PATH = "assets/vega/vega.js"
CHARTS = "assets/charts/"
Rows = Sequence[Mapping[str, Any]]
#: Stands for a drawing that is still being made.
_PLACE = "<!-- drawing {} -->"
_PLACES = re.compile(_PLACE.format("([0-9a-f]{32})"))


@dataclass(frozen=True)
class Chart:
    """One chart of a page: where its specification is, its static drawing, the store that is told under which figure it was
    shown, and in words what the drawing leaves out."""

    path: str
    svg: Markup
    store: ChartStore | None = field(default=None, repr=False, compare=False)
    left_out: str = ""

    @property
    def name(self) -> str:
        """The chart's id, the same in every version of the site."""
        return self.path.removeprefix(CHARTS).removesuffix(".json")


@dataclass
class ChartStore:
    """Makes charts and remembers the files that the site needs for them (`files`: path below the docs folder → text), and the
    figures that showed them (`shown`: chart → figure, the full one where a chart is shown twice).

    With `drawers` a drawing that is not in the cache is made beside: a mark stands for it until `filled` puts it in.
    """

    cache: Path
    drawers: drawing.Drawers | None = None
    files: dict[str, str] = field(default_factory=dict)
    used: set[Path] = field(default_factory=set)
    shown: dict[str, Figure] = field(default_factory=dict)
    _waiting: set[str] = field(default_factory=set)

    def chart(
        self,
        name: str,
        template: str,
        data: Mapping[str, Rows],
        tokens: Mapping[str, Any],
    ) -> Chart:
        """Fill a template. `name` is the chart's address below assets/charts/; `tokens` replace ``@x`` and the like; a list replaces
        a list that holds the token alone. The static drawing shows less of very many points (see generator.site.thinning)."""
        spec = fill(self._template(template), data, tokens)
        path = f"{CHARTS}{name}.json"
        text = canonical_json(spec)
        self.files[path] = text
        still, note = stilled(data)
        if still == dict(data):
            return Chart(path, self._drawing(spec, text), self)
        drawn = fill(self._template(template), still, tokens)
        return Chart(path, self._drawing(drawn, canonical_json(drawn)), self, note)

    def bundle(self) -> str:
        """Vega, Vega-Lite and vega-embed as one script that asks no other host for anything."""
        return self._kept(self._script, drawing.script)

    def missing(self) -> list[drawing.Order]:
        """What every build needs and the cache does not hold: the script and the templates."""
        wanted = ((self.cache / self._script, "script"), (self.cache / self._made, "templates"))
        return [(path, maker, ()) for path, maker in wanted if not path.is_file()]

    def ask_for_script(self) -> None:
        """Have the script made beside, where the cache does not hold it."""
        if self.drawers is not None and not (self.cache / self._script).is_file():
            self.drawers.ask(self.cache / self._script, "script")

    def rest(self) -> None:
        """No chart is asked for a while."""
        if self.drawers is not None:
            self.drawers.rest()

    def has_places(self, text: str) -> bool:
        """Whether a page waits for a drawing."""
        return _PLACES.search(text) is not None

    def filled(self, text: str) -> str:
        """A page with the drawings that were made beside in their places."""
        return _PLACES.sub(lambda found: self._read(f"{found[1]}.svg") if found[1] in self._waiting else found[0], text)

    def tidy(self) -> None:
        """Remove what this build did not use from the cache."""
        for path in self.cache.glob("*"):
            if path.is_file() and path not in self.used:
                path.unlink()

    @cached_property
    def _versions(self) -> str:
        versions = [importlib.metadata.version(name) for name in ("altair", "vl-convert-python")]
        return sha256_bytes(canonical_json([*versions, drawing.VEGA_LITE]))[:16]

    @cached_property
    def _code(self) -> str:
        folder = Path(__file__).parent
        return sha256_bytes(
            "".join((folder / name).read_text(encoding="utf-8") for name in ("templates.py", "store.py", "drawing.py"))
        )[:16]

    @property
    def _script(self) -> str:
        return f"vega-{self._versions}.js"

    @property
    def _made(self) -> str:
        return f"templates-{self._versions}-{self._code}.json"

    @cached_property
    def _templates(self) -> dict[str, Any]:
        return dict(json.loads(self._kept(self._made, drawing.templates)))

    def _template(self, name: str) -> dict[str, Any]:
        return dict(self._templates[name])

    def _drawing(self, spec: dict[str, Any], text: str) -> Markup:
        digest = sha256_bytes(text + self._versions + self._code)[:32]
        path = self.cache / f"{digest}.svg"
        if self.drawers is None or path.is_file():
            return Markup(self._kept(path.name, lambda: drawing.draw(spec)))  # noqa: S704 - vl-convert escapes text
        self.used.add(path)
        self.drawers.ask(path, "draw", spec)
        self._waiting.add(digest)
        return Markup(_PLACE.format(digest))  # noqa: S704 - a digest

    def _kept(self, name: str, make: Any) -> str:
        path = self.cache / name
        self.used.add(path)
        if not path.is_file():
            write_if_changed(path, make())
        return self._read(name)

    def _read(self, name: str) -> str:
        return (self.cache / name).read_text(encoding="utf-8")


def fill(template: Mapping[str, Any], data: Mapping[str, Rows], tokens: Mapping[str, Any]) -> dict[str, Any]:
    """The template with its data sets and titles; tooltips whose token is not given and layers without data are left out."""
    spec = dict(_replaced(template, tokens))
    names = {part["data"]["name"] for part in (spec, *spec["layer"]) if "data" in part}
    unknown = set(data) - names
    if unknown:
        raise ValueError(
            f"the template has no data set {', '.join(sorted(unknown))}; it has {', '.join(sorted(names))}"
        )
    spec["datasets"] = {name: [dict(row) for row in rows] for name, rows in sorted(data.items()) if rows}
    shared = spec.get("data", {}).get("name", "")
    spec["layer"] = [layer for layer in spec["layer"] if _is_drawable(layer, shared, spec["datasets"])]
    return spec


def _is_drawable(layer: Mapping[str, Any], shared: str, data: Mapping[str, Rows]) -> bool:
    """False for a layer whose data set is empty or lacks a field: Vega would warn of an infinite extent."""
    rows = data.get(layer["data"]["name"] if "data" in layer else shared)
    if not rows:
        return False
    needed = {
        channel["field"]
        for name, channel in layer["encoding"].items()
        if name in ("x", "y", "y2") and "field" in channel
    }
    return needed <= set(rows[0])


def _replaced(node: Any, tokens: Mapping[str, Any]) -> Any:
    if isinstance(node, str) and node.startswith("@"):
        return tokens.get(node[1:], "")
    if isinstance(node, list):
        if len(node) == 1 and isinstance(node[0], str) and isinstance(tokens.get(node[0].removeprefix("@")), list):
            return tokens[node[0].removeprefix("@")]
        kept = [item for item in node if not _is_unset_tooltip(item, tokens)]
        return [_replaced(item, tokens) for item in kept]
    if isinstance(node, dict):
        return {key: _replaced(value, tokens) for key, value in node.items()}
    return node


def _is_unset_tooltip(item: Any, tokens: Mapping[str, Any]) -> bool:
    title = item.get("title") if isinstance(item, dict) and "field" in item else None
    return isinstance(title, str) and title.startswith("@") and title[1:] not in tokens
