"""What a person may write: typed models of every file under data/, positions, and all problems at once."""

from generator.schema.check import CHECKS, axis_ids, check_registry, conversion
from generator.schema.model import Model, Observation, Protocol, Relay, SourceRef
from generator.schema.registry import Entry, Registry, load_registry
from generator.schema.registry_files import Benchmark, Correction, Evaluator, Family, Lab, Source, Track

__all__ = [
    "CHECKS",
    "Benchmark",
    "Correction",
    "Entry",
    "Evaluator",
    "Family",
    "Lab",
    "Model",
    "Observation",
    "Protocol",
    "Registry",
    "Relay",
    "Source",
    "SourceRef",
    "Track",
    "axis_ids",
    "check_registry",
    "conversion",
    "load_registry",
]
