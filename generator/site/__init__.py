"""Bundle to site: pages, charts, tables and downloads. Nothing here computes a statistic.

The names are loaded on first use: the Markdown extension of this package runs inside mkdocs, which needs none of them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from generator.site.building import build_site, run_mkdocs
    from generator.site.rendering import RenderReport, render

__all__ = ["RenderReport", "build_site", "render", "run_mkdocs"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = "rendering" if name in ("RenderReport", "render") else "building"
    return getattr(importlib.import_module(f"generator.site.{home}"), name)
