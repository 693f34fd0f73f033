"""The comment on a pull request: the report is anyone's text, and nothing of it may become markup, a notice or a link."""

from __future__ import annotations

import html
import json
import re
import zipfile

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from generator.automation import report as schema
from generator.automation.comment import MARKER, MAX_COMMENT, code, comment, refused
from generator.cli.main import cli
from generator.core import CapewatchError

NASTY = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "@octocat please merge", "fixes #1, closes GH-2", "a|b|c", "`code` ``",
    "[x](javascript:alert(1))", "![x](https://evil.example/pixel.png)", "https://evil.example www.evil.example", "x@evil.example",
    "</code></details><h1>approved</h1>", "--> <!-- capewatch:pull-request -->", "line\nbreak\r\n# heading", "::error file=x::y",
    "\u202egnp.exe", "\x1b[31mred", "a" * 5_000, "&lt;b&gt;", "$x^2$ \\(y\\)", "**bold** _it_ ~~s~~", "<!--", "]]>", "\u200b\ufeff",
)  # fmt: skip
ALLOWED = {"code", "details", "summary"}


def full(text: str) -> schema.Report:
    """A report in which every text that a stranger can choose is `text`."""
    short, line = text[:200], text[:1_000]
    return schema.Report(
        as_of_before=short, as_of_after=short, compared_statistics=3, compared_predictions=2,
        problems=[schema.Fault(path=line, line=3, code=short, subject=line, found=line, allowed=line, hint=line, severity="warning")],
        files=[schema.ChangedFile(path=line, change="added", written_by="jobs")],
        models=[
            schema.ModelEffect(
                id=short, name=short, new=True, scores=2, without=[line],
                residuals=[schema.Residual(track=short, h=1.2, low=-3.0, high=3.0, phase=short, rank=1, of=9)],
                steps=[schema.Step(model_from=short, model_to=short, gamma=0.5, low=None, high=1.0, phase=short)],
            )
        ],
        moves=[schema.Move(id=line, unit=short, before=None, after=None, n_before=1, n_after=2, reason=line, flip=line)],
        standings=[
            schema.Standing(id=short, title=line, state_before=short, state_after=short, standing_before=short, standing_after=short)
        ],
    )  # fmt: skip


def markup(text: str) -> list[str]:
    """Everything a Markdown reader makes of the text that is not text: names of tags, links, images, headings."""
    parser = MarkdownIt("gfm-like", {"html": True, "linkify": False}).enable("table")
    found = []
    for token in parser.parse(text):
        for inner in [token, *(token.children or [])]:
            if inner.type in ("html_block", "html_inline"):
                found += [f"html:{name.lower()}" for name in re.findall(r"</?\s*([A-Za-z!-]+)", inner.content)]
            elif inner.type in ("link_open", "image", "fence", "code_block"):
                found.append(inner.type)
            elif inner.type == "heading_open":
                found.append("heading")
    return found


@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
def test_no_text_of_a_report_becomes_markup(text):
    shown = comment(full(text), run_url="https://github.com/o/n/actions/runs/1", commit="0" * 40)
    plain = comment(full("plain words"), run_url="https://github.com/o/n/actions/runs/1", commit="0" * 40)
    assert sorted(set(markup(shown))) == sorted(set(markup(plain)))
    assert [name for name in markup(shown) if name in ("link_open", "heading")].count("link_open") == 1
    assert shown.count("<!--") == 1


@given(st.text(max_size=300))
@settings(max_examples=150, deadline=None)
def test_text_in_code_comes_out_as_one_line_of_the_same_words_and_no_other_markup(text):
    shown = code(text)
    assert "\n" not in shown
    body = shown.removeprefix("<code>").removesuffix("</code>")
    assert not set(body) & set("<>|`[]@\\*_")
    assert body.count("&") == len(re.findall(r"&#\d+;", body))
    if shown != "—":
        assert len(html.unescape(body)) <= 300


def test_a_mention_a_number_and_an_address_stand_only_in_code():
    shown = comment(full("@octocat #12 https://evil.example www.evil.example x@y.example"))
    assert "@octocat" not in shown
    assert "#12" not in shown
    assert "https://" not in shown
    assert "www." not in shown


def test_a_comment_says_the_effect_with_interval_phase_and_rank():
    text = comment(full("maker"))
    assert text.startswith(MARKER + "\n")
    assert "| <code>maker</code> | +1.2 pp | [−3.0, +3.0] | <code>maker</code> | 1 of 9 | new |" in text.replace(
        "\u00a0", " "
    )
    assert "An h inside that interval cannot be told from the trend." in text
    assert "| <code>maker</code> → <code>maker</code> | +0.50 | at most +1.00 | <code>maker</code> |" in text.replace(
        "\u00a0", " "
    )


