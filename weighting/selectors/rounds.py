"""Rounds as their managers may see them: participation, never a score."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from django.db.models import (
    Case,
    Count,
    Exists,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    When,
    prefetch_related_objects,
)
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from weighting.enums import ExclusionRule, Feedback, LetterState, Medium, RoundState
from weighting.models import (
    AccessLink,
    Account,
    Ballot,
    Expert,
    Framework,
    Indicator,
    Invitation,
    Letter,
    Panel,
    Round,
    RoundItem,
)
from weighting.numeric.aggregation import count_scores
from weighting.numeric.arrays import BoolArray, FloatArray, IntArray
from weighting.numeric.disclosure import size_towards_k
from weighting.permissions import ADMINISTRATORS, MANAGERS, has_role
from weighting.readers.cells import name_key


@dataclass(frozen=True)
class Participation:
    """How far the panel has come, as counts of people."""

    invited: int
    started: int
    sealed: int


def rounds_visible_to(account: Account | None) -> QuerySet[Round]:
    """Return the rounds that the account manages; an administrator sees all."""
    rounds = Round.objects.select_related("framework", "panel", "follows")
    if has_role(account, ADMINISTRATORS):
        return rounds
    if has_role(account, MANAGERS):
        return rounds.filter(managers=account)
    return rounds.none()


def rounds_to_follow(account: Account, framework: Framework, panel: Panel | None = None) -> QuerySet[Round]:
    """Return the aggregated rounds of a framework that promised feedback to a round after them."""
    rounds = rounds_visible_to(account).filter(framework=framework, state=RoundState.AGGREGATED)
    rounds = rounds.exclude(feedback=Feedback.NONE)
    return rounds.filter(panel=panel) if panel else rounds


def due_rounds() -> QuerySet[Round]:
    """Return the open rounds whose deadline has passed by the database's clock, which all workers share."""
    return Round.objects.filter(state=RoundState.OPEN, deadline__lte=Now())


def rounds_with_participation(account: Account) -> QuerySet[Round]:
    """Return the visible rounds, newest first, each with how many were invited, started and sealed."""
    rounds = rounds_visible_to(account).annotate(
        invited=Count("invitations", filter=Q(invitations__removed=False)),
        started=Count("invitations", filter=Q(invitations__started=True)),
        sealed=Count("invitations", filter=Q(invitations__sealed=True)),
    )
    # Counting drops the model's own order.
    return rounds.order_by("-pk")


def participation_of(round_: Round) -> Participation:
    """Count the invited, the started and the sealed; an expert who was removed is none of them."""
    counts = Invitation.objects.filter(round=round_, removed=False).aggregate(
        invited=Count("pk"),
        started=Count("pk", filter=Q(started=True)),
        sealed=Count("pk", filter=Q(sealed=True)),
    )
    return Participation(**counts)


def invitations_of(round_: Round) -> QuerySet[Invitation]:
    """Return the invitations of a round with their experts, by expert code."""
    return Invitation.objects.filter(round=round_).select_related("expert").order_by("expert__code")


def enterable_in(round_: Round) -> QuerySet[Invitation]:
    """Return the invitations of experts who have not begun, for whom a form can be entered."""
    return invitations_of(round_).filter(started=False, removed=False)


def declaring_in(round_: Round) -> QuerySet[Invitation]:
    """Return the invitations of a round whose experts declare an interest, by expert code."""
    return invitations_of(round_).filter(removed=False).exclude(conflict="")


def links_out(round_: Round) -> tuple[int, int, int]:
    """Count the experts who have not sealed: who hold a link or code, who wait for one by mail, the rest.

    The link of a letter is made when the letter is sent.
    """
    unsealed = Invitation.objects.filter(round=round_, sealed=False, removed=False)
    live = AccessLink.objects.filter(invitation=OuterRef("pk"), revoked=False)
    waiting = Letter.objects.filter(invitation=OuterRef("pk"), state=LetterState.WAITING)
    found = unsealed.annotate(holds=Exists(live), waits=Exists(waiting)).values_list("holds", "waits")
    holding = sum(holds for holds, _waits in found)
    waiting_alone = sum(waits and not holds for holds, waits in found)
    return holding, waiting_alone, len(found) - holding - waiting_alone


