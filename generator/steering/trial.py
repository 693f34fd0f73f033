"""One prompt, three completions: plain, steered, and under a random vector of the same norm."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from generator.steering.controls import random_directions, require_matched_norm
from generator.steering.directions import Direction, load_direction
from generator.steering.engine import open_subject
from generator.steering.errors import SteeringError, UsageFault
from generator.steering.generate import generate
from generator.steering.ladder import Job, slug
from generator.steering.layers import Edit
from generator.steering.results import read_result
from generator.steering.subject import Subject
from generator.steering.sweep import edit_for


def side_by_side(
    *,
    model: str,
    prompt: str,
    direction: str | None,
    strength: float | None,
    tokens: int,
    device: str,
    dtype: str,
    seed: int,
    out: str,
) -> dict[str, str | float | int]:
    """Greedy completions of the prompt; steering acts from the last prompt token on."""
    if not prompt.strip():
        raise UsageFault("prompt: empty", hint='e.g. --prompt "note Belby crop"')
    subject = open_subject(Job(model=model, suite="demo", out=out, device=device, dtype=dtype))
    _require_known_words(subject, prompt)
    found, frozen = _direction(subject, model=model, direction=direction, out=out)
    chosen = frozen if strength is None else strength
    edit = edit_for(found, chosen)
    length = chosen * found.info.residual_norm
    control = random_directions(subject.blocks.width, count=1, rng=np.random.default_rng(seed)) * length
    require_matched_norm(edit.vector.numpy(), control, what="random control")
    other = Edit(torch.from_numpy(control[0]).float(), edit.layer, edit.point)

    def complete(edits: list[Edit]) -> str:
        return generate(subject, [prompt], new_tokens=tokens, edits=edits, from_last=True)[0]

    return {
        "model": subject.id,
        "revision": subject.revision,
        "prompt": prompt,
        "layer": edit.layer,
        "strength": chosen,
        "plain": complete([]),
        "steered": complete([edit]),
        "control": complete([other]),
    }


def _direction(subject: Subject, *, model: str, direction: str | None, out: str) -> tuple[Direction, float]:
    if direction is not None:
        return load_direction(Path(direction), subject=subject), 0.2
    folders = sorted({slug(model, suite) for suite in ("demo", "truthfulqa", "truthfulqa-in-domain")})
    for name in folders:
        folder = Path(out) / name
        if (folder / "result.json").is_file():
            result = read_result(folder)
            if result.folds:
                fold = result.folds[0]
                return load_direction(folder / fold.file, subject=subject), fold.strength
    raise SteeringError(
        f"{model}: no stored direction under {out}",
        hint=f"run `capewatch steer run --model {model}` first, or pass --direction FILE",
    )


def _require_known_words(subject: Subject, prompt: str) -> None:
    """The demo tokenizer knows 212 words; an unknown one would silently become padding."""
    if not subject.id.startswith("demo:"):
        return
    from generator.core import near_matches
    from generator.steering.world import TOKEN_ID

    for word in prompt.split():
        if word not in TOKEN_ID:
            close = near_matches(word, TOKEN_ID)
            raise UsageFault(
                f"prompt: the demo world has no word {word!r}",
                hint=f"did you mean {close[0]}?" if close else 'write CUE TOWN RELATION, e.g. "note Belby crop"',
            )
