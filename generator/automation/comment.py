"""A report as one Markdown comment. Every text of the report is foreign: it stands in code, escaped, one line, cut short.

A forge turns `@name`, `#1` and addresses into links and notices after it has read the Markdown, but not inside code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from generator.automation import report as schema
from generator.core import counted
from generator.site.escape import plain
from generator.site.format import MISSING, interval, number, pp, signed

MARKER = "<!-- capewatch:pull-request -->"
MAX_COMMENT = 60_000
SHOWN = 300
_MARKUP = re.compile(r"[\\`*_{}\[\]#.|~^=:$@\"'/<>&]")  # "." and ":" too: a bare address becomes a link


def code(text: object) -> str:
    """Foreign text as inline code in which no character is markup, neither in Markdown nor in a table nor in HTML."""
    shown = plain(text)
    shown = shown if len(shown) <= SHOWN else f"{shown[: SHOWN - 1]}…"
    return f"<code>{_MARKUP.sub(lambda found: f'&#{ord(found.group())};', shown)}</code>" if shown else MISSING


def comment(report: schema.Report, *, run_url: str = "", commit: str = "") -> str:
    """The whole comment, ending with a newline; `run_url` and `commit` come from the forge's own event."""
    parts = [MARKER, *_head(report), *_files(report)]
    if not report.stopped:
        parts += [*_models(report), *_moves(report), *_standings(report)]
    parts += _foot(report, run_url, commit)
    text = "\n".join(parts) + "\n"
    if len(text) > MAX_COMMENT:
        cut = text[:MAX_COMMENT].rsplit("\n", 1)[0]
        text = f"{cut}\n\nThe comment is cut here; the whole report is an artifact of the run.\n"
    return text


def refused(reason: str, *, run_url: str = "", commit: str = "") -> str:
    """The comment when the report itself is not one: it says so and repeats nothing of it."""
    lines = [MARKER, "### The check gave no readable report", "", code(reason), "",
             "Nothing of it is shown. A maintainer can read the run's log."]  # fmt: skip
    return "\n".join([*lines, *_links(run_url, commit)]) + "\n"


def _head(report: schema.Report) -> list[str]:
    warnings = len(report.problems) - report.errors
    if report.errors:
        title = f"### {counted(report.errors, 'problem')} to mend"
    elif report.stopped:
        title = "### No effect could be computed"
    else:
        title = "### The files are correct" + (f", with {counted(warnings, 'warning')}" if warnings else "")
    lines = [title, ""]
    if report.stopped:
        lines += [code(report.stopped), ""]
    if report.problems:
        rows = [[f"{code(f'{f.path}:{f.line}')}", f.severity, _told(f)] for f in report.problems]
        lines += _table(("where", "kind", "what"), rows)
        lines += _left_out(report, "problems")
    return lines


def _told(fault: schema.Fault) -> str:
    parts = [f"{code(fault.code)} {code(fault.subject)}"]
    parts += [f"found {code(fault.found)}"] if fault.found else []
    parts += [f"allowed {code(fault.allowed)}"] if fault.allowed else []
    parts += [f"hint: {code(fault.hint)}"] if fault.hint else []
    return "; ".join(parts)


def _files(report: schema.Report) -> list[str]:
    jobs = [item for item in report.files if item.written_by == "jobs"]
    if not jobs:
        return []
    shown = ", ".join(code(item.path) for item in jobs[:10]) + (f" and {len(jobs) - 10} more" if len(jobs) > 10 else "")
    return [
        f"**{counted(len(jobs), 'file')} that only the scheduled jobs write:** {shown}. A maintainer has to say why.",
        "",
    ]


