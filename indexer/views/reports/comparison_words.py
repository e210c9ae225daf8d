"""The sentences of a report on a comparison, written from its numbers in the active language."""

import numpy as np
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from indexer.numeric.comparison.score_change import ChangeParts
from indexer.selectors.comparison import WEIGHT_TOLERANCE, Comparison
from indexer.selectors.runs import PERCENT
from indexer.views.comparison.apart import apart_note, other_trees
from indexer.views.comparison.words import correlation_text, split_note, values_word
from indexer.views.reports.run_words import at_rank, joined, names_of
from indexer.views.shared.run_names import run_names
from indexer.views.shared.ties import largest_of
from weighting.numeric.arrays import BoolArray


def comparison_sentences(compared: Comparison) -> list[str]:
    """Say what moves, how far, who leads, what stays, and why."""
    if len(compared.cities) == 1:
        alone = _("There is one %(unit)s: no weights can move it.") % _units(compared)
        written = [alone, why_weights(compared)]
    else:
        written = [moves(compared), *movers(compared), distance(compared)]
        written += [leadership(compared), tops(compared), why_weights(compared), why_scores(compared)]
    who = [apart_note(compared), *other_trees(compared)]
    return [sentence for sentence in (*who, *written) if sentence]


def moves(compared: Comparison) -> str:
    """Say how many units change rank at all."""
    words = {
        "moved": compared.moved,
        "count": len(compared.cities),
        "versions": len(compared.runs),
        **_units(compared),
    }
    if not compared.moved:
        return _("None of %(count)s %(units)s changes rank between these %(versions)s rankings.") % words
    return (
        ngettext(
            "%(moved)s of %(count)s %(units)s changes rank between these %(versions)s rankings.",
            "%(moved)s of %(count)s %(units)s change rank between these %(versions)s rankings.",
            compared.moved,
        )
        % words
    )


def movers(compared: Comparison) -> list[str]:
    """Say who gains and who loses most; where only one side moves, the other is not spoken of."""
    shifts = compared.largest_shifts
    said = []
    if shifts.max() > 0:
        said.append(
            ngettext(
                "Most is gained by %(cities)s: %(places)s place.",
                "Most is gained by %(cities)s: %(places)s places.",
                int(shifts.max()),
            )
            % {"cities": _cities(compared, shifts == shifts.max()), "places": int(shifts.max())}
        )
    if shifts.min() < 0:
        said.append(
            ngettext(
                "Most is lost by %(cities)s: %(places)s place.",
                "Most is lost by %(cities)s: %(places)s places.",
                int(-shifts.min()),
            )
            % {"cities": _cities(compared, shifts == shifts.min()), "places": int(-shifts.min())}
        )
    return said


def distance(compared: Comparison) -> str:
    """Say how far the rankings are apart; of many, the one that is furthest from the base."""
    widest = max(compared.summaries, key=lambda summary: summary.mean_absolute)
    if not widest.moved:
        return ""
    name = run_names(compared.runs, compared.names)[1 + compared.summaries.index(widest)]
    words = {"shift": f"{widest.mean_absolute:.3f}", "version": name, **_units(compared)}
    if widest.spearman is None:
        return (
            _(
                "In %(version)s each %(unit)s stands %(shift)s places from its rank in the base on average; "
                "all %(units)s tie in one of the two, so that there is no rank correlation."
            )
            % words
        )
    words["spearman"] = correlation_text(widest.spearman)
    if len(compared.runs) == 2:
        return (
            _("On average each %(unit)s moves by %(shift)s places; Spearman's correlation is %(spearman)s.")
            % words
        )
    return (
        _(
            "Furthest from the base is %(version)s: each %(unit)s moves by %(shift)s places on average, "
            "and Spearman's correlation is %(spearman)s."
        )
        % words
    )


