"""What an expert does: start, score, seal."""

import secrets
from collections.abc import Mapping, Sequence
from typing import NoReturn

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from weighting.enums import Rule
from weighting.exceptions import ExpertRemoved, Refused, RoundNotOpen, StaleBallot, StaleComment, StaleScore
from weighting.manifest import hash_receipt
from weighting.models import Ballot, Indicator, Invitation, Round, Score
from weighting.numeric.scale import SCALE
from weighting.selectors.ballots import (
    answers_of,
    ballot_sections,
    comments_of,
    fingerprint_of,
    gaps_of,
    is_open,
)
from weighting.services.answers import SavedAnswer, write_answer

NONCE_BYTES = 32


@transaction.atomic
def start_ballot(invitation: Invitation, *, conflict: str = "") -> Ballot:
    """Record that the expert agreed to the terms, and return the ballot, made on the first visit.

    ``conflict`` is the interest that the expert declares; empty for none.
    """
    invitation, _round = _hold_open(invitation)
    if not invitation.consented:
        invitation.consented, invitation.conflict = True, conflict
        invitation.full_clean()
        invitation.save(update_fields=["consented", "conflict"])
    return _ballot_of(invitation)


@transaction.atomic
def withdraw_ballot(invitation: Invitation) -> Invitation:
    """Delete every answer and the seal, as if the expert had never begun; only before the close."""
    invitation, _round = _hold_open(invitation)
    ballot = invitation.ballot
    Score.objects.filter(ballot=ballot).delete()
    invitation.ballot = None
    invitation.started = invitation.sealed = invitation.consented = False
    invitation.conflict = ""
    invitation.save()
    if ballot:
        ballot.delete()
    return invitation


@transaction.atomic
def save_score(
    invitation: Invitation, *, code: str, value: int | None, seen_revision: int, client: str
) -> SavedAnswer:
    """Store one answer (None: abstain), given the revision that the page last saw.

    A request whose answer is already stored, such as a repeated one, gets it again. A page
    that did not see the newest answer gets `StaleScore` with it, and nothing is overwritten.
    """
    held = _hold(invitation)
    if value is not None and value not in SCALE:
        raise Refused(_off_scale(value))
    stored = write_answer(
        held, code=code, value=value, seen_revision=seen_revision, client=client, now=timezone.now()
    )
    if stored is None:
        _refuse_answer(held, code, value)
    if stored.value != value:
        raise StaleScore(value=stored.value, revision=stored.revision)
    return stored


@transaction.atomic
def save_comment(invitation: Invitation, *, code: str, comment: str, seen: str) -> str:
    """Store the comment beside an answer, given the text that the page last saw; return it.

    A page that did not see the newest comment gets `StaleComment` with it.
    """
    held, _round = _hold_open(invitation)
    _check_begun(held)
    score = Score.objects.filter(ballot=held.ballot_id, indicator__code=code).first()
    if score is None:
        raise Refused(_("Give a score first: a comment is kept beside an answer."))
    if score.comment not in (seen, comment):
        raise StaleComment(comment=score.comment)
    score.comment = comment
    score.full_clean(exclude=["ballot", "indicator"])
    score.save(update_fields=["comment"])
    return score.comment


@transaction.atomic
def save_scores(invitation: Invitation, *, answers: Mapping[str, int | None], client: str) -> Sequence[Score]:
    """Store the answers of a ballot that is still empty, all at once: from paper, or a file."""
    invitation, round_ = _hold_open(invitation)
    indicators = _check_answers(round_, answers)
    ballot = _ballot_of(invitation)
    if Score.objects.filter(ballot=ballot).exists():
        raise Refused(_("This ballot already holds answers: change them one by one."))
    return Score.objects.bulk_create(
        [
            Score(ballot=ballot, indicator=indicators[code], value=value, client=client)
            for code, value in answers.items()
        ]
    )


