"""Which libraries are installed: part of the key of whatever is kept between builds."""

from __future__ import annotations

import sys
from pathlib import Path


def installed() -> list[str]:
    """Every installed distribution with its version, by the folders that name them."""
    folders = {Path(entry) for entry in sys.path if entry}
    return sorted(path.name for folder in folders for kind in ("dist", "egg") for path in folder.glob(f"*.{kind}-info"))
