"""The ledger of this checkout evaluated once, with the published panels standing in for live ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import pytest

from generator.analysis.claims import ClaimInputs, ClaimResult, evaluate_claims, read_inputs
from generator.panel.frame import Panel
from generator.schema.claim import Ledger, load_claims
from tests.conftest import REPOSITORY


@pytest.fixture(scope="session")
def ledger() -> Ledger:
    return load_claims(REPOSITORY)


@pytest.fixture(scope="session")
def inputs() -> ClaimInputs:
    return read_inputs(REPOSITORY)


@pytest.fixture(scope="session")
def stand_ins(inputs: ClaimInputs) -> dict[str, Panel]:
    """Panels of the live tracks made from the published ones: without duplicates, HLE and IFEval missing from epoch."""
    base = inputs.base.panel
    kept = [model for model in base.models.index if model not in ("llama3-8b", "llama3-70b")]
    frontier = inputs.frontier.panel
    return {
        "harness-v1": dataclasses.replace(base.subset(kept), track="harness-v1"),
        "maker": dataclasses.replace(frontier, track="maker"),
        "epoch": without_axes(dataclasses.replace(frontier, track="epoch"), "hle", "ifeval"),
    }


def without_axes(panel: Panel, *axes: str) -> Panel:
    kept = [axis for axis in panel.axes.index if axis not in axes]
    return dataclasses.replace(panel, scores=panel.scores[kept], stderr=panel.stderr[kept], axes=panel.axes.loc[kept])


@pytest.fixture(scope="session")
def results(inputs: ClaimInputs, ledger: Ledger, stand_ins: Mapping[str, Panel]) -> dict[str, ClaimResult]:
    found = evaluate_claims(inputs, ledger=ledger, live_panels=stand_ins, rng=np.random.default_rng(1), resamples=200)
    return {result.id: result for result in found}
