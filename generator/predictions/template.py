"""A correct starting file for a new prediction."""

from __future__ import annotations

import datetime as dt

from pydantic import TypeAdapter, ValidationError

from generator.core import WrongCall
from generator.predictions.instants import Instant, InstantError
from generator.schema.fields import Id

_TEXT = """\
# yaml-language-server: $schema=../../data/schema/prediction.schema.json
# Edit every line, then open a pull request. Once merged it is sealed: only ambiguities can be appended.
schema_version: 1
id: {id}
title: {title}
statement: >-
  Say in one or two sentences what will be the case, and until when.
origin:
  kind: pull-request
  author: {author}
  title: {title}
  url: https://example.org/where-you-said-it
  published: {today}
  criteria_by: author
registered_at: {today}T00:00:00Z
opens: {today}T00:00:00Z
closes: {closes}
track: {track}
also_tracks: []
metrics:
  # each is a row of the catalogue of metrics, with its arguments
  r: {{kind: pearson, x: {x}, y: {y}, label: the correlation}}
  n: {{kind: count, axes: [{x}, {y}], label: the number of models}}
requires:
  - {{metric: n, at_least: 10}}
# pass and fail must not both be possible; what lies between is undetermined
pass: {{metric: r, above: 0.6}}
fail: {{metric: r, below: 0.3}}
otherwise: undetermined
if_too_few: undetermined
if_retired: decide-while-published
deciding_snapshot: {{days_after: 14}}
# probability: {{value: 0.7, stated_by: your name, url: https://example.org/where-you-said-it, on: {today}}}
ambiguities: []
"""


def new_prediction(
    identity: str,
    *,
    title: str,
    author: str,
    today: dt.date,
    closes: str,
    track: str = "maker",
    x: str = "swe-bench-verified",
    y: str = "gpqa-diamond",
) -> str:
    """Text of predictions/<identity>/prediction.yaml that passes every check and is meant to be edited.

    Raises WrongCall for an id that is none, or a deadline that is no instant after `today`.
    """
    try:
        TypeAdapter(Id).validate_python(identity)
        deadline = Instant.parse(closes)
    except ValidationError as error:
        raise WrongCall(f"{identity!r}: {error.errors()[0]['ctx']['error']}") from None
    except InstantError as error:
        raise WrongCall(f"closes: {error}") from None
    if deadline.utc.date() <= today:
        raise WrongCall(f"closes: {closes} does not lie after today", hint=f"a day after {today.isoformat()}")
    return _TEXT.format(
        id=identity,
        title=_quoted(title),
        author=_quoted(author),
        today=today.isoformat(),
        closes=closes,
        track=track,
        x=x,
        y=y,
    )


def _quoted(text: str) -> str:
    """A double-quoted YAML scalar on one line."""
    plain = " ".join(text.split())
    if not plain:
        raise WrongCall("title and author cannot be empty")
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'