def _models(report: schema.Report) -> list[str]:
    if not report.models:
        return ["No model is new or changed.", ""]
    lines = []
    for model in report.models:
        lines += [f"#### {'New model' if model.new else 'Changed model'} {code(model.name)} ({code(model.id)})", "",
                  f"{counted(model.scores, 'score')} in all.", ""]  # fmt: skip
        lines += _table(
            ("track", "h", "95 % interval for a single model", "phase", "rank by h", "h before"),
            [
                [code(r.track), pp(r.h), interval(r.low, r.high, 1, sign=True), code(r.phase), f"{r.rank} of {r.of}",
                 pp(r.before) if r.before is not None else "new"]
                for r in model.residuals
            ],
        )  # fmt: skip
        if any(_inside(r) for r in model.residuals):
            lines += ["An h inside that interval cannot be told from the trend.", ""]
        lines += _table(
            ("step", "γ12", "95 % interval", "phase"),
            [_step(step) for step in model.steps],
        )  # fmt: skip
        lines += [f"- no h: {code(reason)}" for reason in model.without]
        lines += [""] if model.without else []
    return [*lines, *_left_out(report, "models")]


def _step(step: schema.Step) -> list[str]:
    names = f"{code(step.model_from)} → {code(step.model_to)}"
    return [names, signed(step.gamma, 2), interval(step.low, step.high, 2, sign=True), code(step.phase)]


def _inside(residual: schema.Residual) -> bool:
    low, high = residual.low, residual.high
    return (low is None or low <= residual.h) and (high is None or residual.h <= high)


def _moves(report: schema.Report) -> list[str]:
    if not report.moves:
        return [f"None of {counted(report.compared_statistics, 'statistic')} moves.", ""]
    moved = len(report.moves) + report.omitted.get("moves", 0)
    rows = [
        [code(move.name or move.id), _value(move.before), _value(move.after), _difference(move), interval(move.low, move.high, 3),
         f"{move.n_before} → {move.n_after}", code(move.flip) if move.flip else "",
         code(move.id)]
        for move in report.moves
    ]  # fmt: skip
    head = ("statistic", "before", "after", "moves by", "95 % interval after", "n", "turned", "id")
    lines = [
        f"{moved} of {counted(report.compared_statistics, 'statistic')} move.",
        "",
        "<details><summary>Statistics</summary>",
        "",
    ]
    return [*lines, *_table(head, rows), *_left_out(report, "moves"), "</details>", ""]


def _value(value: float | None) -> str:
    return number(value, 0 if value is not None and abs(value) >= 1e5 else 3)


def _difference(move: schema.Move) -> str:
    if move.before is None or move.after is None:
        return code(move.reason) if move.reason else "comes"
    return signed(move.after - move.before, 0 if abs(move.after) >= 1e5 else 3)


def _standings(report: schema.Report) -> list[str]:
    if not report.standings:
        return [f"No standing of {counted(report.compared_predictions, 'prediction')} changes.", ""]
    rows = [
        [
            code(item.title),
            f"{code(item.state_before)}, {code(item.standing_before)}",
            f"{code(item.state_after)}, {code(item.standing_after)}",
        ]
        for item in report.standings
    ]
    head = f"**{counted(len(rows) + report.omitted.get('standings', 0), 'standing')} of predictions change.**"
    return [head, "", *_table(("prediction", "before", "after"), rows), *_left_out(report, "standings")]


def _foot(report: schema.Report, run_url: str, commit: str) -> list[str]:
    if report.stopped or not report.as_of_after:
        return _links(run_url, commit)
    as_of = f"Computed from the data as of {code(report.as_of_after)}, compared with {code(report.as_of_before)}."
    return [as_of, *_links(run_url, commit)]


def _links(run_url: str, commit: str) -> list[str]:
    lines = [""]
    if run_url:
        lines.append(f"[The run, with the report and a preview of the site as artifacts]({run_url}).")
    if commit:
        lines.append(f"For commit {commit[:12]}.")
    return lines


def _left_out(report: schema.Report, name: str) -> list[str]:
    left = report.omitted.get(name, 0)
    return [f"{left} more are left out here.", ""] if left else []


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A Markdown table, empty when there are no rows. Cells are escaped already."""
    body = [f"| {' | '.join(row)} |" for row in rows]
    return [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}", *body, ""] if body else []
