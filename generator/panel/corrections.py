"""Declared corrections: each names the value it expects, so that it stops applying when the source is mended."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from generator.schema import Correction


def apply_corrections(rows: pd.DataFrame, corrections: Sequence[Correction]) -> tuple[pd.DataFrame, list[Correction]]:
    """The rows with the values that corrections expect replaced or dropped, and the corrections that found nothing.

    `expects` and `value` are in the benchmark's unit. The row's note says what was replaced and why.
    """
    unused = []
    for correction in corrections:
        fits = _fits(rows, correction)
        if not fits.any():
            unused.append(correction)
        elif correction.value is None:
            rows = rows[~fits]
        else:
            rows.loc[fits, "note"] = f"corrected from {correction.expects:g}: {correction.reason}"
            rows.loc[fits, "value"] = correction.value
    return rows, unused


def _fits(rows: pd.DataFrame, correction: Correction) -> pd.Series:
    fits = (
        (rows["source"] == correction.source)
        & (rows["model"] == correction.model)
        & (rows["benchmark"] == correction.benchmark)
        & np.isclose(rows["value"], correction.expects, rtol=0, atol=1e-6)
    )
    for name, value in correction.where.model_dump(exclude_none=True).items():
        fits &= rows[name] == (str(value).lower() if isinstance(value, bool) else str(value))
    return fits
