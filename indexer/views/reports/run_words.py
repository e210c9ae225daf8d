"""The sentences of a report on one run, written from its numbers in the active language."""

from collections.abc import Callable, Sequence

import numpy as np
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from indexer.models import City
from indexer.numeric.concentration import ConcentrationError
from indexer.selectors.cities import PROVINCE, REGION
from indexer.selectors.concentration import ConcentrationReport, PlaceConcentration, concentration_of
from indexer.selectors.fragility import Fragility
from indexer.selectors.node_scores import NodeScores
from indexer.selectors.runs import PERCENT
from indexer.selectors.studies import RankIntervals
from indexer.views.reports.fragility import fragile_sentences
from indexer.words import score_unit
from weighting.enums import Language
from weighting.numeric.arrays import IntArray
from weighting.selectors.frameworks import sub_indices_of
from weighting.views.numbers import signed

# More names than this in one sentence are counted.
MOST_NAMED = 3
FEWEST_DIGITS, MOST_DIGITS = 2, 8


def in_both_languages(write: Callable[[], list[str]]) -> list[tuple[str, list[str]]]:
    """Write the same sentences in every language, the reader's own first."""
    own = translation.get_language() or Language.ENGLISH
    written = []
    for language in sorted(Language.values, key=lambda language: language != own):
        with translation.override(language):
            written.append((language, write()))
    return written


def run_sentences(
    subject: NodeScores, intervals: RankIntervals | None, fragility: Fragility | None
) -> list[str]:
    """Say who leads, who leads in what, where the scores lie, how sure the ranks are, and how fragile."""
    written = [
        leaders(subject),
        sub_leaders(subject),
        *distribution_sentences(subject),
        certainty(subject, intervals),
    ]
    written += fragile_sentences(fragility)
    return [sentence for sentence in written if sentence]


def names_of(cities: Sequence[City]) -> str:
    """Name a few units, and count those that are left."""
    return joined([city.name for city in cities])


def joined(names: Sequence[str]) -> str:
    """Join names as a sentence does; more than a few are counted."""
    named, left = names[:MOST_NAMED], len(names) - MOST_NAMED
    between = pgettext("between names", ", ")
    if left > 0:
        return _("%(names)s and %(count)s more") % {"names": between.join(named), "count": left}
    if len(named) < 2:
        return "".join(named)
    return _("%(first)s and %(last)s") % {"first": between.join(named[:-1]), "last": named[-1]}


def at_rank(cities: Sequence[City], ranks: IntArray, rank: int) -> list[City]:
    """Return the units that share a rank, in the order of the data set."""
    return [cities[place] for place in np.flatnonzero(ranks == rank).tolist()]


def leaders(subject: NodeScores) -> str:
    """Say who is first, with how much, and who follows; ties and single units as they are."""
    cities, ranks = subject.cities, subject.result.ranks
    scores = subject.result.scores * subject.scale
    first = at_rank(cities, ranks, 1)
    second = at_rank(cities, ranks, len(first) + 1)
    top, next_ = scores[ranks == 1][0], scores[ranks == len(first) + 1]
    fewest = subject.run.method.digits_or(FEWEST_DIGITS)
    digits = digits_apart(float(top), float(next_[0]) if second else None, fewest)
    words = {
        "first": names_of(first),
        "count": int(np.count_nonzero(ranks)),
        "score": signed(float(top), digits, plus=False),
        "unit": score_unit(subject.run.method),
        "kind": cities.register.unit,
        "units": cities.register.units,
    }
    if len(cities) == 1:
        return (
            _("The data set holds one %(kind)s, %(first)s, at %(score)s %(unit)s: there is nothing to rank.")
            % words
        )
    if not second:
        return _("All %(count)s %(units)s tie at %(score)s %(unit)s.") % words
    words |= {"second": names_of(second), "below": signed(float(next_[0]), digits, plus=False)}
    if len(first) > 1:
        return (
            _(
                "%(first)s share the first rank among %(count)s %(units)s at %(score)s %(unit)s, "
                "before %(second)s at %(below)s."
            )
            % words
        )
    return (
        _("%(first)s leads %(count)s %(units)s with %(score)s %(unit)s, before %(second)s with %(below)s.")
        % words
    )


def digits_apart(one: float, other: float | None, fewest: int = FEWEST_DIGITS) -> int:
    """Return the digits, so many at least, at which two different scores are written differently."""
    digits = fewest
    while other is not None and digits < MOST_DIGITS and f"{one:.{digits}f}" == f"{other:.{digits}f}":
        digits += 1
    return digits


