"""Pages of the site before that are still right: a page is kept when its Markdown and all that pages share are the same.

build/cache/pages.json   {shared, digest, policy, paths, pages: {path: {key, dest, html, entries, anchors, links}}}
`key` is the digest of the page's Markdown, `html` that of the page as it was published; `shared` covers the configuration, the
theme's overrides, the code, the versions of what renders and the day. The data digest that the head of every page names changes
with any change of the data: it is no part of `shared`, and is put in anew. A page whose published file is gone or changed is
built again; so is every page when a file that a page may link to is gone.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from generator.core import (
    CapewatchError,
    canonical_json,
    names_below,
    read_json,
    sha256_bytes,
    sha256_file,
    write_if_changed,
)
from generator.site.policy import with_policy

DISTRIBUTIONS = ("jinja2", "markdown", "mkdocs", "mkdocs-material", "pygments", "pymdown-extensions")
_HERE = Path(__file__).resolve().parent
_CODE = tuple(
    _HERE / name
    for name in (
        "cards.py",
        "compiled.py",
        "kept.py",
        "pages_job.py",
        "policy.py",
        "raw.py",
        "repeated.py",
        "tables.py",
    )
)
#: Where the head of a page names the data digest (site_src/overrides/main.html).
_DIGEST = 'data-digest="{}"'
_ENVIRONMENT = re.compile(r"!ENV\s+\[?\s*([A-Z_][A-Z0-9_, ]*)")


class KeptPages:
    """What the build before left, and which pages of it can stand."""

    def __init__(self, out: Path, site: Path, *, as_of: str) -> None:
        self._docs, self._site = out / "docs", site
        self._path = out / "cache" / "pages.json"
        self._shared, self._digest = _shared_digest(out, as_of)
        self._before, self._policy = self._digest, ""
        self._paths = sorted(names_below(self._docs))
        self._keys = {path: sha256_file(self._docs / path) for path in self._paths if path.endswith(".md")}
        self.records = dict(self._usable())

    @property
    def missing(self) -> list[str]:
        """Pages that must be built."""
        return [path for path in self._keys if path not in self.records]

    def put_into(self, folder: Path) -> None:
        """Lay the kept pages into the new site, with the present data digest."""
        before, now = (_DIGEST.format(digest).encode() for digest in (self._before, self._digest))
        for record in self.records.values():
            source, target = self._site / record["dest"], folder / record["dest"]
            target.parent.mkdir(parents=True, exist_ok=True)
            if before == now:
                lay(source, target)
                continue
            page = source.read_bytes().replace(before, now)
            target.write_bytes(page)
            record["html"] = sha256_bytes(page)

    def renew_policy(self, folder: Path, policy: str) -> None:
        """Give the pages that were put into `folder` the policy of this site, where that is another one."""
        if policy == self._policy:
            return
        self._policy = policy
        for record in self.records.values():
            path = folder / record["dest"]
            page = with_policy(path.read_text(encoding="utf-8"), policy, name=record["dest"]).encode()
            path.unlink()  # it may be a second name of the page in the site that readers still see
            path.write_bytes(page)
            record["html"] = sha256_bytes(page)

    def add(self, pages: Mapping[str, dict[str, Any]]) -> None:
        """Take in the pages that were built."""
        for path, page in pages.items():
            self.records[path] = {**page, "key": self._keys[path]}

    def check_anchors(self) -> None:
        """Raise CapewatchError naming every link to an anchor that its page has not, kept and new pages alike."""
        anchors = {path: set(record["anchors"]) for path, record in self.records.items()}
        broken = [
            f"{path} links to {target}#{anchor}: there is no such anchor"
            for path, record in sorted(self.records.items())
            for target, wanted in record["links"].items()
            for anchor in wanted
            if target in anchors and anchor not in anchors[target]
        ]
        if broken:
            raise CapewatchError("the pages do not build strictly:\n" + "\n".join(broken))

    def save(self, folder: Path) -> None:
        """Remember the pages as they will be published from `folder`; the whole record is exchanged at once."""
        for record in self.records.values():
            if "html" not in record:
                record["html"] = sha256_file(folder / record["dest"])
        kept = {
            "shared": self._shared,
            "digest": self._digest,
            "policy": self._policy,
            "paths": self._paths,
            "pages": self.records,
        }
        write_if_changed(self._path, canonical_json(kept))

    def _usable(self) -> Iterator[tuple[str, dict[str, Any]]]:
        if not self._path.is_file():
            return
        try:
            before = read_json(self._path)
        except CapewatchError:  # a damaged cache is no cache
            return
        if before["shared"] != self._shared or not set(before["paths"]) <= set(self._paths):
            return
        self._before, self._policy = before["digest"], before["policy"]
        for path, record in before["pages"].items():
            published = self._site / record["dest"]
            if (
                record["key"] == self._keys.get(path)
                and published.is_file()
                and sha256_file(published) == record["html"]
            ):
                yield path, record


def lay(source: Path, target: Path) -> None:
    """Give the file a second name, or copy it where the disk has no such names. Whoever changes one of them puts a new file there."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _shared_digest(out: Path, as_of: str) -> tuple[str, str]:
    """sha256 over all that every page depends on but the data digest, and the data digest."""
    told = read_json(out / "mkdocs.yml")
    digest = str(told.get("extra", {}).get("capewatch", {}).pop("digest", ""))
    plain = out / told["INHERIT"]
    overrides = out / told["theme"]["custom_dir"]
    text = plain.read_text(encoding="utf-8")
    names = {name for found in _ENVIRONMENT.findall(text) for name in found.replace(",", " ").split()}
    files = [plain, *_CODE, *_files(overrides)]
    shared = sha256_bytes(
        canonical_json(
            [
                told,
                as_of,
                sys.version,
                {name: importlib.metadata.version(name) for name in DISTRIBUTIONS},
                {name: os.environ.get(name) for name in names},
                [(path.name, sha256_file(path)) for path in files],
            ]
        )
    )
    return shared, digest


def _files(folder: Path) -> Iterable[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())
