"""A method in words: what the index does, where leaves and nodes go ways of their own, what differs."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from indexer.enums import Aggregation, Missing, Normalisation, Outliers
from indexer.models import IndexMethod
from indexer.numeric.method.gaps import MISSING_POLICIES
from indexer.numeric.method.normalisations import NORMALISATIONS
from indexer.numeric.method.plan import SCALE, WHOLE
from indexer.numeric.method.treatment import OUTLIER_ACTIONS

# The first so many rows of a table are spelt out where the method is named in a line.
MOST_ROWS = 4
NAMED: dict[str, type[TextChoices]] = {
    "normalisation": Normalisation,
    "imputation": Missing,
    "aggregation": Aggregation,
    "outliers": Outliers,
}


# What nodes are called, by their codes; a node without a name is called by its code.
Names = Mapping[str, str]
NAMELESS: Names = {}


def method_words(method: IndexMethod, names: Names = NAMELESS) -> str:
    """Say how raw values became scores; what the default leaves unused is not named."""
    parts = [value_words("normalisation", method.normalisation)]
    if NORMALISATIONS[method.normalisation].takes_turn:
        parts.append(str(method.get_negative_display()))
    if MISSING_POLICIES[method.missing].takes_missing:
        policy = value_words("imputation", method.missing)
        parts.append(_("missing values: %(policy)s") % {"policy": policy})
    parts += _optional_steps(method)
    parts.append(value_words("aggregation", method.aggregation))
    parts += _younger_choices(method, names)
    return _("; ").join(parts)


def short_method_words(method: IndexMethod) -> str:
    """Say in a line how the index is normalised and formed, and how much of it goes its own way."""
    parts = [value_words("normalisation", method.normalisation)]
    if MISSING_POLICIES[method.missing].takes_missing:
        policy = value_words("imputation", method.missing)
        parts.append(_("missing values: %(policy)s") % {"policy": policy})
    parts.append(value_words("aggregation", method.aggregation))
    if count := len(own_ways(method)):
        words = ngettext(
            "%(count)d indicator or group in its own way",
            "%(count)d indicators or groups in their own ways",
            count,
        )
        parts.append(words % {"count": count})
    return _("; ").join(parts)


def _optional_steps(method: IndexMethod) -> list[str]:
    """Name the steps that are off by default, with all that decides what they do."""
    parts = []
    if method.denominators:
        for column, count in sorted(Counter(method.denominators.values()).items()):
            words = ngettext(
                "%(count)d indicator per %(column)s", "%(count)d indicators per %(column)s", count
            )
            parts.append(words % {"count": count, "column": column})
    action = OUTLIER_ACTIONS[method.outliers]
    if action.changes:
        limits = _("skewness over %(skewness)s and kurtosis over %(kurtosis)s") % {
            "skewness": f"{method.skewness_limit:g}",
            "kurtosis": f"{method.kurtosis_limit:g}",
        }
        said = {"action": method.get_outliers_display(), "limits": limits, "most": method.winsorised_most}
        if action.draws_in:
            parts.append(_("outliers: %(action)s (%(limits)s, at most %(most)s cells each)") % said)
        else:
            parts.append(_("outliers: %(action)s (%(limits)s)") % said)
    return parts


def _younger_choices(method: IndexMethod, names: Names) -> list[str]:
    """Name the choices of docs/method.md 9 that were made."""
    parts = []
    if method.floor is not None:
        parts.append(_("smallest normalised value %(floor)s") % {"floor": f"{method.floor:g}"})
    if method.coverage:
        parts.append(_("coverage of at least %(least)s %%") % {"least": f"{100 * method.coverage:g}"})
    if method.scale != SCALE:
        parts.append(_("scale %(scale)s") % {"scale": f"{method.scale:g}"})
    if method.bounds:
        parts.append(common_bounds_words(method))
    alone = _bounded_alone(method)
    rows = [(_called(code, names), cells_words(cells)) for code, cells in _rows(method) if code not in alone]
    parts += [_("%(name)s: %(value)s") % {"name": name, "value": words} for name, words in rows[:MOST_ROWS]]
    if (rest := len(rows) - MOST_ROWS) > 0:
        more = ngettext(
            "%(count)d more indicator or group in its own way",
            "%(count)d more indicators or groups in their own ways",
            rest,
        )
        parts.append(more % {"count": rest})
    return parts


def common_bounds_words(method: IndexMethod) -> str:
    """Say over which years the bounds of indicators were taken."""
    years = _(", ").join(map(str, method.bounds["years"]))
    return _("bounds common to the years %(years)s") % {"years": years}


def _bounded_alone(method: IndexMethod) -> set[str]:
    """Return the leaves that do nothing of their own but to have a common bound."""
    taken = method.bounds.get("leaves", {})
    return {code for code, cells in taken.items() if method.leaves.get(code) == cells}


def own_ways(method: IndexMethod, names: Names = NAMELESS) -> list[tuple[str, str]]:
    """Return what leaves, nodes and the index itself do otherwise: what they are called, and it in words."""
    return [(_called(code, names), cells_words(cells)) for code, cells in _rows(method)]


def _rows(method: IndexMethod) -> list[tuple[str, Mapping[str, Any]]]:
    # PostgreSQL keeps objects in an order of its own.
    return [*sorted(method.leaves.items()), *sorted(method.nodes.items())]


def _called(code: str, names: Names) -> str:
    return _("the index") if code == WHOLE else name_and_code(code, names)


def name_and_code(code: str, names: Names) -> str:
    """Name a node with its code, which tells nodes of one name apart and stands in files."""
    name = names.get(code, code)
    return name if name == code else _("%(name)s (%(code)s)") % {"name": name, "code": code}


def cells_words(cells: Mapping[str, Any]) -> str:
    """Put the cells of a row into words."""
    heads = column_words()
    return _(", ").join(
        _("%(column)s %(value)s") % {"column": heads[column], "value": value_words(column, value)}
        for column, value in sorted(cells.items())
    )


def column_words() -> dict[str, str]:
    """Return what the columns of the table are called."""
    return {
        "transform": _("transform"),
        "normalisation": _("normalisation"),
        "lower": _("lower bound"),
        "upper": _("upper bound"),
        "target": _("target"),
        "reference": _("reference unit"),
        "cap": _("held at the bounds"),
        "imputation": _("missing values"),
        "outliers": _("outliers"),
        "aggregation": _("aggregation"),
        "coverage": _("least coverage"),
    }


def value_words(column: str, value: Any) -> str:
    """Put what stands in a cell into words; a choice with a parameter is its code."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, float):
        return f"{value:g}"
    named = NAMED.get(column)
    return str(named(value).label) if named and value in named.values else str(value)