def sub_leaders(subject: NodeScores) -> str:
    """Say who leads in each sub-index; empty where there is no choice of units or of sub-indices."""
    roots = sub_indices_of(subject.nodes)
    if len(roots) < 2 or len(subject.cities) < 2:
        return ""
    held = {}
    for node in roots:
        seen = subject.on(node)
        first = at_rank(seen.cities, seen.ranks, 1) if seen.present else []
        held[node.name], together = names_of(first) or "–", len(first)
    leaders = set(held.values())
    if len(leaders) == 1:
        words = ngettext(
            "%(city)s leads in every one of the %(count)s sub-indices.",
            "%(city)s share the lead in every one of the %(count)s sub-indices.",
            together,
        )
        return words % {"city": leaders.pop(), "count": len(roots)}
    parts = [_("%(name)s: %(value)s") % {"name": name, "value": city} for name, city in held.items()]
    return _("First in the sub-indices: %(parts)s.") % {"parts": _("; ").join(parts)}


def measured_concentration(subject: NodeScores) -> ConcentrationReport | None:
    """Return how the scores lie, where they are parts of one total."""
    if not subject.is_share or len(subject.cities) < 2:
        return None
    try:
        return concentration_of(subject)
    except ConcentrationError:
        return None


def distribution_sentences(subject: NodeScores) -> list[str]:
    """Say how evenly the units share what is measured; nothing where no share of it can be told."""
    report = measured_concentration(subject)
    if report is None:
        return []
    register = subject.cities.register
    half = ngettext(
        "The first %(unit)s holds half of what all %(units)s hold, or more; the Gini coefficient is "
        "%(gini)s.",
        "The first %(half)s %(units)s hold half of what all %(units)s hold; the Gini coefficient is "
        "%(gini)s.",
        report.half,
    ) % {
        "half": report.half,
        "gini": f"{report.between['cities'].gini:.3f}",
        "unit": register.unit,
        "units": register.units,
    }
    places, word = places_held(report)
    if not places:
        return [half]
    first = places[0]
    where = _(
        "Of the %(places)s %(place)s holds most: %(share)s %% of it, in %(count)s of %(all)s %(units)s."
    ) % {
        "units": register.units,
        "places": word,
        "place": first.place.name,
        "share": f"{first.share * PERCENT:.1f}",
        "count": first.count,
        "all": len(subject.cities),
    }
    return [half, where]


def places_held(report: ConcentrationReport) -> tuple[Sequence[PlaceConcentration], str]:
    """Return what the widest places that tell units apart hold, and their word; nothing where none do."""
    cities = report.subject.cities
    if REGION in cities.shown_levels:
        return report.regions, cities.register.regions_word
    return (report.provinces if PROVINCE in cities.shown_levels else []), cities.register.provinces_word


_RANGE_OF_HALF = gettext_lazy(
    "Had other experts of the same kind been asked (%(draws)s bootstrap draws, seed %(seed)s), half "
    "of the %(units)s would keep to a range of %(median)s in nine draws of ten; least sure is "
    "%(city)s, between rank %(low)s and rank %(high)s."
)
_MANY_KEEP = gettext_lazy(
    "Had other experts of the same kind been asked (%(draws)s bootstrap draws, seed %(seed)s), "
    "%(kept)s of %(count)s %(units)s would keep one rank in nine draws of ten; least sure is "
    "%(city)s, between rank %(low)s and rank %(high)s."
)


def certainty(subject: NodeScores, intervals: RankIntervals | None) -> str:
    """Say how wide the ranks are under other experts; or that nobody has asked yet."""
    if len(subject.cities) < 2:
        return ""
    if intervals is None:
        return _(
            "How sure the ranks are is not said here: there is no bootstrap of the experts for you to read."
        )
    widths = intervals.q95 - intervals.q05
    register = subject.cities.register
    words = {
        "draws": f"{intervals.study.draws:,}",
        "seed": intervals.study.seed,
        "unit": register.unit,
        "units": register.units,
    }
    if not widths.any():
        return (
            _(
                "Had other experts of the same kind been asked (%(draws)s bootstrap draws, seed %(seed)s), "
                "every %(unit)s would keep its rank in nine draws of ten."
            )
            % words
        )
    widest = np.flatnonzero(widths == widths.max())
    place = int(widest[0])
    said = _RANGE_OF_HALF if np.median(widths) else _MANY_KEEP
    words |= {
        "median": f"{np.median(widths):g}",
        "city": subject.cities[place].name,
        "low": f"{intervals.q05[place]:g}",
        "high": f"{intervals.q95[place]:g}",
        "kept": int((widths == 0).sum()),
        "count": len(widths),
    }
    return f"{said % words} {_as_unsure(len(widest) - 1)}".rstrip()


def _as_unsure(others: int) -> str:
    if not others:
        return ""
    said = ngettext("%(count)s more is as unsure.", "%(count)s more are as unsure.", others)
    return said % {"count": others}
