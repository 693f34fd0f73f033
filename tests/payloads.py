"""Where recorded payloads of the public leaderboards are, when a machine has them."""

from __future__ import annotations

import os
from pathlib import Path


def payload_root() -> Path | None:
    """The folder named by CAPEWATCH_PAYLOADS, else `shared/sources` beside the checkout; None when there is none."""
    named = os.environ.get("CAPEWATCH_PAYLOADS")
    beside = Path(__file__).resolve().parents[2] / "shared" / "sources"
    folder = Path(named) if named else beside
    return folder if folder.is_dir() else None
