"""Rounds that weights are made of together, and what published weights must not give away.

A closed round of k ballots counts as published whether or not a version came from it: its
manager may have it aggregated, and its statistics open, at any time.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from weighting.enums import Medium, RoundState, VersionSource
from weighting.models import Account, Indicator, Round, WeightVersion
from weighting.numeric.arrays import BoolArray, IntArray
from weighting.numeric.disclosure import exposed_rounds
from weighting.selectors.rounds import (
    answers_towards_k,
    asked_in,
    ballots_towards_k,
    counted_ballots_of,
    items_of,
    own_hand_blockers,
    rounds_visible_to,
    score_counts_of,
    scores_on,
    sizes_towards_k,
    with_ballots,
)

COUNTABLE = [RoundState.CLOSED, RoundState.AGGREGATED]


def poolable_rounds(account: Account) -> QuerySet[Round]:
    """Return the closed rounds that the account manages, newest first."""
    return rounds_visible_to(account).filter(state__in=COUNTABLE).order_by("-pk")


def of_an_aggregate() -> Q:
    """Match the rounds that an aggregate was made of, alone or pooled: see `has_aggregate`."""
    pooled = WeightVersion.objects.filter(pooled_rounds=OuterRef("pk"))
    return Q(state=RoundState.AGGREGATED) | Q(Exists(pooled), state=RoundState.CLOSED)


def has_aggregate(round_: Round) -> bool:
    """Tell whether weights were made of the round's ballots; from then on it can no longer be voided."""
    if round_.state != RoundState.CLOSED:
        return round_.state == RoundState.AGGREGATED
    return round_.pooled_versions.exists()


def rounds_behind(version: WeightVersion) -> list[Round]:
    """Return the rounds whose counts a version states; none for one without counts."""
    if version.round:
        return [version.round]
    if version.source != VersionSource.POOLED:
        return []
    return list(version.pooled_rounds.order_by("pk"))


def count_own(rounds: str) -> Count:
    """Count the sealed ballots that experts filled in, over the rounds that a path leads to."""
    online = Q(**{f"{rounds}__ballots__medium": Medium.ONLINE})
    sealed = ~Q(**{f"{rounds}__ballots__receipt": ""})
    return Count(f"{rounds}__ballots", filter=online & sealed, distinct=True)


def pooled_counts_of(rounds: Sequence[Round], nodes: list[Indicator]) -> IntArray:
    """Add the counts of scores 1 to 5 and abstentions of each node over the rounds, (nodes, 6)."""
    return np.sum([score_counts_of(round_, nodes) for round_ in with_ballots(list(rounds))], axis=0)


def pooled_items_of(rounds: Sequence[Round]) -> list[Indicator]:
    """Return the indicators that every one of the rounds asks about, in file order."""
    asked = asked_in(rounds).values()
    return [item for item in items_of(rounds[0]) if all(item.pk in items for items in asked)]


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
    return blockers or _count_blockers(with_ballots(list(rounds)))


def voiding_blockers(round_: Round) -> list[str]:
    """Name every version that counts the round's ballots: its weights have been read, a draft's as well."""
    message = _(
        "“%(label)s” is pooled from this round and others, so its weights have been seen: the round can no "
        "longer be voided. Leave that version as it is, and pool the other rounds into a new one."
    )
    return [message % {"label": version.label} for version in round_.pooled_versions.order_by("pk")]


def voided_blockers(rounds: Sequence[Round]) -> list[str]:
    """Name the rounds behind a draft that were voided after it was made."""
    message = _("“%(round)s” was voided and gives no weights: pool the other rounds into a new version.")
    return [message % {"round": round_.title} for round_ in rounds if round_.state == RoundState.VOID]


