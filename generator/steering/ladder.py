"""Ladder files and the jobs they stand for: the same work as a list, a SLURM array or a job matrix. Needs no torch."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from generator.core import near_matches
from generator.steering.errors import SteeringError, UsageFault

LADDERS = Path(__file__).parent / "ladders"


class LadderEntry(BaseModel):
    """One rung; `sharded` spreads a model larger than one device over all of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    model: str = Field(min_length=1)
    revision: str | None = None
    dtype: Literal["float32", "bfloat16", "float16"] | None = None
    sharded: bool = False


class Ladder(BaseModel):
    """A ladder file: the suite and the models to run it on, smallest first."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    suite: Literal["demo", "truthfulqa", "truthfulqa-in-domain"]
    dtype: Literal["float32", "bfloat16", "float16"] = "bfloat16"
    models: tuple[LadderEntry, ...] = Field(min_length=1)


@dataclass(frozen=True)
class Job:
    """One model on one suite; `out` is the folder under which its result folder is made.

    truth_judge and information_judge: models that judge the completions, `owner/name@commit`; both or none.
    """

    model: str
    suite: str
    out: str
    revision: str | None = None
    dtype: str = "float32"
    device: str = "auto"
    sharded: bool = False
    data: str = ""
    offline: bool = False
    truth_judge: str = ""
    information_judge: str = ""

    @property
    def folder(self) -> Path:
        return Path(self.out) / slug(self.model, self.suite)

    def command(self) -> str:
        """The command line that runs exactly this job."""
        words = ["capewatch", "steer", "run", "--model", self.model, "--suite", self.suite, "--out", self.out]
        words += ["--dtype", self.dtype, "--device", self.device]
        words += ["--revision", self.revision] if self.revision else []
        words += ["--sharded"] if self.sharded else []
        words += ["--data", self.data] if self.data else []
        words += ["--truth-judge", self.truth_judge] if self.truth_judge else []
        words += ["--information-judge", self.information_judge] if self.information_judge else []
        return shlex.join(words)


def slug(model: str, suite: str) -> str:
    """Folder name of a result: `demo-m-0`, `eleutherai--pythia-70m--truthfulqa`."""
    if model.startswith("demo:"):
        return model.replace(":", "-")
    name = Path(model).name if Path(model).is_dir() else model
    return f"{name.lower().replace('/', '--')}--{suite}"


def load_ladder(name: str) -> Ladder:
    """A ladder file by path, or a bundled one by name."""
    path = Path(name) if name.endswith((".yaml", ".yml")) else LADDERS / f"{name}.yaml"
    if not path.is_file():
        known = sorted(entry.stem for entry in LADDERS.glob("*.yaml"))
        close = near_matches(name, known)
        raise UsageFault(
            f"ladder: {name!r} is neither a file nor one of {', '.join(known)}",
            hint=f"did you mean {close[0]}?" if close else "pass the path of a ladder file",
        )
    try:
        return Ladder.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        raise SteeringError(f"{path}: not YAML: {error}") from None
    except ValidationError as error:
        lines = [f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in error.errors()]
        raise SteeringError(f"{path}: " + "; ".join(lines)) from None


def ladder_jobs(ladder: Ladder, *, out: str, device: str = "auto", data: str = "", offline: bool = False) -> list[Job]:
    """One job a rung, in the order of the file."""
    return [
        Job(
            model=entry.model,
            suite=ladder.suite,
            out=out,
            revision=entry.revision,
            dtype=entry.dtype or ladder.dtype,
            device=device,
            sharded=entry.sharded,
            data=data,
            offline=offline,
        )
        for entry in ladder.models
    ]


def demo_jobs(*, out: str, sizes: Sequence[str], seeds: Sequence[int]) -> list[Job]:
    """The demo ladder on several seeds."""
    return [Job(model=f"demo:{size}-{seed}", suite="demo", out=out, device="cpu") for seed in seeds for size in sizes]


def slurm_array(jobs: Sequence[Job], *, hours: int = 4) -> str:
    """A batch script whose array task k runs job k."""
    commands = "\n".join(f"  {shlex.quote(job.command())}" for job in jobs)
    return (
        "#!/bin/bash\n"
        "#SBATCH --job-name=capewatch-steer\n"
        f"#SBATCH --array=0-{len(jobs) - 1}\n"
        "#SBATCH --gres=gpu:1\n"
        f"#SBATCH --time={hours:02d}:00:00\n"
        "set -euo pipefail\n"
        f"jobs=(\n{commands}\n)\n"
        'bash -c "${jobs[$SLURM_ARRAY_TASK_ID]}"\n'
    )


def job_matrix(jobs: Sequence[Job]) -> dict[str, Any]:
    """The jobs as the `matrix` of a workflow: `include` with name (of the result folder), model, suite and command."""
    return {
        "include": [
            {"name": slug(job.model, job.suite), "model": job.model, "suite": job.suite, "command": job.command()}
            for job in jobs
        ]
    }
