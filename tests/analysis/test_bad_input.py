"""Bad input: every analysis answers odd panels with a number or a reason, never with a crash, a warning or a NaN."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from generator import analysis
from generator.analysis.cascade import cascade
from generator.analysis.result import Statistic
from generator.core import CapewatchError, canonical_json
from generator.panel.frame import Panel
from tests.analysis.tables import base_panel, frontier_panel, make_panel

X, Y, Z = "hellaswag", "truthfulqa", "mmlu"
AXES = (X, Y, Z)


def odd_panel(rows: list[tuple[float, float, float]], *, lab: str | None = "one", params: float | None = None) -> Panel:
    index = [f"m{i:02d}" for i in range(len(rows))]
    scores = pd.DataFrame(rows, index=index, columns=list(AXES), dtype=float)
    models = pd.DataFrame(
        {
            "lab": [lab or f"lab{i}" for i in range(len(rows))],
            "family": [lab or f"lab{i % 2}" for i in range(len(rows))],
            "params": [params or 1e9 * (i + 1) for i in range(len(rows))],
            "released": ["2025", "2025-03", None, "2026-01-31"][: len(rows)] + ["2026-02"] * max(0, len(rows) - 4),
            "d_model": 512 * np.arange(1, len(rows) + 1),
        },
        index=index,
    )
    return make_panel(scores, models)


nan = float("nan")
PANELS = {
    "empty": odd_panel([]),
    "one model": odd_panel([(50, 40, 30)]),
    "two models": odd_panel([(50, 40, 30), (60, 41, 31)]),
    "three models in a line": odd_panel([(50, 40, 30), (60, 45, 35), (70, 50, 40)]),
    "four models": odd_panel([(50, 40, 30), (60, 45, 31), (70, 39, 40), (72, 44, 28)]),
    "constant first axis": odd_panel([(50, 40 + i, 30 - i) for i in range(6)]),
    "constant second axis": odd_panel([(50 + i, 40, 30 - i) for i in range(6)]),
    "all ties": odd_panel([(50, 40, 30), (60, 50, 40)] * 4, lab=None),
    "holes": odd_panel([(50, nan, 30), (nan, 40, 31), (60, 41, nan), (61, 42, 33), (62, 40, 30), (63, 45, 31)]),
    "no overlap": odd_panel([(50, nan, nan), (nan, 40, nan), (nan, nan, 30)] * 3),
    "one size": odd_panel([(50, 40, 30), (60, 45, 31), (70, 39, 40), (72, 44, 28)], params=7e9),
    "one lab each": odd_panel([(50 + 3 * i, 40 + (i * 7) % 5, 30 + (i * 3) % 7) for i in range(9)], lab=None),
    "at the ends of the scale": odd_panel([(0, 100, 0), (100, 0, 100), (0, 0, 50), (100, 100, 50), (50, 50, 0)]),
    "outlier": odd_panel([(50, 40, 30), (50.001, 40, 30), (50, 40.001, 30.001), (99, 99, 99)]),
}


def calls(panel: Panel) -> dict[str, Callable[[], object]]:
    rng = np.random.default_rng(0)
    few = {"rng": rng, "resamples": 60}
    gammas = analysis.gamma_table(panel, X, Y)
    groups = pd.Series(["a", "b"] * len(panel.models), dtype=object)[: len(panel.models)].set_axis(panel.models.index)
    params, values = panel.models["params"].to_numpy(float), panel.scores[Y].fillna(40).to_numpy()
    return {
        "r": lambda: analysis.population_coupling(panel, X, Y, **few),
        "rank r": lambda: analysis.population_coupling(panel, X, Y, method="spearman", cluster="family", **few),
        "partial r": lambda: analysis.partial_coupling(panel, X, Y, given=("log_params", Z)),
        "leave one out": lambda: analysis.leave_one_out(panel, X, Y),
        "range": lambda: analysis.range_restriction(panel, X, Y),
        "families": lambda: analysis.family_coupling(panel, X, Y, **few),
        "orders": lambda: analysis.size_orders(panel, X, Y, "one"),
        "running": lambda: analysis.running_coupling(panel, gammas),
        "Nc": lambda: list(analysis.critical_scales(panel, X, Y, **few).values()),
        "pooled Nc": lambda: analysis.pooled_critical_scale(panel, gammas, **few),
        "vertex": lambda: analysis.quadratic_vertex(np.log10(params), values, **few),
        "crossing": lambda: analysis.pooled_zero_crossing(np.log10(params), values[::-1], values, **few),
        "slope": lambda: analysis.coupling_slope(panel, X, Y, **few),
        "h": lambda: analysis.h_table(panel, X, Y),
        "labs": lambda: analysis.lab_table(panel, X, Y),
        "left-out labs": lambda: analysis.leave_one_lab_out(panel, X, Y),
        "oscillation": lambda: analysis.lab_oscillation(panel, X, Y, "one", **few),
        "tiers": lambda: analysis.effort_table(panel, X, Y),
        "isocline": lambda: analysis.frontier_isocline(panel, X, Y),
        "signs": lambda: analysis.sign_prediction(panel, gammas, 0.187),
        "d_eff": lambda: analysis.effective_dimension(panel, AXES, null_resamples=20, **few),
        "d_eff correlation": lambda: analysis.effective_dimension(
            panel, AXES, kind="correlation", null_resamples=20, **few
        ),
        "d_eff by group": lambda: list(
            analysis.dimension_by_group(panel, AXES, groups, rng=rng, resamples=20, null_resamples=5).values()
        ),
        "along size": lambda: analysis.dimension_along_size(panel, AXES, window=3),
        "matrix": lambda: analysis.coupling_matrix(panel, AXES),
        "cones": lambda: analysis.eigenvector_cones(panel, AXES, **few),
        "rotation": lambda: analysis.axis_rotation(panel, AXES[:2], groups, "a", "b", **few),
        "saturation": lambda: analysis.saturation_table(panel, AXES),
        "spread": lambda: analysis.spread_ratio(panel, X, Y, k=3),
        "active": lambda: analysis.discriminating_axis(panel, AXES, least=3),
        "moving": lambda: analysis.co_activating(panel, X, [Y, Z]),
        "width": lambda: analysis.width_test(panel, X, Y, "one", **few),
        "width partial": lambda: analysis.width_partial(panel, X, Y),
        "width regression": lambda: analysis.width_regression(panel, X, Y),
        "loss": lambda: analysis.power_law_exponent(params, values),
        "kink": lambda: analysis.kink_profile(params, values, **few),
        "pairs": lambda: analysis.pair_table(panel, [X, Z], [Y], **few),
        "variants": lambda: analysis.variant_agreement(panel, X, Y, Z),
        "cascade": lambda: [transition.test for transition in cascade(panel, panel, **few)],
        "along": lambda: analysis.discriminating_along(panel, AXES, bins=2, least=2),
        "sensitivity": lambda: analysis.sensitivity(gammas),
        "fixed point": lambda: analysis.fixed_point(params, values),
        "exponential": lambda: analysis.exponential_constant(params, values),
        "turning": lambda: analysis.turning_number(params, values),
        "distance": lambda: analysis.distance_exponent(params, values, 5e9),
        "chain": lambda: analysis.model_chain(panel, X, Y),
        "priorities": lambda: analysis.lab_priorities(panel, X, Y),
        "rotate": lambda: analysis.rotation(panel, AXES, least=2),
    }


@pytest.mark.parametrize("kind", PANELS)
def test_odd_panels_give_numbers_or_reasons(kind: str) -> None:
    for name, call in calls(PANELS[kind]).items():
        result = call()
        for statistic in result if isinstance(result, list) else [result]:
            if isinstance(statistic, Statistic):
                canonical_json(statistic.as_dict())
                assert (statistic.estimate is None) == bool(statistic.reason), name
                for p in statistic.p.values():
                    assert 0 <= p <= 1, name
                for interval in statistic.others.values():
                    assert interval.low is None or interval.high is None or interval.low <= interval.high, name


@pytest.mark.parametrize("panel", [base_panel(), frontier_panel()], ids=["base", "frontier"])
def test_an_axis_the_panel_lacks_is_an_error_in_words(panel: Panel) -> None:
    for call in (
        lambda: analysis.h_table(panel, "hella-swag", "gpqa"),
        lambda: analysis.gamma_table(panel, "swe-bench", "gpqa"),
        lambda: analysis.effective_dimension(panel, ["nothing", "mmlu"], rng=np.random.default_rng(0)),
    ):
        with pytest.raises(CapewatchError, match="no axis") as error:
            call()
        assert error.value.hint


def test_without_dates_or_labs_the_tables_that_need_them_are_empty() -> None:
    panel = make_panel(PANELS["one lab each"].scores, PANELS["one lab each"].models.assign(lab=None, released=None))
    assert analysis.lab_table(panel, X, Y).empty
    assert analysis.lab_priorities(panel, X, Y).empty
    assert analysis.trajectory(panel, X, Y, "one").empty
    statistic = analysis.population_coupling(panel, X, Y, rng=np.random.default_rng(0), resamples=50)
    assert statistic.details["clusters"] == 9
