"""Small things every layer uses: errors that read like help, atomic writes, stable JSON, near matches, dates."""

from generator.core.dates import PartialDate, parse_day
from generator.core.errors import CapewatchError, Problem, ProblemsFound, WrongCall, near_matches, printable
from generator.core.files import (
    canonical_json,
    names_below,
    read_json,
    sha256_bytes,
    sha256_file,
    write_atomic,
    write_if_changed,
    write_json,
)
from generator.core.installed import installed
from generator.core.words import counted

__all__ = [
    "CapewatchError",
    "PartialDate",
    "Problem",
    "ProblemsFound",
    "WrongCall",
    "canonical_json",
    "counted",
    "installed",
    "names_below",
    "near_matches",
    "parse_day",
    "printable",
    "read_json",
    "sha256_bytes",
    "sha256_file",
    "write_atomic",
    "write_if_changed",
    "write_json",
]
