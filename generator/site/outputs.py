"""Files for programs: the JSON interface under api/v1, badges, feeds, calendar, schemas, llms.txt."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from generator.core import canonical_json
from generator.predictions.outputs import folded, unfolded
from generator.report.bundle import Bundle
from generator.report.outputs import SITE

API = "api/v1"


def outputs(bundle: Bundle, *, root: Path, site_url: str) -> Iterator[tuple[str, str]]:
    """Path below the site's root and text. `site_url` is put wherever the bundle could not know it."""
    listed: list[dict[str, str]] = []

    def described(path: str, text: str, what: str) -> tuple[str, str]:
        listed.append({"path": path, "description": what})
        return path, text

    base = site_url.rstrip("/") + "/"
    for path, text in sorted(bundle.sections.get("outputs", {}).items()):
        yield described(path, _placed(path, text, base), _what(path))
    yield described(f"{API}/meta.json", canonical_json(bundle.meta, indent=1), "as-of day, counts, freshness, versions")
    yield described(f"{API}/statistics.json", canonical_json(bundle.statistics, indent=1), "every statistic by id")
    for item in bundle.sections.get("changes", {}).get("items", ()):
        yield described(
            f"{API}/changes/{item['name']}.json", canonical_json(item), f"what changed: {item['kind']} {item['name']}"
        )
    claims = bundle.sections.get("claims", {})
    yield described(
        f"{API}/claims.json", canonical_json(claims.get("items", []), indent=1), "every claim with verdict and recipes"
    )
    for claim in claims.get("items", []):
        yield described(f"{API}/claims/{claim['id']}.json", canonical_json(claim, indent=1), f"claim {claim['id']}")
    for path in sorted((root / "data" / "schema").glob("*.schema.json")):
        yield described(
            f"{API}/schema/{path.name}", path.read_text(encoding="utf-8"), "JSON Schema of a file people write"
        )
    for name, table in sorted(bundle.tables.items()):
        listed += [
            {"path": f"data/tables/{name}.{kind}", "description": f"{table.title}, {kind}"}
            for kind in ("csv", "parquet", "json")
        ]
    yield f"{API}/index.json", canonical_json(_index(bundle, listed), indent=1)
    yield "llms.txt", _for_language_models(bundle, base)


def _placed(path: str, text: str, base: str) -> str:
    """The text with the site's address where the bundle could not know it, in the form that the kind of file asks for."""
    if path.endswith(".ics"):
        return folded(line.replace(SITE, base) for line in unfolded(text))
    return text.replace(SITE, escape(base, {'"': "&quot;"}) if path.endswith(".xml") else base)


def _what(path: str) -> str:
    if "/badges/" in path:
        return "badge endpoint"
    if path.endswith(".xml"):
        return "Atom feed"
    return "calendar of deadlines" if path.endswith(".ics") else "predictions as data"


def _index(bundle: Bundle, listed: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "version": bundle.meta["version"],
        "as_of": bundle.as_of,
        "data_digest": bundle.meta["data_digest"],
        "resources": sorted(listed, key=lambda item: item["path"]),
    }


def _for_language_models(bundle: Bundle, base: str) -> str:
    return "\n".join(
        [
            "# capewatch",
            "",
            "> Couplings between capabilities of language models, recomputed from sourced scores; published claims and registered",
            f"> predictions with computed verdicts. Data as of {bundle.as_of}.",
            "",
            f"- [Index of everything programs can read]({base}{API}/index.json)",
            f"- [Predictions]({base}{API}/predictions.json)",
            f"- [Claims]({base}{API}/claims.json)",
            f"- [Statistics]({base}{API}/statistics.json)",
            f"- [Method]({base}method/)",
            f"- [Data]({base}data/)",
            "",
        ]
    )