def method_differences(
    one: IndexMethod, other: IndexMethod, names: Names = NAMELESS
) -> list[tuple[str, str, str]]:
    """Return what differs in two methods: what it is, and what each does."""
    found = []
    for field in IndexMethod._meta.concrete_fields:
        if field.name in ("id", "sha256", "leaves", "nodes", "bounds"):
            continue
        pair = getattr(one, field.attname), getattr(other, field.attname)
        if pair[0] != pair[1]:
            column = "imputation" if field.name == "missing" else field.name
            before, after = (_any_words(column, value) for value in pair)
            found.append((str(field.verbose_name), before, after))
    for rows in ("leaves", "nodes"):
        found += _row_differences(getattr(one, rows), getattr(other, rows), names)
    return found


def _row_differences(
    one: Mapping[str, Mapping[str, Any]], other: Mapping[str, Mapping[str, Any]], names: Names
) -> Iterable[tuple[str, str, str]]:
    for code in dict.fromkeys([*sorted(one), *sorted(other)]):
        pair = one.get(code, {}), other.get(code, {})
        if pair[0] != pair[1]:
            as_index = _("as the index")
            before, after = (cells_words(cells) if cells else as_index for cells in pair)
            yield _called(code, names), before, after


def _any_words(column: str, value: Any) -> str:
    if value is None or value == {}:
        return _("none")
    if isinstance(value, Mapping):
        return _(", ").join(f"{leaf} / {below}" for leaf, below in sorted(value.items()))
    return value_words(column, value)
