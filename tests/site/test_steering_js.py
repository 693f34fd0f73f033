"""The live model in the browser's language equals the one in Python."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import REPOSITORY
from tests.site.test_playbook_js import module, run_node

LIVE = REPOSITORY / "data/steering/live"
LOGITS = """
const { readModel, encode, logits } = await import("%s");
const model = readModel(JSON.parse(readFileSync(given.folder + "/model.json", "utf8")), readFileSync(given.folder + "/model.bin"));
console.log(JSON.stringify(given.cases.map(({ prompt, edit }) => ({ tokens: encode(model, prompt), logits: Array.from(logits(model, encode(model, prompt), edit)) }))));
"""
FAULTS = """
const { readModel, encode, logits } = await import("%s");
const header = JSON.parse(readFileSync(given.folder + "/model.json", "utf8"));
const bytes = readFileSync(given.folder + "/model.bin");
const model = readModel(header, bytes);
const told = (act) => { try { act(); return ""; } catch (error) { return error.message; } };
console.log(JSON.stringify([
  told(() => readModel(header, bytes.subarray(0, 1000))),
  told(() => readModel({ ...header, format: "another/2" }, bytes)),
  told(() => readModel({ ...header, config: { ...header.config, activation: "relu" } }, bytes)),
  told(() => encode(model, "note Atlantis crop")),
  told(() => logits(model, [1, 2], { vector: "vector.none", layer: 0, strength: 1 })),
]));
"""


def browser_logits(cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return run_node(LOGITS % module("steering-model.mjs"), {"folder": str(LIVE), "cases": cases})


def test_logits_equal_the_stored_reference() -> None:
    reference = json.loads((LIVE / "reference.json").read_text())
    cases = []
    for case in reference["cases"]:
        edit = {"vector": case["vector"], "layer": reference["layer"], "strength": reference["strength"]}
        cases.append({"prompt": case["prompt"], "edit": None if case["vector"] == "none" else edit})
    found = browser_logits(cases)
    assert len(found) == len(reference["cases"]) > 30
    for case, made in zip(reference["cases"], found, strict=True):
        assert made["tokens"] == case["tokens"]
        np.testing.assert_allclose(made["logits"], case["logits"], atol=reference["tolerance"])
    steered = [np.ptp(np.subtract(found[i + 1]["logits"], found[i]["logits"])) for i in range(0, len(found), 3)]
    assert min(steered) > 10 * reference["tolerance"], "an edit that changes nothing would pass"


def test_probabilities_equal_python_on_random_facts_cues_blocks_and_strengths() -> None:
    torch = pytest.importorskip("torch", reason="the steering extra is not installed")
    pytest.importorskip("transformers", reason="the steering extra is not installed")
    from generator.steering.layers import Edit, steering
    from generator.steering.world import RELIABLE_CUES, UNMARKED_CUE, UNRELIABLE_CUES

    header = json.loads((LIVE / "model.json").read_text())
    rng = np.random.default_rng(20261121)
    vectors = [name for name in header["arrays"] if name.startswith("vector.")]
    cases = []
    for _ in range(120):
        fact = header["facts"][rng.integers(len(header["facts"]))]
        cue = rng.choice([UNMARKED_CUE, *RELIABLE_CUES, *UNRELIABLE_CUES])
        edit = {
            "vector": str(rng.choice(vectors)),
            "layer": int(rng.integers(header["config"]["blocks"])),
            "strength": float(rng.uniform(-1, 1)),
        }
        cases.append({"prompt": f"{cue} {fact['town']} {fact['relation']}", "edit": edit})
    arrays = stored_arrays(header)
    subject = python_subject(header, arrays)
    for case, made in zip(cases, browser_logits(cases), strict=True):
        edit, tokens = case["edit"], made["tokens"]
        vector = torch.from_numpy(arrays[edit["vector"]] * np.float32(edit["strength"]))
        with (
            torch.inference_mode(),
            steering(subject.blocks, [Edit(vector, edit["layer"], "after", len(tokens) - 1)], cached=False),
        ):
            expected = subject.model(input_ids=torch.tensor([tokens]), use_cache=False).logits[0, -1]
        shares = torch.softmax(expected.double(), 0).numpy()
        mine = np.exp(np.asarray(made["logits"]) - max(made["logits"]))
        np.testing.assert_allclose(mine / mine.sum(), shares, atol=1e-3)


def stored_arrays(header: dict[str, Any]) -> dict[str, np.ndarray]:
    """The arrays of model.bin in single precision, read independently of the script."""
    blob = np.fromfile(LIVE / "model.bin", dtype="<f2").astype(np.float32)
    return {
        name: blob[place["offset"] : place["offset"] + int(np.prod(place["shape"]))].reshape(place["shape"])
        for name, place in header["arrays"].items()
    }


def python_subject(header: dict[str, Any], arrays: dict[str, np.ndarray]) -> Any:
    """The benchmark's own model with exactly the stored weights."""
    import torch

    from generator.steering.checkpoints import load_portable_state, parse_demo_id
    from generator.steering.subject import make_subject
    from generator.steering.train import Recipe, build_model, demo_tokenizer

    rung = parse_demo_id(header["model"])
    assert rung is not None
    model = build_model(Recipe.demo(*rung))
    weights = {name: torch.from_numpy(value) for name, value in arrays.items() if not name.startswith("vector.")}
    load_portable_state(model, weights)
    return make_subject(model, demo_tokenizer(), model_id=header["model"], revision=header["revision"])


def test_a_model_that_cannot_be_used_is_told_in_words() -> None:
    found = run_node(FAULTS % module("steering-model.mjs"), {"folder": str(LIVE)})
    for text, part in zip(
        found, ("the file is not whole", "another/2", "cannot compute", '"Atlantis"', "vector.none"), strict=True
    ):
        assert part in text


def test_the_error_function_is_exact_to_twelve_digits() -> None:
    from scipy.special import erf

    values = [step / 50 for step in range(-350, 351)]
    code = f'const {{ erf }} = await import("{module("steering-model.mjs")}");\nconsole.log(JSON.stringify(given.map(erf)));'
    np.testing.assert_allclose(run_node(code, values), erf(values), atol=1e-12)


def test_the_model_module_needs_nothing_but_its_arguments() -> None:
    text = (Path(REPOSITORY) / "site_src/docs/assets/javascripts/steering-model.mjs").read_text()
    code = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith(("//", "*", "/**")))
    assert "export function logits" in code
    assert not any(word in code for word in ("import ", "document", "window", "fetch(", "Math.random", "Date"))
