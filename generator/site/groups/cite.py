"""Cite: how to cite this version of the site, as text, BibTeX and CFF, from CITATION.cff and the facts of the bundle."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from generator.core import CapewatchError
from generator.schema.yamlfile import read_yaml
from generator.site.page import Group, Page
from generator.site.view import View

URL = "cite/"
SOURCE = "CITATION.cff"
DIGEST = 16  # characters of the data digest that a citation carries


def pages(view: View) -> Iterator[Page]:
    """The page, and the same citation as ``cite/capewatch.bib`` and ``cite/CITATION.cff``; nothing where the file is absent."""
    if not (view.root / SOURCE).is_file():
        return
    facts = citation(view)
    view.extra_files["cite/capewatch.bib"] = bibtex(facts)
    view.extra_files["cite/CITATION.cff"] = cff(facts)
    yield Page(
        "cite/index.md",
        "Cite",
        "How to cite a version of capewatch: text, BibTeX and CFF with version and data digest.",
        view.render("cite.md.j2", URL, facts=facts, text=plain(facts), bibtex=bibtex(facts), cff=cff(facts)),
    )


def citation(view: View) -> dict[str, Any]:
    """CITATION.cff as data, with version, day and data digest of this build. Raises CapewatchError for a file that cannot be used."""
    document = read_yaml(view.root / SOURCE, shown_as=SOURCE)
    needed = ("title", "authors", "license")
    if not isinstance(document.data, dict) or document.problems or not all(document.data.get(key) for key in needed):
        raise CapewatchError(
            f"{SOURCE} cannot be used",
            hint=f"it needs {', '.join(needed)}; check it with cffconvert or restore it from version control",
        )
    meta = view.meta
    return dict(document.data) | {
        "version": meta["version"],
        "as_of": meta["as_of"],
        "digest": meta["data_digest"],
        "date-released": meta["as_of"],
    }


def authors(facts: Mapping[str, Any]) -> list[str]:
    """Names as a reference gives them: an entity's name, or given and family names."""
    return [
        one.get("name") or " ".join(filter(None, (one.get("given-names"), one.get("family-names"))))
        for one in facts["authors"]
    ]


def plain(facts: Mapping[str, Any]) -> str:
    year = facts["as_of"][:4]
    return (
        f"{', '.join(authors(facts))} ({year}). {facts['title']}. Version {facts['version']}, data as of {facts['as_of']}, "
        f"data digest sha256 {facts['digest'][:DIGEST]}."
    )


def bibtex(facts: Mapping[str, Any]) -> str:
    """A ``@software`` entry; the note carries day and digest of the data. Ends with a newline."""
    fields = {
        "author": " and ".join(f"{{{_tex(name)}}}" for name in authors(facts)),
        "title": f"{{{_tex(facts['title'])}}}",
        "year": facts["as_of"][:4],
        "version": facts["version"],
        "license": facts["license"],
        "note": f"Data as of {facts['as_of']}, digest sha256 {facts['digest'][:DIGEST]}",
    }
    key = f"capewatch-{facts['as_of']}-{facts['digest'][:6]}"
    lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
    return f"@software{{{key},\n{lines}\n}}\n"


def cff(facts: Mapping[str, Any]) -> str:
    """The file with version and day of this build, the full data digest as an identifier."""
    kept = {key: value for key, value in facts.items() if key not in ("as_of", "digest")}
    identifier = {"type": "other", "value": f"sha256:{facts['digest']}", "description": f"data as of {facts['as_of']}"}
    return str(yaml.safe_dump({**kept, "identifiers": [identifier]}, sort_keys=False, allow_unicode=True, width=100))


def _tex(text: str) -> str:
    return re.sub(r"([&%$#_{}])", r"\\\1", text)


GROUP = Group("cite", pages)
