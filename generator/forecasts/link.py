"""A saturating link: percent scores as logits between a floor a little under chance and the ceiling."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: The floor stands at this share of the chance level, so that scores scattered around chance stay inside.
FLOOR_SHARE = 0.8
#: Shares are kept this far from 0 and 1, so that a score at the floor or ceiling has a finite logit (±4.6).
EDGE = 0.01


@dataclass(frozen=True)
class Link:
    """floor, ceiling (k,): percent, floor < ceiling."""

    floor: np.ndarray
    ceiling: np.ndarray

    @classmethod
    def between(cls, chance: np.ndarray, ceiling: np.ndarray) -> Link:
        """Link of axes with these chance levels and ceilings (k,), percent."""
        return cls(FLOOR_SHARE * np.asarray(chance, dtype=float), np.asarray(ceiling, dtype=float))

    def logit(self, percent: np.ndarray) -> np.ndarray:
        """percent (…, k) → logit (…, k); scores outside floor and ceiling sit at the edge."""
        share = np.clip((percent - self.floor) / (self.ceiling - self.floor), EDGE, 1 - EDGE)
        return np.log(share / (1 - share))

    def percent(self, logit: np.ndarray) -> np.ndarray:
        """logit (…, k) → percent (…, k)."""
        return self.floor + (self.ceiling - self.floor) / (1 + np.exp(-np.clip(logit, -30.0, 30.0)))
