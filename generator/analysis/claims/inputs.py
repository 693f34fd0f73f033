"""What every claim is recomputed from: the published tables, as ladders of sizes per family, and the live panels.

Array names: V1 is the table's own columns; V2 and V3 overlay the values that two of the papers' scripts hold; `dashboard`
overlays those of the dashboard. Cells a variant does not name keep the table's value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from generator.panel.frame import Panel
from generator.panel.published import Published, read_published, slug

HS, TQA, ARC, WG, MMLU = "hellaswag", "truthfulqa", "arc-challenge", "winogrande", "mmlu"
FIVE = (HS, TQA, ARC, WG, MMLU)
SWE, GPQA, IFEVAL, HLE = "swe-bench-verified", "gpqa-diamond", "ifeval", "hle"
VARIANTS: Mapping[str, str] = {
    "v2": "bootstrap_Nc.py / generate_all_figures.py",
    "v3": "cape_null_model.py",
    "dashboard": "index.html MODELS",
}
DUPLICATES = ("llama3-8b", "llama3-70b")  # second rows of Llama-3-8B and Llama-3-70B
MISFILED = "gpt-neox-line"  # GPT-J-6B and GPT-NeoX-20B, which the papers file under Pythia


@dataclass(frozen=True)
class Ladder:
    """Models of one family in size order: ids, sizes in parameters (n,), and scores in percent (n, axes)."""

    family: str
    models: tuple[str, ...]
    params: np.ndarray
    scores: np.ndarray

    @property
    def log_n(self) -> np.ndarray:
        """log10 of the number of parameters, (n,)."""
        return np.log10(self.params)


@dataclass(frozen=True)
class ClaimInputs:
    """The four published tables and the live panels by track. Derived tables are made once and shared by the recipes."""

    base: Published
    frontier: Published
    internal: Published
    loss: Published
    live: Mapping[str, Panel] = field(default_factory=dict)

    def base_rows(self, variant: str = "v1") -> pd.DataFrame:
        """The 63 published rows under `variant`: columns name, family (id as filed in the table), params, d_model, FIVE."""
        return self._base_rows[variant]

    @cached_property
    def _base_rows(self) -> dict[str, pd.DataFrame]:
        table = self.base.table
        families = [slug(name) for name in table["family"]]
        table = table.assign(family=families, params=table["params"].astype(float))
        columns = ["name", "family", "params", "d_model", *FIVE]
        frames = {"v1": table.loc[table["in_63"], columns], "all": table[columns]}
        for variant, where in VARIANTS.items():
            frame = table[columns].copy()
            changes = self.base.variants[self.base.variants["where"] == where]
            for model, column, value in zip(changes["model"], changes["column"], changes["value"], strict=True):
                frame.loc[model, column] = value
            frames[variant] = frame[table["in_63"]]
        return frames

    def ladder(
        self, family: str, axes: Sequence[str] = (HS, TQA), *, variant: str = "v1", drop: Sequence[str] = ()
    ) -> Ladder:
        """One family of the published table in size order, without the rows in `drop`; percent."""
        frame = self.base_rows(variant)
        return _ladder(frame[(frame["family"] == family) & ~frame.index.isin(list(drop))], family, axes)

    def clean_ladder(self, family: str, axes: Sequence[str] = (HS, TQA)) -> Ladder:
        """One family of the cleaned table (`clean`), rows with every one of `axes`."""
        frame = self.clean[self.clean["family"] == family].dropna(subset=list(axes))
        return _ladder(frame, family, axes)

    @cached_property
    def clean(self) -> pd.DataFrame:
        """61 models: the second Llama-3 rows dropped, GPT-J and GPT-NeoX moved to the GPT-Neo family."""
        frame = self.base_rows().drop(index=list(DUPLICATES))
        return frame.assign(family=frame["family"].replace(MISFILED, "gpt-neo"))

    @cached_property
    def as_filed(self) -> pd.DataFrame:
        """63 rows as the papers file them: duplicates kept, GPT-J and GPT-NeoX under Pythia."""
        frame = self.base_rows()
        return frame.assign(family=frame["family"].replace(MISFILED, "pythia"))

    @cached_property
    def intervals(self) -> pd.DataFrame:
        """γ12 of all consecutive sizes of the cleaned table, Gemma left out (two generations of one size): see `steps`."""
        return steps(self.clean[self.clean["family"] != "gemma"])

    @cached_property
    def frontier_rows(self) -> pd.DataFrame:
        """All 39 frontier rows: name, lab id, released, swe and gpqa and ifeval (percent), subset; index model id."""
        table = self.frontier.table
        return pd.DataFrame(
            {
                "name": table["name"],
                "lab": [slug(lab) for lab in table["lab"]],
                "released": table["released"],
                "swe": table[SWE].astype(float),
                "gpqa": table[GPQA].astype(float),
                "ifeval": table[IFEVAL].astype(float),
                "subset": table["subset"],
            },
            index=table.index,
        )

    @property
    def frozen(self) -> pd.DataFrame:
        """The 34 frozen frontier rows (core and extended)."""
        rows = self.frontier_rows
        return rows[rows["subset"] != "post_cutoff"]


def read_inputs(root: Path, *, live: Mapping[str, Panel] | None = None) -> ClaimInputs:
    """The published tables under `root`/data/panels with these live panels. Raises CapewatchError as read_published does."""
    base, frontier, internal, loss = (
        read_published(root, f"paper-{name}") for name in ("base", "frontier", "internal", "loss")
    )
    return ClaimInputs(base, frontier, internal, loss, dict(live or {}))


def steps(frame: pd.DataFrame) -> pd.DataFrame:
    """γ = ΔTQA/ΔHS between consecutive rows of each family in size order (ties in table order); NaN where ΔHS = 0.

    Columns: family, lower, upper (model ids), n_from, n_to (parameters), x_from, x_to, y_from, y_to (percent), dx, dy, gamma.
    """
    table = []
    for family, members in frame.groupby("family", sort=True):
        members = members.sort_values("params", kind="stable")
        for (lower, a), (upper, b) in zip(members.iterrows(), members.iloc[1:].iterrows(), strict=False):
            dx, dy = b[HS] - a[HS], b[TQA] - a[TQA]
            gamma = dy / dx if abs(dx) > 1e-9 else np.nan
            table.append((family, lower, upper, a["params"], b["params"], a[HS], b[HS], a[TQA], b[TQA], dx, dy, gamma))
    columns = ["family", "lower", "upper", "n_from", "n_to", "x_from", "x_to", "y_from", "y_to", "dx", "dy", "gamma"]
    return pd.DataFrame(table, columns=columns)


def _ladder(frame: pd.DataFrame, family: str, axes: Sequence[str]) -> Ladder:
    frame = frame.sort_values("params", kind="stable")
    return Ladder(
        family,
        tuple(map(str, frame.index)),
        frame["params"].to_numpy(dtype=float),
        frame[list(axes)].to_numpy(dtype=float),
    )
