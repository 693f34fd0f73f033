"""Effective dimension, coupling matrices, cones and rotation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.analysis.matrix import assemble, axis_rotation, coupling_matrix, eigenvector_cones, nearest_correlation
from generator.analysis.spectrum import (
    dimension_along_size,
    dimension_by_group,
    effective_dimension,
    eigen,
    participation_ratio,
    permuted_dimensions,
    size_thirds,
)
from tests.analysis.tables import base_panel, frontier_panel, make_panel

AXES = ("hellaswag", "truthfulqa", "arc-challenge", "winogrande", "mmlu")


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(6)


def test_participation_ratio_is_one_for_one_direction_and_k_for_none() -> None:
    assert float(participation_ratio(np.ones((4, 4)))) == pytest.approx(1)
    assert float(participation_ratio(np.eye(4))) == pytest.approx(4)
    assert np.isnan(participation_ratio(np.zeros((2, 2))))


@pytest.mark.parametrize("kind", ["covariance", "correlation"])
def test_d_eff_equals_the_eigenvalue_formula(rng: np.random.Generator, kind: str) -> None:
    values = base_panel().complete(AXES)[list(AXES)].to_numpy(dtype=float)
    matrix = np.cov(values.T) if kind == "covariance" else np.corrcoef(values.T)
    eigenvalues = np.linalg.eigvalsh(matrix)
    statistic = effective_dimension(base_panel(), AXES, kind=kind, rng=rng, resamples=200, null_resamples=50)
    assert statistic.estimate == pytest.approx(eigenvalues.sum() ** 2 / (eigenvalues**2).sum())
    assert sum(statistic.details["explained"]) == pytest.approx(1)
    assert statistic.details["explained"] == sorted(statistic.details["explained"], reverse=True)
    assert set(statistic.others) == {"plain", "clustered", "clustered-bootstrap", "stratified-bootstrap"}
    for interval in statistic.others.values():
        assert 1 <= (interval.low or 0) < (interval.high or 9) <= 5


def test_coupled_axes_lie_far_below_the_permutation_null_and_uncoupled_ones_do_not(rng: np.random.Generator) -> None:
    coupled = effective_dimension(base_panel(), AXES, kind="correlation", rng=rng, resamples=100, null_resamples=99)
    assert coupled.p["permutation"] == pytest.approx(0.01)
    assert (coupled.baselines["no coupling (axes permuted)"] or 0) > 4
    noise = pd.DataFrame(rng.normal(size=(60, 3)), columns=list("abc")).assign(lab=[f"l{i % 9}" for i in range(60)])
    free = effective_dimension(
        noise, "abc", cluster="lab", kind="correlation", rng=rng, resamples=100, null_resamples=99
    )
    assert free.p["permutation"] > 0.01


def test_too_few_models_or_axes_have_a_reason(rng: np.random.Generator) -> None:
    assert "at least 5 are needed" in effective_dimension(base_panel().subset(["opt-13b"]), AXES, rng=rng).reason
    assert "2 axes" in effective_dimension(base_panel(), ["mmlu"], rng=rng).reason
    with pytest.raises(ValueError, match="kind 'cosine'"):
        effective_dimension(base_panel(), AXES, kind="cosine", rng=rng)


def test_d_eff_per_group_and_along_size(rng: np.random.Generator) -> None:
    panel = base_panel()
    groups = pd.Series(np.where(panel.models["params"] < 3.5e9, "small", "large"), index=panel.models.index)
    found = dimension_by_group(panel, AXES, groups, rng=rng, resamples=50, null_resamples=10)
    assert set(found) == {"small", "large"}
    assert found["small"].n + found["large"].n == 60
    along = dimension_along_size(panel, AXES, window=20, step=10)
    assert along["n_mid"].is_monotonic_increasing
    assert along["d_eff"].between(1, 5).all()
    assert dimension_along_size(panel, AXES, window=200).empty


def test_thirds_of_the_size_range_are_equally_filled_and_unknown_sizes_apart() -> None:
    frame = pd.DataFrame({"params": [1, 2, 3, 4, 5, 6, np.nan]})
    assert size_thirds(frame).tolist() == [0, 0, 1, 1, 2, 2, 3]


def test_permuted_axes_keep_their_values(rng: np.random.Generator) -> None:
    null = permuted_dimensions(rng.normal(size=(200, 4)), kind="correlation", rng=rng, resamples=40)
    assert null.min() > 3.5


def test_eigenvectors_point_where_their_largest_entry_is_positive(rng: np.random.Generator) -> None:
    matrices = np.array([np.cov(rng.normal(size=(3, 20))) for _ in range(5)])
    values, vectors = eigen(matrices)
    assert (np.diff(values, axis=1) <= 0).all()
    rebuilt = vectors @ (values[:, :, None] * np.swapaxes(vectors, 1, 2))
    assert rebuilt == pytest.approx(matrices)
    assert (np.take_along_axis(vectors, np.abs(vectors).argmax(axis=1)[:, None], axis=1) > 0).all()


def test_matrix_cells_agree_with_numpy_and_count_their_models() -> None:
    matrix = coupling_matrix(frontier_panel(), ["swe-bench-verified", "gpqa-diamond", "ifeval"])
    assert matrix.r.loc["swe-bench-verified", "gpqa-diamond"] == pytest.approx(0.72349, abs=5e-6)
    assert matrix.n.loc["gpqa-diamond", "ifeval"] == 4
    assert np.isnan(matrix.low.loc["ifeval", "ifeval"]) or matrix.low.loc["ifeval", "ifeval"] == 1
    assert (matrix.r.to_numpy() == matrix.r.to_numpy().T).all()


def test_the_papers_assembled_frontier_matrix_is_not_a_correlation_matrix() -> None:
    matrix = assemble(["swe", "gpqa", "hle"], np.array([[1, 0.848, -0.251], [0.848, 1, 0.715], [-0.251, 0.715, 1]]))
    assert matrix.valid is False
    assert matrix.smallest_eigenvalue == pytest.approx(-0.24, abs=0.005)
    assert np.linalg.eigvalsh(matrix.repaired.to_numpy()).min() > -1e-9
    assert matrix.distance > 0.2
    assert matrix.as_dict()["valid"] is False


def test_empty_cells_are_named_and_leave_validity_open() -> None:
    matrix = assemble(["a", "b", "c"], np.array([[1, 0.5, np.nan], [0.5, 1, 0.2], [np.nan, 0.2, 1]]))
    assert matrix.valid is None
    assert matrix.filled == (("a", "c"),)


@given(st.lists(st.floats(-0.99, 0.99), min_size=6, max_size=6))
@settings(max_examples=40, deadline=None)
def test_repair_gives_a_valid_matrix_and_leaves_valid_ones_alone(cells: list[float]) -> None:
    matrix = np.eye(4)
    matrix[np.triu_indices(4, 1)] = cells
    matrix = matrix + matrix.T - np.eye(4)
    repaired = nearest_correlation(matrix)
    assert np.diag(repaired) == pytest.approx(1)
    assert np.linalg.eigvalsh(repaired).min() > -1e-8
    if np.linalg.eigvalsh(matrix).min() > 1e-6:
        assert repaired == pytest.approx(matrix, abs=1e-6)


def test_repair_agrees_with_the_example_of_higham() -> None:
    repaired = nearest_correlation(np.array([[1.0, 1, 0], [1, 1, 1], [0, 1, 1]]))
    assert repaired[0, 1] == pytest.approx(0.7607, abs=1e-4)
    assert repaired[0, 2] == pytest.approx(0.1573, abs=1e-4)


def test_separated_directions_have_narrow_cones_and_equal_ones_do_not(rng: np.random.Generator) -> None:
    factor = rng.normal(size=(200, 1))
    strong = pd.DataFrame(factor + 0.3 * rng.normal(size=(200, 3)), columns=list("abc"))
    strong["lab"] = [f"l{i % 20}" for i in range(200)]
    cones = eigenvector_cones(strong, "abc", cluster="lab", rng=rng, resamples=300)
    assert cones["cone"].iloc[0] < 10
    assert cones["settled"].iloc[0]
    noise = pd.DataFrame(rng.normal(size=(200, 5)), columns=list("abcde")).assign(lab=strong["lab"])
    assert not eigenvector_cones(noise, "abcde", cluster="lab", rng=rng, resamples=300)["settled"].iloc[1]
    assert eigenvector_cones(strong.iloc[:2], "abc", cluster="lab", rng=rng).empty


def test_a_turned_principal_axis_is_noticed_and_a_relabelling_is_not(rng: np.random.Generator) -> None:
    along_a, along_b = rng.normal(size=(60, 2)) * [5, 1], rng.normal(size=(60, 2)) * [1, 5]
    index = [f"m{i:03d}" for i in range(120)]
    frame = pd.DataFrame(np.vstack([along_a, along_b]), columns=["a", "b"], index=index)
    groups = pd.Series(["one"] * 60 + ["two"] * 60, index=index)
    turned = axis_rotation(frame, "ab", groups, "one", "two", rng=rng, resamples=200)
    assert turned.estimate == pytest.approx(90, abs=15)
    assert turned.p["relabelled"] == pytest.approx(1 / 201)
    mixed = pd.Series(rng.permutation(groups.to_numpy()), index=index)
    assert axis_rotation(frame, "ab", mixed, "one", "two", rng=rng, resamples=200).p["relabelled"] > 0.01
    assert "each group needs more" in axis_rotation(frame.iloc[:61], "ab", groups, "one", "two", rng=rng).reason


def test_a_matrix_with_a_constant_axis_leaves_its_cells_empty() -> None:
    scores = pd.DataFrame({"hellaswag": [1.0, 2, 3, 4], "mmlu": [5.0, 5, 5, 5]}, index=list("abcd"))
    matrix = coupling_matrix(make_panel(scores, pd.DataFrame(index=scores.index)), ["hellaswag", "mmlu"])
    assert np.isnan(matrix.r.loc["hellaswag", "mmlu"])
    assert matrix.valid is None