def receipts_of(round_: Round) -> list[str]:
    """Return the sorted receipts of a round that is closed; none while it may still change, none if void."""
    if not has_receipts(round_):
        return []
    return sorted(round_.ballots.exclude(receipt="").values_list("receipt", flat=True))


def lists_receipts(round_: Round) -> bool:
    """Tell whether there is any receipt that `receipts_of` would return."""
    return has_receipts(round_) and round_.ballots.exclude(receipt="").exists()


def superseded_receipts_of(round_: Round) -> list[str]:
    """Return the sorted receipts that a later seal replaced; none before the close, none if void."""
    return list(round_.superseded_receipts) if has_receipts(round_) else []


def has_receipts(round_: Round) -> bool:
    """Tell whether the receipts and their root are shown: from the close on, and never of a void round."""
    return bool(round_.receipt_root) and round_.state != RoundState.VOID


def items_of(round_: Round) -> list[Indicator]:
    """Return the indicators that the round asks about, in file order, each with its parent."""
    asked = Indicator.objects.filter(pk__in=round_.items.values("indicator"))
    return list(asked.select_related("parent").order_by("position"))


def asked_in(rounds: Iterable[Round]) -> dict[int, set[int]]:
    """Return the numbers of the indicators that each of some rounds asks about."""
    asked: dict[int, set[int]] = {round_.pk: set() for round_ in rounds}
    items = RoundItem.objects.filter(round__in=list(asked)).order_by()
    for round_id, item in items.values_list("round_id", "indicator_id"):
        asked[round_id].add(item)
    return asked


def asked_groups_of(round_: Round) -> list[tuple[Indicator | None, list[Indicator]]]:
    """Return the asked sibling groups as (parent, children), the root group first."""
    groups: dict[int | None, tuple[Indicator | None, list[Indicator]]] = {}
    for item in items_of(round_):
        groups.setdefault(item.parent_id, (item.parent, []))[1].append(item)
    return list(groups.values())


def unsealed_in(round_: Round) -> QuerySet[Invitation]:
    """Return the invitations of experts who have something to do still, by expert code."""
    return invitations_of(round_).filter(sealed=False, removed=False)


def mailable_in(round_: Round) -> QuerySet[Invitation]:
    """Return those of them who can be mailed."""
    return unsealed_in(round_).exclude(expert__email="")


def without_address(invitations: QuerySet[Invitation]) -> QuerySet[Invitation]:
    """Return the invitations of experts who cannot be mailed, and are handed their links."""
    return invitations.filter(expert__email="")


def managers_on_panel(round_: Round) -> list[str]:
    """Name the managers whose e-mail address stands on the panel."""
    experts = Expert.objects.filter(panel=round_.panel)
    return managers_with(round_, experts.values_list("email", flat=True))


def namesakes_on_panel(round_: Round) -> list[str]:
    """Name the managers whose name stands on the panel without an address that would tell them apart."""
    experts = Expert.objects.filter(panel=round_.panel, email="")
    return managers_named(round_, experts.values_list("name", flat=True))


def managers_with(round_: Round, addresses: Iterable[str]) -> list[str]:
    """Name the managers of the round to whom one of these e-mail addresses belongs; '' is nobody's."""
    known = {address.lower() for address in addresses} - {""}
    return [_name_of(manager) for manager in round_.managers.all() if manager.email.lower() in known]


def managers_named(round_: Round, names: Iterable[str]) -> list[str]:
    """Name the managers of the round who are called so."""
    known = {name_key(name) for name in names}
    managers = [_name_of(manager) for manager in round_.managers.all()]
    return [name for name in managers if name_key(name) in known]


def _name_of(manager: Account) -> str:
    return manager.get_full_name() or manager.username


def is_counted(round_: Round, ballot: Ballot) -> bool:
    """Tell whether a sealed ballot counts under the exclusion rule that the round opened with."""
    return would_count(round_, list((ballot.sealed_scores or {}).values()))


