"""Charts: Altair templates, filled with final values, drawn once as SVG and again live in the browser."""

from generator.site.charts.figure import Figure, Key
from generator.site.charts.store import BUNDLE_PATH, Chart, ChartStore

__all__ = ["BUNDLE_PATH", "Chart", "ChartStore", "Figure", "Key"]
