"""Days in the sitemap: the day up to which the data behind a page reach, where a page knows it; the day of the data elsewhere."""

from __future__ import annotations

import gzip
import re
from collections.abc import Mapping
from pathlib import Path

_ENTRY = re.compile(r"(<loc>([^<]*)</loc>\s*<lastmod>)[^<]*(</lastmod>)")


def date_sitemap(site: Path, days: Mapping[str, str], *, site_url: str) -> None:
    """Write `days` (address below `site_url` → day) into `site`/sitemap.xml, and its compressed copy again."""
    path = site / "sitemap.xml"
    text = path.read_text(encoding="utf-8")
    base = f"{site_url.rstrip('/')}/"

    def dated(found: re.Match[str]) -> str:
        day = days.get(found[2].removeprefix(base))
        return f"{found[1]}{day}{found[3]}" if day else found[0]

    made = _ENTRY.sub(dated, text)
    path.write_text(made, encoding="utf-8")
    path.with_suffix(".xml.gz").write_bytes(gzip.compress(made.encode(), mtime=0))