def differencing_blockers(rounds: Sequence[Round], *, within: QuerySet[WeightVersion]) -> list[str]:
    """List the few experts whose scores weights from these rounds would give away.

    Neither what two versions differ by nor what they share may be fewer than k ballots.
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
    columns = with_ballots(list(Round.objects.filter(pk__in=involved).order_by("pk")))
    ballots = [counted_ballots_of(round_) for round_ in columns]
    sizes = [ballots_towards_k(each) for each in ballots]
    found = [
        _exposure_words([columns[place] for place in places], sum(len(ballots[place]) for place in places))
        for places in _newly_exposed(known, new, columns, sizes)
    ]
    return found or _item_exposures(known, new, columns)


def _newly_exposed(
    known: Sequence[frozenset[int]], new: frozenset[int], rounds: Sequence[Round], sizes: Sequence[int]
) -> list[tuple[int, ...]]:
    """Return the groups of rounds, by place, that versions give away once there is the new one."""
    least = [round_.least_panel for round_ in rounds]
    before = exposed_rounds(_membership(known, rounds), sizes, least) if known else []
    after = exposed_rounds(_membership([*known, new], rounds), sizes, least)
    return [places for places in after if places not in before]


def _item_exposures(
    known: Sequence[frozenset[int]], new: frozenset[int], columns: Sequence[Round]
) -> list[str]:
    """List the items on which versions, though of k ballots, would give away fewer than k answers.

    A sum counts an item that all of its rounds ask, and states it from k answers on.
    """
    items = pooled_items_of([round_ for round_ in columns if round_.pk in new])
    answers = {round_.pk: _answers_towards_k(round_, items) for round_ in columns}
    asked = asked_in(columns)
    least = {round_.pk: round_.least_panel for round_ in columns}
    exposed = []
    for place, item in enumerate(items):
        given = {pk: int(counts[place]) for pk, counts in answers.items()}
        asking = {pk for pk in given if item.pk in asked[pk]}
        stated = [members for members in known if members <= asking and _reach_k(members, given, least)]
        having = [round_ for round_ in columns if given[round_.pk]]
        if _newly_exposed(stated, new, having, [given[round_.pk] for round_ in having]):
            exposed.append(item.name)
    if not exposed:
        return []
    message = _(
        "Held against each other, versions would give away what fewer than the minimum panel answered on: "
        "%(names)s. Leave out the round in which so many abstained."
    )
    return [message % {"names": _(", ").join(exposed)}]


def _reach_k(rounds: frozenset[int], given: Mapping[int, int], least: Mapping[int, int]) -> bool:
    """Whether so many answers, by round, are as many together as each of the rounds promised at least."""
    return sum(given[pk] for pk in rounds) >= max(least[pk] for pk in rounds)


def _answers_towards_k(round_: Round, items: list[Indicator]) -> IntArray:
    ballots = counted_ballots_of(round_)
    return answers_towards_k(ballots, scores_on(ballots, items))


def _count_blockers(rounds: Sequence[Round]) -> list[str]:
    """Judge ballots and items of rounds that belong together."""
    blockers = ballot_blockers(
        rounds,
        too_few=lambda counted: ngettext(
            "Together %(counted)d ballot counts and %(least)d are needed: add another round.",
            "Together %(counted)d ballots count and %(least)d are needed: add another round.",
            counted,
        ),
    )
    items = pooled_items_of(rounds)
    if not items:
        blockers.append(_("No item is asked in all of the rounds: choose rounds that share items."))
    blockers += answer_blockers(rounds, items)
    return blockers


def ballot_blockers(rounds: Sequence[Round], *, too_few: Callable[[int], str]) -> list[str]:
    """Judge the ballots that count in rounds, all together: whose hands they are from, k and quorum.

    ``too_few`` says of so many that more are needed, with places for the numbers counted and least.
    """
    ballots = [ballot for round_ in rounds for ballot in counted_ballots_of(round_)]
    counted = len(ballots)
    least = max(max(round_.least_panel, round_.quorum) for round_ in rounds)
    blockers = own_hand_blockers(ballots, least=max(round_.least_panel for round_ in rounds))
    if counted < least:
        blockers.append(too_few(counted) % {"counted": counted, "least": least})
    return blockers


def answer_blockers(rounds: Sequence[Round], items: list[Indicator]) -> list[str]:
    """Name the items on which abstentions leave fewer than k answers in all of the rounds together."""
    least = max(round_.least_panel for round_ in rounds)
    ballots = [ballot for round_ in rounds for ballot in counted_ballots_of(round_)]
    answers = answers_towards_k(ballots, scores_on(ballots, items))
    few = [item.name for item, count in zip(items, answers, strict=True) if count < least]
    if not few:
        return []
    message = _("Fewer than the minimum panel of %(least)d answered: %(names)s. Add a round that asks them.")
    return [message % {"least": least, "names": _(", ").join(few)}]


def _published_sums(framework_id: int, within: QuerySet[WeightVersion]) -> list[frozenset[int]]:
    closed = Round.objects.filter(framework=framework_id, state__in=COUNTABLE)
    sizes = sizes_towards_k(closed)
    sums = {frozenset([round_.pk]) for round_ in closed if sizes[round_.pk] >= round_.least_panel}
    made = within.filter(framework=framework_id).filter(
        Q(round__isnull=False) | Q(pooled_rounds__isnull=False)
    )
    sums |= {frozenset(_ids_behind(version)) for version in made.prefetch_related("pooled_rounds").distinct()}
    return sorted(sums, key=sorted)


def _ids_behind(version: WeightVersion) -> list[int]:
    """Return the numbers of `rounds_behind`, of a version whose pooled rounds are there already."""
    if version.round_id:
        return [version.round_id]
    is_pooled = version.source == VersionSource.POOLED
    return [round_.pk for round_ in version.pooled_rounds.all()] if is_pooled else []


def _membership(sums: Sequence[frozenset[int]], rounds: Sequence[Round]) -> BoolArray:
    return np.array([[round_.pk in members for round_ in rounds] for members in sums], dtype=bool)


def _exposure_words(rounds: Sequence[Round], ballots: int) -> str:
    template = ngettext(
        "Held against each other, versions would give away %(ballots)d ballot: %(rounds)s. Leave it out.",
        "Held against each other, versions would give away %(ballots)d ballots: %(rounds)s. Leave them out.",
        ballots,
    )
    return template % {"ballots": ballots, "rounds": _(", ").join(round_.title for round_ in rounds)}
