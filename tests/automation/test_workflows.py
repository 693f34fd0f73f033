"""The workflows: what starts them, what they may do, what they run. Rules that zizmor and the schemas do not hold are here."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.automation.calls import calls, parse
from tests.conftest import REPOSITORY

FOLDER = REPOSITORY / ".github" / "workflows"
FILES = sorted(FOLDER.glob("*.yml"))
NAMES = {"ci", "pull-request", "pull-request-report", "rebuild", "steering", "release", "zensical"}
#: Every permission that writes, by workflow and job. A new one has to be added here, and looked at.
WRITES = {
    ("pull-request-report", "comment"): {"pull-requests"},
    ("rebuild", "alarm"): {"issues"},
    ("rebuild", "store"): {"contents"},
    ("rebuild", "publish"): {"contents"},
    ("rebuild", "cut"): {"contents"},
    ("rebuild", "ledger"): {"contents", "pull-requests"},
    ("steering", "validate"): {"contents", "pull-requests"},
    ("release", "release"): {"contents"},
}
#: Contexts that a stranger can fill with text of their choice, and every input of a person.
UNTRUSTED = re.compile(r"\$\{\{")


def load(path: Path) -> dict:
    found = yaml.safe_load(path.read_text(encoding="utf-8"))
    found["on"] = found.pop(True, found.get("on"))  # YAML 1.1 reads the key `on` as true
    return found


WORKFLOWS = {path.stem: load(path) for path in FILES}
JOBS = [(name, job) for name, workflow in WORKFLOWS.items() for job in workflow["jobs"]]
STEPS = [
    (name, job, step)
    for name, workflow in WORKFLOWS.items()
    for job, body in workflow["jobs"].items()
    for step in body["steps"]
]
RUNS = [(name, job, step["run"]) for name, job, step in STEPS if "run" in step]
VARIABLES = [
    {**WORKFLOWS[name]["jobs"][job].get("env", {}), **step.get("env", {})} for name, job, step in STEPS if "run" in step
]


def tool(*words: str) -> subprocess.CompletedProcess[str]:
    path = Path(sys.executable).parent / words[0]
    assert path.is_file(), f"{words[0]} is not installed beside {sys.executable}"
    return subprocess.run([str(path), *words[1:]], cwd=REPOSITORY, capture_output=True, text=True, check=False)


def test_there_is_a_workflow_for_each_job_of_the_project():
    assert set(WORKFLOWS) == NAMES


def test_zizmor_finds_nothing_even_where_it_is_pedantic(tmp_path):
    done = tool("zizmor", "--offline", "--pedantic", "--no-progress", "--strict-collection", ".github")
    assert done.returncode == 0, done.stdout + done.stderr
    spoiled = tmp_path / ".github" / "workflows"
    shutil.copytree(FOLDER, spoiled)
    ci = spoiled / "ci.yml"
    ci.write_text(ci.read_text().replace("run: make lint", "run: echo ${{ github.head_ref }}"))
    assert tool("zizmor", "--offline", "--pedantic", "--no-progress", str(spoiled)).returncode != 0


def test_only_the_trigger_that_cannot_be_avoided_is_excused_from_zizmor_with_its_reason():
    excused = [
        (path.stem, line.strip())
        for path in FILES
        for line in path.read_text().splitlines()
        if "zizmor: ignore" in line
    ]
    assert [name for name, _ in excused] == ["pull-request-report"]
    assert re.fullmatch(r"workflow_run: # zizmor: ignore\[dangerous-triggers\] \w.{20,}", excused[0][1])


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("github-workflows", ".github/workflows/*.yml"),
        ("dependabot", ".github/dependabot.yml"),
        ("github-issue-forms", ".github/ISSUE_TEMPLATE/[!c]*.yml"),
        ("github-issue-config", ".github/ISSUE_TEMPLATE/config.yml"),
        ("citation-file-format", "CITATION.cff"),
    ],
)
def test_the_forge_will_accept_the_files(schema, files):
    found = [str(path.relative_to(REPOSITORY)) for path in sorted(REPOSITORY.glob(files))]
    assert found
    done = tool("check-jsonschema", "--builtin-schema", f"vendor.{schema}", *found)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_workflow_has_no_permission_of_its_own_and_each_job_names_what_it_needs(name):
    workflow = WORKFLOWS[name]
    assert workflow["permissions"] == {}
    for job, body in workflow["jobs"].items():
        writes = {right for right, level in body["permissions"].items() if level != "read"}
        assert writes == WRITES.get((name, job), set()), (name, job)


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_workflow_ends_and_does_not_run_twice_at_once(name):
    workflow = WORKFLOWS[name]
    assert workflow["concurrency"]["group"]
    for job, body in workflow["jobs"].items():
        assert 0 < body["timeout-minutes"] <= 360, job
        if any("write" in level for level in body["permissions"].values()):
            assert workflow["concurrency"]["cancel-in-progress"] is False, (
                f"{name}: a job that writes must not be cut off"
            )


def test_no_workflow_runs_with_rights_on_a_pull_requests_event():
    for name, workflow in WORKFLOWS.items():
        triggers = workflow["on"] if isinstance(workflow["on"], dict) else {workflow["on"]: None}
        assert "pull_request_target" not in triggers, name
        assert "issue_comment" not in triggers, name
        if "pull_request" in triggers:
            assert not [job for job in workflow["jobs"] if (name, job) in WRITES]
            assert "secrets." not in (FOLDER / f"{name}.yml").read_text()
            assert not [job for job, body in workflow["jobs"].items() if "environment" in body]


def test_every_action_is_pinned_by_its_full_hash_with_the_version_beside_it():
    for path in FILES:
        for line in path.read_text().splitlines():
            if "uses:" in line:
                assert re.search(
                    r"uses: [\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$|@[0-9a-f]{40} # (v[\d.]+ )?# ?no cache", line
                ) or (re.search(r"@[0-9a-f]{40} # v\d+\.\d+\.\d+ # ", line)), line


def test_one_action_has_one_version_everywhere():
    pins = {
        line.split("uses: ")[1].split(" ")[0]
        for path in FILES
        for line in path.read_text().splitlines()
        if "uses: " in line
    }
    names = [pin.split("@")[0] for pin in pins]
    assert len(names) == len(set(names)) == 4


def test_no_expression_is_pasted_into_a_command():
    assert not [(name, job) for name, job, run in RUNS if UNTRUSTED.search(run)]


def test_no_checkout_leaves_the_token_behind():
    checkouts = [step for _, _, step in STEPS if step.get("uses", "").startswith("actions/checkout@")]
    assert len(checkouts) >= 12
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_the_gpu_machine_never_runs_code_of_a_pull_request():
    for name, job in JOBS:
        if "self-hosted" in str(WORKFLOWS[name]["jobs"][job]["runs-on"]):
            assert name == "steering"
    steering = WORKFLOWS["steering"]
    assert set(steering["on"]) == {"schedule", "workflow_dispatch"}
    assert "github.ref == 'refs/heads/main'" in steering["jobs"]["matrix"]["if"]
    assert steering["jobs"]["run"]["needs"] == "matrix"
    assert steering["jobs"]["run"]["strategy"]["fail-fast"] is False
    assert not [step for step in steering["jobs"]["run"]["steps"] if "ref" in step.get("with", {})]


def test_the_commands_that_the_gpu_machine_gets_are_runs_of_the_benchmark_that_parse():
    from generator.steering.ladder import job_matrix, ladder_jobs, load_ladder

    entries = job_matrix(ladder_jobs(load_ladder("pythia"), out="build/steering"))["include"]
    assert len(entries) >= 4
    for entry in entries:
        words = shlex.split(entry["command"])
        assert words[:3] == ["capewatch", "steer", "run"]
        assert parse(words) == ""
        assert re.fullmatch(r"[\w.-]+", entry["name"]), "the name of an artifact and a folder"


def test_the_job_that_comments_runs_the_default_branch_and_unpacks_nothing():
    steps = WORKFLOWS["pull-request-report"]["jobs"]["comment"]["steps"]
    assert not [step for step in steps if "download-artifact" in step.get("uses", "")]
    assert not [step for step in steps if "ref" in step.get("with", {})]
    assert "unzip" not in str(steps)
    assert WORKFLOWS["pull-request-report"]["on"]["workflow_run"]["workflows"] == ["pull-request"]


def test_secrets_reach_only_the_step_that_pulls():
    holders = [(name, job, step["run"]) for name, job, step in STEPS if "secrets." in str(step)]
    assert [(name, job) for name, job, _ in holders] == [("rebuild", "pull")]
    assert "capewatch --log json pull --json" in holders[0][2]
    assert WORKFLOWS["rebuild"]["jobs"]["pull"]["environment"] == "sources"


def test_what_parses_pages_of_strangers_may_not_write_and_what_publishes_has_an_environment():
    jobs = WORKFLOWS["rebuild"]["jobs"]
    pulling = [job for _, job, run in RUNS if re.search(r"capewatch .*\bpull --json", run) and job in jobs]
    assert pulling == ["pull"]
    assert [job for job in pulling if jobs[job]["permissions"] != {"contents": "read"}] == []
    publishing = {job for name, job, run in RUNS if "capewatch --log json publish" in run or "gh release" in run}
    assert publishing == {"publish", "cut", "release"}
    for name, job in JOBS:
        if job in publishing:
            assert "environment" in WORKFLOWS[name]["jobs"][job], job


def test_the_python_versions_tested_are_those_the_package_names():
    text = (REPOSITORY / "pyproject.toml").read_text()
    named = re.findall(r"Programming Language :: Python :: (3\.\d+)", text)
    assert WORKFLOWS["ci"]["jobs"]["test"]["strategy"]["matrix"]["python"] == named


@pytest.mark.parametrize("index", range(len(RUNS)), ids=[f"{name}-{job}-{i}" for i, (name, job, _) in enumerate(RUNS)])
def test_every_step_is_a_command_that_exists_with_options_that_exist(index, monkeypatch):
    _, _, run = RUNS[index]
    for variable in VARIABLES[index]:
        monkeypatch.setenv(variable, "VALUE")
    found = list(calls(run))
    scripts = re.findall(r"(?:^|\s)(\.github/scripts/[\w-]+\.sh)", run)
    known = (
        'PATH="$PWD/.venv/bin:$PATH" bash -euo pipefail -c "$COMMAND"',
        "mkdir -p build",
        "rm -rf change/build",
        "gh auth setup-git",
        "gh release create",
    )
    assert found or scripts or any(run.strip().startswith(words) for words in known), run
    for call in found:
        assert parse(call) == "", call
    for script in scripts:
        assert os.access(REPOSITORY / script, os.X_OK), script


def test_a_step_with_a_wrong_option_or_command_would_be_noticed():
    assert "No such option" in parse(["capewatch", "pull", "--jason"])
    assert "no command" in parse(["capewatch", "pul"])
    assert parse(["make", "tset"]) == "make has no target ['tset']"
    assert parse(["capewatch", "--log", "json", "pull", "--json"]) == ""
    assert list(calls('x="$(.venv/bin/capewatch steer matrix "$L")" && make -C base install')) == [
        ["make", "-C", "base", "install"], ["capewatch", "steer", "matrix", "VALUE"],
    ]  # fmt: skip


def test_every_update_of_a_dependency_is_proposed_after_a_wait():
    updates = yaml.safe_load((REPOSITORY / ".github" / "dependabot.yml").read_text())["updates"]
    assert {item["package-ecosystem"] for item in updates} == {"pip", "npm", "github-actions"}
    assert all(item["cooldown"]["default-days"] >= 7 for item in updates)
    assert all((REPOSITORY / item["directory"].lstrip("/")).is_dir() for item in updates)


def test_every_path_with_an_owner_exists():
    lines = (REPOSITORY / ".github" / "CODEOWNERS").read_text().splitlines()
    owned = [line.split() for line in lines if line and not line.startswith("#")]
    assert owned[0][0] == "*"
    for path, *owners in owned[1:]:
        assert (REPOSITORY / path.lstrip("/")).exists(), path
        assert owners
