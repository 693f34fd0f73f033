"""The papers' claims, recomputed: recipes as code, verdicts by rule, the same questions asked of the live panels."""

from generator.analysis.claims.evaluate import ClaimResult, LiveAnswer, evaluate_claims, verdict_counts
from generator.analysis.claims.inputs import ClaimInputs, read_inputs
from generator.analysis.claims.objections import objection_values
from generator.analysis.claims.report import answer_objections, list_contradictions
from generator.analysis.claims.verdict import VERDICTS

__all__ = [
    "VERDICTS",
    "ClaimInputs",
    "ClaimResult",
    "LiveAnswer",
    "answer_objections",
    "evaluate_claims",
    "list_contradictions",
    "objection_values",
    "read_inputs",
    "verdict_counts",
]
