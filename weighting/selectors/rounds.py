"""Rounds as their managers may see them: participation, never a score."""

from dataclasses import dataclass

import numpy as np
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from weighting.enums import ExclusionRule, Feedback, RoundState
from weighting.models import (
    AccessLink,
    Account,
    Ballot,
    Expert,
    Framework,
    Indicator,
    Invitation,
    Panel,
    Round,
)
from weighting.numeric.aggregation import count_scores
from weighting.numeric.arrays import FloatArray, IntArray
from weighting.permissions import ADMINISTRATORS, MANAGERS, has_role


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
    """Return the closed rounds of a framework that promised feedback to a round after them."""
    rounds = rounds_visible_to(account).filter(
        framework=framework, state__in=[RoundState.CLOSED, RoundState.AGGREGATED]
    )
    rounds = rounds.exclude(feedback=Feedback.NONE)
    return rounds.filter(panel=panel) if panel else rounds


def due_rounds() -> QuerySet[Round]:
    """Return the open rounds whose deadline has passed by the server's clock."""
    return Round.objects.filter(state=RoundState.OPEN, deadline__lte=timezone.now())


def rounds_with_participation(account: Account) -> QuerySet[Round]:
    """Return the visible rounds, each with how many people were invited, started and sealed."""
    return rounds_visible_to(account).annotate(
        invited=Count("invitations", filter=Q(invitations__removed=False)),
        started=Count("invitations", filter=Q(invitations__started=True)),
        sealed=Count("invitations", filter=Q(invitations__sealed=True)),
    )


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


def links_out(round_: Round) -> tuple[int, int]:
    """Return how many of the experts who have not sealed hold a link or code, and how many do not."""
    waiting = Invitation.objects.filter(round=round_, sealed=False, removed=False)
    live = AccessLink.objects.filter(invitation=OuterRef("pk"), revoked=False)
    holds = waiting.annotate(holds=Exists(live)).values_list("holds", flat=True)
    return sum(holds), len(holds) - sum(holds)


def receipts_of(round_: Round) -> list[str]:
    """Return the sorted receipts of a round that is closed; none while it may still change."""
    if not round_.receipt_root:
        return []
    return sorted(round_.ballots.exclude(receipt="").values_list("receipt", flat=True))


def superseded_receipts_of(round_: Round) -> list[str]:
    """Return the sorted receipts that a later seal replaced; none before the close."""
    return list(round_.superseded_receipts) if round_.receipt_root else []


def items_of(round_: Round) -> list[Indicator]:
    """Return the indicators that the round asks about, in file order, each with its parent."""
    asked = Indicator.objects.filter(pk__in=round_.items.values("indicator"))
    return list(asked.select_related("parent").order_by("position"))


def asked_groups_of(round_: Round) -> list[tuple[Indicator | None, list[Indicator]]]:
    """Return the asked sibling groups as (parent, children), the root group first."""
    groups: dict[int | None, tuple[Indicator | None, list[Indicator]]] = {}
    for item in items_of(round_):
        groups.setdefault(item.parent_id, (item.parent, []))[1].append(item)
    return list(groups.values())


def managers_on_panel(round_: Round) -> list[str]:
    """Name the managers whose e-mail address stands on the panel."""
    panel = {
        email.lower() for email in Expert.objects.filter(panel=round_.panel).values_list("email", flat=True)
    }
    managers = [manager for manager in round_.managers.all() if manager.email.lower() in panel]
    return [manager.get_full_name() or manager.username for manager in managers]


def is_counted(round_: Round, ballot: Ballot) -> bool:
    """Tell whether a sealed ballot counts under the exclusion rule that the round opened with."""
    if round_.exclusion != ExclusionRule.UNIFORM:
        return True
    values = list((ballot.sealed_scores or {}).values())
    return len(values) < 2 or None in values or len(set(values)) > 1


def counted_ballots_of(round_: Round) -> list[Ballot]:
    """Return the sealed ballots that the weights are made of, in the order of their random ids."""
    sealed = round_.ballots.exclude(receipt="").order_by("pk")
    return [ballot for ballot in sealed if is_counted(round_, ballot)]


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
    counted = len(counted_ballots_of(round_))
    blockers = []
    least = max(round_.minimum_panel, round_.quorum)
    if sealed >= least > counted:
        blockers.append(
            _(
                "%(excluded)d of %(sealed)d sealed ballots are left out by the exclusion rule, and %(least)d "
                "must count: void this round and hold another."
            )
            % {"excluded": sealed - counted, "sealed": sealed, "least": least}
        )
    if sealed < least:
        blockers.append(
            _("%(sealed)d ballots are sealed and %(least)d are needed: void this round and hold another.")
            % {"sealed": sealed, "least": least}
        )
    return blockers + _item_blockers(round_)


def _item_blockers(round_: Round) -> list[str]:
    """Name the items on which abstentions leave fewer than k answers: no figure is made of those."""
    items = items_of(round_)
    counts = score_counts_of(round_, items)
    if not counts.any():
        return []
    blockers = []
    for item, answers in zip(items, counts[:, :-1].sum(axis=1).tolist(), strict=True):
        words = {"name": item.name, "answers": answers, "least": round_.minimum_panel}
        if answers == 0:
            message = _("Everybody abstained on “%(name)s”: void this round and hold another without it.")
            blockers.append(message % words)
        elif answers < round_.minimum_panel:
            message = _(
                "%(answers)d answered “%(name)s” and the minimum panel is %(least)d: pool this round with "
                "another that asks it, or void it and hold another."
            )
            blockers.append(message % words)
    return blockers
