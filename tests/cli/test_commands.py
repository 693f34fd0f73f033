"""The command line as a user meets it: exit codes, whole messages, nothing half-written."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from generator.cli.main import cli
from generator.core import CapewatchError
from tests.conftest import REPOSITORY
from tests.predictions.builders import write_prediction
from tests.publish.conftest import git


def run(project, *words, expect=0):
    result = CliRunner().invoke(cli, ["--root", str(project.root), *words])
    if result.exception is not None and not isinstance(result.exception, SystemExit | CapewatchError):
        raise result.exception
    code = result.exception.exit_code if isinstance(result.exception, CapewatchError) else result.exit_code
    text = result.output + (str(result.exception) if isinstance(result.exception, CapewatchError) else "")
    assert code == expect, text
    return text


def capewatch(*words, cwd):
    return subprocess.run(
        [sys.executable, "-m", "generator", *words], cwd=cwd, capture_output=True, text=True, check=False
    )


def test_check_on_a_correct_project_exits_0_and_counts(project):
    project.model("one", "gpqa 83.4")
    assert run(project, "check") == "1 model, 1 written observation, 3 benchmarks: 0 errors, 0 warnings\n"


def test_check_exits_1_with_every_problem_in_each_format(project):
    project.model("one", "gpqa 0.83", "gpqa 834 url=https://example.org/b")
    text = run(project, "check", expect=1)
    assert (
        "data/models/acme/one.yaml:8: warning: suspect-unit: GPQA: one percent or less on a percent scale; found 0.83"
        in text
    )
    assert "data/models/acme/one.yaml:17: error: out-of-range: GPQA in percent; found 834; allowed 0 to 100" in text
    found = json.loads(run(project, "check", "--format", "json", expect=1))
    assert (found["errors"], found["warnings"], found["problems"][0]["line"]) == (1, 1, 8)
    lines = run(project, "check", "--format", "github", expect=1).splitlines()
    assert lines[1].startswith("::error file=data/models/acme/one.yaml,line=17,title=out-of-range::GPQA in percent")


def test_check_reads_the_change_files_too(project):
    project.model("one", "gpqa 83.4")
    project.write("data/changes/2026.11.json", '{"kind": "version"}')
    assert "data/changes/2026.11.json:0: error: change-file" in run(project, "check", expect=1)


def test_a_call_that_names_what_is_not_there_exits_2_with_what_to_do(project):
    project.model("one", "gpqa 83.4")
    assert "unknown prediction 'nonsuch'" in run(project, "score", "nonsuch", expect=2)
    assert "capewatch pull --json > FILE" in run(project, "alarm", "--pull", "nope.json", expect=2)


#: Calls of which a value is at fault, each beside a word of the message. The data are right, so that only another call helps.
WRONG_CALLS = (
    ("alarm --pull nope.json", "no such file"),
    ("build --at 2031.01", "no version"),
    ("diagnose --swe 70", "--gpqa"),
    ("diff nonsuch latest", "nonsuch"),
    ("effect --base nonsuch --out out", "neither a folder nor a revision"),
    ("effect --base data/labs --out out", "neither a project (data/) nor a bundle"),
    ("forecasts --part nonsuch", "no part 'nonsuch'"),
    ("new model --name X --lab opnai", "unknown lab 'opnai'"),
    ("new model --name X --lab acme --family nonsuch", "unknown family 'nonsuch'"),
    ("new model --name One --id one --lab acme", "already in"),
    ("new model --name X --lab acme --id ../x", "bad id"),
    ("new model --name X --lab acme --released 2026-13", "bad-date"),
    ("new model --name X --lab acme --from-unmatched board nonsuch", "no unmatched spelling"),
    ("new prediction X --title a --author b --closes 2031-01-01T00:00:00Z", "an id is"),
    ("new prediction x --title a --author b --closes tomorrow", "closes"),
    ("new prediction x --title a --author b --closes 2020-01-01T00:00:00Z", "does not lie after today"),
    ("new prediction x --title a --author b --closes 2031-01-01T00:00:00Z --track nonsuch", "unknown-track"),
    ("panel nonsuch", "unknown track"),
    ("publish notes nonsuch", "no name of a version"),
    ("publish cut nonsuch --site-url https://example.org/", "no name of a version"),
    ("publish drop 2031.01", "no version '2031.01'"),
    ("pull nonsuch", "no source 'nonsuch'"),
    ("release-notes nonsuch", "not a release tag"),
    ("score nonsuch", "unknown prediction"),
    ("score --track nonsuch --resamples 100", "unknown track"),
    ("seal nonsuch", "unknown prediction"),
    ("serve --port 0", "--port"),
    ("summary --pull nope.json", "no such file"),
)


@pytest.mark.parametrize(("words", "message"), WRONG_CALLS)
def test_a_call_that_must_change_exits_2_in_every_command_and_writes_nothing(project, words, message, monkeypatch):
    monkeypatch.chdir(project.root)
    project.model("one", "gpqa 83.4")
    write_prediction(project.root)
    project.write("data/snapshots/unmatched.csv", "source,spelling,rows,near,reason\nboard,Odd: name,3,,\n")
    git(project.root, "init", "--quiet", "--initial-branch=main")
    git(project.root, "add", "-A")
    git(project.root, "commit", "--quiet", "-m", "start")
    assert message in run(project, *words.split(), expect=2)
    assert git(project.root, "status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("claims nonsuch", "no claim 'nonsuch'"),
        ("diagnose --swe 70 --gpqa 80 --lab nonsuch", "no lab 'nonsuch'"),
        ("pull aider --from nowhere --dry-run", "no such folder"),
    ],
)
def test_a_call_that_must_change_exits_2_where_the_bundled_data_are_read_too(words, message):
    result = CliRunner().invoke(cli, ["--root", str(REPOSITORY), *words.split()])
    assert isinstance(result.exception, CapewatchError)
    assert (result.exception.exit_code, message in str(result.exception)) == (2, True)


def test_a_warning_alone_exits_0(project):
    project.model("one", "gpqa 0.83")
    assert "0 errors, 1 warning" in run(project, "check")


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["chekc"], 2, "no command 'chekc'; did you mean 'check'?"),
        (["check", "--format", "xml"], 2, "'xml' is not one of 'text', 'json', 'github'"),
        (["--root", "nowhere", "check"], 2, "nowhere: not a capewatch project: it has no data/ folder"),
        (["check"], 2, "no capewatch project in"),
        (["pull", "--from", "nowhere"], 2, "no capewatch project in"),
    ],
)
def test_a_wrong_call_exits_with_its_code_a_message_and_no_traceback(tmp_path, words, code, message):
    result = capewatch(*words, cwd=tmp_path)
    assert result.returncode == code
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def leaves(command, words=()):
    if isinstance(command, click.Group):
        for name in command.list_commands(None):
            yield from leaves(command.get_command(None, name), (*words, name))
    else:
        yield words


@pytest.mark.parametrize("words", sorted(leaves(cli)), ids=" ".join)
def test_every_command_has_help_with_an_example(words):
    result = CliRunner().invoke(cli, [*words, "--help"])
    assert result.exit_code == 0
    assert "Example:" in result.output.replace("Examples:", "Example:")


def test_new_model_writes_a_file_that_passes_check(project):
    text = run(project, "new", "model", "--name", "Example 1", "--lab", "acme", "--released", "2026-11-20")
    assert text == "wrote data/models/acme/example-1.yaml; fill it in, then run: capewatch check\n"
    assert "1 model, 0 written observations, 3 benchmarks: 0 errors, 0 warnings" in run(project, "check")
    assert "already in data/models/acme/example-1.yaml" in run(
        project, "new", "model", "--name", "Example 1", "--lab", "acme", expect=2
    )


def test_new_model_refuses_what_breaks_a_rule_and_leaves_nothing(project):
    assert "unknown lab 'acne'\n  hint: known: acme" in run(
        project, "new", "model", "--name", "X", "--lab", "acne", expect=2
    )
    assert "bad-date" in run(project, "new", "model", "--name", "X", "--lab", "acme", "--released", "2026-13", expect=2)
    assert "markup" in run(project, "new", "model", "--name", "<b>X</b>", "--lab", "acme", expect=2)
    assert "bad id '../../x'" in run(
        project, "new", "model", "--name", "X", "--lab", "acme", "--id", "../../x", expect=2
    )
    assert not list((project.root / "data").rglob("x*.yaml"))


def test_new_model_from_an_unmatched_spelling_takes_it_as_an_alias(project):
    project.write("data/snapshots/unmatched.csv", "source,spelling,rows,near,reason\nboard,Odd: name,3,,\n")
    assert "near: Odd: name" in run(
        project, "new", "model", "--from-unmatched", "board", "Odd name", "--lab", "acme", expect=2
    )
    run(project, "new", "model", "--from-unmatched", "board", "Odd: name", "--lab", "acme")
    assert 'board: ["Odd: name"]' in (project.root / "data/models/acme/odd-name.yaml").read_text()
    run(project, "check")


def test_schema_writes_once(project):
    assert "wrote model.schema.json" in run(project, "schema")
    assert run(project, "schema") == "schemas are current\n"


@pytest.mark.parametrize(
    ("words", "code"), [(["check"], 1), (["doctor"], 1), (["--help"], 0), (["check", "--help"], 0)]
)
def test_the_exit_code_of_a_command_is_that_of_the_process(project, words, code):
    project.model("one", "gpqa 834")
    assert capewatch("--root", str(project.root), *words, cwd=project.root).returncode == code


def test_a_pull_of_which_some_sources_failed_leaves_the_process_with_3(project, tmp_path):
    mirror = tmp_path / "mirror"
    shutil.copytree(REPOSITORY / "data/sources", project.root / "data/sources", dirs_exist_ok=True)
    shutil.copytree(REPOSITORY / "tests/sources/fixtures/aider", mirror / "aider")
    (mirror / "livebench").mkdir()
    (mirror / "livebench/table_2026_01_08.csv").write_text("<html>no table</html>")
    words = ("--root", str(project.root), "pull", "--from", str(mirror), "--dry-run", "aider")
    assert capewatch(*words, cwd=tmp_path).returncode == 0
    done = capewatch(*words, "livebench", cwd=tmp_path)
    assert done.returncode == 3, done.stdout


def test_with_log_json_every_line_of_standard_error_is_an_event(project, tmp_path):
    done = capewatch(
        "--log",
        "json",
        "--root",
        str(project.root),
        "pull",
        "--from",
        str(tmp_path),
        "aider",
        "--dry-run",
        cwd=tmp_path,
    )
    events = [json.loads(line) for line in done.stderr.splitlines()]
    assert [(item["command"], item["event"]) for item in events] == [
        ("pull", "started"),
        ("pull", "source"),
        ("pull", "done"),
    ]
    assert all(item["at"].endswith("Z") for item in events)
    assert events[1]["source"] == "aider"
    assert events[2]["exit_code"] == done.returncode
    failed = capewatch("--log", "json", "--root", str(tmp_path / "none"), "check", cwd=tmp_path)
    (event,) = [json.loads(line) for line in failed.stderr.splitlines()]
    assert (event["event"], failed.returncode) == ("failed", 2)
    assert "has no data/ folder" in event["message"]


def test_without_it_no_event_is_written(project, tmp_path):
    done = capewatch("--root", str(project.root), "pull", "--from", str(tmp_path), "aider", "--dry-run", cwd=tmp_path)
    assert "{" not in done.stderr
