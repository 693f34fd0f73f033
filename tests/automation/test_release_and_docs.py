"""A release names one version everywhere, and what documents tell people to run exists."""

from __future__ import annotations

import re

import pytest
import yaml

import generator
from generator.cli.main import COMMANDS, cli
from generator.cli.release import notes
from generator.core import CapewatchError
from tests.automation.calls import calls, parse
from tests.conftest import REPOSITORY

DOCUMENTS = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "site_src/docs/maintain.md", "site_src/docs/contribute.md")
MAINTAIN = (REPOSITORY / "site_src/docs/maintain.md").read_text(encoding="utf-8")


@pytest.fixture
def released(tmp_path):
    version = generator.__version__
    (tmp_path / "CITATION.cff").write_text(f"cff-version: 1.2.0\nversion: {version}\n")
    (tmp_path / "CHANGELOG.md").write_text(
        f"# Changelog\n\n## Unreleased\n\n## {version} - 2026-11-30\n\n### Added\n- One.\n\n## 0.0.1 - 2026-01-01\n- Old.\n"
    )
    return tmp_path


def test_the_notes_of_a_release_are_its_section_of_the_changelog(released):
    assert notes(released, f"v{generator.__version__}") == "### Added\n- One.\n"


def test_a_tag_that_names_another_version_than_any_other_place_is_refused(released):
    tag = f"v{generator.__version__}"
    for bad in ("v9.9.9", "0.1.0", "v0.1", "v0.1.0; rm -rf x"):
        with pytest.raises(CapewatchError, match=r"says|not a release tag"):
            notes(released, bad)
    (released / "CITATION.cff").write_text("version: 9.9.9\n")
    with pytest.raises(CapewatchError, match=r"CITATION\.cff says 9\.9\.9"):
        notes(released, tag)


def test_a_release_without_a_dated_section_is_refused(released):
    (released / "CHANGELOG.md").write_text("# Changelog\n\n## Unreleased\n- One.\n")
    with pytest.raises(CapewatchError, match=r"CHANGELOG\.md has no dated section"):
        notes(released, f"v{generator.__version__}")


def shell(document: str) -> str:
    """Every shell block and every inline call of a document."""
    text = (REPOSITORY / document).read_text(encoding="utf-8")
    blocks = re.findall(r"```(?:sh|bash|console)\n(.*?)```", text, re.DOTALL)
    inline = re.findall(r"`((?:\.venv/bin/)?capewatch [^`<\[|…,]*?|make [a-z-]+)`", text)
    return "\n".join([*blocks, *inline])


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_of_a_document_exists(document):
    found = [call for call in calls(shell(document)) if call[1:]]
    assert found or document == "SECURITY.md"
    groups = {name for name in COMMANDS if hasattr(cli.get_command(None, name), "commands")}
    for call in found:
        if len(call) == 2 and call[1] in COMMANDS:
            continue  # the command is only named
        assert call[1] in groups or parse(call) == "", (document, call, parse(call))


def test_the_maintainers_page_tells_every_job_command_and_exit_code():
    names = {path.stem for path in (REPOSITORY / ".github/workflows").glob("*.yml")}
    assert set(re.findall(r"^\| `([a-z-]+)` \|", MAINTAIN, re.MULTILINE)) == names
    for name in (
        "pull",
        "check",
        "build",
        "score",
        "summary",
        "alarm",
        "store",
        "resolve",
        "stamp",
        "effect",
        "comment",
        "doctor",
    ):
        assert f"capewatch {name}" in MAINTAIN, name
    assert re.findall(r"^\| (\d+) \|", MAINTAIN, re.MULTILINE) == ["0", "1", "2", "3", "130"]


def test_the_maintainers_page_names_every_setting_that_a_workflow_reads():
    text = "".join(path.read_text() for path in (REPOSITORY / ".github/workflows").glob("*.yml"))
    settings = set(re.findall(r"(?:vars|secrets)\.([A-Z_]+)", text)) | set(
        re.findall(r"^ +environment: (\S+)", text, re.MULTILINE)
    )
    assert settings >= {"SITE_URL", "GPU_RUNNER", "github-pages", "sources", "release"}
    assert not [name for name in settings if f"`{name}`" not in MAINTAIN]
    for path in set(re.findall(r"`((?:data|generator|predictions|\.github)/[\w/.-]+)`", MAINTAIN)):
        assert (REPOSITORY / path.replace("SOURCE", "epoch").replace("BENCHMARK", "gpqa-diamond")).exists(), path


def test_the_threat_model_names_tests_that_exist():
    text = (REPOSITORY / "SECURITY.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", text)
    assert len(named) >= 30
    for path, test in named:
        source = (REPOSITORY / path).read_text(encoding="utf-8")
        assert re.search(rf"^(?:async )?def {test}\(", source, re.MULTILINE), f"{path}::{test}"


def test_the_maintainers_page_is_in_the_navigation():
    from generator.site.catalogue import NAVIGATION

    assert ("Maintain", "maintain.md") in dict(NAVIGATION)["Method"]


def test_every_form_asks_for_what_its_kind_needs():
    folder = REPOSITORY / ".github/ISSUE_TEMPLATE"
    asked = {
        path.stem: {item["id"] for item in yaml.safe_load(path.read_text())["body"] if "id" in item}
        for path in folder.glob("[!c]*.yml")
    }
    assert asked["add-a-model"] == {"name", "lab", "released", "kind", "scores"}
    assert {"source", "correct", "correction"} <= asked["dispute-a-score"]
    assert {"statement", "metric", "conditions", "closes", "retired"} <= asked["propose-a-prediction"]
