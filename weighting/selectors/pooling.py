"""Rounds that weights are made of together, and what published weights must not give away.

A round of k counted ballots has a statistics page from its close on, and so counts as
published whether or not a version came from it.
"""

from collections.abc import Sequence

import numpy as np
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from weighting.enums import RoundState, VersionSource
from weighting.models import Account, Indicator, Round, WeightVersion
from weighting.numeric.arrays import BoolArray, IntArray
from weighting.numeric.disclosure import exposed_rounds
from weighting.selectors.rounds import counted_ballots_of, items_of, rounds_visible_to, score_counts_of

COUNTABLE = [RoundState.CLOSED, RoundState.AGGREGATED]


def poolable_rounds(account: Account) -> QuerySet[Round]:
    """Return the closed rounds that the account manages, newest first."""
    return rounds_visible_to(account).filter(state__in=COUNTABLE).order_by("-pk")


def rounds_behind(version: WeightVersion) -> list[Round]:
    """Return the rounds whose counts a version states; none for one without counts."""
    if version.round:
        return [version.round]
    if version.source != VersionSource.POOLED:
        return []
    return list(version.pooled_rounds.order_by("pk"))


def pooled_counts_of(rounds: Sequence[Round], nodes: list[Indicator]) -> IntArray:
    """Add the counts of scores 1 to 5 and abstentions of each node over the rounds, (nodes, 6)."""
    return np.sum([score_counts_of(round_, nodes) for round_ in rounds], axis=0)


def pooled_items_of(rounds: Sequence[Round]) -> list[Indicator]:
    """Return the indicators that every one of the rounds asks about, in file order."""
    asked = [{item.pk for item in items_of(round_)} for round_ in rounds]
    return [item for item in items_of(rounds[0]) if all(item.pk in codes for codes in asked)]


def pooling_blockers(rounds: Sequence[Round]) -> list[str]:
    """List everything that keeps rounds from being pooled, each with its remedy."""
    blockers = []
    if len(rounds) < 2:
        blockers.append(_("Choose two rounds or more: one round makes its own version."))
    if any(round_.state not in COUNTABLE for round_ in rounds):
        blockers.append(_("Only closed rounds can be pooled: close the others first, or leave them out."))
    if len({round_.framework_id for round_ in rounds}) > 1:
        blockers.append(_("The rounds score different frameworks: choose rounds of one framework."))
    if len({round_.rule for round_ in rounds}) > 1:
        blockers.append(_("The rounds opened with different rules: choose rounds of one rule."))
    chosen = {round_.pk for round_ in rounds}
    if any(round_.follows_id in chosen for round_ in rounds):
        blockers.append(
            _("Rounds of one series ask the same experts, who would count twice: choose one round of it.")
        )
    return blockers or _count_blockers(rounds)


def differencing_blockers(rounds: Sequence[Round], *, within: QuerySet[WeightVersion]) -> list[str]:
    """List the few experts whose scores weights from these rounds would give away.

    Subtracting sums of ballots from one another must never leave fewer than k of them.
    Versions of the very same ballots differ by nobody. What could be found before is not
    held against the new version.
    """
    if not rounds:
        return []
    known = _published_sums(rounds[0].framework_id, within)
    new = frozenset(round_.pk for round_ in rounds)
    if new in known:
        return []
    involved = {pk for pks in (*known, new) for pk in pks}
    columns = list(Round.objects.filter(pk__in=involved).order_by("pk"))
    sizes = [len(counted_ballots_of(round_)) for round_ in columns]
    least = [round_.minimum_panel for round_ in columns]
    before = exposed_rounds(_membership(known, columns), sizes, least) if known else []
    after = exposed_rounds(_membership([*known, new], columns), sizes, least)
    return [
        _exposure_words([columns[place] for place in places], sum(sizes[place] for place in places))
        for places in after
        if places not in before
    ]


def _count_blockers(rounds: Sequence[Round]) -> list[str]:
    """Judge ballots and items of rounds that belong together."""
    counted = sum(len(counted_ballots_of(round_)) for round_ in rounds)
    least = max(max(round_.minimum_panel, round_.quorum) for round_ in rounds)
    blockers = []
    if counted < least:
        blockers.append(
            _("Together %(counted)d ballots count and %(least)d are needed: add another round.")
            % {"counted": counted, "least": least}
        )
    items = pooled_items_of(rounds)
    if not items:
        blockers.append(_("No item is asked in all of the rounds: choose rounds that share items."))
    silent = [
        item.name
        for item, row in zip(items, pooled_counts_of(rounds, items), strict=True)
        if not row[:5].any()
    ]
    if silent:
        blockers.append(
            _("Everybody abstained on: %(names)s. Add a round in which they are scored.")
            % {"names": _(", ").join(silent)}
        )
    return blockers


def _published_sums(framework_id: int, within: QuerySet[WeightVersion]) -> list[frozenset[int]]:
    closed = Round.objects.filter(framework=framework_id, state__in=COUNTABLE)
    sums = {
        frozenset([round_.pk]) for round_ in closed if len(counted_ballots_of(round_)) >= round_.minimum_panel
    }
    made = within.filter(framework=framework_id).filter(
        Q(round__isnull=False) | Q(pooled_rounds__isnull=False)
    )
    sums |= {
        frozenset(round_.pk for round_ in rounds_behind(version))
        for version in made.select_related("round").prefetch_related("pooled_rounds").distinct()
    }
    return sorted(sums, key=sorted)


def _membership(sums: Sequence[frozenset[int]], rounds: Sequence[Round]) -> BoolArray:
    return np.array([[round_.pk in members for round_ in rounds] for members in sums], dtype=bool)


def _exposure_words(rounds: Sequence[Round], ballots: int) -> str:
    template = ngettext(
        "Subtracting published weights would give away %(ballots)d ballot: %(rounds)s. Leave it out.",
        "Subtracting published weights would give away %(ballots)d ballots: %(rounds)s. Leave them out.",
        ballots,
    )
    return template % {"ballots": ballots, "rounds": _(", ").join(round_.title for round_ in rounds)}