def would_count(round_: Round, answers: Sequence[int | None]) -> bool:
    """Tell whether a ballot of these answers, one an item, would count if it were sealed."""
    return not round_.leaves_out_uniform or len(answers) < 2 or None in answers or len(set(answers)) > 1


def counted_ballots_of(round_: Round) -> list[Ballot]:
    """Return the sealed ballots that the weights are made of, in the order of their random ids."""
    return [ballot for ballot in sealed_ballots_of(round_) if is_counted(round_, ballot)]


def sealed_ballots_of(round_: Round) -> list[Ballot]:
    """Return the sealed ballots in the order of their random ids."""
    read: list[Ballot] | None = getattr(round_, "read_ballots", None)
    return list(_sealed(round_.ballots.all())) if read is None else read


def with_ballots(rounds: list[Round]) -> list[Round]:
    """Read the sealed ballots of closed rounds in one statement, for all that these objects are asked."""
    prefetch_related_objects(
        rounds, Prefetch("ballots", _sealed(Ballot.objects.all()), to_attr="read_ballots")
    )
    return rounds


def _sealed(ballots: QuerySet[Ballot]) -> QuerySet[Ballot]:
    return ballots.exclude(receipt="").order_by("pk").defer("superseded_receipts")


def sizes_towards_k(rounds: QuerySet[Round]) -> dict[int, int]:
    """Return how many ballots of each round k is held against."""
    counted = count_hands(rounds)
    return {pk: size_towards_k(np.repeat([True, False], hands)) for pk, hands in counted.items()}


def count_hands(rounds: QuerySet[Round]) -> dict[int, tuple[int, int]]:
    """Count the ballots of each round that experts filled in, and that a manager entered.

    Only of rounds that may leave some out are the ballots read.
    """
    own, sealed = ~Q(ballots__medium=Medium.SHEET), ~Q(ballots__receipt="")
    counted = rounds.order_by().annotate(
        own=Count("ballots", filter=sealed & own), entered=Count("ballots", filter=sealed & ~own)
    )
    rows = list(counted.values_list("pk", "exclusion", "own", "entered"))
    hands = {pk: (own, entered) for pk, _exclusion, own, entered in rows}
    reading = [pk for pk, exclusion, *_hands in rows if exclusion == ExclusionRule.UNIFORM]
    for round_ in with_ballots(list(Round.objects.filter(pk__in=reading))):
        ballots = counted_ballots_of(round_)
        entered = entered_among(ballots)
        hands[round_.pk] = (len(ballots) - entered, entered)
    return hands


def with_counts(rounds: QuerySet[Round]) -> QuerySet[Round]:
    """Annotate how many of the sealed ballots a manager entered; None before the close."""
    entered = Count("ballots", filter=Q(ballots__medium=Medium.SHEET) & ~Q(ballots__receipt=""))
    return rounds.annotate(entered_count=Case(When(receipt_root="", then=None), default=entered))


def count_entered(round_: Round) -> int:
    """Count the sealed ballots of a closed round that a manager entered; none while its list may change."""
    if not has_receipts(round_):
        return 0
    return round_.ballots.filter(medium=Medium.SHEET).exclude(receipt="").count()


def own_ballots(ballots: Sequence[Ballot]) -> BoolArray:
    """Tell which ballots their experts filled in, (ballots,); a manager entered, and so read, the others."""
    return np.array([ballot.medium != Medium.SHEET for ballot in ballots], dtype=bool)


def entered_among(ballots: Sequence[Ballot]) -> int:
    """Count the ballots that a manager entered from a spreadsheet or from paper."""
    return len(ballots) - int(own_ballots(ballots).sum())


def ballots_towards_k(ballots: Sequence[Ballot]) -> int:
    """Count the ballots that k is held against: see `size_towards_k`."""
    return size_towards_k(own_ballots(ballots))


def answers_towards_k(ballots: Sequence[Ballot], scores: FloatArray) -> IntArray:
    """Count the answers to each item that k is held against; scores (ballots, items) to (items,)."""
    own = own_ballots(ballots)
    return np.array([size_towards_k(own[~np.isnan(column)]) for column in scores.T], dtype=int)


