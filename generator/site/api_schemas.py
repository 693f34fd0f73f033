"""JSON Schemas of the documents under api/v1: what a program may rely on. Further members may come; these stay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.predictions.standing import STATES

Schema = dict[str, Any]
_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_TEXT: Schema = {"type": "string"}
_TEXTS: Schema = {"type": "array", "items": _TEXT}
_NUMBER: Schema = {"type": ["number", "null"]}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_DAY: Schema = {"type": "string", "pattern": r"^(\d{4}-\d{2}-\d{2})?$"}
_FLAG: Schema = {"type": "boolean"}


def _object(required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None, what: str = "") -> Schema:
    made = {"type": "object", "required": sorted(required), "properties": {**required, **(optional or {})}}
    return {**made, "description": what} if what else made


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _by_id(values: Schema) -> Schema:
    return {"type": "object", "additionalProperties": values}


_INTERVAL = {"anyOf": [{"type": "null"}, _object({"low": _NUMBER, "high": _NUMBER, "level": _NUMBER, "method": _TEXT})]}
STATISTIC = _object(
    {
        "name": _TEXT, "estimate": {"description": "null without data; the reason says why", **_NUMBER}, "unit": _TEXT, "n": _COUNT,
        "interval": _INTERVAL, "method": _TEXT, "track": _TEXT, "as_of": _TEXT, "axes": _TEXTS, "reason": _TEXT,
        "inputs": {"description": "ids of the models behind it", **_TEXTS}, "p": _by_id(_NUMBER), "baselines": _by_id(_NUMBER),
    },
    what="A number with everything needed to judge it.",
)  # fmt: skip
CLAIM = _object(
    {
        "id": _TEXT,
        "title": _TEXT,
        "statement": _TEXT,
        "verdict": _TEXT,
        "verdict_reason": _TEXT,
        "sentence": {
            "description": "whether what it says beyond its numbers follows, judged by people; null where it says no more",
            "anyOf": [
                {"type": "null"},
                _object({"judged": {"enum": ["supported", "not supported", "not tested"]}, "reason": _TEXT}),
            ],
        },
        "published": _list(_object({"name": _TEXT, "printed": _TEXT, "headline": _FLAG, "status": _TEXT})),
        "command": {"description": "recomputes it", **_TEXT},
        "where": _list(_object({"name": _TEXT, "place": _TEXT})),
    },
    what="A published claim with its verdict.",
)
_SCORE = _object({"value": _NUMBER, "stderr": _NUMBER})
MODEL = _object(
    {
        "id": _TEXT, "name": _TEXT, "lab": _TEXT, "family": {"type": ["string", "null"]}, "kind": {"enum": ["chat", "base"]},
        "open_weights": {"type": ["boolean", "null"]}, "released": {"type": ["string", "null"]}, "params": _NUMBER,
        "page": _TEXT, "as_of": _DAY,
        "scores": {"description": "track -> axis -> the score that the track uses", **_by_id(_by_id(_SCORE))},
        "h": {"description": "track -> residual of the frontier regression, pp", **_by_id(_object({"h": _NUMBER, "fitted": _NUMBER}))},
        "observations": _list(
            _object(
                {"benchmark": _TEXT, "value": _NUMBER, "unit": _TEXT, "stderr": _NUMBER, "protocol": {"type": "object"}, "evaluator": _TEXT,
                 "source": _TEXT, "url": {"type": ["string", "null"]}, "public": _TEXT, "chosen_in": _TEXTS}
            )
        ),
    },
    what="A model: what it is, the scores in use, and every observation with where it came from.",
)  # fmt: skip
PREDICTION = _object(
    {
        "id": _TEXT,
        "title": _TEXT,
        "state": {"enum": list(STATES)},
        "standing": _TEXT,
        "as_of": _DAY,
        "track": _TEXT,
        "n": {"type": ["integer", "null"]},
        "margins": _list(
            _object({"metric": _TEXT, "value": _NUMBER, "threshold": _NUMBER, "met": {"type": ["boolean", "null"]}})
        ),
        "because": _TEXTS,
    },
    {
        "number": {"type": ["integer", "null"]},
        "closes": {"type": ["string", "null"]},
        "opens": {"type": ["string", "null"]},
    },
    what="A registered prediction as it stands.",
)
FIELD = _object(
    {"name": _TEXT, "type": {"enum": ["text", "number", "day", "flag"]}, "unit": _TEXT, "description": _TEXT}
)
_METADATA = {
    "name": _TEXT, "title": _TEXT, "description": _TEXT, "fields": _list(FIELD), "licence": _TEXT, "as_of": _DAY, "rows": _COUNT,
    "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$", "description": "of the CSV"},
}  # fmt: skip
API_SCHEMAS: Mapping[str, Schema] = {
    name: {"$schema": _DRAFT, "title": title, **schema}
    for name, title, schema in (
        (
            "index",
            "Index of the interface",
            _object(
                {
                    "version": _TEXT,
                    "as_of": _DAY,
                    "data_digest": _TEXT,
                    "licence": _TEXT,
                    "resources": _list(
                        _object({"path": _TEXT, "description": _TEXT, "type": _TEXT}, {"schema": _TEXT})
                    ),
                }
            ),
        ),
        (
            "meta",
            "The data behind the site",
            _object(
                {
                    "as_of": _DAY,
                    "version": _TEXT,
                    "data_digest": _TEXT,
                    "counts": {"type": "object"},
                    "freshness": _list(_object({"source": _TEXT, "name": _TEXT, "stale": _FLAG})),
                }
            ),
        ),
        ("statistics", "Statistics by id", _by_id(STATISTIC)),
        ("claims", "Claims", _list(CLAIM)),
        ("claim", "A claim", CLAIM),
        ("model", "A model", MODEL),
        ("predictions", "Predictions", _list(PREDICTION)),
        (
            "prediction",
            "A prediction: file, evaluation, ledger",
            _object(
                {
                    "prediction": _object({"id": _TEXT, "statement": _TEXT}),
                    "evaluation": PREDICTION,
                    "ledger": _list(
                        _object({"sequence": _COUNT, "at": _TEXT, "event": _TEXT, "hash": _TEXT, "previous": _TEXT})
                    ),
                }
            ),
        ),
        (
            "charts",
            "Charts",
            _list(
                _object(
                    {
                        "id": _TEXT,
                        "title": _TEXT,
                        "finding": _TEXT,
                        "page": _TEXT,
                        "embed": _TEXT,
                        "spec": _TEXT,
                        "csv": {"type": ["string", "null"]},
                    }
                )
            ),
        ),
        ("table-metadata", "A table's metadata", _object({**_METADATA, "files": _by_id(_TEXT)})),
        (
            "table",
            "A table with its metadata",
            _object({"metadata": _object(_METADATA), "rows": _list({"type": "object"})}),
        ),
        (
            "badge",
            "A badge endpoint",
            _object({"schemaVersion": {"const": 1}, "label": _TEXT, "message": _TEXT, "color": _TEXT}),
        ),
    )
}
#: Path of a document -> name of its schema, the first that fits.
DOCUMENTS = (
    *((rf"api/v1/{name}\.json", name) for name in ("index", "meta", "statistics", "claims", "predictions", "charts")),
    (r"api/v1/claims/[^/]+\.json", "claim"),
    (r"api/v1/models/[^/]+\.json", "model"),
    (r"api/v1/predictions/[^/]+\.json", "prediction"),
    (r"api/v1/badges/.+\.json", "badge"),
    (r"api/v1/tables/[^/]+\.json", "table-metadata"),
    (r"data/tables/[^/]+\.json", "table"),
)
