"""Compiled templates: used again only as they were written, and never for another source or other code."""

from __future__ import annotations

import os
from pathlib import Path

import jinja2
import pytest

from generator.site import compiled
from generator.site.compiled import FOLDER, Compiled


def text_of(out: Path, source: str, kind: str = "pages") -> str:
    env = jinja2.Environment(
        loader=jinja2.DictLoader({"a": source}), autoescape=True, bytecode_cache=Compiled(out, kind)
    )
    return env.get_template("a").render(x="<")


def kept(out: Path) -> list[Path]:
    return sorted(path for path in (out / FOLDER).rglob("*") if path.is_file())


def test_a_template_is_compiled_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert text_of(tmp_path, "{{ x }}") == "&lt;"
    monkeypatch.setattr(jinja2.Environment, "compile", lambda *_a, **_k: pytest.fail("compiled again"))
    assert text_of(tmp_path, "{{ x }}") == "&lt;"


def test_another_source_and_another_kind_of_environment_are_compiled_anew(tmp_path: Path) -> None:
    text_of(tmp_path, "{{ x }}")
    assert text_of(tmp_path, "{{ x }}!") == "&lt;!"
    text_of(tmp_path, "{{ x }}", kind="theme")
    assert len({path.parent for path in kept(tmp_path)}) == 2


@pytest.mark.parametrize("damage", [lambda body: body[:-9], lambda body: body + b"x", lambda _body: b""])
def test_a_damaged_file_is_no_file(tmp_path: Path, damage) -> None:
    text_of(tmp_path, "{{ x }}")
    (path,) = kept(tmp_path)
    right = path.read_bytes()
    path.write_bytes(damage(right))
    assert text_of(tmp_path, "{{ x }}") == "&lt;"
    assert path.read_bytes() == right


def test_other_code_uses_nothing_and_leaves_nothing_of_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text_of(tmp_path, "{{ x }}")
    (before,) = kept(tmp_path)
    monkeypatch.setattr(compiled, "_surroundings", lambda: "other")
    text_of(tmp_path, "{{ x }}")
    assert not before.exists()
    assert len(kept(tmp_path)) == 1


def test_a_folder_whose_name_the_locale_cannot_read_has_its_key(tmp_path: Path) -> None:
    keys = {
        Compiled(tmp_path, "pages").get_cache_key("a.j2", os.fsdecode(name)) for name in (b"/\xff/a.j2", b"/\xfe/a.j2")
    }
    assert len(keys) == 2
