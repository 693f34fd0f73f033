"""The commands: help with examples, JSON, exit codes 0, 1 and 2, and never a traceback."""

from __future__ import annotations

import builtins
import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from generator.steering import cli
from generator.steering.cli import steer

COMMANDS = ("run", "sweep", "matrix", "slurm", "validate", "try", "train-demo", "internals", "levers", "export")


def call(*words: str) -> Result:
    result = CliRunner().invoke(steer, words)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_the_group_has_exactly_these_commands() -> None:
    assert set(steer.commands) == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_shows_an_example(name: str) -> None:
    result = call(name, "--help")
    assert result.exit_code == 0
    assert f"capewatch steer {name}" in result.output


@pytest.mark.parametrize("name", COMMANDS)
def test_every_example_in_the_help_is_a_call_that_parses(name: str) -> None:
    import shlex

    for line in call(name, "--help").output.splitlines():
        words = shlex.split(line.split(">")[0]) if line.strip().startswith("capewatch steer ") else []
        if words:
            context = steer.commands[name].make_context(name, words[3:])
            assert context.params


def test_help_needs_no_torch_and_a_command_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = builtins.__import__

    def without_torch(name: str, *rest: object) -> object:
        if name == "torch":
            raise ModuleNotFoundError("No module named 'torch'", name="torch")
        return honest(name, *rest)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.delitem(sys.modules, "torch")
    monkeypatch.setattr(builtins, "__import__", without_torch)
    assert call("--help").exit_code == 0
    result = call("run")
    assert result.exit_code == 1
    assert "needs torch, which is not installed" in result.output
    assert 'pip install "capewatch[steer]"' in result.output


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["run", "--suite", "truthfulqa"], 2, "suite truthfulqa needs --model"),
        (["run", "--suite", "other"], 2, "'other' is not one of"),
        (["run", "--seeds", "a"], 2, "--seeds: 'a' is not a list of whole numbers"),
        (["run", "--seeds", "-1"], 2, "--seeds: -1 is negative"),
        (["run", "--model", "demo:xl-0"], 2, "is not a rung of the demo ladder"),
        (["run", "--model", "gpt2", "--suite", "demo"], 2, "does not fit model gpt2"),
        (["run", "--model", "demo:xs-0", "--suite", "truthfulqa"], 2, "does not fit model demo:xs-0"),
        (["sweep", "nothing"], 2, "ladder: 'nothing'"),
        (["matrix", "nothing"], 2, "ladder: 'nothing'"),
        (["slurm", "pythias"], 2, "did you mean pythia?"),
        (["validate", "nowhere"], 2, "nowhere: no such folder"),
        (["try", "--model", "demo:xs-0", "--prompt", " "], 2, "prompt: empty"),
        (["try", "--model", "demo:xs-0", "--prompt", "note Belbi crop"], 2, "has no word 'Belbi'"),
        (["try", "--prompt", "x"], 2, "Missing option '--model'"),
        (["train-demo", "--sizes", "xl"], 2, "demo size: 'xl', allowed xs, s, m"),
        (["levers", "--seeds", "0"], 2, "intervals over seeds need at least 3"),
        (["export", "--model", "gpt2"], 2, "export: gpt2 is not a rung"),
    ],
)
def test_wrong_input_is_named_with_its_exit_code(
    words: list[str], code: int, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = call(*words)
    assert result.exit_code == code
    assert message in result.output
    assert "Traceback" not in result.output


def test_an_unknown_word_of_a_prompt_suggests_near_ones(tmp_path: Path) -> None:
    assert "did you mean Belby?" in call("try", "--model", "demo:xs-0", "--prompt", "note Belbi crop").output


def test_try_without_a_stored_direction_says_which_command_makes_one(tmp_path: Path) -> None:
    result = call("try", "--model", "demo:xs-0", "--prompt", "note Belby crop", "--out", str(tmp_path))
    assert result.exit_code == 1
    assert "capewatch steer run --model demo:xs-0" in result.output


def test_an_interrupt_says_how_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "require_torch", interrupt)
    result = call("run")
    assert result.exit_code == 1
    assert "run the same command again to go on" in result.output


def test_slurm_and_matrix_are_printed_without_torch_and_nothing_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "require_torch", lambda: pytest.fail("asked for torch"))
    assert call("slurm", "pythia").output.startswith("#!/bin/bash")
    printed = call("matrix", "pythia").output
    matrix = json.loads(printed)
    assert printed.count("\n") == 1
    assert len(matrix["include"]) == 8
    assert matrix["include"][0]["name"] == "eleutherai--pythia-70m-deduped--truthfulqa"
    assert matrix["include"][0]["command"].startswith("capewatch steer run --model EleutherAI/pythia-70m-deduped ")


def test_matrix_and_validate_load_no_torch(tmp_path: Path) -> None:
    code = (
        "import sys; from click.testing import CliRunner; from generator.steering.cli import steer\n"
        f"for words in (['matrix', 'pythia'], ['slurm', 'opt'], ['validate', {str(tmp_path)!r}]): CliRunner().invoke(steer, words)\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_sweep_with_a_failed_model_exits_1_and_prints_all_outcomes(tmp_path: Path) -> None:
    ladder = tmp_path / "mine.yaml"
    ladder.write_text("name: mine\nsuite: truthfulqa\nmodels:\n  - model: no/such\n  - model: no/other\n")
    result = call("sweep", str(ladder), "--out", str(tmp_path), "--data", str(tmp_path), "--offline")
    assert result.exit_code == 1
    assert "no/such: failed" in result.output
    assert "2 of 2 models failed: no/such, no/other" in result.output