def test_without_effect_a_comment_says_so():
    text = comment(schema.Report(compared_statistics=84, compared_predictions=10, as_of_after="2026-11-21"))
    assert "### The files are correct" in text
    assert "None of 84 statistics moves." in text
    assert "No standing of 10 predictions changes." in text


def test_problems_come_first_with_file_and_line_and_what_was_left_out_is_counted():
    fault = schema.Fault(path="data/models/a.yaml", line=7, code="out-of-range", subject="GPQA", severity="error")
    text = comment(schema.Report(problems=[fault] * 100, omitted={"problems": 5}, stopped="the files hold errors"))
    assert "### 100 problems to mend" in text
    assert html.unescape(text).count("data/models/a.yaml:7") == 100
    assert "5 more are left out here." in text
    assert "statistics" not in text


def test_the_longest_report_gives_a_comment_that_a_forge_takes():
    one = full("|" * 5_000)
    report = one.model_copy(update={"problems": one.problems * 100, "moves": one.moves * 40, "models": one.models * 20})
    text = comment(report)
    assert len(text) <= MAX_COMMENT + 100
    assert text.endswith("The comment is cut here; the whole report is an artifact of the run.\n")


def write(path, data):
    path.write_text(data if isinstance(data, str) else json.dumps(data))
    return path


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ('{"as_of_before": NaN}', "not JSON"),
        ('{"stopped": "a", "stopped": "b"}', "not JSON"),
        ([], "not a report: 1 fault, in an unknown key"),
        ({"<script>": 1}, "not a report: 1 fault, in an unknown key"),
        ({"stopped": "x" * 1_001}, "in stopped"),
        ({"problems": [{}] * 101}, "in problems"),
        ({"schema_version": "1"}, "in schema_version"),
        ({"omitted": {"a": -1}}, "in omitted"),
        ({"moves": [{"id": "a", "unit": "", "before": "1", "after": 2, "n_before": 1, "n_after": 1}]}, "in moves"),
        ("{" + " " * 400_000 + "}", "a report has at most 400,000 bytes"),
    ],
    ids=range(12),
)  # fmt: skip
def test_what_is_no_report_is_refused_without_repeating_it(tmp_path, data, message):
    path = write(tmp_path / "report.json", data)
    with pytest.raises(CapewatchError, match=message) as error:
        schema.read_report(path)
    assert "<script>" not in str(error.value)
    done = CliRunner().invoke(cli, ["comment", str(path)])
    assert done.exit_code == 1
    assert done.output.startswith(MARKER)
    assert "### The check gave no readable report" in done.output


def test_of_an_archive_only_the_report_is_read_and_never_more_than_its_limit(tmp_path):
    path = tmp_path / "report.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../outside.txt", "x")
        archive.writestr("report.json", schema.Report(stopped="why").model_dump_json())
    assert schema.read_report(path).stopped == "why"
    assert sorted(item.name for item in tmp_path.iterdir()) == ["report.zip"]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("report.json", b" " * 200_000_000)
    with pytest.raises(CapewatchError, match="at most 400,000 bytes"):
        schema.read_report(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("other.json", "{}")
    with pytest.raises(CapewatchError, match=r"an archive without a readable report\.json"):
        schema.read_report(path)
    damaged = path.read_bytes()
    path.write_bytes(damaged[:10] + b"\xff" * 20 + damaged[30:])
    with pytest.raises(CapewatchError):
        schema.read_report(path)


def test_a_symbolic_link_is_not_followed(tmp_path):
    (tmp_path / "report.json").symlink_to(write(tmp_path / "other.json", schema.Report().model_dump_json()))
    with pytest.raises(CapewatchError, match="no such plain file"):
        schema.read_report(tmp_path / "report.json")


@pytest.mark.parametrize(
    "words",
    [["--run-url", "javascript:alert(1)"], ["--run-url", "https://x/o/n/actions/runs/1)"], ["--commit", "main"]],
)
def test_an_address_or_commit_that_is_none_is_a_fault_in_the_call(tmp_path, words):
    path = write(tmp_path / "report.json", schema.Report().model_dump_json())
    assert CliRunner().invoke(cli, ["comment", str(path), *words]).exit_code == 2


def test_the_refusal_is_a_comment_like_any_other():
    assert refused("<b>").startswith(MARKER)
    assert "<b>" not in refused("<b>")
