"""What an expert does: start, score, seal."""

import secrets
from collections.abc import Mapping, Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from weighting.enums import Rule
from weighting.exceptions import Refused, RoundNotOpen, StaleScore
from weighting.manifest import hash_receipt
from weighting.models import Ballot, Indicator, Invitation, Round, Score
from weighting.selectors.ballots import answers_of, ballot_sections, gaps_of, is_open

NONCE_BYTES = 32
SCALE = range(1, 6)


@transaction.atomic
def start_ballot(invitation: Invitation) -> Ballot:
    """Return the expert's ballot, made on the first visit."""
    invitation, _round = _hold_open(invitation)
    return _ballot_of(invitation)


@transaction.atomic
def save_score(
    invitation: Invitation, *, code: str, value: int | None, seen_revision: int, client: str
) -> Score:
    """Store one answer (None: abstain), given the revision that the page last saw.

    A request whose answer is already stored, such as a repeated one, gets it again. A page
    that did not see the newest answer gets `StaleScore` with it, and nothing is overwritten.
    """
    invitation, round_ = _hold_open(invitation)
    indicator = _check_answers(round_, {code: value})[code]
    ballot = _ballot_of(invitation)
    score = Score.objects.filter(ballot=ballot, indicator=indicator).first()
    if score is None:
        return Score.objects.create(ballot=ballot, indicator=indicator, value=value, client=client)
    if score.value == value:
        return score
    if score.revision != seen_revision:
        raise StaleScore(value=score.value, revision=score.revision)
    score.value, score.client, score.revision = value, client, score.revision + 1
    score.save()
    return score


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
def seal_ballot(invitation: Invitation) -> Ballot:
    """Seal the answers as they stand; refused with every gap.

    Sealing unchanged answers again gives the same receipt; changed answers give a new one,
    which supersedes it.
    """
    invitation, round_ = _hold_open(invitation)
    sections = ballot_sections(invitation)
    gaps = gaps_of(sections)
    if gaps:
        raise Refused(*(_("“%(name)s” has no answer yet.") % {"name": gap.name} for gap in gaps))
    ballot = _ballot_of(invitation)
    answers = answers_of(sections)
    if ballot.sealed_scores == answers:
        return ballot
    ballot.nonce = secrets.token_hex(NONCE_BYTES)
    ballot.sealed_scores = answers
    ballot.receipt = hash_receipt(
        round_id=round_.pk, questionnaire_hash=round_.questionnaire_hash, nonce=ballot.nonce, scores=answers
    )
    ballot.save()
    Invitation.objects.filter(pk=invitation.pk).update(sealed=True)
    return ballot


def _hold_open(invitation: Invitation) -> tuple[Invitation, Round]:
    """Lock the invitation and read the round after the lock, or refuse.

    Closing locks every invitation first: whoever waits here reads the closed state.
    """
    held = Invitation.objects.select_for_update().get(pk=invitation.pk)
    round_ = Round.objects.get(pk=held.round_id)
    if not is_open(round_):
        raise RoundNotOpen
    held.round = round_
    return held, round_


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
        return _("A score is a whole number from 1 to 5, not %(value)s.") % {"value": value}
    return ""
