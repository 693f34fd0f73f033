"""What changed between two bundles: `compare` and its records, and the same as Markdown."""

from generator.report.changes.compare import compare
from generator.report.changes.markdown import changes_markdown
from generator.report.changes.records import Changes

__all__ = ["Changes", "changes_markdown", "compare"]
