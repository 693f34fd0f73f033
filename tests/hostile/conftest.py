"""The browser of the page tests serves here too."""

from tests.site.test_browser import browser

__all__ = ["browser"]
