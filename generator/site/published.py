"""The files behind the pages of the wider analyses: each section as JSON, each list of records as CSV, under "
"data/sections/."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from generator.core import canonical_json
from generator.report.bundle import defused
from generator.site import format
from generator.site.escape import filled
from generator.site.view import View, link

FOLDER = "data/sections"


def publish_json(view: View, name: str, content: Any) -> str:
    """Write a section with the day it holds for; returns the path below the site's root."""
    path = f"{FOLDER}/{name}.json"
    view.extra_files[path] = canonical_json({"as_of": view.as_of, "version": view.meta["version"], name: content})
    return path


def publish_csv(view: View, name: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """Write records as CSV, an empty cell where there is no value, no cell a formula; returns the path below the site's root."""
    path = f"{FOLDER}/{name}.csv"
    columns = list(dict.fromkeys(key for row in rows for key in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: "" if value is None else defused(value) for key, value in row.items()} for row in rows)
    view.extra_files[path] = out.getvalue()
    return path


def stamp(view: View, base: str, *, track: str, paths: Sequence[str], more: str = "") -> Markup:
    """One line under a page's finding: track, day, and the files to take."""
    files = Markup(" ").join(
        filled('<a href="{}" download>{}</a>', link(base, path), path.rsplit("/", 1)[-1]) for path in paths
    )
    return filled(
        '<p class="cw-stamp">{}{}. As of <time>{}</time>. Data: <span class="cw-files">{}</span></p>',
        view.track_name(track),
        f", {more}" if more else "",
        view.as_of,
        files,
    )


def no_value(reason: Any = "") -> Markup:
    """What stands in a cell without a value: the reason, or a dash that a screen reader calls by its name."""
    if reason:
        return filled('<span class="cw-none">{}</span>', reason)
    return filled('<span class="cw-none" role="img" aria-label="no value">{}</span>', format.MISSING)