def score_counts_of(round_: Round, nodes: list[Indicator]) -> IntArray:
    """Count the scores 1 to 5 and the abstentions of each node on the counted ballots, (nodes, 6)."""
    return count_scores(scores_on(counted_ballots_of(round_), nodes))


def scores_on(ballots: list[Ballot], nodes: list[Indicator]) -> FloatArray:
    """Return the sealed scores, (ballots, nodes); nan for an abstention or a node not asked about."""
    scores = [[(ballot.sealed_scores or {}).get(node.code) for node in nodes] for ballot in ballots]
    return np.array(scores, dtype=float).reshape(len(ballots), len(nodes))


def aggregation_blockers(round_: Round) -> list[str]:
    """List everything that keeps a closed round from being aggregated."""
    if round_.state != RoundState.CLOSED:
        return [_("Only a closed round can be aggregated, once.")]
    sealed = round_.sealed_count or 0
    counted_ballots = counted_ballots_of(round_)
    counted = len(counted_ballots)
    blockers = own_hand_blockers(counted_ballots, least=round_.least_panel)
    least = max(round_.least_panel, round_.quorum)
    if sealed >= least > counted:
        blockers.append(
            ngettext(
                "%(excluded)d of %(sealed)d sealed ballots is left out by the exclusion rule, and %(least)d "
                "must count: void this round and hold another.",
                "%(excluded)d of %(sealed)d sealed ballots are left out by the exclusion rule, and %(least)d "
                "must count: void this round and hold another.",
                sealed - counted,
            )
            % {"excluded": sealed - counted, "sealed": sealed, "least": least}
        )
    if sealed < least:
        blockers.append(
            ngettext(
                "%(sealed)d ballot is sealed and %(least)d are needed: void this round and hold another.",
                "%(sealed)d ballots are sealed and %(least)d are needed: void this round and hold another.",
                sealed,
            )
            % {"sealed": sealed, "least": least}
        )
    return blockers + _item_blockers(round_, counted_ballots)


def too_few_words(ballots: Sequence[Ballot], *, least: int) -> str:
    """Say that fewer than k ballots count towards k."""
    entered = entered_among(ballots)
    counted = len(ballots) - entered
    message = ngettext(
        "%(counted)d ballot counts towards the minimum panel of %(least)d, beside %(entered)d that a manager "
        "entered: no figure is reported.",
        "%(counted)d ballots count towards the minimum panel of %(least)d, beside %(entered)d that a manager "
        "entered: no figure is reported.",
        counted,
    )
    return message % {"counted": counted, "least": least, "entered": entered}


def own_hand_blockers(ballots: Sequence[Ballot], *, least: int) -> list[str]:
    """Say so where k ballots count, but not k that their experts filled in."""
    if len(ballots) < least or ballots_towards_k(ballots) >= least:
        return []
    entered = entered_among(ballots)
    message = ngettext(
        "%(entered)d of %(counted)d ballots was entered by a manager and does not count towards the minimum "
        "panel of %(least)d: pool more rounds, or hold another in which more experts seal ballots of their "
        "own.",
        "%(entered)d of %(counted)d ballots were entered by a manager and do not count towards the minimum "
        "panel of %(least)d: pool more rounds, or hold another in which more experts seal ballots of their "
        "own.",
        entered,
    )
    return [message % {"entered": entered, "counted": len(ballots), "least": least}]


def _item_blockers(round_: Round, ballots: list[Ballot]) -> list[str]:
    """Name the items on which abstentions leave fewer than k answers: no figure is made of those."""
    if ballots_towards_k(ballots) < round_.least_panel:
        return []
    items, blockers = items_of(round_), []
    for item, answers in zip(items, answers_towards_k(ballots, scores_on(ballots, items)), strict=True):
        words = {"name": item.name, "least": round_.least_panel}
        if answers == 0:
            message = _("Everybody abstained on “%(name)s”: void this round and hold another without it.")
            blockers.append(message % words)
        elif answers < round_.least_panel:
            message = _(
                "Fewer than the minimum panel of %(least)d answered “%(name)s”: pool this round with another "
                "that asks it, or void it and hold another."
            )
            blockers.append(message % words)
    return blockers