def leadership(compared: Comparison) -> str:
    """Say whether the first rank is held by the same units throughout, and if not by whom."""
    holders = [names_of(at_rank(compared.cities, ranks, 1)) for ranks in compared.ranks.T]
    if len(set(holders)) == 1:
        first = at_rank(compared.cities, compared.ranks[:, 0], 1)
        if len(first) == len(compared.cities):
            return _("All %(units)s tie throughout.") % _units(compared)
        return ngettext(
            "%(cities)s comes first throughout.", "%(cities)s share the first rank throughout.", len(first)
        ) % {"cities": holders[0]}
    if len(holders) == 2:
        return _("The first rank passes from %(before)s to %(after)s.") % {
            "before": holders[0],
            "after": holders[1],
        }
    counts = {holder: holders.count(holder) for holder in holders}
    parts = [
        _("%(cities)s in %(count)s") % {"cities": cities, "count": count} for cities, count in counts.items()
    ]
    return _("The first rank is held by %(parts)s of %(versions)s rankings.") % {
        "parts": _(", ").join(parts),
        "versions": len(holders),
    }


def tops(compared: Comparison) -> str:
    """Say how much of the first ten, or of a smaller top, all rankings have in common."""
    known = [k for k in compared.tops if 1 < k <= 10]
    if not known:
        return ""
    top = max(known)
    held = (compared.ranks <= top).all(axis=1).sum()
    words = {"held": int(held), "top": top, **_units(compared)}
    if held >= top:
        return _("The first %(top)s %(units)s are the same throughout.") % words
    return (
        ngettext(
            "%(held)s %(unit)s is among the first %(top)s throughout.",
            "%(held)s %(units)s are among the first %(top)s throughout.",
            int(held),
        )
        % words
    )


def why_weights(compared: Comparison) -> str:
    """Name the sub-index whose weight differs most, or those that do alike."""
    weights = compared.weights[compared.sub_positions] * PERCENT
    gaps = np.ptp(weights, axis=1)
    if gaps.max() <= WEIGHT_TOLERANCE * PERCENT:
        if compared.lower_weights_differ:
            return _("All versions weigh the sub-indices alike; they differ inside them.")
        return _("All versions weigh alike.")
    widest = largest_of(gaps)
    words = {"name": _sub_indices(compared, widest), "gap": f"{gaps.max():.2f}"}
    if len(widest) > 1:
        return _("The weights of %(name)s differ most, by %(gap)s percentage points each.") % words
    ends = weights[widest[0]]
    words |= {"low": f"{ends.min():.2f}", "high": f"{ends.max():.2f}"}
    return _("The weight of %(name)s differs most: from %(low)s %% to %(high)s %%.") % words


def why_scores(compared: Comparison) -> str:
    """Of two rankings, say which sub-index moves the scores, and what comes from other data or method."""
    if len(compared.runs) > 2:
        return ""
    if compared.change is None:
        return split_note(compared)
    if np.abs(compared.score_changes).max() <= WEIGHT_TOLERANCE:
        return _("No score changes.")
    parts = np.abs(compared.change.total).sum(axis=0)
    most = largest_of(parts)
    words = {
        "share": f"{PERCENT * parts.max() / parts.sum():.0f}",
        "name": _sub_indices(compared, most),
    }
    if len(most) > 1:
        said = _("Of the changes of all scores %(share)s %% come through each of %(name)s.") % words
    else:
        said = (
            _(
                "Of the changes of all scores %(share)s %% come through %(name)s, more than through any "
                "other sub-index."
            )
            % words
        )
    return f"{said} {_other_causes(compared, compared.change)}".rstrip()


def _other_causes(compared: Comparison, change: ChangeParts) -> str:
    """Say how much of the changes the data or the method brings; empty where the weights alone differ."""
    values = np.abs(change.values).sum()
    if not values:
        return ""
    weights = np.abs(change.weights).sum()
    return _("%(share)s %% come through another cause than the weights: %(cause)s.") % {
        "share": f"{PERCENT * values / (values + weights):.0f}",
        "cause": values_word(compared),
    }


def _sub_indices(compared: Comparison, places: list[int]) -> str:
    return joined([compared.sub_indices[place].name for place in places])


def _units(compared: Comparison) -> dict[str, str]:
    """Return the register's words, in the language that is active."""
    register = compared.cities.register
    return {"unit": register.unit, "units": register.units}


def _cities(compared: Comparison, chosen: BoolArray) -> str:
    return names_of([compared.cities[place] for place in np.flatnonzero(chosen).tolist()])
