"""The columns of a snapshot: one row an observation as a public leaderboard gave it, in the leaderboard's own spelling and unit."""

from __future__ import annotations

#: What identifies an observation within one source: the same key seen again is the same observation, perhaps with a new value.
KEY_COLUMNS = (
    "model",  # the source's spelling of the model, untouched
    "benchmark",  # our benchmark id
    "metric",  # metric variant, e.g. mc2, acc_norm, resolved; empty when the benchmark has one
    "shots",  # number of in-context examples, empty when unknown
    "tools",  # true, false, or empty when the source does not say
    "effort",  # reasoning effort as the source names it
    "scaffold",  # agent scaffold, empty for plain prompting
    "attempts",  # attempts a score is taken over, e.g. 1
    "subset",  # task subset, e.g. 484 of 500
    "harness",  # evaluation harness and version
    "step",  # training step of the checkpoint, empty for a finished model
    "evaluator",  # maker, or the id of a named third party
)

#: The value itself, as published: never rescaled here.
VALUE_COLUMNS = (
    "value",
    "unit",  # percent | fraction | index | elo | minutes | usd | perplexity
    "stderr",  # same unit as value
    "n",  # items behind the score
)

#: Where it was seen.
SOURCE_COLUMNS = (
    "title",
    "url",
    "via",  # relay through which it is known, when the original was not read
    "published",  # day (or month) the score became public, as precise as known
    "locator",  # row or member of the payload
    "note",
)

#: What the store adds.
STORE_COLUMNS = (
    "recorded",  # day the row was first recorded here
    "pull",  # number of the manifest line
    "event",  # seen | changed | gone
)

SNAPSHOT_COLUMNS = KEY_COLUMNS + VALUE_COLUMNS + SOURCE_COLUMNS + STORE_COLUMNS
UNITS = ("percent", "fraction", "index", "elo", "minutes", "usd", "perplexity")
EVENTS = ("seen", "changed", "gone")
