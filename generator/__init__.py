"""capewatch: capability coupling in language models, recomputed from sourced scores.

The package is a one-way flow; see README.md for the picture and pyproject.toml for the layer contract:
sources -> snapshots -> panel -> analysis -> forecasts -> predictions -> report -> site.
"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("capewatch")
except PackageNotFoundError:  # running from a checkout that was never installed
    __version__ = "0+unknown"
