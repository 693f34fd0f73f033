"""Integration of a found system over log10 parameters, with what became of it said in words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from generator.forecasts.dynamics import System

#: Scores as fractions; a state that leaves this range by more than the margin is out of range.
RANGE = (0.0, 1.0)
MARGIN = 0.05
#: Beyond this the integration stops: the system has blown up.
BLOWN = 20.0
#: A matrix exponential of a larger norm could overflow: the system counts as blown up.
TAME = 300.0


@dataclass(frozen=True)
class Trajectory:
    """states (m, k) at the wanted sizes; NaN after the system blew up. outcome: ``in range``, ``left the range`` or ``blew up``."""

    states: np.ndarray
    outcome: str
    note: str


def integrate(system: System, start: np.ndarray, span: np.ndarray) -> Trajectory:
    """Follow the system from state `start` (k,) over the rising distances `span` (m,), decades from the start.

    A linear system is advanced by its matrix exponential, a quadratic one by Runge-Kutta. Nothing is clipped: the note says
    where the range 0-1 was left.
    """
    states = _linear(system, start, span) if system.library.degree == 1 else _runge_kutta(system, start, span)
    gone = ~np.isfinite(states).all(axis=1)
    if gone.any():
        return Trajectory(states, "blew up", f"beyond ±{BLOWN:g} within {span[gone][0]:.2f} decades")
    outside = (states < RANGE[0] - MARGIN) | (states > RANGE[1] + MARGIN)
    if outside.any():
        row, column = np.argwhere(outside)[0]
        return Trajectory(
            states,
            "left the range",
            f"variable {column} at {100 * states[row, column]:.0f} % after {span[row]:.2f} decades",
        )
    return Trajectory(states, "in range", "")


def advance(system: System, start: np.ndarray, span: np.ndarray, *, low: float, high: float) -> np.ndarray:
    """As `integrate`, but the state is held between `low` and `high`: never a gap, never an overflow. (m, k)."""
    path = integrate(system, start, span).states
    return np.clip(_carried(path, start), low, high)


def _linear(system: System, start: np.ndarray, span: np.ndarray) -> np.ndarray:
    from scipy.linalg import expm

    width = len(start)
    generator = np.zeros((width + 1, width + 1))
    generator[:width, :width] = system.coefficients[:, 1:]
    generator[:width, width] = system.coefficients[:, 0]
    origin = np.append(start, 1.0)
    states = np.full((len(span), width), np.nan)
    tame = np.linalg.norm(generator, 2) * np.abs(span) < TAME
    if tame.any():
        states[tame] = (expm(generator * span[tame, None, None]) @ origin)[:, :width]
    states[(np.abs(states) > BLOWN).any(axis=1)] = np.nan
    return states


def _runge_kutta(system: System, start: np.ndarray, span: np.ndarray) -> np.ndarray:
    from scipy.integrate import solve_ivp

    def field(_: float, state: np.ndarray) -> np.ndarray:
        return system.rate(np.clip(state, -BLOWN, BLOWN)[None, :])[0]

    def blown(_: float, state: np.ndarray) -> float:
        return BLOWN - float(np.abs(state).max())

    blown.terminal = True  # type: ignore[attr-defined]  # the attribute by which solve_ivp knows a stopping event
    states = np.full((len(span), len(start)), np.nan)
    solved = solve_ivp(field, (0.0, float(span[-1])), start, t_eval=span, events=blown, rtol=1e-6, atol=1e-8)
    reached = len(solved.t)
    if reached:
        states[:reached] = solved.y.T
    return states


def _carried(path: np.ndarray, start: np.ndarray) -> np.ndarray:
    """NaN rows replaced by the last finite row, or the start."""
    filled = path.copy()
    last = start
    for row in range(len(filled)):
        if np.isfinite(filled[row]).all():
            last = filled[row]
        else:
            filled[row] = last
    return filled
