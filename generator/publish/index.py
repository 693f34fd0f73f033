"""The files at the root of the branch: mike's index of versions, the way to the latest one, and what a forge needs."""

from __future__ import annotations

import html
from collections.abc import Mapping

from generator.core import CapewatchError
from generator.publish.git import LINK, REGULAR, Entry, Repository
from generator.publish.names import DEV, LATEST, is_cut

INDEX = "versions.json"
_PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
{head}
<body style="font: 1.1rem/1.5 system-ui, sans-serif; margin: 3rem auto; max-width: 36rem; padding: 0 1rem">
{body}
</body>
</html>
"""


def versions_json(tree: Mapping[str, Entry], titles: Mapping[str, str]) -> str:
    """mike's versions.json for the versions whose folder is in `tree` and that are not dropped; newest has the alias latest."""
    try:
        from mike.versions import Versions
    except ImportError:
        raise CapewatchError("mike is not installed", hint="pip install 'capewatch[publish]'") from None
    listed = Versions()
    names = [name for name in present(tree) if not dropped(tree, name)]
    newest = max(filter(is_cut, names), default="")
    for name in names:
        listed.add(name, titles.get(name, name), [LATEST] if name == newest else [])
    return str(listed.dumps()) + "\n"


def present(tree: Mapping[str, Entry]) -> list[str]:
    """Versions with a folder on the branch, sorted by name; dropped ones included."""
    tops = {path.split("/", 1)[0] for path in tree if "/" in path}
    return sorted(name for name in tops if name == DEV or is_cut(name))


def dropped(tree: Mapping[str, Entry], name: str) -> bool:
    """True for a version of which only the bundle and a note are left."""
    return f"{name}/sitemap.xml" not in tree


def root_files(repository: Repository, tree: Mapping[str, Entry], *, site_url: str) -> dict[str, tuple[str, str]]:
    """Path -> (mode, blob) of every file at the root, for the versions in `tree`."""
    names = [name for name in present(tree) if not dropped(tree, name)]
    newest = max(filter(is_cut, names), default="")
    target = LATEST if newest else DEV
    texts = {
        ".nojekyll": "",
        INDEX: versions_json(tree, {DEV: "dev"}),
        "index.html": redirect(f"{target}/", title="capewatch"),
        "404.html": missing(site_url.rstrip("/") + f"/{target}/"),
    }
    files = {name: (REGULAR, repository.store_bytes(text.encode())) for name, text in texts.items()}
    if newest:
        files[LATEST] = (LINK, repository.store_bytes(newest.encode()))
    return files


def redirect(target: str, *, title: str) -> str:
    """A page that leads on without a script."""
    safe = html.escape(target)
    head = f'<meta http-equiv="refresh" content="0; url={safe}">\n<link rel="canonical" href="{safe}">'
    return _PAGE.format(title=html.escape(title), head=head, body=f'<p>The site is in <a href="{safe}">{safe}</a>.</p>')


def missing(home: str) -> str:
    body = f'<h1>No such page</h1>\n<p>It may be in another version. Go to the <a href="{html.escape(home)}">latest version</a>.</p>'
    return _PAGE.format(title="No such page", head='<meta name="robots" content="noindex">', body=body)


def tombstone(name: str, size: int) -> str:
    """What stands where a dropped version was."""
    body = (
        f"<h1>Version {html.escape(name)} was dropped</h1>\n"
        f"<p>Its pages ({size / 1e6:.0f} MB) made room for newer versions. Its numbers are kept in "
        '<a href="bundle.json.xz">bundle.json.xz</a>, and <a href="publication.json">publication.json</a> names the commit from '
        'which it can be built again. Go to the <a href="../latest/">latest version</a>.</p>'
    )
    head = '<meta name="robots" content="noindex">'
    return _PAGE.format(title=f"Version {html.escape(name)}", head=head, body=body)
