"""What an expert does with the ballot that their claim opens: score, seal, withdraw."""

import secrets
from collections.abc import Mapping, Sequence
from typing import NoReturn

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from weighting.enums import Rule
from weighting.exceptions import Refused, RoundNotOpen, StaleBallot, StaleComment, StaleScore
from weighting.manifest import hash_receipt
from weighting.models import Ballot, Indicator, Round, Score
from weighting.numeric.scale import SCALE
from weighting.selectors.ballots import (
    answers_of,
    ballot_sections,
    comments_of,
    fingerprint_of,
    gaps_of,
    is_open,
    questions_of,
)
from weighting.selectors.claims import Claim
from weighting.services.answers import SavedAnswer, write_answer
from weighting.services.claims import hold_claimed
from weighting.services.marks import mark_participation
from weighting.services.residue import empty_log_on_commit

NONCE_BYTES = 32


@transaction.atomic
def withdraw_ballot(claim: Claim) -> None:
    """Delete every answer and the seal, as if the expert had never begun; only before the close."""
    _round, held = hold_claimed(claim)
    ballot = _lock_ballot(claim)
    if ballot:
        Score.objects.filter(ballot=ballot).delete()
        ballot.delete()
    mark_participation(held, started=False, sealed=False, consented=False, conflict="")
    empty_log_on_commit()


def save_score(claim: Claim, *, code: str, value: int | None, seen_revision: int, client: str) -> SavedAnswer:
    """Store one answer (None: abstain), given the revision that the page last saw.

    A request whose answer is already stored, such as a repeated one, gets it again. A page
    that did not see the newest answer gets `StaleScore` with it, and nothing is overwritten.
    """
    if value is not None and value not in SCALE:
        raise Refused(_off_scale(value))
    stored = write_answer(
        claim.lock,
        claim.invitation.round_id,
        code=code,
        value=value,
        seen_revision=seen_revision,
        client=client,
        now=timezone.now(),
    )
    if not stored:
        _refuse_answer(claim, code, value)
    if stored.value != value:
        raise StaleScore(value=stored.value, revision=stored.revision)
    return stored


@transaction.atomic
def save_comment(claim: Claim, *, code: str, comment: str, seen: str) -> str:
    """Store the comment beside an answer, given the text that the page last saw; return it.

    A page that did not see the newest comment gets `StaleComment` with it.
    """
    held = _lock_open_ballot(claim)
    score = _commented(Score.objects.filter(ballot=held, indicator__code=code).first(), comment, seen)
    score.save(update_fields=["comment"])
    return score.comment


@transaction.atomic
def save_comments(claim: Claim, comments: Mapping[str, tuple[str, str]]) -> dict[str, Refused]:
    """Store the comments of a whole page at once, each by its code with the text that the page last saw.

    One that is refused keeps none of the others from being stored; what was said of it is returned.
    """
    held = _lock_open_ballot(claim)
    scores = {score.indicator.code: score for score in held.scores.select_related("indicator")}
    stored: list[Score] = []
    refused: dict[str, Refused] = {}
    for code, (comment, seen) in comments.items():
        try:
            stored.append(_commented(scores.get(code), comment, seen))
        except Refused as refusal:
            refused[code] = refusal
    Score.objects.bulk_update(stored, ["comment"])
    return refused


def _commented(score: Score | None, comment: str, seen: str) -> Score:
    """Return the answer with another comment, or refuse it."""
    if score is None:
        raise Refused(_("Give a score first: a comment is kept beside an answer."))
    if score.comment not in (seen, comment):
        raise StaleComment(comment=score.comment)
    score.comment = comment
    # The constraints speak of the answer, which stays as it is: the database would be asked for each comment.
    score.full_clean(exclude=["ballot", "indicator"], validate_constraints=False)
    return score


@transaction.atomic
def save_scores(claim: Claim, *, answers: Mapping[str, int | None], client: str) -> Sequence[Score]:
    """Store the answers of a ballot that is still empty, all at once: from paper, or a file."""
    ballot = _lock_open_ballot(claim)
    indicators = _check_answers(ballot.round, answers)
    if Score.objects.filter(ballot=ballot).exists():
        raise Refused(_("This ballot already holds answers: change them one by one."))
    return Score.objects.bulk_create(
        [
            Score(ballot=ballot, indicator=indicators[code], value=value, client=client)
            for code, value in answers.items()
        ]
    )


def seal_ballot(claim: Claim, *, seen: str = "") -> Ballot:
    """Seal the answers as they stand; refused with every gap.

    ``seen`` is the fingerprint of the answers that the page showed: others are not sealed unseen.

    Sealing unchanged answers again gives the same receipt; changed answers give a new one,
    which supersedes it: the older one is kept as such. Comments are sealed beside the scores; the
    receipt says nothing of them.
    """
    # Read before the lock, for which all others wait who seal.
    return _seal(claim, questions_of(claim.invitation.round), seen)


@transaction.atomic
def _seal(claim: Claim, questions: Sequence[Indicator], seen: str) -> Ballot:
    round_, held = hold_claimed(claim)
    ballot = _lock_begun(claim)
    sections = ballot_sections(questions, ballot)
    gaps = gaps_of(sections)
    if gaps:
        raise Refused(*(_("“%(name)s” has no answer yet.") % {"name": gap.name} for gap in gaps))
    if seen and seen != fingerprint_of(sections):
        raise StaleBallot
    answers, ballot.sealed_comments = answers_of(sections), comments_of(sections)
    if ballot.sealed_scores != answers:
        _renew_receipt(ballot, round_, answers)
    ballot.save()
    mark_participation(held, sealed=True)
    return ballot


def _renew_receipt(ballot: Ballot, round_: Round, answers: dict[str, int | None]) -> None:
    if ballot.receipt:
        ballot.superseded_receipts = sorted([*ballot.superseded_receipts, ballot.receipt])
    ballot.nonce = secrets.token_hex(NONCE_BYTES)
    ballot.sealed_scores = answers
    ballot.receipt = hash_receipt(
        round_id=round_.pk, questionnaire_hash=round_.questionnaire_hash, nonce=ballot.nonce, scores=answers
    )


def _lock_ballot(claim: Claim) -> Ballot | None:
    """Lock the ballot that the claim opens until the transaction ends; None when there is none.

    Closing locks every ballot first. Whatever must still be true is read by a statement of its own
    after this one: whoever waited here then reads the closed state. The invitation is not locked, for
    PostgreSQL would note on it the transaction that writes the answers.
    """
    return Ballot.objects.select_for_update().filter(lock=claim.lock, round=claim.invitation.round_id).first()


def _lock_begun(claim: Claim) -> Ballot:
    ballot = _lock_ballot(claim)
    if ballot is None:
        raise Refused(_("This ballot was withdrawn or never begun: open your link again and begin."))
    return ballot


def _lock_open_ballot(claim: Claim) -> Ballot:
    """Lock the ballot and read the round after the lock, or refuse."""
    ballot = _lock_ballot(claim)
    _check_open(claim)
    return ballot or _lock_begun(claim)


def _check_open(claim: Claim) -> Round:
    round_ = Round.objects.get(pk=claim.invitation.round_id)
    if not is_open(round_):
        raise RoundNotOpen
    return round_


@transaction.atomic
def _refuse_answer(claim: Claim, code: str, value: int | None) -> NoReturn:
    """Say why an answer could not be written."""
    round_ = _check_open(claim)
    _lock_begun(claim)
    raise Refused(_value_problem(round_, value) or _code_problem(code, {}))


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
