"""The analysis engine: pure functions from a panel (and an `rng` where they resample) to statistics and tables.

Nothing is imported until a name is used, so a build with nothing to compute pays nothing. Names may be taken from
here or, with their types, from the module that holds them (the only way for `cascade`, `critical_scale`, `isocline` and `coverage_table`,
which share the name of their module):

- coupling: local coupling γ12 per interval, phases; critical_scale, paper_recipes: Nc; population: r and its sensitivities
- line, hfield, emphasis: population line, h per model and lab, trajectories, oscillation, effort tiers
- isocline; spectrum, matrix: d_eff, coupling matrices, eigenvector cones, rotation; saturation; width; loss; pairs
- tiers: one model at several effort settings
- playbook (arithmetic shared with the browser), advice (the playbook applied to a panel); cascade; quantities
- resample: bootstrap, jackknife and permutation by matrix products; coverage_table: measured coverage of the intervals
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from generator.analysis.result import Interval, Statistic

_HOME = {
    "advice": (
        "base_coefficients",
        "frontier_coefficients",
        "lab_priorities",
        "next_measurement",
        "rotation",
        "scale_bands",
    ),
    "cascade": ("Transition", "discriminating_along", "gamma_power"),
    "coupling": (
        "family_coupling",
        "fieller",
        "gamma_phase",
        "gamma_table",
        "paired_difference",
        "phase_probabilities",
        "running_coupling",
        "size_orders",
    ),
    "coverage_table": ("coverage_note",),
    "critical_scale": ("critical_scales", "crossing_state", "isotonic", "pooled_critical_scale"),
    "emphasis": (
        "effort_table",
        "find_effort_tiers",
        "lab_oscillation",
        "oscillation_test",
        "trajectory",
        "trend_in_time",
    ),
    "hfield": ("coupling_slope", "h_label", "h_table", "lab_table", "leave_one_lab_out", "line_of"),
    "isocline": (
        "calibrate",
        "calibrations",
        "frontier_isocline",
        "isocline_table",
        "sign_prediction",
        "wilson",
    ),
    "line": ("LineFit", "deming_line", "fit_line", "huber_line", "mixed_line"),
    "loss": ("kink_power", "kinked_loss", "power_law", "power_law_exponent"),
    "matrix": ("assemble", "axis_rotation", "coupling_matrix", "eigenvector_cones", "nearest_correlation"),
    "pairs": ("family_matrices", "family_r", "pair_table", "variant_agreement"),
    "paper_recipes": ("pooled_intervals", "pooled_zero_crossing", "quadratic_fit", "quadratic_vertex"),
    "playbook": ("base_phase", "diagnose", "locate", "nearest_lab", "nearest_models", "rotate"),
    "population": (
        "correlation",
        "fisher_interval",
        "leave_one_out",
        "partial_coupling",
        "population_coupling",
        "range_restriction",
        "ranks",
    ),
    "quantities": (
        "distance_exponent",
        "exponential_constant",
        "fixed_point",
        "kink_profile",
        "model_chain",
        "sensitivity",
        "turning_number",
    ),
    "resample": (
        "bca_interval",
        "bootstrap_sums",
        "expanded_interval",
        "jackknife_interval",
        "percentile_interval",
        "permutation_test",
    ),
    "saturation": (
        "co_activating",
        "discriminating_axis",
        "released_by",
        "saturation_history",
        "saturation_table",
        "spread_ratio",
        "top_models",
    ),
    "spectrum": ("dimension_along_size", "dimension_by_group", "effective_dimension", "participation_ratio"),
    "tiers": ("effort_panel", "effort_rank", "tier_table"),
    "width": ("width_partial", "width_regression", "width_table", "width_test"),
}
_OWNER = {name: module for module, names in _HOME.items() for name in names}

__all__ = ["Interval", "Statistic", *sorted(_OWNER)]


def __getattr__(name: str) -> Any:
    if name not in _OWNER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_OWNER[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
