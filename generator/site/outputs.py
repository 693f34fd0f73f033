"""Files for programs: the JSON interface under api/v1, badges, feeds, calendar, schemas, llms.txt."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape

from generator.core import canonical_json
from generator.predictions.outputs import folded, unfolded
from generator.report.bundle import Bundle
from generator.report.outputs import SITE
from generator.report.tables import OWN
from generator.site.api_schemas import API_SCHEMAS, DOCUMENTS
from generator.site.badges import badges
from generator.site.feeds import lab_feeds
from generator.site.model_documents import model_documents

API = "api/v1"
CHARTS = f"{API}/charts.json"
SCHEMAS = f"{API}/schemas"
KINDS = ("csv", "json", "parquet")
TYPES = {
    "json": "application/json", "csv": "text/csv", "parquet": "application/vnd.apache.parquet", "xml": "application/atom+xml",
    "ics": "text/calendar", "svg": "image/svg+xml",
}  # fmt: skip


def outputs(bundle: Bundle, *, root: Path, site_url: str) -> Iterator[tuple[str, str]]:
    """Path below the site's root and text; `site_url` is put wherever the bundle could not know it.

    The catalogue of charts (CHARTS) is listed and not given: it is known when the pages are made.
    """
    base = site_url.rstrip("/") + "/"
    listed = [resource(CHARTS, "every chart that can be embedded")]
    for path, text, what in _resources(bundle, root=root, base=base):
        listed.append(resource(path, what))
        yield path, text
    for name, table in sorted(bundle.tables.items()):
        listed += [resource(f"data/tables/{name}.{kind}", f"{table.title}, {kind}") for kind in KINDS]
    index = {
        "version": bundle.meta["version"],
        "as_of": bundle.as_of,
        "data_digest": bundle.meta["data_digest"],
        "licence": OWN,
        "resources": sorted(listed, key=lambda item: ("/badges/" in item["path"], item["path"])),
    }
    yield f"{API}/index.json", canonical_json(index, indent=1)
    yield "llms.txt", _for_language_models(bundle, base)
    yield "robots.txt", f"User-agent: *\nAllow: /\n\nSitemap: {base}sitemap.xml\n"


def _resources(bundle: Bundle, *, root: Path, base: str) -> Iterator[tuple[str, str, str]]:
    """Path, text and description of every file of the interface but the index and the catalogue of charts."""
    for path, text in sorted(bundle.sections.get("outputs", {}).items()):
        yield path, _placed(path, text, base), _what(path)
    claims = bundle.sections.get("claims", {}).get("items", [])
    for name, content, what in (
        ("meta", bundle.meta, "as-of day, counts, freshness, versions"),
        ("statistics", bundle.statistics, "every statistic by id"),
        ("claims", claims, "every claim with verdict and recipes"),
    ):
        yield f"{API}/{name}.json", canonical_json(content, indent=1), what
    for claim in claims:
        yield f"{API}/claims/{claim['id']}.json", canonical_json(claim, indent=1), f"claim {claim['id']}"
    yield from model_documents(bundle, base)
    for item in bundle.sections.get("changes", {}).get("items", ()):
        yield f"{API}/changes/{item['name']}.json", canonical_json(item), f"what changed: {item['kind']} {item['name']}"
    for name, table in sorted(bundle.tables.items()):
        files = {kind: f"{base}data/tables/{name}.{kind}" for kind in KINDS}
        described = canonical_json({**table.metadata(bundle.as_of), "files": files}, indent=1)
        yield f"{API}/tables/{name}.json", described, f"fields, units, licence, day and digest of {table.title}"
    for name, schema in API_SCHEMAS.items():
        yield (
            f"{SCHEMAS}/{name}.schema.json",
            canonical_json(schema, indent=1),
            f"JSON Schema of {name} in this interface",
        )
    for path in sorted((root / "data" / "schema").glob("*.schema.json")):
        text = path.read_text(encoding="utf-8")
        yield f"{API}/schema/{path.name}", text, "JSON Schema of a file people write"
    yield from badges(bundle)
    yield from lab_feeds(bundle, base)


def resource(path: str, what: str) -> dict[str, str]:
    """An entry of the index: path, description, media type, and the schema of a JSON document of the interface."""
    kind = TYPES.get(path.rpartition(".")[2], "application/octet-stream")
    schema = schema_of(path)
    return {"path": path, "description": what, "type": kind} | ({"schema": schema} if schema else {})


def schema_of(path: str) -> str:
    """Path of the schema of a document of the interface; empty where it has none."""
    for pattern, name in DOCUMENTS:
        if re.fullmatch(pattern, path):
            return f"{SCHEMAS}/{name}.schema.json"
    return ""


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
    if path.endswith(".ics"):
        return "calendar of deadlines"
    single = re.search(r"/predictions/(.+)\.json$", path)
    return f"prediction {single[1]}" if single else "every prediction with criteria, state and standing"


def _for_language_models(bundle: Bundle, base: str) -> str:
    return "\n".join(
        [
            "# capewatch",
            "",
            "> Couplings between capabilities of language models, recomputed from sourced scores; published claims and registered",
            f"> predictions with computed verdicts. Data as of {bundle.as_of}.",
            "",
            f"- [Index of everything programs can read]({base}{API}/index.json): path, description, media type and schema of each file",
            f"- [Predictions]({base}{API}/predictions.json): state, standing, margins and evidence of each",
            f"- [Claims]({base}{API}/claims.json): printed values, recomputed values, verdict and command",
            f"- [Statistics]({base}{API}/statistics.json): estimate, interval, n, method and models behind each number",
            f"- Models: {base}{API}/models/ID.json, the score of each track, h, and every observation with source and protocol",
            f"- [Charts]({base}{API}/charts.json): every chart with its finding in words",
            "",
            "## Tables",
            "",
            *(
                f"- [{table.title}]({base}data/tables/{name}.csv): {table.description} Fields and units: {base}{API}/tables/{name}.json"
                for name, table in sorted(bundle.tables.items())
            ),
            "",
            "## Pages",
            "",
            f"- [Frontier]({base}frontier/): SWE-bench Verified against GPQA Diamond, residual h of each model",
            f"- [Base models]({base}base/): HellaSwag against TruthfulQA, local coupling γ12 by size",
            f"- [Diagnose]({base}diagnose/): where scores put a model; the same reading by `capewatch diagnose --json`",
            f"- [Method]({base}method/): every formula with units",
            f"- [Glossary]({base}glossary/): each term in plain statistics and in the papers' words",
            f"- [Data]({base}data/): sources, licences, freshness, downloads",
            "",
            "Every number belongs to a track (maker, epoch, harness-v1) and a day; name both, and the version, when you cite it.",
            f"Licence: {OWN}. Feeds: {base}feeds/predictions.xml, one a lab below {base}feeds/labs/. Calendar: {base}feeds/deadlines.ics",
            "",
        ]
    )
