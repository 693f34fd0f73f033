"""Finds the calls of `capewatch` and `make` in shell text and parses them without running them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import click

from generator.cli.main import cli
from tests.conftest import REPOSITORY

_EXPANSION = re.compile(r"\$\{\{.*?\}\}|\$\((?:[^()]|\([^()]*\))*\)|\$\{[^}]*\}|\$\w+")
_ENDS = (";", "&&", "||", "|", ">", ">>", ")", "2>")


def calls(text: str) -> Iterator[list[str]]:
    """The words of every call of capewatch or make in shell text; expansions become the word VALUE."""
    for line in text.replace("\\\n", " ").splitlines():
        inner = re.findall(r"\$\(([^()]*capewatch[^()]*)\)", line)
        for part in [_EXPANSION.sub("VALUE", line), *(_EXPANSION.sub("VALUE", piece) for piece in inner)]:
            yield from _in_line(part)


def _in_line(line: str) -> Iterator[list[str]]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|>()")
    lexer.whitespace_split = True
    lexer.commenters = "#"
    words = list(lexer)
    for index, word in enumerate(words):
        if word.rsplit("/", 1)[-1] in ("capewatch", "make"):
            call = [word.rsplit("/", 1)[-1]]
            for following in words[index + 1 :]:
                if following in _ENDS:
                    break
                call.append(following)
            yield call


def parse(call: list[str]) -> str:
    """Why a call cannot be made, or ''. Nothing is run: click only parses, make targets are looked up."""
    return _make(call[1:]) if call[0] == "make" else _capewatch(call[1:])


@contextmanager
def _values_of_a_run() -> Iterator[None]:
    """A file of a run is not here, and VALUE stands for what a variable holds: neither is looked at."""
    choice = click.Choice.convert
    with (
        patch.object(click.Path, "convert", lambda _self, value, _param, _ctx: value),
        patch.object(
            click.Choice,
            "convert",
            lambda self, value, param, ctx: value if value == "VALUE" else choice(self, value, param, ctx),
        ),
    ):
        yield


def _make(words: list[str]) -> str:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
    named = [
        word
        for index, word in enumerate(words)
        if not word.startswith("-") and words[index - 1] != "-C" and "=" not in word
    ]
    unknown = [word for word in named if word not in targets]
    return f"make has no target {unknown}" if unknown else ""


def _capewatch(words: list[str]) -> str:
    command: click.Command = cli
    context = None
    try:
        while True:
            with _values_of_a_run():
                context = command.make_context(command.name or "capewatch", list(words), parent=context)
            if not isinstance(command, click.Group):
                return ""
            rest = [*getattr(context, "_protected_args", []), *context.args]
            if not rest:
                return "" if "--help" in words else "no command"
            name, following, words = command.resolve_command(context, list(rest))
            assert following is not None, name
            command = following
    except click.exceptions.Exit:
        return ""
    except click.ClickException as error:
        return error.format_message()
