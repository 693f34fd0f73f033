"""Charts of a build: filled templates as JSON files, their static drawings, and a cache so that nothing is drawn twice.

Altair and vl-convert are imported only when the cache does not hold what is asked for.
"""

from __future__ import annotations

import copy
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

if TYPE_CHECKING:
    from generator.site.charts.figure import Figure

VEGA_LITE = "6.4"
STATIC_WIDTH = 560
#: On a phone the words of a drawing are this much larger than drawn, so that they can be read; the room for them is left here.
_PHONE_WORDS = 17 / 12
_SNIPPET = "window.vegaEmbed = vegaEmbed;"
BUNDLE_PATH = "assets/vega/vega.js"
CHARTS = "assets/charts/"
Rows = Sequence[Mapping[str, Any]]
_DROP = re.compile(r' (?:aria-[a-z]+|role|class|pointer-events|xmlns:xlink|version|font-family)="[^"]*"')
_EMPTY = re.compile(r"<path (?:class=\"[^\"]*\" )?(?:d=\"\"|d=\"M0,0h0v0h0Z\")[^>]*/>|<text[^>]*></text>|<g></g>")
_LONG = re.compile(r"(-?\d+\.\d{2})\d+")
_TAG = re.compile(r'<(?:[^>"]|"[^"]*")*>')
_SIZE = re.compile(r'<svg([^>]*?) width="([\d.]+)" height="([\d.]+)"')


@dataclass(frozen=True)
class Chart:
    """One chart of a page: where its specification is, its static drawing, and the store that
    is told under which figure it was shown."""

    path: str
    svg: Markup
    store: ChartStore | None = field(default=None, repr=False, compare=False)

    @property
    def name(self) -> str:
        """The chart's id, the same in every version of the site."""
        return self.path.removeprefix(CHARTS).removesuffix(".json")


@dataclass
class ChartStore:
    """Makes charts and remembers the files that the site needs for them (`files`: path below the docs folder → text), and the
    figures that showed them (`shown`: chart → figure, the full one where a chart is shown twice)."""

    cache: Path
    files: dict[str, str] = field(default_factory=dict)
    used: set[Path] = field(default_factory=set)
    shown: dict[str, Figure] = field(default_factory=dict)

    def chart(
        self,
        name: str,
        template: str,
        data: Mapping[str, Rows],
        tokens: Mapping[str, Any],
        *,
        still: Mapping[str, Rows] | None = None,
    ) -> Chart:
        """Fill a template. `name` is the chart's address below assets/charts/; `tokens` replace ``@x`` and the like; a list replaces
        a list that holds the token alone; `still`: data sets that the static drawing has in place of those of the chart."""
        spec = fill(self._template(template), data, tokens)
        path = f"{CHARTS}{name}.json"
        text = canonical_json(spec)
        self.files[path] = text
        drawn = fill(self._template(template), {**data, **still}, tokens) if still else spec
        return Chart(path, self._drawing(drawn, canonical_json(drawn) if still else text), self)

    def bundle(self) -> str:
        """Vega, Vega-Lite and vega-embed as one script that asks no other host for anything."""
        return self._kept(f"vega-{self._versions}.js", _make_bundle)

    def tidy(self) -> None:
        """Remove what this build did not use from the cache."""
        for path in self.cache.glob("*"):
            if path.is_file() and path not in self.used:
                path.unlink()

    @cached_property
    def _versions(self) -> str:
        versions = [importlib.metadata.version(name) for name in ("altair", "vl-convert-python")]
        return sha256_bytes(canonical_json([*versions, VEGA_LITE]))[:16]

    @cached_property
    def _code(self) -> str:
        folder = Path(__file__).parent
        return sha256_bytes(
            "".join((folder / name).read_text(encoding="utf-8") for name in ("templates.py", "store.py"))
        )[:16]

    @cached_property
    def _templates(self) -> dict[str, Any]:
        text = self._kept(f"templates-{self._versions}-{self._code}.json", _make_templates)
        return dict(json.loads(text))

    def _template(self, name: str) -> dict[str, Any]:
        return dict(self._templates[name])

    def _drawing(self, spec: dict[str, Any], text: str) -> Markup:
        digest = sha256_bytes(text + self._versions + self._code)[:32]
        return Markup(self._kept(f"{digest}.svg", lambda: draw(spec)))  # noqa: S704 - vl-convert escapes text

    def _kept(self, name: str, make: Any) -> str:
        path = self.cache / name
        self.used.add(path)
        if not path.is_file():
            write_if_changed(path, make())
        return path.read_text(encoding="utf-8")


def fill(template: Mapping[str, Any], data: Mapping[str, Rows], tokens: Mapping[str, Any]) -> dict[str, Any]:
    """The template with its data sets and titles; tooltips whose token is not given and layers without data are left out."""
    spec = dict(_replaced(copy.deepcopy(dict(template)), tokens))
    names = _data_names(spec)
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


def draw(spec: Mapping[str, Any]) -> str:
    """A static inline SVG of a specification: fixed width, no accessibility tree of its own, two decimals."""
    import vl_convert

    fixed = {
        **spec,
        "width": STATIC_WIDTH,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "config": _roomy(spec),
    }
    svg = vl_convert.vegalite_to_svg(fixed, vl_version=VEGA_LITE)
    svg = _TAG.sub(lambda tag: _LONG.sub(r"\1", _DROP.sub("", tag.group())), svg)  # the text between tags stays
    before = ""
    while before != svg:
        before, svg = svg, _EMPTY.sub("", svg)
    return _SIZE.sub(r'<svg\1 aria-hidden="true" focusable="false"', svg, count=1).replace("\n", " ")


def _roomy(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration with a margin for larger words of named rows."""
    config: dict[str, Any] = copy.deepcopy(dict(spec.get("config", {})))
    rows = [row["row"] for rows in spec["datasets"].values() for row in rows if isinstance(row.get("row"), str)]
    if rows:
        longest = max(map(len, rows))
        config["axisY"] = {**config.get("axisY", {}), "minExtent": round(min(longest * 6.5, 170) * _PHONE_WORDS)}
    return config


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


def _data_names(node: Any) -> set[str]:
    if isinstance(node, list):
        return set().union(*map(_data_names, node)) if node else set()
    if not isinstance(node, dict):
        return set()
    own = {node["data"]["name"]} if isinstance(node.get("data"), dict) and "name" in node["data"] else set()
    return own.union(*(_data_names(value) for value in node.values())) if node else own


def _make_bundle() -> str:
    import vl_convert

    return vl_convert.javascript_bundle(_SNIPPET, vl_version=VEGA_LITE)


def _make_templates() -> str:
    from generator.site.charts.templates import TEMPLATES

    return canonical_json({name: make() for name, make in TEMPLATES.items()})
