"""Predictions as data: evaluated by rule at any day, sealed, resolved in a ledger that shows every change."""

from generator.predictions.book import Book, load_predictions
from generator.predictions.chance import Chance, Simulate, chance
from generator.predictions.checks import FROZEN_TRACKS, check_predictions
from generator.predictions.decide import Context, decide, retired_axes, roster_of
from generator.predictions.evaluate import evaluate, evaluate_all, stream
from generator.predictions.instants import Instant
from generator.predictions.ledger import append_event, read_ledger, read_seals, recorded_state
from generator.predictions.outputs import (
    FeedEntry,
    atom_feed,
    badge_json,
    calendar,
    ledger_entries,
    overall_badge_json,
    pass_rate,
    prediction_json,
    predictions_json,
)
from generator.predictions.point import Panels
from generator.predictions.replay import Move, Step, days_that_matter, replay, turning_points
from generator.predictions.resolve import Resolution, apply, due, record_evaluation, with_ledger
from generator.predictions.result import Alternative, Evaluation, Evidence, Firmness
from generator.predictions.scores import Forecast, Score, brier, log_score, reliability, score
from generator.predictions.seal import seal, sealed_text, waive
from generator.predictions.standing import STANDINGS, STATES
from generator.predictions.template import new_prediction
from generator.predictions.verify import verify
from generator.predictions.words import condition_words, event_words, flip_words, metric_words

__all__ = [
    "FROZEN_TRACKS",
    "STANDINGS",
    "STATES",
    "Alternative",
    "Book",
    "Chance",
    "Context",
    "Evaluation",
    "Evidence",
    "FeedEntry",
    "Firmness",
    "Forecast",
    "Instant",
    "Move",
    "Panels",
    "Resolution",
    "Score",
    "Simulate",
    "Step",
    "append_event",
    "apply",
    "atom_feed",
    "badge_json",
    "brier",
    "calendar",
    "chance",
    "check_predictions",
    "condition_words",
    "days_that_matter",
    "decide",
    "due",
    "evaluate",
    "evaluate_all",
    "event_words",
    "flip_words",
    "ledger_entries",
    "load_predictions",
    "log_score",
    "metric_words",
    "new_prediction",
    "overall_badge_json",
    "pass_rate",
    "prediction_json",
    "predictions_json",
    "read_ledger",
    "read_seals",
    "record_evaluation",
    "recorded_state",
    "reliability",
    "replay",
    "retired_axes",
    "roster_of",
    "score",
    "seal",
    "sealed_text",
    "stream",
    "turning_points",
    "verify",
    "waive",
    "with_ledger",
]
