"""Forecasts judged out of sample: trajectories over size, found ODEs, phases, the frontier, training runs, releases to come."""

from generator.forecasts.cards import family_card
from generator.forecasts.coefficients import evaluate, export_coefficients
from generator.forecasts.dynamics import METHODS, Derivatives, Library, System, derivatives, discover, gate
from generator.forecasts.families import FIVE_AXES, Family, FamilySet, Given, Targets, family_set, user_given
from generator.forecasts.frontier import frontier_models, judge_frontier, next_release, releases
from generator.forecasts.integrate import Trajectory, integrate
from generator.forecasts.phase import phase_scores, residual_paths, sign_change
from generator.forecasts.published import PRINTED, cross_prediction, printed_equation
from generator.forecasts.scoring import noise_floor
from generator.forecasts.simulation import Simulation, backtest, released_by, simulate
from generator.forecasts.stability import Firmness, firmness, portrait, quadratic_fixed_points
from generator.forecasts.suite import SuiteResult, Track, catalogue, link_of, suite
from generator.forecasts.training import final_scores, training_runs

__all__ = [
    "FIVE_AXES",
    "METHODS",
    "PRINTED",
    "Derivatives",
    "Family",
    "FamilySet",
    "Firmness",
    "Given",
    "Library",
    "Simulation",
    "SuiteResult",
    "System",
    "Targets",
    "Track",
    "Trajectory",
    "backtest",
    "catalogue",
    "cross_prediction",
    "derivatives",
    "discover",
    "evaluate",
    "export_coefficients",
    "family_card",
    "family_set",
    "final_scores",
    "firmness",
    "frontier_models",
    "gate",
    "integrate",
    "judge_frontier",
    "link_of",
    "next_release",
    "noise_floor",
    "phase_scores",
    "portrait",
    "printed_equation",
    "quadratic_fixed_points",
    "released_by",
    "releases",
    "residual_paths",
    "sign_change",
    "simulate",
    "suite",
    "training_runs",
    "user_given",
]
