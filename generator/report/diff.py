"""The diff of two bundles: what `capewatch diff`, pull-request reports and the pages of changes are made from."""

from generator.report.changes import Changes, changes_markdown, compare

__all__ = ["Changes", "changes_markdown", "compare"]
