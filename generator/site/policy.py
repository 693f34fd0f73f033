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
from functools import lru_cache
from pathlib import Path

from generator.core import CapewatchError

_CHARSET = '<meta charset="utf-8">'
_TAG = '\n      <meta http-equiv="Content-Security-Policy" content="{}">'
_OLD = re.compile(re.escape(_TAG).replace(r"\{\}", '[^"]*'))
_TRUSTED = "404.html"
_SCRIPT = re.compile(r"<script(?P<attributes>[^>]*)>(?P<body>.*?)</script\s*>", re.DOTALL | re.IGNORECASE)
_SOURCE = re.compile(r"(?:^|\s)src\s*=", re.IGNORECASE)
_DATA = re.compile(r"\btype=\"application/(?:ld\+)?json\"")
_CONFIG = re.compile(r'<script id="__config" type="application/json">(.*?)</script>', re.DOTALL)
_RULES = (
    ("style-src", "'self'"), ("img-src", "'self' data:"), ("font-src", "'self'"), ("connect-src", "'self'"), ("worker-src", "'self'"),
    ("frame-src", "'none'"), ("object-src", "'none'"), ("base-uri", "'self'"), ("form-action", "'self'"),
)  # fmt: skip


def add_policy(site: Path) -> str:
    """Put the policy into every page below `site`, in place of one that is there; returns it.

    Raises CapewatchError for a page with an inline script that is not the theme's, or without the theme's head.
    """
    before = {path: path.read_text(encoding="utf-8") for path in sorted(site.rglob("*.html"))}
    texts = {path: without_policy(text) for path, text in before.items()}
    trusted = site / _TRUSTED
    if trusted not in texts:
        raise CapewatchError(f"{_TRUSTED} is missing: the theme's own scripts cannot be told from others")
    known = set(_neutral(texts[trusted]).values())
    hashes: set[str] = set()
    for path, text in texts.items():
        name = path.relative_to(site).as_posix()
        for body, neutral in _neutral(text).items():
            if neutral not in known:
                raise CapewatchError(
                    f"{name}: holds an inline script that the theme does not have: {body[:80]!r}",
                    hint="scripts belong in site_src/docs/assets/javascripts; text from data must be escaped",
                )
            hashes.add(_hash(body))
        if text.count(_CHARSET) != 1:
            raise CapewatchError(f"{name}: no single {_CHARSET} to put the policy behind")
    policy = _policy(hashes)
    tag = _CHARSET + _TAG.format(policy)
    for path, text in texts.items():
        made = text.replace(_CHARSET, tag, 1)
        if made != before[path]:
            path.write_text(made, encoding="utf-8")
    return policy


def without_policy(text: str) -> str:
    """A page as it was before `add_policy`."""
    return _OLD.sub("", text)


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
    return {
        body: body.replace(f'new URL("{base}",location)', "new URL(BASE,location)") for body in inline_scripts(page)
    }


@lru_cache(maxsize=256)
def _hash(body: str) -> str:
    digest = hashlib.sha256(body.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _policy(hashes: set[str]) -> str:
    rules = [("default-src", "'self'"), ("script-src", " ".join(["'self'", *sorted(hashes)])), *_RULES]
    return "; ".join(f"{name} {value}" for name, value in rules)
