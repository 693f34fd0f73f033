"""The report bundle: every number final, typed, in one directory.

The names are loaded on first use: reading one part of a report needs none of what computes it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from generator.report.bundle import Bundle, Field, Table, read_bundle
    from generator.report.make import Settings, make_bundle

__all__ = ["Bundle", "Field", "Settings", "Table", "make_bundle", "read_bundle"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = "make" if name in ("Settings", "make_bundle") else "bundle"
    return getattr(importlib.import_module(f"generator.report.{home}"), name)