@transaction.atomic
def seal_ballot(invitation: Invitation, *, seen: str = "") -> Ballot:
    """Seal the answers as they stand; refused with every gap.

    ``seen`` is the fingerprint of the answers that the page showed: others are not sealed unseen.

    Sealing unchanged answers again gives the same receipt; changed answers give a new one,
    which supersedes it: the older one is kept as such. Comments are sealed beside the scores; the
    receipt says nothing of them.
    """
    invitation, round_ = _hold_open(invitation)
    sections = ballot_sections(invitation)
    gaps = gaps_of(sections)
    if gaps:
        raise Refused(*(_("“%(name)s” has no answer yet.") % {"name": gap.name} for gap in gaps))
    if seen and seen != fingerprint_of(sections):
        raise StaleBallot
    ballot = _ballot_of(invitation)
    answers, ballot.sealed_comments = answers_of(sections), comments_of(sections)
    if ballot.sealed_scores == answers:
        ballot.save(update_fields=["sealed_comments"])
        return ballot
    if ballot.receipt:
        ballot.superseded_receipts = sorted([*ballot.superseded_receipts, ballot.receipt])
    ballot.nonce = secrets.token_hex(NONCE_BYTES)
    ballot.sealed_scores = answers
    ballot.receipt = hash_receipt(
        round_id=round_.pk, questionnaire_hash=round_.questionnaire_hash, nonce=ballot.nonce, scores=answers
    )
    ballot.save()
    Invitation.objects.filter(pk=invitation.pk).update(sealed=True)
    return ballot


def _hold(invitation: Invitation) -> Invitation:
    """Lock the invitation until the transaction ends; refuse an expert who was removed.

    Closing locks every invitation first. Whatever must still be true is read by a statement
    of its own after this one: whoever waited here then reads the closed state.
    """
    held = Invitation.objects.select_for_update().get(pk=invitation.pk)
    if held.removed:
        raise ExpertRemoved
    return held


def _hold_open(invitation: Invitation) -> tuple[Invitation, Round]:
    """Lock the invitation and read the round after the lock, or refuse."""
    held = _hold(invitation)
    round_ = Round.objects.get(pk=held.round_id)
    if not is_open(round_):
        raise RoundNotOpen
    held.round = round_
    return held, round_


def _check_begun(held: Invitation) -> None:
    if held.ballot_id is None:
        raise Refused(_("This ballot was withdrawn or never begun: open your link again and begin."))


def _refuse_answer(held: Invitation, code: str, value: int | None) -> NoReturn:
    """Say why an answer could not be written."""
    round_ = Round.objects.get(pk=held.round_id)
    if not is_open(round_):
        raise RoundNotOpen
    _check_begun(held)
    raise Refused(_value_problem(round_, value) or _code_problem(code, {}))


def _ballot_of(held: Invitation) -> Ballot:
    if held.ballot is None:
        held.ballot = Ballot.objects.create(round=held.round)
        held.started = True
        held.save(update_fields=["ballot", "started"])
    return held.ballot


def _check_answers(round_: Round, answers: Mapping[str, int | None]) -> dict[str, Indicator]:
    """Return the indicators by code, or refuse with everything that is wrong."""
    found = Indicator.objects.filter(pk__in=round_.items.values("indicator"), code__in=answers)
    indicators = {indicator.code: indicator for indicator in found}
    problems = [
        problem
        for code, value in answers.items()
        for problem in (_code_problem(code, indicators), _value_problem(round_, value))
        if problem
    ]
    if problems:
        raise Refused(*problems)
    return indicators


def _code_problem(code: str, indicators: Mapping[str, Indicator]) -> str:
    return "" if code in indicators else _("This round does not ask about “%(code)s”.") % {"code": code}


def _value_problem(round_: Round, value: int | None) -> str:
    if value is None and round_.rule != Rule.NORMALISED_MEAN:
        return _("This round's rule does not allow abstentions: choose 1 to 5.")
    if value is not None and value not in SCALE:
        return _off_scale(value)
    return ""


def _off_scale(value: int) -> str:
    return _("A score is a whole number from 1 to 5, not %(value)s.") % {"value": value}
