"""The browser of the page tests serves here too."""

from tests.site.browser import browser

__all__ = ["browser"]
