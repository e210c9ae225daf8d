"""JSON as its standard has it: what others would read as something else is refused here, once for all."""

import json
import math
from collections import Counter
from typing import Any, NoReturn

from django.utils.translation import gettext as _

# As much as this is read in less than 256 MB, whatever it holds; the borders that a map can carry take half.
MOST_BYTES = 4 * 1024 * 1024


def read_strict_json(source: str | bytes) -> Any:
    """Return what JSON says, without numbers that are none or too large, half characters and repeated names.

    Raises `ValueError`, of which `UnicodeError` is a kind, or `RecursionError`.
    """
    # The library would take halves of characters that stand in the bytes themselves.
    text = source if isinstance(source, str) else source.decode(json.detect_encoding(source))
    said = json.loads(text, parse_constant=_refuse_number, parse_float=_finite, object_pairs_hook=_named_once)
    if "\\u" in text:
        # A lone half of a pair can be neither stored nor answered.
        json.dumps(said, ensure_ascii=False).encode("utf-8")
    return said


def _named_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Some readers take the first of two values under one name, some the last, some both."""
    said = dict(pairs)
    if len(said) < len(pairs):
        [(twice, _times)] = Counter(name for name, _value in pairs).most_common(1)
        raise ValueError(_("“%(name)s” stands twice in one object") % {"name": twice[:40]})
    return said


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        _refuse_number(text[:40])
    return value


def _refuse_number(text: str) -> NoReturn:
    raise ValueError(_("“%(value)s” is not a number that can be kept") % {"value": text})
