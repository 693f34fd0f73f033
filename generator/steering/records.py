"""The parts of a result file that describe model, environment and data; and the result of a run that failed."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any

import torch

from generator.steering.data import Suite, items_hash
from generator.steering.results import (
    SCHEMA_VERSION,
    DataRecord,
    EnvironmentRecord,
    ModelRecord,
    ResultFile,
    code_digest,
    write_result,
)
from generator.steering.subject import Subject, device_name


def failed_result(
    *, model_id: str, suite: str, reason: str, config: dict[str, Any], seed: int, folder: Path
) -> ResultFile:
    """A result file that says why there are no figures."""
    result = ResultFile(
        schema_version=SCHEMA_VERSION,
        key="failed",
        status="failed",
        reason=reason,
        model=ModelRecord(
            id=model_id, revision="", parameters=0, dtype="", layer_path="", blocks=0, width=0, padding=""
        ),
        environment=environment_record(None, seed=seed),
        data=DataRecord(suite=suite, revision="", digest="", test_hash="", n=0, n_validation=0, n_pairs=0, pairs=""),
        config=config,
        folds=[],
        sweep=[],
        test=None,
        side_effects=None,
        generation=None,
        reference=[],
        items_file="",
        items_sha256="",
        cost={},
    )
    write_result(folder, result)
    return result


def described(subject: Subject, suite: Suite, *, seed: int) -> dict[str, Any]:
    """The records `model`, `environment` and `data` of a result file."""
    return {
        "model": model_record(subject),
        "environment": environment_record(subject, seed=seed),
        "data": data_record(suite),
    }


def model_record(subject: Subject) -> ModelRecord:
    return ModelRecord(
        id=subject.id,
        revision=subject.revision,
        parameters=subject.parameters,
        dtype=subject.dtype,
        layer_path=subject.blocks.path,
        blocks=len(subject.blocks),
        width=subject.blocks.width,
        padding=subject.pad_note,
    )


def environment_record(subject: Subject | None, *, seed: int) -> EnvironmentRecord:
    import transformers

    return EnvironmentRecord(
        code=code_digest(),
        python=platform.python_version(),
        torch=torch.__version__,
        transformers=transformers.__version__,
        device="none" if subject is None else device_name(subject.device),
        threads=torch.get_num_threads(),
        seed=seed,
    )


def data_record(suite: Suite) -> DataRecord:
    return DataRecord(
        suite=suite.name,
        revision=suite.revision,
        digest=suite.digest,
        test_hash=items_hash(suite.test),
        n=len(suite.test),
        n_validation=sum(len(fold.validation) for fold in suite.folds),
        n_pairs=sum(len(fold.pairs) for fold in suite.folds),
        pairs=suite.pairs_note,
    )
