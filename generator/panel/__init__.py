"""Observations to one tidy panel per track: identity, corrections, precedence, as-of day."""

from generator.panel.build import build_panel, released_day
from generator.panel.frame import Panel, sampling_stderr
from generator.panel.identity import Identity, Match
from generator.panel.observations import MODEL_FILES, Observations, Stored, gather, read_stored
from generator.panel.provider import PanelProvider

__all__ = [
    "MODEL_FILES",
    "Identity",
    "Match",
    "Observations",
    "Panel",
    "PanelProvider",
    "Stored",
    "build_panel",
    "gather",
    "read_stored",
    "released_day",
    "sampling_stderr",
]
