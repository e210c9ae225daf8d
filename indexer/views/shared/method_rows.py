"""A method step by step, and whom its weights are from, as readers who did not choose it are told."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from indexer.formulas import aggregation_formula, normalisation_formula
from indexer.method_words import method_words, own_ways, value_words
from indexer.models import IndexMethod
from indexer.numeric.method.gaps import MISSING_POLICIES
from indexer.numeric.method.normalisations import NORMALISATIONS
from weighting.models import Indicator, WeightVersion
from weighting.selectors.versions import panel_size_of
from weighting.views.statistics_words import panel_words

# Of more nodes that are treated alike, a row tells how many they are before it names them.
FEW = 2


def method_rows(method: IndexMethod, nodes: Iterable[Indicator]) -> Iterator[tuple[str, str, str]]:
    """Yield every step of a method for some nodes: what it is, what is done, and its formula."""
    nodes = list(nodes)
    used = _normalisations_of(method, nodes)
    yield _("How values are made comparable"), *_normalised(used)
    if any(NORMALISATIONS[normalisation].takes_turn for normalisation in used):
        yield _("Where less is better"), str(method.get_negative_display()), ""
    if MISSING_POLICIES[method.missing].takes_missing:
        yield _("Missing values"), value_words("imputation", method.missing), ""
    else:
        yield _("Missing values"), _("Nothing may be missing: every unit has every value."), ""
    yield _("Outliers"), str(method.get_outliers_display()), ""
    how = value_words("aggregation", method.aggregation)
    yield _("How parts are put together"), how, aggregation_formula(method.aggregation)
    if method.floor is not None:
        words = _("Where a mean needs values above zero, smaller ones are raised to %(floor)s.")
        yield _("Smallest normalised value"), words % {"floor": f"{method.floor:g}"}, ""
    if method.coverage:
        words = _("A unit that lacks values of more than %(rest)s %% of the weight has no score and no rank.")
        yield _("Least coverage"), words % {"rest": f"{100 * (1 - method.coverage):.4g}"}, ""
    names = {node.code: node.name for node in nodes}
    yield from _own_rows(method, names)
    yield _("Ranks"), _("By unrounded scores; equal scores share the smallest rank."), ""
    yield _("All choices in a line"), method_words(method, names), ""


def method_notes(method: IndexMethod, nodes: Sequence[Indicator]) -> list[str]:
    """Return what the formulas of the steps leave open: the indicators that are turned, and the scale."""
    notes = []
    if turned := sum(node.is_leaf and node.direction < 0 for node in nodes):
        notes.append(
            ngettext(
                "For %(count)s indicator less is better; it is turned, so that a high score is always good.",
                "For %(count)s indicators less is better; they are turned, so that a high score is always "
                "good.",
                turned,
            )
            % {"count": turned}
        )
    if method.scale != 1:
        notes.append(_("Scores are shown multiplied by %(scale)s.") % {"scale": f"{method.scale:g}"})
    return notes


def _own_rows(method: IndexMethod, names: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Yield what is done otherwise, a row for all that are treated alike, by their names."""
    alike: dict[str, list[str]] = {}
    for code, words in own_ways(method):
        alike.setdefault(words, []).append(names.get(code, code))
    for words, named in alike.items():
        listed = pgettext("between names", ", ").join(named)
        if len(named) <= FEW:
            yield listed, words, ""
        else:
            head = _("%(count)s indicators or groups") % {"count": len(named)}
            yield head, _("%(words)s: %(names)s") % {"words": words, "names": listed}, ""


def _normalisations_of(method: IndexMethod, nodes: Iterable[Indicator]) -> list[str]:
    """Return how leaves are normalised, that of the index first where any of them has it."""
    own = {
        node.code: method.leaves.get(node.code, {}).get("normalisation", method.normalisation)
        for node in nodes
        if node.is_leaf
    }
    used = dict.fromkeys(own.values())
    return [method.normalisation] if method.normalisation in used or not used else list(used)


def _normalised(used: Sequence[str]) -> tuple[str, str]:
    if len(used) > 1:
        return _("Each indicator in a way of its own, as below"), ""
    return value_words("normalisation", used[0]), normalisation_formula(used[0])


def experts_words(version: WeightVersion) -> list[str]:
    """Say how many experts the weights rest on, never who; where they rest on none, what they are."""
    size = panel_size_of(version)
    if size is None:
        return [
            _("The weights do not come from a panel of experts. Their source: %(source)s.")
            % {"source": version.get_source_display()}
        ]
    counted = ngettext(
        "%(count)d expert weighed the indicators, each alone and without seeing the others’ answers.",
        "%(count)d experts weighed the indicators, each alone and without seeing the others’ answers.",
        size.counted,
    ) % {"count": size.counted}
    return [counted, panel_words(size.counted, size.entered)]
