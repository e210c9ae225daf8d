"""The life of a round: drafted, made ready, opened, prolonged, closed or voided."""

import secrets
from collections import Counter
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from weighting.enums import RoundState, Rule
from weighting.exceptions import Refused
from weighting.manifest import canonical_json, hash_bytes, hash_receipt_list
from weighting.models import (
    Account,
    Ballot,
    Expert,
    Framework,
    Indicator,
    Invitation,
    Panel,
    Round,
    RoundItem,
    Score,
)
from weighting.numeric.disclosure import reportable_groups
from weighting.selectors.rounds import is_counted, items_of, opening_blockers
from weighting.services.access import extend_invitation_links
from weighting.services.audit import record_act


@transaction.atomic
def draft_round(
    *,
    framework: Framework,
    panel: Panel,
    title_zh: str,
    title_en: str,
    parents: Collection[Indicator | None],
    rule: Rule,
    quorum: int,
    minimum_panel: int,
    deadline: datetime,
    actor: Account,
) -> Round:
    """Draft a round that asks about the children of ``parents`` (None: the root group)."""
    round_ = Round(
        framework=framework,
        panel=panel,
        title_zh=title_zh,
        title_en=title_en,
        rule=rule,
        quorum=quorum,
        minimum_panel=minimum_panel,
        deadline=deadline,
        seed=secrets.randbits(62),
    )
    round_.full_clean()
    round_.save()
    round_.managers.add(actor)
    record_act(actor, "draft", round_, items=_ask_about(round_, parents))
    return round_


@transaction.atomic
def revise_round(
    round_: Round,
    *,
    panel: Panel,
    title_zh: str,
    title_en: str,
    parents: Collection[Indicator | None],
    rule: Rule,
    quorum: int,
    minimum_panel: int,
    deadline: datetime,
    actor: Account,
) -> Round:
    """Change a round that nobody was asked in yet; one that was ready is a draft again."""
    round_ = _lock(round_, RoundState.DRAFT, RoundState.READY)
    round_.state = RoundState.DRAFT
    round_.panel = panel
    round_.title_zh, round_.title_en = title_zh, title_en
    round_.rule, round_.quorum, round_.minimum_panel = rule, quorum, minimum_panel
    round_.deadline = deadline
    round_.full_clean()
    round_.save()
    round_.items.all().delete()
    record_act(actor, "revise", round_, items=_ask_about(round_, parents))
    return round_


@transaction.atomic
def ready_round(round_: Round, *, actor: Account) -> Round:
    """Declare a draft ready to open; refused with every blocker."""
    round_ = _lock(round_, RoundState.DRAFT)
    _refuse_if(opening_blockers(round_))
    round_.state = RoundState.READY
    round_.save(update_fields=["state"])
    record_act(actor, "ready", round_)
    return round_


@transaction.atomic
def open_round(round_: Round, *, actor: Account) -> Round:
    """Freeze and hash the questionnaire, invite the panel, and open."""
    round_ = _lock(round_, RoundState.READY)
    _refuse_if(opening_blockers(round_))
    questionnaire = build_questionnaire(round_)
    round_.questionnaire = questionnaire
    round_.questionnaire_hash = hash_bytes(questionnaire)
    round_.state = RoundState.OPEN
    round_.opened_at = timezone.now()
    round_.full_clean()
    round_.save()
    experts = Expert.objects.filter(panel=round_.panel)
    Invitation.objects.bulk_create([Invitation(round=round_, expert=expert) for expert in experts])
    record_act(actor, "open", round_, questionnaire_hash=round_.questionnaire_hash)
    return round_


@transaction.atomic
def extend_deadline(round_: Round, *, deadline: datetime, actor: Account) -> Round:
    """Move the deadline of an open round later; never earlier."""
    round_ = _lock(round_, RoundState.OPEN)
    if deadline <= max(round_.deadline, timezone.now()):
        _refuse_if([_("The deadline of an open round can only move later: choose a time after it and now.")])
    record_act(actor, "extend", round_, before=round_.deadline.isoformat(), after=deadline.isoformat())
    round_.deadline = deadline
    round_.save(update_fields=["deadline"])
    extend_invitation_links(round_)
    return round_


@transaction.atomic
def close_round(round_: Round, *, actor: Account) -> Round:
    """Close for good: count the sealed ballots and destroy every link from person to ballot.

    A save or a seal in flight holds its invitation, so it is either counted or, waiting
    behind this lock, finds the round closed.
    """
    round_ = _lock(round_, RoundState.OPEN)
    invitations = list(Invitation.objects.select_for_update().filter(round=round_).order_by("pk"))
    _unlink_ballots(round_)
    round_.invited_count = len(invitations)
    round_.sealed_count = sum(invitation.sealed for invitation in invitations)
    round_.receipt_root = hash_receipt_list(round_.ballots.values_list("receipt", flat=True))
    round_.state = RoundState.CLOSED
    round_.closed_at = timezone.now()
    round_.save()
    record_act(actor, "close", round_, sealed=round_.sealed_count, invited=round_.invited_count)
    return round_


