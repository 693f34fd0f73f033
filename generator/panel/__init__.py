"""Observations to one tidy panel per track: identity, corrections, precedence, as-of day."""

from generator.panel.build import build_panel, released_day
from generator.panel.frame import Panel, sampling_stderr
from generator.panel.identity import Identity, Match
from generator.panel.observations import MODEL_FILES, Observations, gather
from generator.panel.provider import PanelProvider

__all__ = [
    "MODEL_FILES",
    "Identity",
    "Match",
    "Observations",
    "Panel",
    "PanelProvider",
    "build_panel",
    "gather",
    "released_day",
    "sampling_stderr",
]
