"""The result file of one model: its schema, its key, and how it is written whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from generator.core import CapewatchError, canonical_json, read_json, sha256_bytes, sha256_file, write_atomic
from generator.steering.errors import SteeringError

SCHEMA_VERSION = 1
Fraction = Annotated[float, Field(ge=0, le=1)]
Status = Literal["ok", "no_effect", "failed"]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class ModelRecord(_Record):
    """The weights under test; revision is a hub commit or a content hash."""

    id: str
    revision: str
    parameters: int = Field(ge=0)
    dtype: str
    layer_path: str
    blocks: int = Field(ge=0)
    width: int = Field(ge=0)
    padding: str


class EnvironmentRecord(_Record):
    """What else the figures depend on."""

    code: str
    python: str
    torch: str
    transformers: str
    device: str
    threads: int
    seed: int


class DataRecord(_Record):
    """Suite, its pinned revision and hashes; n counts test items."""

    suite: str
    revision: str
    digest: str
    test_hash: str
    n: int = Field(ge=0)
    n_validation: int = Field(ge=0)
    n_pairs: int = Field(ge=0)
    pairs: str


class ShareRecord(_Record):
    """k of n with its Wilson interval; null without a denominator."""

    k: int = Field(ge=0)
    n: int = Field(ge=0)
    low: Fraction | None
    high: Fraction | None


class FlipsRecord(_Record):
    """Corrected (wrong → right) and broken (right → wrong) against the unsteered model; net in 0–1 of all items."""

    n: int
    base_right: int
    steered_right: int
    corrected: ShareRecord
    broken: ShareRecord
    net: float = Field(ge=-1, le=1)
    mcnemar_p: Fraction


class GainRecord(_Record):
    """Steered minus mean matched control, with paired bootstrap over items × controls; accuracies in 0–1."""

    estimate: float
    low: float
    high: float
    rank_p: Fraction
    control_mean: Fraction
    control_low: Fraction
    control_high: Fraction
    controls: int
    items: int


class FoldRecord(_Record):
    """The frozen choice of one fold and the vector it was tested with."""

    name: str
    method: str
    layer: int
    point: Literal["before", "after"]
    positions: str
    strength: float
    residual_norm: float
    vector_norm: float
    realised: float
    within_limits: bool
    validation_hash: str
    file: str
    sha256: str


class CellRecord(_Record):
    """One sweep candidate on validation."""

    fold: str
    layer: int
    strength: float
    accuracy: Fraction
    margin: float
    capability: Fraction
    perplexity_ratio: float
    admissible: bool


class TestRecord(_Record):
    """Test figures. base and steered hold accuracy by metric (binary, mc1, mc2).

    gain is the headline: steered minus the mean of all matched controls, random and label-shuffled; the two kinds are
    also given apart.
    """

    base: dict[str, Fraction]
    steered: dict[str, Fraction]
    binary: FlipsRecord
    mc1: FlipsRecord
    mc2_change: dict[str, float]
    gain: GainRecord
    gain_random: GainRecord
    gain_shuffled: GainRecord
    controls_random: list[Fraction]
    controls_shuffled: list[Fraction]
    minus: FlipsRecord
    truthful_prompt: FlipsRecord
    zero_identical: bool
    extra: dict[str, FlipsRecord]
    methods: dict[str, FlipsRecord]


class ChoiceRecord(_Record):
    """Multiple-choice accuracy (0–1) of n items, unsteered and steered; random: median and 95 % range of random vectors."""

    name: str
    n: int = Field(ge=1)
    base: Fraction
    steered: Fraction
    random: list[Fraction]


class EffectRecord(_Record):
    """Side effects of the vector and, as medians and 95 % ranges, of random vectors of the same norm."""

    capability_base: Fraction
    capability_steered: Fraction
    capability_n: int
    perplexity_base: float
    perplexity_steered: float
    kl: float
    random: dict[str, list[float]]
    random_count: int
    multiple_choice: ChoiceRecord | None = None


class GenerationRecord(_Record):
    """Greedy completions, judged; `changed` is a diagnostic, never a success."""

    judge: str
    prompts: int
    new_tokens: int
    truthful: dict[str, int]
    truthful_informative: dict[str, int]
    refusals: dict[str, int]
    repetitive: dict[str, int]
    changed: dict[str, int]
    examples: list[dict[str, str]]


class ReferenceRow(_Record):
    """The published tool's settings on the same items."""

    layer: int
    strength_absolute: float
    strength_of_norm: float
    flips: FlipsRecord
    changed: int
    changed_of: int