@transaction.atomic
def void_round(round_: Round, *, reason: str, actor: Account) -> Round:
    """Void a round that has no aggregate; what was recorded stays as evidence."""
    round_ = Round.objects.select_for_update(no_key=True).get(pk=round_.pk)
    if round_.state in (RoundState.AGGREGATED, RoundState.VOID):
        _refuse_if([_("A round that is aggregated or void stays as it is.")])
    if not reason.strip():
        _refuse_if([_("Say why the round is voided.")])
    if round_.state == RoundState.OPEN:
        round_ = close_round(round_, actor=actor)
    round_.state = RoundState.VOID
    round_.void_reason = reason
    round_.save(update_fields=["state", "void_reason"])
    record_act(actor, "void", round_)
    return round_


def build_questionnaire(round_: Round) -> bytes:
    """Return the canonical bytes of everything the panel is asked."""
    items = [
        {
            "code": item.code,
            "parent": item.parent.code if item.parent else None,
            "name_zh": item.name_zh,
            "name_en": item.name_en,
            "direction": item.direction,
            "unit": item.unit,
            "note": item.note,
        }
        for item in items_of(round_)
    ]
    return canonical_json(
        {
            "schema": "quanheng/questionnaire/1",
            "framework": round_.framework.sha256,
            "title_zh": round_.title_zh,
            "title_en": round_.title_en,
            "scale": {"least": 1, "most": 5, "abstain": round_.rule == Rule.NORMALISED_MEAN},
            "rule": round_.rule,
            "quorum": round_.quorum,
            "minimum_panel": round_.minimum_panel,
            "seed": str(round_.seed),
            "items": items,
        }
    )


def _ask_about(round_: Round, parents: Collection[Indicator | None]) -> int:
    """Make the children of the parents the round's items; return how many there are."""
    wanted = {parent.pk if parent else None for parent in parents}
    nodes = Indicator.objects.filter(framework=round_.framework_id)
    items = [RoundItem(round=round_, indicator=node) for node in nodes if node.parent_id in wanted]
    return len(RoundItem.objects.bulk_create(items))


def _unlink_ballots(round_: Round) -> None:
    """Rewrite the sealed ballots under new ids in random order; drop drafts, links and nonces."""
    old = list(Ballot.objects.select_for_update().filter(round=round_))
    sectors = _sectors_to_keep(round_, old)
    new = [
        Ballot(
            round=round_,
            sealed_scores=ballot.sealed_scores,
            receipt=ballot.receipt,
            sealed_comments=ballot.sealed_comments,
            order_key=ballot.order_key,
            medium=ballot.medium,
            sector=sectors.get(ballot.pk, ""),
        )
        for ballot in old
        if ballot.receipt
    ]
    secrets.SystemRandom().shuffle(new)
    Score.objects.filter(ballot__round=round_).delete()
    Invitation.objects.filter(round=round_).update(ballot=None)
    Ballot.objects.filter(pk__in=[ballot.pk for ballot in old]).delete()
    Ballot.objects.bulk_create(new)


def _sectors_to_keep(round_: Round, ballots: list[Ballot]) -> dict[UUID, str]:
    """Return the sector of each counted ballot whose sector, and all that is left, has k of them."""
    sector_of = dict(Invitation.objects.filter(ballot__in=ballots).values_list("ballot_id", "expert__sector"))
    counted = [ballot.pk for ballot in ballots if ballot.receipt and is_counted(round_, ballot)]
    known = {pk: sector_of[pk] for pk in counted if pk in sector_of}
    kept = reportable_groups(
        Counter(known.values()), least=round_.minimum_panel, rest=len(counted) - len(known)
    )
    return {pk: sector for pk, sector in known.items() if sector in kept}


def _lock(round_: Round, *states: RoundState) -> Round:
    """Return the round, locked until the transaction ends, if it is in one of the states.

    Its key stays free: an expert who holds an invitation and makes a ballot refers to this
    row, and would otherwise wait for a close that waits for the invitation.
    """
    locked = Round.objects.select_for_update(no_key=True).get(pk=round_.pk)
    if locked.state not in states:
        raise Refused(
            _("The round is “%(now)s”; this act needs it to be “%(needed)s”.")
            % {"now": RoundState(locked.state).label, "needed": states[0].label}
        )
    return locked


def _refuse_if(blockers: list[str]) -> None:
    if blockers:
        raise Refused(*blockers)
