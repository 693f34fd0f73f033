"""What a build of many pages need not make again for each: the Markdown converter, and for pages that stand outside the navigation
the navigation itself and the other parts of the theme's frame that are the same on all of them.

Such a part says nothing of the page itself; only the relative addresses in it depend on the page's folder. With thousands of models
they would be a quarter of what mkdocs does. The pages are the same to the byte without this module (there is a test).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import markdown
import mkdocs.structure.pages
from mkdocs.structure.nav import Navigation

_PARTS = tuple(
    f"partials/{name}.html" for name in ("footer", "logo", "nav", "palette", "search", "subnav", "tabs", "top")
)
#: Blocks of the theme's frame. Not as our own main.html has them: one that asks for the theme's looks for itself in a list.
_FRAME, _BLOCKS = "base.html", ("config", "scripts", "styles")
_FOLDER = "capewatch_folder"
_Rendering = Callable[[Any], Iterator[str]]


def make_once(env: Any) -> None:
    """Let the environment render these parts once for each folder of pages that `repeats` marked."""
    for name in _PARTS:
        template = env.get_template(name)
        template.root_render_func = _once_a_folder(template.root_render_func)
    blocks = env.get_template(_FRAME).blocks
    for name in _BLOCKS:
        blocks[name] = _once_a_folder(blocks[name])


def repeats(context: Any, *, page: Any, nav: Navigation) -> Any:
    """The context of a page, marked with its folder where the page and what lies below it stand outside the navigation."""
    folder = page.url.rstrip("/").rpartition("/")[0]
    if folder and not any(other.url.startswith(page.url) for other in nav.pages):
        context[_FOLDER] = folder
    return context


def _once_a_folder(rendered: _Rendering) -> _Rendering:
    made: dict[str, str] = {}

    def render(context: Any) -> Iterator[str]:
        folder = context.get(_FOLDER)
        if folder is None:
            yield from rendered(context)
            return
        if folder not in made:
            made[folder] = "".join(rendered(context))
        yield made[folder]

    return render


def use_one_converter() -> None:
    """Let mkdocs convert all pages with one Markdown converter, emptied between pages, in place of a new one for each."""
    made: list[markdown.Markdown] = []

    def converter(**options: Any) -> markdown.Markdown:
        if not made:
            made.append(markdown.Markdown(**options))
        return made[0].reset()

    mkdocs.structure.pages.markdown = SimpleNamespace(Markdown=converter)
