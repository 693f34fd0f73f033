"""What the site needs of the files under data/steering that have no schema of their own, as JSON Schema.

Fields beyond these are allowed: the benchmark may write more than the site shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

ITEM_COLUMNS = (
    "id", "category", "fold", "base_margin", "steered_margin", "base_right", "steered_right", "base_mc1", "steered_mc1",
    "base_mc2", "steered_mc2", "random_right", "shuffled_right", "minus_right", "truthful_prompt_right",
)  # fmt: skip
Schema = dict[str, Any]

_NUMBER: Schema = {"type": "number"}
_TEXT: Schema = {"type": "string"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_OPTIONAL: Schema = {"type": ["number", "null"]}


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "required": list(properties), "properties": properties}


def _several(items: Schema, *, least: int = 1) -> Schema:
    return {"type": "array", "items": items, "minItems": least}


def _numbers(names: Sequence[str]) -> dict[str, Schema]:
    return dict.fromkeys(names, _NUMBER)


_COUPLING = _object(**_numbers(("cosine", "null_low", "null_high", "p", "raw")))
_NETWORK = _object(
    contrasts=_several(_TEXT, least=2),
    pairs=_several(_COUNT, least=2),
    layers=_several(_object(layer=_COUNT, **_numbers(("cosine", "null_low", "null_high", "p", "raw", "d_rep")))),
    heads=_object(heads=_COUNT, competing=_COUNT, cooperating=_COUNT, net=_NUMBER),
    bottleneck=_object(hidden=_COUPLING, projected=_COUPLING, gain_first=_NUMBER, gain_second=_NUMBER),
)
INTERNALS = _object(model=_TEXT, revision=_TEXT, trained=_NETWORK, random_weights=_several(_NETWORK))

_INTERVAL: Schema = {"type": "array", "items": _NUMBER, "minItems": 3, "maxItems": 3}
_MOVE = _object(**_numbers(("mean", "low", "high")), seeds=_COUNT, moves={"type": "boolean"})
_LEVER = _object(
    levels=_several(_object(level=_NUMBER, fact_accuracy=_INTERVAL, truthfulness=_INTERVAL)),
    move=_object(fact_accuracy=_MOVE, truthfulness=_MOVE),
    coupling=_object(n=_COUNT, slope=_OPTIONAL, r=_OPTIONAL, p=_OPTIONAL, reason=_TEXT),
)
LEVERS = _object(
    grid=_TEXT,
    seeds=_several({"type": "integer"}),
    centre={"type": "object"},
    levers={"type": "object", "additionalProperties": _LEVER},
    rows=_several(
        _object(
            lever=_TEXT, seed={"type": "integer"}, parameters=_COUNT,
            **_numbers(("level", "fact_accuracy", "truthfulness")),
        )
    ),
)  # fmt: skip

LIVE = _object(
    format={"const": "capewatch-live-model/1"},
    model=_TEXT,
    sha256=_TEXT,
    config=_object(architecture={"const": "gpt_neox"}, blocks=_COUNT, width=_COUNT, heads=_COUNT),
    vocabulary=_several(_TEXT),
    arrays={"type": "object", "additionalProperties": _object(offset=_COUNT, shape=_several(_COUNT))},
    steering=_object(layer=_COUNT, strength=_NUMBER, residual_norm=_NUMBER),
    facts=_several(_object(town=_TEXT, relation=_TEXT, truth=_TEXT, misconception=_TEXT)),
)
