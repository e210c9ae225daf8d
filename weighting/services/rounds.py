"""The life of a round: drafted, made ready, opened, prolonged, closed or voided."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypedDict

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from weighting.enums import Language, RoundState, Rule
from weighting.exceptions import Refused
from weighting.manifest import build_questionnaire, hash_bytes, hash_receipt_list
from weighting.models import (
    Account,
    Expert,
    Framework,
    Indicator,
    Invitation,
    Panel,
    Round,
    RoundItem,
    RoundNote,
)
from weighting.moments import distance_problem, moment_text
from weighting.selectors.pooling import voiding_blockers
from weighting.selectors.preflight import opening_blockers
from weighting.selectors.rounds import due_rounds, items_of
from weighting.services.access import extend_invitation_links
from weighting.services.audit import record_act
from weighting.services.frameworks import refuse_private
from weighting.services.panels import lock_panel
from weighting.services.sectors import own_sectors_of
from weighting.services.unlinking import destroy_links, unlink_at_close


class FurtherTerms(TypedDict, total=False):
    """What a round says beside the terms that everybody must choose; each has a default."""

    time_zone: str
    languages: list[str]
    consensus_measure: str
    consensus_threshold: float
    exclusion: str
    follows: Round | None
    feedback: str


@dataclass(frozen=True)
class RoundTerms:
    """Whom a round asks about the children of ``parents`` (None: the root group), and by which rules."""

    panel: Panel
    title_zh: str
    title_en: str
    parents: Collection[Indicator | None]
    rule: Rule
    quorum: int
    minimum_panel: int
    deadline: datetime
    further: FurtherTerms = field(default_factory=FurtherTerms)


@transaction.atomic
def draft_round(*, framework: Framework, terms: RoundTerms, actor: Account) -> Round:
    """Draft a round of a framework, which others are to see."""
    refuse_private(framework)
    round_ = Round(framework=framework, seed=secrets.randbits(62))
    _keep_terms(round_, terms)
    round_.managers.add(actor)
    record_act(actor, "draft", round_, items=_ask_about(round_, terms.parents))
    return round_


@transaction.atomic
def revise_round(round_: Round, *, terms: RoundTerms, actor: Account) -> Round:
    """Change a round that nobody was asked in yet; one that was ready is a draft again."""
    round_ = lock_round(round_, RoundState.DRAFT, RoundState.READY)
    round_.state = RoundState.DRAFT
    _keep_terms(round_, terms)
    round_.items.all().delete()
    record_act(actor, "revise", round_, items=_ask_about(round_, terms.parents))
    return round_


@transaction.atomic
def ready_round(round_: Round, *, actor: Account) -> Round:
    """Declare a draft ready to open; refused with every blocker."""
    round_ = lock_round(round_, RoundState.DRAFT)
    _refuse_if(opening_blockers(round_))
    round_.state = RoundState.READY
    round_.save(update_fields=["state"])
    record_act(actor, "ready", round_)
    return round_


@transaction.atomic
def open_round(round_: Round, *, actor: Account) -> Round:
    """Freeze and hash the questionnaire, invite the panel, and open."""
    round_ = lock_round(round_, RoundState.READY)
    _refuse_if(opening_blockers(round_))
    questionnaire = build_questionnaire(round_, items_of(round_))
    round_.questionnaire = questionnaire
    round_.questionnaire_hash = hash_bytes(questionnaire)
    round_.own_sectors = own_sectors_of(round_.panel)
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
    round_ = lock_round(round_, RoundState.OPEN)
    if deadline <= max(round_.deadline, timezone.now()):
        _refuse_if([_("The deadline of an open round can only move later: choose a time after it and now.")])
    _refuse_if(list(filter(None, [distance_problem(deadline)])))
    record_act(actor, "extend", round_, before=round_.deadline.isoformat(), after=deadline.isoformat())
    _announce_deadline(round_, deadline, actor=actor)
    round_.deadline = deadline
    round_.save(update_fields=["deadline"])
    extend_invitation_links(round_)
    return round_


@transaction.atomic
def close_round(round_: Round, *, actor: Account | None) -> Round:
    """Close for good: count the sealed ballots and take away what their holders found them by.

    A series that feeds back own scores keeps that until `end_series`.

    A seal in flight holds the round and a save its ballot, so each is either counted or, waiting
    behind these locks, finds the round closed.
    """
    round_ = lock_round(round_, RoundState.OPEN)
    round_.sealed_count = unlink_at_close(round_)
    round_.invited_count = Invitation.objects.filter(round=round_, removed=False).count()
    round_.receipt_root = hash_receipt_list(round_.ballots.values_list("receipt", flat=True))
    round_.state = RoundState.CLOSED
    round_.closed_at = timezone.now()
    round_.save()
    record_act(actor, "close", round_, sealed=round_.sealed_count, invited=round_.invited_count)
    return round_


@transaction.atomic
def close_due_round(round_: Round) -> Round | None:
    """Close a round whose deadline has passed by the database's clock; None when it is not due.

    Whether it is due is read again under the lock: the deadline may have moved in the meantime,
    or somebody closed the round.
    """
    locked = due_rounds().select_for_update(no_key=True).filter(pk=round_.pk).first()
    return close_round(locked, actor=None) if locked else None


@transaction.atomic
def void_round(round_: Round, *, reason: str, actor: Account) -> Round:
    """Void a round that no aggregate and no frozen version rests on; its record stays as evidence.

    A frozen version is read, cited and computed with: it must not turn out later to count
    ballots of a round that was given up. Freezing locks the rounds behind a version, so that
    of the two acts at once one is refused.
    """
    round_ = Round.objects.select_for_update(no_key=True).get(pk=round_.pk)
    if round_.state in (RoundState.AGGREGATED, RoundState.VOID):
        _refuse_if([_("A round that is aggregated or void stays as it is.")])
    _refuse_if(voiding_blockers(round_))
    if not reason.strip():
        _refuse_if([_("Say why the round is voided.")])
    if round_.state == RoundState.OPEN:
        round_ = close_round(round_, actor=actor)
    round_.state = RoundState.VOID
    round_.void_reason = reason
    round_.save(update_fields=["state", "void_reason"])
    destroy_links(round_)
    record_act(actor, "void", round_)
    return round_


def _announce_deadline(round_: Round, deadline: datetime, *, actor: Account) -> None:
    """Tell the panel on its ballots, in both languages, when the deadline was and will be."""
    texts = {}
    for language in Language:
        with translation.override(language):
            texts[language] = _("The deadline moved from %(before)s to %(after)s.") % {
                "before": moment_text(round_.deadline, round_.time_zone),
                "after": moment_text(deadline, round_.time_zone),
            }
    RoundNote.objects.create(
        round=round_,
        text_zh=texts[Language.CHINESE],
        text_en=texts[Language.ENGLISH],
        created_by=actor,
    )


def _keep_terms(round_: Round, terms: RoundTerms) -> None:
    round_.panel = lock_panel(terms.panel)
    round_.title_zh, round_.title_en = terms.title_zh, terms.title_en
    round_.rule, round_.quorum, round_.minimum_panel = terms.rule, terms.quorum, terms.minimum_panel
    round_.deadline = terms.deadline
    for term, said in terms.further.items():
        setattr(round_, term, said)
    round_.full_clean()
    round_.save()


def _ask_about(round_: Round, parents: Collection[Indicator | None]) -> int:
    """Make the children of the parents the round's items; return how many there are."""
    wanted = {parent.pk if parent else None for parent in parents}
    nodes = Indicator.objects.filter(framework=round_.framework_id)
    items = [RoundItem(round=round_, indicator=node) for node in nodes if node.parent_id in wanted]
    return len(RoundItem.objects.bulk_create(items))


def lock_round(round_: Round, *states: RoundState) -> Round:
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
