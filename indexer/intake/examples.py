"""A small example of every table that comes in, and the template that is its header: one index, told in full.

Words are in the language of the page; what a program reads, such as codes and heads, is in none.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from indexer.intake.registers import COLUMNS as REGISTER
from weighting.readers.framework import OPTIONAL as OF_NODES
from weighting.readers.framework import REQUIRED as OF_TREE
from weighting.readers.panel import COLUMNS as OF_PANEL
from weighting.readers.weights import GLOBAL, LOCAL

LEAVES = ("income", "jobs", "air", "waste")
# Nominal figures of three units: (units, leaves).
VALUES = ((52_400, 4.1, 251, 98.5), (61_900, 3.8, 264, 99.1), (78_300, 3.2, 239, 99.6))
SERIES = (4557.1, 5694.6, 11486.5)


@dataclass(frozen=True)
class Example:
    """The columns of a table and some rows of it."""

    columns: tuple[str, ...]
    rows: Sequence[Sequence[object]]


def with_units(example: Example, names: Sequence[str]) -> Example:
    """Return an example with the units of a register in the place of the cities; others stay as they are."""
    if example.columns[0] != "unit" or not names:
        return example
    rows = zip(names, example.rows, strict=False)
    return Example(example.columns, [[name, *row[1:]] for name, row in rows])


def _framework() -> Example:
    nodes = [
        ("economy", "", _("Economy"), 1, "", "", ""),
        ("income", "economy", _("Disposable income per head"), 1, _("yuan"), "", _("Statistical yearbook")),
        ("jobs", "economy", _("Unemployment"), -1, "%", _("Registered, at the end of the year."), ""),
        ("environment", "", _("Environment"), 1, "", "", ""),
        ("air", "environment", _("Days of good air"), 1, _("days"), "", ""),
        ("waste", "environment", _("Household waste treated"), 1, "%", "", ""),
    ]
    rows = [
        [code, parent, *_named(name), direction, unit, "", *_named(definition), source, ""]
        for code, parent, name, direction, unit, definition, source in nodes
    ]
    return Example((*OF_TREE, *OF_NODES), rows)


def _weights() -> Example:
    local = {"economy": 0.6, "income": 0.5, "jobs": 0.5, "environment": 0.4, "air": 0.7, "waste": 0.3}
    return Example(("code", LOCAL), list(local.items()))


def _leaf_weights() -> Example:
    return Example(("code", GLOBAL), list(zip(LEAVES, (0.3, 0.3, 0.28, 0.12), strict=True)))


def _panel() -> Example:
    language = "zh-hans" if _is_chinese() else "en"
    rows = [
        ["E01", _("First expert"), "first@example.org", _("University"), "academic", language],
        ["E02", _("Second expert"), "second@example.org", _("Planning office"), "government", language],
        # Whoever has no address is handed the link.
        ["E03", _("Third expert"), "", _("Association"), "other", language],
    ]
    return Example(OF_PANEL, rows)


def _register() -> Example:
    places = [
        (_("Luoyang"), "410300", _("Henan"), _("Central China"), "洛阳;Loyang", 34.62, 112.45),
        (_("Nanyang"), "411300", _("Henan"), _("Central China"), "", 32.99, 112.53),
        (_("Xi’an"), "610100", _("Shaanxi"), _("Northwest China"), "", 34.34, 108.94),
    ]
    rows = [
        [*_named(name), code, *_named(province), *_named(region), *rest]
        for name, code, province, region, *rest in places
    ]
    return Example(REGISTER, rows)


def _data() -> Example:
    return Example(
        ("unit", *LEAVES), [[unit, *values] for unit, values in zip(_units(), VALUES, strict=True)]
    )


def _totals() -> Example:
    return Example(("code", "total"), [["income", 192_600], ["air", 754]])


def _series() -> Example:
    return Example(("unit", "value"), list(zip(_units(), SERIES, strict=True)))


def _published() -> Example:
    figures = ((61.2, 58.0, 66.0), (68.6, 63.4, 76.4), (76.0, 80.0, 70.0))
    return Example(
        ("unit", "total", "economy", "environment"),
        [[unit, *row] for unit, row in zip(_units(), figures, strict=True)],
    )


def _named(text: str) -> tuple[str, str]:
    """Return a name in the column of the page's language; the other may stay empty."""
    return (text, "") if _is_chinese() else ("", text)


def _is_chinese() -> bool:
    return (get_language() or "").startswith("zh")


def _units() -> list[str]:
    return [_("Luoyang"), _("Nanyang"), _("Xi’an")]


EXAMPLES: dict[str, Callable[[], Example]] = {
    "framework": _framework,
    "weights": _weights,
    "leaf-weights": _leaf_weights,
    "panel": _panel,
    "register": _register,
    "data": _data,
    "totals": _totals,
    "series": _series,
    "published": _published,
}
