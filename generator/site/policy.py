"""The Content-Security-Policy of every page, as a meta tag: nothing runs but the site's own files and the theme's own scripts.

The theme has a few inline scripts; they are allowed by hash. Which ones they are is read from the page for missing
addresses, which holds no foreign text. A page with any other inline script is not published: hashing whatever a page
holds would allow the very script that the policy is there to stop.

One policy serves all pages, because the browser keeps that of the first page while the reader moves through the site,
and adds up the restrictions of every other one it meets. `'unsafe-eval'` is not needed: charts are drawn with Vega's
interpreter of expressions (``ast: true``).
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Container, Iterable
from functools import lru_cache
from pathlib import Path

from generator.core import CapewatchError

_CHARSET = '<meta charset="utf-8">'
_TAG = '\n      <meta http-equiv="Content-Security-Policy" content="{}">'
_OLD = re.compile(re.escape(_TAG).replace(r"\{\}", '[^"]*'))
#: The page for missing addresses.
TRUSTED = "404.html"
_BASE = "new URL(BASE,location)"
_HINT = "scripts belong in site_src/docs/assets/javascripts; text from data must be escaped"
_SCRIPT = re.compile(r"<script(?P<attributes>[^>]*)>(?P<body>.*?)</script\s*>", re.DOTALL | re.IGNORECASE)
_SOURCE = re.compile(r"(?:^|\s)src\s*=", re.IGNORECASE)
_DATA = re.compile(r"\btype=\"application/(?:ld\+)?json\"")
_CONFIG = re.compile(r'<script id="__config" type="application/json">(.*?)</script>', re.DOTALL)
_RULES = (
    ("style-src", "'self'"), ("img-src", "'self' data:"), ("font-src", "'self'"), ("connect-src", "'self'"), ("worker-src", "'self'"),
    ("frame-src", "'none'"), ("object-src", "'none'"), ("base-uri", "'self'"), ("form-action", "'self'"),
)  # fmt: skip


class Policy:
    """The policy of a site, and which inline scripts it allows.

    trusted: the page for missing addresses as the theme made it; bases: the ways up to the site's root of all pages.
    """

    def __init__(self, trusted: str, bases: Iterable[str]) -> None:
        scripts = _neutral(trusted)
        self._known = frozenset(scripts.values())
        everywhere = {body.replace(_BASE, _based(base)) for body in self._known for base in bases}
        self.text = _policy({_hash(body) for body in {*scripts, *everywhere} if _BASE not in body})

    def put_into(self, page: str, *, name: str) -> str:
        """The page with the policy. Raises CapewatchError for an inline script that is not the theme's, or a head that is not."""
        for body, neutral in _neutral(page).items():
            if neutral not in self._known:
                raise CapewatchError(
                    f"{name}: holds an inline script that the theme does not have: {body[:80]!r}", hint=_HINT
                )
        return with_policy(page, self.text, name=name)


def with_policy(page: str, policy: str, *, name: str) -> str:
    """The page with the policy in its head, in place of one that is there. Raises CapewatchError where it has no such head."""
    page = without_policy(page)
    if page.count(_CHARSET) != 1:
        raise CapewatchError(f"{name}: no single {_CHARSET} to put the policy behind")
    return page.replace(_CHARSET, _CHARSET + _TAG.format(policy), 1)


def add_policy(site: Path, policy: str, *, besides: Container[str]) -> None:
    """Put the policy into every page below `site` but those `besides` (addresses of files), which have it. Such a page may hold
    no inline script at all. Raises CapewatchError where one does."""
    for path in sorted(site.rglob("*.html")):
        name = path.relative_to(site).as_posix()
        if name in besides:
            continue
        page = path.read_text(encoding="utf-8")
        for body in inline_scripts(page):
            raise CapewatchError(f"{name}: holds an inline script: {body[:80]!r}", hint=_HINT)
        path.write_text(with_policy(page, policy, name=name), encoding="utf-8")


def without_policy(text: str) -> str:
    """A page as it was before it had a policy."""
    return _OLD.sub("", text) if "Content-Security-Policy" in text else text


def inline_scripts(text: str) -> list[str]:
    """The bodies of the scripts that stand in a page itself and are run, in order."""
    return [
        found["body"]
        for found in _SCRIPT.finditer(text)
        if not _SOURCE.search(found["attributes"]) and not _DATA.search(found["attributes"])
    ]


def _neutral(page: str) -> dict[str, str]:
    """Each inline script of a page, without the one thing that differs between pages: the way up to the site's root."""
    config = _CONFIG.search(page)
    base = str(json.loads(config[1])["base"]) if config else "."
    return {body: body.replace(_based(base), _BASE) for body in inline_scripts(page)}


def _based(base: str) -> str:
    return f'new URL("{base}",location)'


@lru_cache(maxsize=256)
def _hash(body: str) -> str:
    digest = hashlib.sha256(body.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _policy(hashes: set[str]) -> str:
    rules = [("default-src", "'self'"), ("script-src", " ".join(["'self'", *sorted(hashes)])), *_RULES]
    return "; ".join(f"{name} {value}" for name, value in rules)
