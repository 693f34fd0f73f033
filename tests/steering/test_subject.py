"""Opening models: local folders, demo rungs, and every hub fault by its name."""

from __future__ import annotations

from pathlib import Path

import pytest
import transformers

from generator.core import CapewatchError
from generator.steering.checkpoints import parse_demo_id
from generator.steering.score import prepare, score
from generator.steering.subject import load_pretrained, pick_device
from generator.steering.train import Recipe, build_model, demo_tokenizer
from tests.steering.small import ChoiceItem


def load(model_id: str, **options: str) -> object:
    return load_pretrained(model_id, revision=None, **{"device": "cpu", "dtype": "float32", **options})


def test_a_local_folder_is_opened_and_scored(tmp_path: Path) -> None:
    build_model(Recipe.demo("xs", 0)).save_pretrained(tmp_path)
    demo_tokenizer().save_pretrained(tmp_path)
    subject = load_pretrained(str(tmp_path), revision=None, device="cpu", dtype="float32")
    assert (subject.revision, subject.dtype, len(subject.blocks)) == ("local folder", "float32", 2)
    items = [ChoiceItem("a", "note Belby crop", (" rye",), (" oats",))]
    assert score(subject, prepare(subject, items))[0].shape == (2,)


def test_a_folder_that_is_no_model_says_what_it_needs(tmp_path: Path) -> None:
    with pytest.raises(CapewatchError, match="cannot be loaded as a causal language model") as caught:
        load(str(tmp_path))
    assert "config.json" in caught.value.hint


def test_without_a_network_an_uncached_model_is_named() -> None:
    with pytest.raises(CapewatchError, match="nobody/nothing: not in the local cache, and the hub cannot be reached"):
        load("nobody/nothing")


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (OSError("You are trying to access a gated repo. 403 Client Error"), r"refuses access \(gated or private\)"),
        (OSError("x is not a local folder and is not a valid model identifier; 404"), "the hub knows no such model"),
        (ValueError("Unrecognized configuration class"), "cannot be loaded as a causal language model"),
    ],
)
def test_hub_faults_are_told_apart(monkeypatch: pytest.MonkeyPatch, fault: Exception, message: str) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise fault

    monkeypatch.setattr(transformers.AutoTokenizer, "from_pretrained", refuse)
    with pytest.raises(CapewatchError, match=message):
        load("some/model")


def test_code_that_comes_with_a_model_is_never_run(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(
        '{"model_type": "own", "auto_map": {"AutoModelForCausalLM": "own.Model", "AutoConfig": "own.Config"}}'
    )
    (tmp_path / "own.py").write_text("raise SystemExit('code ran')")
    with pytest.raises(CapewatchError, match="cannot be loaded"):
        load(str(tmp_path))


def test_an_unknown_dtype_or_device_lists_the_allowed() -> None:
    with pytest.raises(CapewatchError, match="dtype: int3, allowed float32, bfloat16, float16"):
        load("x", dtype="int3")
    with pytest.raises(CapewatchError, match="device: 'tpu9'") as caught:
        pick_device("tpu9")
    assert "auto, cpu, cuda" in caught.value.hint


def test_a_gpu_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(CapewatchError, match="device: cuda:1, but no CUDA device is visible"):
        pick_device("cuda:1")
    assert str(pick_device("auto")) == "cpu"


@pytest.mark.parametrize("name", ["demo:", "demo:xl-0", "demo:m", "demo:m-x"])
def test_a_wrong_demo_id_says_how_to_write_one(name: str) -> None:
    with pytest.raises(CapewatchError, match="is not a rung of the demo ladder") as caught:
        parse_demo_id(name)
    assert "demo:m-0" in caught.value.hint
    assert parse_demo_id("gpt2") is None