class ResultFile(_Record):
    """Everything about one run; figures are absent exactly when status is failed."""

    schema_version: Literal[1]
    key: str
    status: Status
    reason: str
    model: ModelRecord
    environment: EnvironmentRecord
    data: DataRecord
    config: dict[str, Any]
    folds: list[FoldRecord]
    sweep: list[CellRecord]
    test: TestRecord | None
    side_effects: EffectRecord | None
    generation: GenerationRecord | None
    reference: list[ReferenceRow]
    items_file: str
    items_sha256: str
    cost: dict[str, float]
    caveats: list[str] = []


def result_key(*, model_revision: str, data_digest: str, config: dict[str, Any], code: str) -> str:
    """The identity of a run: same key, same figures."""
    return sha256_bytes(canonical_json([model_revision, data_digest, config, code]))[:16]


def code_digest() -> str:
    """Hash of the modules that the figures depend on (not the command line, the engines or the exports)."""
    aside = {
        "contrasts.py",
        "engine.py",
        "export.py",
        "__init__.py",
        "heads.py",
        "internals.py",
        "ladder.py",
        "lever_coupling.py",
        "levers.py",
        "study.py",
        "summary.py",
        "trial.py",
        "validate.py",
    }
    folder = Path(__file__).parent
    return sha256_bytes(
        "\n".join(
            f"{path.name} {sha256_file(path)}"
            for path in sorted(folder.glob("*.py"))
            if path.name not in aside and not path.name.startswith("cli")
        )
    )[:16]


def write_result(folder: Path, result: ResultFile) -> None:
    """Write result.json last and atomically: a folder without it holds no result."""
    write_atomic(folder / "result.json", canonical_json(result.model_dump(mode="json"), indent=1))


def read_result(folder: Path) -> ResultFile:
    """Read and check one result: schema, and the files it names with their hashes."""
    path = folder / "result.json"
    data = read_json(path)
    try:
        result = ResultFile.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise SteeringError(f"{path}: {where}: {first['msg']} ({error.error_count()} faults)") from None
    if (result.test is None) != (result.status == "failed"):
        raise SteeringError(
            f"{path}: status is {result.status}, test figures are {'absent' if result.test is None else 'there'}"
        )
    for fold in result.folds:
        _require_file(folder / fold.file, sha256=fold.sha256)
    if result.items_file:
        _require_file(folder / result.items_file, sha256=result.items_sha256)
    return result


def finished(folder: Path, *, key: str) -> ResultFile | None:
    """The stored result when it is whole and has this key; None when there is none or another one."""
    if not (folder / "result.json").is_file():
        return None
    try:
        result = read_result(folder)
    except CapewatchError:
        return None  # damaged or of an older schema: the run is made again
    return result if result.key == key and result.status != "failed" else None


def json_schema() -> dict[str, Any]:
    """JSON Schema of a result file."""
    return ResultFile.model_json_schema()


class Journal:
    """Stages of an unfinished run, one JSON file each, so that an interrupted run goes on where it stopped."""

    def __init__(self, folder: Path, *, key: str) -> None:
        self.folder = folder / key

    def stage(self, name: str, make: Any) -> Any:
        """The stored value of a stage, or `make()` stored; values are plain JSON."""
        path = self.folder / f"{name}.json"
        if path.is_file():
            try:
                return json.loads(path.read_text(encoding="utf-8"))
            except ValueError:
                path.unlink()  # cannot happen through write_atomic; a damaged disk block is recomputed
        value = make()
        write_atomic(path, canonical_json(value))
        return value

    def clear(self) -> None:
        """Remove the stages of a finished run."""
        if self.folder.is_dir():
            for path in sorted(self.folder.iterdir()):
                path.unlink()
            self.folder.rmdir()


def _require_file(path: Path, *, sha256: str) -> None:
    if not path.is_file():
        raise SteeringError(f"{path}: named in result.json, but not there")
    if sha256_file(path) != sha256:
        raise SteeringError(f"{path}: its bytes are not those named in result.json")
