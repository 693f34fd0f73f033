"""The Jinja environment of the pages: HTML escaping on, undefined names are errors, formats as filters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from generator.site import escape, format
from generator.site.escape import filled
from generator.site.raw import marked


def environment(folder: Path, compiled: jinja2.BytecodeCache | None = None) -> jinja2.Environment:
    """Templates of `folder`. Text is HTML-escaped; Markdown headings use the filter ``md``. compiled: where compiled templates are kept."""
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
        auto_reload=False,
        bytecode_cache=compiled,
        finalize=_kept_whole,
    )
    env.filters.update(
        md=escape.markdown,
        http=escape.http_url,
        number=format.number,
        signed=format.signed,
        percent=format.percent,
        pp=format.pp,
        count=format.count,
        size=format.size,
        power=format.power,
        day=format.day,
        words=format.words,
        pvalue=format.p_value,
        estimate=format.estimate,
        plural=format.plural,
        sentence=format.sentence,
        minus=format.minus,
        scientific=format.scientific,
        time=time_tag,
        html=_finished,
        whole=escape.whole,
    )
    env.globals.update(interval=format.interval, amount=format.amount, known=format.known, MISSING=format.MISSING)
    return env


def time_tag(value: Any) -> Markup:
    """A date that programs can read too; the em dash when there is none."""
    return filled("<time>{}</time>", value) if value else filled('<span class="cw-none">{}</span>', format.MISSING)


def _finished(block: str) -> Markup:
    """A stretch of a page without Markdown, between the marks that spare it the parser (``{% filter html %}``)."""
    return Markup(marked(block)) if block.strip() else Markup()  # noqa: S704 - the template escaped it


def _kept_whole(value: Any) -> Any:
    """Finished tables and figures go between the marks that spare them the Markdown parser, which is no matter of time
    alone for a drawing: Markdown takes ``<svg`` for a part of a line and would read the text in it."""
    if isinstance(value, Markup) and (
        value.startswith("<svg") or (len(value) > 400 and value.startswith(("<div", "<figure")))
    ):
        return Markup(marked(value))  # noqa: S704 - it was markup before
    return value
