"""How numbers and days are written on every page: fixed digits, a true minus sign, units, intervals, a word for what is missing.

Nothing here computes a statistic; it turns final values into text. No function returns ``nan``, ``inf`` or ``None``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, TypeGuard

MINUS = "\u2212"
NBSP = "\u00a0"
MISSING = "\u2014"  # an em dash; templates give it the label "no value"
_SUPERSCRIPT = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_SIZES = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))
_EXPONENT = re.compile(rf"(?<![\w.])({MINUS}?-?\d+(?:\.\d+)?)e([-+{MINUS}]?\d+)(?!\w)")
_HYPHEN = re.compile(r"(?<![\w.,-])-(?=\d)")
_SYMBOL = re.compile(r"(?:[b-z]|[α-ω]|d_eff)\d*(?=[ ,:]|$)")
_UNIT = re.compile(r" (?<=\d )(?=%|pp\b)")  # the space first: it is searched for much faster than what stands around it
_SIZE = re.compile(r"(?<=\d) (?=[kMBT]\b)")
UNIT_WORDS = {
    "percent": "%",
    "index": "index points",
    "elo": "Elo",
    "minutes": "min",
    "usd": "US$",
    "perplexity": "perplexity",
    "pp": "pp",
}


def known(value: Any) -> TypeGuard[float]:
    """True for a finite number; False for None, NaN, infinities and everything that is no number."""
    if type(value) is float:
        return math.isfinite(value)
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def number(value: Any, digits: int = 2) -> str:
    """``−0.31``; the em dash when there is no value. Minus zero is written as zero."""
    if not known(value):
        return MISSING
    text = f"{value:,.{digits}f}"
    if not text.startswith("-"):
        return text
    return f"{MINUS}{text[1:]}" if text.strip("-0.,") else text[1:]


def signed(value: Any, digits: int = 1) -> str:
    """``+3.1`` or ``−4.7``; zero has no sign."""
    text = number(value, digits)
    if text in (MISSING, number(0.0, digits)) or text.startswith(MINUS):
        return text
    return f"+{text}"


def percent(value: Any, digits: int = 1) -> str:
    """A value that is already in percent: ``80.9 %``."""
    return f"{number(value, digits)}{NBSP}%" if known(value) else MISSING


def pp(value: Any, digits: int = 1) -> str:
    """A signed difference in percentage points: ``+3.1 pp``."""
    return f"{signed(value, digits)}{NBSP}pp" if known(value) else MISSING


def count(value: Any) -> str:
    """``12,345``."""
    return number(value, 0)


def amount(value: Any, unit: str, digits: int = 1) -> str:
    """A value with its unit in words: ``80.9 %``, ``118 min``; a fraction in percent."""
    if not known(value):
        return MISSING
    if unit == "fraction":
        return percent(100 * value, digits)
    word = UNIT_WORDS.get(unit, unit)
    return f"{number(value, digits)}{NBSP}{word}".rstrip()


def interval(low: Any, high: Any, digits: int = 2, *, sign: bool = False) -> str:
    """``[0.51, 0.85]``; one open end is written ``at most`` or ``at least``; both open ``unbounded``."""
    write = signed if sign else number
    if known(low) and known(high):
        return f"[{write(low, digits)}, {write(high, digits)}]"
    if known(low):
        return f"at least{NBSP}{write(low, digits)}"
    if known(high):
        return f"at most{NBSP}{write(high, digits)}"
    return "unbounded"


def estimate(statistic: Mapping[str, Any] | None, digits: int = 2, *, sign: bool = False) -> str:
    """``0.72 [0.51, 0.85]``, or the reason why there is no estimate."""
    if statistic is None:
        return "not computed"
    if not known(statistic.get("estimate")):
        return str(statistic.get("reason") or "not computed")
    text = (signed if sign else number)(statistic["estimate"], digits)
    bounds = statistic.get("interval")
    return f"{text} {interval(bounds['low'], bounds['high'], digits, sign=sign)}" if bounds else text


def p_short(value: Any) -> str:
    """A p-value alone in a column: ``0.013``, or ``< 0.001`` for whatever is smaller."""
    if not known(value):
        return MISSING
    return f"<{NBSP}0.001" if value < 0.001 else f"{value:.3f}"


def p_value(value: Any) -> str:
    """The same in a sentence: ``p = 0.013`` or ``p < 0.001``."""
    text = p_short(value)
    return text if text == MISSING else f"p{NBSP}{text}" if text.startswith("<") else f"p{NBSP}={NBSP}{text}"


def sentence(text: str) -> str:
    """A note as a sentence: a capital first letter, unless a symbol such as r or n stands first, and a full stop."""
    text = text.strip()
    first = text[:1] if _SYMBOL.match(text) else text[:1].upper()
    return first + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")


def size(value: Any) -> str:
    """A count of parameters or tokens in three figures: ``410 M``, ``6.9 B``, ``1.04 T``."""
    if not known(value) or value <= 0:
        return MISSING
    for scale, letter in _SIZES:
        if value >= scale * 0.9995:
            return f"{_three_figures(value / scale)}{NBSP}{letter}"
    return _three_figures(value)


def power(value: Any) -> str:
    """``3.1 × 10²⁴``, for training compute in FLOP."""
    if not known(value) or value <= 0:
        return MISSING
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa}{_ten(int(exponent))}"


def scientific(text: str) -> str:
    """Text in which ``1.33e-06`` is ``1.33 × 10⁻⁶``, as numbers of the site are written; everything else as it is."""
    return _EXPONENT.sub(lambda found: f"{found[1]}{_ten(int(found[2].replace(MINUS, '-')))}", text)


def minus(text: str) -> str:
    """Text with a true minus sign before a negative number; days, names and ranges as they are."""
    return _HYPHEN.sub(MINUS, text)


def joined_sizes(text: str) -> str:
    """Text, no HTML (a path of a drawing has an M after a number), in which no line ends between a number and k, M, B or T."""
    return _SIZE.sub(NBSP, text)


def joined_units(text: str) -> str:
    """Text or HTML in which no line ends between a number and its % or pp."""
    return _UNIT.sub(NBSP, text)


def day(value: Any) -> str:
    """A date exactly as precise as it is known (``2026``, ``2026-03``, ``2026-03-14``)."""
    return str(value) if value else MISSING


def plural(quantity: int, singular: str, plural_form: str | None = None) -> str:
    """``1 model``, ``34 models``."""
    return f"{count(quantity)} {singular if quantity == 1 else plural_form or singular + 's'}"


def words(value: Any) -> str:
    """A scalar of unknown kind as text: numbers with up to four figures, flags as yes or no."""
    if value is None or value == "":
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return count(value)
    if isinstance(value, float):
        return _general(value)
    return str(value)


def _general(value: float) -> str:
    if not math.isfinite(value):
        return MISSING
    if value != 0 and (abs(value) < 1e-3 or abs(value) >= 1e7):
        mantissa, exponent = f"{value:.2e}".split("e")
        return f"{mantissa.replace('-', MINUS)}{_ten(int(exponent))}"
    return f"{value:.4g}".replace("-", MINUS) if abs(value) < 1e4 else number(value, 0)


def _ten(exponent: int) -> str:
    return f"{NBSP}×{NBSP}10{str(exponent).translate(_SUPERSCRIPT)}"


def _three_figures(value: float) -> str:
    if value >= 99.95:
        return f"{value:.0f}"
    text = f"{value:.1f}" if value >= 9.995 else f"{value:.2f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
