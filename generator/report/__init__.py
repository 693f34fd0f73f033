"""The report bundle: every number final, typed, in one directory."""

from generator.report.bundle import Bundle, Field, Table, read_bundle
from generator.report.make import Settings, make_bundle

__all__ = ["Bundle", "Field", "Settings", "Table", "make_bundle", "read_bundle"]
