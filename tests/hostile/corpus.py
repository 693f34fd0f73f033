"""Hostile input as tables: texts, ids, addresses, files, payloads. A case is one entry of a table at one place."""

from __future__ import annotations

import io
import json
import struct
import zipfile

CANARY = "window.__pwned=1"

#: Text that would do harm where it is taken for HTML, Markdown, a template, a script, a formula, a calendar or a query.
TEXTS: dict[str, str] = {
    "script": f"<script>{CANARY}</script>",
    "img": f"<img src=x onerror={CANARY}>",
    "svg": f"<svg/onload={CANARY}>",
    "iframe": f'<iframe srcdoc="<script>parent.{CANARY}</script>"></iframe>',
    "close-title": f"</title><script>{CANARY}</script>",
    "close-script": f"</script><script>{CANARY}</script>",
    "close-textarea": f"</textarea><img src=x onerror={CANARY}>",
    "details": f"<details open ontoggle={CANARY}>x</details>",
    "math": f"<math><mtext><table><mglyph><style><img src=x onerror={CANARY}>",
    "base": "<base href=https://evil.example/>",
    "meta-refresh": "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "style": "<style>*{background:url(https://evil.example)}</style>",
    "comment": "<!-- capewatch:home/counts -->",
    "raw-mark": f"<!-- /html --><script>{CANARY}</script>",
    "cdata": "<![CDATA[x]]>",
    "processing": "<?xml version='1.0'?>",
    "entity": f"&lt;img src=x onerror={CANARY}&gt;",
    "numeric-entity": f"&#60;img src=x onerror={CANARY}&#62;",
    "bare-entity": f"&lt img src=x onerror={CANARY} &gt",
    "attribute": f'" onmouseover="{CANARY}" autofocus onfocus="{CANARY}',
    "attribute-single": f"' onmouseover='{CANARY}' x='",
    "unquoted-attribute": f"x onerror={CANARY} y",
    "script-string": f'";{CANARY};//',
    "script-object": f'"}});{CANARY};({{"',
    "script-comment": f"*/{CANARY}/*",
    "template-literal": "${" + CANARY + "}",
    "javascript": f"javascript:{CANARY}",
    "data-address": "data:text/html,%3Cscript%3Ewindow.__pwned=1%3C/script%3E",
    "vbscript": "vbscript:msgbox(1)",
    "jinja": "{{ ''.__class__.__mro__ }}",
    "jinja-block": "{% include 'base.md.j2' %}",
    "jinja-comment": "{# x #}",
    "ruby": "#{7*7}",
    "format": "{0.__class__} {name} %s %(x)d",
    "vega-call": "datum.constructor.constructor('window.__pwned=1')()",
    "vega-event": "event.view.eval('window.__pwned=1')",
    "vega-token": "@x",
    "vega-list": "@ticks",
    "markdown-link": f"[x](javascript:{CANARY})",
    "markdown-image": "![x](https://evil.example/x.png)",
    "markdown-reference": "[x]: https://evil.example 'y'",
    "markdown-footnote": "[^1]: note",
    "markdown-attributes": '{: onclick="window.__pwned=1" .x #y }',
    "markdown-heading": "# not a heading",
    "markdown-rule": "---",
    "markdown-fence": "~~~ js",
    "markdown-code": "`x`",
    "markdown-table": "a | b | c",
    "markdown-emphasis": "*a* __b__ ~~c~~ ==d== ^^e^^",
    "markdown-list": "- a",
    "markdown-toc": "[TOC]",
    "markdown-autolink": f"<javascript:{CANARY}>",
    "snippet": '--8<-- "/etc/passwd"',
    "admonition": '!!! danger "x"',
    "formula": "=1+1",
    "formula-link": '=HYPERLINK("https://evil.example","x")',
    "formula-command": "=cmd|' /C calc'!A0",
    "formula-plus": "+1+1",
    "formula-minus": "-2+3+cmd|' /C calc'!A0",
    "formula-at": "@SUM(1+1)*cmd|' /C calc'!A0",
    "formula-wide": "＝1+1",
    "csv-break": 'a","b\n"c',
    "ical-break": "x\\nEND:VEVENT\\nBEGIN:VEVENT;,",
    "header-break": "x%0d%0aSet-Cookie: a=b",
    "new-line": "x\r\nBEGIN:VEVENT",
    "workflow-command": "::error file=x,line=1::y",
    "workflow-stop": "::stop-commands::x",
    "terminal": "\x1b[2J\x1b]0;x\x07",
    "bell": "\x07",
    "nul": "a\x00b",
    "backspace": "a\x08b",
    "delete": "a\x7fb",
    "next-line": "a\x85b",
    "line-separator": "a\u2028b",
    "paragraph-separator": "a\u2029b",
    "right-to-left": "gpt\u202e5-tpg",
    "isolate": "a\u2067b\u2069",
    "right-to-left-mark": "a\u200fb",
    "zero-width": "GP\u200bT",
    "joiner": "GP\u200dT",
    "byte-order-mark": "\ufeffGPT",
    "soft-hyphen": "GP\u00adT",
    "hangul-filler": "GP\u3164T",
    "braille-blank": "GP\u2800T",
    "grapheme-joiner": "GP\u034fT",
    "private-use": "\ue000",
    "noncharacter": "a\ufffeb",
    "tag-characters": "a\U000e0041\U000e0042",
    "cyrillic": "Сlaude",
    "greek": "GPΤ-5",
    "stacked-marks": "e" + "\u0301" * 40,
    "full-width": "＜script＞",
    "long-s": "<ſcript>alert(1)</ſcript>",
    "backslash-hex": "\\x3cscript\\x3e",
    "unicode-escape": "\\u003cscript\\u003e",
    "null-word": "null",
    "true-word": "true",
    "not-a-number-word": "NaN",
    "infinity-word": "-Infinity",
    "prototype": "__proto__",
    "constructor": "constructor",
    "to-string": "toString",
    "path": "../../../etc/passwd",
    "windows-path": "C:\\Windows\\system32",
    "file-address": "file:///etc/passwd",
    "query": "' OR 1=1; DROP TABLE models; --",
    "shell": "$(touch /tmp/pwned); `id` | x & y",
    "regex": "(a+)+$" + "a" * 40 + "!",
    "separators": "\x1f|\x1e",
    "space-only": " \t ",
    "long": "x" * 299,
    "too-long": "x" * 5000,
    "astral": "𝔾ℙ𝕋 🧪",
    "less-than": "a < b > c & d",
    "quotes": "\"'`´‘’“”",
}

#: Not one of these is an id.
IDS: dict[str, str] = {
    "up": "..", "dot": ".", "traversal": "../x", "deep-traversal": "../../etc/passwd", "absolute": "/etc/passwd", "slash": "a/b",
    "backslash": "a\\b", "drive": "c:x", "stream": "a:b", "home": "~root", "leading-dot": ".git", "trailing-dot": "a.", "double-dot": "a..b",
    "trailing-hyphen": "a-", "leading-hyphen": "-rf", "upper": "GPT", "space": "a b", "trailing-space": "a ", "new-line": "a\n", "inner-new-line": "a\nb",
    "nul": "a\x00", "tab": "a\tb", "percent": "a%2e%2e", "question": "a?b", "hash": "a#b", "ampersand": "a&b", "equals": "a=b", "star": "*",
    "quote": "a'b", "double-quote": 'a"b', "angle": "<b>", "brace": "{a}", "dollar": "$(id)", "semicolon": "a;b", "pipe": "a|b",
    "cyrillic": "аcme", "dotless": "ı", "kelvin": "\u212a", "full-width": "ａ", "right-to-left": "a\u202eb", "zero-width": "a\u200bb",
    "astral": "𝔞", "empty": "", "long": "a" * 81, "very-long": "a" * 5000, "con": "con", "nul-device": "nul", "aux": "aux", "prn": "prn",
    "com1": "com1", "lpt9": "lpt9", "device-with-ending": "con.x", "index": "index", "readme": "readme", "number": "1_0", "comma": "a,b",
}  # fmt: skip

#: Not one of these is an address that a page may link to.
ADDRESSES: dict[str, str] = {
    "javascript": f"javascript:{CANARY}", "javascript-upper": "JaVaScRiPt:alert(1)", "javascript-tab": "java\tscript:alert(1)", "data": "data:text/html,x",
    "vbscript": "vbscript:x", "file": "file:///etc/passwd", "ftp": "ftp://example.org/x", "mailto": "mailto:a@example.org", "blob": "blob:https://example.org/x",
    "relative": "//example.org/x", "path": "/x", "bare": "example.org", "empty-host": "https:///x", "no-dot": "https://localhost/x",
    "user": "https://a:b@example.org/", "user-only": "https://a@example.org/", "space": "https://example.org/a b", "quote": 'https://example.org/"onclick="x',
    "single-quote": "https://example.org/'x", "angle": "https://example.org/<script>", "backtick": "https://example.org/`x`", "backslash": "https:\\\\example.org",
    "caret": "https://example.org/^", "pipe": "https://example.org/|", "brace": "https://example.org/{x}", "new-line": "https://example.org/\nx",
    "carriage": "https://example.org/\rx", "nul": "https://example.org/\x00", "right-to-left": "https://example.org/\u202egpj.exe",
    "zero-width": "https://exam\u200bple.org", "homograph": "https://еxample.org/", "full-width": "https://ｅxample.org", "bracket": "https://[::1", "bad-port": "https://example.org:x/",
    "wrapped": " https://example.org", "long": "https://example.org/" + "a" * 3000, "script-address": "https:javascript:alert(1)",
}  # fmt: skip

_GOOD = "schema_version: 1\nid: file\nname: File\nlab: acme\nopen_weights: false\n"
#: Files at data/models/acme/file.yaml; each is refused with a place.
FILES: dict[str, bytes] = {
    "python-object": (_GOOD + "note: !!python/object/apply:os.system [id]\n").encode(),
    "python-name": (_GOOD + "note: !!python/name:os.system\n").encode(),
    "python-module": (_GOOD + "note: !!python/module:os\n").encode(),
    "own-tag": (_GOOD + "note: !evil x\n").encode(),
    "environment-tag": (_GOOD + "note: !ENV [HOME, x]\n").encode(),
    "binary": (_GOOD + "note: !!binary aGk=\n").encode(),
    "set": (_GOOD + "note: !!set {a, b}\n").encode(),
    "alias": b"schema_version: 1\nid: &a file\nname: *a\nlab: acme\nopen_weights: false\n".replace(b"&a file", b"&a [x]"),
    "self-alias": b"schema_version: &a [*a]\n",
    "merge": b"<<: {schema_version: 1}\nid: file\n",
    "alias-bomb": b"a: &a [x]\n" + b"".join(b"%c: &%c [*%c, *%c]\n" % (c, c, c - 1, c - 1) for c in range(98, 122)),
    "flow-depth": b"note: " + b"[" * 400_000,
    "map-depth": b"note: " + b"{a: " * 200_000,
    "block-depth": b"- " * 300_000,
    "indented-depth": b"".join(b" " * level + b"a:\n" for level in range(900)),
    "long-number": (_GOOD + "params: " + "9" * 6000 + "\n").encode(),
    "long-float": (_GOOD + "params: 1." + "9" * 6000 + "\n").encode(),
    "huge-exponent": (_GOOD + "params: 1e999999999\n").encode(),
    "not-a-number": (_GOOD + "params: .nan\n").encode(),
    "infinity": (_GOOD + "params: .inf\n").encode(),
    "octal": (_GOOD + "params: 0o17\n").encode(),
    "sexagesimal": (_GOOD + "params: 1:30\n").encode(),
    "long-key": (_GOOD + "k" * 5000 + ": 1\n").encode(),
    "control-key": (_GOOD + '"\\e[2J\\n::error::x": 1\n').encode(),
    "list-key": (_GOOD + "? [a]\n: 1\n").encode(),
    "twice": (_GOOD + "name: Other\n").encode(),
    "unknown-key": (_GOOD + "__proto__: {admin: true}\n").encode(),
    "class-key": (_GOOD + "__class__: x\nmodel_config: {}\n").encode(),
    "two-documents": (_GOOD + "---\n" + _GOOD).encode(),
    "tab": _GOOD.replace("name: File", "\tname: File").encode(),
    "latin": _GOOD.replace("File", "F\xeele").encode("latin-1"),
    "utf-16": _GOOD.encode("utf-16"),
    "nul": _GOOD.replace("File", "Fi\x00le").encode(),
    "surrogate": _GOOD.replace("name: File", 'name: "\\ud800"').encode(),
    "escape": _GOOD.replace("name: File", 'name: "\\e[2J"').encode(),
    "empty": b"",
    "comment-only": b"# nothing\n",
    "scalar": b"just text\n",
    "list": b"- a\n- b\n",
    "unclosed": b"id: [a, b\n",
    "unclosed-quote": b'id: "abc\n',
    "directive": b"%YAML 9.9\n---\nid: file\n",
    "too-large": b"#" * 1_000_001,
    "zip": b"PK\x03\x04" + bytes(60),
    "elf": b"\x7fELF" + bytes(60),
    "html": b"<!doctype html><script>window.__pwned=1</script>",
    "conflict": b"<<<<<<< HEAD\nid: file\n=======\nid: other\n>>>>>>> x\n",
    "text-for-number": (_GOOD + 'params: "1e9"\n').encode(),
    "truth-for-number": (_GOOD + "params: true\n").encode(),
    "negative-size": (_GOOD + "params: -1\n").encode(),
    "list-for-text": _GOOD.replace("name: File", "name: [a]").encode(),
    "map-for-text": _GOOD.replace("name: File", "name: {a: b}").encode(),
    "other-id": _GOOD.replace("id: file", "id: other").encode(),
    "many-observations": (_GOOD + "observations:\n" + "  - {benchmark: swe}\n" * 600).encode(),
    "unknown-lab": _GOOD.replace("lab: acme", "lab: nobody").encode(),
}  # fmt: skip


def _zip(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return buffer.getvalue()


def _many_entries() -> bytes:
    """A small archive whose directory claims very many members."""
    base = _zip(("a.csv", b"x"))
    start = base.index(b"PK\x01\x02")
    end = base.index(b"PK\x05\x06")
    return base[:start] + base[start:end] * 5000 + base[end:]


def _wrong_size(data: bytes, size: int) -> bytes:
    """The archive with another unpacked size in its directory."""
    at = data.index(b"PK\x01\x02") + 24
    return data[:at] + struct.pack("<I", size) + data[at + 4 :]


#: Archives; each is refused whole, or its members have these names.
ARCHIVES: dict[str, bytes] = {
    "ratio-bomb": _zip(("a.csv", bytes(8 * 2**20))),
    "many-members": _zip(*((f"{i}.csv", b"") for i in range(600))),
    "many-entries": _many_entries(),
    "says-huge": _wrong_size(_zip(("a.csv", b"x" * 100)), 2**31),
    "says-small": _wrong_size(_zip(("a.csv", b"x" * 100)), 1),
    "lzma": _zip(("a.csv", b"x"), method=zipfile.ZIP_LZMA),
    "bzip": _zip(("a.csv", b"x"), method=zipfile.ZIP_BZIP2),
    "encrypted": _zip(("a.csv", b"x")).replace(b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01"),
    "cut-off": _zip(("a.csv", b"x" * 1000))[:-30],
    "damaged": _zip(("a.csv", bytes(range(256)) * 9)).replace(b"a.csv", b"b.csv", 1),
    "not-a-zip": b"<html>not here</html>",
    "empty": b"",
}

_ROW = {"name": "n", "resolved": 50, "date": "2025-11-24", "tags": ["Model: m"], "site": "https://example.org"}


def _board(**fields: object) -> bytes:
    return json.dumps({"leaderboards": [{"name": "bash-only", "results": [_ROW | fields]}]}).encode()


#: Answers of a leaderboard (JSON). None may raise; a number that is none may not become a score.
PAYLOADS: dict[str, bytes] = {
    "deep": b'{"leaderboards":' + b"[" * 200_000,
    "deep-map": b'{"a":' * 100_000,
    "not-a-number": _board().replace(b"50", b"NaN"),
    "infinity": _board().replace(b"50", b"Infinity"),
    "huge-exponent": _board().replace(b"50", b"1e999"),
    "long-number": _board().replace(b"50", b"9" * 10_000),
    "negative": _board(resolved=-1),
    "over": _board(resolved=101),
    "text-number": _board(resolved="50%"),
    "underscore": _board(resolved="5_0"),
    "truth": _board(resolved=True),
    "list-number": _board(resolved=[50]),
    "map-number": _board(resolved={"x": 50}),
    "map-name": _board(name={"x": "y"}),
    "list-name": _board(name=["x"]),
    "number-name": _board(name=7),
    "surrogate": _board().replace(b'"n"', b'"\\ud800"'),
    "surrogate-model": _board(tags=["Model: \ud800"]),
    "nul": _board(name="a\x00b"),
    "new-line": _board(tags=["Model: a\nb"]),
    "long-name": _board(tags=["Model: " + "x" * 10_000]),
    "empty-model": _board(tags=["Model: "]),
    "no-tags": _board(tags=None),
    "tags-text": _board(tags="Model: m"),
    "tag-maps": _board(tags=[{"a": 1}, None, 7]),
    "date-number": _board(date=20251124),
    "bad-date": _board(date="2025-13-45"),
    "site-script": _board(site=f"javascript:{CANARY}"),
    "site-map": _board(site={"a": 1}),
    "extra-column": _board(surprise=1),
    "rows-text": b'{"leaderboards":[{"name":"bash-only","results":"x"}]}',
    "board-null": b'{"leaderboards":[null]}',
    "boards-map": b'{"leaderboards":{"a":1}}',
    "list": b"[]",
    "number": b"7",
    "null": b"null",
    "text": b'"x"',
    "twice": b'{"leaderboards":[],"leaderboards":7}',
    "cut-off": _board()[:-20],
    "trailing": _board() + b"x",
    "empty": b"",
    "html": b"<!doctype html><html></html>",
    "byte-order-mark": b"\xef\xbb\xbf" + _board(),
    "utf-16": _board().decode().encode("utf-16"),
    "latin": b'{"leaderboards":[{"name":"\xff"}]}',
    "binary": bytes(range(256)),
}  # fmt: skip

#: Answers of a leaderboard (YAML).
YAML_PAYLOADS: dict[str, bytes] = {
    "python-object": b"- !!python/object/apply:os.system [id]\n",
    "alias-bomb": b"- &a [x]\n" + b"- &a [*a, *a, *a]\n" * 30,
    "deep": b"[" * 5_000,
    "too-large": b"- x\n" * 1_200_000,
    "not-a-list": b"a: 1\n",
    "list-of-text": b"- x\n- y\n",
    "latin": b"- \xff\n",
    "nul": b"- a\x00b\n",
    "long-key": b"- {" + b"k" * 5000 + b": 1}\n",
    "date": b"- {model: m, pass_rate_2: 2026-01-01, edit_format: x}\n",
}

#: Answers of a leaderboard (CSV); the known header is model,value.
TABLES: dict[str, bytes] = {
    "no-header": b"",
    "long-cell": b"model,value\n" + b"x" * 200_000 + b",1\n",
    "open-quote": b'model,value\n"x,1\n',
    "quote-inside": b'model,value\nx"y"z",1\n',
    "nul": b"model,value\na\x00b,1\n",
    "column-twice": b"model,model,value\na,b,1\n",
    "column-missing": b"model\na\n",
    "many-columns": b"model,value\n" + b"a," * 5000 + b"1\n",
    "few-columns": b"model,value\na\n",
    "latin": b"model,value\n\xff,1\n",
    "utf-16": "model,value\na,1\n".encode("utf-16"),
    "html": b"<!doctype html>\n<p>a,b</p>\n",
}
